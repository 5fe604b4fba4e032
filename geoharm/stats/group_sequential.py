"""Group sequential tests: the level of each of several looks at data that grow, so that all looks share one error."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from geoharm._validation import check_level
from geoharm.errors import DesignError
from geoharm.stats.distributions import normal_quantile, normal_survival

_NODES = 80
_ROUNDS = 24


@lru_cache
def pocock_level(looks: int, *, level: float = 0.05) -> float:
    r"""Return the two-sided level of each look, so that any look rejects in a share `level` of cases without an effect.

    Parameters
    ----------
    looks : int
        Planned number of looks, at equal steps of information.
    level : float
        Error of all looks together.

    Raises
    ------
    DesignError
        If `looks` is below 1, or `level` not between 0 and 1.

    Notes
    -----
    The bound c is the same at every look: :math:`P(\max_k |S_k| / \sqrt{k} \ge c) = level`, where :math:`S_k` is a sum of
    k independent standard normal numbers. The probability is computed by the recursion of Armitage, McPherson and Rowe
    over the density of the sums that no look rejected, and c is found by bisection.

    It also holds where looks agree more than such sums do, as windows do that share the error of their forecast.

    References
    ----------
    S. J. Pocock (1977), Group sequential methods in the design and analysis of clinical trials, Biometrika 64:191-199,
    https://doi.org/10.1093/biomet/64.2.191
    P. Armitage, C. K. McPherson, B. C. Rowe (1969), Repeated significance tests on accumulating data, Journal of the Royal
    Statistical Society A 132:235-244, https://doi.org/10.2307/2343787

    Examples
    --------
    >>> [round(pocock_level(looks), 4) for looks in (1, 2, 3, 4, 5)]
    [0.05, 0.0294, 0.0221, 0.0182, 0.0158]
    """
    check_level(level)
    if looks < 1:
        msg = f"The number of looks is 1 or more; {looks} was given."
        raise DesignError(msg)
    if looks == 1:
        return level
    low, high = float(normal_quantile(1 - level / 2)), float(normal_quantile(1 - level / (2 * looks)))
    for _ in range(_ROUNDS):
        middle = (low + high) / 2
        low, high = (middle, high) if _any_rejects(middle, looks) > level else (low, middle)
    return float(2 * normal_survival(high))


def _any_rejects(bound: float, looks: int) -> float:
    """Return the probability that any of several sums, over the root of its number of terms, reaches a bound."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    sums = nodes * bound
    kept = np.exp(-(sums**2) / 2) / np.sqrt(2 * np.pi) * weights * bound
    for look in range(2, looks):
        edge = bound * np.sqrt(look)
        next_sums = nodes * edge
        density = np.exp(-((next_sums[:, None] - sums[None]) ** 2) / 2) / np.sqrt(2 * np.pi)
        sums, kept = next_sums, density @ kept * weights * edge
    edge = bound * np.sqrt(looks)
    inside = normal_survival(-edge - sums) - normal_survival(edge - sums)
    return float(1 - kept @ inside)
