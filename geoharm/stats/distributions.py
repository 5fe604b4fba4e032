"""Tail probabilities and quantiles of the normal, t, chi-squared and beta distributions, from `scipy.special`.

They are the functions behind `scipy.stats`, which takes about a second to import and which every start would wait for.
All take numbers or arrays, and give NaN where `scipy.stats` does.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, betaincinv, chdtrc, ndtr, ndtri, stdtr, stdtrit

Floats = NDArray[np.float64]


def normal_survival(z: ArrayLike) -> Floats:
    """Return the probability that a standard normal number is larger than z.

    Examples
    --------
    >>> round(float(normal_survival(1.96)), 4)
    0.025
    """
    return np.asarray(ndtr(-np.asarray(z, dtype=np.float64)), dtype=np.float64)


def normal_quantile(p: ArrayLike) -> Floats:
    """Return the standard normal number that is not exceeded with probability p.

    Examples
    --------
    >>> round(float(normal_quantile(0.975)), 3)
    1.96
    """
    return np.asarray(ndtri(p), dtype=np.float64)


def t_survival(t: ArrayLike, freedom: ArrayLike) -> Floats:
    """Return the probability that a number from Student's t distribution is larger than t.

    Examples
    --------
    >>> round(float(t_survival(2.571, 5)), 4)
    0.025
    """
    return np.asarray(stdtr(freedom, -np.asarray(t, dtype=np.float64)), dtype=np.float64)


def t_quantile(p: ArrayLike, freedom: ArrayLike) -> Floats:
    """Return the number that Student's t distribution does not exceed with probability p.

    Examples
    --------
    >>> round(float(t_quantile(0.975, 5)), 3)
    2.571
    """
    return np.asarray(stdtrit(freedom, p), dtype=np.float64)


def chi2_survival(statistic: ArrayLike, freedom: ArrayLike) -> Floats:
    """Return the probability that a chi-squared number is larger than the statistic; 1 for a negative statistic.

    Examples
    --------
    >>> round(float(chi2_survival(3.841, 1)), 4)
    0.05
    """
    return np.asarray(chdtrc(freedom, np.maximum(statistic, 0.0)), dtype=np.float64)


def beta_cumulative(share: ArrayLike, a: ArrayLike, b: ArrayLike) -> Floats:
    """Return the probability that a share from the beta distribution with shape parameters a and b is no larger.

    Examples
    --------
    >>> round(float(beta_cumulative(0.5, 2, 2)), 3)
    0.5
    """
    return np.asarray(betainc(a, b, share), dtype=np.float64)


def beta_quantile(p: ArrayLike, a: ArrayLike, b: ArrayLike) -> Floats:
    """Return the share that the beta distribution with shape parameters a and b does not exceed with probability p.

    Examples
    --------
    >>> round(float(beta_quantile(0.5, 2, 2)), 3)
    0.5
    """
    return np.asarray(betaincinv(a, b, p), dtype=np.float64)
