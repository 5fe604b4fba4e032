"""What stands beside the headline, from the database: the family, the guards and the shifts of every measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray

from geoharm.engines.duckdb import DuckDBEngine
from geoharm.errors import DesignError
from geoharm.evaluation.design.control_candidates import (
    ControlCandidates,
    candidate_counts,
    candidate_squares,
    counts_in_period,
)
from geoharm.evaluation.estimators.centroid_shift import centroid_shift, centroid_shift_test
from geoharm.evaluation.estimators.displacement_types import (
    composition_shift,
    displacement_types,
    similar_market_shift,
    time_of_week_shifts,
)
from geoharm.evaluation.pooling.operations import pool_operations
from geoharm.evaluation.results.displacement_types import DisplacementTest
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.evaluation.robustness import diagnose, other_estimators
from geoharm.model.counts import Change, ZoneCounts
from geoharm.model.design import Design
from geoharm.model.geometry import ZoneRole
from geoharm.model.ledger import SourceLedger
from geoharm.model.measure import Role
from geoharm.model.period import Window
from geoharm.model.points import DatedPoints, Points
from geoharm.model.pooled import Forest
from geoharm.model.study import Study
from geoharm.queries.counts import dated_points, source_categories, zone_counts
from geoharm.queries.time_of_week import timed_points
from geoharm.results import OperationResult

_MIN_EVENTS = 50


def add_robustness_checks(
    engine: DuckDBEngine,
    study: Study,
    ledgers: Sequence[SourceLedger],
    design: Design,
    measures: Sequence[MeasureResult],
) -> tuple[MeasureResult, ...]:
    """Return the measures of one operation with family, guards and shifts.

    Parameters
    ----------
    engine : DuckDBEngine
    study : Study
    ledgers : sequence of SourceLedger
    design : Design
    measures : sequence of MeasureResult
        All of the study's, the primary first.
    """
    tiles = candidate_squares(design)
    by_name = {one.measure.name: one for one in measures}
    ratios = {one.measure.name: one.effect("target").ratio for one in measures if one.measure.role is Role.HARM}
    found = []
    for one in measures:
        points = dated_points(engine, one.measure)
        candidates = candidate_counts(tiles, points, one.counts)
        robustness = other_estimators(one, design, seed=study.seed, candidates=candidates)
        error = next(row.location_error for row in ledgers if row.source == one.measure.source)
        listed = diagnose(
            one,
            design,
            robustness,
            location_error=error,
            comparator=by_name.get(one.measure.comparator),
            peers=_peers(one.counts, design, candidates),
            ratios=ratios if one.measure.role is Role.HARM and len(ratios) > 1 else None,
            primary=study.primary,
        )
        shifts = displacement_types(_shifts(engine, study, design, one, points))
        found.append(replace(one, other_estimators=robustness, diagnostics=listed, displacement_types=shifts))
    return tuple(found)


def pool_primary_measure(
    engine: DuckDBEngine, study: Study, operations: Sequence[OperationResult]
) -> tuple[tuple[str, Forest], ...]:
    """Return the primary measure over all operations of a study, by zone; nothing for a single operation."""
    if len(operations) < 2:
        return ()
    tiles = candidate_squares(operations[0].design)
    primary = operations[0].measures[0]
    candidates = candidate_counts(tiles, dated_points(engine, primary.measure), primary.counts)
    return pool_operations([(one.design, one.measures[0]) for one in operations], tiles, candidates, seed=study.seed)


def _peers(counts: ZoneCounts, design: Design, candidates: ControlCandidates) -> NDArray[np.int64] | None:
    """Return the counts, on the data the target was chosen on, of all places of its size that it was picked from."""
    chosen = design.operation.chosen_on
    covered = chosen.overlap(counts.coverage) if chosen else None
    if covered is None or len(candidates.zones) < 3 or (counts.by_month and not covered.is_whole_months):
        return None
    own = counts.total("target", Window("chosen on", (covered,)))
    return np.append(counts_in_period(candidates, covered), own)


def _shifts(
    engine: DuckDBEngine, study: Study, design: Design, one: MeasureResult, points: DatedPoints
) -> list[DisplacementTest]:
    rows = [_outwards(study, design, one)]
    if not one.counts.by_month:
        rows.append(_weekdays(study, design, one))
    hours = _hours(engine, study, design, one)
    if hours is not None:
        rows.append(hours)
    categories = one.measure.categories or tuple(source_categories(engine, one.measure.source))
    if len(categories) > 1:
        rows.append(_offences(engine, study, design, one, categories))
    if design.operation.similar is not None:
        rows.append(_markets(design, one, points))
    rows.append(_centre(study, design, points))
    return rows


def _outwards(study: Study, design: Design, one: MeasureResult) -> DisplacementTest:
    zones = [zone for zone in design.zones if zone.role is not ZoneRole.CONTROL]
    changes = [one.counts.change(zone.name, design.before, design.after) for zone in zones]
    labels = ["the target area" if zone.role is ZoneRole.TARGET else zone.name for zone in zones]
    before, after = [change.before for change in changes], [change.after for change in changes]
    row = composition_shift(
        "inside or outside the market",
        before,
        after,
        labels=labels,
        seed=study.seed,
        dispersion=one.effect("target").dispersion,
    )
    return replace(row, sentence=row.sentence.replace("in other categories", "in other zones"))


def _weekdays(study: Study, design: Design, one: MeasureResult) -> DisplacementTest:
    def week(zone: str, window: Window) -> NDArray[np.int64]:
        dates, row = one.counts.dates, one.counts.counts[one.counts.zones.index(zone)]
        found = np.zeros((7, 24), dtype=np.int64)
        for period in window.periods:
            inside = (dates >= np.datetime64(period.start)) & (dates < np.datetime64(period.end))
            # 1970-01-01 was a Thursday; the hour is not known, so every event counts in the first.
            day = (dates[inside].astype("datetime64[D]").astype(np.int64) + 3) % 7
            np.add.at(found[:, 0], day, row[inside])
        return found

    sides = [[week(zone, window) for window in (design.before, design.after)] for zone in ("target", "control")]
    return time_of_week_shifts(
        *sides[0], seed=study.seed, control=(sides[1][0], sides[1][1]), dispersion=one.effect("target").dispersion
    )[1]


def _hours(engine: DuckDBEngine, study: Study, design: Design, one: MeasureResult) -> DisplacementTest | None:
    """Return the shift over hours of the day; None where the source knows none."""
    points, hour = timed_points(engine, one.measure)
    if not points.weight.size:
        return None
    control = shapely.union_all([zone.geometry for zone in design.of_role(ZoneRole.CONTROL)])
    sides = []
    for shape in (design.of_role(ZoneRole.TARGET)[0].geometry, control):
        inside = shapely.contains_xy(shape, points.x, points.y)
        tables = []
        for window in (design.before, design.after):
            kept = inside & _within(points, window)
            week = np.zeros((7, 24), dtype=np.int64)
            day = (points.day[kept].astype("datetime64[D]").astype(np.int64) + 3) % 7
            np.add.at(week, (day, hour[kept]), points.weight[kept].astype(np.int64))
            tables.append(week)
        sides.append(tables)
    return time_of_week_shifts(
        *sides[0], seed=study.seed, control=(sides[1][0], sides[1][1]), dispersion=one.effect("target").dispersion
    )[0]


def _offences(
    engine: DuckDBEngine, study: Study, design: Design, one: MeasureResult, categories: Sequence[str]
) -> DisplacementTest:
    tables = [
        zone_counts(engine, design.operation.name, replace(one.measure, categories=(category,)), design.zones)
        for category in categories
    ]
    sides = [
        [[table.total(zone, window) for table in tables] for window in (design.before, design.after)]
        for zone in ("target", "control")
    ]
    return composition_shift(
        "offence type", *sides[0], labels=categories, seed=study.seed, control=(sides[1][0], sides[1][1]),
        dispersion=one.effect("target").dispersion,
    )  # fmt: skip


def _markets(design: Design, one: MeasureResult, points: DatedPoints) -> DisplacementTest:
    """Return the shift to similar markets; what lies in the control area is taken out of the control."""
    similar, operation = design.operation.similar, design.operation
    control = shapely.union_all([zone.geometry for zone in design.of_role(ZoneRole.CONTROL)])
    rows, shared = [], np.zeros(points.x.size, dtype=np.bool_)
    for code, shape in zip(*((similar.codes, similar.shapes) if similar else ((), ())), strict=True):
        inside = shapely.contains_xy(shape, points.x, points.y)
        shared |= inside & shapely.contains_xy(control, points.x, points.y)
        rows.append((float(shape.distance(operation.target)), _counted(code, points, inside, design)))
    whole = one.counts.change("control", design.before, design.after)
    taken = _counted("markets", points, shared, design)
    return similar_market_shift(
        rows,
        Change("control", whole.before - taken.before, whole.after - taken.after),
        dispersion={code: one.effect("target").dispersion for code, _ in ((row.area, 0) for _, row in rows)},
    )


def _counted(name: str, points: DatedPoints, inside: NDArray[np.bool_], design: Design) -> Change:
    return Change(
        name,
        *(round(points.weight[inside & _within(points, window)].sum()) for window in (design.before, design.after)),
    )


def _within(points: DatedPoints, window: Window) -> NDArray[np.bool_]:
    found = np.zeros(points.x.size, dtype=np.bool_)
    for period in window.periods:
        found |= (points.day >= np.datetime64(period.start)) & (points.day < np.datetime64(period.end))
    return found


def _centre(study: Study, design: Design, points: DatedPoints) -> DisplacementTest:
    """Return how the centre of the events in target, gap and rings moved, by whole months."""
    around = shapely.union_all([zone.geometry for zone in design.zones if zone.role is not ZoneRole.CONTROL])
    inside = shapely.contains_xy(around, points.x, points.y)
    month = points.day.astype("datetime64[M]")
    sides, events = [], []
    for window in (design.before, design.after):
        kept = inside & _within(points, window)
        events.append(round(float(points.weight[kept].sum())))
        spans = sorted({np.datetime64(day, "M") for period in window.periods for day in period.months()})
        sides.append(
            [
                Points(*(column[kept & (month == one)] for column in (points.x, points.y, points.weight)))
                for one in spans
            ]
        )
    if min(events) < _MIN_EVENTS:
        why = f"Not tested: fewer than {_MIN_EVENTS} events in one of the windows."
        return DisplacementTest("centre", float("nan"), "", float("nan"), why, tested=False)
    try:
        moved = centroid_shift(sides[0], sides[1], seed=study.seed)
    except DesignError as error:
        return DisplacementTest("centre", float("nan"), "", float("nan"), f"Not tested: {error}", tested=False)
    return centroid_shift_test(moved)
