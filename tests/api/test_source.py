"""Events in memory are counted as the tables count them: against slow loops, and against the database's own rules."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.api.default_geocodes import default_geocode_rows
from geoharm.api.frames import read_events
from geoharm.api.source import all_events, dated_points, measure_data, place_events
from geoharm.engines.duckdb import open_engine
from geoharm.ingest.geocoding.default_geocodes import find_default_geocodes
from geoharm.model.counts import ELSEWHERE, UNPLACED
from geoharm.model.geometry import StudyArea, Zone, ZoneRole
from geoharm.model.measure import Measure
from geoharm.simulation.location import CENTRE, CRS
from tests.api.made import AREA, scattered

ZONES = (
    Zone("target", ZoneRole.TARGET, shapely.Point(CENTRE).buffer(600)),
    Zone("0-900 m", ZoneRole.RING, shapely.Point(CENTRE).buffer(1500).difference(shapely.Point(CENTRE).buffer(600))),
)
THEFT = Measure("thefts", "events", ("theft",), "events", "public", kind="incident")


def source_of(frame, **more):
    return place_events(read_events(frame, date="date", category="type"), StudyArea(AREA, CRS), name="events", **more)


def test_counts_by_zone_and_day_are_those_of_a_slow_loop():
    frame = scattered(400, seed=1, days=40).assign(type=np.where(np.arange(400) % 4 == 0, "theft", "other"))
    frame.loc[frame.index[:9], "geometry"] = None
    frame.loc[frame.index[9:12], "geometry"] = shapely.Point(CENTRE[0] + 4000, CENTRE[1])
    counts = measure_data(source_of(frame), THEFT, {"operation": ZONES}).zone_counts["operation"]
    slow: dict[tuple[str, str], int] = {}
    for row in frame[frame["type"] == "theft"].itertuples():
        if row.geometry is None:
            zone = UNPLACED
        elif not AREA.intersects(row.geometry):
            continue
        else:
            zone = next((one.name for one in ZONES if one.geometry.intersects(row.geometry)), ELSEWHERE)
        key = zone, str(row.date)[:10]
        slow[key] = slow.get(key, 0) + 1
    found = {
        (zone, str(day)): int(counts.counts[number, column])
        for number, zone in enumerate(counts.zones)
        for column, day in enumerate(counts.dates)
        if counts.counts[number, column]
    }
    assert found == slow


def test_dated_points_are_distinct_places_and_days_in_order():
    frame = scattered(50, seed=2, days=5).assign(type="theft")
    frame = pd.concat([frame, frame.iloc[:20], frame.iloc[:7]])
    source = source_of(frame)
    points = dated_points(source, all_events(source))
    rows = sorted((point.x, point.y, str(day)[:10]) for point, day in zip(frame.geometry, frame["date"], strict=True))
    keys = list(dict.fromkeys(rows))
    assert list(zip(points.x, points.y, points.day.astype(str), strict=True)) == keys
    assert points.weight.tolist() == [rows.count(key) for key in keys]


def test_rows_without_a_date_in_the_target_are_known_to_be_lacking():
    frame = scattered(200, seed=3).assign(type="theft")
    inside = frame.index[frame.intersects(ZONES[0].geometry)]
    frame["date"] = frame["date"].astype(object)
    frame.loc[inside[:3], "date"] = None
    frame.loc[inside[2], "type"] = "other"
    days = measure_data(source_of(frame), THEFT, {"operation": ZONES}).rejected_days["operation"]
    assert np.isnat(days).tolist() == [True, True]


def test_a_renamed_category_of_which_one_name_is_counted_is_found():
    frame = scattered(4000, seed=4, days=1000)
    first = pd.to_datetime(frame["date"]) < "2021-06-01"
    frame["type"] = np.where(
        np.arange(4000) % 2 == 0, "burglary", np.where(first, "THEFT PERSON", "Theft from the person")
    )
    measure = Measure("thefts", "events", ("THEFT PERSON",), "events", "public", kind="incident")
    data = measure_data(source_of(frame), measure, {"operation": ZONES})
    assert data.widened is not None
    (pair,) = data.widened.pairs
    assert {pair.old, pair.new} == {"THEFT PERSON", "Theft from the person"}
    assert data.widened.data.points.weight.sum() == 2000


def test_a_month_that_is_not_covered_at_the_ends_follows_from_covers():
    frame = scattered(300, seed=5, start="2020-02-01", days=300).assign(type="theft")
    ledger = source_of(frame, covers=("2020-01-01", "2021-01-01")).ledger
    assert (ledger.coverage.start, ledger.coverage.end) == (date(2020, 1, 1), date(2021, 1, 1))


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scratch")
    with open_engine(folder / "x.duckdb", inputs=folder) as engine:
        yield engine.scratch


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 400),
    st.integers(0, 120),
    st.integers(1, 60),
    st.sampled_from([0.0, 2.0, 4.0]),
    st.integers(0, 2**31),
)
def test_default_geocodes_are_those_of_the_database(scratch, pile, second, points, apart, seed):
    """Two piles, some metres apart or far, among other places; the rule is the one of files without addresses."""
    rng = np.random.default_rng(seed)
    others = rng.integers(0, points, 150)
    x = np.concatenate(
        [np.full(pile, 100.0), np.full(second, 100.0 + apart or 5000.0), 1000.0 + 37.0 * others, [np.nan] * 5]
    )
    y = np.where(np.isnan(x), np.nan, 50.0)
    places = pd.DataFrame({"x": x, "y": y}).groupby(["x", "y"], dropna=False).size().reset_index(name="n")
    table = pa.table({
        "place": np.arange(len(places)), "x": pa.array(places["x"], from_pandas=True), "y": pa.array(places["y"], from_pandas=True),
        "address": pa.nulls(len(places), pa.string()), "n": places["n"].to_numpy(),
    })  # fmt: skip
    scratch.register("place_count_rows", table)
    scratch.execute("CREATE OR REPLACE TEMP TABLE place_count AS FROM place_count_rows")
    scratch.unregister("place_count_rows")
    find_default_geocodes(scratch)
    expected = {(float(a), float(b)) for a, b in scratch.execute("SELECT x, y FROM new_default_geocode").fetchall()}
    found = default_geocode_rows(x, y)
    assert {(float(a), float(b)) for a, b in zip(x[found], y[found], strict=True)} == expected


def test_a_pile_is_without_a_place_and_said():
    frame = scattered(400, seed=6).assign(type="theft")
    frame.loc[frame.index[:100], "geometry"] = shapely.Point(CENTRE)
    source = source_of(frame)
    assert source.has_no_place.sum() == 100
    assert any("100 events" in note for note in source.notes)
    (geocode,) = source.ledger.default_geocodes
    assert (geocode.events, geocode.share) == (100, 0.25)
