"""One regression over many operations: statsmodels' own number, the jackknife by hand, its level, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import t as student

from geoharm.evaluation.estimators.clustered_ratio import clustered_ratio
from geoharm.evaluation.estimators.rate_ratio import log_rate_ratio
from geoharm.model.counts import Change


def pairs(seed, count=10, *, effect=0.0, drift=0.0):
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        level, change = rng.uniform(40, 120), math.exp(effect + drift * rng.normal())
        zone = Change("target", int(rng.poisson(level)), int(rng.poisson(level * change)))
        found.append((zone, Change("control", int(rng.poisson(3000)), int(rng.poisson(3000)))))
    return found


def poisson_of(changes):
    """Return statsmodels' coefficient of the Poisson regression with area and operation-by-time effects."""
    counts, rows = [], []
    for number, (zone, control) in enumerate(changes):
        for is_zone, change in ((1, zone), (0, control)):
            for later, value in ((0, change.before), (1, change.after)):
                counts.append(value)
                row = np.zeros(3 * len(changes) + 1)
                row[number] = is_zone
                row[len(changes) + 2 * number + later] = 1
                row[-1] = is_zone * later
                rows.append(row)
    return sm.GLM(counts, np.array(rows), family=sm.families.Poisson()).fit(tol=1e-12).params[-1]


def test_value_and_error_are_statsmodels_own_left_one_out():
    changes = pairs(1, effect=-0.4, drift=0.2)
    found = clustered_ratio(changes)
    assert found.value == pytest.approx(poisson_of(changes), abs=1e-7)
    without = [poisson_of(changes[:place] + changes[place + 1 :]) for place in range(10)]
    assert found.standard_error**2 == pytest.approx(0.9 * sum((one - found.value) ** 2 for one in without), rel=1e-5)
    assert found.value < 0
    assert found.note == "errors clustered by 10 operations (jackknife, t with 9)"


def test_its_intervals_are_those_of_the_t_distribution():
    found = clustered_ratio(pairs(1, effect=-0.4, drift=0.2))
    for level in (0.8, 0.9, 0.95, 0.99):
        reach = student.ppf(0.5 + level / 2, 9) * found.standard_error
        span = found.interval(level)
        assert (span.low, span.high) == pytest.approx((found.value - reach, found.value + reach))
    assert found.p == pytest.approx(2 * student.sf(abs(found.value) / found.standard_error, 9))


def test_operations_that_are_all_alike_say_what_one_says():
    zone, control = Change("target", 80, 50), Change("control", 900, 950)
    found = clustered_ratio([(zone, control)] * 12)
    assert found.value == pytest.approx(log_rate_ratio(zone, control).value, abs=1e-8)
    assert found.standard_error == pytest.approx(0, abs=1e-8)


def test_swapping_before_and_after_turns_the_sign():
    changes = pairs(3, effect=-0.3)
    back = [tuple(Change(one.area, one.after, one.before) for one in pair) for pair in changes]
    assert clustered_ratio(back).value == pytest.approx(-clustered_ratio(changes).value, abs=1e-7)


def test_ten_operations_that_drift_apart_keep_the_level():
    """Places drift by a third; 80 studies: about 95 of 100 intervals hold no change."""
    held = [clustered_ratio(pairs(seed, drift=0.35)).interval().side == 0 for seed in range(80)]
    assert 0.88 <= np.mean(held) <= 1.0


def test_below_ten_there_is_none():
    found = clustered_ratio([*pairs(1, 9), (Change("target", 0, 0), Change("control", 5, 5))])
    assert not found.is_defined
    assert found.note == "9 operations have events in zone and control, and 10 are needed to cluster by them"
