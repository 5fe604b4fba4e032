"""Do counts cluster anywhere: Moran's I and the general G of a grid, one test each.

Moran (1950), https://doi.org/10.2307/2332142; Cliff and Ord (1981), Spatial Processes (ISBN 978-0-85086-081-8);
Getis and Ord (1992), https://doi.org/10.1111/j.1538-4632.1992.tb00261.x
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from geoharm.errors import DesignError
from geoharm.hotspots.clusters.neighbourhood_sums import neighbourhood_rows, neighbourhood_sums
from geoharm.hotspots.results.clusters import GlobalClustering, PValueSource
from geoharm.model.grid import Grid


def morans_i(
    counts: NDArray[np.float64],
    grid: Grid,
    *,
    inside: NDArray[np.bool_] | None = None,
    band: float | None = None,
    permutations: int = 0,
    seed: int = 0,
) -> GlobalClustering:
    r"""Return Moran's I of a grid, binary weights: above its expectation if neighbours resemble each other.

    Parameters
    ----------
    counts : ndarray, shape (ny, nx)
    grid : Grid
    inside : ndarray of bool, shape (ny, nx), optional
    band : float, optional
        Metres; left out, the eight cells that touch.
    permutations : int
        0 takes expectation and variance under randomisation and the normal curve; otherwise from that many shuffles.
    seed : int

    Notes
    -----
    .. math:: I = \frac{n}{S_0} \frac{\sum_i \sum_j w_{ij} z_i z_j}{\sum_i z_i^2}, \qquad E(I) = -\frac{1}{n-1}
    """
    field = _field(counts, grid, inside, band)
    z = field.values - field.values.mean()
    squares = float((z**2).sum())
    if squares == 0:
        return _undefined("Moran's I", "every cell holds the same count")
    n, (s0, s1, s2) = field.values.size, field.sums()

    def statistic(values: NDArray[np.float64]) -> float:
        moved = values - values.mean()
        return n / s0 * float((moved * field.lag(moved)).sum()) / squares

    expected = -1 / (n - 1)
    kurtosis = float((z**4).sum()) / n / (squares / n) ** 2
    first = n * ((n**2 - 3 * n + 3) * s1 - n * s2 + 3 * s0**2)
    second = kurtosis * ((n**2 - n) * s1 - 2 * n * s2 + 6 * s0**2)
    variance = (first - second) / ((n - 1) * (n - 2) * (n - 3) * s0**2) - expected**2
    return _judged("Moran's I", field.values, statistic, expected, variance, permutations=permutations, seed=seed)


def general_g(
    counts: NDArray[np.float64],
    grid: Grid,
    *,
    inside: NDArray[np.bool_] | None = None,
    band: float | None = None,
    permutations: int = 0,
    seed: int = 0,
) -> GlobalClustering:
    r"""Return the general G of a grid, binary weights: above its expectation if high counts lie beside high counts.

    Parameters
    ----------
    counts, grid, inside, band, permutations, seed
        As in `morans_i`; counts are zero or more.

    Notes
    -----
    .. math:: G = \frac{\sum_i \sum_{j \ne i} w_{ij} x_i x_j}{\sum_i \sum_{j \ne i} x_i x_j}, \qquad
        E(G) = \frac{S_0}{n (n - 1)}
    """
    field = _field(counts, grid, inside, band)
    x = field.values
    if (x < 0).any():
        msg = f"The general G needs counts of zero or more; the smallest given is {x.min():g}."
        raise DesignError(msg)
    if (x == x[0]).all():
        return _undefined("general G", "every cell holds the same count")
    n, (s0, s1, s2) = x.size, field.sums()
    one, two, three, four = (float((x**power).sum()) for power in (1, 2, 3, 4))
    pairs = one**2 - two

    def statistic(values: NDArray[np.float64]) -> float:
        return float((values * field.lag(values)).sum()) / pairs

    b0 = (n**2 - 3 * n + 3) * s1 - n * s2 + 3 * s0**2
    b1 = -((n**2 - n) * s1 - 2 * n * s2 + 6 * s0**2)
    b2 = -(2 * n * s1 - (n + 3) * s2 + 6 * s0**2)
    b3 = 4 * (n - 1) * s1 - 2 * (n + 1) * s2 + 8 * s0**2
    b4 = s1 - s2 + s0**2
    expected = s0 / (n * (n - 1))
    square = b0 * two**2 + b1 * four + b2 * one**2 * two + b3 * one * three + b4 * one**4
    variance = square / (pairs**2 * n * (n - 1) * (n - 2) * (n - 3)) - expected**2
    return _judged("general G", x, statistic, expected, variance, permutations=permutations, seed=seed)


@dataclass(frozen=True, slots=True)
class _Field:
    """The counts inside the study area as a vector, and how to add them up over neighbours."""

    values: NDArray[np.float64]
    mask: NDArray[np.bool_]
    reach: NDArray[np.int64]

    def lag(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return each cell's sum over its neighbours, itself left out."""
        spread = np.zeros(self.mask.shape)
        spread[self.mask] = values
        return np.asarray(neighbourhood_sums(spread, self.reach)[self.mask] - values)

    def sums(self) -> tuple[float, float, float]:
        """Return S0, S1 and S2 of the binary, symmetric weights."""
        degree = self.lag(np.ones(self.values.size))
        s0 = float(degree.sum())
        if s0 == 0:
            msg = "No cell of the study area has a neighbour in it; take a wider band."
            raise DesignError(msg)
        return s0, 2 * s0, 4 * float((degree**2).sum())


def _field(counts: NDArray[np.float64], grid: Grid, inside: NDArray[np.bool_] | None, band: float | None) -> _Field:
    mask = np.ones(grid.shape, dtype=np.bool_) if inside is None else np.asarray(inside, dtype=np.bool_)
    values = np.asarray(counts, dtype=np.float64)[mask]
    if values.size < 4 or not np.isfinite(values).all():
        msg = f"A test of clustering needs at least 4 cells with finite counts; {values.size} were given."
        raise DesignError(msg)
    return _Field(values, mask, neighbourhood_rows(band, grid.cell)[0])


def _judged(
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
        error = math.sqrt(variance)
        z = (value - expected) / error
        return GlobalClustering(name, value, expected, error, z, 2 * float(norm.sf(abs(z))), PValueSource.NORMAL)
    if permutations < 99:
        msg = f"At least 99 permutations are needed; {permutations} were asked for."
        raise DesignError(msg)
    rng = np.random.default_rng(seed)
    drawn = np.array([statistic(rng.permutation(values)) for _ in range(permutations)])
    hair = 1e-12 * abs(value)
    fewer = min(int((drawn >= value - hair).sum()), int((drawn <= value + hair).sum()))
    p = min(1.0, 2 * (fewer + 1) / (permutations + 1))
    error = float(drawn.std())
    z = (value - float(drawn.mean())) / error if error > 0 else math.nan
    return GlobalClustering(
        name, value, float(drawn.mean()), error, z, p, PValueSource.PERMUTATION, permutations, seed
    )  # fmt: skip


def _undefined(name: str, note: str) -> GlobalClustering:
    nan = math.nan
    return GlobalClustering(name, nan, nan, nan, nan, nan, PValueSource.NORMAL, note=note)
