"""Which shipped formats a table fits by the names of its columns, its dates and its degrees; nothing is guessed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from geoharm import _crs
from geoharm.errors import DataError
from geoharm.ingest.date_patterns import NUMBERS
from geoharm.ingest.detect.columns import BLANKS, is_number
from geoharm.ingest.detect.dates import is_date, looks_like_day_numbers
from geoharm.ingest.detect.sample import FileSample
from geoharm.ingest.formats.input_format import Format, read_format, shipped
from geoharm.ingest.readers.staging import match_columns

_OPTIONAL = {"address", "remark"}
_NEARLY_ALL = 0.9


def recognise_formats(sample: FileSample) -> tuple[str, ...]:
    """Return the shipped formats that a table fits, the one that names most of its columns first.

    A format fits if the table has all its columns but those for addresses and remarks, and those the publisher's file
    is known by; if nine dates in ten read; and if nine places in ten are degrees where the format says degrees. A
    format that calls every row the same must be known by more than its columns.
    """
    fits = []
    for name in shipped():
        input_format = read_format(name, Path())
        if input_format.columns and _fits(sample, input_format):
            fits.append((-sum(column in names for column in sample.header for names in _names(input_format)), name))
    fits.sort()
    return tuple(name for _, name in fits)


def _names(input_format: Format) -> list[Sequence[str]]:
    return [*input_format.columns.values(), input_format.known_by]


def _fits(sample: FileSample, input_format: Format) -> bool:
    if input_format.container != sample.container or (
        sample.container == "csv" and input_format.delimiter != sample.delimiter
    ):
        return False
    try:
        chosen = match_columns(sample.name, sample.header, input_format)
    except DataError:
        return False
    if not set(input_format.columns) - _OPTIONAL <= set(chosen) or not set(input_format.known_by) <= set(sample.header):
        return False
    if (
        input_format.category
        and not input_format.known_by
        and {name for name in sample.header if name} > {sample.header[index] for index in chosen.values()}
    ):
        return False
    dates_read = (
        "date" not in chosen or not input_format.date_formats or _read(sample.column(chosen["date"]), input_format)
    )
    placed = input_format.crs != _crs.LONLAT or not {"longitude", "latitude"} <= set(chosen)
    return dates_read and (
        placed
        or (_degrees(sample.column(chosen["longitude"]), 180) and _degrees(sample.column(chosen["latitude"]), 90))
    )


def _read(texts: Sequence[str], input_format: Format) -> bool:
    filled = list(dict.fromkeys(text for text in texts if text and text not in BLANKS))[:200]
    plain = [pattern for pattern in input_format.date_formats if pattern not in NUMBERS]
    number = looks_like_day_numbers(filled)
    if number and number in input_format.date_formats:
        return True
    # strptime knows no quarters; such patterns are only met in tables, whose names are telling enough.
    if any("%q" in pattern for pattern in plain):
        return bool(filled)
    read = sum(any(is_date(text, pattern) for pattern in plain) for text in filled)
    return bool(filled) and read >= _NEARLY_ALL * len(filled)


def _degrees(texts: Sequence[str], most: float) -> bool:
    filled = [text for text in texts if text and text not in BLANKS]
    good = sum(is_number(text) and abs(float(text)) <= most for text in filled)
    return bool(filled) and good >= _NEARLY_ALL * len(filled)
