"""Bandwidth rules: textbook constants, equal to the slow criteria, never below the floor, ties harmless."""

from __future__ import annotations

import math

import numpy as np
import pytest

from geoharm.errors import DesignError
from geoharm.hotspots.density.bandwidth import (
    choose_bandwidth,
    least_squares_bandwidth,
    likelihood_bandwidth,
    normal_scale_bandwidth,
    oversmoothed_bandwidth,
)
from geoharm.hotspots.density.kernels import equivalent_bandwidth
from geoharm.model.grid import BANDWIDTH_RULES
from geoharm.model.points import Points
from tests.reference import slow


def crowd(count=60, seed=3):
    rng = np.random.default_rng(seed)
    x = np.concatenate([rng.normal(0, 150, count // 2), rng.normal(1500, 300, count - count // 2)])
    y = np.concatenate([rng.normal(0, 150, count // 2), rng.normal(900, 300, count - count // 2)])
    return Points(x, y, rng.integers(1, 5, count).astype(float))


def repeated(some):
    """Return every event on its own."""
    times = some.weight.astype(int)
    return np.repeat(some.x, times), np.repeat(some.y, times)


def spread(some):
    x, y = repeated(some)
    deviation = math.sqrt((x.var() + y.var()) / 2)
    ranges = [np.subtract(*np.quantile(v, [0.75, 0.25], method="inverted_cdf")) for v in (x, y)]
    return min(deviation, sum(ranges) / 2 / 1.34)


def test_normal_scale_is_scotts_rule():
    """In two dimensions the rules of Scott and Silverman are both spread x n^(-1/6)."""
    some = crowd()
    found = normal_scale_bandwidth(some, kernel="gaussian")
    assert found.value == pytest.approx(spread(some) * some.total ** (-1 / 6), rel=1e-12)


def test_oversmoothing_is_terrells_constant():
    """Written out as in Terrell (1990), and as the R package sparr computes it: 1.0845 spread n^(-1/6) in the plane."""
    some, d = crowd(), 2
    volume = 16 * math.gamma((d + 8) / 2) * d * (d + 2) / ((d + 8) ** ((d + 6) / 2) * math.pi ** (d / 2))
    expected = spread(some) * ((d / (4 * math.pi)) / (some.total * volume)) ** (1 / (d + 4))
    found = oversmoothed_bandwidth(some, kernel="gaussian")
    assert found.value == pytest.approx(expected, rel=1e-12)
    assert found.value / (spread(some) * some.total ** (-1 / 6)) == pytest.approx(1.0845, abs=1e-4)


@pytest.mark.parametrize("rule", [likelihood_bandwidth, least_squares_bandwidth])
def test_the_criterion_equals_the_slow_version(rule):
    some = crowd(30)
    rows = list(zip(some.x, some.y, some.weight, strict=True))
    found = rule(some, kernel="gaussian")
    assert len(found.curve) >= 8
    for sigma, height in found.curve[::3]:
        expected = slow.leave_one_place_out(rows, sigma)[0 if rule is likelihood_bandwidth else 1]
        assert height == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("rule", [likelihood_bandwidth, least_squares_bandwidth])
def test_the_chosen_bandwidth_is_at_the_top_of_the_slow_criterion(rule):
    some = crowd(40, seed=8)
    rows = list(zip(some.x, some.y, some.weight, strict=True))
    which = 0 if rule is likelihood_bandwidth else 1
    found = rule(some, kernel="gaussian").value
    tried = np.geomspace(10, 600, 60)
    best = tried[np.argmax([slow.leave_one_place_out(rows, h)[which] for h in tried])]
    assert found == pytest.approx(best, rel=0.1)


def test_the_search_looks_on_until_the_best_is_well_behind():
    """The optimum lies above the first block of bandwidths."""
    rng = np.random.default_rng(0)
    some = Points(rng.normal(0, 400, 80), rng.normal(0, 400, 80), np.ones(80))
    found = likelihood_bandwidth(some, kernel="gaussian", floor=8.0)
    assert len(found.curve) > 8
    assert not found.note
    assert found.curve[0][0] < found.value < found.curve[-1][0]


def test_events_snapped_to_places_do_not_draw_the_bandwidth_to_nothing():
    """Leaving out single events would: hundreds of events at one point foretell each other perfectly."""
    some = crowd(60)
    heavy = Points(some.x, some.y, some.weight * 50)
    for rule in (likelihood_bandwidth, least_squares_bandwidth):
        assert rule(heavy).value == pytest.approx(rule(some).value, rel=0.1)


def test_a_weight_of_two_is_the_event_twice_for_the_rules_by_spread():
    some = crowd()
    for rule in (oversmoothed_bandwidth, normal_scale_bandwidth):
        x, y = repeated(some)
        assert rule(some).value == pytest.approx(rule(Points(x, y, np.ones(x.size))).value, rel=1e-12)


def test_an_outlier_far_away_leaves_the_likelihood_finite():
    some = crowd()
    far = Points(np.append(some.x, 50_000.0), np.append(some.y, 0.0), np.append(some.weight, 1.0))
    found = likelihood_bandwidth(far, floor=60.0)
    assert all(math.isfinite(height) for _, height in found.curve)


def test_rules_are_given_for_the_kernel_that_is_used():
    some = crowd()
    wide, narrow = (
        oversmoothed_bandwidth(some, kernel="quartic").value,
        oversmoothed_bandwidth(some, kernel="gaussian").value,
    )
    assert wide == pytest.approx(equivalent_bandwidth(narrow, kernel="gaussian", to_kernel="quartic"))
    assert wide / narrow == pytest.approx((1.8 * 64 * 4) ** (1 / 6))  # R = 9/(5 pi), variance 1/8


@pytest.mark.parametrize(
    ("cell", "error", "value", "why"),
    [
        (50, 0, 120, ""),
        (150, 0, 150, "raised from 120 m to the size of a cell"),
        (50, 100, 200, "raised from 120 m to twice the location error of the source"),
    ],
)
def test_a_stated_bandwidth_is_never_below_the_floor(cell, error, value, why):
    found = choose_bandwidth(crowd(), 120.0, kernel="quartic", cell=cell, location_error=error)
    assert (found.value, found.rule, found.note) == (value, "stated", why)


@pytest.mark.parametrize("rule", BANDWIDTH_RULES)
def test_a_rule_is_never_below_the_floor_and_says_so(rule):
    found = choose_bandwidth(crowd(), rule, kernel="quartic", cell=50, location_error=5000)
    assert found.value == 10_000
    assert found.note
    assert found.reference.startswith("https://doi.org/")


@pytest.mark.parametrize("rule", BANDWIDTH_RULES)
@pytest.mark.parametrize("size", [0, 1])
def test_all_at_one_place_takes_the_floor_and_says_so(rule, size):
    one = Points(np.full(size, 5.0), np.full(size, 5.0), np.full(size, 40.0))
    found = choose_bandwidth(one, rule, kernel="quartic", cell=50)
    assert found.value == 50
    assert "so the shortest bandwidth is taken" in found.note


@pytest.mark.parametrize("rule", [oversmoothed_bandwidth, likelihood_bandwidth])
def test_refuses_where_nothing_can_be_found(rule):
    with pytest.raises(DesignError, match="State one in metres"):
        rule(Points(np.zeros(1), np.zeros(1), np.ones(1)))


def test_refuses_a_rule_that_is_not_known():
    with pytest.raises(DesignError, match='"likelyhood" is not known; did you mean "likelihood"'):
        choose_bandwidth(crowd(), "likelyhood", kernel="quartic", cell=50)


def test_of_very_many_places_a_sample_is_searched_and_said(monkeypatch):
    rng = np.random.default_rng(1)
    some = Points(rng.normal(0, 300, 900), rng.normal(0, 300, 900), np.ones(900))
    whole = likelihood_bandwidth(some)
    monkeypatch.setattr("geoharm.hotspots.density.bandwidth._MOST_PLACES", 300)
    found = likelihood_bandwidth(some)
    assert "computed from one place in 3" in found.note
    assert found.value == pytest.approx(whole.value, rel=0.25)
