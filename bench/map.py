"""Size and time of a map page with a surface of 100,000 cells: `geoharm.report` and folium's GeoJson.

Run as ``python -m bench.map``. A simulated city of 15.8 by 15.8 km, cells of 50 m, 120,000 events, so that every cell has a
class. geoharm makes the whole map page, with Leaflet in it, from the surface to the text of the file. folium makes one GeoJson
layer of square cells in the same six colours, saved as a page that loads Leaflet from the web (so its size is without
Leaflet). Both leave out blank cells. They run in turns in one process, three times. The density is computed before and not
timed.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from importlib.metadata import version

import folium
import numpy as np
import shapely

from geoharm import _crs
from geoharm.disclosure.classed_images import class_breaks, classed_image
from geoharm.hotspots.density.intensity import density
from geoharm.hotspots.results.surface import Surface
from geoharm.model.geometry import StudyArea
from geoharm.model.grid import Grid
from geoharm.model.points import Points
from geoharm.report import palette
from geoharm.report.escape import asset, json_block, render_page
from geoharm.report.maps.images import data_uri, palette_png
from geoharm.report.maps.page_data import MapData, style_data
from geoharm.report.maps.styles import LINES
from geoharm.report.maps.web_map import leaflet_assets

SIDE, CELL, ORIGIN, CRS = 316, 50.0, (480_000.0, 4_980_000.0), "EPSG:32626"
RUNS = 3


def made_surface() -> tuple[Surface, StudyArea, tuple[float, ...]]:
    """Return the density of a simulated city, its area, and the start of each class."""
    rng = np.random.default_rng(1)
    wide = SIDE * CELL
    axes = [
        ORIGIN[axis] + np.concatenate([rng.uniform(0, wide, 90_000), rng.normal(wide / 2, 2_000, 30_000)])
        for axis in (0, 1)
    ]
    area = StudyArea(shapely.box(*ORIGIN, ORIGIN[0] + wide, ORIGIN[1] + wide), CRS)
    grid = Grid(*ORIGIN, CELL, SIDE, SIDE)
    surface = density(Points(*axes, np.ones(120_000)), grid, bandwidth=300.0, years=1.0, within=area.boundary)
    return surface, area, class_breaks(float(np.nanmax(surface.values)))


def geoharm_page(surface: Surface, area: StudyArea, breaks: tuple[float, ...]) -> str:
    """Return geoharm's page with one picture and everything it needs."""
    image = classed_image(surface, np.nan_to_num(surface.values), breaks, area, coarse=100.0)
    bounds = [[image.south, image.west], [image.north, image.east]]
    leaflet = leaflet_assets()
    data: MapData = {
        "images": {"surface 0 whole period": {"url": data_uri(palette_png(image)), "bounds": bounds}},
        "shapes": [], "styles": style_data(), "measures": [{"name": "m", "unit": "events", "density": "Events", "activity": False, "breaks": list(breaks), "events": {"whole period": "120,000"}, "few": [], "note": ""}],
        "views": ["whole period"], "steps": [], "colours": list(palette.DENSITY), "change": [], "readings": [[]], "places": [],
        "operation": bounds, "city": bounds, "windows": {"whole period": ""}, "credits": [], "tiles": None,
    }  # fmt: skip
    study = {"name": "A made city", "hotspots": {"share": 0.25}}
    return render_page(
        "map.html.j2", style=leaflet.style + asset("map.css"), scripts=(leaflet.script, asset("map.js")), version="", study=study,
        operation={"name": "None", "placebo": False}, verdict={"headline": ""}, internal=False, data=json_block(data),
        measures=[(0, "m")], hotspot_rows=[], has_context=False, has_places=False, credits=[], tiles=None,
        lines={kind.value: style for kind, style in LINES.items()},
    )  # fmt: skip


def folium_page(surface: Surface, area: StudyArea, breaks: tuple[float, ...]) -> str:
    """Return folium's page with one square for each cell."""
    grid = surface.grid
    classes = np.digitize(np.nan_to_num(surface.values), breaks)
    down, across = np.nonzero(classes)
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)])
    x = grid.x0 + (across[:, None] + corners[:, 0]) * grid.cell
    y = grid.y0 + (down[:, None] + corners[:, 1]) * grid.cell
    longitude, latitude = _crs.transform(x.ravel(), y.ravel(), source=area.crs, target=_crs.LONLAT)
    rings = np.round(np.column_stack([longitude, latitude]), 5).reshape(-1, 5, 2).tolist()
    features = [
        {"type": "Feature", "properties": {"class": int(kind)}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
        for ring, kind in zip(rings, classes[down, across], strict=True)
    ]
    folium_map = folium.Map(tiles=None)
    folium.GeoJson(
        {"type": "FeatureCollection", "features": features},
        style_function=lambda feature: {
            "fillColor": palette.DENSITY[feature["properties"]["class"] - 1],
            "weight": 0,
            "fillOpacity": 1,
        },
    ).add_to(folium_map)
    return str(folium_map.get_root().render())


def timed(make: Callable[..., str], *parts: object) -> tuple[float, int]:
    """Return seconds of processor time, and bytes. Processor time varies less than wall time on a shared machine."""
    start = time.process_time()
    page = make(*parts)
    return time.process_time() - start, len(page.encode("utf-8"))


def main() -> None:
    """Print a table of sizes and times."""
    parts = made_surface()
    rows: dict[str, list[tuple[float, int]]] = {"geoharm": [], "folium": []}
    for name in ["geoharm", "folium"]:
        timed({"geoharm": geoharm_page, "folium": folium_page}[name], *parts)
    for _ in range(RUNS):
        rows["geoharm"].append(timed(geoharm_page, *parts))
        rows["folium"].append(timed(folium_page, *parts))
    cells = int(np.isfinite(parts[0].values).sum())
    drawn = int((np.digitize(np.nan_to_num(parts[0].values), parts[2]) > 0).sum())
    print(f"{cells:,} cells, {drawn:,} drawn; folium {version('folium')}")
    for name, runs in rows.items():
        seconds = [run_seconds for run_seconds, _ in runs]
        print(
            f"{name}: {runs[0][1] / 1000:,.0f} kB, {statistics.median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f})"
        )
    for quantity, index in (("bytes", 1), ("time", 0)):
        print(
            f"{quantity}: 1/{statistics.median(run[index] for run in rows['folium']) / statistics.median(run[index] for run in rows['geoharm']):.0f}"
        )


if __name__ == "__main__":
    main()
