"""Rate ratio: brute force, properties, undefined answers."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoharm.evaluation.estimators.rate_ratio import log_rate_ratio
from geoharm.model.counts import Change
from geoharm.model.reason import Reason

some = st.integers(1, 5000)


@given(some, some, some, some)
def test_formula(z0, z1, c0, c1):
    found = log_rate_ratio(Change("Z", z0, z1), Change("C", c0, c1))
    assert found.value == pytest.approx(math.log((z1 / z0) / (c1 / c0)), abs=1e-12)
    assert found.standard_error == pytest.approx(math.sqrt(1 / z0 + 1 / z1 + 1 / c0 + 1 / c1))


@given(some, some, some, some)
def test_swapping_zone_and_control_flips_the_sign(z0, z1, c0, c1):
    zone, control = Change("Z", z0, z1), Change("C", c0, c1)
    assert log_rate_ratio(zone, control).value == pytest.approx(-log_rate_ratio(control, zone).value, abs=1e-12)


@given(some, some, some, some, st.integers(2, 9))
def test_longer_windows_for_both_change_nothing(z0, z1, c0, c1, times):
    """Windows of unequal length cancel: counts after that are all k times larger leave the ratio."""
    one = log_rate_ratio(Change("Z", z0, z1), Change("C", c0, c1)).value
    two = log_rate_ratio(Change("Z", z0, times * z1), Change("C", c0, times * c1)).value
    assert one == pytest.approx(two, abs=1e-9)


def test_standard_error_against_simulation():
    """Poisson counts of known means: the spread of the log ratio is what the formula says."""
    rng = np.random.default_rng(5)
    means = (200, 150, 2000, 2200)
    draws = rng.poisson(means, size=(20_000, 4))
    logs = np.log(draws[:, 1] / draws[:, 0]) - np.log(draws[:, 3] / draws[:, 2])
    found = log_rate_ratio(Change("Z", 200, 150), Change("C", 2000, 2200))
    assert logs.std() == pytest.approx(found.standard_error, rel=0.03)
    assert logs.mean() == pytest.approx(found.value, abs=0.01)


@pytest.mark.parametrize(
    ("zone", "control", "why"),
    [
        ((0, 5), (9, 9), "the count before in Z is 0"),
        ((5, 0), (9, 9), "the count after in Z is 0"),
        ((5, 5), (0, 9), "the count before in C is 0"),
        ((5, 5), (9, 0), "the count after in C is 0"),
    ],
)
def test_a_zero_count_is_an_answer_with_a_note(zone, control, why):
    found = log_rate_ratio(Change("Z", *zone), Change("C", *control))
    assert math.isnan(found.value)
    assert found.note == why
    assert found.reason is Reason.ZERO_COUNT
    assert math.isnan(found.interval().low)
