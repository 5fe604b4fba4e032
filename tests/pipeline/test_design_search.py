"""A search over designs: each row is what `geoharm power` says, nothing from the first start on is used, refusals are rows."""

from __future__ import annotations

import json
import math
import re
import shutil
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from geoharm.cli.app import app
from geoharm.engines.duckdb import open_engine
from geoharm.errors import DesignError
from geoharm.evaluation.pooling.common_fall import common_detectable_fall
from geoharm.evaluation.results.design_search import CandidateMarket, RingDesign
from geoharm.model.period import Period, Window, add_months
from geoharm.model.spread import PooledSpread
from geoharm.model.study import BeforeRule
from geoharm.pipeline import candidate_markets, collect, design_search, load, past_designs, placebo, power
from geoharm.pipeline.design_search import default_ring_designs
from geoharm.study.read import read_study

STARTS = (date(2022, 1, 10), date(2022, 6, 1))
WINDOWS = (3, 12)


def located_data(folder, study=None):
    """Return a folder's study data without counts by zone."""
    study = study or read_study(folder / "demo.toml")
    with open_engine(folder / "p.duckdb", inputs=folder) as engine:
        ledgers = load.load_sources(engine, study, folder)
        return collect.collect_located(engine, study, ledgers)


def searched(folder, *, study=None, markets=None, starts=STARTS, windows=WINDOWS, rings=(), most=2):
    """Return all that a search of a folder's study found, its plan and its data."""
    study = study or read_study(folder / "demo.toml")
    with open_engine(folder / "p.duckdb", inputs=folder) as engine:
        ledgers = load.load_sources(engine, study, folder)
        data = collect.collect_located(engine, study, ledgers)
        plan = design_search.search_plan(study, ledgers, starts=starts, windows=windows)
        plan = design_search.with_ring_designs(plan, rings)
        if markets is None:
            found, _ = candidate_markets.hotspot_markets(data, plan.cut_off, most=most)
            markets = (*candidate_markets.planned_markets(study, plan.planned), *found)
        tried = design_search.candidates(data, plan, markets)
        data = collect.with_zone_counts(engine, data, design_search.zones_to_count(tried))
    rows = tuple(design_search.try_designs(data, plan, tried))
    search = design_search.search_result(data, plan, markets, rows, ["a note"])
    return design_search.with_together(data, plan, search), plan, data


