"""What a format may declare for area tables, surveys, sites and street lines."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from geoharm._validation import TomlTable
from geoharm.errors import DataError

UNITS_OF_TIME = ("day", "week", "month", "quarter", "year")
ESTIMATE_KINDS = ("percent", "proportion", "mean")
# The prefix of a column of ``stage`` whose header names the period or category of its values.
VALUE_PREFIX = "="

_DATE_FIELDS = ("date", "year", "month", "quarter")
KIND_FIELDS: Mapping[str, tuple[str, ...]] = {
    "area_table": ("area", *_DATE_FIELDS, "category", "value"),
    "survey": ("area", *_DATE_FIELDS, "category", "estimate", "standard_error", "low", "high", "n"),
    "site": ("name", "part", "category", "address", "longitude", "latitude", "latlon"),
    "streets": (),
}
NEEDED_FIELDS: Mapping[str, tuple[str, ...]] = {
    "area_table": KIND_FIELDS["area_table"],
    "survey": ("area", *_DATE_FIELDS, "category", "estimate"),
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
    """The rules of area tables and surveys, besides the names of their columns.

    Attributes
    ----------
    area : str
        The only area of a table without a column of areas; empty otherwise.
    id_width : int
        Codes are whole numbers of so many digits: ``.0`` is dropped and lost leading zeros are restored. 0 leaves
        codes unchanged.
    totals : tuple of str
        Codes that stand for sums of areas; their rows are rejected.
    unit : str
        One of `UNITS_OF_TIME`: a date stands for the period of that length that contains it.
    numbered_from : date or None
        First day of period 1, where periods are numbered.
    headers : str
        Of a wide table: a regular expression for the headers of the value columns. The header, or its first group, is
        the date.
    value_columns : tuple of (header, category)
        Of a table with one column for each category.
    suppressed : tuple of (text, low, high)
        Texts that stand for a suppressed number, with the number's lower and upper bound.
    thousands : str
        The thousands separator; empty if there is none.
    rounded_to : int
        Numbers are rounded to the nearest multiple of this; 1 if they are exact.
    estimate_kind, estimate_unit : str
        What a survey estimates (one of `ESTIMATE_KINDS`), and its unit.
    level : float
        Of a survey's confidence intervals.
    design_effect : float
        Ratio of a survey's variance to that of a simple random sample; used if only the sample size is known.
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
    estimate_kind: str = "percent"
    estimate_unit: str = "percent"
    level: float = 0.95
    design_effect: float = 1.0


NO_RULES = TableRules()


def read_rules(name: str, kind: str, tables: Mapping[str, Any], problems: list[str]) -> TableRules:
    """Return the rules of a format that holds no events.

    Parameters
    ----------
    name : str
        Of the format.
    kind : str
        A key of `KIND_FIELDS`.
    tables : mapping
        The content of the format's TOML file.
    problems : list of str
        Every mistake is added to it.
    """
    root = TomlTable(dict(tables), name, problems)
    format_table, columns = root.table("format", needed=False), root.table("columns", needed=False)
    format_table.text("container", "csv", choices=_CONTAINERS[kind])
    if kind == "site":
        _check_site(root, columns)
    if kind not in ("area_table", "survey"):
        return NO_RULES
    area_table, date_table = root.table("area", needed=False), root.table("date", needed=False)
    values_table, survey_table = root.table("values", needed=False), root.table("survey", needed=False)
    headers, value_columns = date_table.text("headers", "-"), _value_columns(values_table)
    if headers != "-":
        _check_regex(date_table, headers)
    if ("area" in columns) == ("constant" in area_table):
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
    elif ("value" in columns) + ("headers" in date_table) + ("columns" in values_table) != 1:
        problems.append(
            f"{name}: say where the values are: one column (columns.value), one column per category (values.columns), "
            "or one column per period (date.headers)."
        )
    _check_date_source(name, columns, date_table, problems)
    measured = survey_table.text("measured", "percent", choices=ESTIMATE_KINDS)
    if measured == "mean" and "n" in columns:
        problems.append(
            f"{name}: columns.n gives the error of a percent or proportion, not of a mean; name standard_error."
        )
    return TableRules(
        area=area_table.text("constant", "-").removeprefix("-"),
        id_width=area_table.integer("id_width", 0),
        totals=area_table.texts("totals", ()),
        unit=date_table.text("unit", "month", choices=UNITS_OF_TIME),
        numbered_from=date_table.day("numbered_from") if "numbered_from" in date_table else None,
        headers=headers if headers != "-" else "",
        value_columns=value_columns,
        suppressed=_suppressed(values_table),
        thousands=values_table.text("thousands", "-").removeprefix("-"),
        rounded_to=values_table.integer("rounded_to", 1, least=1),
        estimate_kind=measured,
        estimate_unit=survey_table.text("unit", measured),
        level=survey_table.number("level", 0.95, least=0.5, most=0.999),
        design_effect=survey_table.number("design_effect", 1.0, least=1.0),
    )


