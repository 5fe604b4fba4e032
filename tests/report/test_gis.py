"""Files for a GIS: valid, told apart by release, the same bytes every time, nothing fine in a public one."""

from __future__ import annotations

import io
import os
import sqlite3
from dataclasses import replace

import geopandas
import numpy as np
import pytest
import rasterio
from rasterio.io import MemoryFile
from rio_cogeo import cog_validate

from geoharm.disclosure.protect import protect
from geoharm.errors import PublishError
from geoharm.hotspots.measure_map import map_measure
from geoharm.hotspots.source_agreement import with_agreeing_sources
from geoharm.model.points import Points
from geoharm.model.study import HotspotSettings
from geoharm.report.exports.gis import gis_files
from geoharm.report.exports.gis_layers import hotspot_frame
from geoharm.report.write import publish_study
from tests.disclosure.test_protect import MEASURE, PLENTY, result, study
from tests.forked import in_child


@pytest.fixture(scope="module")
def mapped(area):
    rng = np.random.default_rng(2)
    x0, y0, *_ = area.boundary.bounds
    x = np.concatenate([x0 + 1500 + rng.normal(0, 90, 300), x0 + rng.uniform(0, 6000, 200)])
    y = np.concatenate([y0 + 1500 + rng.normal(0, 90, 300), y0 + rng.uniform(0, 6000, 200)])
    views = {
        ("", "whole period"): (Points(x, y, np.ones(500)), 2.0),
        ("X", "before"): (Points(x, y, np.ones(500)), 1.0),
    }
    found = map_measure(
        MEASURE, views, ("", "whole period"), area=area, settings=HotspotSettings(bandwidth="likelihood"),
        location_error=100.0, seed=3,
    )  # fmt: skip
    return with_agreeing_sources([found], {"s": "needle_find"})


def disclosed(area, mapped, release, files=("geopackage", "geoparquet", "geotiff")):
    about = study(area, release)
    about = replace(about, publish=replace(about.publish, files=files))
    return protect(replace(result(area, PLENTY, release=release), study=about, hotspots=mapped))


@pytest.mark.parametrize("release", ["public", "internal"])
def test_the_same_bytes_every_time(area, mapped, release, tmp_path):
    one, two = (gis_files(disclosed(area, mapped, release), scratch=tmp_path) for _ in range(2))
    assert one == two
    assert len(one) == (4 if release == "public" else 6)


def test_every_raster_is_a_cloud_optimized_geotiff(area, mapped, tmp_path):
    for name, content in gis_files(disclosed(area, mapped, "internal"), scratch=tmp_path).items():
        if name.endswith(".tif"):
            path = tmp_path / name
            path.write_bytes(content)
            valid, errors, warnings = cog_validate(path, strict=True, quiet=True)
            assert valid, (name, errors, warnings)


def test_the_internal_raster_is_the_surface_with_its_recipe(area, mapped, tmp_path):
    files = gis_files(disclosed(area, mapped, "internal"), scratch=tmp_path)
    name = "surface-internal-1-finds-0-whole-period-density.tif"
    surface = mapped[0].views["", "whole period"]
    with MemoryFile(files[name]) as memory, memory.open() as dataset:
        values, tags = dataset.read(1), dataset.tags()
        assert dataset.crs.to_string() == area.crs
        assert np.isnan(dataset.nodata)
        # North up: the first row is the grid's last.
        assert np.allclose(values[::-1], surface.values, rtol=1e-6, equal_nan=True)
        west, south, east, north = dataset.bounds
        assert (west, south) == (surface.grid.x0, surface.grid.y0)
        assert (east - west) / 50 == surface.grid.nx
        assert (north - south) / 50 == surface.grid.ny
    assert tags["unit"] == "requests per km2 per year"
    assert tags["kernel"] == "quartic"
    assert float(tags["bandwidth_m"]) == pytest.approx(surface.bandwidth, rel=1e-5)
    assert tags["bandwidth_rule"] == "likelihood"
    assert tags["source"] == "s"
    assert tags["edge"] == "jones-diggle"
    assert tags["release"].startswith("internal")


