"""Static maps of the report: a square around an operation with its zones, or around the whole study area with hotspots."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np
import shapely
from markupsafe import Markup
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoharm import _crs
from geoharm.disclosure.released import ClassedImage, Release
from geoharm.model.design import Design
from geoharm.model.hotspot import Hotspot
from geoharm.report import palette
from geoharm.report.document import Chart
from geoharm.report.escape import svg
from geoharm.report.maps.frame import SIDE, Frame, frame_of
from geoharm.report.maps.ground_picture import GroundPicture, ground_picture
from geoharm.report.maps.images import data_uri, palette_png
from geoharm.report.maps.layers import zone_layers
from geoharm.report.maps.styles import LINES, SMALL_HOTSPOT, SMALL_TARGET, LayerKind, Stroke

_HALO_COLOUR = "#ffffff"


def operation_map(release: Release, design: Design, image: ClassedImage, title: str, *, whole: bool = False) -> Chart:
    """Return a square map, north up, in Web Mercator.

    Parameters
    ----------
    release : Release
    design : Design
        Its zones are drawn.
    image : ClassedImage
        The classed surface that is shown.
    title : str
    whole : bool
        Show the whole study area instead of the square around the operation, without rings, gap and context lines.
    """
    frame = frame_of(release.study.area, None if whole else design)
    ground, labels = _picture_of_ground(release, frame), _Labels()
    parts = _below(release, frame, image, ground)
    zones = {layer.kind: layer for layer in zone_layers(design, release.study.area.crs)}
    drawn = (LayerKind.TARGET,) if whole else (LayerKind.RING, LayerKind.GAP, LayerKind.TARGET)
    for layer in (zones[kind] for kind in drawn if kind in zones):
        stroke = SMALL_TARGET if whole else layer.style.picture
        for feature in layer.features:
            parts += _outline(_svg_path(feature.outline, frame.place), layer.style.colour, stroke)
            if layer.kind is LayerKind.RING:
                labels.add(*_southern_edge(frame, design, feature.outline), _distance_text(feature.zone.outer))
    return _finished(release, frame, parts, labels, title, names=ground.names)


def area_map(
    release: Release,
    image: ClassedImage,
    title: str,
    *,
    hotspots: Sequence[Hotspot] = (),
    targets: Sequence[BaseGeometry] = (),
) -> Chart:
    """Return a square map of the whole study area, north up, in Web Mercator.

    Parameters
    ----------
    release : Release
    image : ClassedImage
        The classed surface that is shown.
    title : str
    hotspots : sequence of Hotspot
        Drawn with their ranks.
    targets : sequence of shapely geometry
        Target areas, outlined.
    """
    frame, labels = frame_of(release.study.area, None), _Labels()
    ground = _picture_of_ground(release, frame)
    parts = _below(release, frame, image, ground)
    for target in targets:
        parts += _outline(_svg_path(target, frame.place), LINES[LayerKind.TARGET].colour, SMALL_TARGET)
    colour = LINES[LayerKind.HOTSPOT].colour
    for hotspot in hotspots:
        parts += _outline(_svg_path(hotspot.geometry, frame.place), colour, SMALL_HOTSPOT)
    for hotspot in hotspots:
        _, _, _, north = hotspot.geometry.bounds
        x, y = frame.place(np.array([[hotspot.geometry.centroid.x, north]]))[0]
        labels.add(float(x), float(y) - 3, str(hotspot.rank))
    return _finished(release, frame, parts, labels, title, names=ground.names)


def _below(release: Release, frame: Frame, image: ClassedImage, ground: GroundPicture) -> list[Markup]:
    """Return what lies under a map's zones: study area, ground, surface and, on a map of a part of it, the context lines."""
    area = release.study.area
    clipped = _clipped_image(image, frame, sharp=frame.is_whole)
    parts = [
        svg("rect", {"x": 0, "y": 0, "width": SIDE, "height": SIDE, "fill": palette.OUTSIDE}),
        svg(
            "path",
            {"d": _svg_path(frame.cut(area.boundary), frame.place), "fill": palette.LAND, "fill_rule": "evenodd"},
        ),
    ]
    parts += ground.below
    if clipped is not None:
        parts.append(clipped)
    parts += ground.above
    context = LINES[LayerKind.CONTEXT]
    for lines in () if frame.is_whole else release.study.publish.context:
        near_lines = frame.cut(lines)
        if not near_lines.is_empty:
            parts += _outline(_svg_path(near_lines, frame.place), context.colour, context.picture)
    return parts


def _finished(
    release: Release,
    frame: Frame,
    parts: list[Markup],
    labels: _Labels,
    title: str,
    *,
    names: Iterable[tuple[float, float, str]],
) -> Chart:
    """Return a map with its place names, labels, the names of its ground, scale bar and arrow to the north."""
    for site in release.study.publish.places:
        x, y = frame.place(np.array([[site.x, site.y]]))[0]
        labels.add(float(x), float(y), site.name)
    for x, y, name in names:
        labels.add(x, y, name)
    parts += labels.drawn
    parts.append(_scale_bar(frame))
    parts.append(_halo_text(SIDE - 16, 22, "N \u2191", "normal"))
    return Chart(SIDE, SIDE, title, "", parts, kind="map")


def _picture_of_ground(release: Release, frame: Frame) -> GroundPicture:
    ground = release.study.publish.ground
    if ground is None:
        return GroundPicture((), (), ())
    return ground_picture(ground, frame)


