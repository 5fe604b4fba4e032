"""Add robustness checks, diagnostics and types of displacement to the measures of an operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray

from geoharm.evaluation.design.control_candidates import (
    ControlCandidates,
    candidate_counts,
    candidate_squares,
    counts_in_period,
)
from geoharm.evaluation.estimators.centroid_shift import centroid_shift, centroid_shift_row
from geoharm.evaluation.estimators.displacement_types import (
    composition_shift,
    displacement_types,
    not_measured,
    similar_market_shift,
    time_of_week_shifts,
)
from geoharm.evaluation.placebo.calibrated_ratio import PlaceboData
from geoharm.evaluation.pooling.operations import pool_operations
from geoharm.evaluation.reading import with_diagnostics
from geoharm.evaluation.results.displacement_types import DisplacementType
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.evaluation.robustness import diagnose, other_estimators
from geoharm.model.counts import Change, ZoneCounts
from geoharm.model.design import Design
from geoharm.model.geometry import ZoneRole
from geoharm.model.measure import Role
from geoharm.model.period import Window
from geoharm.model.points import DatedPoints
from geoharm.model.pooled import Forest
from geoharm.model.study import Study
from geoharm.pipeline.placebo import running_change_around
from geoharm.pipeline.study_data import HourTables, MeasureData, StudyData
from geoharm.results import OperationResult

_MIN_EVENTS = 50


def add_robustness_checks(
    data: StudyData, design: Design, measures: Sequence[MeasureResult], placebos: Sequence[PlaceboData]
) -> tuple[MeasureResult, ...]:
    """Return the measures of one operation with other estimators, diagnostics and types of displacement.

    Parameters
    ----------
    data : StudyData
    design : Design
    measures : sequence of MeasureResult
        All of the study's, the primary first.
    placebos : sequence of PlaceboData
        Their counts at the design's placebo places.
    """
    study = data.study
    tiles = candidate_squares(design)
    by_name = {result.measure.name: result for result in measures}
    ratios = {
        result.measure.name: result.effect("target").ratio for result in measures if result.measure.role is Role.HARM
    }
    checked_measures = []
    for result, placebo in zip(measures, placebos, strict=True):
        collected = data.measure(result.measure.name)
        candidates = candidate_counts(tiles, collected.points, result.counts)
        estimators = replace(
            other_estimators(result, design, candidates=candidates),
            running_change=running_change_around(collected, design, placebo, seed=study.seed),
        )
        diagnostics = diagnose(
            result,
            design,
            estimators,
            points=collected.points,
            rejected_days=collected.rejected_days.get(design.operation.name),
            location_error=collected.ledger.location_error,
            comparator=by_name.get(result.measure.comparator),
            peers=_peer_counts(result.counts, design, candidates),
            ratios=ratios if result.measure.role is Role.HARM and len(ratios) > 1 else None,
            primary=study.primary,
        )
        shifts = displacement_types(_displacement_rows(study, design, result, collected))
        checked = replace(result, other_estimators=estimators, displacement_types=shifts)
        checked_measures.append(with_diagnostics(checked, diagnostics))
    return tuple(checked_measures)


def pool_primary_measure(operations: Sequence[OperationResult[MeasureResult]]) -> tuple[tuple[str, Forest], ...]:
    """Return the primary measure pooled over all operations of a study, by zone; empty for a single operation."""
    if len(operations) < 2:
        return ()
    return pool_operations([(operation.design, operation.measures[0]) for operation in operations])


def _peer_counts(counts: ZoneCounts, design: Design, candidates: ControlCandidates) -> NDArray[np.int64] | None:
    """Return the counts of all places of the target's size, the target last, in the data on which the target was chosen."""
    chosen_on = design.operation.chosen_on
    covered_period = chosen_on.overlap(counts.coverage) if chosen_on else None
    if covered_period is None or len(candidates.zones) < 3 or (counts.by_month and not covered_period.is_whole_months):
        return None
    target_count = counts.total("target", Window("chosen on", (covered_period,)))
    return np.append(counts_in_period(candidates, covered_period), target_count)


def _displacement_rows(
    study: Study, design: Design, result: MeasureResult, collected: MeasureData
) -> list[DisplacementType]:
    rows = [_zone_shift(study, design, result)]
    if not result.counts.by_month:
        rows.append(_weekday_shift(study, design, result))
    if design.operation.name in collected.hours:
        rows.append(_hour_shift(study, result, collected.hours[design.operation.name]))
    if collected.category_counts[design.operation.name]:
        rows.append(_offence_shift(study, design, result, collected.category_counts[design.operation.name]))
    if design.operation.similar_markets is not None:
        rows.append(_market_shift(design, result, collected.points))
    rows.append(_centre_shift(design, collected.points))
    return rows


