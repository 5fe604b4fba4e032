"""Needle requests of Boston whose coordinates are hidden: most are placed by other rows' addresses, and next to none wrongly."""

from __future__ import annotations

import random

import pytest

from bench.addresses import Case, Row, boston_needles, measure, with_typing_error
from geoharm.engines.duckdb import open_engine

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def case(shared):
    rows = [Row(row.address, "", row.lon, row.lat) for row in boston_needles(shared)]
    random.Random(20).shuffle(rows)
    half = len(rows) // 2
    return Case("Boston", "EPSG:26986", rows[half:], rows[:half])


def test_addresses_are_placed_where_they_are(case, tmp_path):
    with open_engine(tmp_path / "t.duckdb", inputs=tmp_path) as engine:
        found = measure(case, rows=case.rows, match=None, folder=tmp_path, engine=engine)
        chance = random.Random(7)
        wrong = [Row(with_typing_error(row.address, chance), "", row.lon, row.lat) for row in case.rows]
        matched = measure(case, rows=wrong, match=85, folder=tmp_path, engine=engine)
    assert found["rows"] == 6251
    assert found["placed"] > 0.6
    assert found["within 50 m"] > 0.99
    assert found["wrong"] <= 10
    assert matched["placed"] > 0.8 * found["placed"]
    assert matched["wrong"] <= 10
