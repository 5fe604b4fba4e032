"""Permutation tests of density at every cell: p-values, and their correction for many cells.

Westfall and Young (1993), Resampling-Based Multiple Testing, algorithm 2.8 (ISBN 978-0-471-55761-6).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from geoharm.errors import DesignError
from geoharm.hotspots.density.kernels import kernel_value
from geoharm.model.grid import Grid
from geoharm.model.points import Points
from geoharm.model.settings import MIN_PERMUTATIONS, Correction
from geoharm.stats.false_discovery import false_discovery_adjusted

_BATCH_SIZE = 32

# Given a random generator, returns the permuted weight at every place.
Draw = Callable[[np.random.Generator], NDArray[np.float64]]


def kernel_matrix(
    points: Points, grid: Grid, *, bandwidth: float | NDArray[np.float64], inside: NDArray[np.bool_]
) -> csr_array:
    """Return the quartic kernel from every place to every cell centre inside, shape (cells inside, places), per m2.

    A density is this matrix times the weights, so the matrix is computed once for thousands of permutations.

    Parameters
    ----------
    points : Points
        Places; their weights are not used.
    grid : Grid
        Grid of the cells.
    bandwidth : float or ndarray, shape (places,)
        Metres: one for all places, or one for each.
    inside : ndarray of bool, shape (ny, nx)
        Cells of the study area.

    Raises
    ------
    DesignError
        If a bandwidth is smaller than a cell.
    """
    bandwidths = np.broadcast_to(np.asarray(bandwidth, dtype=np.float64), (len(points),))
    shortest, longest = float(bandwidths.min(initial=np.inf)), float(bandwidths.max(initial=0.0))
    if shortest < grid.cell:
        msg = f"The bandwidth ({shortest:g} m) must be at least one cell ({grid.cell:g} m), or some places reach no cell centre."
        raise DesignError(msg)
    row_of_cell = np.full(grid.shape, -1, dtype=np.int64)
    row_of_cell[inside] = np.arange(int(inside.sum()))
    column = np.floor((points.x - grid.x0) / grid.cell).astype(np.int64)
    row = np.floor((points.y - grid.y0) / grid.cell).astype(np.int64)
    reach = math.ceil(longest / grid.cell + 0.5)
    entries: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]] = []
    for row_offset in range(-reach, reach + 1):
        for column_offset in range(-reach, reach + 1):
            to_row, to_column = row + row_offset, column + column_offset
            on_grid = (to_row >= 0) & (to_row < grid.ny) & (to_column >= 0) & (to_column < grid.nx)
            reached = np.flatnonzero(on_grid)
            matrix_row = row_of_cell[to_row[reached], to_column[reached]]
            centre_x = grid.x0 + (to_column[reached] + 0.5) * grid.cell
            centre_y = grid.y0 + (to_row[reached] + 0.5) * grid.cell
            distance = np.hypot(centre_x - points.x[reached], centre_y - points.y[reached])
            value = (
                kernel_value(distance / bandwidths[reached], kernel="quartic", bandwidth=1.0) / bandwidths[reached] ** 2
            )
            is_used = (matrix_row >= 0) & (value > 0)
            entries.append((matrix_row[is_used], reached[is_used], value[is_used]))
    cells, places, values = (np.concatenate(arrays) for arrays in zip(*entries, strict=True))
    return csr_array((values, (cells, places)), shape=(int(inside.sum()), len(points)))


def permutation_p_values(
    observed: NDArray[np.float64],
    kernel: csr_array,
    draw: Draw,
    *,
    permutations: int,
    seed: int,
    correction: Correction,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the two-sided p-value of every cell, by itself and corrected for the number of cells.

    Parameters
    ----------
    observed : ndarray, shape (cells,)
        The statistic: the kernel matrix times the observed weights.
    kernel : sparse array, shape (cells, places)
        As returned by `kernel_matrix`.
    draw : callable
        Returns permuted weights, as expected under the null hypothesis.
    permutations : int
        At least 99.
    seed : int
        Of the permutations.
    correction : Correction
        Step-down maximum, or false discovery rate.

    Returns
    -------
    p, adjusted : ndarray, shape (cells,)
        NaN where the statistic is the same in all permutations.

    Raises
    ------
    DesignError
        If there are fewer than 99 permutations.

    Notes
    -----
    Each cell by itself: ``min(1, 2 min(M>=, M<=))`` with
    ``M = (1 + permutations that reach the observed value) / (1 + permutations)``.

    Step-down maximum: cells are ranked by the observed value minus the mean of all permutations, over their standard
    deviation. A cell is compared with the largest value among itself and all lower-ranked cells in each permutation.
    So the probability of any false positive is at most the level, whatever the dependence between cells.
    """
    if permutations < MIN_PERMUTATIONS:
        msg = f"At least {MIN_PERMUTATIONS} permutations are needed; {permutations} were given."
        raise DesignError(msg)
    at_least, at_most = np.ones(observed.size), np.ones(observed.size)
    difference_sum, square_sum = np.zeros(observed.size), np.zeros(observed.size)
    tolerance = 1e-9 * float(np.abs(observed).max(initial=0.0))
    for permuted in _permuted_statistics(kernel, draw, permutations, seed):
        at_least += (permuted >= observed[:, None] - tolerance).sum(axis=1)
        at_most += (permuted <= observed[:, None] + tolerance).sum(axis=1)
        # Differences from the observed value, because a difference of two large sums would lose precision.
        differences = permuted - observed[:, None]
        difference_sum += differences.sum(axis=1)
        square_sum += (differences**2).sum(axis=1)
    # The observed statistic is counted as one of the permutations (it adds 0 to both sums). Without it, the observed
    # statistic would be too extreme compared with the permutations, and the error rate would exceed the level.
    mean = difference_sum / (permutations + 1)
    deviation = np.sqrt(np.maximum(square_sum / (permutations + 1) - mean**2, 0.0))
    varies = deviation > max(tolerance, 1e-300)
    p = np.where(varies, np.minimum(1.0, 2 * np.minimum(at_least, at_most) / (permutations + 1)), np.nan)
    if correction is Correction.FDR:
        return p, false_discovery_adjusted(p)
    adjusted = np.full(observed.size, np.nan)
    adjusted[varies] = _step_down(
        observed[varies],
        mean[varies],
        deviation[varies],
        kernel=kernel[np.flatnonzero(varies)],
        draw=draw,
        permutations=permutations,
        seed=seed,
    )
    return p, adjusted


