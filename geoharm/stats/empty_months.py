"""Empty months: whether a count of zero is one that chance and season could bring, or a gap in recording."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoharm.stats.dispersion import monthly_dispersion

# The level before and after an empty month is the mean of so many months with events on either side.
_MONTHS_OF_LEVEL = 6
# A month without an event is a gap if its chance is below this.
MAX_CHANCE = 0.001


def chance_of_no_event(
    counts: ArrayLike, *, per_year: int = 12, covered: ArrayLike | None = None
) -> NDArray[np.float64]:
    r"""Return the chance of a count of zero in each empty month of a series, at its own rate and season.

    Parameters
    ----------
    counts : array_like, shape (n,)
        Events by month, in calendar order without a month left out; or by year.
    per_year : int
        12, or 1 for counts by year, which have no season.
    covered : array_like, shape (n,), optional
        The share of each month that the source covers, above 0 to 1; 1 if left out. A month that is not covered whole, such as
        the first and the last, says nothing about the level of others.

    Returns
    -------
    ndarray, shape (n,)
        1 in a month with events.

    Notes
    -----
    The level L of an empty month is the lower of two means: that of the 6 months with events before it, and that of the 6
    after it (of one side, where the other has none). The lower one, so that a source that fades away has no gap at its end.
    With :math:`y_k` the counts of the same calendar month in other years and :math:`L_k` their levels, found in the same way
    without that month, the season is :math:`s = \min(1, (\sum y_k + 1) / (\sum L_k + 1))`; 1 if there is no other year.
    With :math:`\mu = s L`, times the share of the month that is covered, and the dispersion :math:`\phi` of the months with events, a count whose variance is
    :math:`\phi` times its mean is zero with the chance (a negative binomial)

    .. math:: P(0) = \phi^{-\mu / (\phi - 1)}, \qquad e^{-\mu} \text{ for } \phi = 1

    References
    ----------
    P. McCullagh, J. A. Nelder (1989), Generalized Linear Models, 2nd ed., section 6.2.3,
    https://doi.org/10.1201/9780203753736
    """
    series = np.asarray(counts, dtype=np.float64)
    chance = np.ones(series.size)
    shares = np.ones(series.size) if covered is None else np.asarray(covered, dtype=np.float64)
    series = np.where((series > 0) & (shares < 1), np.nan, series)
    dispersion = monthly_dispersion(np.where(series > 0, series, np.nan))
    for month in np.flatnonzero(series == 0).tolist():
        mean = _level(series, month) * _season(series, month, per_year) * shares[month]
        chance[month] = math.exp(-mean) if dispersion == 1 else dispersion ** (-mean / (dispersion - 1))
    return chance


def _level(series: NDArray[np.float64], month: int) -> float:
    """Return the mean of the nearest months with events before or after a month, whichever is lower."""
    sides = [series[:month][series[:month] > 0][-_MONTHS_OF_LEVEL:], series[month + 1 :][series[month + 1 :] > 0]]
    means = [float(side[:_MONTHS_OF_LEVEL].mean()) for side in sides if side.size]
    return min(means, default=0.0)


def _season(series: NDArray[np.float64], month: int, per_year: int) -> float:
    same = [other for other in range(month % per_year, series.size, per_year) if other != month]
    if per_year == 1 or not same:
        return 1.0
    return min(1.0, (float(np.nansum(series[same])) + 1) / (math.fsum(_level(series, other) for other in same) + 1))
