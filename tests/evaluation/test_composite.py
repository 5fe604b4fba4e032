"""A question over several parts: its interval by hand, its level, dependence, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from scipy.stats import t as student

from geoharm.evaluation.placebo.calibrated_ratio import LEVELS, undefined_calibrated_ratio
from geoharm.evaluation.pooling import composite
from geoharm.evaluation.pooling.composite import (
    MIN_SHARED_PLACES,
    ComponentEffect,
    component_correlation,
    pool_components,
)
from geoharm.model.estimate import Estimate, Interval
from geoharm.model.reason import Reason
from geoharm.model.spread import ForecastSpread, PooledSpread


def part(value, low, high, misses=None, *, error=0.2, freedom=30.0):
    """Return a part whose interval is the same at every level but for its width."""
    widths = [student.ppf(0.5 + level / 2, freedom) / student.ppf(0.975, freedom) for level in LEVELS]
    spans = tuple(
        Interval(value - width * (value - low), value + width * (high - value), level)
        for width, level in zip(widths, LEVELS, strict=True)
    )
    ratio = Estimate("log rate ratio", value, error, "log ratio", "", calibrated=True, intervals=spans, p=0.5)
    return ComponentEffect(ratio, ForecastSpread(100.0, 1.0, 0.02, 1.0, freedom), dict(enumerate_places(misses)))


def enumerate_places(misses):
    return {} if misses is None else {(0, place): float(miss) for place, miss in enumerate(misses)}


def drawn(seed, count=60):
    return np.random.default_rng(seed).normal(size=count)


@settings(max_examples=20, deadline=None)
@given(st.floats(-1, 1), st.floats(0.01, 2), st.floats(0.01, 2), st.integers(2, 5))
def test_a_measure_pooled_with_itself_keeps_its_interval(value, below, above, times):
    one = part(value, value - below, value + above, drawn(1))
    pooled, _, _ = pool_components([one] * times)
    for level in LEVELS:
        alone, together = one.ratio.interval(level), pooled.interval(level)
        assert (together.low, together.high) == pytest.approx((alone.low, alone.high), abs=1e-9)
    assert pooled.standard_error == pytest.approx(one.ratio.standard_error)


def test_ends_by_hand():
    """Correlation exactly one half: 0.5 * sqrt(0.3^2 + 0.4^2 + 2 * 0.5 * 0.3 * 0.4) below, and likewise above."""
    first = np.tile([1.0, -1.0, 0.0, 0.0], 10)
    second = np.tile([1.0, 0.0, 1.0, 0.0], 10)
    one, two = part(-0.4, -0.7, -0.2, first), part(-0.2, -0.6, 0.1, second, error=0.3)
    correlation, places = component_correlation([one, two])
    assert correlation[0, 1] == pytest.approx(0.5)
    assert places == 40
    pooled, spread, note = pool_components([one, two])
    assert pooled.standard_error == pytest.approx(0.5 * math.sqrt(0.04 + 0.09 + 0.06))
    # Both intervals reach 0.1 more below than above, at 80% in proportion: the bias of few events, of which a mean loses a part.
    bias = -0.05 * student.ppf(0.9, 30) / student.ppf(0.975, 30) / norm.ppf(0.9) ** 2
    share = (pooled.standard_error / 0.25) ** 2
    assert pooled.value == pytest.approx(-0.3 - bias * (1 - share))
    moved = -bias * (1 - share + norm.ppf(0.975) ** 2 * (math.sqrt(share) - share))
    span = pooled.interval()
    assert span.low == pytest.approx(-0.3 - 0.5 * math.sqrt(0.09 + 0.16 + 0.12) + moved)
    assert span.high == pytest.approx(-0.3 + 0.5 * math.sqrt(0.04 + 0.09 + 0.06) + moved)
    assert pooled.p == pytest.approx(2 * student.sf(-pooled.value / pooled.standard_error, 30))
    assert spread == PooledSpread((one.spread, two.spread), tuple(map(tuple, correlation.tolist())))
    assert note == "dependence learned from the forecasts' errors at 40 or more places without an operation"


def test_what_is_not_known_brings_nothing():
    """Too few places in common: as wide as the mean of the parts' own ends. Opposed misses: as if independent."""
    few = [part(-0.3, -0.6, 0.0, drawn(seed, MIN_SHARED_PLACES - 1)) for seed in (1, 2)]
    pooled, _, note = pool_components(few)
    assert pooled.interval().low == pytest.approx(-0.6)
    assert note.startswith("too few places in common")
    against = [part(-0.3, -0.6, 0.0, sign * drawn(1)) for sign in (1, -1)]
    assert pool_components(against)[0].interval().low == pytest.approx(-0.3 - 0.3 / math.sqrt(2))


