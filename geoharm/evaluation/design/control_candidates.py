"""Candidate control areas: squares of the target's size in the control area, with their counts."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geoharm.model.counts import ZoneCounts
from geoharm.model.design import Design
from geoharm.model.geometry import Zone, ZoneRole
from geoharm.model.period import Period
from geoharm.model.points import DatedPoints

_MIN_SHARE_INSIDE = 0.99
_MAX_CANDIDATES = 400


@dataclass(frozen=True, slots=True)
class ControlCandidates:
    """Areas that could serve as control, with the counts of one measure in them.

    Attributes
    ----------
    zones : tuple of Zone
        Disjoint areas, each about as large as the target area.
    counts : ZoneCounts
        One row per zone, named as the zone. The coverage is that of the measure's source.
    """

    zones: tuple[Zone, ...]
    counts: ZoneCounts


@dataclass(frozen=True, slots=True)
class SquareGrid:
    """Squares on a regular grid around the target area.

    Attributes
    ----------
    zones : tuple of Zone
        The squares that lie in the control area. Each is named by the offset of its centre from the target's centre.
    side : float
        Side of a square, in metres.
    origin : (x, y)
        South-western corner of the square (0, 0), in metres.
    row, column : ndarray of int, shape (len(zones),)
        Position of each square on the grid.
    """

    zones: tuple[Zone, ...]
    side: float
    origin: tuple[float, float]
    row: NDArray[np.int64]
    column: NDArray[np.int64]


def candidate_squares(design: Design) -> SquareGrid:
    """Return squares of the target's size with at least 99% of their area in the control area.

    Notes
    -----
    The grid is centred on the target's centroid, so the position of the squares is not a free choice. If more than 400
    squares fit, the 400 nearest to the target are kept, because nearby areas are exposed to more of the same influences.
    """
    target = design.of_role(ZoneRole.TARGET)[0].geometry
    control = design.control_area
    side = math.sqrt(target.area)
    centroid = target.centroid
    west, south, east, north = control.bounds
    columns = np.arange(math.floor((west - centroid.x) / side), math.ceil((east - centroid.x) / side) + 1)
    rows = np.arange(math.floor((south - centroid.y) / side), math.ceil((north - centroid.y) / side) + 1)
    column, row = (grid.ravel() for grid in np.meshgrid(columns, rows))
    origin = (centroid.x - side / 2, centroid.y - side / 2)
    x, y = origin[0] + column * side, origin[1] + row * side
    boxes = shapely.box(x, y, x + side, y + side)
    shapely.prepare(control)
    covered = shapely.covers(control, boxes)
    # Cutting costs most where many operations leave holes in the control area; most squares need none.
    cut = np.flatnonzero(shapely.intersects(control, boxes) & ~covered)
    covered[cut] = shapely.area(shapely.intersection(boxes[cut], control)) >= _MIN_SHARE_INSIDE * side**2
    inside_squares = np.flatnonzero(covered)
    nearest = inside_squares[
        np.lexsort((column[inside_squares], row[inside_squares], np.hypot(row[inside_squares], column[inside_squares])))
    ][:_MAX_CANDIDATES]
    zones = tuple(
        Zone(_offset_name(float(column[square] * side), float(row[square] * side)), ZoneRole.CONTROL, boxes[square])
        for square in nearest
    )
    return SquareGrid(zones, side, origin, row[nearest].astype(np.int64), column[nearest].astype(np.int64))


def square_of(tiles: SquareGrid, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the position in `tiles.zones` of the square that contains each point; -1 outside all squares.

    The coordinates `x` and `y` have shape (n,) and are in metres.
    """
    position_of = {
        cell: position for position, cell in enumerate(zip(tiles.row.tolist(), tiles.column.tolist(), strict=True))
    }
    row = np.floor((y - tiles.origin[1]) / tiles.side).astype(np.int64)
    column = np.floor((x - tiles.origin[0]) / tiles.side).astype(np.int64)
    return np.array(
        [position_of.get(cell, -1) for cell in zip(row.tolist(), column.tolist(), strict=True)], dtype=np.int64
    )


def candidate_counts(tiles: SquareGrid, points: DatedPoints, like: ZoneCounts) -> ControlCandidates:
    """Return the candidate areas with a measure's counts by date.

    Parameters
    ----------
    tiles : SquareGrid
    points : DatedPoints
        All located events of the measure.
    like : ZoneCounts
        Counts of the same measure. Its coverage, missing months and precision are copied.
    """
    square = square_of(tiles, points.x, points.y)
    dates, date_index = np.unique(points.day.astype("datetime64[D]"), return_inverse=True)
    table = np.zeros((len(tiles.zones), dates.size), dtype=np.int64)
    is_inside = square >= 0
    np.add.at(table, (square[is_inside], date_index.reshape(-1)[is_inside]), points.weight[is_inside].astype(np.int64))
    names = tuple(zone.name for zone in tiles.zones)
    counts = ZoneCounts(like.measure, names, dates, table, like.by_month, like.coverage, like.missing_months)
    return ControlCandidates(tiles.zones, counts)


def counts_in_period(candidates: ControlCandidates, period: Period) -> NDArray[np.int64]:
    """Return the count of every candidate area in a period, shape (n,)."""
    dates = candidates.counts.dates
    in_period = (dates >= np.datetime64(period.start)) & (dates < np.datetime64(period.end))
    return np.asarray(candidates.counts.counts[:, in_period].sum(axis=1), dtype=np.int64)


def _offset_name(east: float, north: float) -> str:
    """Return the offset of a square as text, for example "1,200 m east, 600 m north".

    Examples
    --------
    >>> _offset_name(1200.0, -600.2)
    '1,200 m east, 600 m south'
    """
    parts = [
        f"{abs(round(distance)):,} m {directions[distance < 0]}"
        for distance, directions in ((east, ("east", "west")), (north, ("north", "south")))
        if round(distance)
    ]
    return ", ".join(parts) or "the target's own"
