"""The rules of formats that hold no events, and how a table's header meets them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from geoharm.errors import DataError
from geoharm.model.period import Period

UNITS_OF_TIME = ("day", "week", "month", "quarter", "year")
ESTIMATE_KINDS = ("percent", "proportion", "mean")
# The prefix of a column of ``stage`` whose header names the period or category of its values.
VALUE_PREFIX = "="

# The fields that a file must have if its format declares them.
NEEDED_FIELDS: Mapping[str, tuple[str, ...]] = {
    "area_table": ("area", "date", "year", "month", "quarter", "category", "value", "low", "high"),
    "survey": ("area", "date", "year", "month", "quarter", "category", "estimate"),
    "site": ("name", "id", "longitude", "latitude", "latlon"),
    "streets": ("name", "left_from", "left_to", "right_from", "right_to"),
    "addresses": ("address", "street", "longitude", "latitude", "latlon"),
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
    period : Period or None
        The one period of a table without a column of periods.
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
    file_name : str
        A regular expression for the names of files, whose first group is the date of their rows; empty if dates stand in them.
    undated : bool
        Whether the table has no period at all.
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
    # Not in the repr: see `Format.fingerprint`.
    period: Period | None = field(default=None, repr=False)
    file_name: str = field(default="", repr=False)
    undated: bool = field(default=False, repr=False)


NO_RULES = TableRules()


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
