"""From a surface to a picture in a few classes: the only form in which density is published."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage

from geoharm import _crs
from geoharm.disclosure.released import ClassedImage, ClassScheme
from geoharm.hotspots.results.change import ChangeSurface
from geoharm.hotspots.results.surface import Surface
from geoharm.model.geometry import StudyArea
from geoharm.model.grid import Grid

CLASSES = 6
_MAX_PIXELS = 900
_KNOT = 16


def class_breaks(highest: float) -> tuple[float, ...]:
    """Return six class starts that double, from a round number, so that the last class is reached.

    Examples
    --------
    >>> class_breaks(10_000.0)
    (250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0)
    """
    if highest <= 0:
        return ()
    ideal = highest / 2 ** (CLASSES - 1)
    power = 10.0 ** math.floor(math.log10(ideal))
    start = max(nice * power for nice in (1.0, 2.0, 2.5, 5.0) if nice * power <= ideal * (1 + 1e-9))
    return tuple(start * 2**step for step in range(CLASSES))


def classed_image(
    surface: Surface,
    values: NDArray[np.float64],
    breaks: Sequence[float],
    area: StudyArea,
    *,
    coarse: float = 0.0,
    pixel: float = 0.0,
) -> ClassedImage:
    """Return the classes at pixel centres that are evenly spaced in Web Mercator, as a map page draws them.

    Density is interpolated between cell centres before it is classed. An image that is even in the study's metres
    would be shifted by up to hundreds of metres against the lines of a web map.

    Parameters
    ----------
    surface : Surface
    values : ndarray, shape (ny, nx)
        What of it may be shown.
    breaks : sequence of float
        Where each class begins.
    area : StudyArea
    coarse : float
        Metres between the places at which the class is taken; 0 takes it at every pixel. What lies between is drawn
        from these classes alone, so the picture tells no more than they do: the line between two classes, known to a
        few metres, would tell where single events are.
    pixel : float
        Metres of a pixel on the ground; 0 means a third of `coarse`, or half a cell.
    """
    pixels = _pixels(surface.grid, area, pixel or coarse / 3)
    if coarse:
        classes = _between(values, breaks, pixels.at, coarse / surface.grid.cell)
    else:
        smooth = ndimage.map_coordinates(values, pixels.at, order=1, mode="constant", cval=0.0)
        classes = np.digitize(smooth, breaks)
    inside = _nearest(np.isfinite(surface.values), pixels.at)
    return ClassedImage((classes.astype(np.uint8) * inside).reshape(pixels.shape), *pixels.edges)


def _between(
    values: NDArray[np.float64], breaks: Sequence[float], at: NDArray[np.float64], step: float
) -> NDArray[np.int64]:
    """Return classes at places on a grid, drawn from those at nodes `step` cells apart; near a blank node it is blank."""
    rows, columns = (math.ceil(size / step) for size in values.shape)
    nodes = [(np.arange(count) + 0.5) * step - 0.5 for count in (rows, columns)]
    taken = ndimage.map_coordinates(values, np.meshgrid(*nodes, indexing="ij"), order=1, mode="constant", cval=0.0)
    known = np.digitize(taken, breaks)
    where = (at + 0.5) / step - 0.5
    between = ndimage.map_coordinates(known.astype(np.float64), where, order=1, mode="nearest")
    return np.where(_nearest(known, where) == 0, 0, np.floor(between + 0.5)).astype(np.int64)


def _nearest(values: NDArray[np.generic], at: NDArray[np.float64]) -> NDArray[Any]:
    """Return the values at the nearest cells; outside, those of the edge."""
    down, across = (
        np.clip(np.rint(one).astype(np.intp), 0, size - 1) for one, size in zip(at, values.shape, strict=True)
    )
    found: NDArray[Any] = values[down, across]
    return found


def change_image(change: ChangeSurface, area: StudyArea, k: int) -> ClassedImage:
    """Return a change surface in five classes: chance (grey), half or fewer, fewer, more, twice or more.

    Blank where fewer than `k` events, or `k` places, lie within the bandwidth, so that every class rests on at least
    as many.
    """
    cells = np.where((change.support >= k) & (change.places >= k), change_classes(change), 0)
    return cells_image(change.grid, cells, area, ClassScheme.CHANGE)


def cells_image(grid: Grid, classes: NDArray[np.integer[Any]], area: StudyArea, scheme: ClassScheme) -> ClassedImage:
    """Return the classes of cells, shape (ny, nx), as a picture: 0 is blank; `scheme` says what the others mean."""
    pixels = _pixels(grid, area)
    found = ndimage.map_coordinates(classes.astype(np.uint8), pixels.at, order=0, mode="constant")
    return ClassedImage(found.reshape(pixels.shape), *pixels.edges, scheme=scheme)


def change_classes(change: ChangeSurface) -> NDArray[np.uint8]:
    """Return the class of every cell, shape (ny, nx): 1 where chance explains it, 2 to 5 from fewer to more, else 0."""
    steps = np.digitize(np.nan_to_num(change.log_ratio), [-math.log(2), 0, math.log(2)]) + 2
    known = np.isfinite(change.p)
    return np.where(known, np.where(change.beyond_chance, steps, 1), 0).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class _Pixels:
    """Where the pixels of a picture lie on a grid: fractions of rows and columns, and the picture's edges in degrees."""

    at: NDArray[np.float64]
    shape: tuple[int, int]
    edges: tuple[float, float, float, float]