def test_a_public_release_has_classes_only(area, mapped, tmp_path):
    found = disclosed(area, mapped, "public")
    files = gis_files(found, scratch=tmp_path)
    assert not [name for name in files if "density" in name or "internal" in name]
    with MemoryFile(files["surface-1-finds-0-whole-period-classes.tif"]) as memory, memory.open() as dataset:
        values, tags = dataset.read(1), dataset.tags()
        assert values.dtype == np.uint8
        assert set(np.unique(values)) <= set(range(7))
        assert np.array_equal(values, found.hotspots[0].views["", "whole period"].classes)
        assert float(tags["class_1_from"]) == found.hotspots[0].breaks[0]
        middle = dataset.xy(dataset.height // 2, dataset.width // 2)
    lonlat = rasterio.warp.transform("EPSG:3857", "EPSG:4326", [middle[0]], [middle[1]])
    there = area.boundary.centroid
    x, y = rasterio.warp.transform("EPSG:4326", area.crs, *lonlat)
    assert abs(x[0] - there.x) < 60
    assert abs(y[0] - there.y) < 60


def test_vectors_hold_the_hotspots_and_how_they_were_made(area, mapped, tmp_path):
    found = disclosed(area, mapped, "public")
    files = gis_files(found, scratch=tmp_path)
    (tmp_path / "h.gpkg").write_bytes(files["hotspots.gpkg"])
    package = geopandas.read_file(tmp_path / "h.gpkg", layer="hotspots")
    parquet = geopandas.read_parquet(io.BytesIO(files["hotspots.parquet"]))
    frame = hotspot_frame(found)
    for one in (package, parquet):
        assert list(one["rank"]) == list(range(1, len(found.hotspots[0].hotspots) + 1))
        assert one.crs.to_string() == area.crs
        assert set(one["bandwidth_rule"]) == {"likelihood"}
        assert one.geometry.area.sum() / 1e6 == pytest.approx(one["area_km2"].sum())
        assert list(one.columns) == list(frame.columns)
    with sqlite3.connect(tmp_path / "h.gpkg") as connection:
        written = connection.execute("SELECT last_change FROM gpkg_contents").fetchall()
    assert set(written) == {("1970-01-01T00:00:00.000Z",)}
    assert frame.to_arrow() is not None


def test_no_hotspots_make_an_empty_layer(area, mapped, tmp_path):
    none = (replace(mapped[0], hotspots=()),)
    assert hotspot_frame(disclosed(area, none, "public")).empty
    assert gis_files(disclosed(area, none, "public", ("geopackage", "geoparquet")), scratch=tmp_path)


def test_files_are_written_beside_the_pages(area, mapped, tmp_path):
    published = publish_study(disclosed(area, mapped, "internal"), tmp_path)
    names = {path.name for path in published.files}
    assert {"hotspots-internal.gpkg", "hotspots-internal.parquet", "report-internal.html"} <= names
    assert all("internal" in name for name in names)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork a process")
@pytest.mark.parametrize("size", [0, 4096, 20_000, 100_000])
def test_a_geopackage_that_may_not_grow_is_one_sentence(area, mapped, tmp_path, size):
    """SQLite finds it at another statement each time, and GDAL says nothing of the reason."""
    resource = pytest.importorskip("resource", reason="this system limits no files")

    def write() -> str:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        with pytest.raises(PublishError) as said:
            gis_files(disclosed(area, mapped, "internal", ("geopackage",)), scratch=tmp_path / "scratch")
        return str(said.value)

    said = in_child(write)
    assert said.startswith(f'The GeoPackage "hotspots-internal.gpkg" cannot be made in "{tmp_path / "scratch"}"')
    assert "\n" not in said
    assert [path for path in (tmp_path / "scratch").iterdir() if path.suffix == ".gpkg"] == []


def test_nothing_is_written_that_was_not_asked_for(area, mapped, tmp_path):
    assert gis_files(disclosed(area, mapped, "internal", ()), scratch=tmp_path) == {}
