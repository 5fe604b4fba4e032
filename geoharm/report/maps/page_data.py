"""The data of the interactive map, as `map.js` reads it. Dicts are made here because they are written as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NotRequired, TypedDict

import shapely

from geoharm.disclosure.released import Release, ReleasedHotspots, ReleasedOperation
from geoharm.hotspots.results.change import ChangeKind
from geoharm.model.background_tiles import BackgroundTiles
from geoharm.model.map_steps import step_windows
from geoharm.model.measure import Role
from geoharm.report import format_numbers, palette
from geoharm.report.maps.ground_data import GroundData
from geoharm.report.maps.images import data_uri, palette_png
from geoharm.report.maps.layers import (
    AFTER,
    BEFORE,
    CHANGE,
    CHANGE_LEGEND,
    WHOLE,
    Feature,
    HotspotFeature,
    ImageLayer,
    Layer,
    ShapeLayer,
    ZoneFeature,
    credit_lines,
    operation_changes,
    outer_distance,
)
from geoharm.report.maps.lonlat import Steps, bounds_lonlat, delta_encoded, to_lonlat
from geoharm.report.maps.styles import LINES, LayerKind, LineStyle
from geoharm.report.wording.change import change_reading
from geoharm.report.wording.methods import density_method
from geoharm.report.wording.withheld import released_total


class PathOptions(TypedDict):
    """How Leaflet draws an outline."""

    color: str
    weight: float
    fill: bool
    dashArray: NotRequired[str]


class StyleData(PathOptions):
    """How the page draws a kind of shape; `halo` is the width of the white line below it, 0 for none."""

    halo: float


class ImageData(TypedDict):
    """An image as a data URI, and its bounds as [[south, west], [north, east]] in degrees."""

    url: str
    bounds: list[list[float]]


class GeometryData(TypedDict):
    """A GeoJSON geometry whose coordinates are `delta_encoded`."""

    type: str
    coordinates: Steps


class KindProperties(TypedDict):
    """Properties of a shape without a name."""

    kind: str


class ZoneProperties(TypedDict):
    """Properties of a zone."""

    kind: str
    name: str


class HotspotProperties(TypedDict):
    """Properties of a hotspot; `measure` is the measure's position."""

    kind: str
    measure: int
    rank: int
    view: str
    text: str


Properties = KindProperties | ZoneProperties | HotspotProperties


class ShapeData(TypedDict):
    """A GeoJSON feature with an encoded geometry."""

    type: str
    properties: Properties
    geometry: GeometryData


class MeasureData(TypedDict):
    """One measure: words, classes, events of each view, and the views with too few events to draw."""

    name: str
    unit: str
    density: str
    activity: bool
    breaks: list[float]
    events: dict[str, str]
    few: list[str]
    note: str


class ClassData(TypedDict):
    """One class of a legend."""

    colour: str
    text: str


class PlaceData(TypedDict):
    """A place name at [latitude, longitude]."""

    name: str
    at: list[float]


class TilesData(TypedDict):
    """A provider of background tiles."""

    url: str
    subdomains: str
    zoom: int
    credit: str


class MapData(TypedDict):
    """All data of the page."""

    images: dict[str, ImageData]
    shapes: list[ShapeData]
    styles: dict[str, StyleData]
    measures: list[MeasureData]
    views: list[str]
    steps: list[str]
    colours: list[str]
    change: list[ClassData]
    readings: list[list[str]]
    places: list[PlaceData]
    operation: list[list[float]]
    city: list[list[float]]
    windows: dict[str, str]
    credits: list[str]
    tiles: TilesData | None
    ground: GroundData | None


