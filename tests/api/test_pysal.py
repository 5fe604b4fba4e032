"""PySAL both ways: our neighbours given to esda give our statistics, and esda's results read here are ours."""

from __future__ import annotations

import warnings

import esda
import geopandas
import libpysal
import numpy as np
import pandas as pd
import pytest
import shapely

import geoharm
from geoharm.api.pysal import from_esda, to_weights
from geoharm.errors import DataError, DesignError
from geoharm.hotspots.clusters.areas import area_clusters
from geoharm.hotspots.clusters.local import getis_ord, local_moran
from geoharm.hotspots.geodataframes import to_geodataframe
from geoharm.hotspots.results.clusters import PValueSource
from geoharm.model.geometry import Zone, ZoneRole
from geoharm.model.grid import Grid
from geoharm.simulation.location import CRS
from tests.api.made import AREA, scattered

GRID = Grid(0, 0, 50, 12, 9)
rng = np.random.default_rng(7)
COUNTS = rng.poisson(3, GRID.shape).astype(np.float64)
MASK = rng.random(GRID.shape) < 0.8


def pairs(graph) -> set[tuple[int, int]]:
    adjacency = graph.adjacency[graph.adjacency > 0]
    return set(adjacency.index.to_list())


@pytest.mark.parametrize("neighbours", ["queen", "rook", 120.0])
def test_neighbours_of_cells_are_those_of_libpysal(neighbours):
    """Of the squares of the cells themselves, in the order of our frames."""
    rows, columns = np.nonzero(MASK)
    squares = geopandas.GeoSeries(shapely.box(columns * 50, rows * 50, columns * 50 + 50, rows * 50 + 50))
    if isinstance(neighbours, str):
        peer = libpysal.graph.Graph.build_contiguity(squares, rook=neighbours == "rook")
    else:
        peer = libpysal.graph.Graph.build_distance_band(squares.centroid, threshold=neighbours, binary=True)
    ours = to_weights(GRID, inside=MASK, neighbours=neighbours)
    assert pairs(ours) == pairs(peer)
    assert ours.n == peer.n == MASK.sum()
    assert sorted(ours.isolates) == sorted(peer.isolates)


@pytest.mark.parametrize("band", [None, 120.0])
def test_ours_given_to_esda_equals_ours_on_a_grid(band):
    graph = to_weights(GRID, inside=MASK, neighbours="queen" if band is None else band)
    gi = from_esda(esda.G_Local(COUNTS[MASK], graph, transform="B", star=True, permutations=0))
    ours = getis_ord(COUNTS, GRID, inside=MASK, band=band)
    moran = from_esda(esda.Moran_Local(COUNTS[MASK], graph, permutations=0))
    our_moran = local_moran(COUNTS, GRID, inside=MASK, band=band)
    for theirs, mine in ((gi, ours), (moran, our_moran)):
        assert theirs.statistic == mine.statistic
        for name in ("value", "z", "p", "adjusted"):
            np.testing.assert_allclose(getattr(theirs, name), getattr(mine, name)[MASK], rtol=1e-9, atol=1e-12)
        assert theirs.kind.tolist() == mine.kind[MASK].tolist()
        assert theirs.p_from is PValueSource.NORMAL


def test_ours_given_to_esda_equals_ours_for_areas():
    areas = [shapely.box(column, row, column + 1, row + 1) for row in range(5) for column in range(6)]
    values = rng.poisson(9, 30).astype(np.float64)
    frame = geopandas.GeoDataFrame({"value": values}, geometry=areas, crs=CRS)
    graph = to_weights(frame)
    theirs = from_esda(esda.G_Local(frame["value"], graph, transform="B", star=True, permutations=0))
    ours = area_clusters(values, areas)
    np.testing.assert_allclose(theirs.z, ours.z, rtol=1e-9)
    np.testing.assert_allclose(theirs.value, ours.value, rtol=1e-9)
    out = to_geodataframe(theirs, crs=CRS, places=list(frame.geometry))
    assert out["z"].tolist() == theirs.z.tolist()
    assert out.geometry.tolist() == areas


