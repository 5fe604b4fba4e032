"""Empty months: their chance by hand, against simulation, and how often chance is taken for a gap."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.stats.dispersion import monthly_dispersion
from geoharm.stats.empty_months import MAX_CHANCE, chance_of_no_event


def test_by_hand():
    """No dispersion: the level is the lower side, and one month of another year halves nothing."""
    chance = chance_of_no_event([4, 4, 4, 0, 6, 6, 6])
    assert chance[3] == pytest.approx(math.exp(-4))
    assert list(chance[:3]) == [1, 1, 1]
    # With the variance phi times the mean, the negative binomial's zero is phi^(-mu / (phi - 1)).
    counts = [2, 9, 1, 12, 3, 0, 9, 1, 2, 12, 1]
    phi = monthly_dispersion([*counts[:5], math.nan, *counts[6:]])
    mean = min(sum(counts[:5]) / 5, sum(counts[6:]) / 5)
    assert phi > 1
    assert chance_of_no_event(counts)[5] == pytest.approx(phi ** (-mean / (phi - 1)))


def test_a_quiet_season_is_none():
    """Every January empty, in four years: no gap. One July empty: a gap."""
    year = [0, *[40] * 11]
    assert chance_of_no_event(year * 4)[12] > 0.3
    series = year * 4
    series[18] = 0
    chance = chance_of_no_event(series)
    assert chance[18] < MAX_CHANCE
    assert min(chance[[0, 12, 24, 36]]) > 0.3


def test_a_source_that_fades_away_has_no_gap_at_its_end():
    assert chance_of_no_event([60, 40, 30, 18, 9, 5, 3, 2, 2, 1, 1, 1, 0, 0, 0])[-3:].min() > 0.05


def test_a_long_outage_is_found_to_its_middle():
    assert (chance_of_no_event([*[190] * 12, *[0] * 30, *[190] * 12])[12:42] < MAX_CHANCE).all()


def test_a_month_that_is_covered_in_part_says_nothing_of_others():
    """One event in the first day after an outage of four months: not the level of a fading source."""
    counts, covered = [*[50] * 12, 0, 0, 0, 0, 1], [*[1] * 16, 1 / 31]
    assert (chance_of_no_event(counts, covered=covered)[12:16] < MAX_CHANCE).all()
    assert chance_of_no_event(counts)[12] > 0.3
    # Nothing in the first three days of a month may be chance.
    assert chance_of_no_event([*[50] * 12, 0], covered=[*[1] * 12, 0.1])[12] == pytest.approx(math.exp(-5))


def test_nothing_or_years():
    assert chance_of_no_event([0, 0, 0]).tolist() == [1, 1, 1]
    assert chance_of_no_event([]).size == 0
    assert chance_of_no_event([500, 0, 480], per_year=1)[1] < MAX_CHANCE


@settings(max_examples=20, deadline=None)
@given(rate=st.floats(0.3, 12), phi=st.floats(1, 5), seed=st.integers(0, 10_000))
def test_the_chance_is_that_of_counts_with_such_a_spread(rate, phi, seed):
    """Drawn counts of a given mean and dispersion: the formula's zero is the share of zeros."""
    rng = np.random.default_rng(seed)
    drawn = rng.poisson(rate, 40_000) if phi == 1 else rng.negative_binomial(rate / (phi - 1), 1 / phi, 40_000)
    zero = math.exp(-rate) if phi == 1 else phi ** (-rate / (phi - 1))
    assert np.mean(drawn == 0) == pytest.approx(zero, abs=0.01)


@pytest.mark.parametrize("rate", [0.5, 2, 5, 8, 12, 40])
def test_chance_is_seldom_taken_for_a_gap(rate):
    """300 sources of eight years with a season, a trend and a dispersion of 2: fewer than 2 in 100 have a false gap."""
    rng = np.random.default_rng(11)
    months = np.arange(96)
    mean = rate * np.exp(0.3 * np.sin(2 * np.pi * months / 12)) * np.linspace(0.7, 1.3, 96)
    draws = rng.negative_binomial(mean, 0.5, (300, 96))
    alarms = sum(bool((chance_of_no_event(draw) < MAX_CHANCE).any()) for draw in draws)
    assert alarms <= 6
