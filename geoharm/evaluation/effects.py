"""Effects of one operation on one measure: in the target, the gap, each ring and all together."""

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
    TARGET_WITH_ALL_UNPLACED,
    TARGET_WITH_STREET_UNPLACED,
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

    If placebo places are given, target, all rings, and both together get the calibrated ratio, or the reason why there
    is none. The errors of single rings and of the gap include counting noise only.

    Parameters
    ----------
    measure : Measure
    counts : ZoneCounts
        Counts of the measure; the rows are named as the design's zones.
    design : Design
    placebo : PlaceboData, optional
        The measure's counts at places without an operation.

    Raises
    ------
    DesignError
        If a window contains part of a month and the source is dated by month only.
    """
    target = [zone.name for zone in design.of_role(ZoneRole.TARGET)]
    gap = [zone.name for zone in design.of_role(ZoneRole.GAP)]
    rings = [zone.name for zone in design.of_role(ZoneRole.RING)]
    groups = [("target", target)] + [(name, [name]) for name in (*gap, *rings)]
    if rings:
        groups += [(ALL_RINGS, rings), (TARGET_AND_RINGS, target + rings)]
        if gap:
            groups.append((TARGET_GAP_AND_RINGS, target + gap + rings))
    unplaced = _unplaced_zones(counts, design)
    phase_groups = [(name, zones) for name, zones in groups if name in ("target", ALL_RINGS)]
    return MeasureResult(
        measure,
        counts,
        effects=tuple(
            _with_calibrated_ratio(
                _zone_effect(measure, counts, design, name, zones, design.after), counts, design, design.after, placebo
            )
            for name, zones in groups
        ),
        phases=tuple(
            _with_calibrated_ratio(
                _zone_effect(measure, counts, design, name, zones, phase), counts, design, phase, placebo
            )
            for phase in design.phases
            for name, zones in phase_groups
        ),
        unplaced_bounds=tuple(
            _zone_effect(measure, counts, design, name, target + unplaced_zones, design.after)
            for name, unplaced_zones in unplaced.items()
        ),
    )


def _unplaced_zones(counts: ZoneCounts, design: Design) -> dict[str, list[str]]:
    """Return the groups of rows without a usable place to add to the target, by name of the bound; empty if none."""
    totals = {
        name: sum(counts.total(name, window) for window in (design.before, design.after)) if name in counts.zones else 0
        for name in (UNPLACED_NEAR, UNPLACED)
    }
    bounds = {}
    if totals[UNPLACED_NEAR] and totals[UNPLACED]:
        bounds[TARGET_WITH_STREET_UNPLACED] = [UNPLACED_NEAR]
    if any(totals.values()):
        bounds[TARGET_WITH_ALL_UNPLACED] = [name for name in totals if totals[name]]
    return bounds


def _zone_effect(
    measure: Measure, counts: ZoneCounts, design: Design, name: str, zones: Sequence[str], after: Window
) -> Effect:
    zone = _combined_change(counts, zones, design.before, after, name)
    controls = [control.name for control in design.of_role(ZoneRole.CONTROL)]
    control = _combined_change(counts, controls, design.before, after, "control")
    phi, phi_control = history_dispersion(counts, zones, design), history_dispersion(counts, controls, design)
    ratio = log_rate_ratio(zone, control, zone_dispersion=phi, control_dispersion=phi_control)
    length_ratio = after.days / design.before.days
    difference = net_change(zone, control, zone_dispersion=phi, control_dispersion=phi_control, unit=measure.unit)
    return Effect(
        zone=name,
        window=after.name,
        counts=zone,
        control=control,
        length_ratio=length_ratio,
        ratio=ratio,
        counting=ratio,
        difference=difference,
        dispersion=phi,
        detectable_fall=_detectable_fall(zone, control, phi, phi_control),
    )


def _with_calibrated_ratio(
    effect: Effect, counts: ZoneCounts, design: Design, after: Window, placebo: PlaceboData | None
) -> Effect:
    if placebo is None or effect.zone not in ZONES:
        return effect
    ratio, check = calibrated_effect(placebo, counts, design, zone=effect.zone, after=after)
    # Where no interval is possible, no fall can be told apart from chance variation, so no figure is given.
    fall = check.detectable_fall if check and ratio.is_defined else math.nan
    return replace(effect, ratio=ratio, detectable_fall=fall, placebo=check)


def _detectable_fall(zone: Change, control: Change, phi: float, phi_control: float) -> float:
    """Return the smallest detectable fall of a zone, computed from its expected count and not from its count after."""
    if 0 in (zone.before, control.before, control.after):
        return math.nan
    expected = zone.before * control.after / control.before
    other_variance = phi / zone.before + phi_control * (1 / control.before + 1 / control.after)
    return minimum_detectable_fall(expected, other_variance=other_variance, dispersion=phi)


def _combined_change(counts: ZoneCounts, zones: Sequence[str], before: Window, after: Window, name: str) -> Change:
    changes = [counts.change(zone, before, after) for zone in zones]
    return Change(name, sum(change.before for change in changes), sum(change.after for change in changes))


def history_dispersion(counts: ZoneCounts, zones: Sequence[str], design: Design) -> float:
    """Return the dispersion of all whole months (or years) before the operation, rounded up to a tenth.

    The whole history is used, because a short window before holds too little information. Months without data stay
    missing. Rounding prevents the reconstruction of single months from a published error.
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
        has_data = month in series[0] and counts.coverage.contains(span) and span.end <= start
        values.append(float(sum(monthly_counts[month] for monthly_counts in series)) if has_data else math.nan)
    return math.ceil(monthly_dispersion(values) * 10 - 1e-9) / 10
