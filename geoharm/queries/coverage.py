"""The days that a source covers, and the months in between without data."""

from __future__ import annotations

from datetime import date, timedelta

from geoharm.engines.base import Engine
from geoharm.errors import DataError
from geoharm.model.period import Period, add_months, first_of_month
from geoharm.queries.stored import stored_source


def coverage(engine: Engine, source: str) -> tuple[Period, tuple[date, ...], str]:
    """Return the days a source covers, the months in between without any row, and its precision.

    If the study declares the covered days, these are returned, and no month is missing. Otherwise the days run from the
    first to the last event; for a source dated by month or year they include the whole last month or year.

    Raises
    ------
    DataError
        If the source has no row left in the study period, or rows outside the declared days.
    """
    stored = stored_source(engine, source)
    precision = stored.precision
    start, end = (stored.covers.start, stored.covers.end) if stored.covers else (None, None)
    tally = f"{engine.table(f'tally_{stored.state}')} AS t WHERE t.fate = 'kept'"
    first, last = engine.rows(f"SELECT min(t.day), max(t.day) FROM {tally}")[0]
    if first is None:
        msg = f'The source "{source}" has no row left that can be used in the study period.'
        raise DataError(msg)
    if start is not None and end is not None and not (start <= first and last < end):
        msg = (
            f'The source "{source}" is declared to cover {start} up to {end}, but has rows from {first} to {last}; '
            "widen covers, or narrow the study period."
        )
        raise DataError(msg)
    declared = start is not None
    span = Period(start or first, end or _end_of(last, precision))
    unit = "year" if precision == "year" else "month"
    present = {
        date(int(year), 1 if unit == "year" else int(month), 1)
        for year, month in engine.rows(
            f"SELECT year(t.day), month(t.day) FROM {tally} GROUP BY year(t.day), month(t.day)"
        )
    }
    # In declared days, a month without events is a count of zero, not a missing month.
    missing = (
        ()
        if declared
        else tuple(
            month for month in span.months() if (month.replace(month=1) if unit == "year" else month) not in present
        )
    )
    return span, missing, precision


def _end_of(last: date, precision: str) -> date:
    """Return the first day after the last day, month or year of a source."""
    months = {"month": 1, "year": 12}.get(precision)
    return add_months(first_of_month(last), months) if months else last + timedelta(days=1)
