"""Questions over several measures, rings or windows: each answered around every operation, and over all of them."""

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
from geoharm.model.counts import ZoneCounts
from geoharm.model.design import ALL_RINGS, Design
from geoharm.model.estimate import undefined
from geoharm.model.geometry import ZoneRole
from geoharm.model.ledger import SourceLedger
from geoharm.model.period import Period, Window, parse_phase
from geoharm.model.pooled import Forest
from geoharm.model.study import BeforeRule, CompositeOutcome, Study
from geoharm.pipeline.power import own_months, shifted_back
from geoharm.queries.counts import dated_points, reduce_zones, zone_counts
from geoharm.queries.panel import unit_panel
from geoharm.results import OperationResult

AFTER = "after"
_RING = "ring "


def evaluate_composites(
    engine: DuckDBEngine, study: Study, ledgers: Sequence[SourceLedger], operations: Sequence[OperationResult]
) -> tuple[CompositeSummary, ...]:
    """Return every question of a study with its answers.

    Parameters
    ----------
    engine : DuckDBEngine
    study : Study
    ledgers : sequence of SourceLedger
    operations : sequence of OperationResult
        Evaluated: their counts are used.

    Notes
    -----
    Around one operation all parts are learned at the same placebo places and dates, which gives their dependence. Over
    several operations the answers are pooled as operations are (random effects, joint draws).
    """
    found = []
    for question in study.composites:
        answers = tuple(
            _answer(
                engine,
                study,
                ledgers,
                question,
                one.design,
                {measure.measure.name: measure.counts for measure in one.measures},
            )
            for one in operations
        )
        found.append(CompositeSummary(question, answers, _together(engine, study, ledgers, operations, answers)))
    return tuple(found)


def composite_power(
    engine: DuckDBEngine, study: Study, ledgers: Sequence[SourceLedger]
) -> tuple[CompositeSummary, ...]:
    """Return what every question could find: as `evaluate_composites`, moved back to before each operation.

    No event from an operation's first day on is counted. Of the answers only `minimum_detectable_fall`, the parts left out and
    the notes mean anything; values are those of a time when nothing was done.
    """
    found = []
    for question in study.composites:
        answers = []
        for operation in study.operations:
            months = max([own_months(operation), *(_end(text) for text in question.windows)])
            try:
                design = shifted_back(engine, study, ledgers, operation, months, after=operation.after)
            except DesignError as error:
                why = f"no pooled answer: {str(error).rstrip('.')}"
                nothing = undefined("pooled log rate ratio", unit="log ratio", reference="", note=why)
                answers.append(CompositeResult(operation.name, (), nothing))
                continue
            sources = sorted({study.measure(name).source for name in question.measures})
            reduce_zones(engine, operation.name, design.zones, sources)
            counts = {
                name: zone_counts(engine, operation.name, study.measure(name), design.zones)
                for name in question.measures
            }
            answers.append(_answer(engine, study, ledgers, question, design, counts))
        found.append(CompositeSummary(question, tuple(answers)))
    return tuple(found)


def _end(window: str) -> int:
    span = None if window == AFTER else parse_phase(window)
    return span[1] if span else 0


def _answer(
    engine: DuckDBEngine,
    study: Study,
    ledgers: Sequence[SourceLedger],
    question: CompositeOutcome,
    design: Design,
    counts: Mapping[str, ZoneCounts],
) -> CompositeResult:
    windows: dict[str, Window | str] = {}
    for text in question.windows:
        try:
            windows[text] = _window(study, ledgers, design, text)
        except DesignError as error:
            windows[text] = str(error).rstrip(".")
    known = [window for window in windows.values() if isinstance(window, Window)]
    asked = replace(design, after=known[0], phases=tuple(known[1:])) if known else design
    footprints = {zone: _footprint(study, asked, zone) for zone in question.zones}
    parts, components = [], []
    for name in question.measures:
        data = {}
        if known:
            places = next(iter(footprints.values()))[2]
            need = placebo_windows(counts[name], asked)
            panel = unit_panel(engine, study.measure(name), need, cell=places.cell, origin=places.origin)
            data = {zone: placebo_data(places, panel, asked) for zone, (_, _, places) in footprints.items()}
        for zone in question.zones:
            plan, as_zone, _ = footprints[zone]
            rows = [one.name for role in component_roles(as_zone) for one in plan.of_role(role)]
            shown = rows[0] if zone.startswith(_RING) else zone
            before = sum(counts[name].total(row, design.before) for row in rows)
            for text, window in windows.items():
                if not isinstance(window, Window):
                    nothing = undefined("log rate ratio", unit="log ratio", reference="", note=window)
                    parts.append(CompositeComponent(name, zone, text, shown, before, 0, nothing))
                    continue
                after = sum(counts[name].total(row, window) for row in rows)
                part = component_effect(data[zone], counts[name], plan, zone=as_zone, after=window, count=after)
                components.append(part)
                parts.append(CompositeComponent(name, zone, text, shown, before, after, part.ratio))
    pooled, fall, note = pool_components(components)
    return CompositeResult(design.operation.name, tuple(parts), pooled, fall, note)


def _window(study: Study, ledgers: Sequence[SourceLedger], design: Design, text: str) -> Window:
    if text == AFTER:
        return design.after
    before = BeforeRule(Period(design.before.start, design.before.end))
    operation = replace(design.operation, after=(text,), before=before)
    others = [one for one in study.operations if one.name != operation.name]
    return replace(build_design(operation, study.area, others, ledgers).after, name=text)


def _footprint(study: Study, design: Design, zone: str) -> tuple[Design, str, PlaceboPlaces]:
    """Return the design, the zone's name in it, and where else its footprint could have lain."""
    operation = design.operation
    plan, as_zone = design, zone
    if zone.startswith(_RING):
        plan, as_zone = with_single_ring(design, int(zone.removeprefix(_RING))), ALL_RINGS
    rings = None
    if operation.streets:
        rings = shapely.union_all([one.geometry for one in plan.of_role(ZoneRole.RING)])
    elif plan is not design:
        (ring,) = plan.of_role(ZoneRole.RING)
        around = operation.target.buffer
        rings = around(ring.outer).difference(around(ring.inner or 0.0))
    control = shapely.union_all([one.geometry for one in design.of_role(ZoneRole.CONTROL)])
    others = [one for one in study.operations if one.name != operation.name]
    return plan, as_zone, placebo_places(operation, study.area, control, others, rings=rings)


def _together(
    engine: DuckDBEngine,
    study: Study,
    ledgers: Sequence[SourceLedger],
    operations: Sequence[OperationResult],
    answers: Sequence[CompositeResult],
) -> Forest | None:
    """Return the answers over the operations; their dependence is that of the parts' mean where nothing was done."""
    if len(operations) < 2:
        return None
    tiles = candidate_squares(operations[0].design)
    draws = []
    for name, text in dict.fromkeys((part.measure, part.window) for answer in answers for part in answer.used):
        designs = [replace(one.design, after=_window(study, ledgers, one.design, text)) for one in operations]
        measure = next(one for one in operations[0].measures if one.measure.name == name)
        candidates = candidate_counts(tiles, dated_points(engine, measure.measure), measure.counts)
        draws.append(joint_placebo_draws(designs, tiles, candidates, seed=study.seed))
    fitting = [one for one in draws if one.shape == draws[0].shape]
    rows = [(answer.operation, answer.pooled) for answer in answers]
    return pool_effects(rows, np.mean(fitting, axis=0) if fitting else np.empty((0, len(rows))))
