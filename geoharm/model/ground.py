"""The ground of a map: streets, railways, water, green, outlines and names. It orients; nothing is computed from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shapely.geometry.base import BaseGeometry


class GroundKind(StrEnum):
    """What a shape of the ground is. The values are written into ground files; see `geoharm.geo.ground_writing`."""

    MAIN = "main street"
    MIDDLE = "middle street"
    SMALL = "small street"
    RAILWAY = "railway"
    WATER = "water"
    GREEN = "green"
    OUTLINE = "outline"
    PLACE = "place"


STREETS = (GroundKind.MAIN, GroundKind.MIDDLE, GroundKind.SMALL)


@dataclass(frozen=True, slots=True)
class GroundShape:
    """One shape of the ground.

    Attributes
    ----------
    kind : GroundKind
    geometry : shapely geometry
        In metres of the study's coordinate system: lines of streets and railways, polygons or lines of water, polygons
        of green, outlines as polygons, places as points.
    name : str
        For readers; empty if it has none.
    rank : int
        Of a place: 0 for the most important kind, such as a city; others are 0.
    drawn : bool
        False for a line that only carries a name, as vector tiles have them beside the lines that are drawn.
    """

    kind: GroundKind
    geometry: BaseGeometry
    name: str = ""
    rank: int = 0
    drawn: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """The ground under the maps of a study; two are the same only if they are one object.

    Attributes
    ----------
    shapes : tuple of GroundShape
        By kind and name; of streets and railways, all lines of one kind and name are one shape.
    credits : tuple of str
        What must be shown on every map drawn from it.
    """

    shapes: tuple[GroundShape, ...]
    credits: tuple[str, ...] = ()

    def of(self, *kinds: GroundKind) -> tuple[GroundShape, ...]:
        """Return the shapes of some kinds."""
        return tuple(shape for shape in self.shapes if shape.kind in kinds)
