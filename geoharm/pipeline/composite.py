"""Evaluate composite outcomes (several measures, rings or windows) around each operation and pooled over all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from geoharm.errors import DesignError
from geoharm.evaluation.claims import is_turbulent_change
from geoharm.evaluation.design.build import build_design
from geoharm.evaluation.design.neighbours import compared_days, neighbours_in, on_its_ground, reaches_into
from geoharm.evaluation.looks import look_level
from geoharm.evaluation.placebo.calibrated_ratio import placebo_data
from geoharm.evaluation.placebo.places import PlaceboPlaces
from geoharm.evaluation.pooling.common_fall import common_detectable_fall
from geoharm.evaluation.pooling.composite import component_effect, component_roles, pool_components, with_single_ring
from geoharm.evaluation.pooling.operations import pool_effects
from geoharm.evaluation.results.composite import CompositeComponent, CompositeResult, CompositeSummary, PooledLimits
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.model.counts import ZoneCounts
from geoharm.model.design import ALL_RINGS, Design
from geoharm.model.estimate import undefined
from geoharm.model.geometry import ZoneRole
from geoharm.model.period import Period, Window
from geoharm.model.pooled import Forest
from geoharm.model.reason import Reason
from geoharm.model.study import BeforeRule, CompositeOutcome, Study
from geoharm.pipeline.past_designs import AFTER, beside_its_neighbours, composite_months, shifted_back
from geoharm.pipeline.placebo import placebo_panel, places_around
from geoharm.pipeline.study_data import StudyData
from geoharm.results import OperationResult

_RING = "ring "


def evaluate_composites(
    data: StudyData, operations: Sequence[OperationResult[MeasureResult]]
) -> tuple[CompositeSummary[CompositeResult], ...]:
    """Return every composite outcome of a study with its results.

    Parameters
    ----------
    data : StudyData
    operations : sequence of OperationResult
        Evaluated operations.

    Notes
    -----
    Around one operation, all components are forecast at the same placebo places and dates. This gives their dependence.
    Over several operations, the results are pooled as operations are (`pool_effects`).
    """
    summaries = []
    for outcome in data.study.composites:
        results = tuple(
            _composite_result(data, outcome, operation.design, operation.measures) for operation in operations
        )
        summaries.append(CompositeSummary(outcome, results, _pool_over_operations(results)))
    return tuple(summaries)


def composite_power(data: StudyData) -> tuple[CompositeSummary[CompositeResult], ...]:
    """Return the smallest detectable fall of every composite outcome, from designs moved to before each operation.

    It works as `evaluate_composites`, but no event from an operation's first day on is counted. Only `detectable_fall`, the
    components that were left out and the notes can be used: the values belong to a time when nothing was done.
    """
    study, summaries = data.study, []
    for outcome in study.composites:
        results = []
        for operation in study.operations:
            months = composite_months(operation, outcome)
            beside = beside_its_neighbours(study, operation)
            try:
                design = shifted_back(beside, data.ledgers, data.streets, operation, months, after=operation.after)
            except DesignError as error:
                reason = f"no pooled answer: {str(error).rstrip('.')}"
                undefined_ratio = undefined(
                    "pooled log rate ratio", unit="log ratio", reference="", note=reason, reason=Reason.NO_DATA
                )
                results.append(CompositeResult(operation.name, (), undefined_ratio))
                continue
            results.append(_composite_result(replace(data, study=beside), outcome, design))
        summaries.append(CompositeSummary(outcome, tuple(results)))
    return tuple(summaries)


def _composite_result(
    data: StudyData, outcome: CompositeOutcome, design: Design, measures: Sequence[MeasureResult] = ()
) -> CompositeResult:
    """Return the result of a composite outcome for one operation; its measures' diagnostics limit what it says."""
    windows: dict[str, Window | str] = {}
    for label in outcome.windows:
        try:
            windows[label] = _composite_window(data, design, label)
        except DesignError as error:
            windows[label] = str(error).rstrip(".")
    usable_windows = [window for window in windows.values() if isinstance(window, Window)]
    outcome_design = (
        replace(design, after=usable_windows[0], phases=tuple(usable_windows[1:])) if usable_windows else design
    )
    footprints = {zone: _zone_footprint(data.study, outcome_design, zone) for zone in outcome.zones}
    parts, components, turbulent = [], [], False
    for measure_name in outcome.measures:
        collected, placebo_by_zone = data.measure(measure_name), {}
        counts = collected.zone_counts[design.operation.name]
        if usable_windows:
            panel = placebo_panel(collected, outcome_design, next(iter(footprints.values()))[2])
            placebo_by_zone = {
                zone: placebo_data(places, panel, outcome_design) for zone, (_, _, places) in footprints.items()
            }
        for zone in outcome.zones:
            zone_design, zone_in_design, _ = footprints[zone]
            zone_names = [
                part_zone.name for role in component_roles(zone_in_design) for part_zone in zone_design.of_role(role)
            ]
            shown_zone = zone_names[0] if zone.startswith(_RING) else zone
            before = sum(counts.total(zone_name, design.before) for zone_name in zone_names)
            for label, window in windows.items():
                if not isinstance(window, Window):
                    undefined_ratio = undefined(
                        "log rate ratio", unit="log ratio", reference="", note=window, reason=Reason.NO_DATA
                    )
                    parts.append(CompositeComponent(measure_name, zone, label, shown_zone, before, 0, undefined_ratio))
                    continue
                after = sum(counts.total(zone_name, window) for zone_name in zone_names)
                component = component_effect(
                    placebo_by_zone[zone],
                    counts,
                    zone_design,
                    zone=zone_in_design,
                    after=window,
                    count=after,
                )
                components.append(component)
                turbulent |= component.ratio.is_defined and _city_is_turbulent(counts, design.before, window)
                parts.append(CompositeComponent(measure_name, zone, label, shown_zone, before, after, component.ratio))
    pooled, spread, note = pool_components(components)
    detectable_fall = common_detectable_fall([spread]) if spread else math.nan
    limits = replace(
        diagnosed_limits([part for part in parts if part.ratio.is_defined], measures),
        level=look_level(design.operation.looks),
        probably_at_most=any(component.probably_at_most for component in components if component.ratio.is_defined),
        turbulent=turbulent,
    )
    return CompositeResult(design.operation.name, tuple(parts), pooled, detectable_fall, note, limits, spread)


