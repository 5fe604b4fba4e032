"""The ground of a picture: water, green and the larger streets of a square of a few hundred pixels, as SVG."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from markupsafe import Markup
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoharm.model.ground import Ground, GroundKind, GroundShape
from geoharm.report import palette
from geoharm.report.escape import svg
from geoharm.report.maps.frame import SIDE, Frame

# Points are counted in halves of a pixel.
_STEPS = 2
# Metres of the square from which middle streets are left out, and square pixels under which an area is.
_WIDE, _LEAST_AREA = 6000.0, 30.0
_MOST_NAMES = 8

Place = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class GroundPicture:
    """The ground of one square.

    Attributes
    ----------
    below : tuple of Markup
        What lies under a surface.
    above : tuple of Markup
        The streets as thin half-clear lines, so that they are seen on a surface and leave its colours as they are.
    names : tuple of (x, y, text)
        Places in pixels, the most important first.
    """

    below: tuple[Markup, ...]
    above: tuple[Markup, ...]
    names: tuple[tuple[float, float, str], ...]


@functools.lru_cache(maxsize=8)
def ground_picture(ground: Ground, frame: Frame) -> GroundPicture:
    """Return the ground of a square, each once: a report shows the same square many times."""
    square, pixels_per_metre, place = frame.square(), frame.pixels_per_metre, frame.place
    streets = [(GroundKind.MAIN, palette.MAIN_STREET, 2.2)]
    if SIDE / pixels_per_metre < _WIDE:
        streets.insert(0, (GroundKind.MIDDLE, palette.MIDDLE_STREET, 1.3))

    def path(shapes: Iterable[GroundShape], *, flat: bool) -> str:
        parts = [
            part.simplify(0.6 / pixels_per_metre)
            for shape in shapes
            if shape.drawn
            for part in shapely.get_parts(shape.geometry.intersection(square)).tolist()
            if not part.is_empty
            and (part.geom_type == "Polygon") is flat
            and not (flat and part.area * pixels_per_metre**2 < _LEAST_AREA)
        ]
        return "".join(_path(part, place) for part in ([shapely.union_all(parts)] if flat and parts else parts))

    below: list[Markup] = []
    for kind, colour in ((GroundKind.GREEN, palette.GREEN), (GroundKind.WATER, palette.WATER)):
        below += _drawn(path(ground.of(kind), flat=True), {"fill": colour, "fill_rule": "evenodd"})
    below += _lines(path(ground.of(GroundKind.WATER), flat=False), palette.WATER, 1.5)
    below += _lines(path(ground.of(GroundKind.OUTLINE), flat=True), palette.CONTEXT, 0.7)
    drawn = [(path(ground.of(kind), flat=False), colour, width) for kind, colour, width in streets]
    for line, colour, width in drawn:
        below += _lines(line, colour, width)
    below += _lines(path(ground.of(GroundKind.RAILWAY), flat=False), palette.RAILWAY, 0.8)
    above = [part for line, _, width in drawn for part in _lines(line, "#ffffff", width * 0.6, opacity=0.55)]
    return GroundPicture(tuple(below), tuple(above), tuple(_names(ground, square, place)))


def _names(ground: Ground, square: BaseGeometry, place: Place) -> list[tuple[float, float, str]]:
    places = sorted(
        (shape for shape in ground.of(GroundKind.PLACE) if shape.name and square.contains(shape.geometry)),
        key=lambda shape: (shape.rank, shape.name),
    )[:_MOST_NAMES]
    if not places:
        return []
    pixels = place(shapely.get_coordinates([shape.geometry for shape in places])).tolist()
    return [(x, y, shape.name) for (x, y), shape in zip(pixels, places, strict=True)]


def _lines(path: str, colour: str, width: float, *, opacity: float = 1.0) -> list[Markup]:
    style: dict[str, object] = {"fill": "none", "stroke": colour, "stroke_width": width * _STEPS}
    if opacity < 1:
        style["stroke_opacity"] = opacity
    return _drawn(path, style)


def _drawn(path: str, style: dict[str, object]) -> list[Markup]:
    return [svg("path", {"d": path, "transform": f"scale({1 / _STEPS:g})", **style})] if path else []


def _path(geometry: BaseGeometry, place: Place) -> str:
    """Return the lines or rings of a geometry as a path of whole steps from point to point."""
    parts: list[str] = []
    for part in shapely.get_parts(geometry).tolist():
        rings: Sequence[BaseGeometry] = (
            [part.exterior, *part.interiors]
            if part.geom_type == "Polygon"
            else [part]
            if "Line" in part.geom_type
            else []
        )
        for ring in rings:
            steps = np.rint(place(shapely.get_coordinates(ring)) * _STEPS).astype(int)
            steps = steps[np.concatenate([[True], (np.diff(steps, axis=0) != 0).any(axis=1)])]
            if len(steps) > 1:
                moves = np.diff(steps, axis=0).tolist()
                parts.append(f"M{steps[0][0]} {steps[0][1]}l" + " ".join(f"{x} {y}" for x, y in moves))
                parts.append("Z" if part.geom_type == "Polygon" else "")
    return "".join(parts)
