"""Assess an operation's harm: net harm, acceptability, unintended harm and indicators, from the counts around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import shapely

from geoharm.evaluation.family import is_member
from geoharm.evaluation.placebo.calibrated_ratio import PlaceboData, fit_forecast_and_pool
from geoharm.evaluation.reading import may_be_probable
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.harm.acceptability import acceptability
from geoharm.harm.bounded_change import bounded_change
from geoharm.harm.completeness import limited_objective_note, missing_harms
from geoharm.harm.joint_draws import draw_joint_effects, error_correlation
from geoharm.harm.mitigation import held_within_margin, not_counted
from geoharm.harm.net_harm import net_harm
from geoharm.harm.results.bounded import BoundedEffect
from geoharm.harm.results.mitigation import MarginTest
from geoharm.harm.results.net_harm import HarmAssessment, JointEffects
from geoharm.harm.unintended_harm import pool_checks
from geoharm.model.area_counts import AreaCounts, Bounds
from geoharm.model.counts import ZoneCounts
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS, Design
from geoharm.model.geometry import ZoneRole
from geoharm.model.measure import Measure, Role
from geoharm.model.period import Window
from geoharm.model.reading import Reading
from geoharm.model.study import Study
from geoharm.model.values import ExchangeRates, ValueProfile
from geoharm.pipeline import unintended_harm
from geoharm.pipeline.study_data import StudyData
from geoharm.results import OperationResult
from geoharm.study.value_profiles.profiles import read_exchange_rates, read_profile

ZONES = ("target", ALL_RINGS, TARGET_AND_RINGS)


def read_values(study: Study) -> tuple[tuple[ValueProfile, ...], ExchangeRates]:
    """Return the study's value profiles, in order, and its exchange rates.

    Raises
    ------
    StudyError
        Listing every mistake.
    """
    profiles = tuple(read_profile(name, study.folder) for name in study.harm.profiles)
    return profiles, read_exchange_rates(study.harm.exchange_rates, study.folder)


def assess_harm(
    data: StudyData, design: Design, measures: Sequence[MeasureResult], placebo_data: Sequence[PlaceboData]
) -> HarmAssessment:
    """Return the harm assessment of one operation under every value profile: target, rings and both together.

    Parameters
    ----------
    data : StudyData
    design : Design
    measures : sequence of MeasureResult
        Of dated points, the primary measure first, with their final readings: what all harms together did is a finding only
        behind these (`found_before_sums`).
    placebo_data : sequence of PlaceboData
        Of the same measures, in the same order.
    """
    study = data.study
    profiles, rates = read_values(study)
    pairs = [
        (result, placebo)
        for result, placebo in zip(measures, placebo_data, strict=True)
        if result.measure.role is Role.HARM
    ]
    area_measures = [
        measure
        for measure in study.harm.area_measures
        if measure.role is Role.HARM and all(table.is_dated for table in data.area_tables[measure.name])
    ]
    joints = [
        zone_joint_effects(
            zone,
            design,
            [result for result, _ in pairs],
            [placebo for _, placebo in pairs],
            [
                (measure, area_table_effect(data.area_tables[measure.name], measure, design, zone))
                for measure in area_measures
            ],
            seed=study.seed,
        )
        for zone in ZONES
    ]
    all_measures = [result.measure for result in measures] + area_measures
    found = found_before_sums(measures)
    return HarmAssessment(
        net_harm=tuple(net_harm(joint, profile, found=found) for profile in profiles for joint in joints),
        acceptability=tuple(
            acceptability(joint, rates, seed=study.seed) for joint in joints if joint.zone != ALL_RINGS
        ),
        missing=missing_harms(all_measures),
        limited_objective=limited_objective_note(design.operation.objective),
        correlation=_correlation_note(joints[0]),
        profiles=profiles,
        rates=rates,
        noxiousness=unintended_harm.noxiousness_by_harm(study, measures),
        unintended_harm=unintended_harm.unintended_harm(data, design, measures),
        reporting_corrected=unintended_harm.corrected_for_reporting(measures),
        indicators=unintended_harm.survey_indicators(data, design),
        mitigation=_margin_tests(study, design, measures),
    )


def found_before_sums(measures: Sequence[MeasureResult]) -> dict[int, frozenset[str]]:
    """Return the measures behind which a sum of harms may be a finding, by direction.

    -1: the primary measure, if it is a harm and fell in the target. 1: every harm that rose in any zone, by the rule of its
    family.

    Parameters
    ----------
    measures : sequence of MeasureResult
        The primary measure first, with their final readings.
    """
    harms = [result for result in measures if is_member(result.measure)]
    fell = [result for result in harms if result is measures[0] and result.effect("target").reading is Reading.FELL]
    rose = [result for result in harms if any(result.effect(zone).reading is Reading.ROSE for zone in ZONES)]
    return {
        direction: frozenset(result.measure.name for result in found) for direction, found in ((-1, fell), (1, rose))
    }


def _margin_tests(study: Study, design: Design, measures: Sequence[MeasureResult]) -> tuple[MarginTest, ...]:
    """Return, for each harm that mitigation was to hold, in each zone, whether it stayed within the study's margin."""
    results, margin = {result.measure.name: result for result in measures}, study.harm.unintended_harm.margin
    names = dict.fromkeys(name for mitigation in design.operation.mitigation for name in mitigation.measures)
    return tuple(
        held_within_margin(name, results[name].effect(zone), margin)
        if name in results
        else not_counted(name, zone, margin)
        for name in names
        for zone in ZONES
    )