def _step_down(
    observed: NDArray[np.float64],
    mean: NDArray[np.float64],
    deviation: NDArray[np.float64],
    *,
    kernel: csr_array,
    draw: Draw,
    permutations: int,
    seed: int,
) -> NDArray[np.float64]:
    """Return step-down p-values: repeat the permutations and compare each cell with the lower-ranked cells."""
    score = np.abs(mean) / deviation
    order = np.argsort(score, kind="stable")
    count = np.ones(observed.size)
    for permuted in _permuted_statistics(kernel, draw, permutations, seed):
        scores = np.abs(permuted - observed[:, None] - mean[:, None]) / deviation[:, None]
        largest = np.maximum.accumulate(scores[order], axis=0)
        count += (largest >= score[order][:, None] * (1 - 1e-9)).sum(axis=1)
    p_of_ranked = (count / (permutations + 1))[::-1]
    adjusted = np.empty(observed.size)
    adjusted[order[::-1]] = np.maximum.accumulate(p_of_ranked)
    return adjusted


def _permuted_statistics(kernel: csr_array, draw: Draw, permutations: int, seed: int) -> Iterator[NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    for start in range(0, permutations, _BATCH_SIZE):
        batch_size = min(_BATCH_SIZE, permutations - start)
        yield kernel @ np.stack([draw(rng) for _ in range(batch_size)], axis=1)
