"""How many events per square kilometre and year, at every place.

Silverman (1986), Density Estimation for Statistics and Data Analysis, section 4.2 (ISBN 978-0-412-24620-3).
"""

from __future__ import annotations

import math

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from geoharm._checks import check_positive
from geoharm.errors import DesignError
from geoharm.model import Grid, Points, Surface


def quartic_kernel(distance: ArrayLike, bandwidth: float) -> NDArray[np.float64]:
    r"""Return the quartic kernel, which integrates to 1 over the plane.

    Parameters
    ----------
    distance : array_like
        Metres from the event, any shape.
    bandwidth : float
        Search radius in metres: the kernel is 0 from there on.

    Returns
    -------
    ndarray
        Per square metre, the shape of `distance`.

    Notes
    -----
    .. math:: k(d) = \frac{3}{\pi h^2}\left(1 - \frac{d^2}{h^2}\right)^2, \quad d < h

    Examples
    --------
    >>> round(float(quartic_kernel(0.0, 100.0) * np.pi * 100.0**2), 9)
    3.0
    """
    inside = np.maximum(0.0, 1.0 - (np.asarray(distance, dtype=np.float64) / bandwidth) ** 2)
    return 3.0 / (math.pi * bandwidth**2) * inside**2


def quartic_density(
    points: Points, grid: Grid, *, bandwidth: float, years: float, within: BaseGeometry | None = None
) -> Surface:
    """Return the quartic kernel intensity at every cell centre, exactly.

    Parameters
    ----------
    points : Points
        Distinct places with weights, in metres.
    grid : Grid
    bandwidth : float
        Search radius in metres, at least one cell.
    years : float
        Length of the window.
    within : shapely geometry, optional
        Cells whose centre lies outside become NaN. No edge correction is made: density within a bandwidth of the
        boundary is too low where events beyond it were not recorded.

    Returns
    -------
    Surface
        Events per km2 per year. Over a grid that covers every kernel whole its mass is the sum of the weights, but
        for the error of evaluating at centres (below 0.1 % from three cells a bandwidth).

    Raises
    ------
    DesignError
        If the bandwidth is smaller than a cell, or the window has no length.
    """
    bandwidth, years = check_positive(bandwidth, "bandwidth"), check_positive(years, "length of the window in years")
    if bandwidth < grid.cell:
        msg = f"The bandwidth ({bandwidth:g} m) must be at least one cell ({grid.cell:g} m), or places fall through."
        raise DesignError(msg)
    per_m2, support, places = _scatter(points, grid, bandwidth)
    values = per_m2 * (1e6 / years)
    if within is not None:
        values[~cells_within(grid, within)] = np.nan
    return Surface(grid, values, "quartic", bandwidth, points.total, years, support, places)


def cells_within(grid: Grid, geometry: BaseGeometry) -> NDArray[np.bool_]:
    """Return which cell centres lie in a geometry, shape (ny, nx)."""
    shapely.prepare(geometry)
    columns, rows = np.meshgrid(*grid.centres())
    return np.asarray(shapely.intersects_xy(geometry, columns, rows), dtype=np.bool_)


def _scatter(
    points: Points, grid: Grid, bandwidth: float
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64]]:
    """Return the summed kernel per m2, and the events and places within reach of each cell centre, shape (ny, nx).

    One pass for each offset between an event's cell and the cell it reaches, all events at once.
    """
    ny, nx = grid.shape
    size = ny * nx
    column = np.floor((points.x - grid.x0) / grid.cell).astype(np.int64)
    row = np.floor((points.y - grid.y0) / grid.cell).astype(np.int64)
    right = points.x - (grid.x0 + (column + 0.5) * grid.cell)
    up = points.y - (grid.y0 + (row + 0.5) * grid.cell)
    reach = math.ceil(bandwidth / grid.cell + 0.5)
    density, support, places = np.zeros(size), np.zeros(size), np.zeros(size, dtype=np.int64)
    for down in range(-reach, reach + 1):
        for along in range(-reach, reach + 1):
            near = max(abs(along) - 0.5, 0.0) ** 2 + max(abs(down) - 0.5, 0.0) ** 2
            if near * grid.cell**2 >= bandwidth**2:
                continue
            to_row, to_column = row + down, column + along
            squared = (along * grid.cell - right) ** 2 + (down * grid.cell - up) ** 2
            hit = (squared < bandwidth**2) & (to_row >= 0) & (to_row < ny) & (to_column >= 0) & (to_column < nx)
            flat = to_row[hit] * nx + to_column[hit]
            weight = points.weight[hit]
            kernel = (1.0 - squared[hit] / bandwidth**2) ** 2
            density += np.bincount(flat, weights=weight * kernel, minlength=size)
            support += np.bincount(flat, weights=weight, minlength=size)
            places += np.bincount(flat, minlength=size)
    density *= 3.0 / (math.pi * bandwidth**2)
    return density.reshape(ny, nx), np.rint(support).astype(np.int64).reshape(ny, nx), places.reshape(ny, nx)
