"""A proposed study area holds the events, reaches nowhere far past them, and points at none of them."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from geoharm import _crs
from geoharm.errors import DesignError, StudyError
from geoharm.scaffold.study_area import metric_system, propose_area
from tests.scaffold.made_events import CRS, city, events_at

FILE = "area.geojson"


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(400, 4_000),
    width=st.floats(3_000, 30_000),
    height=st.floats(3_000, 30_000),
)
def test_it_holds_nearly_all_events_and_reaches_less_than_a_square_past_them(seed, n, width, height):
    x, y = city(seed, n=n, width=width, height=height)
    proposed = propose_area([events_at(x, y)], FILE, CRS)
    shape = proposed.area.within(CRS)
    # The slow, obvious count.
    inside = sum(shape.covers(shapely.Point(*one)) for one in zip(x, y, strict=True))
    assert abs(inside - proposed.inside) <= 2  # degrees are written to six decimals: a tenth of a metre
    assert proposed.inside >= 0.9 * n
    assert f"{n - proposed.inside:,} outside" in proposed.area.evidence
    # Every corner lies within two squares of an event: gaps of up to three squares are filled.
    corners = shapely.get_coordinates(shapely.convex_hull(shape))
    nearest, _ = cKDTree(np.column_stack([x, y])).query(corners)
    assert nearest.max() <= np.hypot(2, 2) * proposed.side


def test_stray_points_and_other_towns_far_away_are_left_out_and_counted():
    x, y = city()
    strays_x, strays_y = [x.min() - 40_000, x.max() + 900_000, x[0]], [y[0], y[0], y.max() + 3_000_000]
    proposed = propose_area([events_at([*x, *strays_x], [*y, *strays_y])], FILE, CRS)
    west, _, east, _ = proposed.area.within(CRS).bounds
    assert x.min() - 500 <= west and east <= x.max() + 500  # noqa: PT018
    assert proposed.events - proposed.inside >= 3


def test_no_corner_is_the_place_of_an_event():
    """The outline is published with the map, so it is made of squares and never of places."""
    x, y = city(n=500)
    proposed = propose_area([events_at(x, y)], FILE, CRS)
    degrees = shapely.get_coordinates(shapely.from_geojson(proposed.area.content))
    back = np.column_stack(_crs.transform(*degrees.T, source=_crs.LONLAT, target=CRS))
    nearest, _ = cKDTree(np.column_stack([x, y])).query(back)
    off_grid = np.abs(back / proposed.side - np.round(back / proposed.side)) * proposed.side
    assert (off_grid.min(axis=1) < 1.0).all()
    assert (nearest > 0.2).all()
    assert json.loads(proposed.area.content)["features"][0]["properties"] == {
        "drawn_from": f"squares of {proposed.side:,} m that hold events"
    }


def test_two_sources_are_one_area_and_the_order_is_the_same():
    x, y = city()
    whole = propose_area([events_at(x, y)], FILE, CRS)
    halves = propose_area([events_at(x[1500:], y[1500:]), events_at(x[:1500], y[:1500])], FILE, CRS)
    assert whole.area.content == halves.area.content


def test_hardly_any_event_makes_no_area():
    with pytest.raises(StudyError, match="Only 5 events have a place"):
        propose_area([events_at([325_000] * 5, [4_688_000] * 5)], FILE, CRS)


def test_the_system_follows_the_extent():
    x, y = city()
    assert metric_system([events_at(x, y)])[0] == CRS
    with pytest.raises(StudyError, match="No event has a place"):
        metric_system([events_at([], [])])
    with pytest.raises(DesignError, match="no coordinate system that geoharm knows holds"):
        _crs.system_for_extent(-120, 10, 30, 50)


def test_far_islands_do_not_hide_the_system_of_a_country():
    """Two in a hundred places in Hawaii, the others from coast to coast."""
    draw = np.random.default_rng(3)
    longitude = np.concatenate([draw.uniform(-122, -72, 490), draw.uniform(-158, -155, 10)])
    latitude = np.concatenate([draw.uniform(31, 47, 490), draw.uniform(19, 21, 10)])
    spread = replace(events_at([0.0] * 500, [0.0] * 500), longitude=longitude, latitude=latitude)
    assert metric_system([spread])[0] == "EPSG:5070"
    half = replace(spread, longitude=np.where(np.arange(500) < 250, longitude, 100.0))
    with pytest.raises(DesignError, match="no coordinate system that geoharm knows holds"):
        metric_system([half])
