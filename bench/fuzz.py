"""Damaged files against every reader: ``python -m bench.fuzz all --minutes 2`` or, for one, ``python -m bench.fuzz kml``.

Each case is a good file with some bytes or words changed, given to the reader in a process apart. A find is an error
that is no `GeoharmError`, the end of the process, more than 5 seconds of processor time, or 1 GB of memory. Inside zip
archives (KMZ, workbooks, Shapefiles) an entry is changed and packed again in half of the cases, so that the change comes
through. The same seed makes the same cases; ``--keep FOLDER`` writes the files that were found.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import gzip
import io
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import geopandas
import numpy as np
import rasterio
import shapely
import xlsxwriter
from rasterio.transform import from_bounds

import geoharm
from geoharm.errors import GeoharmError
from geoharm.geo.area_files import read_area, read_areas
from geoharm.geo.rasters import read_population_raster
from geoharm.ingest.detect.check import check_file
from geoharm.ingest.detect.events import guess_format
from geoharm.ingest.formats.input_format import read_format
from geoharm.ingest.readers.input_files import single_input_file
from geoharm.model.geometry import StudyArea
from geoharm.model.period import Period
from geoharm.pipeline.check import check_study
from geoharm.study.evidence_cards.cards import read_card
from geoharm.study.read import read_study
from geoharm.study.register import read_register
from geoharm.study.schema import RegisterTable
from geoharm.study.value_profiles.profiles import read_profile
from tests.limits.bombs import FORMAT

ROOT = Path(__file__).parents[1]
SECONDS, BYTES = 5.0, 1 << 30
# A process takes longer to make than a file to read.
_CASES_OF_A_PROCESS = 25
CRS = "EPSG:32626"
LON, LAT = -27.0, 45.0
AREA = StudyArea(shapely.box(497_000, 4_980_000, 503_000, 4_986_000), CRS)
RAIDS = RegisterTable.model_validate(
    {"file": "raids.csv", "objective": "order", "radius": 50, "rings": {"gap": 0, "outer": [100]},
     "before": {"months": 6}, "after": ["0-3 months"], "tactics": {"warrant": "crackdown"}}
)  # fmt: skip
NUMBERS = (
    b"0",
    b"-1",
    b"1e308",
    b"NaN",
    b"-Infinity",
    b"99999999999999999999",
    b"1" * 5000,
    b"0.1",
    b"null",
    b"true",
    b'""',
    b"[]",
    b"{}",
)
WORDS = {
    "json": (b'"type"', b'"Feature"', b'"coordinates"', b"[[", b"]]", b'"crs"', b'"geometries"', b'"GeometryCollection"', b'"rings"', b'"wkid"', b"\\ud800"),
    "xml": (b"<Placemark>", b"</Placemark>", b"<Polygon>", b"<coordinates>", b"&#0;", b"&amp;", b"<!DOCTYPE a>", b"<![CDATA[", b"xmlns='x'", b"1,2,3 ", b' r="XFD1048576"', b' t="s"'),
    "text": (b",", b'"', b"\n", b"\r", b"\x00", b"\xff", b";", b"2020-02-30", b"\xef\xbb\xbf"),
    "toml": (b"[[", b"]]", b"[", b"]", b"=", b'"""', b"'", b"{", b"}", b"2020-01-01", b"1979-05-27T07:32:00Z", b"inf", b"nan", b"\\u0000", b"\\", b"\n"),
    "binary": (b"\x00\x00\x00\x00", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x00\x00\x00\x80", b"\x01", b"PK\x03\x04"),
}  # fmt: skip


@dataclass(frozen=True)
class Target:
    """A reader with good files of its kind."""

    name: str
    words: str
    seeds: Callable[[Path], list[bytes]]
    read: Callable[[Path], object]


# -- good files ---------------------------------------------------------------------------------------------------------


