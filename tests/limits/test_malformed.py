"""Files that were once found to end the program in a traceback are refused in one sentence, or read."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path

import geopandas
import numpy as np
import pandas
import pytest
import rasterio
import shapely
from affine import Affine

from geoharm import _crs
from geoharm.errors import DesignError, StudyError
from geoharm.geo.area_files import read_area, read_areas
from geoharm.geo.rasters import read_population_raster
from geoharm.model.geometry import StudyArea
from tests.conftest import main, small_study
from tests.limits.bombs import EVENTS_CSV, workbook
from tests.limits.test_bombs import COLUMNS, FORMAT

AREA = StudyArea(shapely.box(497_000, 4_980_000, 503_000, 4_986_000), "EPSG:32626")


def refused(folder: Path, capsys, monkeypatch, *arguments: str) -> str:
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["geoharm", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return said


def test_a_workbook_without_a_sheet(tmp_path, capsys, monkeypatch):
    workbook(tmp_path / "a.xlsx", "")
    with zipfile.ZipFile(tmp_path / "a.xlsx") as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["xl/workbook.xml"] = parts["xl/workbook.xml"].replace(b'<sheet name="s" sheetId="1" r:id="rId1"/>', b"")
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    (tmp_path / "own.toml").write_text(FORMAT.format(container="excel", columns=COLUMNS))
    said = refused(tmp_path, capsys, monkeypatch, "formats", "check", "a.xlsx", "--format", "own.toml")
    assert said == 'The workbook "a.xlsx" has no sheet.\n'


@pytest.mark.parametrize("digits", [5000, 100_000])
def test_a_format_with_a_number_of_too_many_digits(tmp_path, capsys, monkeypatch, digits):
    (tmp_path / "a.csv").write_text(EVENTS_CSV)
    text = FORMAT.format(container="csv", columns=COLUMNS) + f"quality = {'9' * digits}\n"
    (tmp_path / "own.toml").write_text(text)
    said = refused(tmp_path, capsys, monkeypatch, "formats", "check", "a.csv", "--format", "own.toml")
    assert "a number of more than 4,300 digits in line" in said


@pytest.mark.parametrize(
    ("hole", "sentence"),
    [
        ([[-27.0, 45.0]], "only one point"),
        ([[-27.0, 45.0], [-27.0, 45.0]], "only one point"),
        ([[-27.0, 45.0], [-27.001, 45.0], [-27.0, 45.0]], "only two different points"),
        ([[1e400, 45.0], [-27.001, 45.0], [-27.0, 45.001]], "not a finite number"),
        ([[-27.0], [-27.001, 45.0], [-27.0, 45.001]], "is no point"),
        ("ring", "where a list of coordinates belongs"),
    ],
)
def test_a_hole_that_is_none(tmp_path, capsys, monkeypatch, hole, sentence):
    study = small_study(tmp_path)
    drawn = json.loads((tmp_path / "target.geojson").read_text())
    drawn["features"][0]["geometry"]["coordinates"].append(hole)
    (tmp_path / "target.geojson").write_text(json.dumps(drawn))
    assert sentence in refused(tmp_path, capsys, monkeypatch, "check", study.name)


@pytest.mark.parametrize("encoding", ["klingon", "UT999999999999999999998", "utf-7", "hex"])
def test_a_map_in_an_unknown_encoding(tmp_path, capsys, monkeypatch, encoding):
    (tmp_path / "a.kml").write_text(f'<?xml version="1.0" encoding="{encoding}"?><kml><Placemark/></kml>')
    (tmp_path / "own.toml").write_text(FORMAT.format(container="kml", columns=""))
    assert "a.kml" in refused(tmp_path, capsys, monkeypatch, "formats", "check", "a.kml", "--format", "own.toml")


@pytest.mark.parametrize(("scale", "sentence"), [(0.0, "where its cells lie"), (float("nan"), "where its cells lie")])
def test_a_raster_that_has_no_extent(tmp_path, area, scale, sentence):
    transform = Affine(scale, 0, 500_000, 0, -scale, 5_000_000)
    with rasterio.open(
        tmp_path / "a.tif",
        "w",
        driver="GTiff",
        width=4,
        height=4,
        count=1,
        dtype="float32",
        crs=area.crs,
        transform=transform,
    ) as raster:
        raster.write(np.ones((4, 4), dtype=np.float32), 1)
    with pytest.raises(StudyError, match=sentence):
        read_population_raster(tmp_path / "a.tif", area)


def test_coordinate_systems_without_a_way_between_them():
    broken = 'PROJCS["x",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,0]],PRIMEM["Greenwich",0],UNIT["degree",1]],PROJECTION["Nowhere"],UNIT["metre",1]]'
    with pytest.raises(DesignError, match="no way leads to"):
        _crs.transform([1.0], [1.0], source=broken, target=_crs.LONLAT)


@pytest.mark.parametrize("verb", [("check", "a.zip", "--format", "own.toml"), ("guess", "a.zip")])
def test_points_in_a_system_of_an_unknown_unit(tmp_path, capsys, monkeypatch, verb):
    points = geopandas.GeoDataFrame({"date": ["2020-01-01"]}, geometry=[shapely.Point(-27, 45)], crs="EPSG:4326")
    points.to_file(tmp_path / "p.shp", engine="pyogrio")
    broken = (tmp_path / "p.prj").read_text().replace("0.0174532925199433", "0")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for part in (tmp_path / "p.shp", tmp_path / "p.shx", tmp_path / "p.dbf"):
            archive.write(part, part.name)
        archive.writestr("p.prj", broken)
    (tmp_path / "own.toml").write_text(FORMAT.format(container="vector", columns=""))
    assert "a.zip" in refused(tmp_path, capsys, monkeypatch, "formats", *verb)


@pytest.mark.parametrize("is_geographic", [False, True])
def test_a_text_of_a_parquet_file_that_is_no_text(tmp_path, capsys, monkeypatch, is_geographic):
    """The file is sound but for one byte of a cell, which no digest of Parquet covers."""
    frame = pandas.DataFrame(
        {"id": ["a1", "b2"], "date": ["2020-02-03", "2020-02-04"], "x": [1.0, 2.0], "y": [1.0, 2.0]}
    )
    plain = {"compression": None, "use_dictionary": False}
    if is_geographic:
        points = geopandas.GeoSeries.from_xy(frame["x"], frame["y"], crs="EPSG:4326")
        geopandas.GeoDataFrame(frame, geometry=points).to_parquet(tmp_path / "a.parquet", **plain)
    else:
        frame.to_parquet(tmp_path / "a.parquet", index=False, **plain)
    content = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(content.replace(b"2020-02-03", b"\x80020-02-03"))
    said = refused(tmp_path, capsys, monkeypatch, "formats", "guess", "a.parquet")
    assert 'The file "a.parquet" cannot be read' in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize("kind", [["Polygon"], {"a": 1}, 7, True, None])
def test_a_geometry_whose_kind_is_no_text(tmp_path, kind):
    path = tmp_path / "area.geojson"
    path.write_text(json.dumps({"type": "Feature", "geometry": {"type": kind, "coordinates": []}, "properties": {}}))
    with pytest.raises(StudyError, match="it is JSON, but not GeoJSON"):
        read_area(path, "EPSG:32626", name="target area")


def test_a_coordinate_system_with_half_a_sign(tmp_path):
    """JSON can name one half of a surrogate pair, which no encoding takes."""
    path = tmp_path / "area.geojson"
    ring = [[-27, 45], [-26.9, 45], [-26.9, 45.1], [-27, 45]]
    area = {
        "type": "Polygon",
        "coordinates": [ring],
        "crs": {"type": "name", "properties": {"name": "EPSG:\ud8004326"}},
    }
    path.write_text(json.dumps(area))
    with pytest.raises(StudyError, match="is not known"):
        read_area(path, "EPSG:32626", name="target area")
    assert not _crs.is_known("\ud800")


def test_a_raster_with_a_text_that_is_no_text(tmp_path):
    """Names in its coordinate system are cut short or in another encoding."""
    path = tmp_path / "people.tif"
    transform = rasterio.transform.from_bounds(*AREA.boundary.bounds, 20, 20)
    own = 'PROJCS["Grid of the town",GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],PARAMETER["latitude_of_origin",0],PARAMETER["central_meridian",-26.9],PARAMETER["scale_factor",0.9996],PARAMETER["false_easting",500000],PARAMETER["false_northing",0],UNIT["metre",1]]'
    with rasterio.open(
        path, "w", driver="GTiff", width=20, height=20, count=1, dtype="float32", crs=own, transform=transform
    ) as raster:
        raster.write(np.ones((1, 20, 20), np.float32))
    content = path.read_bytes()
    at = content.index(b"Grid of the town")
    path.write_bytes(content[:at] + b"\xb1\x87" + content[at + 2 :])
    with pytest.raises(StudyError, match="cannot be read"):
        read_population_raster(path, AREA)


def test_an_outline_without_points_beside_a_pin(tmp_path):
    path = tmp_path / "wards.kml"
    ring = "<Polygon><outerBoundaryIs><LinearRing></LinearRing></outerBoundaryIs></Polygon>"
    pin = "<Point><coordinates>-27,45,0</coordinates></Point>"
    marks = "".join(f"<Placemark><name>{n}</name>{shape}</Placemark>" for n, shape in enumerate((ring, pin)))
    path.write_text(f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{marks}</Document></kml>')
    with pytest.raises(StudyError, match=r"wards\.kml") as found:
        read_areas([path], "EPSG:32626", column="name", inside=AREA.boundary)
    assert len(found.value.problems) == 1


def test_an_archive_whose_names_are_no_text(tmp_path):
    """The name before the content says that it is UTF-8, and is not."""
    path = tmp_path / "area.kmz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("dö.kml", "<kml/>")
    content = path.read_bytes()
    path.write_bytes(content.replace("dö.kml".encode(), b"d\xa4\xa4.kml", 1))
    with pytest.raises(StudyError, match="damaged") as found:
        read_area(path, "EPSG:32626", name="target area")
    assert len(found.value.problems) == 1
