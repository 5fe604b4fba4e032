"""Does a series rise or fall: the Mann-Kendall test, with ties and with gaps.

Mann (1945), https://doi.org/10.2307/1907187; Kendall (1975), Rank Correlation Methods, 4th edition
(ISBN 978-0-85264-199-6).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from geoharm.errors import DesignError


@dataclass(frozen=True, slots=True)
class Trend:
    """The Mann-Kendall test of one series or of many.

    Attributes
    ----------
    score : ndarray, shape (...)
        S: pairs that rise less pairs that fall.
    variance : ndarray, shape (...)
        Of S if every order of the values were equally likely, ties counted.
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
        In order of time; NaN for steps without data, which take no part.

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

    with :math:`t_g` the size of each group of tied values. Steps are taken as independent of each other; a series
    that drifts slowly, or whose steps share data, has more trends by chance than the p-value says.

    Examples
    --------
    >>> found = mann_kendall([1, 2, 3, 4, 5, 6])
    >>> float(found.score), round(float(found.p), 4)
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
    p = 2 * norm.sf(np.abs(z))
    return Trend(score.reshape(shape), variance.reshape(shape), z.reshape(shape), p.reshape(shape))


@njit(cache=True)
def _scores(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return S, its variance and the number of values of each row."""
    many, steps = rows.shape
    score = np.zeros(many)
    variance = np.zeros(many)
    count = np.zeros(many, dtype=np.int64)
    kept = np.empty(steps)
    for row in range(many):
        n = 0
        for step in range(steps):
            if not np.isnan(rows[row, step]):
                kept[n] = rows[row, step]
                n += 1
        total = 0
        for late in range(1, n):
            for early in range(late):
                if kept[late] > kept[early]:
                    total += 1
                elif kept[late] < kept[early]:
                    total -= 1
        ordered = np.sort(kept[:n])
        ties = 0.0
        run = 1
        for place in range(1, n + 1):
            if place < n and ordered[place] == ordered[place - 1]:
                run += 1
            else:
                ties += run * (run - 1.0) * (2.0 * run + 5.0)
                run = 1
        score[row] = total
        variance[row] = (n * (n - 1.0) * (2.0 * n + 5.0) - ties) / 18.0
        count[row] = n
    return score, variance, count
