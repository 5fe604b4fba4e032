"""Which date patterns a column needs, and what about them only a person can settle."""

from __future__ import annotations

import re
from collections.abc import Sequence

from geoharm.ingest.date_patterns import EPOCH_MS, EXCEL_SERIAL
from geoharm.ingest.formats.input_format import read_date

_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_YEAR_FIRST = (
    "%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S+00", "%Y-%m-%dT%H:%M",
    "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ", "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%d %H:%M:%S%z", "%Y-%m", "%Y/%m/%d", "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S", "%Y%m%d",
)  # fmt: skip
_NAMED = (
    "%d-%b-%Y", "%d %b %Y", "%d %B %Y", "%d-%b-%y", "%b %d, %Y", "%B %d, %Y", "%d-%b-%Y %H:%M", "%d %b %Y %H:%M", "%b %Y", "%B %Y",
)  # fmt: skip
_ORDERS = tuple(
    (f"%d{sign}%m{sign}{year}{clock}", f"%m{sign}%d{sign}{year}{clock}")
    for sign in "/-."
    for year in ("%Y", "%y")
    for clock in _CLOCKS
)
PATTERNS = (*_YEAR_FIRST, *_NAMED, *(pattern for pair in _ORDERS for pattern in pair))
MONTHLY = ("%Y-%m", "%b %Y", "%B %Y")
_OFFSETS = ("+00", "Z", "%z")
# A day number of a spreadsheet between 1954 and 2064, and milliseconds between 1973 and 2100.
_SERIAL, _EPOCH = (20_000, 60_000), (10**11, 41 * 10**11)


def looks_like_dates(values: Sequence[str]) -> bool:
    """Return whether nine texts in ten are dates of known patterns."""
    texts = list(dict.fromkeys(values))[:60]
    return bool(texts) and sum(any(is_date(text, one) for one in PATTERNS) for text in texts) >= 0.9 * len(texts)


def looks_like_day_numbers(values: Sequence[str]) -> str:
    """Return "excel-serial" or "epoch-ms" if all texts are such numbers, else nothing."""
    numbers = [float(text) for text in values if re.fullmatch(r"\d+(\.\d+)?", text)]
    if not numbers or len(numbers) < len(values):
        return ""
    for name, (least, most) in ((EXCEL_SERIAL, _SERIAL), (EPOCH_MS, _EPOCH)):
        if all(least <= number <= most for number in numbers):
            return name
    return ""


def is_date(text: str, pattern: str) -> bool:
    """Return whether a text is a date of a living city under a pattern."""
    found = read_date(text, pattern)
    return found is not None and 1900 <= found.year <= 2100


def detect_date_patterns(values: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """Return the patterns that read the texts, and what is in doubt.

    Where day and month can be told apart by no text, or are told apart differently by different texts, no pattern of
    that shape is returned: a person has to say which is meant.

    Examples
    --------
    >>> date_patterns(["31/01/2020", "02/03/2020"])
    (('%d/%m/%Y',), [])
    >>> date_patterns(["01/02/2020", "02/03/2020"])[0]
    ()
    """
    texts = list(dict.fromkeys(text.strip() for text in values if text.strip()))
    number = looks_like_day_numbers(texts)
    if number:
        return (number,), [f"date: the numbers look like {number}; check one of them against a day that is known"]
    fits = {pattern: {index for index, text in enumerate(texts) if is_date(text, pattern)} for pattern in PATTERNS}
    doubt = []
    for pair in _ORDERS:
        day_first, month_first = pair
        both = fits[day_first] & fits[month_first]
        if not fits[day_first] or not fits[month_first]:
            continue
        only = [fits[one] - both for one in pair]
        if all(only) or not any(only):
            how = "read every text alike" if not any(only) else "are both needed, so the column mixes two orders"
            doubt.append(f"date: {day_first} and {month_first} {how}; say which is meant under date.formats")
            wrong: tuple[str, ...] = pair
        else:
            wrong = (month_first,) if only[0] else (day_first,)
        for pattern in wrong:
            fits[pattern] = set()
    needed: list[str] = []
    left = set(range(len(texts)))
    while left:
        best = max(fits, key=lambda pattern: len(fits[pattern] & left))
        if not fits[best] & left:
            break
        needed.append(best)
        left -= fits[best]
    if len(needed) > 1:
        doubt.append(f"date: {len(needed)} formats stand in one column ({' and '.join(needed)})")
    offsets = [pattern for pattern in needed if pattern.endswith(_OFFSETS)]
    if offsets:
        doubt.append(
            f"date: some texts end in an offset ({offsets[0]}); say whether they are the local clock all the same, as written "
            "here, or UTC: then add date.zone"
        )
    if left and not any("say which is meant" in line for line in doubt):
        doubt.append(f"date: {len(left):,} of {len(texts):,} different texts fit no known pattern")
    return tuple(needed), doubt


def precision_of(patterns: Sequence[str]) -> str:
    """Return the precision that patterns name: month, day or moment."""
    if patterns and all(pattern in MONTHLY for pattern in patterns):
        return "month"
    timed = any("%H" in one or "%I" in one or one == EPOCH_MS for one in patterns)
    return "moment" if timed else "day"
