"""Point in polygon: the first polygon that contains each point; for many points by a grid, with equal results."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

# With fewer tests, shapely is faster than importing numba, building a grid and compiling the loops.
_FEWEST_GRID_TESTS = 1_000_000

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def locate_points(x: Floats, y: Floats, polygons: Sequence[BaseGeometry]) -> Integers:
    """Return the position of the first polygon that contains each point, edges included; -1 where there is none.

    The result equals that of ``shapely.intersects_xy`` for all valid polygons, also with holes or several parts.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        Metres; a point that is not finite lies in no polygon.
    polygons : sequence of shapely geometry
        Polygons or multipolygons; they may overlap.

    Returns
    -------
    ndarray of int, shape (n,)
    """
    x, y = np.ascontiguousarray(x, dtype=np.float64), np.ascontiguousarray(y, dtype=np.float64)
    if x.size * len(polygons) < _FEWEST_GRID_TESTS:
        return _locate_by_shapely(x, y, polygons)
    from geoharm.geo.point_in_polygon_grid import locate_by_grid  # noqa: PLC0415 -- numba is slow to import

    return locate_by_grid(x, y, polygons)


def _locate_by_shapely(x: Floats, y: Floats, polygons: Sequence[BaseGeometry]) -> Integers:
    polygon_of_point = np.full(x.size, -1, dtype=np.int64)
    unassigned = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    for position, polygon in enumerate(polygons):
        shapely.prepare(polygon)
        inside = shapely.intersects_xy(polygon, x[unassigned], y[unassigned])
        polygon_of_point[unassigned[inside]] = position
        unassigned = unassigned[~inside]
    return polygon_of_point
