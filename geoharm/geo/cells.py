"""Grid cells whose centres lie in a polygon."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoharm.model.grid import Grid


def cells_within(grid: Grid, geometry: BaseGeometry) -> NDArray[np.bool_]:
    """Return a mask of the cells whose centres lie in a geometry, shape (ny, nx)."""
    shapely.prepare(geometry)
    columns, rows = np.meshgrid(*grid.centres())
    return np.asarray(shapely.intersects_xy(geometry, columns, rows), dtype=np.bool_)