def map_data(
    release: Release, operation: ReleasedOperation, layers: Sequence[Layer], *, ground: GroundData | None = None
) -> MapData:
    """Return the data of an operation's interactive map.

    Parameters
    ----------
    release : Release
    operation : ReleasedOperation
    layers : sequence of Layer
        As returned by `layers_of`.
    ground : GroundData, optional
        What lies under them.
    """
    area, design = release.study.area, operation.design
    name = design.operation.name
    views = list(release.hotspots[0].of(name)) if release.hotspots else []
    steps_by_name = step_windows(design, views)
    first_views = [BEFORE] if release.study.publish.steps == "phases" else []
    steps = [*(view for view in first_views if view in views), *steps_by_name]
    views = [view for view in views if view in (WHOLE, BEFORE, AFTER)]
    has_change = any(layer.kind is LayerKind.CHANGE for layer in layers)
    return {
        "images": _image_data(layers),
        "shapes": _shape_data(layers),
        "styles": style_data(),
        "measures": [_measure_data(release, measure_hotspots, name) for measure_hotspots in release.hotspots],
        "views": [*views, CHANGE] if views and has_change else views,
        "steps": steps if len(steps) > 1 else [],
        "colours": list(palette.DENSITY),
        "change": [{"colour": entry.colour, "text": entry.label} for entry in CHANGE_LEGEND],
        "readings": [
            [
                change_reading(change, ChangeKind.INTENSITY)
                for change in operation_changes(release, name, measure_hotspots.measure.name)
            ]
            for measure_hotspots in release.hotspots
        ],
        "places": [
            {"name": site.name, "at": _lat_lon(site.x, site.y, area.crs)} for site in release.study.publish.places
        ],
        "operation": bounds_lonlat(design.operation.target.buffer(outer_distance(design)), area.crs),
        "city": bounds_lonlat(area.boundary, area.crs),
        "windows": {step: format_numbers.window_text(window) for step, window in steps_by_name.items()}
        | {
            WHOLE: "every month with data",
            BEFORE: format_numbers.window_text(design.before),
            AFTER: format_numbers.window_text(design.after),
        },
        "credits": list(credit_lines(release)),
        "tiles": _tiles_data(release.study.publish.tiles),
        "ground": ground,
    }


def feature_properties(layer: ShapeLayer[Feature], feature: Feature) -> Properties:
    """Return the properties of a feature of a layer."""
    if isinstance(feature, HotspotFeature) and layer.view is not None:
        return {
            "kind": LayerKind.HOTSPOT.value,
            "measure": layer.view.number,
            "rank": feature.hotspot.rank,
            "view": layer.view.window,
            "text": feature.text,
        }
    if isinstance(feature, ZoneFeature):
        return {"kind": layer.kind.value, "name": feature.name}
    return {"kind": layer.kind.value}


def style_data() -> dict[str, StyleData]:
    """Return the style of each kind of shape."""
    return {kind.value: {**path_options(style), "halo": style.screen.halo} for kind, style in LINES.items()}


def path_options(style: LineStyle) -> PathOptions:
    """Return a style as options of a Leaflet path."""
    options: PathOptions = {"color": style.colour, "weight": style.screen.width, "fill": False}
    if style.screen.dash:
        options["dashArray"] = style.screen.dash
    return options


def _image_data(layers: Iterable[Layer]) -> dict[str, ImageData]:
    """Return the images of a map by the name of their layer."""
    return {
        layer.name: {
            "url": data_uri(palette_png(layer.image)),
            "bounds": [[layer.image.south, layer.image.west], [layer.image.north, layer.image.east]],
        }
        for layer in layers
        if isinstance(layer, ImageLayer)
    }


def _shape_data(layers: Iterable[Layer]) -> list[ShapeData]:
    """Return the shapes of a map in drawing order."""
    shapes: list[ShapeData] = []
    for layer in layers:
        if isinstance(layer, ShapeLayer):
            for feature in layer.features:
                outline = to_lonlat(feature.outline, layer.crs, tolerance=layer.tolerance)
                geometry: GeometryData = {"type": outline.geom_type, "coordinates": delta_encoded(outline)}
                shapes.append(
                    {"type": "Feature", "properties": feature_properties(layer, feature), "geometry": geometry}
                )
    return shapes


def _tiles_data(tiles: BackgroundTiles | None) -> TilesData | None:
    if tiles is None:
        return None
    return {
        "url": tiles.url,
        "subdomains": tiles.subdomains,
        "zoom": tiles.max_zoom,
        "credit": f"Background map: {tiles.attribution}. Terms: {tiles.terms}",
    }


def _measure_data(release: Release, measure_hotspots: ReleasedHotspots, operation: str) -> MeasureData:
    views = measure_hotspots.of(operation)
    return {
        "name": measure_hotspots.measure.name,
        "unit": measure_hotspots.measure.unit,
        "density": measure_hotspots.measure.density_unit,
        "activity": measure_hotspots.measure.role is Role.ACTIVITY,
        "breaks": list(measure_hotspots.breaks),
        "events": {view: released_total(release, events) for view, (_, events) in views.items()},
        "few": [view for view, (image, _) in views.items() if not image.classes.any()],
        "note": density_method(measure_hotspots),
    }


def _lat_lon(x: float, y: float, crs: str) -> list[float]:
    point = to_lonlat(shapely.Point(x, y), crs)
    return [point.y, point.x]
