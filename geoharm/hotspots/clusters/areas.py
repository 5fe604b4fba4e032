"""Clustering of an area table: Gi*, local and global Moran's I and general G, by libpysal and esda.

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
        A number for each area. Use rates if areas differ in size or population.
    areas : sequence of shapely geometry
        Polygons in metres, in the order of the values.
    statistic : {"gi*", "moran"}
        Gi* or local Moran's I.
    tolerance : float
        Areas count as touching if the gap between them is at most this many metres. 0 requires shared points.
    permutations : int
        0 for p-values from the normal approximation; otherwise the number of conditional permutations, at least 99.
    seed : int
        Of the permutations.

    Returns
    -------
    LocalClusters
        Arrays of shape (n,). `kind` is as for a grid. NaN for areas without neighbours; the note gives their number.

    Raises
    ------
    DesignError
        If values and areas differ in number, or fewer than 3 areas are given.
    """
    x = _check_values(values, areas)
    # Imported here because it takes a second to load and only area tables need it.
    import esda  # noqa: PLC0415

    graph = _neighbours(areas, tolerance)
    has_no_neighbour = np.asarray(graph.cardinalities == 0)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        if statistic == "gi*":
            local = esda.G_Local(x, graph.transform("B"), transform="B", star=True, permutations=0)
            value, z, statistic_name = local.Gs * x.sum(), np.array(local.Zs), "Gi*"
            kind = np.sign(np.nan_to_num(z))
        else:
            local = esda.Moran_Local(x, graph, transformation="r", permutations=0)
            value, statistic_name = np.array(local.Is), "local Moran's I"
            z = (value - local.EIc) / np.sqrt(local.VIc)
            kind = np.array(local.q)
    p = 2 * ndtr(-np.abs(z))
    if permutations:
        # The p-values of esda are one-sided, ignore ties, are in single precision, and may change in later versions.
        degree, lag = graph.cardinalities.to_numpy(), np.asarray(graph.transform("B").lag(x), dtype=np.float64)
        p = conditional_permutation_p(x, np.arange(x.size), lag, degree, permutations=permutations, seed=seed)
    is_constant = _is_constant(x)
    is_undefined = has_no_neighbour | is_constant
    value, z, p = (np.where(is_undefined, np.nan, array) for array in (value, z, p))
    notes = ["every area holds the same value, so none stands out"] if is_constant else []
    notes += (
        [f"{int(has_no_neighbour.sum())} of {x.size} areas touch no other and have no answer"]
        if has_no_neighbour.any()
        else []
    )
    return LocalClusters(
        statistic_name,
        "areas that touch" if tolerance == 0 else f"areas that touch, or are at most {tolerance:g} m apart",
        np.asarray(value, dtype=np.float64),
        np.asarray(z, dtype=np.float64),
        np.asarray(p, dtype=np.float64),
        false_discovery_adjusted(p),
        np.where(is_undefined, 0, kind).astype(np.int8),
        PValueSource.CONDITIONAL if permutations else PValueSource.NORMAL,
        permutations,
        seed,
        "; ".join(notes),
    )


def global_area_clusters(
    values: ArrayLike, areas: Sequence[BaseGeometry], *, tolerance: float = 0.0
) -> tuple[GlobalClustering, GlobalClustering]:
    """Return the global Moran's I and the general G; areas that touch are neighbours (queen).

    Weights are row-standardised for Moran's I and binary for the general G. P-values are from the normal approximation,
    with expectation and variance under randomisation; see `morans_i` and `general_g`.

    Parameters
    ----------
    values, areas, tolerance
        As in `area_clusters`; the general G needs values of zero or more.

    Raises
    ------
    DesignError
        If values and areas differ in number, or fewer than 3 areas are given.
    """
    x = _check_values(values, areas)
    import esda  # noqa: PLC0415

    graph = _neighbours(areas, tolerance)
    if _is_constant(x) or not (graph.cardinalities > 0).any():
        reason = "every area holds the same value" if _is_constant(x) else "no area touches another"
        undefined = (math.nan,) * 5
        return tuple(
            GlobalClustering(name, *undefined, PValueSource.NORMAL, note=reason) for name in ("Moran's I", "general G")
        )  # type: ignore[return-value]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        moran = esda.Moran(x, graph, transformation="r", permutations=0)
        general = esda.G(x, graph.transform("B"), permutations=0)
    return (
        _normal_test("Moran's I", moran.I, moran.EI, moran.VI_rand, moran.z_rand),
        _normal_test("general G", general.G, general.EG, general.VG, general.z_norm),
    )


def _normal_test(name: str, value: float, expected: float, variance: float, z: float) -> GlobalClustering:
    p = float(2 * ndtr(-abs(z)))
    return GlobalClustering(name, float(value), float(expected), math.sqrt(variance), float(z), p, PValueSource.NORMAL)


def _check_values(values: ArrayLike, areas: Sequence[BaseGeometry]) -> NDArray[np.float64]:
    x = check_vector(values, "values")
    if x.size != len(areas) or x.size < 3:
        msg = f"At least 3 areas with one value each are needed; {len(areas)} areas and {x.size} values were given."
        raise DesignError(msg)
    return x


def _is_constant(x: NDArray[np.float64]) -> bool:
    """Return whether all values are equal, up to rounding errors."""
    return bool(np.ptp(x) <= 1e-9 * np.abs(x).max())


def _neighbours(areas: Sequence[BaseGeometry], tolerance: float) -> Any:
    """Return the graph of areas that touch, or lie within `tolerance` metres."""
    # Imported here because they take a second to load and only area tables need them.
    import geopandas  # noqa: PLC0415
    from libpysal.graph import Graph  # noqa: PLC0415

    shapes = geopandas.GeoSeries(list(areas))
    if tolerance > 0:
        return Graph.build_fuzzy_contiguity(shapes, buffer=tolerance / 2)
    return Graph.build_contiguity(shapes, rook=False, strict=True)
