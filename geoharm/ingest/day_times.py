"""Times of day in a column of their own: how SQL and Python read them, and what their patterns must be.

The date column then gives the day alone. A time that cannot be read leaves a row on its day, without an hour.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from geoharm.dates.patterns import finest_unit, has_offset, pattern_problem
from geoharm.dates.reading import EPOCH_MS, EPOCH_S, EXCEL_SERIAL, read_date, regex_sql, tokens

# Digits without a sign between them often come from columns of numbers, where zeros at the front are lost.
_DIGITS = {"%H": 2, "%H%M": 4, "%H%M%S": 6}
_DAY_SECONDS = 86_400


def time_sql(text: str, pattern: str) -> str:
    """Return SQL that reads a text column as a time of day under one pattern, as an INTERVAL since midnight.

    "excel-serial" reads a fraction of a day from 0 up to 1. "%H%M" and "%H%M%S" also read numbers that have lost zeros at the
    front. Of a pattern with a date, only the time counts.
    """
    if pattern == EXCEL_SERIAL:
        number = f"TRY_CAST({text} AS DOUBLE)"
        seconds = f"CAST(round({number} * {_DAY_SECONDS}) AS BIGINT)"
        return f"CASE WHEN {number} >= 0 AND {number} < 1 AND {seconds} < {_DAY_SECONDS} THEN to_seconds({seconds}) END"
    if pattern in _DIGITS:
        width = _DIGITS[pattern]
        text = f"CASE WHEN regexp_full_match({text}, '[0-9]{{1,{width}}}') THEN lpad({text}, {width}, '0') END"
    moment = regex_sql(text, pattern)
    return f"list_transform([{moment}], lambda moment: moment - date_trunc('day', moment))[1]"


def read_time(text: str, pattern: str) -> timedelta | None:
    """Return the time since midnight that a text gives under a pattern, or None.

    Examples
    --------
    >>> read_time("905", "%H%M"), read_time("0.5", "excel-serial"), read_time("2460", "%H%M")
    (datetime.timedelta(seconds=32700), datetime.timedelta(seconds=43200), None)
    """
    text = text.strip()
    if pattern == EXCEL_SERIAL:
        if not re.fullmatch(r"[0-9]*\.?[0-9]+([eE]-?[0-9]+)?", text):
            return None
        seconds = round(float(text) * _DAY_SECONDS)
        return timedelta(seconds=seconds) if float(text) < 1 and seconds < _DAY_SECONDS else None
    if pattern in _DIGITS:
        if not re.fullmatch(f"[0-9]{{1,{_DIGITS[pattern]}}}", text):
            return None
        text = text.zfill(_DIGITS[pattern])
    moment = read_date(text, pattern)
    return moment - datetime.combine(moment, datetime.min.time()) if moment else None


def time_problems(
    times: Sequence[str], dates: Sequence[str], *, has_column: bool, precision: str, utc: bool, trust_offset: bool
) -> list[str]:
    """Return the mistakes in a format's patterns of times, as sentences about its ``[date]``."""
    if not times and not has_column:
        return []
    if not times:
        return ['time_formats is missing; list the patterns of the times in columns.time, such as "%H:%M".']
    if not has_column:
        return ["time_formats needs the column of the times, columns.time, which is missing."]
    problems = []
    if precision != "moment":
        problems.append('precision must be "moment" with columns.time, since the hour is known.')
    if utc or (trust_offset and any(map(has_offset, dates))):
        remedy = "leave out utc" if utc else "write trust_offset = false"
        problems.append(
            f"columns.time gives local times of the day that the date names, and the dates are in UTC; {remedy}, or use one "
            "column with date and time."
        )
    for pattern in times:
        prefix = f'time_formats has "{pattern}", which'
        problem = "" if pattern == EXCEL_SERIAL else pattern_problem(pattern)
        if not problem and (
            pattern in (EPOCH_MS, EPOCH_S) or "z" in tokens(pattern).letters or _names_no_hour(pattern)
        ):
            problem = 'is no time of day; write a pattern such as "%H:%M".'
        if problem:
            problems.append(f"{prefix} {problem}")
    digits = [pattern for pattern in times if pattern in _DIGITS or pattern == EXCEL_SERIAL]
    if len(digits) > 1:
        problems.append(f"time_formats has {' and '.join(digits)}, which read one number as different times; keep one.")
    return problems


def _names_no_hour(pattern: str) -> bool:
    return pattern != EXCEL_SERIAL and finest_unit(pattern) != "moment"
