"""Global tests of clustering on a grid: Moran's I and the general G.

Moran (1950), https://doi.org/10.2307/2332142; Cliff and Ord (1981), Spatial Processes (ISBN 978-0-85086-081-8);
Getis and Ord (1992), https://doi.org/10.1111/j.1538-4632.1992.tb00261.x
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geoharm.errors import DesignError
from geoharm.hotspots.clusters.neighbourhood_sums import neighbourhood_rows, neighbourhood_sums
from geoharm.hotspots.results.clusters import GlobalClustering, PValueSource
from geoharm.model.grid import Grid
from geoharm.model.settings import MIN_PERMUTATIONS
from geoharm.stats.distributions import normal_survival


def morans_i(
    counts: NDArray[np.float64],
    grid: Grid,
    *,
    inside: NDArray[np.bool_] | None = None,
    band: float | None = None,
    permutations: int = 0,
    seed: int = 0,
) -> GlobalClustering:
    r"""Return the global Moran's I of a grid: above its expectation if neighbouring cells have similar counts.

    Parameters
    ----------
    counts : ndarray, shape (ny, nx)
        Events in each cell.
    grid : Grid
        Grid of the cells.
    inside : ndarray of bool, shape (ny, nx), optional
        Cells of the study area; all cells if omitted.
    band : float, optional
        Distance band in metres; the eight adjacent cells if omitted.
    permutations : int
        0 for the normal approximation, with expectation and variance under randomisation; otherwise the number of
        permutations, at least 99.
    seed : int
        Of the permutations.

    Raises
    ------
    DesignError
        If there are fewer than 4 cells, a count is not finite, or no cell has a neighbour.

    Notes
    -----
    With binary weights:

    .. math:: I = \frac{n}{S_0} \frac{\sum_i \sum_j w_{ij} z_i z_j}{\sum_i z_i^2}, \qquad E(I) = -\frac{1}{n-1}
    """
    cell_counts = _make_cell_counts(counts, grid, inside, band)
    z = cell_counts.values - cell_counts.values.mean()
    square_sum = float((z**2).sum())
    if square_sum == 0:
        return _undefined("Moran's I", "every cell holds the same count")
    n, (s0, s1, s2) = cell_counts.values.size, cell_counts.sums()

    def statistic(values: NDArray[np.float64]) -> float:
        deviations = values - values.mean()
        return n / s0 * float((deviations * cell_counts.lag(deviations)).sum()) / square_sum

    expected = -1 / (n - 1)
    kurtosis = float((z**4).sum()) / n / (square_sum / n) ** 2
    first = n * ((n**2 - 3 * n + 3) * s1 - n * s2 + 3 * s0**2)
    second = kurtosis * ((n**2 - n) * s1 - 2 * n * s2 + 6 * s0**2)
    variance = (first - second) / ((n - 1) * (n - 2) * (n - 3) * s0**2) - expected**2
    return _test_result(
        "Moran's I", cell_counts.values, statistic, expected, variance, permutations=permutations, seed=seed
    )


def general_g(
    counts: NDArray[np.float64],
    grid: Grid,
    *,
    inside: NDArray[np.bool_] | None = None,
    band: float | None = None,
    permutations: int = 0,
    seed: int = 0,
) -> GlobalClustering:
    r"""Return the general G of a grid: above its expectation if cells with high counts are neighbours.

    Parameters
    ----------
    counts, grid, inside, band, permutations, seed
        As in `morans_i`; counts are zero or more.

    Raises
    ------
    DesignError
        As in `morans_i`, and if a count is negative.

    Notes
    -----
    With binary weights:

    .. math:: G = \frac{\sum_i \sum_{j \ne i} w_{ij} x_i x_j}{\sum_i \sum_{j \ne i} x_i x_j}, \qquad
        E(G) = \frac{S_0}{n (n - 1)}
    """
    cell_counts = _make_cell_counts(counts, grid, inside, band)
    x = cell_counts.values
    if (x < 0).any():
        msg = f"The general G needs counts of zero or more; the smallest given is {x.min():g}."
        raise DesignError(msg)
    if (x == x[0]).all():
        return _undefined("general G", "every cell holds the same count")
    n, (s0, s1, s2) = x.size, cell_counts.sums()
    power_sum_1, power_sum_2, power_sum_3, power_sum_4 = (float((x**power).sum()) for power in (1, 2, 3, 4))
    pairs = power_sum_1**2 - power_sum_2
    if np.count_nonzero(x) < 2:
        return _undefined("general G", "all events are in one cell, so no two cells can be compared")

    def statistic(values: NDArray[np.float64]) -> float:
        return float((values * cell_counts.lag(values)).sum()) / pairs

    b0 = (n**2 - 3 * n + 3) * s1 - n * s2 + 3 * s0**2
    b1 = -((n**2 - n) * s1 - 2 * n * s2 + 6 * s0**2)
    b2 = -(2 * n * s1 - (n + 3) * s2 + 6 * s0**2)
    b3 = 4 * (n - 1) * s1 - 2 * (n + 1) * s2 + 8 * s0**2
    b4 = s1 - s2 + s0**2
    expected = s0 / (n * (n - 1))
    second_moment = (
        b0 * power_sum_2**2
        + b1 * power_sum_4
        + b2 * power_sum_1**2 * power_sum_2
        + b3 * power_sum_1 * power_sum_3
        + b4 * power_sum_1**4
    )
    variance = second_moment / (pairs**2 * n * (n - 1) * (n - 2) * (n - 3)) - expected**2
    return _test_result("general G", x, statistic, expected, variance, permutations=permutations, seed=seed)


@dataclass(frozen=True, slots=True)
class _CellCounts:
    """Counts of the cells of the study area as a vector, with sums over neighbours."""

    values: NDArray[np.float64]
    mask: NDArray[np.bool_]
    reach: NDArray[np.int64]

    def lag(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sum over the neighbours of each cell, without the cell itself."""
        on_grid = np.zeros(self.mask.shape)
        on_grid[self.mask] = values
        return np.asarray(neighbourhood_sums(on_grid, self.reach)[self.mask] - values)

    def sums(self) -> tuple[float, float, float]:
        """Return S0, S1 and S2 of the binary, symmetric weights."""
        degree = self.lag(np.ones(self.values.size))
        s0 = float(degree.sum())
        if s0 == 0:
            msg = "No cell of the study area has a neighbour in it; take a wider band."
            raise DesignError(msg)
        return s0, 2 * s0, 4 * float((degree**2).sum())


