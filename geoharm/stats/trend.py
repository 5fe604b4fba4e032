"""Trend of a series: the Mann-Kendall test, with ties and missing steps.

Mann (1945), https://doi.org/10.2307/1907187; Kendall (1975), Rank Correlation Methods, 4th edition
(ISBN 978-0-85264-199-6).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoharm._compiled import compiled
from geoharm.errors import DesignError
from geoharm.stats.distributions import normal_survival


@dataclass(frozen=True, slots=True)
class Trend:
    """Result of the Mann-Kendall test of one series or many series.

    Attributes
    ----------
    score : ndarray, shape (...)
        S: number of pairs that rise minus number of pairs that fall.
    variance : ndarray, shape (...)
        Of S if all orders of the values are equally likely, with ties taken into account.
    z : ndarray, shape (...)
        Above zero if rising; corrected for continuity. 0 if every value is the same; NaN below 3 values.
    p : ndarray, shape (...)
        Two-sided, by the normal approximation.
    """

    score: NDArray[np.float64]
    variance: NDArray[np.float64]
    z: NDArray[np.float64]
    p: NDArray[np.float64]


def mann_kendall(series: ArrayLike) -> Trend:
    r"""Return the Mann-Kendall test along the last axis.

    Parameters
    ----------
    series : array_like, shape (..., steps)
        In order of time; NaN for steps without data, which are left out.

    Returns
    -------
    Trend

    Raises
    ------
    DesignError
        If `series` has no axis.

    Notes
    -----
    .. math:: S = \sum_{i<j} \operatorname{sign}(x_j - x_i), \qquad
        \operatorname{Var} S = \frac{n(n-1)(2n+5) - \sum_g t_g(t_g-1)(2t_g+5)}{18}, \qquad
        z = \frac{S - \operatorname{sign} S}{\sqrt{\operatorname{Var} S}}

    with :math:`t_g` the size of each group of tied values. Steps are assumed to be independent. In an autocorrelated
    series, or if steps share data, the p-value is too small.

    Examples
    --------
    >>> trend = mann_kendall([1, 2, 3, 4, 5, 6])
    >>> float(trend.score), round(float(trend.p), 4)
    (15.0, 0.0085)
    """
    values = np.asarray(series, dtype=np.float64)
    if values.ndim == 0:
        msg = "A trend needs a series, shape (..., steps); a single number was given."
        raise DesignError(msg)
    rows = np.ascontiguousarray(values.reshape(-1, values.shape[-1]))
    score, variance, count = _scores(rows)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(variance > 0, (score - np.sign(score)) / np.sqrt(variance), 0.0)
    z[count < 3] = np.nan
    shape = values.shape[:-1]
    p = 2 * normal_survival(np.abs(z))
    return Trend(score.reshape(shape), variance.reshape(shape), z.reshape(shape), p.reshape(shape))


@compiled()
def _scores(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return S, its variance and the number of values of each row."""
    series_count, steps = rows.shape
    score = np.zeros(series_count)
    variance = np.zeros(series_count)
    count = np.zeros(series_count, dtype=np.int64)
    values = np.empty(steps)
    for row in range(series_count):
        n = 0
        for step in range(steps):
            if not np.isnan(rows[row, step]):
                values[n] = rows[row, step]
                n += 1
        total = 0
        for later in range(1, n):
            for earlier in range(later):
                if values[later] > values[earlier]:
                    total += 1
                elif values[later] < values[earlier]:
                    total -= 1
        ordered = np.sort(values[:n])
        ties = 0.0
        tied = 1
        for position in range(1, n + 1):
            if position < n and ordered[position] == ordered[position - 1]:
                tied += 1
            else:
                ties += tied * (tied - 1.0) * (2.0 * tied + 5.0)
                tied = 1
        score[row] = total
        variance[row] = (n * (n - 1.0) * (2.0 * n + 5.0) - ties) / 18.0
        count[row] = n
    return score, variance, count