def test_standardised_weights_and_permutations_of_esda_are_understood():
    graph = to_weights(GRID, inside=MASK)
    binary = from_esda(esda.G_Local(COUNTS[MASK], graph, transform="B", star=True, permutations=0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # esda says which weight a place has for itself
        standardised = from_esda(esda.G_Local(COUNTS[MASK], graph, transform="R", star=True, permutations=0))
    np.testing.assert_allclose(standardised.value, binary.value, rtol=1e-9)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # its next version will have two-sided p-values
        drawn = esda.Moran_Local(COUNTS[MASK], graph, permutations=99, seed=1)
    local = from_esda(drawn)
    np.testing.assert_allclose(local.p, np.minimum(1, 2 * drawn.p_sim))
    assert (local.permutations, local.p_from) == (99, PValueSource.CONDITIONAL)
    assert "twice the smaller tail" in local.note
    geoda = from_esda(esda.Moran_Local(COUNTS[MASK], graph, permutations=0, geoda_quads=True))
    assert geoda.kind.tolist() == local.kind.tolist()


def test_places_without_neighbours_have_no_answer():
    far = [shapely.box(x, 0, x + 1, 1) for x in (0, 1, 2, 3, 50)]
    graph = to_weights(geopandas.GeoSeries(far))
    local = from_esda(esda.Moran_Local(np.array([1.0, 2, 3, 9, 5]), graph, permutations=0))
    assert np.isnan(local.z).tolist() == [False] * 4 + [True]
    assert (local.kind[4], local.note) == (0, "1 of 5 places have no neighbour and no answer")


def test_clusters_go_to_esda_and_come_back_the_same():
    events = scattered(800, seed=8)
    found = geoharm.clusters(events, study_area=AREA, cell=500, band=800)
    frame = found.to_geodataframe()
    graph = to_weights(found)
    inside = np.isfinite(found.result.gi.value)
    counts = np.zeros(found.result.grid.shape)
    cell = found.result.grid.cell_of(events.geometry.x.to_numpy(), events.geometry.y.to_numpy())
    np.add.at(counts.ravel(), cell, 1.0)
    theirs = from_esda(esda.G_Local(counts[inside], graph, transform="B", star=True, permutations=0))
    np.testing.assert_allclose(theirs.z, frame["gi_z"], rtol=1e-9)
    back = to_geodataframe(found.result.gi, crs=found.crs, places=found.result.grid)
    assert back["z"].tolist() == frame["gi_z"].tolist()
    assert back.geometry.tolist() == frame.geometry.tolist()


def test_zones_are_named_and_frames_keep_their_index():
    zones = [
        Zone("target", ZoneRole.TARGET, shapely.Point(0, 0).buffer(100)),
        Zone("ring", ZoneRole.RING, shapely.Point(0, 0).buffer(200).difference(shapely.Point(0, 0).buffer(100))),
    ]
    assert pairs(to_weights(zones)) == {("target", "ring"), ("ring", "target")}
    frame = geopandas.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], index=["a", "b"])
    assert pairs(to_weights(frame)) == {("a", "b"), ("b", "a")}


def test_what_has_no_neighbours_is_refused_in_one_sentence():
    boxes = [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)]
    doubled = geopandas.GeoSeries(boxes, index=[0, 0])
    degrees = geopandas.GeoSeries(boxes, crs="EPSG:4326")
    for call, error, words in (
        (lambda: to_weights(doubled), DataError, "share an index"),
        (lambda: to_weights(degrees, neighbours=50.0), DataError, "needs metres"),
        (lambda: to_weights(geopandas.GeoSeries([boxes[0], None])), DataError, "must be a polygon"),
        (lambda: to_weights(pd.DataFrame()), DataError, "DataFrame was given"),
        (lambda: to_weights(GRID, neighbours="bishop"), DesignError, '"bishop" was given'),
        (lambda: to_weights(GRID, neighbours=10.0), DesignError, "must reach the next cell"),
        (lambda: to_weights(GRID, inside=np.ones(3, bool)), DesignError, "one value a cell"),
        (lambda: from_esda(3), DataError, "int was given"),
        (lambda: from_esda(esda.G_Local(COUNTS.ravel(), to_weights(GRID), permutations=0)), DataError, "star=True"),
        (lambda: to_geodataframe(getis_ord(COUNTS, GRID), crs=CRS), DesignError, "none was given as places"),
    ):
        with pytest.raises(error, match=words):
            call()
