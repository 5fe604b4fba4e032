"""Permutation distribution of the difference of means between chosen units and the other units."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoharm._compiled import compiled
from geoharm._validation import check_count
from geoharm.errors import DesignError

# Fixed, and independent of the number of threads: each chunk has its own seed, so every machine draws the same numbers.
_CHUNKS = 16


def permuted_differences(values: ArrayLike, *, chosen: int, permutations: int, seed: int) -> NDArray[np.float64]:
    r"""Return differences of means (chosen units minus the others) when `chosen` units are drawn at random.

    Parameters
    ----------
    values : array_like, shape (units, statistics)
        One number for each unit and statistic, such as its mean count after minus before. Months are added up before.
    chosen : int
        How many units are drawn each time.
    permutations : int
        Number of random draws.
    seed : int
        Of the random numbers.

    Returns
    -------
    ndarray, shape (permutations, statistics)
        The same for the same seed, with any number of threads.

    Raises
    ------
    DesignError
        If the values are not a table, or `chosen` is not between 1 and the number of units minus 1.

    Notes
    -----
    Each draw is the beginning of a Fisher-Yates shuffle, so only `chosen` numbers are drawn; the mean of the
    others is computed from the total. All statistics share the draws, so their correlation is preserved.

    Examples
    --------
    >>> null = permuted_differences([[0.0], [1.0], [2.0], [3.0]], chosen=2, permutations=500, seed=1)
    >>> null.shape, round(float(abs(null).max()), 1)
    ((500, 1), 2.0)
    """
    table = np.ascontiguousarray(values, dtype=np.float64)
    if table.ndim != 2:
        msg = f"Values must have shape (units, statistics); an array of {table.ndim} dimension(s) was given."
        raise DesignError(msg)
    if not 0 < chosen < table.shape[0]:
        msg = f"Between 1 and {table.shape[0] - 1} of {table.shape[0]} units can be drawn; {chosen} was given."
        raise DesignError(msg)
    count = check_count(permutations, "permutations")
    seeds = np.random.SeedSequence(seed).generate_state(_CHUNKS).astype(np.int64)
    return np.asarray(_draw(table, chosen, count, seeds), dtype=np.float64)


def permutation_p_value(observed: ArrayLike, null: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return two-sided p-values: the share of draws, the observed one included, at least as far from zero.

    Parameters
    ----------
    observed : array_like, shape (statistics,)
        The differences of the units actually chosen.
    null : ndarray, shape (permutations, statistics)
        As returned by `permuted_differences`.

    References
    ----------
    B. Phipson, G. Smyth (2010), Permutation p-values should never be zero, Statistical Applications in Genetics and
    Molecular Biology 9:39, https://doi.org/10.2202/1544-6115.1585
    """
    at_least_as_far = np.abs(null) >= np.abs(np.asarray(observed, dtype=np.float64)) * (1 - 1e-12)
    return np.asarray((1 + at_least_as_far.sum(axis=0)) / (1 + null.shape[0]), dtype=np.float64)


@compiled(parallel=True)
def _draw(table, chosen, count, seeds):  # type: ignore[no-untyped-def]
    units, statistics = table.shape
    differences = np.empty((count, statistics))
    total = np.zeros(statistics)
    for unit in range(units):
        total += table[unit]
    for chunk in numba.prange(seeds.size):
        np.random.seed(seeds[chunk])  # noqa: NPY002
        order = np.arange(units)
        chosen_sum = np.empty(statistics)
        for draw in range(chunk, count, seeds.size):
            chosen_sum[:] = 0.0
            for position in range(chosen):
                swap_position = position + np.random.randint(units - position)  # noqa: NPY002
                unit = order[swap_position]
                order[swap_position] = order[position]
                order[position] = unit
                for statistic in range(statistics):
                    chosen_sum[statistic] += table[unit, statistic]
            for statistic in range(statistics):
                others_mean = (total[statistic] - chosen_sum[statistic]) / (units - chosen)
                differences[draw, statistic] = chosen_sum[statistic] / chosen - others_mean
    return differences
