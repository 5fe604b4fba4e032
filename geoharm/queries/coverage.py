"""The days that a source covers, and the months in between that hold no usable row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from geoharm.engines.base import Engine
from geoharm.errors import DataError
from geoharm.model.period import Period, add_months, first_of_month
from geoharm.queries.stored import StoredSource, stored_source
from geoharm.stats.empty_months import counted_units, gap_months, usable_rows


def coverage(engine: Engine, source: str) -> tuple[Period, tuple[date, ...], str]:
    """Return the days a source covers, the months in between that are gaps, and its precision.

    The days are those that the study declares, else those from the first to the last event; for a source dated by month or
    year these include the whole last month or year.

    A month is a gap if it holds no usable row, and none would come by chance less than once in 1,000 times
    (`chance_of_no_event`). The rows in the study area are usable; where nearly all rows of a month have no place, none is. In a
    rare source an empty month is a count of zero.

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
    span = Period(start or first, end or _end_of(last, precision))
    return span, _gaps(engine, stored, span), precision


def _gaps(engine: Engine, source: StoredSource, span: Period) -> tuple[date, ...]:
    """Return the first days of the months of a span that are gaps."""
    per_year = 1 if source.precision == "year" else 12
    usable = _usable_rows(engine, source, counted_units(span, per_year=per_year), per_year)
    return gap_months(usable, span, per_year=per_year)


def _usable_rows(engine: Engine, source: StoredSource, units: Sequence[date], per_year: int) -> NDArray[np.int64]:
    """Return the number of usable rows of each month or year, shape (n,)."""
    rows, inside, unplaced = (np.zeros(len(units), dtype=np.int64) for _ in range(3))
    position = {unit: number for number, unit in enumerate(units)}
    for year, month, kind, count in engine.rows(
        f"""
        SELECT year(t.day), month(t.day), t.kind, CAST(sum(t.rows) AS BIGINT)
        FROM {engine.table(f"tally_{source.state}")} AS t WHERE t.fate = 'kept' GROUP BY year(t.day), month(t.day), t.kind
        """
    ):
        number = position[date(int(year), 1 if per_year == 1 else int(month), 1)]
        rows[number] += count
        inside[number] += count if kind == "inside" else 0
        unplaced[number] += count if kind in ("default geocode", "no place") else 0
    return usable_rows(rows, inside, unplaced)


def _end_of(last: date, precision: str) -> date:
    """Return the first day after the last day, month or year of a source."""
    months = {"month": 1, "year": 12}.get(precision)
    return add_months(first_of_month(last), months) if months else last + timedelta(days=1)
