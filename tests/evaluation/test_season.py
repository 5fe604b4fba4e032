"""A place's own season: its factor against counts that hold one, how it fades, and when there is none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from geoharm.evaluation.placebo.season import season_factors

CITY = 10_000.0


def factors(zone, *, after, months=36, weights=None, dispersion=1.0, first=0):
    zone = np.atleast_2d(np.asarray(zone, dtype=float))
    after_calendar = np.zeros(12)
    after_calendar[list(after)] = 1
    found, clearness = season_factors(
        zone,
        np.full((len(zone), months), CITY),
        calendar=(np.arange(months) + first) % 12,
        after_calendar=after_calendar,
        month_weights=np.ones((1, months)) if weights is None else weights,
        dispersion=dispersion,
    )
    return found[:, 0], clearness[:, 0]


def with_season(rate, high, months=36, times=3.0):
    """Return a series that is `times` as high in some calendar months."""
    return np.where(np.isin(np.arange(months) % 12, high), times, 1.0) * rate


def test_a_clear_season_is_used_in_full():
    quiet = np.full((30, 36), 100.0)
    found, clearness = factors(np.vstack([quiet, with_season(100, [6, 7, 8])]), after=[6, 7, 8])
    assert clearness[-1] > 2.5
    # Three months of 300 and nine of 100: the mean month has 150.
    assert found[-1] == pytest.approx(300 / 150, rel=0.01)
    assert found[:-1] == pytest.approx(1.0)


def test_the_months_of_the_forecast_have_their_season_too():
    """A forecast from the last six months, the low ones, needs the factor between the seasons."""
    weights = np.zeros((1, 36))
    weights[0, -6:] = 1  # calendar months 6 to 11
    series = with_season(100, [0, 1, 2, 3, 4, 5], times=2.0)
    found, _ = factors(np.vstack([np.full((30, 36), 100.0), series]), after=[0, 1, 2], weights=weights)
    assert found[-1] == pytest.approx(2.0, rel=0.01)


def test_a_trend_is_no_season():
    """Calendar months at the end of the year are later than the others: by months, not by years, in both parts of the ratio."""
    series = 100 * 1.5 ** (np.arange(36) / 12)
    found, _ = factors(np.vstack([np.full((30, 36), 100.0), series]), after=range(12))
    assert found[-1] == pytest.approx(1.0, abs=1e-9)


def test_clearness_is_the_delta_method():
    """Against simulated counts: the standard deviation of the log factor is the one that clearness divides by."""
    rng = np.random.default_rng(4)
    drawn = rng.poisson(40, (4000, 36)).astype(float)
    _, clearness = factors(drawn, after=[2, 3, 4, 5])
    assert clearness.std() == pytest.approx(1.0, abs=0.03)
    assert clearness.mean() == pytest.approx(0.0, abs=0.05)


def test_noise_makes_hardly_any_season():
    rng = np.random.default_rng(5)
    found, clearness = factors(rng.poisson(40, (4000, 36)), after=[2, 3, 4, 5])
    assert (found != 1).mean() == pytest.approx(0.13, abs=0.03)  # beyond 1.5 standard errors
    assert (np.abs(clearness) >= 2.5).mean() < 0.02


def test_a_season_that_many_places_have_is_less_clear_at_each():
    rng = np.random.default_rng(6)
    one = np.vstack([rng.poisson(100, (40, 36)), with_season(100, [6, 7, 8], times=1.6)])
    amplitude = np.exp(0.3 * rng.standard_normal(40))[:, None]
    many = one.copy()
    many[:40] = rng.poisson(100 * np.where(np.isin(np.arange(36) % 12, [6, 7, 8]), amplitude, 1.0))
    assert factors(many, after=[6, 7, 8])[1][-1] < 0.6 * factors(one, after=[6, 7, 8])[1][-1]


@pytest.mark.parametrize("months", [12, 20, 23])
def test_one_year_shows_no_season(months):
    found, clearness = factors(with_season(100, [0, 1, 2], months), after=range(12), months=months)
    assert (found == 1).all()
    assert (clearness == 0).all()


@settings(deadline=None, max_examples=50)
@given(some.lists(some.integers(0, 400), min_size=36, max_size=36), some.sets(some.integers(0, 11), min_size=1))
def test_a_factor_lies_between_one_and_its_ratio(series, after):
    zone = np.vstack([np.full((20, 36), 50.0), series])
    found, clearness = factors(zone, after=after)
    counts = np.array(series, dtype=float).reshape(3, 12).mean(axis=0)
    full = (counts[list(after)].mean() + 0.5 / 12) / (counts.mean() + 0.5 / 12)
    assert min(1.0, full) - 1e-9 <= found[-1] <= max(1.0, full) + 1e-9
    assert math.isfinite(clearness[-1])


def test_few_counts_are_held_back_by_half_an_event_a_year():
    """By hand: one event in each July of three years, none else; the place's mean July is 1 + 1/24, the city's 10,000 + 1/24."""
    zone = np.vstack([np.full((40, 36), 50.0), np.where(np.arange(36) % 12 == 6, 1.0, 0.0)])
    found, clearness = factors(zone, after=[6], dispersion=0.01)
    assert clearness[-1] > 2.5
    assert found[-1] == pytest.approx((1 + 1 / 24) / (1 / 12 + 1 / 24), rel=1e-4)


def test_calendar_months_without_any_event_give_finite_factors():
    zone = np.zeros((5, 36))
    zone[:, ::12] = 30
    after_calendar = np.eye(12)[6]
    found, clearness = season_factors(
        zone, zone * 40, calendar=np.arange(36) % 12, after_calendar=after_calendar, month_weights=np.ones((1, 36)), dispersion=1.0
    )  # fmt: skip
    assert np.isfinite(found).all()
    assert np.isfinite(clearness).all()
