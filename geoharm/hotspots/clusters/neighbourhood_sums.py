"""Counts by cell, and their sums over the neighbourhood of every cell, by cumulative sums along rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geoharm._compiled import compiled
from geoharm._validation import check_positive
from geoharm.errors import DesignError
from geoharm.model.grid import Grid
from geoharm.model.points import Points

QUEEN = "the eight cells that touch"


def cell_counts(points: Points, grid: Grid) -> NDArray[np.float64]:
    """Return the summed weight of the points in every cell, shape (ny, nx); points outside the grid are left out."""
    cell = grid.cell_of(points.x, points.y)
    on_grid = cell >= 0
    counts = np.bincount(cell[on_grid], weights=points.weight[on_grid], minlength=grid.nx * grid.ny)
    return counts.astype(np.float64).reshape(grid.shape)


def neighbourhood_rows(band: float | None, cell: float) -> tuple[NDArray[np.int64], str]:
    """Return the half-width in cells of each row of a neighbourhood, and the name of the neighbourhood.

    Parameters
    ----------
    band : float or None
        Cells whose centres are at most this many metres away are neighbours; None for the adjacent cells (queen).
    cell : float
        Size of a cell in metres.

    Returns
    -------
    reach : ndarray of int, shape (2 r + 1,)
        Number of cells to each side, for the rows from r below to r above.
    name : str
        Definition of the neighbours, in words.

    Raises
    ------
    DesignError
        If the band is shorter than a cell.
    """
    if band is None:
        return np.ones(3, dtype=np.int64), QUEEN
    band, cell = check_positive(band, "distance band"), check_positive(cell, "cell size")
    if band < cell:
        msg = f"The distance band ({band:g} m) must reach the next cell ({cell:g} m), or no cell has a neighbour."
        raise DesignError(msg)
    # With a small tolerance, so that rounding does not decide about a cell at exactly this distance.
    radius = band / cell * (1 + 1e-12)
    rows = np.arange(-int(radius), int(radius) + 1)
    return np.floor(np.sqrt(radius**2 - rows**2)).astype(np.int64), f"cells within {band:g} m"


@compiled()
def neighbourhood_sums(values: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """Return the sum over the neighbourhood of each cell, including the cell itself, shape (ny, nx).

    Parameters
    ----------
    values : ndarray, shape (ny, nx)
        Zero outside the study area.
    reach : ndarray of int, shape (2 r + 1,)
        As returned by `neighbourhood_rows`.
    """
    ny, nx = values.shape
    radius = reach.size // 2
    row_sums = np.zeros((ny, nx + 1))
    for row in range(ny):
        for column in range(nx):
            row_sums[row, column + 1] = row_sums[row, column] + values[row, column]
    sums = np.zeros((ny, nx))
    for row in range(ny):
        for offset in range(-radius, radius + 1):
            near_row = row + offset
            if near_row < 0 or near_row >= ny:
                continue
            half_width = reach[offset + radius]
            for column in range(nx):
                west = max(column - half_width, 0)
                east = min(column + half_width + 1, nx)
                sums[row, column] += row_sums[near_row, east] - row_sums[near_row, west]
    return sums
