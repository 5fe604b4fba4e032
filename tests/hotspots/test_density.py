"""Quartic density: equal to the slow version, mass conserved, additive, blind to order and place."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.errors import DesignError
from geoharm.hotspots import quartic_density, quartic_kernel
from geoharm.model import Grid, Points, grid_over
from tests.reference import slow

# Sums of the same terms in another order: 1e-12 of the peak is far above rounding and far below any mistake.
OF_PEAK = 1e-12

GRID = Grid(0.0, 0.0, 50.0, 30, 24)
metres = st.floats(-100, 1600, allow_nan=False)
events = st.lists(st.tuples(metres, st.floats(-100, 1300, allow_nan=False), st.integers(1, 9)), min_size=1, max_size=25)


def points(rows):
    distinct = {}
    for x, y, weight in rows:
        distinct[(x, y)] = distinct.get((x, y), 0) + weight
    return Points(
        np.array([place[0] for place in distinct]), np.array([place[1] for place in distinct]),
        np.array([float(weight) for weight in distinct.values()]),
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(events, st.floats(50, 400), st.floats(0.1, 5))
def test_equals_the_slow_version(rows, bandwidth, years):
    found = quartic_density(points(rows), GRID, bandwidth=bandwidth, years=years).values
    expected = np.array(slow.quartic_density(rows, *GRID.centres(), bandwidth, years))
    peak = 3 / (math.pi * bandwidth**2) * 1e6 / years * sum(row[2] for row in rows)
    assert np.abs(found - expected).max() <= OF_PEAK * peak


def test_kernel_integrates_to_one():
    """A much used package's quartic integrates to 7.25."""
    at = np.arange(-99.95, 100, 0.1)
    total = quartic_kernel(np.hypot(*np.meshgrid(at, at)), 100.0).sum() * 0.01
    assert total == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("cells", [3, 6, 12])
def test_mass_is_the_number_of_events(cells):
    """Over a grid that covers every kernel whole; what is left is the error of evaluating at centres."""
    rng = np.random.default_rng(1)
    some = Points(rng.uniform(0, 2000, 500), rng.uniform(0, 2000, 500), rng.integers(1, 4, 500).astype(float))
    grid = grid_over(shapely.box(0, 0, 2000, 2000), cell=300 / cells, margin=400)
    surface = quartic_density(some, grid, bandwidth=300, years=2.5)
    assert surface.mass == pytest.approx(some.total, rel=1e-3)
    assert surface.events == some.total


@settings(max_examples=30, deadline=None)
@given(events, events)
def test_additive_over_a_split(one, two):
    def density(rows):
        return quartic_density(points(rows), GRID, bandwidth=200, years=1).values

    assert np.allclose(density(one) + density(two), density(one + two), rtol=1e-10, atol=1e-12)


def test_moving_events_and_grid_together_changes_nothing():
    rng = np.random.default_rng(4)
    x, y, weight = rng.uniform(200, 1000, 80), rng.uniform(200, 1000, 80), np.ones(80)
    here = quartic_density(Points(x, y, weight), GRID, bandwidth=220, years=1).values
    far = Grid(400_000.0, 300_000.0, 50.0, 30, 24)
    there = quartic_density(Points(x + 400_000, y + 300_000, weight), far, bandwidth=220, years=1).values
    assert np.allclose(here, there, rtol=1e-7)


def test_order_of_events_changes_nothing():
    rng = np.random.default_rng(4)
    x, y, weight = rng.uniform(0, 1500, 80), rng.uniform(0, 1200, 80), rng.integers(1, 9, 80).astype(float)
    turned = rng.permutation(80)
    one = quartic_density(Points(x, y, weight), GRID, bandwidth=220, years=1).values
    two = quartic_density(Points(x[turned], y[turned], weight[turned]), GRID, bandwidth=220, years=1).values
    assert np.allclose(one, two, rtol=1e-12)


def test_support_counts_events_and_places_in_reach():
    some = Points(np.array([725.0, 775.0, 1400.0]), np.array([625.0, 625.0, 625.0]), np.array([5.0, 2.0, 9.0]))
    found = quartic_density(some, GRID, bandwidth=100, years=1)
    assert found.support[12, 14] == 7
    assert found.places[12, 14] == 2
    assert found.support[12, 0] == found.places[12, 0] == 0


def test_cells_outside_the_study_area_have_no_value():
    found = quartic_density(
        Points(np.array([500.0]), np.array([500.0]), np.array([1.0])), GRID, bandwidth=100, years=1,
        within=shapely.box(0, 0, 600, 600),
    )  # fmt: skip
    assert np.isnan(found.values[-1, -1])
    assert np.isfinite(found.values[0, 0])


def test_refuses_a_bandwidth_below_a_cell():
    one = Points(np.zeros(1), np.zeros(1), np.ones(1))
    with pytest.raises(DesignError, match="at least one cell"):
        quartic_density(one, GRID, bandwidth=40, years=1)


@pytest.mark.parametrize(("x", "why"), [([np.nan], "finite"), ([[1.0]], "shape"), ([1.0, 2.0], "equally long")])
def test_refuses_points_that_are_none(x, why):
    with pytest.raises(DesignError, match=why):
        Points(np.array(x), np.zeros(1), np.ones(1))


def test_refuses_a_grid_too_large_for_memory():
    with pytest.raises(DesignError, match="larger than 50,000,000 cells"):
        grid_over(shapely.box(0, 0, 1e6, 1e6), cell=10)
