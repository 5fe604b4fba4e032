"""Geometry: the study area, the zones around an operation, and sites."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import shapely
from shapely.geometry.base import BaseGeometry

from geoharm._crs import check_metric_crs
from geoharm.errors import DesignError


class ZoneRole(StrEnum):
    """The role of a zone in the evaluation."""

    TARGET = "target"
    GAP = "gap"
    RING = "ring"
    CONTROL = "control"


@dataclass(frozen=True, slots=True)
class StudyArea:
    """The boundary of the study and its projected coordinate system; events outside are not counted.

    Attributes
    ----------
    boundary : shapely geometry
        Polygon or multipolygon in metres of `crs`.
    crs : str
        A projected coordinate system in metres.
    crs_note : str
        How the coordinate system was chosen, if the study does not state one.
    """

    boundary: BaseGeometry
    crs: str
    crs_note: str = ""

    def __post_init__(self) -> None:
        check_metric_crs(self.crs)
        check_polygon(self.boundary, "study area")

    @property
    def area_km2(self) -> float:
        """Area in square kilometres."""
        return float(self.boundary.area) / 1e6


@dataclass(frozen=True, slots=True)
class Zone:
    """A polygon with a role in the evaluation.

    Attributes
    ----------
    name : str
        Name for readers: "target", "100-250 m", "control".
    role : ZoneRole
    geometry : shapely geometry
        In metres of the study's coordinate system.
    inner, outer : float
        Distances in metres from the target to the two edges of a ring or gap; 0 for other zones.
    """

    name: str
    role: ZoneRole
    geometry: BaseGeometry
    inner: float = 0.0
    outer: float = 0.0

    def __post_init__(self) -> None:
        check_polygon(self.geometry, self.name)

    @property
    def area_km2(self) -> float:
        """Area in square kilometres."""
        return float(self.geometry.area) / 1e6


@dataclass(frozen=True, slots=True)
class Site:
    """A named location: a service, or a place name for orientation.

    Attributes
    ----------
    name : str
    x, y : float
        Metres in the study's coordinate system.
    category : str
        Kind of service; empty for a place name.
    """

    name: str
    x: float
    y: float
    category: str = ""


def check_polygon(geometry: BaseGeometry, name: str) -> BaseGeometry:
    """Return `geometry` if it is a valid, non-empty polygon or multipolygon.

    Raises
    ------
    DesignError
        If it is not.
    """
    if geometry.is_empty or geometry.geom_type not in ("Polygon", "MultiPolygon"):
        msg = f"The {name} must be a polygon with an area; it is an empty or {geometry.geom_type} geometry."
        raise DesignError(msg)
    if not geometry.is_valid:
        msg = f"The {name} is not a valid polygon ({shapely.is_valid_reason(geometry)}); redraw or repair it."
        raise DesignError(msg)
    return geometry
