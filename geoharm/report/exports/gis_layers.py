"""The layers of a release's GeoPackage, each with its rows and its style for QGIS."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import geopandas
import shapely
from shapely.geometry.base import BaseGeometry

from geoharm.disclosure.released import Release
from geoharm.model.geometry import ZoneRole
from geoharm.model.ground import Ground, GroundKind
from geoharm.model.measure import Role
from geoharm.report import palette
from geoharm.report.exports.gis_effects import effect_frame, effect_styles
from geoharm.report.exports.gis_patterns import pattern_frames
from geoharm.report.exports.qgis_styles import FillStyle, fill_qml, hatch_qml, line_qml, place_qml
from geoharm.report.maps.layers import hotspot_layers, zone_layers
from geoharm.report.maps.pattern_layers import LEGENDS
from geoharm.report.maps.styles import LINES, LayerKind, LineStyle, Stroke

HOTSPOTS, ZONES, EFFECTS = "hotspots", "zones", "effects"
# Of a style that only a GIS draws.
_UNUSED = Stroke(0)
STUDY_AREA, CONTEXT_LINES = "study_area", "context_lines"
_HOTSPOT_COLUMNS = [
    "measure", "unit", "role", "rank", "events", "share", "area_km2", "density", "density_unit", "stability",
    "shown_by", "kernel", "bandwidth_m", "bandwidth_rule", "edge", "geometry",
]  # fmt: skip
_ZONE_COLUMNS = ["operation", "zone", "role", "geometry"]


@dataclass(frozen=True, slots=True)
class GisLayer:
    """A layer of a GeoPackage.

    Attributes
    ----------
    name : str
    frame : GeoDataFrame
    style : str
        Its style for QGIS.
    shape : str
        "Polygon", "Line" or "Point".
    """

    name: str
    frame: geopandas.GeoDataFrame
    style: str
    shape: str = "Polygon"


def hotspot_frame(release: Release) -> geopandas.GeoDataFrame:
    """Return the hotspots of every measure as a GeoDataFrame in the study's metres; `.to_arrow()` gives Arrow.

    Columns: measure, unit, role, rank, events, share, area_km2, density, density_unit, stability, shown_by, kernel,
    bandwidth_m, bandwidth_rule, edge, geometry.
    """
    rows = [
        (
            measure_hotspots.measure.name,
            measure_hotspots.measure.unit,
            measure_hotspots.measure.role.value,
            feature.hotspot.rank,
            feature.hotspot.events,
            feature.hotspot.share,
            feature.hotspot.area_km2,
            feature.hotspot.density,
            f"{measure_hotspots.measure.density_unit} per km2 per year",
            feature.hotspot.stability,
            ", ".join(feature.hotspot.source_kinds),
            measure_hotspots.kernel,
            measure_hotspots.bandwidth.value,
            measure_hotspots.bandwidth.rule,
            measure_hotspots.edge,
            feature.geometry,
        )
        for number, measure_hotspots in enumerate(release.hotspots)
        for layer in hotspot_layers(release, number)
        for feature in layer.features
    ]
    return geopandas.GeoDataFrame(rows, columns=_HOTSPOT_COLUMNS, geometry="geometry", crs=release.study.area.crs)


def zone_frame(release: Release) -> geopandas.GeoDataFrame:
    """Return every operation's zones as a GeoDataFrame in the study's metres; columns: operation, zone, role, geometry."""
    crs = release.study.area.crs
    rows = [
        (feature.operation, feature.name, layer.kind.value, feature.geometry)
        for operation in release.operations
        for layer in zone_layers(operation.design, crs)
        for feature in layer.features
    ]
    return geopandas.GeoDataFrame(rows, columns=_ZONE_COLUMNS, geometry="geometry", crs=crs)


def gis_layers(release: Release) -> tuple[GisLayer, ...]:
    """Return the layers of a release's GeoPackage: hotspots, zones of operations and their effects, the patterns that are not empty, and the ground."""
    hotspot_styles = {
        Role.HARM.value: LINES[LayerKind.HOTSPOT],
        Role.ACTIVITY.value: LINES[LayerKind.ACTIVITY_HOTSPOT],
    }
    zone_styles = {role.value: LINES[LayerKind(role.value)] for role in ZoneRole}
    of_operations = (
        GisLayer(ZONES, zone_frame(release), line_qml("role", zone_styles)),
        GisLayer(EFFECTS, effect_frame(release), hatch_qml("drawn_as", effect_styles(), label="label")),
    )
    return (
        GisLayer(HOTSPOTS, hotspot_frame(release), line_qml("role", hotspot_styles)),
        *(of_operations if release.operations else ()),
        *(
            GisLayer(kind.value, frame, fill_qml("class", LEGENDS[kind]))
            for kind, frame in pattern_frames(release).items()
        ),
        *ground_layers(release),
    )


