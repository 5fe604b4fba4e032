"""Power before an operation: the smallest detectable fall, from the same method on earlier windows.

All windows end before the operation begins. No event from the operation's first day on is counted, so power can be
computed before, during or after the operation.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import shapely

from geoharm.errors import DesignError
from geoharm.evaluation.design.neighbours import placebo_neighbours
from geoharm.evaluation.placebo.calibrated_ratio import fit_forecast, undefined_calibrated_ratio
from geoharm.evaluation.placebo.places import PlaceboPlaces
from geoharm.evaluation.results.power import PowerRow, PowerTable
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS, Design
from geoharm.model.study import Operation, Study
from geoharm.pipeline.past_designs import beside_its_neighbours, latest_end, own_months, power_months, shifted_back
from geoharm.pipeline.placebo import placebo_around, places_around
from geoharm.pipeline.progress import Progress, no_progress
from geoharm.pipeline.study_data import MeasureData, StudyData

Key = TypeVar("Key", bound=Hashable)


def power_tables(data: StudyData, progress: Progress = no_progress) -> tuple[PowerTable, ...]:
    """Return the smallest detectable fall of every harm measure around every operation, the primary measure first.

    Parameters
    ----------
    data : StudyData
        Of the harm measures.
    progress : callable
        Called with a step's name, the part done and the whole.

    Notes
    -----
    The operation is moved back in time with its target area and rings, until its window after ends where the real operation
    begins. Rings lie along streets where the study says so. The headline's method is run there, so the smallest detectable
    fall does not depend on what was counted after the operation. A later period with more or fewer events has another power.
    """
    measures = sorted(data.measures, key=lambda collected: collected.measure.name != data.study.primary)
    tables: list[PowerTable] = []
    for operation in data.study.operations:
        study = beside_its_neighbours(data.study, operation)
        designs = past_designs(replace(data, study=study), operation, power_months(operation))
        places = places_of_designs(study, designs)
        own, zones = own_months(operation), power_zones(operation)
        for number, collected in enumerate(measures):
            progress(f"trying {operation.name} in the past: {collected.measure.name}", number, len(measures))
            # In windows of other lengths than the study's own, the target alone is asked for.
            rows = {
                months: length_rows(design, collected, months, zones if months == own else zones[:1], places[months])
                for months, design in designs.items()
            }
            tables.append(power_table(data, operation, collected, rows))
        progress(f"trying {operation.name} in the past", 1, 1)
    return tuple(tables)


def past_designs(data: StudyData, operation: Operation, lengths: Iterable[int]) -> dict[int, Design | str]:
    """Return the design moved back in time for each length of the window after, or the reason why there is none.

    Parameters
    ----------
    data : StudyData
    operation : Operation
    lengths : iterable of int
        In months.
    """
    return {months: _past_design(data, operation, months) for months in lengths}


def places_of_designs(study: Study, designs: Mapping[Key, Design | str]) -> dict[Key, PlaceboPlaces | None]:
    """Return the placebo places of each past design of one operation; None where there is no design.

    They follow from the control area and from the other operations that count as neighbours, so designs with the same ones
    have the same places, which are drawn once.

    Parameters
    ----------
    study : Study
    designs : mapping of any key to Design or str
        With one target area, gap and rings.
    """
    drawn: dict[tuple[bytes, tuple[str, ...]], PlaceboPlaces] = {}
    found: dict[Key, PlaceboPlaces | None] = {}
    for key, design in designs.items():
        if isinstance(design, str):
            found[key] = None
            continue
        others = placebo_neighbours(design, study.other_operations(design.operation), study.period.start)
        ground = shapely.to_wkb(design.control_area), tuple(other.name for other in others)
        if ground not in drawn:
            drawn[ground] = places_around(study, design)
        found[key] = drawn[ground]
    return found


def power_zones(operation: Operation) -> tuple[str, ...]:
    """Return the zones whose smallest detectable fall is asked for; the target is the first."""
    return ("target", ALL_RINGS, TARGET_AND_RINGS) if operation.rings else ("target",)


def power_table(
    data: StudyData, operation: Operation, collected: MeasureData, rows_by_length: Mapping[int, Sequence[PowerRow]]
) -> PowerTable:
    """Return the power of one measure for an operation from the rows of each length of the window after.

    Parameters
    ----------
    data : StudyData
        Of which the ledgers are used.
    operation : Operation
    collected : MeasureData
    rows_by_length : mapping of months to sequence of PowerRow
        As `length_rows` returns them: all of `power_zones` for the operation's own length, at least the target for the
        others of `power_months`.
    """
    return PowerTable(
        operation.name,
        collected.measure.name,
        collected.measure.unit,
        f"windows of the past that end by {latest_end(operation, data.ledgers)}",
        tuple(rows_by_length[own_months(operation)]),
        tuple(rows_by_length[months][0] for months in power_months(operation)),
    )


def _past_design(data: StudyData, operation: Operation, months: int) -> Design | str:
    """Return the design moved back in time, or the reason why there is none."""
    try:
        return shifted_back(data.study, data.ledgers, data.streets, operation, months)
    except DesignError as error:
        return str(error)


def length_rows(
    design: Design | str, collected: MeasureData, months: int, zones: Sequence[str], places: PlaceboPlaces | None
) -> tuple[PowerRow, ...]:
    """Return the smallest detectable fall in some zones for one length of the window after.

    Parameters
    ----------
    design : Design or str
        One of `past_designs`.
    collected : MeasureData
        With the counts in the design's zones.
    months : int
        The length.
    zones : sequence of str
        Some of `power_zones`.
    places : PlaceboPlaces or None
        As `places_of_designs` returns them.
    """
    if places is None or isinstance(design, str):
        return tuple(PowerRow(zone, months, math.nan, math.nan, str(design)) for zone in zones)
    counts = collected.zone_counts[design.operation.name]
    placebo = placebo_around(collected, design, places)
    rows = []
    for zone in zones:
        forecast, _, reason = fit_forecast(placebo, counts, design, zone=zone, after=design.after)
        expected = forecast.mean if forecast else math.nan
        if forecast is None or reason:
            rows.append(PowerRow(zone, months, expected, math.nan, undefined_calibrated_ratio(reason).note))
        else:
            rows.append(PowerRow(zone, months, expected, forecast.detectable_fall, spread=forecast.spread))
    return tuple(rows)
