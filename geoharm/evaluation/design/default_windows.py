"""Windows to take where none are named: what the data cover, up to two years before and one year after."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from geoharm.model.period import Period, add_months

# The window before is the longest of these that the data reach back to, in months.
MONTHS_BEFORE = (24, 12, 6, 3, 1)
PHASES_MONTHS = ((0, 3), (3, 6), (6, 12))
_SHORT_PHASES_MONTHS = ((0, 1), (1, 2))


def longest_before(start: date, first_day: date) -> Period | None:
    """Return the longest window before a day that the data reach back to; None if they do not reach back a month.

    Parameters
    ----------
    start : date
        The first day that is not before.
    first_day : date
        The first day of the data.

    Examples
    --------
    >>> longest_before(date(2022, 1, 10), date(2020, 6, 1)).start
    datetime.date(2021, 1, 10)
    """
    months = next((length for length in MONTHS_BEFORE if add_months(start, -length) >= first_day), 0)
    return Period(add_months(start, -months), start) if months else None


def phases_that_fit(fits: Callable[[tuple[str, ...]], bool]) -> tuple[str, ...]:
    """Return the phases of the year after that the data cover; empty if they cover none.

    Months 0 to 3, 3 to 6 and 6 to 12; the last may be shorter, if two months of it are covered. Where not even a phase of
    two months is, single months.

    Parameters
    ----------
    fits : callable
        Whether the data cover these phases.

    Examples
    --------
    >>> phases_that_fit(lambda phases: "6-12 months" not in phases)
    ('0-3 months', '3-6 months', '6-11 months')
    """
    found: list[str] = []
    for low, high in PHASES_MONTHS:
        # The last phase may be shorter, if the files reach two months of it or more.
        lengths = [high, *range(high - 1, low + 1, -1)] if low else [high]
        found += [phase for phase in (f"{low}-{length} months" for length in lengths) if fits((phase,))][:1]
    if not found:
        found = [phase for low, high in _SHORT_PHASES_MONTHS if fits((phase := f"{low}-{high} months",))]
    return tuple(found)
