"""Which days a source covers, and which months inside have no data."""

from __future__ import annotations

from datetime import date, timedelta

from geoharm.engines.duckdb import DuckDBEngine
from geoharm.errors import DataError
from geoharm.model.period import Period, add_months, first_of_month


def coverage(engine: DuckDBEngine, source: str) -> tuple[Period, tuple[date, ...], str]:
    """Return the days a source covers, the months inside without any row, and its precision.

    What the study states comes first, and no month of it is missing. Else the last month of a month-only source counts
    whole, the last year of a year-only source, and a day-dated source ends with its last day.
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
            f'The source "{source}" is said to cover {start} up to {end}, but has rows from {first} to {last}; '
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
    # What is declared to be covered is covered: a month without events is then a count of zero.
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
