"""Pattern shift: symmetric, equal to scipy's chi-square, a published p-value, shares and not counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, chi2_contingency

from geoharm.errors import DesignError
from geoharm.hotspots.change.pattern_similarity import similarity_test

BASE, TEST = [2, 2, 2, 1, 0, 1], [2, 1, 2, 2, 1, 1]


def test_swapping_the_patterns_only_turns_the_signs():
    """The original resampling test gives 0.8333 one way and 0.5 the other on this toy of the package sppt."""
    one, two = similarity_test(BASE, TEST, dependence="none"), similarity_test(TEST, BASE, dependence="none")
    assert one.similarity == two.similarity == 1.0
    assert np.array_equal(one.p, two.p, equal_nan=True)


counts = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=2, max_size=20).filter(
    lambda rows: sum(a for a, _ in rows) > 0 and sum(b for _, b in rows) > 0
)


@settings(deadline=None)
@given(counts)
def test_equals_the_slow_version(rows):
    one, two = np.array(rows).T
    found = similarity_test(one, two, dependence="none")
    everything = one.sum() + two.sum()
    for area, (a, b) in enumerate(rows):
        table = np.array([[a, b], [one.sum() - a, two.sum() - b]])
        if 0 in table.sum(axis=1):
            assert np.isnan(found.p[area])
            continue
        statistic = chi2_contingency(table, correction=False).statistic * (everything - 1) / everything
        assert found.p[area] == pytest.approx(chi2.sf(statistic, 1), abs=1e-12)
        yates = similarity_test(one, two, dependence="none", continuity=True).p[area]
        assert yates == pytest.approx(chi2_contingency(table, correction=True).pvalue, abs=1e-12)


@settings(deadline=None)
@given(counts)
def test_symmetric(rows):
    one, two = np.array(rows).T
    here, there = similarity_test(one, two), similarity_test(two, one)
    assert (here.side == -there.side).all()
    assert here.similarity == there.similarity


def test_published_p_value():
    """An area of Durham, 42 of 13,953 and 30 of 3,250: p 1.616077e-06 in a notebook of crimepy, by Yates."""
    found = similarity_test([42, 13_953 - 42], [30, 3_250 - 30], dependence="none", continuity=True)
    assert found.p[0] == pytest.approx(1.616077e-06, rel=1e-6)
    assert found.side.tolist() == [1, -1]


def test_twice_as_many_everywhere_is_no_shift():
    rng = np.random.default_rng(1)
    one = rng.poisson(40, 100)
    assert similarity_test(one, 2 * one).similarity == 1.0


def test_an_area_that_gains_is_found_after_the_correction():
    rng = np.random.default_rng(1)
    one, two = rng.poisson(40, 100), rng.poisson(40, 100)
    two[7] += 60
    found = similarity_test(one, two)
    assert found.side[7] == 1
    assert found.similarity == 0.99
    assert (similarity_test(one, two, dependence="none").side != 0).sum() > 1


def test_areas_empty_in_both_are_no_evidence_of_likeness():
    one, two = np.array([0, 0, 0, 100, 900]), np.array([0, 0, 0, 300, 700])
    found = similarity_test(one, two)
    assert np.isnan(found.p[:3]).all()
    assert found.similarity == 0.6
    assert found.robust_similarity == 0.0


def test_sparse_areas_are_said():
    assert similarity_test([1, 0, 99], [0, 1, 99]).note.startswith("2 of 3 areas have an expected count below one")
    assert similarity_test([50, 50], [50, 50]).note == ""


@pytest.mark.parametrize(
    ("one", "two", "why"),
    [([1.5, 2], [1, 2], "whole counts"), ([0, 0], [1, 2], "at least one event"), ([1, 2], [1, 2, 3], "2 and 3")],
)
def test_refusals(one, two, why):
    with pytest.raises(DesignError, match=why):
        similarity_test(one, two)
