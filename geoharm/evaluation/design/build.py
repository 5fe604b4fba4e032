"""Build the design of an evaluation: zones and windows that every data source supports."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise

from geoharm.errors import DesignError
from geoharm.evaluation.design.neighbours import compared_days, left_out_days, neighbours_in, reaches_into
from geoharm.evaluation.design.windows import build_windows, check_phases, windows_as_written
from geoharm.evaluation.design.zones import build_zones, clearance_width, outer_reach
from geoharm.model.design import Design
from geoharm.model.geometry import StudyArea, Zone, ZoneRole
from geoharm.model.harm_settings import DEFAULT_MARGIN
from geoharm.model.ledger import SourceLedger
from geoharm.model.period import Period, Window, parse_phase
from geoharm.model.study import Operation


def build_design(
    operation: Operation,
    area: StudyArea,
    others: Sequence[Operation],
    ledgers: Sequence[SourceLedger],
    *,
    margin: float = DEFAULT_MARGIN,
    days: Sequence[Period] = (),
) -> Design:
    """Return the zones and windows of an operation, valid for every source in use.

    Parameters
    ----------
    operation : Operation
    area : StudyArea
    others : sequence of Operation
        The study's other operations.
    ledgers : sequence of SourceLedger
        The ledgers of all sources that a measure uses.
    margin : float
        The study's margin.
    days : sequence of Period
        Days in which the others count as neighbours; if left out, those that the design compares.

    Raises
    ------
    DesignError
        If no valid comparison can be made; the message gives the reason.
    """
    starts, ends = [ledger.coverage.start for ledger in ledgers], [ledger.coverage.end for ledger in ledgers]
    if max(starts) >= min(ends):
        msg = "The study's sources share no day, so they cannot be compared around one operation."
        raise DesignError(msg)
    missing = sorted({month for ledger in ledgers for month in ledger.missing_months})
    by_month = any(ledger.by_month for ledger in ledgers)
    before, after, phases, notes = build_windows(
        operation, coverage=Period(max(starts), min(ends)), missing=missing, by_month=by_month
    )
    days = days or compared_days(operation, before, (after, *phases))
    near = neighbours_in(days, others)
    zones = build_zones(operation, area, near)
    left_out = left_out_days(operation, days, others, first_day=min(starts))
    _check_whole_years([ledger.source for ledger in ledgers if ledger.precision == "year"], (before, *phases))
    if operation.control is None:
        clearance = clearance_width(operation)
        notes = (
            *notes,
            f"Control: all of the study area more than {outer_reach(operation) + clearance:,.0f} m from every target area"
            f"{'' if len(near) == len(others) else ' of its time'}.",
        )
    location_error = max(ledger.location_error for ledger in ledgers)
    notes = (*notes, *_check_widths(operation, zones, location_error), *_ring_overlap_notes(zones, near))
    notes = (*notes, *_other_times_notes(near, others, left_out))
    return Design(operation, zones, before, after, phases, notes, margin, left_out)


def _check_widths(operation: Operation, zones: Sequence[Zone], error: float) -> list[str]:
    """Raise DesignError for rings narrower than the location error; return notes on gap and rings under twice the error."""
    if not error:
        return []
    notes = []
    width = operation.street_width
    if width < error:
        msg = (
            f'The street of "{operation.name}" is {width:g} m wide, less than the location error of {error:g} m, so most of its '
            f"events are recorded beside it; make it at least {2 * error:g} m wide, or draw the area around it as target."
        )
        raise DesignError(msg)
    if width < 2 * error:
        notes.append(
            f"The street of {width:g} m is under twice the location error of {error:g} m wide: part of its events are recorded "
            "beside it, and part of a change there shows up in the gap or the first ring."
        )
    if operation.gap < 2 * error:
        notes.append(
            f"The gap of {operation.gap:g} m is under twice the location error of {error:g} m: part of a change in "
            "the target area shows up in the first ring."
        )
    for zone in zones:
        width = zone.outer - zone.inner
        if zone.role is not ZoneRole.RING or width >= 2 * error:
            continue
        if width < error:
            msg = (
                f'The ring "{zone.name}" is {width:g} m wide, less than the location error of {error:g} m, so most of '
                f"what is counted in it happened elsewhere; make rings at least {2 * error:g} m wide."
            )
            raise DesignError(msg)
        notes.append(
            f"The ring {zone.name} is under twice the location error of {error:g} m wide: it shares events with its "
            "neighbours."
        )
    return notes


def _other_times_notes(near: Sequence[Operation], others: Sequence[Operation], left_out: Sequence[Period]) -> list[str]:
    """Return which operations were at other times, and which days of the history are left out for them."""
    apart = [other for other in others if other not in near]
    notes = []
    if apart:
        names = ", ".join(f'"{other.name}" ({other.reach.start} to {other.reach.last})' for other in apart)
        notes.append(
            f"At other times, each from its start to the end of its last phase: {names}. The windows here hold none of these "
            "days, so their ground counts as any other ground, except as a place to learn from."
        )
    if left_out:
        days = ", ".join(f"{period.start} to {period.last}" for period in left_out)
        notes.append(
            f"Another operation reached the ground of this one before: months with a day of {days} are left out of what the "
            "forecast learns from."
        )
    return notes


def _ring_overlap_notes(zones: Sequence[Zone], others: Sequence[Operation]) -> list[str]:
    """Return a note for every other operation whose rings overlap these rings. Target areas never overlap rings."""
    rings = [zone for zone in zones if zone.role is ZoneRole.RING]
    notes = []
    for other_operation in others:
        other_area = other_operation.target.buffer(outer_reach(other_operation))
        shared_area = sum(zone.geometry.intersection(other_area).area for zone in rings)
        if shared_area > 1:
            notes.append(
                f'{shared_area / 1e6:.2f} km2 of the rings lie in the rings of "{other_operation.name}" too, so the '
                "effects of the two operations cannot be separated there; use smaller rings, or evaluate both as one operation."
            )
    return notes


def check_operation(operation: Operation, area: StudyArea, others: Sequence[Operation]) -> None:
    """Raise an error if the phases or zones of an operation are invalid. No data are needed.

    Raises
    ------
    DesignError
        With the reason.
    """
    check_windows(operation)
    before, phases = windows_as_written(operation)
    build_zones(operation, area, neighbours_in(compared_days(operation, before, phases), others))


def check_windows(operation: Operation) -> None:
    """Raise an error if the phases of an operation, or its window before, are invalid. No data are needed.

    Raises
    ------
    DesignError
        With the reason.
    """
    check_phases(operation)
    spans = sorted(span for text in operation.after if (span := parse_phase(text)) is not None)
    for earlier, later in pairwise(spans):
        if later[0] < earlier[1]:
            msg = f'The phases "{earlier[0]}-{earlier[1]} months" and "{later[0]}-{later[1]} months" share months; let each phase start where the one before it ends.'
            raise DesignError(msg)
    if operation.before.period is not None and operation.before.period.start >= operation.period.start:
        msg = f"The window before starts on {operation.before.period.start}, not before the operation."
        raise DesignError(msg)


def check_operations_apart(operations: Sequence[Operation]) -> None:
    """Raise an error if the target areas of two operations overlap, and one was active in the other's windows.

    Raises
    ------
    DesignError
        Naming the two operations.
    """
    for first, second in combinations(operations, 2):
        for one, other in ((first, second), (second, first)) if first.target.intersects(second.target) else ():
            before, phases = windows_as_written(one)
            if reaches_into(other, compared_days(one, before, phases)):
                msg = (
                    f'The target areas of "{first.name}" and "{second.name}" overlap, and the windows of "{one.name}" hold '
                    f'days of "{other.name}" ({other.reach.start} to {other.reach.last}, its phases included); choose windows '
                    "without them, or evaluate the two as one operation with spells."
                )
                raise DesignError(msg)


def _check_whole_years(yearly_sources: Sequence[str], windows: Sequence[Window]) -> None:
    """Raise DesignError if a window contains part of a year and a source is dated by year only."""
    for window in windows if yearly_sources else ():
        for period in window.periods:
            if not period.is_whole_years:
                msg = (
                    f'The source "{yearly_sources[0]}" is dated by year; the window "{window.name}" ({period.start} to '
                    f"{period.last}) contains part of a year. Let every window start and end on 1 January, or use no "
                    "measure of this source."
                )
                raise DesignError(msg)
