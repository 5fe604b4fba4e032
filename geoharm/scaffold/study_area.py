"""Proposes a study area from where the events lie: squares that hold events, with the gaps between them filled."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.features import shapes
from rasterio.transform import Affine
from scipy import ndimage
from shapely.geometry.base import BaseGeometry

from geoharm import _crs
from geoharm.errors import DesignError, StudyError
from geoharm.model.located_events import LocatedEvents
from geoharm.scaffold.areas import UnprojectedArea

# Sides of the squares in metres. No smaller ones: the outline is published, and must not point at single events.
_SIDES = (250, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000)
# An area is drawn from about so many squares across; larger squares are taken until it holds this share of the events.
_SQUARES_ACROSS = 40
_ENOUGH = 0.98
# Events further than so many times the extent of the middle 98 % from it are stray points.
_REACH = 1.0
# Gaps up to so many squares wide are filled; a part of the area holds at least this share of the events.
_GAP = 3
_LEAST_PART = 0.01
_MIDDLE = (1, 99)
# Of a whole country, the middle 90 % of the places along each axis choose the coordinate system: far islands are left out.
_MIDDLE_OF_COUNTRY = (5, 95)
# Straight lines are bent so often, in squares, when they are written in degrees.
_BEND = 4
_LEAST_EVENTS = 20


@dataclass(frozen=True, slots=True)
class ProposedArea:
    """A study area that was drawn around the events.

    Attributes
    ----------
    area : UnprojectedArea
    side : int
        Side of its squares in metres: it reaches less than this past the events.
    inside, events : int
        Events in it, and all with a place.
    """

    area: UnprojectedArea
    side: int
    inside: int
    events: int


def propose_area(found: Sequence[LocatedEvents], file: str, crs: str) -> ProposedArea:
    """Return the area in which the events of all sources lie.

    Parameters
    ----------
    found : sequence of LocatedEvents
    file : str
        Path of the file to be written, relative to the study.
    crs : str
        A projected system in metres.

    Raises
    ------
    StudyError
        If hardly any event has a place.

    Notes
    -----
    The area is made of squares that hold events; gaps of up to three squares between them and holes are filled, and single
    squares that stick out are taken off. So it nowhere reaches further than a square past the events, and no corner of it
    is the place of an event. Parts that hold less than 1 % of the events (stray points) are left out.
    """
    x, y = (np.concatenate([one.metres(crs)[axis] for one in found]) for axis in (0, 1))
    events = np.concatenate([one.at_places() for one in found])
    usable = np.isfinite(x) & np.isfinite(y)
    x, y, events = x[usable], y[usable], events[usable]
    if events.sum() < _LEAST_EVENTS:
        msg = (
            f"Only {int(events.sum())} events have a place, too few to propose a study area; give one with --area or "
            "--area-around."
        )
        raise StudyError([msg])
    (west, east), (south, north) = (_middle(axis, events) for axis in (x, y))
    span = max(east - west, north - south, _SIDES[0])
    near = _between(x, west, east, span) & _between(y, south, north, span)
    total, in_reach = float(events.sum()), float(events[near].sum())
    side, drawn, held = 0, shapely.Polygon(), -1.0
    for tried in _sides(span):
        squares = _squares(x[near], y[near], events[near], tried, least=_LEAST_PART * total)
        holds = float(events[shapely.contains_xy(squares, x, y)].sum())
        if holds > held:
            side, drawn, held = tried, squares, holds
        if holds >= _ENOUGH * in_reach:
            break
    if drawn.is_empty:
        msg = "The events lie too far apart to propose a study area; give one with --area or --area-around."
        raise StudyError([msg])
    inside = int(held)
    content, outline = _in_degrees(drawn, side, crs)
    text = (
        f"drawn around the events in squares of {side:,} m: {inside:,} of {int(total):,} with a place lie in it, "
        f"{int(total) - inside:,} outside; it reaches less than {side:,} m past them"
    )
    return ProposedArea(UnprojectedArea(file, content, outline, text), side, inside, int(total))


def _middle(
    axis: NDArray[np.float64], events: NDArray[np.float64], percentiles: tuple[int, int] = _MIDDLE
) -> tuple[float, float]:
    """Return two percentiles of a coordinate, each place counted with its events."""
    order = np.argsort(axis)
    reached = np.cumsum(events[order]) / events.sum() * 100
    low, high = (axis[order][min(int(np.searchsorted(reached, at)), axis.size - 1)] for at in percentiles)
    return float(low), float(high)


def _between(axis: NDArray[np.float64], low: float, high: float, span: float) -> NDArray[np.bool_]:
    return (axis >= low - _REACH * span) & (axis <= high + _REACH * span)


def _sides(span: float) -> tuple[int, ...]:
    first = next((side for side in _SIDES if side >= span / _SQUARES_ACROSS), _SIDES[-1])
    return tuple(side for side in _SIDES if first <= side <= max(first, 4 * first))


def _squares(
    x: NDArray[np.float64], y: NDArray[np.float64], events: NDArray[np.float64], side: int, *, least: float
) -> BaseGeometry:
    """Return the union of the squares that hold events, with gaps filled and without small parts."""
    margin = _GAP + 1
    column = np.floor(x / side).astype(np.int64)
    row = np.floor(y / side).astype(np.int64)
    first_column, first_row = int(column.min()) - margin, int(row.min()) - margin
    size = (int(row.max()) - first_row + margin + 1, int(column.max()) - first_column + margin + 1)
    counts = np.zeros(size)
    np.add.at(counts, (row - first_row, column - first_column), events)
    disc = np.hypot(*np.mgrid[-_GAP : _GAP + 1, -_GAP : _GAP + 1]) <= _GAP / 2 + 0.5
    closed = ndimage.binary_closing(counts > 0, structure=disc) | (counts > 0)
    opened = ndimage.binary_opening(ndimage.binary_fill_holes(closed), structure=np.ones((2, 2)))
    labels, parts = ndimage.label(opened)
    held = ndimage.sum_labels(counts, labels, np.arange(1, parts + 1))
    kept = np.isin(labels, 1 + np.flatnonzero(held >= least))
    transform = Affine(side, 0, first_column * side, 0, side, first_row * side)
    outlines = [
        shapely.geometry.shape(outline)
        for outline, _ in shapes(kept.astype(np.uint8), mask=kept, connectivity=4, transform=transform)
    ]
    return shapely.union_all(outlines)


def _in_degrees(drawn: BaseGeometry, side: int, crs: str) -> tuple[str, BaseGeometry]:
    """Return an area as GeoJSON in degrees, to six decimals, and as a geometry."""
    bent = shapely.segmentize(drawn, _BEND * side)

    def move(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        longitude, latitude = _crs.transform(x, y, source=crs, target=_crs.LONLAT)
        return np.round(longitude, 6), np.round(latitude, 6)

    outline = shapely.make_valid(shapely.transform(bent, move, interleaved=False))
    properties = {"drawn_from": f"squares of {side:,} m that hold events"}
    feature = {"type": "Feature", "properties": properties, "geometry": shapely.geometry.mapping(outline)}
    return json.dumps({"type": "FeatureCollection", "features": [feature]}) + "\n", outline


def metric_system(found: Sequence[LocatedEvents]) -> tuple[str, str]:
    """Return the projected system to propose for events, and its name in words.

    Raises
    ------
    StudyError
        If no event has a place.
    DesignError
        If no known system holds nearly all of them.
    """
    longitude = np.concatenate([one.longitude for one in found])
    latitude = np.concatenate([one.latitude for one in found])
    events = np.concatenate([one.at_places() for one in found])
    if not events.sum():
        raise StudyError(["No event has a place, so no coordinate system can be proposed; give one with --crs."])
    error = None
    for percentiles in (_MIDDLE, _MIDDLE_OF_COUNTRY):
        (west, east), (south, north) = (_middle(axis, events, percentiles) for axis in (longitude, latitude))
        try:
            return _crs.system_for_extent(west, south, east, north)
        except DesignError as refusal:
            error = error or refusal
    assert error is not None  # noqa: S101 both were refused
    raise error
