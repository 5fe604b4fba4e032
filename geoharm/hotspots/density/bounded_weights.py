"""Bounded weights for publication: no place weighs more than all places around it together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from geoharm._compiled import compiled
from geoharm.hotspots.density.edge_correction import kernel_code
from geoharm.hotspots.density.kernels import kernel_reach
from geoharm.hotspots.density.numba_loops import kernel_at
from geoharm.model.points import Points


def bounded_weights(points: Points, *, kernel: str, bandwidth: float) -> Points:
    r"""Return the places with weights that are limited by the weights around them, for publication.

    A find of 500 needles among finds of a few would be visible on any map, and its size could be read from it. Here its
    weight is limited to that of the finds around it together. A find of 5,000 in its place gives exactly the same map.

    Parameters
    ----------
    points : Points
        Places with weights and numbers of events.
    kernel : str
        One of `KERNELS`, which determines how much a place contributes at another.
    bandwidth : float
        Of the density surface, in metres.

    Returns
    -------
    Points
        The same places and events; no weight is larger than before.

    Notes
    -----
    With weights :math:`w`, events :math:`n`, the kernel k over its value at 0, and the median m of weight per event
    over all places, which is always allowed:

    .. math:: w_i' = \min\Big(w_i,\ \max\Big(n_i m,\ \sum_{j \ne i} \min(w_i, w_j)\, k(d_{ij})\Big)\Big)

    Only the smaller of two weights is used, so a weight that is larger than all others around it has no influence.
    This is a dominance rule, as statistical offices use for tables: Hundepool et al. (2012), Statistical Disclosure
    Control, chapter 4, https://doi.org/10.1002/9781118348239.
    """
    events = points.with_event_weights.weight
    always_allowed = np.zeros(len(points))
    if (has_events := events > 0).any():
        always_allowed = events * float(np.median(points.weight[has_events] / events[has_events]))
    checked = np.flatnonzero(points.weight > always_allowed)
    if not checked.size:
        return points
    # Squares are as wide as the reach of the kernel, so all places within reach lie in the same or an adjacent square.
    reach = kernel_reach(kernel, bandwidth)
    places = np.column_stack([points.x, points.y, points.weight])
    squares = np.floor((places[:, :2] - places[:, :2].min(axis=0)) / reach).astype(np.int64)
    width = int(squares[:, 0].max()) + 1
    square_number = squares[:, 1] * width + squares[:, 0]
    order = np.argsort(square_number, kind="stable")
    first_place = np.searchsorted(square_number[order], np.arange((squares[:, 1].max() + 1) * width + 1))
    weight_around = _weight_around(
        places, squares, (order, first_place, width), checked, (bandwidth, reach, kernel_code(kernel))
    )
    bounded = np.minimum(points.weight, np.maximum(always_allowed, weight_around))
    return replace(points, weight=np.where(points.weight > always_allowed, bounded, points.weight))


@compiled(nogil=True)
def _weight_around(places, squares, sorted_places, checked, kernel_settings):  # type: ignore[no-untyped-def]
    """Return the kernel-weighted sum of all other weights at each checked place, and 0 at other places.

    No weight counts more than that of the place itself.
    """
    order, first_place, width = sorted_places
    bandwidth, reach, code = kernel_settings
    rows = (first_place.size - 1) // width
    weight_around = np.zeros(places.shape[0])
    for i in checked:
        column, row = squares[i]
        for r in range(max(0, row - 1), min(rows, row + 2)):
            first, last = r * width + max(0, column - 1), r * width + min(width, column + 2)
            for p in range(first_place[first], first_place[last]):
                j = order[p]
                squared = (places[i, 0] - places[j, 0]) ** 2 + (places[i, 1] - places[j, 1]) ** 2
                if j != i and squared < reach**2:
                    weight_around[i] += min(places[i, 2], places[j, 2]) * kernel_at(squared / bandwidth**2, code)
    return weight_around
