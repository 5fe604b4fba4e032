"""What several answers find together: the promise is kept by the interval that is printed."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from geoharm.evaluation.placebo.calibrated_ratio import calibrated_ratio
from geoharm.evaluation.placebo.forecast import Forecast
from geoharm.evaluation.pooling.carried_ends import carried_mean
from geoharm.evaluation.pooling.common_fall import (
    MOST_OPERATIONS,
    common_detectable_fall,
    operations_for,
    pooled_detectable_fall,
)
from geoharm.evaluation.pooling.operations import CORRELATION, operations_correlation
from geoharm.model.spread import ForecastSpread, PooledSpread
from geoharm.stats.minimum_detectable import stabilised_detectable_fall
from geoharm.stats.variance_stabilising import stabilisation_bias, stabilise_variance, unstabilise_variance

FREEDOM = 500.0
T = 1.964719837, 0.842353  # 97.5 and 80% quantiles of t with 500 degrees of freedom


def spread(mean, *, phi=1.5, tau2=0.02, scale=1.1, freedom=FREEDOM):
    return ForecastSpread(mean, phi, tau2, scale, freedom)


def forecast(one):
    bias = float(stabilisation_bias(one.mean, phi=one.phi, tau2=one.tau2))
    error = one.scale * math.sqrt(one.phi / one.mean + one.tau2)
    return Forecast(
        one.mean, one.phi, one.tau2, bias, one.scale, one.degrees_of_freedom, 1, 1.0, error, 0.3, 100, 50.0, 20, 10.0,
        0.0, (), (), 1.0, 1.0, (), (),
    )  # fmt: skip


@pytest.mark.parametrize("mean", [15.0, 60.0, 1000.0])
def test_one_answer_has_its_own_detectable_fall(mean):
    one = spread(mean)
    own = stabilised_detectable_fall(mean, phi=one.phi, tau2=one.tau2, distance=sum(T) * one.scale)
    assert pooled_detectable_fall(one, 1) == pytest.approx(own, abs=2e-4)


def found(parts, fall, correlation, draws=1500, seed=3):
    """Return how often the mean's printed interval lies below zero after a fall; errors correlate as they are taken to."""
    rng = np.random.default_rng(seed)
    errors = rng.multivariate_normal(np.zeros(len(parts)), correlation, size=draws)
    made = [forecast(one) for one in parts]
    hits = 0
    for row in errors:
        ratios = []
        for one, learned, error in zip(parts, made, row, strict=True):
            mean, scales = one.mean * (1 - fall), {"phi": one.phi, "tau2": one.tau2}
            place = float(stabilise_variance(mean, **scales)) + float(stabilisation_bias(mean, **scales))
            count = float(unstabilise_variance(place + error * one.scale, **scales))
            ratios.append(calibrated_ratio(learned, round(max(count, 0))))
        hits += carried_mean(ratios, correlation, name="mean").interval().high < 0
    return hits / draws


@pytest.mark.slow
@pytest.mark.parametrize("count", [2, 4, 16])
@pytest.mark.parametrize("mean", [30.0, 60.0, 400.0])
def test_what_is_promised_of_operations_is_found_four_times_in_five(mean, count):
    parts, correlation = [spread(mean)] * count, operations_correlation(count)
    fall = pooled_detectable_fall(parts[0], count)
    assert found(parts, fall, correlation) == pytest.approx(0.8, abs=0.045)


@pytest.mark.slow
@pytest.mark.parametrize("mean", [15.0, 30.0])
def test_sixteen_small_operations_name_no_fall_where_none_is(mean):
    """The mean logarithm of few events is low by itself: without its correction 6 to 7% lie below zero, and 2.5% should."""
    parts = [spread(mean)] * 16
    assert found(parts, 0.0, operations_correlation(16)) <= 0.025 + 3 * math.sqrt(0.025 * 0.975 / 1500)


@pytest.mark.slow
def test_unlike_operations_and_composites_keep_their_promise_too():
    parts = [spread(20.0), spread(80.0, tau2=0.05), spread(300.0, scale=0.9)]
    correlation = np.full((3, 3), 0.4) + 0.6 * np.eye(3)
    together = PooledSpread(tuple(parts), tuple(map(tuple, correlation.tolist())))
    assert found(parts, common_detectable_fall([together]), correlation) == pytest.approx(0.8, abs=0.035)
    apart = common_detectable_fall([PooledSpread((one,)) for one in parts])
    assert found(parts, apart, operations_correlation(3)) == pytest.approx(0.8, abs=0.035)


def test_more_operations_find_less_down_to_what_they_share():
    one = spread(60.0)
    falls = [pooled_detectable_fall(one, count) for count in (1, 2, 4, 16, MOST_OPERATIONS)]
    assert falls == sorted(falls, reverse=True)
    needed = operations_for(one, 0.3)
    assert pooled_detectable_fall(one, int(needed)) <= 0.3 < pooled_detectable_fall(one, int(needed) - 1)
    shared = -math.expm1(-sum(T) * math.sqrt(CORRELATION) * one.scale * math.sqrt(one.phi / one.mean + one.tau2))
    assert math.isnan(operations_for(one, shared / 2))
    assert operations_for(one, 0.99) == 1


def test_without_answers_nothing_is_said_and_a_hopeless_one_is_a_whole():
    assert math.isnan(common_detectable_fall([]))
    assert common_detectable_fall([PooledSpread((replace(spread(3.0), scale=9.0),))]) == 1.0
