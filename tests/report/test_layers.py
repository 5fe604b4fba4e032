"""Layers are made once: the page, folium and the GeoPackage hold the same shapes, names and attributes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from html import unescape
from xml.etree import ElementTree as Xml

import folium
import geopandas
import numpy as np
import pytest
import shapely
from shapely.testing import assert_geometries_equal

from geoharm import _crs
from geoharm.disclosure.protect import protect
from geoharm.errors import DataError
from geoharm.report import palette
from geoharm.report.escape import asset, html
from geoharm.report.exports.gis import gis_files
from geoharm.report.exports.gis_layers import gis_layers
from geoharm.report.maps.folium_map import folium_map as map_in_folium
from geoharm.report.maps.folium_map import to_folium
from geoharm.report.maps.layers import ImageLayer, ShapeLayer, layers_of, zone_layers
from geoharm.report.maps.lonlat import delta_encoded, to_lonlat
from geoharm.report.maps.static_map import operation_map
from geoharm.report.maps.styles import LINES, LayerKind
from geoharm.report.maps.web_map import map_page
from geoharm.report.wording.verdict import verdict_of
from tests.conftest import visit
from tests.disclosure.test_protect import PLENTY, planted_spot, result

HOSTILE = "<b>needles & more</b>"


@pytest.fixture(scope="module")
def release(area):
    spots = planted_spot(area, 60, 6)
    spots = replace(spots, measure=replace(spots.measure, unit=HOSTILE), outlines={("X", "before"): spots.hotspots[:1]})
    whole = result(area, PLENTY, spots=[spots])
    operation = whole.operations[0]
    distances = ((0, 0), (0, 50), (50, 250), (250, 500), (0, 0))
    zones = tuple(
        replace(zone, inner=inner, outer=outer)
        for zone, (inner, outer) in zip(operation.design.zones, distances, strict=True)
    )
    whole = replace(whole, operations=(replace(operation, design=replace(operation.design, zones=zones)),))
    x, y = area.boundary.centroid.x, area.boundary.centroid.y
    lines = shapely.MultiLineString([[(x, y), (x + 900, y + 300)], [(x, y), (x - 500, y - 90.4)]])
    publish = replace(whole.study.publish, files=("geopackage",), context=(lines,))
    return protect(replace(whole, study=replace(whole.study, publish=publish)))


@pytest.fixture(scope="module")
def page(release):
    operation = release.operations[0]
    return map_page(release, operation, verdict_of(release, operation))


@pytest.fixture(scope="module")
def page_data(page):
    return json.loads(re.search(r'id="data">(.*?)</script>', page)[1])


@pytest.fixture(scope="module")
def page_shapes(page_data):
    return [
        (shape["properties"], shapely.geometry.shape(shape["geometry"] | {"coordinates": decoded(shape["geometry"]["coordinates"])}))
        for shape in page_data["shapes"]
    ]  # fmt: skip


@pytest.fixture(scope="module")
def folium_map(release):
    return map_in_folium(release, offline=True)


@pytest.fixture(scope="module")
def folium_shapes(folium_map):
    children = folium_map._children.values()
    return [
        (
            {key: unescape(value) if isinstance(value, str) else value for key, value in feature["properties"].items()},
            shapely.geometry.shape(feature["geometry"]),
        )
        for child in children
        if isinstance(child, folium.GeoJson)
        for feature in child.data["features"]
    ]


@pytest.fixture(scope="module")
def package(release, tmp_path_factory):
    path = tmp_path_factory.mktemp("gis") / "h.gpkg"
    path.write_bytes(gis_files(release, scratch=path.parent)["hotspots.gpkg"])
    return {name: geopandas.read_file(path, layer=name) for name in ("hotspots", "zones")}


def decoded(steps):
    """Return coordinates in degrees, as `map.js` does."""
    if isinstance(steps[0], list):
        return [decoded(part) for part in steps]
    return (np.cumsum(np.array(steps).reshape(-1, 2), axis=0) / 1e5).tolist()


def on_map(geometry, area):
    return to_lonlat(geometry, area.crs, tolerance=1.0)


def test_page_and_folium_hold_the_same_shapes(page_shapes, folium_shapes):
    assert [properties for properties, _ in page_shapes] == [properties for properties, _ in folium_shapes]
    for (_, page), (_, drawn) in zip(page_shapes, folium_shapes, strict=True):
        assert_geometries_equal(page, drawn, tolerance=1e-9)
    kinds = [properties["kind"] for properties, _ in page_shapes]
    assert {"study", "context", "hotspot", "target", "gap", "ring", "control"} == set(kinds)


def test_zones_of_map_and_geopackage_are_the_same(area, page_shapes, package):
    drawn = [(properties, shape) for properties, shape in page_shapes if "name" in properties]
    zones = package["zones"]
    assert [(properties["name"], properties["kind"]) for properties, _ in drawn] == list(
        zip(zones["zone"], zones["role"], strict=True)
    )
    covered = shapely.Polygon()
    for (properties, shape), geometry in zip(drawn, zones.geometry, strict=True):
        if properties["kind"] in ("target", "control"):
            assert_geometries_equal(shape, on_map(geometry, area), tolerance=1e-9)
        if properties["kind"] != "control":
            # A map draws the outer edge of a gap or ring: everything inside belongs to it or to a zone nearer the target.
            covered = covered.union(geometry)
            filled = on_map(
                shapely.union_all([shapely.Polygon(part.exterior) for part in shapely.get_parts(covered)]), area
            )
            assert shape.symmetric_difference(filled).area < 0.01 * shape.area


def test_hotspots_of_map_and_geopackage_are_the_same(area, page_shapes, package):
    whole = [(properties, shape) for properties, shape in page_shapes if properties.get("view") == "whole period"]
    hotspots = package["hotspots"]
    assert [properties["rank"] for properties, _ in whole] == list(hotspots["rank"])
    for (properties, shape), (_, row) in zip(whole, hotspots.iterrows(), strict=True):
        assert_geometries_equal(shape, on_map(row.geometry, area), tolerance=1e-9)
        assert properties["measure"] == 0
        assert properties["text"] == (
            f"Hotspot {row['rank']}, whole period: about {row['events']:,} {HOSTILE}, {row['area_km2']:.2f} km²"
        )
    assert [properties["rank"] for properties, _ in page_shapes if properties.get("view") == "before"] == [1]


def test_every_layer_has_a_name_a_title_and_a_legend(release):
    layers = layers_of(release, release.operations[0])
    assert len({layer.name for layer in layers}) == len(layers)
    assert all(layer.title for layer in layers)
    for layer in layers:
        if isinstance(layer, ImageLayer):
            assert len(layer.legend) == (6 if layer.kind is LayerKind.SURFACE else 5)
            assert layer.image.classes.max() <= len(layer.legend)
        else:
            assert isinstance(layer, ShapeLayer)
            assert layer.style is LINES[layer.kind]
            assert layer.features


def test_every_writer_draws_a_kind_in_its_one_style(release, page, page_data, folium_map):
    operation = release.operations[0]
    styles = {layer.name: Xml.fromstring(layer.style) for layer in gis_layers(release)}
    picture = str(operation_map(release, operation.design, next(iter(release.hotspots[0].views.values())), "T"))
    assert set(page_data["styles"]) == {kind.value for kind in LINES}
    for kind, style in LINES.items():
        options = page_data["styles"][kind.value]
        assert (options["color"], options["weight"]) == (style.colour, style.screen.width)
        assert options.get("dashArray", "") == style.screen.dash
    for child in folium_map._children.values():
        if isinstance(child, folium.GeoJson):
            for feature in child.data["features"]:
                options, kind = child.style_function(feature), feature["properties"]["kind"]
                assert options | {"halo": page_data["styles"][kind]["halo"]} == page_data["styles"][kind]
    for kind in (LayerKind.TARGET, LayerKind.HOTSPOT, LayerKind.CONTROL, LayerKind.CONTEXT):
        style = LINES[kind]
        # The page's own style gives a kind its colour, because it is another one in the dark.
        legend = re.findall(rf'class="k-{kind.value}"[^>]*stroke-width="([\d.]+)"', page.split("<script")[0])
        assert [float(width) for width in legend][:1] == [style.screen.width]
        assert style.colour in asset("map.css")
    assert not re.findall(r"#(?!fff)[0-9a-f]{6}", asset("map.js"))
    symbols = {symbol.get("name"): symbol for symbol in styles["zones"].iter("symbol")}
    for category in styles["zones"].iter("category"):
        style = LINES[LayerKind(category.get("value"))]
        options = symbols[category.get("symbol")].find("./layer/Option")
        values = {option.get("name"): option.get("value") for option in options}
        assert values["line_color"] == ",".join(map(str, (*palette.rgb(style.colour), 255)))
        assert values["line_width"] == f"{style.gis.width:g}"
    for layer in zone_layers(operation.design, release.study.area.crs):
        if layer.kind is not LayerKind.CONTROL:
            assert f'stroke="{layer.style.colour}" stroke-width="{layer.style.picture.width:g}"' in picture


def test_names_in_folium_are_escaped_and_the_page_holds_plain_text(folium_map, page_shapes):
    drawn = folium_map.get_root().render()
    assert HOSTILE not in drawn
    assert "&lt;b&gt;needles &amp; more&lt;/b&gt;" in drawn or "\\u0026lt;b\\u0026gt;" in drawn
    assert any(HOSTILE in properties.get("text", "") for properties, _ in page_shapes)


def test_pages_need_no_folium():
    command = "import sys, geoharm.report.write; print('folium' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", command], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "False"


def test_encoded_steps_give_the_outline_back(area):
    for geometry in (
        area.boundary,
        area.boundary.boundary,
        area.boundary.difference(area.boundary.centroid.buffer(500)),
    ):
        outline = to_lonlat(geometry, area.crs)
        shape = {"type": outline.geom_type, "coordinates": decoded(delta_encoded(outline))}
        assert_geometries_equal(shapely.geometry.shape(shape), outline, tolerance=1e-9)
        x, y = _crs.transform(*shapely.get_coordinates(outline).T, source=_crs.LONLAT, target=area.crs)
        assert np.hypot(*(np.column_stack([x, y]) - shapely.get_coordinates(geometry)).T).max() < 1.0


def test_folium_opens_on_the_primary_measure_after_the_operation(release, folium_map):
    layers = layers_of(release, release.operations[0])
    shown = [child for child in folium_map._children.values() if getattr(child, "layer_name", "") and child.show]
    # This release has a surface of the whole period only.
    images = [layer for layer in layers if isinstance(layer, ImageLayer)]
    surfaces = [child.layer_name for child in shown if isinstance(child, folium.raster_layers.ImageOverlay)]
    assert surfaces == [layer.title for layer in images if layer.view.window == "whole period"]
    assert len(surfaces) == 1
    assert len(shown) < len(layers)
    listed = [child.layer_name for child in folium_map._children.values() if getattr(child, "layer_name", "")]
    assert listed[: len(layers)] == [html(layer.title) for layer in layers]
    after = [replace(layer, view=replace(layer.view, window="after")) for layer in images]
    both = to_folium([*layers, *after], measure=release.study.primary, window="after")
    drawn = [child for child in both._children.values() if isinstance(child, folium.raster_layers.ImageOverlay)]
    assert [child.show for child in drawn] == [False, True]


def test_folium_takes_a_run_and_a_name_and_refuses_anything_else(release):
    class Run:
        def __init__(self):
            self.release = release

    assert isinstance(map_in_folium(Run(), operation="X"), folium.Map)
    with pytest.raises(DataError, match='The release has no operation called "Y"; it has "X"'):
        map_in_folium(release, operation="Y")
    with pytest.raises(DataError, match="a dict was given"):
        map_in_folium({})


def test_folium_asks_for_nothing_if_it_is_offline(folium_map, release):
    assert not re.findall(r'(?:src|href)="https?:', folium_map.get_root().render())
    linked = map_in_folium(release).get_root().render()
    assert re.findall(r'(?:src|href)="https?:', linked)


DRAWN = """() => {
  const map = Object.entries(window).find(([name, value]) => name.startsWith("map_") && value instanceof L.Map)[1];
  const shapes = [], images = [];
  const walk = (layer) => {
    if (layer instanceof L.CircleMarker) return;
    if (layer instanceof L.ImageOverlay) images.push(layer._url.length);
    else if (layer instanceof L.GeoJSON) layer.eachLayer(walk);
    else if (layer.feature) shapes.push(layer.feature.properties);
  };
  map.eachLayer((layer) => { if (!layer.feature) walk(layer); });
  return { shapes, images, listed: document.querySelectorAll(".leaflet-control-layers-overlays label").length,
    legend: document.querySelector(".geoharm-legend").innerText };
}"""


def test_page_and_folium_show_the_same_in_a_browser(browser, page, page_data, folium_map, release, tmp_path):
    """Both in Chromium without a network: every layer of the page can be switched on in folium, with the same shapes."""
    extra = map_in_folium(release, offline=True)
    folium.CircleMarker([45.0, -27.0], radius=9).add_to(folium.FeatureGroup("Ours").add_to(extra))
    (tmp_path / "folium.html").write_text(extra.get_root().render(), encoding="utf-8")
    (tmp_path / "map.html").write_text(page, encoding="utf-8")
    drawn, asked, complaints = visit(browser, tmp_path / "folium.html", 1000)
    assert [url for url in asked if not url.startswith("data:")] == [(tmp_path / "folium.html").as_uri()]
    assert complaints == []
    layers = layers_of(release, release.operations[0])
    first = drawn.evaluate(DRAWN)
    assert first["listed"] == len(layers) + 1
    assert len(first["images"]) == 1
    for box in drawn.locator(".leaflet-control-layers-overlays input").all():
        box.evaluate("box => { if (!box.checked) box.click(); }")
    found = drawn.evaluate(DRAWN)
    ours, _, page_complaints = visit(browser, tmp_path / "map.html", 1000)
    ours.wait_for_selector("html[data-ready=true]")
    data = json.loads(ours.locator("#data").text_content())
    assert page_complaints == []
    assert len(found["images"]) == len(data["images"])
    assert sorted(found["images"]) == sorted(len(image["url"]) for image in data["images"].values())

    def told(shapes):
        return sorted(json.dumps(shape, sort_keys=True) for shape in shapes)

    plain = [
        {key: unescape(value) if isinstance(value, str) else value for key, value in shape.items()}
        for shape in found["shapes"]
    ]
    assert told(plain) == told(shape["properties"] for shape in data["shapes"])
    assert "Target" in found["legend"]
    ours.close()
    drawn.close()
