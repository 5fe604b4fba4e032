"""Sums over the neighbourhood of every cell, by prefix sums along rows: exact, and quick at any radius."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geoharm._validation import check_positive
from geoharm.errors import DesignError
from geoharm.model.grid import Grid
from geoharm.model.points import Points

QUEEN = "the eight cells that touch"


def cell_counts(points: Points, grid: Grid) -> NDArray[np.float64]:
    """Return the summed weight of the points in every cell, shape (ny, nx); points off the grid are left out."""
    cell = grid.cell_of(points.x, points.y)
    on = cell >= 0
    flat = np.bincount(cell[on], weights=points.weight[on], minlength=grid.nx * grid.ny)
    return flat.astype(np.float64).reshape(grid.shape)


def neighbourhood_rows(band: float | None, cell: float) -> tuple[NDArray[np.int64], str]:
    """Return how many cells a neighbourhood reaches to each side in each row, and its name.

    Parameters
    ----------
    band : float or None
        Cells whose centres lie at most this many metres away are near; None for the cells that touch (queen).
    cell : float
        Metres.

    Returns
    -------
    reach : ndarray of int, shape (2 r + 1,)
        For the rows from r below to r above.
    name : str

    Raises
    ------
    DesignError
        If the band does not reach the next cell.
    """
    if band is None:
        return np.ones(3, dtype=np.int64), QUEEN
    band, cell = check_positive(band, "distance band"), check_positive(cell, "cell size")
    if band < cell:
        msg = f"The distance band ({band:g} m) must reach the next cell ({cell:g} m), or no cell has a neighbour."
        raise DesignError(msg)
    # A hair of tolerance, or rounding decides whether a cell at exactly the band belongs.
    radius = band / cell * (1 + 1e-12)
    rows = np.arange(-int(radius), int(radius) + 1)
    return np.floor(np.sqrt(radius**2 - rows**2)).astype(np.int64), f"cells within {band:g} m"


@njit(cache=True)
def neighbourhood_sums(values: np.ndarray, reach: np.ndarray) -> np.ndarray:
    """Return the sum over each cell's neighbourhood, the cell itself included, shape (ny, nx).

    Parameters
    ----------
    values : ndarray, shape (ny, nx)
        Zero outside the study area.
    reach : ndarray of int, shape (2 r + 1,)
        As `neighbourhood_rows` gives it.
    """
    ny, nx = values.shape
    radius = reach.size // 2
    before = np.zeros((ny, nx + 1))
    for row in range(ny):
        for column in range(nx):
            before[row, column + 1] = before[row, column] + values[row, column]
    sums = np.zeros((ny, nx))
    for row in range(ny):
        for offset in range(-radius, radius + 1):
            other = row + offset
            if other < 0 or other >= ny:
                continue
            wide = reach[offset + radius]
            for column in range(nx):
                west = max(column - wide, 0)
                east = min(column + wide + 1, nx)
                sums[row, column] += before[other, east] - before[other, west]
    return sums
