"""Candidate squares: where they lie, and what is counted in them; several operations pooled."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import shapely

from geoharm.evaluation.design.control_candidates import (
    candidate_counts,
    candidate_squares,
    counts_in_period,
    square_of,
)
from geoharm.evaluation.effects import evaluate_measure
from geoharm.evaluation.pooling.operations import CORRELATION, pool_operations
from geoharm.evaluation.robustness import other_estimators
from geoharm.model.geometry import Zone, ZoneRole
from geoharm.model.period import Period, Window
from geoharm.model.points import DatedPoints
from tests.evaluation.test_robustness import DATA, MEASURE, counts, design


def city(**changes):
    plan = design(**changes)
    control = shapely.box(-6000, -6000, 6000, 6000).difference(shapely.Point(0, 0).buffer(1100))
    return replace(plan, zones=(*plan.zones[:-1], Zone("control", ZoneRole.CONTROL, control)))


def events(number=4000, seed=1):
    rng = np.random.default_rng(seed)
    days = np.datetime64(DATA.start) + rng.integers(0, (DATA.end - DATA.start).days, number)
    return DatedPoints(rng.uniform(-6000, 6000, number), rng.uniform(-6000, 6000, number), days, np.ones(number))


def test_squares_are_disjoint_of_the_targets_size_and_in_the_control():
    plan = city()
    tiles = candidate_squares(plan)
    target = plan.zones[0].geometry
    assert tiles.side**2 == pytest.approx(target.area)
    shapes = [zone.geometry for zone in tiles.zones]
    assert len({zone.name for zone in tiles.zones}) == len(shapes) > 100
    control = plan.zones[-1].geometry
    assert all(shape.intersection(control).area >= 0.99 * shape.area for shape in shapes)
    assert shapely.union_all(shapes).area == pytest.approx(sum(shape.area for shape in shapes))
    away = [shape.centroid.distance(target.centroid) for shape in shapes]
    assert away == pytest.approx(sorted(away))


def test_no_square_is_missed_where_many_operations_leave_holes():
    """Every square of the grid is cut by the control area: those with 99 % inside, and no other, are candidates."""
    rng = np.random.default_rng(4)
    plan, holes = city(), [shapely.Point(x, y).buffer(350) for x, y in rng.uniform(-5500, 5500, (40, 2))]
    control = (
        plan.zones[-1].geometry.intersection(shapely.box(-3500, -3500, 3500, 3500)).difference(shapely.union_all(holes))
    )
    plan = replace(plan, zones=(*plan.zones[:-1], Zone("control", ZoneRole.CONTROL, control)))
    tiles = candidate_squares(plan)
    west, south = tiles.origin
    by_hand = {
        (row, column)
        for row in range(-20, 21)
        for column in range(-20, 21)
        if shapely.box(
            west + column * tiles.side, south + row * tiles.side,
            west + (column + 1) * tiles.side, south + (row + 1) * tiles.side,
        ).intersection(control).area >= 0.99 * tiles.side**2
    }  # fmt: skip
    assert set(zip(tiles.row.tolist(), tiles.column.tolist(), strict=True)) == by_hand
    assert 0 < len(by_hand) < 400


def test_counts_are_those_of_the_slow_way():
    plan, points = city(), events()
    tiles = candidate_squares(plan)
    like = counts()
    found = candidate_counts(tiles, points, like)
    assert found.counts.coverage == like.coverage
    for zone in tiles.zones[::7]:
        inside = shapely.contains_xy(zone.geometry, points.x, points.y)
        assert found.counts.counts[found.counts.zones.index(zone.name)].sum() == inside.sum()
    period = Period(date(2019, 1, 1), date(2020, 1, 1))
    chosen = counts_in_period(found, period)
    window = Window("w", (period,))
    assert chosen.tolist() == [found.counts.total(zone.name, window) for zone in tiles.zones]


def test_a_control_area_too_small_for_a_square_has_none_and_says_so():
    plan = city()
    small = Zone("control", ZoneRole.CONTROL, shapely.box(3000, 3000, 3300, 3300))
    plan = replace(plan, zones=(*plan.zones[:-1], small))
    tiles = candidate_squares(plan)
    assert tiles.zones == ()
    result = evaluate_measure(MEASURE, counts(), plan)
    found = other_estimators(result, plan, candidates=candidate_counts(tiles, events(), result.counts))
    assert dict(found.left_out)["choice of control"] == "no square as large as the target lies in the control area"


def operation(name, seed):
    plan = design(name=name)
    return plan, evaluate_measure(MEASURE, counts(seed), plan)


def test_operations_pool_to_something_between_them_with_a_narrower_interval():
    single = [operation("A", 1), operation("B", 5), operation("C", 9)]
    pools = dict(pool_operations(single))
    assert set(pools) == {"target", "all rings", "target and rings"}
    target = pools["target"]
    values = [estimate.value for _, estimate, _ in target.rows]
    assert target.pooled.value == pytest.approx(sum(values) / 3)
    assert target.pooled.standard_error < min(estimate.standard_error for _, estimate, _ in target.rows)
    assert target.note == f"the operations' errors are taken to correlate by {CORRELATION:g}"
    assert {weight for _, _, weight in target.rows} == {1 / 3}


def test_two_operations_are_pooled_and_a_zone_that_one_lacks_is_not():
    first, (plan, result) = operation("A", 1), operation("B", 5)
    lacking = plan, replace(result, effects=tuple(one for one in result.effects if one.zone != "all rings"))
    pools = dict(pool_operations([first, lacking]))
    assert set(pools) == {"target", "target and rings"}
    for forest in pools.values():
        assert len(forest.rows) == 2
        assert forest.pooled is not None
        assert forest.clustered is None


def test_points_are_found_in_their_square_wherever_the_target_lies():
    """A target off the middle: the first square lies at other metres east than north."""
    plan = city()
    shape = shapely.box(700, -2000, 1200, -1500)
    tiles = candidate_squares(replace(plan, zones=(Zone("target", ZoneRole.TARGET, shape), *plan.zones[1:])))
    assert tiles.origin[0] != tiles.origin[1]
    x, y = events(500).x, events(500).y
    slow = [
        next((place for place, zone in enumerate(tiles.zones) if shapely.contains_xy(zone.geometry, *point)), -1)
        for point in zip(x, y, strict=True)
    ]
    assert square_of(tiles, x, y).tolist() == slow
    assert len(set(slow)) > 50


def test_fewer_than_two_answers_are_not_pooled():
    plan, result = operation("B", 5)
    effect = result.effects[0]
    nothing = replace(effect, ratio=replace(effect.ratio, value=float("nan"), note="no interval"))
    empty = plan, replace(result, effects=(nothing, *result.effects[1:]))
    target = dict(pool_operations([operation("A", 1), empty]))["target"]
    assert target.pooled is None
    assert target.left_out == (("B", "no interval"),)
    assert "nothing is pooled" in target.note
