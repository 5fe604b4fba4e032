"""To PySAL and back: neighbours of cells, zones and areas as a libpysal graph, and local statistics of esda as ours.

Rey and Anselin (2007), PySAL, https://doi.org/10.52324/001c.8285; https://pysal.org/libpysal/, https://pysal.org/esda/
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from geoharm._validation import check_positive
from geoharm.api.patterns import Clusters
from geoharm.errors import DataError, DesignError
from geoharm.hotspots.clusters.neighbourhood_sums import neighbourhood_rows
from geoharm.hotspots.results.clusters import LocalClusters, PValueSource
from geoharm.model.geometry import Zone
from geoharm.model.grid import Grid
from geoharm.stats.false_discovery import false_discovery_adjusted

if TYPE_CHECKING:
    import geopandas
    from libpysal.graph import Graph

Neighbours: TypeAlias = Literal["queen", "rook"] | float
_ROOK = ((-1, 0), (0, -1), (0, 1), (1, 0))
# Of `Moran_Local(geoda_quads=True)`: the second and third quadrant have each other's number.
_GEODA_QUADRANTS = np.array([0, 1, 3, 2, 4])


def to_weights(
    places: Grid | Clusters | geopandas.GeoDataFrame | geopandas.GeoSeries | Sequence[Zone],
    *,
    neighbours: Neighbours | None = None,
    inside: NDArray[np.bool_] | None = None,
) -> Graph:
    """Return the neighbours of cells, zones or areas as a graph of libpysal, with binary weights.

    Parameters
    ----------
    places : Grid, Clusters, GeoDataFrame, GeoSeries or sequence of Zone
        A grid's cells have the numbers 0, 1, ... of the rows of our frames: those inside, from the south-west eastwards.
        Areas keep the index of their frame, zones are named by their names.
    neighbours : {"queen", "rook"} or float, optional
        Places that touch; that share a border; or whose centres are at most this many metres apart. Left out: the band of
        the clusters, else "queen".
    inside : ndarray of bool, shape (ny, nx), optional
        Of a grid: the cells that are places; all if left out.

    Returns
    -------
    libpysal.graph.Graph
        Of older functions of PySAL that need a `W`, ``.to_W()`` makes one. No place is its own neighbour (esda adds it
        with ``star=True``); a place without neighbours is an isolate.

    Raises
    ------
    DataError, DesignError
        If the places are of another kind, have no polygon, or share an index.

    Examples
    --------
    >>> from geoharm import Grid, to_weights
    >>> to_weights(Grid(0, 0, 50, 3, 3)).cardinalities.tolist()
    [3, 5, 3, 5, 8, 5, 3, 5, 3]
    """
    if isinstance(places, Clusters):
        used = np.isfinite(places.result.gi.value)
        return _grid_graph(places.result.grid, used, places.band if neighbours is None else neighbours)
    chosen: Neighbours = "queen" if neighbours is None else neighbours
    if isinstance(places, Grid):
        used = np.ones(places.shape, dtype=np.bool_) if inside is None else np.asarray(inside, dtype=np.bool_)
        if used.shape != places.shape:
            msg = f"inside needs one value a cell, shape {places.shape}; {used.shape} was given."
            raise DesignError(msg)
        return _grid_graph(places, used, chosen)
    return _area_graph(_shapes(places), chosen)


def _grid_graph(grid: Grid, inside: NDArray[np.bool_], neighbours: Neighbours) -> Graph:
    from libpysal.graph import Graph  # noqa: PLC0415 -- slow to import

    number = np.full(grid.shape, -1, dtype=np.int64)
    number[inside] = np.arange(int(inside.sum()))
    steps = _steps(grid, neighbours)
    padding = max(max(abs(up), abs(right)) for up, right in steps)
    padded = np.pad(number, padding, constant_values=-1)
    rows, columns = np.nonzero(inside)
    focal, neighbour = [], []
    for up, right in steps:
        beside = padded[rows + padding + up, columns + padding + right]
        focal.append(np.flatnonzero(beside >= 0))
        neighbour.append(beside[beside >= 0])
    pairs = np.column_stack([np.concatenate(focal), np.concatenate(neighbour)])
    alone = np.setdiff1d(np.arange(rows.size), pairs[:, 0])
    pairs = np.vstack([pairs, np.column_stack([alone, alone])])
    pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    # An isolate stands in a graph as its own neighbour of weight 0.
    weights = (pairs[:, 0] != pairs[:, 1]).astype(np.float64)
    return Graph.from_arrays(pairs[:, 0], pairs[:, 1], weights)


def _steps(grid: Grid, neighbours: Neighbours) -> list[tuple[int, int]]:
    """Return the steps in rows and columns from a cell to its neighbours."""
    if neighbours == "rook":
        return list(_ROOK)
    reach, _ = neighbourhood_rows(None if neighbours == "queen" else _metres(neighbours), grid.cell)
    radius = reach.size // 2
    return [
        (up - radius, right)
        for up, width in enumerate(reach.tolist())
        for right in range(-width, width + 1)
        if (up - radius, right) != (0, 0)
    ]


def _area_graph(shapes: geopandas.GeoSeries, neighbours: Neighbours) -> Graph:
    from libpysal.graph import Graph  # noqa: PLC0415 -- slow to import

    if isinstance(neighbours, str) and neighbours in ("queen", "rook"):
        return Graph.build_contiguity(shapes, rook=neighbours == "rook", strict=True)
    if shapes.crs is not None and shapes.crs.is_geographic:
        msg = "A distance band needs metres; project the areas first with to_crs(...)."
        raise DataError(msg)
    return Graph.build_distance_band(shapes.centroid, threshold=_metres(neighbours), binary=True)


def _metres(neighbours: Neighbours) -> float:
    if isinstance(neighbours, str):
        msg = f'neighbours is "queen", "rook" or a distance in metres; "{neighbours}" was given.'
        raise DesignError(msg)
    return check_positive(neighbours, "distance band")


def _shapes(places: object) -> geopandas.GeoSeries:
    import geopandas  # noqa: PLC0415 -- slow to import

    if isinstance(places, geopandas.GeoDataFrame):
        shapes = places.geometry
    elif isinstance(places, geopandas.GeoSeries):
        shapes = places
    elif isinstance(places, Sequence) and places and all(isinstance(place, Zone) for place in places):
        shapes = geopandas.GeoSeries({place.name: place.geometry for place in places})
    else:
        msg = f"Weights are made for a Grid, Clusters, a frame of areas or zones; {type(places).__name__} was given."
        raise DataError(msg)
    if not shapes.index.is_unique:
        msg = "Two areas share an index, so their neighbours could not be told apart; reset_index(drop=True) first."
        raise DataError(msg)
    if shapes.isna().any() or shapes.is_empty.any() or not shapes.geom_type.isin(["Polygon", "MultiPolygon"]).all():
        msg = "Every area must be a polygon; leave out rows without one."
        raise DataError(msg)
    return shapes


def from_esda(result: Any) -> LocalClusters:
    """Return a local statistic of esda as ours: with two-sided p-values, adjusted for the number of places.

    `to_geodataframe` makes a frame of it, with the areas or the grid that it was computed for.

    Parameters
    ----------
    result : esda.G_Local or esda.Moran_Local
        G_Local with ``star=True`` (Gi*). With permutations, their simulations must have been kept, as they are by default.

    Returns
    -------
    LocalClusters
        Arrays of shape (n,), in the order of esda's. Its own p-values of permutations (`p_sim`) are one-sided today and will
        not be in its next version, so they are computed again from the simulations: twice the smaller tail. NaN for places
        without neighbours.

    Raises
    ------
    DataError
        If it is another statistic, or its simulations were not kept.

    Examples
    --------
    >>> import esda, numpy as np
    >>> from geoharm import Grid, from_esda, to_weights
    >>> counts = np.array([0, 0, 1, 0, 2, 9, 1, 8, 9.0])
    >>> local = from_esda(esda.G_Local(counts, to_weights(Grid(0, 0, 50, 3, 3)), transform="B", star=True, permutations=0))
    >>> local.statistic, local.value.tolist()
    ('Gi*', [2.0, 12.0, 12.0, 11.0, 30.0, 29.0, 11.0, 29.0, 28.0])
    """
    import esda  # noqa: PLC0415 -- slow to import

    kind: NDArray[np.float64] | NDArray[np.int64]
    if isinstance(result, esda.G_Local):
        name, value, z, kind = _of_gi(result)
    elif isinstance(result, esda.Moran_Local):
        name, value, z, kind = _of_moran(result)
    else:
        msg = f"from_esda takes esda.G_Local or esda.Moran_Local; {type(result).__name__} was given."
        raise DataError(msg)
    weights = result.w.sparse
    degree = np.asarray(weights.sum(axis=1)).ravel() - weights.diagonal()
    alone = ~(degree > 0)
    p = 2 * ndtr(-np.abs(z))
    permutations = int(result.permutations or 0)
    note = []
    if permutations:
        p = _two_sided(result, permutations)
        note.append("p-values from esda's permutations: twice the smaller tail")
    if alone.any():
        note.append(f"{int(alone.sum())} of {alone.size} places have no neighbour and no answer")
    value, z, p = (np.where(alone, np.nan, array).astype(np.float64) for array in (value, z, p))
    return LocalClusters(
        name,
        "as in the weights given to esda",
        value,
        z,
        p,
        false_discovery_adjusted(p),
        np.where(alone | np.isnan(z), 0, kind).astype(np.int8),
        PValueSource.CONDITIONAL if permutations else PValueSource.NORMAL,
        permutations,
        note="; ".join(note),
    )


def _two_sided(result: Any, permutations: int) -> NDArray[np.float64]:
    """Return two-sided p-values, shape (n,), from the simulated statistics of every place."""
    simulated = getattr(result, "sim", None)
    if simulated is None:
        msg = (
            "The permutations were not kept, so no two-sided p-value can be had; compute it with keep_simulations=True."
        )
        raise DataError(msg)
    observed = result.Gs if hasattr(result, "Gs") else result.Is
    larger = (np.asarray(simulated) >= np.asarray(observed)).sum(axis=0)
    tail = np.minimum(larger, permutations - larger)
    return np.asarray(np.minimum(1.0, 2 * (tail + 1) / (permutations + 1)))


def _of_gi(result: Any) -> tuple[str, NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    if not result.star:
        msg = "Only Gi*, which counts each place with its neighbours, is taken; compute G_Local with star=True."
        raise DataError(msg)
    weights = result.w.sparse
    # With binary weights 1 each; rows that were standardised have the mean of the neighbourhood.
    each = np.asarray(weights.sum(axis=1)).ravel() / np.asarray((weights != 0).sum(axis=1)).ravel()
    z = np.asarray(result.Zs, dtype=np.float64)
    return "Gi*", np.asarray(result.Gs) * result.y.sum() / each, z, np.sign(np.nan_to_num(z)).astype(np.int64)


def _of_moran(result: Any) -> tuple[str, NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    value = np.asarray(result.Is, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.asarray((value - np.asarray(result.EIc)) / np.sqrt(np.asarray(result.VIc)), dtype=np.float64)
    quadrant = np.asarray(result.q, dtype=np.int64)
    return "local Moran's I", value, z, (_GEODA_QUADRANTS if result.geoda_quads else np.arange(5))[quadrant]
