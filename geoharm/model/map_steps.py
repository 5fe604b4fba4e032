"""Time steps of the map: the phases of an operation, or calendar quarters."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import date

from geoharm.model.design import Design
from geoharm.model.period import Period, Window, add_months

STEPS = ("phases", "quarters")
# Every season occurs once before the operation. With more quarters, the page would be slow on a phone.
_QUARTERS_BEFORE = 4
_QUARTER_NAME = re.compile(r"Q([1-4]) (\d{4})")


def map_steps(design: Design, by: str, coverage: Period, missing: Collection[date]) -> tuple[Window, ...]:
    """Return the windows of the time steps of a map.

    Parameters
    ----------
    design : Design
    by : str
        One of `STEPS`. Quarters run from one year before the operation to the last quarter that ends within the window
        after. Only quarters with data in every month are returned.
    coverage : Period
        Coverage of the data.
    missing : collection of date
        First days of months without data.
    """
    if by == "phases":
        return design.phases
    operation_start = design.operation.period.start
    quarter_start = date(operation_start.year, 3 * ((operation_start.month - 1) // 3) + 1, 1)
    start = add_months(quarter_start, -3 * _QUARTERS_BEFORE)
    windows = []
    while add_months(start, 3) <= design.after.end:
        window = _quarter_window(start)
        period = window.periods[0]
        if coverage.contains(period) and not set(period.months()) & set(missing):
            windows.append(window)
        start = add_months(start, 3)
    return tuple(windows)


def step_windows(design: Design, names: Collection[str]) -> dict[str, Window]:
    """Return the windows of the time steps with the given names, in that order; other names are left out."""
    phases = {phase.name: phase for phase in design.phases}
    windows = {}
    for name in names:
        quarter = _QUARTER_NAME.fullmatch(name)
        if name in phases:
            windows[name] = phases[name]
        elif quarter:
            windows[name] = _quarter_window(date(int(quarter[2]), 3 * int(quarter[1]) - 2, 1))
    return windows


def _quarter_window(start: date) -> Window:
    """Return the window of the quarter that begins on a day, with a name such as "Q1 2022"."""
    return Window(f"Q{(start.month + 2) // 3} {start.year}", (Period(start, add_months(start, 3)),))
