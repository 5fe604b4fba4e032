"""Nouns refuse what makes no sense, and share no day, count or array by accident."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from geoharm.errors import DataError, DesignError
from geoharm.model.counts import ZoneCounts
from geoharm.model.estimate import Interval
from geoharm.model.geometry import StudyArea, Zone, ZoneRole
from geoharm.model.ledger import FileLedger
from geoharm.model.period import Period, Window, add_months
from geoharm.model.points import Points

days = st.dates(date(2000, 1, 1), date(2030, 12, 31))


@given(days, st.integers(1, 800), st.integers(1, 800))
def test_half_open_periods_that_meet_share_no_day(start, one, two):
    middle = start + timedelta(days=one)
    first, second = Period(start, middle), Period(middle, middle + timedelta(days=two))
    assert first.overlap(second) is None
    assert first.days + second.days == Period(start, second.end).days


@given(days, st.integers(-60, 60))
def test_adding_months_lands_in_the_right_month(day, months):
    moved = add_months(day, months)
    assert (moved.year * 12 + moved.month) - (day.year * 12 + day.month) == months
    assert moved.day <= day.day


@given(days, st.integers(1, 900), st.sets(st.integers(0, 29), max_size=6))
def test_cutting_months_keeps_every_other_day(start, length, gaps):
    window = Window("before", (Period(start, start + timedelta(days=length)),))
    missing = {add_months(start.replace(day=1), gap) for gap in gaps}
    every = [start + timedelta(days=n) for n in range(length)]
    kept = [day for day in every if day.replace(day=1) not in missing]
    if not kept:
        with pytest.raises(DesignError, match="no day left"):
            window.without_months(missing)
        return
    assert window.without_months(missing).days == len(kept)


def test_refused_periods_and_windows():
    with pytest.raises(DesignError, match="must end after it starts"):
        Period(date(2020, 1, 1), date(2020, 1, 1))
    two = (Period(date(2020, 1, 1), date(2020, 3, 1)), Period(date(2020, 2, 1), date(2020, 4, 1)))
    with pytest.raises(DesignError, match="counts 2020-02-01 twice"):
        Window("before", two)


def test_area_needs_metres():
    box = shapely.box(0, 0, 1, 1)
    with pytest.raises(DesignError, match="measured in degree"):
        StudyArea(box, "EPSG:4326")
    with pytest.raises(DesignError, match="measured in US survey foot"):
        StudyArea(box, "EPSG:2249")
    with pytest.raises(DesignError, match="is not known"):
        StudyArea(box, "EPSG:999999")


@pytest.mark.parametrize(
    ("shape", "why"),
    [
        (shapely.Point(0, 0), "Point geometry"),
        (shapely.Polygon(), "empty"),
        (shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)]), "Self-intersection"),
    ],
)
def test_zone_needs_a_valid_polygon(shape, why):
    with pytest.raises(DesignError, match=why):
        Zone("target", ZoneRole.TARGET, shape)


def test_arrays_in_nouns_are_read_only_and_not_the_callers():
    x = np.array([1.0, 2.0])
    some = Points(x, x, x)
    with pytest.raises(ValueError, match="read-only"):
        some.x[0] = 5
    x[0] = 9
    assert some.x[0] == 1


def test_a_ledger_that_does_not_balance_is_refused():
    with pytest.raises(DataError, match="does not balance"):
        FileLedger("s", "f.csv", "", 10, 8, 1, 0, 8, 0, 0, 0)
    with pytest.raises(DataError, match="places of kept rows"):
        FileLedger("s", "f.csv", "", 10, 8, 1, 1, 7, 0, 0, 0)


def test_counts_of_a_month_cannot_be_cut():
    counts = ZoneCounts(
        "m", ("target",), np.array(["2020-01-01"], dtype="datetime64[D]"), np.array([[5]]), True,
        Period(date(2020, 1, 1), date(2020, 2, 1)),
    )  # fmt: skip
    with pytest.raises(DesignError, match="cuts a month"):
        counts.total("target", Window("after", (Period(date(2020, 1, 10), date(2020, 2, 1)),)))


def test_months_without_data_are_absent_not_zero():
    counts = ZoneCounts(
        "m", ("target",), np.array(["2020-01-05", "2020-03-02"], dtype="datetime64[D]"), np.array([[2, 3]]), False,
        Period(date(2020, 1, 1), date(2020, 5, 1)), (date(2020, 2, 1),),
    )  # fmt: skip
    assert counts.monthly("target") == {date(2020, 1, 1): 2, date(2020, 3, 1): 3, date(2020, 4, 1): 0}


@pytest.mark.parametrize(
    ("low", "high", "side"), [(-5, -1, -1), (1, 5, 1), (-1, 1, 0), (float("nan"), float("nan"), 0)]
)
def test_side_of_an_interval(low, high, side):
    assert Interval(low, high, 0.95).side == side
