"""Reads a date text under one pattern: as a regular expression that Python and SQL share.

The language of patterns is that of strptime, with what real files need: names of months and weekdays in five languages
(`names`), quarters, "a.m." with points, ordinal days beside names, and fractions of up to nine digits. A named
weekday has to be that of the day, else the text is not read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

from geoharm.dates.names import MONTHS, WEEKDAYS
from geoharm.engines.sql import quote_text

# Patterns that strptime does not have: day numbers of spreadsheets, and milliseconds and seconds since 1970.
EXCEL_SERIAL, EPOCH_MS, EPOCH_S = "excel-serial", "epoch-ms", "epoch-s"
NUMERIC_PATTERNS = (EXCEL_SERIAL, EPOCH_MS, EPOCH_S)
# The numbers that each of them reads. No number is in seconds and in milliseconds.
SERIAL_LIMITS, MILLISECOND_LIMITS, SECOND_LIMITS = (1, 80_000), (10**11, 5 * 10**12), (10**8, 5 * 10**9)
# JSON of Microsoft's serializers wraps milliseconds like this; the offset beside them only informs.
_WRAPPED_MILLISECONDS = r"^/Date\((-?[0-9]+)(?:[+-][0-9]{4})?\)/$"

_SPACE = "[ \t\r\n\u00a0\u2009\u202f]"
_FREE = {
    "m": "1[0-2]|0?[1-9]", "d": "[12][0-9]|3[01]|0?[1-9]", "H": "1[0-9]|2[0-3]|0?[0-9]", "I": "1[0-2]|0?[1-9]",
    "M": "[1-5][0-9]|0?[0-9]", "S": "[1-5][0-9]|0?[0-9]", "j": "[0-9]{1,3}", "y": "[0-9]{1,2}",
}  # fmt: skip
# Beside another number there is nothing to tell where one ends: the full width is needed.
_FIXED = {
    "m": "0[1-9]|1[0-2]", "d": "0[1-9]|[12][0-9]|3[01]", "H": "[01][0-9]|2[0-3]", "I": "0[1-9]|1[0-2]",
    "M": "[0-5][0-9]", "S": "[0-5][0-9]", "j": "[0-9]{3}", "y": "[0-9]{2}",
}  # fmt: skip
_WIDTHS = {"Y": 4, "y": 2, "m": 2, "d": 2, "H": 2, "I": 2, "M": 2, "S": 2, "j": 3, "q": 1}
_OTHER = {
    "Y": "[1-9][0-9]{3}", "q": "[1-4]", "f": "[0-9]{1,9}",
    "z": "Z|UTC|GMT|[+-](?:0[0-9]|1[0-4])(?::?[0-5][0-9])?",
}  # fmt: skip
_ORDINAL = "(?:st|nd|rd|th|er|re|e|[\u00ba\u00aa\u00b0])?"
_NUMBERS = frozenset(_WIDTHS)
_NAMES = frozenset("bBaA")
LETTERS = frozenset((*_FREE, *_OTHER, *_NAMES, "p"))
# The first short year that belongs to the last century, as in strptime.
_PIVOT = 69


@dataclass(frozen=True, slots=True)
class Tokens:
    """A pattern in parts.

    Attributes
    ----------
    parts : tuple of (letter, text)
        A directive has its letter and no text, fixed text has no letter; a space stands for any white space.
    """

    parts: tuple[tuple[str, str], ...]

    @property
    def letters(self) -> tuple[str, ...]:
        """The letters of the directives, in order."""
        return tuple(letter for letter, _ in self.parts if letter)

    def is_adjacent(self, position: int) -> bool:
        """Return whether the number at a position stands beside another number."""
        return self.parts[position][0] in _NUMBERS and any(
            0 <= neighbour < len(self.parts) and self.parts[neighbour][0] in _NUMBERS
            for neighbour in (position - 1, position + 1)
        )

    @property
    def has_adjacent(self) -> bool:
        """Whether two numbers stand side by side."""
        return any(map(self.is_adjacent, range(len(self.parts))))

    @property
    def width(self) -> int | None:
        """The number of signs of every text of the pattern, if it is fixed by numbers side by side."""
        if not self.has_adjacent or not set(self.letters) <= _NUMBERS:
            return None
        if not all(self.is_adjacent(at) or letter in ("", "Y", "q") for at, (letter, _) in enumerate(self.parts)):
            return None
        return sum(_WIDTHS.get(letter, len(text)) for letter, text in self.parts)


@lru_cache(maxsize=4096)
def tokens(pattern: str) -> Tokens:
    """Return the parts of a strptime pattern."""
    parts: list[tuple[str, str]] = []
    for percent, letter, space, other in re.findall(r"(%%)|%-?([A-Za-z])|(\s+)|(.)", pattern, re.S):
        parts.append((letter, "" if letter else "%" if percent else " " if space else other))
    return Tokens(tuple(parts))


def pattern_regex(pattern: str) -> str:
    """Return the regular expression of a pattern's texts, for Python and RE2; directives are its groups, in order."""
    found = tokens(pattern)
    pieces = [_piece(found, position) for position in range(len(found.parts))]
    return "(?i)^" + "".join(pieces) + "$"


