"""Read the texts of area tables and surveys: codes, periods, counts with bounds, estimates with errors.

Each reader returns the value, or a `FieldFault` with the reason why the text has none. Nothing is guessed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import NormalDist

from geoharm.dates.reading import read_date
from geoharm.ingest.formats.input_format import Format
from geoharm.ingest.formats.tables import TableRules
from geoharm.model.period import Period, add_months, first_of_month

EMPTY_REASON = "is empty: missing, not zero"
TOTAL_REASON = "is a sum of areas, not an area"
_MONTHS_PER_UNIT = {"month": 1, "quarter": 3, "year": 12}
_DAYS_PER_UNIT = {"day": 1, "week": 7}
_WHITESPACE = " \t\r\n\u00a0"
_STANDARD_NORMAL = NormalDist()
_FIRST_YEAR, _LAST_YEAR = 1900, 2100


@dataclass(frozen=True, slots=True)
class FieldFault:
    """Why a text cannot be read, as the end of a sentence that begins with the column's name."""

    reason: str


def clean_text(text: str | None, input_format: Format) -> str | None:
    """Return a text without surrounding spaces; None if it is one of the format's blank texts."""
    if text is None:
        return None
    text = text.strip(_WHITESPACE)
    return None if text in {blank.strip(_WHITESPACE) for blank in input_format.blank_texts} else text


def read_code(text: str | None, rules: TableRules) -> str | FieldFault:
    """Return an area's code, corrected only by the format's rule: ``.0`` dropped, leading zeros restored.

    Examples
    --------
    >>> read_code("1001.0", TableRules(id_width=6)), read_code("1001.0", TableRules())
    ('001001', '1001.0')
    """
    if not text:
        return FieldFault("is empty")
    if text in rules.totals:
        return FieldFault(TOTAL_REASON)
    if not rules.id_width:
        return text
    match = re.fullmatch(r"([0-9]+)(?:\.0*)?", text)
    if not match or len(match.group(1)) > rules.id_width:
        return FieldFault(f"is not a whole number of at most {rules.id_width} digits")
    return match.group(1).zfill(rules.id_width)


def read_period(text: str | None, input_format: Format) -> Period | FieldFault:
    """Return the day, week, month, quarter or year that a text names; the one period of the table if it has one.

    A date stands for the period that contains it. A week begins on the date given. ``%q`` in a pattern is the quarter,
    1 to 4.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from pathlib import Path
    >>> from geoharm.ingest.formats.input_format import read_format
    >>> layout = read_format("area-table-csv", Path())
    >>> read_period("2020-02", layout)
    Period(start=datetime.date(2020, 2, 1), end=datetime.date(2020, 3, 1))
    """
    rules = input_format.rules
    if rules.period is not None:
        return rules.period
    if not text:
        return FieldFault("is empty")
    if rules.numbered_from is not None:
        return _numbered_period(text, rules)
    days = {day for pattern in input_format.date_formats if (day := _read_day(text, pattern)) is not None}
    if len(days) != 1:
        several = "is two different dates under the declared formats"
        return FieldFault(several if days else "is not a date of the format " + " or ".join(input_format.date_formats))
    day = days.pop()
    if not _FIRST_YEAR <= day.year < _LAST_YEAR:
        return FieldFault(f"is before {_FIRST_YEAR} or after {_LAST_YEAR - 1}")
    return _period_from(_first_day_of_period(day, rules.unit), rules.unit)


def read_count(text: str | None, rules: TableRules) -> tuple[int, int] | FieldFault:
    """Return the lower and upper bound of a count; the two are equal if the count is exact.

    A number n rounded to the nearest b has the bounds n - b/2 and n + b/2, and the lower bound is never below 0.

    Examples
    --------
    >>> rules = TableRules(suppressed=(("*", 1, 4),), thousands=",")
    >>> read_count("1,204", rules), read_count("*", rules), read_count("0.0", rules)
    ((1204, 1204), (1, 4), (0, 0))
    >>> read_count("10", TableRules(rounded_to=5))
    (8, 12)
    """
    if not text:
        return FieldFault(EMPTY_REASON)
    for symbol, low, high in rules.suppressed:
        if text == symbol:
            return low, high
    number = text
    if rules.thousands and re.fullmatch(rf"[0-9]{{1,3}}({re.escape(rules.thousands)}[0-9]{{3}})+(\.0*)?", text):
        number = text.replace(rules.thousands, "")
    if not re.fullmatch(r"[0-9]{1,15}(\.0*)?", number):
        return FieldFault("is neither a whole number of zero or more nor a declared symbol for a suppressed number")
    value = int(number.split(".")[0])
    if value % rules.rounded_to:
        return FieldFault(f"is not a multiple of {rules.rounded_to}, to which the format says numbers are rounded")
    half_step = rules.rounded_to // 2
    return max(value - half_step, 0), value + half_step


