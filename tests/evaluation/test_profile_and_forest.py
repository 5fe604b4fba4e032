"""Ring profile, sensitivity curve, forest: by hand, level, dependence, refusals."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from geoharm.errors import DesignError
from geoharm.evaluation.estimators.distance_profile import distance_profile
from geoharm.evaluation.estimators.rate_ratio import log_rate_ratio
from geoharm.evaluation.estimators.specification_curve import specification_curve
from geoharm.evaluation.pooling.carried_ends import carry_ends, small_count_bias
from geoharm.evaluation.pooling.operations import CORRELATION, pool_effects
from geoharm.model.counts import Change
from geoharm.model.estimate import Estimate, Interval, undefined
from geoharm.model.reason import Reason

CONTROL = Change("control", 900, 850)
Z = {0.8: 1.2815515655446004, 0.9: 1.6448536269514722, 0.95: 1.959963984540054, 0.99: 2.5758293035489004}


def bands(counts):
    edges = [(0, 0), (0, 100), (100, 250), (250, 500)]
    return [(*edge, Change(f"band {i}", *pair)) for i, (edge, pair) in enumerate(zip(edges, counts, strict=True))]


def test_profile_points_are_the_rate_ratios_and_share_the_control():
    found = distance_profile(bands([(90, 50), (40, 44), (60, 66), (80, 80)])[::-1], CONTROL)
    assert found.positions.tolist() == [0, 50, 175, 375]
    for point, (_, _, change) in zip(found.points, bands([(90, 50), (40, 44), (60, 66), (80, 80)]), strict=True):
        plain = log_rate_ratio(change, CONTROL)
        assert (point.name, point.value) == (change.area, plain.value)
    shared = 1 / 900 + 1 / 850
    assert found.counting_covariance[0, 1] == pytest.approx(shared)
    assert found.counting_covariance[2, 2] == pytest.approx(1 / 60 + 1 / 66 + shared)
    assert np.isnan(found.without_covariance().counting_covariance).all()


def test_no_interval_can_be_asked_of_a_point():
    """No error leaves the estimator with the points, so no page or file can make an interval from them."""
    found = distance_profile(bands([(90, 50), (40, 44), (60, 66), (80, 80)]), CONTROL)
    names = {field.name for field in dataclasses.fields(found.points[0])}
    assert names == {"name", "value", "unit", "reference", "note", "reason"}
    assert not hasattr(found.points[0], "interval")
    assert not hasattr(found, "band")


def test_an_empty_ring_is_undefined():
    found = distance_profile(bands([(9, 5), (4, 0), (6, 6), (8, 8)]), CONTROL)
    assert [point.is_defined for point in found.points] == [True, False, True, True]
    assert found.points[1].note == "the count after in band 1 is 0"
    assert found.points[1].reason is Reason.ZERO_COUNT
    assert np.isnan(found.counting_covariance[1]).all()


def test_profile_refusals():
    with pytest.raises(DesignError, match="at least one band"):
        distance_profile([], CONTROL)
    with pytest.raises(DesignError, match='"a" and "b" overlap'):
        distance_profile([(0, 200, Change("a", 1, 1)), (100, 300, Change("b", 1, 1))], CONTROL)


def test_sensitivity_by_aspect():
    ways = [
        ([("rings", rings), ("control", control)], Change(rings, 100, after), Change(control, 500, late))
        for rings, after in (("250 m", 90), ("500 m", 120))
        for control, late in (("north", 500), ("south", 550))
    ]
    found = specification_curve(ways)
    assert len(found.specifications) == 4
    assert found.share_below == 0.5
    low, high = (row[1:] for row in found.range_of("rings"))
    assert low == pytest.approx((math.log(0.9 / 1.1), math.log(0.9)))
    assert high == pytest.approx((math.log(1.2 / 1.1), math.log(1.2)))
    assert not found.controls_disagree
    assert specification_curve(ways[::-1]) == found
    with pytest.raises(DesignError, match="occurs twice"):
        specification_curve([ways[0], ways[0]])


def estimate(value, error, unit="log ratio"):
    return Estimate("x", value, error, unit, "")


def calibrated(value, below, above=None, error=None, unit="log ratio"):
    """Return an estimate whose 95% interval lies so far below and above its value; other levels in proportion."""
    above = below if above is None else above
    spans = tuple(Interval(value - below * z / Z[0.95], value + above * z / Z[0.95], level) for level, z in Z.items())
    return Estimate("x", value, error or below / Z[0.95], unit, "", calibrated=True, intervals=spans)


def test_a_mean_of_operations_by_hand():
    """Two ends 0.3 and 0.4 away, each with half the weight, correlated by r: sqrt(0.15^2 + 0.2^2 + 2 r 0.15 0.2)."""
    nothing = undefined(
        "x", unit="log ratio", reference="", note="the count after in target is 0", reason=Reason.ZERO_COUNT
    )
    found = pool_effects([("a", calibrated(-0.4, 0.3)), ("b", calibrated(-0.2, 0.4)), ("c", nothing)])
    assert found.left_out == (("c", "the count after in target is 0"),)
    assert [(label, weight) for label, _, weight in found.rows] == [("a", 0.5), ("b", 0.5)]
    assert found.pooled.value == pytest.approx(-0.3)
    half = math.sqrt(0.15**2 + 0.2**2 + 2 * CORRELATION * 0.15 * 0.2)
    span = found.pooled.interval()
    assert (span.low, span.high) == pytest.approx((-0.3 - half, -0.3 + half))
    assert found.pooled.calibrated
    assert found.spread.count == 2


def test_only_calibrated_rows_make_a_calibrated_mean():
    rows = [("a", calibrated(-0.4, 0.3)), ("b", estimate(-0.2, 0.2))]
    assert not pool_effects(rows).pooled.calibrated


def test_the_bias_of_few_events_is_taken_out_of_a_mean_by_hand():
    """x is normal around 10 with error 1: 2 log x has the bias -0.01, and sixteen independent ones lose 15/16 of it."""
    ends = {level: (2 * math.log(1 - z / 10), 2 * math.log(1 + z / 10)) for level, z in Z.items()}
    bias = small_count_bias(0.0, *ends[0.8])
    assert bias == pytest.approx(-0.01, rel=0.02)
    low, high = ends[0.95]
    mean, below, above, error = carry_ends(
        [0.0] * 16, [low] * 16, [high] * 16, level=0.95, biases=[bias] * 16, errors=[0.2] * 16, correlation=np.eye(16)
    )
    assert (mean, error) == pytest.approx((-bias * 15 / 16, 0.05))
    moved = -bias * (15 / 16 + Z[0.95] ** 2 * (1 / 4 - 1 / 16))
    assert (below, above) == pytest.approx((low / 4 + moved, high / 4 + moved))
    rng = np.random.default_rng(2)
    drawn = 2 * np.log(1 + rng.normal(size=(4000, 16)) / 10)
    assert np.mean([below + one <= 0 <= above + one for one in drawn.mean(axis=1)]) == pytest.approx(0.95, abs=0.012)


@pytest.mark.parametrize("count", [2, 4, 16])
def test_the_interval_of_like_operations_shrinks_to_what_they_share(count):
    rows = [(str(number), calibrated(-0.3, 0.4)) for number in range(count)]
    span = pool_effects(rows).pooled.interval()
    assert (span.high - span.low) / 2 == pytest.approx(0.4 * math.sqrt(CORRELATION + (1 - CORRELATION) / count))


def test_a_mean_of_operations_refuses():
    rows = [("a", estimate(0, 1)), ("b", estimate(0, 1))]
    with pytest.raises(DesignError, match="one unit and different labels"):
        pool_effects([rows[0], ("b", estimate(0, 1, "events"))])
    with pytest.raises(DesignError, match="one unit and different labels"):
        pool_effects([rows[0], rows[0]])
    alone = pool_effects(rows[:1])
    assert alone.pooled is None
    assert "nothing is pooled" in alone.note
