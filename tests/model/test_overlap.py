"""A zone touches an area by share of ground, so that borders drawn a few metres apart give the answer of the border."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import affinity

from geoharm.harm.indicators import indicator_change
from geoharm.hotspots.clusters.areas import area_clusters
from geoharm.model.area_counts import AreaCounts
from geoharm.model.harm_settings import Indicator
from geoharm.model.overlap import BORDER_NOISE, LEAST_SHARE, touched
from geoharm.model.period import Period, Window
from geoharm.model.survey import SurveyEstimates

SIDE = 600
WARDS = tuple(shapely.box(SIDE * i, SIDE * j, SIDE * (i + 1), SIDE * (j + 1)) for i in range(4) for j in range(4))
CODES = tuple(f"W{number:02d}" for number in range(len(WARDS)))
YEARS = tuple(Period(date(year, 1, 1), date(year + 1, 1, 1)) for year in (2019, 2020, 2021))
BEFORE, AFTER = Window("before", YEARS[:2]), Window("after", YEARS[2:])


def survey(areas=None):
    """Return a survey in which ward 5 falls from 60 to 30 percent, and no other moves."""
    rows = list(range(len(WARDS))) if areas is None else list(areas)
    estimate = np.full((len(rows), 3), 60.0)
    if 5 in rows:
        estimate[rows.index(5), 2] = 30
    return SurveyEstimates(
        "survey", "afraid", "percent", tuple(CODES[row] for row in rows), YEARS, estimate, np.full(estimate.shape, 2.0),
        tuple(WARDS[row] for row in rows),
    )  # fmt: skip


def counts():
    numbers = np.arange(48.0).reshape(16, 3)
    return AreaCounts("table", "all", CODES, YEARS, numbers, numbers, WARDS)


def change(target, of=None):
    return indicator_change(Indicator("afraid", "survey", "afraid", "outcome"), of or survey(), target, BEFORE, AFTER)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([0, 1, 5, 10, 15]),
    st.floats(-2.5, 2.5),
    st.floats(-2.5, 2.5),
    st.integers(0, 30),
    st.integers(0, 2**32 - 1),
)
def test_a_target_near_a_ward_gives_the_wards_answer(ward, east, north, teeth, seed):
    """The target is the ward, moved by metres, with a border that zigzags by metres."""
    rng = np.random.default_rng(seed)
    outline = shapely.segmentize(WARDS[ward].exterior, SIDE / (teeth + 1))
    zigzag = shapely.transform(
        outline, lambda xy: xy + rng.uniform(-1, 1, xy.shape) * (np.arange(len(xy)) % (len(xy) - 1) > 0)[:, None]
    )
    target = affinity.translate(shapely.make_valid(shapely.Polygon(zigzag)), east, north)
    assert np.flatnonzero(touched(WARDS, target)).tolist() == [ward]
    exact, found = change(WARDS[ward]), change(target)
    assert found.net == exact.net
    assert found.areas == exact.areas == (1, 15)
    bounds = counts().zone_total(target, AFTER)
    assert (bounds.low, bounds.high) == (3 * ward + 2, 3 * ward + 2)
    assert counts().zone_total(WARDS[ward], AFTER).note == ""


@settings(max_examples=100, deadline=None)
@given(st.floats(0, 2000), st.floats(0, 2000), st.floats(20, 900), st.floats(20, 900))
def test_which_areas_a_zone_touches_is_what_a_slow_count_says(west, south, width, height):
    zone = shapely.box(west, south, west + width, south + height)
    shared = [
        max(0, min(x1, west + width) - max(x0, west)) * max(0, min(y1, south + height) - max(y0, south))
        for x0, y0, x1, y1 in (ward.bounds for ward in WARDS)
    ]
    enough = sum(shared) >= LEAST_SHARE * width * height
    slow = [part >= LEAST_SHARE * SIDE**2 or (enough and part >= LEAST_SHARE * max(shared)) for part in shared]
    nearly = [abs(part - LEAST_SHARE * limit) < 1 for part in shared for limit in (SIDE**2, max(shared))]
    if not any(nearly):
        assert touched(WARDS, zone).tolist() == slow


def test_zones_of_all_sizes():
    assert np.flatnonzero(touched(WARDS, shapely.box(650, 650, 700, 700))).tolist() == [5]
    assert touched(WARDS, shapely.box(0, 0, 2400, 2400)).all()
    street = shapely.box(0, 290, 2400, 300)
    assert np.flatnonzero(touched(WARDS, street)).tolist() == [0, 4, 8, 12]
    many = [shapely.box(10 * i, 0, 10 * i + 10, 10_000) for i in range(100)]
    assert touched(many, shapely.box(0, 0, 1000, 5)).all()
    assert not touched(WARDS, shapely.box(-600, 0, 0.5, 600)).any()
    assert not touched([None, None], WARDS[0]).any()
    assert not touched([], WARDS[0]).any()


def test_a_sliver_of_the_only_ward_asked_is_no_answer():
    """The target is ward 9, half a metre over its border; the survey asked in its neighbour only."""
    found = change(affinity.translate(WARDS[9], -0.5, 0), survey([5]))
    assert not found.net.is_defined
    assert found.areas == (0, 1)


def test_what_is_taken_as_the_same_is_said():
    note = counts().zone_total(affinity.translate(WARDS[5], 0.5, 0), AFTER).note
    assert "areas whose edges nearly coincide with the zone's, counted as wholly inside or outside: 2" in note
    half = counts().zone_total(affinity.translate(WARDS[5], 300, 0), AFTER)
    assert (half.low, half.high) == (0, 17 + 29)


def test_a_zone_as_narrow_as_border_noise_still_counts():
    """A street of 4 m crosses four wards, of which each counts from none to all."""
    found = counts().zone_total(shapely.box(0, 290, 2400, 294), AFTER)
    assert (found.low, found.high) == (0, sum(3 * ward + 2 for ward in (0, 4, 8, 12)))


@pytest.mark.parametrize("gap", [-2.0, -0.5, 0.5, 3.0])
def test_neighbours_with_borders_drawn_apart_stay_neighbours(gap):
    apart = [affinity.scale(ward, 1 - gap / SIDE, 1 - gap / SIDE) for ward in WARDS]
    values = np.random.default_rng(1).poisson(20, len(WARDS)).astype(float)
    exact = area_clusters(values, WARDS)
    found = area_clusters(values, apart, tolerance=BORDER_NOISE)
    np.testing.assert_allclose(found.z, exact.z)
