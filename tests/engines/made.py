"""Made sources with every kind of row, read on any engine, and all questions that a study puts to them."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from geoharm.engines.base import Engine
from geoharm.engines.duckdb import open_engine
from geoharm.evaluation.placebo.unit_panel import unit_panel
from geoharm.ingest.events import ingest_events
from geoharm.ingest.formats.input_format import read_format
from geoharm.ingest.geocoding.gazetteer import Gazetteer
from geoharm.ingest.readers.input_files import find_input_files
from geoharm.ingest.sites import source_sites
from geoharm.ingest.streets import source_streets
from geoharm.ingest.tables import area_counts, ingest_table, survey_estimates, table_categories
from geoharm.model.geometry import StudyArea, Zone, ZoneRole
from geoharm.model.measure import Harm, Measure
from geoharm.model.period import Period, Window
from geoharm.model.study import Source
from geoharm.queries.area_events import area_event_counts
from geoharm.queries.counts import (
    category_counts,
    dated_points,
    located_points,
    own_place_counts,
    source_categories,
    stated_weights,
    zone_counts,
)
from geoharm.queries.coverage import coverage
from geoharm.queries.located_events import located_events
from geoharm.queries.night_counts import night_counts
from geoharm.queries.rejected import rejected_days
from geoharm.queries.save import save_results
from geoharm.queries.stored import drop_unused, stored_source, stored_sources
from geoharm.queries.time_of_week import hour_of_week_counts, timed_points
from geoharm.simulation.location import CENTRE, CRS
from tests.conftest import lonlat
from tests.engines.reference import ReferenceEngine
from tests.ingest.test_area_tables import AREAS, GOOD, LONG, OWN, SURVEY

AREA = StudyArea(shapely.box(*(c - 3000 for c in CENTRE), *(c + 3000 for c in CENTRE)), CRS)
PERIOD = Period(date(2019, 1, 1), date(2023, 1, 1))
COVERS = Period(date(2020, 1, 1), date(2020, 7, 1))
LON, LAT = lonlat(0, 0)
GEOCODE = tuple(f"{degrees:.6f}" for degrees in lonlat(-2000, -2000))
NEAR_TARGET, FAR_STREET = "Target St", "Nowhere St"

ADDRESSED = """
[columns]
date = "when"
address = "where"
category = "kind"
[date]
formats = ["%Y-%m-%d"]
"""
HEADER = ["id", "from", "to", "lon", "lat", "kind", "where", "pieces", "remark"]
NASTY = """
[format]
container = "csv"
[columns]
id = "id"
date = "from"
end = "to"
longitude = "lon"
latitude = "lat"
category = "kind"
address = "where"
weight = "pieces"
remark = "remark"
[category]
map = { FIND = "find" }
[date]
formats = ["%Y-%m-%d %H:%M", "%Y-%m-%d"]
precision = "moment"
[duplicates]
rule = "id"
[reject]
remark_contains = ["TEST"]
"""
DATED = """
[format]
container = "csv"
[columns]
date = "when"
latlon = "at"
category = "kind"
[date]
formats = ["FORMAT"]
precision = "PRECISION"
"""
BY_AREA = """
[columns]
id = "id"
date = "when"
area = "code"
category = "kind"
[area]
id_width = 3
[date]
formats = ["%Y-%m-%d"]
[duplicates]
rule = "id"
"""


@contextmanager
def _reference(folder: Path, inputs: Path) -> Iterator[ReferenceEngine]:
    engine = ReferenceEngine()
    try:
        yield engine
    finally:
        engine.close()


# Another engine is tried by everything in this folder once it stands here.
ENGINES: dict[str, Callable[[Path, Path], AbstractContextManager[Engine]]] = {
    "duckdb": lambda folder, inputs: open_engine(folder / "t.duckdb", inputs=inputs),
    "reference": _reference,
}


# -- files ------------------------------------------------------------------------------------------------------------


def write_files(folder: Path) -> None:
    """Write every source's files, and their formats."""
    inbox = folder / "inbox"
    inbox.mkdir()
    (folder / "nasty.toml").write_text(NASTY, encoding="utf-8")
    first, second = _nasty_rows()
    (inbox / "a-2020.csv").write_bytes(as_csv(first))
    # Rows of the wrong shape, of another encoding, and a cell of two lines: this file is read with care.
    (inbox / "b-2021.csv").write_bytes(as_csv(second) + b"9001,2020-01-01\n" + b"9002,2020-01-01,,,,find,\xff,,\n")
    _write_dated(folder, "months", "%Y-%m", "month", [f"2020-{month:02d}" for month in (1, 2, 3, 6, 7)])
    _write_dated(folder, "years", "%Y", "year", ["2019", "2021"])
    _write_dated(folder, "days", "%Y-%m-%d", "day", [f"2020-03-{day:02d}" for day in range(1, 20)])
    (folder / "wards.toml").write_text(BY_AREA, encoding="utf-8")
    wards = [
        f"{n % 42},2020-0{1 + n % 3}-1{n % 7},{('1', '002', '3.0', '9', '77', '')[n % 6]},{'ab'[n % 2]}"
        for n in range(90)
    ]
    (inbox / "wards.csv").write_text("\n".join(["id,when,code,kind", *wards, "x,never,1,a"]) + "\n")
    (folder / "table.toml").write_text(OWN.format(**LONG), encoding="utf-8")
    (inbox / "table.csv").write_text(GOOD + "009,2020-01,*\n,2020-03,1\n002,2020-01,13\n001,2020-01,7\n")
    (inbox / "more.csv").write_text("code,month,n\n003,2020-01,0\n001,2021-05,<5\n007,2020-02,3\n")
    survey = "001,2020,fear,40,2,,,\n002,2020,fear,41,,36,46,\n002,2021,fear,39,,,,600\n003,2020,trust,nan,2,,,\n"
    (inbox / "survey.csv").write_text(SURVEY + survey)
    sites = (
        f"Clinic A,detox,1 High St,{LON},{LAT}\nClinic B,,2 High St,{LON},{LAT}\nFar,detox,,10.0,10.0\nVan,detox,,,\n"
    )
    sites += f"Clinic A,detox,1 High St,{LON},{LAT}\n,detox,,{LON},{LAT}\n"
    (inbox / "sites.csv").write_text("name,category,address,longitude,latitude\n" + sites)
    (inbox / "streets.geojson").write_text(_streets())
    _write_addresses(folder)