def _piece(found: Tokens, position: int) -> str:
    letter, text = found.parts[position]
    if not letter:
        return f"{_SPACE}+" if text == " " else re.escape(text)
    if letter in _NAMES:
        names = MONTHS if letter in "bB" else WEEKDAYS
        return f"({'|'.join(sorted(names, key=lambda name: (-len(name), name)))})\\.?"
    if letter == "p":
        return f"([ap])\\.?{_SPACE}*m\\.?"
    numbers = _FIXED if found.is_adjacent(position) else _FREE
    ordinal = _ORDINAL if letter == "d" and {"b", "B"} & set(found.letters) else ""
    return f"({numbers.get(letter) or _OTHER[letter]}){ordinal}"


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern_regex(pattern))


def read_date(text: str, pattern: str) -> datetime | None:
    """Return the date and time that a text gives under a pattern, or None.

    Examples
    --------
    >>> read_date("2020-02-30", "%Y-%m-%d") is None
    True
    >>> read_date("mardi 3 janv. 2017", "%A %d %b %Y")
    datetime.datetime(2017, 1, 3, 0, 0)
    """
    if pattern in NUMERIC_PATTERNS:
        return _read_number(text.strip(), pattern)
    match = _compiled(pattern).match(text.strip())
    if match is None:
        return None
    parts = dict(zip(tokens(pattern).letters, (group.lower() for group in match.groups()), strict=True))
    try:
        return _moment(parts)
    except (ValueError, OverflowError):
        return None


def _read_number(text: str, pattern: str) -> datetime | None:
    if pattern == EPOCH_MS and (wrapped := re.match(_WRAPPED_MILLISECONDS, text)):
        text = wrapped[1]
    try:
        number = float(text)
    except ValueError:
        return None
    if pattern == EXCEL_SERIAL:
        low, high = SERIAL_LIMITS
        return datetime(1899, 12, 30) + timedelta(seconds=round(number * 86400)) if low <= number <= high else None
    low, high = MILLISECOND_LIMITS if pattern == EPOCH_MS else SECOND_LIMITS
    if not low <= abs(number) <= high:
        return None
    return datetime(1970, 1, 1) + timedelta(milliseconds=round(number if pattern == EPOCH_MS else 1000 * number))


def _moment(parts: dict[str, str]) -> datetime:
    """Return the moment that the parts of a text name; an error of value if there is none."""
    if "Y" in parts:
        year = int(parts["Y"])
    elif "y" in parts:
        year = int(parts["y"]) + (1900 if int(parts["y"]) >= _PIVOT else 2000)
    else:
        year = 1900
    month = parts.get("b") or parts.get("B")
    number = MONTHS[month] if month else int(parts.get("m", 1))
    if "q" in parts:
        number = 3 * int(parts["q"]) - 2
    day = date(year, number, int(parts.get("d", 1)))
    if "j" in parts:
        day = date(year, 1, 1) + timedelta(days=int(parts["j"]) - 1)
        if day.year != year:
            msg = "the year has no such day"
            raise ValueError(msg)
    weekday = parts.get("a") or parts.get("A")
    if weekday and day.isoweekday() != WEEKDAYS[weekday]:
        msg = "the weekday is that of another day"
        raise ValueError(msg)
    hour = int(parts.get("H", 0))
    if "I" in parts:
        hour = int(parts["I"]) % 12 + (12 if parts.get("p") == "p" else 0)
    fraction = int((parts.get("f", "") + "000000")[:6])
    moment = datetime(day.year, day.month, day.day, hour, int(parts.get("M", 0)), int(parts.get("S", 0)), fraction)
    return moment.replace(tzinfo=_offset(parts["z"])) if "z" in parts else moment


def _offset(text: str) -> timezone:
    if text[0] not in "+-":
        return UTC
    digits = text[1:].replace(":", "")
    shift = timedelta(hours=int(digits[:2]), minutes=int(digits[2:] or 0))
    return timezone(-shift if text[0] == "-" else shift)


def regex_sql(text: str, pattern: str) -> str:
    """Return SQL that reads a text column under a pattern by its regular expression, as a TIMESTAMP; in UTC with ``%z``."""
    letters = tokens(pattern).letters
    groups = ", ".join(f"'{_group(letter)}'" for letter in letters)
    extracted = f"regexp_extract({text}, {quote_text(pattern_regex(pattern))}, [{groups}])"
    return f"list_transform([{extracted}], lambda part: {_moment_sql(letters)})[1]"


