"""Counts of whole areas around a target area: bounds that hold whatever lies inside the areas, and nothing narrower."""

from __future__ import annotations

import itertools
import math
from datetime import date

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geoharm.disclosure.area_changes import protect_area_outcome
from geoharm.errors import DesignError
from geoharm.harm.area_change import area_change, whole_periods
from geoharm.harm.bounded_change import bounded_change
from geoharm.harm.results.area_change import AreaOutcome
from geoharm.model.area_counts import AreaCounts
from geoharm.model.disclosure_rules import DISCLOSURE_RULES, Threshold
from geoharm.model.measure import Harm, Measure
from geoharm.model.period import Period, Window

MEASURE = Measure("overdoses", "t", (), "calls", "agency", Harm("user", "health"), kind="health")
BEFORE, AFTER = Period(date(2020, 1, 1), date(2021, 1, 1)), Period(date(2021, 1, 1), date(2022, 1, 1))
# Five squares in a row of 100 m; the target holds the second, and half of the third.
SQUARES = tuple(shapely.box(100 * n, 0, 100 * (n + 1), 100) for n in range(5))
CODES = tuple("ABCDE")
TARGET = shapely.box(100, 0, 250, 100)
CITY = shapely.box(0, 0, 500, 100)


def table(low, high=None, *, codes=CODES, shapes=SQUARES, periods=(BEFORE, AFTER), category="all"):
    low = np.array(low, dtype=float)
    return AreaCounts("t", category, codes, periods, low, low if high is None else np.array(high, dtype=float), shapes)


WINDOWS = {"before": Window("before", (BEFORE,)), "after": Window("after", (AFTER,))}


def change(*tables, target=TARGET, boundary=CITY, **windows):
    return area_change(tables, MEASURE, "One", target=target, boundary=boundary, **WINDOWS | windows)


def ends(bounds):
    return bounds.low, bounds.high


COUNTS = [[1, 2], [10, 7], [20, 24], [100, 110], [50, 40]]


def test_the_target_has_at_least_what_lies_inside_and_at_most_what_touches():
    found = change(table(COUNTS))
    assert (found.inside.areas, found.touching.areas, found.rest.areas) == (1, 2, 3)
    assert (ends(found.target_before), ends(found.target_after)) == ((10, 30), (7, 31))
    assert (ends(found.rest.before), ends(found.rest.after)) == ((151, 151), (152, 152))
    # Of 2020, a leap year, to 2021.
    assert ends(found.rate_ratio) == pytest.approx((7 / 30 * 366 / 365, 31 / 10 * 366 / 365))
    assert ends(found.rest_rate_ratio) == pytest.approx((152 / 151 * 366 / 365,) * 2)
    growth = 152 / 151
    assert ends(found.against_rest) == pytest.approx((7 - 30 * growth, 31 - 10 * growth))
    assert found.notes == ()


@given(st.lists(st.tuples(*[st.integers(0, 6)] * 2), min_size=5, max_size=5))
def test_the_bounds_are_those_of_every_way_to_lay_the_events_and_those_of_the_bounded_change(counts):
    """The slow referee: of the cut area, any number of events may lie in the target, before and after."""
    found = change(table(counts))
    (inside, cut), rest = (counts[1], counts[2]), [sum(counts[n][side] for n in (0, 3, 4)) for side in (0, 1)]
    ways = list(itertools.product(range(inside[0], inside[0] + cut[0] + 1), range(inside[1], inside[1] + cut[1] + 1)))
    assert ends(found.target_before) == (min(way[0] for way in ways), max(way[0] for way in ways))
    assert ends(found.target_after) == (min(way[1] for way in ways), max(way[1] for way in ways))
    if rest[0]:
        differences = [after - before * rest[1] / rest[0] for before, after in ways]
        assert ends(found.against_rest) == pytest.approx((min(differences), max(differences)))
        other = bounded_change(
            "target", found.target_before, found.target_after, found.rest.before, found.rest.after, unit="calls"
        )
        assert ends(found.against_rest) == pytest.approx((other.low.value, other.high.value))
    ratios = [after / before for before, after in ways if before]
    if inside[0]:
        assert ends(found.rate_ratio) == pytest.approx((min(ratios) * 366 / 365, max(ratios) * 366 / 365))
    elif cut[0] and inside[1] + cut[1]:
        assert found.rate_ratio.high == math.inf


