"""One hotspot: a ranked polygon with its counts, density and stability."""

from __future__ import annotations

import math
from dataclasses import dataclass

from shapely.geometry.base import BaseGeometry


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