def test_below_two_parts_nothing_is_pooled():
    nothing = ComponentEffect(undefined_calibrated_ratio("about 3.0 events are expected after, and 10 are needed"))
    pooled, spread, _ = pool_components([part(-0.3, -0.6, 0.0, drawn(1)), nothing, nothing])
    assert not pooled.is_defined
    assert nothing.ratio.reason is Reason.NO_INTERVAL
    assert pooled.reason is Reason.TOO_FEW
    assert pooled.note == "no pooled answer: 1 part of 3 can be answered, and two are needed"
    assert spread is None
    assert pool_components([nothing])[0].note == "no pooled answer: no parts of 1 can be answered, and two are needed"


def test_left_out_parts_change_nothing():
    both = [part(-0.3, -0.6, 0.0, drawn(1)), part(0.1, -0.2, 0.5, drawn(2))]
    with_gap = [both[0], ComponentEffect(undefined_calibrated_ratio("no place")), both[1]]
    assert pool_components(both) == pool_components(with_gap)
    swapped = pool_components(both[::-1])[0]
    assert swapped.interval().low == pytest.approx(pool_components(both)[0].interval().low)


def test_intervals_hold_their_level_and_best_weights_do_not():
    """Six parts learned at 30 places: equal weights cover 95 of 100, generalised least squares far fewer."""
    shared, spread = 0.3, 3.0
    rng = np.random.default_rng(7)
    size, places, worlds = 6, 30, 500
    root = np.linalg.cholesky(np.full((size, size), shared) + (1 - shared) * np.eye(size))
    scale = np.linspace(0.1, 0.1 * spread, size)
    reach = student.ppf(0.975, places - 1)
    held = {"equal": 0, "best": 0}
    for _ in range(worlds):
        misses = (rng.normal(size=(places + 1, size)) @ root.T) * scale
        known, own = misses[:places], misses[places]
        error = np.sqrt((known**2).mean(axis=0) * (1 + 1 / places))
        parts = [
            part(
                own[i], own[i] - reach * error[i], own[i] + reach * error[i], known[:, i], error=error[i], freedom=29.0
            )
            for i in range(size)
        ]
        held["equal"] += pool_components(parts)[0].interval().side == 0
        table = component_correlation(parts)[0] * np.outer(error, error)
        weights = np.linalg.solve(table, np.ones(size))
        weights /= weights.sum()
        held["best"] += abs(weights @ own) < reach * math.sqrt(weights @ table @ weights)
    assert held["equal"] / worlds >= 0.93
    assert held["best"] / worlds < 0.93


def test_a_part_whose_forecast_is_refused_has_no_ratio(monkeypatch):
    """There is a forecast, and a reason why no interval may be made from it: too few places, for instance."""
    monkeypatch.setattr(
        composite, "fit_forecast_and_pool", lambda *_, **__: (object(), None, "too few places", slice(0))
    )
    found = composite.component_effect(None, None, None, zone="target", after=None, count=5)
    assert not found.ratio.is_defined
    assert found.ratio.note == "no 95% interval is possible here: too few places"
    assert found.forecast_errors is None
