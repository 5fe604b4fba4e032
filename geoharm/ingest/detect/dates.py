"""The date patterns that a column needs, and the doubts that only a person can settle."""

from __future__ import annotations

import re
from collections.abc import Sequence

from geoharm.ingest.date_reading import EPOCH_MS, EXCEL_SERIAL, read_date

_TIME_SUFFIXES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_YEAR_FIRST = (
    "%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S+00", "%Y-%m-%dT%H:%M",
    "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%d %H:%M:%S%z", "%Y-%m", "%Y/%m/%d", "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y%m%d",
)  # fmt: skip
_MONTH_NAME_PATTERNS = (
    "%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%d-%b-%y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y %H:%M", "%d %b %Y %H:%M", "%b %Y", "%B %Y",
)  # fmt: skip
_ORDER_PAIRS = tuple(
    (f"%d{separator}%m{separator}{year}{time_suffix}", f"%m{separator}%d{separator}{year}{time_suffix}")
    for separator in "/-."
    for year in ("%Y", "%y")
    for time_suffix in _TIME_SUFFIXES
)
PATTERNS = (*_YEAR_FIRST, *_MONTH_NAME_PATTERNS, *(pattern for pair in _ORDER_PAIRS for pattern in pair))
MONTHLY = ("%Y-%m", "%b %Y", "%B %Y")
_OFFSET_ENDINGS = ("+00", "Z", "%z")
# Plausible ranges: spreadsheet day numbers from 1954 to 2064, and milliseconds from 1973 to 2100.
_SERIAL_RANGE, _EPOCH_RANGE = (20_000, 60_000), (10**11, 41 * 10**11)


def looks_like_dates(values: Sequence[str]) -> bool:
    """Return whether at least nine in ten distinct texts are dates of known patterns."""
    texts = list(dict.fromkeys(values))[:60]
    return bool(texts) and sum(any(is_date(text, pattern) for pattern in PATTERNS) for text in texts) >= 0.9 * len(
        texts
    )


def looks_like_day_numbers(values: Sequence[str]) -> str:
    """Return "excel-serial" or "epoch-ms" if all texts are such numbers, else an empty text."""
    numbers = [float(text) for text in values if re.fullmatch(r"\d+(\.\d+)?", text)]
    if not numbers or len(numbers) < len(values):
        return ""
    for name, (minimum, maximum) in ((EXCEL_SERIAL, _SERIAL_RANGE), (EPOCH_MS, _EPOCH_RANGE)):
        if all(minimum <= number <= maximum for number in numbers):
            return name
    return ""


def is_date(text: str, pattern: str) -> bool:
    """Return whether a text is a date between 1900 and 2100 under a pattern."""
    moment = read_date(text, pattern)
    return moment is not None and 1900 <= moment.year <= 2100


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
    """
    texts = list(dict.fromkeys(text.strip() for text in values if text.strip()))
    number_pattern = looks_like_day_numbers(texts)
    if number_pattern:
        return (number_pattern,), [
            f"date: the numbers look like {number_pattern}; check one of them against a day that is known"
        ]
    read_by = {pattern: {index for index, text in enumerate(texts) if is_date(text, pattern)} for pattern in PATTERNS}
    doubts = []
    for pair in _ORDER_PAIRS:
        day_first, month_first = pair
        read_by_both = read_by[day_first] & read_by[month_first]
        if not read_by[day_first] or not read_by[month_first]:
            continue
        read_by_one_only = [read_by[pattern] - read_by_both for pattern in pair]
        if all(read_by_one_only) or not any(read_by_one_only):
            problem = (
                "can both read every text"
                if not any(read_by_one_only)
                else "are both needed, so the column mixes two orders"
            )
            doubts.append(f"date: {day_first} and {month_first} {problem}; say which is meant under date.formats")
            rejected: tuple[str, ...] = pair
        else:
            rejected = (month_first,) if read_by_one_only[0] else (day_first,)
        for pattern in rejected:
            read_by[pattern] = set()
    needed: list[str] = []
    unread = set(range(len(texts)))
    while unread:
        best = max(read_by, key=lambda pattern: len(read_by[pattern] & unread))
        if not read_by[best] & unread:
            break
        needed.append(best)
        unread -= read_by[best]
    if len(needed) > 1:
        doubts.append(f"date: the column has {len(needed)} formats ({' and '.join(needed)})")
    offsets = [pattern for pattern in needed if pattern.endswith(_OFFSET_ENDINGS)]
    if offsets:
        doubts.append(
            f"date: some texts end in an offset ({offsets[0]}); decide whether these times are local, as written here, "
            "or in UTC; if in UTC, add date.zone"
        )
    if unread and not any("say which is meant" in doubt for doubt in doubts):
        doubts.append(f"date: {len(unread):,} of {len(texts):,} different texts fit no known pattern")
    return tuple(needed), doubts


def precision_of(patterns: Sequence[str]) -> str:
    """Return the precision of the patterns: month, day or moment."""
    if patterns and all(pattern in MONTHLY for pattern in patterns):
        return "month"
    has_time = any("%H" in pattern or "%I" in pattern or pattern == EPOCH_MS for pattern in patterns)
    return "moment" if has_time else "day"
