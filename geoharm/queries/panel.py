"""From events to a unit panel: counts by small square cell and window, over the whole study area."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from geoharm._validation import check_positive
from geoharm.engines.duckdb import DuckDBEngine
from geoharm.errors import DesignError
from geoharm.model.measure import Measure
from geoharm.model.panel import UnitPanel
from geoharm.model.period import Window
from geoharm.queries.counts import dated_points
from geoharm.queries.coverage import coverage


def unit_panel(
    engine: DuckDBEngine, measure: Measure, windows: Sequence[Window], *, cell: float, origin: tuple[float, float]
) -> UnitPanel:
    """Return a measure's located events by square cell and window.

    Parameters
    ----------
    engine : DuckDBEngine
    measure : Measure
    windows : sequence of Window
        They may overlap: an event counts in each window that contains its day.
    cell : float
        Side of a cell in metres.
    origin : (x, y)
        South-western corner of the cell (0, 0), in metres.

    Returns
    -------
    UnitPanel
        Default geocodes, rows without a place and rows outside the study area are left out.

    Raises
    ------
    DesignError
        If the source is dated by month or year, and a window contains only part of one.
    """
    side = check_positive(cell, "cell")
    _, _, precision = coverage(engine, measure.source)
    unit = precision if precision in ("month", "year") else ""
    for window in windows:
        are_whole = (period.is_whole_years if unit == "year" else period.is_whole_months for period in window.periods)
        if unit and not all(are_whole):
            msg = f'"{measure.name}" is dated by {unit}; the window "{window.name}" must start and end on the first day of a {unit}.'
            raise DesignError(msg)
    points = dated_points(engine, measure)
    rows, columns = np.floor((points.y - origin[1]) / side), np.floor((points.x - origin[0]) / side)
    cells, events = np.column_stack([rows, columns]).astype(np.int64), points.weight.astype(np.int64)
    distinct_cells, cell_indices = np.unique(cells.reshape(-1, 2), axis=0, return_inverse=True)
    counts = np.zeros((distinct_cells.shape[0], len(windows)), dtype=np.int64)
    for column, window in enumerate(windows):
        for period in window.periods:
            in_period = (points.day >= np.datetime64(period.start)) & (points.day < np.datetime64(period.end))
            np.add.at(counts[:, column], cell_indices.ravel()[in_period], events[in_period])
    occupied = counts.any(axis=1)
    return UnitPanel(
        measure.name, tuple(windows), distinct_cells[occupied, 0], distinct_cells[occupied, 1], counts[occupied]
    )