def _group(letter: str) -> str:
    """Return a name for a directive's group: the names of columns do not tell capitals from small letters."""
    return f"{'upper' if letter.isupper() else 'lower'}_{letter.lower()}"


def _part(letter: str) -> str:
    return f"part.{_group(letter)}"


def _whole(letter: str) -> str:
    return f"TRY_CAST({_part(letter)} AS BIGINT)"


def _moment_sql(letters: Sequence[str]) -> str:
    day = _day_sql(letters)
    seconds = []
    if "H" in letters:
        seconds.append(f"3600 * {_whole('H')}")
    if "I" in letters:
        afternoon = f"CASE WHEN lower({_part('p')}) = 'p' THEN 12 ELSE 0 END" if "p" in letters else "0"
        seconds.append(f"3600 * ({_whole('I')} % 12 + {afternoon})")
    seconds += [f"{factor} * {_whole(letter)}" for letter, factor in (("M", 60), ("S", 1)) if letter in letters]
    moment = f"CAST({day} AS TIMESTAMP)"
    if seconds:
        moment += f" + to_microseconds(1000000 * ({' + '.join(seconds)}))"
    if "f" in letters:
        moment += f" + to_microseconds(TRY_CAST(left({_part('f')} || '000000', 6) AS BIGINT))"
    if "z" in letters:
        digits = f"replace(substr({_part('z')}, 2), ':', '')"
        size = f"(TRY_CAST(left({digits}, 2) AS BIGINT) * 3600 + coalesce(TRY_CAST(substr({digits}, 3) AS BIGINT), 0) * 60)"
        sign = f"left({_part('z')}, 1)"
        moment += f" - to_seconds(CASE WHEN {sign} = '+' THEN {size} WHEN {sign} = '-' THEN -{size} ELSE 0 END)"
    for letter in "aA":
        if letter in letters:
            moment = f"CASE WHEN isodow({day}) = {_number_sql(_part(letter), WEEKDAYS)} THEN {moment} END"
    return moment


def _day_sql(letters: Sequence[str]) -> str:
    if "Y" in letters:
        year = _part("Y")
    elif "y" in letters:
        year = f"CASE WHEN {_whole('y')} >= {_PIVOT} THEN 1900 ELSE 2000 END + {_whole('y')}"
    else:
        year = "'1900'"
    if "j" in letters:
        first, number = f"TRY_CAST(({year}) || '-01-01' AS DATE)", f"TRY_CAST({_part('j')} AS INTEGER)"
        return f"CASE WHEN {number} >= 1 AND year({first} + ({number} - 1)) = year({first}) THEN {first} + ({number} - 1) END"
    month = next((_number_sql(_part(letter), MONTHS) for letter in "bB" if letter in letters), "")
    month = month or (_part("m") if "m" in letters else f"3 * {_whole('q')} - 2" if "q" in letters else "1")
    day = _part("d") if "d" in letters else "1"
    return f"TRY_CAST(({year}) || '-' || ({month}) || '-' || {day} AS DATE)"


def _number_sql(name: str, numbers: Mapping[str, int]) -> str:
    pairs = ", ".join(f"{quote_text(key)}: {number}" for key, number in numbers.items())
    return f"MAP {{{pairs}}}[lower({name})]"


def numeric_sql(text: str, pattern: str) -> str:
    """Return SQL that reads the numbers of "excel-serial", "epoch-ms" or "epoch-s" as a TIMESTAMP; the latter two in UTC."""
    number = f"TRY_CAST({text} AS DOUBLE)"
    if pattern == EXCEL_SERIAL:
        low, high = SERIAL_LIMITS
        moment = f"TIMESTAMP '1899-12-30' + to_seconds(CAST(round({number} * 86400) AS BIGINT))"
        return f"CASE WHEN {number} BETWEEN {low} AND {high} THEN {moment} END"
    low, high = MILLISECOND_LIMITS if pattern == EPOCH_MS else SECOND_LIMITS
    if pattern == EPOCH_MS:
        number = f"TRY_CAST(regexp_replace({text}, {quote_text(_WRAPPED_MILLISECONDS)}, '\\1') AS DOUBLE)"
    milliseconds = f"round({number})" if pattern == EPOCH_MS else f"round(1000 * {number})"
    # A number with other digits is of another unit, or is not a time.
    return f"CASE WHEN abs({number}) BETWEEN {low} AND {high} THEN make_timestamp(CAST({milliseconds} * 1000 AS BIGINT)) END"
