"""From counts around an operation to what its harms add up to: store, displacement and harm joined for `workflow`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import shapely

from geoharm.engines.duckdb import DuckDBEngine
from geoharm.errors import StudyError
from geoharm.evaluation.placebo.calibrated_ratio import PlaceboData
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.harm.acceptability import acceptability
from geoharm.harm.bounded_change import bounded_change
from geoharm.harm.completeness import limited_objective_note, missing_harms
from geoharm.harm.joint_draws import change_correlation, draw_joint_effects
from geoharm.harm.net_harm import net_harm
from geoharm.harm.results.bounded import BoundedEffect
from geoharm.harm.results.net_harm import HarmAssessment, JointEffects
from geoharm.harm.unintended_harm import pool_checks
from geoharm.ingest.tables import area_counts
from geoharm.model.area_counts import Bounds
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS, Design
from geoharm.model.geometry import ZoneRole
from geoharm.model.measure import Measure, Role
from geoharm.model.period import Window
from geoharm.model.study import Study
from geoharm.model.values import ExchangeRates, ValueProfile
from geoharm.pipeline import unintended_harm
from geoharm.results import OperationResult
from geoharm.study.value_profiles.profiles import read_exchange, read_profile

ZONES = ("target", ALL_RINGS, TARGET_AND_RINGS)


def value_problems(study: Study) -> list[str]:
    """Return every mistake of the study's profiles and exchange rates."""
    problems: list[str] = []
    known: dict[str, str] = {}
    for name in study.harm.profiles:
        try:
            called = read_profile(name, study.folder).name
            if called in known:
                problems.append(
                    f'values: "{name}" and "{known[called]}" are both called "{called}"; give each its own name.'
                )
            known[called] = name
        except StudyError as error:
            problems += [f"values: {problem}" for problem in error.problems]
    try:
        read_exchange(study.harm.exchange, study.folder)
    except StudyError as error:
        problems += [f"values: {problem}" for problem in error.problems]
    return problems


def read_values(study: Study) -> tuple[tuple[ValueProfile, ...], ExchangeRates]:
    """Return the study's profiles, in order, and the declared exchange rates.

    Raises
    ------
    StudyError
        Listing every mistake.
    """
    profiles = tuple(read_profile(name, study.folder) for name in study.harm.profiles)
    return profiles, read_exchange(study.harm.exchange, study.folder)


def assess_harm(
    engine: DuckDBEngine,
    study: Study,
    design: Design,
    measures: Sequence[MeasureResult],
    places: Sequence[PlaceboData],
) -> HarmAssessment:
    """Return what one operation's harms add up to, in target, rings and both, under every profile.

    Parameters
    ----------
    engine : DuckDBEngine
    study : Study
    design : Design
    measures : sequence of MeasureResult
        Of dated points.
    places : sequence of PlaceboData
        Of the same measures, in the same order.
    """
    profiles, rates = read_values(study)
    pairs = [(one, data) for one, data in zip(measures, places, strict=True) if one.measure.role is Role.HARM]
    areas = [one for one in study.harm.area_measures if one.role is Role.HARM]
    joints = [
        zone_joint_effects(
            zone,
            [one for one, _ in pairs],
            [data for _, data in pairs],
            [(measure, area_table_effect(engine, measure, design, zone)) for measure in areas],
            seed=study.seed,
        )
        for zone in ZONES
    ]
    every = [one.measure for one in measures] + list(study.harm.area_measures)
    return HarmAssessment(
        net_harm=tuple(net_harm(joint, profile) for profile in profiles for joint in joints),
        acceptability=tuple(
            acceptability(joint, rates, seed=study.seed) for joint in joints if joint.zone != ALL_RINGS
        ),
        missing=missing_harms(every),
        limited_objective=limited_objective_note(design.operation.objective),
        correlation=_learned(joints[0]),
        values=profiles,
        rates=rates,
        noxiousness=unintended_harm.noxiousness_by_harm(study, measures),
        unintended_harm=unintended_harm.unintended_harm(engine, study, design, measures),
        reporting_corrected=unintended_harm.corrected_for_reporting(measures),
        indicators=unintended_harm.survey_indicators(engine, study, design),
    )


def with_pooled_unintended_harm(results: Sequence[OperationResult]) -> tuple[OperationResult, ...]:
    """Return the results with every operation's watch beside that of all together, where there are several."""
    cells = [
        cell for one in results if one.harm and one.harm.unintended_harm and not one.design.operation.placebo
        for cell in one.harm.unintended_harm.checks
    ]  # fmt: skip
    pooled = pool_checks(cells)
    if not pooled:
        return tuple(results)
    return tuple(
        replace(one, harm=replace(one.harm, unintended_harm=replace(one.harm.unintended_harm, pooled=pooled)))
        if one.harm and one.harm.unintended_harm
        else one
        for one in results
    )


def zone_joint_effects(
    zone: str,
    measures: Sequence[MeasureResult],
    places: Sequence[PlaceboData],
    areas: Sequence[tuple[Measure, BoundedEffect]],
    *,
    seed: int,
) -> JointEffects:
    """Return the joint draws of every harm in a zone, correlated as they are at places without an operation."""
    correlation = None
    if measures:
        before, after = [], []
        for data in places:
            sums = {"target": data.sums.target, ALL_RINGS: data.sums.rings}.get(
                zone, data.sums.target + data.sums.rings
            )
            fits = data.places.fits[zone]
            before.append(sums[fits, : data.months].sum(axis=1))
            after.append(sums[fits, data.months])
        correlation = change_correlation(np.column_stack(before), np.column_stack(after))
    effects = [(one.measure, one.effect(zone)) for one in measures]
    return draw_joint_effects(zone, effects, areas, correlation=correlation, seed=seed)


def area_table_effect(engine: DuckDBEngine, measure: Measure, design: Design, zone: str) -> BoundedEffect:
    """Return what an area table says about a zone: bounds, in whole periods of the table inside the windows."""
    roles = {"target": [ZoneRole.TARGET], ALL_RINGS: [ZoneRole.RING]}.get(zone, [ZoneRole.TARGET, ZoneRole.RING])
    shape = shapely.union_all([one.geometry for role in roles for one in design.of_role(role)])
    control = shapely.union_all([one.geometry for one in design.of_role(ZoneRole.CONTROL)])
    totals = [
        [_total(engine, measure, place, window) for window in (design.before, design.after)]
        for place in (shape, control)
    ]
    return bounded_change(zone, *totals[0], *totals[1], unit=measure.unit)


def _total(engine: DuckDBEngine, measure: Measure, shape: shapely.Geometry, window: Window) -> Bounds:
    low = high = 0.0
    notes = []
    for category in measure.categories or ("all",):
        counts = area_counts(engine, measure.source, category)
        whole = [period for period in counts.periods if any(
            part.start <= period.start and period.end <= part.end for part in window.periods)]  # fmt: skip
        if not whole:
            return Bounds(
                0.0, np.inf, f"no whole period of \u201c{measure.source}\u201d lies {window.name} the operation"
            )
        found = counts.zone_total(shape, Window(window.name, tuple(whole)))
        low, high = low + found.low, high + found.high
        notes += [found.note] if found.note else []
    return Bounds(low, high, "; ".join(dict.fromkeys(notes)))


def _learned(joint: JointEffects) -> str:
    if joint.places == 0:
        return "taken as independent of each other: no place without an operation could be compared"
    return f"learned from their changes at {joint.places:,} places without an operation"