def _write_addresses(folder: Path) -> None:
    """Write a list of addresses, and events that have no coordinates: some of them are on the list."""
    (folder / "addressed.toml").write_text(ADDRESSED, encoding="utf-8")
    known = [f"{n} Main St,,{','.join(f'{one:.6f}' for one in lonlat(20 * n, 5))}" for n in range(1, 40)]
    known += [f"1 Oak Ave,,{','.join(f'{one:.6f}' for one in lonlat(east, 5))}" for east in (0, 800)]
    known += ["2 Oak Ave,,,", f"1 Main Street,,{','.join(f'{one:.6f}' for one in lonlat(20, 5))}"]
    (folder / "inbox" / "known.csv").write_text("\n".join(["address,town,longitude,latitude", *known]) + "\n")
    texts = ["5 MAIN STREET", "1 Oak Ave", "0 block of Main St", "77 Elm St", "", "30 Main St"]
    rows = [f"2020-0{1 + n % 5}-03,{texts[n % 6]},{'ab'[n % 2]}" for n in range(60)]
    (folder / "inbox" / "addressed.csv").write_text("\n".join(["when,where,kind", *rows, "never,,a"]) + "\n")


def as_csv(rows: list[list[str]]) -> bytes:
    """Return the header and rows as the bytes of a file."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([HEADER, *rows])
    return text.getvalue().encode()


def _nasty_rows() -> tuple[list[list[str]], list[list[str]]]:
    """Return the rows of two files; some are in both."""
    rng = np.random.default_rng(9)
    number = 0

    def row(place: tuple[str, ...], start: str, end: str = "", kind: str = "find", address: str = "", pieces: str = "", remark: str = "") -> list[str]:  # fmt: skip
        nonlocal number
        number += 1
        return [str(number), start, end, *place, kind, address, pieces, remark]

    def moment() -> str:
        start = datetime(2020, 1, 1) + timedelta(minutes=int(rng.integers(0, 525_600)))
        return f"{start:%Y-%m-%d %H:%M}"

    def at(east: float, north: float) -> tuple[str, ...]:
        return tuple(f"{degrees:.6f}" for degrees in lonlat(east, north))

    kinds, pieces = ["find", "FIND", "needle", ""], ["", "", "1", "2.5", "0", "0.1"]
    scattered = [
        row(at(*rng.uniform(-2500, 2500, 2)), moment(), kind=kinds[n % 4], address=f"{n} High St", pieces=pieces[n % 6])
        for n in range(600)
    ]
    spans = [
        row(at(200 + n, 300), "2020-06-01 22:15", end, kind="needle")
        for n, end in enumerate(["2020-06-02 03:45", "2020-06-05 22:15", "2020-06-01 22:15", "2020-06-02", ""] * 4)
    ]
    # Midnight stands for a time that is not known: alone, and at the begin of a span.
    midnights = [row(at(-400, 10 * n), f"2020-05-{n % 28 + 1:02d} 00:00") for n in range(50)]
    midnights.append(row(at(-400, 0), "2020-05-03 00:00", "2020-05-03 06:00"))
    days = [row(at(50, 50), "2020-02-29", address="1 Target St") for _ in range(3)]
    texts = (
        ["7 High St"] * 40 + [f"{n} {NEAR_TARGET}" for n in range(900, 920)] + [f"{n} {FAR_STREET}" for n in range(20)]
    )
    geocode = [row(GEOCODE, moment(), address=text) for text in texts]
    unplaced = [
        row(("", ""), moment(), address=text) for text in ("7 High St", "7 High St", f"990 {NEAR_TARGET}", "", "")
    ]
    unplaced.append(row(("0", "0"), moment(), pieces="4"))
    outside = [row(at(9000, 10 * n), moment(), kind="needle") for n in range(9)]
    here = at(10, 10)
    bad = [
        row(here, ""), row(here, "soon"), row(here, "1999-05-01"), row(here, "2024-01-01 10:00"),
        row(here, "2020-05-01", "2020-04-30"), row(here, "2020-05-01", "2020-09-30"), row(here, "2020-05-01", "later"),
        row((here[0], ""), "2020-05-01"), row(("", here[1]), "2020-05-01"), row(("x", here[1]), "2020-05-01"),
        row((here[0], "inf"), "2020-05-01"), row((here[0], "95"), "2020-05-01"), row(("27,1", here[1]), "2020-05-01"),
        row(here, "2020-05-01", pieces="-1"), row(here, "2020-05-01", pieces="many"),
        row(here, "2020-05-01", remark="a TEST row"), row(("x", "y"), "soon", pieces="-2", remark="TEST"),
    ]  # fmt: skip
    first = [*scattered[:450], *geocode, *unplaced, *bad, *spans, *midnights]
    second = [*scattered[450:], *outside, *days, row(here, "2020-05-01 10:00", address="1 High St\nthird floor")]
    # The same again; with other decimals, another address and another weight; and three that are only alike.
    again = [list(one) for one in scattered[20:60]]
    padded = [[*one[:3], one[3] + "0", one[4] + "00", one[5], "elsewhere", "77", one[8]] for one in scattered[60:70]]
    alike = [list(one) for one in scattered[70:73]]
    alike[0][1], alike[1][5], alike[2][3] = "2021-05-01 10:00", "another", here[0]
    no_id = [["", "2020-05-01 11:00", "", *here, "find", "", "", ""]] * 2
    return [*first, *again[:5]], [*second, *again, *padded, *alike, *no_id, *spans[:3]]


def _write_dated(folder: Path, name: str, pattern: str, precision: str, dates: list[str]) -> None:
    text = DATED.replace("FORMAT", pattern).replace("PRECISION", precision)
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    places = [lonlat(100 * n - 1500, 70 * n - 900) for n in range(30)]
    lines = [
        f'{dates[n % len(dates)]},"{places[n % 30][1]:.6f}, {places[n % 30][0]:.6f}",{"ab"[n % 7 == 0]}'
        for n in range(200)
    ]
    lines += [f'{dates[0]},"nowhere, at all",a', f"{dates[0]},,a", 'never,"1, 2",a', *lines[:2]]
    (folder / "inbox" / f"{name}.csv").write_text("\n".join(["when,at,kind", *lines]) + "\n")


def _streets() -> str:
    lines = [[(0, 0), (100, 0), (100, 0), (100, 50)], [(100, 50), (200, 50)], [(100, 50), (100, 0), (100, 0), (0, 0)], [(7, 7), (7, 7)]]  # fmt: skip
    features: list[dict[str, Any]] = [
        {"type": "Feature", "properties": {}, "geometry": {"type": "LineString", "coordinates": [lonlat(*point) for point in line]}}
        for line in lines
    ]  # fmt: skip
    return json.dumps({"type": "FeatureCollection", "features": features})


# -- reading and asking -----------------------------------------------------------------------------------------------


NAMES = {
    "nasty": ["a-2020.csv", "b-2021.csv"], "months": ["months.csv"], "years": ["years.csv"], "days": ["days.csv"],
    "wards": ["wards.csv"], "addressed": ["addressed.csv"],
}  # fmt: skip
TABLES = {
    "table": ("area_table", "table.toml", ["table.csv", "more.csv"]),
    "survey": ("survey", "survey-csv", ["survey.csv"]),
    "sites": ("site", "sites-csv", ["sites.csv"]),
    "streets": ("streets", "streets-geojson", ["streets.geojson"]),
    "known": ("addresses", "addresses-csv", ["known.csv"]),
}


def read_events(engine: Engine, folder: Path, source: str, names: list[str] | None = None, **more: Any) -> object:
    """Read a source of events, and return its ledger."""
    files = find_input_files(names or NAMES[source], folder / "inbox", members=())
    input_format = read_format(f"{source}.toml", folder)
    covers = COVERS if source == "days" else None
    more = {"areas": AREAS if source == "wards" else None} | more
    if source == "addressed":
        read_table(engine, folder, "known")
        more = {"gazetteer": Gazetteer((stored_source(engine, "known"),), {})} | more
    return ingest_events(
        engine, source, input_format=input_format, files=files, area=AREA, period=PERIOD, covers=covers, **more
    )


def read_table(engine: Engine, folder: Path, source: str) -> object:
    """Read a source that holds no events, and return its ledger."""
    kind, input_format, names = TABLES[source]
    files = find_input_files(names, folder / "inbox", members=())
    areas = AREAS if kind in ("area_table", "survey") else None
    return ingest_table(
        engine, Source(source, kind, input_format, tuple(names), areas=areas),
        input_format=read_format(input_format, folder), files=files, area=AREA, period=PERIOD,
    )  # fmt: skip


def measure(source: str, *categories: str, weight: str = "") -> Measure:
    """Return a measure of a source's categories."""
    return replace(
        Measure("finds", source, categories, "requests", "public", Harm("community", "environment")), weight=weight
    )


