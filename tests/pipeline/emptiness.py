"""A small made city in which a measure can be empty anywhere: one category of one file for each emptiness."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.conftest import lonlat, write_polygon

# (month, day and time, metres east, metres north, zone); without a place, metres are None.
Row = tuple[str, str, float | None, float | None, str]
HALF = 1600
HISTORY = tuple(f"2018-{month:02d}" for month in range(7, 13))
BEFORE = tuple(f"{year}-{month:02d}" for year in (2019, 2020) for month in range(1, 13))
FIRST, SECOND = ("2021-02", "2021-03"), ("2021-04", "2021-05")
WINDOWS = {
    "before": BEFORE,
    "ever before": HISTORY + BEFORE,
    "during": ("2021-01",),
    "in the first phase": FIRST,
    "after": FIRST + SECOND,
    "at any time": (*HISTORY, *BEFORE, "2021-01", *FIRST, *SECOND),
}
MONTHS = WINDOWS["at any time"]
ZONES = {
    "target": ("target",),
    "gap": ("gap",),
    "first ring": ("first ring",),
    "rings": ("first ring", "second ring"),
    "control": ("control",),
    "whole city": ("target", "gap", "first ring", "second ring", "control"),
}
# Distances from the target's edge, and events a month; the rest of the city has markets like the target.
RINGS = {"gap": (2, 48, 2), "first ring": (52, 148, 5), "second ring": (152, 298, 8)}
MARKETS = tuple((east, north) for east in (-1100, 0, 1100) for north in (-1100, 0, 1100) if (east, north) != (0, 0))

OWN = """
[format]
container = "csv"
[columns]
id = "id"
date = "date"
longitude = "longitude"
latitude = "latitude"
category = "category"
weight = "weight"
[date]
formats = ["%Y-%m-%d %H:%M"]
precision = "moment"
[location]
crs = "EPSG:4326"
quality = "exact"
[duplicates]
rule = "id"
"""
STUDY = """
[study]
name    = "Empty"
area    = "area.geojson"
crs     = "EPSG:32626"
period  = { start = 2018-07-01, end = 2022-01-01 }
seed    = 1
primary = "usual"

[[source]]
name   = "reports"
kind   = "needle_find"
format = "own.toml"
files  = ["reports.csv"]
covers = { start = 2018-07-01, end = 2021-06-01 }

[[operation]]
name      = "One"
tactic    = "crackdown"
objective = "public order"
start     = 2021-01-01
end       = 2021-01-31
target    = "target.geojson"
rings     = { gap = 50, outer = [150, 300] }
before    = { start = 2019-01-01, end = 2021-01-01 }
after     = ["during", "0-2 months", "2-4 months"]

[hotspots]
cell      = 100
bandwidth = "likelihood"

[emerging]
cell = 200

[change]
permutations = 99
square       = 400

