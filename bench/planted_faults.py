"""Faults that bend an answer, planted in the files of made cities, each with what it means to see it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from bench.ordinary_files import Files, clock_text, thinned
from geoharm import _crs
from geoharm.simulation.location import CRS

if TYPE_CHECKING:
    from collections.abc import Callable

NEW_NAMES = ("violence offences", "viol", "02 violence", "violence, all")


@dataclass(frozen=True)
class Fault:
    """A fault.

    Attributes
    ----------
    plant : callable
        Takes a random generator, the city and its files; returns other files, and what `seen` compares with.
    seen : callable
        Takes what was read (`bench.false_alarms.Reading`) and what was planted; returns whether the fault was seen.
    """

    plant: Callable
    seen: Callable


def plain(rng, files, **shares):
    """Return new files with a share of the rows of each source, 10% where none is given."""
    return Files({source: thinned(rng, rows, shares.get(source, 0.1)) for source, rows in files.rows.items()})


def degrees_among_metres(rng, city, files):
    """Put 46 of 9,000 needle finds into degrees where all others are in metres: those of the target after the start, as far as there are."""
    bent = plain(rng, files)
    rows = [dict(row) for row in files.rows["needles"] if is_dated(row) and row["longitude"]]
    chosen = np.sort(rng.choice(len(rows), 9000, replace=False))
    bent.rows["needles"] = rows = [rows[number] for number in chosen]
    after = [number for number in in_target(city, rows) if rows[number]["date"] >= str(city.plan.operation.start)]
    others = [number for number in rng.permutation(9000).tolist() if number not in set(after)]
    in_degrees = set((after + others)[:46])
    bent.crs = CRS
    for source in bent.rows:
        placed = [row for row in bent.rows[source] if row["longitude"]]
        xs, ys = coordinates(placed)
        for number, (row, x, y) in enumerate(zip(placed, xs, ys, strict=True)):
            if source != "needles" or number not in in_degrees:
                row["longitude"], row["latitude"] = f"{x:.2f}", f"{y:.2f}"
    return bent, 46


def months_lost(share):
    """Return the fault that three months of a source with so large a share of its rows are gone, though it covers them."""

    def plant(rng, city, files):
        bent = plain(rng, files, needles=share)
        months = city.plan.span.months()
        first = int(rng.integers(6, len(months) - 9))
        lost = months[first : first + 3]
        texts = {str(month)[:7] for month in lost}
        bent.rows["needles"] = [row for row in bent.rows["needles"] if row["date"][:7] not in texts]
        return bent, set(lost)

    return plant


def one_spelling_in_one_district(rng, city, files):
    """Write violence of one district in capitals, with two spaces in front, from a month on."""
    bent = plain(rng, files, police=0.3)
    rows = renamed(rng, city, bent, ["  VIOLENCE"], district=True)
    return bent, rows


def one_code_in_one_district(rng, city, files):
    """Give violence of one district another name from a month on."""
    bent = plain(rng, files, police=0.3)
    return bent, renamed(rng, city, bent, NEW_NAMES, district=True)


def one_code_everywhere(rng, city, files):
    """Give violence of the whole city another name from a month on."""
    bent = plain(rng, files, police=0.3)
    return bent, renamed(rng, city, bent, NEW_NAMES, district=False)


def renamed(rng, city, files, names, *, district):
    """Rename violence from a month on, in one district or everywhere; return the number of rows."""
    rows = [row for row in files.rows["police"] if row["category"] == "violence" and is_dated(row)]
    months = city.plan.span.months()
    first = str(months[int(rng.integers(12, len(months) - 12))])
    name = str(rng.choice(names))
    here = np.ones(len(rows), dtype=np.bool_)
    if district:
        shapes = [shape for _, shape in city.street_plan.districts]
        xs, ys = coordinates(rows)
        of_target = next(shape for shape in shapes if shape.intersects(city.target.centroid))
        here = shapely.contains_xy(of_target, xs, ys)
    count = 0
    for row, is_here in zip(rows, here, strict=True):
        if is_here and row["date"] >= first:
            row["category"] = name
            count += 1
    return count


def overlap(names):
    """Return the fault that two exports of needle finds overlap by a year, the later one with another name for the category."""

    def plant(rng, _city, files):
        bent = plain(rng, files)
        rows = [row for row in bent.rows["needles"] if is_dated(row)]
        later = [row | {"category": "Needle pickup request"} for row in rows if row["date"] >= "2021"]
        bent.parts = {"needles": dict(zip(names, ([row for row in rows if row["date"] < "2022"], later), strict=True))}
        bent.codes = {"needle find": ["needle find", "Needle pickup request"]}
        return bent, len({row["id"] for row in rows if "2021" <= row["date"] < "2022"})

    return plant


def pile(share):
    """Return the fault that a share of the target's needle finds from the start of the operation on lie on one point."""

    def plant(rng, city, files):
        bent = plain(rng, files, needles=1.0)
        rows = [row for row in bent.rows["needles"] if is_dated(row)]
        after = [number for number in in_target(city, rows) if rows[number]["date"] >= str(city.plan.operation.start)]
        middle = city.target.centroid
        longitude, latitude = _crs.transform(np.array([middle.x]), np.array([middle.y]), source=CRS, target=_crs.LONLAT)
        for number in rng.choice(after, math.ceil(len(after) * share), replace=False):
            rows[number].update(longitude=f"{longitude[0]:.5f}", latitude=f"{latitude[0]:.5f}")
        return bent, city.target

    return plant


