"""One band that holds a whole curve, not each point by itself."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoharm._validation import check_level
from geoharm.errors import DesignError

_DRAWS = 20_000


def simultaneous_multiplier(covariance: ArrayLike, *, seed: int, level: float = 0.95, draws: int = _DRAWS) -> float:
    r"""Return how many standard errors a band must reach to hold all points of a curve at once.

    Parameters
    ----------
    covariance : array_like, shape (k, k)
        Of the estimates; points without variance take no part.
    seed : int
    level : float
        Share of repetitions in which the whole curve should lie in the band.
    draws : int

    Returns
    -------
    float
        The `level` quantile of :math:`\max_i |Z_i|` for normal Z with these correlations. About 1.96 for one point,
        more for several, less the more they move together.

    References
    ----------
    Montiel Olea and Plagborg-Moller (2019), Simultaneous confidence bands, Journal of Applied Econometrics 34:1-17,
    https://doi.org/10.1002/jae.2656

    Examples
    --------
    >>> round(simultaneous_reach(np.eye(10), seed=1), 1)
    2.8
    """
    level = check_level(level)
    table = np.asarray(covariance, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] != table.shape[1] or not np.isfinite(table).all():
        msg = f"A covariance must be a square table of finite numbers; shape {table.shape} was given."
        raise DesignError(msg)
    kept = np.flatnonzero(np.diag(table) > 0)
    if not kept.size:
        msg = "No point of the curve has an error, so there is no band."
        raise DesignError(msg)
    errors = np.sqrt(np.diag(table)[kept])
    correlation = table[np.ix_(kept, kept)] / np.outer(errors, errors)
    values, vectors = np.linalg.eigh(correlation)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    return float(np.quantile(np.abs(_normal(seed, draws, kept.size) @ root.T).max(axis=1), level))


@lru_cache(maxsize=8)
def _normal(seed: int, draws: int, size: int) -> NDArray[np.float64]:
    """Return the draws of a seed: the curves of a report share them, and drawing takes most of the time."""
    drawn = np.random.default_rng(seed).standard_normal((draws, size))
    drawn.setflags(write=False)
    return drawn
