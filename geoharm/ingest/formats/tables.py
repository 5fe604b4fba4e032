"""What a format may declare beside events: area tables, surveys, sites and street lines, with their own rules."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from geoharm._validation import TomlTable
from geoharm.errors import DataError

UNITS_OF_TIME = ("day", "week", "month", "quarter", "year")
MEASURED = ("percent", "proportion", "mean")
# Marks a column of ``stage`` whose header says what its values are of: a period or a category.
VALUE = "="

_WHEN = ("date", "year", "month", "quarter")
KIND_FIELDS: Mapping[str, tuple[str, ...]] = {
    "area_table": ("area", *_WHEN, "category", "value"),
    "survey": ("area", *_WHEN, "category", "estimate", "standard_error", "low", "high", "n"),
    "site": ("name", "part", "category", "address", "longitude", "latitude", "latlon"),
    "streets": (),
}
NEEDED_FIELDS: Mapping[str, tuple[str, ...]] = {
    "area_table": KIND_FIELDS["area_table"],
    "survey": ("area", *_WHEN, "category", "estimate"),
    "site": ("name", "longitude", "latitude", "latlon"),
    "streets": (),
}
_CONTAINERS: Mapping[str, tuple[str, ...]] = {
    "area_table": ("csv", "excel", "parquet"),
    "survey": ("csv", "excel", "parquet"),
    "site": ("csv", "excel", "parquet", "geojson", "vector"),
    "streets": ("geojson", "vector"),
}
_FILE_KEYS = {"format": None, "csv": None, "zip": None, "excel": None}
_AREA_KEYS = {"constant", "id_width", "totals"}
_DATE_KEYS = {"formats", "unit", "numbered_from"}
KIND_KEYS: Mapping[str, Mapping[str, set[str] | None]] = {
    "area_table": {
        **_FILE_KEYS,
        "columns": set(KIND_FIELDS["area_table"]),
        "category": {"constant", "map"},
        "area": _AREA_KEYS,
        "date": {*_DATE_KEYS, "headers"},
        "values": {"blank", "suppressed", "thousands", "rounded_to", "columns"},
    },
    "survey": {
        **_FILE_KEYS,
        "columns": set(KIND_FIELDS["survey"]),
        "category": {"constant", "map"},
        "area": _AREA_KEYS,
        "date": _DATE_KEYS,
        "values": {"blank"},
        "survey": {"measured", "unit", "level", "design_effect"},
    },
    "site": {
        **_FILE_KEYS,
        "columns": set(KIND_FIELDS["site"]),
        "category": {"constant", "map"},
        "location": None,
        "values": {"blank"},
    },
    "streets": {"format": None, "zip": None},
}


@dataclass(frozen=True, slots=True)
class TableRules:
    """What area tables and surveys say beside the names of their columns.

    Attributes
    ----------
    area : str
        The one area of a table without a column for it; empty otherwise.
    id_width : int
        Codes are whole numbers of so many digits: ``.0`` is dropped and lost leading zeros are put back. 0 leaves
        codes as they are.
    totals : tuple of str
        Codes that stand for sums of areas; their rows are rejected.
    unit : str
        One of `UNITS_OF_TIME`: a date names the period of that length that holds it.
    numbered_from : date or None
        First day of period 1, where periods are numbered.
    headers : str
        Of a wide table: a regular expression that finds the columns of values; the header (or its first group) is the
        date.
    value_columns : tuple of (header, category)
        Of a table with a column for each category.
    suppressed : tuple of (text, low, high)
        What stands for a number that was taken out, and between which two it lies.
    thousands : str
        The sign between thousands; empty if there is none.
    rounded_to : int
        Numbers are rounded to the nearest multiple of it; 1 if they are exact.
    measured, measured_unit : str
        What a survey estimates (one of `MEASURED`), and its unit.
    level : float
        Of a survey's confidence intervals.
    design_effect : float
        By how much a survey's variance exceeds a simple random sample's, where only the sample size is known.
    """

    area: str = ""
    id_width: int = 0
    totals: tuple[str, ...] = ()
    unit: str = "month"
    numbered_from: date | None = None
    headers: str = ""
    value_columns: tuple[tuple[str, str], ...] = ()
    suppressed: tuple[tuple[str, int, int], ...] = ()
    thousands: str = ""
    rounded_to: int = 1
    measured: str = "percent"
    measured_unit: str = "percent"
    level: float = 0.95
    design_effect: float = 1.0


NO_RULES = TableRules()


def read_rules(name: str, kind: str, tables: Mapping[str, Any], problems: list[str]) -> TableRules:
    """Return the rules of a format that holds no events; every mistake is added to `problems`."""
    root = TomlTable(dict(tables), name, problems)
    about, columns = root.table("format", needed=False), root.table("columns", needed=False)
    about.text("container", "csv", choices=_CONTAINERS[kind])
    if kind == "site":
        _check_site(root, columns)
    if kind not in ("area_table", "survey"):
        return NO_RULES
    area, when = root.table("area", needed=False), root.table("date", needed=False)
    values, survey = root.table("values", needed=False), root.table("survey", needed=False)
    headers, value_columns = when.text("headers", "-"), _value_columns(values)
    if headers != "-":
        _check_pattern(when, headers)
    if ("area" in columns) == ("constant" in area):
        problems.append(
            f"{name}: name the column of area codes (columns.area), or the one area (area.constant); not both."
        )
    if kind == "survey":
        if "estimate" not in columns:
            problems.append(f"{name}: columns.estimate is missing; it names the header of a needed column.")
        if not {"standard_error", "n"} & set(columns.content) and not {"low", "high"} <= set(columns.content):
            problems.append(
                f"{name}: an estimate needs its error: name standard_error, or low and high, or n under columns."
            )
    elif ("value" in columns) + ("headers" in when) + ("columns" in values) != 1:
        problems.append(
            f"{name}: say where the values stand: one column (columns.value), one column a category (values.columns), "
            "or one column a period (date.headers)."
        )
    _check_when(name, columns, when, problems)
    measured = survey.text("measured", "percent", choices=MEASURED)
    if measured == "mean" and "n" in columns:
        problems.append(
            f"{name}: columns.n gives the error of a percent or proportion, not of a mean; name standard_error."
        )
    return TableRules(
        area=area.text("constant", "-").removeprefix("-"),
        id_width=area.integer("id_width", 0),
        totals=area.texts("totals", ()),
        unit=when.text("unit", "month", choices=UNITS_OF_TIME),
        numbered_from=when.day("numbered_from") if "numbered_from" in when else None,
        headers=headers if headers != "-" else "",
        value_columns=value_columns,
        suppressed=_suppressed(values),
        thousands=values.text("thousands", "-").removeprefix("-"),
        rounded_to=values.integer("rounded_to", 1, least=1),
        measured=measured,
        measured_unit=survey.text("unit", measured),
        level=survey.number("level", 0.95, least=0.5, most=0.999),
        design_effect=survey.number("design_effect", 1.0, least=1.0),
    )


def value_fields(name: str, header: Sequence[str], rules: TableRules) -> dict[str, int]:
    """Return the columns of values of a table that has several, as fields ``=HEADER`` with their positions.

    Raises
    ------
    DataError
        If none is there, a declared one is missing, or two have the same header.
    """
    if rules.headers:
        found = [(text, index) for index, text in enumerate(header) if re.search(rules.headers, text)]
        if not found:
            shown = ", ".join(f'"{text}"' for text in header[:20])
            msg = f'The file "{name}" has no column whose header fits date.headers, "{rules.headers}"; its header is {shown}.'
            raise DataError(msg)
    else:
        wanted = [text for text, _ in rules.value_columns]
        found = [(text, index) for index, text in enumerate(header) if text in wanted]
        missing = [text for text in wanted if text not in header]
        if missing:
            msg = f'The file "{name}" lacks the column "{missing[0]}", which its format names under values.columns.'
            raise DataError(msg)
    twice = [text for text, _ in found if header.count(text) > 1]
    if twice:
        msg = f'The header of "{name}" has the column "{twice[0]}" more than once.'
        raise DataError(msg)
    return {f"{VALUE}{text}": index for text, index in found}


def _check_when(name: str, columns: TomlTable, when: TomlTable, problems: list[str]) -> None:
    """Check that there is one way to say when, and a pattern to read it with."""
    ways = ("date" in columns) + ("year" in columns) + ("headers" in when)
    if ways != 1:
        problems.append(
            f"{name}: say when once: columns.date, or columns.year (with month or quarter), or date.headers."
        )
    if "numbered_from" in when:
        if "formats" in when or "date" not in columns:
            problems.append(
                f"{name}: date.numbered_from goes with columns.date that holds 1, 2, 3 ... and without date.formats."
            )
        return
    formats = when.texts("formats", ())
    if not formats:
        problems.append(
            f'{name}: date.formats is missing; list patterns such as "%Y-%m" or "%Y Q%q" (%q is the quarter).'
        )
    problems += [
        f'{name}: date.formats has "{pattern}", which names no year; write a pattern such as "%Y-%m".'
        for pattern in formats
        if not re.search("%[Yy]", pattern)
    ]


def _check_site(root: TomlTable, columns: TomlTable) -> None:
    if "name" not in columns:
        root.problems.append(f"{root.where}: columns.name is missing; it names the header of a needed column.")
    csv_like = root.content.get("format", {}).get("container", "csv") in ("csv", "excel")
    if csv_like and "latlon" not in columns and not {"longitude", "latitude", "address"} & set(columns.content):
        root.problems.append(
            f"{root.where}: a site needs a place: name longitude and latitude, latlon, or address under columns."
        )
    if ("longitude" in columns) != ("latitude" in columns):
        root.problems.append(f"{root.where}: longitude and latitude go together under columns.")


def _check_pattern(when: TomlTable, pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        when.refuse("headers", f"is no regular expression: {error}.")


def _value_columns(values: TomlTable) -> tuple[tuple[str, str], ...]:
    content = values.content.get("columns", {})
    if not isinstance(content, dict) or not all(isinstance(text, str) and text for text in content.values()):
        values.refuse("columns", 'must give each header its category, such as { drug_n = "drug incidents" }.')
        return ()
    return tuple(content.items())


def _suppressed(values: TomlTable) -> tuple[tuple[str, int, int], ...]:
    content = values.content.get("suppressed", {})
    pairs: list[tuple[str, Any]] = list(content.items()) if isinstance(content, dict) else [("", None)]
    found = []
    for text, pair in pairs:
        whole = isinstance(pair, list) and len(pair) == 2 and all(type(end) is int for end in pair)
        if not whole or not 0 <= pair[0] <= pair[1]:
            values.refuse(
                "suppressed", 'must give each sign the least and the most it can stand for, such as { "*" = [1, 4] }.'
            )
            return ()
        found.append((text.strip(), pair[0], pair[1]))
    return tuple(found)
