"""Propose a format for an unknown table, with the evidence for each guess and what could not be decided.

A guess is a text to read and edit. Nothing is ever ingested on one.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from geoharm._tables import quoted
from geoharm.errors import DataError
from geoharm.store.dates import carries_offset
from geoharm.store.formats import personal_words, read_date
from geoharm.store.inputs import Input

_SAMPLE = 2_000
_DATE_PATTERNS = (
    "%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S+00", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ",
    "%Y-%m", "%Y/%m/%d", "%Y/%m/%d %H:%M", "%d/%m/%Y", "%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%m/%d/%Y", "%m/%d/%Y %H:%M",
    "%m/%d/%Y %I:%M:%S %p", "%d.%m.%Y", "%d-%b-%Y", "%Y%m%d",
)  # fmt: skip
_NAMES = {
    "id": r"(crime|incident|case|event|report|cmplnt)[ _]?(id|no|num|number|ref|enquiry.id)|^_?id$|objectid|row.id",
    "date": r"date|(^|_)dt$|month$|occurred|opened|reported",
    "end": r"(date|time|dt).*(to|end)$|(to|end)[ _]?(date|time|dt)|_to_dt",
    "longitude": r"^(lon|lng|long|longitude|x|point_x)$|easting|x_coord",
    "latitude": r"^(lat|latitude|y|point_y)$|northing|y_coord",
    "latlon": r"lat.?lon|geocoded|^location$|coordinates",
    "category": r"category|crime.type|offence|offense|^type$|primary.type|description|reason|classification",
    "address": r"address|street|location|block|place",
    "weight": r"needles|quantity|count$|^n$",
}


@dataclass(frozen=True, slots=True)
class Guess:
    """A proposed format.

    Attributes
    ----------
    toml : str
        To save, read and edit.
    evidence : tuple of str
        Why each column was taken for what.
    undecided : tuple of str
        What a person has to settle.
    """

    toml: str
    evidence: tuple[str, ...]
    undecided: tuple[str, ...]


def guess_format(source: Input) -> Guess:
    """Propose how to read a delimited text file, from its header and its first rows.

    Raises
    ------
    DataError
        If the file is no delimited text.
    """
    encoding, delimiter, header, rows = sample_rows(source)
    evidence, undecided = [f"{len(header)} columns, delimiter {delimiter!r}, encoding {encoding}"], []
    chosen: dict[str, int] = {}
    patterns: tuple[str, ...] = ()
    for field in ("date", "end", "longitude", "latitude", "id", "category", "address", "weight", "latlon"):
        names = [
            index
            for index, name in enumerate(header)
            if re.search(_NAMES[field], name.strip(), re.I)
            and index not in chosen.values()
            and not personal_words(name)
        ]
        fitting = [index for index in names if _fits(field, [row[index] for row in rows if len(row) > index])]
        if not fitting:
            continue
        chosen[field] = fitting[0]
        evidence.append(f'{field}: "{header[fitting[0]]}", by its name and {len(rows):,} values')
        if len(fitting) > 1:
            others = ", ".join(f'"{header[index]}"' for index in fitting[1:])
            undecided.append(f"{field}: {others} would fit as well")
    if {"longitude", "latitude"} <= set(chosen):
        chosen.pop("latlon", None)
    if "date" in chosen:
        patterns, doubt = date_patterns([row[chosen["date"]] for row in rows])
        undecided += doubt
        if any(map(carries_offset, patterns)):
            undecided.append("date: the times carry an offset from UTC; name the place's clock under date.zone")
    for field in ("date", "longitude", "latitude"):
        if field not in chosen and not (field != "date" and "latlon" in chosen):
            undecided.append(f"{field}: no column was found; name it under [columns]")
    if not {"date", "longitude"} <= {*chosen} and "latlon" not in chosen:
        undecided.append("kind: no dated points were found; try --kind area_table, survey or site")
    crs, crs_doubt = _guess_crs(rows, chosen)
    undecided += crs_doubt
    if "id" in chosen:
        ids = [row[chosen["id"]] for row in rows if row[chosen["id"]].strip()]
        repeated = len(ids) - len(set(ids))
        evidence.append(f"id: {repeated:,} of {len(ids):,} sampled ids are repeated")
    undecided.append("location quality: exact, snapped, block or randomised, and its typical error in metres")
    undecided.append("the publisher, the licence and the sentence it asks for")
    return Guess(_toml(header, chosen, patterns, crs, (delimiter, encoding)), tuple(evidence), tuple(undecided))


def sample_rows(source: Input) -> tuple[str, str, list[str], list[list[str]]]:
    """Return a file's encoding, delimiter, header and first rows.

    Raises
    ------
    DataError
        If the file is no delimited text.
    """
    with source.open() as stream:
        content = stream.read(4 << 20)
    for encoding in ("utf-8-sig", "cp1252"):
        try:
            text = content.rsplit(b"\n", 1)[0].decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        msg = f'The file "{source.name}" is neither utf-8 nor cp1252 text; no format can be guessed.'
        raise DataError(msg)
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t|", key=first.count)
    if first.count(delimiter) == 0:
        msg = (
            f'The first line of "{source.name}" has no delimiter ( , ; tab or | ); it is no table that can be guessed.'
        )
        raise DataError(msg)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter)
    header = next(reader)
    rows = [row for row in islice(reader, _SAMPLE) if len(row) == len(header)]
    if not rows:
        msg = f'The file "{source.name}" has no row as long as its header; no format can be guessed.'
        raise DataError(msg)
    return encoding.replace("-sig", ""), delimiter, header, rows


def _fits(field: str, values: Sequence[str]) -> bool:
    """Return whether nine filled values in ten are what the field needs."""
    filled = [value.strip() for value in values if value.strip() not in ("", "NA", "NULL", "(null)")]
    if not filled:
        return False
    if field in ("date", "end"):
        return any(_share(filled, pattern) > 0.4 for pattern in _DATE_PATTERNS)
    if field in ("longitude", "latitude", "weight"):
        return sum(is_number(value) for value in filled) > 0.9 * len(filled)
    if field == "latlon":
        pair = re.compile(r"^[(\s]*-?\d+(\.\d+)?[\s,;]+-?\d+(\.\d+)?[)\s]*$")
        return sum(bool(pair.match(value)) for value in filled) > 0.9 * len(filled)
    few = field != "category" or len(set(filled)) <= max(50, len(filled) // 5)
    return field == "id" or (few and not all(map(is_number, filled)))


def _share(values: Sequence[str], pattern: str) -> float:
    return sum(_is_date(value, pattern) for value in values) / len(values)


def _is_date(value: str, pattern: str) -> bool:
    found = read_date(value, pattern)
    return found is not None and 1900 <= found.year <= 2100


def is_number(value: str) -> bool:
    """Return whether a text is a number."""
    try:
        float(value)
    except ValueError:
        return False
    return True


def date_patterns(values: Sequence[str]) -> tuple[tuple[str, ...], list[str]]:
    """Return the patterns that are needed to read every value, and what is in doubt."""
    filled = [value for value in values if value.strip()]
    fits = {pattern: {i for i, value in enumerate(filled) if _is_date(value, pattern)} for pattern in _DATE_PATTERNS}
    needed: list[str] = []
    left = set(range(len(filled)))
    while left:
        best = max(fits, key=lambda pattern: len(fits[pattern] & left))
        if not fits[best] & left:
            break
        needed.append(best)
        left -= fits[best]
    doubt = []
    for day_first, month_first in (("%d/%m/%Y", "%m/%d/%Y"), ("%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M")):
        if fits[day_first] and fits[day_first] == fits[month_first]:
            doubt.append(f"date: {day_first} and {month_first} read every sampled value; say which is meant")
    if len(needed) > 1:
        doubt.append(f"date: two formats stand in one column ({' and '.join(needed)})")
    if left:
        doubt.append(f"date: {len(left):,} of {len(filled):,} sampled values fit no known pattern")
    return tuple(needed), doubt


def _guess_crs(rows: Sequence[Sequence[str]], chosen: dict[str, int]) -> tuple[str, list[str]]:
    if not {"longitude", "latitude"} <= set(chosen):
        return "EPSG:4326", []
    pairs = [
        (float(row[chosen["longitude"]]), float(row[chosen["latitude"]]))
        for row in rows
        if is_number(row[chosen["longitude"]]) and is_number(row[chosen["latitude"]])
    ]
    if not pairs or all(abs(x) <= 180 and abs(y) <= 90 for x, y in pairs):
        return "EPSG:4326", []
    if all(0 <= x < 700_000 and 0 <= y < 1_300_000 for x, y in pairs):
        return "EPSG:27700", ["crs: the coordinates could be British eastings and northings; check"]
    return "EPSG:????", ["crs: the coordinates are no degrees; name their coordinate system under [location]"]


def head_lines(kind: str, delimiter: str, encoding: str) -> list[str]:
    """Return the lines with which a guessed format begins, whatever its table holds."""
    return [
        "# A guess: read every line before you use it.",
        "[format]",
        *([] if kind == "event" else [f'kind = "{kind}"']),
        'title = "my source"',
        'container = "csv"',
        'publisher = ""',
        'licence = ""',
        'attribution = ""',
        'tried_on = "untried"',
        "guessed = true    # take this line out once every other line is checked; until then no study reads by it",
        "",
        "[csv]",
        f"delimiter = {quoted(delimiter)}",
        f"encoding = {quoted(encoding)}",
    ]


def column_lines(header: Sequence[str], chosen: dict[str, int]) -> list[str]:
    """Return the lines that name the column of each field."""
    return ["", "[columns]", *(f"{field} = {quoted(header[index])}" for field, index in chosen.items())]


def _toml(
    header: Sequence[str], chosen: dict[str, int], patterns: Sequence[str], crs: str, dialect: tuple[str, str]
) -> str:
    monthly = (
        "month" if list(patterns) == ["%Y-%m"] else "moment" if any("%H" in p or "%I" in p for p in patterns) else "day"
    )
    lines = [
        *head_lines("event", *dialect),
        *column_lines(header, chosen),
        "",
        "[date]",
        f"formats = [{', '.join(map(quoted, patterns))}]",
        f'precision = "{monthly}"',
        "",
        "[location]",
        f'crs = "{crs}"',
        'quality = "exact"',
        "typical_error_m = 0",
        "",
        "[duplicates]",
        f'rule = "{"id" if "id" in chosen else "none"}"',
    ]
    return "\n".join(lines) + "\n"
