"""Promises of power and ways to pool, on numbers whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest

from bench import pooling, promises
from bench.pooling import constant_correlation, estimate_of, intervals, mover, pooled_measures
from bench.promises import found_alone, made_forecast
from geoharm.evaluation.placebo.calibrated_ratio import calibrated_ratio
from geoharm.evaluation.pooling.operations import CORRELATION, pool_effects


def test_what_is_found_alone_is_what_the_printed_interval_says():
    forecast = made_forecast(60.0, 1.5, 0.02, 1.1, 40.0)
    counts = np.arange(0, 90)
    printed = [calibrated_ratio(forecast, int(count)).interval().high < 0 for count in counts]
    assert found_alone(forecast, counts).tolist() == printed


def numbers_of(forecast):
    return [
        forecast.mean, forecast.phi, forecast.tau2, forecast.bias, forecast.scale, forecast.degrees_of_freedom,
        forecast.log_error, forecast.detectable_fall,
    ]  # fmt: skip


def test_the_bench_pools_as_the_program_does():
    made = [made_forecast(60.0, 1.5, 0.02, 1.1, 40.0), made_forecast(200.0, 2.0, 0.01, 1.0, 60.0)]
    counts = (44, 150)
    rows = [
        (str(place), calibrated_ratio(one, count)) for place, (one, count) in enumerate(zip(made, counts, strict=True))
    ]
    span = pool_effects(rows).pooled.interval()
    estimates = np.array([estimate_of(numbers_of(one), count) for one, count in zip(made, counts, strict=True)])
    ways = intervals(estimates)
    assert ways[f"own ends, equal weights, {CORRELATION:g}"] == pytest.approx((span.low, span.high))
    assert set(pooling.SHOWN) <= set(ways)
    alone = mover(estimates[:1], np.ones(1), constant_correlation(1, 0.3))
    first = rows[0][1].interval()
    assert alone == pytest.approx((first.low, first.high))


def test_a_refused_measure_leaves_no_mean_of_measures():
    one = numbers_of(made_forecast(60.0, 1.5, 0.02, 1.1, 40.0))
    row = {"f": [one, None, one], "y": [[44, 50, 60]], "t": [[-0.3, 0.0, 0.1]], "r": [0.5, 0.0, 0.2]}
    assert pooled_measures(row, 0, [0, 1]) is None
    (value, *_), truth = pooled_measures(row, 0, [0, 2])
    parts = [estimate_of(one, count)[0] for count in (44, 60)]
    assert sum(parts) / 2 < value < sum(parts) / 2 + 0.01
    assert truth == pytest.approx(-0.1)


def test_a_promise_that_is_too_bold_is_seen(monkeypatch):
    """Targets whose true expected count is the forecast's: the promise at the fall is kept, the one at no change is not."""
    monkeypatch.setattr(promises, "DRAWS", 400)
    target = {"ca": [0, -1, 1], "m": 30.0, "fc": [30.0, 0.5, 600.0, 20, 2.0, 1e-9, (2 / 30) ** 0.5, 10.0, 1.0, 1]}
    rows = [{"cell": "base: local, v 2", "seed": seed, "row": {"target": [target]}} for seed in range(40)]
    months, mean, fall, found, before = np.array(list(promises.kept_alone(rows))).mean(axis=0)
    assert (months, mean) == (12, 30)
    assert found == pytest.approx(0.8, abs=0.03)
    assert before < 0.72
    assert 0.55 < fall < 0.65
