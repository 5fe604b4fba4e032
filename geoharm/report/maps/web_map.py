"""The interactive map: a `folium.Map` for further work, and a page made from the same layers.

folium's own page loads ten files from four hosts and writes data into code. So only folium's map objects are used, and
its template is never run. The layers are read from the map object and drawn by a page that contains Leaflet.
"""

from __future__ import annotations

import functools
import re
from importlib import resources
from typing import Any

import folium
import shapely

from geoharm import _text
from geoharm._version import __version__
from geoharm.disclosure.released import ClassedImage, Release, ReleasedChange, ReleasedHotspots, ReleasedOperation
from geoharm.hotspots.results.change import ChangeKind
from geoharm.model.background_tiles import BackgroundTiles
from geoharm.model.geometry import ZoneRole
from geoharm.model.hotspot import Hotspot
from geoharm.model.map_steps import step_windows
from geoharm.model.measure import Role
from geoharm.report import format_numbers, palette
from geoharm.report.escape import asset, html, json_block, render_page
from geoharm.report.maps.layers import bounds_lonlat, credit_lines, data_uri, delta_encoded, palette_png, to_lonlat
from geoharm.report.wording.change import CLASS_WORDS, change_reading
from geoharm.report.wording.methods import density_method
from geoharm.report.wording.verdict import Verdict
from geoharm.report.wording.withheld import released_total

CHANGE, WHOLE, BEFORE, AFTER = "change", "whole period", "before", "after"

_ZONE_STYLE = {
    ZoneRole.TARGET: {"color": palette.INK, "weight": 3, "fill": False},
    ZoneRole.GAP: {"color": palette.INK, "weight": 1.5, "fill": False, "dashArray": "2 4"},
    ZoneRole.RING: {"color": palette.INK, "weight": 1.5, "fill": False, "dashArray": "8 5"},
    ZoneRole.CONTROL: {"color": palette.CONTROL, "weight": 1.5, "fill": False, "dashArray": "1 5"},
}


def build_map(release: Release, operation: ReleasedOperation) -> folium.Map:
    """Return a folium map without tiles: surfaces, hotspots, zones, study area, context.

    Parameters
    ----------
    release : Release
    operation : ReleasedOperation
        Its zones are drawn.
    """
    crs = release.study.area.crs
    corners = bounds_lonlat(operation.design.operation.target.buffer(_outer_distance(operation)), crs)
    folium_map = folium.Map(tiles=None, control_scale=True)
    folium_map.fit_bounds(corners)
    _add_outline(folium_map, "study", {"kind": "study"}, to_lonlat(release.study.area.boundary, crs, tolerance=5.0))
    for lines in release.study.publish.context:
        _add_outline(folium_map, "context", {"kind": "context"}, to_lonlat(lines, crs, tolerance=10.0))
    for index, measure_hotspots in enumerate(release.hotspots):
        for view, (image, _) in measure_hotspots.of(operation.design.operation.name).items():
            _add_overlay(folium_map, image, f"surface {index} {view}")
        for change in _operation_changes(release, operation, measure_hotspots.measure.name):
            _add_overlay(folium_map, change.pictures[ChangeKind.INTENSITY], f"surface {index} {CHANGE}")
        for view, hotspots in _hotspots_by_view(measure_hotspots, operation).items():
            for hotspot in hotspots:
                text = f"Hotspot {hotspot.rank}, {view}: {released_total(release, hotspot.events)} {measure_hotspots.measure.unit}, {hotspot.area_km2:.2f} km²"
                properties = {"kind": "hotspot", "measure": index, "rank": hotspot.rank, "view": view, "text": text}
                _add_outline(
                    folium_map,
                    f"hotspot {index} {view} {hotspot.rank}",
                    properties,
                    to_lonlat(hotspot.geometry, crs, tolerance=1.0),
                )
    for zone in operation.design.zones:
        shape = zone.geometry
        if zone.role in (ZoneRole.GAP, ZoneRole.RING):
            shape = operation.design.operation.target.buffer(zone.outer).intersection(release.study.area.boundary)
        properties = {"kind": zone.role.value, "name": zone.name, "style": _ZONE_STYLE[zone.role]}
        _add_outline(folium_map, zone.name, properties, to_lonlat(shape, crs, tolerance=1.0))
    folium.LayerControl(collapsed=True).add_to(folium_map)
    return folium_map


