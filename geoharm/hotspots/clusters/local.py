"""Where high counts lie beside high counts, on a grid: Gi*, local and global Moran's I, general G.

Getis and Ord (1992), https://doi.org/10.1111/j.1538-4632.1992.tb00261.x; Ord and Getis (1995),
https://doi.org/10.1111/j.1538-4632.1995.tb00912.x; Anselin (1995), https://doi.org/10.1111/j.1538-4632.1995.tb00338.x
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from geoharm.errors import DesignError
from geoharm.hotspots.clusters.neighbourhood_sums import neighbourhood_rows, neighbourhood_sums
from geoharm.hotspots.clusters.permutation import (
    conditional_permutation_p,
    exact_permutation_p,
    permutation_resolution_note,
)
from geoharm.hotspots.results.clusters import LocalClusters, PValueSource
from geoharm.model.grid import Grid
from geoharm.stats.false_discovery import false_discovery_adjusted

# Below this expected count in a neighbourhood, sums of counts are too skewed for a normal curve.
ENOUGH_FOR_NORMAL = 20.0

_NOTHING_VARIES = "every cell holds the same count, so no cell stands out"


def getis_ord(
    counts: NDArray[np.float64],
    grid: Grid,
    *,
    inside: NDArray[np.bool_] | None = None,
    band: float | None = None,
    permutations: int = 0,
    sums: bool = False,
    seed: int = 0,
) -> LocalClusters:
    r"""Return Gi* of every cell: is the sum around it higher or lower than chance would place it.

    Parameters
    ----------
    counts : ndarray, shape (ny, nx)
        Events in each cell, or any finite number.
    grid : Grid
    inside : ndarray of bool, shape (ny, nx), optional
        Cells of the study area; others take no part, neither as neighbours nor in mean and deviation.
    band : float, optional
        Cells at most this many metres away are near; left out, the eight cells that touch.
    permutations : int
        0 takes p-values from the normal curve; otherwise from that many conditional permutations, at least 99.
    sums : bool
        P-values from the distribution of sums of counts (`exact_permutation_p`): right where events are few, and without a
        smallest p-value. Needs no permutations.
    seed : int
        Of the permutations.

    Returns
    -------
    LocalClusters
        `kind` 1 where z is above zero, -1 where below. With a note where counts are too sparse for the normal curve.

    Raises
    ------
    DesignError
        If shapes differ, a count inside is not finite, or fewer than 3 cells lie inside.

    Notes
    -----
    Binary weights, the cell itself included:

    .. math:: G_i^* = \frac{\sum_j w_{ij} x_j - \bar x W_i}{s \sqrt{(n W_i - W_i^2) / (n - 1)}}

    with :math:`W_i` the size of the neighbourhood and s the deviation over all n cells (divided by n).
    """
    values, mask = _checked(counts, grid, inside)
    reach, name = neighbourhood_rows(band, grid.cell)
    size, total = neighbourhood_sums(mask.astype(np.float64), reach), neighbourhood_sums(values, reach)
    n, mean, deviation = _moments(values[mask])
    z = standardised_sums(total, size, n=n, mean=mean, deviation=deviation)
    z[~mask] = np.nan
    note = _NOTHING_VARIES if not deviation > 0 else sparse_data_note(mean * float(np.median(size[mask])))
    p, source = 2 * ndtr(-np.abs(z)), PValueSource.NORMAL
    if deviation > 0 and (sums or permutations):
        p, source, note = _p_values(values, mask, total - values, size - 1, 0 if sums else permutations, seed)
    kind = np.where(mask, np.sign(np.nan_to_num(z)), 0).astype(np.int8)
    value = np.where(mask, total, np.nan)
    return LocalClusters("Gi*", name, value, z, p, false_discovery_adjusted(p), kind, source, permutations, seed, note)


def local_moran(
    counts: NDArray[np.float64],
    grid: Grid,
    *,
    inside: NDArray[np.bool_] | None = None,
    band: float | None = None,
    permutations: int = 0,
    sums: bool = False,
    seed: int = 0,
) -> LocalClusters:
    r"""Return local Moran's I of every cell: does it resemble its neighbours, or stand out from them.

    Parameters
    ----------
    counts, grid, inside, band, permutations, sums, seed
        As in `getis_ord`.

    Returns
    -------
    LocalClusters
        `kind` 1 high among high, 2 low among high, 3 low among low, 4 high among low. NaN where a cell has no
        neighbour.

    Raises
    ------
    DesignError
        As `getis_ord`.

    Notes
    -----
    Row-standardised weights, the cell itself left out, z the counts less their mean over their deviation:

    .. math:: I_i = \frac{n - 1}{\sum_j z_j^2}\, z_i \sum_j w_{ij} z_j

    standardised by its moments if the neighbours' counts were drawn from all other cells (Sokal, Oden and Thomson
    1998, eqs. A7 and A8, https://doi.org/10.1111/j.1538-4632.1998.tb00406.x).
    """
    values, mask = _checked(counts, grid, inside)
    reach, name = neighbourhood_rows(band, grid.cell)
    near = neighbourhood_sums(mask.astype(np.float64), reach) - mask
    lag = neighbourhood_sums(values, reach) - values
    n, mean, deviation = _moments(values[mask])
    with np.errstate(invalid="ignore", divide="ignore"):
        z_own = np.where(mask, (values - mean) / deviation, np.nan)
        z_near = np.where(mask, (lag / near - mean) / deviation, np.nan)
        value = (n - 1) / n * z_own * z_near
        expected = -(z_own**2) / (n - 1)
        variance = z_own**2 * n / (n - 2) * (1 / near - 1 / (n - 1)) * (1 - z_own**2 / (n - 1))
        z = (value - expected) / np.sqrt(variance)
    note = _NOTHING_VARIES if not deviation > 0 else sparse_data_note(mean * float(np.median(near[mask])))
    p, source = 2 * ndtr(-np.abs(z)), PValueSource.NORMAL
    if deviation > 0 and (sums or permutations):
        p, source, note = _p_values(values, mask, lag, near, 0 if sums else permutations, seed)
    kind = np.select(
        [(z_own > 0) & (z_near > 0), (z_own <= 0) & (z_near > 0), (z_own <= 0) & (z_near <= 0),
         (z_own > 0) & (z_near <= 0)], [1, 2, 3, 4], 0,
    ).astype(np.int8)  # fmt: skip
    return LocalClusters(
        "local Moran's I", name, value, z, p, false_discovery_adjusted(p), kind, source, permutations, seed, note
    )


def standardised_sums(
    total: NDArray[np.float64], size: NDArray[np.float64], *, n: int, mean: float, deviation: float
) -> NDArray[np.float64]:
    """Return how many standard deviations sums of `size` of n values lie from what chance gives; NaN if none vary."""
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (total - mean * size) / (deviation * np.sqrt((n * size - size**2) / (n - 1)))
    return np.where(np.isfinite(z), z, np.nan)


def sparse_data_note(expected: float) -> str:
    """Return what to say where a neighbourhood expects few events, or nothing."""
    if expected >= ENOUGH_FOR_NORMAL:
        return ""
    return (
        f"a neighbourhood holds {expected:.2g} events on average: too few for the normal curve, which flags too many "
        "high cells and no low ones; take p-values from permutations or a wider band"
    )


def _checked(
    counts: NDArray[np.float64], grid: Grid, inside: NDArray[np.bool_] | None
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the counts with zero outside, and the mask of cells that take part."""
    values = np.array(counts, dtype=np.float64)
    mask = np.ones(grid.shape, dtype=np.bool_) if inside is None else np.asarray(inside, dtype=np.bool_)
    if values.shape != grid.shape or mask.shape != grid.shape:
        msg = f"Counts and mask need one value a cell, shape {grid.shape}; {values.shape}, {mask.shape} were given."
        raise DesignError(msg)
    if mask.sum() < 3:
        msg = f"Clusters need at least 3 cells in the study area; it holds {int(mask.sum())}."
        raise DesignError(msg)
    if not np.isfinite(values[mask]).all():
        msg = "Counts inside the study area must be finite numbers; leave cells without data out of the mask."
        raise DesignError(msg)
    values[~mask] = 0.0
    return values, mask


def _moments(values: NDArray[np.float64]) -> tuple[int, float, float]:
    if values.min() == values.max():
        return values.size, float(values[0]), 0.0
    return values.size, float(values.mean()), float(values.std())


def _p_values(
    values: NDArray[np.float64], mask: NDArray[np.bool_], lag: NDArray[np.float64], near: NDArray[np.float64],
    permutations: int, seed: int,
) -> tuple[NDArray[np.float64], PValueSource, str]:  # fmt: skip
    """Return p-values on the grid from each cell's neighbours (their sum, their number), where they come from, and a note.

    From conditional permutations; from the distribution of such sums if none are asked for.
    """
    here = values[mask]
    who, degree = np.arange(here.size), np.rint(near[mask]).astype(np.int64)
    if permutations:
        found = conditional_permutation_p(here, who, lag[mask], degree, permutations=permutations, seed=seed)
        source, note = PValueSource.CONDITIONAL, permutation_resolution_note(permutations, here.size)
    else:
        found, source = exact_permutation_p(here, who, lag[mask], degree, seed=seed)
        note = ""
    p = np.full(values.shape, np.nan)
    p[mask] = found
    return p, source, note
