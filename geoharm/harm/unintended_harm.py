"""Checks for unintended harm: whether a harm rose after an operation.

Counts can show a rise, rule out a rise beyond a margin, or allow neither statement.

One look asks about one measure, window and place. The looks at one operation are many and hang together, so their joint
level is held: see `with_joint_level`.

Ray et al. (2023), Spatiotemporal analysis exploring the effect of law enforcement drug market disruptions on overdose,
American Journal of Public Health 113:750-758, https://doi.org/10.2105/AJPH.2023.307291
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from geoharm._validation import check_positive
from geoharm.harm.results.unintended_harm import RiseCheck, RiseState
from geoharm.model.estimate import Interval
from geoharm.stats.distributions import beta_cumulative, beta_quantile
from geoharm.stats.familywise import holm

REFERENCE = "https://doi.org/10.2105/AJPH.2023.307291"
INTERVAL_LEVEL = 0.95


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
    drift: float = 0.0,
    months: int = 0,
    zone: str = "",
    level: float = INTERVAL_LEVEL,
) -> RiseCheck:
    r"""Return the check of one measure for a rise: "rose", "no rise beyond the margin" or "unknown".

    Parameters
    ----------
    measure : str
        Name of the measure.
    days, metres : int
        Length of the window after the start of the operation, and distance from the edge of the target.
    after : int
        Events within `metres` of the target in the `days` since the operation began.
    before : int
        Events within `metres` of the target in the window before.
    control : (int, int)
        Events in the control area in the window before and in the same `days`.
    margin : float
        The rise that would still be accepted, as a share of the expected count.
    dispersion, control_dispersion : float
        Variance of the counts divided by their mean, near the target and in the control area.
    drift : float
        Standard deviation of the log forecast error beyond counting noise, from places without an operation; 0 if there
        are none.
    months : int
        If above 0, the window is so many months.
    zone : str
        The place, if no distance says it; `metres` is then 0.
    level : float
        Level of each one-sided bound.

    Returns
    -------
    RiseCheck
        Unknown, with the reason, if a count before or a count of the control area is 0.

    Raises
    ------
    DesignError
        If the margin is not above 0.

    Notes ----- The expected count is :math:`E = b\,c_1 / c_0`, which contains the city's season and trend. Its
    precision is that of a count of :math:`m = 1 / (\phi/b + \phi_c (1/c_0 + 1/c_1) + \tau^2)` events, with the drift :math:`\tau`. Given the sum of both, the
    count after is binomial. With counts divided by :math:`\phi`, Clopper-Pearson bounds of its share give bounds of the
    ratio. They are exact for Poisson counts with a known control, and they are defined at a count of 0.

    The check is "rose" if the lower bound lies above 1. It is "no rise beyond the margin" if the upper bound lies below
    1 + margin (a non-inferiority test). Otherwise it is "unknown"; the reason then says whether a count equal to the
    expected one would have ruled out a rise.

    References
    ----------
    C. J. Clopper and E. S. Pearson (1934), https://doi.org/10.1093/biomet/26.4.404; J. Przyborowski and H. Wilenski (1940),
    https://doi.org/10.1093/biomet/31.3-4.313
    """
    check_positive(margin, "margin for unintended harm")
    undefined = Interval(math.nan, math.nan, level)
    if 0 in (before, *control):
        reason = (
            "no event was recorded there before"
            if before == 0
            else "the control area had no event in one of the windows"
        )
        return RiseCheck(measure, days, metres, after, math.nan, math.nan, undefined, margin, RiseState.UNKNOWN, reason,
                         dispersion=dispersion, months=months, zone=zone)  # fmt: skip
    expected = before * control[1] / control[0]
    worth = 1 / (dispersion / before + control_dispersion * (1 / control[0] + 1 / control[1]) + drift**2)
    return classify_rise(
        measure, days=days, metres=metres, after=after, expected=expected, worth=worth, margin=margin,
        dispersion=dispersion, months=months, zone=zone, level=level,
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
    level: float = INTERVAL_LEVEL,
    operations: int = 1,
    months: int = 0,
    zone: str = "",
) -> RiseCheck:
    """Return the check for a rise, computed from an observed and an expected count.

    The rules are those of `check_for_rise`.

    Parameters
    ----------
    measure : str
        Name of the measure.
    days, metres : int
        Length of the window after the start of the operation, and distance from the edge of the target.
    after : int
        Observed events.
    expected : float
        Expected events, above 0.
    worth : float
        Precision of the expected count, as a number of events.
    margin : float
        The rise that would still be accepted, as a share of the expected count.
    dispersion : float
        Variance of the counts divided by their mean.
    level : float
        Level of each one-sided bound.
    operations : int
        How many operations the counts are summed over.
    months, zone : int, str
        As in `check_for_rise`.
    """
    low, high = one_sided_ratio_bounds(after, expected, worth, dispersion=dispersion, level=level)
    state, reason = RiseState.UNKNOWN, ""
    if low > 1:
        state, reason = RiseState.ROSE, "more than expected: the lower bound of the ratio lies above 1"
    elif high < 1 + margin:
        state, reason = RiseState.WITHIN, f"a rise of {margin:.0%} or more is ruled out at this level"
    elif one_sided_ratio_bounds(expected, expected, worth, dispersion=dispersion, level=level)[1] >= 1 + margin:
        reason = f"the counts are too small for a statement about {margin:.0%}: even a count equal to the expected one would not rule it out"
    else:
        reason = f"a rise is not shown, and a rise of {margin:.0%} is not ruled out"
    return RiseCheck(
        measure, days, metres, after, expected, after / expected, Interval(low, high, level), margin, state, reason,
        operations, worth, dispersion, months, zone, *_p_values(after, expected, worth, margin, dispersion),
    )  # fmt: skip


def _p_values(after: float, expected: float, worth: float, margin: float, dispersion: float) -> tuple[float, float]:
    """Return the one-sided p-values of "no rise" and of "a rise of the margin or more", by the bounds' own tails."""
    count, scale = after / dispersion, worth / (expected / dispersion)
    p_rise = float(beta_cumulative(1 / (1 + scale), count, worth + 1)) if count > 0 else 1.0
    accepted = (1 + margin) / (1 + margin + scale)
    return p_rise, 1 - float(beta_cumulative(accepted, count + 1, worth))


