"""How often outlines cross, estimated before they are repaired, joined or cut: that work grows with the crossings.

Two combs of 5,000 teeth each, laid across each other, have 100 million crossings.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoharm import _limits
from geoharm.geo.outlines import ShapeFault

_MOST_SAMPLED, _LEAST_SAMPLED = 200, 20
# Segments compared with all others: sampled times all.
_MOST_COMPARED = 20_000_000
# Of the segments near one, so many are tested.
_MOST_NEAR = 50_000
_GOLDEN = (5**0.5 - 1) / 2

Floats = NDArray[np.float64]


def check_crossings(shapes: Sequence[BaseGeometry | None]) -> None:
    """Refuse shapes whose outlines cross themselves or each other so often that working with them would not end.

    Outlines with many points may cross once for each point more, as borders do that were digitised twice.

    Parameters
    ----------
    shapes : sequence of shapely geometry
        Lines and points are left out.

    Raises
    ------
    ShapeFault
        If there are more crossings than `geoharm._limits.CROSSINGS`.
    """
    polygons = [part for shape in shapes if shape is not None for part in _polygons(shape)]
    starts, ends = _segments(polygons)
    crossings = estimated_crossings(starts, ends)
    if crossings > _limits.CROSSINGS.most + len(starts):
        count = float(f"{crossings:.1g}")
        crossing = "its outline crosses itself" if len(polygons) == 1 else "the outlines cross themselves or each other"
        msg = f"{crossing} about {count:,.0f} times; {_limits.CROSSINGS.way_out if len(polygons) > 1 else 'draw it again'}"
        raise ShapeFault(msg)


def estimated_crossings(starts: Floats, ends: Floats) -> float:
    """Return about how many pairs of segments cross, from some of the segments.

    The segments are drawn once evenly and once in proportion to their lengths (each with the weight of its chance), and
    the larger estimate counts: long segments have most of the crossings unless one of them has most of the length.

    Parameters
    ----------
    starts, ends : ndarray, shape (n, 2)

    Returns
    -------
    float
        Not exact; 0.0 where no segment crosses another.
    """
    count = len(starts)
    if count < 2:
        return 0.0
    low, high = np.minimum(starts, ends), np.maximum(starts, ends)
    sampled = min(max(_MOST_COMPARED // count, _LEAST_SAMPLED), _MOST_SAMPLED, count)
    # Multiples of the golden ratio are spread evenly and fall into step with no pattern that an outline repeats.
    positions = np.arange(1, sampled + 1) * _GOLDEN % 1
    lengths = np.hypot(*(ends - starts).T)
    reached = np.cumsum(lengths)
    if not 0 < reached[-1] < np.inf:
        return 0.0
    estimates = []
    for chosen, chance in (
        ((positions * count).astype(np.int64), np.full(count, 1 / count)),
        (np.minimum(np.searchsorted(reached, positions * reached[-1]), count - 1), lengths / reached[-1]),
    ):
        weights = [
            _crossed(index, starts, ends, low, high) / chance[index] for index in chosen.tolist() if chance[index] > 0
        ]
        estimates.append(sum(weights) / sampled / 2)
    return float(max(estimates))


def _crossed(index: int, starts: Floats, ends: Floats, low: Floats, high: Floats) -> int:
    """Return about how many segments one segment crosses; segments that only touch it do not count."""
    near = np.flatnonzero(
        (high[:, 0] >= low[index, 0])
        & (low[:, 0] <= high[index, 0])
        & (high[:, 1] >= low[index, 1])
        & (low[:, 1] <= high[index, 1])
    )
    step = max(len(near) // _MOST_NEAR, 1)
    near = near[::step]
    start, end = starts[index], ends[index]
    sides = _side(start, end, starts[near]) * _side(start, end, ends[near]) < 0
    others = _side(starts[near], ends[near], start) * _side(starts[near], ends[near], end) < 0
    return step * int(np.count_nonzero(sides & others))


def _side(start: Floats, end: Floats, point: Floats) -> Floats:
    """Return on which side of a line a point lies: the sign of a cross product."""
    run, offset = end - start, point - start
    return np.sign(run[..., 0] * offset[..., 1] - run[..., 1] * offset[..., 0])


def _segments(polygons: Sequence[BaseGeometry]) -> tuple[Floats, Floats]:
    points, ring = shapely.get_coordinates(shapely.get_rings(polygons), return_index=True)
    same_ring = ring[1:] == ring[:-1]
    return points[:-1][same_ring], points[1:][same_ring]


def _polygons(shape: BaseGeometry) -> list[BaseGeometry]:
    parts = [shape]
    while any(hasattr(part, "geoms") for part in parts):
        parts = [inner for part in parts for inner in (part.geoms if hasattr(part, "geoms") else [part])]
    return [part for part in parts if part.geom_type == "Polygon" and not part.is_empty]
