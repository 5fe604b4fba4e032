"""Designs moved back in time, so that nothing from an operation's first day on is counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from geoharm.errors import DesignError
from geoharm.evaluation.design.build import build_design
from geoharm.evaluation.design.neighbours import compared_days, neighbours_in, on_its_ground
from geoharm.evaluation.design.network_rings import rings_along_streets
from geoharm.evaluation.design.windows import windows_as_written
from geoharm.model.design import Design
from geoharm.model.geometry import Zone
from geoharm.model.ledger import SourceLedger
from geoharm.model.period import Period, add_months, first_of_month, parse_phase
from geoharm.model.streets import Streets
from geoharm.model.study import BeforeRule, CompositeOutcome, Operation, Study

AFTER = "after"
WAITS = (1, 2, 3, 6, 9, 12, 18)
# The window may contain a month without data: it is then moved back by up to this many months.
_MAX_MONTHS_EARLIER = 6


def own_months(operation: Operation) -> int:
    """Return the months after the operation that the study evaluates: the end of its last phase.

    Of a measure that goes on, these are months since its start.
    """
    spans = [span for phase in operation.after if (span := parse_phase(phase)) is not None]
    return max((last for _, last in spans), default=1)


def power_months(operation: Operation) -> tuple[int, ...]:
    """Return the lengths in months for which power is computed: the operation's own, and those in `WAITS`."""
    return tuple(sorted({own_months(operation), *WAITS}))


def composite_months(operation: Operation, outcome: CompositeOutcome) -> int:
    """Return the months after the operation that a composite outcome needs."""
    return max([own_months(operation), *(_last_month(window) for window in outcome.windows)])


def latest_end(operation: Operation, ledgers: Sequence[SourceLedger]) -> date:
    """Return the day by which every window of the past ends."""
    limit = min(operation.period.start, *(ledger.coverage.end for ledger in ledgers))
    return first_of_month(limit) if any(ledger.by_month for ledger in ledgers) else limit


def shifted_back(
    study: Study,
    ledgers: Sequence[SourceLedger],
    streets: Mapping[str, Streets],
    operation: Operation,
    months: int,
    *,
    after: tuple[str, ...] = (),
) -> Design:
    """Return the design of the operation moved back in time, so that its window after ends where it really began.

    Parameters
    ----------
    study : Study
    ledgers : sequence of SourceLedger
    streets : mapping of source to Streets
        Of the operations whose rings lie along streets.
    operation : Operation
    months : int
        From the operation's end (from its start, if it goes on) to the end of the last window.
    after : tuple of str
        Phases; if left out, all the months are one phase.

    Raises
    ------
    DesignError
        If the data begin too late, or do not cover the windows (up to six months earlier are tried).
    """
    first_error: DesignError | None = None
    for months_earlier in range(_MAX_MONTHS_EARLIER + 1):
        try:
            design = _shifted_design(
                study, ledgers, operation, months, months_earlier, after or (f"0-{months} months",)
            )
        except DesignError as error:
            first_error = first_error or error
            continue
        return rings_along_streets(design, streets[operation.streets]) if operation.streets else design
    raise first_error or DesignError("no earlier window could be tried")


def beside_its_neighbours(study: Study, operation: Operation) -> Study:
    """Return the study as windows of the past have to see it: with the neighbours of one operation there all the time.

    The evaluation of an operation will leave the ground of its neighbours, which are active in its own windows, out of control
    and placebo places. In the past most of them had not begun; a design that used their ground there would promise what the
    evaluation cannot keep.
    """
    before, phases = windows_as_written(operation)
    near = neighbours_in(compared_days(operation, before, phases), study.other_operations(operation))
    always = tuple(
        replace(other, period=Period(min(study.period.start, other.period.start), other.period.end), spells=())
        if other in near
        else other
        for other in study.operations
    )
    return replace(study, operations=always)


def past_zones(
    study: Study, ledgers: Sequence[SourceLedger], streets: Mapping[str, Streets], operation: Operation
) -> tuple[Zone, ...]:
    """Return the zones of an operation, which all of its past designs share; empty if the data allow none of them."""
    tries: list[tuple[int, tuple[str, ...]]] = [(months, ()) for months in power_months(operation)]
    tries += [(composite_months(operation, outcome), operation.after) for outcome in study.composites]
    for months, after in tries:
        try:
            return shifted_back(study, ledgers, streets, operation, months, after=after).zones
        except DesignError:
            continue
    return ()


def _last_month(window: str) -> int:
    span = None if window == AFTER else parse_phase(window)
    return span[1] if span else 0


def _shifted_design(
    study: Study,
    ledgers: Sequence[SourceLedger],
    operation: Operation,
    months: int,
    months_earlier: int,
    after: tuple[str, ...],
) -> Design:
    end = add_months(latest_end(operation, ledgers), -months - months_earlier)
    start = end if operation.ongoing else end - timedelta(days=operation.period.days)
    if any(ledger.by_month for ledger in ledgers):
        start = first_of_month(start)
    others, limit = study.other_operations(operation), latest_end(operation, ledgers)
    data_start = max(ledger.coverage.start for ledger in ledgers)
    reached = [other.reach.end for other in on_its_ground(operation, others) if other.reach.end <= limit]
    first_day = max([data_start, *reached])
    if start <= first_day:
        begin = "the data begin" if first_day == data_start else "the phases of another operation on this ground end"
        msg = f"{begin} on {first_day}, too late for {months} months before the operation"
        raise DesignError(msg)
    moved_operation = replace(
        operation,
        period=Period(start, add_months(end, months) if operation.ongoing else end),
        spells=_moved_spells(operation, start, end),
        before=BeforeRule(Period(first_day, start)),
        after=after,
        chosen_on=None,
    )
    # All designs of the past have the same zones, so all have the same neighbours.
    return build_design(moved_operation, study.area, others, ledgers, days=(Period(first_day, limit),))


def _moved_spells(operation: Operation, start: date, end: date) -> tuple[Period, ...]:
    """Return the spells of an operation moved in time: the first begins on `start`, the last ends before `end`."""
    shift = end - operation.period.end
    moved = [Period(spell.start + shift, spell.end + shift) for spell in operation.spells]
    return (Period(start, moved[0].end), *moved[1:]) if moved else ()
