"""The unit panel of a measure: its events by small square cell and window, over the whole study area."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from geoharm._validation import check_positive
from geoharm.errors import DesignError
from geoharm.model.panel import UnitPanel
from geoharm.model.period import Window
from geoharm.model.points import DatedPoints


def unit_panel(
    measure: str,
    points: DatedPoints,
    windows: Sequence[Window],
    *,
    cell: float,
    origin: tuple[float, float],
    precision: str = "day",
) -> UnitPanel:
    """Return a measure's located events by square cell and window.

    Parameters
    ----------
    measure : str
        Its name.
    points : DatedPoints
        The measure's located events in the study area, at any time.
    windows : sequence of Window
        They may overlap: an event counts in each window that contains its day.
    cell : float
        Side of a cell in metres.
    origin : (x, y)
        South-western corner of the cell (0, 0), in metres.
    precision : str
        Precision of the source's dates, as in its ledger.

    Returns
    -------
    UnitPanel

    Raises
    ------
    DesignError
        If the source is dated by month or year, and a window contains only part of one.
    """
    side = check_positive(cell, "cell")
    unit = precision if precision in ("month", "year") else ""
    for window in windows:
        are_whole = (period.is_whole_years if unit == "year" else period.is_whole_months for period in window.periods)
        if unit and not all(are_whole):
            msg = f'"{measure}" is dated by {unit}; the window "{window.name}" must start and end on the first day of a {unit}.'
            raise DesignError(msg)
    rows, columns = np.floor((points.y - origin[1]) / side), np.floor((points.x - origin[0]) / side)
    events = points.weight.astype(np.int64)
    distinct_cells, cell_indices = _distinct_cells(rows.astype(np.int64), columns.astype(np.int64))
    counts = np.zeros((distinct_cells.shape[0], len(windows)), dtype=np.int64)
    for column, window in enumerate(windows):
        for period in window.periods:
            in_period = (points.day >= np.datetime64(period.start)) & (points.day < np.datetime64(period.end))
            np.add.at(counts[:, column], cell_indices[in_period], events[in_period])
    occupied = counts.any(axis=1)
    return UnitPanel(
        measure, tuple(windows), distinct_cells[occupied, 0], distinct_cells[occupied, 1], counts[occupied]
    )


def _distinct_cells(rows: NDArray[np.int64], columns: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the distinct pairs of row and column in order, shape (cells, 2), and the position of each point's pair."""
    if not rows.size:
        return np.zeros((0, 2), dtype=np.int64), np.zeros(0, dtype=np.int64)
    first_row, first_column = rows.min(), columns.min()
    width = columns.max() - first_column + 1
    codes, positions = np.unique((rows - first_row) * width + columns - first_column, return_inverse=True)
    return np.column_stack([codes // width + first_row, codes % width + first_column]), positions.ravel()
