"""Default geocodes are found by rule, zones hold each point once, and counts are exact."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.engines.duckdb import open_engine
from geoharm.errors import DataError
from geoharm.geo.point_in_polygon import locate_points
from geoharm.ingest.events import ingest_events
from geoharm.ingest.formats.input_format import read_format
from geoharm.ingest.readers.input_files import find_input_files
from geoharm.model.counts import ELSEWHERE, UNPLACED, UNPLACED_NEAR
from geoharm.model.geometry import Zone, ZoneRole
from geoharm.model.measure import Harm, Measure
from geoharm.model.period import Period, Window
from geoharm.queries.counts import located_points, zone_counts
from tests.conftest import lonlat

MEASURE = Measure("finds", "s", (), "requests", "public", Harm("community", "environment"))


def open_with(folder, area, span, rows):
    """Read rows of (metres east, metres north, address or None, day) and return the open store's context."""
    inbox = folder / "inbox"
    inbox.mkdir()
    lines = ["id,date,longitude,latitude,category,address"]
    for number, (east, north, address, day) in enumerate(rows):
        place = ",".join(f"{value:.6f}" for value in lonlat(east, north)) if east is not None else ","
        lines.append(f"{number},{day},{place},find,{address or ''}")
    (inbox / "a.csv").write_text("\n".join(lines) + "\n")
    return (
        open_engine(folder / "t.duckdb", inputs=inbox),
        find_input_files(["a.csv"], inbox, members=()),
        read_format("points-csv", folder),
    )


def settle(folder, area, span, rows):
    context, files, input_format = open_with(folder, area, span, rows)
    with context as store:
        return ingest_events(store, "s", input_format=input_format, files=files, area=area, period=span)


def scattered(count, rng, address=True):
    return [
        (float(rng.uniform(-2500, 2500)), float(rng.uniform(-2500, 2500)), f"{n} High St" if address else None, "2020-05-05")
        for n in range(count)
    ]  # fmt: skip


def test_a_point_with_an_implausible_share_is_a_default_geocode(tmp_path, area, span):
    rng = np.random.default_rng(1)
    ledger = settle(
        tmp_path, area, span, scattered(900, rng, address=False) + [(100.0, 100.0, None, "2020-05-05")] * 100
    )
    assert [(code.events, code.reason) for code in ledger.default_geocodes] == [(100, "its share of all rows")]
    assert (ledger.total("default_geocode"), ledger.total("inside")) == (100, 900)


def test_a_point_under_many_addresses_that_are_elsewhere_is_a_default_geocode(tmp_path, area, span):
    """Only 3 % of the rows, but sixty address texts that are also found at their true places."""
    rng = np.random.default_rng(2)
    true = scattered(2000, rng)
    false = [(700.0, 700.0, true[n][2], "2020-05-05") for n in range(60)]
    ledger = settle(tmp_path, area, span, true + false)
    assert [(code.events, code.addresses) for code in ledger.default_geocodes] == [(60, 60)]
    assert "also found at other points" in ledger.default_geocodes[0].reason


def test_a_busy_place_with_its_own_address_is_no_default_geocode(tmp_path, area, span):
    rng = np.random.default_rng(3)
    busy = [(700.0, 700.0, "1 Station Rd", "2020-05-05")] * 60 + [(900.0, 100.0, "2 Mill Ln", "2020-05-05")] * 30
    ledger = settle(tmp_path, area, span, scattered(1500, rng) + busy)
    assert ledger.default_geocodes == ()


def test_ordinary_points_of_a_small_file_are_no_default_geocodes(tmp_path, area, span):
    rows = [(float(200 * n), 0.0, None, "2020-05-05") for n in range(8) for _ in range(20 - n)]
    assert settle(tmp_path, area, span, rows).default_geocodes == ()


