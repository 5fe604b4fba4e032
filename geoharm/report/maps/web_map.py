"""The map: a `folium.Map` for those who want to go on with it, and the finished page made from the same layers.

folium's own page loads ten files from four hosts and puts data into code; so its objects are used, and its template
is never run: the layers are read back from the map and drawn by a page that holds Leaflet itself.
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
from geoharm.disclosure.change import CLASS_WORDS
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
from geoharm.report.wording.methods import density_method
from geoharm.report.wording.verdict import Verdict

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
        Whose zones are drawn.
    """
    crs = release.study.area.crs
    corners = bounds_lonlat(operation.design.operation.target.buffer(_reach(operation)), crs)
    built = folium.Map(tiles=None, control_scale=True)
    built.fit_bounds(corners)
    _outline(built, "study", {"kind": "study"}, to_lonlat(release.study.area.boundary, crs, tolerance=5.0))
    for lines in release.study.publish.context:
        _outline(built, "context", {"kind": "context"}, to_lonlat(lines, crs, tolerance=10.0))
    for index, one in enumerate(release.hotspots):
        for view, (image, _) in one.of(operation.design.operation.name).items():
            _overlay(built, image, f"surface {index} {view}")
        for change in _changes(release, operation, one.measure.name):
            _overlay(built, change.pictures[ChangeKind.INTENSITY], f"surface {index} {CHANGE}")
        for view, spots in _outlines(one, operation).items():
            for spot in spots:
                text = (
                    f"Hotspot {spot.rank}, {view}: {_events(release, spot)} {one.measure.unit}, {spot.area_km2:.2f} km²"
                )
                about = {"kind": "hotspot", "measure": index, "rank": spot.rank, "view": view, "text": text}
                _outline(
                    built, f"hotspot {index} {view} {spot.rank}", about, to_lonlat(spot.geometry, crs, tolerance=1.0)
                )
    for zone in operation.design.zones:
        shape = zone.geometry
        if zone.role in (ZoneRole.GAP, ZoneRole.RING):
            shape = operation.design.operation.target.buffer(zone.outer).intersection(release.study.area.boundary)
        about = {"kind": zone.role.value, "name": zone.name, "style": _ZONE_STYLE[zone.role]}
        _outline(built, zone.name, about, to_lonlat(shape, crs, tolerance=1.0))
    folium.LayerControl(collapsed=True).add_to(built)
    return built


def map_page(release: Release, operation: ReleasedOperation, verdict: Verdict) -> str:
    """Return the map as a whole HTML page: one file, no request, nothing run but what stands in it."""
    built = build_map(release, operation)
    data = _page_data(release, operation, built)
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
        measures=[(index, one.measure.name) for index, one in enumerate(release.hotspots)],
        hotspot_rows=[
            (
                index,
                spot.rank,
                _events(release, spot),
                f"{spot.area_km2:.2f}",
                _text.percent_text(spot.share),
                _text.percent_text(spot.stability),
            )
            for index, one in enumerate(release.hotspots)
            for spot in one.hotspots[:10]
        ],
        has_context=bool(release.study.publish.context),
        has_places=bool(release.study.publish.places),
        credits=credit_lines(release),
        hosts=tiles.hosts if tiles else (),
        tiles=tiles,
    )


def _outlines(one: ReleasedHotspots, operation: ReleasedOperation) -> dict[str, tuple[Hotspot, ...]]:
    """Return the hotspots to draw in each view: those of the whole period in its own, of each window in that."""
    name = operation.design.operation.name
    found = {view: spots for (owner, view), spots in one.outlines.items() if owner == name and view in (BEFORE, AFTER)}
    return {WHOLE: one.hotspots} | found


def _events(release: Release, spot: Hotspot) -> str:
    return f"{spot.events:,}" if release.is_internal else f"about {spot.events:,}"


def _changes(release: Release, operation: ReleasedOperation, measure: str) -> list[ReleasedChange]:
    """Return the drawn change of a measure around an operation: one or none."""
    name = operation.design.operation.name
    return [one for one in release.changes if (one.operation, one.measure.name) == (name, measure) and one.pictures]