def test_nothing_before_leaves_a_ratio_without_an_upper_end_and_nothing_at_all_leaves_none():
    assert ends(change(table([[1, 1], [0, 3], [0, 0], [1, 1], [1, 1]])).rate_ratio) == (math.inf, math.inf)
    none = change(table([[0, 1], [0, 0], [0, 0], [0, 1], [0, 1]]))
    assert all(map(math.isnan, ends(none.rate_ratio)))
    assert ends(change(table([[0, 1], [2, 3], [0, 0], [0, 1], [0, 1]])).against_rest) == (-math.inf, -math.inf)


def test_suppressed_and_missing_counts_widen_the_bounds():
    low, high = [list(row) for row in COUNTS], [list(row) for row in COUNTS]
    low[1][0], high[1][0] = 1, 4
    found = change(table(low, high))
    assert ends(found.target_before) == (1, 24)
    assert "suppressed counts: 1 of 2" in found.notes
    low[2][1] = high[2][1] = math.nan
    found = change(table(low, high))
    assert ends(found.target_after) == (7, math.inf)
    assert found.against_rest.high == math.inf
    low[3][0] = high[3][0] = math.nan
    found = change(table(low, high))
    assert (found.rest.areas, ends(found.rest.before)) == (2, (51, 51))
    assert "areas of the rest without a number in some period, left out: 1" in found.notes


def test_the_categories_of_a_table_are_added_over_the_periods_that_all_have():
    months = tuple(Period(date(2020, month, 1), date(2020, month + 1, 1)) for month in (1, 2, 3))
    first = table([[1, 2, 3]] * 5, periods=months)
    second = table([[10, 20]] * 5, periods=months[:2], category="other")
    before, after = Window("before", (Period(date(2020, 1, 1), date(2020, 2, 1)),)), Window("after", (Period(date(2020, 2, 1), date(2020, 4, 1)),))  # fmt: skip
    found = change(first, second, before=before, after=after)
    assert ends(found.target_after) == (22, 44)
    assert found.after.days == 29
    assert found.notes == ("of the 60 days of the window after, 29 lie in whole periods of the source and are counted",)
    fewer = table([[10, 20]] * 2, codes=("A", "B"), shapes=SQUARES[:2], periods=months[:2], category="other")
    assert ends(change(first, fewer, before=before, after=after).target_after) == (22, math.inf)


def test_a_window_without_a_whole_period_and_a_target_without_an_area_are_refused():
    half = Window("after", (Period(date(2021, 3, 1), date(2021, 9, 1)),))
    assert whole_periods([table(COUNTS)], half) == ()
    with pytest.raises(
        DesignError, match=r'No whole period of "t" lies in the window "after" \(2021-03-01 to 2021-08-31\)'
    ):
        change(table(COUNTS), after=half)
    with pytest.raises(DesignError, match="has a count touches the target area"):
        change(table(COUNTS), target=shapely.box(900, 0, 950, 50))


def test_areas_that_leave_ground_of_the_target_free_are_said_and_areas_elsewhere_are_in_no_group():
    found = change(
        table(COUNTS, shapes=(*SQUARES[:4], shapely.box(5000, 0, 5100, 100))), target=shapely.box(100, 0, 300, 200)
    )
    assert "areas with a count cover 50 % of the target area" in found.notes
    assert (found.inside.areas, found.touching.areas, found.rest.areas) == (2, 2, 2)


@given(st.lists(st.tuples(*[st.integers(0, 60)] * 2), min_size=5, max_size=5), st.sampled_from([5, 10, 16]))
def test_a_public_release_holds_the_bounds_and_tells_no_count_closer_than_its_threshold(counts, k):
    exact = change(table(counts))
    released = protect_area_outcome(AreaOutcome(MEASURE, "One", exact), k).change
    for name in ("inside", "touching", "rest"):
        for side in ("before", "after"):
            shown, true = (getattr(getattr(one, name), side) for one in (released, exact))
            assert shown.low <= true.low <= true.high < shown.high
            assert shown.low % 10 == shown.high % 10 == 0
            # The number of counts that are shown so, from 0 or the threshold on.
            assert shown.high - shown.low >= k
    assert released.target_before.low <= exact.target_before.low
    assert released.against_rest.low <= exact.against_rest.low or math.isnan(exact.against_rest.low)
    assert released.against_rest.high >= exact.against_rest.high or math.isnan(exact.against_rest.high)
    assert released.is_rounded


def test_an_internal_release_shows_every_number_and_a_refusal_stays_one():
    outcome = AreaOutcome(MEASURE, "One", change(table(COUNTS)))
    assert protect_area_outcome(outcome, 1) is outcome
    refused = AreaOutcome(MEASURE, "One", None, "no period")
    assert protect_area_outcome(refused, Threshold(5)) is refused
    assert {rule.threshold for rule in DISCLOSURE_RULES.values()} <= set(range(1, 21))
