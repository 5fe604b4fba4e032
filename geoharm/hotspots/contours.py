"""Hotspots as percent-volume contours: the smallest area with a stated share of the total density.

Esri, Volume Percentile Contours; https://pro.arcgis.com/en/pro-app/latest/tool-reference/crime-analysis/
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.features import shapes
from rasterio.transform import Affine
from scipy import ndimage

from geoharm.errors import DesignError
from geoharm.hotspots.results.surface import Surface
from geoharm.model.hotspot import Hotspot
from geoharm.model.points import Points


def percent_volume_threshold(values: NDArray[np.float64], share: float) -> float:
    """Return the density threshold above which the cells together have `share` of the total density.

    Cells are ranked by density, and their values are added up from the highest until the share is reached. The value
    of the last cell added is the threshold. All cells at or above it belong to the hotspots, ties included, so their
    share of the density is at least `share`.

    Parameters
    ----------
    values : ndarray
        Densities, zero or more; NaN cells are left out.
    share : float
        Above 0, at most 1.

    Returns
    -------
    float
        In the unit of `values`.

    Raises
    ------
    DesignError
        If the share is out of range or no value is above 0.

    Examples
    --------
    >>> percent_volume_threshold(np.array([4.0, 3.0, 2.0, 1.0]), 0.5)
    3.0
    """
    if not 0 < share <= 1:
        msg = f"The share of a hotspot contour lies above 0 and at most 1; {share!r} was given."
        raise DesignError(msg)
    ranked = np.sort(values[np.isfinite(values) & (values > 0)])[::-1]
    if ranked.size == 0:
        msg = "There are no located events in this window, so no hotspots can be drawn."
        raise DesignError(msg)
    cumulative = np.cumsum(ranked)
    # With a small tolerance, so that rounding in the sum does not decide whether the last cell is needed.
    cut = int(np.searchsorted(cumulative, share * cumulative[-1] * (1 - 1e-12)))
    return float(ranked[min(cut, ranked.size - 1)])


def find_hotspots(surface: Surface, points: Points, *, share: float) -> tuple[Hotspot, ...]:
    """Return the hotspots of a surface, ranked by their number of events.

    Parameters
    ----------
    surface : Surface
        From which the hotspots are drawn.
    points : Points
        The events from which the surface was computed. The events of a hotspot are those in its cells, without weights.
    share : float
        Share of the total density in all hotspots together.

    Returns
    -------
    tuple of Hotspot
        Cells that share an edge belong to one hotspot. Hotspots with equal numbers of events are ranked by density,
        then from the south-west.
    """
    points = points.with_event_weights.merged()
    threshold = percent_volume_threshold(surface.values, share)
    hot = np.nan_to_num(surface.values, nan=-1.0) >= threshold
    labels, count = ndimage.label(hot)
    grid = surface.grid
    cell = grid.cell_of(points.x, points.y)
    on_grid = cell >= 0
    label_of = labels.ravel()[cell[on_grid]]
    events = np.bincount(label_of, weights=points.weight[on_grid], minlength=count + 1)
    places = np.bincount(label_of, minlength=count + 1)
    means = ndimage.mean(surface.values, labels, np.arange(1, count + 1))
    outlines = _outlines(labels, Affine(grid.cell, 0, grid.x0, 0, grid.cell, grid.y0))
    order = sorted(range(1, count + 1), key=lambda label: (-events[label], -means[label - 1], label))
    return tuple(
        Hotspot(
            rank=rank,
            geometry=outlines[label],
            events=round(events[label]),
            places=int(places[label]),
            share=float(events[label] / points.total),
            density=float(means[label - 1]),
        )
        for rank, label in enumerate(order, start=1)
    )


def _outlines(labels: NDArray[np.int32], transform: Affine) -> dict[int, shapely.Geometry]:
    polygons_of_label: dict[int, list[shapely.Geometry]] = {}
    for outline, label in shapes(labels.astype(np.int32), mask=labels > 0, connectivity=4, transform=transform):
        polygons_of_label.setdefault(int(label), []).append(shapely.geometry.shape(outline))
    return {label: shapely.union_all(polygons) for label, polygons in polygons_of_label.items()}
