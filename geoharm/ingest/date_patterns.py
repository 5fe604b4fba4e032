"""Dates as texts: what a pattern names, how SQL reads it, and which pattern would swap its day and month."""

from __future__ import annotations

import re
from typing import Any
from zoneinfo import available_timezones

from geoharm._validation import nearest_hint
from geoharm.engines.duckdb import quote_text

# Patterns beside those of strptime: the day numbers of spreadsheets, and milliseconds since 1970.
EXCEL_SERIAL, EPOCH_MS = "excel-serial", "epoch-ms"
NUMBERS = (EXCEL_SERIAL, EPOCH_MS)
PRECISIONS = ("moment", "day", "month", "year")
_FINEST = (("moment", "HIcX"), ("day", "djcx"), ("month", "mbB"))
_OFFSET = re.compile(r"(?:(Z| ?UTC)|([+-])(\d\d):?(\d\d)?)$")


def finest_unit(pattern: str) -> str:
    """Return what a pattern names at its finest: "moment", "day", "month" or "year".

    Examples
    --------
    >>> finest("%d/%m/%Y %H:%M"), finest("%b %Y"), finest("epoch-ms")
    ('moment', 'month', 'moment')
    """
    if pattern in NUMBERS:
        return "moment"
    named = set(re.findall(r"%-?([a-zA-Z])", pattern.replace("%%", "")))
    return next((name for name, signs in _FINEST if named & set(signs)), "year")


def fixed_offset(pattern: str) -> int | None:
    """Return the seconds east of UTC that a pattern ends in as fixed text, or None if it ends in none.

    Examples
    --------
    >>> written_offset("%Y-%m-%dT%H:%M:%SZ"), written_offset("%H:%M:%S+05:30"), written_offset("%Y-%m-%d")
    (0, 19800, None)
    """
    found = _OFFSET.search(pattern)
    if not found or finest_unit(pattern) != "moment" or pattern in NUMBERS:
        return None
    if found[1]:
        return 0
    return (-1 if found[2] == "-" else 1) * (int(found[3]) * 3600 + int(found[4] or 0) * 60)


def has_offset(pattern: str) -> bool:
    """Return whether texts of a pattern say how far their clock is from UTC."""
    return pattern == EPOCH_MS or "%z" in pattern or fixed_offset(pattern) is not None


def swap_day_month(pattern: str) -> str:
    """Return the pattern with day and month exchanged; empty if nobody would write it.

    Examples
    --------
    >>> swapped("%m/%d/%Y %H:%M"), swapped("%Y-%m-%d")
    ('%d/%m/%Y %H:%M', '')
    """
    if pattern.lstrip().startswith("%Y") or not re.search("%-?d", pattern) or not re.search("%-?m", pattern):
        return ""
    return re.sub("%(-?)([dm])", lambda sign: f"%{sign[1]}{'m' if sign[2] == 'd' else 'd'}", pattern)


def date_pattern_sql(text: str, pattern: str, *, trust_offset: bool = True) -> str:
    """Return SQL that reads a text column under one pattern as a TIMESTAMP: UTC where it carries an offset, else as written.

    The pattern "excel-serial" takes the day numbers that spreadsheets leave, "epoch-ms" milliseconds since 1970. A
    year of fewer than four digits is no year.
    """
    if pattern in NUMBERS:
        number = f"TRY_CAST({text} AS DOUBLE)"
        if pattern == EXCEL_SERIAL:
            made = f"TIMESTAMP '1899-12-30' + to_seconds(CAST(round({number} * 86400) AS BIGINT))"
            return f"CASE WHEN {number} BETWEEN 1 AND 80000 THEN {made} END"
        # Fewer digits are seconds, or no time at all.
        return f"CASE WHEN abs({number}) BETWEEN 1e11 AND 5e12 THEN make_timestamp(CAST(round({number}) * 1000 AS BIGINT)) END"
    if "%z" in pattern:
        # The database's own zone must not matter, so the count of microseconds is taken, not a local time.
        plain = f"regexp_replace({text}, 'Z$', '+00')"
        read = f"make_timestamp(epoch_us(try_strptime({plain}, {quote_text(pattern)})))"
    else:
        read = f"try_strptime({text}, {quote_text(pattern)})"
        if trust_offset and (shift := fixed_offset(pattern)):
            read = f"({read} - to_seconds({shift}))"
    return f"CASE WHEN {read} >= TIMESTAMP '1000-01-01' THEN {read} END"


def date_problems(name: str, date: dict[str, Any]) -> list[str]:
    """Return what is wrong with the patterns of a format's ``[date]`` table, and with its clock."""
    zone, trusted = date.get("zone", ""), date.get("trust_offset", True)
    precision = date.get("precision", "day")
    allowed = max(PRECISIONS.index(precision), 1) if precision in PRECISIONS else len(PRECISIONS)
    problems = [
        f"{name}: date.{key} is {date[key]!r}; it must be true or false."
        for key in ("utc", "trust_offset", "order_checked")
        if not isinstance(date.get(key, True), bool)
    ]
    if zone and zone not in available_timezones():
        known = nearest_hint(str(zone), available_timezones())
        problems.append(f'{name}: date.zone is "{zone}", which is no time zone; {known}')
    if date.get("utc") and not zone:
        problems.append(f'{name}: date.utc is true; name the place\'s clock under date.zone, such as "Europe/London".')
    for pattern in date.get("formats", []):
        has = f'{name}: date.formats has "{pattern}", which'
        coarse = finest_unit(pattern)
        if "%" not in pattern and pattern not in NUMBERS:
            problems.append(f'{has} names no part of a date; write a pattern such as "%Y-%m-%d".')
        elif "%Z" in pattern:
            problems.append(f"{has} takes a zone's letters, which mean several zones; write the letters as they stand.")
        elif PRECISIONS.index(coarse) > allowed:
            problems.append(f'{has} names no {PRECISIONS[PRECISIONS.index(coarse) - 1]}; write precision = "{coarse}".')
        elif has_offset(pattern) and trusted and not zone:
            problems.append(
                f"{has} says how far its clock is from UTC: name the place's clock under date.zone, such as "
                '"Europe/London", or write trust_offset = false if times are local in spite of it.'
            )
        elif "%z" in pattern and not trusted:
            problems.append(f"{has} reads an offset that is not trusted; write it as it stands, such as +00.")
    return problems
