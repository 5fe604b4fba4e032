"""Recounted intervals: against the estimator on the other counts, and what turns."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoharm.evaluation.effects import build_effect
from geoharm.evaluation.estimators.rate_ratio import log_rate_ratio
from geoharm.evaluation.estimators.wdd import net_change
from geoharm.evaluation.recount import recounted_interval, turns
from geoharm.model.counts import Change
from geoharm.model.effect import Effect

CONTROL = Change("control", 10_000_000, 10_000_000)


def effect(before: int, after: int, *, dispersion: float = 1.0, control: Change = CONTROL) -> Effect[int]:
    zone = Change("target", before, after)
    ratio = log_rate_ratio(zone, control, zone_dispersion=dispersion)
    difference = net_change(zone, control, zone_dispersion=dispersion, unit="events")
    return build_effect(
        "target", "after", zone, control, length_ratio=1.0, ratio=ratio, counting_ratio=ratio, difference=difference,
        dispersion=dispersion, detectable_fall=0.3,
    )  # fmt: skip


@given(
    before=st.integers(200, 2000), after=st.integers(200, 2000), more=st.integers(0, 1500), dispersion=st.floats(1, 4)
)
def test_rows_after_move_the_interval_as_the_estimator_does(before, after, more, dispersion):
    """Counting noise only: the estimator on the other counts is the referee."""
    moved = recounted_interval(effect(before, after, dispersion=dispersion), before=0, after=more)
    again = effect(before, after + more, dispersion=dispersion).ratio.interval()
    assert moved.low == pytest.approx(again.low, abs=1e-6)
    assert moved.high == pytest.approx(again.high, abs=1e-6)


@given(before=st.integers(200, 2000), after=st.integers(200, 2000), fewer=st.integers(-150, 150))
def test_rows_before_move_the_middle_and_leave_the_width(before, after, fewer):
    first = effect(before, after)
    moved = recounted_interval(first, before=fewer, after=0)
    again = effect(before + fewer, after).ratio
    assert (moved.low + moved.high) / 2 == pytest.approx(again.value, abs=1e-9)
    interval = first.ratio.interval()
    assert moved.high - moved.low == pytest.approx(interval.high - interval.low)


def test_what_turns():
    fell = effect(200, 120)
    assert fell.ratio.interval().side == -1
    assert not turns(fell, before=0, after=0)
    assert not turns(fell, before=0, after=10)
    assert turns(fell, before=0, after=80)
    assert turns(fell, before=-80, after=0)
    steady = effect(200, 200)
    assert turns(steady, before=100, after=0)
    assert not turns(steady, before=100, after=100)


def test_no_interval_without_events():
    """Everything on one point: without it nothing is left to read."""
    fell = effect(200, 120)
    assert math.isnan(recounted_interval(fell, before=-200, after=-120).low)
    assert turns(fell, before=-200, after=-120)
    assert not turns(effect(200, 200), before=-200, after=-200)
    assert not turns(effect(0, 20), before=0, after=50)
