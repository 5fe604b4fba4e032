"""Periods and windows: half-open ranges of whole days, and named sets of them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from geoharm.errors import DesignError

_PHASE = re.compile(r"(\d+)\s*[-–]\s*(\d+)\s*months?")


def parse_phase(text: str) -> tuple[int, int] | None:
    """Return the months from the operation's end at which a phase begins and ends; None for "during" and "between".

    The months of a measure that goes on count from its start (`Operation.phases_from`).

    Raises
    ------
    DesignError
        If the text is neither "during" nor "between" nor like "1-3 months".

    Examples
    --------
    >>> parse_phase("1-3 months")
    (1, 3)
    """
    if text in UNDER_WAY:
        return None
    match = _PHASE.fullmatch(text.strip())
    if not match or int(match[1]) >= int(match[2]):
        msg = f'"{text}" is not a phase; write "during", or months after the operation\'s end such as "0-1 months" ("between" is for spells).'
        raise DesignError(msg)
    return int(match[1]), int(match[2])


DURING = "during"
# The time between the spells of one operation.
BETWEEN = "between"
UNDER_WAY = (DURING, BETWEEN)


def first_of_month(day: date) -> date:
    """Return the first day of the month that holds `day`."""
    return day.replace(day=1)


def add_months(day: date, months: int) -> date:
    """Return `day` moved by whole months; a day the month does not have becomes its last day.

    Examples
    --------
    >>> add_months(date(2019, 8, 31), 1)
    datetime.date(2019, 9, 30)
    """
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    next_first = date(year + (month == 11), (month + 1) % 12 + 1, 1)
    return min(date(year, month + 1, 1) + timedelta(days=day.day - 1), next_first - timedelta(days=1))


def month_span(first: int, last: int) -> str:
    """Return the name of a range of months since the start of an operation.

    Examples
    --------
    >>> month_span(3, 4), month_span(1, 1)
    ('months 3 to 4', 'month 1')
    """
    return f"month {first}" if first == last else f"months {first} to {last}"


def month_name(day: date) -> str:
    """Return month and year of a day in English, e.g. "July 2019", independent of the system language.

    Examples
    --------
    >>> month_name(date(2019, 7, 1))
    'July 2019'
    """
    names = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ]
    return f"{names[day.month - 1]} {day.year}"


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """The days from `start` up to, not including, `end`.

    Attributes
    ----------
    start, end : date
        The first day of the period, and the first day after it (half-open).
    """

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end <= self.start:
            msg = f"A period must end after it starts; {self.start} to {self.end} was given (the end is not included)."
            raise DesignError(msg)

    @property
    def days(self) -> int:
        """Number of days."""
        return (self.end - self.start).days

    @property
    def last(self) -> date:
        """The last day of the period."""
        return self.end - timedelta(days=1)

    @property
    def is_whole_months(self) -> bool:
        """Whether both ends fall on the first of a month."""
        return self.start.day == 1 and self.end.day == 1

    @property
    def is_whole_years(self) -> bool:
        """Whether both ends fall on the first of a year."""
        return (self.start.month, self.start.day) == (self.end.month, self.end.day) == (1, 1)

    def months(self) -> tuple[date, ...]:
        """Return the first day of every month that the period touches."""
        months = []
        month = first_of_month(self.start)
        while month < self.end:
            months.append(month)
            month = add_months(month, 1)
        return tuple(months)

    def overlap(self, other: Period) -> Period | None:
        """Return the days in both periods, or None."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Period(start, end) if start < end else None

    def contains(self, other: Period) -> bool:
        """Return whether every day of `other` lies in this period."""
        return self.start <= other.start and other.end <= self.end

    def shifted(self, years: int) -> Period:
        """Return the same dates `years` later (earlier if negative)."""
        return Period(add_months(self.start, 12 * years), add_months(self.end, 12 * years))


@dataclass(frozen=True, slots=True)
class Window:
    """A named set of periods whose events are counted together.

    Attributes
    ----------
    name : str
        "before", "0-1 months", ...
    periods : tuple of Period
        At least one; sorted and not overlapping.
    """

    name: str
    periods: tuple[Period, ...]

    def __post_init__(self) -> None:
        if not self.periods:
            msg = f'The window "{self.name}" has no day left that has data.'
            raise DesignError(msg)
        ordered = tuple(sorted(self.periods))
        for period, next_period in itertools.pairwise(ordered):
            if next_period.start < period.end:
                msg = f'The window "{self.name}" counts {next_period.start} twice: its periods overlap.'
                raise DesignError(msg)
        object.__setattr__(self, "periods", ordered)

    @property
    def days(self) -> int:
        """Number of days counted."""
        return sum(period.days for period in self.periods)

    @property
    def years(self) -> float:
        """Length in years of 365.25 days."""
        return self.days / 365.25

    @property
    def start(self) -> date:
        """First day counted."""
        return self.periods[0].start

    @property
    def end(self) -> date:
        """First day after the last one counted."""
        return self.periods[-1].end

    def without_months(self, missing: Iterable[date]) -> Window:
        """Return the window without the days of the `missing` months (given by their first days).

        Raises
        ------
        DesignError
            If no day is left.
        """
        missing_months = set(missing)
        kept: list[Period] = []
        for period in self.periods:
            for month in period.months():
                if month in missing_months:
                    continue
                month_part = period.overlap(Period(month, add_months(month, 1)))
                if month_part is None:
                    continue
                if kept and kept[-1].end == month_part.start:
                    month_part = Period(kept.pop().start, month_part.end)
                kept.append(month_part)
        return Window(self.name, tuple(kept))


def headline_phases(phases: Sequence[Window]) -> tuple[Window, ...]:
    """Return the phases of which the headline's window is made: those after the last spell, or all without one."""
    return tuple(phase for phase in phases if phase.name not in UNDER_WAY) or tuple(phases)


def join_adjacent(periods: Iterable[Period]) -> tuple[Period, ...]:
    """Return periods in order of time, with each that begins where the one before ends joined to it.

    Examples
    --------
    >>> months = [Period(date(2020, month, 1), date(2020, month + 1, 1)) for month in (1, 2, 4)]
    >>> [str(period.end) for period in join_adjacent(months)]
    ['2020-03-01', '2020-05-01']
    """
    found: list[Period] = []
    for period in periods:
        if found and found[-1].end == period.start:
            found[-1] = Period(found[-1].start, period.end)
        else:
            found.append(period)
    return tuple(found)
