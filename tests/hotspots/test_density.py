"""Density: equal to the slow version for every kernel, mass conserved inside the boundary, additive, blind to order."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.errors import DesignError
from geoharm.geo.cells import cells_within
from geoharm.hotspots.density import aggregate_places, kernel_sums, numba_loops
from geoharm.hotspots.density.intensity import adaptive_density, densities, density
from geoharm.hotspots.density.kernels import equivalent_bandwidth, kernel_value
from geoharm.model.grid import Grid, grid_over
from geoharm.model.kernel_choices import KERNELS
from geoharm.model.points import Points
from tests.reference import slow

# Sums of the same terms in another order: 1e-12 of the peak is far above rounding and far below any mistake.
OF_PEAK = 1e-12
# The Gaussian is cut at seven standard deviations, and summed by moments of a finite degree.
OF_PEAK_GAUSSIAN = 1e-7

GRID = Grid(0.0, 0.0, 50.0, 30, 24)
metres = st.floats(-100, 1600, allow_nan=False)
events = st.lists(st.tuples(metres, st.floats(-100, 1300, allow_nan=False), st.integers(1, 9)), min_size=1, max_size=25)
INSIDE = shapely.Polygon([(40, 30), (1400, 10), (1480, 900), (700, 1190), (600, 600), (60, 1100)])


def points(rows):
    distinct = {}
    for x, y, weight in rows:
        distinct[(x, y)] = distinct.get((x, y), 0) + weight
    return Points(
        np.array([place[0] for place in distinct]), np.array([place[1] for place in distinct]),
        np.array([float(weight) for weight in distinct.values()]),
    )  # fmt: skip


def crowd(count, seed=1, within=None):
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, 1500, count), rng.uniform(0, 1200, count)
    keep = np.ones(count, dtype=bool) if within is None else shapely.intersects_xy(within, x, y)
    return Points(x[keep], y[keep], rng.integers(1, 9, count)[keep].astype(float))


def rows_of(some):
    return list(zip(some.x, some.y, some.weight, strict=True))


@pytest.mark.parametrize("kernel", KERNELS)
@settings(max_examples=15, deadline=None)
@given(events, st.floats(50, 400), st.floats(0.1, 5))
def test_equals_the_slow_version(kernel, rows, bandwidth, years):
    found = density(points(rows), GRID, bandwidth=bandwidth, years=years, kernel=kernel).values
    expected = np.array(slow.kernel_density(rows, *GRID.centres(), bandwidth, years, kernel))
    peak = slow.kernel_at(0.0, bandwidth, kernel) * 1e6 / years * sum(row[2] for row in rows)
    near = np.abs(found - expected)
    if kernel == "uniform":
        # A cell on the very edge of the disc may fall on either side of it by rounding.
        x, y = np.meshgrid(*GRID.centres())
        edge = [np.abs(np.hypot(x - row[0], y - row[1]) - bandwidth) < 1e-6 for row in rows]
        near[np.any(edge, axis=0)] = 0.0
    assert near.max() <= (OF_PEAK_GAUSSIAN if kernel == "gaussian" else OF_PEAK) * peak


@pytest.mark.parametrize("kernel", ["uniform", "epanechnikov", "quartic", "triweight"])
@pytest.mark.parametrize("bandwidth", [55.0, 173.0, 400.0])
def test_sums_by_moments_and_pair_by_pair_are_the_same(monkeypatch, kernel, bandwidth):
    some, found = crowd(400), []
    for pays in (True, False):
        monkeypatch.setattr(kernel_sums, "_moments_pay", lambda *_, pays=pays: pays)
        found.append(density(some, GRID, bandwidth=bandwidth, years=1, kernel=kernel).values)
    expected = np.array(slow.kernel_density(rows_of(some), *GRID.centres(), bandwidth, 1, kernel))
    for one in found:
        assert np.abs(one - expected).max() <= OF_PEAK * expected.max()
        assert (one >= 0).all()


@pytest.mark.parametrize("bandwidth", [125.0, 260.0])
def test_gaussian_by_moments_is_within_its_error(monkeypatch, bandwidth):
    """One event in the corner of a cell is the worst case of the moments."""
    for some in (crowd(60), Points(np.array([700.0]), np.array([600.0]), np.array([1.0]))):
        expected = np.array(slow.kernel_density(rows_of(some), *GRID.centres(), bandwidth, 1, "gaussian"))
        for cost in (0.0, 1e9):
            monkeypatch.setattr(kernel_sums, "_COST_PER_CELL", cost)
            monkeypatch.setattr(kernel_sums, "_COST_PER_EVENT", cost)
            found = density(some, GRID, bandwidth=bandwidth, years=1, kernel="gaussian").values
            assert np.abs(found - expected).max() <= OF_PEAK_GAUSSIAN * expected.max()


@pytest.mark.parametrize("kernel", KERNELS)
def test_kernel_integrates_to_one(kernel):
    """A much used package's quartic integrates to 7.25."""
    reach = 700 if kernel == "gaussian" else 100
    at = np.arange(-reach + 0.25, reach, 0.5)
    total = kernel_value(np.hypot(*np.meshgrid(at, at)), kernel=kernel, bandwidth=100.0).sum() * 0.25
    assert total == pytest.approx(1.0, abs=3e-4)


