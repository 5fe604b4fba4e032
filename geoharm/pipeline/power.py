"""Power before an operation: the smallest detectable fall, from the same method on earlier windows.

All windows end before the operation begins. No event from the operation's first day on is counted, so power can be
computed before, during or after the operation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from geoharm.errors import DesignError
from geoharm.evaluation.placebo.calibrated_ratio import fit_forecast, undefined_calibrated_ratio
from geoharm.evaluation.results.power import PowerRow, PowerTable
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS, Design
from geoharm.model.study import Operation
from geoharm.pipeline.past_designs import latest_end, own_months, power_months, shifted_back
from geoharm.pipeline.placebo import placebo_around, places_around
from geoharm.pipeline.study_data import MeasureData, StudyData


def power_tables(data: StudyData) -> tuple[PowerTable, ...]:
    """Return the smallest detectable fall of every harm measure around every operation, the primary measure first.

    Parameters
    ----------
    data : StudyData
        Of the harm measures.

    Notes
    -----
    The operation is moved back in time with its target area and rings, until its window after ends where the real operation
    begins. Rings lie along streets where the study says so. The headline's method is run there, so the smallest detectable
    fall does not depend on what was counted after the operation. A later period with more or fewer events has another power.
    """
    measures = sorted(data.measures, key=lambda collected: collected.measure.name != data.study.primary)
    tables: list[PowerTable] = []
    for operation in data.study.operations:
        designs = {months: _past_design(data, operation, months) for months in power_months(operation)}
        tables += [_power_table(data, operation, designs, collected) for collected in measures]
    return tuple(tables)


def _past_design(data: StudyData, operation: Operation, months: int) -> Design | str:
    """Return the design moved back in time, or the reason why there is none."""
    try:
        return shifted_back(data.study, data.ledgers, data.streets, operation, months)
    except DesignError as error:
        return str(error)


def _power_table(
    data: StudyData, operation: Operation, designs: Mapping[int, Design | str], collected: MeasureData
) -> PowerTable:
    zones = ("target", ALL_RINGS, TARGET_AND_RINGS) if operation.rings else ("target",)
    rows_by_length = {
        months: tuple(PowerRow(zone, months, math.nan, math.nan, design) for zone in zones)
        if isinstance(design, str)
        else _zone_rows(data, design, collected, months, zones)
        for months, design in designs.items()
    }
    return PowerTable(
        operation.name,
        collected.measure.name,
        collected.measure.unit,
        f"windows of the past that end by {latest_end(operation, data.ledgers)}",
        rows_by_length[own_months(operation)],
        tuple(rows[0] for rows in rows_by_length.values()),
    )


def _zone_rows(
    data: StudyData, design: Design, collected: MeasureData, months: int, zones: Sequence[str]
) -> tuple[PowerRow, ...]:
    counts = collected.zone_counts[design.operation.name]
    placebo = placebo_around(collected, design, places_around(data.study, design))
    rows = []
    for zone in zones:
        forecast, _, reason = fit_forecast(placebo, counts, design, zone=zone, after=design.after)
        expected = forecast.mean if forecast else math.nan
        if forecast is None or reason:
            rows.append(PowerRow(zone, months, expected, math.nan, undefined_calibrated_ratio(reason).note))
        else:
            rows.append(PowerRow(zone, months, expected, forecast.detectable_fall, spread=forecast.spread))
    return tuple(rows)
