"""Intensity on a grid, and the hotspots drawn from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoharm._validation import check_positive
from geoharm.errors import DesignError
from geoharm.model.grid import Grid
from geoharm.model.hotspot import Hotspot


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
class BandwidthVariant:
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
