"""Cumulative weighted displacement difference: events fewer or more since the operation began, by month.

Wheeler (2026), WDDControl, https://github.com/apwheele/WDDControl
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from geoharm._validation import check_positive
from geoharm.errors import DesignError
from geoharm.evaluation.results.curves import Curve, PointEstimate
from geoharm.model.period import month_span

REFERENCE = "https://github.com/apwheele/WDDControl"


def cumulative_wdd(
    target: ArrayLike,
    control: ArrayLike,
    *,
    before: int,
    scale: float = 1.0,
    dispersion: tuple[float, float] = (1.0, 1.0),
    unit: str = "events",
) -> Curve:
    r"""Return the weighted displacement difference accumulated up to each month after.

    Parameters
    ----------
    target, control : array_like, shape (months,)
        Monthly counts, in order; NaN in both for a month without data, which is left out.
    before : int
        Number of months before the operation; these are the first months of the series.
    scale : float
        The control's level divided by the target's; the control's counts are divided by it.
    dispersion : (target, control)
        Variance over mean of the counts.
    unit : str
        Unit of the events.

    Returns
    -------
    Curve
        One point for each month after with data. Positions count months since the operation began, from 1. The last
        point equals `wdd` if there are as many months after as before.

    Raises
    ------
    DesignError
        If the series differ in length or in missing months, contain values that are not counts, or have no month with data
        before or after.

    Notes
    -----
    With B months before, k the scale and m months after,

    .. math:: \sum_{j \le m} (T_j - C_j / k) - \frac{m}{B} \sum_{base} (T - C / k)

    Points are correlated, because they share months. With V the variance of a sum from the noise of counting alone,
    :math:`cov(m, n) = V_{j \le \min(m, n)} + \frac{mn}{B^2} V_{base}`. No band is made from it: in simulated cities in
    which nothing happened, it held the whole curve in 75 of 100 (docs/calibration.md).

    Examples
    --------
    >>> curve = cumulative_wdd([10, 10, 6, 5], [10, 10, 10, 10], before=2)
    >>> [point.value for point in curve.points]
    [-4.0, -9.0]
    """
    t, c = np.asarray(target, dtype=np.float64), np.asarray(control, dtype=np.float64)
    if t.ndim != 1 or t.shape != c.shape or not (np.isnan(t) == np.isnan(c)).all():
        msg = f"Target and control need the same months; shapes {t.shape} and {c.shape} or their gaps differ."
        raise DesignError(msg)
    has_data = ~np.isnan(t)
    for series in (t[has_data], c[has_data]):
        if (series < 0).any() or (series != np.floor(series)).any():
            msg = "Monthly counts must be whole numbers, zero or more."
            raise DesignError(msg)
    is_after = np.arange(t.size) >= before
    base, after = has_data & ~is_after, np.flatnonzero(has_data & is_after)
    if not base.any() or not after.size:
        msg = f"A running difference needs months with data before and after; {int(base.sum())} and {after.size} are left."
        raise DesignError(msg)
    k = check_positive(scale, "scale of the control")
    phi = [check_positive(value, "dispersion") for value in dispersion]
    difference, variance = t - c / k, phi[0] * t + phi[1] * c / k**2
    base_factor = np.arange(1, after.size + 1) / base.sum()
    values = np.cumsum(difference[after]) - base_factor * difference[base].sum()
    cumulative_variance = np.cumsum(variance[after])
    covariance = (
        np.minimum.outer(cumulative_variance, cumulative_variance)
        + np.outer(base_factor, base_factor) * variance[base].sum()
    )
    months = after - before + 1
    points = tuple(
        PointEstimate(month_span(1, int(month)), float(value), unit, REFERENCE)
        for month, value in zip(months, values, strict=True)
    )
    return Curve("running difference", points, months.astype(np.float64), covariance)
