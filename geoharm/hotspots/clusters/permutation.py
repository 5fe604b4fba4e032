"""Conditional permutation tests: the count of a place is fixed, its neighbours' counts are drawn at random.

Anselin (1995), Local indicators of spatial association, section 3.2,
https://doi.org/10.1111/j.1538-4632.1995.tb00338.x
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geoharm._compiled import compiled
from geoharm.errors import DesignError
from geoharm.hotspots.results.clusters import PValueSource
from geoharm.model.settings import MIN_PERMUTATIONS

_DRAWS_AT_ONCE = 5_000_000
# With so many places for each neighbour, draws with replacement approximate draws without replacement.
_LEAST_PLACES_PER_NEIGHBOUR = 50
_LARGEST_SUM = 2**24
# Smaller p-values are not returned, because they are within the rounding error of the Fourier transform.
_LEAST_P = 1e-12
FALLBACK_PERMUTATIONS = 9_999


def conditional_permutation_p(
    values: NDArray[np.float64],
    who: NDArray[np.int64],
    lag: NDArray[np.float64],
    degree: NDArray[np.int64],
    *,
    permutations: int,
    seed: int,
) -> NDArray[np.float64]:
    r"""Return the two-sided permutation p-value of the sum over the neighbours of each place.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Counts of all places, from which neighbours are drawn without replacement.
    who : ndarray of int, shape (m,)
        Places that are tested, as positions in `values`. A place is never drawn as its own neighbour.
    lag : ndarray, shape (m,)
        Observed sum over the neighbours of each tested place, without the place itself.
    degree : ndarray of int, shape (m,)
        Number of its neighbours.
    permutations : int
        At least 99.
    seed : int
        Of the permutations.

    Returns
    -------
    ndarray, shape (m,)
        :math:`\min(1, 2 \min(M_\ge, M_\le))`, with :math:`M = (1 + \#)/(1 + permutations)`. So p is never
        below 2 / (permutations + 1). NaN for places without neighbours.

    Notes
    -----
    All places share the random orders of the n places. For a place with k neighbours, the first k places of an order,
    without the place itself, are a simple random sample of the other places.
    """
    most_neighbours = int(degree.max(initial=0))
    if permutations < MIN_PERMUTATIONS:
        msg = f"At least {MIN_PERMUTATIONS} permutations are needed; {permutations} were given."
        raise DesignError(msg)
    if most_neighbours > values.size - 1:
        msg = f"A place has {most_neighbours} neighbours, but there are only {values.size - 1} others."
        raise DesignError(msg)
    rng = np.random.default_rng(seed)
    at_least_count, at_most_count = np.zeros(who.size, dtype=np.int64), np.zeros(who.size, dtype=np.int64)
    # With a small tolerance, because sums in another order differ by rounding errors and ties must remain ties.
    tolerance = 1e-12 * float(np.abs(values).sum())
    length = min(most_neighbours + 1, values.size)
    remaining = permutations
    while remaining:
        batch_size = min(remaining, max(1, _DRAWS_AT_ONCE // length))
        picks = rng.integers(0, values.size - np.arange(length), size=(batch_size, length))
        drawn = _random_orders(picks, values.size)
        sums = np.zeros((batch_size, length + 1))
        np.cumsum(values[drawn], axis=1, out=sums[:, 1:])
        ranked = np.sort(sums.T, axis=1)
        by_place = np.argsort(drawn, axis=None, kind="stable")
        start = np.searchsorted(drawn.ravel()[by_place], who, side="left")
        end = np.searchsorted(drawn.ravel()[by_place], who, side="right")
        _count_tails(
            values, who, lag, degree, sums, ranked, by_place, start, end, tolerance, at_least_count, at_most_count
        )
        remaining -= batch_size
    one_sided = np.minimum(at_least_count + 1, at_most_count + 1) / (permutations + 1)
    return np.where(degree > 0, np.minimum(1.0, 2 * one_sided), np.nan)


def exact_permutation_p(
    values: NDArray[np.float64],
    who: NDArray[np.int64],
    lag: NDArray[np.float64],
    degree: NDArray[np.int64],
    *,
    seed: int,
) -> tuple[NDArray[np.float64], PValueSource]:
    r"""Return the two-sided p-value of the sum over the neighbours of each place, from the distribution of such sums.

    It is the limit of `conditional_permutation_p` for a large number of permutations, and can be much smaller.

    Parameters
    ----------
    values, who, lag, degree, seed
        As in `conditional_permutation_p`.

    Returns
    -------
    p : ndarray, shape (m,)
        Never below 1e-12. NaN for places without neighbours.
    source : PValueSource
        `SUMS`, or `CONDITIONAL` if 9,999 permutations were used instead. They are used if values are not counts, or if
        there are fewer than 50 places for each neighbour.

    Notes
    -----
    With :math:`f(v)` the share of places with count v, the sum of k draws has the distribution :math:`f^{*k}`, computed
    by Fourier transform. Then :math:`p = \min(1, 2 \min(P(S \ge s), P(S \le s)))`. Draws are with replacement and may
    include the place itself. With at least 50 places for each neighbour, this makes the variance larger by at most a
    fiftieth.
    """
    most_neighbours, highest = int(degree.max(initial=0)), float(values.max(initial=0.0))
    is_count_data = bool((values >= 0).all() and (values == np.floor(values)).all())
    if (
        not is_count_data
        or values.size < _LEAST_PLACES_PER_NEIGHBOUR * most_neighbours
        or most_neighbours * highest > _LARGEST_SUM
    ):
        p_permuted = conditional_permutation_p(values, who, lag, degree, permutations=FALLBACK_PERMUTATIONS, seed=seed)
        return p_permuted, PValueSource.CONDITIONAL
    length = most_neighbours * int(highest) + 1
    transform = np.fft.rfft(np.bincount(values.astype(np.int64)) / values.size, n=length)
    p = np.full(who.size, np.nan)
    for k in np.unique(degree[degree > 0]):
        has_k = degree == k
        probability = np.maximum(np.fft.irfft(transform**k, n=length), 0.0)
        sums = np.rint(lag[has_k]).astype(np.int64)
        upper_tail, lower_tail = np.cumsum(probability[::-1])[::-1][sums], np.cumsum(probability)[sums]
        p[has_k] = np.clip(2 * np.minimum(upper_tail, lower_tail), _LEAST_P, 1.0)
    return p, PValueSource.SUMS


def permutation_resolution_note(permutations: int, tests: int) -> str:
    """Return a note if there are too few permutations for the number of tests, else an empty string."""
    smallest_p = 2 / (permutations + 1)
    if smallest_p * tests <= 0.05:
        return ""
    return (
        f"the smallest p-value of {permutations:,} permutations is {smallest_p:.2g}; after the adjustment for {tests:,} "
        f"cells, p-values of 0.05 or less are possible only if at least {smallest_p * tests / 0.05:,.0f} cells have one"
    )


@compiled()
def _random_orders(picks: np.ndarray, size: int) -> np.ndarray:
    """Return the first places of random orders, by a partial shuffle that is reversed after each order."""
    draw_count, length = picks.shape
    drawn = np.empty((draw_count, length), dtype=np.int64)
    order = np.arange(size)
    for draw in range(draw_count):
        for step in range(length):
            swap_step = step + picks[draw, step]
            order[step], order[swap_step] = order[swap_step], order[step]
            drawn[draw, step] = order[step]
        for step in range(length - 1, -1, -1):
            swap_step = step + picks[draw, step]
            order[step], order[swap_step] = order[swap_step], order[step]
    return drawn


@compiled()
def _count_tails(  # noqa: PLR0917 - numba knows no keyword-only arguments
    values: np.ndarray,
    tested: np.ndarray,
    lag: np.ndarray,
    degree: np.ndarray,
    sums: np.ndarray,
    ranked: np.ndarray,
    by_place: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    tolerance: float,
    at_least_count: np.ndarray,
    at_most_count: np.ndarray,
) -> None:
    """Count the draws whose sum is at least, and at most, the observed sum; corrects draws with the place itself."""
    draw_count, column_count = sums.shape
    length = column_count - 1
    for place in range(tested.size):
        k = degree[place]
        low, high = lag[place] - tolerance, lag[place] + tolerance
        at_least = draw_count - np.searchsorted(ranked[k], low, side="left")
        at_most = np.searchsorted(ranked[k], high, side="right")
        for entry in range(start[place], end[place]):
            draw = by_place[entry] // length
            if by_place[entry] % length >= k:
                continue
            sum_k = sums[draw, k]
            corrected = sums[draw, k + 1] - values[tested[place]]
            at_least += int(corrected >= low) - int(sum_k >= low)
            at_most += int(corrected <= high) - int(sum_k <= high)
        at_least_count[place] += at_least
        at_most_count[place] += at_most
