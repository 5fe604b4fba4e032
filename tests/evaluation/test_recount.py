"""Recounted intervals: against the estimator on the other counts, and what turns."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoharm.evaluation.effects import build_effect
from geoharm.evaluation.estimators.rate_ratio import log_rate_ratio
from geoharm.evaluation.estimators.wdd import net_change
from geoharm.evaluation.recount import broken_claims, recounted_interval, turns
from geoharm.model.counts import Change
from geoharm.model.effect import Effect
from geoharm.model.estimate import Estimate, Interval
from geoharm.model.reading import Claim

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


def calibrated(value: float, error: float = 0.1) -> Effect[int]:
    """Return an effect of 400 events after with a calibrated ratio."""
    spans = tuple(
        Interval(value - z * error, value + z * error, level)
        for level, z in ((0.8, 1.2815515655446004), (0.9, 1.6448536269514722), (0.95, 1.959963984540054))
    )
    ratio = Estimate("log rate ratio", value, error, "log ratio", "", calibrated=True, intervals=spans, p=0.5)
    one = effect(400, 400)
    return replace(one, ratio=ratio)


@pytest.mark.parametrize(
    ("value", "ways", "broken"),
    [
        (0.0, [], set()),
        (0.0, [(0, 0)], set()),
        # The bounds, 17.9% above and 15.2% below, are stated as 18% and 16%: three rows more pass the one, six fewer the other.
        (0.0, [(0, 0), (1, 1)], set()),
        (0.0, [(0, 3)], {Claim.NO_RISE}),
        (0.0, [(0, -3)], set()),
        (0.0, [(0, -6)], {Claim.NO_FALL}),
        (0.0, [(0, 3), (0, -6)], {Claim.NO_RISE, Claim.NO_FALL}),
        (-0.15, [(0, 20)], {Claim.LEAD, Claim.NO_RISE}),
        (-0.15, [(0, 120)], {Claim.LEAD, Claim.NO_RISE}),
        (-0.5, [(0, 200)], {Claim.FINDING, Claim.LEAD, Claim.NO_RISE}),
        (-0.5, [(0, 40)], set()),
        # Nothing is left of the zone: no interval, and nothing holds.
        (-0.5, [(0, -400)], {Claim.FINDING, Claim.LEAD, Claim.NO_RISE}),
    ],
)
def test_what_counting_the_other_way_breaks(value, ways, broken):
    assert broken_claims(calibrated(value), ways) == broken


def test_an_effect_without_a_ratio_has_nothing_to_break():
    assert (
        broken_claims(replace(calibrated(0.0), ratio=replace(calibrated(0.0).ratio, value=math.nan)), [(0, 9)]) == set()
    )
