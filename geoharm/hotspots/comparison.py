"""Comparison of two windows: the days that a source can count in them, and the events of a measure in each.

It describes; nothing stands for what was to be expected. A trend, a season or a change in reporting may make the difference.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from geoharm.errors import DesignError
from geoharm.hotspots.results.comparison import MeasureComparison
from geoharm.model.estimate import Interval
from geoharm.model.ledger import SourceLedger
from geoharm.model.measure import Measure
from geoharm.model.period import Period, Window, add_months, month_name
from geoharm.model.points import DatedPoints
from geoharm.model.rate_ratio import RateRatio
from geoharm.model.study import Comparison
from geoharm.model.window_pair import AFTER, BEFORE, WindowPair
from geoharm.stats.dispersion import monthly_dispersion
from geoharm.stats.exact_rates import ratio_of_two_rates

LEVEL = 0.95
_MONTHS_A_YEAR = 12
# Windows hold the same season if no month's share of their days differs by more: a quarter of a month of a year.
_SEASON_DIFFERENCE = 1 / 48


def comparison_windows(comparison: Comparison, ledger: SourceLedger) -> WindowPair:
    """Return the windows of a comparison as a source can count them: without the months that hold no row.

    Parameters
    ----------
    comparison : Comparison
    ledger : SourceLedger

    Raises
    ------
    DesignError
        If a window runs past the data, has no data, or cuts a month or year of a source that is dated by months or years.
    """
    windows = []
    for name, period in ((BEFORE, comparison.before), (AFTER, comparison.after)):
        if not ledger.coverage.contains(period):
            msg = (
                f'The window {name} of "{comparison.name}" ({period.start} to {period.last}) runs past the data of '
                f'"{ledger.source}", which cover {ledger.coverage.start} to {ledger.coverage.last}; shorten it, or, if the files '
                "cover more days than those from the first to the last event, name them under covers of the source."
            )
            raise DesignError(msg)
        if not (period.is_whole_years if ledger.precision == "year" else not ledger.by_month or period.is_whole_months):
            msg = (
                f'The data of "{ledger.source}" are dated by {ledger.precision}, so the window {name} of "{comparison.name}" '
                f"({period.start} to {period.last}) must begin and end with one."
            )
            raise DesignError(msg)
        try:
            windows.append(Window(name, (period,)).without_months(ledger.missing_months))
        except DesignError:
            msg = (
                f'The window {name} of "{comparison.name}" ({period.start} to {period.last}) holds only months without a '
                f'usable row of "{ledger.source}"; choose another, or get the files.'
            )
            raise DesignError(msg) from None
    return WindowPair(comparison.name, windows[0], windows[1])


def compare_windows(
    measure: Measure, events: DatedPoints, comparison: Comparison, *, ledger: SourceLedger
) -> MeasureComparison:
    """Return the events of a measure in both windows of a comparison, and the ratio of their rates.

    Parameters
    ----------
    measure : Measure
        What is counted.
    events : DatedPoints
        All located events of the measure.
    comparison : Comparison
    ledger : SourceLedger
        Of the measure's source.

    Returns
    -------
    MeasureComparison
        Without windows, and with the reason in `note`, if the source cannot be counted in them.

    Notes
    -----
    The interval is exact for the noise of counting (`ratio_of_two_rates`), widened by the dispersion of the events by month
    over all whole months with data.
    """
    try:
        windows = comparison_windows(comparison, ledger)
    except DesignError as error:
        nothing = RateRatio(math.nan, Interval(math.nan, math.nan, LEVEL), math.nan, str(error))
        return MeasureComparison(
            measure, comparison.name, None, (), (0, 0), nothing, same_season=False, note=str(error)
        )
    counts = [round(float(events.weight[events.in_window(window)].sum())) for window in (windows.before, windows.after)]
    months = {*comparison.before.months(), *comparison.after.months()}
    ratio = ratio_of_two_rates(
        (counts[0], counts[1]),
        (windows.before.days, windows.after.days),
        dispersion=float(monthly_dispersion(_events_by_month(events, ledger))),
        level=LEVEL,
    )
    left_out = tuple(sorted(months & set(ledger.missing_months)))
    same_season = bool(
        np.abs(_shares_by_month(windows.before) - _shares_by_month(windows.after)).max() <= _SEASON_DIFFERENCE
    )
    return MeasureComparison(
        measure, comparison.name, windows, left_out, (counts[0], counts[1]), ratio, same_season=same_season
    )


def refuse_impossible(comparisons: Sequence[Comparison], ledgers: Sequence[SourceLedger]) -> None:
    """Refuse comparisons whose windows no source can carry.

    Parameters
    ----------
    comparisons : sequence of Comparison
    ledgers : sequence of SourceLedger
        Of the sources of events.

    Raises
    ------
    DesignError
        With the reason that the first source gives.
    """
    for comparison in comparisons:
        reasons = []
        for ledger in ledgers:
            try:
                comparison_windows(comparison, ledger)
            except DesignError as error:
                reasons.append(error)
        if ledgers and len(reasons) == len(ledgers):
            raise reasons[0]


def left_out_text(months: Sequence[date]) -> str:
    """Return which months are left out of the windows, as a sentence; empty if none is.

    Examples
    --------
    >>> left_out_text([date(2020, 3, 1)])
    'No usable row is dated in March 2020: left out, not read as zero.'
    """
    names = ", ".join(month_name(month) for month in months)
    return f"No usable row is dated in {names}: left out, not read as zero." if months else ""


def _events_by_month(events: DatedPoints, ledger: SourceLedger) -> NDArray[np.float64]:
    """Return the events of every whole month that the source covers; NaN for months without data."""
    months = [
        month for month in ledger.coverage.months() if ledger.coverage.contains(Period(month, add_months(month, 1)))
    ]
    missing = set(ledger.missing_months)
    month_of_event = events.day.astype("datetime64[M]")
    return np.array([
        np.nan if month in missing else events.weight[month_of_event == np.datetime64(month, "M")].sum() for month in months
    ])  # fmt: skip


def _shares_by_month(window: Window) -> NDArray[np.float64]:
    """Return the share of a window's days in each month of the year, shape (12,)."""
    days = np.zeros(_MONTHS_A_YEAR)
    for period in window.periods:
        for month in period.months():
            part = period.overlap(Period(month, add_months(month, 1)))
            days[month.month - 1] += part.days if part else 0
    return np.asarray(days / days.sum())
