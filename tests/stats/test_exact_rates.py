"""The exact interval of a rate ratio: against the hypergeometric distribution, undefined answers, refusals."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import fisher_exact, nchypergeom_fisher

from geoharm.errors import DesignError
from geoharm.stats.exact_rates import exact_rate_ratio

small = st.integers(0, 12)


@settings(deadline=None)
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
        exact_rate_ratio(((bad, 3), (5, 5)))
