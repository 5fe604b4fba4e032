"""How well addresses are placed where the truth is known: real files whose coordinates are hidden, and the speed.

Run as ``python -m bench.addresses [--quick] [--data FOLDER]``. Rows of the files in `../shared/data` with an address and a place are
placed by other rows, or by another file; then the place is compared with the row's own. Of each case:

- placed: share of all rows, by how;
- within 50 m and 200 m of the row's own place: shares of the placed rows;
- wrong: placed more than 200 m off.

Then the same with one letter of each street's name changed at random (left out, doubled, another one, or two swapped; numbers are
left alone), by lowest similarity. Both files of a pair were geocoded by somebody: what lies apart is not always our fault.

``--quick`` takes a tenth of the rows, and is within a minute.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import shapely

from geoharm import _crs
from geoharm.engines.base import Engine
from geoharm.engines.duckdb import open_engine
from geoharm.ingest.events import ingest_events
from geoharm.ingest.formats.input_format import parse_format, read_format
from geoharm.ingest.geocoding.addresses import read_address
from geoharm.ingest.geocoding.gazetteer import Gazetteer, place_addresses
from geoharm.ingest.geocoding.place_rows import place_alike
from geoharm.ingest.readers.input_files import find_input_files
from geoharm.ingest.tables import ingest_table
from geoharm.model.geometry import StudyArea
from geoharm.model.ledger import AMBIGUOUS
from geoharm.model.period import Period
from geoharm.model.study import Source
from geoharm.queries.stored import stored_source

_PERIOD = Period(date(2010, 1, 1), date(2030, 1, 1))
_MATCHES = (80.0, 85.0, 90.0, 95.0)
_CITY_HALL = (-71.0587, 42.3594)


@dataclass(frozen=True, slots=True)
class Row:
    """An address with its place in degrees, and its town where the case has one."""

    address: str
    town: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Case:
    """Rows to place, and the addresses that they are placed by."""

    name: str
    crs: str
    rows: list[Row]
    known: list[Row]


def boston_needles(data: Path) -> list[Row]:
    """Return the needle requests of Boston that are on no default geocode, with their neighbourhoods as towns."""
    rows = []
    for path in sorted((data / "boston-needles").glob("needle_*.geojson.gz")):
        for feature in json.loads(gzip.decompress(path.read_bytes()))["features"]:
            lon, lat = feature["geometry"]["coordinates"][:2]
            properties = feature["properties"]
            text = properties.get("location_street_name") or ""
            if text and (round(lon, 4), round(lat, 4)) != _CITY_HALL:
                rows.append(Row(text, str(properties.get("neighborhood") or ""), lon, lat))
    return rows


def _table(path: Path) -> Iterator[dict[str, str]]:
    with io.TextIOWrapper(gzip.open(path), encoding="utf-8", errors="replace", newline="") as text:
        yield from csv.DictReader(text)


def _read(path: Path, address: str, town: str, lon: str, lat: str) -> list[Row]:
    rows = []
    for row in _table(path):
        try:
            place = float(row[lon]), float(row[lat])
        except (TypeError, ValueError):
            continue
        if row[address] and row[address] != "NA" and place[0]:
            rows.append(Row(row[address], (row[town] or "") if town else "", *place))
    return rows


def _merseyside(data: Path, *, towns: bool) -> tuple[list[Row], list[Row]]:
    odd, even = [], []
    for number, path in enumerate(sorted((data / "merseyside-police").glob("*.csv.gz"))[:12]):
        for row in _table(path):
            if row["Longitude"] and row["Location"] not in ("", "No Location"):
                town = re.sub(r"\s+\d\w*$", "", row["LSOA name"]) if towns else ""
                (odd if number % 2 else even).append(
                    Row(row["Location"], town, float(row["Longitude"]), float(row["Latitude"]))
                )
    return odd, even


def cases(data: Path, *, quick: bool) -> list[Case]:
    """Return the cases, each with rows whose own place is hidden."""
    chance = random.Random(20)
    needles = boston_needles(data)
    chance.shuffle(needles)
    half = len(needles) // 2
    police = _read(data / "boston-police" / "drug_crimes_2020_2025.csv.gz", "STREET", "", "Long", "Lat")
    services = data / "us-treatment"
    facilities = _read(services / "SubstanceUseTreatment_Geocoded.csv.gz", "street1", "city", "longitude", "latitude")
    providers = _read(services / "us-wide-moudsCleaned.csv.gz", "street1", "city", "Longitude", "Latitude")
    without_town = [Row(row.address, "", row.lon, row.lat) for row in facilities]
    odd, even = _merseyside(data, towns=False)
    odd_towns, even_towns = _merseyside(data, towns=True)
    boston, america, britain = "EPSG:26986", "EPSG:5070", "EPSG:27700"
    bare = [Row(row.address, "", row.lon, row.lat) for row in needles]
    found = [
        Case("Boston needles, half by the other half", boston, bare[half:], bare[:half]),
        Case("the same, with neighbourhoods as towns", boston, needles[half:], needles[:half]),
        _other_streets(bare, chance),
        Case("Boston police by Boston needles", boston, police, bare),
        Case("treatment facilities by providers, with towns", america, facilities, providers),
        Case("the same, towns not used", america, without_town, [Row(r.address, "", r.lon, r.lat) for r in providers]),
        Case("Merseyside, odd months by even ones", britain, odd, even),
        Case("the same, with districts as towns", britain, odd_towns, even_towns),
    ]
    if quick:
        return [Case(c.name, c.crs, c.rows[::10], c.known[::10]) for c in found]
    return found


def _other_streets(rows: list[Row], chance: random.Random) -> Case:
    """Return the case of a list that has none of the streets asked for: whatever is placed is wrong."""
    named = [(row, read_address(row.address).streets) for row in rows]
    streets = sorted({street for _, names in named for street in names})
    listed = set(chance.sample(streets, len(streets) // 2))
    known = [row for row, names in named if names and listed.issuperset(names)]
    asked = [row for row, names in named if names and not listed & set(names)]
    return Case("Boston needles by a list without their streets", "EPSG:26986", asked, known)


def with_typing_error(address: str, chance: random.Random) -> str:
    """Return an address with one letter of its longest word changed; numbers are left alone."""
    words = re.findall(r"[A-Za-z]{5,}", address)
    if not words:
        return address
    word = max(words, key=len)
    at = chance.randrange(1, len(word) - 1)
    kind = chance.randrange(4)
    wrong = {
        0: word[:at] + word[at + 1 :],
        1: word[:at] + word[at] + word[at:],
        2: word[:at] + chance.choice("aeioulrnst") + word[at + 1 :],
        3: word[:at] + word[at + 1] + word[at] + word[at + 2 :],
    }[kind]
    return address.replace(word, wrong, 1)


def _text(row: Row) -> str:
    return f"{row.address.splitlines()[0].strip()}, {row.town}" if row.town else row.address


def _gazetteer(engine: Engine, folder: Path, case: Case, match: float | None) -> Gazetteer:
    path = folder / "known.csv"
    if not path.exists():
        with path.open("w", newline="", encoding="utf-8") as text:
            writer = csv.writer(text)
            writer.writerow(["address", "town", "longitude", "latitude"])
            for row in case.known:
                first_line = row.address.splitlines()[0].strip() if row.town else row.address
                writer.writerow([first_line, row.town, row.lon, row.lat])
        found = read_format("addresses-csv", folder)
        files = find_input_files(["known.csv"], folder, members=())
        ingest_table(
            engine,
            Source("known", "addresses", "addresses-csv", ("known.csv",)),
            input_format=found,
            files=files,
            area=_area(case),
            period=_PERIOD,
        )
    return Gazetteer((stored_source(engine, "known"),), {}, match)


def _area(case: Case) -> StudyArea:
    lon, lat = (np.array([getattr(row, axis) for row in case.known + case.rows]) for axis in ("lon", "lat"))
    x, y = _crs.transform(lon, lat, source=_crs.LONLAT, target=case.crs)
    kept = np.isfinite(x) & np.isfinite(y)
    return StudyArea(shapely.box(x[kept].min() - 1, y[kept].min() - 1, x[kept].max() + 1, y[kept].max() + 1), case.crs)


def measure(case: Case, *, rows: list[Row], match: float | None, folder: Path, engine: Engine) -> dict[str, object]:
    """Return what became of the rows of a case."""
    gazetteer = _gazetteer(engine, folder, case, match)
    start = time.perf_counter()
    wanted = {text: read_address(text) for text in sorted({_text(row) for row in rows})}
    found = place_addresses(engine, gazetteer, wanted)
    left = {text: address for text, address in wanted.items() if text not in found}
    found |= place_alike(engine, gazetteer, left) if match is not None else {}
    seconds = time.perf_counter() - start
    x, y = _crs.transform([row.lon for row in rows], [row.lat for row in rows], source=_crs.LONLAT, target=case.crs)
    how = Counter(found[text].how if (text := _text(row)) in found else "not found" for row in rows)
    off: dict[str, list[float]] = {}
    for row, east, north in zip(rows, x, y, strict=True):
        one = found.get(_text(row))
        if one is not None and one.how != AMBIGUOUS:
            off.setdefault(one.how, []).append(float(np.hypot(one.x - east, one.y - north)))
    everything = np.array([metres for one in off.values() for metres in one])
    return {
        "rows": len(rows),
        "placed": everything.size / len(rows),
        "within 50 m": float(np.mean(everything <= 50)) if everything.size else math.nan,
        "within 200 m": float(np.mean(everything <= 200)) if everything.size else math.nan,
        "wrong": int(np.sum(everything > 200)),
        "how": {
            key: {"rows": count} | (
                {
                    "median m": round(float(np.median(off[key])), 1),
                    "within 50 m": round(float(np.mean(np.array(off[key]) <= 50)), 4),
                    "wrong": int(np.sum(np.array(off[key]) > 200)),
                }
                if key in off
                else {}
            )
            for key, count in sorted(how.items())
        },
        "seconds": round(seconds, 1),
    }  # fmt: skip


def speed(rows: int, known: int) -> tuple[float, float]:
    """Return the seconds, of the clock and of the processor, in which so many rows are placed by so many addresses, all read from files."""
    chance = random.Random(4)
    streets = [
        f"{chance.choice('BCDFGHKLMNPRST')}{chance.choice('aeiou')}{chance.randrange(10**5)}ton"
        for _ in range(known // 50)
    ]
    houses = [(2 + 2 * house, street) for street in streets for house in range(50)]
    at = {street: (chance.uniform(-71.15, -71.0), chance.uniform(42.25, 42.39)) for street in streets}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "known.csv").open("w") as text:
            text.write("NUMBER,STREET,CITY,LON,LAT,UNIT,DISTRICT,REGION,POSTCODE,HASH\n")
            for number, street in houses:
                lon, lat = at[street]
                text.write(f"{number},{street} Street,Boston,{lon + number * 1e-5:.6f},{lat:.6f},,,,,\n")
        with (folder / "calls.csv").open("w") as text:
            text.write("date,where\n")
            for row in range(rows):
                number, street = chance.choice(houses)
                text.write(f'2020-{1 + row % 12:02d}-{1 + row % 28:02d},"{number} {street.upper()} ST, BOSTON MA"\n')
        calls = parse_format(
            "calls.toml", '[columns]\ndate = "date"\naddress = "where"\n[date]\nformats = ["%Y-%m-%d"]\n'
        )
        area = _area(Case("", "EPSG:26986", [], [Row("", "", *at[street]) for street in streets]))
        with open_engine(folder / "t.duckdb", inputs=folder) as engine:
            start, processor = time.perf_counter(), time.process_time()
            ingest_table(
                engine,
                Source("known", "addresses", "openaddresses", ("known.csv",)),
                input_format=read_format("openaddresses", folder),
                files=find_input_files(["known.csv"], folder, members=()),
                area=area,
                period=_PERIOD,
            )
            ledger = ingest_events(
                engine,
                "calls",
                input_format=calls,
                files=find_input_files(["calls.csv"], folder, members=()),
                area=area,
                period=_PERIOD,
                gazetteer=Gazetteer((stored_source(engine, "known"),), {}),
            )
            seconds, processor = time.perf_counter() - start, time.process_time() - processor
        print(
            f"{rows:,} rows by {known:,} addresses: {seconds:.1f} s, {processor:.1f} s of processor; {dict(ledger.placings)}"
        )
        return seconds, processor


def main() -> None:
    """Print a table for people, then one JSON object a line and figure."""
    quick = "--quick" in sys.argv
    data = Path(sys.argv[sys.argv.index("--data") + 1]) if "--data" in sys.argv else Path("../shared/data")
    figures = []
    for case in cases(data, quick=quick):
        with tempfile.TemporaryDirectory() as name, open_engine(Path(name) / "t.duckdb", inputs=Path(name)) as engine:
            chance = random.Random(7)
            wrong = [Row(with_typing_error(row.address, chance), row.town, row.lon, row.lat) for row in case.rows]
            for rows, label, matches in (
                (case.rows, "as written", (None, *_MATCHES)),
                (wrong, "one letter wrong", (None, *_MATCHES)),
            ):
                for match in matches:
                    result = measure(case, rows=rows, match=match, folder=Path(name), engine=engine)
                    print(
                        f"{case.name}; {label}; match {match}: {result['placed']:.1%} of {result['rows']:,} placed, "
                        f"{result['within 50 m']:.2%} within 50 m, {result['within 200 m']:.2%} within 200 m, {result['wrong']:,} wrong, "
                        f"{result['seconds']} s",
                        flush=True,
                    )
                    print(f"    {result['how']}", flush=True)
                    figures.append({"figure": f"addresses: {case.name}; {label}", "match": match, **result})
    seconds, processor = speed(*((10_000, 20_000) if quick else (100_000, 200_000)))
    figures.append(
        {"figure": "addresses: speed", "seconds": round(seconds, 1), "processor seconds": round(processor, 1)}
    )
    for figure in figures:
        print(json.dumps(figure))


if __name__ == "__main__":
    main()
