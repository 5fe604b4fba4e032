"""Fieller's sets hold their level in every shape; a simultaneous band holds the whole curve."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import chi2, norm

from geoharm.errors import DesignError
from geoharm.model.confidence_set import ConfidenceSet
from geoharm.stats.fieller import fieller_set
from geoharm.stats.simultaneous_bands import simultaneous_multiplier

number = st.floats(-9, 9).map(lambda x: round(x, 3))
positive = st.floats(0.05, 4).map(lambda x: round(x, 3))


@given(number, number, positive, positive, st.floats(-0.9, 0.9), number)
def test_a_ratio_is_in_the_set_exactly_if_its_test_does_not_reject(a, b, va, vb, rho, ratio):
    """The definition, checked at one ratio at a time."""
    covariance = rho * math.sqrt(va * vb)
    found = fieller_set(a, b, variances=(va, vb), covariance=covariance)
    z = abs(a - ratio * b) / math.sqrt(va - 2 * ratio * covariance + ratio**2 * vb)
    if abs(z - 1.959964) > 1e-6:
        assert (ratio in found) == (z < 1.959964)


@pytest.mark.parametrize("denominator", [0.0, 0.5, 1.5, 6.0])
def test_coverage_whatever_the_denominator(denominator):
    """95 % of sets hold the truth, also where the ratio is hardly defined; a delta interval would not."""
    rng, truth = np.random.default_rng(4), -0.5
    draws = rng.normal([truth * denominator, denominator], 1, size=(4000, 2))
    inside = [truth in fieller_set(a, b, variances=(1, 1)) for a, b in draws]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.012)


def test_shapes_and_words():
    assert fieller_set(1, 10, variances=(0.01, 0.01)).shape == "interval"
    assert fieller_set(0.1, 0.1, variances=(1, 1)).text() == "any value"
    apart = fieller_set(5, 0.5, variances=(1, 1))
    assert apart.shape == "two pieces"
    assert not apart.is_bounded
    assert 0 not in apart
    assert 1000 in apart
    nothing = fieller_set(math.nan, 1, variances=(1, 1))
    assert (nothing.shape, nothing.text()) == ("none", "a part of the ratio is undefined")
    assert "x" not in nothing
    assert ConfidenceSet(((2.0, math.inf),), 0.95, "profile").shape == "half-line"


def test_a_denominator_exactly_at_the_edge_leaves_a_half_line():
    z = 1.9599639845400545
    edge = fieller_set(3, z, variances=(1, 1))
    assert edge.shape in ("half-line", "interval", "two pieces")
    assert 3 / z in edge


def test_band_of_one_and_of_independent_points():
    assert simultaneous_multiplier([[4.0]], seed=0) == pytest.approx(1.96, abs=0.03)
    exact = 2.7995  # the two-sided quantile at 0.95 ** (1 / 10)
    assert simultaneous_multiplier(np.eye(10), seed=0) == pytest.approx(exact, abs=0.03)
    together = simultaneous_multiplier(np.full((10, 10), 1.0), seed=0)
    assert together == pytest.approx(1.96, abs=0.03)


def test_a_band_with_an_estimated_spread_has_the_quantile_of_t():
    """One point: Student's t; as good as one point: the same; independent points: at least the union's quantile."""
    assert simultaneous_multiplier([[4.0]], seed=0, degrees_of_freedom=5) == pytest.approx(2.571, abs=0.05)
    together = simultaneous_multiplier(np.full((10, 10), 1.0), seed=0, degrees_of_freedom=5)
    assert together == pytest.approx(2.571, abs=0.05)


def test_the_band_of_independent_points_with_a_shared_spread_is_that_of_an_integral():
    """P(max |T| <= c) is the mean of (2 Phi(c s) - 1)^5 over the distribution of the spread s."""

    def held(multiplier):
        def density(value):
            return (2 * norm.cdf(multiplier * math.sqrt(value / 10)) - 1) ** 5 * chi2.pdf(value, 10)

        return quad(density, 0, 100)[0]

    exact = brentq(lambda multiplier: held(multiplier) - 0.95, 1, 6)
    assert simultaneous_multiplier(np.eye(5), seed=0, degrees_of_freedom=10) == pytest.approx(exact, abs=0.04)


def test_points_without_variance_take_no_part():
    assert simultaneous_multiplier(np.diag([1.0, 0.0]), seed=3) == simultaneous_multiplier([[1.0]], seed=3)
    with pytest.raises(DesignError, match="No point of the curve has an error"):
        simultaneous_multiplier([[0.0]], seed=3)
    with pytest.raises(DesignError, match="square table"):
        simultaneous_multiplier([1.0, 2.0], seed=3)
