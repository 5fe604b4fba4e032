"""What changed around one operation, for one measure: in the target, the gap, each ring, and all together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from geoharm.evaluation.estimators.rate_ratio import log_rate_ratio
from geoharm.evaluation.estimators.wdd import net_change
from geoharm.evaluation.placebo.calibrated_ratio import PlaceboData, calibrated_effect
from geoharm.evaluation.placebo.places import ZONES
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.model.counts import UNPLACED, UNPLACED_NEAR, Change, ZoneCounts
from geoharm.model.design import (
    ALL_RINGS,
    TARGET_AND_RINGS,
    TARGET_GAP_AND_RINGS,
    TARGET_WITH_ALL,
    TARGET_WITH_NEAR,
    Design,
)
from geoharm.model.effect import Effect
from geoharm.model.geometry import ZoneRole
from geoharm.model.measure import Measure
from geoharm.model.period import Period, Window, add_months
from geoharm.stats.dispersion import monthly_dispersion
from geoharm.stats.minimum_detectable import minimum_detectable_fall


def evaluate_measure(
    measure: Measure, counts: ZoneCounts, design: Design, placebo: PlaceboData | None = None
) -> MeasureResult:
    """Return the effects of a measure in every zone, for the headline's window and for each phase.

    Target, all rings, and both together carry the calibrated ratio where placebo places are given, or the reason why
    there is none; single rings and the gap hold the noise of counting only.

    Parameters
    ----------
    measure : Measure
    counts : ZoneCounts
        Rows named as the design's zones.
    design : Design
    placebo : PlaceboData, optional
        The measure's counts at places without an operation.

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
    unplaced = _unplaced(counts, design)
    watched = [(name, zones) for name, zones in groups if name in ("target", ALL_RINGS)]
    return MeasureResult(
        measure,
        counts,
        effects=tuple(
            _calibrate(
                _effect(measure, counts, design, name, zones, design.after), counts, design, design.after, placebo
            )
            for name, zones in groups
        ),
        phases=tuple(
            _calibrate(_effect(measure, counts, design, name, zones, phase), counts, design, phase, placebo)
            for phase in design.phases
            for name, zones in watched
        ),
        bounds=tuple(
            _effect(measure, counts, design, name, target + rows, design.after) for name, rows in unplaced.items()
        ),
    )


def _unplaced(counts: ZoneCounts, design: Design) -> dict[str, list[str]]:
    """Return which rows without a usable place to add to the target, by the name of the bound; none if there are none."""
    held = {
        name: sum(counts.total(name, window) for window in (design.before, design.after)) if name in counts.zones else 0
        for name in (UNPLACED_NEAR, UNPLACED)
    }
    bounds = {}
    if held[UNPLACED_NEAR] and held[UNPLACED]:
        bounds[TARGET_WITH_NEAR] = [UNPLACED_NEAR]
    if any(held.values()):
        bounds[TARGET_WITH_ALL] = [name for name in held if held[name]]
    return bounds


def _effect(
    measure: Measure, counts: ZoneCounts, design: Design, name: str, zones: Sequence[str], after: Window
) -> Effect:
    zone = _together(counts, zones, design.before, after, name)
    controls = [control.name for control in design.of_role(ZoneRole.CONTROL)]
    control = _together(counts, controls, design.before, after, "control")
    phi, phi_control = history_dispersion(counts, zones, design), history_dispersion(counts, controls, design)
    ratio = log_rate_ratio(zone, control, zone_dispersion=phi, control_dispersion=phi_control)
    length = after.days / design.before.days
    difference = net_change(zone, control, zone_dispersion=phi, control_dispersion=phi_control, unit=measure.unit)
    return Effect(
        zone=name,
        window=after.name,
        counts=zone,
        control=control,
        length_ratio=length,
        ratio=ratio,
        counting=ratio,
        difference=difference,
        dispersion=phi,
        detectable_fall=_detectable(zone, control, phi, phi_control),
    )


def _calibrate(
    effect: Effect, counts: ZoneCounts, design: Design, after: Window, placebo: PlaceboData | None
) -> Effect:
    if placebo is None or effect.zone not in ZONES:
        return effect
    ratio, check = calibrated_effect(placebo, counts, design, zone=effect.zone, after=after)
    # Where no interval is possible, no fall could be told from chance, and a figure would say otherwise.
    fall = check.detectable_fall if check and ratio.is_defined else math.nan
    return replace(effect, ratio=ratio, detectable_fall=fall, placebo=check)


def _detectable(zone: Change, control: Change, phi: float, phi_control: float) -> float:
    """Return the smallest detectable fall of a zone, from its expected count and not from what happened."""
    if 0 in (zone.before, control.before, control.after):
        return math.nan
    expected = zone.before * control.after / control.before
    other = phi / zone.before + phi_control * (1 / control.before + 1 / control.after)
    return minimum_detectable_fall(expected, other_variance=other, dispersion=phi)


def _together(counts: ZoneCounts, zones: Sequence[str], before: Window, after: Window, name: str) -> Change:
    changes = [counts.change(zone, before, after) for zone in zones]
    return Change(name, sum(change.before for change in changes), sum(change.after for change in changes))


def history_dispersion(counts: ZoneCounts, zones: Sequence[str], design: Design) -> float:
    """Return the dispersion of all whole months (years) before the operation, rounded up to a tenth; gaps stay gaps.

    The whole history is used, since a short window before tells too little. Rounding keeps single months from being
    worked out of a published error.
    """
    series = [counts.monthly(zone) for zone in zones]
    start = design.operation.period.start
    if counts.coverage.start >= start:
        return 1.0
    values: list[float] = []
    step = 12 if counts.by_year else 1
    for month in Period(counts.coverage.start, start).months():
        if counts.by_year and month.month != 1:
            continue
        span = Period(month, add_months(month, step))
        used = month in series[0] and counts.coverage.contains(span) and span.end <= start
        values.append(float(sum(one[month] for one in series)) if used else math.nan)
    return math.ceil(monthly_dispersion(values) * 10 - 1e-9) / 10
