"""The days that a source covers, and the months in between without data."""

from __future__ import annotations

from datetime import date, timedelta

from geoharm.engines.duckdb import DuckDBEngine
from geoharm.errors import DataError
from geoharm.model.period import Period, add_months, first_of_month


def coverage(engine: DuckDBEngine, source: str) -> tuple[Period, tuple[date, ...], str]:
    """Return the days a source covers, the months in between without any row, and its precision.

    If the study declares the covered days, these are returned, and no month is missing. Otherwise the days run from the
    first to the last event; for a source dated by month or year they include the whole last month or year.

    Raises
    ------
    DataError
        If the source has no row left in the study period, or rows outside the declared days.
    """
    precision, start, end = engine.connection.execute(
        'SELECT "precision", covers_from, covers_to FROM tidy.source WHERE source = ?', [source]
    ).fetchall()[0]
    first, last = engine.connection.execute(
        "SELECT min(day), max(day) FROM tidy.event WHERE source = ?", [source]
    ).fetchall()[0]
    if first is None:
        msg = f'The source "{source}" has no row left that can be used in the study period.'
        raise DataError(msg)
    if start is not None and not (start <= first and last < end):
        msg = (
            f'The source "{source}" is declared to cover {start} up to {end}, but has rows from {first} to {last}; '
            "widen covers, or narrow the study period."
        )
        raise DataError(msg)
    declared = start is not None
    if not declared:
        start = first
        end = _end_of(last, precision)
    span = Period(start, end)
    unit = "year" if precision == "year" else "month"
    present = {
        row[0]
        for row in engine.connection.execute(
            f"SELECT DISTINCT CAST(date_trunc('{unit}', day) AS DATE) FROM tidy.event WHERE source = ?", [source]
        ).fetchall()
    }
    # In declared days, a month without events is a count of zero, not a missing month.
    missing = (
        ()
        if declared
        else tuple(
            month for month in span.months() if (month.replace(month=1) if unit == "year" else month) not in present
        )
    )
    return span, missing, str(precision)


def _end_of(last: date, precision: str) -> date:
    """Return the first day after the last day, month or year of a source."""
    months = {"month": 1, "year": 12}.get(precision)
    return add_months(first_of_month(last), months) if months else last + timedelta(days=1)