@pytest.mark.parametrize("kernel", KERNELS)
def test_kernels_that_smooth_alike_have_the_same_balance(kernel):
    """The roughness and variance behind it, integrated numerically."""
    at = np.arange(-7 + 0.005, 7, 0.01)
    x, y = np.meshgrid(at, at)
    height = kernel_value(np.hypot(x, y), kernel=kernel, bandwidth=1.0)
    roughness, variance = (height**2).sum() * 1e-4, (height * x**2).sum() * 1e-4
    canonical = (roughness / variance**2) ** (1 / 6) / (1 / (4 * math.pi)) ** (1 / 6)
    assert equivalent_bandwidth(1.0, kernel="gaussian", to_kernel=kernel) == pytest.approx(canonical, rel=1e-3)


@pytest.mark.parametrize("cells", [3, 6, 12])
def test_mass_is_the_number_of_events(cells):
    """Over a grid that covers every kernel whole; what is left is the error of evaluating at centres."""
    rng = np.random.default_rng(1)
    some = Points(rng.uniform(0, 2000, 500), rng.uniform(0, 2000, 500), rng.integers(1, 4, 500).astype(float))
    grid = grid_over(shapely.box(0, 0, 2000, 2000), cell=300 / cells, margin=400)
    surface = density(some, grid, bandwidth=300, years=2.5)
    assert surface.total == pytest.approx(some.total, rel=1e-3)
    assert surface.events == some.total


@pytest.mark.parametrize("kernel", KERNELS)
def test_mass_inside_the_boundary_is_the_number_of_events(kernel):
    """Each kernel divided by its share inside loses nothing beyond the boundary, whatever the boundary's shape."""
    some = crowd(300, within=INSIDE)
    found = density(some, GRID, bandwidth=200, years=2, kernel=kernel, within=INSIDE, edge="jones-diggle")
    assert found.total == pytest.approx(some.total, rel=5e-3 if kernel == "uniform" else 1e-3)
    assert found.edge == "jones-diggle"
    lost = density(some, GRID, bandwidth=200, years=2, kernel=kernel, within=INSIDE)
    assert lost.total < 0.95 * some.total


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("edge", ["jones-diggle", "uniform"])
def test_edge_corrections_equal_the_slow_version(kernel, edge):
    some, bandwidth = crowd(12, within=INSIDE), 130.0
    mask = cells_within(GRID, INSIDE)
    wide = Grid(-1000.0, -1000.0, 50.0, 70, 64)
    centres = [(x, y) for y in wide.centres()[1] for x in wide.centres()[0]]
    there = np.pad(mask, 20).ravel()
    xs, ys = GRID.centres()
    rows = rows_of(some)
    if edge == "jones-diggle":
        rows = [(x, y, w / slow.share_inside(x, y, centres, there, bandwidth, kernel)) for x, y, w in rows]
    expected = np.array(slow.kernel_density(rows, xs, ys, bandwidth, 1.5, kernel))
    found = density(some, GRID, bandwidth=bandwidth, years=1.5, kernel=kernel, within=INSIDE, edge=edge).values
    checked = [(row, column) for row in range(0, 24, 5) for column in range(0, 30, 4) if mask[row, column]]
    for row, column in checked:
        divisor = 1.0
        if edge == "uniform":
            divisor = slow.share_inside(xs[column], ys[row], centres, there, bandwidth, kernel)
        value = expected[row, column] / divisor
        assert found[row, column] == pytest.approx(value, rel=1e-7, abs=1e-9 * expected.max())


