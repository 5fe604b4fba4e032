"""Simultaneous confidence bands: one band that covers a whole curve, not each point separately."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoharm._validation import check_level
from geoharm.errors import DesignError

_DRAWS = 20_000


def simultaneous_multiplier(
    covariance: ArrayLike,
    *,
    seed: int,
    level: float = 0.95,
    degrees_of_freedom: float = math.inf,
    draws: int = _DRAWS,
) -> float:
    r"""Return the number of standard errors at which a band covers all points of a curve at once.

    Parameters
    ----------
    covariance : array_like, shape (k, k)
        Of the estimates; points without variance are left out.
    seed : int
        Of the random draws.
    level : float
        Share of repetitions in which the whole curve should lie in the band.
    degrees_of_freedom : float
        Of the variance, if that is an estimate that all points share; infinite if it is known.
    draws : int
        Number of random draws.

    Returns
    -------
    float
        The `level` quantile of :math:`\max_i |Z_i|` for normal Z, or a multivariate t, with these correlations. About 1.96 for
        one point at the 95 % level; larger for several points, but less so if they are correlated.

    Raises
    ------
    DesignError
        If the covariance is not a square table of finite numbers, or no point has a variance.

    References
    ----------
    Montiel Olea and Plagborg-Moller (2019), Simultaneous confidence bands, Journal of Applied Econometrics 34:1-17,
    https://doi.org/10.1002/jae.2656

    Examples
    --------
    >>> round(simultaneous_multiplier(np.eye(10), seed=1), 1)
    2.8
    """
    level = check_level(level)
    covariances = np.asarray(covariance, dtype=np.float64)
    if covariances.ndim != 2 or covariances.shape[0] != covariances.shape[1] or not np.isfinite(covariances).all():
        msg = f"A covariance must be a square table of finite numbers; shape {covariances.shape} was given."
        raise DesignError(msg)
    varying = np.flatnonzero(np.diag(covariances) > 0)
    if not varying.size:
        msg = "No point of the curve has an error, so there is no band."
        raise DesignError(msg)
    errors = np.sqrt(np.diag(covariances)[varying])
    correlation = covariances[np.ix_(varying, varying)] / np.outer(errors, errors)
    eigenvalues, eigenvectors = np.linalg.eigh(correlation)
    square_root = eigenvectors * np.sqrt(np.maximum(eigenvalues, 0.0))
    largest = np.abs(_normal_draws(seed, draws, varying.size) @ square_root.T).max(axis=1)
    if math.isfinite(degrees_of_freedom):
        spread = np.random.default_rng([seed, 1]).chisquare(degrees_of_freedom, draws)
        largest /= np.sqrt(spread / degrees_of_freedom)
    return float(np.quantile(largest, level))


@lru_cache(maxsize=8)
def _normal_draws(seed: int, draws: int, size: int) -> NDArray[np.float64]:
    """Return standard normal draws, shape (draws, size); cached, because drawing takes most of the time."""
    values = np.random.default_rng(seed).standard_normal((draws, size))
    values.setflags(write=False)
    return values
