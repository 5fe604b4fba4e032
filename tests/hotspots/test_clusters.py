"""Gi*, local and global Moran's I, general G: equal to esda's, to published values, and honest about sparse counts."""

from __future__ import annotations

import math
import warnings

import esda
import libpysal
import numpy as np
import pytest
import shapely
from scipy.stats import norm

from geoharm.errors import DesignError
from geoharm.hotspots.clusters.areas import area_clusters
from geoharm.hotspots.clusters.global_tests import general_g, morans_i
from geoharm.hotspots.clusters.local import getis_ord, local_moran
from geoharm.hotspots.clusters.neighbourhood_sums import neighbourhood_rows, neighbourhood_sums
from geoharm.hotspots.clusters.permutation import conditional_permutation_p
from geoharm.hotspots.results.clusters import PValueSource
from geoharm.model.grid import Grid

# Sums of the same terms in another order.
ROUNDING = 1e-10

GRID = Grid(0.0, 0.0, 50.0, 17, 13)


@pytest.fixture(scope="module")
def field():
    rng = np.random.default_rng(4)
    return rng.negative_binomial(0.8, 0.2, GRID.shape).astype(float)


@pytest.fixture(scope="module")
def mask():
    """An L, so that edges are many."""
    inside = np.ones(GRID.shape, dtype=bool)
    inside[7:, 9:] = False
    return inside


def weights(inside, band):
    """Return libpysal weights over the cells inside, by distance between centres; a queen is 1.5 cells."""
    rows, columns = np.nonzero(inside)
    reach = 50 * 1.5 if band is None else band
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return libpysal.weights.DistanceBand(np.column_stack([columns, rows]) * 50.0, threshold=reach, binary=True)


@pytest.mark.parametrize("band", [None, 50.0, 130.0, 250.0])
def test_gi_star_is_esdas(field, mask, band):
    found = getis_ord(field, GRID, inside=mask, band=band)
    peer = esda.G_Local(field[mask], weights(mask, band), transform="B", star=True, permutations=0)
    assert np.abs(found.z[mask] - peer.Zs).max() < ROUNDING
    assert np.abs(found.p[mask] - 2 * peer.p_norm).max() < ROUNDING
    assert np.isnan(found.z[~mask]).all()
    assert (found.kind[~mask] == 0).all()


@pytest.mark.parametrize("band", [None, 130.0])
def test_local_moran_is_esdas(field, mask, band):
    found = local_moran(field, GRID, inside=mask, band=band)
    peer = esda.Moran_Local(field[mask], weights(mask, band), transformation="r", permutations=0)
    assert np.abs(found.value[mask] - peer.Is).max() < ROUNDING
    assert np.abs(found.z[mask] - (peer.Is - peer.EIc) / np.sqrt(peer.VIc)).max() < ROUNDING
    assert (found.kind[mask] == peer.q).all()
    assert found.p_from is PValueSource.NORMAL
    assert found.p[mask] == pytest.approx(2 * norm.sf(np.abs(found.z[mask])), rel=1e-10)


@pytest.mark.parametrize("band", [None, 130.0])
def test_global_tests_are_esdas(field, mask, band):
    w = weights(mask, band)
    moran, peer = morans_i(field, GRID, inside=mask, band=band), esda.Moran(field[mask], w, "B", permutations=0)
    assert moran.value == pytest.approx(peer.I, rel=ROUNDING)
    assert moran.z == pytest.approx(peer.z_rand, rel=ROUNDING)
    assert moran.p == pytest.approx(peer.p_rand, rel=1e-8)
    g, peer = general_g(field, GRID, inside=mask, band=band), esda.G(field[mask], w, permutations=0)
    assert g.value == pytest.approx(peer.G, rel=ROUNDING)
    assert g.z == pytest.approx(peer.z_norm, rel=1e-8)
    assert g.p == pytest.approx(2 * peer.p_norm, rel=1e-8)