def _points(folder: Path, ending: str, **options: object) -> bytes:
    frame = geopandas.GeoDataFrame(
        {"date": ["2020-01-01", "2020-02-03"], "n": [1, None], "t": ["a", "ü"]},
        geometry=[shapely.Point(LON, LAT), shapely.Point(LON + 0.01, LAT)], crs="EPSG:4326",
    )  # fmt: skip
    path = folder / f"good{ending}"
    frame.to_parquet(path) if ending == ".parquet" else frame.to_file(path, engine="pyogrio", **options)
    return path.read_bytes()


def _outlines(folder: Path, ending: str) -> bytes:
    ring = shapely.box(LON - 0.01, LAT - 0.01, LON + 0.01, LAT + 0.01)
    shapes = [
        ring.difference(shapely.box(LON - 0.002, LAT - 0.002, LON, LAT)),
        shapely.MultiPolygon([shapely.box(LON + 0.02, LAT, LON + 0.03, LAT + 0.01)]),
    ]
    frame = geopandas.GeoDataFrame({"code": ["A", "B"], "people": [1, 2]}, geometry=shapes, crs="EPSG:4326")
    path = folder / f"outlines{ending}"
    frame.to_file(path, engine="pyogrio")
    return path.read_bytes()


def _zipped_shapefile(folder: Path, maker: Callable[[Path, str], bytes], stem: str) -> bytes:
    maker(folder, ".shp")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.glob(f"{stem}.*")):
            if path.suffix in (".shp", ".shx", ".dbf", ".prj", ".cpg"):
                archive.writestr(path.name, path.read_bytes())
    return packed.getvalue()


