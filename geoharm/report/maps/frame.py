"""The square of the earth that a static map shows, and where its points lie in the picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoharm import _crs
from geoharm.model.design import Design
from geoharm.model.geometry import StudyArea
from geoharm.report.maps.layers import outer_distance

# Pixels along each side of the picture.
SIDE = 340.0


@dataclass(frozen=True, slots=True)
class Frame:
    """A square of Web Mercator, north up; two frames are the same if they show the same square.

    Attributes
    ----------
    crs : str
        Coordinate system of what is drawn.
    west, north : float
        Of the square, in Web Mercator.
    side : float
        Length of its sides, in Web Mercator.
    pixels_per_metre : float
        In its middle.
    bounds : tuple of float
        West, south, east and north of a box in metres of `crs` that holds it.
    is_whole : bool
        Whether it shows the whole study area.
    """

    crs: str
    west: float
    north: float
    side: float
    pixels_per_metre: float
    bounds: tuple[float, float, float, float]
    is_whole: bool

    def mercator(self, points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return x and y in Web Mercator of points in projected metres, shape (n, 2)."""
        return _mercator(points, self.crs)

    def place(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the pixels of points in projected metres; both have shape (n, 2)."""
        x, y = self.mercator(points)
        return np.column_stack([(x - self.west) * SIDE / self.side, (self.north - y) * SIDE / self.side])

    def cut(self, geometry: shapely.Geometry) -> shapely.Geometry:
        """Return the part of a geometry that lies near the square."""
        return geometry.intersection(shapely.box(*self.bounds))

    def square(self) -> BaseGeometry:
        """Return the box in metres of `crs` around what the picture shows, no larger than that."""
        west, east, south, north = self.west, self.west + self.side, self.north - self.side, self.north
        x, y = _crs.transform(
            [west, west, east, east], [south, north, south, north], source=_crs.MERCATOR, target=self.crs
        )
        return shapely.box(x.min(), y.min(), x.max(), y.max())


def frame_of(area: StudyArea, design: Design | None) -> Frame:
    """Return the square around an operation's outermost ring, or around the whole study area.

    Parameters
    ----------
    area : StudyArea
    design : Design or None
        None for the whole study area.
    """
    shape: BaseGeometry = area.boundary if design is None else design.operation.target.buffer(outer_distance(design))
    x, y = _mercator(shapely.get_coordinates(shape), area.crs)
    side = float(max(x.max() - x.min(), y.max() - y.min()) * 1.06)
    centre = shape.centroid if design is None else design.operation.target.centroid
    kilometre_x, _ = _mercator(np.array([[centre.x - 500, centre.y], [centre.x + 500, centre.y]]), area.crs)
    per_metre = float(kilometre_x[1] - kilometre_x[0]) / 1000
    metres = side / per_metre
    return Frame(
        area.crs,
        float(x.min() + x.max()) / 2 - side / 2,
        float(y.min() + y.max()) / 2 + side / 2,
        side,
        per_metre * SIDE / side,
        (centre.x - metres, centre.y - metres, centre.x + metres, centre.y + metres),
        design is None,
    )


def _mercator(points: NDArray[np.float64], crs: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return _crs.transform(points[:, 0], points[:, 1], source=crs, target=_crs.MERCATOR)
