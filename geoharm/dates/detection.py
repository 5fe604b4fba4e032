"""The date patterns that a column needs, and the doubts that only a person can settle."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import time

from geoharm.dates.names import MONTHS, WEEKDAYS, is_full_name
from geoharm.dates.patterns import finest_unit, swap_day_month
from geoharm.dates.reading import EPOCH_MS, EPOCH_S, EXCEL_SERIAL, read_date
from geoharm.dates.shapes import is_date, patterns_of

_OFFSET_ENDINGS = ("+00", "Z", "%z", "UTC", "GMT", "+00:00", "+0000")
# Plausible numbers: spreadsheet days from 1954 to 2064, milliseconds from 1973 to 2100, seconds from 1982 to 2029. Digits
# that can be a year, month, day and hour begin with 19 or 20, which is outside of the last.
_PLAUSIBLE = ((EXCEL_SERIAL, 20_000, 60_000), (EPOCH_MS, 10**11, 41 * 10**11), (EPOCH_S, 4 * 10**8, 1.89 * 10**9))
_NEARLY_ALL = 0.9
# Texts that are looked at to see whether a column holds dates.
_FEW = 60


def looks_like_dates(values: Sequence[str]) -> bool:
    """Return whether at least nine in ten distinct texts are dates of known patterns."""
    texts = list(dict.fromkeys(values))[:_FEW]
    return bool(texts) and sum(bool(patterns_of(text)) for text in texts) >= _NEARLY_ALL * len(texts)


def looks_like_day_numbers(values: Sequence[str]) -> str:
    """Return "excel-serial", "epoch-ms" or "epoch-s" if all texts are such numbers and no other dates, else an empty text."""
    texts = [re.sub(r"^/Date\((\d+)(?:[+-]\d{4})?\)/$", r"\1", text) for text in values]
    numbers = [float(text) for text in texts if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text)]
    if not numbers or len(numbers) < len(values) or all(map(patterns_of, texts[:_FEW])):
        return ""
    return next((name for name, low, high in _PLAUSIBLE if all(low <= number <= high for number in numbers)), "")


def detect_date_patterns(values: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """Return the patterns that read the texts, and the doubts.

    If no text shows the order of day and month, or if different texts show different orders, no pattern of that shape
    is returned: a person has to choose the order.

    Examples
    --------
    >>> detect_date_patterns(["31/01/2020", "02/03/2020"])
    (('%d/%m/%Y',), [])
    >>> detect_date_patterns(["01/02/2020", "02/03/2020"])[0]
    ()
    >>> detect_date_patterns(["3 januari 2017", "4 mei 2017"])
    (('%d %B %Y',), [])
    """
    texts = list(dict.fromkeys(text.strip() for text in values if text.strip()))
    number_pattern = looks_like_day_numbers(texts)
    if number_pattern:
        return (number_pattern,), [
            f"date: the numbers look like {number_pattern}; check one of them against a day that is known"
        ]
    read_by = _read_by_pattern(texts, patterns_of, is_date)
    doubts = [*_settle_order(read_by), *_settle_digits(read_by, texts)]
    needed: list[str] = []
    unread = set(range(len(texts)))
    while unread and read_by:
        best = max(read_by, key=lambda pattern: len(read_by[pattern] & unread))
        if not read_by[best] & unread:
            break
        needed.append(best)
        unread -= read_by[best]
    patterns = [_with_full_names(pattern, [texts[index] for index in read_by[pattern]]) for pattern in needed]
    if len(patterns) > 1:
        doubts.append(f"date: the column has {len(patterns)} formats ({' and '.join(patterns)})")
    offsets = [pattern for pattern in patterns if pattern.endswith(_OFFSET_ENDINGS)]
    if offsets and not are_midnights(texts, patterns):
        doubts.append(
            f"date: some texts end in an offset ({offsets[0]}); decide whether these times are local, as written here, "
            "or in UTC; if in UTC, add date.zone"
        )
    doubts += [
        f"date: {pattern} names quarters, and events are counted by day, month or whole years: read here as years; counts "
        "by quarter are a table, --kind area_table"
        for pattern in patterns
        if "%q" in pattern
    ]
    if unread and not any("say which is meant" in doubt for doubt in doubts):
        doubts.append(
            f'date: {len(unread):,} of {len(texts):,} different texts fit no known pattern, such as "{texts[min(unread)][:60]}"'
        )
    return tuple(patterns), doubts


def _read_by_pattern(
    texts: Sequence[str], patterns_of_text: Callable[[str], Sequence[str]], reads: Callable[[str, str], bool]
) -> dict[str, set[int]]:
    """Return the texts that each pattern reads, by position; every pattern that reads any of them is a key."""
    read_by: dict[str, set[int]] = {}
    for index, text in enumerate(texts):
        if any(index in read for read in read_by.values()):
            continue
        for pattern in patterns_of_text(text):
            if pattern not in read_by:
                read_by[pattern] = {position for position, other in enumerate(texts) if reads(other, pattern)}
    return read_by


def _settle_order(read_by: dict[str, set[int]]) -> list[str]:
    """Take out the patterns whose order of day and month is not that of the column, and return the doubts."""
    doubts = []
    for pattern in list(read_by):
        other = swap_day_month(pattern)
        day_first, month_first = (pattern, other) if pattern.find("%d") < pattern.find("%m") else (other, pattern)
        if not other or pattern not in read_by or not read_by[pattern] or not read_by.get(other):
            continue
        read_by_both = read_by[day_first] & read_by[month_first]
        read_by_one_only = [read_by[one] - read_by_both for one in (day_first, month_first)]
        if all(read_by_one_only) or not any(read_by_one_only):
            problem = (
                "can both read every text"
                if not any(read_by_one_only)
                else "are both needed, so the column mixes two orders"
            )
            doubts.append(f"date: {day_first} and {month_first} {problem}; say which is meant under date.formats")
            rejected: tuple[str, ...] = (day_first, month_first)
        else:
            rejected = (month_first,) if read_by_one_only[0] else (day_first,)
        for one in rejected:
            read_by[one] = set()
    return doubts


def _settle_digits(read_by: dict[str, set[int]], texts: Sequence[str]) -> list[str]:
    """Take out the reading of six digits as year and month if all of them can be a day as well, and return the doubts."""
    months, days = "%Y%m", "%y%m%d"
    if not read_by.get(months) or not all(is_date(texts[index], days) for index in read_by[months]):
        return []
    read_by[months] = set()
    return [f"date: {months} and {days} can both read every text; say which is meant under date.formats"]


def _with_full_names(pattern: str, texts: Sequence[str]) -> str:
    """Return a pattern with ``%B`` for ``%b`` if a month is written in full, and likewise ``%A`` for ``%a``."""
    words = {word.lower() for text in texts for word in re.findall(r"[^\W\d_]+", text)}
    for short, full, names in (("%b", "%B", MONTHS), ("%a", "%A", WEEKDAYS)):
        if any(word in names and is_full_name(word) for word in words):
            pattern = pattern.replace(short, full)
    return pattern


def are_midnights(texts: Sequence[str], patterns: Sequence[str]) -> bool:
    """Return whether patterns read a time of day and every text has midnight as written: days that are written as times."""
    if not any(finest_unit(pattern) == "moment" for pattern in patterns):
        return False
    moments = [read_date(text, pattern) for text in dict.fromkeys(texts) for pattern in patterns]
    return all(moment.time() == time() for moment in moments if moment)


def precision_of(patterns: Sequence[str]) -> str:
    """Return the finest unit that one of the patterns names; day numbers of a spreadsheet name days."""
    units = {finest_unit(pattern) for pattern in patterns if pattern != EXCEL_SERIAL}
    return next((unit for unit in ("moment", "day", "month", "year") if unit in units), "day")
