"""Grids of square cells."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoharm._validation import check_positive
from geoharm.errors import DesignError

MAX_CELLS = 50_000_000


@dataclass(frozen=True, slots=True)
class Grid:
    """A grid of square cells in projected metres; row 0 is the southernmost.

    Attributes
    ----------
    x0, y0 : float
        South-west corner.
    cell : float
        Side of a cell in metres.
    nx, ny : int
        Number of cells from west to east and from south to north.
    """

    x0: float
    y0: float
    cell: float
    nx: int
    ny: int

    def __post_init__(self) -> None:
        check_positive(self.cell, "cell size")
        if self.nx < 1 or self.ny < 1:
            msg = f"A grid needs at least one cell each way; {self.nx} x {self.ny} was given."
            raise DesignError(msg)
        if self.nx * self.ny > MAX_CELLS:
            msg = (
                f"A grid of {self.nx} x {self.ny} cells of {self.cell:g} m is larger than {MAX_CELLS:,} cells; "
                "choose larger cells or a smaller study area."
            )
            raise DesignError(msg)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and columns, ``(ny, nx)``."""
        return self.ny, self.nx

    @property
    def cell_km2(self) -> float:
        """Area of a cell in square kilometres."""
        return self.cell**2 / 1e6

    def centres(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the centres of the cells: x of every column, shape (nx,), and y of every row, shape (ny,)."""
        columns, rows = np.arange(self.nx, dtype=np.float64), np.arange(self.ny, dtype=np.float64)
        return np.asarray(self.x0 + (columns + 0.5) * self.cell), np.asarray(self.y0 + (rows + 0.5) * self.cell)

    def cell_of(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the cell that contains each point, as ``row * nx + column``; -1 outside the grid.

        Cells are half-open: a point on an edge belongs to the cell north or east of it, exactly. Edges are the numbers
        ``x0 + column * cell`` and ``y0 + row * cell``.

        Parameters
        ----------
        x, y : ndarray, shape (n,)
            Metres.

        Returns
        -------
        ndarray of int, shape (n,)

        Examples
        --------
        >>> Grid(0, 0, 50, 3, 2).cell_of(np.array([0.0, 50.0, 149.9, 150.0]), np.array([0.0, 50.0, 99.9, 10.0])).tolist()
        [0, 4, 5, -1]
        """
        column = _cell_index(np.asarray(x, dtype=np.float64), self.x0, self.cell, self.nx)
        row = _cell_index(np.asarray(y, dtype=np.float64), self.y0, self.cell, self.ny)
        return np.where((column >= 0) & (row >= 0), row * self.nx + column, -1)


def _cell_index(value: NDArray[np.float64], start: float, side: float, steps: int) -> NDArray[np.int64]:
    with np.errstate(invalid="ignore", over="ignore"):
        is_inside = (value >= start) & (value < start + steps * side)
        step = np.where(is_inside, np.floor((np.where(is_inside, value, start) - start) / side), 0.0)
        # The quotient can be rounded across an edge, so it is corrected by comparing with the edges.
        step -= value < start + step * side
        step += value >= start + (step + 1) * side
    return np.where(is_inside, step, -1.0).astype(np.int64)


def grid_over(geometry: BaseGeometry, *, cell: float, margin: float = 0.0) -> Grid:
    """Return the grid that covers a geometry and a margin around it.

    Parameters
    ----------
    geometry : shapely geometry
        In metres.
    cell, margin : float
        Metres. Corners lie on multiples of `cell`, so grids with the same cell size are aligned.
    """
    cell = check_positive(cell, "cell size")
    west, south, east, north = geometry.bounds
    x0 = math.floor((west - margin) / cell) * cell
    y0 = math.floor((south - margin) / cell) * cell
    # One more cell if the edge is a multiple of the cell size, so that a point on the edge lies in a cell.
    nx = math.floor((east + margin - x0) / cell) + 1
    ny = math.floor((north + margin - y0) / cell) + 1
    return Grid(x0, y0, cell, nx, ny)
