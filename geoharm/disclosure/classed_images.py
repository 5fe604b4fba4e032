"""Turns surfaces into images in a few classes: the only form in which density is released."""

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
_KNOT_SPACING = 16


def class_breaks(highest: float) -> tuple[float, ...]:
    """Return the starts of six classes; each is twice the one before, and the first is a round number.

    The highest value lies in the last class.

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
    """Return a density surface as an image in classes, with pixels evenly spaced in Web Mercator.

    Density is interpolated between cell centres before it is classed. Pixels follow Web Mercator because web maps do: an
    image that is even in the study's metres would be shifted by up to hundreds of metres.

    Parameters
    ----------
    surface : Surface
    values : ndarray, shape (ny, nx)
        The densities that may be shown.
    breaks : sequence of float
        Where each class begins.
    area : StudyArea
    coarse : float
        Metres between the nodes at which the class is computed; 0 computes it at every pixel. Everything between nodes
        is drawn from their classes alone, so the image holds no more information than they do. A boundary between two
        classes that is known to a few metres would reveal where single events are.
    pixel : float
        Metres of a pixel on the ground; 0 means a third of `coarse`, or half a cell.
    """
    pixels = _pixels(surface.grid, area, pixel or coarse / 3)
    if coarse:
        classes = _classes_from_nodes(values, breaks, pixels.at, coarse / surface.grid.cell)
    else:
        densities = ndimage.map_coordinates(values, pixels.at, order=1, mode="constant", cval=0.0)
        classes = np.digitize(densities, breaks)
    inside = _nearest(np.isfinite(surface.values), pixels.at)
    return ClassedImage((classes.astype(np.uint8) * inside).reshape(pixels.shape), *pixels.edges)


def _classes_from_nodes(
    values: NDArray[np.float64], breaks: Sequence[float], at: NDArray[np.float64], step: float
) -> NDArray[np.int64]:
    """Return classes at places, drawn from nodes `step` cells apart; blank where the nearest node is blank."""
    rows, columns = (math.ceil(size / step) for size in values.shape)
    nodes = [(np.arange(count) + 0.5) * step - 0.5 for count in (rows, columns)]
    densities = ndimage.map_coordinates(values, np.meshgrid(*nodes, indexing="ij"), order=1, mode="constant", cval=0.0)
    node_classes = np.digitize(densities, breaks)
    positions = (at + 0.5) / step - 0.5
    interpolated = ndimage.map_coordinates(node_classes.astype(np.float64), positions, order=1, mode="nearest")
    return np.where(_nearest(node_classes, positions) == 0, 0, np.floor(interpolated + 0.5)).astype(np.int64)


def _nearest(values: NDArray[np.generic], at: NDArray[np.float64]) -> NDArray[Any]:
    """Return the values of the nearest cells; places outside the grid get the value of its edge."""
    down, across = (
        np.clip(np.rint(positions).astype(np.intp), 0, size - 1)
        for positions, size in zip(at, values.shape, strict=True)
    )
    nearest_values: NDArray[Any] = values[down, across]
    return nearest_values


def change_image(change: ChangeSurface, area: StudyArea, k: int) -> ClassedImage:
    """Return a change surface as an image in five classes: chance (grey), half or fewer, fewer, more, twice or more.

    Cells are blank where fewer than `k` events, or `k` places, lie within the bandwidth. So every drawn class rests on
    at least as many.
    """
    cells = np.where((change.support >= k) & (change.places >= k), change_classes(change), 0)
    return cells_image(change.grid, cells, area, ClassScheme.CHANGE)


def cells_image(grid: Grid, classes: NDArray[np.integer[Any]], area: StudyArea, scheme: ClassScheme) -> ClassedImage:
    """Return the classes of cells as an image.

    Parameters
    ----------
    grid : Grid
    classes : ndarray of int, shape (ny, nx)
        0 is blank.
    area : StudyArea
    scheme : ClassScheme
        What the other classes mean.
    """
    pixels = _pixels(grid, area)
    pixel_classes = ndimage.map_coordinates(classes.astype(np.uint8), pixels.at, order=0, mode="constant")
    return ClassedImage(pixel_classes.reshape(pixels.shape), *pixels.edges, scheme=scheme)


def change_classes(change: ChangeSurface) -> NDArray[np.uint8]:
    """Return the class of every cell, shape (ny, nx).

    1 where chance can explain the change, 2 to 5 from half or fewer to twice or more, 0 where nothing is known.
    """
    steps = np.digitize(np.nan_to_num(change.log_ratio), [-math.log(2), 0, math.log(2)]) + 2
    known = np.isfinite(change.p)
    return np.where(known, np.where(change.flagged, steps, 1), 0).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class _Pixels:
    """Pixel centres as fractions of a grid's rows and columns, the image's shape, and its edges in degrees."""

    at: NDArray[np.float64]
    shape: tuple[int, int]
    edges: tuple[float, float, float, float]


def _pixels(grid: Grid, area: StudyArea, size: float = 0.0) -> _Pixels:
    west, south, east, north = _mercator_bounds(area)
    ground_scale = math.cos(math.radians(_to_lonlat(west, (south + north) / 2)[1]))
    pixel = max((size or grid.cell / 2) / ground_scale, max(east - west, north - south) / _MAX_PIXELS)
    columns, rows = math.ceil((east - west) / pixel), math.ceil((north - south) / pixel)
    x, y = _projected(west, north, pixel, (rows, columns), area.crs)
    edge_west, edge_north = _to_lonlat(west, north)
    edge_east, edge_south = _to_lonlat(west + columns * pixel, north - rows * pixel)
    at = np.array([(y - grid.y0) / grid.cell - 0.5, (x - grid.x0) / grid.cell - 0.5])
    return _Pixels(at, (rows, columns), (edge_west, edge_south, edge_east, edge_north))


def _projected(
    west: float, north: float, pixel: float, shape: tuple[int, int], crs: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the coordinates of pixel centres in metres, row by row.

    Every 16th centre is projected; the others are interpolated linearly between them. Projections of a city are smooth,
    so the error is a few centimetres, and it is much faster.
    """
    knots = [np.arange(0, size - 1 + _KNOT_SPACING, _KNOT_SPACING, dtype=np.float64) for size in shape]
    down, across = np.meshgrid(*knots, indexing="ij")
    projected = _crs.transform(
        west + (across.ravel() + 0.5) * pixel, north - (down.ravel() + 0.5) * pixel, source=_crs.MERCATOR, target=crs
    )
    # Along rows and along columns, each pixel lies between two knots; all other weights are zero.
    weights = [
        np.maximum(0.0, 1 - np.abs(np.arange(size)[:, None] - positions) / _KNOT_SPACING)
        for size, positions in zip(shape, knots, strict=True)
    ]
    x, y = ((weights[0] @ coordinates.reshape(down.shape) @ weights[1].T).ravel() for coordinates in projected)
    return x, y


def _mercator_bounds(area: StudyArea) -> tuple[float, float, float, float]:
    outline = shapely.get_coordinates(area.boundary)
    x, y = _crs.transform(outline[:, 0], outline[:, 1], source=area.crs, target=_crs.MERCATOR)
    return float(x.min()), float(y.min()), float(x.max()), float(y.max())


def _to_lonlat(x: float, y: float) -> tuple[float, float]:
    longitude, latitude = _crs.transform([x], [y], source=_crs.MERCATOR, target=_crs.LONLAT)
    return float(longitude[0]), float(latitude[0])
