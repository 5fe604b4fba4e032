"""A place's own season: what its counts in the calendar months of the window after say, where they say it clearly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MONTHS_PER_YEAR = 12
CLEAR = 2.5  # standard errors from which a place's own season is used in full ...
FADES_OUT = 1.5  # ... and below which it is not used at all
_MIN_YEARS = 2  # every calendar month of the window after must lie this often in the history
_LEAST_MEAN = (
    0.5 / MONTHS_PER_YEAR
)  # added to every mean month of place and city, so that counts of 0 give a finite ratio


def season_factors(
    zone: Floats,
    city: Floats,
    *,
    calendar: NDArray[np.int64],
    after_calendar: Floats,
    month_weights: Floats,
    dispersion: float,
) -> tuple[Floats, Floats]:
    r"""Return the factors by which places' own seasons change forecasts from weighted months, and how clear they are.

    Parameters
    ----------
    zone, city : ndarray, shape (places, months)
        Counts at the places, and in the control area without each place.
    calendar : ndarray of int, shape (months,)
        Position in the year of each month, 0 to 11.
    after_calendar : ndarray, shape (12,)
        Months of the window after at each position in the year.
    month_weights : ndarray, shape (forecasts, months)
        Weights of the months in the forecasts.
    dispersion : float
        Variance of monthly counts divided by their mean.

    Returns
    -------
    factors : ndarray, shape (places, forecasts)
        All 1 if a calendar month of the window after lies in the history less than twice.
    clearness : ndarray, shape (places, forecasts)
        Log factors before fading, in standard errors.

    Notes
    -----
    With :math:`\bar S_p, \bar C_p` the mean counts of place and city at position p of the year, a the months of the window
    after and u the weights of a forecast, both summed by position, the factor is

    .. math:: \rho = \frac{\sum a_p \bar S_p / \sum a_p \bar C_p}{\sum u_p \bar S_p / \sum u_p \bar C_p}, \qquad
        Var \log\rho = \phi \sum_p \frac{\bar S_p}{n_p}
        \Bigl(\frac{a_p}{\sum a \bar S} - \frac{u_p}{\sum u \bar S}\Bigr)^2

    The denominator has the seasons that the forecast's months have, without their trend. A factor is used in full where
    :math:`|\log\rho|` is at least 2.5 standard errors, not at all below 1.5, and in proportion between. What places differ
    by in any season widens the standard error: it is multiplied by the root mean square of all places' clearness, if that
    is above 1.
    """
    years = np.bincount(calendar, minlength=MONTHS_PER_YEAR)
    shape = (zone.shape[0], month_weights.shape[0])
    if (years[after_calendar > 0] < _MIN_YEARS).any():
        return np.ones(shape), np.zeros(shape)
    at_position = np.equal.outer(calendar, np.arange(MONTHS_PER_YEAR)).astype(np.float64)
    zone_mean, city_mean = (table @ at_position / np.maximum(years, 1) + _LEAST_MEAN for table in (zone, city))
    used = month_weights @ at_position
    zone_after, zone_used = (zone_mean @ after_calendar)[:, None], zone_mean @ used.T
    log_factor = np.log(zone_after / (city_mean @ after_calendar)[:, None]) - np.log(zone_used / (city_mean @ used.T))
    share = after_calendar[None, None] / zone_after[..., None] - used[None] / zone_used[..., None]
    variance = dispersion * np.einsum("pfm,pm->pf", share**2, zone_mean / np.maximum(years, 1))
    clearness = log_factor / np.sqrt(np.maximum(variance, np.finfo(float).tiny))
    clearness /= np.maximum(np.sqrt((clearness**2).mean(axis=0)), 1.0)
    used_share = np.clip((np.abs(clearness) - FADES_OUT) / (CLEAR - FADES_OUT), 0.0, 1.0)
    return np.exp(used_share * log_factor), clearness
