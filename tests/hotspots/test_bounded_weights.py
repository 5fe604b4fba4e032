"""Weights in densities and contours: equal to the slow sum, while everything that counts stays with events."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.disclosure.hotspots import protect_hotspots
from geoharm.errors import DesignError
from geoharm.hotspots.contours import find_hotspots
from geoharm.hotspots.density.bounded_weights import bounded_weights
from geoharm.hotspots.density.intensity import density
from geoharm.hotspots.measure_map import map_measure
from geoharm.model.geometry import StudyArea
from geoharm.model.grid import Grid
from geoharm.model.kernel_choices import KERNELS
from geoharm.model.points import Points
from geoharm.model.study import HotspotSettings
from tests.disclosure.test_protect import MEASURE
from tests.reference import slow

GRID = Grid(0.0, 0.0, 50.0, 30, 24)
WHOLE = ("", "whole period")
NEEDLES = replace(MEASURE, weight="needles")


def finds(count=60, seed=4, most=9):
    rng = np.random.default_rng(seed)
    x, y, needles = rng.uniform(300, 1200, count), rng.uniform(300, 900, count), rng.integers(1, most + 1, count)
    return Points(x, y, needles.astype(float), np.ones(count))


def shared_slowly(some, bandwidth, kernel):
    """Return each weight, or all others' at its place if these are less, pair by pair."""
    ordinary = float(np.median(some.weight / some.events))
    found = []
    for i, own in enumerate(some.weight):
        others = sum(
            min(own, weight) * slow.kernel_at(np.hypot(x - some.x[i], y - some.y[i]), bandwidth, kernel)
            for j, (x, y, weight) in enumerate(zip(some.x, some.y, some.weight, strict=True))
            if j != i
        )
        around = others / slow.kernel_at(0.0, bandwidth, kernel)
        found.append(min(own, max(some.events[i] * ordinary, around)))
    return found


@pytest.mark.parametrize("kernel", KERNELS)
def test_shared_weights_equal_the_slow_ones(kernel):
    some = finds(40, most=60)
    some = replace(some, weight=np.where(np.arange(40) % 8 == 0, 40 * some.weight, some.weight))
    found = bounded_weights(some, kernel=kernel, bandwidth=211.3)
    assert found.weight == pytest.approx(shared_slowly(some, 211.3, kernel), rel=1e-9)
    assert 0 < (found.weight < some.weight).sum() < 40
    assert (found.events == some.events).all()


def test_mass_is_the_sum_of_weights_and_support_counts_finds():
    some = finds()
    weighed = density(some, GRID, bandwidth=200, years=2)
    plain = density(some.with_event_weights, GRID, bandwidth=200, years=2)
    assert weighed.total == pytest.approx(some.total, rel=1e-3)
    assert plain.total == pytest.approx(60, rel=1e-3)
    assert weighed.events == plain.events == 60
    assert (weighed.support == plain.support).all()
    assert (weighed.places == plain.places).all()


places = st.lists(
    st.tuples(st.integers(0, 29), st.integers(0, 23), st.integers(0, 90)),
    min_size=2,
    max_size=20,
    unique_by=lambda row: row[:2],
)


@settings(max_examples=60, deadline=None)
@given(places, st.floats(60, 500))
def test_the_size_of_the_largest_find_changes_nothing(rows, bandwidth):
    x, y, needles = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    largest = int(np.argmax(needles))
    some = []
    for size in (500.0, 500_000.0):
        needles[largest] = size
        points = Points(50 * x + 20, 50 * y + 20, needles.copy(), np.ones(len(rows)))
        some.append(bounded_weights(points, kernel="quartic", bandwidth=bandwidth).weight)
        assert (some[-1] <= needles).all()
    if len(rows) > 2:
        assert some[0].tobytes() == some[1].tobytes()


@settings(max_examples=20, deadline=None)
@given(places, st.randoms())
def test_order_does_not_matter(rows, random):
    def weights(given):
        x, y, needles = (np.array(column, dtype=float) for column in zip(*given, strict=True))
        found = bounded_weights(Points(x * 50, y * 50, needles, np.ones(len(given))), kernel="quartic", bandwidth=300)
        return dict(zip(given, found.weight, strict=True))

    mixed = random.sample(rows, len(rows))
    one, two = weights(rows), weights(mixed)
    assert all(one[row] == pytest.approx(two[row], rel=1e-12, abs=1e-12) for row in rows)