def with_joint_level(checks: Sequence[RiseCheck]) -> tuple[RiseCheck, ...]:
    """Return the checks with statements that hold for all of them together, at the level of one.

    A "rose" that does not hold becomes "may have risen", and a "no rise beyond the margin" becomes unknown. If no harm
    rose, a "rose" is found among all looks in at most 5 of 100 studies (at the level 95%), however the looks hang
    together; the same is true of "no rise beyond the margin" where every harm rose by the margin (Holm's method, once
    for each of the two statements).
    """
    if not checks:
        return ()
    risen, within = (
        holm(p_values) for p_values in zip(*((check.p_rise, check.p_within) for check in checks), strict=True)
    )
    return tuple(
        _at_joint_level(check, float(rise), float(no_rise))
        for check, rise, no_rise in zip(checks, risen, within, strict=True)
    )


def _at_joint_level(check: RiseCheck, p_rise: float, p_within: float) -> RiseCheck:
    alpha = 1 - check.interval.level
    if check.state is RiseState.ROSE and p_rise >= alpha:
        reason = "more than expected at this look alone; among so many looks that can be chance"
        return replace(check, state=RiseState.LEAD, reason=reason)
    if check.state is RiseState.WITHIN and p_within >= alpha:
        reason = f"a rise of {check.margin:.0%} is ruled out at this look alone, and not among so many looks"
        return replace(check, state=RiseState.UNKNOWN, reason=reason)
    return check


def one_sided_ratio_bounds(
    after: float, expected: float, worth: float, *, dispersion: float = 1.0, level: float = INTERVAL_LEVEL
) -> tuple[float, float]:
    """Return the one-sided lower and upper bounds of the ratio of observed to expected events.

    Parameters
    ----------
    after, expected : float
        Observed and expected events.
    worth : float
        Precision of the expected count, as a number of events.
    dispersion : float
        Variance of the counts divided by their mean.
    level : float
        Level of each bound.

    Examples
    --------
    >>> low, high = one_sided_ratio_bounds(0, 2.0, 100.0)
    >>> low, round(high, 2)
    (0.0, 1.52)
    """
    count, alpha = after / dispersion, 1 - level
    scale = worth / (expected / dispersion)
    lowest_share = float(beta_quantile(alpha, count, worth + 1)) if count > 0 else 0.0
    highest_share = float(beta_quantile(1 - alpha, count + 1, worth))
    return lowest_share / (1 - lowest_share) * scale, highest_share / (1 - highest_share) * scale


def pool_checks(cells: Sequence[RiseCheck]) -> tuple[RiseCheck, ...]:
    r"""Return pooled checks over several operations, one for each measure, window and distance.

    Checks without an expected count are left out. Counts and expected counts are added up. The precision of the sum is
    :math:`(\sum E)^2 / \sum (E^2 / m)` events. The joint level of the pooled checks is held too.
    """
    checks_by_window: dict[tuple[str, str, str], list[RiseCheck]] = {}
    for check in cells:
        if math.isfinite(check.expected):
            checks_by_window.setdefault((check.measure, check.window, check.place), []).append(check)
    pooled = []
    for checks in checks_by_window.values():
        if len(checks) < 2:
            continue
        expected = math.fsum(check.expected for check in checks)
        worth = expected**2 / math.fsum(check.expected**2 / check.precision for check in checks)
        pooled.append(
            classify_rise(
                checks[0].measure, days=checks[0].days, metres=checks[0].metres, after=sum(check.after for check in checks), expected=expected,
                worth=worth,
                margin=max(check.margin for check in checks), dispersion=max(check.dispersion for check in checks),
                level=checks[0].interval.level, operations=len(checks),
                months=checks[0].months, zone=checks[0].zone,
            )
        )  # fmt: skip
    return with_joint_level(pooled)
