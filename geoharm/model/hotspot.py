"""Hotspots: ranked polygons with their counts, density and stability."""

from __future__ import annotations

import math
from dataclasses import dataclass

from shapely.geometry.base import BaseGeometry


@dataclass(frozen=True, slots=True)
class Hotspot:
    """A ranked polygon of the smallest area that contains a stated share of all density.

    Attributes
    ----------
    rank : int
        1 is the hotspot with the most events.
    geometry : shapely geometry
        Union of whole cells, in metres.
    events : int
        Number of located events inside.
    places : int
        Number of distinct places of these events.
    share : float
        Share of all located events, 0 to 1.
    density : float
        Mean density inside, per km2 and year, of events or of their weights.
    stability : float
        Share of repetitions, with resampled places and varied bandwidth, in which it is a hotspot again; NaN if not
        computed.
    source_kinds : tuple of str
        Kinds of sources whose hotspots overlap this one, its own kind first; empty if not computed.
    """

    rank: int
    geometry: BaseGeometry
    events: int
    places: int
    share: float
    density: float
    stability: float = math.nan
    source_kinds: tuple[str, ...] = ()

    @property
    def area_km2(self) -> float:
        """Area in square kilometres."""
        return float(self.geometry.area) / 1e6
