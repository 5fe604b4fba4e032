"""Empty months: whether a count of zero is one that chance and season could bring, or a gap in recording."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geoharm.errors import DesignError
from geoharm.model.period import Period, add_months
from geoharm.stats.dispersion import monthly_dispersion

# The level before and after an empty month is the mean of so many months with events on either side.
_MONTHS_OF_LEVEL = 6
# A month without an event is a gap if its chance is below this.
MAX_CHANCE = 0.001
# A month holds no usable row if less than this share of its rows has a place, in a source where most rows have one.
_MIN_PLACED_SHARE, _MOST = 0.1, 0.5


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


def counted_units(span: Period, *, per_year: int = 12) -> tuple[date, ...]:
    """Return the first days of the months that a span touches, or of the years for `per_year` = 1."""
    if per_year != 1:
        return span.months()
    return tuple(dict.fromkeys(month.replace(month=1) for month in span.months()))


def usable_rows(rows: ArrayLike, inside: ArrayLike, unplaced: ArrayLike) -> NDArray[np.int64]:
    """Return the number of usable rows of each month: those in the study area; none where nearly all rows have no place.

    Where most rows of the whole source have no place, every row is usable.

    Parameters
    ----------
    rows, inside, unplaced : array_like of int, shape (n,)
        All rows, those in the study area, and those without a usable place, by month.
    """
    every, placed, lost = (np.asarray(counts, dtype=np.int64) for counts in (rows, inside, unplaced))
    if placed.sum() < _MOST * (placed + lost).sum():
        return every
    return np.where(placed >= _MIN_PLACED_SHARE * (placed + lost), placed, 0)


def gap_months(usable: ArrayLike, span: Period, *, per_year: int = 12) -> tuple[date, ...]:
    """Return the first days of the months of a span that are gaps: without a usable row, and too unlikely to be so by chance.

    Parameters
    ----------
    usable : array_like of int, shape (n,)
        Usable rows of each of `counted_units`.
    span : Period
        The days that the source covers.
    per_year : int
        12, or 1 for counts by year; every month of a year that is a gap is one.

    Raises
    ------
    DesignError
        If the counts are not those of `counted_units`.
    """
    counts, units = np.asarray(usable, dtype=np.int64), counted_units(span, per_year=per_year)
    if counts.size != len(units):
        msg = f"Usable rows are needed for each of the {len(units)} units of the span; {counts.size} were given."
        raise DesignError(msg)
    whole = [Period(unit, add_months(unit, 12 // per_year)) for unit in units]
    covered = [days.days / unit.days for unit in whole if (days := span.overlap(unit))]
    is_gap = (chance_of_no_event(counts, per_year=per_year, covered=covered) < MAX_CHANCE) & (counts == 0)
    gaps = {unit for unit, gap in zip(units, is_gap, strict=True) if gap}
    return tuple(month for month in span.months() if (month.replace(month=1) if per_year == 1 else month) in gaps)


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
