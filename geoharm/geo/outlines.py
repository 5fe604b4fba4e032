"""Builds shapes from lists of coordinates as files hold them, and closes the outlines that a file leaves open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoharm._rules import shortened, value_text

_LEAST_POINTS = 3
# An outline that crosses itself more often is no drawing of an area, and takes minutes to repair.
_MOST_CROSSINGS = 200_000
_SAMPLED_SEGMENTS = 200


class ShapeFault(ValueError):  # noqa: N818 it is no error of the program, but what is wrong with one shape
    """What is wrong with one shape, as a sentence without its beginning."""


@dataclass(slots=True)
class RawShapes:
    """The shapes of a file before they are checked, with its columns.

    Attributes
    ----------
    crs : str
        Coordinate system that the file states; empty if it states none.
    shapes : list of (shapely geometry or None)
        Of every feature, x (east, longitude) first; None for a feature without a shape.
    rows : list of dict
        Properties of every feature.
    closed : int
        Number of outlines that the file leaves open, and that were closed.
    """

    crs: str
    shapes: list[BaseGeometry | None] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    closed: int = 0

    def add(self, shape: BaseGeometry | None, row: dict[str, Any]) -> None:
        """Add a feature; an empty shape is none."""
        self.shapes.append(None if shape is None or shape.is_empty else shape)
        self.rows.append(row)

    def outline(self, points: object) -> NDArray[np.float64]:
        """Return an outline as closed coordinates, shape (n, 2), or shape (0, 2) for an outline without any point.

        Raises
        ------
        ShapeFault
            If it has only one or two different points, or a coordinate is no number.
        """
        ring = coordinates(points)
        if not ring.size:
            return ring
        distinct = {tuple(point) for point in ring.tolist()}
        if len(distinct) < _LEAST_POINTS:
            number = "one point" if len(distinct) == 1 else "two different points"
            msg = f"an outline has only {number}; an area needs three or more"
            raise ShapeFault(msg)
        if tuple(ring[0]) != tuple(ring[-1]):
            self.closed += 1
            ring = np.vstack([ring, ring[:1]])
        return ring

    def polygon(self, rings: object) -> shapely.Polygon:
        """Return the polygon of an outline and its holes; empty if there is no outline."""
        outlines = [self.outline(ring) for ring in listed(rings)]
        if not outlines or not len(outlines[0]):
            return shapely.Polygon()
        return shapely.Polygon(outlines[0], [hole for hole in outlines[1:] if len(hole)])


def listed(value: object) -> Sequence[Any]:
    """Return a value that must be a list.

    Raises
    ------
    ShapeFault
        If it is not.
    """
    if not isinstance(value, list | tuple):
        msg = f"{_shown(value)} stands where a list of coordinates belongs"
        raise ShapeFault(msg)
    return value


def coordinates(points: object) -> NDArray[np.float64]:
    """Return points as an array of shape (n, 2); heights and measures are left out.

    Raises
    ------
    ShapeFault
        If a point is not two finite numbers or more.
    """
    pairs = [_pair(point) for point in listed(points)]
    array = np.array(pairs, dtype=np.float64).reshape(-1, 2)
    if not np.isfinite(array).all():
        msg = "a coordinate is not a finite number"
        raise ShapeFault(msg)
    return array


def polygons_of_rings(outer: Iterable[shapely.Polygon], holes: Iterable[shapely.Polygon]) -> BaseGeometry:
    """Return the ground inside outer rings and outside holes, whichever order a file lists them in."""
    outer, holes = list(outer), list(holes)
    for polygon in (*outer, *holes):
        check_crossings(polygon)
    ground = shapely.union_all([mended(polygon) for polygon in outer])
    cut_out = [mended(polygon) for polygon in holes]
    return shapely.difference(ground, shapely.union_all(cut_out)) if cut_out else ground


def check_crossings(shape: BaseGeometry) -> None:
    """Refuse a shape whose outlines cross so often that repairing it would not end.

    The crossings are estimated from some of the segments, evenly spread.

    Raises
    ------
    ShapeFault
        If there are more than 200,000.
    """
    if shape.geom_type == "GeometryCollection":
        for part in shape.geoms:
            check_crossings(part)
    if shape.is_valid or "Polygon" not in shape.geom_type:
        return
    rings = shapely.get_rings(shape)
    points, ring = shapely.get_coordinates(rings, return_index=True)
    same_ring = ring[1:] == ring[:-1]
    segments = shapely.linestrings(np.stack([points[:-1], points[1:]], axis=1)[same_ring])
    step = max(len(segments) // _SAMPLED_SEGMENTS, 1)
    sample = segments[::step]
    pairs = shapely.STRtree(segments).query(sample, predicate="crosses").shape[1]
    crossings = pairs * step / 2
    if crossings > _MOST_CROSSINGS:
        msg = f"its outline crosses itself about {float(f'{crossings:.1g}'):,.0f} times; draw it again"
        raise ShapeFault(msg)


def mended(shape: BaseGeometry) -> BaseGeometry:
    """Return a valid shape: what an outline that crosses itself encloses; parts that overlap count once."""
    return shape if shape.is_valid else shapely.make_valid(shape, method="structure", keep_collapsed=False)


def _pair(point: object) -> tuple[float, float]:
    values = listed(point)[:2]
    if len(values) < 2 or not all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        msg = f"{_shown(point)} is no point; a point is two numbers"
        raise ShapeFault(msg)
    try:
        return float(values[0]), float(values[1])
    except OverflowError:
        msg = "a coordinate is not a finite number"
        raise ShapeFault(msg) from None


def _shown(value: object) -> str:
    return (
        "nothing"
        if value is None
        else shortened(value_text(list(value) if isinstance(value, tuple) else value), most=40)
    )
