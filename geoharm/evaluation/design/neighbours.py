"""Neighbours in time: which of the study's other operations can have changed what a design compares.

An operation reaches from its first day to the end of its last phase (`Operation.reach`). Another operation is a neighbour
of a design if it reaches into a day that the design compares: a day of its window before, or one from its own start to
the end of its last window. Only a neighbour's ground leaves rings, control and placebo places. Ground of an operation at
another time is ordinary ground.

Placebo places need more: their months before are compared too. So the ground of an operation that reaches into any month of
the history, or into the time after, is no placebo place. Months in which another operation reached the design's own ground
are left out of the history, at the operation and at every placebo place alike (`Design.left_out`). Where two years are left since
the last of them, the history begins there: in simulated cities, targets were then covered as often as without another
operation, and a little less often with a gap in the middle (docs/calibration.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from geoharm.evaluation.design.zones import exposed_area, outer_reach
from geoharm.model.design import Design
from geoharm.model.period import Period, Window, add_months
from geoharm.model.study import Operation

# Months since the last day of another operation with which the history begins there.
_MONTHS_SINCE = 24


def compared_days(operation: Operation, before: Window, windows: Sequence[Window]) -> tuple[Period, ...]:
    """Return the days that a design compares: its window before, and from its start to the end of its last window."""
    end = max([operation.phases_from, *(window.end for window in windows)])
    return (*before.periods, Period(operation.period.start, end))


def reaches_into(other: Operation, days: Sequence[Period]) -> bool:
    """Return whether an operation was active, or in its phases, on any of these days."""
    return any(other.reach.overlap(period) for period in days)


def neighbours_in(days: Sequence[Period], others: Sequence[Operation]) -> tuple[Operation, ...]:
    """Return the operations that reach into any of these days."""
    return tuple(other for other in others if reaches_into(other, days))


def on_its_ground(operation: Operation, others: Sequence[Operation]) -> tuple[Operation, ...]:
    """Return the operations that may have reached target or rings of this one: with target, rings or the belt around them."""
    ground = operation.target.buffer(outer_reach(operation))
    return tuple(other for other in others if exposed_area(other).intersects(ground))


def left_out_days(
    operation: Operation, days: Sequence[Period], others: Sequence[Operation], *, first_day: date
) -> tuple[Period, ...]:
    """Return the days before an operation that are no history, because others reached its ground.

    Parameters
    ----------
    operation : Operation
    days : sequence of Period
        The days that it compares; an operation that reaches into them is a neighbour, and leaves no day out.
    others : sequence of Operation
        The study's other operations.
    first_day : date
        The first day of the data.

    Returns
    -------
    tuple of Period
        Where two years are left since the last of them, all days up to then.
    """
    apart = (other for other in on_its_ground(operation, others) if not reaches_into(other, days))
    reached = sorted(other.reach for other in apart if other.period.start < operation.period.start)
    last = max((period.end for period in reached), default=first_day)
    if reached and first_day < last and add_months(last, _MONTHS_SINCE) <= operation.period.start:
        return (Period(first_day, last),)
    return tuple(reached)


def placebo_neighbours(design: Design, others: Sequence[Operation], first_day: date) -> tuple[Operation, ...]:
    """Return the operations whose ground can hold no placebo place of a design.

    Parameters
    ----------
    design : Design
    others : sequence of Operation
        The study's other operations.
    first_day : date
        The first day of the data.
    """
    start = design.operation.period.start
    history: tuple[Period, ...] = (Period(first_day, start),) if first_day < start else ()
    for period in design.left_out:
        history = tuple(part for whole in history for part in _without(whole, period))
    after = compared_days(design.operation, design.before, (design.after, *design.phases))[-1]
    return neighbours_in((*history, after), others)


def _without(whole: Period, cut: Period) -> list[Period]:
    """Return the parts of a period before and after another one."""
    parts = [(whole.start, min(whole.end, cut.start)), (max(whole.start, cut.end), whole.end)]
    return [Period(start, end) for start, end in parts if start < end]
