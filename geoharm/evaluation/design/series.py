"""From counts by day or month to the equal periods that curves and clocks are made of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from geoharm.model.counts import ZoneCounts
from geoharm.model.design import Design
from geoharm.model.period import Period, add_months, first_of_month

MONTH_DAYS = 365.25 / 12
_WEEK = 7
_LONG = 92


@dataclass(frozen=True, slots=True)
class EqualPeriods:
    """Equal periods in order, before, during and after an operation.

    Attributes
    ----------
    spans : tuple of Period
    start, stop : int
        First period of the operation, and first after it.
    per_month : float
        Periods in a month.
    """

    spans: tuple[Period, ...]
    start: int
    stop: int
    per_month: float


def months_around(counts: ZoneCounts, design: Design) -> EqualPeriods:
    """Return all whole months of the coverage up to the end of the window after; the operation's may be none."""
    began, ended = design.operation.period.start, design.operation.period.end
    last = min(counts.coverage.end, design.after.end)
    spans = [Period(month, add_months(month, 1)) for month in Period(counts.coverage.start, last).months()]
    spans = [span for span in spans if span.start >= counts.coverage.start and span.end <= last]
    start = sum(span.end <= began for span in spans)
    # A month the operation touches is neither before nor after it.
    stop = sum(span.start < (ended if ended.day == 1 else add_months(first_of_month(ended), 1)) for span in spans)
    return EqualPeriods(tuple(spans), start, max(start, stop), 1.0)


def decay_periods(counts: ZoneCounts, design: Design) -> EqualPeriods:
    """Return weeks from the operation's first day on, or months for monthly data and operations over three months."""
    began, ended = design.operation.period.start, design.operation.period.end
    if counts.by_month or (ended - began).days > _LONG:
        return months_around(counts, design)
    before = (began - counts.coverage.start).days // _WEEK
    running = math.ceil((ended - began).days / _WEEK)
    after = (min(counts.coverage.end, design.after.end) - began).days // _WEEK
    starts = [began + timedelta(days=_WEEK * place) for place in range(-before, after)]
    spans = tuple(Period(day, day + timedelta(days=_WEEK)) for day in starts)
    return EqualPeriods(spans, before, before + running, MONTH_DAYS / _WEEK)


def joint_series(counts: ZoneCounts, zones: Sequence[str], spans: Sequence[Period]) -> NDArray[np.float64]:
    """Return the zones' joint count of every period; NaN where a month without data touches it.

    Returns
    -------
    ndarray, shape (len(spans),)
    """
    rows = counts.counts[[counts.zones.index(zone) for zone in zones]].sum(axis=0)
    return np.asarray(_by_period(counts, rows[None], spans)[0])


def zone_series(counts: ZoneCounts, zones: Sequence[str], spans: Sequence[Period]) -> NDArray[np.float64]:
    """Return `joint_series` every zone by itself, shape (len(zones), len(spans))."""
    place = {zone: row for row, zone in enumerate(counts.zones)}
    return _by_period(counts, counts.counts[[place[zone] for zone in zones]], spans)


def _by_period(counts: ZoneCounts, rows: NDArray[np.int64], spans: Sequence[Period]) -> NDArray[np.float64]:
    sums = np.concatenate([np.zeros((rows.shape[0], 1), dtype=np.int64), np.cumsum(rows, axis=1)], axis=1)
    edges = np.array([(span.start, span.end) for span in spans], dtype="datetime64[D]").reshape(-1, 2)
    places = np.searchsorted(counts.dates, edges)
    found = np.asarray(sums[:, places[:, 1]] - sums[:, places[:, 0]], dtype=np.float64)
    if missing := set(counts.missing_months):
        lost = [any(month in missing for month in span.months()) for span in spans]
        found[:, np.array(lost, dtype=bool)] = math.nan
    return found
