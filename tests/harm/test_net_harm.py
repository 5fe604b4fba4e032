"""Net harm: published numbers by joint draws, bounds through sums, vetoes, signs."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.evaluation.estimators.wdd import wdd
from geoharm.harm.bounded_change import bounded_change
from geoharm.harm.joint_draws import error_correlation
from geoharm.harm.net_harm import double_counting_note, net_harm
from geoharm.harm.weighted import weighted_sum
from geoharm.model.area_counts import Bounds
from geoharm.model.counts import Change
from geoharm.model.estimate import Estimate, Interval
from geoharm.model.measure import Measure
from geoharm.model.values import MeasureSelector, ValueProfile, ValueRule, Veto
from geoharm.study.value_profiles.profiles import SHIPPED_PROFILES, read_profile
from tests.harm.test_weighted import DALLAS
from tests.harm.worlds import calibrated_effect, joint, measure, normal_effect, refused_effect
from tests.nouns import check_arrays_are_read_only


def profile(*rules, vetoes=()):
    return ValueProfile("p", "", "a", "2026", "1", "s", "CC0-1.0", "one violent incident", rules, tuple(vetoes))


def by_name(**weights):
    return profile(
        *(
            ValueRule(MeasureSelector(measure=name.replace("_", " ")), "harm", weight)
            for name, weight in weights.items()
        )
    )


def dallas():
    parts = [wdd(Change("T", t0, t1), Change("C", c0, c1)).total for c0, c1, t0, t1, *_ in DALLAS]
    names = [measure(f"m{number}", unit="incidents") for number in range(5)]
    weights = profile(
        *(ValueRule(MeasureSelector(measure=f"m{number}"), "harm", row[4]) for number, row in enumerate(DALLAS))
    )
    return names, parts, weights


def test_harm_weighted_wdd_of_dallas_by_joint_draws():
    """The published -1721 to the last digit; the published interval within the error of the draws."""
    names, parts, weights = dallas()
    made = joint(
        [(one, normal_effect(part.value, part.standard_error)) for one, part in zip(names, parts, strict=True)]
    )
    # change() of these made effects is after less expected, so the best estimates are set from the published ones.
    object.__setattr__(made, "best_low", np.array([part.value for part in parts]))
    object.__setattr__(made, "best_high", np.array([part.value for part in parts]))
    found = net_harm(made, weights)
    assert found.low == found.high == -1721
    assert [found.interval.low, found.interval.high] == pytest.approx([-2317.03210507, -1124.96789493], rel=0.01)
    assert "independent" in found.note


def test_nobody_can_write_into_the_draws():
    check_arrays_are_read_only(joint([(measure("finds"), normal_effect(-50, 1))]), least=6)


def test_the_sum_equals_its_parts_under_every_shipped_profile():
    entries = measure("entries", unit="people", borne_by="user", kind="health", source_kind="treatment_entry")
    parts = [
        (measure("finds", source_kind="needle_find"), calibrated_effect(100, 60, -0.8, -0.1)),
        (measure("violence", unit="incidents", kind="crime and violence"), calibrated_effect(80, 90, -0.2, 0.4)),
        (measure("overdoses", unit="calls", borne_by="user", kind="health"), calibrated_effect(30, 20, -0.9, 0.3)),
        (entries, calibrated_effect(50, 60, 0.1, 0.5)),
    ]
    made = joint(parts)
    for name in SHIPPED_PROFILES:
        found = net_harm(made, read_profile(name, Path()))
        assert found.low == math.fsum(row.weight * row.low for row in found.rows)
        assert found.low == found.high
        for row, (_, effect) in zip(found.rows, parts, strict=True):
            assert row.low == effect.change
            span = effect.interval
            assert (row.interval.low, row.interval.high) == (span.low, span.high)


def test_the_draws_of_a_measure_have_the_interval_that_is_shown_for_it():
    effects = [calibrated_effect(100, 60, -0.8, -0.1), calibrated_effect(80, 90, -0.2, 0.4)]
    made = joint([(measure("a"), effects[0]), (measure("b"), effects[1])], correlation=np.array([[1, 0.8], [0.8, 1]]))
    for column, effect in enumerate(effects):
        span = effect.interval
        assert np.quantile(made.low[:, column], [0.025, 0.975]) == pytest.approx([span.low, span.high], rel=0.03)
        alone = net_harm(made, by_name(**{made.measures[column].name: 2.0}))
        assert (alone.interval.low, alone.interval.high) == (2 * span.low, 2 * span.high)


@given(st.floats(-0.95, 0.95), st.integers(0, 50))
@settings(max_examples=25, deadline=None)
def test_correlation_enters_the_variance_of_the_sum(rho, seed):
    """For normal effects, Var(w'x) = w' S w: the closed form is the referee."""
    matrix = np.array([[1.0, rho], [rho, 1.0]])
    made = joint(
        [(measure("a"), normal_effect(-10, 3)), (measure("b"), normal_effect(4, 5))], correlation=matrix, seed=seed
    )
    found = net_harm(made, by_name(a=2.0, b=1.0))
    error = math.sqrt(36 + 25 + 2 * rho * 30)
    assert (found.interval.high - found.interval.low) / 2 == pytest.approx(1.96 * error, rel=0.03)
    assert found.note == ""


def test_correlation_is_that_of_errors_at_common_places():
    """By hand: the two share places 0 to 19, the third has none of these."""
    one = {place: 1.0 if place < 10 else -1.0 for place in range(20)} | {20: 50.0}
    other = {place: 2.0 if place < 16 else -2.0 for place in range(20)}
    apart = dict.fromkeys(range(100, 130), 1.0)
    found = error_correlation([one, other, apart])
    # 10 + 4 places agree and 6 do not: (10 - 6 + 4) / 20.
    assert found.places == 20
    assert np.round(found.matrix, 12).tolist() == [[1.0, 0.4, 0.5], [0.4, 1.0, 0.5], [0.5, 0.5, 1.0]]
    assert error_correlation([one, {place: -error for place, error in one.items()}]).matrix[0, 1] == -1.0
    # An error that all places share is an error too: it is taken around zero.
    assert error_correlation([apart, apart]).matrix[0, 1] == 1.0


@pytest.mark.parametrize("errors", [[], [{}], [{}, {}], [{0: 1.0}, {0: 1.0}], [dict.fromkeys(range(30), 0.0)] * 2])
def test_without_common_places_measures_are_taken_as_independent(errors):
    found = error_correlation(errors)
    assert found.places == 0
    assert np.array_equal(found.matrix, np.eye(len(errors)))


def test_pairs_that_contradict_each_other_leave_every_measure_its_interval():
    """Correlations of pairs at different places need not be those of one world: 0.9, 0.9 and -0.9 are not."""
    matrix = np.array([[1.0, 0.9, 0.9], [0.9, 1.0, -0.9], [0.9, -0.9, 1.0]])
    parts = [(measure(name), calibrated_effect(100, 60, -0.8, -0.1)) for name in "abc"]
    made = joint(parts, correlation=matrix)
    for column, (_, effect) in enumerate(parts):
        ends = [effect.interval.low, effect.interval.high]
        assert np.quantile(made.low[:, column], [0.025, 0.975]) == pytest.approx(ends, rel=0.04)


def test_suppressed_counts_stay_an_interval_through_the_sum():
    hidden = bounded_change("target", Bounds(1, 4), Bounds(1, 4), Bounds(100, 100), Bounds(100, 100), unit="people")
    assert (hidden.low.value, hidden.high.value) == (-3.0, 3.0)
    entries = measure("entries", unit="people", borne_by="user", kind="health", source_kind="treatment_entry")
    known = (measure("finds"), normal_effect(-50, 1))
    made = joint([known], bounded=[(entries, hidden)])
    benefit = profile(
        ValueRule(MeasureSelector(kind="treatment_entry"), "benefit", 10.0), ValueRule(MeasureSelector(), "harm", 1.0)
    )
    found = net_harm(made, benefit)
    assert (found.low, found.high) == (-80.0, -20.0)
    assert found.interval.low < -80
    assert found.interval.high > -20
    assert found.share_fell[0] <= found.share_fell[1]


@given(
    st.integers(0, 30), st.integers(0, 9), st.integers(0, 30), st.integers(0, 9), st.integers(1, 50), st.integers(1, 50)
)
@settings(max_examples=60, deadline=None)
def test_bounds_hold_every_count_inside_them(before, wide, after, wider, control_before, control_after):
    """Brute force: every pair of whole counts inside the bounds gives a change inside the bounds."""
    found = bounded_change(
        "target", Bounds(before, before + wide), Bounds(after, after + wider), Bounds(control_before, control_before + 2),
        Bounds(control_after, control_after + 3), unit="people",
    )  # fmt: skip
    changes = [
        z1 - c1 / c0 * z0
        for z0 in range(before, before + wide + 1) for z1 in range(after, after + wider + 1)
        for c0 in (control_before, control_before + 2) for c1 in (control_after, control_after + 3)
    ]  # fmt: skip
    assert found.low.value == pytest.approx(min(changes))
    assert found.high.value == pytest.approx(max(changes))


@pytest.mark.parametrize("before", [Bounds(100, 100), Bounds(98, 101)])
@pytest.mark.parametrize("after", [Bounds(100, 100), Bounds(98, 101)])
def test_a_control_that_is_known_within_bounds_is_said(before, after):
    found = bounded_change("target", Bounds(5, 5), Bounds(4, 4), before, after, unit="people")
    is_exact = before.is_exact and after.is_exact
    assert ("the control's counts are known within bounds too" in found.note) == (not is_exact)


def test_what_nothing_bounds_is_unknown_and_so_is_the_sum():
    nothing = bounded_change(
        "target", Bounds(0, math.inf), Bounds(0, math.inf), Bounds(5, 5), Bounds(5, 5), unit="people"
    )
    assert (nothing.low.value, nothing.high.value) == (-math.inf, math.inf)
    made = joint([(measure("finds"), normal_effect(-50, 1))], bounded=[(measure("entries", unit="people"), nothing)])
    found = net_harm(made, profile(ValueRule(MeasureSelector(), "harm", 1.0)))
    assert not found.is_known
    assert "entries" in found.note
    ignored = net_harm(made, by_name(finds=1.0))
    assert ignored.is_known
    # Nor does a control without events say what was to be expected.
    empty = bounded_change("target", Bounds(5, 5), Bounds(4, 4), Bounds(0, 0), Bounds(9, 9), unit="people")
    assert (empty.low.value, empty.high.value) == (-math.inf, math.inf)


@pytest.mark.parametrize(("low", "high", "state"), [(0.1, 0.9, "hit"), (-0.9, -0.1, "kept"), (-0.2, 0.3, "unknown")])
def test_vetoes_are_hit_kept_or_unknown(low, high, state):
    veto = Veto(MeasureSelector(type="health"), 0.0, "no rise in overdoses is acceptable")
    overdoses = measure("overdoses", unit="calls", borne_by="user", kind="health")
    found = net_harm(
        joint([(overdoses, calibrated_effect(50, 50, low, high))]),
        profile(ValueRule(MeasureSelector(), "harm", 1.0), vetoes=[veto]),
    )
    assert [answer.state for answer in found.vetoes] == [state]


@pytest.mark.parametrize(("margin", "state"), [(0.09, "hit"), (0.3, "unknown"), (0.36, "kept")])
def test_a_veto_accepts_a_share_of_the_expected_count(margin, state):
    """2,000 expected and 2,500 counted: between 200 and 700 more, so 10% to 35% of what was expected."""
    low, high = math.log(2500 / 2300), math.log(2500 / 1800)
    overdoses = measure("overdoses", unit="calls", borne_by="user", kind="health")
    effect = calibrated_effect(2000, 2500, low, high)
    assert effect.interval.low == pytest.approx(200)
    assert effect.interval.high == pytest.approx(700)
    veto = Veto(MeasureSelector(type="health"), margin * 2000 / effect.expected, "no rise above the margin")
    found = net_harm(joint([(overdoses, effect)]), profile(ValueRule(MeasureSelector(), "harm", 1.0), vetoes=[veto]))
    assert [answer.state for answer in found.vetoes] == [state]


def test_a_change_without_places_like_it_is_counted_against_the_growth_of_the_city():
    """The city grew by half: 150 were to be expected, and the draws have the counting interval that is shown."""
    effect = refused_effect(100, 60, control=(1000, 1500))
    assert effect.change == pytest.approx(60 - 150)
    ratio = Estimate("log rate ratio", math.log(60 / 150), math.sqrt(1 / 60 + 1 / 100), "log ratio", "")
    effect = replace(effect, counting_ratio=ratio)
    made = joint([(measure("finds"), effect)])
    ends = 150 * np.expm1(ratio.value + np.array([-1.96, 0.0, 1.96]) * ratio.standard_error)
    assert np.quantile(made.low[:, 0], [0.025, 0.5, 0.975]) == pytest.approx(ends, rel=0.01)
    assert np.array_equal(made.low, made.high)


def test_draws_go_on_in_a_straight_line_beyond_the_widest_interval():
    """Ends far to the left and near to the right: each side goes on with the slope of its own last stretch."""
    effect = calibrated_effect(100, 60, -0.8, -0.1)
    z = dict(zip((0.8, 0.9, 0.95, 0.99), (1.2816, 1.6449, 1.96, 2.5758), strict=True))
    ends = {0.8: (-0.7, -0.3), 0.9: (-0.9, -0.25), 0.95: (-1.1, -0.22), 0.99: (-1.9, -0.1)}
    spans = tuple(Interval(*span, level) for level, span in ends.items())
    effect = replace(effect, ratio=replace(effect.ratio, value=-0.5, intervals=spans))
    made = joint([(measure("finds"), effect)], draws=2**15)
    log_ratio = -np.log1p(-made.low[:, 0] / 60)
    below = -1.9 + (3.09 - z[0.99]) * (-1.9 + 1.1) / (z[0.99] - z[0.95])
    above = -0.1 + (3.09 - z[0.99]) * (-0.1 + 0.22) / (z[0.99] - z[0.95])
    found = np.quantile(log_ratio, [0.001, 0.005, 0.025, 0.5, 0.975, 0.995, 0.999])
    assert found == pytest.approx([below, -1.9, -1.1, -0.5, -0.22, -0.1, above], abs=0.02)


def test_a_note_says_why_a_change_is_not_known():
    fine, gone = calibrated_effect(100, 60, -0.8, -0.1), normal_effect(-5, 1, note="the control is too small")
    made = joint([(measure(name), one) for name, one in (("a", fine), ("b", refused_effect(9, 9)), ("c", gone))])
    assert made.notes == ("", "no 95% interval is possible here", "the control is too small")
    assert joint([(measure("d"), normal_effect(-5, 1))]).notes == ("the count before is 0",)


def test_the_interval_of_a_change_within_bounds_reaches_beyond_both_ends():
    """By hand: 20 to 24 before, 10 to 12 after, control 100 and 100; errors of both ends by the delta method."""
    found = bounded_change("target", Bounds(20, 24), Bounds(10, 12), Bounds(100, 100), Bounds(100, 100), unit="people")
    low_error = math.sqrt(10 + 24 + 0.24**2 * 200)
    high_error = math.sqrt(12 + 20 + 0.2**2 * 200)
    assert [found.low.standard_error, found.high.standard_error] == pytest.approx([low_error, high_error])
    made = joint([], bounded=[(measure("entries", unit="people"), found)])
    (row,) = net_harm(made, profile(ValueRule(MeasureSelector(), "harm", 1.0))).rows
    assert [row.interval.low, row.interval.high] == pytest.approx(
        [-14 - 1.96 * low_error, -8 + 1.96 * high_error], rel=1e-4
    )
    assert np.quantile(made.low[:, 0], 0.025) == pytest.approx(row.interval.low, rel=0.01)
    assert np.quantile(made.high[:, 0], 0.975) == pytest.approx(row.interval.high, rel=0.02)


def test_a_veto_on_what_nobody_measured_is_unknown():
    veto = Veto(MeasureSelector(type="health"), 0.0, "no rise in overdoses is acceptable")
    found = net_harm(
        joint([(measure("finds"), normal_effect(-5, 1))]),
        profile(ValueRule(MeasureSelector(), "harm", 1.0), vetoes=[veto]),
    )
    assert found.vetoes[0].state == "unknown"
    assert "no measure" in found.vetoes[0].reason


def test_activity_has_no_weight_in_any_profile():
    arrests = Measure("arrests", "s", (), "incidents", "police")
    for name in SHIPPED_PROFILES:
        assert read_profile(name, Path()).weight(arrests) == 0


def test_needles_and_the_requests_they_came_with_are_not_added():
    pair = [measure("requests"), measure("needles", unit="needles")]
    assert "the same finds in two units" in double_counting_note(pair)
    found = net_harm(
        joint([(one, normal_effect(-5, 1)) for one in pair]), profile(ValueRule(MeasureSelector(), "harm", 1.0))
    )
    assert not found.is_known
    equal = net_harm(joint([(one, normal_effect(-5, 1)) for one in pair]), read_profile("equal", Path()))
    assert [row.weight for row in equal.rows] == [1.0, 0.0]


def test_joint_draws_and_closed_form_agree_where_there_is_one():
    parts = [Estimate("a", -10.0, 3.0, "x", ""), Estimate("b", 2.0, 4.0, "x", "")]
    closed = weighted_sum(parts, [1, 2], unit="x")
    made = joint([(measure("a"), normal_effect(-10, 3)), (measure("b"), normal_effect(2, 4))])
    span = net_harm(made, by_name(a=1.0, b=2.0)).interval
    want = closed.interval()
    assert span.high - span.low == pytest.approx(want.high - want.low, rel=0.02)
