"""Containers other than plain text: the same rows come out of each, and what cannot be trusted is refused."""

from __future__ import annotations

import sqlite3
import zipfile
from datetime import datetime
from pathlib import Path

import geopandas
import pandas as pd
import pyogrio
import pytest
import shapely
import xlsxwriter

from geoharm.engines.duckdb import open_engine
from geoharm.errors import DataError
from geoharm.ingest.detect.events import guess_format
from geoharm.ingest.events import ingest_events
from geoharm.ingest.formats.input_format import read_format, shipped_formats
from geoharm.ingest.readers.input_files import find_input_files, single_input_file
from tests.conftest import lonlat

LON, LAT = lonlat(0, 0)
DAYS = ["2020-01-05", "2020-02-06", "2020-03-07"]
BASE = """
[format]
container = "{container}"
[columns]
date = "when"
category = "what"
{place}
[date]
formats = ["%Y-%m-%d"]
"""
PLACE = 'longitude = "lon"\nlatitude = "lat"'


def own_format(folder: Path, container: str, place: str = PLACE, more: str = ""):
    (folder / "own.toml").write_text(BASE.format(container=container, place=place) + more, encoding="utf-8")
    return read_format("own.toml", folder)


def ingest(folder: Path, input_format, area, span, pattern="*"):
    inbox = folder / "inbox"
    with open_engine(folder / "t.duckdb", inputs=inbox) as store:
        files = find_input_files([pattern], inbox, members=input_format.members)
        ledger = ingest_events(store, "s", input_format=input_format, files=files, area=area, period=span)
        rows = store.scratch.execute(
            "SELECT day, category, round(x), round(y), place FROM main.event ORDER BY ALL"
        ).fetchall()
    return ledger, rows


def csv_text(rows=DAYS, sep=","):
    return f"when{sep}what{sep}lon{sep}lat\n" + "".join(f"{day}{sep}find{sep}{LON:.6f}{sep}{LAT:.6f}\n" for day in rows)


def frame():
    table = pd.DataFrame({"when": DAYS, "what": "find", "lon": LON, "lat": LAT, "secret": "Jane"})
    return geopandas.GeoDataFrame(table, geometry=geopandas.points_from_xy(table.lon, table.lat), crs="EPSG:4326")


def write(container: str, inbox: Path) -> None:
    if container == "csv":
        (inbox / "a.csv").write_text(csv_text())
    elif container == "excel":
        with xlsxwriter.Workbook(inbox / "a.xlsx") as book:
            sheet, date_format = book.add_worksheet("data"), book.add_format({"num_format": "yyyy-mm-dd"})
            sheet.write_row(0, 0, ["when", "what", "lon", "lat"])
            for number, day in enumerate(DAYS, start=1):
                sheet.write_datetime(number, 0, datetime.fromisoformat(day), date_format)
                sheet.write_row(number, 1, ["find", round(LON, 6), round(LAT, 6)])
    elif container == "parquet":
        pd.DataFrame(frame().drop(columns="geometry")).to_parquet(inbox / "a.parquet")
    elif container == "geoparquet":
        frame().to_parquet(inbox / "a.parquet")
    elif container == "geopackage":
        frame().to_file(inbox / "a.gpkg", driver="GPKG")
    elif container == "flatgeobuf":
        frame().to_file(inbox / "a.fgb", driver="FlatGeobuf", SPATIAL_INDEX="NO")
    elif container == "shapefile":
        folder = inbox.parent / "shape"
        folder.mkdir()
        frame().to_file(folder / "a.shp")
        with zipfile.ZipFile(inbox / "a.zip", "w") as archive:
            for part in sorted(folder.iterdir()):
                archive.write(part, part.name)


