"""Clusters of an area table: rates, not counts; withheld numbers at both ends; what lies outside takes no part."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import shapely

from geoharm.disclosure.patterns import protect_patterns
from geoharm.hotspots.clusters.area_rates import find_area_clusters
from geoharm.hotspots.clusters.areas import global_area_clusters
from geoharm.model.area_counts import AreaCounts
from geoharm.model.period import Period, add_months
from tests.disclosure.test_protect import MEASURE
from tests.disclosure.test_protect import study as made_study

SIDE = 10
MONTHS = tuple(Period(add_months(date(2020, 1, 1), n), add_months(date(2020, 1, 1), n + 1)) for n in range(24))


def squares(area, side=SIDE):
    west, south, east, north = area.boundary.bounds
    x, y = np.linspace(west, east, side + 1), np.linspace(south, north, side + 1)
    return [shapely.box(x[i], y[j], x[i + 1], y[j + 1]) for j in range(side) for i in range(side)]


def table(area, low, high=None, shapes=None, category="all"):
    shapes = shapes or squares(area)
    codes = tuple(f"A{n:03d}" for n in range(len(shapes)))
    return AreaCounts("wards", category, codes, MONTHS, low, low if high is None else high, tuple(shapes))


@pytest.fixture
def raised():
    """Counts in which the 3 by 3 areas of the south-west corner have four times the others' rate."""
    rng = np.random.default_rng(4)
    rate = np.full((SIDE, SIDE), 3.0)
    rate[:3, :3] = 12
    return rng.poisson(rate.ravel()[:, None], (SIDE * SIDE, len(MONTHS))).astype(float)


def high(found):
    return set(np.flatnonzero(found.clustering.gi.flagged(1)))


# These have raised neighbours only, or nearly so.
CORE = {row * SIDE + column for row in range(2) for column in range(2)}
# Areas that touch the corner have three of it among their neighbours.
NEAR = {row * SIDE + column for row in range(4) for column in range(4)}


def test_a_raised_corner_is_found_and_little_else(area, raised):
    found = find_area_clusters(MEASURE, [table(area, raised)], study=made_study(area))
    assert CORE <= high(found) <= NEAR
    assert [name for name, _ in found.reasons] == ["emerging", "accuracy", "shift"]
    assert found.clustering.global_tests[0].p < 0.001


def test_nothing_is_found_where_nothing_is(area):
    flagged = 0
    for seed in range(20):
        even = np.random.default_rng(seed).poisson(3.0, (SIDE * SIDE, len(MONTHS))).astype(float)
        found = find_area_clusters(MEASURE, [table(area, even)], study=made_study(area))
        flagged += bool(high(found))
    assert flagged <= 4


def test_rates_count_not_sizes(area):
    shapes = squares(area)
    # Two areas joined hold twice the events at the same rate.
    joined = [shapely.union(shapes[0], shapes[1]), *shapes[2:]]
    even = np.full((len(joined), len(MONTHS)), 5.0)
    even[0] = 10
    found = find_area_clusters(MEASURE, [table(area, even, shapes=joined)], study=made_study(area))
    assert not high(found)
    assert not np.isfinite(found.clustering.gi.z).any()


def test_withheld_numbers_that_could_turn_the_answer_do(area, raised):
    least, most = raised.copy(), raised.copy()
    corner = np.isin(np.arange(SIDE * SIDE), list(NEAR))
    least[corner], most[corner] = 0, 16
    study = made_study(area)
    found = find_area_clusters(MEASURE, [table(area, least, most)], study=study)
    assert not high(found)
    assert "suppressed counts at their smallest, middle and largest possible values" in found.clustering.gi.note
    # One number withheld within a hair of its value turns nothing.
    least, most = raised.copy(), raised.copy()
    most[0, 0] += 1
    assert high(find_area_clusters(MEASURE, [table(area, least, most)], study=study)) >= CORE


def test_a_missing_month_is_no_month_without_events(area, raised):
    gap = raised.copy()
    gap[:, 12:] = np.nan
    gap[5] = raised[5]
    found = find_area_clusters(MEASURE, [table(area, gap)], study=made_study(area))
    same = find_area_clusters(MEASURE, [table(area, raised)], study=made_study(area))
    assert abs(len(high(found)) - len(high(same))) <= 4
    assert found.clustering.support[6] == int(raised[6, :12].sum())


def test_categories_add_up_over_the_months_both_have(area, raised):
    half = raised / 2
    both = find_area_clusters(MEASURE, [table(area, half), table(area, half, category="other")], study=made_study(area))
    one = find_area_clusters(MEASURE, [table(area, raised)], study=made_study(area))
    assert np.array_equal(both.clustering.gi.p, one.clustering.gi.p)
    assert np.array_equal(both.clustering.support, one.clustering.support)


def test_areas_outside_take_no_part_and_two_are_too_few(area, raised):
    shapes = squares(area)
    away = [shapely.affinity.translate(shape, 1e6) for shape in shapes]
    mixed = [*shapes[:50], *away[50:]]
    found = find_area_clusters(MEASURE, [table(area, raised, shapes=mixed)], study=made_study(area))
    assert found.clustering.gi.z.size == 50
    few = find_area_clusters(MEASURE, [table(area, raised, shapes=[*shapes[:2], *away[2:]])], study=made_study(area))
    assert few.clustering is None
    assert dict(few.reasons)["clusters"] == "At least 3 areas of the table must lie in the study area; 2 do."


def test_an_area_that_may_hold_few_is_not_drawn(area, raised):
    raised[0] = 0
    raised[0, 0] = 4
    found = find_area_clusters(MEASURE, [table(area, raised)], study=made_study(area))
    shown = protect_patterns(found, area, 5).clusters
    rows, columns = shown.image.classes.shape
    # The first area is the south-west corner; the picture's first row is the northernmost.
    assert not shown.image.classes[rows - 3, 3]
    assert shown.image.classes[rows - 3, columns // 2]
    drawn = shown.km2["high"] + shown.km2["low"] + shown.km2["chance"]
    assert drawn == pytest.approx((1 - 1 / SIDE**2) * area.boundary.area / 1e6)
    assert protect_patterns(found, area, 1).clusters.image.classes[rows - 3, 3]


def test_the_global_tests_are_those_of_the_formulas(area, raised):
    shapes, x = squares(area), raised.sum(axis=1)
    moran, general = global_area_clusters(x, shapes)
    touch = np.array([[a is not b and a.intersects(b) for b in shapes] for a in shapes], dtype=float)
    z = x - x.mean()
    rows = touch / touch.sum(axis=1, keepdims=True)
    assert moran.value == pytest.approx(z @ rows @ z / (z @ z))
    assert moran.expected == pytest.approx(-1 / (len(x) - 1))
    products = np.outer(x, x)
    np.fill_diagonal(products, 0)
    assert general.value == pytest.approx((touch * products).sum() / products.sum())
    assert general.expected == pytest.approx(touch.sum() / (len(x) * (len(x) - 1)))
    same = global_area_clusters(np.full(len(shapes), 3.0), shapes)
    assert all(not one.is_defined and one.note == "every area holds the same value" for one in same)


def test_a_seed_decides(area, raised):
    study = made_study(area)
    first, again, other = (
        find_area_clusters(MEASURE, [table(area, raised)], study=replace(study, seed=seed)) for seed in (1, 1, 2)
    )
    assert np.array_equal(first.clustering.gi.p, again.clustering.gi.p)
    assert not np.array_equal(first.clustering.gi.p, other.clustering.gi.p)
