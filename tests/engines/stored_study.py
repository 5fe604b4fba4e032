"""A small study with every kind of stored table, its files in two states, and what its database holds.

The second state has a file more, one less, one renamed and two changed.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from pathlib import Path
from typing import Any
from unittest import mock

from geoharm.engines.duckdb import DuckDBEngine, open_engine
from geoharm.model.study import Study
from geoharm.pipeline.load import load_sources, load_tables
from geoharm.study.read import read_study
from tests.conftest import STUDY, lonlat, main, small_study, write_polygon

MORE_SOURCES = """
[[source]]
name   = "calls"
kind   = "incident"
format = "calls.toml"
files  = ["calls-*.csv"]
covers = { start = 2020-01-01, end = 2021-08-01 }

[[source]]
name    = "wards"
kind    = "area_table"
format  = "area-table-csv"
files   = ["wards-*.csv"]
areas   = ["wards.geojson"]
area_id = "code"

[[source]]
name   = "services"
kind   = "site"
format = "sites-csv"
files  = ["services-*.csv"]

[[measure]]
name        = "calls"
source      = "calls"
unit        = "calls"
recorded_by = "public"
harm        = { borne_by = "community", type = "environment" }

[[measure]]
"""
# Every kind of source that is left, for tests that are not about time.
ALL_SOURCES = """
[[source]]
name    = "residents"
kind    = "survey"
format  = "survey-csv"
files   = ["residents.csv"]
areas   = ["wards.geojson"]
area_id = "code"

[[source]]
name   = "streets"
kind   = "streets"
format = "streets-geojson"
files  = ["streets.geojson"]

[[source]]
name   = "address list"
kind   = "addresses"
format = "addresses-csv"
files  = ["addresses.csv"]

[[source]]
name      = "letters"
kind      = "incident"
format    = "letters.toml"
files     = ["letters.csv"]
covers    = { start = 2020-01-01, end = 2021-08-01 }
addresses = ["address list"]

[[source]]
name    = "notes"
kind    = "incident"
format  = "notes.toml"
files   = ["notes.csv"]
covers  = { start = 2020-01-01, end = 2021-08-01 }
areas   = ["wards.geojson"]
area_id = "code"

[[measure]]
name        = "letters"
source      = "letters"
unit        = "calls"
recorded_by = "public"
harm        = { borne_by = "community", type = "environment" }

[[measure]]
name        = "notes"
source      = "notes"
unit        = "calls"
recorded_by = "public"
harm        = { borne_by = "community", type = "environment" }

