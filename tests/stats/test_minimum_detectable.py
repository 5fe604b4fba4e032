"""The fall that is found four times in five, on the variance-stabilised scale."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nbinom, norm, poisson

from geoharm.stats.minimum_detectable import stabilised_detectable_fall
from geoharm.stats.variance_stabilising import stabilisation_bias, stabilise_variance


@pytest.mark.parametrize("phi", [1.0, 2.0, 5.0])
@pytest.mark.parametrize("tau2", [0.0, 0.04])
@pytest.mark.parametrize(("mean", "apart"), [(15.0, 0.06), (30.0, 0.035), (60.0, 0.02), (200.0, 0.012), (1000.0, 0.01)])
def test_a_fall_on_the_stabilised_scale_is_found_four_times_in_five(mean, phi, tau2, apart):
    """Exact sums over a negative binomial count; few events leave large steps. The log error at no change promises too much."""
    distance = norm.ppf(0.975) + norm.ppf(0.8)

    def found(fall):
        after = mean * (1 - fall)
        variance = phi * after + tau2 * after**2
        counts = np.arange(int(after + 15 * math.sqrt(variance)) + 20)
        excess = variance - after
        probability = (
            poisson.pmf(counts, after)
            if excess < 1e-9
            else nbinom.pmf(counts, after * after / excess, after / variance)
        )
        far = (
            stabilise_variance(counts, phi=phi, tau2=tau2)
            - stabilisation_bias(mean, phi=phi, tau2=tau2)
            - stabilise_variance(mean, phi=phi, tau2=tau2)
        )
        return float(probability[far < -norm.ppf(0.975)].sum())

    fall = stabilised_detectable_fall(mean, phi=phi, tau2=tau2, distance=distance)
    assert found(fall) == pytest.approx(0.8, abs=apart)
    at_no_change = -math.expm1(-distance * math.sqrt(phi / mean + tau2))
    assert fall > at_no_change
    if mean <= 60:
        assert found(at_no_change) < found(fall)


@given(st.floats(0.5, 1e5), st.floats(1, 8), st.floats(0, 1), st.floats(0.01, 30), st.floats(1.001, 3))
def test_a_fall_on_the_stabilised_scale_grows_with_its_distance(mean, phi, tau2, distance, more):
    near, far = (
        stabilised_detectable_fall(mean, phi=phi, tau2=tau2, distance=one) for one in (distance, more * distance)
    )
    assert 0 < near <= far <= 1
    assert near < far or far == 1
