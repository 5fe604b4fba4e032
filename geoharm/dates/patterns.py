"""Date patterns: how SQL reads a date text, and which patterns are ambiguous between day and month."""

from __future__ import annotations

import re
from collections.abc import Sequence
from zoneinfo import available_timezones

from geoharm._validation import nearest_hint
from geoharm.dates.reading import (
    EPOCH_MS,
    EPOCH_S,
    LETTERS,
    NUMERIC_PATTERNS,
    numeric_sql,
    regex_sql,
    tokens,
)
from geoharm.engines.sql import quote_text

_EPOCHS = (EPOCH_MS, EPOCH_S)
PRECISIONS = ("moment", "day", "month", "year")
# The strptime letters that name each unit, the finest unit first.
_UNIT_LETTERS = (("moment", "HI"), ("day", "dj"), ("month", "mbB"))
# Where these stand, or a space, some texts need more than strptime of the database.
_BEYOND_STRPTIME = frozenset("bBpf")
_TRAILING_OFFSET = re.compile(r"(?:(Z| ?UTC| ?GMT)|([+-])(\d\d):?(\d\d)?)$")


def finest_unit(pattern: str) -> str:
    """Return the finest unit that a pattern names: "moment", "day", "month" or "year"; a quarter is no month.

    Examples
    --------
    >>> finest_unit("%d/%m/%Y %H:%M"), finest_unit("%b %Y"), finest_unit("epoch-ms")
    ('moment', 'month', 'moment')
    """
    if pattern in NUMERIC_PATTERNS:
        return "moment"
    letters = set(tokens(pattern).letters)
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
    return pattern in _EPOCHS or "%z" in pattern or fixed_offset(pattern) is not None


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
    numbers of spreadsheets, "epoch-ms" and "epoch-s" milliseconds and seconds since 1970. A year of fewer than four
    digits is not read, nor is a number that lacks digits where numbers stand side by side.

    Parameters
    ----------
    text : str
        SQL for the text column.
    pattern : str
        A strptime pattern as in `geoharm.dates.reading`, "excel-serial", "epoch-ms" or "epoch-s".
    trust_offset : bool
        Whether an offset at the end of the pattern is applied; else the time is taken as local.
    """
    if pattern in NUMERIC_PATTERNS:
        return numeric_sql(text, pattern)
    found = tokens(pattern)
    needs_regex = bool(_BEYOND_STRPTIME & set(found.letters)) or ("", " ") in found.parts
    if {"a", "A", "q"} & set(found.letters) or (found.has_adjacent and found.width is None):
        timestamp_sql = regex_sql(text, pattern)
    else:
        timestamp_sql = _strptime_sql(text, pattern, found.width)
        # strptime is several times faster, and what it reads of a pattern is what the regular expression reads.
        timestamp_sql = f"coalesce({timestamp_sql}, {regex_sql(text, pattern)})" if needs_regex else timestamp_sql
    if trust_offset and (offset_seconds := fixed_offset(pattern)):
        timestamp_sql = f"({timestamp_sql} - to_seconds({offset_seconds}))"
    return timestamp_sql


def _strptime_sql(text: str, pattern: str, width: int | None) -> str:
    """Return SQL that reads a text by strptime, if it has the width; NULL for a year before 1000 and an impossible offset."""
    conditions = [f"length({text}) = {width}"] if width else []
    if "%z" in pattern:
        # Microseconds are read, not a local time, so that the result does not depend on the database's time zone.
        zoned_text = f"CASE WHEN ends_with({text}, 'Z') THEN left({text}, -1) || '+00' ELSE {text} END"
        timestamp_sql = f"make_timestamp(epoch_us(try_strptime({zoned_text}, {quote_text(pattern)})))"
        conditions.append(f"regexp_matches({text}, '(Z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)$')")
    else:
        timestamp_sql = f"try_strptime({text}, {quote_text(pattern)})"
    conditions.append(f"{timestamp_sql} >= TIMESTAMP '1000-01-01'")
    return f"CASE WHEN {' AND '.join(conditions)} THEN {timestamp_sql} END"


def pattern_problem(pattern: str) -> str:
    """Return why a pattern reads no date, as the end of a sentence that begins with the pattern; empty if it does.

    Examples
    --------
    >>> pattern_problem("%I:%M %d/%m/%Y")
    'reads hours up to 12 and no AM or PM; write %H for hours up to 23, or add %p.'
    """
    if pattern in NUMERIC_PATTERNS:
        return ""
    letters = tokens(pattern).letters
    unknown = sorted(set(letters) - LETTERS)
    repeated = next((letter for letter in letters if letters.count(letter) > 1), "")
    problem = ""
    if not letters:
        problem = 'names no part of a date; write a pattern such as "%Y-%m-%d".'
    elif "Z" in letters:
        problem = "reads the letters of a time zone, which are ambiguous; write the letters as fixed text, such as UTC."
    elif unknown:
        known = ", ".join(f"%{letter}" for letter in sorted(LETTERS, key=lambda letter: (letter.lower(), letter)))
        problem = f"has %{unknown[0]}, which is not known; known are {known}."
    elif repeated:
        problem = f"has %{repeated} more than once; each part of a date is read once."
    elif "I" in letters and "p" not in letters:
        problem = "reads hours up to 12 and no AM or PM; write %H for hours up to 23, or add %p."
    elif "p" in letters and "I" not in letters:
        problem = "reads AM or PM and no hours up to 12; write %I for %H, or leave out %p."
    return problem


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
        prefix, unit = f'formats has "{pattern}", which', finest_unit(pattern)
        if problem := pattern_problem(pattern):
            problems.append(f"{prefix} {problem}")
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
