"""Intensity on a grid, and the hotspots drawn from it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoharm._checks import check_positive
from geoharm.errors import DesignError

MAX_CELLS = 50_000_000
KERNELS = ("quartic", "epanechnikov", "triweight", "triangular", "uniform", "gaussian")
EDGES = ("jones-diggle", "uniform", "none")
BANDWIDTH_RULES = ("oversmoothing", "normal scale", "likelihood", "least squares")


@dataclass(frozen=True, slots=True)
class Grid:
    """Square cells in projected metres; row 0 is the southernmost.

    Attributes
    ----------
    x0, y0 : float
        South-west corner.
    cell : float
        Side of a cell in metres.
    nx, ny : int
        Cells from west to east and from south to north.
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
        """Rows and columns, ``(ny, nx)``."""
        return self.ny, self.nx

    @property
    def cell_km2(self) -> float:
        """Area of a cell in square kilometres."""
        return self.cell**2 / 1e6

    def centres(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the x of every column, shape (nx,), and the y of every row, shape (ny,)."""
        columns, rows = np.arange(self.nx, dtype=np.float64), np.arange(self.ny, dtype=np.float64)
        return np.asarray(self.x0 + (columns + 0.5) * self.cell), np.asarray(self.y0 + (rows + 0.5) * self.cell)

    def cell_of(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the cell that holds each point, ``row * nx + column``; -1 off the grid.

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
        column = _step_of(np.asarray(x, dtype=np.float64), self.x0, self.cell, self.nx)
        row = _step_of(np.asarray(y, dtype=np.float64), self.y0, self.cell, self.ny)
        return np.where((column >= 0) & (row >= 0), row * self.nx + column, -1)


def _step_of(value: NDArray[np.float64], start: float, side: float, steps: int) -> NDArray[np.int64]:
    with np.errstate(invalid="ignore", over="ignore"):
        on = (value >= start) & (value < start + steps * side)
        found = np.where(on, np.floor((np.where(on, value, start) - start) / side), 0.0)
        # The quotient can be rounded over an edge; the edges themselves decide.
        found -= value < start + found * side
        found += value >= start + (found + 1) * side
    return np.where(on, found, -1.0).astype(np.int64)


def grid_over(geometry: BaseGeometry, *, cell: float, margin: float = 0.0) -> Grid:
    """Return the grid of whole cells that covers a geometry and a margin around it.

    Parameters
    ----------
    geometry : shapely geometry
        In metres.
    cell, margin : float
        Metres. Corners lie on multiples of `cell`, so grids of one cell size match.
    """
    cell = check_positive(cell, "cell size")
    west, south, east, north = geometry.bounds
    x0 = math.floor((west - margin) / cell) * cell
    y0 = math.floor((south - margin) / cell) * cell
    # One cell more where the edge is a multiple, so that a point on the edge has a cell.
    nx = math.floor((east + margin - x0) / cell) + 1
    ny = math.floor((north + margin - y0) / cell) + 1
    return Grid(x0, y0, cell, nx, ny)


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """How far a kernel reaches, and by which rule that was chosen.

    Attributes
    ----------
    value : float
        Metres: the search radius; of the Gaussian kernel the standard deviation.
    rule : str
        One of `BANDWIDTH_RULES`, or "stated".
    kernel : str
        The kernel it is meant for.
    reference : str
        DOI or URL of the rule's source; empty if the value was stated.
    note : str
        What was raised or left out, and why.
    curve : tuple of (float, float)
        Bandwidths tried and the criterion at each, for the rules that search; the chosen one is the highest.
    """

    value: float
    rule: str
    kernel: str
    reference: str = ""
    note: str = ""
    curve: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        check_positive(self.value, "bandwidth")


@dataclass(frozen=True, slots=True)
class Surface:
    """An intensity in events (or what they weigh) per square kilometre and year.

    Attributes
    ----------
    grid : Grid
    values : ndarray, shape (ny, nx)
        At cell centres; zero or more; NaN outside the study area.
    kernel : str
        One of `KERNELS`.
    bandwidth : float
        Metres: the search radius; of the Gaussian the standard deviation; of an adaptive surface the geometric mean.
    events : float
        Events that made it, whatever they weigh.
    years : float
        Length of the window in years.
    support : ndarray of int, shape (ny, nx)
        Events within the bandwidth of each cell centre.
    places : ndarray of int, shape (ny, nx)
        Distinct places within the bandwidth of each cell centre.
    edge : str
        One of `EDGES`: how density near the study boundary was corrected.
    adaptive : str
        How each event got a bandwidth of its own; empty if all have the same.
    """

    grid: Grid
    values: NDArray[np.float64]
    kernel: str
    bandwidth: float
    events: float
    years: float
    support: NDArray[np.int64]
    places: NDArray[np.int64]
    edge: str = "none"
    adaptive: str = ""

    def __post_init__(self) -> None:
        for array in (self.values, self.support, self.places):
            if array.shape != self.grid.shape:
                msg = f"A surface needs one value a cell, shape {self.grid.shape}; {array.shape} was given."
                raise DesignError(msg)
            array.setflags(write=False)

    @property
    def mass(self) -> float:
        """Events, or what they weigh, that the surface adds up to: sum of value x cell area x years."""
        return float(np.nansum(self.values)) * self.grid.cell_km2 * self.years


@dataclass(frozen=True, slots=True)
class Hotspot:
    """A ranked polygon where a stated share of all density is held in the least area.

    Attributes
    ----------
    rank : int
        1 is the one that holds most events.
    geometry : shapely geometry
        Union of whole cells, in metres.
    events : int
        Events located inside.
    places : int
        Distinct places among them.
    share : float
        Of all located events, 0 to 1.
    density : float
        Mean per km2 per year inside, of events or of what they weigh.
    stability : float
        Share of repetitions, with places drawn anew and the bandwidth varied, in which it stays a hotspot; NaN if
        not examined.
    shown_by : tuple of str
        Kinds of source whose own hotspots overlap it, its own kind first; empty if not examined.
    """

    rank: int
    geometry: BaseGeometry
    events: int
    places: int
    share: float
    density: float
    stability: float = math.nan
    shown_by: tuple[str, ...] = ()

    @property
    def area_km2(self) -> float:
        """Area in square kilometres."""
        return float(self.geometry.area) / 1e6


@dataclass(frozen=True, slots=True)
class Variant:
    """The same events under another bandwidth.

    Attributes
    ----------
    factor : float
        The bandwidth asked for, over the chosen one; `surface.bandwidth` is what was used: at least one cell.
    surface : Surface
    hotspots : tuple of Hotspot
    kept : float
        Share of the chosen bandwidth's hotspot area that is hotspot here too, 0 to 1; NaN if there is none.
    """

    factor: float
    surface: Surface
    hotspots: tuple[Hotspot, ...]
    kept: float


@dataclass(frozen=True, slots=True)
class Concentration:
    """How few places hold how many of the events; the 80-20 table of analysts.

    Attributes
    ----------
    places : int
        All places, those without an event among them.
    events : float
    needed : tuple of (float, int)
        A share of all events, and the fewest places that hold it.
    gini, adjusted_gini : float
        0 if every place has as many, near 1 if one has all; the adjusted one is 0 already where there are fewer
        events than places and no place has two. NaN if there is no event.
    note : str
        Why there is no answer.
    """

    places: int
    events: float
    needed: tuple[tuple[float, int], ...]
    gini: float
    adjusted_gini: float
    note: str = ""

    def share_of_places(self, share: float) -> float:
        """Return the share of all places that holds a share of events listed in `needed`."""
        return dict(self.needed)[share] / self.places
