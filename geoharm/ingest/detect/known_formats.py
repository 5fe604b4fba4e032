"""Which shipped formats a table matches by its column names, dates and degrees. Nothing is guessed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from geoharm import _crs
from geoharm.dates.detection import looks_like_day_numbers
from geoharm.dates.reading import NUMERIC_PATTERNS
from geoharm.dates.shapes import is_date
from geoharm.errors import DataError
from geoharm.ingest.detect.columns import BLANK_TEXTS, is_number
from geoharm.ingest.detect.sample import FileSample
from geoharm.ingest.formats.input_format import Format, read_format, shipped_formats
from geoharm.ingest.readers.staging import match_columns

_OPTIONAL = {"address", "number", "street", "town", "remark"}
_NEARLY_ALL = 0.9


def recognise_formats(sample: FileSample) -> tuple[str, ...]:
    """Return the shipped formats that a table matches, first the one that names most of its columns.

    A table matches a format if all of these are true:

    - it has all columns of the format, except those for addresses and remarks;
    - it has the columns that the publisher's file is known by;
    - at least nine in ten of its dates can be read;
    - at least nine in ten of its coordinates are in range, if the format's coordinates are degrees.

    A format that gives every row the same category, or reads addresses, and names no columns that the file is known by,
    matches only a table without further columns. A format of street lines matches only what it is known by.
    """
    ranked = []
    for name in shipped_formats():
        input_format = read_format(name, Path())
        is_known = input_format.known_by or input_format.kind != "streets"
        if input_format.columns and is_known and _matches_format(sample, input_format):
            ranked.append(
                (-sum(column in names for column in sample.header for names in _accepted_names(input_format)), name)
            )
    ranked.sort()
    return tuple(name for _, name in ranked)


def _accepted_names(input_format: Format) -> list[Sequence[str]]:
    return [*input_format.columns.values(), input_format.known_by]


def _matches_format(sample: FileSample, input_format: Format) -> bool:
    if input_format.container != sample.container or (
        sample.container == "csv" and input_format.delimiter != sample.delimiter
    ):
        return False
    try:
        positions = match_columns(sample.name, sample.header, input_format)
    except DataError:
        return False
    if not set(input_format.columns) - _OPTIONAL <= set(positions) or not set(input_format.known_by) <= set(
        sample.header
    ):
        return False
    if (
        (input_format.category or input_format.kind == "addresses")
        and not input_format.known_by
        and {name for name in sample.header if name} > {sample.header[index] for index in positions.values()}
    ):
        return False
    dates_read = (
        "date" not in positions
        or not input_format.date_formats
        or _has_readable_dates(sample.column(positions["date"]), input_format)
    )
    no_degrees = input_format.crs != _crs.LONLAT or not {"longitude", "latitude"} <= set(positions)
    return dates_read and (
        no_degrees
        or (
            _are_degrees(sample.column(positions["longitude"]), 180)
            and _are_degrees(sample.column(positions["latitude"]), 90)
        )
    )


def _has_readable_dates(texts: Sequence[str], input_format: Format) -> bool:
    distinct = list(dict.fromkeys(text for text in texts if text and text not in BLANK_TEXTS))[:200]
    number_pattern = looks_like_day_numbers(distinct)
    if number_pattern and number_pattern in input_format.date_formats:
        return True
    patterns = [pattern for pattern in input_format.date_formats if pattern not in NUMERIC_PATTERNS]
    readable = sum(any(is_date(text, pattern) for pattern in patterns) for text in distinct)
    return bool(distinct) and readable >= _NEARLY_ALL * len(distinct)


def _are_degrees(texts: Sequence[str], limit: float) -> bool:
    filled = [text for text in texts if text and text not in BLANK_TEXTS]
    in_range = sum(is_number(text) and abs(float(text)) <= limit for text in filled)
    return bool(filled) and in_range >= _NEARLY_ALL * len(filled)