def all_at_midnight(rng, _city, files):
    """Write every day as midnight in UTC."""
    bent = plain(rng, files)
    bent.clock = "utc"
    for rows in bent.rows.values():
        for row in rows:
            row["date"] += "T00:00:00Z"
    return bent, None


def most_at_midnight(rng, _city, files):
    """Write six of ten times as local midnight, the others through the day."""
    bent = plain(rng, files)
    bent.clock = "local"
    for rows in bent.rows.values():
        for row in rows:
            row["date"] = clock_text(row["date"], 0 if rng.random() < 0.6 else int(rng.integers(1440)), "local")
    return bent, None


def is_dated(row):
    """Return whether a row has a readable date."""
    return row["date"][:2] == "20"


def coordinates(rows):
    """Return x and y of rows in metres; NaN without coordinates."""
    lonlat = np.array([[float(row["longitude"] or "nan"), float(row["latitude"] or "nan")] for row in rows])
    return _crs.transform(lonlat[:, 0], lonlat[:, 1], source=_crs.LONLAT, target=CRS)


def in_target(city, rows):
    """Return the positions of the rows that lie in the target area."""
    return np.flatnonzero(shapely.contains_xy(city.target, *coordinates(rows))).tolist()


FAULTS = {
    "46 of 9,000 rows in degrees among metres": Fault(
        degrees_among_metres, lambda read, rows: read.rows_of("impossible place") == rows
    ),
    "three months lost, about 200 rows a month": Fault(months_lost(0.3), lambda read, lost: lost <= read.gaps("needles")),
    "three months lost, about 14 rows a month": Fault(months_lost(0.02), lambda read, lost: lost <= read.gaps("needles")),
    "three months lost, about 5 rows a month": Fault(months_lost(0.007), lambda read, lost: lost <= read.gaps("needles")),
    "another spelling in one district": Fault(
        one_spelling_in_one_district, lambda read, rows: read.rows_of("spellings of a category") == rows
    ),
    "another name everywhere from a month on": Fault(one_code_everywhere, lambda read, _: "counted under two names" in read.doubts),
    "another name in one district from a month on": Fault(
        one_code_in_one_district, lambda read, _: "counted under two names" in read.doubts
    ),
    "a year in two exports, years in their names": Fault(
        overlap(("needles 2019-2021.csv", "needles 2021-2023.csv")), lambda read, rows: read.rows_of("earlier versions") == rows
    ),
    "a year in two exports, nothing in their names": Fault(
        overlap(("needles a.csv", "needles b.csv")), lambda read, _: "different content" in read.doubts.get("refused", "")
    ),
    "a third of the target's events on one point": Fault(pile(1 / 3), lambda read, target: read.has_pile(target)),
    "half of the target's events on one point": Fault(pile(1 / 2), lambda read, target: read.has_pile(target)),
    "every time midnight in UTC": Fault(all_at_midnight, lambda read, _: "days written as times" in read.doubts),
    "six of ten times local midnight": Fault(most_at_midnight, lambda read, _: "time not known" in read.doubts),
}  # fmt: skip