def _zipped(name: str, content: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return packed.getvalue()


def _csv(_: Path) -> list[bytes]:
    rows = "".join(f'{n},2020-01-{n % 28 + 1:02d},{LON + n / 1e4},{LAT},"a, ""b"""\n' for n in range(40))
    return [("id,date,longitude,latitude,category\n" + rows).encode()]


def _workbook(_: Path) -> list[bytes]:
    packed = io.BytesIO()
    book = xlsxwriter.Workbook(packed, {"in_memory": True})
    sheet = book.add_worksheet("calls")
    sheet.write_row(0, 0, ["id", "date", "longitude", "latitude", "category"])
    for n in range(1, 20):
        sheet.write_row(n, 0, [n, f"2020-01-{n:02d}", LON, LAT, "a"])
    book.close()
    return [packed.getvalue()]


def _parquet(folder: Path) -> list[bytes]:
    import pandas as pd  # noqa: PLC0415

    path = folder / "plain.parquet"
    frame = pd.DataFrame(
        {
            "id": ["1", "2"],
            "date": ["2020-01-01"] * 2,
            "longitude": [LON, LON],
            "latitude": [LAT, LAT],
            "category": ["a", None],
        }
    )
    frame.to_parquet(path)
    return [path.read_bytes(), _points(folder, ".parquet")]


def _geojson(folder: Path) -> list[bytes]:
    lines = b"\n".join(json.dumps(feature).encode() for feature in json.loads(_points(folder, ".geojson"))["features"])
    return [_points(folder, ".geojson"), lines]


def _esri(_: Path) -> list[bytes]:
    features = [{"attributes": {"date": "2020-01-01"}, "geometry": {"x": LON, "y": LAT}}]
    return [json.dumps({"spatialReference": {"wkid": 4326}, "features": features}).encode()]


def _kml(_: Path) -> list[bytes]:
    ring = f"{LON},{LAT} {LON + 0.01},{LAT} {LON + 0.01},{LAT + 0.01} {LON},{LAT}"
    data = '<ExtendedData><Data name="date"><value>2020-01-01</value></Data><SchemaData><SimpleData name="code">A</SimpleData></SchemaData></ExtendedData>'
    shape = f"<Polygon><outerBoundaryIs><LinearRing><coordinates>{ring}</coordinates></LinearRing></outerBoundaryIs></Polygon>"
    body = f"<Placemark><name>a</name>{data}<MultiGeometry>{shape}</MultiGeometry></Placemark><Placemark>{data}<Point><coordinates>{LON},{LAT},0</coordinates></Point></Placemark>"
    return [
        f'<?xml version="1.0" encoding="UTF-8"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document>{body}</Document></kml>'.encode()
    ]


def _raster(folder: Path) -> list[bytes]:
    path = folder / "good.tif"
    west, south, east, north = AREA.boundary.bounds
    for options in ({}, {"tiled": True, "blockxsize": 16, "blockysize": 16, "compress": "deflate"}):
        with rasterio.open(
            path, "w", driver="GTiff", width=40, height=40, count=1, dtype="float32", crs=CRS,
            transform=from_bounds(west - 500, south - 500, east + 500, north + 500, 40, 40), nodata=-1, **options,
        ) as raster:  # fmt: skip
            raster.write(np.ones((40, 40), dtype=np.float32), 1)
    return [path.read_bytes()]


def _shipped(pattern: str) -> Callable[[Path], list[bytes]]:
    return lambda _: [path.read_bytes() for path in sorted(ROOT.glob(pattern))[:6]]


# -- readers --------------------------------------------------------------------------------------------------------------


def _events(container: str) -> Callable[[Path], object]:
    columns = (
        ""
        if container in ("geojson", "esri-json", "kml", "vector")
        else 'id = "id"\nlongitude = "longitude"\nlatitude = "latitude"\ncategory = "category"\n'
    )

    def read(path: Path) -> object:
        layout = path.with_name("own.toml")
        layout.write_text(FORMAT.format(container=container, columns=columns), encoding="utf-8")
        return check_file(path, read_format("own.toml", path.parent))

    return read


def _guess(path: Path) -> object:
    return guess_format(single_input_file(path))


def _area(path: Path) -> object:
    with contextlib.suppress(GeoharmError):
        read_areas([path], CRS, column="code", inside=AREA.boundary)
    return read_area(path, CRS, name="target area", inside=AREA.boundary)


def _study(path: Path) -> object:
    study = read_study(path)
    return check_study(study)


def _raids(_: Path) -> list[bytes]:
    rows = "".join(
        f"Raid {n},{n % 28 + 1}/06/2020,{n % 28 + 2}/06/2020,warrant,{LON + n / 5e3},{LAT + n / 9e3},{n * 100}\n"
        for n in range(30)
    )
    return [("name,start,end,tactic,longitude,latitude,cost\n" + rows).encode()]


def _register(path: Path) -> object:
    return read_register(path, RAIDS, area=AREA, period=Period(date(2019, 1, 1), date(2022, 1, 1)))


def targets() -> dict[str, tuple[Target, str]]:
    """Return every reader with the ending of its files."""
    gpkg = lambda folder: [_points(folder, ".gpkg")]  # noqa: E731
    rows = [
        (Target("csv", "text", _csv, _events("csv")), ".csv"),
        (Target("csv guess", "text", _csv, _guess), ".csv"),
        (Target("csv zip", "text", lambda f: [_zipped("a.csv", _csv(f)[0])], _events("csv")), ".zip"),
        (Target("csv gzip", "binary", lambda f: [gzip.compress(_csv(f)[0])], _events("csv")), ".csv.gz"),
        (Target("geojson", "json", _geojson, _events("geojson")), ".geojson"),
        (Target("geojson guess", "json", _geojson, _guess), ".geojson"),
        (Target("esri-json", "json", _esri, _events("esri-json")), ".json"),
        (Target("kml", "xml", _kml, _events("kml")), ".kml"),
        (Target("workbook", "xml", _workbook, _events("excel")), ".xlsx"),
        (Target("parquet", "binary", lambda f: _parquet(f)[:1], _events("parquet")), ".parquet"),
        (Target("geoparquet", "binary", lambda f: _parquet(f)[1:], _events("parquet")), ".parquet"),
        (Target("geoparquet guess", "binary", _parquet, _guess), ".parquet"),
        (Target("geopackage", "binary", gpkg, _events("vector")), ".gpkg"),
        (Target("flatgeobuf", "binary", lambda f: [_points(f, ".fgb")], _events("vector")), ".fgb"),
        (Target("shapefile", "binary", lambda f: [_zipped_shapefile(f, _points, "good")], _events("vector")), ".zip"),
        (Target("area geojson", "json", lambda f: [_outlines(f, ".geojson")], _area), ".geojson"),
        (Target("area kml", "xml", _kml, _area), ".kml"),
        (Target("area kmz", "xml", lambda f: [_zipped("doc.kml", _kml(f)[0])], _area), ".kmz"),
        (Target("area geopackage", "binary", lambda f: [_outlines(f, ".gpkg")], _area), ".gpkg"),
        (Target("area flatgeobuf", "binary", lambda f: [_outlines(f, ".fgb")], _area), ".fgb"),
        (Target("area shapefile", "binary", lambda f: [_zipped_shapefile(f, _outlines, "outlines")], _area), ".zip"),
        (Target("raster", "binary", _raster, lambda path: read_population_raster(path, AREA)), ".tif"),
        (Target("register", "text", _raids, _register), ".csv"),
        (Target("study", "toml", _shipped("pipelines/*.toml"), _study), ".toml"),
        (Target("format", "toml", _shipped("geoharm/ingest/formats/*.toml"), lambda path: read_format(path.name, path.parent)), ".toml"),
        (Target("value profile", "toml", _shipped("geoharm/study/value_profiles/*.toml"), lambda path: read_profile(path.name, path.parent)), ".toml"),
        (Target("evidence card", "toml", _shipped("geoharm/study/evidence_cards/*.toml"), lambda path: read_card(path.name, path.parent)), ".toml"),
    ]  # fmt: skip
    return {target.name: (target, ending) for target, ending in rows}


# -- changes --------------------------------------------------------------------------------------------------------------


def changed(content: bytes, words: str, rng: random.Random) -> bytes:
    """Return a file with one to eight changes."""
    if zipfile.is_zipfile(io.BytesIO(content)) and rng.random() < 0.6:
        return _changed_entry(content, words, rng)
    changed_bytes = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 5, 8))):
        if not changed_bytes:
            break
        at, length = rng.randrange(len(changed_bytes)), rng.choice((1, 2, 4, 8, 16, 64, 256))
        match rng.randrange(8):
            case 0:
                changed_bytes[at] = rng.randrange(256)
            case 1:
                changed_bytes[at] ^= 1 << rng.randrange(8)
            case 2:
                del changed_bytes[at : at + length]
            case 3:
                changed_bytes[at:at] = changed_bytes[at : at + length] * rng.choice((1, 2, 50))
            case 4:
                changed_bytes[at:at] = rng.choice(WORDS[words])
            case 5:
                changed_bytes[at : at + length] = rng.choice(NUMBERS if words != "binary" else WORDS["binary"])
            case 6:
                other = rng.randrange(len(changed_bytes))
                changed_bytes[at : at + length] = changed_bytes[other : other + length]
            case 7:
                _replace_token(changed_bytes, words, rng)
    return bytes(changed_bytes[: 4 << 20])