def _clipped_image(image: ClassedImage, frame: Frame, *, sharp: bool) -> Markup | None:
    """Return the part of the image inside the square, so that the page does not contain the whole city twice.

    None if no part of the image lies inside the square.
    """
    rows, columns = image.classes.shape
    (west, east), (south, north) = _crs.transform(
        [image.west, image.east], [image.south, image.north], source=_crs.LONLAT, target=_crs.MERCATOR
    )
    pixel_width, pixel_height = (east - west) / columns, (north - south) / rows
    first_column, last_column = _index_range((frame.west - west) / pixel_width, frame.side / pixel_width, columns)
    first_row, last_row = _index_range((north - frame.north) / pixel_height, frame.side / pixel_height, rows)
    if last_column <= first_column or last_row <= first_row:
        return None
    clipped = replace(image, classes=np.ascontiguousarray(image.classes[first_row:last_row, first_column:last_column]))
    factor = SIDE / frame.side
    attributes: dict[str, object] = {
        "x": (west + first_column * pixel_width - frame.west) * factor,
        "y": (frame.north - (north - first_row * pixel_height)) * factor,
        "width": (last_column - first_column) * pixel_width * factor,
        "height": (last_row - first_row) * pixel_height * factor,
        "preserveAspectRatio": "none",
        "href": data_uri(palette_png(clipped)),
    }
    if sharp:
        attributes["image_rendering"] = "pixelated"
    return svg("image", attributes)


def _index_range(start: float, length: float, size: int) -> tuple[int, int]:
    return max(0, math.floor(start)), min(size, math.ceil(start + length))


def _svg_path(geometry: BaseGeometry, to_pixels: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> str:
    """Return an SVG path of a geometry's rings or lines; `to_pixels` converts metres into pixels, both of shape (n, 2)."""
    parts: list[str] = []
    for part in shapely.get_parts(geometry):
        rings: Sequence[BaseGeometry] = (
            [part.exterior, *part.interiors] if part.geom_type == "Polygon" else shapely.get_parts(part)
        )
        for ring in rings:
            pixels = to_pixels(shapely.get_coordinates(ring))
            points = " ".join(f"{x:.1f},{y:.1f}" for x, y in pixels)
            parts.append(f"M{points}" + ("Z" if part.geom_type == "Polygon" else ""))
    return "".join(parts)


def _outline(path: str, colour: str, stroke: Stroke) -> list[Markup]:
    """Return a line, and the halo below it if it has one."""
    lines = [(_HALO_COLOUR, stroke.halo, "")] if stroke.halo else []
    return [_line(path, *line) for line in (*lines, (colour, stroke.width, stroke.dash))]


def _line(path: str, colour: str, width: float, dash: str) -> Markup:
    attributes: dict[str, object] = {
        "d": path,
        "fill": "none",
        "stroke": colour,
        "stroke_width": width,
        "stroke_linejoin": "round",
    }
    if dash:
        attributes["stroke_dasharray"] = dash
    return svg("path", attributes)


class _Labels:
    """Labels that do not overlap: a label that would overlap an earlier one is left out."""

    def __init__(self) -> None:
        self.drawn: list[Markup] = []
        self._taken = [(0.0, SIDE - 34, 120.0, SIDE), (SIDE - 34, 0.0, SIDE, 28.0)]

    def add(self, x: float, y: float, text: str) -> None:
        """Draw a label centred at `x` with its base line at `y`, if it fits."""
        half_width = 3.4 * len(text) + 3
        box = (x - half_width, y - 12, x + half_width, y + 4)
        inside = box[0] > 0 and box[1] > 0 and box[2] < SIDE and box[3] < SIDE
        if inside and not any(
            box[0] < taken[2] and taken[0] < box[2] and box[1] < taken[3] and taken[1] < box[3] for taken in self._taken
        ):
            self._taken.append(box)
            self.drawn.append(_halo_text(x, y, text, "italic"))


def _southern_edge(frame: Frame, design: Design, edge: BaseGeometry) -> tuple[float, float]:
    """Return the pixel just above the southern end of a ring's outer edge."""
    x, y = frame.place(np.array([[design.operation.target.centroid.x, edge.bounds[1]]]))[0]
    return float(x), float(y) - 4


def _distance_text(metres: float) -> str:
    return f"{metres / 1000:g} km" if metres >= 1000 else f"{metres:g} m"


def _halo_text(x: float, y: float, text: str, style: str) -> Markup:
    attributes: dict[str, object] = {
        "x": x, "y": y, "text_anchor": "middle", "font_size": 11, "font_weight": 600, "font_style": style,
        "fill": palette.INK, "stroke": "#ffffff", "stroke_width": 3, "stroke_linejoin": "round", "paint_order": "stroke",
    }  # fmt: skip
    return svg("text", attributes, text)


def _scale_bar(frame: Frame) -> Markup:
    metres = next(
        size
        for size in (20_000, 10_000, 5000, 2000, 1000, 500, 200, 100, 50, 20, 10)
        if size * frame.pixels_per_metre < 110 or size == 10
    )
    length = metres * frame.pixels_per_metre
    bar = svg(
        "path",
        {"d": f"M10 {SIDE - 16:g}v6h{length:.1f}v-6", "fill": "none", "stroke": palette.INK, "stroke_width": 1.6},
    )
    return svg("g", None, bar, _halo_text(10 + length / 2, SIDE - 18, _distance_text(metres), "normal"))
