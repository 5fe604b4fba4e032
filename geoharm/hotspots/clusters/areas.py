"""Where high counts lie beside high counts, in a table of areas: libpysal finds the neighbours, esda the statistics.

Rey and Anselin (2007), PySAL, https://doi.org/10.52324/001c.8285; https://pysal.org/esda/
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr
from shapely.geometry.base import BaseGeometry

from geoharm._validation import check_vector
from geoharm.errors import DesignError
from geoharm.hotspots.clusters.permutation import conditional_permutation_p
from geoharm.hotspots.results.clusters import GlobalClustering, LocalClusters, PValueSource
from geoharm.stats.false_discovery import false_discovery_adjusted


def area_clusters(
    values: ArrayLike,
    areas: Sequence[BaseGeometry],
    *,
    statistic: Literal["gi*", "moran"] = "gi*",
    tolerance: float = 0.0,
    permutations: int = 0,
    seed: int = 0,
) -> LocalClusters:
    """Return Gi* or local Moran's I of every area; areas that touch are neighbours (queen).

    Parameters
    ----------
    values : array_like, shape (n,)
        A number for each area. Areas differ in size and people: give rates where they do.
    areas : sequence of shapely geometry
        Polygons in metres, in the order of the values.
    statistic : {"gi*", "moran"}
    tolerance : float
        Metres of gap between outlines that still count as touching; 0 wants shared points.
    permutations : int
        0 takes p-values from the normal curve; otherwise from that many conditional permutations, at least 99.
    seed : int

    Returns
    -------
    LocalClusters
        Arrays of shape (n,). `kind` as for a grid. NaN for areas that touch no other; the note says how many.

    Raises
    ------
    DesignError
        If values and areas differ in number, or fewer than 3 areas are given.
    """
    x = _checked(values, areas)
    # A second to load, and only area tables need it.
    import esda  # noqa: PLC0415

    graph = _neighbours(areas, tolerance)
    alone = np.asarray(graph.cardinalities == 0)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        if statistic == "gi*":
            found = esda.G_Local(x, graph.transform("B"), transform="B", star=True, permutations=0)
            value, z, name = found.Gs * x.sum(), np.array(found.Zs), "Gi*"
            kind = np.sign(np.nan_to_num(z))
        else:
            found = esda.Moran_Local(x, graph, transformation="r", permutations=0)
            value, name = np.array(found.Is), "local Moran's I"
            z = (value - found.EIc) / np.sqrt(found.VIc)
            kind = np.array(found.q)
    p = 2 * ndtr(-np.abs(z))
    if permutations:
        # esda's own look at one tail without its ties, in single precision, and will change their meaning.
        degree, lag = graph.cardinalities.to_numpy(), np.asarray(graph.transform("B").lag(x), dtype=np.float64)
        p = conditional_permutation_p(x, np.arange(x.size), lag, degree, permutations=permutations, seed=seed)
    flat = _is_flat(x)
    void = alone | flat
    value, z, p = (np.where(void, np.nan, array) for array in (value, z, p))
    notes = ["every area holds the same value, so none stands out"] if flat else []
    notes += [f"{int(alone.sum())} of {x.size} areas touch no other and have no answer"] if alone.any() else []
    return LocalClusters(
        name,
        "areas that touch" if tolerance == 0 else f"areas at most {tolerance:g} m apart",
        np.asarray(value, dtype=np.float64),
        np.asarray(z, dtype=np.float64),
        np.asarray(p, dtype=np.float64),
        false_discovery_adjusted(p),
        np.where(void, 0, kind).astype(np.int8),
        PValueSource.CONDITIONAL if permutations else PValueSource.NORMAL,
        permutations,
        seed,
        "; ".join(notes),
    )


def global_area_clusters(
    values: ArrayLike, areas: Sequence[BaseGeometry], *, tolerance: float = 0.0
) -> tuple[GlobalClustering, GlobalClustering]:
    """Return Moran's I (weights that add up to one an area) and the general G (binary) of areas that touch.

    Both are judged by the normal curve, with expectation and variance under randomisation; see `morans_i` and `general_g`.

    Parameters
    ----------
    values, areas, tolerance
        As in `area_clusters`; the general G wants values of zero or more.

    Raises
    ------
    DesignError
        If values and areas differ in number, or fewer than 3 areas are given.
    """
    x = _checked(values, areas)
    import esda  # noqa: PLC0415

    graph = _neighbours(areas, tolerance)
    if _is_flat(x) or not (graph.cardinalities > 0).any():
        why = "every area holds the same value" if _is_flat(x) else "no area touches another"
        empty = (math.nan,) * 5
        return tuple(
            GlobalClustering(name, *empty, PValueSource.NORMAL, note=why) for name in ("Moran's I", "general G")
        )  # type: ignore[return-value]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        moran = esda.Moran(x, graph, transformation="r", permutations=0)
        general = esda.G(x, graph.transform("B"), permutations=0)
    return (
        _judged("Moran's I", moran.I, moran.EI, moran.VI_rand, moran.z_rand),
        _judged("general G", general.G, general.EG, general.VG, general.z_norm),
    )


def _judged(name: str, value: float, expected: float, variance: float, z: float) -> GlobalClustering:
    p = float(2 * ndtr(-abs(z)))
    return GlobalClustering(name, float(value), float(expected), math.sqrt(variance), float(z), p, PValueSource.NORMAL)


def _checked(values: ArrayLike, areas: Sequence[BaseGeometry]) -> NDArray[np.float64]:
    x = check_vector(values, "values")
    if x.size != len(areas) or x.size < 3:
        msg = f"At least 3 areas with one value each are needed; {len(areas)} areas and {x.size} values were given."
        raise DesignError(msg)
    return x


def _is_flat(x: NDArray[np.float64]) -> bool:
    """Return whether all values are one, but for rounding: a rate is a quotient."""
    return bool(np.ptp(x) <= 1e-9 * np.abs(x).max())


def _neighbours(areas: Sequence[BaseGeometry], tolerance: float) -> Any:
    """Return the graph of areas that touch, or lie within `tolerance` metres."""
    # A second to load, and only area tables need them.
    import geopandas  # noqa: PLC0415
    from libpysal.graph import Graph  # noqa: PLC0415

    shapes = geopandas.GeoSeries(list(areas))
    if tolerance > 0:
        return Graph.build_fuzzy_contiguity(shapes, buffer=tolerance / 2)
    return Graph.build_contiguity(shapes, rook=False, strict=True)
