"""Power before an operation: the whole method is tried on windows of the past that end before the operation begins.

No event from the operation's first day on is counted, so it can be asked before, during or after the fact.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import shapely

from geoharm.engines.duckdb import DuckDBEngine
from geoharm.errors import DesignError
from geoharm.evaluation.design.build import build_design
from geoharm.evaluation.design.network_rings import rings_along_streets
from geoharm.evaluation.placebo.calibrated_ratio import calibrated_effect, placebo_data, placebo_windows
from geoharm.evaluation.placebo.places import placebo_places
from geoharm.evaluation.results.power import PowerRow, PowerTable
from geoharm.ingest.streets import source_streets
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS, Design
from geoharm.model.geometry import ZoneRole
from geoharm.model.ledger import SourceLedger
from geoharm.model.measure import Measure, Role
from geoharm.model.period import Period, add_months, first_of_month, parse_phase
from geoharm.model.study import BeforeRule, Operation, Study
from geoharm.queries.counts import reduce_zones, zone_counts
from geoharm.queries.panel import unit_panel

WAITS = (1, 2, 3, 6, 9, 12, 18)
# A month without data may lie in the window: it is moved back so many months at most.
_BACK = 6


def power_tables(engine: DuckDBEngine, study: Study, ledgers: Sequence[SourceLedger]) -> tuple[PowerTable, ...]:
    """Return what every harm measure could find around every operation, the primary first.

    Parameters
    ----------
    engine : DuckDBEngine
        Holding the study's events.
    study : Study
    ledgers : sequence of SourceLedger

    Notes
    -----
    Rings lie along streets where the study says so. The operation is moved back in time, footprint and all, until its window after ends where the operation begins. The
    headline's method is run there: its smallest detectable fall does not depend on what was counted after. A later
    period with more or fewer events has another power.
    """
    measures = sorted(
        (one for one in study.measures if one.role is Role.HARM), key=lambda one: one.name != study.primary
    )
    return tuple(
        _table(engine, study, ledgers, operation, measure) for operation in study.operations for measure in measures
    )


def _table(
    engine: DuckDBEngine, study: Study, ledgers: Sequence[SourceLedger], operation: Operation, measure: Measure
) -> PowerTable:
    own = own_months(operation)
    lengths = sorted({own, *WAITS})
    found = {months: _rows(engine, study, ledgers, operation, measure, months) for months in lengths}
    limit = _limit(operation, ledgers)
    return PowerTable(
        operation.name,
        measure.name,
        measure.unit,
        f"windows of the past that end by {limit}",
        found[own],
        tuple(found[months][0] for months in lengths),
    )


def own_months(operation: Operation) -> int:
    """Return how many months after its end the study looks: the end of the last phase."""
    spans = [span for text in operation.after if (span := parse_phase(text)) is not None]
    return max((last for _, last in spans), default=1)


def _limit(operation: Operation, ledgers: Sequence[SourceLedger]) -> date:
    limit = min(operation.period.start, *(row.coverage.end for row in ledgers))
    return first_of_month(limit) if any(row.by_month for row in ledgers) else limit


def _rows(
    engine: DuckDBEngine,
    study: Study,
    ledgers: Sequence[SourceLedger],
    operation: Operation,
    measure: Measure,
    months: int,
) -> tuple[PowerRow, ...]:
    zones = ("target", ALL_RINGS, TARGET_AND_RINGS) if operation.rings else ("target",)
    try:
        design = shifted_back(engine, study, ledgers, operation, months)
    except DesignError as error:
        return tuple(PowerRow(zone, months, math.nan, math.nan, str(error)) for zone in zones)
    return _answers(engine, study, design, measure, months, zones)


def shifted_back(
    engine: DuckDBEngine,
    study: Study,
    ledgers: Sequence[SourceLedger],
    operation: Operation,
    months: int,
    *,
    after: tuple[str, ...] = (),
) -> Design:
    """Return the design of the same operation so much earlier that its window after ends where it really began.

    Parameters
    ----------
    engine : DuckDBEngine
        Holding the street lines, where rings lie along streets.
    study : Study
    ledgers : sequence of SourceLedger
    operation : Operation
    months : int
        From its end to the end of the last window.
    after : tuple of str
        Phases; left out, all the months as one.

    Raises
    ------
    DesignError
        If the data begin too late, or do not cover the windows (up to six months earlier are tried).
    """
    first_error: DesignError | None = None
    for back in range(_BACK + 1):
        try:
            design = _moved_by(study, ledgers, operation, months, back, after or (f"0-{months} months",))
        except DesignError as error:
            first_error = first_error or error
            continue
        return rings_along_streets(design, source_streets(engine, operation.streets)) if operation.streets else design
    raise first_error or DesignError("no window of the past could be tried")


def _moved_by(
    study: Study,
    ledgers: Sequence[SourceLedger],
    operation: Operation,
    months: int,
    back: int,
    after: tuple[str, ...],
) -> Design:
    end = add_months(_limit(operation, ledgers), -months - back)
    length = operation.period.days
    start = end - timedelta(days=length)
    if any(row.by_month for row in ledgers):
        start = first_of_month(start)
    first = max(row.coverage.start for row in ledgers)
    if start <= first:
        msg = f"the data begin on {first}, too late for {months} months before the operation"
        raise DesignError(msg)
    moved = replace(
        operation,
        period=Period(start, end),
        before=BeforeRule(Period(first, start)),
        after=after,
        chosen_on=None,
    )
    others = [one for one in study.operations if one is not operation]
    return build_design(moved, study.area, others, ledgers)


def _answers(
    engine: DuckDBEngine, study: Study, design: Design, measure: Measure, months: int, zones: Sequence[str]
) -> tuple[PowerRow, ...]:
    name = design.operation.name
    others = [one for one in study.operations if one.name != name]
    reduce_zones(engine, name, design.zones, [measure.source])
    counts = zone_counts(engine, name, measure, design.zones)
    control = shapely.union_all([zone.geometry for zone in design.of_role(ZoneRole.CONTROL)])
    walked = shapely.union_all([zone.geometry for zone in design.of_role(ZoneRole.RING)])
    places = placebo_places(
        design.operation, study.area, control, others, rings=walked if design.operation.streets else None
    )
    windows = placebo_windows(counts, design)
    panel = unit_panel(engine, measure, windows, cell=places.cell, origin=places.origin)
    data = placebo_data(places, panel, design)
    rows = []
    for zone in zones:
        ratio, check = calibrated_effect(data, counts, design, zone=zone, after=design.after)
        expected = check.expected if check else math.nan
        fall = check.detectable_fall if check and ratio.is_defined else math.nan
        rows.append(PowerRow(zone, months, expected, fall, ratio.note if math.isnan(fall) else ""))
    return tuple(rows)
