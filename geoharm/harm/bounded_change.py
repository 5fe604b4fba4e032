"""The change of counts that are only known within bounds: its lowest and highest possible value."""

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
    r"""Return the lowest and highest possible change of a zone against the control area, each with its counting error.

    Parameters
    ----------
    zone : str
        Name of the zone.
    before, after, control_before, control_after : Bounds
        Counts of the zone and of its control in the window before and in the window after. The two windows may differ
        in length; zone and control have the same windows.
    unit : str
        Unit of the counts.

    Returns
    -------
    BoundedEffect
        An end is infinite where a count has no upper bound. The note says what the bounds leave out.

    Notes ----- With :math:`r = C_1 / C_0`, the change :math:`Z_1 - r Z_0` rises with :math:`Z_1` and :math:`C_0` and
    falls with :math:`Z_0` and :math:`C_1`. Its lowest value is therefore at :math:`(Z_1^-, Z_0^+, C_1^+, C_0^-)`, its
    highest value at the opposite ends. The standard error at each end is that of the scaled weighted displacement
    difference for the counts at that end. No value inside the bounds is taken as more likely than another.

    References
    ----------
    G. W. Imbens and C. F. Manski (2004), Confidence intervals for partially identified parameters, Econometrica
    72:1845-1857, https://doi.org/10.1111/j.1468-0262.2004.00555.x

    Examples
    --------
    >>> effect = bounded_change("target", Bounds(10, 14), Bounds(5, 9), Bounds(100, 100), Bounds(100, 100), unit="people")
    >>> effect.low.value, effect.high.value
    (-9.0, -1.0)
    """
    low = _change_at_end(before.high, after.low, control_before.low, control_after.high, unit)
    high = _change_at_end(before.low, after.high, control_before.high, control_after.low, unit)
    notes = [f"{window}: {bounds.note}" for window, bounds in (("before", before), ("after", after)) if bounds.note]
    if not (control_before.is_exact and control_after.is_exact):
        notes.append("the control's counts are known within bounds too")
    low = low if math.isfinite(low.value) else Estimate(NAME, -math.inf, 0.0, unit, REFERENCE)
    high = high if math.isfinite(high.value) else Estimate(NAME, math.inf, 0.0, unit, REFERENCE)
    return BoundedEffect(zone, before, after, control_before, control_after, low, high, "; ".join(notes))


def _change_at_end(before: float, after: float, control_before: float, control_after: float, unit: str) -> Estimate:
    """Return the change at one end of the bounds; NaN if there is no bound."""
    if before == 0:
        return Estimate(NAME, after, math.sqrt(after), unit, REFERENCE) if math.isfinite(after) else _unbounded(unit)
    if control_before == 0 or not all(map(math.isfinite, (before, after, control_before, control_after))):
        return _unbounded(unit)
    growth, scale = control_after / control_before, before / control_before
    variance = after + growth**2 * before + scale**2 * (control_after + growth**2 * control_before)
    return Estimate(NAME, after - growth * before, math.sqrt(variance), unit, REFERENCE)


def _unbounded(unit: str) -> Estimate:
    return Estimate(NAME, math.nan, 0.0, unit, REFERENCE)
