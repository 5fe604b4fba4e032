"""Which column of an unknown table is which field of a format: by its name first, and only if its values agree."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from geoharm.ingest.detect.dates import looks_like_dates, looks_like_day_numbers
from geoharm.ingest.detect.sample import FileSample
from geoharm.ingest.formats.input_format import personal_words

_NEARLY_ALL = 0.9
BLANKS = ("NA", "N/A", "NULL", "(null)", "None", "nan", "NaN", "-", "- - -", "#N/A")
_PAIR = re.compile(r"[(\[\s]*(-?\d+(?:\.\d+)?)[\s,;]+(-?\d+(?:\.\d+)?)[)\]\s]*")
_ABOUT_PEOPLE = {"age", "sex", "gender", "race", "ethnicity", "nationality", "religion", "marital", "income"}
# The rank of a column by the words of its name: the lowest wins, and a name without any word is no candidate.
_Ranks = tuple[tuple[str, int], ...]
_DATE: _Ranks = (
    (r"closed?|closure|updated?|modified|due|target|resolved|completed?|expir\w*|edited|last|birth|released?", 5),
    (r"to|end|until", 4),
    (r"report\w*|rpt|received|created?|record\w*|enter\w*|dispatch\w*|request\w*|arriv\w*", 2),
    (r"occur\w*|commit\w*|incident|offence|offense|from|fr|start\w*|open\w*|event|found|crime|admission|admitted", 0),
    (r"date|day|dt|month|time|datetime|timestamp|when", 1),
)
_ID: _Ranks = (
    (r"type|code|officer|category|date|time|description|desc|name", 9),
    (r"objectid|fid|row|index|serial", 3),
    (r"id|ref|reference", 1),
    (r"no|num|nr|number", 2),
)
_CATEGORY: _Ranks = (
    (r"location|property|land|outcome|premises?|weapon|victim|status|code|id|no|number|date|time|ward|district|submitted|source", 9),
    (r"crime|offences?|offenses?|ofns|primary|incident|call|event", 0),
    (r"type|category", 1),
    (r"description|desc|reason|subject|nature|problem|object|classification|class", 2),
)  # fmt: skip
_ADDRESS: _Ranks = (
    (r"email|zip|zipcode|type|code|id|city|state|county", 9),
    (r"street|address|addr|street1", 0),
    (r"description|district|ward|status|name|area", 9),
    (r"location|block|intersection|place", 1),
)
_PLACES = (
    ("longitude", (r"lon|lng|long|longitude", r"easting|eastings|x|xcoord|pointx", r"geom1")),
    ("latitude", (r"lat|latitude", r"northing|northings|y|ycoord|pointy", r"geom2")),
)
_WEIGHT = {"needles", "syringes", "quantity", "qty", "count", "n", "number", "total"}


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the columns of a table were taken for.

    Attributes
    ----------
    columns : mapping of field to position
    others : mapping of field to names
        Columns that would fit as well.
    left_out : tuple of (name, word)
        Columns about people, and the word that says so.
    weight : str
        A column that might count each row several times; never chosen.
    doubts : tuple of str
    """

    columns: Mapping[str, int]
    others: Mapping[str, tuple[str, ...]]
    left_out: tuple[tuple[str, str], ...]
    weight: str
    doubts: tuple[str, ...]


def choose_columns(sample: FileSample) -> Chosen:
    """Return what each column is, as far as name and values agree."""
    words = [_words(name) for name in sample.header]
    values = [
        [text for text in sample.column(index) if text and text not in BLANKS] for index in range(len(sample.header))
    ]
    private = {
        index: word
        for index, name in enumerate(sample.header)
        if (word := personal_words(name) or next((one for one in words[index] if one in _ABOUT_PEOPLE), ""))
    }
    free = [index for index in range(len(sample.header)) if index not in private and words[index]]
    columns: dict[str, int] = {}
    others: dict[str, tuple[str, ...]] = {}
    doubts: list[str] = []

    def take(field: str, ranks: _Ranks, fits: Callable[[int], bool], most: int) -> None:
        ranked = sorted(
            (rank, index)
            for index in free
            if index not in columns.values() and (rank := _rank(words[index], ranks)) <= most and fits(index)
        )
        if ranked:
            columns[field] = ranked[0][1]
            others[field] = tuple(sample.header[index] for _, index in ranked[1:])

    def dated(index: int) -> bool:
        return bool(values[index]) and (
            looks_like_dates(values[index]) or bool(looks_like_day_numbers(values[index][:200]))
        )

    def half(index: int) -> bool:
        return len(values[index]) >= 0.5 * len(sample.rows)

    take("date", _DATE, lambda index: half(index) and dated(index), 2)
    if "date" in columns and {"from", "fr", "start"} & set(words[columns["date"]]):
        take("end", ((r"to|end|until", 0),), dated, 0)
    if "date" not in columns:
        columns |= _split_date(words, values, free)
        later = [sample.header[index] for index in free if "year" not in columns and looks_like_dates(values[index])]
        doubts += [f'date: "{name}" holds dates, but its name does not say that events happened then' for name in later]
    if sample.places is None:
        for field, found in _place_columns(words, values, free).items():
            columns[field], others[field] = found[0], tuple(sample.header[index] for index in found[1:])
        if "longitude" not in columns:
            rest = [index for index in free if index not in columns.values()]
            text, said = _place_text(sample, words, values, rest)
            doubts += said
            columns |= {} if text is None else {"latlon": text}
    take("id", _ID, lambda index: half(index) and len(words[index]) + ("id" in words[index]) > 1, 3)
    take("category", _CATEGORY, lambda index: _are_kinds(values[index]) and half(index), 2)
    _prefer_several(sample, values, columns, others)
    take("address", _ADDRESS, lambda index: _are_texts(values[index]), 1)
    weight = next(
        (sample.header[index] for index in free if index not in columns.values() and set(words[index]) & _WEIGHT
         and "id" not in words[index] and _are_counts(values[index])), "",
    )  # fmt: skip
    left_out = tuple((sample.header[index], word) for index, word in private.items())
    return Chosen(columns, {key: names for key, names in others.items() if names}, left_out, weight, tuple(doubts))


