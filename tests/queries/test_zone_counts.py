"""Counts by zone: one question, equal to the slow count of every event, in any order, that writes nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely

from geoharm.engines.duckdb import open_engine
from geoharm.model.counts import ELSEWHERE, UNPLACED, UNPLACED_NEAR
from geoharm.model.geometry import Zone, ZoneRole
from geoharm.pipeline.load import load_sources
from geoharm.queries.counts import category_counts, zone_counts
from geoharm.study.read import read_study
from tests.conftest import small_study


@pytest.fixture
def store(tmp_path):
    """Return an engine with reports of two categories and some without a place, its study, and overlapping zones."""
    path = small_study(tmp_path)
    reports = tmp_path / "reports.csv"
    lines = reports.read_text(encoding="utf-8").splitlines()
    lines = [line.replace(",find", ",needle") if number % 3 else line for number, line in enumerate(lines)]
    # Every fiftieth report says no place.
    lines = [
        ",".join([*line.split(",")[:2], "", "", line.split(",")[4]]) if number and number % 50 == 0 else line
        for number, line in enumerate(lines)
    ]
    reports.write_text("\n".join(lines) + "\n", encoding="utf-8")
    study = read_study(path)
    middle = study.operations[0].target.centroid
    zones = (
        Zone("target", ZoneRole.TARGET, middle.buffer(200)),
        Zone("ring", ZoneRole.RING, middle.buffer(700), 200, 700),
        Zone("control", ZoneRole.CONTROL, shapely.box(middle.x, middle.y - 3000, middle.x + 2500, middle.y + 3000)),
    )
    with open_engine(tmp_path / "s.duckdb", inputs=tmp_path) as engine:
        load_sources(engine, study, tmp_path)
        yield engine, study.measures[0], zones


def slow(engine, categories, zones):
    """Return {(zone, day): events} of events looked at one by one."""
    counts = {}
    rows = engine.scratch.execute("SELECT category, place, x, y, day FROM main.event").fetchall()
    for category, place, x, y, day in rows:
        if place == "outside" or (categories and category not in categories):
            continue
        name = UNPLACED
        if place == "inside":
            point = shapely.Point(x, y)
            name = next((zone.name for zone in zones if zone.geometry.intersects(point)), ELSEWHERE)
        counts[name, np.datetime64(day)] = counts.get((name, np.datetime64(day)), 0) + 1
    return counts


def listed(counts):
    return {
        (zone, day): events
        for zone, row in zip(counts.zones, counts.counts, strict=True)
        for day, events in zip(counts.dates, row.tolist(), strict=True)
        if events
    }


@pytest.mark.parametrize("categories", [(), ("find",), ("find", "needle")])
def test_counts_equal_the_slow_count(store, categories):
    engine, measure, zones = store
    counts = zone_counts(engine, replace(measure, categories=categories), zones)
    assert counts.zones == ("target", "ring", "control", ELSEWHERE, UNPLACED_NEAR, UNPLACED)
    assert listed(counts) == slow(engine, categories, zones)
    assert counts.counts.sum() > 500


def test_categories_add_up_and_come_with_the_most_frequent_first(store):
    engine, measure, zones = store
    whole = zone_counts(engine, replace(measure, categories=()), zones)
    by_category = category_counts(engine, replace(measure, categories=()), zones)
    assert tuple(by_category) == ("needle", "find")
    for category, counts in by_category.items():
        assert listed(counts) == slow(engine, (category,), zones)
    together = {}
    for counts in by_category.values():
        for key, events in listed(counts).items():
            together[key] = together.get(key, 0) + events
    assert together == listed(whole)
    assert category_counts(engine, replace(measure, categories=("find",)), zones) == {}
    named = category_counts(engine, replace(measure, categories=("find", "nothing")), zones)
    assert named["nothing"].counts.sum() == 0


def test_a_question_leaves_no_trace_and_does_not_hang_on_the_one_before(store):
    engine, measure, zones = store

    def rows():
        tables = engine.scratch.execute(
            "SELECT schema_name, table_name, estimated_size FROM duckdb_tables() ORDER BY ALL"
        ).fetchall()
        views = engine.scratch.execute(
            "SELECT view_name FROM duckdb_views() WHERE NOT internal ORDER BY ALL"
        ).fetchall()
        return tables, views

    before = rows()
    first = zone_counts(engine, measure, zones)
    other = zone_counts(engine, measure, zones[::-1])
    again = zone_counts(engine, measure, zones)
    assert rows() == before
    assert listed(first) == listed(again)
    assert other.zones[:3] == ("control", "ring", "target")
    # An event in two zones counts in the first that is named.
    assert other.counts[2].sum() < first.counts[0].sum()
