"""Robustness checks: the other estimators and the diagnostics for one measure around one operation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from geoharm.errors import DesignError
from geoharm.evaluation.design.control_candidates import ControlCandidates
from geoharm.evaluation.design.control_floor import no_control, why_no_control
from geoharm.evaluation.design.series import decay_periods, joint_series, months_around
from geoharm.evaluation.diagnostics.data import (
    controls_diagnostic,
    multiplicity_diagnostic,
    power_diagnostic,
    rejected_rows_diagnostic,
    reporting_diagnostic,
    unplaced_in_rings_diagnostic,
    unplaced_rows_diagnostic,
)
from geoharm.evaluation.diagnostics.design import (
    autocorrelation_diagnostic,
    pre_trend_diagnostic,
    season_diagnostic,
    selection_diagnostic,
)
from geoharm.evaluation.diagnostics.geocoding_error import (
    geocoding_error_diagnostic,
    point_spacing,
    recorded_zone_shares,
    spurious_ring_change,
)
from geoharm.evaluation.diagnostics.piles import find_piles, piles_diagnostic
from geoharm.evaluation.effects import history_dispersion
from geoharm.evaluation.estimators.cumulative_wdd import cumulative_wdd
from geoharm.evaluation.estimators.did import event_study, operation_did
from geoharm.evaluation.estimators.displacement_indices import displacement_indices
from geoharm.evaluation.estimators.distance_profile import distance_profile
from geoharm.evaluation.estimators.effect_decay import effect_decay, undefined_decay
from geoharm.evaluation.estimators.interrupted_time_series import target_interrupted_time_series
from geoharm.evaluation.estimators.specification_curve import combined_change, compare_controls, zone_names
from geoharm.evaluation.estimators.wdd import linear_change
from geoharm.evaluation.family import is_member
from geoharm.evaluation.placebo.displaced_share import with_calibrated_share
from geoharm.evaluation.results.curves import Curve, DidEstimates, EffectDecay
from geoharm.evaluation.results.diagnostics import Diagnostic
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.evaluation.results.robustness import OtherEstimate, OtherEstimators
from geoharm.model.counts import UNPLACED, UNPLACED_NEAR, Change, ZoneCounts
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS, Design
from geoharm.model.effect import Effect
from geoharm.model.estimate import Estimate, Interval
from geoharm.model.geometry import Zone, ZoneRole
from geoharm.model.period import Period, Window, add_months
from geoharm.model.points import DatedPoints, days_in_window
from geoharm.model.reason import Reason
from geoharm.stats.exact_rates import exact_rate_ratio

_NO_INTERVAL = Interval(math.nan, math.nan, 0.95)
_IN_SPELLS = "it was active in several spells, and the model knows one"


def other_estimators(
    result: MeasureResult, design: Design, *, candidates: ControlCandidates | None = None
) -> OtherEstimators:
    """Return the results of all other estimators for a measure.

    Parameters
    ----------
    result : MeasureResult
    design : Design
    candidates : ControlCandidates, optional
        Candidate control areas. Without them the choice of control is not examined.

    Returns
    -------
    OtherEstimators
        A part that cannot be computed is listed in `left_out` with its reason; no error is raised.
    """
    counts, unit = result.counts, result.measure.unit
    target, rings, control = (zone_names(design, role) for role in (ZoneRole.TARGET, ZoneRole.RING, ZoneRole.CONTROL))
    phi = {"target": history_dispersion(counts, target, design), "control": history_dispersion(counts, control, design)}
    left_out: list[tuple[str, str]] = []
    length_ratio = design.after.days / design.before.days
    target_change, control_change = (
        combined_change(counts, target, design.before, design.after, "target"),
        _control_change(counts, design),
    )
    no_control_note = why_no_control(design, control_change)
    ring_change = None
    if rings:
        phi[ALL_RINGS] = history_dispersion(counts, rings, design)
        ring_change = combined_change(counts, rings, design.before, design.after, ALL_RINGS)
    else:
        left_out.append(("indices", "the operation has no ring"))
    for zone in design.zones:
        if zone.role in (ZoneRole.GAP, ZoneRole.RING):
            phi[zone.name] = history_dispersion(counts, [zone.name], design)
    cumulative = event_curve = did = indices = None
    if no_control_note:
        left_out.append(("everything that is compared with the control area", no_control_note))
    else:
        cumulative, event_curve = _monthly_curves(counts, design, phi, unit=unit, left_out=left_out)
        did = _try_did(counts, design, left_out)
        if ring_change:
            indices = displacement_indices(target_change, ring_change, control_change, dispersion=phi, unit=unit)
    control_choice = by_control = specifications = None
    placebo_p = math.nan
    if candidates is None:
        left_out.append(("choice of control", "no candidate areas were given"))
    else:
        control_choice, by_control, specifications, placebo_p = compare_controls(
            candidates, counts, design, phi, left_out
        )
    weighted_difference = partial(
        _weighted_difference,
        control=control_change,
        note=no_control_note,
        phi=phi,
        unit=unit,
        length_ratio=length_ratio,
    )
    estimates = [OtherEstimate("wdd_target", weighted_difference([target_change]), ("target",), from_totals=True)]
    if ring_change:
        both = ("target", ALL_RINGS, TARGET_AND_RINGS)
        estimates += [
            OtherEstimate("wdd_rings", weighted_difference([ring_change]), (ALL_RINGS,), from_totals=True),
            OtherEstimate("wdd_total", weighted_difference([target_change, ring_change]), both, from_totals=True),
        ]
    time_series = target_interrupted_time_series(counts, design, target)
    estimates.append(OtherEstimate("interrupted_time_series", time_series, ("target",)))
    return OtherEstimators(
        measure=result.measure.name,
        estimates=tuple(estimates),
        exact=_NO_INTERVAL
        if no_control_note
        else exact_rate_ratio(
            ((target_change.after, target_change.before), (control_change.after, control_change.before))
        ),
        indices=with_calibrated_share(indices, result.effects) if indices else None,
        cumulative_wdd=cumulative,
        event_study=event_curve,
        distance_profile=_distance_profile(counts, design, phi, note=no_control_note),
        effect_decay=() if no_control_note else _effect_decays(counts, design),
        control_choice=control_choice,
        by_control=by_control,
        specification_curve=specifications,
        placebo_p=placebo_p,
        did=did,
        left_out=tuple(left_out),
    )


def diagnose(
    result: MeasureResult,
    design: Design,
    estimators: OtherEstimators,
    *,
    points: DatedPoints | None = None,
    rejected_days: NDArray[np.datetime64] | None = None,
    location_error: float = 0.0,
    comparator: MeasureResult | None = None,
    peers: ArrayLike | None = None,
    ratios: Mapping[str, Estimate] | None = None,
    primary: str = "",
) -> tuple[Diagnostic, ...]:
    """Return the diagnostics of a measure's answer, most severe first.

    Parameters
    ----------
    result : MeasureResult
    design : Design
    estimators : OtherEstimators
        The other estimators' results for the same measure.
    points : DatedPoints, optional
        Located events of the measure, to look for points with many of them.
    rejected_days : ndarray of datetime64[D], optional
        Days of rejected rows in the target area, NaT where the day could not be read.
    location_error : float
        Median location error in metres.
    comparator : MeasureResult, optional
        Result for other reports made by the same route.
    peers : array_like, shape (n,), optional
        Counts of all places that could have been chosen as target, in the period the target was chosen on.
    ratios : mapping of measure to Estimate, optional
        The target's log rate ratio of every measure of the study.
    primary : str
        The study's primary measure; needed with `ratios`.

    Returns
    -------
    tuple of Diagnostic
    """
    counts, effect = result.counts, result.effect("target")
    observed = _observed_ratio(effect)
    target, control = (zone_names(design, role) for role in (ZoneRole.TARGET, ZoneRole.CONTROL))
    months = months_around(counts, design)
    months_before = months.spans[: months.start]
    diagnostics = [
        selection_diagnostic(
            design.before,
            design.operation.chosen_on,
            chosen_count=_chosen_count(counts, target, design),
            peers=peers,
            dispersion=effect.dispersion,
            observed=observed,
            learned_on=_months_learned_on(effect, design),
        ),
        season_diagnostic(design.before, design.after, later=design.later),
        autocorrelation_diagnostic(
            joint_series(counts, target, months_before),
            joint_series(counts, control, months_before),
            after=max(1, round(design.after.days * 12 / 365.25)),
            calibrated=effect.ratio.calibrated,
            refused=effect.is_refused,
        ),
        reporting_diagnostic(
            observed,
            _observed_ratio(comparator.effect("target")) if comparator else None,
            recorded_by=result.measure.recorder,
        ),
        power_diagnostic(effect.detectable_fall, possible=effect.ratio.is_defined),
    ]
    if estimators.event_study is not None:
        diagnostics.append(pre_trend_diagnostic(estimators.event_study, later=design.later))
    if estimators.by_control is not None:
        diagnostics.append(controls_diagnostic(estimators.by_control, observed))
    rings = design.of_role(ZoneRole.RING)
    ring_zones = (ALL_RINGS, *(ring.name for ring in rings))
    unplaced_zones = [name for name in (UNPLACED, UNPLACED_NEAR) if name in counts.zones]
    if unplaced_zones:
        unplaced = combined_change(counts, unplaced_zones, design.before, design.after, UNPLACED)
        diagnostics.append(
            unplaced_rows_diagnostic(
                effect,
                unplaced,
                all_rows=sum(
                    counts.total(name, window) for name in counts.zones for window in (design.before, design.after)
                ),
            )
        )
        if rings and (in_rings := unplaced_in_rings_diagnostic(result.effect(ALL_RINGS), unplaced, zones=ring_zones)):
            diagnostics.append(in_rings)
    if rejected_days is not None and rejected_days.size:
        windows = [int(days_in_window(rejected_days, window).sum()) for window in (design.before, design.after)]
        undated = int(np.isnat(rejected_days).sum())
        diagnostics.append(rejected_rows_diagnostic(effect, Change("target", *windows), undated=undated))
    if points is not None:
        diagnostics += _piles_diagnostics(result, design, points)
    if rings:
        diagnostics.append(_location_error_diagnostic(result, design, rings[0], location_error, points))
    if ratios is not None:
        diagnostics.append(
            multiplicity_diagnostic(
                ratios, primary=primary, name=result.measure.name, rises_in_family=is_member(result.measure)
            )
        )
    return tuple(sorted(diagnostics, key=lambda diagnostic: -diagnostic.severity))


def _months_learned_on(effect: Effect[int], design: Design) -> Period | None:
    """Return the months before from which the calibrated forecast is learned; None without one."""
    if effect.placebo is None or not effect.ratio.is_defined:
        return None
    start = design.operation.period.start
    return Period(add_months(start, -effect.placebo.months), start)


def _observed_ratio(effect: Effect[int]) -> Estimate:
    """Return the calibrated ratio, or the ratio with counting noise only where no calibrated ratio is defined."""
    return effect.ratio if effect.ratio.is_defined else effect.counting_ratio


def _control_change(counts: ZoneCounts, design: Design) -> Change:
    return combined_change(counts, zone_names(design, ZoneRole.CONTROL), design.before, design.after, "control")


def _weighted_difference(
    zones: Sequence[Change], *, control: Change, note: str, phi: Mapping[str, float], unit: str, length_ratio: float
) -> Estimate:
    """Return the weighted displacement difference, with the control scaled to all zones together.

    The control's counts enter once. Counts before are scaled to the length of the window after; without this a long
    window before would inflate the error.
    """
    name = "weighted displacement difference"
    if note:
        return no_control(name, note, unit=unit)
    scale = sum(zone.before for zone in zones) / control.before
    note = "the scale of the control is taken as known, as is usual; the error is therefore a little too small"
    terms = [*((zone, 1.0) for zone in zones), (control, -scale)]
    return linear_change(terms, time_weights=(1 / length_ratio, 1.0), dispersion=phi, unit=unit, note=note)


def _monthly_curves(
    counts: ZoneCounts,
    design: Design,
    phi: Mapping[str, float],
    *,
    unit: str,
    left_out: list[tuple[str, str]],
) -> tuple[Curve | None, Curve | None]:
    months = months_around(counts, design)
    series = [
        joint_series(counts, zone_names(design, role), months.spans) for role in (ZoneRole.TARGET, ZoneRole.CONTROL)
    ]
    for monthly_counts in series:
        monthly_counts[months.start : months.stop] = math.nan
    dispersion = phi["target"], phi["control"]
    cumulative: Curve | None = None
    event_curve: Curve | None = None
    months_inside = [
        month for month, span in enumerate(months.spans[: months.start]) if design.before.periods[0].contains(span)
    ]
    if len(design.before.periods) > 1 or not months_inside:
        reason = "the window before is made of several seasons, or holds no whole month"
        left_out.append(("running difference", reason))
    else:
        trimmed = [monthly_counts[months_inside[0] :] for monthly_counts in series]
        trimmed = [
            np.where(np.isnan(trimmed[0]) | np.isnan(trimmed[1]), math.nan, monthly_counts)
            for monthly_counts in trimmed
        ]
        scale = np.nansum(trimmed[1][: len(months_inside)]) / max(np.nansum(trimmed[0][: len(months_inside)]), 1)
        # The months between the window before and the operation belong to neither window.
        kept_months = np.arange(trimmed[0].size) < len(months_inside)
        kept_months |= np.arange(trimmed[0].size) >= months.stop - months_inside[0]
        try:
            cumulative = cumulative_wdd(
                trimmed[0][kept_months],
                trimmed[1][kept_months],
                before=len(months_inside),
                scale=float(scale) or 1.0,
                dispersion=dispersion,
                unit=unit,
            )
        except DesignError as error:
            left_out.append(("running difference", str(error)))
    try:
        without_operation = [np.delete(monthly_counts, slice(months.start, months.stop)) for monthly_counts in series]
        event_curve = event_study(
            *without_operation,
            before=months.start,
            block=_block_months(without_operation[0]),
            dispersion=dispersion,
        )
    except DesignError as error:
        left_out.append(("event study", str(error)))
    return cumulative, event_curve


def _try_did(counts: ZoneCounts, design: Design, left_out: list[tuple[str, str]]) -> DidEstimates | None:
    try:
        return operation_did(counts, design)
    except DesignError as error:
        left_out.append(("Poisson difference-in-differences", str(error)))
        return None


def _block_months(target: ArrayLike) -> int:
    """Return how many months a block needs to hold about 20 events of the target: 1, 2, 3 or 6."""
    mean = float(np.nanmean(np.asarray(target, dtype=np.float64))) if np.size(target) else 0.0
    return next((block for block in (1, 2, 3) if block * mean >= 20), 6)


def _distance_profile(counts: ZoneCounts, design: Design, phi: Mapping[str, float], *, note: str) -> Curve:
    bands = [
        (zone.inner, zone.outer, combined_change(counts, [zone.name], design.before, design.after, zone.name))
        for zone in design.zones
        if zone.role is not ZoneRole.CONTROL
    ]
    profile = distance_profile(bands, _control_change(counts, design), dispersion=phi)
    if not note:
        return profile
    points = tuple(replace(point, value=math.nan, note=note, reason=Reason.SMALL_CONTROL) for point in profile.points)
    return replace(profile.without_covariance(), points=points)


def _effect_decays(counts: ZoneCounts, design: Design) -> tuple[EffectDecay, ...]:
    periods = decay_periods(counts, design)
    control = joint_series(counts, zone_names(design, ZoneRole.CONTROL), periods.spans)
    decays = []
    for name, role in (("target", ZoneRole.TARGET), (ALL_RINGS, ZoneRole.RING)):
        zones = zone_names(design, role)
        stop = min(max(periods.stop, periods.start + 1), len(periods.spans))
        if zones and 0 < periods.start < stop:
            series = joint_series(counts, zones, periods.spans)
            decay = effect_decay(
                series, control, start=periods.start, stop=stop, per_month=periods.per_month, zone=name,
                goes_on=design.operation.ongoing,
            ) if not design.operation.spells else undefined_decay(name, _IN_SPELLS)  # fmt: skip
            edges = (periods.spans[0].start, periods.spans[periods.start].start, periods.spans[stop - 1].end)
            phase_periods = [
                Period(first_day, end_day)
                for first_day, end_day in pairwise((*edges, periods.spans[-1].end))
                if first_day < end_day
            ]
            decays.append(replace(decay, periods=tuple(phase_periods)))
    return tuple(decays)


def _chosen_count(counts: ZoneCounts, target: Sequence[str], design: Design) -> int:
    chosen = design.operation.chosen_on
    covered = chosen.overlap(counts.coverage) if chosen else None
    if covered is None or (counts.by_month and not covered.is_whole_months):
        return 0
    return sum(counts.total(zone, Window("chosen on", (covered,))) for zone in target)


def _piles_diagnostics(result: MeasureResult, design: Design, points: DatedPoints) -> list[Diagnostic]:
    """Return the diagnostic for piles in the target area, and one for those in the rings if there are any."""
    target, *_ = design.of_role(ZoneRole.TARGET)
    rings = design.of_role(ZoneRole.RING)
    around = shapely.union_all([ring.geometry for ring in rings])
    in_target, in_rings = find_piles(points, [target.geometry, around], design.before, design.after)
    diagnostics = [piles_diagnostic(in_target, result.effect("target"))]
    if in_rings:
        zones = (ALL_RINGS, *(ring.name for ring in rings))
        diagnostics.append(piles_diagnostic(in_rings, result.effect(ALL_RINGS), zones=zones))
    return diagnostics


def _location_error_diagnostic(
    result: MeasureResult, design: Design, ring: Zone, error: float, points: DatedPoints | None
) -> Diagnostic:
    zones = [zone for zone in design.zones if zone.role is not ZoneRole.CONTROL]
    shares = recorded_zone_shares(zones[0], zones, median_error=error)
    counts_before = {zone.name: result.counts.total(zone.name, design.before) for zone in (zones[0], ring)}
    spurious_change = spurious_ring_change(
        shares, target=counts_before[zones[0].name], ring=counts_before[ring.name], name=ring.name, fall=0.5
    )
    return geocoding_error_diagnostic(
        [("target", shares[zones[0].name])],
        error=error,
        ring=(ring.name, ring.outer - ring.inner, spurious_change),
        spacing=_spacing_around(points, design) if points is not None else 0.0,
    )


def _spacing_around(points: DatedPoints, design: Design) -> float:
    """Return the spacing of shared points in target, gap and rings, over all days."""
    return point_spacing(points.points(shapely.contains_xy(design.exposed_area, points.x, points.y)))
