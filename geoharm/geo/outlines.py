"""Builds shapes from lists of coordinates as files hold them, and closes the outlines that a file leaves open."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoharm import _limits
from geoharm._rules import shortened, value_text


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
    _points: int = 0
    _parts: int = 0

    def add(self, shape: BaseGeometry | None, row: dict[str, Any]) -> None:
        """Add a feature; an empty shape is none.

        Raises
        ------
        ShapeFault
            If the file has more points or parts of shapes than are read.
        """
        if shape is not None:
            self._count(shape)
        self.shapes.append(None if shape is None or shape.is_empty else shape)
        self.rows.append(row)

    def _count(self, shape: BaseGeometry) -> None:
        self._points += int(shapely.get_num_coordinates(shape))
        self._parts += int(shapely.get_num_geometries(shape))
        for limit, found in ((_limits.POINTS, self._points), (_limits.SHAPES, self._parts)):
            if found > limit.most:
                msg = f"it {limit.refusal()}"
                raise ShapeFault(msg)

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
        others = ring[(ring != ring[0]).any(axis=1)]
        if not len(others) or not (others != others[0]).any():
            number = "two different points" if len(others) else "one point"
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
    numbers = _plain_numbers(listed(points))
    if numbers is None:
        numbers = [number for point in listed(points) for number in _pair(point)]
    array = np.array(numbers, dtype=np.float64).reshape(-1, 2)
    if not np.isfinite(array).all():
        msg = "a coordinate is not a finite number"
        raise ShapeFault(msg)
    return array


def _plain_numbers(points: Sequence[Any]) -> list[Any] | None:
    """Return the numbers of points that are all lists of two floating numbers, one after the other; else None."""
    if set(map(type, points)) != {list} or set(map(len, points)) != {2}:
        return None
    numbers = list(itertools.chain.from_iterable(points))
    return numbers if set(map(type, numbers)) == {float} else None


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
