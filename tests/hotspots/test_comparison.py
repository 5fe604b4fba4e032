"""Comparison of two windows: counts, the ratio of rates and its interval, months without data, windows that cannot be counted."""

from __future__ import annotations

import math
from datetime import date
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.errors import DesignError
from geoharm.hotspots.comparison import compare_windows, comparison_windows, refuse_impossible
from geoharm.model.ledger import SourceLedger
from geoharm.model.period import Period
from geoharm.model.points import DatedPoints
from geoharm.model.study import Comparison
from geoharm.stats.exact_rates import ratio_of_two_rates
from tests.disclosure.test_protect import MEASURE

SPAN = Period(date(2019, 1, 1), date(2022, 1, 1))


def days(*ends):
    return Period(*(date.fromisoformat(end) for end in ends))


YEARS = Comparison("years", days("2019-01-01", "2020-01-01"), days("2021-01-01", "2022-01-01"))


def ledger(coverage=SPAN, *, missing=(), precision="day", source="s"):
    return SourceLedger(source, (), coverage, tuple(missing), precision, 0.0, (), "")


@cache
def everyday(per_day=1, start="2019-01-01", end="2022-01-01"):
    """Events of every day at one place."""
    day = np.arange(start, end, dtype="datetime64[D]")
    return DatedPoints(np.zeros(day.size), np.zeros(day.size), day, np.full(day.size, float(per_day)))


# -- the ratio ------------------------------------------------------------------------------------------------------


def test_the_interval_is_that_of_r():
    """R 4.3: poisson.test(c(11, 6 + 8 + 7), c(800, 1083 + 1050 + 878)), the example of its help page."""
    found = ratio_of_two_rates((21, 11), (3011, 800))
    assert found.value == pytest.approx(1.971488, abs=1e-6)
    assert (found.interval.low, found.interval.high) == pytest.approx((0.8584264, 4.2772659), abs=1e-7)


@settings(deadline=None)
@given(st.integers(0, 300), st.integers(0, 300), st.integers(1, 900), st.integers(1, 900), st.floats(1, 9))
def test_the_ratio_lies_in_its_interval_and_turns_round_with_the_windows(before, after, first, second, dispersion):
    found = ratio_of_two_rates((before, after), (first, second), dispersion=dispersion)
    if before + after == 0:
        assert math.isnan(found.value)
        assert math.isnan(found.interval.low)
        return
    assert found.interval.low <= (found.value if before else math.inf) <= found.interval.high
    turned = ratio_of_two_rates((after, before), (second, first), dispersion=dispersion)
    if before and after:
        assert turned.value == pytest.approx(1 / found.value)
        assert turned.interval.low == pytest.approx(1 / found.interval.high, rel=1e-6)
    wider = ratio_of_two_rates((before, after), (first, second), dispersion=dispersion + 1)
    assert wider.interval.low <= found.interval.low * (1 + 1e-9)
    assert wider.interval.high >= found.interval.high * (1 - 1e-9)


def test_the_interval_covers_equal_rates_in_at_least_95_of_100():
    """Without overdispersion, counts of ten to a thousand; the interval is exact, so it covers more often, never less."""
    rng = np.random.default_rng(8)
    for mean in (10, 100, 1000):
        pairs = rng.poisson((mean, 2 * mean), (400, 2))
        covered = [
            found.interval.low <= 1 <= found.interval.high
            for before, after in pairs.tolist()
            for found in [ratio_of_two_rates((before, after), (365, 730))]
        ]
        assert np.mean(covered) >= 0.93


@pytest.mark.parametrize(
    ("counts", "lengths", "dispersion"), [((1, 2), (0, 5), 1), ((1, 2), (5, 5), 0.5), ((-1, 2), (5, 5), 1)]
)
def test_what_is_no_rate_is_refused(counts, lengths, dispersion):
    with pytest.raises(DesignError):
        ratio_of_two_rates(counts, lengths, dispersion=dispersion)


# -- windows --------------------------------------------------------------------------------------------------------


def test_windows_of_other_lengths_are_compared_by_day():
    half = Comparison("half", days("2019-01-01", "2020-01-01"), days("2021-01-01", "2021-07-01"))
    found = compare_windows(MEASURE, everyday(2), half, ledger=ledger())
    assert found.counts == (730, 362)
    assert found.ratio.value == pytest.approx(1)
    assert not found.same_season
    assert compare_windows(MEASURE, everyday(2), YEARS, ledger=ledger()).same_season


def test_months_without_data_are_in_neither_window():
    gap = date(2021, 3, 1)
    found = compare_windows(MEASURE, everyday(), YEARS, ledger=ledger(missing=[gap]))
    assert found.left_out == (gap,)
    assert found.windows.after.days == 365 - 31
    assert found.counts == (365, 365 - 31)
    assert found.ratio.value == pytest.approx(1)
    # A month without data in neither window is none of its business.
    assert compare_windows(MEASURE, everyday(), YEARS, ledger=ledger(missing=[date(2020, 3, 1)])).left_out == ()


def test_months_that_vary_more_widen_the_interval():
    months = np.arange("2019-01", "2022-01", dtype="datetime64[M]").astype("datetime64[D]")
    weight = np.where(np.arange(36) % 2, 10.0, 50.0)
    uneven = DatedPoints(np.zeros(36), np.zeros(36), months, weight)
    even = DatedPoints(np.zeros(36), np.zeros(36), months, np.full(36, 30.0))
    wide, narrow = (compare_windows(MEASURE, one, YEARS, ledger=ledger()) for one in (uneven, even))
    assert wide.counts == narrow.counts
    assert narrow.ratio.dispersion == 1
    assert wide.ratio.dispersion > 10
    assert math.log(wide.ratio.interval.high) > 4 * math.log(narrow.ratio.interval.high)


@pytest.mark.parametrize(
    ("given_ledger", "sentence"),
    [
        (ledger(Period(date(2019, 1, 1), date(2021, 9, 1))), 'The window after of "years" (2021-01-01 to 2021-12-31) runs past the data of "s"'),
        (ledger(missing=[date(2019, month, 1) for month in range(1, 13)]), "The window before of \"years\" (2019-01-01 to 2019-12-31) holds only months without"),
    ],
)  # fmt: skip
def test_what_cannot_be_counted_has_the_reason_and_no_number(given_ledger, sentence):
    found = compare_windows(MEASURE, everyday(), YEARS, ledger=given_ledger)
    assert sentence in found.note
    assert found.windows is None
    assert math.isnan(found.ratio.value)
    assert math.isnan(found.ratio.interval.high)


def test_months_are_not_cut_where_the_data_know_months_only():
    cut = Comparison("cut", days("2019-01-01", "2019-06-15"), days("2020-01-01", "2020-07-01"))
    comparison_windows(cut, ledger())
    with pytest.raises(DesignError, match='"s" are dated by month'):
        comparison_windows(cut, ledger(precision="month"))
    with pytest.raises(DesignError, match='"s" are dated by year'):
        comparison_windows(
            YEARS.__class__("y", days("2019-01-01", "2019-07-01"), YEARS.after), ledger(precision="year")
        )


def test_a_comparison_is_refused_if_no_source_can_carry_it():
    short = ledger(Period(date(2019, 1, 1), date(2021, 1, 1)), source="short")
    refuse_impossible((YEARS,), (short, ledger()))
    with pytest.raises(DesignError, match='runs past the data of "short"'):
        refuse_impossible((YEARS,), (short,))
