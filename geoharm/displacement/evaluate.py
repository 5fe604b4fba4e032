"""What changed around one operation, for one measure: in the target, the gap, each ring, and all together."""

from __future__ import annotations

import math
from collections.abc import Sequence

from geoharm.displacement.ratio import log_rate_ratio
from geoharm.displacement.wdd import NAME, REFERENCE, linear_change
from geoharm.model import (
    ALL_RINGS,
    TARGET_AND_RINGS,
    TARGET_GAP_AND_RINGS,
    Change,
    Design,
    Effect,
    Measure,
    MeasureResult,
    Period,
    Window,
    ZoneCounts,
    ZoneRole,
    add_months,
    undefined,
)
from geoharm.stats import detectable_fall, monthly_dispersion

SCALED_NOTE = "the control is scaled to the zone's count before; the scale counts as known"


def evaluate_measure(measure: Measure, counts: ZoneCounts, design: Design) -> MeasureResult:
    """Return the effects of a measure in every zone, for the headline's window and for each phase.

    Parameters
    ----------
    measure : Measure
    counts : ZoneCounts
        Rows named as the design's zones.
    design : Design

    Raises
    ------
    DesignError
        If a window cuts a month of a source that knows months only.
    """
    target = [zone.name for zone in design.of_role(ZoneRole.TARGET)]
    gap = [zone.name for zone in design.of_role(ZoneRole.GAP)]
    rings = [zone.name for zone in design.of_role(ZoneRole.RING)]
    groups = [("target", target)] + [(name, [name]) for name in (*gap, *rings)]
    if rings:
        groups += [(ALL_RINGS, rings), (TARGET_AND_RINGS, target + rings)]
        if gap:
            groups.append((TARGET_GAP_AND_RINGS, target + gap + rings))
    watched = [(name, zones) for name, zones in groups if name in ("target", ALL_RINGS)]
    return MeasureResult(
        measure,
        counts,
        effects=tuple(_effect(measure, counts, design, name, zones, design.after) for name, zones in groups),
        phases=tuple(
            _effect(measure, counts, design, name, zones, phase) for phase in design.phases for name, zones in watched
        ),
    )


def _effect(
    measure: Measure, counts: ZoneCounts, design: Design, name: str, zones: Sequence[str], after: Window
) -> Effect:
    zone = _together(counts, zones, design.before, after, name)
    controls = [control.name for control in design.of_role(ZoneRole.CONTROL)]
    control = _together(counts, controls, design.before, after, "control")
    phi, phi_control = _dispersion(counts, zones, design.before), _dispersion(counts, controls, design.before)
    ratio = log_rate_ratio(zone, control, zone_dispersion=phi, control_dispersion=phi_control)
    length = after.days / design.before.days
    if zone.before == 0 or control.before == 0:
        which = zone.area if zone.before == 0 else control.area
        difference = undefined(
            NAME, unit=measure.unit, reference=REFERENCE, note=f"the count before in {which} is 0, so no scale is known"
        )
    else:
        # Counts are brought to the length of the window after, the control to the zone's level before.
        difference = linear_change(
            [(zone, 1.0), (control, -zone.before / control.before)],
            time_weights=(1 / length, 1.0),
            dispersion={zone.area: phi, control.area: phi_control},
            unit=measure.unit,
            note=SCALED_NOTE,
        )
    return Effect(
        zone=name,
        window=after.name,
        counts=zone,
        control=control,
        length_ratio=length,
        ratio=ratio,
        difference=difference,
        dispersion=phi,
        detectable_fall=_detectable(zone, control, phi, phi_control),
    )


def _detectable(zone: Change, control: Change, phi: float, phi_control: float) -> float:
    """Return the smallest detectable fall of a zone, from its expected count and not from what happened."""
    if 0 in (zone.before, control.before, control.after):
        return math.nan
    expected = zone.before * control.after / control.before
    other = phi / zone.before + phi_control * (1 / control.before + 1 / control.after)
    return detectable_fall(expected, other_variance=other, dispersion=phi)


def _together(counts: ZoneCounts, zones: Sequence[str], before: Window, after: Window, name: str) -> Change:
    changes = [counts.change(zone, before, after) for zone in zones]
    return Change(name, sum(change.before for change in changes), sum(change.after for change in changes))


def _dispersion(counts: ZoneCounts, zones: Sequence[str], before: Window) -> float:
    """Return the dispersion of the months that lie whole in the window before; months without data stay gaps."""
    series = [counts.monthly(zone) for zone in zones]
    values: list[float] = []
    for month in Period(before.start, before.end).months():
        span = Period(month, add_months(month, 1))
        used = month in series[0] and any(period.contains(span) for period in before.periods)
        values.append(float(sum(one[month] for one in series)) if used else math.nan)
    return monthly_dispersion(values)
