"""Resolves the formats of area tables, surveys and sites: what keys must be together, and the rules that follow."""

from __future__ import annotations

import re

from geoharm._rules import shortened
from geoharm._schema import Mistakes
from geoharm.dates.patterns import pattern_problem
from geoharm.dates.reading import NUMERIC_PATTERNS
from geoharm.errors import DesignError
from geoharm.ingest.formats.schema import (
    AddressesFormat,
    AreaDateTable,
    AreaTable,
    AreaTableFormat,
    SiteFormat,
    StreetsFormat,
    SurveyDateTable,
    SurveyFormat,
    TableFormat,
)
from geoharm.ingest.formats.tables import NO_RULES, TableRules
from geoharm.model.period import Period


def resolve_rules(table_format: TableFormat, mistakes: Mistakes) -> TableRules:
    """Return the rules of a format that holds no events; mistakes are added."""
    if isinstance(table_format, SiteFormat):
        _check_site(table_format, mistakes)
    if isinstance(table_format, AddressesFormat):
        _check_addresses(table_format, mistakes)
    if isinstance(table_format, StreetsFormat):
        _check_streets(table_format, mistakes)
    if isinstance(table_format, SiteFormat | StreetsFormat | AddressesFormat):
        return NO_RULES
    _check_area(table_format, mistakes)
    _check_date_source(table_format, mistakes)
    if isinstance(table_format, SurveyFormat):
        return _survey_rules(table_format, mistakes)
    return _area_table_rules(table_format, mistakes)


def _area_table_rules(table_format: AreaTableFormat, mistakes: Mistakes) -> TableRules:
    date, values = table_format.date, table_format.values
    columns = table_format.columns
    is_range = columns.low is not None or columns.high is not None
    if (columns.value is not None) + is_range + (date.headers is not None) + (values.columns is not None) != 1:
        mistakes.add(
            (),
            "say where the values are: one column (columns.value), two with the ends of a range (columns.low and columns.high), "
            "one column per category (values.columns), or one column per period (date.headers).",
        )
    if is_range and (columns.low is None or columns.high is None):
        mistakes.add(("columns",), "low and high go together: they are the two ends of a range.")
    if date.headers is not None:
        try:
            re.compile(date.headers)
        except re.error as error:
            mistakes.refuse(("date",), "headers", f"is not a regular expression: {error}.")
    return TableRules(
        area=table_format.area.constant or "",
        id_width=table_format.area.id_width,
        totals=tuple(table_format.area.totals),
        unit=date.unit,
        numbered_from=date.numbered_from,
        period=_one_period(date, mistakes),
        file_name=date.file_name or "",
        undated=date.undated,
        headers=date.headers or "",
        value_columns=tuple((values.columns or {}).items()),
        suppressed=tuple((symbol.strip(), pair[0], pair[1]) for symbol, pair in values.suppressed.items()),
        thousands=values.thousands,
        rounded_to=values.rounded_to,
    )


def _survey_rules(table_format: SurveyFormat, mistakes: Mistakes) -> TableRules:
    columns, survey, date = table_format.columns, table_format.survey, table_format.date
    has_interval = columns.low is not None and columns.high is not None
    if columns.standard_error is None and columns.n is None and not has_interval:
        mistakes.add(("columns",), "an estimate needs its error: name standard_error, or low and high, or n.")
    if survey.measured == "mean" and columns.n is not None:
        rule = "gives the error of a percent or proportion, not of a mean; name standard_error."
        mistakes.refuse(("columns",), "n", rule)
    return TableRules(
        area=table_format.area.constant or "",
        id_width=table_format.area.id_width,
        totals=tuple(table_format.area.totals),
        unit=date.unit,
        numbered_from=date.numbered_from,
        period=_one_period(date, mistakes),
        file_name=date.file_name or "",
        undated=date.undated,
        estimate_kind=survey.measured,
        estimate_unit=survey.unit or survey.measured,
        level=survey.level,
        design_effect=survey.design_effect,
    )


def _check_area(table_format: AreaTableFormat | SurveyFormat, mistakes: Mistakes) -> None:
    area: AreaTable = table_format.area
    if (table_format.columns.area is not None) == (area.constant is not None):
        mistakes.add((), "name the column of area codes (columns.area), or the one area (area.constant); not both.")


