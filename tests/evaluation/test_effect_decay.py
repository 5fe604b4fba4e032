"""The crackdown clock: planted phases are found, and what the data cannot tell is refused with the reason."""

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
    found = clock(planted(drop=-0.8, decay=0.04, residual=-0.5, life=6, level=5000))
    assert found.initial.value == pytest.approx(-0.8, abs=0.02)
    assert found.decay.value == pytest.approx(0.04, abs=0.002)
    assert found.half_life_running == pytest.approx(10, abs=0.5)
    assert found.residual.value == pytest.approx(-0.5, abs=0.05)
    assert 6 * math.log(2) in found.half_life_after
    assert found.half_life_after.is_bounded
    assert 6 * math.log(0.5 / math.log(1.1)) in found.months_to_return
    assert found.not_estimated == ()


def test_intervals_and_set_hold_their_level():
    """Twenty-five worlds of modest counts: truth inside nearly always."""
    hits = []
    for seed in range(25):
        found = clock(planted(drop=-0.6, decay=0.03, residual=-0.6, life=8, level=120, seed=seed))
        hits.append(
            [
                found.initial.interval().low < -0.6 < found.initial.interval().high,
                found.decay.interval().low < 0.03 < found.decay.interval().high,
                8 * math.log(2) in found.half_life_after or not found.half_life_after.pieces,
            ]
        )
    assert (np.mean(hits, axis=0) > 0.85).all()


def test_nothing_planted_nothing_seen():
    """The residual is refused in about 97 of 100 quiet worlds."""
    refused = [dict(clock(planted(seed=seed)).not_estimated).get("residual") is not None for seed in range(25)]
    assert np.mean(refused) > 0.87
    assert math.isnan(clock(planted(seed=3)).half_life_running)


def test_a_residual_that_stays_is_unbounded():
    found = clock(planted(drop=-0.5, residual=-0.5))
    assert found.half_life_after.shape == "half-line"
    assert found.months_to_return.pieces[0][1] == math.inf


def test_a_ring_whose_rise_fades():
    found = clock(planted(drop=0.4, decay=-0.02, residual=0.3, life=3, level=5000), zone="all rings")
    assert found.zone == "all rings"
    assert found.initial.value == pytest.approx(0.4, abs=0.02)
    assert found.decay.value < 0
    assert 3 * math.log(2) in found.half_life_after


def test_two_days_and_ten_weeks_tell_neither_wear_nor_fading():
    """Weekly counts around a two-day sweep: Boston's case."""
    rng = np.random.default_rng(1)
    target, control = rng.poisson(20, 115), rng.poisson(150, 115)
    found = effect_decay(target, control, start=104, stop=105, per_month=4.348)
    reasons = dict(found.not_estimated)
    assert reasons["wear"] == "it ran for 1 of 4 periods (0.2 months) needed to see whether the effect wears off"
    assert reasons["residual"] == "2.3 months after its end have data, and 6 are needed to see whether it fades"
    assert found.initial.is_defined
    assert found.residual.name == "log ratio since it ended"
    assert found.half_life_after.shape == found.months_to_return.shape == "none"


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


def test_events_that_come_back_late_are_refused_not_a_crash():
    """No event for four months after, then some: under a fast fading the drop runs away, and no error is known."""
    target = [4, 4, 5, 7, 3, 7, 4, 2, 4, 1, 2, 5, 1, 2, 5, 3, 5, 1, 1, 0, 3, 1, 2, 0, 2, 1, 4, 6, 2, 4, 4, 0, 4, 1, 8, 2,
              2, 0, 0, 0, 0, 3, 5, 1, 0, 0, 1, 1]  # fmt: skip
    control = [141, 188, 191, 184, 197, 188, 186, 164, 167, 143, 144, 154, 134, 156, 185, 165, 192, 192, 158, 147, 158, 154,
               145, 126, 109, 151, 135, 148, 193, 210, 184, 197, 162, 147, 140, 122, 160, 135, 158, 137, 178, 168, 188, 157,
               142, 146, 136, 125]  # fmt: skip
    found = effect_decay(target, control, start=36, stop=37)
    assert [part for part, _ in found.not_estimated] == ["all"]
    assert not found.initial.is_defined
    assert not found.residual.is_defined


def test_missing_periods_are_left_out():
    t, c = planted(drop=-0.8, decay=0.04, residual=-0.5, life=6, level=5000)
    t[5] = c[5] = math.nan
    found = clock((t, c))
    assert found.initial.value == pytest.approx(-0.8, abs=0.02)
