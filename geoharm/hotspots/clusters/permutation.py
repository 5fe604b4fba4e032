"""Conditional permutation: a place keeps its count, its neighbours' counts are drawn from all other places.

Anselin (1995), Local indicators of spatial association, section 3.2,
https://doi.org/10.1111/j.1538-4632.1995.tb00338.x
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from geoharm.errors import DesignError
from geoharm.hotspots.results.clusters import PValueSource

_DRAWS_AT_ONCE = 5_000_000
# Draws with replacement stand for draws without where places are many; transforms have an error of about this much.
_PLACES_A_NEIGHBOUR = 50
_LONGEST_SUM = 2**24
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
    r"""Return the two-sided p-value of each place's sum over its neighbours.

    Parameters
    ----------
    values : ndarray, shape (n,)
        The counts of all places, from which neighbours are drawn without replacement.
    who : ndarray of int, shape (m,)
        Places that are tested, as positions in `values`; each is left out of its own draws.
    lag : ndarray, shape (m,)
        Sum over the neighbours of each, itself not among them.
    degree : ndarray of int, shape (m,)
        Number of its neighbours.
    permutations : int
        At least 99.
    seed : int

    Returns
    -------
    ndarray, shape (m,)
        :math:`\min(1, 2 \min(M_\ge, M_\le))`, each :math:`M = (1 + \#)/(1 + permutations)`; so never below
        2 / (permutations + 1). NaN for places without neighbours.

    Notes
    -----
    All places share the draws: one random order of n places gives, for any place and any number of neighbours k, the
    first k of that order other than the place itself, which is a simple random sample of the others.
    """
    most = int(degree.max(initial=0))
    if permutations < 99:
        msg = f"At least 99 permutations are needed; {permutations} were asked for."
        raise DesignError(msg)
    if most > values.size - 1:
        msg = f"A place has {most} neighbours, but there are only {values.size - 1} others."
        raise DesignError(msg)
    rng = np.random.default_rng(seed)
    above, below = np.zeros(who.size, dtype=np.int64), np.zeros(who.size, dtype=np.int64)
    # Sums of fractions in another order differ by rounding; ties must stay ties.
    hair = 1e-12 * float(np.abs(values).sum())
    length = min(most + 1, values.size)
    left = permutations
    while left:
        now = min(left, max(1, _DRAWS_AT_ONCE // length))
        picks = rng.integers(0, values.size - np.arange(length), size=(now, length))
        drawn = _orders(picks, values.size)
        sums = np.zeros((now, length + 1))
        np.cumsum(values[drawn], axis=1, out=sums[:, 1:])
        ranked = np.sort(sums.T, axis=1)
        by_place = np.argsort(drawn, axis=None, kind="stable")
        start = np.searchsorted(drawn.ravel()[by_place], who, side="left")
        end = np.searchsorted(drawn.ravel()[by_place], who, side="right")
        _tally(values, who, lag, degree, sums, ranked, by_place, start, end, hair, above, below)
        left -= now
    one_sided = np.minimum(above + 1, below + 1) / (permutations + 1)
    return np.where(degree > 0, np.minimum(1.0, 2 * one_sided), np.nan)


def exact_permutation_p(
    values: NDArray[np.float64],
    who: NDArray[np.int64],
    lag: NDArray[np.float64],
    degree: NDArray[np.int64],
    *,
    seed: int,
) -> tuple[NDArray[np.float64], PValueSource]:
    r"""Return the two-sided p-value of each place's sum over its neighbours, from the distribution of such sums.

    What `conditional_permutation_p` tends to with more and more permutations, without their limit on small p-values.

    Parameters
    ----------
    values, who, lag, degree, seed
        As in `conditional_permutation_p`.

    Returns
    -------
    p : ndarray, shape (m,)
        Never below 1e-12. NaN for places without neighbours.
    source : PValueSource
        `SUMS`; or `CONDITIONAL`, with 9,999 permutations, where values are not whole numbers, or places are fewer than
        50 for each neighbour.

    Notes
    -----
    With :math:`f(v)` the share of places that hold v, the sum of k draws has the distribution :math:`f^{*k}`, found by
    Fourier transform; :math:`p = \min(1, 2 \min(P(S \ge s), P(S \le s)))`. Draws are taken with replacement and may hold the
    place itself: with 50 places a neighbour and more, the variance is larger than without by at most a fiftieth.
    """
    most, highest = int(degree.max(initial=0)), float(values.max(initial=0.0))
    counted = bool((values >= 0).all() and (values == np.floor(values)).all())
    if not counted or values.size < _PLACES_A_NEIGHBOUR * most or most * highest > _LONGEST_SUM:
        found = conditional_permutation_p(values, who, lag, degree, permutations=FALLBACK_PERMUTATIONS, seed=seed)
        return found, PValueSource.CONDITIONAL
    length = most * int(highest) + 1
    once = np.fft.rfft(np.bincount(values.astype(np.int64)) / values.size, n=length)
    p = np.full(who.size, np.nan)
    for k in np.unique(degree[degree > 0]):
        mine = degree == k
        chance = np.maximum(np.fft.irfft(once**k, n=length), 0.0)
        sums = np.rint(lag[mine]).astype(np.int64)
        above, below = np.cumsum(chance[::-1])[::-1][sums], np.cumsum(chance)[sums]
        p[mine] = np.clip(2 * np.minimum(above, below), _LEAST_P, 1.0)
    return p, PValueSource.SUMS


def permutation_resolution_note(permutations: int, tests: int) -> str:
    """Return what to say where permutations are too few for the number of cells tested, or nothing."""
    finest = 2 / (permutations + 1)
    if finest * tests <= 0.05:
        return ""
    return (
        f"the smallest p-value of {permutations:,} permutations is {finest:.2g}; of {tests:,} cells, fewer than "
        f"{finest * tests / 0.05:,.0f} that stand out cannot pass the adjustment at 0.05"
    )


@njit(cache=True)
def _orders(picks: np.ndarray, size: int) -> np.ndarray:
    """Return the first places of random orders, by a shuffle that is undone after each."""
    many, length = picks.shape
    drawn = np.empty((many, length), dtype=np.int64)
    order = np.arange(size)
    for one in range(many):
        for step in range(length):
            other = step + picks[one, step]
            order[step], order[other] = order[other], order[step]
            drawn[one, step] = order[step]
        for step in range(length - 1, -1, -1):
            other = step + picks[one, step]
            order[step], order[other] = order[other], order[step]
    return drawn


@njit(cache=True)
def _tally(  # noqa: PLR0917 - numba knows no keyword-only arguments
    values: np.ndarray,
    who: np.ndarray,
    lag: np.ndarray,
    degree: np.ndarray,
    sums: np.ndarray,
    ranked: np.ndarray,
    by_place: np.ndarray,
    start: np.ndarray,
    end: np.ndarray,
    hair: float,
    above: np.ndarray,
    below: np.ndarray,
) -> None:
    """Add how many draws reach each lag from above and from below; draws that hold the place itself are mended."""
    many, wide = sums.shape
    length = wide - 1
    for place in range(who.size):
        k = degree[place]
        low, high = lag[place] - hair, lag[place] + hair
        up = many - np.searchsorted(ranked[k], low, side="left")
        down = np.searchsorted(ranked[k], high, side="right")
        for entry in range(start[place], end[place]):
            one = by_place[entry] // length
            if by_place[entry] % length >= k:
                continue
            plain = sums[one, k]
            mended = sums[one, k + 1] - values[who[place]]
            up += int(mended >= low) - int(plain >= low)
            down += int(mended <= high) - int(plain <= high)
        above[place] += up
        below[place] += down
