"""Shapes in degrees for maps: rounded outlines, their bounds, and their encoding as short steps."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoharm import _crs

_DECIMALS = 5

# Steps of one line, or of the parts of a geometry.
Steps = list["int | Steps"]


def to_lonlat(geometry: BaseGeometry, crs: str, *, tolerance: float = 0.0) -> BaseGeometry:
    """Return a geometry in degrees, rounded to about a metre.

    Parameters
    ----------
    geometry : shapely geometry
        In metres of `crs`.
    crs : str
    tolerance : float
        Metres by which the outline may be simplified first.
    """
    simplified = geometry.simplify(tolerance) if tolerance else geometry

    def move(coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
        longitude, latitude = _crs.transform(coordinates[:, 0], coordinates[:, 1], source=crs, target=_crs.LONLAT)
        degrees = np.column_stack([longitude, latitude])
        return np.array([round(value, _DECIMALS) for value in degrees.ravel().tolist()]).reshape(-1, 2)

    return shapely.transform(simplified, move)


def delta_encoded(geometry: BaseGeometry) -> Steps:
    """Return the coordinates of a geometry in degrees as integer steps from point to point, which are a third as long.

    A line becomes ``[x, y, dx, dy, dx, dy, ...]`` in units of the last decimal kept. Polygons become lists of rings, and
    geometries of several parts become lists of parts, as in GeoJSON.

    Examples
    --------
    >>> delta_encoded(shapely.LineString([[-71.0, 42.5], [-71.00002, 42.50001]]))
    [-7100000, 4250000, -2, 1]
    """
    if geometry.geom_type == "Polygon":
        return [delta_encoded(ring) for ring in (geometry.exterior, *geometry.interiors)]
    if geometry.geom_type.startswith("Multi"):
        return [delta_encoded(part) for part in geometry.geoms]
    steps = np.rint(shapely.get_coordinates(geometry) * 10.0**_DECIMALS).astype(np.int64)
    steps[1:] -= steps[:-1].copy()
    return [int(step) for step in steps.ravel()]


def bounds_lonlat(geometry: BaseGeometry, crs: str) -> list[list[float]]:
    """Return the bounds of a geometry in metres of `crs` as [[south, west], [north, east]] in degrees."""
    corners = shapely.get_coordinates(geometry)
    longitude, latitude = _crs.transform(corners[:, 0], corners[:, 1], source=crs, target=_crs.LONLAT)
    return [
        [round(float(latitude.min()), _DECIMALS), round(float(longitude.min()), _DECIMALS)],
        [round(float(latitude.max()), _DECIMALS), round(float(longitude.max()), _DECIMALS)],
    ]