[publish]
files = ["tables", "geopackage"]
"""
MEASURE = """
[[measure]]
name        = "{name}"
source      = "reports"
where       = {{ category = ["{name}"] }}
unit        = "requests"
recorded_by = "public"
harm        = {{ borne_by = "{borne_by}", type = "{kind}" }}
"""
HARMS = (("community", "environment"), ("user", "health"), ("community", "crime and violence"))


def city() -> list[Row]:
    """Return a city with eight markets like the target, the same in every month."""
    rng = np.random.default_rng(7)
    rows: list[Row] = []

    def add(month: str, east: float, north: float, zone: str) -> None:
        moment = f"{month}-{rng.integers(1, 29):02d} {rng.integers(0, 24):02d}:{rng.integers(1, 60):02d}"
        rows.append((month, moment, east, north, zone))

    def around(low: float, high: float) -> tuple[float, float]:
        while True:
            east, north = rng.uniform(-100 - high, 100 + high, 2)
            if low < np.hypot(max(abs(east) - 100, 0), max(abs(north) - 100, 0)) < high:
                return float(east), float(north)

    for month in MONTHS:
        for _ in range(rng.poisson(7)):
            add(month, *rng.uniform(-98, 98, 2), "target")
        for zone, (low, high, events) in RINGS.items():
            for _ in range(rng.poisson(events)):
                add(month, *around(low, high), zone)
        for east, north in MARKETS:
            for _ in range(rng.poisson(13)):
                add(month, east + rng.uniform(-190, 190), north + rng.uniform(-190, 190), "control")
    return rows


def emptied(rows: list[Row], zone: str, window: str) -> list[Row]:
    """Return the rows without those of a zone in a window."""
    return [row for row in rows if not (row[4] in ZONES[zone] and row[0] in WINDOWS[window])]


def only(rows: list[Row], zone: str, window: str = "at any time") -> list[Row]:
    """Return the rows of a zone in a window."""
    return [row for row in rows if row[4] in ZONES[zone] and row[0] in WINDOWS[window]]


def placed(rows: list[Row], place: Callable[[int, Row], tuple[float | None, float | None]]) -> list[Row]:
    """Return the rows with other places."""
    return [(month, moment, *place(number, row), row[4]) for number, row in enumerate(rows)
            for month, moment in [row[:2]]]  # fmt: skip


def at(rows: list[Row], moment: Callable[[Row], str]) -> list[Row]:
    """Return the rows at other moments."""
    return [(when[:7], when, *row[2:]) for row in rows for when in [moment(row)]]


def emptinesses() -> dict[str, list[Row]]:
    """Return the rows of every measure by its name, the full one first."""
    full = city()
    cases = {"usual": full}
    for zone, windows in {
        "target": WINDOWS, "gap": ("at any time",), "first ring": ("before",),
        "rings": ("before", "at any time"), "control": ("before", "after"),
        "whole city": ("before", "ever before", "after"),
    }.items():  # fmt: skip
        cases |= {f"nothing in the {zone} {window}": emptied(full, zone, window) for window in windows}
    for zone in ("target", "control"):
        cases[f"one in the {zone} after"] = only(full, zone, "after")[:1]
        cases[f"all in the {zone}"] = only(full, zone)
    cases["two at one place"] = placed(only(full, "target")[:2], lambda *_: (10.0, 10.0))
    cases["all at one place"] = placed(full, lambda *_: (10.0, 10.0))
    cases["all at two places"] = placed(full, lambda number, _: (10.0 + 900 * (number % 2), 10.0))
    cases["all on one line"] = placed(full, lambda _, row: (row[2], row[2]))
    cases["all in one cell"] = placed(full, lambda _, row: (row[2] / 50, row[3] / 50))
    cases["one place in the control"] = placed(full, lambda _, row: (900.0, 900.0) if row[4] == "control" else row[2:4])
    cases["all outside"] = placed(full, lambda *_: (9e3, 9e3))
    cases["all without a place"] = placed(full, lambda *_: (None, None))
    cases["all but one without a place"] = placed(full, lambda number, row: (None, None) if number else row[2:4])
    cases["all on one day"] = at(full[::4], lambda _: "2020-06-05 12:30")
    cases["all on one day after"] = at(full[::4], lambda _: "2021-03-05 12:30")
    cases["all in one month"] = [row for row in full if row[0] == "2020-06"]
    cases["all in one hour"] = at(full, lambda row: f"{row[1][:10]} 03:30")
    cases["only one at night"] = [
        *at(full[1:], lambda row: f"{row[1][:10]} 12:30"),
        *at(full[:1], lambda row: f"{row[1][:10]} 23:30"),
    ]
    return cases


def write_study(folder: Path, cases: dict[str, list[Row]]) -> Path:
    """Write the study with a measure for each case; every row has a weight of 0, which no measure uses unless it says so."""
    write_polygon(folder / "area.geojson", 0, 0, HALF)
    write_polygon(folder / "target.geojson", 0, 0, 100)
    (folder / "own.toml").write_text(OWN, encoding="utf-8")
    lines = ["id,date,longitude,latitude,category,weight"]
    for name, rows in cases.items():
        for _, moment, east, north, _zone in rows:
            longitude, latitude = ("", "") if east is None else lonlat(east, north)
            lines.append(f"{len(lines)},{moment},{longitude},{latitude},{name},0")
    (folder / "reports.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    measures = "".join(
        MEASURE.format(name=name, borne_by=HARMS[number % 3][0], kind=HARMS[number % 3][1])
        + ('weight = "needles"\n' if name == "nothing in the target before" else "")
        for number, name in enumerate(cases)
    )
    path = folder / "study.toml"
    path.write_text(STUDY.replace("\n[[operation]]", f"{measures}\n[[operation]]"), encoding="utf-8")
    return path