def test_views_have_one_bandwidth_and_are_the_single_surfaces():
    one, two = crowd(50, 1), crowd(70, 2)
    found = densities({"before": (one, 2.0), "after": (two, 0.5)}, GRID, bandwidth=170, kernel="triweight")
    assert {surface.bandwidth for surface in found.values()} == {170}
    alone = density(two, GRID, bandwidth=170, years=0.5, kernel="triweight").values
    assert np.array_equal(found["after"].values, alone)


def test_snapped_events_summed_first_are_the_same_as_each_alone():
    rng = np.random.default_rng(5)
    x, y = rng.uniform(0, 1500, 40), rng.uniform(0, 1200, 40)
    chosen = rng.integers(0, 40, 5000)
    alone = density(Points(x[chosen], y[chosen], np.ones(5000)), GRID, bandwidth=300, years=1).values
    once = density(Points(x, y, np.bincount(chosen, minlength=40).astype(float)), GRID, bandwidth=300, years=1).values
    assert np.abs(alone - once).max() <= OF_PEAK * once.max()


@settings(max_examples=30, deadline=None)
@given(events, events)
def test_additive_over_a_split(one, two):
    def values(rows):
        return density(points(rows), GRID, bandwidth=200, years=1).values

    assert np.allclose(values(one) + values(two), values(one + two), rtol=1e-10, atol=1e-12)


def test_moving_events_and_grid_together_changes_nothing():
    some = crowd(80)
    here = density(some, GRID, bandwidth=220, years=1).values
    far = Grid(400_000.0, 300_000.0, 50.0, 30, 24)
    there = density(Points(some.x + 400_000, some.y + 300_000, some.weight), far, bandwidth=220, years=1).values
    assert np.allclose(here, there, rtol=1e-7)


def test_order_of_events_changes_nothing():
    some = crowd(80)
    turned = np.random.default_rng(4).permutation(80)
    one = density(some, GRID, bandwidth=220, years=1).values
    two = density(Points(some.x[turned], some.y[turned], some.weight[turned]), GRID, bandwidth=220, years=1).values
    assert np.allclose(one, two, rtol=1e-12)


def test_many_events_come_out_the_same_to_the_bit_however_many_threads(monkeypatch):
    rng = np.random.default_rng(6)
    size = 250_000
    some = Points(rng.uniform(0, 1500, size), rng.uniform(0, 1200, size), np.ones(size))
    found = []
    for workers in (1, 3):
        monkeypatch.setattr(numba_loops, "WORKERS", workers)
        found.append(density(some, GRID, bandwidth=150, years=1).values)
    assert np.array_equal(*found)


def test_parts_of_the_events_add_up(monkeypatch):
    rng = np.random.default_rng(8)
    some = Points(rng.uniform(0, 1500, 40_000), rng.uniform(0, 1200, 40_000), rng.uniform(0, 3, 40_000))
    whole = density(some, GRID, bandwidth=270, years=1).values
    monkeypatch.setattr(kernel_sums, "_EVENTS_PER_PART", 7_001)
    assert np.abs(density(some, GRID, bandwidth=270, years=1).values - whole).max() < OF_PEAK * whole.max()