def test_published_values():
    """Six points, y 2, 3, 3.2, 5, 8, 7, neighbours within 15: tests/test_getisord.py of esda.

    The points lie on a lattice of 5; cells between them are outside.
    """
    at = [(10, 10), (20, 10), (40, 10), (15, 20), (30, 20), (30, 30)]
    grid = Grid(0.0, 0.0, 5.0, 9, 7)
    values, inside = np.zeros(grid.shape), np.zeros(grid.shape, dtype=bool)
    for (x, y), count in zip(at, [2, 3, 3.2, 5, 8, 7], strict=True):
        values[y // 5, x // 5], inside[y // 5, x // 5] = count, True
    found = getis_ord(values, grid, inside=inside, band=15)
    z = [found.z[y // 5, x // 5] for x, y in at]
    assert z == pytest.approx([-1.39727626, -0.28917762, 0.65064964, -0.28917762, 1.23452088, 2.02424331], abs=1e-8)
    assert general_g(values, grid, inside=inside, band=15).value == pytest.approx(0.55709779, abs=1e-8)
    assert general_g(values, grid, inside=inside, band=15).p == pytest.approx(2 * 0.172936, abs=2e-6)


def test_window_sums_equal_the_slow_version(field):
    reach, _ = neighbourhood_rows(130.0, 50.0)
    found = neighbourhood_sums(field, reach)
    for row in range(GRID.ny):
        for column in range(GRID.nx):
            near = [
                field[r, c] for r in range(GRID.ny) for c in range(GRID.nx)
                if (r - row) ** 2 + (c - column) ** 2 <= 2.6**2
            ]  # fmt: skip
            assert found[row, column] == pytest.approx(sum(near))


def test_a_cell_at_exactly_the_band_is_near():
    assert neighbourhood_rows(150.0, 50.0)[0].tolist() == [0, 2, 2, 3, 2, 2, 0]
    assert neighbourhood_rows(0.3, 0.1)[0].max() == 3


def test_conditional_permutation_is_exact_where_all_draws_can_be_listed():
    """Five places, two neighbours: the six pairs of the others are the whole truth."""
    values = np.array([5.0, 0, 1, 3, 2])
    pairs = [0 + 1, 0 + 3, 0 + 2, 1 + 3, 1 + 2, 3 + 2]
    lag = np.array([5.0])
    found = conditional_permutation_p(values, np.array([0]), lag, np.array([2]), permutations=20_000, seed=1)
    assert found[0] == pytest.approx(2 * sum(pair >= 5 for pair in pairs) / 6, abs=0.02)
    again = conditional_permutation_p(
        values, np.array([0]), np.array([3.0]), np.array([2]), permutations=20_000, seed=1
    )
    above, below = sum(pair >= 3 for pair in pairs) / 6, sum(pair <= 3 for pair in pairs) / 6
    assert again[0] == pytest.approx(min(1, 2 * min(above, below)), abs=0.02)


def test_conditional_permutation_equals_the_slow_version(field, mask):
    """One cell after another, neighbours drawn anew for each from all cells but itself."""
    found = getis_ord(field, GRID, inside=mask, permutations=9_999, seed=7)
    assert found.p_from is PValueSource.CONDITIONAL
    rng, values = np.random.default_rng(11), field[mask]
    reach, _ = neighbourhood_rows(None, 50.0)
    near = np.rint(neighbourhood_sums(mask.astype(float), reach)[mask]).astype(int)
    for cell in (0, 5, 40, 77, 100, values.size - 1):
        others = np.delete(values, cell)
        drawn = rng.permuted(np.tile(others, (4_000, 1)), axis=1)[:, : near[cell] - 1].sum(axis=1)
        seen = found.value[mask][cell] - values[cell]
        p = min(1, 2 * min((drawn >= seen).mean(), (drawn <= seen).mean()))
        assert found.p[mask][cell] == pytest.approx(p, abs=0.05)


def test_same_seed_same_p_another_seed_another(field):
    one, two, three = (getis_ord(field, GRID, permutations=199, seed=seed).p for seed in (1, 1, 2))
    assert (one == two).all()
    assert (one != three).any()


def test_sparse_counts_break_the_normal_curve_and_it_is_said():
    """Scattered without any cluster, 0.02 a cell: the curve flags dozens of cells, permutations none."""
    grid = Grid(0.0, 0.0, 50.0, 60, 60)
    flat = np.random.default_rng(3).poisson(0.02, grid.shape).astype(float)
    curve = getis_ord(flat, grid)
    honest = getis_ord(flat, grid, permutations=9_999, seed=1)
    assert "too few for the normal curve" in curve.note
    assert curve.flagged(1).sum() > 20
    assert honest.flagged(1).sum() == 0


def test_dense_counts_need_no_note():
    dense = np.random.default_rng(3).poisson(30, GRID.shape).astype(float)
    assert getis_ord(dense, GRID).note == ""


def test_too_few_permutations_for_the_number_of_cells_are_said():
    note = getis_ord(np.random.default_rng(1).poisson(3, GRID.shape).astype(float), GRID, permutations=99).note
    assert "the smallest p-value of 99 permutations is 0.02" in note


def test_a_planted_cluster_is_found_and_a_hole_is_low():
    rng = np.random.default_rng(8)
    grid = Grid(0.0, 0.0, 50.0, 40, 40)
    planted = rng.poisson(5, grid.shape).astype(float)
    planted[10:16, 10:16] += rng.poisson(10, (6, 6))
    planted[25:32, 25:32] = 0
    found = getis_ord(planted, grid, band=100)
    assert found.flagged(1)[11:15, 11:15].all()
    assert found.flagged(-1)[27:30, 27:30].all()
    assert found.flagged(1).sum() < 120


def test_nothing_varies_is_a_note():
    for statistic in (getis_ord, local_moran):
        found = statistic(np.ones(GRID.shape), GRID)
        assert np.isnan(found.z).all()
        assert found.note == "every cell holds the same count, so no cell stands out"
    for test in (morans_i, general_g):
        found = test(np.ones(GRID.shape), GRID)
        assert not found.is_defined
        assert found.note == "every cell holds the same count"


@pytest.mark.parametrize("permutations", [0, 99])
@pytest.mark.parametrize("events", [1.0, 2.0, 400.0])
def test_one_crowded_cell_is_a_note_for_the_general_g(permutations, events):
    """No two cells hold events, so the sum over pairs is 0: the division ended the run."""
    counts = np.zeros(GRID.shape)
    counts[3, 4] = events
    found = general_g(counts, GRID, permutations=permutations)
    assert not found.is_defined
    assert found.note == "all events are in one cell, so no two cells can be compared"
    assert math.isfinite(morans_i(counts, GRID, permutations=permutations).value)


@pytest.mark.parametrize("test", [morans_i, general_g])
def test_cells_that_are_all_neighbours_are_a_note(test):
    """Every arrangement of the counts has one value: the root of a variance of 0 or below ended the run."""
    found = test(np.array([[1.0, 2.0], [0.0, 5.0]]), Grid(0.0, 0.0, 10.0, 2, 2), band=100)
    assert not found.is_defined
    assert found.note == "every arrangement of these counts gives the same value"


def test_global_permutation(field):
    curve, drawn = morans_i(field, GRID), morans_i(field, GRID, permutations=999, seed=2)
    assert drawn.p_from is PValueSource.PERMUTATION
    assert drawn.p == pytest.approx(curve.p, abs=0.1)
    smooth = np.add.outer(np.arange(13.0), np.arange(17.0))
    assert general_g(smooth, GRID, permutations=99, seed=1).p == pytest.approx(0.02)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"band": 40.0}, "must reach the next cell"),
        ({"inside": np.zeros(GRID.shape, dtype=bool)}, "at least 3 cells"),
        ({"inside": np.ones((2, 2), dtype=bool)}, "one value a cell"),
        ({"permutations": 10}, "At least 99 permutations"),
    ],
)
def test_refusals(field, arguments, why):
    with pytest.raises(DesignError, match=why):
        getis_ord(field, GRID, **arguments)


