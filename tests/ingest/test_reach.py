"""Coordinates that cannot be a place: such a row is kept without a place, counted and named, never outside or rejected."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.errors import QualityError
from geoharm.ingest.reach import find_reach
from geoharm.model.ledger import IMPOSSIBLE
from tests.conftest import lonlat
from tests.ingest.test_reading import HEADER, LAT, LON, good, read

METRES = """
[format]
container = "csv"
[columns]
id = "id"
date = "date"
longitude = "longitude"
latitude = "latitude"
category = "category"
[date]
formats = ["%Y-%m-%d"]
[location]
crs = "EPSG:32626"
{more}
[duplicates]
rule = "id"
"""
MADE = {
    "degrees": lambda x, y: (-27.0, 45.0),
    "tens of metres": lambda x, y: (x / 10, y / 10),
    "feet": lambda x, y: (x / 0.3048, y / 0.3048),
    "swapped": lambda x, y: (y, x),
    "the next zone": lambda x, y: (x - 472_000, y),
    "the other hemisphere": lambda x, y: (x, y - 10_000_000),
    "beyond the plane": lambda x, y: (1e30, y),
    "no number": lambda x, y: ("unknown", y),
    "half a place": lambda x, y: ("", y),
    "infinite": lambda x, y: ("inf", y),
}


def metres(folder, more=""):
    (folder / "own.toml").write_text(METRES.format(more=more))
    return "own.toml"


def row(number, x, y):
    return f"{number},2020-{number % 12 + 1:02d}-03,{x},{y},find\n"


@pytest.mark.parametrize("kind", MADE)
def test_coordinates_that_are_no_place_are_rows_without_a_place(kind, tmp_path, area, span):
    rows = [row(number, *MADE[kind](500_000 + number, 4_983_000)) for number in range(46)]
    rows += [row(number, 500_000 + number, 4_983_000) for number in range(46, 500)]
    ledger, tables = read(tmp_path, area, span, {"a.csv": HEADER + "".join(rows)}, metres(tmp_path))
    assert (ledger.total("kept"), ledger.total("inside"), ledger.total("no_place"), ledger.total("outside")) == (
        500, 454, 46, 0,
    )  # fmt: skip
    assert tables["reject"] == []
    (note,) = [note for note in ledger.notes if note.kind == IMPOSSIBLE]
    assert note.rows == 46
    assert "taken as without a place" in note.sentence
    # The rows are counted in their months.
    assert sum(month.kept for month in ledger.months) == 500


@settings(max_examples=30, deadline=None)
@given(share=st.floats(0.01, 0.45), away=st.floats(45_000, 9_000_000), turn=st.floats(0, 6.28))
def test_any_share_at_any_distance_beyond_an_empty_belt(share, away, turn):
    """A slow referee: the first gap, walked in order."""
    rng = np.random.default_rng(1)
    near = rng.uniform(0, 4000, 200)
    far = away + rng.uniform(0, 1000, round(200 * share))
    distance = np.concatenate([near, far])
    ordered = sorted(set(distance.tolist()))
    expected = (math.inf, math.inf)
    for inner, outer in itertools.pairwise(ordered):
        if outer >= 5 * (inner + 8000) and outer >= 50_000:
            expected = (inner, outer)
            break
    assert find_reach(distance, size=8000) == expected
    assert (expected[1] < math.inf) == (far.min() >= max(50_000, 5 * (near.max() + 8000)))


def test_a_county_around_the_study_area_is_outside(tmp_path, area, span):
    """Rows fill the land up to 300 km away: all of them are places."""
    rng = np.random.default_rng(4)
    away = np.geomspace(4_300, 300_000, 150)
    rows = [row(n, 500_000 + n, 4_983_000) for n in range(50)]
    rows += [
        row(50 + n, 500_000 + d * math.cos(a), 4_983_000 + d * math.sin(a))
        for n, (d, a) in enumerate(zip(away, rng.uniform(0, 6.28, 150), strict=True))
    ]
    ledger, _ = read(tmp_path, area, span, {"a.csv": HEADER + "".join(rows)}, metres(tmp_path))
    assert (ledger.total("no_place"), ledger.total("inside")) == (0, 50)
    assert not [note for note in ledger.notes if note.kind == IMPOSSIBLE]


def test_the_extent_that_a_format_states_decides(tmp_path, area, span):
    west, south = lonlat(-40_000, -40_000)
    east, north = lonlat(40_000, 40_000)
    rows = [row(n, 500_000 + n, 4_983_000) for n in range(90)]
    rows += [row(90 + n, 530_000 + n, 4_983_000) for n in range(5)] + [
        row(95 + n, 560_000, 4_983_000) for n in range(5)
    ]
    more = f"extent = [{west}, {south}, {east}, {north}]"
    ledger, _ = read(tmp_path, area, span, {"a.csv": HEADER + "".join(rows)}, metres(tmp_path, more))
    assert [ledger.total(kind) for kind in ("inside", "outside", "no_place")] == [90, 5, 5]
    (note,) = [note for note in ledger.notes if note.kind == IMPOSSIBLE]
    assert "outside the extent that the format states" in note.sentence
    assert note.first_line == 97


def test_most_rows_beyond_the_belt_refuse_the_source(tmp_path, area, span):
    """Either the study area or the file is the wrong one; a stated extent says which."""
    rows = [row(n, 500_000 + n, 4_983_000) for n in range(40)] + [row(n, 4_100_000, 4_983_000) for n in range(40, 100)]
    with pytest.raises(QualityError, match=r"60 of 100 located rows .* name its west, south, east and north"):
        read(tmp_path, area, span, {"a.csv": HEADER + "".join(rows)}, metres(tmp_path))


def test_a_format_that_fits_no_place_is_refused(tmp_path, area, span):
    rows = "".join(row(n, 500_000 + n, 4_983_000) for n in range(100))
    with pytest.raises(QualityError, match=r'100 of 100 rows .* "longitude" is beyond 180 degrees'):
        read(tmp_path, area, span, {"a.csv": HEADER + rows})


def test_a_place_that_cannot_be_one_is_recovered_by_its_address(tmp_path, area, span):
    header = "id,date,longitude,latitude,category,address\n"
    lines = [f"{n},2020-01-02,{LON:.5f},{LAT:.5f},find,{n % 3} High St\n" for n in range(60)]
    lines.append("60,2020-01-02,999,999,find,1 High St\n")
    ledger, _ = read(tmp_path, area, span, {"a.csv": header + "".join(lines)})
    assert (ledger.total("inside"), ledger.total("recovered"), ledger.total("no_place")) == (61, 1, 0)


def test_rejected_rows_are_not_counted_twice(tmp_path, area, span):
    """A row with a date nobody can read and coordinates that are none is rejected, once."""
    content = HEADER + "".join(map(good, range(20))) + f"20,never,999,{LAT},find\n21,2020-01-01,999,{LAT},find\n"
    ledger, tables = read(tmp_path, area, span, {"a.csv": content})
    assert (ledger.total("rejected"), ledger.total("no_place")) == (1, 1)
    assert [note.rows for note in ledger.notes if note.kind == IMPOSSIBLE] == [1]
    assert next(reason for *_, reason, _ in tables["reject"]).startswith("is not a date")
