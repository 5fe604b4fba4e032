"""Multiple testing: p-values adjusted for the family-wise error rate (Holm, Westfall-Young)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoharm._validation import check_vector
from geoharm.errors import DesignError


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    r"""Return p-values adjusted by Holm's method, which limits the probability of any false positive in the family.

    Parameters
    ----------
    p_values : array_like, shape (m,)
        NaN where a test could not be made; such a value stays NaN and is not counted as a test.

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
    all_p_values = np.asarray(p_values, dtype=np.float64)
    known = ~np.isnan(all_p_values)
    if ((all_p_values[known] < 0) | (all_p_values[known] > 1)).any():
        msg = f"P-values lie between 0 and 1; {all_p_values.tolist()} was given."
        raise DesignError(msg)
    ordered = np.argsort(all_p_values[known], kind="stable")
    multiplied = all_p_values[known][ordered] * np.arange(ordered.size, 0, -1)
    adjusted_known = np.empty(ordered.size)
    adjusted_known[ordered] = np.minimum(1.0, np.maximum.accumulate(multiplied))
    adjusted = np.full(all_p_values.shape, np.nan)
    adjusted[known] = adjusted_known
    return adjusted


def step_down(observed: ArrayLike, resampled: ArrayLike) -> NDArray[np.float64]:
    r"""Return family-wise p-values (Westfall and Young) from statistics that were resampled jointly.

    Parameters
    ----------
    observed : array_like, shape (m,)
        Statistics; large absolute values are evidence against the null hypothesis. They should share one scale (z
        values, not numbers of events).
    resampled : array_like, shape (draws, m)
        The same statistics under the null hypothesis. Each row is one placebo or permutation, with all tests drawn
        jointly, so that the correlation between the tests is taken into account.

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
    absolute_observed = np.abs(check_vector(observed, "observed"))
    absolute_draws = np.abs(np.asarray(resampled, dtype=np.float64))
    if (
        absolute_draws.ndim != 2
        or absolute_draws.shape[1] != absolute_observed.size
        or not absolute_draws.size
        or not np.isfinite(absolute_draws).all()
    ):
        msg = f"Resampled statistics must be finite, of shape (draws, {absolute_observed.size}); {absolute_draws.shape} was given."
        raise DesignError(msg)
    order = np.argsort(-absolute_observed, kind="stable")
    largest = np.maximum.accumulate(absolute_draws[:, order][:, ::-1], axis=1)[:, ::-1]
    p_value = (1 + (largest >= absolute_observed[order]).sum(axis=0)) / (1 + absolute_draws.shape[0])
    adjusted = np.empty(absolute_observed.size)
    adjusted[order] = np.maximum.accumulate(p_value)
    return adjusted
