"""The watch for unintended harm: is a rise beyond a named margin ruled out, seen, or can the counts not say.

Ray et al. (2023), Spatiotemporal analysis exploring the effect of law enforcement drug market disruptions on overdose,
American Journal of Public Health 113:750-758, https://doi.org/10.2105/AJPH.2023.307291
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from scipy.stats import beta

from geoharm._validation import check_positive
from geoharm.harm.results.unintended_harm import RiseCheck, RiseState
from geoharm.model.estimate import Interval

REFERENCE = "https://doi.org/10.2105/AJPH.2023.307291"
MAX_LEVEL_FACTOR = 0.95


def check_for_rise(
    measure: str,
    *,
    days: int,
    metres: int,
    after: int,
    before: int,
    control: tuple[int, int],
    margin: float,
    dispersion: float = 1.0,
    control_dispersion: float = 1.0,
    level: float = MAX_LEVEL_FACTOR,
) -> RiseCheck:
    r"""Return one look: rose, no rise beyond the margin, or unknown.

    Parameters
    ----------
    measure : str
    days, metres : int
    after : int
        Events within `metres` of the target in the `days` since the operation began.
    before : int
        Events there in the window before.
    control : (int, int)
        Events of the control area in the window before and in the same `days`.
    margin : float
        The rise that would still be accepted, as a share of the expected count.
    dispersion, control_dispersion : float
        Variance over mean.
    level : float
        Of each one-sided bound.

    Returns
    -------
    RiseCheck

    Notes
    -----
    Expected: :math:`E = b\,c_1 / c_0`, which holds the city's season and trend. What E is worth as evidence is a count of
    :math:`m = 1 / (\phi/b + \phi_c (1/c_0 + 1/c_1))`. Given the sum, the count after is binomial, and with counts divided
    by :math:`\phi`, Clopper-Pearson bounds of its share give those of the ratio: exact for Poisson counts with a control
    that is known, and defined at a count of 0.

    "Rose" if the lower bound lies above 1; "no rise beyond the margin" if the upper bound lies below 1 + margin (a
    non-inferiority test); else unknown, with whether the counts could have carried the statement at all: whether a count
    just as expected would have.

    References
    ----------
    C. J. Clopper and E. S. Pearson (1934), https://doi.org/10.1093/biomet/26.4.404; J. Przyborowski and H. Wilenski (1940),
    https://doi.org/10.1093/biomet/31.3-4.313
    """
    check_positive(margin, "margin of the watch")
    nothing = Interval(math.nan, math.nan, level)
    if 0 in (before, *control):
        why = (
            "no event was recorded there before"
            if before == 0
            else "the control area had no event in one of the windows"
        )
        return RiseCheck(measure, days, metres, after, math.nan, math.nan, nothing, margin, RiseState.UNKNOWN, why,
                         dispersion=dispersion)  # fmt: skip
    expected = before * control[1] / control[0]
    worth = 1 / (dispersion / before + control_dispersion * (1 / control[0] + 1 / control[1]))
    return classify_rise(
        measure, days=days, metres=metres, after=after, expected=expected, worth=worth, margin=margin,
        dispersion=dispersion, level=level,
    )  # fmt: skip


def classify_rise(
    measure: str,
    *,
    days: int,
    metres: int,
    after: int,
    expected: float,
    worth: float,
    margin: float,
    dispersion: float,
    level: float = MAX_LEVEL_FACTOR,
    operations: int = 1,
) -> RiseCheck:
    """Return the look that an observed and an expected count allow; see `check_for_rise`."""
    low, high = one_sided_ratio_bounds(after, expected, worth, dispersion=dispersion, level=level)
    state, why = RiseState.UNKNOWN, ""
    if low > 1:
        state, why = RiseState.ROSE, "more than expected, and the lower bound lies above no change"
    elif high < 1 + margin:
        state, why = RiseState.WITHIN, f"a rise of {margin:.0%} or more is ruled out at this level"
    elif one_sided_ratio_bounds(expected, expected, worth, dispersion=dispersion, level=level)[1] >= 1 + margin:
        why = (
            f"the counts cannot carry a statement about {margin:.0%}: even a count just as expected would leave it open"
        )
    else:
        why = f"neither a rise is shown nor one of {margin:.0%} ruled out"
    return RiseCheck(
        measure, days, metres, after, expected, after / expected, Interval(low, high, level), margin, state, why, operations,
        worth, dispersion,
    )  # fmt: skip


def one_sided_ratio_bounds(
    after: float, expected: float, worth: float, *, dispersion: float = 1.0, level: float = MAX_LEVEL_FACTOR
) -> tuple[float, float]:
    """Return the one-sided lower and upper bounds of observed over expected events.

    Examples
    --------
    >>> low, high = ratio_bounds(0, 2.0, 100.0)
    >>> low, round(high, 2)
    (0.0, 1.52)
    """
    count, alpha = after / dispersion, 1 - level
    scale = worth / (expected / dispersion)
    share = float(beta.ppf(alpha, count, worth + 1)) if count > 0 else 0.0
    most = float(beta.ppf(1 - alpha, count + 1, worth))
    return share / (1 - share) * scale, most / (1 - most) * scale


def pool_checks(cells: Sequence[RiseCheck]) -> tuple[RiseCheck, ...]:
    r"""Return one look a measure, days and metres over several operations; looks without an expected count are left out.

    Counts and expected counts add up; what the sum is worth as evidence is :math:`(\sum E)^2 / \sum (E^2 / m)`.
    """
    by_look: dict[tuple[str, int, int], list[RiseCheck]] = {}
    for cell in cells:
        if math.isfinite(cell.expected):
            by_look.setdefault((cell.measure, cell.days, cell.metres), []).append(cell)
    pooled = []
    for (measure, days, metres), found in by_look.items():
        if len(found) < 2:
            continue
        expected = math.fsum(cell.expected for cell in found)
        worth = expected**2 / math.fsum(cell.expected**2 / cell.worth for cell in found)
        pooled.append(
            classify_rise(
                measure, days=days, metres=metres, after=sum(cell.after for cell in found), expected=expected, worth=worth,
                margin=max(cell.margin for cell in found), dispersion=max(cell.dispersion for cell in found),
                level=found[0].interval.level, operations=len(found),
            )
        )  # fmt: skip
    return tuple(pooled)
