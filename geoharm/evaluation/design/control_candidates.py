"""Candidate controls: squares as large as the target, all over the control area, and what was counted in them."""

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

_INSIDE = 0.99
_MOST = 400


@dataclass(frozen=True, slots=True)
class ControlCandidates:
    """Areas that could serve as control, and a measure's counts in them.

    Attributes
    ----------
    zones : tuple of Zone
        Disjoint, and of like size as the target.
    counts : ZoneCounts
        Rows named as the zones; the coverage of the measure's source.
    """

    zones: tuple[Zone, ...]
    counts: ZoneCounts


@dataclass(frozen=True, slots=True)
class SquareGrid:
    """Squares on one grid around the target.

    Attributes
    ----------
    zones : tuple of Zone
        Those that lie in the control area; named by how far their middle is from the target's.
    side : float
        Metres.
    origin : (x, y)
        South-western corner of the square (0, 0), in metres.
    row, column : ndarray of int, shape (len(zones),)
    """

    zones: tuple[Zone, ...]
    side: float
    origin: tuple[float, float]
    row: NDArray[np.int64]
    column: NDArray[np.int64]


def candidate_squares(design: Design) -> SquareGrid:
    """Return squares of the target's size that lie in the control area, each by 99% of its ground or more.

    Notes
    -----
    The target's middle is the middle of one square, so nothing about them is chosen. Where more than 400 fit, the 400
    nearest to the target are taken: near areas share more of what happens.
    """
    target = design.of_role(ZoneRole.TARGET)[0].geometry
    control = shapely.union_all([zone.geometry for zone in design.of_role(ZoneRole.CONTROL)])
    side = math.sqrt(target.area)
    middle = target.centroid
    west, south, east, north = control.bounds
    columns = np.arange(math.floor((west - middle.x) / side), math.ceil((east - middle.x) / side) + 1)
    rows = np.arange(math.floor((south - middle.y) / side), math.ceil((north - middle.y) / side) + 1)
    column, row = (grid.ravel() for grid in np.meshgrid(columns, rows))
    origin = (middle.x - side / 2, middle.y - side / 2)
    x, y = origin[0] + column * side, origin[1] + row * side
    boxes = shapely.box(x, y, x + side, y + side)
    shapely.prepare(control)
    reaching = np.flatnonzero(shapely.intersects(control, boxes))
    inside = shapely.area(shapely.intersection(boxes[reaching], control)) >= _INSIDE * side**2
    kept = reaching[inside]
    near = kept[np.lexsort((column[kept], row[kept], np.hypot(row[kept], column[kept])))][:_MOST]
    zones = tuple(
        Zone(_name(float(column[place] * side), float(row[place] * side)), ZoneRole.CONTROL, boxes[place])
        for place in near
    )
    return SquareGrid(zones, side, origin, row[near].astype(np.int64), column[near].astype(np.int64))


def square_of(tiles: SquareGrid, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the position of the square that holds each place, -1 outside all; arrays of shape (n,), in metres."""
    number = {key: place for place, key in enumerate(zip(tiles.row.tolist(), tiles.column.tolist(), strict=True))}
    row = np.floor((y - tiles.origin[1]) / tiles.side).astype(np.int64)
    column = np.floor((x - tiles.origin[0]) / tiles.side).astype(np.int64)
    return np.array([number.get(key, -1) for key in zip(row.tolist(), column.tolist(), strict=True)], dtype=np.int64)


def candidate_counts(tiles: SquareGrid, points: DatedPoints, like: ZoneCounts) -> ControlCandidates:
    """Return the candidates with a measure's counts by date.

    Parameters
    ----------
    tiles : Tiles
    points : DatedPoints
        All located events of the measure.
    like : ZoneCounts
        Of the same measure: its coverage, missing months and precision hold here too.
    """
    place = square_of(tiles, points.x, points.y)
    dates, day = np.unique(points.day.astype("datetime64[D]"), return_inverse=True)
    table = np.zeros((len(tiles.zones), dates.size), dtype=np.int64)
    inside = place >= 0
    np.add.at(table, (place[inside], day.reshape(-1)[inside]), points.weight[inside].astype(np.int64))
    names = tuple(zone.name for zone in tiles.zones)
    counts = ZoneCounts(like.measure, names, dates, table, like.by_month, like.coverage, like.missing_months)
    return ControlCandidates(tiles.zones, counts)


def counts_in_period(candidates: ControlCandidates, period: Period) -> NDArray[np.int64]:
    """Return the count of every candidate in a period, shape (n,)."""
    dates = candidates.counts.dates
    inside = (dates >= np.datetime64(period.start)) & (dates < np.datetime64(period.end))
    return np.asarray(candidates.counts.counts[:, inside].sum(axis=1), dtype=np.int64)


def _name(east: float, north: float) -> str:
    """Return "1,200 m east, 600 m north".

    Examples
    --------
    >>> _name(1200.0, -600.2)
    '1,200 m east, 600 m south'
    """
    parts = [
        f"{abs(round(distance)):,} m {words[distance < 0]}"
        for distance, words in ((east, ("east", "west")), (north, ("north", "south")))
        if round(distance)
    ]
    return ", ".join(parts) or "the target's own"