def test_ordinary_finds_keep_their_weight():
    some = Points(np.arange(5.0) * 1e4, np.zeros(5), np.array([3.0, 3, 3, 3, 400]), np.array([1.0, 1, 1, 1, 2]))
    assert bounded_weights(some, kernel="quartic", bandwidth=300).weight.tolist() == [3, 3, 3, 3, 6]
    plain = Points(np.arange(3.0), np.zeros(3), np.ones(3))
    assert bounded_weights(plain, kernel="quartic", bandwidth=300) is plain


def test_contours_follow_needles_and_count_finds():
    x = np.array([300.0, 310, 320, 1200])
    some = Points(x, np.full(4, 600.0), np.array([1.0, 1, 1, 90]), np.ones(4))
    (spot,) = find_hotspots(density(some, GRID, bandwidth=150, years=1), some, share=0.5)
    assert spot.geometry.contains(shapely.Point(1200, 600))
    assert (spot.events, spot.places, spot.share) == (1, 1, 0.25)


def mapped(some, *, shared, measure=NEEDLES):
    area = StudyArea(shapely.box(0, 0, 1500, 1200), "EPSG:26986")
    about = HotspotSettings(cell=50, bandwidth=250 if some.total == 0 else "likelihood")
    views = {WHOLE: (some, 1.0)}
    found = map_measure(
        measure, views, WHOLE, area=area, settings=about, location_error=0, seed=1, bound_weights=shared
    )
    return found, area


def test_bandwidth_and_concentration_are_those_of_finds():
    some = finds()
    weighed, _ = mapped(some, shared=False)
    plain, _ = mapped(some.with_event_weights, shared=False, measure=MEASURE)
    assert weighed.bandwidth == plain.bandwidth
    assert weighed.concentration == plain.concentration
    assert not np.allclose(weighed.views[WHOLE].values, plain.views[WHOLE].values)


def test_weights_of_nothing_leave_nothing_to_draw():
    some = Points(np.array([300.0, 1200]), np.array([300.0, 900]), np.zeros(2), np.ones(2))
    found, _ = mapped(some, shared=True)
    assert found.hotspots == found.variants == ()
    assert found.views[WHOLE].events == 2


def test_few_finds_stay_hidden_however_many_needles():
    # Four finds of 500 needles beside each other, and sixty of one elsewhere.
    many = finds(60, most=1)
    some = Points(
        np.append(many.x / 3, [1390.0, 1400, 1410, 1400]), np.append(many.y, [1100.0, 1100, 1100, 1110]),
        np.append(many.weight, np.full(4, 500.0)), np.ones(64),
    )  # fmt: skip
    found, area = mapped(some, shared=True)
    shown = protect_hotspots(found, area, 5)
    grid = found.views[WHOLE].grid
    cell = grid.cell_of(np.array([1400.0]), np.array([1100.0]))[0]
    assert found.views[WHOLE].values.ravel()[cell] > 0
    assert found.views[WHOLE].support.ravel()[cell] == 4
    # The largest class shown is made of the other finds alone.
    seen = np.where(found.views[WHOLE].support >= 5, np.nan_to_num(found.views[WHOLE].values), 0.0)
    assert shown.breaks[-1] <= seen.max()
    assert all(not spot.geometry.contains(shapely.Point(1400, 1100)) for spot in shown.hotspots)


def test_a_public_release_refuses_weights_that_one_find_could_rule():
    found, area = mapped(finds(), shared=False)
    assert protect_hotspots(found, area, 1).exact
    with pytest.raises(DesignError, match="limited by the events around them"):
        protect_hotspots(found, area, 5)


def test_events_beside_weights_must_be_as_many():
    with pytest.raises(DesignError, match="Where weights are not events, the events at every place are needed too"):
        Points(np.zeros(2), np.arange(2.0), np.ones(2), np.ones(1))
