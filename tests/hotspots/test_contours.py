"""Percent-volume contours: equal to the slow version, ties in, ranked, counted exactly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoharm.errors import DesignError
from geoharm.hotspots.contours import find_hotspots, percent_volume_threshold
from geoharm.hotspots.density.intensity import density
from geoharm.model.grid import Grid
from geoharm.model.points import Points
from tests.reference import slow


@given(st.lists(st.integers(0, 6), min_size=1, max_size=40), st.floats(0.01, 1.0))
def test_threshold_equals_the_slow_version(values, share):
    array = np.array(values, dtype=float)
    if array.sum() == 0:
        with pytest.raises(DesignError, match="no located events"):
            percent_volume_threshold(array, share)
        return
    cut = percent_volume_threshold(array, share)
    assert set(np.flatnonzero(array >= cut)) == slow.percent_volume_cells(values, share)
    assert array[array >= cut].sum() >= share * array.sum() * (1 - 1e-9)


def test_ties_at_the_cut_are_all_in():
    assert percent_volume_threshold(np.array([5.0, 3.0, 3.0, 3.0, 1.0]), 0.4) == 3.0


def test_two_clusters_are_ranked_and_counted():
    rng = np.random.default_rng(2)
    x = np.concatenate([rng.normal(600, 40, 300), rng.normal(1700, 40, 100), rng.uniform(0, 2400, 60)])
    y = np.concatenate([rng.normal(600, 40, 300), rng.normal(1700, 40, 100), rng.uniform(0, 2400, 60)])
    some, grid = Points(x, y, np.ones(x.size)), Grid(0.0, 0.0, 50.0, 48, 48)
    surface = density(some, grid, bandwidth=200, years=1)
    spots = find_hotspots(surface, some, share=0.7)
    assert [spot.rank for spot in spots] == list(range(1, len(spots) + 1))
    assert (
        spots[0].geometry.centroid.distance(spots[0].geometry.__class__.from_bounds(600, 600, 600, 600).centroid) < 60
    )
    assert spots[0].events > spots[1].events
    for spot in spots:
        west, south, east, north = spot.geometry.bounds
        assert {west % 50, south % 50, east % 50, north % 50} == {0.0}
        by_cell = sum(
            spot.geometry.buffer(-1e-9).contains(spot.geometry.__class__.from_bounds(*cell).centroid)
            for cell in ((50 * (px // 50), 50 * (py // 50), 50 * (px // 50) + 50, 50 * (py // 50) + 50)
                         for px, py in zip(x, y, strict=True))
        )  # fmt: skip
        assert spot.events == by_cell
        assert spot.share == pytest.approx(spot.events / some.total)
    held = sum(spot.area_km2 * spot.density for spot in spots)
    assert held >= 0.7 * surface.total * (1 - 1e-9)


def test_cells_that_touch_at_a_corner_are_two_hotspots():
    grid = Grid(0.0, 0.0, 50.0, 6, 6)
    some = Points(np.array([75.0, 125.0]), np.array([75.0, 125.0]), np.array([1.0, 1.0]))
    surface = density(some, grid, bandwidth=50, years=1)
    assert len(find_hotspots(surface, some, share=1.0)) == 2


@pytest.mark.parametrize("share", [0, -0.1, 1.01, float("nan")])
def test_refuses_a_share_out_of_range(share):
    with pytest.raises(DesignError, match="above 0 and at most 1"):
        percent_volume_threshold(np.ones(3), share)
