"""Many tests at once: p-values adjusted so that any false alarm in the whole family stays rare."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoharm._validation import check_vector
from geoharm.errors import DesignError


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    r"""Return p-values adjusted so that the chance of any false alarm in the family stays at its level.

    Parameters
    ----------
    p_values : array_like, shape (m,)
        NaN where a test could not be made; it stays NaN and does not count.

    Returns
    -------
    ndarray, shape (m,)

    Notes
    -----
    With the p-values in order, :math:`\tilde p_{(i)} = \max_{j \le i} \min(1, (m - j + 1) p_{(j)})`. It holds for any
    dependence between the tests.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6:65-70, https://www.jstor.org/stable/4615733

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    given = np.asarray(p_values, dtype=np.float64)
    known = ~np.isnan(given)
    if ((given[known] < 0) | (given[known] > 1)).any():
        msg = f"P-values lie between 0 and 1; {given.tolist()} was given."
        raise DesignError(msg)
    ordered = np.argsort(given[known], kind="stable")
    steps = given[known][ordered] * np.arange(ordered.size, 0, -1)
    adjusted = np.empty(ordered.size)
    adjusted[ordered] = np.minimum(1.0, np.maximum.accumulate(steps))
    found = np.full(given.shape, np.nan)
    found[known] = adjusted
    return found


def step_down(observed: ArrayLike, resampled: ArrayLike) -> NDArray[np.float64]:
    r"""Return family-wise p-values from statistics resampled together, so that what goes together is counted once.

    Parameters
    ----------
    observed : array_like, shape (m,)
        Statistics; large absolute values speak against the null. They should share one scale (z, not events).
    resampled : array_like, shape (draws, m)
        The same statistics where nothing happened: one row a placebo or permutation, all tests of a row drawn together.

    Returns
    -------
    ndarray, shape (m,)

    Notes
    -----
    Westfall and Young's step-down maxT: with the statistics from the largest down,
    :math:`\tilde p_{(i)} = \max_{j \le i} \frac{1 + \#\{\max_{k \ge j} |t^*_{(k)}| \ge |t_{(j)}|\}}{1 + draws}`.

    References
    ----------
    Westfall and Young (1993), Resampling-based multiple testing, Wiley; algorithm 4.1.
    Ge, Dudoit and Speed (2003), Test 12:1-77, https://doi.org/10.1007/BF02595811

    Examples
    --------
    >>> step_down([3.0, 0.5], [[1.0, 0.2], [2.0, 0.9], [0.1, 0.1]]).tolist()
    [0.25, 0.5]
    """
    seen = np.abs(check_vector(observed, "observed"))
    draws = np.abs(np.asarray(resampled, dtype=np.float64))
    if draws.ndim != 2 or draws.shape[1] != seen.size or not draws.size or not np.isfinite(draws).all():
        msg = f"Resampled statistics must be finite, of shape (draws, {seen.size}); {draws.shape} was given."
        raise DesignError(msg)
    order = np.argsort(-seen, kind="stable")
    largest = np.maximum.accumulate(draws[:, order][:, ::-1], axis=1)[:, ::-1]
    share = (1 + (largest >= seen[order]).sum(axis=0)) / (1 + draws.shape[0])
    found = np.empty(seen.size)
    found[order] = np.maximum.accumulate(share)
    return found