def ground_layers(release: Release) -> tuple[GisLayer, ...]:
    """Return what lies under the others: the study area, the lines that the study draws for orientation, and its ground."""
    crs = release.study.area.crs
    # An outline stands for its edge.
    lines = [shape.boundary if shapely.get_dimensions(shape) > 1 else shape for shape in release.study.publish.context]
    shapes = {LayerKind.STUDY: [release.study.area.boundary.boundary], LayerKind.CONTEXT: lines}
    names = {LayerKind.STUDY: STUDY_AREA, LayerKind.CONTEXT: CONTEXT_LINES}
    drawn_lines = tuple(
        GisLayer(
            names[kind],
            geopandas.GeoDataFrame({"kind": [kind.value] * len(drawn)}, geometry=drawn, crs=crs),
            line_qml("kind", {kind.value: LINES[kind]}, of_lines=True),
            "Line",
        )
        for kind, drawn in shapes.items()
        if drawn
    )
    ground = release.study.publish.ground
    return drawn_lines if ground is None else (*drawn_lines, *_layers_of_ground(ground, crs))


def _layers_of_ground(ground: Ground, crs: str) -> Iterator[GisLayer]:
    """Yield names of places, streets and other lines, and areas of the ground, where it has any."""
    fills = {
        GroundKind.WATER.value: FillStyle(palette.WATER),
        GroundKind.GREEN.value: FillStyle(palette.GREEN),
        GroundKind.OUTLINE.value: FillStyle(palette.LAND, 0, outline=palette.CONTEXT),
    }
    strokes = {
        GroundKind.MAIN: (palette.MAIN_STREET, 0.6), GroundKind.MIDDLE: (palette.MIDDLE_STREET, 0.4),
        GroundKind.SMALL: (palette.MIDDLE_STREET, 0.2), GroundKind.RAILWAY: (palette.RAILWAY, 0.25),
        GroundKind.WATER: (palette.WATER, 0.4), GroundKind.OUTLINE: (palette.CONTEXT, 0.25),
    }  # fmt: skip
    lines = {
        kind.value: LineStyle(colour, _UNUSED, _UNUSED, Stroke(width, "solid"))
        for kind, (colour, width) in strokes.items()
    }
    place = GroundKind.PLACE.value
    for name, dimension, shape, style in (
        ("ground_names", 0, "Point", place_qml("kind", [place], label="name")),
        ("ground_lines", 1, "Line", line_qml("kind", lines, of_lines=True)),
        ("ground_areas", 2, "Polygon", hatch_qml("kind", fills)),
    ):
        rows = [
            (each.kind.value, each.name, geometry)
            for each in ground.shapes
            if each.drawn and not (geometry := _of_dimension(each.geometry, dimension)).is_empty
        ]
        if rows:
            frame = geopandas.GeoDataFrame(rows, columns=["kind", "name", "geometry"], geometry="geometry", crs=crs)
            yield GisLayer(name, frame, style, shape)


def _of_dimension(geometry: BaseGeometry, dimension: int) -> BaseGeometry:
    """Return the points, lines or areas among the parts of a geometry."""
    parts = shapely.get_parts(geometry)
    kept = parts[shapely.get_dimensions(parts) == dimension]
    several = (shapely.MultiPoint, shapely.MultiLineString, shapely.MultiPolygon)[dimension]
    return kept[0] if len(kept) == 1 else several(kept.tolist())