def _replace_token(content: bytearray, words: str, rng: random.Random) -> None:
    """Replace a number or word between signs by another: the file stays well formed."""
    import re  # noqa: PLC0415

    found = list(re.finditer(rb"-?\d+(\.\d+)?|\"[^\"\n]{0,40}\"|\b\w+\b", bytes(content[:100_000])))
    if found:
        token = rng.choice(found)
        content[token.start() : token.end()] = rng.choice([*NUMBERS, *WORDS[words], rng.choice(found).group()])


def _changed_entry(content: bytes, words: str, rng: random.Random) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new:
        chosen = rng.choice(old.namelist())
        for name in old.namelist():
            body = old.read(name)
            new.writestr(name, changed(body, words, rng) if name == chosen else body)
    return packed.getvalue()


# -- many cases -----------------------------------------------------------------------------------------------------------


def run_cases(target: Target, seeds: list[bytes], case: Path, numbers: range, seed: int) -> list[dict[str, object]]:
    """Read changed files in a process of its own, until it ends or is done; return what came of each that was begun."""
    report = case.with_name("report.jsonl")
    report.write_text("")
    process = os.fork()
    if not process:
        code = 1
        try:
            _limit()
            with report.open("a", encoding="utf-8") as stream:
                for number in numbers:
                    rng = random.Random(f"{seed} {target.name} {number}")
                    case.write_bytes(changed(rng.choice(seeds), target.words, rng) if number else seeds[0])
                    result = _outcome(target, case)
                    stream.write(json.dumps({"case": number} | result) + "\n")
                    stream.flush()
                    if result["found"]:
                        break
            code = 0
        finally:
            os._exit(code)
    _, status, _ = os.wait4(process, 0)
    results = [json.loads(line) for line in report.read_text(encoding="utf-8").splitlines()]
    if os.WIFSIGNALED(status) or os.WEXITSTATUS(status):
        how = (
            f"ended by {signal.Signals(os.WTERMSIG(status)).name}" if os.WIFSIGNALED(status) else "ended without a word"
        )
        results.append({"case": numbers[len(results)], "found": how, "seconds": 0.0, "bytes": 0})
    return results


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)


