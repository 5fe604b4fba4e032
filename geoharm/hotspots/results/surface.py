"""Results of density: bandwidth, surface, variants under other bandwidths, and concentration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoharm._validation import check_positive
from geoharm.errors import DesignError
from geoharm.model.grid import Grid
from geoharm.model.hotspot import Hotspot
from geoharm.model.reason import Note


@dataclass(frozen=True, slots=True)
class Bandwidth:
    """Bandwidth of a kernel, with the rule by which it was chosen.

    Attributes
    ----------
    value : float
        Metres: the search radius, or the standard deviation of a Gaussian kernel.
    rule : str
        One of `BANDWIDTH_RULES`, or "stated".
    kernel : str
        The kernel for which it was chosen.
    reference : str
        DOI or URL of the rule's source; empty if the value was stated.
    note : str
        Whether the value was raised to the minimum or computed from a sample, and why.
    curve : tuple of (float, float)
        For rules that search: the bandwidths tried, and the criterion at each, which is highest at the chosen one.
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
    """Kernel density surface: events (or their summed weights) per square kilometre and year.

    Attributes
    ----------
    grid : Grid
        Grid of the cells.
    values : ndarray, shape (ny, nx)
        At cell centres; zero or more; NaN outside the study area.
    kernel : str
        One of `KERNELS`.
    bandwidth : float
        Metres: the search radius, or the standard deviation of a Gaussian kernel. Of an adaptive surface the geometric
        mean of the bandwidths.
    events : float
        Number of events from which it was computed, without weights.
    years : float
        Length of the window in years.
    support : ndarray of int, shape (ny, nx)
        Events within the bandwidth of each cell centre.
    places : ndarray of int, shape (ny, nx)
        Distinct places within the bandwidth of each cell centre.
    edge : str
        One of `EDGES`: the edge correction near the boundary of the study area.
    adaptive : str
        How the bandwidth of each event was chosen; empty if all events have the same bandwidth.
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
    def total(self) -> float:
        """Total of the surface in events (or summed weights): sum of value x cell area x years."""
        return float(np.nansum(self.values)) * self.grid.cell_km2 * self.years


@dataclass(frozen=True, slots=True)
class BandwidthVariant:
    """Surface and hotspots of the same events with another bandwidth.

    Attributes
    ----------
    factor : float
        Requested bandwidth over chosen bandwidth. `surface.bandwidth` is the bandwidth used, which is at least the size
        of a cell.
    surface : Surface
        With this bandwidth.
    hotspots : tuple of Hotspot
        Of this surface.
    overlap_share : float
        Share of the hotspot area under the chosen bandwidth that is also hotspot here, 0 to 1; NaN if there is no
        hotspot.
    """

    factor: float
    surface: Surface
    hotspots: tuple[Hotspot, ...]
    overlap_share: float


@dataclass(frozen=True, slots=True)
class Concentration:
    """Concentration of events in few places (the 80-20 table).

    Attributes
    ----------
    places : int
        Number of all places, including those without events.
    events : float
        Number of all events.
    places_needed : tuple of (float, int)
        A share of all events, and the smallest number of places with this share.
    gini, adjusted_gini : float
        Gini index: 0 if every place has the same number of events, near 1 if one place has all. The adjusted index is
        also 0 if there are fewer events than places and no place has two. NaN if there are no events.
    note : str or Withheld
        Why the index is undefined.
    """

    places: int
    events: float
    places_needed: tuple[tuple[float, int], ...]
    gini: float
    adjusted_gini: float
    note: Note = ""

    def share_of_places(self, share: float) -> float:
        """Return the smallest share of all places that has a given share of events, one of those in `needed`."""
        return dict(self.places_needed)[share] / self.places
