"""Local clustering on a grid: Gi* and local Moran's I.

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

# Below this expected count in a neighbourhood, sums of counts are too skewed for the normal approximation.
ENOUGH_FOR_NORMAL = 20.0

_CONSTANT_NOTE = "every cell holds the same count, so no cell stands out"


def getis_ord(
    counts: NDArray[np.float64],
    grid: Grid,
    *,
    inside: NDArray[np.bool_] | None = None,
    band: float | None = None,
    permutations: int = 0,
    exact_p: bool = False,
    seed: int = 0,
) -> LocalClusters:
    r"""Return Gi* of every cell: whether the sum over its neighbourhood is higher or lower than expected by chance.

    Parameters
    ----------
    counts : ndarray, shape (ny, nx)
        Events in each cell, or any finite number.
    grid : Grid
        Grid of the cells.
    inside : ndarray of bool, shape (ny, nx), optional
        Cells of the study area; all cells if omitted. Other cells are neither neighbours nor included in the mean and
        the standard deviation.
    band : float, optional
        Distance band: cells at most this many metres away are neighbours. The eight adjacent cells if omitted.
    permutations : int
        0 for p-values from the normal approximation; otherwise the number of conditional permutations, at least 99.
    exact_p : bool
        If True, p-values are from the distribution of sums of counts (`exact_permutation_p`), without permutations.
        They are valid also with few events, and can be arbitrarily small.
    seed : int
        Of the permutations.

    Returns
    -------
    LocalClusters
        `kind` is 1 where z is above zero and -1 where it is below. The note says if counts are too sparse for the
        normal approximation.

    Raises
    ------
    DesignError
        If shapes differ, a count inside is not finite, or fewer than 3 cells lie inside.

    Notes
    -----
    With binary weights, the cell itself included:

    .. math:: G_i^* = \frac{\sum_j w_{ij} x_j - \bar x W_i}{s \sqrt{(n W_i - W_i^2) / (n - 1)}}

    with :math:`W_i` the size of the neighbourhood and s the standard deviation over all n cells (divided by n).
    """
    values, mask = _check_counts(counts, grid, inside)
    half_widths, neighbours = neighbourhood_rows(band, grid.cell)
    neighbourhood_size, neighbourhood_sum = (
        neighbourhood_sums(mask.astype(np.float64), half_widths),
        neighbourhood_sums(values, half_widths),
    )
    n, mean, deviation = _moments(values[mask])
    z = standardised_sums(neighbourhood_sum, neighbourhood_size, n=n, mean=mean, deviation=deviation)
    z[~mask] = np.nan
    note = _CONSTANT_NOTE if not deviation > 0 else sparse_data_note(mean * float(np.median(neighbourhood_size[mask])))
    p, source = 2 * ndtr(-np.abs(z)), PValueSource.NORMAL
    if deviation > 0 and (exact_p or permutations):
        p, source, note = _p_values_on_grid(
            values, mask, neighbourhood_sum - values, neighbourhood_size - 1, 0 if exact_p else permutations, seed
        )
    kind = np.where(mask, np.sign(np.nan_to_num(z)), 0).astype(np.int8)
    value = np.where(mask, neighbourhood_sum, np.nan)
    return LocalClusters(
        "Gi*", neighbours, value, z, p, false_discovery_adjusted(p), kind, source, permutations, seed, note
    )


def local_moran(
    counts: NDArray[np.float64],
    grid: Grid,
    *,
    inside: NDArray[np.bool_] | None = None,
    band: float | None = None,
    permutations: int = 0,
    exact_p: bool = False,
    seed: int = 0,
) -> LocalClusters:
    r"""Return local Moran's I of every cell: whether its count is similar to those of its neighbours.

    Parameters
    ----------
    counts, grid, inside, band, permutations, sums, seed
        As in `getis_ord`.

    Returns
    -------
    LocalClusters
        `kind` is 1 for high among high, 2 for low among high, 3 for low among low, 4 for high among low. NaN where a
        cell has no neighbour.

    Raises
    ------
    DesignError
        As `getis_ord`.

    Notes
    -----
    With row-standardised weights, the cell itself excluded, and z the standardised counts:

    .. math:: I_i = \frac{n - 1}{\sum_j z_j^2}\, z_i \sum_j w_{ij} z_j

    I is standardised by its moments under the null hypothesis that the neighbours' counts are drawn from all other
    cells (Sokal, Oden and Thomson 1998, eqs. A7 and A8, https://doi.org/10.1111/j.1538-4632.1998.tb00406.x).
    """
    values, mask = _check_counts(counts, grid, inside)
    half_widths, neighbours = neighbourhood_rows(band, grid.cell)
    neighbour_count = neighbourhood_sums(mask.astype(np.float64), half_widths) - mask
    neighbour_sum = neighbourhood_sums(values, half_widths) - values
    n, mean, deviation = _moments(values[mask])
    with np.errstate(invalid="ignore", divide="ignore"):
        z_own = np.where(mask, (values - mean) / deviation, np.nan)
        z_neighbours = np.where(mask, (neighbour_sum / neighbour_count - mean) / deviation, np.nan)
        value = (n - 1) / n * z_own * z_neighbours
        expected = -(z_own**2) / (n - 1)
        variance = z_own**2 * n / (n - 2) * (1 / neighbour_count - 1 / (n - 1)) * (1 - z_own**2 / (n - 1))
        z = (value - expected) / np.sqrt(variance)
    note = _CONSTANT_NOTE if not deviation > 0 else sparse_data_note(mean * float(np.median(neighbour_count[mask])))
    p, source = 2 * ndtr(-np.abs(z)), PValueSource.NORMAL
    if deviation > 0 and (exact_p or permutations):
        p, source, note = _p_values_on_grid(
            values, mask, neighbour_sum, neighbour_count, 0 if exact_p else permutations, seed
        )
    kind = np.select(
        [(z_own > 0) & (z_neighbours > 0), (z_own <= 0) & (z_neighbours > 0), (z_own <= 0) & (z_neighbours <= 0),
         (z_own > 0) & (z_neighbours <= 0)], [1, 2, 3, 4], 0,
    ).astype(np.int8)  # fmt: skip
    return LocalClusters(
        "local Moran's I", neighbours, value, z, p, false_discovery_adjusted(p), kind, source, permutations, seed, note
    )


def standardised_sums(
    total: NDArray[np.float64], size: NDArray[np.float64], *, n: int, mean: float, deviation: float
) -> NDArray[np.float64]:
    """Return the z scores of sums of values drawn at random without replacement.

    Parameters
    ----------
    total : ndarray
        The sums.
    size : ndarray
        Number of values in each sum.
    n : int
        Number of all values.
    mean, deviation : float
        Mean and standard deviation of all values.

    Returns
    -------
    ndarray
        The shape of `total`; NaN where undefined.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (total - mean * size) / (deviation * np.sqrt((n * size - size**2) / (n - 1)))
    return np.where(np.isfinite(z), z, np.nan)


def sparse_data_note(expected: float) -> str:
    """Return a note if the expected number of events in a neighbourhood is small, else an empty string."""
    if expected >= ENOUGH_FOR_NORMAL:
        return ""
    return (
        f"a neighbourhood holds {expected:.2g} events on average: too few for the normal curve, which flags too many "
        "high cells and no low ones; take p-values from permutations or a wider band"
    )


def _check_counts(
    counts: NDArray[np.float64], grid: Grid, inside: NDArray[np.bool_] | None
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the counts, with zero outside the study area, and the mask of cells inside."""
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


def _p_values_on_grid(
    values: NDArray[np.float64], mask: NDArray[np.bool_], neighbour_sum: NDArray[np.float64],
    neighbour_count: NDArray[np.float64], permutations: int, seed: int,
) -> tuple[NDArray[np.float64], PValueSource, str]:  # fmt: skip
    """Return p-values on the grid, the method by which they were computed, and a note.

    They are from conditional permutations, or from the distribution of sums of counts if `permutations` is 0.
    """
    counts = values[mask]
    positions, degree = np.arange(counts.size), np.rint(neighbour_count[mask]).astype(np.int64)
    if permutations:
        p_inside = conditional_permutation_p(
            counts, positions, neighbour_sum[mask], degree, permutations=permutations, seed=seed
        )
        source, note = PValueSource.CONDITIONAL, permutation_resolution_note(permutations, counts.size)
    else:
        p_inside, source = exact_permutation_p(counts, positions, neighbour_sum[mask], degree, seed=seed)
        note = ""
    p = np.full(values.shape, np.nan)
    p[mask] = p_inside
    return p, source, note
