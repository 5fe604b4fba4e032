"""The date patterns that a text fits: a date, a time and an offset, each of a closed list of shapes.

The parts are matched one after the other, so that the number of patterns is the product of the lists and the work is
their sum.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from geoharm.dates.reading import pattern_regex, read_date

_SEPARATED = ("-", "/", ".")
_YEAR_FIRST = (
    *(f"%Y{sign}%m{sign}%d" for sign in _SEPARATED), "%Y%m%d", *(f"%Y{sign}%m" for sign in _SEPARATED), "%YM%m", "%Y-M%m",
    "%Y%m", "%YQ%q", "%Y-Q%q", "%Y Q%q", "Q%q %Y", "Q%q-%Y", "Q%q/%Y", "%Y-%b-%d", "%Y %b %d",
)  # fmt: skip
_DAY_AND_NAME = (
    "%d-%b-%Y", "%d %b %Y", "%d. %b %Y", "%d.%b.%Y", "%d/%b/%Y", "%d%b%Y", "%d %b, %Y", "%d de %b de %Y", "%d de %b del %Y",
    "%d-%b-%y", "%d %b %y", "%d. %b %y", "%d/%b/%y", "%d%b%y", "%b %d, %Y", "%b %d %Y", "%b-%d-%Y", "the %d of %b %Y", "%d of %b %Y",
)  # fmt: skip
_MONTH_AND_YEAR = ("%b %Y", "%b-%Y", "%b/%Y", "%b, %Y", "%b de %Y", "%b del %Y")
_TIMES = (
    "%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%H:%M:%S,%f", "%I:%M %p", "%I:%M:%S %p", "%I:%M%p", "%I:%M:%S%p", "%I:%M:%S.%f %p",
    "%I:%M:%S:%f%p", "%I %p", "%I%p", "%Hh%M", "%H h %M", "%H.%M", "%H:%M Uhr", "%H.%M Uhr", "%H:%M uur", "%H.%M uur", "%H:%M h",
    "%H.%M h", "%H%M%S", "%H%M",
)  # fmt: skip
_BEFORE_TIME = (" ", "T", ", ", " - ", ":", " à ", " um ", " om ", " at ", " a las ", ", um ", " | ", "")
_OFFSETS = ("", "Z", " UTC", " GMT", "+00", "+00:00", "+0000", " +00:00", " +0000", "%z", " %z", " GMT%z")
_WEEKDAYS = ("", "%a ", "%a, ")
# Where the year stands after the time, as in C and in many logs.
_WHOLE = ("%a %b %d %H:%M:%S %Y",)

ORDER_PAIRS_OF_DATES = tuple(
    (f"%d{sign}%m{sign}{year}", f"%m{sign}%d{sign}{year}") for sign in "/-." for year in ("%Y", "%y")
)
_DATES = (
    *_YEAR_FIRST,
    *_DAY_AND_NAME,
    *_MONTH_AND_YEAR,
    *(pattern for pair in ORDER_PAIRS_OF_DATES for pattern in pair),
)
# Digits without any sign between the date and the time are told apart only where both are written in full.
_FULL_DIGITS = "%Y%m%d"
# What a person can date, and what cannot be anything else.
_FIRST_YEAR, _LAST_YEAR = 1900, 2100


def is_date(text: str, pattern: str) -> bool:
    """Return whether a text is a date between 1900 and 2100 under a pattern."""
    moment = read_date(text, pattern)
    return moment is not None and _FIRST_YEAR <= moment.year <= _LAST_YEAR


def patterns_of(text: str) -> tuple[str, ...]:
    """Return every pattern that reads a text as a date between 1900 and 2100, the likeliest first.

    Examples
    --------
    >>> patterns_of("mardi 3 janvier 2017 à 14h05")
    ('%a %d %b %Y à %Hh%M',)
    >>> patterns_of("03/01/2017")
    ('%d/%m/%Y', '%m/%d/%Y')
    """
    found = [pattern for pattern in dict.fromkeys(_fitting(text.strip())) if is_date(text, pattern)]
    return tuple(found)


def _fitting(text: str) -> Iterator[str]:
    """Yield the patterns whose parts fit a text; whether the whole is a date is not asked."""
    if not any(sign.isdigit() for sign in text):
        return
    for weekday in _WEEKDAYS:
        start = _end_of(weekday, text, 0) if weekday else 0
        if start is None:
            continue
        for date_part in _DATES:
            after_date = _end_of(date_part, text, start)
            if after_date is None:
                continue
            if after_date == len(text):
                yield weekday + date_part
            elif not date_part.endswith(("%m", "%q")) and date_part not in _MONTH_AND_YEAR:
                yield from (weekday + date_part + rest for rest in _times_after(text, after_date, date_part))
    yield from (pattern for pattern in _WHOLE if _end_of(pattern, text, 0) == len(text))


def _times_after(text: str, at: int, date_part: str) -> Iterator[str]:
    for between in _BEFORE_TIME:
        if not between and date_part != _FULL_DIGITS:
            continue
        start = _end_of(between, text, at) if between else at
        if start is None:
            continue
        for time_part in _TIMES:
            end = _end_of(time_part, text, start)
            if end is not None:
                yield from (
                    between + time_part + offset
                    for offset in _OFFSETS
                    if (
                        len(text) if not offset and end == len(text) else _end_of(offset, text, end) if offset else None
                    )
                    == len(text)
                )


def _end_of(part: str, text: str, start: int) -> int | None:
    """Return where a part of a pattern that begins at a position of a text ends; None if it does not fit."""
    match = _part_regex(part).match(text, start)
    return match.end() if match else None


@lru_cache(maxsize=1024)
def _part_regex(part: str) -> re.Pattern[str]:
    return re.compile("(?i)" + pattern_regex(part).removeprefix("(?i)^").removesuffix("$"))