@pytest.fixture(scope="module")
def found(demo):
    """Return one search of the made city's needle study: three markets, three ring designs, two starts, two windows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(past_designs, "WAITS", (3,))
        return searched(demo)


def power_of(folder, study, operation, others=()):
    """Return what `geoharm power` says of an operation that is written into a study, by way of its own."""
    alone = replace(study, operations=(*others, operation))
    with open_engine(folder / "p.duckdb", inputs=folder) as engine:
        ledgers = load.load_sources(engine, alone, folder)
        data = collect.collect_power(engine, alone, ledgers)
    return next(table for table in power.power_tables(data) if table.operation == operation.name)


def test_every_row_is_what_power_says_of_that_operation(demo, found, monkeypatch):
    """To the last digit, with and without rings, with and without an answer."""
    monkeypatch.setattr(past_designs, "WAITS", (3,))
    search, plan, data = found
    assert len(search.rows) == 3 * 3 * 2 * 2
    assert search.is_complete
    markets = {market.name: market for market in search.markets}
    checked = [row for row in search.rows if row.start == STARTS[1] or row.market == "Operation Lantern"]
    assert {row.rings.outer for row in checked} == {(300, 600, 1000), (300, 600), ()}
    assert {row.has_answer for row in checked} == {True, False}
    said = {}
    for row in checked:
        key = row.market, row.rings, row.tried_until, row.months
        if key not in said:
            operation = plan.operation(markets[row.market], row.rings, row.tried_until, row.months)
            said[key] = power_of(demo, data.study, operation)
        assert row.table == said[key]


def test_the_studys_own_operation_is_a_candidate_with_its_own_power(demo, found, monkeypatch):
    """For a window of whole years, the row of the operation as it stands in the file is `geoharm power` of that file."""
    monkeypatch.setattr(past_designs, "WAITS", (3,))
    search, _, _ = found
    study = read_study(demo / "demo.toml")
    as_written = replace(study.operations[0], after=("0-12 months",))
    own = RingDesign(as_written.gap, as_written.rings)
    (row,) = [
        row
        for row in search.rows
        if (row.market, row.rings, row.start, row.months) == (as_written.name, own, STARTS[0], 12)
    ]
    assert row.tried_until == as_written.period.start
    assert row.table == power_of(demo, study, as_written)
    assert row.has_answer


def test_nothing_from_the_first_start_on_is_used(demo, found, monkeypatch, tmp_path):
    """Events from that day on are doubled: markets and rows are the same to the last digit."""
    monkeypatch.setattr(past_designs, "WAITS", (3,))
    search, _, _ = found
    other = tmp_path / "other"
    shutil.copytree(demo, other, ignore=shutil.ignore_patterns("*.duckdb*"))
    lines = (other / "needles.csv").read_text(encoding="utf-8").splitlines()
    late = [line for line in lines[1:] if line.split(",")[1] >= "2022-01-10"]
    assert len(late) > 1000
    doubled = [line.replace(line.split(",")[0], f"again-{place}", 1) for place, line in enumerate(late)]
    (other / "needles.csv").write_text("\n".join([*lines, *doubled]) + "\n", encoding="utf-8")
    again, _, _ = searched(other)
    assert again == search


def test_markets_are_hotspots_of_the_time_before(demo, found):
    search, _, data = found
    lantern, first, second = search.markets
    assert (lantern.name, first.name, second.name) == ("Operation Lantern", "market 1", "market 2")
    assert lantern.geometry.equals(data.study.operations[0].target)
    points = data.measures[0].points
    early = points.day < np.datetime64("2022-01-10")
    counts = [
        points.weight[early & shapely.contains_xy(market.geometry, points.x, points.y)].sum()
        for market in (first, second)
    ]
    assert counts[0] >= counts[1] > 100
    assert "hotspot 1 of needle finds before 2022-01-10" in first.source


def test_circles_around_peaks_do_not_overlap_and_lie_inside(demo):
    data = located_data(demo)
    markets, said = candidate_markets.hotspot_markets(data, date(2022, 1, 10), most=15, radius=200.0)
    assert len(markets) == 15
    assert said == "15 circles of 200 m around the peaks of needle finds before 2022-01-10"
    centres = np.array([(market.geometry.centroid.x, market.geometry.centroid.y) for market in markets])
    gaps = np.hypot(*(centres[:, None] - centres[None]).T) + 1e9 * np.eye(15)
    assert gaps.min() >= 395  # A circle that the boundary cuts has its centroid a little inwards.
    assert all(data.study.area.boundary.buffer(1e-6).covers(market.geometry) for market in markets)
    assert max(market.geometry.area for market in markets) == pytest.approx(math.pi * 200**2, rel=0.01)


def test_a_market_cannot_be_found_before_the_data_begin(demo):
    data = located_data(demo)
    with pytest.raises(DesignError, match="begin on 2019-01-01, so no market can be found before 2019-01-01"):
        candidate_markets.hotspot_markets(data, date(2019, 1, 1), most=3)


def test_a_market_is_named_after_the_nearest_place(demo):
    study = read_study(demo / "demo.toml")
    middle = study.area.boundary.centroid
    sites = [_site("Far Hill", middle.x + 5000, middle.y), _site("Near Square", middle.x + 300, middle.y)]
    named = replace(study, publish=replace(study.publish, places=tuple(sites)))
    assert candidate_markets.near(named, middle.buffer(100)) == "Near Square"
    assert not candidate_markets.near(named, shapely.Point(middle.x - 5000, middle.y).buffer(100))


def _site(name, x, y):
    from geoharm.model.geometry import Site  # noqa: PLC0415

    return Site(name, x, y)


def test_candidates_that_touch_what_they_must_not_are_rows_with_the_reason(demo, monkeypatch):
    """An operation that began before the first start, ground outside the study area, and a market that may be."""
    monkeypatch.setattr(past_designs, "WAITS", (3,))
    study = read_study(demo / "demo.toml")
    lantern = study.operations[0]
    west, south, *_ = study.area.boundary.bounds
    middle = lantern.target.centroid
    markets = (
        CandidateMarket("same place", lantern.target.buffer(10), "drawn"),
        CandidateMarket("outside", shapely.box(west - 500, south, west + 10, south + 400), "drawn"),
        CandidateMarket("apart", shapely.Point(middle.x, middle.y + 2500).buffer(200), "drawn"),
    )
    later = date(2022, 6, 1)
    search, plan, data = searched(demo, markets=markets, starts=(later,), windows=(3,), rings=[RingDesign(50, (300,))])
    assert plan.others == (lantern,)
    assert plan.planned == ()
    rows = {row.market: row for row in search.rows}
    assert 'reach into the target area of "Operation Lantern"' in rows["same place"].target.note
    assert "lies outside the study area" in rows["outside"].target.note
    assert all(math.isnan(rows[name].detectable_fall) for name in ("same place", "outside"))
    operation = plan.operation(markets[2], RingDesign(50, (300,)), rows["apart"].tried_until, 3)
    assert rows["apart"].table == power_of(demo, data.study, operation, others=(lantern,))


def test_places_are_shared_by_designs_with_the_same_neighbours_only(demo):
    """Drawn once for all lengths on one day, and again where another operation came in between; the slow way: one by one."""
    study = read_study(demo / "demo.toml")
    lantern = study.operations[0]
    middle = lantern.target.centroid
    early, late = date(2021, 6, 1), date(2022, 6, 1)
    one = replace(
        lantern,
        name="apart",
        target=shapely.Point(middle.x - 2600, middle.y + 1500).buffer(200),
        after=("0-3 months",),
        rings=(300.0,),
    )
    both = replace(study, operations=(lantern, one))
    data = replace(located_data(demo), study=both)
    designs = {}
    for day in (early, late):
        operation = replace(one, period=Period(day, day + timedelta(days=14)))
        found = power.past_designs(data, operation, (1, 3))
        designs |= {(day, months): design for months, design in found.items()}
    shared = power.places_of_designs(both, designs)
    assert shared[early, 1] is shared[early, 3]
    assert shared[late, 1] is shared[late, 3]
    assert shared[early, 1] is not shared[late, 1]
    for key, design in designs.items():
        alone = placebo.places_around(both, design)
        assert np.array_equal(alone.row, shared[key].row)
        assert np.array_equal(alone.column, shared[key].column)
        assert np.array_equal(alone.control, shared[key].control)
        assert np.array_equal(alone.untouched, shared[key].untouched)
    assert shared[early, 1].control.sum() > shared[late, 1].control.sum()
    assert power.places_of_designs(both, {1: "a reason"}) == {1: None}


def test_a_row_with_another_operation_before_the_tried_window_and_after_it(demo, monkeypatch):
    """An operation elsewhere whose days the real windows will hold is a neighbour of all windows of the past."""
    monkeypatch.setattr(past_designs, "WAITS", (3,))
    study = read_study(demo / "demo.toml")
    middle = study.operations[0].target.centroid
    done = replace(
        study.operations[0],
        name="done",
        target=shapely.Point(middle.x - 2600, middle.y + 1500).buffer(200),
        period=Period(date(2021, 10, 1), date(2021, 10, 15)),
        after=("0-3 months",),
        before=BeforeRule(Period(date(2019, 1, 1), date(2021, 10, 1))),
    )
    two = replace(study, operations=(done, study.operations[0]))
    markets = candidate_markets.planned_markets(study, study.operations)
    search, plan, data = searched(
        demo,
        study=two,
        markets=markets,
        starts=(date(2022, 1, 10),),
        windows=(6, 12),
        rings=[RingDesign(50, (300, 600))],
    )
    assert plan.others == (done,)
    first, second = search.rows
    assert first.tried_until < done.period.start < second.tried_until
    for row in search.rows:
        operation = plan.operation(markets[0], row.rings, row.tried_until, row.months)
        always = replace(done, period=Period(study.period.start, done.period.end))
        assert row.table == power_of(demo, data.study, operation, others=(always,))
        assert row.has_answer


def test_a_placebo_operation_is_no_other_operation(demo):
    study = read_study(demo / "demo.toml")
    nothing_done = replace(study, operations=(replace(study.operations[0], placebo=True),))
    data = located_data(demo)
    for one, others in ((study, 1), (nothing_done, 0)):
        plan = design_search.search_plan(one, data.ledgers, starts=(date(2022, 6, 1),))
        assert len(plan.others) == others


def test_what_is_tried_if_nothing_is_said(demo):
    study, data = read_study(demo / "demo.toml"), located_data(demo)
    plan = design_search.search_plan(study, data.ledgers)
    assert plan.starts == (date(2022, 1, 10), date(2022, 4, 10), date(2022, 7, 10), date(2022, 10, 10))
    assert plan.windows == (6, 9, 12)
    assert plan.days == 14
    assert plan.cut_off == date(2022, 1, 10)
    assert plan.ring_designs == (RingDesign(50, (300, 600, 1000)), RingDesign(50, (300, 600)), RingDesign(50))
    one_ring = replace(study.operations[0], rings=(500.0,))
    assert default_ring_designs(one_ring) == (RingDesign(50, (500,)), RingDesign(50, (275,)), RingDesign(50))


def plan_of(cut_off, days=1, *, by_month=False):
    """Return a plan of which only the cut-off day and the length of the operation matter."""
    return design_search.SearchPlan(None, (), (), (), (), (), days, cut_off, by_month)


def test_windows_of_the_past_have_the_months_of_the_year_of_the_real_one():
    """The window of six months after 1 April runs from April to September: it was tried on that of the last whole year."""
    plan = plan_of(date(2019, 8, 1))
    assert plan.tried_until(date(2020, 4, 1), 6) == date(2018, 10, 2)
    assert plan.tried_until(date(2019, 8, 1), 12) == date(2019, 8, 1)
    assert plan.tried_until(date(2020, 2, 15), 12) == date(2019, 8, 1)
    assert plan.tried_until(date(2020, 2, 10), 6) == date(2019, 8, 1)  # ten days of the season for a year of the past
    assert plan_of(date(2019, 8, 1), by_month=True).tried_until(date(2020, 4, 1), 6) == date(2018, 10, 1)


@given(
    cut_off=st.dates(date(2015, 1, 1), date(2025, 1, 1)),
    ahead=st.integers(0, 1500),
    months=st.integers(1, 36),
    days=st.integers(1, 200),
)
def test_the_tried_window_is_the_last_one_of_its_season(cut_off, ahead, months, days):
    """It ends by the cut-off day, and a year later, as the real one ends, would be past it."""
    start = cut_off + timedelta(days=ahead)
    until = plan_of(cut_off, days).tried_until(start, months)
    real_end = add_months(start + timedelta(days=days), months)
    assert until <= cut_off
    if months % 12 == 0:
        assert until == cut_off
        return
    years = [real_end.year - until.year + shift for shift in (-1, 0, 1)]
    off = min(abs((add_months(real_end, -12 * year) - until).days) for year in years)
    assert off <= 31
    assert add_months(until, 12) > cut_off


@pytest.mark.parametrize("windows", [(6,), (12,)])
def test_it_says_from_when_on_there_is_enough_past(demo, monkeypatch, windows):
    """A month before that start the past is too short, and from it on it is not."""
    monkeypatch.setattr(past_designs, "WAITS", (3,))
    study = read_study(demo / "demo.toml")
    asked = {"markets": candidate_markets.planned_markets(study, study.operations), "windows": windows}
    asked["rings"] = [RingDesign(50, (300,))]
    early, _, _ = searched(demo, starts=(date(2020, 2, 1),), **asked)
    ((months, day),) = early.too_early
    assert months == windows[0]
    assert not any(row.has_answer for row in early.rows)
    for start, enough in ((add_months(day, -1), False), (day, True)):
        search, _, _ = searched(demo, starts=(start,), **asked)
        assert bool(search.too_early) != enough
        assert ("18 are needed" in search.rows[0].target.note or "too late" in search.rows[0].target.note) != enough


def test_pooled_markets_lie_apart_and_have_the_fall_of_one_study(demo, found, monkeypatch):
    """What the search says of two markets is what `geoharm power` says of each beside the other, whose ground is left out."""
    monkeypatch.setattr(past_designs, "WAITS", (3,))
    search, plan, data = found
    (together,) = search.together
    rows = {
        row.market: row
        for row in search.rows
        if (row.rings, row.start, row.months) == (together.rings, together.start, together.months)
    }
    markets = {market.name: market for market in search.markets}
    reach, clearance = together.rings.outer[-1], together.rings.outer[-1] - together.rings.outer[-2]
    for number, name in enumerate(together.markets):
        for other in together.markets[:number]:
            assert markets[name].geometry.distance(markets[other].geometry) >= 2 * reach + clearance
    assert [rows[name].detectable_fall for name in together.markets] == sorted(
        rows[name].detectable_fall for name in together.markets
    )
    falls = dict(together.falls)
    assert falls[1] == rows[together.markets[0]].detectable_fall
    until = rows[together.markets[0]].tried_until
    both = [plan.operation(markets[name], together.rings, until, together.months) for name in together.markets[:2]]
    spreads = []
    for operation, other in (both, both[::-1]):
        there = replace(other, period=Period(date(2019, 6, 1), until + timedelta(days=1)))
        table = power_of(demo, data.study, operation, others=(there,))
        spreads.append(PooledSpread((table.zones[0].spread,)))
    assert falls[2] == common_detectable_fall(spreads)
    assert falls[2] != common_detectable_fall(
        [PooledSpread((rows[name].target.spread,)) for name in together.markets[:2]]
    )


def test_counts_from_located_events_are_those_of_the_tables(demo, found):
    search, plan, data = found
    (candidate, *_) = design_search.candidates(data, plan, search.markets)
    day, zones = next(iter(candidate.zones.items()))
    asked = data.measures[0].zone_counts[candidate.key(day)]
    counted = design_search.counts_in_zones(data.measures[0], zones)
    window = Window("all", (asked.coverage,))
    months = [Window("m", (Period(month, add_months(month, 1)),)) for month in asked.coverage.months()]
    assert counted.coverage == asked.coverage
    for zone in zones:
        assert counted.total(zone.name, window) == asked.total(zone.name, window) > 0
        assert [counted.total(zone.name, one) for one in months] == [asked.total(zone.name, one) for one in months]


def test_markets_side_by_side_are_not_pooled(found):
    """Two copies of one market, moved by less than rings and clearance, and by more."""
    search, plan, data = found
    best = search.best(search.primary)[0]
    outline = next(market.geometry for market in search.markets if market.name == best.market)
    width = outline.bounds[2] - outline.bounds[0]
    limit = 2 * best.rings.outer[-1] + best.rings.outer[-1] - best.rings.outer[-2]
    for distance, pooled in ((limit - 1, False), (limit + 1, True)):
        moved = shapely.affinity.translate(outline, width + distance)
        markets = (
            CandidateMarket(best.market, outline, ""),
            CandidateMarket("copy", moved, ""),
        )
        copies = replace(search, markets=markets, rows=(best, replace(best, market="copy")))
        assert (design_search.best_together(data, plan, copies, search.primary) is not None) == pooled


def test_progress_counts_candidates_and_rows_come_one_by_one(demo, monkeypatch):
    monkeypatch.setattr(past_designs, "WAITS", (3,))
    study = read_study(demo / "demo.toml")
    seen = []
    with open_engine(demo / "p.duckdb", inputs=demo) as engine:
        ledgers = load.load_sources(engine, study, demo)
        data = collect.collect_located(engine, study, ledgers)
        plan = design_search.search_plan(study, ledgers, starts=STARTS[:1], windows=(3,))
        markets = candidate_markets.planned_markets(study, plan.planned)
        tried = design_search.candidates(data, plan, markets)
        data = collect.with_zone_counts(engine, data, design_search.zones_to_count(tried))
    rows = design_search.try_designs(data, plan, tried, lambda step, done, total: seen.append((step, done, total)))
    first = next(rows)
    assert [done for _, done, _ in seen] == [0]
    partial = design_search.search_result(data, plan, markets, [first], [])
    assert not partial.is_complete
    assert partial.total == 3
    assert partial.together == ()
    assert len(list(rows)) == 2
    assert seen[-1][1:] == (3, 3)
    assert seen[-1][0].startswith("trying designs: Operation Lantern")


def test_a_monthly_source_is_tried_on_whole_months(demo, monkeypatch):
    """With a source that is dated by month, every window of the past ends on the first of a month."""
    monkeypatch.setattr(past_designs, "WAITS", (3,))
    data = located_data(demo)
    ledgers = [replace(ledger, precision="month") for ledger in data.ledgers]
    plan = design_search.search_plan(data.study, ledgers, starts=(date(2022, 1, 10),), windows=(6, 12))
    assert plan.cut_off == date(2022, 1, 1)
    assert {plan.tried_until(plan.starts[0], months).day for months in plan.windows} == {1}


def test_it_says_that_the_data_go_on(demo, found):
    search, _, _ = found
    assert search.notes == (
        "a note",
        "The data go on to 2022-12-31: for a next operation, --starts with a later first day uses them.",
    )
    later, _, _ = searched(demo, starts=(date(2023, 1, 1),), windows=(12,), markets=(), rings=[RingDesign(50)])
    assert later.notes == ("a note",)


def test_the_operation_is_the_templates_but_for_what_is_searched(demo):
    study, data = read_study(demo / "demo.toml"), located_data(demo)
    plan = design_search.search_plan(study, data.ledgers, days=3)
    market = CandidateMarket("somewhere", shapely.box(0, 0, 100, 100), "drawn")
    operation = plan.operation(market, RingDesign(20, (200,)), date(2021, 5, 1), 9)
    assert operation.period == Period(date(2021, 5, 1), date(2021, 5, 4))
    assert (operation.gap, operation.rings, operation.after) == (20, (200,), ("0-9 months",))
    assert operation.target is market.geometry
    assert operation.control == study.operations[0].control
    assert operation.chosen_on is None


def test_the_printed_ranking_and_a_study_written_from_it(demo, monkeypatch, tmp_path):
    """The outline and the dates that a search writes, put into a study file, give the fall that the search printed."""
    monkeypatch.setattr(past_designs, "WAITS", (3,))
    out = tmp_path / "out"
    arguments = ["--search", "--markets", "3", "--rings", "own", "--rings", "none", "--starts", "2022-01-10"]
    arguments += ["--windows", "12", "--out", str(out), "--quiet"]
    told = CliRunner().invoke(app, ["power", str(demo / "demo.toml"), "--data", str(demo), *arguments])
    assert told.exit_code == 0, told.stdout
    record = json.loads((out / "designs-internal.json").read_text(encoding="utf-8"))
    best = record["best"]["needle finds"][0]
    fall = best["zones"][0]["detectable_fall"]
    line = next(line for line in told.stdout.splitlines() if line.startswith("   1  "))
    assert line.split()[1:3] == best["market"].split()[:2]
    assert f" {fall:.0%} " in line
    assert "2022-01-10  12 mo" in line
    assert "Without rings, for comparison:" in told.stdout
    assert "Pooled, needle finds (50 | 300, 600, 1000 m, 2022-01-10, 12 months after): operations at " in told.stdout
    assert "The best of many designs looks a little better than it is" in told.stdout
    assert "No design can answer" not in told.stdout
    assert [path.name for path in sorted(out.iterdir())] == [
        "designs-internal.csv",
        "designs-internal.json",
        "designs-internal.svg",
        "markets-internal.geojson",
    ]

    layer = json.loads((out / "markets-internal.geojson").read_text(encoding="utf-8"))
    layer["features"] = [one for one in layer["features"] if one["properties"]["name"] == best["market"]]
    folder = tmp_path / "written"
    shutil.copytree(demo, folder, ignore=shutil.ignore_patterns("*.duckdb*"))
    (folder / "market.geojson").write_text(json.dumps(layer), encoding="utf-8")
    text = (folder / "demo.toml").read_text(encoding="utf-8")
    text = re.sub(r"after +=.*", 'after = ["0-12 months"]', text)
    assert "start       = 2022-01-10\n" in text
    assert best["tried_until"] == "2022-01-10"
    (folder / "demo.toml").write_text(text, encoding="utf-8")
    said = json.loads(
        CliRunner().invoke(app, ["power", str(folder / "demo.toml"), "--data", str(folder), "--json"]).stdout
    )
    (one,) = said["operations"]
    assert one["tried_on"] == f"windows of the past that end by {best['tried_until']}"
    for zone, found in zip(one["zones"], best["zones"], strict=True):
        assert zone["detectable_fall"] == pytest.approx(found["detectable_fall"], rel=1e-5)
        assert zone["expected"] == pytest.approx(found["expected"], rel=1e-5)
