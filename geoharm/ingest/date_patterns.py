"""Date patterns: how SQL reads a date text, and which patterns are ambiguous between day and month."""

from __future__ import annotations

import re
from collections.abc import Sequence
from zoneinfo import available_timezones

from geoharm._validation import nearest_hint
from geoharm.engines.sql import quote_text

# Two patterns that strptime does not have: day numbers of spreadsheets, and milliseconds since 1970.
EXCEL_SERIAL, EPOCH_MS = "excel-serial", "epoch-ms"
NUMERIC_PATTERNS = (EXCEL_SERIAL, EPOCH_MS)
PRECISIONS = ("moment", "day", "month", "year")
# The strptime letters that name each unit, the finest unit first.
_UNIT_LETTERS = (("moment", "HIcX"), ("day", "djcx"), ("month", "mbB"))
_TRAILING_OFFSET = re.compile(r"(?:(Z| ?UTC)|([+-])(\d\d):?(\d\d)?)$")


def finest_unit(pattern: str) -> str:
    """Return the finest unit that a pattern names: "moment", "day", "month" or "year".

    Examples
    --------
    >>> finest_unit("%d/%m/%Y %H:%M"), finest_unit("%b %Y"), finest_unit("epoch-ms")
    ('moment', 'month', 'moment')
    """
    if pattern in NUMERIC_PATTERNS:
        return "moment"
    letters = set(re.findall(r"%-?([a-zA-Z])", pattern.replace("%%", "")))
    return next((unit for unit, unit_letters in _UNIT_LETTERS if letters & set(unit_letters)), "year")


def fixed_offset(pattern: str) -> int | None:
    """Return the UTC offset written as fixed text at the end of a pattern, in seconds east of UTC; None without one.

    Examples
    --------
    >>> fixed_offset("%Y-%m-%dT%H:%M:%SZ"), fixed_offset("%H:%M:%S+05:30"), fixed_offset("%Y-%m-%d")
    (0, 19800, None)
    """
    match = _TRAILING_OFFSET.search(pattern)
    if not match or finest_unit(pattern) != "moment" or pattern in NUMERIC_PATTERNS:
        return None
    if match[1]:
        return 0
    return (-1 if match[2] == "-" else 1) * (int(match[3]) * 3600 + int(match[4] or 0) * 60)


def has_offset(pattern: str) -> bool:
    """Return whether texts of this pattern carry a UTC offset."""
    return pattern == EPOCH_MS or "%z" in pattern or fixed_offset(pattern) is not None


def swap_day_month(pattern: str) -> str:
    """Return the pattern with day and month swapped; empty if the swapped pattern is not in use.

    Examples
    --------
    >>> swap_day_month("%m/%d/%Y %H:%M"), swap_day_month("%Y-%m-%d")
    ('%d/%m/%Y %H:%M', '')
    """
    if pattern.lstrip().startswith("%Y") or not re.search("%-?d", pattern) or not re.search("%-?m", pattern):
        return ""
    return re.sub("%(-?)([dm])", lambda match: f"%{match[1]}{'m' if match[2] == 'd' else 'd'}", pattern)


def date_pattern_sql(text: str, pattern: str, *, trust_offset: bool = True) -> str:
    """Return SQL that reads a text column under one pattern as a TIMESTAMP.

    The timestamp is in UTC if the text carries an offset, else as written. The pattern "excel-serial" reads the day
    numbers of spreadsheets, "epoch-ms" milliseconds since 1970. A year of fewer than four digits is not read.

    Parameters
    ----------
    text : str
        SQL for the text column.
    pattern : str
        A strptime pattern, "excel-serial" or "epoch-ms".
    trust_offset : bool
        Whether an offset at the end of the pattern is applied; else the time is taken as local.
    """
    if pattern in NUMERIC_PATTERNS:
        number_sql = f"TRY_CAST({text} AS DOUBLE)"
        if pattern == EXCEL_SERIAL:
            timestamp = f"TIMESTAMP '1899-12-30' + to_seconds(CAST(round({number_sql} * 86400) AS BIGINT))"
            return f"CASE WHEN {number_sql} BETWEEN 1 AND 80000 THEN {timestamp} END"
        # A number with fewer digits is in seconds, or is not a time.
        return f"CASE WHEN abs({number_sql}) BETWEEN 1e11 AND 5e12 THEN make_timestamp(CAST(round({number_sql}) * 1000 AS BIGINT)) END"
    if "%z" in pattern:
        # Microseconds are read, not a local time, so that the result does not depend on the database's time zone.
        zoned_text = f"regexp_replace({text}, 'Z$', '+00')"
        timestamp_sql = f"make_timestamp(epoch_us(try_strptime({zoned_text}, {quote_text(pattern)})))"
    else:
        timestamp_sql = f"try_strptime({text}, {quote_text(pattern)})"
        if trust_offset and (offset_seconds := fixed_offset(pattern)):
            timestamp_sql = f"({timestamp_sql} - to_seconds({offset_seconds}))"
    return f"CASE WHEN {timestamp_sql} >= TIMESTAMP '1000-01-01' THEN {timestamp_sql} END"


def date_problems(formats: Sequence[str], *, precision: str, zone: str, utc: bool, trust_offset: bool) -> list[str]:
    """Return the mistakes in a format's patterns of dates and its time zone, as sentences about its ``[date]``."""
    coarsest_allowed = max(PRECISIONS.index(precision), 1)
    problems = []
    if zone and zone not in available_timezones():
        suggestion = nearest_hint(zone, available_timezones())
        problems.append(f'zone = "{zone}" is not a time zone; {suggestion}')
    if utc and not zone:
        problems.append('utc is true; name the place\'s time zone under date.zone, such as "Europe/London".')
    for pattern in formats:
        prefix = f'formats has "{pattern}", which'
        unit = finest_unit(pattern)
        if "%" not in pattern and pattern not in NUMERIC_PATTERNS:
            problems.append(f'{prefix} names no part of a date; write a pattern such as "%Y-%m-%d".')
        elif "%Z" in pattern:
            problems.append(
                f"{prefix} reads the letters of a time zone, which are ambiguous; write the letters as fixed text, such as UTC."
            )
        elif PRECISIONS.index(unit) > coarsest_allowed:
            problems.append(f'{prefix} names no {PRECISIONS[PRECISIONS.index(unit) - 1]}; write precision = "{unit}".')
        elif has_offset(pattern) and trust_offset and not zone:
            problems.append(
                f"{prefix} has a UTC offset: name the place's time zone under date.zone, such as "
                '"Europe/London", or write trust_offset = false if times are local in spite of it.'
            )
        elif "%z" in pattern and not trust_offset:
            problems.append(
                f"{prefix} reads a UTC offset, but trust_offset is false; write the offset as fixed text, such as +00."
            )
    return problems