def test_one_address_with_many_rows_is_a_place(tmp_path, area, span):
    rng = np.random.default_rng(6)
    clinic = [(300.0, 300.0, "1 High St", "2020-05-05")] * 60
    ledger = settle(tmp_path, area, span, scattered(140, rng) + clinic)
    assert ledger.default_geocodes == ()
    # It is said all the same, whatever its address: it may be a point for places that are not known.
    (note,) = [note for note in ledger.notes if note.kind == "one point with many rows"]
    assert (note.rows, "30%" in note.sentence) == (60, True)


def test_ordinary_busy_points_are_not_said(tmp_path, area, span):
    """The busiest of a few hundred points has a share that any city's busiest corner has."""
    rng = np.random.default_rng(9)
    corner = [(300.0, 300.0, "1 High St", "2020-05-05")] * 40
    ledger = settle(tmp_path, area, span, scattered(900, rng) + corner)
    assert "one point with many rows" not in {note.kind for note in ledger.notes}


def test_two_default_geocodes_are_both_found(tmp_path, area, span):
    rng = np.random.default_rng(7)
    both = [(300.0, 300.0, None, "2020-05-05")] * 350 + [(-300.0, 900.0, None, "2020-05-05")] * 250
    ledger = settle(tmp_path, area, span, scattered(400, rng, address=False) + both)
    assert [code.events for code in ledger.default_geocodes] == [350, 250]


def test_a_source_from_elsewhere_is_refused(tmp_path, area, span):
    with pytest.raises(DataError, match=r"No located row of .* lies in the study area"):
        settle(tmp_path, area, span, [(90_000.0, 0.0, None, "2020-05-05")] * 5)


def test_one_place_alone_is_no_default_geocode(tmp_path, area, span):
    """All rows at one point: nothing to compare it with."""
    ledger = settle(tmp_path, area, span, [(10.0, 10.0, None, "2020-05-05")] * 50)
    assert ledger.default_geocodes == ()


def test_counts_by_zone_add_up_to_the_city_total(tmp_path, area, span):
    rng = np.random.default_rng(4)
    rows = scattered(500, rng) + [(None, None, None, "2020-06-01")] * 7 + [(9000.0, 0.0, None, "2020-06-01")] * 5
    middle = area.boundary.centroid
    zones = [
        Zone("target", ZoneRole.TARGET, middle.buffer(600)),
        Zone("600-1200 m", ZoneRole.RING, middle.buffer(1200).difference(middle.buffer(600)), 600, 1200),
    ]  # fmt: skip
    context, files, input_format = open_with(tmp_path, area, span, rows)
    with context as store:
        ingest_events(store, "s", input_format=input_format, files=files, area=area, period=span)
        counts = zone_counts(store, MEASURE, zones)
        located = located_points(store, MEASURE, Window("all", (span,)))
    year = Window("all", (Period(span.start, span.end),))
    totals = {name: counts.total(name, year) for name in counts.zones}
    assert totals[UNPLACED] == 7
    assert sum(totals.values()) == 507
    assert located.total == 500
    distance = np.hypot(located.x - middle.x, located.y - middle.y)
    assert totals["target"] == pytest.approx((distance < 600).sum(), abs=1)  # the buffer is a polygon of 64 sides
    assert totals[ELSEWHERE] == pytest.approx((distance > 1200).sum(), abs=2)


HOLED = shapely.MultiPolygon(
    [
        shapely.Polygon([(0, 0), (10, 0), (10, 10), (0, 10)], [[(3, 3), (7, 3), (7, 7), (3, 7)]]),
        shapely.Polygon([(4, 4), (6, 4), (6, 6), (4, 6)]),
    ]
)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.floats(-1, 11), st.floats(-1, 11)), min_size=1, max_size=30))
def test_the_polygon_of_a_point_equals_the_slow_version(places):
    """Polygons with holes, several parts, and points near and on edges."""
    polygons = [HOLED, shapely.box(-0.5, -0.5, 5, 5)]
    x, y = (np.array(part, dtype=float) for part in zip(*places, strict=True))
    found = locate_points(x, y, polygons)
    for px, py, position in zip(x, y, found, strict=True):
        slow = next((i for i, shape in enumerate(polygons) if shape.intersects(shapely.Point(px, py))), -1)
        assert position == slow


