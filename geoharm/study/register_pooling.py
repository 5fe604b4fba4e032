"""Which rows of a register are too close to each other, in space and time, to be evaluated apart."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geoharm.model.period import Period, add_months, parse_phase

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Reach:
    """How far an operation reaches in space and time.

    Attributes
    ----------
    metres : float
        From the target area to the outer edge of the last ring.
    before_months : int
        Months of the window before; 0 with `years`.
    years : int
        Earlier years whose days of the same dates are the window before; 0 with `before_months`.
    after : tuple of str
        Phases of the time after.
    """

    metres: float
    before_months: int
    years: int
    after: tuple[str, ...]

    def windows(self, period: Period) -> Period:
        """Return the time from the first day of the window before to the last day of the last phase.

        Parameters
        ----------
        period : Period
            Dates of the operation.
        """
        phases = [months for text in self.after if (months := parse_phase(text)) is not None]
        end = max([period.end, *(add_months(period.end, months[1]) for months in phases)])
        if not self.years:
            return Period(add_months(period.start, -self.before_months), end)
        first = min([add_months(period.end, months[0]) for months in phases], default=period.start)
        years_back = 1
        while add_months(end, -12 * years_back) > period.start:
            years_back += 1
        return Period(add_months(first, -12 * (years_back + self.years - 1)), end)

    def whole(self, start: date, ends: Collection[date]) -> Period:
        """Return the time from the first day of any window before to the last day of the last phase, of several operations.

        Parameters
        ----------
        start : date
            The first day of the earliest.
        ends : collection of date
            The first day after each.

        Notes
        -----
        With `years`, a later end moves the window before to later days, so the windows of all together would not hold those of
        each. The time here grows with every operation that joins, and so groups do not hang on the order in which they join.
        """
        windows = [self.windows(Period(start, end)) for end in ends]
        return Period(min(window.start for window in windows), max(window.end for window in windows))

    @property
    def rule(self) -> str:
        """The rule by which rows are pooled, as a sentence."""
        return (
            f"Rows are one operation if their target areas lie within {self.metres:g} m of each other (the reach of the rings) and "
            "one of them, with its phases after, reaches into the windows of the other; so are rows that are joined by others. Its "
            "target area is that of all of them, and their days are its spells."
        )


def pool_close(places: Sequence[BaseGeometry], periods: Sequence[Period], reach: Reach) -> list[list[int]]:
    """Return the rows that are evaluated together, as groups of positions in their order.

    Parameters
    ----------
    places : sequence of shapely geometry
        Target areas in metres.
    periods : sequence of Period
        Dates, likewise.
    reach : Reach

    Returns
    -------
    list of list of int
        Every position once. Single linkage: groups are joined as long as any two hold neighbours and the times that they reach
        (`Reach.whole`) overlap.
    """
    group = list(range(len(places)))
    members = {index: [index] for index in group}
    starts = {index: period.start for index, period in enumerate(periods)}
    ends = {index: {period.end} for index, period in enumerate(periods)}
    reached = {index: reach.whole(starts[index], ends[index]) for index in group}
    first, second = shapely.STRtree(list(places)).query(np.array(places), predicate="dwithin", distance=reach.metres)
    near = [(one, other) for one, other in zip(first.tolist(), second.tolist(), strict=True) if one < other]
    joined = True
    while joined:
        joined = False
        for one, other in near:
            kept, gone = sorted((group[one], group[other]))
            if kept == gone or not reached[kept].overlap(reached[gone]):
                continue
            joined = True
            members[kept] += members.pop(gone)
            starts[kept] = min(starts[kept], starts.pop(gone))
            ends[kept] |= ends.pop(gone)
            reached[kept] = reach.whole(starts[kept], ends[kept])
            del reached[gone]
            for index in members[kept]:
                group[index] = kept
    return sorted(sorted(positions) for positions in members.values())


def last_day(period: Period) -> date:
    """Return the last day of a period."""
    return period.end - _ONE_DAY
