"""Counts that are only known within bounds: what changed, from the least to the most it can have been."""

from __future__ import annotations

import math

from geoharm.harm.results.bounded import BoundedEffect
from geoharm.model.area_counts import Bounds
from geoharm.model.estimate import Estimate

REFERENCE = "https://doi.org/10.1111/j.1468-0262.2004.00555.x"
NAME = "change within bounds"


def bounded_change(
    zone: str, before: Bounds, after: Bounds, control_before: Bounds, control_after: Bounds, *, unit: str
) -> BoundedEffect:
    r"""Return the least and the most a zone's change net of control can be, each with its noise of counting.

    Parameters
    ----------
    zone : str
    before, after, control_before, control_after : Bounds
        Counts; windows may differ in length, the control has the same two.
    unit : str

    Returns
    -------
    BoundedEffect
        Infinite at an end that nothing bounds; the note says what the bounds leave out.

    Notes
    -----
    With :math:`r = C_1 / C_0`, the change :math:`Z_1 - r Z_0` rises with :math:`Z_1` and :math:`C_0` and falls with
    :math:`Z_0` and :math:`C_1`, so its least is at :math:`(Z_1^-, Z_0^+, C_1^+, C_0^-)` and its most at the other
    ends. The error at each end is that of the scaled weighted displacement difference for the counts at that end.
    Nothing inside the bounds is likelier than anything else.

    References
    ----------
    G. W. Imbens and C. F. Manski (2004), Confidence intervals for partially identified parameters, Econometrica
    72:1845-1857, https://doi.org/10.1111/j.1468-0262.2004.00555.x

    Examples
    --------
    >>> found = bounded_change("target", Bounds(10, 14), Bounds(5, 9), Bounds(100, 100), Bounds(100, 100), unit="people")
    >>> found.low.value, found.high.value
    (-9.0, -1.0)
    """
    low = _end(before.high, after.low, control_before.low, control_after.high, unit)
    high = _end(before.low, after.high, control_before.high, control_after.low, unit)
    said = [f"{when}: {part.note}" for when, part in (("before", before), ("after", after)) if part.note]
    if not (control_before.is_exact and control_after.is_exact):
        said.append("the control's counts are known within bounds too")
    low = low if math.isfinite(low.value) else Estimate(NAME, -math.inf, 0.0, unit, REFERENCE)
    high = high if math.isfinite(high.value) else Estimate(NAME, math.inf, 0.0, unit, REFERENCE)
    return BoundedEffect(zone, before, after, control_before, control_after, low, high, "; ".join(said))


def _end(before: float, after: float, control_before: float, control_after: float, unit: str) -> Estimate:
    """Return the change at one end; NaN if nothing bounds it."""
    if before == 0:
        return Estimate(NAME, after, math.sqrt(after), unit, REFERENCE) if math.isfinite(after) else _open(unit)
    if control_before == 0 or not all(map(math.isfinite, (before, after, control_before, control_after))):
        return _open(unit)
    growth, scale = control_after / control_before, before / control_before
    variance = after + growth**2 * before + scale**2 * (control_after + growth**2 * control_before)
    return Estimate(NAME, after - growth * before, math.sqrt(variance), unit, REFERENCE)


def _open(unit: str) -> Estimate:
    return Estimate(NAME, math.nan, 0.0, unit, REFERENCE)
