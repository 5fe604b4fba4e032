"""Counts: those of one area before and after, and those of a measure by zone and date."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from geoharm._validation import check_count
from geoharm.errors import DesignError
from geoharm.model.period import Period, Window

# Further rows of a table of counts by zone: events in no zone, and events without a usable place.
ELSEWHERE = "elsewhere in the study area"
UNPLACED = "no usable place"
UNPLACED_NEAR = "no usable place, on a street of the target area"


@dataclass(frozen=True, slots=True)
class Change:
    """The count of one area before and after.

    Attributes
    ----------
    area : str
        Name of the area. Two changes with the same name are the same counts.
    before, after : int
        Counts in the windows before and after; whole numbers, zero or more.
    """

    area: str
    before: int
    after: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "before", check_count(self.before, f"count before in {self.area}"))
        object.__setattr__(self, "after", check_count(self.after, f"count after in {self.area}"))


@dataclass(frozen=True, slots=True)
class ZoneCounts:
    """Counts of one measure by zone and date.

    Attributes
    ----------
    measure : str
    zones : tuple of str
        Names of the zones, in the order of the rows.
    dates : ndarray of datetime64[D], shape (t,)
        Distinct and increasing. They are first days of months if the source has no days.
    counts : ndarray of int, shape (len(zones), t)
    by_month : bool
        Whether the source has dates without a day.
    coverage : Period
        The days for which the source has files.
    missing_months : tuple of date
        First days of months inside the coverage for which the source has no row.
    by_year : bool
        Whether the source has dates without day and month.
    """

    measure: str
    zones: tuple[str, ...]
    dates: NDArray[np.datetime64]
    counts: NDArray[np.int64]
    by_month: bool
    coverage: Period
    missing_months: tuple[date, ...] = ()
    by_year: bool = False

    def __post_init__(self) -> None:
        if self.counts.shape != (len(self.zones), self.dates.size):
            msg = (
                f"Counts must have shape (zones, dates) = ({len(self.zones)}, {self.dates.size}); "
                f"{self.counts.shape} was given."
            )
            raise DesignError(msg)
        for array in (self.dates, self.counts):
            array.setflags(write=False)

    def total(self, zone: str, window: Window) -> int:
        """Return the number of events of a zone inside a window.

        Raises
        ------
        DesignError
            If the source has only months or years, and the window cuts one of them.
        """
        row = self.counts[self.zones.index(zone)]
        events = 0
        for period in window.periods:
            unit = "year" if self.by_year else "month"
            is_whole = period.is_whole_years if self.by_year else period.is_whole_months
            if self.by_month and not is_whole:
                msg = (
                    f'"{self.measure}" is dated by {unit}; the window "{window.name}" ({period.start} to '
                    f"{period.last}) cuts a {unit}. Let it start and end on the first of a {unit}."
                )
                raise DesignError(msg)
            inside = (self.dates >= np.datetime64(period.start)) & (self.dates < np.datetime64(period.end))
            events += int(row[inside].sum())
        return events

    def change(self, zone: str, before: Window, after: Window) -> Change:
        """Return the zone's counts in both windows."""
        return Change(zone, self.total(zone, before), self.total(zone, after))

    def monthly(self, zone: str) -> dict[date, int]:
        """Return a zone's count for every month of the coverage that has data, in order.

        If the source has only years, the keys are the first days of years.
        """
        row = self.counts[self.zones.index(zone)]
        months = [month for month in self.coverage.months() if month not in set(self.missing_months)]
        if self.by_year:
            months = [month for month in months if month.month == 1]
        month_of_date = self.dates.astype("datetime64[M]")
        counts = dict.fromkeys(months, 0)
        for month in months:
            counts[month] = int(row[month_of_date == np.datetime64(month, "M")].sum())
        return counts


def tabulate_zone_counts(
    measure: str,
    zones: Sequence[str],
    *,
    zone: NDArray[np.int64],
    day: NDArray[np.datetime64],
    events: NDArray[np.int64],
    coverage: Period,
    missing_months: tuple[date, ...],
    precision: str,
) -> ZoneCounts:
    """Return the table of counts by zone and date; its last rows are `ELSEWHERE`, `UNPLACED_NEAR` and `UNPLACED`.

    Parameters
    ----------
    measure : str
    zones : sequence of str
        Names of the zones.
    zone : ndarray of int, shape (n,)
        Position of the zone; the three positions after the last zone stand for the last rows.
    day : ndarray of datetime64[D], shape (n,)
    events : ndarray of int, shape (n,)
        Number of events in that zone on that day.
    coverage : Period
    missing_months : tuple of date
    precision : str
        As in the source's ledger.
    """
    names = (*zones, ELSEWHERE, UNPLACED_NEAR, UNPLACED)
    dates, date_indices = np.unique(day, return_inverse=True)
    counts = np.zeros((len(names), dates.size), dtype=np.int64)
    np.add.at(counts, (zone, date_indices.ravel()), events)
    by_month, by_year = precision in ("month", "year"), precision == "year"
    return ZoneCounts(measure, names, dates, counts, by_month, coverage, missing_months, by_year)
