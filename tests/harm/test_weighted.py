"""Weighted sums of effects: published numbers; activity never netted; units never mixed."""

from __future__ import annotations

import math

import pytest

from geoharm.errors import DesignError
from geoharm.evaluation.estimators.wdd import wdd
from geoharm.harm.weighted import weighted_sum
from geoharm.model.counts import Change
from geoharm.model.estimate import Estimate

# Dallas (Worrall and Wheeler data), https://andrewpwheeler.com/2020/11/19/, ptools test "Cumulative Harm":
# control before, after; target before, after; weight; published WDD; published standard error.
DALLAS = [
    (133, 91, 130, 74, 3, -14, 20.688161),
    (388, 305, 327, 202, 2, -42, 34.957117),
    (148, 97, 398, 190, 5, -157, 28.861739),
    (86, 64, 144, 92, 7, -30, 19.646883),
    (94, 67, 183, 96, 10, -60, 20.976177),
]


def test_harm_weighted_wdd_of_dallas():
    parts = [wdd(Change("T", t0, t1), Change("C", c0, c1)).total for c0, c1, t0, t1, *_ in DALLAS]
    for part, (*_, value, error) in zip(parts, DALLAS, strict=True):
        assert (part.value, part.standard_error) == (value, pytest.approx(error, abs=5e-7))
    found = weighted_sum(parts, [row[4] for row in DALLAS], unit="incidents")
    assert found.value == -1721
    assert found.standard_error == pytest.approx(304.10360077, abs=5e-9)
    assert found.z == pytest.approx(-5.65925558, abs=5e-9)
    span = found.interval()
    assert [span.low, span.high] == pytest.approx([-2317.03210507, -1124.96789493], abs=5e-9)


def test_weights_multiply_effects_not_counts():
    """Ten crimes of weight 10 and twenty-five of weight 4 are as much harm, but not as uncertain."""
    few = weighted_sum([wdd(Change("T", 10, 0), Change("C", 0, 0)).total], [10], unit="x")
    many = weighted_sum([wdd(Change("T", 25, 0), Change("C", 0, 0)).total], [4], unit="x")
    assert few.value == many.value == -100
    assert few.standard_error > many.standard_error


def test_one_unknown_part_makes_the_sum_unknown():
    known = Estimate("a", 1.0, 1.0, "x", "")
    unknown = Estimate("b", math.nan, math.nan, "x", "", "the count before is 0")
    found = weighted_sum([known, unknown], [1, 1], unit="x")
    assert math.isnan(found.value)
    assert "the count before is 0" in found.note


def test_refuses_weights_that_do_not_fit():
    with pytest.raises(DesignError, match="one weight for each"):
        weighted_sum([Estimate("a", 1.0, 1.0, "x", "")], [1, 2], unit="x")
