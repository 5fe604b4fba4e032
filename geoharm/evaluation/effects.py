"""Effects of one operation on one measure: in the target, the gap, each ring and all together."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from geoharm.evaluation.design.control_floor import no_control, why_no_control
from geoharm.evaluation.estimators.rate_ratio import NAME, log_rate_ratio
from geoharm.evaluation.estimators.wdd import NAME as DIFFERENCE
from geoharm.evaluation.estimators.wdd import net_change
from geoharm.evaluation.placebo.calibrated_ratio import PlaceboData, calibrated_effect, expected_count_after
from geoharm.evaluation.placebo.places import ZONES
from geoharm.evaluation.reading import with_reading
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.model.counts import UNPLACED, UNPLACED_NEAR, Change, ZoneCounts
from geoharm.model.design import (
    ALL_RINGS,
    TARGET_AND_RINGS,
    TARGET_GAP_AND_RINGS,
    TARGET_OWN_PLACE,
    TARGET_WITH_ALL_UNPLACED,
    TARGET_WITH_STREET_UNPLACED,
    Design,
)
from geoharm.model.effect import Effect, PlaceboCheck
from geoharm.model.estimate import Estimate, Interval, relative_change_of
from geoharm.model.geometry import ZoneRole
from geoharm.model.harm_settings import DEFAULT_MARGIN
from geoharm.model.measure import Measure
from geoharm.model.period import Period, Window, add_months
from geoharm.model.reason import Reason
from geoharm.stats.dispersion import monthly_dispersion
from geoharm.stats.minimum_detectable import minimum_detectable_fall


def evaluate_measure(
    measure: Measure,
    counts: ZoneCounts,
    design: Design,
    placebo: PlaceboData | None = None,
    *,
    own_place: ZoneCounts | None = None,
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
    own_place : ZoneCounts, optional
        The same counts without the rows that were placed by their address text.

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
        own_place=_zone_effect(measure, own_place, design, TARGET_OWN_PLACE, target, design.after)
        if own_place
        else None,
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
) -> Effect[int]:
    zone = _combined_change(counts, zones, design.before, after, name)
    controls = [control.name for control in design.of_role(ZoneRole.CONTROL)]
    control = _combined_change(counts, controls, design.before, after, "control")
    phi, phi_control = history_dispersion(counts, zones, design), history_dispersion(counts, controls, design)
    note = why_no_control(design, control)
    if note:
        ratio = no_control(NAME, note, unit="log ratio")
        difference = no_control(DIFFERENCE, note, unit=measure.unit)
    else:
        ratio = log_rate_ratio(zone, control, zone_dispersion=phi, control_dispersion=phi_control)
        difference = net_change(zone, control, zone_dispersion=phi, control_dispersion=phi_control, unit=measure.unit)
    return build_effect(
        name,
        after.name,
        zone,
        control,
        length_ratio=after.days / design.before.days,
        ratio=ratio,
        counting_ratio=ratio,
        difference=difference,
        dispersion=phi,
        detectable_fall=math.nan
        if note
        else smallest_detectable_fall(zone, control, dispersion=phi, control_dispersion=phi_control),
        margin=design.margin,
        asks_fall_first=measure.kind == "treatment_entry",
    )


def build_effect(
    zone: str,
    window: str,
    counts: Change,
    control: Change,
    *,
    length_ratio: float,
    ratio: Estimate,
    counting_ratio: Estimate,
    difference: Estimate,
    dispersion: float,
    detectable_fall: float,
    placebo: PlaceboCheck | None = None,
    margin: float = DEFAULT_MARGIN,
    asks_fall_first: bool = False,
) -> Effect[int]:
    """Return an effect with its expected count, its change, both intervals, and the reading of its numbers alone.

    Expected count, change and intervals are NaN without a calibrated ratio where the control is below its floor; and, if
    calibration was tried, where nothing was counted before: no factor turns 0 into an expectation.

    Parameters
    ----------
    zone, window : str
        Names of the zone and of the window after.
    counts, control : Change
        Raw counts of the zone and of its control.
    length_ratio, ratio, counting_ratio, difference, dispersion, detectable_fall, placebo, margin, asks_fall_first
        As in `Effect`.
    """
    nothing_before = ratio.calibrated and counts.before == 0
    undefined = not ratio.is_defined and (nothing_before or counting_ratio.reason is Reason.SMALL_CONTROL)
    no_interval = Interval(math.nan, math.nan, 0.95)
    expected = math.nan if undefined else expected_count(counts, control, ratio, placebo)
    effect = Effect(
        zone=zone,
        window=window,
        before=counts.before,
        after=counts.after,
        control_before=control.before,
        control_after=control.after,
        length_ratio=length_ratio,
        expected=expected,
        change=counts.after - expected,
        interval=no_interval if undefined else change_interval(counts.after, expected, ratio, difference),
        counting=no_interval if undefined else counting_interval(counts, control, counting_ratio, difference),
        ratio=ratio,
        counting_ratio=counting_ratio,
        difference=difference,
        dispersion=dispersion,
        detectable_fall=detectable_fall,
        placebo=placebo,
        margin=margin,
        asks_fall_first=asks_fall_first,
    )
    return with_reading(effect)


def expected_count(counts: Change, control: Change, ratio: Estimate, placebo: PlaceboCheck | None) -> float:
    """Return the expected count after without the operation.

    It is computed from the calibrated ratio, so it is the typical count of the forecast and not its mean
    (`PlaceboCheck.expected`). Without one, the zone is taken to change as its control did; NaN if the control had no event
    before. A control below its floor (`geoharm.evaluation.design.control_floor`) gives none.
    """
    if ratio.calibrated and ratio.is_defined and placebo is not None:
        return expected_count_after(ratio, counts.after, placebo.expected)
    return _scaled_by_control(counts, control)


def counting_interval(counts: Change, control: Change, counting_ratio: Estimate, difference: Estimate) -> Interval:
    """Return the 95% interval of the change with counting error only; it is too narrow for a finding."""
    if not counting_ratio.is_defined:
        return difference.interval()
    interval, expected = counting_ratio.interval(), _scaled_by_control(counts, control)
    return Interval(
        expected * relative_change_of(interval.low), expected * relative_change_of(interval.high), interval.level
    )


def change_interval(
    after: int, expected: float, ratio: Estimate, difference: Estimate, level: float = 0.95
) -> Interval:
    """Return the interval of the change in events.

    It contains zero exactly if the interval of the ratio contains 1. The ends are computed from the ends of the ratio's
    interval:

    - Calibrated: ``after * (1 - 1 / ratio)``, because the count without the operation is uncertain.
    - Not calibrated, or a count of 0 after: ``expected * (ratio - 1)``, so that no more events can disappear than were
      expected.
    - If a count of 0 leaves the ratio undefined: the interval of the difference.
    - If calibration was not possible: NaN.
    """
    if not ratio.is_defined:
        return (ratio if ratio.calibrated else difference).interval(level)
    interval = ratio.interval(level)
    if ratio.calibrated and after:
        return Interval(
            -after * relative_change_of(-interval.low), -after * relative_change_of(-interval.high), interval.level
        )
    return Interval(
        expected * relative_change_of(interval.low), expected * relative_change_of(interval.high), interval.level
    )


def _scaled_by_control(counts: Change, control: Change) -> float:
    return counts.before * control.after / control.before if control.before else math.nan


def _with_calibrated_ratio(
    effect: Effect[int], counts: ZoneCounts, design: Design, after: Window, placebo: PlaceboData | None
) -> Effect[int]:
    if placebo is None or effect.zone not in ZONES:
        return effect
    ratio, check = calibrated_effect(placebo, counts, design, zone=effect.zone, after=after)
    # Where no interval is possible, no fall can be told apart from chance variation, so no figure is given.
    fall = check.detectable_fall if check and ratio.is_defined else math.nan
    return build_effect(
        effect.zone,
        effect.window,
        Change(effect.zone, effect.before, effect.after),
        Change("control", effect.control_before, effect.control_after),
        length_ratio=effect.length_ratio,
        ratio=ratio,
        counting_ratio=effect.counting_ratio,
        difference=effect.difference,
        dispersion=effect.dispersion,
        detectable_fall=fall,
        placebo=check,
        margin=effect.margin,
        asks_fall_first=effect.asks_fall_first,
    )


def smallest_detectable_fall(zone: Change, control: Change, *, dispersion: float, control_dispersion: float) -> float:
    """Return the smallest detectable fall of a zone, computed from its expected count and not from its count after.

    Parameters
    ----------
    zone, control : Change
    dispersion, control_dispersion : float
        Variance over mean of each area's monthly counts.

    Returns
    -------
    float
        A share of the expected count; NaN if nothing is expected.
    """
    if 0 in (zone.before, control.before, control.after):
        return math.nan
    expected = zone.before * control.after / control.before
    other_variance = dispersion / zone.before + control_dispersion * (1 / control.before + 1 / control.after)
    return minimum_detectable_fall(expected, other_variance=other_variance, dispersion=dispersion)


def _combined_change(counts: ZoneCounts, zones: Sequence[str], before: Window, after: Window, name: str) -> Change:
    changes = [counts.change(zone, before, after) for zone in zones]
    return Change(name, sum(change.before for change in changes), sum(change.after for change in changes))


def history_dispersion(
    counts: ZoneCounts, zones: Sequence[str], design: Design, counted: Callable[[int], int] = int
) -> float:
    """Return the dispersion of all whole months (or years) before the operation, rounded up to a tenth.

    The whole history is used, because a short window before holds too little information. Months without data stay
    missing, and so do those in which another operation reached this ground. Rounding prevents the reconstruction of single
    months from a published error. `counted` gives the number that is computed with for the count of a zone in a month.
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
        has_data = has_data and not any(span.overlap(days) for days in design.left_out)
        values.append(float(sum(counted(months[month]) for months in series)) if has_data else math.nan)
    return math.ceil(monthly_dispersion(values) * 10 - 1e-9) / 10