@pytest.mark.parametrize(
    ("kind", "container", "place"),
    [
        ("csv", "csv", PLACE), ("excel", "excel", PLACE), ("parquet", "parquet", PLACE), ("geoparquet", "parquet", ""),
        ("geopackage", "vector", ""), ("shapefile", "vector", ""), ("flatgeobuf", "vector", ""),
    ],
)  # fmt: skip
def test_the_same_rows_from_every_container(tmp_path, area, span, kind, container, place):
    (tmp_path / "inbox").mkdir()
    write(kind, tmp_path / "inbox")
    ledger, rows = ingest(tmp_path, own_format(tmp_path, container, place), area, span)
    assert [str(row[0]) for row in rows] == DAYS
    assert {row[1:] for row in rows} == {("find", *area.boundary.centroid.coords[0], "inside")}
    assert ledger.total("read") == ledger.total("kept") == 3
    assert b"Jane" not in (tmp_path / "t.duckdb").read_bytes()


@pytest.mark.parametrize("container", ["parquet", "vector"])
def test_moments_with_an_offset_are_utc_in_every_container(tmp_path, area, span, container):
    """The database's own zone, and that of the machine, play no part."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    moments = pd.to_datetime(["2020-06-30T23:30:00Z", "2020-01-05T23:30:00Z"])
    table = frame().iloc[:2].assign(when=moments.tz_convert("Asia/Tokyo"))
    if container == "vector":
        table.to_file(inbox / "a.gpkg", driver="GPKG")
    else:
        table.to_parquet(inbox / "a.parquet")
    text = BASE.format(container=container, place="").replace('["%Y-%m-%d"]', '["%Y-%m-%d %H:%M:%S+00"]')
    (tmp_path / "own.toml").write_text(text + 'zone = "Europe/London"\nprecision = "moment"\n')
    _, rows = ingest(tmp_path, read_format("own.toml", tmp_path), area, span)
    assert [str(row[0]) for row in rows] == ["2020-01-05", "2020-07-01"]


def test_an_archive_is_read_as_it_lies(tmp_path, area, span):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    with zipfile.ZipFile(inbox / "2020.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("2020-01/2020-01-street.csv", csv_text(DAYS[:1]))
        archive.writestr("2020-02/2020-02-street.csv", csv_text(DAYS[1:]))
        archive.writestr("2020-02/2020-02-outcomes.csv", "other,columns\n1,2\n")
    input_format = own_format(tmp_path, "csv", more='[zip]\nmembers = ["*-street.csv"]\n')
    ledger, rows = ingest(tmp_path, input_format, area, span)
    assert [row.file for row in ledger.files] == [
        "2020.zip/2020-01/2020-01-street.csv",
        "2020.zip/2020-02/2020-02-street.csv",
    ]
    assert len(rows) == 3
    assert sorted(path.name for path in inbox.iterdir()) == ["2020.zip"]


@pytest.mark.parametrize(
    ("name", "sep", "encoding"), [("a.tsv", "\t", "cp1252"), ("a.csv", ";", "utf-16"), ("a.csv", "|", "latin-1")]
)
def test_any_declared_dialect(tmp_path, area, span, name, sep, encoding):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / name).write_bytes(csv_text(sep=sep).replace("find", "caf\u00e9").encode(encoding))
    dialect = f"[csv]\ndelimiter = {sep!r}\nencoding = '{encoding}'\n".replace("'\\t'", '"\\t"')
    _, rows = ingest(tmp_path, own_format(tmp_path, "csv", more=dialect), area, span)
    assert {row[1] for row in rows} == {"caf\u00e9"}


@pytest.mark.parametrize(("kind", "why"), [("geopackage", "does not have the columns|is not utf-8|not closed")])
def test_a_container_that_is_another(tmp_path, area, span, kind, why):
    (tmp_path / "inbox").mkdir()
    write(kind, tmp_path / "inbox")
    with pytest.raises(DataError, match=why):
        ingest(tmp_path, own_format(tmp_path, "csv"), area, span)


def test_a_geopackage_that_reads_other_files_is_refused(tmp_path, area, span):
    (tmp_path / "inbox").mkdir()
    write("geopackage", tmp_path / "inbox")
    with sqlite3.connect(tmp_path / "inbox" / "a.gpkg") as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "INSERT INTO sqlite_master VALUES ('table', 'leak', 'leak', 0, 'CREATE VIRTUAL TABLE leak USING VirtualOGR(''/etc/passwd'')')"
        )
    with pytest.raises(DataError, match=r"reads other files|damaged GeoPackage"):
        ingest(tmp_path, own_format(tmp_path, "vector", ""), area, span)


SPANS = """when,until,what,lon,lat
2020-01-01,2020-01-11,middle,{p}
2020-01-01,,plain,{p}
2020-01-01,2020-03-01,too long,{p}
2020-01-11,2020-01-01,backwards,{p}
"""


def test_from_to_spans_are_placed_at_their_middle_or_unknown(tmp_path, area, span):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "a.csv").write_text(SPANS.format(p=f"{LON},{LAT}"))
    ledger, rows = ingest(tmp_path, own_format(tmp_path, "csv", PLACE + '\nend = "until"'), area, span)
    assert [(str(row[0]), row[1]) for row in rows] == [("2020-01-01", "plain"), ("2020-01-06", "middle")]
    assert {reason for reason, _, _ in ledger.files[0].reasons} == {
        '"end" is more than 31 days after the date: when it happened is not known', '"end" is before the date',
    }  # fmt: skip


@pytest.mark.parametrize("text", ["({a}, {b})", "{a}, {b}", "{a} {b}", "{a};{b}"])
def test_places_as_one_text(tmp_path, area, span, text):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    pair = text.format(a=f"{LAT:.6f}", b=f"{LON:.6f}")
    (inbox / "a.csv").write_text(
        f'when,what,place\n2020-01-01,find,"{pair}"\n2020-01-02,find,12 High Street\n2020-01-03,find,\n2020-01-03,find,"{pair}"\n'
    )
    ledger, rows = ingest(tmp_path, own_format(tmp_path, "csv", 'latlon = "place"'), area, span)
    assert [row[4] for row in rows] == ["inside", "no place", "inside", "no place"]
    assert ledger.total("rejected") == 0


def test_feet_and_metres_are_read_in_their_own_system(tmp_path, area, span):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    x, y = area.boundary.centroid.coords[0]
    (inbox / "a.csv").write_text(f"when,what,lon,lat\n2020-01-01,find,{x},{y}\n")
    _, rows = ingest(tmp_path, own_format(tmp_path, "csv", more=f'[location]\ncrs = "{area.crs}"\n'), area, span)
    assert rows[0][2:4] == (x, y)


def test_spreadsheet_serials_only_where_declared(tmp_path, area, span):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "a.csv").write_text(csv_text(["43831", "43832", "2020-01-03"]))
    input_format = own_format(tmp_path, "csv")
    with pytest.raises(DataError, match="does not look like the format"):
        ingest(tmp_path, input_format, area, span)
    text = (tmp_path / "own.toml").read_text().replace('"%Y-%m-%d"', '"%Y-%m-%d", "excel-serial"')
    (tmp_path / "own.toml").write_text(text)
    _, rows = ingest(tmp_path, read_format("own.toml", tmp_path), area, span)
    assert [str(row[0]) for row in rows] == ["2020-01-01", "2020-01-02", "2020-01-03"]


def test_shipped_formats_are_whole_and_say_whether_they_were_tried():
    formats = [read_format(name, Path()) for name in shipped_formats()]
    assert len(formats) >= 14
    for input_format in formats:
        assert input_format.tried_on
        # What has a publisher has its credit; tables of one's own have neither.
        assert input_format.attribution or not input_format.publisher


# -- layers and geometries of geographic files ------------------------------------------------------------------------


def layered(inbox: Path, kind: str) -> Path:
    """Write two layers of points, "calls" and "other", into one file."""
    inbox.mkdir(exist_ok=True)
    if kind == "gpkg":
        for layer in ("calls", "other"):
            frame().to_file(inbox / "a.gpkg", driver="GPKG", layer=layer)
        return inbox / "a.gpkg"
    folder = inbox.parent / "shape"
    folder.mkdir()
    for layer in ("calls", "other"):
        frame().to_file(folder / f"{layer}.shp")
    with zipfile.ZipFile(inbox / "a.zip", "w") as archive:
        for part in sorted(folder.iterdir()):
            archive.write(part, f"deep/{part.name}")
        archive.writestr("__MACOSX/deep/._calls.shp", b"a Mac's own")
    return inbox / "a.zip"


@pytest.mark.parametrize("kind", ["gpkg", "zip"])
def test_of_several_layers_one_is_named(tmp_path, area, span, kind):
    path = layered(tmp_path / "inbox", kind)
    sentence = rf'The file "{path.name}" has 2 layers: "calls", "other". Write the one to read in its format, such as layer = "calls" under \[vector\]'
    with pytest.raises(DataError, match=sentence):
        ingest(tmp_path, own_format(tmp_path, "vector", ""), area, span)
    with pytest.raises(DataError, match=r'has no layer "calsl"; it has "calls", "other"'):
        ingest(tmp_path, own_format(tmp_path, "vector", "", '[vector]\nlayer = "calsl"\n'), area, span)
    ledger, rows = ingest(tmp_path, own_format(tmp_path, "vector", "", '[vector]\nlayer = "other"\n'), area, span)
    assert (ledger.total("kept"), len(rows)) == (3, 3)
    assert '[vector]\nlayer = "calls"' in guess_format(single_input_file(path)).toml


def test_the_layer_is_part_of_what_a_format_says(tmp_path):
    plain, named, other = (
        own_format(tmp_path, "vector", "", more).fingerprint()
        for more in ("", '[vector]\nlayer = "a"\n', '[vector]\nlayer = "b"\n')
    )
    assert len({plain, named, other}) == 3


def test_a_table_without_geometries_beside_a_layer_is_no_layer(tmp_path, area, span):
    (tmp_path / "inbox").mkdir()
    frame().to_file(tmp_path / "inbox/a.gpkg", driver="GPKG", layer="calls")
    pyogrio.write_dataframe(pd.DataFrame({"x": [1]}), tmp_path / "inbox/a.gpkg", layer="styles")
    ledger, _ = ingest(tmp_path, own_format(tmp_path, "vector", ""), area, span)
    assert ledger.total("kept") == 3


def test_a_multipoint_of_one_point_is_a_point(tmp_path, area, span):
    (tmp_path / "inbox").mkdir()
    here, there = shapely.Point(LON, LAT), shapely.Point(LON, LAT + 0.001)
    made = frame()
    made["geometry"] = [shapely.MultiPoint([here]), shapely.MultiPoint([here, there]), shapely.MultiPoint([here, here])]
    made.to_file(tmp_path / "inbox/a.gpkg", driver="GPKG")
    ledger, _ = ingest(tmp_path, own_format(tmp_path, "vector", ""), area, span)
    assert (ledger.total("read"), ledger.total("inside")) == (3, 2)
    assert ledger.files[0].reasons == (('"row" has a geometry of several points', 1, 2),)


@pytest.mark.parametrize("name", ["a.shp", "a.dbf"])
def test_a_part_of_a_shapefile_says_what_is_missing(tmp_path, area, span, name):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    frame().to_file(inbox / "a.shp")
    with pytest.raises(
        DataError, match=r"is one part of a Shapefile, .* put a.shp, a.dbf, a.shx and a.prj into one zip"
    ):
        ingest(tmp_path, own_format(tmp_path, "vector", ""), area, span, name)


def test_a_shapefile_without_its_attributes_is_refused(tmp_path, area, span):
    layered(tmp_path / "inbox", "zip").unlink()
    with zipfile.ZipFile(tmp_path / "inbox/a.zip", "w") as archive:
        archive.write(tmp_path / "shape/calls.shp", "calls.shp")
    with pytest.raises(DataError, match=r'the file "calls.shx" is missing in it'):
        ingest(tmp_path, own_format(tmp_path, "vector", ""), area, span)
