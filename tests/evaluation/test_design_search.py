"""The nouns of a search over designs: how designs are ranked, and which may be the best."""

from __future__ import annotations

import math
from datetime import date

import shapely

from geoharm.evaluation.results.design_search import (
    CandidateMarket,
    DesignRow,
    DesignSearch,
    RingDesign,
    TogetherRow,
)
from geoharm.evaluation.results.power import PowerRow, PowerTable

OWN, NONE = RingDesign(50, (300,)), RingDesign(50)
START = date(2024, 1, 1)


def row_of(market, fall, *, rings=OWN, months=6, needed=math.nan, wait=math.nan, expected=50.0, measure="finds"):
    """Return a design with these figures."""
    own = PowerRow("target", months, expected, fall, "" if math.isfinite(fall) else "a reason")
    lengths = (
        PowerRow("target", 18, expected, 1.0) if math.isnan(wait) else PowerRow("target", int(wait), expected, 0.3),
    )
    table = PowerTable(market, measure, "finds", "", (own,), lengths)
    return DesignRow(market, rings, START, months, START, 40.0, table, ((0.3, needed),))


def search_of(*rows, ring_designs=(OWN, NONE), total=0):
    """Return a search that found these rows."""
    names = dict.fromkeys(row.market for row in rows)
    markets = tuple(CandidateMarket(name, shapely.box(0, 0, 1, 1), "", "Hill" if name == "a" else "") for name in names)
    return DesignSearch(
        "s", "finds", START, 1, markets, ring_designs, (START,), (6,), rows, total or len(rows), weak_above=0.6
    )


def test_designs_are_ranked_by_fall_then_months_then_operations():
    rows = [
        row_of("none", math.nan),
        row_of("large", 0.5),
        row_of("many", 0.3, wait=9, needed=4),
        row_of("late", 0.3, wait=12, needed=1),
        row_of("few", 0.3, wait=9, needed=2),
        row_of("never", 0.3),
    ]
    ranked = [row.market for row in search_of(*rows).rows_of("finds")]
    assert ranked == ["few", "many", "late", "never", "large", "none"]


def test_the_best_design_of_each_market_has_rings():
    rows = [row_of("a", 0.4), row_of("a", 0.3, months=9), row_of("a", 0.1, rings=NONE), row_of("b", 0.2)]
    search = search_of(*rows)
    assert [(row.market, row.detectable_fall) for row in search.best("finds")] == [("b", 0.2), ("a", 0.3)]
    bare = search_of(*rows[2:3], ring_designs=(NONE,))
    assert [row.detectable_fall for row in bare.best("finds")] == [0.1]


def test_a_market_without_an_answer_shows_the_design_that_comes_nearest():
    rows = [
        row_of("a", math.nan, expected=3.0),
        row_of("a", math.nan, expected=9.0, months=12),
        row_of("a", 0.3, rings=NONE),
        row_of("b", math.nan, expected=math.nan),
        row_of("c", 0.5),
    ]
    refused = search_of(*rows).without_answer("finds")
    assert [(row.market, row.months) for row in refused] == [("a", 12), ("b", 6)]


def test_measures_come_with_the_primary_first_and_are_ranked_apart():
    search = search_of(row_of("a", 0.1, measure="calls"), row_of("a", 0.4))
    assert search.measures == ("finds", "calls")
    assert [row.detectable_fall for row in search.best("calls")] == [0.1]
    assert search.is_complete
    assert not search_of(row_of("a", 0.1), total=2).is_complete


def test_names():
    assert search_of(row_of("a", 0.1)).label("a") == "a (Hill)"
    assert search_of(row_of("b", 0.1)).label("b") == "b"
    assert CandidateMarket("Hill Street", shapely.box(0, 0, 1, 1), "", "Hill").label == "Hill Street"
    assert (OWN.reach, NONE.reach) == (300, 50)


def test_as_many_are_pooled_as_find_the_smallest_fall():
    together = TogetherRow("finds", OWN, START, 6, ("a", "b", "c"), ((1, 0.5), (2, 0.3), (3, 0.35)))
    assert together.best == (2, 0.3)
