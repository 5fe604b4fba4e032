"""Counts by day or month, summed over the equal periods used by curves and effect decay."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from geoharm.model.counts import ZoneCounts
from geoharm.model.design import Design
from geoharm.model.period import Period, add_months, first_of_month

MONTH_DAYS = 365.25 / 12
_DAYS_PER_WEEK = 7
_MAX_DAYS_FOR_WEEKS = 92


@dataclass(frozen=True, slots=True)
class EqualPeriods:
    """Consecutive periods of equal length before, during and after an operation.

    Attributes
    ----------
    spans : tuple of Period
    start, stop : int
        Position of the first period of the operation, and of the first period after it.
    per_month : float
        Number of periods in a month.
    """

    spans: tuple[Period, ...]
    start: int
    stop: int
    per_month: float


def months_around(counts: ZoneCounts, design: Design) -> EqualPeriods:
    """Return all whole months of the coverage up to the end of the window after; none may fall in the operation.

    For a measure that goes on, the months since its start are those after. Where another operation reached this ground
    before, months begin after it.
    """
    operation_start, operation_end = design.operation.period.start, design.operation.phases_from
    last = min(counts.coverage.end, design.after.end)
    first = max([counts.coverage.start, *(days.end for days in design.left_out)])
    if first >= last:
        return EqualPeriods((), 0, 0, 1.0)
    spans = [Period(month, add_months(month, 1)) for month in Period(first, last).months()]
    spans = [span for span in spans if span.start >= first and span.end <= last]
    start = sum(span.end <= operation_start for span in spans)
    # A month that the operation touches is neither before nor after it.
    stop = sum(
        span.start < (operation_end if operation_end.day == 1 else add_months(first_of_month(operation_end), 1))
        for span in spans
    )
    return EqualPeriods(tuple(spans), start, max(start, stop), 1.0)


def decay_periods(counts: ZoneCounts, design: Design) -> EqualPeriods:
    """Return weeks counted from the operation's first day; months for monthly data or an operation over three months.

    A measure that goes on runs to the last of them.
    """
    if design.operation.ongoing:
        months = months_around(counts, design)
        return replace(months, stop=len(months.spans))
    operation_start, operation_end = design.operation.period.start, design.operation.period.end
    if counts.by_month or (operation_end - operation_start).days > _MAX_DAYS_FOR_WEEKS:
        return months_around(counts, design)
    first = max([counts.coverage.start, *(days.end for days in design.left_out)])
    before = max(0, (operation_start - first).days // _DAYS_PER_WEEK)
    running = math.ceil((operation_end - operation_start).days / _DAYS_PER_WEEK)
    after = (min(counts.coverage.end, design.after.end) - operation_start).days // _DAYS_PER_WEEK
    starts = [operation_start + timedelta(days=_DAYS_PER_WEEK * week) for week in range(-before, after)]
    spans = tuple(Period(day, day + timedelta(days=_DAYS_PER_WEEK)) for day in starts)
    return EqualPeriods(spans, before, before + running, MONTH_DAYS / _DAYS_PER_WEEK)


def joint_series(counts: ZoneCounts, zones: Sequence[str], spans: Sequence[Period]) -> NDArray[np.float64]:
    """Return the summed count of several zones in every period; NaN where a month of the period has no data.

    Returns
    -------
    ndarray, shape (len(spans),)
    """
    dated_counts = counts.counts[[counts.zones.index(zone) for zone in zones]].sum(axis=0)
    return np.asarray(_by_period(counts, dated_counts[None], spans)[0])


def zone_series(counts: ZoneCounts, zones: Sequence[str], spans: Sequence[Period]) -> NDArray[np.float64]:
    """Return the count of every zone in every period, as in `joint_series`; shape (len(zones), len(spans))."""
    row_of = {zone: row for row, zone in enumerate(counts.zones)}
    return _by_period(counts, counts.counts[[row_of[zone] for zone in zones]], spans)


def _by_period(counts: ZoneCounts, dated_counts: NDArray[np.int64], spans: Sequence[Period]) -> NDArray[np.float64]:
    cumulative = np.concatenate(
        [np.zeros((dated_counts.shape[0], 1), dtype=np.int64), np.cumsum(dated_counts, axis=1)], axis=1
    )
    edges = np.array([(span.start, span.end) for span in spans], dtype="datetime64[D]").reshape(-1, 2)
    positions = np.searchsorted(counts.dates, edges)
    totals = np.asarray(cumulative[:, positions[:, 1]] - cumulative[:, positions[:, 0]], dtype=np.float64)
    if missing := set(counts.missing_months):
        is_missing = [any(month in missing for month in span.months()) for span in spans]
        totals[:, np.array(is_missing, dtype=bool)] = math.nan
    return totals