def _make_cell_counts(
    counts: NDArray[np.float64], grid: Grid, inside: NDArray[np.bool_] | None, band: float | None
) -> _CellCounts:
    mask = np.ones(grid.shape, dtype=np.bool_) if inside is None else np.asarray(inside, dtype=np.bool_)
    values = np.asarray(counts, dtype=np.float64)[mask]
    if values.size < 4 or not np.isfinite(values).all():
        msg = f"A test of clustering needs at least 4 cells with finite counts; {values.size} were given."
        raise DesignError(msg)
    return _CellCounts(values, mask, neighbourhood_rows(band, grid.cell)[0])


def _test_result(
    name: str,
    values: NDArray[np.float64],
    statistic: Callable[[NDArray[np.float64]], float],
    expected: float,
    variance: float,
    *,
    permutations: int,
    seed: int,
) -> GlobalClustering:
    value = statistic(values)
    if not permutations:
        if not variance > 0:
            return _undefined(name, "every arrangement of these counts gives the same value")
        error = math.sqrt(variance)
        z = (value - expected) / error
        return GlobalClustering(
            name, value, expected, error, z, 2 * float(normal_survival(abs(z))), PValueSource.NORMAL
        )
    if permutations < MIN_PERMUTATIONS:
        msg = f"At least {MIN_PERMUTATIONS} permutations are needed; {permutations} were given."
        raise DesignError(msg)
    rng = np.random.default_rng(seed)
    permuted = np.array([statistic(rng.permutation(values)) for _ in range(permutations)])
    tolerance = 1e-12 * abs(value)
    smaller_tail = min(int((permuted >= value - tolerance).sum()), int((permuted <= value + tolerance).sum()))
    p = min(1.0, 2 * (smaller_tail + 1) / (permutations + 1))
    error = float(permuted.std())
    z = (value - float(permuted.mean())) / error if error > 0 else math.nan
    return GlobalClustering(
        name, value, float(permuted.mean()), error, z, p, PValueSource.PERMUTATION, permutations, seed
    )  # fmt: skip


def _undefined(name: str, note: str) -> GlobalClustering:
    nan = math.nan
    return GlobalClustering(name, nan, nan, nan, nan, nan, PValueSource.NORMAL, note=note)
