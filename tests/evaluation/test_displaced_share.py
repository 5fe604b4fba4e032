"""The displaced share: its set is what the forecasts allow, agrees with the headlines, and holds what was planted."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student

from geoharm.evaluation.effects import build_effect
from geoharm.evaluation.estimators.displacement_indices import displacement_indices
from geoharm.evaluation.placebo.calibrated_ratio import calibrated_ratio, undefined_calibrated_ratio
from geoharm.evaluation.placebo.displaced_share import displaced_share, forecast_correlation, with_calibrated_share
from geoharm.evaluation.placebo.forecast import Forecast, degrees_of_freedom
from geoharm.model.counts import Change
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS
from geoharm.model.effect import PlaceboCheck
from geoharm.model.reason import Reason
from geoharm.stats.variance_stabilising import stabilisation_bias, stabilise_variance

PHI, TAU = 2.0, {"target": 0.18, ALL_RINGS: 0.14, TARGET_AND_RINGS: 0.13}
MEAN = {"target": 300.0, ALL_RINGS: 500.0, TARGET_AND_RINGS: 800.0}
NOTHING = Change("control", 0, 0)


def effect(zone, after, *, effective=30.0, error=None, mean=None, tau=None):
    """Return an effect as `evaluate_measure` makes it, from a forecast that is given."""
    mean, tau = mean or MEAN[zone], tau or TAU[zone]
    slope = mean / math.sqrt(PHI * mean + (tau * mean) ** 2)
    error = error or 1 / slope
    centre = float(stabilisation_bias(mean, phi=PHI, tau2=tau**2))
    freedom = degrees_of_freedom(effective, 1)
    found = Forecast(
        mean,
        PHI,
        tau**2,
        centre,
        error * slope,
        freedom,
        1,
        1.0,
        error,
        0.4,
        90,
        effective,
        30,
        9.0,
        0.0,
        (),
        (),
        mean,
        0.9,
        (),
        (),
    )
    ratio = calibrated_ratio(found, after)
    check = PlaceboCheck(36, 100, 90, effective, 30, mean, PHI, tau, 0.4)
    return build_effect(
        zone,
        "after",
        Change(zone, 0, after),
        NOTHING,
        length_ratio=1.0,
        ratio=ratio,
        counting_ratio=ratio,
        difference=ratio,
        dispersion=PHI,
        detectable_fall=0.4,
        placebo=check,
    )


def effects(target, rings, **more):
    return [
        effect("target", target, **more),
        effect(ALL_RINGS, rings, **more),
        effect(TARGET_AND_RINGS, target + rings, **more),
    ]


def misfit(found, count, other):
    """Return how far counts of target and rings without an operation lie from the forecasts; up to 1 they are allowed."""
    sizes = [one.placebo.expected * one.ratio.standard_error for one in found]
    r = forecast_correlation(*sizes)

    def distance(one, count):
        tau2, mean = one.placebo.tau**2, one.placebo.expected
        slope = mean / math.sqrt(PHI * mean + tau2 * mean**2)
        middle = stabilise_variance(mean, phi=PHI, tau2=tau2) + stabilisation_bias(mean, phi=PHI, tau2=tau2)
        reach = (
            one.ratio.standard_error
            * slope
            * student.ppf(0.975, degrees_of_freedom(one.placebo.effective_places, one.placebo.dates))
        )
        return (stabilise_variance(count, phi=PHI, tau2=tau2) - middle) / reach

    one, two = distance(found[0], count), distance(found[1], other)
    return (one**2 - 2 * r * one * two + two**2) / (1 - r**2)


def allowed(found, share):
    """Return whether some counts without an operation fit a share: every count of the target is tried."""
    target, rings, _ = found
    count = np.linspace(1, 2_000, 200_001)
    other = rings.after - share * (count - target.after)
    kept = other > 0
    return bool(misfit(found, count[kept], other[kept]).min() <= 1)


@pytest.mark.parametrize("counts", [(150, 600), (170, 380), (110, 650), (300, 500), (520, 500)])
def test_the_set_is_what_the_forecasts_allow(counts):
    found = effects(*counts)
    values = displaced_share(found).values
    for share in (-5.0, -2.0, -1.0, -0.5, -0.2, 0.0, 0.3, 0.7, 1.0, 2.0, 5.0):
        near = any(abs(share - end) < 0.02 for piece in values.pieces for end in piece)
        assert near or (share in values) == allowed(found, share)


def test_where_allowed_counts_bend_around_the_observed_ones_every_share_fits():
    """Rings of much wider drift: their allowed counts, drawn against the target's, are a curve with the observed counts inside.

    Lines of every slope through the observed counts then meet it, though the counts themselves are not allowed.
    """
    target = effect("target", 557, mean=656.0, tau=0.14)
    rings = effect(ALL_RINGS, 239, mean=202.0, tau=1.11)
    sizes = [one.placebo.expected * one.ratio.standard_error for one in (target, rings)]
    together = math.sqrt(sizes[0] ** 2 + sizes[1] ** 2 + 2 * 0.9 * sizes[0] * sizes[1])
    found = [target, rings, effect(TARGET_AND_RINGS, 796, mean=858.0, tau=0.2, error=together / 858)]
    assert misfit(found, 557, 239) > 1.1
    assert all(allowed(found, share) for share in (-50.0, -5.0, -1.0, -0.2, 0.0, 0.2, 1.0, 5.0, 50.0))
    assert displaced_share(found).values.pieces == ((-math.inf, math.inf),)


@given(st.integers(20, 900), st.integers(20, 1_500), st.floats(5, 200))
def test_the_set_agrees_with_the_headlines(target, rings, effective):
    found = effects(target, rings, effective=effective)
    share = displaced_share(found)
    headline, around = (one.ratio.interval() for one in found[:2])
    if abs(headline.low) > 1e-3 and abs(headline.high) > 1e-3:
        assert share.values.is_bounded == (headline.side != 0)
        assert math.isfinite(share.value) == (headline.side < 0)
    if abs(around.low) > 1e-3 and abs(around.high) > 1e-3:
        assert (0.0 in share.values) == (around.side == 0)
    if math.isfinite(share.value):
        assert share.value in share.values


@pytest.mark.parametrize("planted", [-1.0, 0.0, 0.5, 1.0])
def test_the_set_holds_the_planted_share_at_its_level(planted):
    """Places drift with the spread that the forecasts claim, together; counts are noisy; 60% is left in the target."""
    rng = np.random.default_rng(7)
    held = []
    for _ in range(600):
        common, own, around = rng.normal(size=3)
        without = (
            MEAN["target"] * math.exp(0.18 * (0.7 * common + 0.714 * own)),
            MEAN[ALL_RINGS] * math.exp(0.14 * (0.7 * common + 0.714 * around)),
        )
        lost = 0.4 * without[0]
        expected = np.array([without[0] - lost, without[1] + planted * lost])
        counts = rng.negative_binomial(expected / (PHI - 1), 1 / PHI)
        held.append(planted in displaced_share(effects(*(int(count) for count in counts), effective=1e6)).values)
    assert 0.92 <= np.mean(held) <= 0.985  # 600 draws know 95% to two points


def test_a_number_only_for_a_credible_fall_and_only_with_intervals():
    found = effects(150, 600)
    given_one = displaced_share(found)
    assert given_one.value == pytest.approx((600 - found[1].expected) / (found[0].expected - 150))
    assert given_one.values.calibrated
    assert displaced_share(effects(280, 520)).reason is Reason.NO_FALL
    target, rings, both = effects(150, 600)
    none = displaced_share([target, replace(rings, ratio=undefined_calibrated_ratio("why")), both])
    assert none.note == "all rings: no 95% interval is possible here: why"
    assert none.reason is Reason.NO_INTERVAL
    assert none.values.text() == "no set"
    assert displaced_share([target, rings]).values.is_bounded  # the usual correlation
    assert displaced_share([target]) is None
    assert displaced_share([replace(target, ratio=replace(target.ratio, calibrated=False)), rings]) is None


def test_it_takes_the_place_of_the_share_by_counting():
    counting = displacement_indices(Change("T", 300, 150), Change("R", 500, 600), Change("C", 9_000, 9_000))
    found = effects(150, 600)
    assert with_calibrated_share(counting, found).displaced_share == displaced_share(found)
    assert with_calibrated_share(counting, found).wdq == counting.wdq
    assert with_calibrated_share(counting, found[:1]) == counting


def test_the_correlation_is_held_back():
    assert forecast_correlation(3.0, 4.0, 5.0) == 0.25  # nothing implied
    assert forecast_correlation(3.0, 4.0, 7.0) == pytest.approx(0.7)  # 1 implied, 0.9 kept
    assert forecast_correlation(3.0, 4.0, 1.0) == 0.25