def map_page(release: Release, operation: ReleasedOperation, verdict: Verdict) -> str:
    """Return the map as one whole HTML file that runs only its own scripts.

    It loads nothing, unless the study file names a background map.
    """
    folium_map = build_map(release, operation)
    data = _page_data(release, operation, folium_map)
    tiles = release.study.publish.tiles
    library = leaflet_assets()
    return render_page(
        "map.html.j2",
        style=library["css"] + asset("map.css"),
        scripts=(library["js"], asset("map.js")),
        version=__version__,
        operation=operation.design.operation,
        study=release.study,
        verdict=verdict,
        internal=release.is_internal,
        data=json_block(data),
        measures=[(index, measure_hotspots.measure.name) for index, measure_hotspots in enumerate(release.hotspots)],
        hotspot_rows=[
            (
                index,
                hotspot.rank,
                released_total(release, hotspot.events),
                f"{hotspot.area_km2:.2f}",
                _text.percent_text(hotspot.share),
                _text.percent_text(hotspot.stability),
            )
            for index, measure_hotspots in enumerate(release.hotspots)
            for hotspot in measure_hotspots.hotspots[:10]
        ],
        has_context=bool(release.study.publish.context),
        has_places=bool(release.study.publish.places),
        credits=credit_lines(release),
        hosts=tiles.hosts if tiles else (),
        tiles=tiles,
    )


def _hotspots_by_view(
    measure_hotspots: ReleasedHotspots, operation: ReleasedOperation
) -> dict[str, tuple[Hotspot, ...]]:
    """Return the hotspots to draw in each view: whole period, before and after."""
    operation_name = operation.design.operation.name
    window_hotspots = {
        view: hotspots
        for (outline_operation, view), hotspots in measure_hotspots.outlines.items()
        if outline_operation == operation_name and view in (BEFORE, AFTER)
    }
    return {WHOLE: measure_hotspots.hotspots} | window_hotspots


def _operation_changes(release: Release, operation: ReleasedOperation, measure: str) -> list[ReleasedChange]:
    """Return the drawn change of a measure around an operation, as a list of one or none."""
    name = operation.design.operation.name
    return [
        change
        for change in release.changes
        if (change.operation, change.measure.name) == (name, measure) and change.pictures
    ]


def _add_overlay(folium_map: folium.Map, image: ClassedImage, name: str) -> None:
    folium.raster_layers.ImageOverlay(
        image=data_uri(palette_png(image)),
        bounds=[[image.south, image.west], [image.north, image.east]],
        name=name,
        mercator_project=False,
        show=name.endswith(WHOLE),
    ).add_to(folium_map)


def _add_outline(folium_map: folium.Map, name: str, properties: dict[str, Any], geometry: dict[str, Any]) -> None:
    escaped = {key: html(value) if isinstance(value, str) else value for key, value in properties.items()}
    feature = {"type": "Feature", "properties": escaped, "geometry": geometry}
    style = properties.get("style", {"color": palette.CONTROL, "weight": 1, "fill": False})
    folium.GeoJson(
        feature, name=str(html(name)), style_function=lambda _feature, style=style: style, smooth_factor=0
    ).add_to(folium_map)


def _encoded_feature(feature: dict[str, Any]) -> dict[str, Any]:
    geometry = feature["geometry"]
    return feature | {"geometry": geometry | {"coordinates": delta_encoded(geometry["coordinates"])}}