@pytest.mark.parametrize("count", [1, 300, 30_000])
def test_many_events_on_few_places_are_summed_once_a_place(monkeypatch, count):
    rng = np.random.default_rng(9)
    at = rng.uniform(-1500, 1500, (count, 2))
    at[0] = 0.0
    of = np.r_[np.arange(count), rng.integers(0, count, 120_000)]
    weight = rng.integers(0, 9, of.size).astype(float)
    some = Points(np.where(at[of, 0] == 0, -0.0, at[of, 0]), at[of, 1], weight)
    places = aggregate_places.aggregate_places(some)
    assert len(places) == count
    expected = dict(zip(map(tuple, at), np.bincount(of, weight), strict=True))
    assert {(x, y): n for x, y, n in rows_of(places)} == expected
    found = density(some, GRID, bandwidth=270, years=1)
    assert found.places.max() <= count
    monkeypatch.setattr(aggregate_places, "_SAMPLE_SIZE", of.size + 1)
    alone = density(some, GRID, bandwidth=270, years=1)
    assert np.abs(found.values - alone.values).max() < OF_PEAK * alone.values.max()
    assert found.events == alone.events
    assert np.array_equal(found.support, alone.support)


def test_sums_by_place_do_not_depend_on_threads(monkeypatch):
    rng = np.random.default_rng(10)
    at, of = rng.uniform(0, 1500, (500, 2)), rng.integers(0, 500, 90_000)
    some = Points(at[of, 0], at[of, 1], rng.uniform(0, 1, of.size))
    found = []
    for workers in (1, 3):
        monkeypatch.setattr(numba_loops, "WORKERS", workers)
        found.append(aggregate_places.aggregate_places(some).weight)
    assert np.array_equal(*found)


def test_events_on_places_of_their_own_stay_as_they_are():
    rng = np.random.default_rng(11)
    some = Points(rng.uniform(0, 1500, 70_000), rng.uniform(0, 1200, 70_000), np.ones(70_000))
    assert aggregate_places.aggregate_places(some) is some


def test_points_keep_an_array_that_nobody_may_write_to_and_copy_any_other():
    fixed, open_ones = np.zeros(3), np.zeros(3)
    fixed.setflags(write=False)
    view = open_ones[:]
    view.setflags(write=False)
    some = Points(fixed, view, open_ones)
    open_ones[:] = 7
    assert some.x is fixed
    assert not some.y.any()
    assert not some.weight.any()
    assert not some.weight.flags.writeable


def test_support_counts_events_and_places_in_reach():
    some = Points(np.array([725.0, 775.0, 1400.0]), np.array([625.0, 625.0, 625.0]), np.array([5.0, 2.0, 9.0]))
    found = density(some, GRID, bandwidth=100, years=1)
    assert found.support[12, 14] == 7
    assert found.places[12, 14] == 2
    assert found.support[12, 0] == found.places[12, 0] == 0
    many = crowd(200)
    found = density(many, GRID, bandwidth=230, years=1)
    x, y = np.meshgrid(*GRID.centres())
    reached = np.hypot(x[..., None] - many.x, y[..., None] - many.y) < 230
    assert np.array_equal(found.places, reached.sum(axis=2))
    assert np.array_equal(found.support, (reached * many.weight).sum(axis=2))


def test_an_uncounted_surface_has_no_support():
    """So that nothing of it can be published."""
    found = density(crowd(50), GRID, bandwidth=200, years=1, with_support=False)
    assert not found.support.any()
    assert not found.places.any()


def test_cells_outside_the_study_area_have_no_value():
    one = Points(np.array([500.0]), np.array([500.0]), np.array([1.0]))
    found = density(one, GRID, bandwidth=100, years=1, within=shapely.box(0, 0, 600, 600))
    assert np.isnan(found.values[-1, -1])
    assert np.isfinite(found.values[0, 0])


