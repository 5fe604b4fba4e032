"""The data of the interactive map, as `map.js` reads it. Dicts are made here because they are written as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NotRequired, TypedDict

import numpy as np
import shapely

from geoharm.disclosure.released import (
    ClassedImage,
    Release,
    ReleasedHotspots,
    ReleasedOperation,
    ReleasedPatterns,
)
from geoharm.hotspots.results.change import ChangeKind
from geoharm.model.background_tiles import BackgroundTiles
from geoharm.model.map_steps import step_windows
from geoharm.model.measure import Role
from geoharm.model.window_pair import WindowPair
from geoharm.report import format_numbers, palette
from geoharm.report.maps.ground_data import GroundData
from geoharm.report.maps.images import data_uri, palette_png
from geoharm.report.maps.layers import (
    AFTER,
    BEFORE,
    CHANGE,
    CHANGE_LEGEND,
    MAPPED_PATTERNS,
    WHOLE,
    Feature,
    HotspotFeature,
    ImageLayer,
    Layer,
    ShapeLayer,
    ZoneFeature,
    credit_lines,
    drawn_changes,
    outer_distance,
    pair_names,
)
from geoharm.report.maps.lonlat import Steps, bounds_lonlat, delta_encoded, to_lonlat
from geoharm.report.maps.pattern_layers import LEGENDS
from geoharm.report.maps.styles import LINES, LayerKind, LineStyle
from geoharm.report.wording.change import change_reading
from geoharm.report.wording.methods import density_method
from geoharm.report.wording.patterns import cluster_method, emerging_method, emerging_text
from geoharm.report.wording.withheld import note_as_sentence, released_total, sentence_text


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


class PatternData(TypedDict):
    """The classes of one measure's clusters or emerging hotspots, what was found, and how."""

    legend: list[ClassData]
    found: str
    how: str


class MapData(TypedDict):
    """All data of the page.

    A view of the second comparison has its position after its name: "before 1". `readings` are by measure and comparison.
    """

    images: dict[str, ImageData]
    shapes: list[ShapeData]
    styles: dict[str, StyleData]
    measures: list[MeasureData]
    views: list[str]
    pairs: list[str]
    patterns: dict[str, list[PatternData]]
    steps: list[str]
    colours: list[str]
    change: list[ClassData]
    readings: list[list[str]]
    places: list[PlaceData]
    operation: list[list[float]] | None
    city: list[list[float]]
    windows: dict[str, str]
    credits: list[str]
    tiles: TilesData | None
    ground: GroundData | None


def map_data(
    release: Release, operation: ReleasedOperation | None, layers: Sequence[Layer], *, ground: GroundData | None = None
) -> MapData:
    """Return the data of an interactive map.

    Parameters
    ----------
    release : Release
    operation : ReleasedOperation or None
        None for the map of a study that evaluates none.
    layers : sequence of Layer
        As returned by `layers_of`.
    ground : GroundData, optional
        What lies under them.
    """
    area, design = release.study.area, operation.design if operation else None
    names = pair_names(release, operation)
    drawn = {layer.view.window for layer in layers if isinstance(layer, ImageLayer)}
    steps_by_name = step_windows(design, drawn_views(release, names[:1])) if design else {}
    first_views = [BEFORE] if design and release.study.publish.steps == "phases" else []
    steps = [*(view for view in first_views if view in drawn), *steps_by_name]
    return {
        "images": _image_data(layers),
        "shapes": _shape_data(layers),
        "styles": style_data(),
        "measures": [_measure_data(release, measure_hotspots, names) for measure_hotspots in release.hotspots],
        "views": [view for view in (WHOLE, BEFORE, AFTER, CHANGE, *MAPPED_PATTERNS) if view in drawn],
        "pairs": list(names) if len(names) > 1 else [],
        "patterns": {} if operation else _pattern_data(release),
        "steps": steps if len(steps) > 1 else [],
        "colours": list(palette.DENSITY),
        "change": [{"colour": entry.colour, "text": entry.label} for entry in CHANGE_LEGEND],
        "readings": [
            [
                next(
                    (
                        change_reading(change, ChangeKind.INTENSITY)
                        for change in drawn_changes(release, name, measure_hotspots.measure.name)
                    ),
                    "",
                )
                for name in names
            ]
            for measure_hotspots in release.hotspots
        ],
        "places": [
            {"name": site.name, "at": _lat_lon(site.x, site.y, area.crs)} for site in release.study.publish.places
        ],
        "operation": bounds_lonlat(design.operation.target.buffer(outer_distance(design)), area.crs)
        if design
        else None,
        "city": bounds_lonlat(area.boundary, area.crs),
        "windows": {step: format_numbers.window_text(window) for step, window in steps_by_name.items()}
        | {WHOLE: "a list without dates" if release.study.is_undated else "every month with data"}
        | (_windows_of_comparisons(release) if design is None else _windows_of(design.windows, 0)),
        "credits": list(credit_lines(release)),
        "tiles": _tiles_data(release.study.publish.tiles),
        "ground": ground,
    }


