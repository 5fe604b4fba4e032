"""Events that share their places, as publishers move them to a list of points, become one place each before sums."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geoharm.hotspots.density import numba_loops
from geoharm.model.points import Points

_SAMPLE = 65_536  # fewer events than this are not worth the look
_PARTS = 4  # whatever the number of threads, so that sums do not depend on it
_ROOM = 16_384  # places of a part at first

Columns = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]


def aggregate_places(points: Points) -> Points:
    """Return each place once with its summed weight, where a sample has at least two events a place.

    Otherwise, and where weights are no events, the points are returned as they are. Nothing is rounded: two places are
    the same if both coordinates are equal. Places stand in the order in which they first come within each quarter of the
    events.
    """
    if len(points) < _SAMPLE or points.events is not None:
        return points
    step = len(points) // _SAMPLE
    seen = _merged(points.x[::step], points.y[::step], points.weight[::step], 1)
    if seen is None or 2 * seen[0].size > points.x[::step].size:
        return points
    parts = _merged(points.x, points.y, points.weight, _PARTS)
    together = None if parts is None else _merged(*parts, 1)
    return points if together is None else Points(*together)


def _merged(x: NDArray[np.float64], y: NDArray[np.float64], weight: NDArray[np.float64], parts: int) -> Columns | None:
    """Return the distinct places of every part, one part after another; nothing if they are about as many as events."""
    given = tuple(np.ascontiguousarray(values) for values in (x, y, weight))
    edges = [x.size * part // parts for part in range(parts + 1)]
    room = _ROOM
    while True:
        places = np.empty((parts, 3, room))
        slots = np.full((parts, 2 * room), -1, dtype=np.int32)
        held = np.empty(parts, dtype=np.int64)
        _merge_parts(given, edges, slots, places, held)
        if (held >= 0).all():
            x, y, weight = (
                np.concatenate([one[column, :n] for one, n in zip(places, held, strict=True)]) for column in range(3)
            )
            return x, y, weight
        if room * parts > x.size:
            return None
        room *= 8


def _merge_parts(
    given: tuple[NDArray[np.float64], ...], edges: list[int], slots: NDArray[np.int32], places: NDArray[np.float64],
    held: NDArray[np.int64],
) -> None:  # fmt: skip
    x, y, weight = given

    def merge(part: int) -> None:
        at_x, at_y, total = places[part]
        held[part] = numba_loops.merge_places(
            x, y, weight, edges[part], edges[part + 1], slots[part], at_x, at_y, total
        )

    numba_loops.run_in_threads(merge, range(held.size))
