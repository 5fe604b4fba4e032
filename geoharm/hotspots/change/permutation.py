"""Densities of many reshuffled worlds at once, and what they say about the real one.

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
from geoharm.model.settings import Correction
from geoharm.stats.false_discovery import false_discovery_adjusted

FEWEST = 99
_AT_ONCE = 32

# Given a generator, a world's weight at every place.
Draw = Callable[[np.random.Generator], NDArray[np.float64]]


def kernel_matrix(
    points: Points, grid: Grid, *, bandwidth: float | NDArray[np.float64], inside: NDArray[np.bool_]
) -> csr_array:
    """Return the quartic kernel from every place to every cell centre inside, shape (cells inside, places), per m2.

    A density is this matrix times the weights; so thousands of reshuffled weights cost one matrix. The bandwidth is one
    number, or one for every place.
    """
    own = np.broadcast_to(np.asarray(bandwidth, dtype=np.float64), (len(points),))
    shortest, longest = float(own.min(initial=np.inf)), float(own.max(initial=0.0))
    if shortest < grid.cell:
        msg = f"The bandwidth ({shortest:g} m) must be at least one cell ({grid.cell:g} m), or places fall through."
        raise DesignError(msg)
    number = np.full(grid.shape, -1, dtype=np.int64)
    number[inside] = np.arange(int(inside.sum()))
    column = np.floor((points.x - grid.x0) / grid.cell).astype(np.int64)
    row = np.floor((points.y - grid.y0) / grid.cell).astype(np.int64)
    reach = math.ceil(longest / grid.cell + 0.5)
    entries: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]] = []
    for down in range(-reach, reach + 1):
        for along in range(-reach, reach + 1):
            to_row, to_column = row + down, column + along
            on = (to_row >= 0) & (to_row < grid.ny) & (to_column >= 0) & (to_column < grid.nx)
            which = np.flatnonzero(on)
            cell = number[to_row[which], to_column[which]]
            centre_x = grid.x0 + (to_column[which] + 0.5) * grid.cell
            centre_y = grid.y0 + (to_row[which] + 0.5) * grid.cell
            distance = np.hypot(centre_x - points.x[which], centre_y - points.y[which])
            value = kernel_value(distance / own[which], kernel="quartic", bandwidth=1.0) / own[which] ** 2
            hit = (cell >= 0) & (value > 0)
            entries.append((cell[hit], which[hit], value[hit]))
    cells, places, values = (np.concatenate(part) for part in zip(*entries, strict=True))
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
    """Return the two-sided p-value of every cell, alone and allowing for all cells.

    Parameters
    ----------
    observed : ndarray, shape (cells,)
        The statistic: the kernel times a world's weights.
    kernel : sparse array, shape (cells, places)
    draw : callable
        Returns the weights of a world in which nothing but chance acts.
    permutations : int
        At least 99.
    seed : int
    correction : Correction

    Returns
    -------
    p, adjusted : ndarray, shape (cells,)
        NaN where no world differs from any other.

    Notes
    -----
    Alone: ``min(1, 2 min(M>=, M<=))`` with ``M = (1 + worlds that reach the observed value) / (1 + permutations)``.
    Step-down maximum: cells are ranked by the observed value less the mean of all worlds, over their deviation; a cell is
    compared with the largest of its own and all lower-ranked cells in each world, so the chance of flagging any cell
    at all without cause is at most the level, however cells depend on each other.
    """
    if permutations < FEWEST:
        msg = f"At least {FEWEST} permutations are needed; {permutations} were asked for."
        raise DesignError(msg)
    above, below = np.ones(observed.size), np.ones(observed.size)
    total, squares = np.zeros(observed.size), np.zeros(observed.size)
    hair = 1e-9 * float(np.abs(observed).max(initial=0.0))
    for worlds in _worlds(kernel, draw, permutations, seed):
        above += (worlds >= observed[:, None] - hair).sum(axis=1)
        below += (worlds <= observed[:, None] + hair).sum(axis=1)
        # Around the observed value, or two large sums would be subtracted to give a small one.
        moved = worlds - observed[:, None]
        total += moved.sum(axis=1)
        squares += (moved**2).sum(axis=1)
    # The real world is one of them (its own part of both sums is 0): measured from the outside, it would look farther
    # out than any of the worlds does, and the level would not hold.
    mean = total / (permutations + 1)
    deviation = np.sqrt(np.maximum(squares / (permutations + 1) - mean**2, 0.0))
    varies = deviation > max(hair, 1e-300)
    p = np.where(varies, np.minimum(1.0, 2 * np.minimum(above, below) / (permutations + 1)), np.nan)
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
    """Draw the same worlds again and compare each cell with the largest of the cells ranked no higher."""
    score = np.abs(mean) / deviation
    order = np.argsort(score, kind="stable")
    count = np.ones(observed.size)
    for worlds in _worlds(kernel, draw, permutations, seed):
        scores = np.abs(worlds - observed[:, None] - mean[:, None]) / deviation[:, None]
        largest = np.maximum.accumulate(scores[order], axis=0)
        count += (largest >= score[order][:, None] * (1 - 1e-9)).sum(axis=1)
    ranked = (count / (permutations + 1))[::-1]
    adjusted = np.empty(observed.size)
    adjusted[order[::-1]] = np.maximum.accumulate(ranked)
    return adjusted


def _worlds(kernel: csr_array, draw: Draw, permutations: int, seed: int) -> Iterator[NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    for start in range(0, permutations, _AT_ONCE):
        many = min(_AT_ONCE, permutations - start)
        yield kernel @ np.stack([draw(rng) for _ in range(many)], axis=1)