def drawn_views(release: Release, names: Sequence[str]) -> list[str]:
    """Return the names of the views of the whole period and of operations or comparisons."""
    if not release.hotspots:
        return []
    views = release.hotspots[0].views
    return list(dict.fromkeys(view for windows_of, view in views if windows_of in ("", *names)))


def _windows_of(windows: WindowPair, pair: int) -> dict[str, str]:
    mark = f" {pair}" if pair else ""
    return {
        f"{BEFORE}{mark}": format_numbers.window_text(windows.before),
        f"{AFTER}{mark}": format_numbers.window_text(windows.after),
    }


def _windows_of_comparisons(release: Release) -> dict[str, str]:
    """Return the days of every comparison's windows, as the first measure that can be counted in them has them."""
    found: dict[str, str] = {}
    for pair, comparison in enumerate(release.study.comparisons):
        counted = (one.windows for one in release.comparisons if one.comparison == comparison.name and one.windows)
        if (windows := next(counted, None)) is not None:
            found |= _windows_of(windows, pair)
    return found


def _pattern_data(release: Release) -> dict[str, list[PatternData]]:
    """Return the classes and words of clusters and emerging hotspots, in the order of the measures on the map."""
    by_measure = {patterns.measure.name: patterns for patterns in release.patterns}
    mapped = [by_measure.get(hotspots.measure.name) for hotspots in release.hotspots]
    return {
        LayerKind.CLUSTERS.value: [_clusters_data(patterns) for patterns in mapped],
        LayerKind.EMERGING.value: [_emerging_data(patterns) for patterns in mapped],
    }


def _clusters_data(patterns: ReleasedPatterns | None) -> PatternData:
    if patterns is None or patterns.clusters is None:
        return {"legend": [], "found": _why_not(patterns, "clusters"), "how": ""}
    km2 = patterns.clusters.km2
    found = f"High beside high: {km2['high']:,.2f} km\u00b2. Low beside low: {km2['low']:,.2f} km\u00b2."
    return _classes(LayerKind.CLUSTERS, patterns.clusters.image, found, cluster_method(patterns.clusters))


def _emerging_data(patterns: ReleasedPatterns | None) -> PatternData:
    if patterns is None or patterns.emerging is None:
        return {"legend": [], "found": _why_not(patterns, "emerging"), "how": ""}
    return _classes(
        LayerKind.EMERGING, patterns.emerging.image, emerging_text(patterns), emerging_method(patterns.emerging)
    )


def _classes(kind: LayerKind, image: ClassedImage, found: str, how: str) -> PatternData:
    """Return the classes that an image holds, and the words."""
    held = set(np.unique(image.classes).tolist())
    legend: list[ClassData] = [
        {"colour": entry.colour, "text": entry.label}
        for number, entry in enumerate(LEGENDS[kind], start=1)
        if number in held
    ]
    return {"legend": legend, "found": found, "how": f"{note_as_sentence(how)} Blank: too few to show."}


def _why_not(patterns: ReleasedPatterns | None, part: str) -> str:
    return sentence_text(patterns.why_not.get(part, "")) if patterns else "Nothing was computed."


def feature_properties(layer: ShapeLayer[Feature], feature: Feature) -> Properties:
    """Return the properties of a feature of a layer."""
    if isinstance(feature, HotspotFeature) and layer.view is not None:
        return {
            "kind": LayerKind.HOTSPOT.value,
            "measure": layer.view.number,
            "rank": feature.hotspot.rank,
            "view": layer.view.key,
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


def _measure_data(release: Release, measure_hotspots: ReleasedHotspots, names: Sequence[str]) -> MeasureData:
    views = {
        f"{view} {pair}" if pair and view != WHOLE else view: drawn
        for pair, name in enumerate(names or ("",))
        for view, drawn in measure_hotspots.of(name).items()
    }
    return {
        "name": measure_hotspots.measure.name,
        "unit": measure_hotspots.measure.unit,
        "density": f"{measure_hotspots.measure.density_unit} {measure_hotspots.measure.density_per}",
        "activity": measure_hotspots.measure.role is Role.ACTIVITY,
        "breaks": list(measure_hotspots.breaks),
        "events": {view: released_total(release, events) for view, (_, events) in views.items()},
        "few": [view for view, (image, _) in views.items() if not image.classes.any()],
        "note": density_method(measure_hotspots),
    }


def _lat_lon(x: float, y: float, crs: str) -> list[float]:
    point = to_lonlat(shapely.Point(x, y), crs)
    return [point.y, point.x]
