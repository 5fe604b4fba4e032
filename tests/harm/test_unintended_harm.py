"""The watch: exact bounds against scipy's, statements on made worlds, pooled looks, how finds lie."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from geoharm.errors import DesignError
from geoharm.harm.find_dispersion import find_dispersion
from geoharm.harm.results.unintended_harm import RiseState
from geoharm.harm.unintended_harm import check_for_rise, one_sided_ratio_bounds, pool_checks, with_joint_level


def look(after, before, control=(10_000_000, 10_000_000), margin=0.25, **more):
    return check_for_rise(
        "overdoses", days=28, metres=500, after=after, before=before, control=control, margin=margin, **more
    )


@given(st.integers(0, 60), st.integers(1, 200))
@settings(max_examples=40, deadline=None)
def test_bounds_are_clopper_and_pearsons(after, before):
    """With a known control and Poisson counts: the share of all events that came after, as scipy has it."""
    low, high = one_sided_ratio_bounds(after, before, before)
    exact = binomtest(after, after + before).proportion_ci(0.9, method="exact")
    assert low == pytest.approx(exact.low / (1 - exact.low))
    assert high == pytest.approx(exact.high / (1 - exact.high))


@pytest.mark.parametrize(
    ("after", "before", "state"),
    [
        (3000, 3000, RiseState.WITHIN),
        (60, 20, RiseState.ROSE),
        (3, 4, RiseState.UNKNOWN),
        (0, 2, RiseState.UNKNOWN),
    ],
)
def test_three_statements(after, before, state):
    assert look(after, before).state is state


def test_no_count_reads_as_no_harm():
    """No event after, where two were expected, leaves a rise open: the counts cannot carry the statement."""
    found = look(0, 2)
    assert found.state is RiseState.UNKNOWN
    assert "the counts are too small for a statement about 25%" in found.reason


def test_what_has_no_base_is_unknown():
    assert look(3, 0).state is RiseState.UNKNOWN
    assert "no event was recorded there before" in look(3, 0).reason
    assert look(3, 0).operations == 1
    assert "control" in look(3, 5, control=(10, 0)).reason


def test_dispersion_and_a_small_control_widen_the_bounds():
    plain = look(40, 40)
    for other in (look(40, 40, dispersion=2.0), look(40, 40, control=(50, 50))):
        assert other.interval.low < plain.interval.low
        assert other.interval.high > plain.interval.high


def test_the_expected_count_follows_the_control():
    assert look(10, 100, control=(1000, 120)).expected == pytest.approx(12.0)


def test_the_expected_count_is_as_precise_as_the_counts_that_it_is_made_from():
    """By hand: 1 / (1.5/100 + 2 (1/50 + 1/80) + 0.1^2), in events."""
    found = look(10, 100, control=(50, 80), dispersion=1.5, control_dispersion=2.0, drift=0.1)
    assert found.precision == pytest.approx(1 / (0.015 + 2 * (1 / 50 + 1 / 80) + 0.01))
    assert found.expected == 160.0
    assert found.operations == 1


def test_a_margin_must_be_above_zero():
    with pytest.raises(DesignError, match="margin for unintended harm"):
        look(1, 1, margin=0)


def test_a_rise_is_named_seldom_where_nothing_happened_and_no_rise_seldom_where_it_did():
    """Made worlds: each one-sided bound fails at most as often as it says (5%), within the error of 2,000 worlds."""
    rng = np.random.default_rng(5)
    before, ratio, margin = 400, 28 / 730, 0.25
    control = (40_000, round(40_000 * ratio))
    for truth, bad in ((1.0, RiseState.ROSE), (1.25, RiseState.WITHIN)):
        wrong = 0
        for _ in range(2000):
            c = rng.poisson(control)
            wrong += (
                look(
                    int(rng.poisson(before * ratio * truth)), int(rng.poisson(before)), (int(c[0]), int(c[1])), margin
                ).state
                is bad
            )
        assert wrong / 2000 < 0.062


def test_pooled_looks_add_up_and_say_more():
    cells = [look(3000, 3000), look(2900, 3000), look(5, 0)]
    (found,) = pool_checks(cells)
    assert (found.after, found.operations) == (5900, 2)
    assert found.expected == pytest.approx(6000)
    assert found.precision == pytest.approx(2 * cells[0].precision, rel=1e-3)
    assert found.interval.high - found.interval.low < cells[0].interval.high - cells[0].interval.low
    assert pool_checks(cells[:1]) == ()


# -- many looks -----------------------------------------------------------------------------------------------------------


@given(st.integers(0, 80), st.integers(1, 80), st.floats(1, 3))
@settings(max_examples=60, deadline=None)
def test_the_p_values_are_those_of_the_bounds(after, before, dispersion):
    found = look(after, before, dispersion=dispersion)
    assert (found.interval.low > 1) == (found.p_rise < 0.05)
    assert (found.interval.high < 1.25) == (found.p_within < 0.05)


def test_one_look_of_many_is_a_lead_and_a_strong_one_stays():
    alone, strong, quiet = look(66, 44), look(600, 200), look(20, 20)
    assert alone.state is RiseState.ROSE
    states = [check.state for check in with_joint_level([alone, strong, *[quiet] * 30])]
    assert states == [RiseState.LEAD, RiseState.ROSE, *[RiseState.UNKNOWN] * 30]
    assert with_joint_level([alone]) == (alone,)
    assert with_joint_level([]) == ()


def test_no_rise_beyond_the_margin_must_hold_among_all_looks():
    alone = look(455, 430)
    assert alone.state is RiseState.WITHIN
    assert with_joint_level([alone, *[look(20, 20)] * 60])[0].state is RiseState.UNKNOWN
    assert with_joint_level([look(30000, 30000), *[look(20, 20)] * 60])[0].state is RiseState.WITHIN


@pytest.mark.parametrize(("truth", "bad"), [(1.0, RiseState.ROSE), (1.25, RiseState.WITHIN)])
def test_the_joint_error_of_nested_looks_is_at_most_five_of_a_hundred(truth, bad):
    """Made worlds of 24 looks, six growing windows in four growing places, with places that drift: 2,000 of them."""
    rng = np.random.default_rng(11)
    drift, shares, days = 0.1, np.array([10, 30, 80, 400]), np.array([7, 14, 21, 28, 91, 182])
    wrong = 0
    for _ in range(2000):
        level = np.exp(rng.normal(-(drift**2) / 2, drift))
        before = rng.poisson(np.diff(shares, prepend=0) * 20).cumsum()
        after = np.zeros((6, 4))
        for row, length in enumerate(np.diff(days, prepend=0)):
            after[row] = rng.poisson(np.diff(shares, prepend=0) * 20 * length / 730 * truth * level).cumsum()
        after = after.cumsum(axis=0).astype(int)
        checks = [
            look(int(after[row, place]), int(before[place]), (40_000_000, round(40_000_000 * length / 730)), drift=drift)
            for row, length in enumerate(days) for place in range(4)
        ]  # fmt: skip
        wrong += any(check.state is bad for check in with_joint_level(checks))
    assert wrong / 2000 <= 0.06


def test_drift_widens_the_bounds():
    assert look(400, 400, drift=0.3).interval.high > look(400, 400).interval.high


def test_looks_are_pooled_by_window_and_place_in_words():
    months = [look(3000, 3000, months=3), look(3000, 3000, months=3), look(3000, 3000)]
    zones = [look(30, 30, zone="target and rings"), look(30, 30, zone="target and rings")]
    assert [(check.window, check.place, check.operations) for check in pool_checks([*months, *zones])] == [
        ("3 months", "within 500 m", 2), ("28 days", "target and rings", 2),
    ]  # fmt: skip


def places(rng, count, spread, shift=0.0):
    return rng.normal(shift, spread, count), rng.normal(0, spread, count), np.ones(count)


def test_how_finds_lie_is_found():
    rng = np.random.default_rng(2)
    before, after = places(rng, 400, 100), places(rng, 400, 160, 200)
    bins = np.array([[0.0, 0.0]])
    inside = tuple(np.hypot(part[0], part[1]) < 150 for part in (before, after))
    found = {
        one.statistic: one
        for one in find_dispersion("finds", before, after, sites=[("sharps bin", bins)], inside=inside, seed=1)
    }
    spread = found["spread around their middle"]
    assert spread.before == pytest.approx(100 * math.sqrt(2), rel=0.1)
    assert spread.change.low > 0
    near = found["distance to the nearest sharps bin"]
    assert near.after == pytest.approx(float(np.hypot(after[0], after[1]).mean()))
    assert near.change.low > 0
    assert found["share found outside the target"].change.low > 0


@pytest.mark.parametrize(("level", "z"), [(0.95, 1.96), (0.8, 1.2816)])
def test_the_interval_of_a_share_is_that_of_two_samples(level, z):
    """Of 900 places, 300 and then 450 outside the target: the normal law of the difference of two shares."""
    rng = np.random.default_rng(5)
    before, after = places(rng, 900, 100), places(rng, 900, 100)
    inside = (np.arange(900) >= 300, np.arange(900) >= 450)
    found = find_dispersion("finds", before, after, inside=inside, seed=1, level=level)[-1]
    assert (found.before, found.after) == pytest.approx((1 / 3, 1 / 2))
    reach = z * math.sqrt((1 / 3 * 2 / 3 + 1 / 4) / 900)
    assert (found.change.high - found.change.low) / 2 == pytest.approx(reach, rel=0.06)
    assert (found.change.high + found.change.low) / 2 == pytest.approx(1 / 6, rel=0.03)


def test_the_distance_to_a_site_is_measured_both_ways():
    """By hand, in hundreds of metres: 3, 4 and 5 before; every place on the site after."""
    bins = np.array([[300.0, 400.0], [9000.0, 9000.0]])
    before = (np.array([0.0, 300.0]), np.array([0.0, 0.0]), np.array([6.0, 3.0]))
    after = (np.array([300.0]), np.array([400.0]), np.array([9.0]))
    found = find_dispersion("finds", before, after, sites=[("sharps bin", bins)], seed=1)[-1]
    assert (found.before, found.after) == pytest.approx(((6 * 500 + 3 * 400) / 9, 0.0))


def test_few_finds_say_nothing_and_the_same_seed_says_the_same():
    rng = np.random.default_rng(2)
    few = places(rng, 3, 10)
    assert math.isnan(find_dispersion("finds", few, places(rng, 40, 10), seed=1)[0].before)
    four, five = places(rng, 4, 10), places(rng, 5, 10)
    assert math.isnan(find_dispersion("finds", five, four, seed=1)[0].after)
    assert math.isfinite(find_dispersion("finds", five, five, seed=1)[0].after)
    many = places(rng, 50, 10), places(rng, 50, 10)
    assert find_dispersion("finds", *many, seed=3) == find_dispersion("finds", *many, seed=3)