def _zone_shift(study: Study, design: Design, result: MeasureResult) -> DisplacementType:
    zones = [zone for zone in design.zones if zone.role is not ZoneRole.CONTROL]
    changes = [result.counts.change(zone.name, design.before, design.after) for zone in zones]
    labels = ["the target area" if zone.role is ZoneRole.TARGET else zone.name for zone in zones]
    before, after = [change.before for change in changes], [change.after for change in changes]
    return composition_shift(
        "inside or outside the market",
        before,
        after,
        labels=labels,
        seed=study.seed,
        dispersion=result.effect("target").dispersion,
        categories="zones",
    )


def _weekday_shift(study: Study, design: Design, result: MeasureResult) -> DisplacementType:
    def weekday_table(zone: str, window: Window) -> NDArray[np.int64]:
        dates, daily_counts = result.counts.dates, result.counts.counts[result.counts.zones.index(zone)]
        table = np.zeros((7, 24), dtype=np.int64)
        for period in window.periods:
            inside = (dates >= np.datetime64(period.start)) & (dates < np.datetime64(period.end))
            # 1970-01-01 was a Thursday; the hour is not known, so every event counts in the first.
            weekday = (dates[inside].astype("datetime64[D]").astype(np.int64) + 3) % 7
            np.add.at(table[:, 0], weekday, daily_counts[inside])
        return table

    target_and_control = [
        [weekday_table(zone, window) for window in (design.before, design.after)] for zone in ("target", "control")
    ]
    return time_of_week_shifts(
        *target_and_control[0],
        seed=study.seed,
        control=(target_and_control[1][0], target_and_control[1][1]),
        dispersion=result.effect("target").dispersion,
    )[1]


def _hour_shift(study: Study, result: MeasureResult, hours: HourTables) -> DisplacementType:
    """Return the shift over hours of the day."""
    return time_of_week_shifts(
        *hours.target, seed=study.seed, control=hours.control, dispersion=result.effect("target").dispersion
    )[0]


def _offence_shift(
    study: Study, design: Design, result: MeasureResult, by_category: Mapping[str, ZoneCounts]
) -> DisplacementType:
    target_and_control = [
        [[counts.total(zone, window) for counts in by_category.values()] for window in (design.before, design.after)]
        for zone in ("target", "control")
    ]
    return composition_shift(
        "offence type",
        *target_and_control[0],
        labels=tuple(by_category),
        seed=study.seed,
        control=(target_and_control[1][0], target_and_control[1][1]),
        dispersion=result.effect("target").dispersion,
    )


def _market_shift(design: Design, result: MeasureResult, points: DatedPoints) -> DisplacementType:
    """Return the shift to similar markets; events of these markets are removed from the control area."""
    similar, operation = design.operation.similar_markets, design.operation
    control = design.control_area
    market_changes, in_control = [], np.zeros(points.x.size, dtype=np.bool_)
    for code, shape in zip(*((similar.codes, similar.shapes) if similar else ((), ())), strict=True):
        inside = shapely.contains_xy(shape, points.x, points.y)
        in_control |= inside & shapely.contains_xy(control, points.x, points.y)
        market_changes.append((float(shape.distance(operation.target)), _window_change(code, points, inside, design)))
    control_change = result.counts.change("control", design.before, design.after)
    change_in_markets = _window_change("markets", points, in_control, design)
    return similar_market_shift(
        market_changes,
        Change(
            "control", control_change.before - change_in_markets.before, control_change.after - change_in_markets.after
        ),
    )


def _window_change(name: str, points: DatedPoints, inside: NDArray[np.bool_], design: Design) -> Change:
    return Change(
        name,
        *(round(points.weight[inside & points.in_window(window)].sum()) for window in (design.before, design.after)),
    )


def _centre_shift(design: Design, points: DatedPoints) -> DisplacementType:
    """Return how far the centre of the events in target, gap and rings moved."""
    inside = shapely.contains_xy(design.exposed_area, points.x, points.y)
    before, after = (points.points(inside & points.in_window(window)) for window in (design.before, design.after))
    if min(round(float(side.weight.sum())) for side in (before, after)) < _MIN_EVENTS:
        return not_measured("centre", f"fewer than {_MIN_EVENTS} events in one of the windows")
    return centroid_shift_row(centroid_shift(before, after))
