"""Time windows: the window before and the phases after, adjusted for missing months."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from geoharm.errors import DesignError
from geoharm.model.period import (
    BETWEEN,
    DURING,
    UNDER_WAY,
    Period,
    Window,
    add_months,
    first_of_month,
    headline_phases,
    month_name,
    parse_phase,
)
from geoharm.model.study import BeforeRule, Operation

AFTER = "after"
# A rare source's first or last event does not show what its files cover.
_OR_COVERS = "; or, if the files cover more days than those from the first to the last event, name them under covers of the source"


def build_windows(
    operation: Operation, *, coverage: Period, missing: Sequence[date], by_month: bool
) -> tuple[Window, Window, tuple[Window, ...], tuple[str, ...]]:
    """Return the window before, the headline's window after, all phases, and notes on what was left out.

    Parameters
    ----------
    operation : Operation
    coverage : Period
        The days that every source in use covers.
    missing : sequence of date
        First days of months without usable data. They are left out of every window.
    by_month : bool
        Whether any source is dated by month only. Then the months in which the operation ran, or the month in which a
        measure began that goes on, are left out whole.

    Raises
    ------
    DesignError
        If a window extends beyond the data, overlaps the operation or another window, or has no data.
    """
    notes: list[str] = []
    start, active, phases_from = operation.period.start, operation.active, operation.phases_from
    if by_month and not all(period.is_whole_months for period in active):
        start, active = first_of_month(start), _widened_to_months(active)
        phases_from = _next_month_start(phases_from)
        months = [start] if operation.ongoing else [month for period in active for month in period.months()]
        if operation.ongoing and phases_from > start:
            notes.append(
                f"Some data are dated by month, so the month in which the measure began ({_months_text(months)}) is in no window."
            )
        elif not operation.ongoing:
            notes.append(
                f"Some data are dated by month, so all months in which the operation ran ({_months_text(months)}) are counted "
                "as during it."
            )
    check_phases(operation)
    phases = tuple(_phase_window(text, active, phases_from) for text in operation.after)
    for phase in phases:
        _check_covered(phase, coverage)
    after = Window(AFTER, tuple(period for phase in headline_phases(phases) for period in phase.periods))
    if operation.period.end >= coverage.end and not operation.ongoing:
        notes.append(
            "The operation ends with the data, so nothing after it was counted. If it goes on, write ongoing = true: the "
            'months of its phases, such as "0-6 months", then count from its start.'
        )
    before = Window("before", _before_periods(operation.before, after, start))
    if by_month and not all(period.is_whole_months for period in before.periods):
        before = _whole_months(before)
        notes.append("Some data are dated by month, so the window before was cut to whole months.")
    if before.end > start:
        msg = (
            f"The window before ends on {before.periods[-1].last}, after the operation begins on {start} (for monthly "
            "data: its first month); it must end before."
        )
        raise DesignError(msg)
    if not coverage.contains(Period(before.start, before.end)):
        msg = (
            f'The window before of "{operation.name}" ({before.start} to {before.periods[-1].last}) runs past the '
            f"data, which cover {coverage.start} to {coverage.last}; shorten it{_OR_COVERS}."
        )
        raise DesignError(msg)
    for window in (before, after):
        if gaps := _gaps_in(window, missing):
            notes.append(
                f"No usable row is dated in {_months_text(gaps)}: {'this month is' if len(gaps) == 1 else 'these months are'} left "
                f"out of the window {window.name}, not read as zero."
            )
    phases = tuple(_without_gaps(phase, missing) for phase in phases)
    return _without_gaps(before, missing), _without_gaps(after, missing), phases, tuple(notes)


def windows_as_written(operation: Operation) -> tuple[Window, tuple[Window, ...]]:
    """Return the window before and the phases that the study file states, whatever the data hold.

    Raises
    ------
    DesignError
        If a phase is not one, or the operation cannot have it.
    """
    check_phases(operation)
    phases = tuple(_phase_window(text, operation.active, operation.phases_from) for text in operation.after)
    after = Window(AFTER, tuple(period for phase in headline_phases(phases) for period in phase.periods))
    return Window("before", _before_periods(operation.before, after, operation.period.start)), phases


def check_phases(operation: Operation) -> None:
    """Raise an error for a phase that the operation cannot have.

    Raises
    ------
    DesignError
        If a phase is not one, if a measure that goes on has "during" or "between", or if "between" has no spells.
    """
    for text in operation.after:
        parse_phase(text)
        if operation.ongoing and text in UNDER_WAY:
            msg = f'The measure goes on, so "{text}" has no end; write months since its start, such as "0-6 months".'
            raise DesignError(msg)
        if text == BETWEEN and not operation.spells:
            msg = 'The phase "between" is the time between spells; write them as [[operation.spell]], or leave it out.'
            raise DesignError(msg)


def _phase_window(text: str, active: Sequence[Period], phases_from: date) -> Window:
    months = parse_phase(text)
    if months is not None:
        span = Period(add_months(phases_from, months[0]), add_months(phases_from, months[1]))
        return Window(f"{months[0]}-{months[1]} months", (span,))
    if text == DURING:
        return Window(DURING, tuple(active))
    pauses = tuple(Period(earlier.end, later.start) for earlier, later in pairwise(active))
    if not pauses:
        msg = 'The phase "between" holds no whole month, and some data are dated by month; leave it out.'
        raise DesignError(msg)
    return Window(BETWEEN, pauses)


def _widened_to_months(periods: Sequence[Period]) -> tuple[Period, ...]:
    """Return periods widened to whole months; those that then meet are joined."""
    widened: list[Period] = []
    for period in periods:
        whole = Period(first_of_month(period.start), _next_month_start(period.end))
        if widened and whole.start <= widened[-1].end:
            whole = Period(widened.pop().start, whole.end)
        widened.append(whole)
    return tuple(widened)


def _gaps_in(window: Window, missing: Sequence[date]) -> list[date]:
    return [month for month in missing if any(month in period.months() for period in window.periods)]


def _without_gaps(window: Window, missing: Sequence[date]) -> Window:
    """Return a window without the months that hold no usable row."""
    gaps = _gaps_in(window, missing)
    try:
        return window.without_months(gaps)
    except DesignError:
        msg = (
            f'The window "{window.name}" ({window.start} to {window.periods[-1].last}) holds only months without a usable row '
            f"({_months_text(gaps)}); choose another, or get the files."
        )
        raise DesignError(msg) from None


def _check_covered(window: Window, coverage: Period) -> None:
    span = Period(window.start, window.end)
    if not coverage.contains(span):
        msg = (
            f'The window "{window.name}" ({span.start} to {span.last}) runs past the data, which cover '
            f"{coverage.start} to {coverage.last}; shorten it or wait{_OR_COVERS}."
        )
        raise DesignError(msg)


def _before_periods(rule: BeforeRule, after: Window, operation_start: date) -> tuple[Period, ...]:
    if rule.period is not None:
        periods: tuple[Period, ...] = (rule.period,)
    else:
        first_year_back = 1
        while after.periods[-1].shifted(-first_year_back).end > operation_start:
            first_year_back += 1
        years_back = range(first_year_back, first_year_back + rule.years)
        periods = tuple(period.shifted(-years) for years in years_back for period in after.periods)
    return periods


def _whole_months(window: Window) -> Window:
    periods = []
    for period in window.periods:
        start = _next_month_start(period.start)
        end = first_of_month(period.end)
        if start < end:
            periods.append(Period(start, end))
    return Window(window.name, tuple(periods))


def _next_month_start(day: date) -> date:
    """Return `day` if it is the first day of a month, otherwise the first day of the next month."""
    return day if day.day == 1 else add_months(first_of_month(day), 1)


def _months_text(months: Sequence[date]) -> str:
    return ", ".join(month_name(month) for month in months)