def _outcome(target: Target, case: Path) -> dict[str, object]:
    """Return what was found in one file (empty if nothing), with its seconds and the most bytes of the process so far."""
    start, found = time.process_time(), ""
    try:
        target.read(case)
    except (GeoharmError, OSError):
        pass
    except BaseException as error:
        found = f"{type(error).__name__} {_last_own_line(error)}: {str(error)[:200]}"
    seconds, used = time.process_time() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    if not found and (seconds > SECONDS or used > BYTES):
        found = "took too long" if seconds > SECONDS else "took too much memory"
    return {"found": found, "seconds": seconds, "bytes": used}


def _last_own_line(error: BaseException) -> str:
    package = Path(geoharm.__file__).parent
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(package)
    ]
    return f"{Path(frames[-1].filename).relative_to(package)}:{frames[-1].lineno}" if frames else "outside"


def fuzz(target: Target, ending: str, *, minutes: float, seed: int, keep: Path | None) -> dict[str, object]:
    """Read changed files for some minutes; return what was found."""
    finds: collections.Counter[str] = collections.Counter()
    cases, slowest, largest = 0, 0.0, 0
    with tempfile.TemporaryDirectory() as name:
        case = Path(name) / "case" / f"a{ending}"
        case.parent.mkdir()
        seeds = target.seeds(Path(name))
        end = time.monotonic() + 60 * minutes
        while time.monotonic() < end:
            for result in run_cases(target, seeds, case, range(cases, cases + _CASES_OF_A_PROCESS), seed):
                cases, slowest, largest = cases + 1, max(slowest, result["seconds"]), max(largest, result["bytes"])
                if not result["found"]:
                    continue
                finds[result["found"]] += 1
                print(f"  {target.name}, case {result['case']}: {result['found']}", flush=True)
                if keep is not None and finds[result["found"]] == 1:
                    keep.mkdir(parents=True, exist_ok=True)
                    shutil.copy(case, keep / f"{target.name.replace(' ', '-')}-{result['case']}{ending}")
    return {
        "reader": target.name,
        "cases": cases,
        "finds": dict(finds),
        "seconds": round(slowest, 1),
        "megabytes": largest >> 20,
    }


def main() -> None:
    """Fuzz the readers that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known = targets()
    parser.add_argument("reader", choices=["all", *known])
    parser.add_argument("--minutes", type=float, default=10, help="For each reader.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="Folder for the files that were found.")
    chosen = parser.parse_args()
    print("| reader | cases | finds | slowest, s | most, MB |\n|---|---|---|---|---|")
    failed = False
    for name in known if chosen.reader == "all" else [chosen.reader]:
        result = fuzz(*known[name], minutes=chosen.minutes, seed=chosen.seed, keep=chosen.keep)
        failed |= bool(result["finds"])
        kinds = "; ".join(f"{kind} ({count})" for kind, count in result["finds"].items()) or "none"
        print(f"| {name} | {result['cases']:,} | {kinds} | {result['seconds']} | {result['megabytes']} |", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
