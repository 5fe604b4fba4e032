"""Evaluate composite outcomes (several measures, rings or windows) around each operation and pooled over all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import shapely

from geoharm.engines.duckdb import DuckDBEngine
from geoharm.errors import DesignError
from geoharm.evaluation.design.build import build_design
from geoharm.evaluation.design.control_candidates import candidate_counts, candidate_squares
from geoharm.evaluation.placebo.calibrated_ratio import placebo_data, placebo_windows
from geoharm.evaluation.placebo.places import PlaceboPlaces, placebo_places
from geoharm.evaluation.pooling.composite import component_effect, component_roles, pool_components, with_single_ring
from geoharm.evaluation.pooling.operations import joint_placebo_draws, pool_effects
from geoharm.evaluation.results.composite import CompositeComponent, CompositeResult, CompositeSummary
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.model.counts import ZoneCounts
from geoharm.model.design import ALL_RINGS, Design
from geoharm.model.estimate import undefined
from geoharm.model.geometry import ZoneRole
from geoharm.model.ledger import SourceLedger
from geoharm.model.period import Period, Window, parse_phase
from geoharm.model.pooled import Forest
from geoharm.model.reason import Reason
from geoharm.model.study import BeforeRule, CompositeOutcome, Study
from geoharm.pipeline.power import own_months, shifted_back
from geoharm.queries.counts import dated_points, reduce_zones, zone_counts
from geoharm.queries.panel import unit_panel
from geoharm.results import OperationResult

AFTER = "after"
_RING = "ring "


def evaluate_composites(
    engine: DuckDBEngine,
    study: Study,
    ledgers: Sequence[SourceLedger],
    operations: Sequence[OperationResult[MeasureResult]],
) -> tuple[CompositeSummary[CompositeResult], ...]:
    """Return every composite outcome of a study with its results.

    Parameters
    ----------
    engine : DuckDBEngine
        Holds the study's events.
    study : Study
    ledgers : sequence of SourceLedger
    operations : sequence of OperationResult
        Evaluated operations: their counts are used.

    Notes
    -----
    Around one operation, all components are forecast at the same placebo places and dates. This gives their dependence.
    Over several operations, the results are pooled as operations are (random effects, joint draws).
    """
    summaries = []
    for outcome in study.composites:
        results = tuple(
            _composite_result(
                engine,
                study,
                ledgers,
                outcome,
                operation.design,
                {measure.measure.name: measure.counts for measure in operation.measures},
            )
            for operation in operations
        )
        summaries.append(
            CompositeSummary(outcome, results, _pool_over_operations(engine, study, ledgers, operations, results))
        )
    return tuple(summaries)


def composite_power(
    engine: DuckDBEngine, study: Study, ledgers: Sequence[SourceLedger]
) -> tuple[CompositeSummary[CompositeResult], ...]:
    """Return the smallest detectable fall of every composite outcome, from designs moved to before each operation.

    It works as `evaluate_composites`, but no event from an operation's first day on is counted. Only `detectable_fall`, the
    components that were left out and the notes can be used: the values belong to a time when nothing was done.
    """
    summaries = []
    for outcome in study.composites:
        results = []
        for operation in study.operations:
            months = max([own_months(operation), *(_last_month(window) for window in outcome.windows)])
            try:
                design = shifted_back(engine, study, ledgers, operation, months, after=operation.after)
            except DesignError as error:
                reason = f"no pooled answer: {str(error).rstrip('.')}"
                undefined_ratio = undefined(
                    "pooled log rate ratio", unit="log ratio", reference="", note=reason, reason=Reason.NO_DATA
                )
                results.append(CompositeResult(operation.name, (), undefined_ratio))
                continue
            sources = sorted({study.measure(name).source for name in outcome.measures})
            reduce_zones(engine, operation.name, design.zones, sources)
            counts = {
                name: zone_counts(engine, operation.name, study.measure(name), design.zones)
                for name in outcome.measures
            }
            results.append(_composite_result(engine, study, ledgers, outcome, design, counts))
        summaries.append(CompositeSummary(outcome, tuple(results)))
    return tuple(summaries)


def _last_month(window: str) -> int:
    span = None if window == AFTER else parse_phase(window)
    return span[1] if span else 0


def _composite_result(
    engine: DuckDBEngine,
    study: Study,
    ledgers: Sequence[SourceLedger],
    outcome: CompositeOutcome,
    design: Design,
    counts: Mapping[str, ZoneCounts],
) -> CompositeResult:
    windows: dict[str, Window | str] = {}
    for label in outcome.windows:
        try:
            windows[label] = _composite_window(study, ledgers, design, label)
        except DesignError as error:
            windows[label] = str(error).rstrip(".")
    usable_windows = [window for window in windows.values() if isinstance(window, Window)]
    outcome_design = (
        replace(design, after=usable_windows[0], phases=tuple(usable_windows[1:])) if usable_windows else design
    )
    footprints = {zone: _zone_footprint(study, outcome_design, zone) for zone in outcome.zones}
    parts, components = [], []
    for measure_name in outcome.measures:
        placebo_by_zone = {}
        if usable_windows:
            places = next(iter(footprints.values()))[2]
            needed_windows = placebo_windows(counts[measure_name], outcome_design)
            panel = unit_panel(
                engine, study.measure(measure_name), needed_windows, cell=places.cell, origin=places.origin
            )
            placebo_by_zone = {
                zone: placebo_data(places, panel, outcome_design) for zone, (_, _, places) in footprints.items()
            }
        for zone in outcome.zones:
            zone_design, zone_in_design, _ = footprints[zone]
            zone_names = [
                part_zone.name for role in component_roles(zone_in_design) for part_zone in zone_design.of_role(role)
            ]
            shown_zone = zone_names[0] if zone.startswith(_RING) else zone
            before = sum(counts[measure_name].total(zone_name, design.before) for zone_name in zone_names)
            for label, window in windows.items():
                if not isinstance(window, Window):
                    undefined_ratio = undefined(
                        "log rate ratio", unit="log ratio", reference="", note=window, reason=Reason.NO_DATA
                    )
                    parts.append(CompositeComponent(measure_name, zone, label, shown_zone, before, 0, undefined_ratio))
                    continue
                after = sum(counts[measure_name].total(zone_name, window) for zone_name in zone_names)
                component = component_effect(
                    placebo_by_zone[zone],
                    counts[measure_name],
                    zone_design,
                    zone=zone_in_design,
                    after=window,
                    count=after,
                )
                components.append(component)
                parts.append(CompositeComponent(measure_name, zone, label, shown_zone, before, after, component.ratio))
    pooled, detectable_fall, note = pool_components(components)
    return CompositeResult(design.operation.name, tuple(parts), pooled, detectable_fall, note)


def _composite_window(study: Study, ledgers: Sequence[SourceLedger], design: Design, label: str) -> Window:
    if label == AFTER:
        return design.after
    before = BeforeRule(Period(design.before.start, design.before.end))
    operation = replace(design.operation, after=(label,), before=before)
    other_operations = [candidate for candidate in study.operations if candidate.name != operation.name]
    return replace(build_design(operation, study.area, other_operations, ledgers).after, name=label)


def _zone_footprint(study: Study, design: Design, zone: str) -> tuple[Design, str, PlaceboPlaces]:
    """Return the design, the zone's name in it, and the other places where its footprint could have lain."""
    operation = design.operation
    zone_design, zone_in_design = design, zone
    if zone.startswith(_RING):
        zone_design, zone_in_design = with_single_ring(design, int(zone.removeprefix(_RING))), ALL_RINGS
    rings = None
    if operation.streets:
        rings = shapely.union_all([ring_zone.geometry for ring_zone in zone_design.of_role(ZoneRole.RING)])
    elif zone_design is not design:
        (ring,) = zone_design.of_role(ZoneRole.RING)
        buffer = operation.target.buffer
        rings = buffer(ring.outer).difference(buffer(ring.inner or 0.0))
    control = shapely.union_all([control_zone.geometry for control_zone in design.of_role(ZoneRole.CONTROL)])
    other_operations = [candidate for candidate in study.operations if candidate.name != operation.name]
    return zone_design, zone_in_design, placebo_places(operation, study.area, control, other_operations, rings=rings)


def _pool_over_operations(
    engine: DuckDBEngine,
    study: Study,
    ledgers: Sequence[SourceLedger],
    operations: Sequence[OperationResult[MeasureResult]],
    results: Sequence[CompositeResult],
) -> Forest | None:
    """Return the composite results pooled over the operations; None for a single operation.

    The dependence between operations is that of the components' mean at placebo places.
    """
    if len(operations) < 2:
        return None
    tiles = candidate_squares(operations[0].design)
    draws = []
    for measure_name, label in dict.fromkeys(
        (component.measure, component.window) for result in results for component in result.used
    ):
        designs = [
            replace(operation.design, after=_composite_window(study, ledgers, operation.design, label))
            for operation in operations
        ]
        measure = next(
            measure_result for measure_result in operations[0].measures if measure_result.measure.name == measure_name
        )
        candidates = candidate_counts(tiles, dated_points(engine, measure.measure), measure.counts)
        draws.append(joint_placebo_draws(designs, tiles, candidates, seed=study.seed))
    same_shape = [draw for draw in draws if draw.shape == draws[0].shape]
    rows = [(result.operation, result.pooled) for result in results]
    return pool_effects(rows, np.mean(same_shape, axis=0) if same_shape else np.empty((0, len(rows))))
