"""Effect decay: planted phases are found, and what the data cannot tell is refused with the reason."""

from __future__ import annotations

import math

import numpy as np
import pytest

from geoharm.errors import DesignError
from geoharm.evaluation.estimators.effect_decay import effect_decay

START, STOP, MONTHS = 24, 36, 72


def planted(*, drop=0.0, decay=0.0, residual=0.0, life=math.inf, level=200.0, seed=None):
    """Return target and control; without a seed the counts are the means, rounded."""
    t = np.arange(MONTHS)
    city = level * np.exp(0.2 * np.sin(t / 2))
    log = np.where((t >= START) & (t < STOP), drop + decay * (t - START), 0.0)
    log = log + np.where(t >= STOP, residual * np.exp(-(t - STOP + 0.5) / life), 0.0)
    means = city * np.exp(log), 5 * city
    if seed is None:
        return tuple(np.round(mean) for mean in means)
    return tuple(np.random.default_rng(seed).poisson(mean) for mean in means)


def clock(series, **more):
    return effect_decay(*series, **({"start": START, "stop": STOP} | more))


def test_planted_phases_are_found():
    found = clock(planted(drop=-0.8, decay=0.04, residual=-0.5, level=5000))
    assert found.initial.value == pytest.approx(-0.8, abs=0.02)
    assert found.decay.value == pytest.approx(0.04, abs=0.002)
    assert found.residual.value == pytest.approx(-0.5, abs=0.01)
    assert found.not_estimated == ()


def test_without_decay_the_parts_are_ratios_of_sums():
    """With one level while it ran and one since, the model is saturated: the ratios of the sums, as by hand."""
    target, control = (np.random.default_rng(seed).poisson(level, 27) for seed, level in ((1, 30), (2, 300)))
    found = effect_decay(target, control, start=12, stop=15)

    def log_ratio(part):
        return math.log(target[part].sum() / control[part].sum())

    assert found.initial.value == pytest.approx(log_ratio(slice(12, 15)) - log_ratio(slice(0, 12)), abs=1e-7)
    assert found.residual.value == pytest.approx(log_ratio(slice(15, 27)) - log_ratio(slice(0, 12)), abs=1e-7)


def test_a_residual_that_fades_is_its_mean_over_the_time_after():
    """Its level falls by half every 4 months: the ratio of the sums lies between the first and the last of them."""
    found = clock(planted(drop=-0.8, residual=-0.5, life=6, level=5000))
    assert -0.5 < found.residual.value < 0
    assert found.initial.value == pytest.approx(-0.8, abs=0.02)


def test_a_ring_whose_rise_fades():
    found = clock(planted(drop=0.4, decay=-0.02, residual=0.3, level=5000), zone="all rings")
    assert found.zone == "all rings"
    assert found.initial.value == pytest.approx(0.4, abs=0.02)
    assert found.decay.value == pytest.approx(-0.02, abs=0.002)
    assert found.residual.value == pytest.approx(0.3, abs=0.02)


def test_two_days_tell_no_wear():
    """Weekly counts around a two-day sweep: Boston's case."""
    rng = np.random.default_rng(1)
    target, control = rng.poisson(20, 115), rng.poisson(150, 115)
    found = effect_decay(target, control, start=104, stop=105, per_month=4.348)
    assert found.not_estimated == (
        ("wear", "it ran for 1 of 4 periods (0.2 months) needed to see whether the effect wears off"),
    )
    assert not found.decay.is_defined
    assert found.initial.name == "log ratio while it ran"
    assert found.residual.name == "log ratio since it ended"
    assert found.residual.is_defined


def test_an_operation_to_the_end_of_the_data_leaves_no_residual():
    found = effect_decay(np.full(20, 9), np.full(20, 90), start=12, stop=20)
    assert found.not_estimated == (("residual", "no period after its end has data"),)
    assert not found.residual.is_defined
    assert found.initial.value == pytest.approx(0, abs=1e-9)


def test_refusals():
    short = effect_decay(np.full(20, 9), np.full(20, 9), start=5, stop=9)
    assert short.not_estimated == (("all", "5 periods before it have data, and 12 are needed for the old level"),)
    assert not short.initial.is_defined
    empty = np.full(30, 9)
    empty[12:20] = 0
    nothing = effect_decay(empty, np.full(30, 9), start=12, stop=20)
    assert nothing.not_estimated == (("all", "target has no event while it ran, so there is no ratio"),)
    with pytest.raises(DesignError, match="inside the series"):
        effect_decay([1, 2], [1, 2], start=1, stop=3)
    with pytest.raises(DesignError, match="same periods"):
        effect_decay([1, 2], [1], start=1, stop=2)


def test_missing_periods_are_left_out():
    t, c = planted(drop=-0.8, decay=0.04, residual=-0.5, level=5000)
    t[5] = c[5] = math.nan
    found = clock((t, c))
    assert found.initial.value == pytest.approx(-0.8, abs=0.02)


def test_nothing_is_left_after_what_goes_on():
    found = effect_decay(*planted(drop=-0.8, decay=0.02, level=5000), start=START, stop=MONTHS, goes_on=True)
    assert found.not_estimated == (("residual", "it goes on"),)
    assert not found.residual.is_defined
    assert found.initial.is_defined
    assert found.decay.is_defined
