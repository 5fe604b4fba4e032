"""Aggregation of events by place: events with the same coordinates become one place with their summed weight."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geoharm.hotspots.density import numba_loops
from geoharm.model.points import Points

_SAMPLE_SIZE = 65_536  # fewer events than this are not aggregated
_PARTS = 4  # fixed, so that sums do not depend on the number of threads
_FIRST_CAPACITY = 16_384  # number of places of a part for which memory is reserved at first

Columns = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


def aggregate_places(points: Points) -> Points:
    """Return each place once with its summed weight, if a sample has at least two events for each place.

    Publishers often move events to a list of points, so many events can share one place. The points are returned
    unchanged if the sample has fewer events for each place, or if weights do not count events. Nothing is rounded: two
    places are the same if both coordinates are equal. Places are in the order of their first event within each quarter
    of the events.
    """
    if len(points) < _SAMPLE_SIZE or points.events is not None:
        return points
    step = len(points) // _SAMPLE_SIZE
    sample = _merge_places(points.x[::step], points.y[::step], points.weight[::step], 1)
    if sample is None or 2 * sample[0].size > points.x[::step].size:
        return points
    parts = _merge_places(points.x, points.y, points.weight, _PARTS)
    merged = None if parts is None else _merge_places(*parts, 1)
    return points if merged is None else Points(*merged)


def _merge_places(
    x: NDArray[np.float64], y: NDArray[np.float64], weight: NDArray[np.float64], parts: int
) -> Columns | None:
    """Return the distinct places of each part of the events, or None if there are about as many places as events."""
    columns = tuple(np.ascontiguousarray(values) for values in (x, y, weight))
    limits = [x.size * part // parts for part in range(parts + 1)]
    capacity = _FIRST_CAPACITY
    while True:
        places = np.empty((parts, 3, capacity))
        slots = np.full((parts, 2 * capacity), -1, dtype=np.int32)
        place_counts = np.empty(parts, dtype=np.int64)
        _merge_parts(columns, limits, slots, places, place_counts)
        if (place_counts >= 0).all():
            x, y, weight = (
                np.concatenate(
                    [part_places[column, :count] for part_places, count in zip(places, place_counts, strict=True)]
                )
                for column in range(3)
            )
            return x, y, weight
        if capacity * parts > x.size:
            return None
        capacity *= 8


def _merge_parts(
    columns: tuple[NDArray[np.float64], ...], limits: list[int], slots: NDArray[np.int32], places: NDArray[np.float64],
    place_counts: NDArray[np.int64],
) -> None:  # fmt: skip
    x, y, weight = columns

    def merge(part: int) -> None:
        place_x, place_y, place_weight = places[part]
        place_counts[part] = numba_loops.merge_places(
            x, y, weight, limits[part], limits[part + 1], slots[part], place_x, place_y, place_weight
        )

    numba_loops.run_in_threads(merge, range(place_counts.size))