def test_refuses_missing_counts(field):
    broken = field.copy()
    broken[0, 0] = np.nan
    with pytest.raises(DesignError, match="must be finite"):
        getis_ord(broken, GRID)
    with pytest.raises(DesignError, match="zero or more"):
        general_g(-field, GRID)


# -- areas -----------------------------------------------------------------------------------------------------------


def squares(nx, ny, gap=0.0):
    return [shapely.box(x, y, x + 1 - gap, y + 1 - gap) for y in range(ny) for x in range(nx)]


def test_areas_are_the_grid_where_they_are_its_cells(field):
    flat = field.ravel()
    on_grid, by_area = getis_ord(field, GRID), area_clusters(flat, squares(17, 13))
    assert np.abs(on_grid.z.ravel() - by_area.z).max() < ROUNDING
    assert np.abs(on_grid.value.ravel() - by_area.value).max() < 1e-8
    assert (on_grid.kind.ravel() == by_area.kind).all()
    on_grid, by_area = local_moran(field, GRID), area_clusters(flat, squares(17, 13), statistic="moran")
    assert np.abs(on_grid.z.ravel() - by_area.z).max() < ROUNDING
    assert (on_grid.kind.ravel() == by_area.kind).all()


def test_areas_a_little_apart_touch_within_the_tolerance(field):
    apart = area_clusters(field.ravel(), squares(17, 13, gap=0.01), tolerance=0.02)
    assert np.abs(getis_ord(field, GRID).z.ravel() - apart.z).max() < ROUNDING
    assert apart.neighbours == "areas that touch, or are at most 0.02 m apart"


def test_area_permutations_follow_the_seed(field):
    one, two, three = (area_clusters(field.ravel(), squares(17, 13), permutations=199, seed=s).p for s in (1, 1, 2))
    assert (one == two).all()
    assert (one != three).any()
    assert one.min() >= 2 / 200


def test_it_is_said_where_the_p_values_of_areas_come_from(field):
    drawn = area_clusters(field.ravel(), squares(17, 13), permutations=199, seed=1)
    formula = area_clusters(field.ravel(), squares(17, 13))
    assert (drawn.p_from, drawn.permutations) == (PValueSource.CONDITIONAL, 199)
    assert (formula.p_from, formula.permutations) == (PValueSource.NORMAL, 0)


def test_an_area_alone_has_no_answer_and_it_is_said():
    found = area_clusters([1.0, 2, 3, 9], [*squares(3, 1), shapely.box(50, 50, 51, 51)])
    assert np.isnan(found.z[3])
    assert found.kind[3] == 0
    assert found.note == "1 of 4 areas touch no other and have no answer"


def test_area_refusals():
    with pytest.raises(DesignError, match="2 areas and 3 values"):
        area_clusters([1.0, 2, 3], squares(2, 1))
    with pytest.raises(DesignError, match="At least 99 permutations"):
        area_clusters([1.0, 2, 3], squares(3, 1), permutations=5)
    assert "the same value" in area_clusters([2.0, 2, 2], squares(3, 1)).note