def with_pooled_unintended_harm(
    results: Sequence[OperationResult[MeasureResult]],
) -> tuple[OperationResult[MeasureResult], ...]:
    """Return the results, each with the checks for unintended harm pooled over all operations, where there are several."""
    checks = [
        check for result in results if result.harm and result.harm.unintended_harm and not result.design.operation.placebo
        for check in result.harm.unintended_harm.checks
    ]  # fmt: skip
    pooled = pool_checks(checks)
    if not pooled:
        return tuple(results)
    return tuple(
        replace(result, harm=replace(result.harm, unintended_harm=replace(result.harm.unintended_harm, pooled=pooled)))
        if result.harm and result.harm.unintended_harm
        else result
        for result in results
    )


def zone_joint_effects(
    zone: str,
    design: Design,
    measures: Sequence[MeasureResult],
    placebo_data: Sequence[PlaceboData],
    area_effects: Sequence[tuple[Measure, BoundedEffect]],
    *,
    seed: int,
) -> JointEffects:
    """Return joint draws of the change of every harm in a zone, correlated as forecast errors are at places without an operation.

    Parameters
    ----------
    zone : str
        "target", all rings, or both.
    design : Design
    measures : sequence of MeasureResult
        Harms counted as dated points.
    placebo_data : sequence of PlaceboData
        Of the same measures, in the same order.
    area_effects : sequence of (Measure, BoundedEffect)
        Harms counted by area table.
    seed : int
    """
    correlation = error_correlation(
        [
            _forecast_errors(placebo, result.counts, design, zone)
            for result, placebo in zip(measures, placebo_data, strict=True)
        ]
    )
    effects = [(result.measure, result.effect(zone)) for result in measures]
    limited = [result.measure.name for result in measures if _is_limited(result, zone)]
    doubted = [
        result.measure.name for result in measures if not may_be_probable(result.effect(zone), result.diagnostics)
    ]
    return draw_joint_effects(
        zone, effects, area_effects, correlation=correlation, limited=limited, doubted=doubted, seed=seed
    )


def _forecast_errors(data: PlaceboData, counts: ZoneCounts, design: Design, zone: str) -> dict[int, float]:
    """Return the error of a measure's forecast at every placebo place of its pool; empty without a forecast."""
    forecast, _, _, places = fit_forecast_and_pool(data, counts, design, zone=zone, after=design.after)
    return {} if forecast is None else dict(zip(places.tolist(), forecast.forecast_errors, strict=True))


def _is_limited(result: MeasureResult, zone: str) -> bool:
    """Return whether a diagnostic, controls or the placebo places keep a measure from being a finding in a zone."""
    effect = result.effect(zone)
    if effect.reading is Reading.CONTROLS_DISAGREE or (effect.placebo and effect.placebo.probably_at_most):
        return True
    return any(diagnostic.limits(zone) for diagnostic in result.diagnostics)


def area_table_effect(tables: Sequence[AreaCounts], measure: Measure, design: Design, zone: str) -> BoundedEffect:
    """Return the change in a zone as bounds from an area table, over the table's whole periods inside the windows.

    Parameters
    ----------
    tables : sequence of AreaCounts
        One for each category of the measure.
    measure : Measure
    design : Design
    zone : str
        "target", all rings, or both.
    """
    roles = {"target": [ZoneRole.TARGET], ALL_RINGS: [ZoneRole.RING]}.get(zone, [ZoneRole.TARGET, ZoneRole.RING])
    totals = [
        [_area_table_total(tables, measure, area, window) for window in (design.before, design.after)]
        for area in (design.area_of(*roles), design.control_area)
    ]
    return bounded_change(zone, *totals[0], *totals[1], unit=measure.unit)


def _area_table_total(
    tables: Sequence[AreaCounts], measure: Measure, shape: shapely.Geometry, window: Window
) -> Bounds:
    low = high = 0.0
    notes = []
    for counts in tables:
        whole_periods = [period for period in counts.periods if any(
            window_period.start <= period.start and period.end <= window_period.end for window_period in window.periods)]  # fmt: skip
        if not whole_periods:
            return Bounds(
                0.0, np.inf, f"no whole period of \u201c{measure.source}\u201d lies {window.name} the operation"
            )
        bounds = counts.zone_total(shape, Window(window.name, tuple(whole_periods)))
        low, high = low + bounds.low, high + bounds.high
        notes += [bounds.note] if bounds.note else []
    return Bounds(low, high, "; ".join(dict.fromkeys(notes)))


def _correlation_note(joint: JointEffects) -> str:
    if joint.placebo_places == 0:
        return "treated as independent of each other: no place without an operation could be compared"
    return (
        f"estimated from the errors of their forecasts at {joint.placebo_places:,} or more places without an operation"
    )