MIDDLE = AREA.boundary.centroid
ZONES = (
    Zone("target", ZoneRole.TARGET, MIDDLE.buffer(200)),
    Zone("ring", ZoneRole.RING, MIDDLE.buffer(700), 200, 700),
    Zone("control", ZoneRole.CONTROL, shapely.box(MIDDLE.x, MIDDLE.y - 3000, MIDDLE.x + 2500, MIDDLE.y + 3000)),
)
WHOLE = Window("whole", (PERIOD,))
SPRINGS = Window("springs", (Period(date(2020, 2, 1), date(2020, 6, 2)), Period(date(2021, 3, 1), date(2021, 6, 1))))


def ledgers(engine: Engine, folder: Path) -> dict[str, object]:
    """Read every source, and return the ledgers."""
    found = {f"ledger of {source}": read_events(engine, folder, source) for source in NAMES}
    drop_unused(engine)
    return found | {f"ledger of {source}": read_table(engine, folder, source) for source in TABLES}


def answers(engine: Engine, folder: Path) -> dict[str, object]:
    """Return the answers to every question that is put to the tables of all sources."""
    found: dict[str, object] = {}
    for source in NAMES:
        everything, finds = measure(source), measure(source, "find", "a", weight="pieces")
        found |= {
            f"coverage of {source}": coverage(engine, source),
            f"categories of {source}": source_categories(engine, source),
            f"zone counts of {source}": zone_counts(engine, everything, ZONES),
            f"zone counts of the finds of {source}": zone_counts(engine, finds, ZONES),
            f"category counts of {source}": category_counts(engine, everything, ZONES),
            f"own place counts of {source}": own_place_counts(engine, everything, ZONES),
            f"located events of {source}": located_events(engine, source),
            f"points of {source}": located_points(engine, everything, SPRINGS),
            f"weighted points of {source}": located_points(engine, finds, WHOLE, weighted=True),
            f"weights of {source}": stated_weights(engine, finds),
            f"dated points of {source}": dated_points(engine, everything),
            f"dated points of {source} in spring": dated_points(engine, finds, SPRINGS),
            f"panel of {source}": unit_panel(
                "finds", dated_points(engine, everything), [WHOLE, SPRINGS], cell=40.0, origin=(0.0, 0.0)
            ),
            f"nights of {source}": night_counts(engine, everything),
            f"hours of {source}": hour_of_week_counts(engine, everything, WHOLE),
            f"hours of {source} in spring": hour_of_week_counts(engine, finds, SPRINGS),
            f"timed points of {source}": timed_points(engine, everything),
            f"rejected days of {source}": rejected_days(engine, everything, [zone.geometry for zone in ZONES]),
            f"nothing of {source}": zone_counts(engine, measure(source, "no such category"), ZONES),
        }
    found |= {
        f"categories of {source}": table_categories(engine, source, kind) for source, (kind, *_) in TABLES.items()
    }
    counted = zone_counts(engine, measure("nasty"), ZONES)
    return found | {
        "events by area": area_event_counts(engine, measure("wards", "a"), SPRINGS.periods),
        "area counts": area_counts(engine, "table"),
        "survey": survey_estimates(engine, "survey", read_format("survey-csv", folder), "fear"),
        "sites": source_sites(engine, "sites"),
        "streets": source_streets(engine, "streets"),
        "sources": stored_sources(engine),
        "saved": save_results(engine, [], [("One", "finds", counted)], study_hash="0", version="0", seed=1),
    }


def everything_stored(engine: Engine) -> dict[str, list[str]]:
    """Return the rows of every table, sorted."""
    return {name: sorted(map(repr, engine.rows(f"SELECT * FROM {engine.table(name)} AS t"))) for name in engine.names()}


def plain(value: object) -> object:
    """Return a value made of what Python can compare: arrays as lists with their type, unknown numbers as texts."""
    if isinstance(value, np.ndarray):
        return str(value.dtype), value.shape, [plain(one) for one in value.ravel().tolist()]
    if isinstance(value, shapely.Geometry):
        return value.wkb_hex
    if dataclasses.is_dataclass(value):
        return type(value).__name__, {
            field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    if isinstance(value, dict):
        return [(plain(key), plain(one)) for key, one in value.items()]
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return repr(value)