def _check_date_source(table_format: AreaTableFormat | SurveyFormat, mistakes: Mistakes) -> None:
    """Check that exactly one source of the date is declared, and patterns to read it."""
    columns, date = table_format.columns, table_format.date
    headers = date.headers if isinstance(date, AreaDateTable) else None
    ways = (columns.date, columns.year, headers, date.period, date.file_name, date.undated or None)
    if sum(way is not None for way in ways) != 1:
        mistakes.add(
            (),
            "give the date in one way only: columns.date, columns.year (with month or quarter), date.headers, date.file_name, "
            "date.period, or undated = true under [date] if the table has none.",
        )
    _check_file_name(date, mistakes)
    if date.numbered_from is not None:
        if date.formats or columns.date is None:
            mistakes.refuse(
                ("date",), "numbered_from", "needs a columns.date that holds 1, 2, 3 ..., and no date.formats."
            )
        return
    if date.period is not None or date.undated:
        if date.formats:
            why = "the table has no period" if date.undated else "the whole table has one period, date.period"
            mistakes.refuse(("date",), "formats", f"cannot be used: {why}.")
        return
    _check_patterns(date, mistakes)


def _check_file_name(date: SurveyDateTable, mistakes: Mistakes) -> None:
    """Check that the regular expression for the names of files is one, and has a group."""
    if date.file_name is None:
        return
    try:
        groups = re.compile(date.file_name).groups
    except re.error as error:
        mistakes.refuse(("date",), "file_name", f"is not a regular expression: {error}.")
        return
    if not groups:
        rule = "has no group; put the date into brackets, such as calls-([0-9]{4})."
        mistakes.refuse(("date",), "file_name", rule)


def _one_period(date: SurveyDateTable, mistakes: Mistakes) -> Period | None:
    """Return the one period of a table; None if its rows have theirs, or after a mistake."""
    if date.period is None or not mistakes.is_sound("date", "period"):
        return None
    try:
        return Period(date.period.start, date.period.end)
    except DesignError as error:
        mistakes.add(("date", "period"), str(error))
        return None


def _check_patterns(date: SurveyDateTable, mistakes: Mistakes) -> None:
    if not mistakes.is_sound("date", "formats"):
        return
    if not date.formats:
        mistakes.add(("date",), 'formats is missing; list patterns such as "%Y-%m" or "%Y Q%q" (%q is the quarter).')
    for pattern in date.formats:
        problem = pattern_problem(pattern)
        if not problem and not re.search("%[Yy]", pattern) and pattern not in NUMERIC_PATTERNS:
            problem = 'names no year; write a pattern such as "%Y-%m".'
        if problem:
            mistakes.add(("date",), f'formats has "{shortened(pattern)}", which {problem}')


def _check_site(site: SiteFormat, mistakes: Mistakes) -> None:
    columns = site.columns
    if columns.name is None and columns.address is None and columns.id is None:
        mistakes.add(("columns",), "a site needs a name: name the column of its name, its address or its identifier.")
    places = (columns.latlon, columns.longitude, columns.latitude, columns.address)
    if site.format.container in ("csv", "excel") and all(place is None for place in places):
        mistakes.add(("columns",), "a site needs a place: name longitude and latitude, latlon, or address.")
    if (columns.longitude is None) != (columns.latitude is None):
        mistakes.add(("columns",), "longitude and latitude go together.")


def _check_addresses(addresses: AddressesFormat, mistakes: Mistakes) -> None:
    columns = addresses.columns
    if (columns.address is None) == (columns.street is None):
        mistakes.add(
            ("columns",), "name the column of the whole address (address), or of the street (street); not both."
        )
    if columns.number is not None and columns.street is None:
        mistakes.add(("columns",), "number goes with street.")
    if addresses.format.container in ("csv", "excel", "json") and all(
        place is None for place in (columns.latlon, columns.longitude, columns.latitude)
    ):
        mistakes.add(("columns",), "an address needs its place: name longitude and latitude, or latlon.")
    if (columns.longitude is None) != (columns.latitude is None):
        mistakes.add(("columns",), "longitude and latitude go together.")


def _check_streets(streets: StreetsFormat, mistakes: Mistakes) -> None:
    columns = streets.columns
    numbers = (columns.left_from, columns.left_to, columns.right_from, columns.right_to)
    if any(number is not None for number in numbers) and (columns.name is None or None in numbers):
        mistakes.add(("columns",), "house numbers need name, left_from, left_to, right_from and right_to.")
