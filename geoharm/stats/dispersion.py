"""Overdispersion of monthly counts: their variance over their mean, compared with the Poisson distribution."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

HALF_WINDOW_MONTHS = 3
# With fewer months the dispersion cannot be estimated.
MIN_MONTHS = 3


def monthly_dispersion(counts: ArrayLike) -> float:
    r"""Return the Pearson dispersion of a monthly series around its 7-month centred mean, at least 1.

    Parameters
    ----------
    counts : array_like, shape (months,)
        In calendar order; NaN for months without data, which are left out.

    Returns
    -------
    float
        Variance over mean; 1 is Poisson. 1 if fewer than 3 months have data, because it cannot be estimated then.

    Notes
    -----
    .. math:: \hat\phi = \max\left(1,\;
        \frac{\sum_t (y_t - m_t)^2 / m_t}{\sum_t (1 - 1/w_t)}\right)

    with :math:`m_t` the mean of the :math:`w_t \le 7` months around t. The month itself is part of this mean, which
    removes a share :math:`1/w_t` of its variance; the denominator corrects for that. The centred mean follows the
    level, the season and the trend. So only variation from month to month is measured, not slower changes.

    References
    ----------
    A. P. Wheeler, WDDControl (the phi-inflated standard error), https://github.com/apwheele/WDDControl

    Examples
    --------
    >>> monthly_dispersion([4, 4, 4, 4])
    1.0
    """
    series = np.asarray(counts, dtype=np.float64)
    pearson = degrees_of_freedom = 0.0
    for month, value in enumerate(series):
        if math.isnan(value):
            continue
        window = series[max(0, month - HALF_WINDOW_MONTHS) : month + HALF_WINDOW_MONTHS + 1]
        window = window[~np.isnan(window)]
        mean = float(window.mean())
        if mean > 0 and window.size > 1:
            pearson += (value - mean) ** 2 / mean
            degrees_of_freedom += 1 - 1 / window.size
    if np.isfinite(series).sum() < MIN_MONTHS or degrees_of_freedom <= 0:
        return 1.0
    return max(1.0, pearson / degrees_of_freedom)


def yearly_dispersion(counts: ArrayLike) -> float:
    r"""Return the Pearson dispersion of the yearly counts of several places, at least 1.

    Parameters
    ----------
    counts : array_like, shape (places, years)

    Returns
    -------
    float
        Variance over mean; 1 is Poisson. 1 if there is only one year, because it cannot be estimated then.

    Notes
    -----
    .. math:: \hat\phi = \max\left(1,\; \frac{1}{(I - 1)(T - 1)} \sum_{it} \frac{(y_{it} - m_{it})^2}{m_{it}}\right),
        \quad m_{it} = \frac{y_{i\cdot} y_{\cdot t}}{y_{\cdot\cdot}}

    for I places and T years: the places differ, and a year is higher or lower for all of them; what is left is the variation of
    single places from year to year, with their own trends. With one place, :math:`m_t` is its mean and the divisor T - 1.

    References
    ----------
    P. McCullagh and J. A. Nelder (1989), Generalized Linear Models, section 4.5.2 (Pearson's statistic over its degrees of freedom)

    Examples
    --------
    >>> yearly_dispersion([[60, 60, 60], [30, 30, 30]]), yearly_dispersion([[40, 80]]), yearly_dispersion([[40], [9]])
    (1.0, 13.333333333333334, 1.0)
    """
    table = np.asarray(counts, dtype=np.float64)
    table = table[table.sum(axis=1) > 0]
    table = table[:, table.sum(axis=0) > 0] if table.shape[0] > 1 else table
    places, years = table.shape
    if not table.size or years == 1:
        return 1.0
    of_place = table.sum(axis=1, keepdims=True)
    of_year = table.sum(axis=0, keepdims=True) if places > 1 else np.full((1, years), of_place[0, 0] / years)
    mean = of_place * of_year / table.sum()
    return max(1.0, float(((table - mean) ** 2 / mean).sum() / (max(places - 1, 1) * (years - 1))))