def is_number(text: str) -> bool:
    """Return whether a text is a number with a decimal point, if any."""
    return bool(re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", text.strip()))


def _words(name: str) -> list[str]:
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    found = re.findall(r"[a-z]+\d*", split.lower())
    joined = "".join(found)
    return [*found, joined] if joined in ("xcoord", "ycoord", "pointx", "pointy", "objectid") else found


def _rank(words: Sequence[str], ranks: _Ranks) -> int:
    """Return the rank of the first line that a word of a name fits; 9 if none does."""
    for pattern, rank in ranks:
        if any(re.fullmatch(pattern, word) for word in words):
            return rank
    return 9


def _split_date(words: Sequence[Sequence[str]], values: Sequence[Sequence[str]], free: Sequence[int]) -> dict[str, int]:
    """Return columns of year, month and day, if there are a year and a month."""
    found: dict[str, int] = {}
    for field, names, least, most in (
        ("year", ("year", "yr"), 1900, 2100), ("month", ("month", "mon", "mnth"), 1, 12), ("day", ("day",), 1, 31),
    ):  # fmt: skip
        for index in free:
            whole = [text for text in values[index] if text.isdecimal() and least <= int(text) <= most]
            if set(words[index]) & set(names) and whole and len(whole) >= 0.9 * len(values[index]):
                found.setdefault(field, index)
    return found if {"year", "month"} <= set(found) else {}


def _place_columns(
    words: Sequence[Sequence[str]], values: Sequence[Sequence[str]], free: Sequence[int]
) -> dict[str, list[int]]:
    """Return the columns of longitude and of latitude, the best names that both have; empty if there are none."""
    for level in range(3):
        pair = {
            field: [
                index
                for index in free
                if any(re.fullmatch(names[level], word) for word in words[index])
                and values[index]
                and sum(map(is_number, values[index])) >= _NEARLY_ALL * len(values[index])
            ]
            for field, names in _PLACES
        }
        if all(pair.values()):
            return pair
    return {}


def _place_text(
    sample: FileSample, words: Sequence[Sequence[str]], values: Sequence[Sequence[str]], free: Sequence[int]
) -> tuple[int | None, list[str]]:
    """Return the column that holds "latitude, longitude", if any, and what is in doubt about columns of places."""
    doubts = []
    for index in free:
        texts, name = values[index], sample.header[index]
        if not texts:
            continue
        comma = sum(bool(re.fullmatch(r"-?\d+,\d+", text)) for text in texts)
        named = any(re.fullmatch(pattern, word) for _, names in _PLACES for pattern in names for word in words[index])
        if named and comma >= _NEARLY_ALL * len(texts):
            doubts.append(f'place: "{name}" has decimal commas; save the table with decimal points')
            continue
        pairs = [match for text in texts if (match := _PAIR.fullmatch(text))]
        if len(pairs) >= _NEARLY_ALL * len(texts):
            if all(abs(float(one[1])) <= 90 for one in pairs):
                return index, [f'latlon: "{name}" is read as latitude, longitude; check one place']
            doubts.append(f'latlon: "{name}" holds longitude first; split it into two columns')
        if sum(text.upper().startswith("POINT") for text in texts) >= _NEARLY_ALL * len(texts):
            doubts.append(f'place: "{name}" holds POINT (longitude latitude); split it into two columns')
    return None, doubts


def _prefer_several(
    sample: FileSample, values: Sequence[Sequence[str]], columns: dict[str, int], others: dict[str, tuple[str, ...]]
) -> None:
    """Take another category column where the first says the same of every row."""
    if "category" not in columns or len(set(values[columns["category"]])) > 1:
        return
    constraints = [name for name in others["category"] if len(set(values[sample.header.index(name)])) > 1]
    if constraints:
        first = sample.header[columns["category"]]
        columns["category"] = sample.header.index(constraints[0])
        others["category"] = (first, *(name for name in others["category"] if name != constraints[0]))


def _are_kinds(texts: Sequence[str]) -> bool:
    different = set(texts)
    return 0 < len(different) <= max(50, len(texts) // 5) and not all(map(is_number, different))


def _are_texts(texts: Sequence[str]) -> bool:
    return len(set(texts)) > 1 and not any(_PAIR.fullmatch(text) or is_number(text) for text in texts[:50])


def _are_counts(texts: Sequence[str]) -> bool:
    return bool(texts) and all(re.fullmatch(r"\d{1,5}(\.0)?", text) for text in texts)