def _page_data(release: Release, operation: ReleasedOperation, folium_map: folium.Map) -> dict[str, Any]:
    """Return the data of the page, with the layers read from the folium map but without its random element names."""
    images: dict[str, Any] = {}
    shapes: list[Any] = []
    for child in folium_map._children.values():  # folium offers no public way to list a map's layers
        if isinstance(child, folium.raster_layers.ImageOverlay):
            images[str(child.layer_name)] = {"url": child.url, "bounds": child.bounds}
        elif isinstance(child, folium.GeoJson):
            shapes += [_encoded_feature(feature) for feature in child.data.get("features", [child.data])]
    crs, name = release.study.area.crs, operation.design.operation.name
    views = list(release.hotspots[0].of(name)) if release.hotspots else []
    steps_by_name = step_windows(operation.design, views)
    first_views = [BEFORE] if release.study.publish.steps == "phases" else []
    steps = [*(view for view in first_views if view in views), *steps_by_name]
    views = [view for view in views if view in (WHOLE, BEFORE, AFTER)]
    return {
        "images": images,
        "shapes": shapes,
        "measures": [_measure_data(release, measure_hotspots, name) for measure_hotspots in release.hotspots],
        "views": [*views, CHANGE] if views and any(f" {CHANGE}" in key for key in images) else views,
        "steps": steps if len(steps) > 1 else [],
        "colours": list(palette.DENSITY),
        "change": [{"colour": colour, "text": text} for colour, text in zip(palette.CHANGE, CLASS_WORDS, strict=True)],
        "readings": [
            [
                change_reading(change, ChangeKind.INTENSITY)
                for change in _operation_changes(release, operation, measure_hotspots.measure.name)
            ]
            for measure_hotspots in release.hotspots
        ],
        "places": [{"name": site.name, "at": _lat_lon(site.x, site.y, crs)} for site in release.study.publish.places],
        "operation": bounds_lonlat(operation.design.operation.target.buffer(_outer_distance(operation)), crs),
        "city": bounds_lonlat(release.study.area.boundary, crs),
        "windows": {name: format_numbers.window_text(window) for name, window in steps_by_name.items()}
        | {
            "whole period": "every month with data",
            "before": format_numbers.window_text(operation.design.before),
            "after": format_numbers.window_text(operation.design.after),
        },
        "credits": list(credit_lines(release)),
        "tiles": _tiles_data(release.study.publish.tiles),
    }


def _tiles_data(tiles: BackgroundTiles | None) -> dict[str, Any] | None:
    if tiles is None:
        return None
    return {
        "url": tiles.url,
        "subdomains": tiles.subdomains,
        "zoom": tiles.max_zoom,
        "credit": f"Background map: {tiles.attribution}. Terms: {tiles.terms}",
    }


def _measure_data(release: Release, measure_hotspots: ReleasedHotspots, operation: str) -> dict[str, Any]:
    return {
        "name": measure_hotspots.measure.name,
        "unit": measure_hotspots.measure.unit,
        "density": measure_hotspots.measure.density_unit,
        "activity": measure_hotspots.measure.role is Role.ACTIVITY,
        "breaks": list(measure_hotspots.breaks),
        "events": {
            view: released_total(release, events) for view, (_, events) in measure_hotspots.of(operation).items()
        },
        "few": [view for view, (image, _) in measure_hotspots.of(operation).items() if not image.classes.any()],
        "note": density_method(measure_hotspots),
    }


def _lat_lon(x: float, y: float, crs: str) -> list[float]:
    point = to_lonlat(shapely.Point(x, y), crs)["coordinates"]
    return [point[1], point[0]]


def _outer_distance(operation: ReleasedOperation) -> float:
    study_operation = operation.design.operation
    return study_operation.rings[-1] if study_operation.rings else study_operation.gap


@functools.cache
def leaflet_assets() -> dict[str, str]:
    """Return the script and style of Leaflet, without references to pictures and source maps."""
    folder = resources.files("xstatic.pkg.leaflet").joinpath("data")
    script = folder.joinpath("leaflet.js").read_text(encoding="utf-8")
    style = folder.joinpath("leaflet.css").read_text(encoding="utf-8")
    return {
        "js": re.sub(r"//# sourceMappingURL=\S*", "", script),
        "css": re.sub(r"[^{}]*\{[^{}]*url\([^{}]*\}", "", style),
    }