def diagnosed_limits(parts: Sequence[CompositeComponent], measures: Sequence[MeasureResult]) -> PooledLimits:
    """Return what the diagnostics of their measures leave to the mean of some components.

    A diagnostic of all rings weighs on each ring.
    """
    listed = [
        (diagnostic, zone)
        for part in parts
        for result in measures
        if result.measure.name == part.measure
        for diagnostic in result.diagnostics
        for zone in {part.zone, part.display_zone, *([ALL_RINGS] if part.zone.startswith(_RING) else [])}
    ]
    return PooledLimits(
        guarded=any(diagnostic.caps(zone) for diagnostic, zone in listed),
        controls_disagree=any(diagnostic.refuses_change(zone) for diagnostic, zone in listed),
        broken=frozenset().union(*(diagnostic.breaks(zone) for diagnostic, zone in listed)),
    )


def _city_is_turbulent(counts: ZoneCounts, before: Window, after: Window) -> bool:
    control_before, control_after = (counts.total(ZoneRole.CONTROL, window) for window in (before, after))
    rate = control_before * after.days / before.days
    return is_turbulent_change(control_after / rate if rate else math.nan)


def _composite_window(data: StudyData, design: Design, label: str) -> Window:
    if label == AFTER:
        return design.after
    before = BeforeRule(Period(design.before.start, design.before.end))
    operation = replace(design.operation, after=(label,), before=before)
    window = replace(build_design(operation, data.study.area, (), data.ledgers).after, name=label)
    others = on_its_ground(operation, data.study.other_operations(operation))
    apart = [
        other
        for other in others
        if not reaches_into(other, compared_days(design.operation, design.before, design.phases))
    ]
    if met := neighbours_in(compared_days(operation, design.before, (window,)), apart):
        msg = f'The window "{label}" holds days on which "{met[0].name}" reached this ground.'
        raise DesignError(msg)
    return window


def _zone_footprint(study: Study, design: Design, zone: str) -> tuple[Design, str, PlaceboPlaces]:
    """Return the design, the zone's name in it, and the other places where its footprint could have lain."""
    operation = design.operation
    zone_design, zone_in_design = design, zone
    if zone.startswith(_RING):
        zone_design, zone_in_design = with_single_ring(design, int(zone.removeprefix(_RING))), ALL_RINGS
    rings = None
    if not operation.streets and zone_design is not design:
        (ring,) = zone_design.of_role(ZoneRole.RING)
        buffer = operation.target.buffer
        rings = buffer(ring.outer).difference(buffer(ring.inner or 0.0))
    return zone_design, zone_in_design, places_around(study, zone_design, rings=rings)


def _pool_over_operations(results: Sequence[CompositeResult]) -> Forest | None:
    """Return the composite results pooled over the operations; None for a single operation."""
    if len(results) < 2:
        return None
    return pool_effects([(result.operation, result.pooled) for result in results])
