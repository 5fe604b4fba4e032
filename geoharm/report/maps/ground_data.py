"""The ground of the interactive map as the page holds it: short integers, packed, within a size that a page can carry.

Points are whole hundred-thousandths of a degree (about a metre). Each is written as its step from the point before, in
bytes of seven bits; paths that lie close to each other follow each other, so that the steps are short and gzip finds
what repeats. `ground.js` reads it.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoharm import _crs
from geoharm._text import visible_text
from geoharm.model.ground import STREETS, Ground, GroundKind, GroundShape

# Most letters that the ground may add to a page.
MOST_BYTES = 300_000
_UNITS = 100_000
_NEAR = 3000.0
# Square metres from which water and green are named.
_NAMED_AREA = 15_000.0
# Cells of the curve by which paths are sorted, along each side.
_CURVE_BITS = 16

Integers = NDArray[np.int64]


class GroundData(TypedDict):
    """The packed ground, and the longitude and latitude from which its points are counted."""

    packed: str
    origin: list[float]


@dataclass(frozen=True, slots=True)
class PackedGround:
    """The ground as a page holds it.

    Attributes
    ----------
    data : GroundData
    note : str
        What was left out to keep the page small; empty if nothing was.
    """

    data: GroundData
    note: str


@dataclass(frozen=True, slots=True)
class _Paths:
    """Paths of one kind: lines, or the rings of areas; with their names, where they are named along the line."""

    lines: list[Integers]
    names: list[str]


def packed_ground(ground: Ground, crs: str, *, near: Sequence[BaseGeometry]) -> PackedGround:
    """Return the ground as a page holds it, without what would make the page too large.

    Parameters
    ----------
    ground : Ground
    crs : str
        Coordinate system of its shapes.
    near : sequence of shapely geometry
        Target areas, if there are any. Small streets within 3 km of them are kept longest.
    """
    around = shapely.union_all(list(near)).buffer(_NEAR) if near else None
    for note, thin in _thinnings(around):
        shapes = [thinned for shape in ground.shapes if (thinned := thin(shape)) is not None]
        packed = PackedGround(_packed(shapes, crs), note)
        if len(packed.data["packed"]) <= MOST_BYTES:
            break
    return packed


def _thinnings(around: BaseGeometry | None) -> list[tuple[str, Callable[[GroundShape], GroundShape | None]]]:
    """Return ways to leave something out, from none to the most, each with what is said of it."""

    def near_streets(shape: GroundShape) -> GroundShape | None:
        if shape.kind is not GroundKind.SMALL or around is None:
            return shape
        return _with(shape, shape.geometry.intersection(around))

    def larger_streets(shape: GroundShape) -> GroundShape | None:
        return None if shape.kind is GroundKind.SMALL else shape

    def coarse(metres: float) -> Callable[[GroundShape], GroundShape | None]:
        def thin(shape: GroundShape) -> GroundShape | None:
            kept = larger_streets(shape)
            if kept is None or (kept.geometry.geom_type == "Polygon" and kept.geometry.area < (4 * metres) ** 2):
                return None
            return _with(kept, kept.geometry.simplify(metres))

        return thin

    small = "To keep the page small, small streets are {} drawn."
    near_targets = (
        "To keep the page small, small streets are drawn within 3 km of the target areas only.",
        near_streets,
    )
    return [
        ("", lambda shape: shape),
        *([near_targets] if around is not None else []),
        (small.format("not"), larger_streets),
        (f"{small.format('not')} Lines are simplified by 10 m.", coarse(10.0)),
        (f"{small.format('not')} Lines are simplified by 40 m.", coarse(40.0)),
        (f"{small.format('not')} Lines are simplified by 150 m.", coarse(150.0)),
    ]


def _with(shape: GroundShape, geometry: BaseGeometry) -> GroundShape | None:
    return None if geometry.is_empty else GroundShape(shape.kind, geometry, shape.name, shape.rank, shape.drawn)


def _packed(shapes: Sequence[GroundShape], crs: str) -> GroundData:
    if not shapes:
        return {"packed": "", "origin": [0.0, 0.0]}
    corners = shapely.get_coordinates([shapely.box(*shapely.total_bounds([shape.geometry for shape in shapes]))])
    longitude, latitude = _crs.transform(corners[:, 0], corners[:, 1], source=crs, target=_crs.LONLAT)
    origin = int(np.floor(longitude.min() * _UNITS)), int(np.floor(latitude.min() * _UNITS))

    def steps(coordinates: NDArray[np.float64]) -> Integers:
        x, y = _crs.transform(coordinates[:, 0], coordinates[:, 1], source=crs, target=_crs.LONLAT)
        return np.rint(np.column_stack([x, y]) * _UNITS).astype(np.int64) - origin

    def of(*kinds: GroundKind, drawn: bool = True, flat: bool = False) -> list[GroundShape]:
        return [
            shape
            for shape in shapes
            if shape.kind in kinds and shape.drawn is drawn and (shape.geometry.geom_type == "Polygon") is flat
        ]

    layers = [_lines(of(kind), steps) for kind in STREETS]
    layers += [_lines(of(GroundKind.RAILWAY), steps), _lines(of(GroundKind.WATER), steps)]
    layers += [_lines(of(kind, drawn=False), steps) for kind in STREETS]
    outlines = of(GroundKind.OUTLINE, flat=True)
    layers += [_rings(of(kind, flat=True), steps) for kind in (GroundKind.WATER, GroundKind.GREEN)]
    layers.append(_rings(outlines, steps, united=False))
    words = {
        "names": ["\n".join(layer.names) for layer in layers],
        "places": _points(
            [
                *(shape for shape in sorted(of(GroundKind.PLACE), key=lambda shape: shape.rank) if shape.name),
                *sorted((shape for shape in outlines if shape.name), key=lambda shape: -shape.geometry.area),
            ],
            steps,
        ),
        "waters": _area_names(of(GroundKind.WATER, flat=True), steps),
        "greens": _area_names(of(GroundKind.GREEN, flat=True), steps),
    }
    lines = _bytes_of([layer.lines for layer in layers])
    text = visible_text(json.dumps(words, ensure_ascii=False, sort_keys=True, separators=(",", ":")))
    content = len(lines).to_bytes(4, "big") + lines + text.encode("utf-8")
    packed = base64.b64encode(gzip.compress(content, 9, mtime=0)).decode("ascii")
    return {"packed": packed, "origin": [origin[0] / _UNITS, origin[1] / _UNITS]}


_Steps = Callable[[NDArray[np.float64]], Integers]


def _lines(shapes: Sequence[GroundShape], steps: _Steps) -> _Paths:
    """Return the lines of shapes with their names, those that lie close to each other one after the other."""
    parts, owner = shapely.get_parts([shape.geometry for shape in shapes], return_index=True)
    return _sorted_paths(parts, [_one_line(shapes[index].name) for index in owner.tolist()], steps)


def _rings(shapes: Sequence[GroundShape], steps: _Steps, *, united: bool = True) -> _Paths:
    """Return the rings of areas; areas that overlap become one, because rings inside each other are holes."""
    areas = [shape.geometry for shape in shapes]
    parts = shapely.get_parts([shapely.union_all(areas)]) if united else np.array(areas, dtype=object)
    rings = shapely.get_rings([part for part in parts if part.geom_type == "Polygon"])
    return _sorted_paths(rings, [""] * len(rings), steps)


def _sorted_paths(parts: NDArray[np.object_], names: Sequence[str], steps: _Steps) -> _Paths:
    coordinates, owner = shapely.get_coordinates(parts, return_index=True)
    if not len(coordinates):
        return _Paths([], [])
    places = steps(coordinates)
    split = np.split(places, np.flatnonzero(np.diff(owner)) + 1)
    known = owner[np.concatenate([[True], np.diff(owner) > 0])].tolist()
    paths = [(_without_repeats(path), names[index]) for path, index in zip(split, known, strict=True)]
    kept = sorted(
        (pair for pair in paths if len(pair[0]) > 1),
        key=lambda pair: (_on_curve(pair[0][0]), pair[0].tolist(), pair[1]),
    )
    return _Paths([path for path, _ in kept], [name for _, name in kept])


def _without_repeats(path: Integers) -> Integers:
    is_new = np.concatenate([[True], (np.diff(path, axis=0) != 0).any(axis=1)])
    kept: Integers = path[is_new]
    return kept


def _on_curve(point: Integers) -> int:
    """Return the position of a point on a curve (Morton's) along which neighbours are mostly near."""
    x, y = (min(max(int(number), 0), (1 << 2 * _CURVE_BITS) - 1) for number in point)
    return sum(((x >> bit & 1) << 2 * bit) | ((y >> bit & 1) << 2 * bit + 1) for bit in range(2 * _CURVE_BITS))


def _bytes_of(layers: Sequence[Sequence[Integers]]) -> bytes:
    """Return paths as bytes: for each layer the number of paths, for each path the number of points and their steps."""
    found = bytearray()
    x = y = 0
    for layer in layers:
        _add(len(layer), found)
        for path in layer:
            _add(len(path), found)
            for to_x, to_y in path.tolist():
                for step in (to_x - x, to_y - y):
                    _add(step << 1 if step >= 0 else (-step << 1) - 1, found)
                x, y = to_x, to_y
    return bytes(found)


def _add(number: int, found: bytearray) -> None:
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    found.append(number)


def _points(shapes: Sequence[GroundShape], steps: _Steps) -> list[list[str | int]]:
    """Return names with the points where they stand."""
    if not shapes:
        return []
    places = steps(shapely.get_coordinates(shapely.point_on_surface([shape.geometry for shape in shapes]))).tolist()
    return [[_one_line(shape.name), x, y] for shape, (x, y) in zip(shapes, places, strict=True)]


def _area_names(shapes: Sequence[GroundShape], steps: _Steps) -> list[list[str | int]]:
    """Return the names of large areas, the largest first, each once."""
    named = sorted(
        (shape for shape in shapes if shape.name and shape.geometry.area >= _NAMED_AREA),
        key=lambda shape: (-shape.geometry.area, shape.name),
    )
    largest = {shape.name: shape for shape in reversed(named)}
    return _points([shape for shape in named if largest[shape.name] is shape], steps)


def _one_line(name: str) -> str:
    return " ".join(name.split())
