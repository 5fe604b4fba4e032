"""Population rasters: nobody lost on the way, and what cannot be one is refused."""

from __future__ import annotations

import numpy as np
import pytest
import rasterio
from rasterio.transform import Affine

from geoharm import _crs
from geoharm.errors import StudyError
from geoharm.geo.rasters import read_population_raster


def write(path, values, *, west, north, cell, crs, nodata=None, count=1):
    options = {
        "driver": "GTiff", "height": values.shape[0], "width": values.shape[1], "count": count, "dtype": values.dtype,
        "crs": crs, "transform": Affine(cell, 0, west, 0, -cell, north), "nodata": nodata,
    }  # fmt: skip
    with rasterio.open(path, "w", **options) as raster:
        for band in range(1, count + 1):
            raster.write(values, band)
    return path


@pytest.fixture
def frame(area):
    west, _, east, north = area.boundary.bounds
    return {"west": west, "north": north, "cell": (east - west) / 30, "crs": area.crs}


def test_people_stand_at_cell_centres(tmp_path, area, frame):
    values = np.zeros((30, 30), dtype=np.float32)
    values[0, 0], values[29, 3] = 12.5, 4
    found = read_population_raster(write(tmp_path / "p.tif", values, **frame), area)
    west, south, _, north = area.boundary.bounds
    assert found.total == 16.5
    assert list(zip(found.x, found.y, found.weight, strict=True)) == [
        (west + 100, north - 100, 12.5), (west + 700, south + 100, 4.0)
    ]  # fmt: skip


def test_in_degrees_nobody_is_lost(tmp_path, area):
    west, south, east, north = area.boundary.bounds
    x, y = _crs.transform([west, east], [south, north], source=area.crs, target=_crs.LONLAT)
    cell = 0.002
    rows, columns = int(np.ceil((y[1] - y[0]) / cell)) + 4, int(np.ceil((x[1] - x[0]) / cell)) + 4
    values = np.random.default_rng(1).integers(0, 9, (rows, columns)).astype(np.int32)
    path = write(tmp_path / "p.tif", values, west=x[0] - 2 * cell, north=y[1] + 2 * cell, cell=cell, crs="EPSG:4326")
    found = read_population_raster(path, area)
    lon, lat = np.meshgrid(
        x[0] - 2 * cell + (np.arange(columns) + 0.5) * cell, y[1] + 2 * cell - (np.arange(rows) + 0.5) * cell
    )
    at_x, at_y = _crs.transform(lon.ravel(), lat.ravel(), source="EPSG:4326", target=area.crs)
    held = (at_x >= west) & (at_x <= east) & (at_y >= south) & (at_y <= north)
    assert found.total == values.ravel()[held].sum()


def test_cells_without_data_hold_nobody(tmp_path, area, frame):
    values = np.full((30, 30), -9999, dtype=np.float32)
    values[4, 4] = 3
    assert read_population_raster(write(tmp_path / "p.tif", values, nodata=-9999, **frame), area).total == 3
    with pytest.raises(StudyError, match="the raster holds -9999"):
        read_population_raster(write(tmp_path / "q.tif", values, **frame), area)


def test_refusals(tmp_path, area, frame):
    people = np.ones((30, 30), dtype=np.float32)
    with pytest.raises(StudyError, match=r"existing .tif"):
        read_population_raster(tmp_path / "none.tif", area)
    text = tmp_path / "text.tif"
    text.write_text("people")
    with pytest.raises(StudyError, match="not what its extension says"):
        read_population_raster(text, area)
    with pytest.raises(StudyError, match="does not say its coordinate system"):
        read_population_raster(write(tmp_path / "a.tif", people, **(frame | {"crs": None})), area)
    with pytest.raises(StudyError, match="has one band; this one has 2"):
        read_population_raster(write(tmp_path / "b.tif", people, count=2, **frame), area)
    with pytest.raises(StudyError, match="covers 50 % of the study area"):
        read_population_raster(write(tmp_path / "c.tif", people[:15], **frame), area)
    with pytest.raises(StudyError, match="no people in the study area"):
        read_population_raster(write(tmp_path / "d.tif", people * 0, **frame), area)


def test_a_raster_whose_edge_has_no_place_in_the_study_is_refused(tmp_path, area):
    """A raster in degrees that is larger than the world: its edge cannot be projected, so nobody knows what it covers."""
    people = np.ones((90, 180), dtype=np.float32)
    path = write(tmp_path / "world.tif", people, west=-270, north=180, cell=3, crs="EPSG:4326")
    with pytest.raises(StudyError, match="cut the raster to a rectangle around the study area"):
        read_population_raster(path, area)
