"""Counts by area and period of events that have the code of an area instead of coordinates."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from geoharm.engines.base import Engine
from geoharm.model.area_counts import AreaCounts
from geoharm.model.measure import Measure
from geoharm.model.period import Period
from geoharm.queries.events import category_filter, kept_rows
from geoharm.queries.stored import stored_source


def area_event_counts(engine: Engine, measure: Measure, periods: Sequence[Period]) -> AreaCounts:
    """Return a measure's events by area and period, for every area of the area file that lies in the study area.

    An area without an event in a period has a count of zero there. Events outside the study area, and those without a
    known area, are not counted.

    Parameters
    ----------
    engine : Engine
    measure : Measure
        Its source has the code of an area instead of coordinates.
    periods : sequence of Period
        Sorted and apart; events on other days are not counted.

    Returns
    -------
    AreaCounts
        The areas are sorted by code; every count is exact.
    """
    stored = stored_source(engine, measure.source)
    outlines = engine.rows(
        f"SELECT a.area, a.shape FROM {engine.table(f'area_{stored.state}')} AS a WHERE a.place = 'inside' ORDER BY a.area"
    )
    counted = engine.columns(
        f"""
        SELECT a.area, r.day, count(*) AS n FROM {kept_rows(engine, stored)} AS r
        JOIN {engine.table(f"area_of_place_{stored.state}")} AS a ON a.place = r.place
        WHERE 1 = 1 {category_filter(engine, stored, measure)} GROUP BY a.area, r.day ORDER BY a.area, r.day
        """
    )
    row_of = {str(code): row for row, (code, _) in enumerate(outlines)}
    rows = np.array([row_of.get(str(code), -1) for code in counted["area"]], dtype=np.int64)
    days = counted["day"].astype("datetime64[D]")
    starts, ends = (
        np.array([getattr(period, end) for period in periods], dtype="datetime64[D]") for end in ("start", "end")
    )
    columns = np.searchsorted(starts, days, side="right") - 1
    is_counted = (rows >= 0) & (columns >= 0)
    is_counted[is_counted] = days[is_counted] < ends[columns[is_counted]]
    counts = np.zeros((len(outlines), len(periods)))
    np.add.at(counts, (rows[is_counted], columns[is_counted]), counted["n"].astype(np.int64)[is_counted])
    return AreaCounts(
        measure.source,
        " + ".join(measure.categories) or "all",
        tuple(row_of),
        tuple(periods),
        counts,
        counts,
        tuple(shapely.from_wkb(bytes(shape)) for _, shape in outlines),
    )