def read_range(low_text: str | None, high_text: str | None, rules: TableRules) -> tuple[int, int] | FieldFault:
    """Return the bounds of a count whose ends stand in two columns: the lower one of the first and the upper one of the second.

    Examples
    --------
    >>> read_range("10", "19", TableRules()), read_range("5", "5", TableRules())
    ((10, 19), (5, 5))
    """
    if not low_text and not high_text:
        return FieldFault(EMPTY_REASON)
    if not low_text or not high_text:
        return FieldFault("and the upper end are not both given")
    low, high = read_count(low_text, rules), read_count(high_text, rules)
    for end in (low, high):
        if isinstance(end, FieldFault):
            return end
    if not isinstance(low, FieldFault) and not isinstance(high, FieldFault) and low[0] <= high[1]:
        return low[0], high[1]
    return FieldFault("is above the upper end")


def read_estimate(
    texts: Mapping[str, str | None], rules: TableRules
) -> tuple[float, float, str] | tuple[str, FieldFault]:
    r"""Return a survey's estimate, its standard error and the source of the error; or the column at fault and the reason.

    The standard error is taken from the first of these that the row has:

    1. the standard error as given;
    2. half the width of the confidence interval, divided by z at its level;
    3. the sample size n: :math:`\sqrt{d\,p(1-p)/n}` with design effect d. Where p is 0 or 1 this would be zero, so
       half the width of Wilson's interval is divided by z instead: :math:`z / (2 (m + z^2))`, m = n/d, z = 1.96.

    References
    ----------
    Wilson (1927), https://doi.org/10.1080/01621459.1927.10502953.
    """
    numbers = {field: _finite_number(text) for field, text in texts.items() if text is not None}
    for field, number in numbers.items():
        if number is None:
            return field, FieldFault("is not a number")
    estimate = numbers.get("estimate")
    if estimate is None:
        return "estimate", FieldFault(EMPTY_REASON)
    maximum = {"percent": 100.0, "proportion": 1.0}.get(rules.estimate_kind, math.inf)
    if rules.estimate_kind != "mean" and not 0 <= estimate <= maximum:
        return "estimate", FieldFault(f"is not a {rules.estimate_kind}: it does not lie between 0 and {maximum:g}")
    error, low, high, n = (numbers.get(field) for field in ("standard_error", "low", "high", "n"))
    if error is not None:
        result = _from_standard_error(estimate, error)
    elif low is not None and high is not None:
        result = _from_interval(estimate, low, high, rules)
    elif n is not None:
        result = _from_sample_size(estimate, n, maximum, rules)
    else:
        result = "estimate", FieldFault("has no standard error, confidence interval or sample size")
    return result


def _from_standard_error(estimate: float, error: float) -> tuple[float, float, str] | tuple[str, FieldFault]:
    if error <= 0:
        return "standard_error", FieldFault("is not above 0")
    return estimate, error, "standard error"


def _from_interval(
    estimate: float, low: float, high: float, rules: TableRules
) -> tuple[float, float, str] | tuple[str, FieldFault]:
    if not low <= estimate <= high or low == high:
        return "low", FieldFault("and the upper bound do not enclose the estimate")
    z = _STANDARD_NORMAL.inv_cdf(0.5 + rules.level / 2)
    return estimate, (high - low) / (2 * z), "confidence interval"


def _from_sample_size(
    estimate: float, n: float, maximum: float, rules: TableRules
) -> tuple[float, float, str] | tuple[str, FieldFault]:
    if n < 1 or n != int(n):
        return "n", FieldFault("is not a whole number of 1 or more")
    proportion, effective_n = estimate / maximum, n / rules.design_effect
    error = math.sqrt(proportion * (1 - proportion) / effective_n)
    if error == 0:
        z = _STANDARD_NORMAL.inv_cdf(0.975)
        error = z / (2 * (effective_n + z * z))
    return estimate, error * maximum, "sample size"


def _finite_number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _numbered_period(text: str, rules: TableRules) -> Period | FieldFault:
    match = re.fullmatch(r"([0-9]{1,5})(?:\.0*)?", text)
    if not match or int(match.group(1)) < 1 or rules.numbered_from is None:
        return FieldFault("is not the number of a period: 1, 2, 3 and so on")
    periods_before = int(match.group(1)) - 1
    if rules.unit in _MONTHS_PER_UNIT:
        months = periods_before * _MONTHS_PER_UNIT[rules.unit]
        if rules.numbered_from.year + months / 12 >= _LAST_YEAR:
            return FieldFault(f"is after {_LAST_YEAR - 1}")
        return _period_from(add_months(rules.numbered_from, months), rules.unit)
    return _period_from(rules.numbered_from + timedelta(days=periods_before * _DAYS_PER_UNIT[rules.unit]), rules.unit)


def _first_day_of_period(day: date, unit: str) -> date:
    if unit in _DAYS_PER_UNIT:
        return day
    months = _MONTHS_PER_UNIT[unit]
    return first_of_month(day).replace(month=(day.month - 1) // months * months + 1)


def _period_from(start: date, unit: str) -> Period:
    end = (
        add_months(start, _MONTHS_PER_UNIT[unit])
        if unit in _MONTHS_PER_UNIT
        else start + timedelta(days=_DAYS_PER_UNIT[unit])
    )
    return Period(start, end)


def _read_day(text: str, pattern: str) -> date | None:
    moment = read_date(text, pattern)
    return moment.date() if moment else None
