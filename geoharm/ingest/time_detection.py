"""The patterns of times of day in a column of their own, and the doubts that only a person can settle."""

from __future__ import annotations

import re
from collections.abc import Sequence

from geoharm.dates.reading import EXCEL_SERIAL
from geoharm.ingest.day_times import read_time

_CLOCK = (
    "%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p", "%I:%M%p", "%I:%M:%S%p", "%I %p", "%I%p", "%Hh%M", "%H h %M",
    "%H:%M Uhr", "%H.%M Uhr", "%H:%M uur", "%H.%M uur", "%H:%M h", "%H.%M h", "%H.%M",
)  # fmt: skip
# Programs that know no time without a date give every time the same day of no meaning.
_WITH_DATE = tuple(
    f"{day}{between}{time}"
    for day in ("%Y-%m-%d", "%m/%d/%Y", "%d/%m/%Y")
    for between in (" ", "T")
    for time in ("%H:%M:%S", "%H:%M", "%H:%M:%S.%f", "%I:%M:%S %p", "%H:%M:%SZ", "%H:%M:%S.%fZ")
)
_NEARLY_ALL = 0.9
# More different dates than this in a column of times are dates.
_MOST_DAYS = 1
_FEW = 200


def looks_like_times(values: Sequence[str]) -> bool:
    """Return whether at least nine in ten distinct texts are times of day that need no person to say how they are read."""
    texts = list(dict.fromkeys(values))[:_FEW]
    patterns, _ = detect_time_patterns(texts)
    return bool(patterns) and sum(any(read_time(text, one) is not None for one in patterns) for text in texts) >= (
        _NEARLY_ALL * len(texts)
    )


def detect_time_patterns(values: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """Return the patterns that read the times of a column, and the doubts.

    Examples
    --------
    >>> detect_time_patterns(["2:05 PM", "11:40 a.m."])
    (('%I:%M %p',), [])
    >>> detect_time_patterns(["1405", "30", "905"])[0]
    ('%H%M',)
    >>> detect_time_patterns(["7", "12"])
    ((), ['time: the numbers can be hours (%H) or hours and minutes (%H%M); say which under date.time_formats'])
    """
    texts = list(dict.fromkeys(text.strip() for text in values if text.strip()))
    if texts and all(re.fullmatch(r"[0-9]{1,6}", text) for text in texts):
        return _of_digits(texts)
    if texts and all(read_time(text, EXCEL_SERIAL) is not None for text in texts):
        return (EXCEL_SERIAL,), ["time: the numbers look like fractions of a day; check one of them"]
    days = {text[:10] for text in texts}
    shapes = (*_CLOCK, *_WITH_DATE) if len(days) <= _MOST_DAYS else _CLOCK
    read_by = {shape: {at for at, text in enumerate(texts) if read_time(text, shape) is not None} for shape in shapes}
    needed: list[str] = []
    unread = set(range(len(texts)))
    while unread:
        best = max(read_by, key=lambda shape: len(read_by[shape] & unread))
        if not read_by[best] & unread:
            break
        needed.append(best)
        unread -= read_by[best]
    doubts = []
    if unread and needed:
        shown = texts[min(unread)][:60]
        doubts.append(
            f'time: {len(unread):,} of {len(texts):,} different texts are no times, such as "{shown}"; they get no hour'
        )
    return tuple(needed), doubts


def _of_digits(texts: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    longest = max(map(len, texts))
    if longest <= 2 and all(int(text) <= 23 for text in texts):
        doubt = "time: the numbers can be hours (%H) or hours and minutes (%H%M); say which under date.time_formats"
        return (), [doubt]
    for pattern, width in (("%H%M", 4), ("%H%M%S", 6)):
        read = sum(read_time(text, pattern) is not None for text in texts)
        if longest <= width and read >= _NEARLY_ALL * len(texts):
            return (pattern,), []
    return (), []
