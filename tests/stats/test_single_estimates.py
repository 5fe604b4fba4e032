"""Dispersion and detectable change: simulation, edges, a published table."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from geoharm.errors import DesignError
from geoharm.stats.dispersion import monthly_dispersion
from geoharm.stats.minimum_detectable import minimum_detectable_fall
from geoharm.stats.permutation import permutation_p_value, permuted_differences


@pytest.mark.parametrize("phi", [1.0, 2.0, 5.0])
def test_dispersion_finds_the_planted_one(phi):
    """The mean over many series of 36 months; truncation at 1 lifts the Poisson one a little."""
    rng = np.random.default_rng(8)
    rates = np.linspace(40, 60, 36)
    found = []
    for _ in range(400):
        means = rates if phi == 1 else rng.gamma(rates / (phi - 1)) * (phi - 1)
        found.append(monthly_dispersion(rng.poisson(means)))
    assert phi * 0.97 <= np.mean(found) <= phi * 1.13


def test_missing_months_take_no_part():
    steady = [20.0, 22, 18, 21, math.nan, 19, 20, 22, 18]
    as_zero = [20.0, 22, 18, 21, 0, 19, 20, 22, 18]
    assert monthly_dispersion(steady) == 1.0
    assert monthly_dispersion(as_zero) > 2


@pytest.mark.parametrize("series", [[], [5.0], [math.nan] * 12, [0.0] * 12])
def test_nothing_to_learn_from_is_poisson(series):
    assert monthly_dispersion(series) == 1.0


@pytest.mark.parametrize(("count", "fall"), [(200, 0.38), (500, 0.24), (1000, 0.17)])
def test_detectable_fall_comes_near_the_wdd(count, fall):
    """Falls that the WDD of equal areas finds four times in five (simulated); ratio and difference agree there."""
    assert minimum_detectable_fall(count, other_variance=3 / count) == pytest.approx(fall, abs=0.04)


@pytest.mark.parametrize("before", [40, 100, 400])
def test_detectable_fall_by_simulation(before):
    """A fall of just that size leaves zero out in about four repetitions of five."""
    rng = np.random.default_rng(2)
    control = 4000
    fall = minimum_detectable_fall(before, other_variance=1 / before + 2 / control)
    draws = rng.poisson([before, before * (1 - fall), control, control], size=(20_000, 4)).astype(float)
    draws[draws == 0] = np.nan
    logs = np.log(draws[:, 1] / draws[:, 0]) - np.log(draws[:, 3] / draws[:, 2])
    errors = np.sqrt((1 / draws).sum(axis=1))
    assert np.mean(logs + 1.959964 * errors < 0) == pytest.approx(0.8, abs=0.04)


def test_nothing_expected_no_answer():
    assert math.isnan(minimum_detectable_fall(0, other_variance=0.1))
    assert math.isnan(minimum_detectable_fall(10, other_variance=math.nan))


def test_too_few_events_for_any_fall():
    assert minimum_detectable_fall(3, other_variance=0.5) == 1.0


def test_refuses_a_level_in_percent():
    with pytest.raises(DesignError, match="between 0 and 1"):
        minimum_detectable_fall(10, other_variance=0.1, level=95)


def test_permutations_against_every_choice():
    """Four of nine units: the 126 possible differences, each about as often as any other."""
    values = np.array(
        [[3.0, 1.0], [1.0, 4.0], [4.0, 1.0], [1.0, 5.0], [5.0, 9.0], [9.0, 2.0], [2.0, 6.0], [6.0, 5.0], [7.0, 3.0]]
    )
    every = []
    for held in combinations(range(9), 4):
        rest = [unit for unit in range(9) if unit not in held]
        every.append(values[list(held)].mean(axis=0) - values[rest].mean(axis=0))
    drawn = permuted_differences(values, chosen=4, permutations=40_000, seed=3)
    known = {tuple(np.round(one, 9)) for one in every}
    assert {tuple(row) for row in np.round(drawn, 9)} <= known
    assert drawn.mean(axis=0) == pytest.approx([0, 0], abs=0.03)
    assert drawn.std(axis=0) == pytest.approx(np.std(every, axis=0), rel=0.02)
    p = permutation_p_value(every[0], drawn)
    exact = (np.abs(every) >= np.abs(every[0]) - 1e-9).mean(axis=0)
    assert p == pytest.approx(exact, abs=0.015)


def test_permutations_repeat_with_their_seed_and_are_refused_without_two_groups():
    values = np.arange(12.0).reshape(6, 2)
    one = permuted_differences(values, chosen=2, permutations=99, seed=5)
    assert np.array_equal(one, permuted_differences(values, chosen=2, permutations=99, seed=5))
    assert not np.array_equal(one, permuted_differences(values, chosen=2, permutations=99, seed=6))
    with pytest.raises(DesignError, match="Between 1 and 5 of 6 units can be drawn; 6 was given"):
        permuted_differences(values, chosen=6, permutations=9, seed=1)
    with pytest.raises(DesignError, match="an array of 1 dimension"):
        permuted_differences(values[:, 0], chosen=2, permutations=9, seed=1)
    assert permutation_p_value([0.0, 1e9], one).tolist() == [1.0, 0.01]
