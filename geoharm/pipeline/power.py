"""Power before an operation: the smallest detectable fall, from the same method on earlier windows.

All windows end before the operation begins. No event from the operation's first day on is counted, so power can be
computed before, during or after the operation.
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
# The window may contain a month without data: it is then moved back by up to this many months.
_MAX_MONTHS_EARLIER = 6


def power_tables(engine: DuckDBEngine, study: Study, ledgers: Sequence[SourceLedger]) -> tuple[PowerTable, ...]:
    """Return the smallest detectable fall of every harm measure around every operation, the primary measure first.

    Parameters
    ----------
    engine : DuckDBEngine
        Holds the study's events.
    study : Study
    ledgers : sequence of SourceLedger

    Notes
    -----
    The operation is moved back in time with its target area and rings, until its window after ends where the real operation
    begins. Rings lie along streets where the study says so. The headline's method is run there, so the smallest detectable
    fall does not depend on what was counted after the operation. A later period with more or fewer events has another power.
    """
    measures = sorted(
        (measure for measure in study.measures if measure.role is Role.HARM),
        key=lambda measure: measure.name != study.primary,
    )
    return tuple(
        _power_table(engine, study, ledgers, operation, measure)
        for operation in study.operations
        for measure in measures
    )


def _power_table(
    engine: DuckDBEngine, study: Study, ledgers: Sequence[SourceLedger], operation: Operation, measure: Measure
) -> PowerTable:
    own_length = own_months(operation)
    lengths = sorted({own_length, *WAITS})
    rows_by_length = {length: _power_rows(engine, study, ledgers, operation, measure, length) for length in lengths}
    limit = _latest_end(operation, ledgers)
    return PowerTable(
        operation.name,
        measure.name,
        measure.unit,
        f"windows of the past that end by {limit}",
        rows_by_length[own_length],
        tuple(rows_by_length[length][0] for length in lengths),
    )


def own_months(operation: Operation) -> int:
    """Return the months after the operation that the study evaluates: the end of its last phase."""
    spans = [span for phase in operation.after if (span := parse_phase(phase)) is not None]
    return max((last for _, last in spans), default=1)


def _latest_end(operation: Operation, ledgers: Sequence[SourceLedger]) -> date:
    limit = min(operation.period.start, *(ledger.coverage.end for ledger in ledgers))
    return first_of_month(limit) if any(ledger.by_month for ledger in ledgers) else limit


def _power_rows(
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
    return _zone_rows(engine, study, design, measure, months, zones)


def shifted_back(
    engine: DuckDBEngine,
    study: Study,
    ledgers: Sequence[SourceLedger],
    operation: Operation,
    months: int,
    *,
    after: tuple[str, ...] = (),
) -> Design:
    """Return the design of the operation moved back in time, so that its window after ends where it really began.

    Parameters
    ----------
    engine : DuckDBEngine
        Holds the street lines, where rings lie along streets.
    study : Study
    ledgers : sequence of SourceLedger
    operation : Operation
    months : int
        From the operation's end to the end of the last window.
    after : tuple of str
        Phases; if left out, all the months are one phase.

    Raises
    ------
    DesignError
        If the data begin too late, or do not cover the windows (up to six months earlier are tried).
    """
    first_error: DesignError | None = None
    for months_earlier in range(_MAX_MONTHS_EARLIER + 1):
        try:
            design = _shifted_design(
                study, ledgers, operation, months, months_earlier, after or (f"0-{months} months",)
            )
        except DesignError as error:
            first_error = first_error or error
            continue
        return rings_along_streets(design, source_streets(engine, operation.streets)) if operation.streets else design
    raise first_error or DesignError("no earlier window could be tried")


def _shifted_design(
    study: Study,
    ledgers: Sequence[SourceLedger],
    operation: Operation,
    months: int,
    months_earlier: int,
    after: tuple[str, ...],
) -> Design:
    end = add_months(_latest_end(operation, ledgers), -months - months_earlier)
    length = operation.period.days
    start = end - timedelta(days=length)
    if any(ledger.by_month for ledger in ledgers):
        start = first_of_month(start)
    first_day = max(ledger.coverage.start for ledger in ledgers)
    if start <= first_day:
        msg = f"the data begin on {first_day}, too late for {months} months before the operation"
        raise DesignError(msg)
    moved_operation = replace(
        operation,
        period=Period(start, end),
        before=BeforeRule(Period(first_day, start)),
        after=after,
        chosen_on=None,
    )
    other_operations = [candidate for candidate in study.operations if candidate is not operation]
    return build_design(moved_operation, study.area, other_operations, ledgers)


def _zone_rows(
    engine: DuckDBEngine, study: Study, design: Design, measure: Measure, months: int, zones: Sequence[str]
) -> tuple[PowerRow, ...]:
    name = design.operation.name
    other_operations = [candidate for candidate in study.operations if candidate.name != name]
    reduce_zones(engine, name, design.zones, [measure.source])
    counts = zone_counts(engine, name, measure, design.zones)
    control = shapely.union_all([zone.geometry for zone in design.of_role(ZoneRole.CONTROL)])
    rings = shapely.union_all([zone.geometry for zone in design.of_role(ZoneRole.RING)])
    places = placebo_places(
        design.operation, study.area, control, other_operations, rings=rings if design.operation.streets else None
    )
    windows = placebo_windows(counts, design)
    panel = unit_panel(engine, measure, windows, cell=places.cell, origin=places.origin)
    placebo = placebo_data(places, panel, design)
    rows = []
    for zone in zones:
        ratio, calibration = calibrated_effect(placebo, counts, design, zone=zone, after=design.after)
        expected = calibration.expected if calibration else math.nan
        detectable_fall = calibration.detectable_fall if calibration and ratio.is_defined else math.nan
        rows.append(
            PowerRow(zone, months, expected, detectable_fall, ratio.note if math.isnan(detectable_fall) else "")
        )
    return tuple(rows)
