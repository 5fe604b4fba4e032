"""Mann-Kendall: a published value, ties, gaps, and the slow version."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau

from geoharm.errors import DesignError
from geoharm.stats.trend import mann_kendall


def slow(series):
    kept = [value for value in series if not math.isnan(value)]
    score = sum((b > a) - (b < a) for a, b in itertools.combinations(kept, 2))
    n = len(kept)
    ties = sum(t * (t - 1) * (2 * t + 5) for t in Counter(kept).values())
    return score, (n * (n - 1) * (2 * n + 5) - ties) / 18


@settings(deadline=None)
@given(st.lists(st.one_of(st.integers(0, 4).map(float), st.just(math.nan)), min_size=1, max_size=25))
def test_equals_the_slow_version(series):
    found = mann_kendall(series)
    assert (float(found.score), float(found.variance)) == pytest.approx(slow(series))


def test_published_value():
    """n = 10, S = 23: variance 125, p 0.0491 (issue 41 of the R package sfdep, made with R's Kendall)."""
    series = [2, 1, 3, 4, 5, 10, 9, 8, 7, 6]
    assert float(mann_kendall(series).score) == 23
    found = mann_kendall(series)
    assert float(found.variance) == 125
    assert float(found.p) == pytest.approx(0.04909798, abs=5e-9)


def test_same_score_as_scipy():
    rng = np.random.default_rng(1)
    for _ in range(20):
        series = rng.normal(size=15)
        tau = kendalltau(np.arange(15), series).statistic
        assert float(mann_kendall(series).score) == pytest.approx(tau * 15 * 14 / 2)


def test_a_gap_is_no_zero():
    """With a month missing the rest still rises without a break; as a zero it would not."""
    rising = [1.0, 2, 3, math.nan, 5, 6, 7]
    found = mann_kendall(rising)
    assert (float(found.score), float(found.variance)) == slow([1, 2, 3, 5, 6, 7])
    assert float(mann_kendall([0.0 if math.isnan(v) else v for v in rising]).p) > float(found.p)


def test_many_series_at_once():
    cube = np.random.default_rng(2).integers(0, 5, size=(4, 3, 12)).astype(float)
    found = mann_kendall(cube)
    assert found.z.shape == (4, 3)
    assert float(found.z[2, 1]) == float(mann_kendall(cube[2, 1]).z)


def test_undefined_is_a_value():
    assert np.isnan(mann_kendall([1.0, 2.0]).p)
    same = mann_kendall([3.0] * 8)
    assert (float(same.z), float(same.p)) == (0.0, 1.0)


def test_refuses_a_single_number():
    with pytest.raises(DesignError, match="needs a series"):
        mann_kendall(3.0)