def _pixels(grid: Grid, area: StudyArea, size: float = 0.0) -> _Pixels:
    west, south, east, north = _mercator_bounds(area)
    ground = math.cos(math.radians(_to_lonlat(west, (south + north) / 2)[1]))
    pixel = max((size or grid.cell / 2) / ground, max(east - west, north - south) / _MAX_PIXELS)
    columns, rows = math.ceil((east - west) / pixel), math.ceil((north - south) / pixel)
    x, y = _projected(west, north, pixel, (rows, columns), area.crs)
    edge_west, edge_north = _to_lonlat(west, north)
    edge_east, edge_south = _to_lonlat(west + columns * pixel, north - rows * pixel)
    at = np.array([(y - grid.y0) / grid.cell - 0.5, (x - grid.x0) / grid.cell - 0.5])
    return _Pixels(at, (rows, columns), (edge_west, edge_south, edge_east, edge_north))


def _projected(
    west: float, north: float, pixel: float, shape: tuple[int, int], crs: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the metres of pixel centres, row by row.

    Every 16th is projected, and the rest lie on straight lines between them: projections of a city are smooth, so that
    is right to a few centimetres, and far quicker.
    """
    knots = [np.arange(0, size - 1 + _KNOT, _KNOT, dtype=np.float64) for size in shape]
    down, across = np.meshgrid(*knots, indexing="ij")
    found = _crs.transform(
        west + (across.ravel() + 0.5) * pixel, north - (down.ravel() + 0.5) * pixel, source=_crs.MERCATOR, target=crs
    )
    # Two knots weigh on each pixel, along rows and along columns; all other weights are zero.
    weigh = [
        np.maximum(0.0, 1 - np.abs(np.arange(size)[:, None] - one) / _KNOT)
        for size, one in zip(shape, knots, strict=True)
    ]
    x, y = ((weigh[0] @ one.reshape(down.shape) @ weigh[1].T).ravel() for one in found)
    return x, y


def _mercator_bounds(area: StudyArea) -> tuple[float, float, float, float]:
    outline = shapely.get_coordinates(area.boundary)
    x, y = _crs.transform(outline[:, 0], outline[:, 1], source=area.crs, target=_crs.MERCATOR)
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())


def _to_lonlat(x: float, y: float) -> tuple[float, float]:
    longitude, latitude = _crs.transform([x], [y], source=_crs.MERCATOR, target=_crs.LONLAT)
    return float(longitude[0]), float(latitude[0])
