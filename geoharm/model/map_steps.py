"""The steps of a map through time: the window before and the phases, or calendar quarters."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date

from geoharm.model.design import Design
from geoharm.model.period import Period, Window, add_months

STEPS = ("phases", "quarters")
# So that every season is seen once before; with more, a page would be slow on a phone.
_QUARTERS_BEFORE = 4
_NAME = re.compile(r"Q([1-4]) (\d{4})")


def map_steps(design: Design, by: str, coverage: Period, missing: Collection[date]) -> tuple[Window, ...]:
    """Return the windows of a map's steps after its window before.

    Parameters
    ----------
    design : Design
    by : str
        One of `STEPS`. Quarters reach from a year before the operation to the last that ends with the window after, and
        only those that have data in every month.
    coverage : Period
        Of the data.
    missing : collection of date
        First days of months without data.
    """
    if by == "phases":
        return design.phases
    began = design.operation.period.start
    first = date(began.year, 3 * ((began.month - 1) // 3) + 1, 1)
    start = add_months(first, -3 * _QUARTERS_BEFORE)
    found = []
    while add_months(start, 3) <= design.after.end:
        window = _quarter(start)
        span = window.periods[0]
        if coverage.contains(span) and not set(span.months()) & set(missing):
            found.append(window)
        start = add_months(start, 3)
    return tuple(found)


def step_windows(design: Design, names: Collection[str]) -> dict[str, Window]:
    """Return the windows of the steps that are called so, in their order; names of other views are left out."""
    phases = {phase.name: phase for phase in design.phases}
    found = {}
    for name in names:
        quarter = _NAME.fullmatch(name)
        if name in phases:
            found[name] = phases[name]
        elif quarter:
            found[name] = _quarter(date(int(quarter[2]), 3 * int(quarter[1]) - 2, 1))
    return found


def _quarter(start: date) -> Window:
    """Return a window called as "Q1 2022"."""
    return Window(f"Q{(start.month + 2) // 3} {start.year}", (Period(start, add_months(start, 3)),))
