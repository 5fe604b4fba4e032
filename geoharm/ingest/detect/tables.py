"""Propose a format for a table that holds no events: an area table, a survey or a list of sites.

As for events, a guess is a text to read and edit, with its evidence and its doubts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from geoharm._validation import nearest_hint, toml_string
from geoharm.dates.detection import detect_date_patterns
from geoharm.errors import DataError
from geoharm.ingest.detect.columns import is_number
from geoharm.ingest.detect.events import FormatGuess, column_lines, format_opening
from geoharm.ingest.detect.sample import read_sample
from geoharm.ingest.formats.input_format import personal_words
from geoharm.ingest.readers.input_files import InputFile

_NAME_PATTERNS = {
    "area": r"code|^area|lsoa|msoa|ward|district|tract|block|geo.?id|fips|^id$|neighbou?rhood",
    "date": r"date|month|quarter|year|period|^time$",
    "category": r"category|type|question|indicator|measure|service|program",
    "value": r"count|number|value|^n$",
    "estimate": r"estimate|percent|proportion|rate|mean|^value$",
    "standard_error": r"std.?err|standard.?error|^se$",
    "low": r"lower|low|lcl|ci_l",
    "high": r"upper|high|ucl|ci_u",
    "n": r"^n$|sample|base|respondents",
    "name": r"name|facility|provider|organi[sz]ation",
    "id": r"^(.*[ _-])?id$|^(facility|site|provider|licen[cs]e).?(no|nr|num|number)$",
    "part": r"name.?2",
    "address": r"address|street",
    "longitude": r"^(lon|lng|long|longitude|x)$",
    "latitude": r"^(lat|latitude|y)$",
}
_FIELDS = {
    "area_table": ("area", "date", "value", "category"),
    "survey": ("area", "date", "category", "estimate", "standard_error", "low", "high", "n"),
    "site": ("longitude", "latitude", "name", "id", "part", "category", "address"),
}
_NUMBER_FIELDS = ("value", "estimate", "standard_error", "low", "high", "n", "longitude", "latitude")
# Headers or values that name a period: a regular expression, the pattern that reads them, and the period's unit.
_PERIODS = (
    (r"^\d{4}-\d{2}$", "%Y-%m", "month"),
    (r"^[A-Z][a-z]{2} \d{4}$", "%b %Y", "month"),
    (r"^[A-Z][a-z]{2}-\d{2}$", "%b-%y", "month"),
    (r"^\d{4} Q[1-4]$", "%Y Q%q", "quarter"),
    (r"^\d{4}-?Q[1-4]$", "%YQ%q", "quarter"),
    (r"^\d{4}$", "%Y", "year"),
)
# What may stand in a format in place of a column.
_OTHER_WAYS = {"date": ", or the one period of the whole table under [date]: period = { start = ..., end = ... }"}
_MIN_PERIODS = 3
_MAX_SYMBOLS_SHOWN = 5


def guess_table(source: InputFile, kind: str) -> FormatGuess:
    """Propose a format for a delimited text file as an area table, a survey or a list of sites.

    Parameters
    ----------
    source : InputFile
    kind : str
        "area_table", "survey" or "site".

    Raises
    ------
    DataError
        If the file is not delimited text, or the kind is not one of these.
    """
    if kind not in _FIELDS:
        msg = f'A format of kind "{kind}" cannot be guessed; {nearest_hint(kind, ("event", *_FIELDS))}'
        raise DataError(msg)
    sample = read_sample(source)
    header, rows = sample.header, sample.rows
    evidence = [f"{len(header)} columns, {sample.container}", *sample.notes]
    undecided: list[str] = []
    wide_period = _wide_period(header) if kind == "area_table" else None
    columns = _choose_columns(kind, header, rows, evidence, wide=wide_period is not None)
    lines = [format_opening(sample, kind), "[columns]", column_lines(sample, columns)]
    is_range = kind == "area_table" and "low" in columns
    needed_fields = {"area_table": ("area",), "survey": ("area", "date", "estimate"), "site": ()}[kind]
    if kind == "area_table" and wide_period is None:
        needed_fields += ("date",) if is_range else ("date", "value")
    if kind == "area_table" and wide_period is None and not is_range:
        other_numbers = [
            toml_string(name)
            for index, name in enumerate(header)
            if index not in columns.values() and _mostly_numbers(rows, index)
        ]
        if other_numbers:
            undecided.append(
                f"value: {', '.join(other_numbers)} hold numbers too; several are named under values.columns"
            )
    undecided += [
        f"{field}: no column was found; name it under [columns]{_OTHER_WAYS.get(field, '')}"
        for field in needed_fields
        if field not in columns
    ]
    if kind == "site" and not {"name", "address", "id"} & set(columns):
        undecided.append("name: no column was found; name it, or that of the address or identifier, under [columns]")
    if kind != "site":
        lines += _area_lines(rows, columns, evidence, undecided)
        lines += _date_lines(rows, columns, wide_period, evidence, undecided)
    if kind == "area_table":
        value_columns = [index for index, name in enumerate(header) if wide_period and re.search(wide_period[0], name)]
        _note_non_numbers(
            rows, value_columns or [columns[field] for field in ("value", "low", "high") if field in columns], undecided
        )
    if kind == "survey":
        lines += ["", "[survey]", 'measured = "percent"', "level = 0.95"]
        undecided.append("what the estimate is (percent, proportion or mean), and the level of its interval")
    undecided.append("the publisher, the licence and the attribution it requires")
    return FormatGuess("\n".join(lines) + "\n", tuple(evidence), tuple(undecided))


def _choose_columns(
    kind: str, header: Sequence[str], rows: Sequence[Sequence[str]], evidence: list[str], *, wide: bool
) -> dict[str, int]:
    """Return the first column that fits each field by its name and, for numbers, by its values."""
    fields = [field for field in _FIELDS[kind] if not (wide and field in ("date", "value"))]
    columns = _fitting_columns(kind, fields, header, rows)
    if kind == "area_table" and not wide:
        ends = [end for field in fields for end in (("low", "high") if field == "value" else (field,))]
        range_columns = _fitting_columns(kind, ends, header, rows)
        columns = range_columns if {"low", "high"} <= set(range_columns) else columns
    evidence += [
        f'{field}: "{header[index]}", by its name and {len(rows):,} values' for field, index in columns.items()
    ]
    return columns


def _fitting_columns(
    kind: str, fields: Sequence[str], header: Sequence[str], rows: Sequence[Sequence[str]]
) -> dict[str, int]:
    columns: dict[str, int] = {}
    for field in fields:
        for index, name in enumerate(header):
            is_service_name = kind == "site" and field in ("name", "part") and personal_words(name) == "name"
            if index in columns.values() or not re.search(_NAME_PATTERNS[field], name.strip(), re.IGNORECASE):
                continue
            if (personal_words(name) and not is_service_name) or (
                field in _NUMBER_FIELDS and not _has_numbers(rows, index, field)
            ):
                continue
            columns[field] = index
            break
    return columns


def _wide_period(header: Sequence[str]) -> tuple[str, str, str] | None:
    """Return the kind of period that at least three headers name, if any."""
    counted = [(sum(re.search(period[0], text.strip()) is not None for text in header), period) for period in _PERIODS]
    count, best = max(counted, key=lambda pair: pair[0])
    return best if count >= _MIN_PERIODS else None


def _area_lines(
    rows: Sequence[Sequence[str]], columns: dict[str, int], evidence: list[str], undecided: list[str]
) -> list[str]:
    """Return an id_width if codes are numbers that may have lost leading zeros or gained a decimal point."""
    if "area" not in columns:
        return []
    codes = {text for row in rows if (text := row[columns["area"]].strip())}
    matches = [re.fullmatch(r"(\d+)(\.0*)?", code) for code in codes]
    widths = {len(match.group(1)) for match in matches if match}
    if not widths or not all(matches):
        return []
    has_points = any("." in code for code in codes)
    if len(widths) == 1 and not has_points:
        return []
    evidence.append(
        f"area: codes are numbers of {min(widths)} to {max(widths)} digits{', with a point' if has_points else ''}"
    )
    undecided.append(
        f"area.id_width: {max(widths)} digits are the longest seen; say how long a code is in the area file"
    )
    return ["", "[area]", f"id_width = {max(widths)}"]


def _date_lines(
    rows: Sequence[Sequence[str]],
    columns: dict[str, int],
    wide_period: tuple[str, str, str] | None,
    evidence: list[str],
    undecided: list[str],
) -> list[str]:
    if wide_period is not None:
        headers, pattern, unit = wide_period
        evidence.append(f"date: headers such as {pattern} name a {unit} each")
        return ["", "[date]", f"headers = '{headers}'", f"formats = [{toml_string(pattern)}]", f'unit = "{unit}"']
    if "date" not in columns:
        return ["", "[date]", "formats = []"]
    values = [text for row in rows if (text := row[columns["date"]].strip())]
    for regex, pattern, unit in _PERIODS:
        if values and all(re.search(regex, value) for value in values):
            return ["", "[date]", f"formats = [{toml_string(pattern)}]", f'unit = "{unit}"']
    if values and all(re.fullmatch(r"\d{1,3}(\.0*)?", value) for value in values):
        undecided.append("date: periods are numbered; say the first day of period 1 (numbered_from) and their unit")
        return ["", "[date]", 'unit = "month"', "# numbered_from = the first day of period 1"]
    patterns, doubts = detect_date_patterns(values)
    undecided += [*doubts, "date.unit: day, week, month, quarter or year"]
    return ["", "[date]", f"formats = [{', '.join(map(toml_string, patterns))}]", 'unit = "month"']


def _note_non_numbers(rows: Sequence[Sequence[str]], columns: Sequence[int], undecided: list[str]) -> None:
    """Report the texts in value columns that are not numbers."""
    symbols = sorted(
        {text for row in rows for index in columns if (text := row[index].strip()) and not is_number(text)}
    )
    if symbols:
        shown = ", ".join(toml_string(symbol) for symbol in symbols[:_MAX_SYMBOLS_SHOWN])
        undecided.append(
            f"values: {shown} are not numbers; if they stand for suppressed numbers, declare them under values.suppressed with the "
            'lowest and highest value they can have, such as { "*" = [1, 4] }; if for missing values, under values.blank'
        )


def _has_numbers(rows: Sequence[Sequence[str]], index: int, field: str) -> bool:
    """Return whether a column is mostly numbers; for counts one number is enough, since most may be suppressed."""
    if field == "value":
        return any(is_number(row[index].strip()) for row in rows)
    return _mostly_numbers(rows, index)


def _mostly_numbers(rows: Sequence[Sequence[str]], index: int) -> bool:
    filled = [text for row in rows if (text := row[index].strip())]
    return bool(filled) and sum(map(is_number, filled)) > 0.5 * len(filled)
