"""Days of events from a column of dates: dates, times with or without a zone, months, and texts in the ISO form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geoharm._text import shown
from geoharm.errors import DataError

_MONTH, _YEAR = re.compile(r"\d{4}-\d{2}"), re.compile(r"\d{4}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:Z|[+-]\d{2}:?\d{2})?)?")
_PARSE = 'read them first, for instance with pandas.to_datetime(events["{column}"], format="%d/%m/%Y")'
# The first letters of the frequencies of pandas periods.
_PRECISION_OF_FREQUENCY = {"Y": "year", "A": "year", "M": "month"}


@dataclass(frozen=True, slots=True)
class Days:
    """The days of a column.

    Attributes
    ----------
    day : ndarray of datetime64[D], shape (n,)
        NaT where there is no date; the first day of the month or year if `precision` is "month" or "year".
    precision : str
        "moment", "day", "month" or "year".
    notes : list of str
        How a day was read from a time, where that is a choice.
    """

    day: NDArray[np.datetime64]
    precision: str
    notes: list[str]


def read_days(values: pd.Series[Any], *, column: str) -> Days:
    """Return the day of every value of a column.

    - A time without a zone: its day.
    - A time with a zone: the day on the clock of that zone.
    - A period of pandas, or texts such as "2022-01" or "2022": the month or the year.
    - Texts such as "2022-01-31" or "2022-01-31T23:10": that day.

    Parameters
    ----------
    values : Series
    column : str
        Its name, for sentences.

    Raises
    ------
    DataError
        For numbers, for texts of another form, and for months beside days.
    """
    if isinstance(values.dtype, pd.PeriodDtype):
        return _from_periods(values, column)
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return _from_moments(values.dt.tz_localize(None), [_zone_note(str(values.dtype.tz), column)])
    if pd.api.types.is_datetime64_dtype(values.dtype):
        return _from_moments(values, [])
    if pd.api.types.is_numeric_dtype(values.dtype) and not values.isna().all():
        msg = f'The column "{shown(column)}" holds numbers ({values.dropna().iloc[0]}), not dates; {_parse(column)}.'
        raise DataError(msg)
    return _from_objects(values, column)


def _from_periods(values: pd.Series[Any], column: str) -> Days:
    frequency = str(values.dtype).removeprefix("period[").removesuffix("]")
    precision = next((unit for letter, unit in _PRECISION_OF_FREQUENCY.items() if frequency.startswith(letter)), "day")
    if precision == "day" and frequency != "D":
        msg = f'The periods in "{shown(column)}" are of the frequency {frequency}; days, months or years are needed.'
        raise DataError(msg)
    return Days(values.dt.start_time.to_numpy().astype("datetime64[D]"), precision, [])


def _from_moments(values: pd.Series[Any], notes: list[str]) -> Days:
    moments = values.to_numpy()
    day = moments.astype("datetime64[D]")
    has_time = bool((moments[~np.isnat(day)] != day[~np.isnat(day)]).any())
    return Days(day, "moment" if has_time else "day", notes)


def _from_objects(values: pd.Series[Any], column: str) -> Days:
    missing = values.isna().to_numpy()
    items = [item for item, is_missing in zip(values, missing, strict=True) if not is_missing]
    blank = np.array([isinstance(item, str) and not item.strip() for item in items], dtype=bool)
    items = [item for item, is_blank in zip(items, blank, strict=True) if not is_blank]
    has_date = ~missing
    has_date[np.flatnonzero(has_date)[blank]] = False
    day = np.full(len(values), "NaT", dtype="datetime64[D]")
    if not items:
        return Days(day, "day", [])
    if all(isinstance(item, str) for item in items):
        texts = [item.strip() for item in items]
        for pattern, precision, rest in ((_MONTH, "month", "-01"), (_YEAR, "year", "-01-01")):
            if all(pattern.fullmatch(text) for text in texts):
                return Days(
                    _placed(day, has_date, [_day_of_text(text + rest, column) for text in texts]), precision, []
                )
        bad = [text for text in texts if not _MOMENT.fullmatch(text)]
        if bad:
            if any(pattern.fullmatch(bad[0]) for pattern in (_MONTH, _YEAR)):
                msg = f'The column "{shown(column)}" holds days and months ("{bad[0]}"); keep one kind, since a month is no day.'
            else:
                msg = f'The column "{shown(column)}" holds {len(bad):,} texts that are no date such as "2022-01-31", the first "{shown(bad[0], most=40)}"; {_parse(column)}.'
            raise DataError(msg)
        days = [_day_of_text(text[:10], column) for text in texts]
        zoned = any(re.search(r"(?:Z|[+-]\d{2}:?\d{2})$", text[10:]) for text in texts)
        precision = "moment" if any(len(text) > len("2022-01-31") for text in texts) else "day"
        return Days(_placed(day, has_date, days), precision, [_zone_note("each text", column)] if zoned else [])
    if not all(isinstance(item, date) for item in items):
        kinds = ", ".join(sorted({type(item).__name__ for item in items}))
        msg = f'The column "{shown(column)}" holds {kinds}; dates, times or texts such as "2022-01-31" are needed.'
        raise DataError(msg)
    times = [item for item in items if isinstance(item, datetime)]
    days = [item.date() if isinstance(item, datetime) else item for item in items]
    has_time = any((item.hour, item.minute, item.second) != (0, 0, 0) for item in times)
    zoned = any(item.tzinfo is not None for item in times)
    notes = [_zone_note("each value", column)] if zoned else []
    return Days(_placed(day, has_date, days), "moment" if has_time else "day", notes)


def _day_of_text(text: str, column: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        msg = f'The column "{shown(column)}" holds "{shown(text)}", which is no day of the calendar; {_parse(column)}.'
        raise DataError(msg) from None


def _placed(day: NDArray[np.datetime64], has_date: NDArray[np.bool_], days: list[date]) -> NDArray[np.datetime64]:
    day[has_date] = np.array(days, dtype="datetime64[D]")
    return day


def _zone_note(zone: str, column: str) -> str:
    return (
        f'An event\'s day is the one on the clock of {zone} in "{shown(column)}"; if that is not the local time, '
        "convert it first with .dt.tz_convert(...)."
    )


def _parse(column: str) -> str:
    return _PARSE.format(column=shown(column))


def read_date(value: date | str, *, name: str) -> date:
    """Return a day that an argument names: a date, a time, or a text such as "2022-01-31".

    Raises
    ------
    DataError
        Naming the argument.

    Examples
    --------
    >>> read_date("2022-01-31", name="start")
    datetime.date(2022, 1, 31)
    """
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value).strip())
    except ValueError:
        msg = f'{name} must be a day such as "2022-01-31"; {value!r} was given.'
        raise DataError(msg) from None
