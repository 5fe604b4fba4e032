"""Counts within bounds: sums hold the truth, zones share nothing out, and what is missing has no upper bound."""

from __future__ import annotations

import itertools
import math
from datetime import date

import numpy as np
import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from geoharm.errors import DesignError
from geoharm.model.area_counts import AreaCounts, Areas
from geoharm.model.overlap import BORDER_NOISE
from geoharm.model.period import Period, Window, add_months
from geoharm.model.streets import Streets, join_segments
from geoharm.model.survey import SurveyEstimates

MONTHS = tuple(Period(add_months(date(2020, 1, 1), n), add_months(date(2020, 2, 1), n)) for n in range(3))
QUARTER = Window("quarter", (Period(date(2020, 1, 1), date(2020, 4, 1)),))
SQUARES = tuple(shapely.box(100 * n, 0, 100 * (n + 1), 100) for n in range(4))


def table(low, high, shapes=SQUARES, periods=MONTHS):
    return AreaCounts("entries", "all", tuple("ABCD"), periods, np.array(low, float), np.array(high, float), shapes)


@st.composite
def published(draw):
    """Return true counts, and what a publisher who suppresses 1 to k - 1 and rounds to b leaves of them."""
    truth = draw(st.lists(st.integers(0, 30), min_size=12, max_size=12))
    k, base = draw(st.integers(2, 8)), draw(st.sampled_from([1, 5, 10]))
    low, high = [], []
    for count in truth:
        if 0 < count < k:
            low.append(1)
            high.append(k - 1)
        else:
            rounded = (count + base // 2) // base * base
            low.append(max(rounded - base // 2, 0))
            high.append(rounded + base // 2)
    return [np.reshape(values, (4, 3)) for values in (truth, low, high)]


@given(published(), st.sets(st.sampled_from("ABCD"), min_size=1))
def test_bounds_of_a_sum_hold_the_truth(case, chosen):
    truth, low, high = case
    found = table(low, high).total(QUARTER, sorted(chosen))
    sums = truth[["ABCD".index(code) for code in sorted(chosen)]].sum()
    assert found.low <= sums <= found.high


@given(published(), st.lists(st.floats(-50, 450), min_size=2, max_size=2, unique=True), st.integers(0, 2**32 - 1))
def test_bounds_of_a_zone_hold_the_truth_wherever_events_lie(case, edges, seed):
    """Place every event somewhere in its area; the zone's bounds hold the number of those inside it.

    Where the zone's edge and an area's are at most border noise apart, they are taken as the same.
    """
    truth, low, high = case
    west, east = sorted(edges)
    assume(east - west > 1)
    assume(east - west < BORDER_NOISE or all(BORDER_NOISE < edge % 100 < 100 - BORDER_NOISE for edge in edges))
    places = np.random.default_rng(seed)
    inside = 0
    for row, count in enumerate(truth.sum(axis=1)):
        x = 100 * row + 100 * places.random(int(count))
        inside += int(((x >= west) & (x <= east)).sum())
    found = table(low, high).zone_total(shapely.box(west, -10, east, 110), QUARTER)
    assert found.low <= inside <= found.high


def test_zone_bounds_are_those_of_the_slow_way():
    """Area by area: inside counts, cut counts from none, beside counts nothing."""
    low, high = np.arange(12).reshape(4, 3), np.arange(12).reshape(4, 3) + np.array([0, 1, 2])
    counts, zone = table(low, high), shapely.box(0, 0, 250, 100)
    least = most = 0.0
    for row, column in itertools.product(range(4), range(3)):
        if zone.covers(SQUARES[row]):
            least += low[row, column]
            most += high[row, column]
        elif zone.intersection(SQUARES[row]).area > 0:
            most += high[row, column]
    found = counts.zone_total(zone, QUARTER)
    assert (found.low, found.high) == (least, most)
    assert found.note == "areas that the zone's edge cuts, counted from none to all: 1; suppressed counts: 6 of 9"


def test_exact_counts_of_whole_areas_are_exact():
    found = table(np.full((4, 3), 2), np.full((4, 3), 2)).zone_total(shapely.union_all(SQUARES[:2]), QUARTER)
    assert (found.low, found.high, found.note, found.is_exact) == (12, 12, "", True)


def test_a_missing_count_has_no_upper_bound_and_is_no_zero():
    low = np.full((4, 3), 2.0)
    low[1, 2] = np.nan
    found = table(low, low).total(QUARTER)
    assert (found.low, found.high) == (22, math.inf)
    assert found.note == "missing counts: 1 of 12"


def test_days_without_a_period_are_missing():
    low = np.full((4, 2), 1.0)
    counts = table(low, low, periods=(MONTHS[0], MONTHS[2]))
    found = counts.total(QUARTER)
    assert (found.low, found.high) == (8, math.inf)
    assert found.note == "days without a period in the table: 29 of 91"


def test_areas_without_an_outline_and_a_zone_they_do_not_cover_are_said():
    low = np.full((4, 3), 1.0)
    found = table(low, low, shapes=(*SQUARES[:2], None, None)).zone_total(shapely.box(0, 0, 400, 100), QUARTER)
    assert (found.low, found.high) == (6, 6)
    assert found.note == "areas without a polygon, left out: 2; the areas cover 50 % of the zone"


def test_a_window_that_cuts_a_period_is_refused():
    counts = table(np.ones((4, 3)), np.ones((4, 3)))
    with pytest.raises(
        DesignError, match=r'has only one count for 2020-01-01 to 2020-01-31, and the window "w" cuts it'
    ):
        counts.total(Window("w", (Period(date(2020, 1, 15), date(2020, 3, 1)),)))


@pytest.mark.parametrize(
    ("low", "high", "sentence"),
    [
        (np.ones((4, 2)), np.ones((4, 2)), r"must have shape \(areas, periods\)"),
        (np.full((4, 3), 2), np.ones((4, 3)), "a low of 0 or more and a high not below it"),
        (np.full((4, 3), -1), np.ones((4, 3)), "a low of 0 or more"),
        (np.full((4, 3), np.nan), np.ones((4, 3)), "must be missing, or lie between"),
    ],
)
def test_counts_that_are_none_are_refused(low, high, sentence):
    with pytest.raises(DesignError, match=sentence):
        table(low, high)


def test_unknown_areas_overlapping_periods_and_double_codes_are_refused():
    with pytest.raises(DesignError, match='has no area "Z"'):
        table(np.ones((4, 3)), np.ones((4, 3))).total(QUARTER, ["Z"])
    with pytest.raises(DesignError, match="must follow one another"):
        table(np.ones((4, 2)), np.ones((4, 2)), periods=(QUARTER.periods[0], MONTHS[2]))
    with pytest.raises(DesignError, match="one code and one outline"):
        Areas(("A", "A"), SQUARES[:2])


def test_arrays_are_read_only():
    counts = table(np.ones((4, 3)), np.ones((4, 3)))
    with pytest.raises(ValueError, match="read-only"):
        counts.low[0, 0] = 5


def test_a_survey_without_an_answer_says_so():
    nan = np.nan
    survey = SurveyEstimates(
        "fear",
        "unsafe",
        "percent",
        ("A", "B"),
        MONTHS[:1],
        np.array([[40.0], [nan]]),
        np.array([[2.0], [nan]]),
        (None, None),
    )
    assert survey.at("A", MONTHS[0]).interval().low == pytest.approx(40 - 1.959964 * 2)
    found = survey.at("B", MONTHS[0])
    assert math.isnan(found.value)
    assert found.note == '"fear" has no estimate of "B" for 2020-01-01 to 2020-01-31'
    assert math.isnan(survey.at("A", MONTHS[1]).value)
    with pytest.raises(DesignError, match="needs a standard error above 0"):
        SurveyEstimates("fear", "q", "percent", ("A",), MONTHS[:1], np.array([[40.0]]), np.array([[0.0]]), (None,))


def test_street_ends_that_meet_share_a_node():
    streets = join_segments([0, 100, 100.001], [0, 0, 0], [100, 100, 200], [0, 50, 0])
    assert streets.nodes == 4
    assert streets.end[0] == streets.start[1] == streets.start[2]
    assert streets.length == pytest.approx([100, 50, 99.999])
    assert join_segments([], [], [], []).nodes == 0
    with pytest.raises(DesignError, match="length above 0"):
        join_segments([0], [0], [0], [0])
    with pytest.raises(DesignError, match="equally long"):
        Streets([0], [0], [1], [1], [0, 1], [1])
