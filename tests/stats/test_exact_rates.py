"""Exact tests of small counts: published values, a slow referee, properties, undefined answers."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import fisher_exact, nchypergeom_fisher

from geoharm.errors import DesignError
from geoharm.stats.exact_rates import conditional_test, e_test, exact_rate_ratio

small = st.integers(0, 12)


def slow_e_test(first, second, one=1.0, two=1.0, difference=0.0):
    """Return the e-test, one pair of counts at a time."""
    rate = (first + second) / (one + two) - difference * one / (one + two)

    def t(a, b):
        spread = math.sqrt(a / one**2 + b / two**2)
        gap = a / one - b / two - difference
        return gap / spread if spread else (0.0 if gap == 0 else math.inf)

    def mass(k, mean):
        return math.exp(k * math.log(mean) - mean - math.lgamma(k + 1))

    if t(first, second) == 0:
        return 1.0
    found = 0.0
    for a in range(80):
        for b in range(80):
            if abs(t(a, b)) >= abs(t(first, second)) * (1 - 1e-12):
                found += mass(a, one * (rate + difference)) * mass(b, two * rate)
    return found


@pytest.mark.parametrize(
    ("first", "second", "expect"),
    [(0, 3, 0.08837900945), (6, 2, 0.17487482), (10, 5, 0.2061644140757639), (15, 5, 0.025035114389344547)],
)
def test_published_values(first, second, expect):
    """The crimepy package (wdd.py, etest); 6 and 2 is the second example of Krishnamoorthy and Thomson 2004."""
    assert e_test(first, second) == pytest.approx(expect, rel=1e-7)
    assert e_test(second, first) == pytest.approx(expect, rel=1e-7)


@settings(max_examples=12, deadline=None)
@given(small, small, st.sampled_from([1.0, 2.0, 3.5]), st.sampled_from([0.0, 1.0]))
def test_against_the_slow_version(first, second, one, difference):
    found = e_test(first, second, exposure=(one, 1.0), difference=difference)
    if math.isnan(found):
        assert (first + second) / (one + 1) - difference * one / (one + 1) <= 0 or first + second == 0
    else:
        assert found == pytest.approx(min(1, slow_e_test(first, second, one, 1.0, difference)), abs=1e-6)


def test_where_a_peer_departs_from_the_paper():
    """crimepy standardises by the pooled rate: 0.2018 and 0.00154 here, where the published test gives these."""
    assert e_test(15, 5, difference=5) == pytest.approx(slow_e_test(15, 5, difference=5), abs=1e-6)
    assert e_test(15, 5, difference=5) == pytest.approx(0.27268, abs=1e-5)
    assert e_test(100, 25, exposure=(10, 5)) == pytest.approx(0.000574719, rel=1e-5)


@given(small, small)
def test_the_conditional_test_is_the_more_timid(first, second):
    """A binomial with one half, added up by hand."""
    found, total = conditional_test(first, second), first + second
    if total == 0:
        assert math.isnan(found)
        return
    weights = [math.comb(total, k) for k in range(total + 1)]
    by_hand = sum(weight for weight in weights if weight <= weights[first]) / 2**total
    assert found == pytest.approx(by_hand)


@given(small, small, small, small)
def test_exact_interval_against_the_hypergeometric(z1, z0, c1, c0):
    span = exact_rate_ratio(((z1, z0), (c1, c0)))
    if 0 in (z1 + z0, c1 + c0):
        assert math.isnan(span.low)
        return
    total, events, draws = z1 + z0 + c1 + c0, z1 + c1, z1 + z0

    def tail(log_ratio, side):
        law = nchypergeom_fisher(total, events, draws, math.exp(log_ratio))
        return law.sf(z1 - 1) if side == "low" else law.cdf(z1)

    if math.isfinite(span.low):
        assert tail(span.low, "low") == pytest.approx(0.025, rel=1e-3)
    if math.isfinite(span.high):
        assert tail(span.high, "high") == pytest.approx(0.025, rel=1e-3)
    if span.side != 0:
        assert fisher_exact([[z1, z0], [c1, c0]]).pvalue < 0.05


def test_zero_after_bounds_one_side_only():
    span = exact_rate_ratio(((0, 20), (100, 100)))
    assert span.low == -math.inf
    assert span.high < 0


@pytest.mark.parametrize("bad", [-1, 0.5, float("nan")])
def test_refuses_what_is_no_count(bad):
    with pytest.raises(DesignError, match="whole number, zero or more"):
        e_test(bad, 3)