def _overlay(built: folium.Map, image: ClassedImage, name: str) -> None:
    folium.raster_layers.ImageOverlay(
        image=data_uri(palette_png(image)),
        bounds=[[image.south, image.west], [image.north, image.east]],
        name=name,
        mercator_project=False,
        show=name.endswith(WHOLE),
    ).add_to(built)


def _outline(built: folium.Map, name: str, about: dict[str, Any], geometry: dict[str, Any]) -> None:
    safe = {key: html(value) if isinstance(value, str) else value for key, value in about.items()}
    feature = {"type": "Feature", "properties": safe, "geometry": geometry}
    style = about.get("style", {"color": palette.CONTROL, "weight": 1, "fill": False})
    folium.GeoJson(
        feature, name=str(html(name)), style_function=lambda _feature, style=style: style, smooth_factor=0
    ).add_to(built)


def _packed(feature: dict[str, Any]) -> dict[str, Any]:
    geometry = feature["geometry"]
    return feature | {"geometry": geometry | {"coordinates": delta_encoded(geometry["coordinates"])}}


def _page_data(release: Release, operation: ReleasedOperation, built: folium.Map) -> dict[str, Any]:
    """Read the layers back from the folium map; its random element names are left behind."""
    images: dict[str, Any] = {}
    shapes: list[Any] = []
    for child in built._children.values():  # folium offers no public way to list a map's layers
        if isinstance(child, folium.raster_layers.ImageOverlay):
            images[str(child.layer_name)] = {"url": child.url, "bounds": child.bounds}
        elif isinstance(child, folium.GeoJson):
            shapes += [_packed(feature) for feature in child.data.get("features", [child.data])]
    crs, name = release.study.area.crs, operation.design.operation.name
    views = list(release.hotspots[0].of(name)) if release.hotspots else []
    parts = step_windows(operation.design, views)
    first = [BEFORE] if release.study.publish.steps == "phases" else []
    steps = [*(view for view in first if view in views), *parts]
    views = [view for view in views if view in (WHOLE, BEFORE, AFTER)]
    return {
        "images": images,
        "shapes": shapes,
        "measures": [_measure_data(one, name) for one in release.hotspots],
        "views": [*views, CHANGE] if views and any(f" {CHANGE}" in key for key in images) else views,
        "steps": steps if len(steps) > 1 else [],
        "colours": list(palette.DENSITY),
        "change": [{"colour": colour, "text": text} for colour, text in zip(palette.CHANGE, CLASS_WORDS, strict=True)],
        "readings": [
            [one.readings[ChangeKind.INTENSITY] for one in _changes(release, operation, spots.measure.name)]
            for spots in release.hotspots
        ],
        "places": [{"name": site.name, "at": _latlon(site.x, site.y, crs)} for site in release.study.publish.places],
        "operation": bounds_lonlat(operation.design.operation.target.buffer(_reach(operation)), crs),
        "city": bounds_lonlat(release.study.area.boundary, crs),
        "windows": {name: format_numbers.window_text(window) for name, window in parts.items()}
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


def _measure_data(one: ReleasedHotspots, operation: str) -> dict[str, Any]:
    return {
        "name": one.measure.name,
        "unit": one.measure.unit,
        "density": one.measure.density_unit,
        "activity": one.measure.role is Role.ACTIVITY,
        "breaks": list(one.breaks),
        "events": {view: events for view, (_, events) in one.of(operation).items()},
        "few": [view for view, (image, _) in one.of(operation).items() if not image.classes.any()],
        "note": density_method(one),
    }


def _latlon(x: float, y: float, crs: str) -> list[float]:
    point = to_lonlat(shapely.Point(x, y), crs)["coordinates"]
    return [point[1], point[0]]


def _reach(operation: ReleasedOperation) -> float:
    about = operation.design.operation
    return about.rings[-1] if about.rings else about.gap


@functools.cache
def leaflet_assets() -> dict[str, str]:
    """Return Leaflet from the assets-only package, without the pictures and maps its files point at."""
    folder = resources.files("xstatic.pkg.leaflet").joinpath("data")
    script = folder.joinpath("leaflet.js").read_text(encoding="utf-8")
    style = folder.joinpath("leaflet.css").read_text(encoding="utf-8")
    return {
        "js": re.sub(r"//# sourceMappingURL=\S*", "", script),
        "css": re.sub(r"[^{}]*\{[^{}]*url\([^{}]*\}", "", style),
    }