def test_adaptive_bandwidths_follow_the_square_root_law():
    """Recomputed from the pilot, one event at a time."""
    some = crowd(40, within=INSIDE)
    found = adaptive_density(some, GRID, bandwidth=200, years=2, within=INSIDE, edge="none", clip=1.5)
    pilot = np.array(slow.kernel_density(rows_of(some), *GRID.centres(), 200, 2))
    height = np.array([pilot[int(y // 50), int(x // 50)] for x, y in zip(some.x, some.y, strict=True)])
    mean = math.exp(np.sum(some.weight * np.log(height)) / some.total)
    own = np.clip(200 * np.sqrt(mean / height), 50, 300)
    assert own.min() < 190 < 210 < own.max()
    expected = sum(
        np.array(slow.kernel_density([row], *GRID.centres(), h, 2)) for row, h in zip(rows_of(some), own, strict=True)
    )
    inside = cells_within(GRID, INSIDE)
    assert np.allclose(found.values[inside], expected[inside], rtol=1e-9, atol=1e-9)
    assert "square-root law" in found.adaptive
    x, y = np.meshgrid(*GRID.centres())
    reached = [np.hypot(x - px, y - py) < h for px, py, h in zip(some.x, some.y, own, strict=True)]
    assert np.array_equal(found.places, np.sum(reached, axis=0))
    assert np.array_equal(found.support, np.sum([w * one for w, one in zip(some.weight, reached, strict=True)], axis=0))
    assert found.support.min() == 0 < found.support.max()


def test_adaptive_surface_keeps_its_mass_inside():
    some = crowd(300, within=INSIDE)
    found = adaptive_density(some, GRID, bandwidth=200, years=2, within=INSIDE, edge="jones-diggle")
    assert found.total == pytest.approx(some.total, rel=2e-3)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"bandwidth": 40}, "must be at least one cell"),
        ({"bandwidth": float("nan")}, "bandwidth must be a number above 0"),
        ({"years": 0}, "length of the window in years must be a number above 0"),
        ({"kernel": "quatic"}, 'The kernel "quatic" is not known; did you mean "quartic"'),
        ({"edge": "ripley", "within": INSIDE}, 'edge correction "ripley" is not known'),
        ({"edge": "uniform"}, "needs the study area"),
        ({"edge": "jones-diggle", "within": shapely.box(0, 0, 600, 600)}, "1 of 2 places lie outside the study area"),
    ],
)
def test_refuses(changed, why):
    some = Points(np.array([100.0, 700.0]), np.array([100.0, 100.0]), np.ones(2))
    with pytest.raises(DesignError, match=why):
        density(some, GRID, **({"bandwidth": 100, "years": 1} | changed))


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"clip": 0.5}, "clip of an adaptive bandwidth must be 1 or more"),
        ({"edge": "uniform", "within": INSIDE}, "An adaptive surface allows the edge corrections"),
    ],
)
def test_adaptive_refuses(changed, why):
    with pytest.raises(DesignError, match=why):
        adaptive_density(crowd(5), GRID, **({"bandwidth": 100, "years": 1} | changed))


def test_adaptive_needs_an_event():
    with pytest.raises(DesignError, match="no located events"):
        adaptive_density(Points(np.zeros(0), np.zeros(0), np.zeros(0)), GRID, bandwidth=100, years=1)


def test_no_events_are_a_flat_surface():
    none = Points(np.zeros(0), np.zeros(0), np.zeros(0))
    for kernel in KERNELS:
        assert density(none, GRID, bandwidth=100, years=1, kernel=kernel).total == 0


@pytest.mark.parametrize(("x", "why"), [([np.nan], "finite"), ([[1.0]], "shape"), ([1.0, 2.0], "equally long")])
def test_refuses_points_that_are_none(x, why):
    with pytest.raises(DesignError, match=why):
        Points(np.array(x), np.zeros(1), np.ones(1))


def test_refuses_a_grid_too_large_for_memory():
    with pytest.raises(DesignError, match="larger than 50,000,000 cells"):
        grid_over(shapely.box(0, 0, 1e6, 1e6), cell=10)