def test_declared_coverage_comes_before_the_last_event(tmp_path, area, span):
    context, files, input_format = open_with(tmp_path, area, span, scattered(3, np.random.default_rng(5)))
    covers = Period(date(2020, 5, 1), date(2020, 7, 1))
    with context as store:
        ledger = ingest_events(
            store, "s", input_format=input_format, files=files, area=area, period=span, covers=covers
        )
        assert ledger.coverage == covers
        assert ledger.missing_months == ()  # June had no event; of a source with three rows that is a count of zero
        with pytest.raises(DataError, match="widen covers"):
            ingest_events(
                store,
                "s",
                input_format=input_format,
                files=files,
                area=area,
                period=span,
                covers=Period(covers.start, date(2020, 5, 3)),
            )


def test_a_point_written_with_other_decimals_is_the_same_default_geocode(tmp_path, area, span):
    rng = np.random.default_rng(4)
    rows = scattered(900, rng)
    rows += [(100.0, 100.0, f"{n} Far St", "2020-05-05") for n in range(60)]
    rows += [(101.2, 100.4, f"{n} Far St", "2020-05-05") for n in range(60, 110)]
    ledger = settle(tmp_path, area, span, rows)
    assert [code.events for code in ledger.default_geocodes] == [110]
    assert ledger.total("default_geocode") == 110


def test_rows_on_a_default_geocode_are_placed_by_address_and_the_rest_bounds_the_target(tmp_path, area, span):
    """100 rows on the default geocode: 40 name a house that is known, 30 an unknown house on a street of the target,
    30 a street that no located row names."""
    rng = np.random.default_rng(6)
    rows = scattered(900, rng)
    rows += [(500.0, 500.0, "1 Target St", "2020-05-05")]
    texts = ["7 High St"] * 40 + [f"{n} Target St" for n in range(900, 930)] + [f"{n} Nowhere St" for n in range(30)]
    rows += [(-2000.0, -2000.0, text, "2020-05-05") for text in texts]
    rows += [(None, None, "7 High St", "2020-05-05")]
    context, files, input_format = open_with(tmp_path, area, span, rows)
    middle = area.boundary.centroid
    zones = [Zone("target", ZoneRole.TARGET, shapely.Point(middle.x + 500, middle.y + 500).buffer(20))]
    with context as store:
        ledger = ingest_events(store, "s", input_format=input_format, files=files, area=area, period=span)
        counts = zone_counts(store, MEASURE, zones)
        seventh = located_points(store, MEASURE, Window("all", (span,)))
    assert (ledger.total("recovered"), ledger.total("default_geocode"), ledger.total("no_place")) == (41, 60, 0)
    assert seventh.weight.max() == 42
    totals = dict(zip(counts.zones, counts.counts.sum(axis=1), strict=True))
    assert (totals["target"], totals[UNPLACED_NEAR], totals[UNPLACED]) == (1, 30, 30)
    [note] = [note for note in ledger.notes if note.kind == "placed by address"]
    assert note.text() == ("41 rows: placed by address: where located rows of the same text lie within 50 m")


def test_the_ledger_balances_by_month_and_undated_rows_are_in_none(tmp_path, area, span):
    rows = [(0, 0, "1 A St", day) for day in ("2020-05-05", "2020-05-06", "2020-06-01", "not a date", "2030-01-01")]
    ledger = settle(tmp_path, area, span, rows)
    assert [(month.month, month.kept, month.rejected) for month in ledger.months] == [
        (date(2020, 5, 1), 2, 0), (date(2020, 6, 1), 1, 0), (date(2030, 1, 1), 0, 1),
    ]  # fmt: skip
    assert ledger.undated == 1
    assert sum(month.read for month in ledger.months) + ledger.undated == ledger.total("read") == 5
