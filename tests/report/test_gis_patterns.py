"""Patterns for a GIS: the ground of the polygons, their words and colours, and nothing that the pages withhold."""

from __future__ import annotations

import io
import sqlite3
from dataclasses import replace
from xml.etree import ElementTree as Xml

import geopandas
import numpy as np
import pytest
import shapely
from rasterio.io import MemoryFile

from geoharm.disclosure.protect import protect
from geoharm.hotspots.measure_patterns import find_patterns
from geoharm.report import palette
from geoharm.report.exports.gis import gis_files
from geoharm.report.exports.gis_patterns import pattern_frames
from geoharm.report.maps.pattern_layers import LEGENDS
from geoharm.report.wording.patterns import emerging_method
from tests.disclosure.test_protect import MEASURE, PLENTY, design, result, study
from tests.hotspots.test_measure_patterns import events_of, ledger


@pytest.fixture(scope="module")
def found(area):
    return find_patterns(MEASURE, events_of(area), study=study(area), ledger=ledger(), compared=[design(area).windows])


def disclosed(area, found, *files):
    about = study(area)
    about = replace(about, publish=replace(about.publish, files=files))
    return protect(replace(result(area, PLENTY), study=about, patterns=(found,)))


def test_the_polygons_have_the_ground_that_the_report_names(area, found):
    shown = disclosed(area, found)
    frames = pattern_frames(shown)
    named = {pattern.label: ground for pattern, ground, _ in shown.patterns[0].emerging.patterns if ground > 0}
    drawn = {row["class"]: row["geometry"].area / 1e6 for _, row in frames["emerging"].iterrows()}
    assert set(drawn) == set(named)
    # The picture is cut at the study's box and has pixels of half a cell.
    cell = 4 * found.emerging.map.grid.cell_km2
    for label, ground in named.items():
        assert drawn[label] == pytest.approx(ground, rel=0.05, abs=cell), label
    km2 = shown.patterns[0].clusters.km2
    drawn = {row["class"]: row["geometry"].area / 1e6 for _, row in frames["clusters"].iterrows()}
    assert drawn["high beside high"] == pytest.approx(km2["high"], rel=0.05, abs=4 * found.clustering.grid.cell_km2)


def test_polygons_of_a_layer_do_not_overlap_and_lie_in_the_study(area, found):
    for layer, frame in pattern_frames(disclosed(area, found)).items():
        assert frame.crs.to_string() == area.crs
        assert set(frame["class"]) <= {entry.label for entry in LEGENDS[layer]}
        assert shapely.area(shapely.union_all(frame.geometry)) == pytest.approx(frame.geometry.area.sum(), rel=1e-9)
        assert frame.geometry.within(area.boundary.buffer(2 * found.emerging.map.grid.cell)).all()


def test_what_is_withheld_on_the_pages_is_in_no_file(area, found, tmp_path):
    def thin(part):
        return replace(part, support=np.full(part.support.shape, 4))

    poor = replace(
        found, clustering=thin(found.clustering), emerging=thin(found.emerging), similarity=(thin(found.similarity[0]),)
    )
    shown = disclosed(area, poor, "geopackage", "geoparquet", "geotiff")
    assert pattern_frames(shown) == {}
    files = gis_files(shown, scratch=tmp_path)
    assert not [name for name in files if name.endswith(".parquet") and not name.startswith("hotspots")]
    rasters = [name for name in files if name.startswith(("clusters", "emerging", "shift"))]
    assert len(rasters) == 3
    for name in rasters:
        with MemoryFile(files[name]) as memory, memory.open() as dataset:
            assert not dataset.read(1).any()


def test_files_open_in_the_colours_of_the_pages_and_are_the_same_every_time(area, found, tmp_path):
    shown = disclosed(area, found, "geopackage", "geoparquet", "geotiff")
    files = gis_files(shown, scratch=tmp_path)
    assert files == gis_files(shown, scratch=tmp_path)
    assert {"clusters.parquet", "emerging.parquet", "clusters-1-finds-classes.tif", "emerging-1-finds-classes.tif",
            "shift-1-finds-x-classes.tif"} <= set(files)  # fmt: skip
    frame = geopandas.read_parquet(io.BytesIO(files["emerging.parquet"]))
    (tmp_path / "h.gpkg").write_bytes(files["hotspots.gpkg"])
    assert list(geopandas.read_file(tmp_path / "h.gpkg", layer="emerging")["class"]) == list(frame["class"])
    with sqlite3.connect(tmp_path / "h.gpkg") as connection:
        styles = dict(connection.execute("SELECT f_table_name, styleQML FROM layer_styles").fetchall())
    style = Xml.fromstring(styles["emerging"])
    symbols = {one.get("name"): one for one in style.iter("symbol")}
    fills = {entry.label: entry.colour for entry in LEGENDS["emerging"]}
    for category in style.iter("category"):
        fill = symbols[category.get("symbol")].find("./layer/Option/Option[@name='color']").get("value")
        assert fill == ",".join(map(str, (*palette.rgb(fills[category.get("value")]), 255)))
    assert {one.get("value") for one in style.iter("category")} >= set(frame["class"])
    with MemoryFile(files["emerging-1-finds-classes.tif"]) as memory, memory.open() as dataset:
        values, tags, colours = dataset.read(1), dataset.tags(), dataset.colormap(1)
    assert {tags[f"class_{number}"] for number in np.unique(values) if number} == set(frame["class"])
    assert colours[1][:3] == palette.rgb(palette.EMERGING[0])
    assert tags["how"] == emerging_method(shown.patterns[0].emerging)
