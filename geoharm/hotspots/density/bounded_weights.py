"""Weights that tell nothing of a single event: no place weighs more than all places around it together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numba import njit

from geoharm.hotspots.density.edge_correction import kernel_code
from geoharm.hotspots.density.kernels import kernel_reach
from geoharm.hotspots.density.numba_loops import height_at
from geoharm.model.points import Points


def bounded_weights(points: Points, *, kernel: str, bandwidth: float) -> Points:
    r"""Return the places with weights that are bounded by those around them, for what is published.

    A find of 500 needles among finds of few would stand out in any picture, and its size could be read from it. Here it
    weighs as much as the finds around it together; one of 5,000 in its place gives the same numbers to the last digit.

    Parameters
    ----------
    points : Points
    kernel : str
        One of `KERNELS`: by how much a place counts at another.
    bandwidth : float
        Metres; of the density that is drawn.

    Returns
    -------
    Points
        The same places and events; no weight is larger than it was.

    Notes
    -----
    With weights :math:`w`, events :math:`n`, the kernel k over its height at 0, and the median m of weight per event
    over all places, which an ordinary place may always weigh:

    .. math:: w_i' = \min\Big(w_i,\ \max\Big(n_i m,\ \sum_{j \ne i} \min(w_i, w_j)\, k(d_{ij})\Big)\Big)

    Only the lesser of two weights enters, so that a weight that is larger than all others around it changes nothing.
    It is a rule of dominance, as statistical offices use for tables: Hundepool et al. (2012), Statistical Disclosure
    Control, chapter 4, https://doi.org/10.1002/9781118348239.
    """
    events = points.counted.weight
    ordinary = np.zeros(len(points))
    if (some := events > 0).any():
        ordinary = events * float(np.median(points.weight[some] / events[some]))
    asked = np.flatnonzero(points.weight > ordinary)
    if not asked.size:
        return points
    # In squares as wide as the kernel reaches, all that a place can feel lies in its own and the eight around it.
    reach = kernel_reach(kernel, bandwidth)
    places = np.column_stack([points.x, points.y, points.weight])
    squares = np.floor((places[:, :2] - places[:, :2].min(axis=0)) / reach).astype(np.int64)
    width = int(squares[:, 0].max()) + 1
    number = squares[:, 1] * width + squares[:, 0]
    order = np.argsort(number, kind="stable")
    start = np.searchsorted(number[order], np.arange((squares[:, 1].max() + 1) * width + 1))
    around = _weight_around(places, squares, (order, start, width), asked, (bandwidth, reach, kernel_code(kernel)))
    bounded = np.minimum(points.weight, np.maximum(ordinary, around))
    return replace(points, weight=np.where(points.weight > ordinary, bounded, points.weight))


@njit(cache=True, nogil=True)
def _weight_around(places, squares, listed, asked, how):  # type: ignore[no-untyped-def]
    """Return what all others weigh at each place that is asked about, each no more than the place itself; else 0."""
    order, start, width = listed
    bandwidth, reach, power = how
    rows = (start.size - 1) // width
    around = np.zeros(places.shape[0])
    for i in asked:
        column, row = squares[i]
        for r in range(max(0, row - 1), min(rows, row + 2)):
            first, last = r * width + max(0, column - 1), r * width + min(width, column + 2)
            for p in range(start[first], start[last]):
                j = order[p]
                squared = (places[i, 0] - places[j, 0]) ** 2 + (places[i, 1] - places[j, 1]) ** 2
                if j != i and squared < reach**2:
                    around[i] += min(places[i, 2], places[j, 2]) * height_at(squared / bandwidth**2, power)
    return around
