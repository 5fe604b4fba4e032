"""The running difference: events fewer or more since the operation began, month by month.

Wheeler (2026), WDDControl, https://github.com/apwheele/WDDControl
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from geoharm._validation import check_positive
from geoharm.errors import DesignError
from geoharm.evaluation.results.curves import Curve
from geoharm.model.estimate import Estimate
from geoharm.model.period import month_span
from geoharm.stats.simultaneous_bands import simultaneous_multiplier

REFERENCE = "https://github.com/apwheele/WDDControl"


def cumulative_wdd(
    target: ArrayLike,
    control: ArrayLike,
    *,
    before: int,
    seed: int,
    scale: float = 1.0,
    dispersion: tuple[float, float] = (1.0, 1.0),
    unit: str = "events",
    level: float = 0.95,
) -> Curve:
    r"""Return the weighted displacement difference up to each month after.

    Parameters
    ----------
    target, control : array_like, shape (months,)
        Counts a month, in order; NaN in both for a month without data, which is left out.
    before : int
        How many of the months, from the first, lie before the operation.
    seed : int
        For the band.
    scale : float
        Control's level over the target's; its counts are divided by it.
    dispersion : (target, control)
        Variance over mean.
    unit : str
    level : float
        Of the band.

    Returns
    -------
    Curve
        A point a month after that has data; positions count months since the operation began, from 1. The last
        point equals `wdd` if as many months lie after as before.

    Raises
    ------
    DesignError
        If series differ in length or in their gaps, hold what is no count, or no month is left before or after.

    Notes
    -----
    With B months before, k the scale and m months after,

    .. math:: \sum_{j \le m} (T_j - C_j / k) - \frac{m}{B} \sum_{base} (T - C / k)

    Points share the months they add up: with V the variance of a sum,
    :math:`cov(m, n) = V_{j \le \min(m, n)} + \frac{mn}{B^2} V_{base}`.

    Examples
    --------
    >>> found = running_wdd([10, 10, 6, 5], [10, 10, 10, 10], before=2, seed=1)
    >>> [point.value for point in found.points]
    [-4.0, -9.0]
    """
    t, c = np.asarray(target, dtype=np.float64), np.asarray(control, dtype=np.float64)
    if t.ndim != 1 or t.shape != c.shape or not (np.isnan(t) == np.isnan(c)).all():
        msg = f"Target and control need the same months; shapes {t.shape} and {c.shape} or their gaps differ."
        raise DesignError(msg)
    known = ~np.isnan(t)
    for series in (t[known], c[known]):
        if (series < 0).any() or (series != np.floor(series)).any():
            msg = "Monthly counts must be whole numbers, zero or more."
            raise DesignError(msg)
    is_after = np.arange(t.size) >= before
    base, after = known & ~is_after, np.flatnonzero(known & is_after)
    if not base.any() or not after.size:
        msg = f"A running difference needs months with data before and after; {int(base.sum())} and {after.size} are left."
        raise DesignError(msg)
    k = check_positive(scale, "scale of the control")
    phi = [check_positive(value, "dispersion") for value in dispersion]
    gap, variance = t - c / k, phi[0] * t + phi[1] * c / k**2
    share = np.arange(1, after.size + 1) / base.sum()
    values = np.cumsum(gap[after]) - share * gap[base].sum()
    spread = np.cumsum(variance[after])
    covariance = np.minimum.outer(spread, spread) + np.outer(share, share) * variance[base].sum()
    errors = np.sqrt(np.diag(covariance))
    months = after - before + 1
    points = tuple(
        Estimate(month_span(1, int(month)), float(value), float(error), unit, REFERENCE)
        for month, value, error in zip(months, values, errors, strict=True)
    )
    reach = simultaneous_multiplier(covariance, seed=seed, level=level) if (errors > 0).any() else math.nan
    return Curve("running difference", points, months.astype(np.float64), covariance, reach, level)
