"""Running difference, harm-weighted difference and the classic indices: published numbers, properties, refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.errors import DesignError
from geoharm.evaluation.estimators.cumulative_wdd import cumulative_wdd
from geoharm.evaluation.estimators.displacement_indices import displacement_indices
from geoharm.evaluation.estimators.wdd import harm_weighted_wdd, linear_change, net_change, wdd
from geoharm.evaluation.results.indices import Quotient
from geoharm.model.counts import Change
from geoharm.model.reason import Reason
from geoharm.replication.case import published_values
from geoharm.report.sections.other_estimators import read_quotient
from geoharm.stats.fieller import fieller_set

GOLDEN = published_values("family")
some = st.integers(20, 400)


def types(case):
    return [(wdd(Change("T", t0, t1), Change("C", c0, c1)), weight) for c0, c1, t0, t1, weight in GOLDEN[case]["rows"]]


def test_harm_weighted_difference_of_dallas():
    expect, parts = GOLDEN["harm"], types("harm")
    for (part, _), (value, error) in zip(parts, expect["each"], strict=True):
        assert part.total.value == value
        assert part.total.standard_error == pytest.approx(error, rel=1e-7)
    found = harm_weighted_wdd(parts).total
    assert [found.value, found.standard_error] == pytest.approx(expect["total"], rel=1e-9)
    assert found.z == pytest.approx(expect["z"], rel=1e-8)
    span = found.interval()
    assert [span.low, span.high] == pytest.approx(expect["interval"], rel=1e-9)


def test_harm_weighted_difference_of_the_help_page():
    found = harm_weighted_wdd(types("harm_help")).total
    assert [found.value, found.standard_error] == pytest.approx(GOLDEN["harm_help"]["total"], rel=1e-9)


def test_harm_keeps_rings_apart_and_refuses_a_mixture():
    ring = wdd(Change("T", 9, 4), Change("C", 9, 9), ring=Change("D", 8, 9), ring_control=Change("CD", 5, 5))
    both = harm_weighted_wdd([(ring, 2), (ring, 3)])
    assert (both.local.value, both.displacement.value, both.total.value) == (-25, 5, -20)
    with pytest.raises(DesignError, match="some without"):
        harm_weighted_wdd([(ring, 1), (wdd(Change("T", 1, 1), Change("C", 1, 1)), 1)])
    with pytest.raises(DesignError, match="at least one"):
        harm_weighted_wdd([])


def test_weights_are_not_multiplied_counts():
    """10 events of weight 10 and 25 of weight 4 are equal harm with different errors."""
    one = harm_weighted_wdd([(wdd(Change("T", 10, 0), Change("C", 0, 0)), 10)]).total
    two = harm_weighted_wdd([(wdd(Change("T", 25, 0), Change("C", 0, 0)), 4)]).total
    assert one.value == two.value == -100
    assert one.standard_error > two.standard_error


def test_overdispersion_widens_as_published():
    t0, t1, c0, c1 = GOLDEN["overdispersed"]["counts"]
    phi = GOLDEN["overdispersed"]["phi"]
    found = wdd(Change("T", t0, t1), Change("C", c0, c1), dispersion={"T": phi, "C": phi}).total
    assert [found.value, found.standard_error] == pytest.approx(GOLDEN["overdispersed"]["total"], rel=1e-6)
    span = found.interval()
    assert [span.low, span.high] == pytest.approx(GOLDEN["overdispersed"]["interval"], rel=1e-6)


@pytest.mark.parametrize("name", GOLDEN["seattle"]["rows"])
def test_seattle_against_the_scaled_city(name):
    t0, t1, c0, c1, value, error = GOLDEN["seattle"]["rows"][name]
    found = linear_change([(Change("T", t0, t1), 1), (Change("C", c0, c1), -t0 / c0)])
    assert found.value == pytest.approx(value, abs=1e-6)
    assert found.standard_error == pytest.approx(error, abs=1e-6)
    # The scale is an estimate too: with its own error the interval is wider.
    careful = net_change(Change("T", t0, t1), Change("C", c0, c1))
    assert careful.value == pytest.approx(value, abs=1e-6)
    assert careful.standard_error > error * 0.95


def running(**changes):
    case = GOLDEN["running"]
    return cumulative_wdd(case["target"], case["control"], **({"before": case["before"]} | changes))


def test_running_difference_month_by_month():
    found = running()
    errors = np.sqrt(np.diag(found.counting_covariance))
    for month, (value, error) in GOLDEN["running"]["expect"].items():
        assert found.points[int(month) - 1].value == pytest.approx(value, abs=1e-9)
        assert errors[int(month) - 1] == pytest.approx(error, abs=1e-6)
    assert found.positions.tolist() == list(range(1, 21))


def test_running_difference_ends_at_the_plain_one():
    case = GOLDEN["running"]
    t, c = np.array(case["target"]), np.array(case["control"])
    plain = wdd(Change("T", t[:20].sum(), t[20:].sum()), Change("C", c[:20].sum(), c[20:].sum())).total
    assert running().points[-1].value == pytest.approx(plain.value)
    assert running().counting_covariance[-1, -1] == pytest.approx(plain.standard_error**2)


def test_the_covariance_of_the_running_difference_is_that_of_many_worlds():
    """Poisson months of one mean: the mean covariance is the one that the curves of 2,000 worlds have."""
    rng = np.random.default_rng(7)
    curves = [cumulative_wdd(*rng.poisson(30, (2, 12)), before=6) for _ in range(2000)]
    seen = np.cov([[point.value for point in curve.points] for curve in curves], rowvar=False)
    assert np.mean([curve.counting_covariance for curve in curves], axis=0) == pytest.approx(seen, rel=0.12)


def test_running_difference_leaves_out_a_month_without_data():
    t, c = ([5.0, 5.0, math.nan, 5.0, 2.0, math.nan, 1.0] for _ in range(2))
    found = cumulative_wdd(t, [x + 1 for x in c], before=4)
    assert found.positions.tolist() == [1, 3]
    assert [point.value for point in found.points] == [0, 0]


@pytest.mark.parametrize(
    ("target", "control", "before", "why"),
    [
        ([1, 2], [1], 1, "need the same months"),
        ([1, math.nan], [1, 2], 1, "their gaps differ"),
        ([1, 2.5], [1, 2], 1, "whole numbers"),
        ([1, 2], [1, -1], 1, "zero or more"),
        ([1, 2], [1, 2], 2, "2 and 0 are left"),
    ],
)
def test_running_refusals(target, control, before, why):
    with pytest.raises(DesignError, match=why):
        cumulative_wdd(target, control, before=before)


def indices(counts, **more):
    return displacement_indices(*(Change(name, *pair) for name, pair in zip("RDC", counts, strict=True)), **more)


@pytest.mark.parametrize("case", GOLDEN["indices"]["rows"])
def test_indices(case):
    found = indices(case["counts"])
    pairs = {
        "ge": found.gross_effect.value, "ne": found.net_effect.value, "sm": found.success_measure.value,
        "bdm": found.buffer_displacement.value, "wdq": found.wdq.value, "tne": found.total_net_effect.value,
    }  # fmt: skip
    for name, value in pairs.items():
        if case[name] is not None:
            assert value == pytest.approx(case[name], abs=1e-9), name


def test_total_net_effect_by_hand():
    """(207 + 178) 318 / 308 - 110 - 157; methods of the field with one comparison for both."""
    assert indices([[207, 110], [178, 157], [308, 318]]).total_net_effect.value == pytest.approx(385 * 318 / 308 - 267)


@given(some, some, some, some, some, some)
def test_indices_agree_with_the_differences(rb, ra, db, da, cb, ca):
    """The field's indices are our net changes in other clothes, sign turned."""
    found = indices([[rb, ra], [db, da], [cb, ca]])
    target, ring, control = Change("R", rb, ra), Change("D", db, da), Change("C", cb, ca)
    both = net_change(Change("U", rb + db, ra + da), control)
    assert found.total_net_effect.value == pytest.approx(-both.value, abs=1e-6)
    assert found.total_net_effect.standard_error == pytest.approx(both.standard_error, rel=1e-9)
    one, two = net_change(target, control).value, net_change(ring, control).value
    if not math.isnan(found.wdq.value):
        assert found.wdq.value == pytest.approx(two / one, rel=1e-6, abs=1e-9)
        assert found.displaced_share.value == -found.wdq.value
    assert found.net_effect.value == -found.success_measure.value


