"""The distributions are those of scipy.stats, to the last digits and at their edges."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from geoharm.stats.distributions import (
    beta_quantile,
    chi2_survival,
    normal_quantile,
    normal_survival,
    t_quantile,
    t_survival,
)

number = st.floats(-40, 40)
edges = st.sampled_from([0.0, math.inf, -math.inf, math.nan])
probability = st.floats(0, 1)
freedom = st.one_of(st.integers(1, 500), st.floats(0.2, 500))
# Counts and the like; for shapes under one half and tails under 1e-9 the two inversions end at other digits.
shape = st.floats(0.5, 500)


def same(ours, theirs):
    np.testing.assert_allclose(ours, theirs, rtol=1e-13, atol=0)


@settings(deadline=None)
@given(st.one_of(number, edges), probability)
def test_normal(z, p):
    same(normal_survival(z), stats.norm.sf(z))
    same(normal_quantile(p), stats.norm.ppf(p))


@settings(deadline=None)
@given(st.one_of(number, edges), freedom)
def test_t_tail(t, degrees):
    same(t_survival(t, degrees), stats.t.sf(t, degrees))


@settings(deadline=None)
@given(st.floats(1e-12, 1 - 1e-12), freedom)
def test_t_quantile(p, degrees):
    same(t_quantile(p, degrees), stats.t.ppf(p, degrees))


@settings(deadline=None)
@given(st.one_of(number, edges), freedom)
def test_chi2(statistic, degrees):
    same(chi2_survival(statistic, degrees), stats.chi2.sf(statistic, degrees))


@settings(deadline=None)
@given(st.floats(1e-9, 1 - 1e-9), shape, shape)
def test_beta(p, a, b):
    np.testing.assert_allclose(beta_quantile(p, a, b), stats.beta.ppf(p, a, b), rtol=1e-10)


@pytest.mark.parametrize("degrees", [math.inf, math.nan, -1.0, 0.0])
def test_t_with_unusual_degrees_of_freedom(degrees):
    same(t_quantile(0.975, degrees), stats.t.ppf(0.975, degrees))
    same(t_survival(1.5, degrees), stats.t.sf(1.5, degrees))


def test_arrays_are_answered_element_by_element():
    values = np.array([[0.0, 1.0, np.nan], [2.0, 3.0, 4.0]])
    same(chi2_survival(values, 1), stats.chi2.sf(values, 1))
    assert t_survival(values, np.array([1, 2, 3])).shape == (2, 3)
