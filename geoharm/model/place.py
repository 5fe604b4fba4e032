"""Where: the study area, the zones around an operation, and located events."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoharm._checks import check_vector
from geoharm._crs import check_metric_crs
from geoharm.errors import DesignError


class ZoneRole(StrEnum):
    """What a zone is for."""

    TARGET = "target"
    GAP = "gap"
    RING = "ring"
    CONTROL = "control"


@dataclass(frozen=True, slots=True)
class StudyArea:
    """The boundary and the projected coordinate system; nothing outside counts.

    Attributes
    ----------
    boundary : shapely geometry
        Polygon or multipolygon in metres of `crs`.
    crs : str
        A projected system in metres.
    crs_note : str
        How the system was chosen, when the study did not say.
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
    """A polygon with a part in a comparison.

    Attributes
    ----------
    name : str
        As shown to readers: "target", "100-250 m", "control".
    role : ZoneRole
    geometry : shapely geometry
        In metres of the study's system.
    inner, outer : float
        Distance from the target in metres at both edges of a ring or gap; 0 elsewhere.
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
    """A named, located thing: a place name to show for orientation, or a service.

    Attributes
    ----------
    name : str
    x, y : float
        Metres in the study's system.
    category : str
        What kind of service it is; empty for a place name.
    """

    name: str
    x: float
    y: float
    category: str = ""


@dataclass(frozen=True, slots=True)
class Points:
    """Distinct places and how much happened at each.

    Attributes
    ----------
    x, y : ndarray, shape (n,)
        Metres in the study's system, every pair once.
    weight : ndarray, shape (n,)
        Events at the place (or their summed weight), zero or more.
    events : ndarray, shape (n,), or None
        Events at the place, where the weight is something else, such as needles; None where the weight counts events.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    weight: NDArray[np.float64]
    events: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        for name in ("x", "y", "weight") if self.events is None else ("x", "y", "weight", "events"):
            object.__setattr__(self, name, check_vector(getattr(self, name), name))
        if self.events is not None and (self.events.shape != self.x.shape or (self.events < 0).any()):
            msg = "Where weights are not events, the events at every place are needed too, zero or more."
            raise DesignError(msg)
        if not self.x.shape == self.y.shape == self.weight.shape:
            msg = f"x, y and weight must be equally long; {self.x.size}, {self.y.size}, {self.weight.size} were given."
            raise DesignError(msg)
        if (self.weight < 0).any():
            msg = f"Weights must be zero or more; the smallest given is {self.weight.min()}."
            raise DesignError(msg)

    def __len__(self) -> int:
        return int(self.x.size)

    @property
    def total(self) -> float:
        """Sum of the weights."""
        return float(self.weight.sum())

    @property
    def counted(self) -> Points:
        """The same places with their events as weight: what counts and disclosure rules look at."""
        return self if self.events is None else Points(self.x, self.y, self.events)


def check_polygon(geometry: BaseGeometry, name: str) -> BaseGeometry:
    """Return `geometry` if it is a valid, non-empty polygon or multipolygon.

    Raises
    ------
    DesignError
        Otherwise.
    """
    if geometry.is_empty or geometry.geom_type not in ("Polygon", "MultiPolygon"):
        msg = f"The {name} must be a polygon with an area; it is an empty or {geometry.geom_type} geometry."
        raise DesignError(msg)
    if not geometry.is_valid:
        msg = f"The {name} is not a valid polygon ({shapely.is_valid_reason(geometry)}); redraw or repair it."
        raise DesignError(msg)
    return geometry