@settings(max_examples=40)
@given(some, some, some, some, some, some)
def test_a_quotient_needs_a_credible_fall(rb, ra, db, da, cb, ca):
    found = indices([[rb, ra], [db, da], [cb, ca]])
    credible = found.success_measure.interval().high < 0
    assert math.isnan(found.wdq.value) == (not credible)
    assert bool(found.wdq.note) == (not credible)
    assert found.wdq.reason is (None if credible else Reason.NO_FALL)
    if credible:
        assert found.wdq.values.is_bounded
        assert found.wdq.value in found.wdq.values
        assert -found.wdq.value in found.displaced_share.values


def test_a_refused_quotient_shows_an_unbounded_set():
    found = indices([[100, 98], [100, 150], [100, 100]])
    assert math.isnan(found.wdq.value)
    assert found.wdq.values.shape in ("two pieces", "everything")
    assert read_quotient(found.wdq).startswith("not given: the target did not credibly fall")


def test_standard_errors_of_the_indices_against_simulation():
    means = np.array([400, 250, 300, 330, 500, 520])
    draws = np.random.default_rng(2).poisson(means, (20_000, 6)).astype(float)
    rb, ra, db, da, cb, ca = draws.T
    found = indices(means.reshape(3, 2).tolist())
    for estimate, values in (
        (found.success_measure, ra / ca - rb / cb),
        (found.buffer_displacement, da / ca - db / cb),
        (found.total_net_effect, (rb + db) * ca / cb - ra - da),
        (found.gross_effect, rb - ra),
    ):
        assert values.std() == pytest.approx(estimate.standard_error, rel=0.03)