[[measure]]
"""
CALLS = """
[format]
container = "csv"
[columns]
date = "when"
longitude = "lon"
latitude = "lat"
category = "what"
[date]
formats = ["%Y-%m-%d %H:%M"]
[duplicates]
rule = "none"
"""
# Events without coordinates: with addresses, or with the codes of areas.
PLAIN = """
[format]
container = "csv"
[columns]
date = "date"
{place}
[date]
formats = ["%Y-%m-%d"]
[duplicates]
rule = "none"
"""
HEADER = "id,date,longitude,latitude,category,address\n"


def _reports(numbers: range, *, east: float = 0.0) -> str:
    """Return rows with ids, each at a place and an address of its own."""
    rows = ""
    for n in numbers:
        lon, lat = lonlat(east + 37.0 * (n % 40), 29.0 * (n % 23))
        rows += f"r{n},2020-{n % 12 + 1:02d}-{n % 28 + 1:02d},{lon:.6f},{lat:.6f},find,{n} High St\n"
    return rows


def _calls(numbers: range) -> str:
    rows = "when,what,lon,lat\n"
    for n in numbers:
        lon, lat = lonlat(-25.0 * n, 31.0 * n)
        rows += f"2020-{n % 12 + 1:02d}-{n % 28 + 1:02d} {n % 24:02d}:00,call {n % 3},{lon:.6f},{lat:.6f}\n"
    return rows


def _default_geocode(first: int, count: int) -> str:
    lon, lat = lonlat(900, -900)
    return "".join(f"r{first + n},2020-05-05,{lon:.6f},{lat:.6f},find,\n" for n in range(count))


LON, LAT = (f"{value:.6f}" for value in lonlat(50, 50))
# Rejects of several kinds, and a row that is placed by its address text.
REJECTS = (
    f"r900,1999-01-01,{LON},{LAT},find,\nr901,someday,{LON},{LAT},find,\nr902,2020-02-02,{LON},,find,\n"
    f"r903,2020-02-02,{LON},91,find,\nr904,2020-02-03,,,find,7 High St\nr905,2020-02-03,,,find,\n"
)
# A blank line and a short row call for the careful way of reading.
CAREFUL = HEADER + _reports(range(200, 230)) + "\nr231,2020-01-01\n" + _reports(range(232, 240))
WARDS = "area,month,count\nA,2020-01,7\nB,2020-01,<5\nA,2020-02,9\nA,2020-02,9\nC,2020-01,3\nA,2020-03,x\n"
SERVICES = f"name,category,address,longitude,latitude\nClinic,detox,1 High St,{LON},{LAT}\nVan,detox,,,\n,detox,,,\n"

LINE = {"type": "LineString", "coordinates": [lonlat(-500, 0), lonlat(0, 10), lonlat(500, 0)]}
STREETS = {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": LINE}]}
OTHER_FILES = {
    "residents.csv": "area,period,question,percent,standard_error,lower,upper,n\nA,2020,afraid,30.9,,,,110\n",
    "streets.geojson": json.dumps(STREETS),
    "addresses.csv": "address,longitude,latitude\n" + "".join(f"{n} Low St,{LON},{LAT}\n" for n in range(5)),
    "letters.toml": PLAIN.format(place='address = "address"'),
    "letters.csv": "date,address\n" + "".join(f"2020-{n % 12 + 1:02d}-03,{n % 7} Low St\n" for n in range(30)),
    "notes.toml": PLAIN.format(place='area = "ward"'),
    "notes.csv": "date,ward\n" + "".join(f"2020-{n % 12 + 1:02d}-04,{'AB'[n % 2]}\n" for n in range(30)),
}

FIRST = {
    "reports-1.csv": HEADER + _reports(range(60)) + REJECTS,
    "reports-2.csv": HEADER + _reports(range(50, 110)) + _default_geocode(1000, 40),
    "reports-3.csv": CAREFUL,
    "calls-1.csv": _calls(range(30)),
    "calls-2.csv": _calls(range(20, 50)),
    "wards-1.csv": WARDS,
    "services-1.csv": SERVICES,
}
SECOND = {
    "reports-1.csv": FIRST["reports-1.csv"],
    "reports-4.csv": HEADER + _reports(range(110, 160), east=500.0),
    "reports-5.csv": FIRST["reports-2.csv"],
    "calls-1.csv": _calls(range(5, 40)),
    "calls-2.csv": FIRST["calls-2.csv"],
    "wards-1.csv": FIRST["wards-1.csv"],
    "services-1.csv": SERVICES + f"New,hostel,2 High St,{LON},{LAT}\n",
}


def write_study(folder: Path) -> Path:
    """Write the study file, its areas and its format."""
    write_polygon(folder / "area.geojson", 0, 0, 3000)
    write_polygon(folder / "target.geojson", 0, 0, 200)
    (folder / "calls.toml").write_text(CALLS, encoding="utf-8")
    wards = [json.loads(write_polygon(folder / "ward.geojson", east, 0, 400).read_text()) for east in (-400, 400)]
    for ward, code in zip(wards, "AB", strict=True):
        ward["features"][0]["properties"]["code"] = code
    features = [ward["features"][0] for ward in wards]
    (folder / "wards.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    text = STUDY.format(name="Operation Test", release="public").replace('["reports.csv"]', '["reports-*.csv"]')
    path = folder / "study.toml"
    path.write_text(text.replace("[[measure]]\n", MORE_SOURCES.lstrip(), 1), encoding="utf-8")
    return path


def write_files(folder: Path, files: dict[str, str]) -> Path:
    """Make a folder hold these files and no others."""
    folder.mkdir(exist_ok=True)
    for path in folder.iterdir():
        path.unlink()
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8", newline="\n")
    return folder


def write_whole_study(folder: Path) -> None:
    """Write a study that can be run, with every kind of source, and all of its files."""
    write_study(folder)
    path = small_study(folder)
    text = path.read_text(encoding="utf-8").replace('["reports.csv"]', '["reports*.csv"]')
    for more in (MORE_SOURCES, ALL_SOURCES):
        text = text.replace("[[measure]]\n", more.lstrip(), 1)
    path.write_text(text, encoding="utf-8")
    for name, content in (FIRST | OTHER_FILES).items():
        (folder / name).write_text(content, encoding="utf-8", newline="\n")


def call(folder: Path, verb: str, *more: str, quiet: bool = True) -> tuple[int, str, str]:
    """Run a verb on the study in a folder, in this process; return the exit code and what was printed."""
    out, err = io.StringIO(), io.StringIO()
    arguments = ["geoharm", verb, "study.toml", "--data", ".", "--db", "s.duckdb", *["--quiet"] * quiet, *more]
    with (
        contextlib.chdir(folder),
        mock.patch.object(sys, "argv", arguments),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as ended:
            return int(ended.code or 0), out.getvalue(), err.getvalue()
    return 0, out.getvalue(), err.getvalue()


def read_small_study(folder: Path) -> Study:
    """Write and read the study."""
    return read_study(write_study(folder))


def ingest(study: Study, data: Path, database: Path) -> list[Any]:
    """Read all files, and return the ledgers."""
    with open_engine(database, inputs=data) as engine:
        return [*load_sources(engine, study, data), *load_tables(engine, study, data)]


def contents(database: Path, data: Path) -> dict[str, Any]:
    """Return the rows of every view in order, and the catalog; the database is verified before."""
    with open_engine(database, inputs=data) as engine:
        engine.verify()
        shown = {view: engine.rows(f"FROM {view} ORDER BY ALL") for view in view_names(engine)}
        return {"catalog": engine.rows("FROM store.catalog ORDER BY name, part"), "views": shown}


def view_names(engine: DuckDBEngine) -> list[str]:
    """Return the names of the views for people."""
    rows = engine.rows("SELECT view_name FROM duckdb_views() WHERE NOT internal AND NOT temporary ORDER BY ALL")
    return [f'main."{name}"' for (name,) in rows]
