"""The grid lookup equals shapely for every point: inside, outside, on edges, on corners, and a hair beside them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal

from geoharm.geo import point_in_polygon, point_in_polygon_grid


def by_shapely(x, y, polygons):
    """Return the first polygon that holds each point, one point and polygon at a time."""
    found = []
    for point in shapely.points(x, y):
        held = [position for position, polygon in enumerate(polygons) if shapely.intersects(polygon, point)]
        found.append(held[0] if held else -1)
    return np.array(found)


def star(rng, middle, radius, corners, whole):
    """Return a star-shaped polygon with a star-shaped hole; corners on whole metres meet many points exactly."""
    angle = np.sort(rng.uniform(0, 2 * np.pi, corners))
    far = radius * rng.uniform(0.5, 1, corners)
    ring = np.column_stack([middle[0] + far * np.cos(angle), middle[1] + far * np.sin(angle)])
    hole = (ring - middle) * rng.uniform(0.1, 0.9) + middle
    shape = shapely.Polygon(np.round(ring) if whole else ring, [np.round(hole) if whole else hole])
    return shape if shape.is_valid and shape.area > 0 else shapely.Point(middle).buffer(radius / 2)


def beside(rng, polygons):
    """Return points on corners, as near to edges as numbers come, and 1e-9 m beside both."""
    corners = shapely.get_coordinates(polygons)
    share = rng.uniform(0, 1, (4, len(corners) - 1, 1))
    on_edges = (corners[:-1] + share * (corners[1:] - corners[:-1])).reshape(-1, 2)
    places = np.concatenate([corners, on_edges])
    return np.concatenate([places, places + rng.choice([-1e-9, 0, 1e-9], places.shape)])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans(), st.integers(1, 6), st.sampled_from([0.0, 400_000.0]))
def test_random_polygons_with_holes_and_parts(seed, whole, count, far):
    rng = np.random.default_rng(seed)
    polygons = [star(rng, rng.uniform(0, 100, 2).round() + far, rng.uniform(5, 60), rng.integers(4, 20), whole) for _ in range(count)]  # fmt: skip
    parts = [star(rng, np.array(at) + far, 30.0, 9, whole) for at in [(0, 0), (100, 0), (50, 200)]]
    polygons.append(shapely.MultiPolygon(parts))
    anywhere = rng.uniform(-50, 250, (200, 2)) + far
    points = np.concatenate([anywhere, np.round(anywhere), beside(rng, polygons)])
    assert_array_equal(
        point_in_polygon_grid.locate_by_grid(*points.T.copy(), polygons), by_shapely(*points.T, polygons)
    )


@pytest.mark.parametrize("turn", [0.0, 0.3])
def test_polygons_that_share_their_edges_hold_each_point_once_and_the_first_wins(turn):
    rng = np.random.default_rng(11)
    corners = np.stack(np.meshgrid(np.arange(9), np.arange(9), indexing="ij"), axis=-1) * 100.0
    corners[1:-1, 1:-1] += rng.uniform(-30, 30, (7, 7, 2)) * (turn > 0)
    corners = corners @ np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    polygons = [
        shapely.Polygon([corners[i, j], corners[i + 1, j], corners[i + 1, j + 1], corners[i, j + 1]])
        for i in range(8)
        for j in range(8)
    ]
    points = np.concatenate([rng.uniform(-100, 900, (2_000, 2)), beside(rng, polygons)])
    found = point_in_polygon_grid.locate_by_grid(*points.T.copy(), polygons)
    assert_array_equal(found, by_shapely(*points.T, polygons))
    backwards = point_in_polygon_grid.locate_by_grid(*points.T.copy(), polygons[::-1])
    assert_array_equal(found >= 0, backwards >= 0)
    on_edges = (found >= 0) & (backwards >= 0) & (found != len(polygons) - 1 - backwards)
    assert on_edges.sum() > 100  # points on shared edges belong to the first polygon from either side


def test_both_ways_agree_in_a_city(monkeypatch):
    """Fifty thousand points and round zones cut out of one another; a tenth of the points lie within 1 mm of an edge."""
    rng = np.random.default_rng(12)
    middle = shapely.Point(5_000, 5_000)
    steps = [middle.buffer(radius, quad_segs=100) for radius in (500, 900, 2_000, 4_000)]
    polygons = [steps[0], *(b.difference(a) for a, b in itertools.pairwise(steps))]
    edge = shapely.line_interpolate_point(steps[2].exterior, rng.uniform(0, 1, 5_000), normalized=True)
    near = shapely.get_coordinates(edge) + rng.uniform(-1e-3, 1e-3, (5_000, 2))
    points = np.concatenate([rng.uniform(0, 10_000, (45_000, 2)), near])
    x, y = points.T
    expected = point_in_polygon.locate_points(x, y, polygons)
    assert_array_equal(expected, point_in_polygon._locate_by_shapely(x, y, polygons))
    monkeypatch.setattr(point_in_polygon, "_FEWEST_GRID_TESTS", 0)
    assert_array_equal(point_in_polygon.locate_points(x, y, polygons), expected)
    assert set(expected) == {-1, 0, 1, 2, 3}


@pytest.mark.parametrize("few", [0, 10**9])
def test_points_that_are_not_finite_lie_nowhere(few, monkeypatch):
    monkeypatch.setattr(point_in_polygon, "_FEWEST_GRID_TESTS", few)
    box = shapely.box(0, 0, 10, 10)
    x, y = np.array([5, np.nan, np.inf, -np.inf, 5, 1e300]), np.array([5, 5, 5, 5, np.nan, 5])
    assert point_in_polygon.locate_points(x, y, [box]).tolist() == [0, -1, -1, -1, -1, -1]
    assert point_in_polygon.locate_points(x[:0], y[:0], [box]).tolist() == []


def test_a_long_thin_polygon_and_one_far_away(monkeypatch):
    monkeypatch.setattr(point_in_polygon, "_FEWEST_GRID_TESTS", 0)
    polygons = [shapely.box(0, 0, 100_000, 0.5), shapely.box(900_000, 900_000, 900_001, 900_001)]
    x, y = np.array([50_000, 50_000, 900_000.5, 100_000, 500_000]), np.array([0.25, 0.75, 900_000.5, 0.5, 500_000])
    assert point_in_polygon.locate_points(x, y, polygons).tolist() == [0, -1, 1, 0, -1]
