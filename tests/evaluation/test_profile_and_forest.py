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
from geoharm.evaluation.pooling.forest import forest
from geoharm.model.counts import Change
from geoharm.model.estimate import Estimate, undefined
from geoharm.model.reason import Reason

CONTROL = Change("control", 900, 850)


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


def test_forest_weights_and_what_is_left_out():
    nothing = undefined(
        "x", unit="log ratio", reference="", note="the count after in target is 0", reason=Reason.ZERO_COUNT
    )
    found = forest([("a", estimate(-0.4, 0.1)), ("b", estimate(-0.2, 0.2)), ("c", nothing)])
    assert found.left_out == (("c", "the count after in target is 0"),)
    assert [row[0] for row in found.rows] == ["a", "b"]
    assert sum(row[2] for row in found.rows) == pytest.approx(1)
    assert found.pooled.mean == pytest.approx(sum(row[1].value * row[2] for row in found.rows))
    assert "independent" in found.note
    assert forest([("c", nothing)]).pooled is None


def test_operations_that_differ_weigh_more_alike():
    """Three effects far apart beside their errors: what they vary by stands beside each error (DerSimonian and Laird)."""
    values, errors = np.array([-1.0, 0.0, 1.2]), np.array([0.1, 0.2, 0.3])
    found = forest([(name, estimate(*pair)) for name, *pair in zip("abc", values, errors, strict=True)])
    between = found.pooled.between_variance
    assert between > 0.5
    weight = 1 / (errors**2 + between)
    assert [row[2] for row in found.rows] == pytest.approx(weight / weight.sum())
    assert found.pooled.mean == pytest.approx(float(weight @ values / weight.sum()))
    (alone,) = forest([("a", estimate(-1.0, 0.1))]).rows
    assert alone[2] == 1.0


def test_placebos_drawn_together_widen_the_mean():
    rng = np.random.default_rng(5)
    rows = [("a", estimate(-0.3, 0.1)), ("b", estimate(-0.3, 0.1))]
    common = rng.normal(size=(500, 1)) + 0.3 * rng.normal(size=(500, 2))
    together, apart = forest(rows, placebos=common), forest(rows)
    rho = np.corrcoef(common, rowvar=False)[0, 1]
    assert apart.pooled.standard_error == pytest.approx(0.1 / math.sqrt(2))
    assert together.pooled.standard_error == pytest.approx(0.1 * math.sqrt((1 + rho) / 2))
    assert together.note == "dependence from 500 placebos drawn together"


def test_shared_control_in_a_forest():
    shared = forest([("a", estimate(0, 0.2)), ("b", estimate(0, 0.2))], covariance=[[0.04, 0.03], [0.03, 0.04]])
    assert shared.pooled.standard_error == pytest.approx(math.sqrt(0.035))


def test_forest_refusals():
    rows = [("a", estimate(0, 1)), ("b", estimate(0, 1))]
    with pytest.raises(DesignError, match="not both"):
        forest(rows, covariance=np.eye(2), placebos=np.eye(2))
    with pytest.raises(DesignError, match="one unit and different labels"):
        forest([rows[0], ("b", estimate(0, 1, "events"))])
    with pytest.raises(DesignError, match="30 placebo draws"):
        forest(rows, placebos=np.zeros((10, 2)))
    with pytest.raises(DesignError, match=r"shape \(draws, 2\)"):
        forest(rows, placebos=np.zeros((40, 3)))
    with pytest.raises(DesignError, match=r"shape \(2, 2\)"):
        forest(rows, covariance=[1.0])
