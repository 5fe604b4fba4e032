"""Default geocodes among points without addresses: the rule by share of `geoharm.ingest.geocoding`, for arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geoharm.ingest.geocoding.default_geocodes import (
    BUSY_SHARE,
    MIN_POINTS,
    MIN_ROWS,
    MIN_SHARE,
    SAME_POINT_WITHIN,
    TIMES_ORDINARY,
)


def default_geocode_rows(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which events lie on a point that holds an implausible share of all, where a geocoder puts what it cannot find.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        Metres; NaN for an event without a place, which lies on no point.

    Returns
    -------
    ndarray of bool, shape (n,)

    Notes
    -----
    A point is one by the rule of `geoharm.ingest.geocoding.default_geocodes.find_default_geocodes` without address texts:
    at least 30 events and 5 % of all, ten times the busiest point below 5 %, among at least 20 points. Busy points within
    3 m of a busier one count as that point.
    """
    placed = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    found = np.zeros(x.size, dtype=np.bool_)
    if not placed.size:
        return found
    points, at, rows = np.unique(
        np.column_stack([x[placed], y[placed]]), axis=0, return_inverse=True, return_counts=True
    )
    group = _joined(points, rows)
    sizes = np.zeros(len(points), dtype=np.int64)
    np.add.at(sizes, group, rows)
    groups = np.unique(group)
    total = int(rows.sum())
    ordinary = sizes[groups][sizes[groups] < MIN_SHARE * total].max(initial=0)
    is_default = (sizes >= MIN_SHARE * total) & (sizes >= MIN_ROWS) & (sizes >= TIMES_ORDINARY * ordinary)
    if groups.size >= MIN_POINTS:
        found[placed] = is_default[group][at.ravel()]
    return found


def _joined(points: NDArray[np.float64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each point the point that it counts as: a busier one within 3 m, if it is busy itself."""
    group = np.arange(len(points))
    busy = np.flatnonzero(rows >= max(MIN_ROWS / 2, BUSY_SHARE * rows.sum()))
    busy = busy[np.lexsort((points[busy, 1], points[busy, 0], -rows[busy]))]
    counts_as = np.arange(busy.size)
    for busier, less_busy in sorted(cKDTree(points[busy]).query_pairs(SAME_POINT_WITHIN)) if busy.size else ():
        if counts_as[busier] == busier and counts_as[less_busy] == less_busy:
            counts_as[less_busy] = busier
    group[busy] = busy[counts_as]
    return group