def value_fields(name: str, header: Sequence[str], rules: TableRules) -> dict[str, int]:
    """Return the value columns of a table that has several, as fields ``=HEADER`` with their positions.

    Raises
    ------
    DataError
        If there is none, a declared one is missing, or two have the same header.
    """
    if rules.headers:
        matching = [(text, index) for index, text in enumerate(header) if re.search(rules.headers, text)]
        if not matching:
            shown = ", ".join(f'"{text}"' for text in header[:20])
            msg = f'The file "{name}" has no column whose header fits date.headers, "{rules.headers}"; its header is {shown}.'
            raise DataError(msg)
    else:
        wanted = [text for text, _ in rules.value_columns]
        matching = [(text, index) for index, text in enumerate(header) if text in wanted]
        missing = [text for text in wanted if text not in header]
        if missing:
            msg = f'The file "{name}" lacks the column "{missing[0]}", which its format names under values.columns.'
            raise DataError(msg)
    repeated = [text for text, _ in matching if header.count(text) > 1]
    if repeated:
        msg = f'The header of "{name}" has the column "{repeated[0]}" more than once.'
        raise DataError(msg)
    return {f"{VALUE_PREFIX}{text}": index for text, index in matching}


def _check_date_source(name: str, columns: TomlTable, date_table: TomlTable, problems: list[str]) -> None:
    """Check that exactly one source of the date is declared, and patterns to read it."""
    declared = ("date" in columns) + ("year" in columns) + ("headers" in date_table)
    if declared != 1:
        problems.append(
            f"{name}: give the date in one way only: columns.date, columns.year (with month or quarter), or date.headers."
        )
    if "numbered_from" in date_table:
        if "formats" in date_table or "date" not in columns:
            problems.append(
                f"{name}: date.numbered_from needs a columns.date that holds 1, 2, 3 ..., and no date.formats."
            )
        return
    formats = date_table.texts("formats", ())
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
    has_columns = root.content.get("format", {}).get("container", "csv") in ("csv", "excel")
    if has_columns and "latlon" not in columns and not {"longitude", "latitude", "address"} & set(columns.content):
        root.problems.append(
            f"{root.where}: a site needs a place: name longitude and latitude, latlon, or address under columns."
        )
    if ("longitude" in columns) != ("latitude" in columns):
        root.problems.append(f"{root.where}: longitude and latitude go together under columns.")


def _check_regex(date_table: TomlTable, pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        date_table.refuse("headers", f"is not a regular expression: {error}.")


def _value_columns(values: TomlTable) -> tuple[tuple[str, str], ...]:
    content = values.content.get("columns", {})
    if not isinstance(content, dict) or not all(isinstance(text, str) and text for text in content.values()):
        values.refuse("columns", 'must give each header its category, such as { drug_n = "drug incidents" }.')
        return ()
    return tuple(content.items())


def _suppressed(values: TomlTable) -> tuple[tuple[str, int, int], ...]:
    content = values.content.get("suppressed", {})
    pairs: list[tuple[str, Any]] = list(content.items()) if isinstance(content, dict) else [("", None)]
    rules = []
    for symbol, pair in pairs:
        is_valid = isinstance(pair, list) and len(pair) == 2 and all(type(bound) is int for bound in pair)
        if not is_valid or not 0 <= pair[0] <= pair[1]:
            values.refuse(
                "suppressed",
                'must give each symbol the lowest and highest number it can stand for, such as { "*" = [1, 4] }.',
            )
            return ()
        rules.append((symbol.strip(), pair[0], pair[1]))
    return tuple(rules)
