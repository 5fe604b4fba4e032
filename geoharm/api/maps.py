"""Maps of results as drawings: cells in classes, outlines, a scale bar and a legend, north up in the result's own metres."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from markupsafe import Markup
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoharm.disclosure.released import ClassedImage, ClassScheme
from geoharm.model.geometry import StudyArea
from geoharm.model.grid import Grid
from geoharm.report import palette
from geoharm.report.charts.marks import text
from geoharm.report.document import Chart
from geoharm.report.escape import svg
from geoharm.report.maps.images import data_uri, palette_png

_SIDE, _LEGEND, _MARGIN, _ROW = 460.0, 230.0, 14.0, 18.0
_ToPixels = Callable[[NDArray[np.float64]], NDArray[np.float64]]
_SCALES = (20_000, 10_000, 5_000, 2_000, 1_000, 500, 200, 100, 50)


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells in classes.

    Attributes
    ----------
    grid : Grid
    classes : ndarray of int, shape (ny, nx)
        0 is not drawn; the others are the colours of the scheme.
    scheme : ClassScheme
    """

    grid: Grid
    classes: NDArray[np.uint8]
    scheme: ClassScheme


def area_map(
    title: str,
    area: StudyArea,
    *,
    cells: Cells | None = None,
    outlines: Sequence[tuple[BaseGeometry, str]] = (),
    legend: Sequence[tuple[str, str]] = (),
) -> Chart:
    """Return a map of the study area.

    Parameters
    ----------
    title : str
    area : StudyArea
    cells : Cells, optional
    outlines : sequence of (geometry, label)
        In metres.
    legend : sequence of (colour, words)
    """
    west, south, east, north = area.boundary.bounds
    scale = (_SIDE - 2 * _MARGIN) / max(east - west, north - south)
    height = max((north - south) * scale + 2 * _MARGIN + 24, 60 + _ROW * len(legend))

    def place(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack([_MARGIN + (points[:, 0] - west) * scale, _MARGIN + (north - points[:, 1]) * scale])

    parts: list[Markup] = [
        svg("rect", {"x": 0, "y": 0, "width": _SIDE, "height": height, "fill": palette.OUTSIDE}),
        svg("path", {"d": _path(area.boundary, place), "fill": palette.LAND, "fill_rule": "evenodd"}),
    ]
    if cells is not None:
        parts.append(_image(cells, place, scale))
    border = {"fill": "none", "stroke": palette.CONTEXT, "stroke_width": 1}
    parts.append(svg("path", {"d": _path(area.boundary, place), **border}))
    for outline, label in outlines:
        line = {"fill": "none", "stroke": palette.HOTSPOT, "stroke_width": 1.6, "stroke_linejoin": "round"}
        parts.append(svg("path", {"d": _path(outline, place), **line}))
        # Beside the outline, since no colour of words is read well on every class.
        east_edge, north_edge = outline.bounds[2:]
        x, y = place(np.array([[east_edge, north_edge]]))[0]
        parts.append(text(float(x) + 2, float(y) + 2, label, anchor="start", colour=palette.INK, size=12, weight=700))
    metres = next((size for size in _SCALES if size * scale < 130), _SCALES[-1])
    bar = {"d": f"M{_MARGIN:g} {height - 14:g}v6h{metres * scale:.1f}v-6", "fill": "none", "stroke": palette.INK}
    parts.append(svg("path", {**bar, "stroke_width": 1.6}))
    distance = f"{metres / 1000:g} km" if metres >= 1000 else f"{metres} m"
    parts.append(text(_MARGIN + metres * scale + 8, height - 8, distance, anchor="start", colour=palette.INK))
    for number, (colour, words) in enumerate(legend):
        y = 20 + _ROW * number
        box = {"x": _SIDE + 12, "y": y - 10, "width": 14, "height": 12, "fill": colour, "stroke": palette.LINE}
        parts += [svg("rect", box), text(_SIDE + 34, y, words, anchor="start", colour=palette.INK)]
    return Chart(_SIDE + (_LEGEND if legend else 0), height, title, "", parts, kind="map")


def _image(cells: Cells, place: _ToPixels, scale: float) -> Markup:
    grid = cells.grid
    # Row 0 is the southernmost, and the first line of a picture is the northernmost.
    picture = ClassedImage(np.ascontiguousarray(cells.classes[::-1]), 0.0, 0.0, 1.0, 1.0, scheme=cells.scheme)
    (x, y) = place(np.array([[grid.x0, grid.y0 + grid.ny * grid.cell]]))[0]
    attributes = {
        "x": float(x),
        "y": float(y),
        "width": grid.nx * grid.cell * scale,
        "height": grid.ny * grid.cell * scale,
        "href": data_uri(palette_png(picture)),
        "preserveAspectRatio": "none",
        "style": "image-rendering:pixelated",
    }
    return svg("image", attributes)


def _path(geometry: BaseGeometry, place: _ToPixels) -> str:
    parts = []
    for polygon in shapely.get_parts(geometry):
        for ring in (polygon.exterior, *polygon.interiors):
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in place(shapely.get_coordinates(ring)))
            parts.append(f"M{points}Z")
    return "".join(parts)