def test_the_quotients_set_holds_its_level():
    means = np.array([400, 250, 300, 330, 500, 500])
    truth = (330 / 500 - 300 / 500) / (250 / 500 - 400 / 500)
    draws = np.random.default_rng(3).poisson(means, (2000, 6)).reshape(-1, 3, 2)
    inside = [truth in indices(draw.tolist()).wdq.values for draw in draws]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.015)


def test_no_comparison_no_index():
    found = indices([[10, 5], [8, 8], [0, 4]])
    assert found.gross_effect.value == 5
    assert found.wdq.note == "the count before in C is 0"
    assert found.wdq.reason is found.net_effect.reason is Reason.ZERO_COUNT
    assert found.wdq.values.shape == "none"
    assert math.isnan(found.total_net_effect.value)
    with pytest.raises(DesignError, match="three names"):
        displacement_indices(Change("A", 1, 1), Change("A", 1, 1), Change("C", 1, 1))


@pytest.mark.parametrize(
    ("value", "low", "high", "text"),
    [
        (1.5, 1.1, 2.0, "the rings fell by more than the target did"),
        (0.5, 0.1, 0.9, "the rings fell with the target, by less"),
        (-0.5, -0.9, -0.1, "the rings rose by less than the target fell"),
        (-2, -3, -1.2, "the rings rose by more than the target fell"),
        (-1, -1.5, -0.5, "whether by less or by more is not told apart"),
    ],
)
def test_readings(value, low, high, text):
    values = fieller_set((low + high) / 2, 1, variances=(((high - low) / 2 / 1.96) ** 2, 1e-12))
    assert text in read_quotient(Quotient("wdq", value, values))
