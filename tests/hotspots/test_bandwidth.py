"""Bandwidth rules: textbook constants, equal to the slow criteria, never below the floor; compass, ties and far points."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.errors import DesignError
from geoharm.hotspots.density import bandwidth
from geoharm.hotspots.density.bandwidth import (
    choose_bandwidth,
    least_squares_bandwidth,
    likelihood_bandwidth,
    normal_scale_bandwidth,
    oversmoothed_bandwidth,
)
from geoharm.hotspots.density.kernels import equivalent_bandwidth
from geoharm.model.kernel_choices import BANDWIDTH_RULES
from geoharm.model.points import Points
from geoharm.stats.robust_covariance import robust_covariance
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
    return math.prod(np.linalg.eigvalsh(robust_covariance(some.x, some.y, some.weight))) ** 0.25


def rarest(some):
    """Return the density below which the likelihood goes on as a line."""
    variance = np.linalg.eigvalsh(robust_covariance(some.x, some.y, some.weight)).mean()
    return 1 / (2 * math.pi * variance * len(some))


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
        expected = slow.leave_one_place_out(rows, sigma, rarest(some))[0 if rule is likelihood_bandwidth else 1]
        assert height == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("rule", [likelihood_bandwidth, least_squares_bandwidth])
def test_the_chosen_bandwidth_is_at_the_top_of_the_slow_criterion(rule):
    some = crowd(40, seed=8)
    rows = list(zip(some.x, some.y, some.weight, strict=True))
    which = 0 if rule is likelihood_bandwidth else 1
    found = rule(some, kernel="gaussian").value
    tried = np.geomspace(10, 600, 60)
    best = tried[np.argmax([slow.leave_one_place_out(rows, h, rarest(some))[which] for h in tried])]
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
    found = likelihood_bandwidth(far, kernel="gaussian", floor=60.0)
    assert all(math.isfinite(height) for _, height in found.curve)
    rows = list(zip(far.x, far.y, far.weight, strict=True))
    for sigma, height in found.curve[::3]:
        assert height == pytest.approx(slow.leave_one_place_out(rows, sigma, rarest(far))[0], rel=1e-9)


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


@pytest.mark.parametrize("rule", ["oversmoothing", "normal scale"])
def test_all_on_one_line_takes_the_floor_and_says_so(rule):
    line = Points(np.arange(40.0) * 30, np.arange(40.0) * 50, np.ones(40))
    found = choose_bandwidth(line, rule, kernel="quartic", cell=50)
    assert (found.value, found.note) == (
        50,
        "all or nearly all events are on one line, so the shortest bandwidth is taken",
    )


@pytest.mark.parametrize("rule", ["likelihood", "least squares"])
def test_a_line_of_events_is_searched(rule):
    rng = np.random.default_rng(2)
    along = rng.normal(0, 800, 300)
    found = choose_bandwidth(Points(along * 0.6, along * 0.8, np.ones(300)), rule, kernel="gaussian", cell=2)
    assert 2 < found.value < 400


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
    monkeypatch.setattr(bandwidth, "_MOST_PLACES", 300)
    found = likelihood_bandwidth(some)
    assert "computed from one place in 3" in found.note
    assert found.value == pytest.approx(whole.value, rel=0.25)


# -- what no rule may depend on ---------------------------------------------------------------------------------------


def city(seed, count, length, centres):
    """Return events around some centres, drawn out in one direction, some of them on one place."""
    rng = np.random.default_rng(seed)
    middle = rng.uniform(-2000, 2000, (centres, 2))[rng.integers(0, centres, count)]
    x, y = (middle + rng.normal(0, 250, (count, 2)) * [1, length]).T
    return Points(x, y, rng.integers(1, 4, count).astype(float))


CITIES = st.builds(city, st.integers(0, 2**16), st.integers(40, 160), st.floats(0.03, 1), st.integers(1, 5))


def turned(some, degrees, *, east=0.0, north=0.0, scale=1.0):
    angle = math.radians(degrees)
    x = some.x * math.cos(angle) - some.y * math.sin(angle)
    y = some.x * math.sin(angle) + some.y * math.cos(angle)
    return Points(scale * x + east, scale * y + north, some.weight)


@pytest.mark.parametrize("rule", BANDWIDTH_RULES)
@settings(deadline=None, max_examples=15)
@given(some=CITIES, degrees=st.floats(0, 360), scale=st.floats(0.2, 5))
def test_a_bandwidth_does_not_turn_with_the_compass_and_grows_with_the_map(rule, some, degrees, scale):
    found = choose_bandwidth(some, rule, kernel="gaussian", cell=10)
    moved = turned(some, degrees, east=5e5, north=5e6, scale=scale)
    assert choose_bandwidth(moved, rule, kernel="gaussian", cell=10 * scale).value == pytest.approx(
        scale * found.value, rel=1e-4
    )


@pytest.mark.parametrize("rule", BANDWIDTH_RULES)
def test_one_street_has_one_bandwidth_whatever_its_direction(rule):
    """A street of 2,000 events gave 619 m to the east and 831 m to the north-east."""
    rng = np.random.default_rng(0)
    street = Points(rng.normal(0, 1500, 2000), rng.normal(0, 60, 2000), np.ones(2000))
    east, north_east = (
        choose_bandwidth(turned(street, degrees, east=5e5, north=5e6), rule, kernel="quartic", cell=10).value
        for degrees in (0, 45)
    )
    assert east == pytest.approx(north_east, rel=1e-6)


@pytest.mark.parametrize("rule", BANDWIDTH_RULES)
@pytest.mark.parametrize("kind", ["normal", "clusters", "street", "pile"])
def test_one_far_point_among_1200_moves_no_bandwidth_by_5_percent(rule, kind):
    """By the plain likelihood, one point 40 km away made 122 m into 1,113 m."""
    rng = np.random.default_rng(4)
    x, y = rng.normal(0, 1000, (2, 1200))
    if kind == "clusters":
        x, y = rng.uniform(0, 6000, (30, 2))[rng.integers(0, 30, 1200)].T + rng.normal(0, 150, (2, 1200))
    if kind == "street":
        y = y / 25
    if kind == "pile":
        x[:900], y[:900] = 100.0, 200.0
    found = choose_bandwidth(Points(x, y, np.ones(1200)), rule, kernel="gaussian", cell=5).value
    for far in (5e3, 2e4, 3e5):
        more = Points(np.append(x, far), np.append(y, far / 3), np.ones(1201))
        assert choose_bandwidth(more, rule, kernel="gaussian", cell=5).value == pytest.approx(found, rel=0.05)


@pytest.mark.parametrize("rule", BANDWIDTH_RULES)
@settings(deadline=None, max_examples=10)
@given(some=CITIES, seed=st.integers(0, 2**16))
def test_rows_of_one_place_are_one_place_in_any_order(rule, some, seed):
    """From Python, events can be given one by one: the likelihood then fell to the shortest bandwidth."""
    order = np.random.default_rng(seed).permutation(int(some.total))
    x, y = (values[order] for values in repeated(some))
    given_one_by_one = choose_bandwidth(Points(x, y, np.ones(x.size)), rule, kernel="quartic", cell=20)
    assert given_one_by_one.value == pytest.approx(
        choose_bandwidth(some, rule, kernel="quartic", cell=20).value, rel=1e-9
    )


def test_a_sample_of_very_many_places_does_not_turn_with_the_compass(monkeypatch):
    monkeypatch.setattr(bandwidth, "_MOST_PLACES", 200)
    some = city(5, 900, 0.2, 3)
    found = likelihood_bandwidth(some)
    assert "computed from one place in 5" in found.note
    assert likelihood_bandwidth(turned(some, 33, east=5e5, north=5e6)).value == pytest.approx(found.value, rel=1e-4)
