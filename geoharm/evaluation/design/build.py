"""Zones and windows together: the comparison an operation is judged by."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, pairwise

from geoharm.errors import DesignError
from geoharm.evaluation.design.windows import build_windows
from geoharm.evaluation.design.zones import build_zones, clearance_width, outer_reach
from geoharm.model.design import Design
from geoharm.model.geometry import StudyArea, Zone, ZoneRole
from geoharm.model.ledger import SourceLedger
from geoharm.model.period import Period, Window, parse_phase
from geoharm.model.study import Operation


def build_design(
    operation: Operation, area: StudyArea, others: Sequence[Operation], ledgers: Sequence[SourceLedger]
) -> Design:
    """Return the zones and windows of an operation, valid for every source in use.

    Parameters
    ----------
    operation : Operation
    area : StudyArea
    others : sequence of Operation
        The study's other operations.
    ledgers : sequence of SourceLedger
        Of every source that a measure uses.

    Raises
    ------
    DesignError
        With the reason, if no valid comparison can be made.
    """
    zones = build_zones(operation, area, others)
    starts, ends = [row.coverage.start for row in ledgers], [row.coverage.end for row in ledgers]
    if max(starts) >= min(ends):
        msg = "The study's sources share no day, so they cannot be compared around one operation."
        raise DesignError(msg)
    missing = sorted({month for row in ledgers for month in row.missing_months})
    by_month = any(row.by_month for row in ledgers)
    before, after, phases, notes = build_windows(
        operation, coverage=Period(max(starts), min(ends)), missing=missing, by_month=by_month
    )
    _refuse_cut_years([row.source for row in ledgers if row.precision == "year"], (before, *phases))
    if operation.control is None:
        belt = clearance_width(operation)
        notes = (
            *notes,
            f"Control: all of the study area more than {outer_reach(operation) + belt:,.0f} m from every target area.",
        )
    error = max(row.location_error for row in ledgers)
    notes = (*notes, *_check_widths(operation, zones, error), *_shared_ground(zones, others))
    return Design(operation, zones, before, after, phases, notes)


def _check_widths(operation: Operation, zones: Sequence[Zone], error: float) -> list[str]:
    """Refuse rings that location error fills with their neighbours' events; return notes on those it reaches into."""
    if not error:
        return []
    notes = []
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


def _shared_ground(zones: Sequence[Zone], others: Sequence[Operation]) -> list[str]:
    """Return a note for every other operation whose rings reach into this one's; their targets never do."""
    rings = [zone for zone in zones if zone.role is ZoneRole.RING]
    notes = []
    for other in others:
        reach = other.target.buffer(outer_reach(other))
        shared = sum(zone.geometry.intersection(reach).area for zone in rings)
        if shared > 1:
            notes.append(
                f'{shared / 1e6:.2f} km2 of the rings lie in the rings of "{other.name}" too, so the two operations '
                "cannot be told apart there; smaller rings, or both as one operation, would."
            )
    return notes


def check_operation(operation: Operation, area: StudyArea, others: Sequence[Operation]) -> None:
    """Refuse an operation whose phases or zones cannot be right, whatever the data are.

    Raises
    ------
    DesignError
        With the reason.
    """
    spans = sorted(span for text in operation.after if (span := parse_phase(text)) is not None)
    for one, two in pairwise(spans):
        if two[0] < one[1]:
            msg = f'The phases "{one[0]}-{one[1]} months" and "{two[0]}-{two[1]} months" share months; let them meet.'
            raise DesignError(msg)
    if operation.before.period is not None and operation.before.period.start >= operation.period.start:
        msg = f"The window before starts on {operation.before.period.start}, not before the operation."
        raise DesignError(msg)
    build_zones(operation, area, others)


def check_operations_apart(operations: Sequence[Operation]) -> None:
    """Refuse operations whose target areas overlap.

    Raises
    ------
    DesignError
        Naming the two.
    """
    for one, two in combinations(operations, 2):
        if one.target.intersects(two.target):
            msg = f'The target areas of "{one.name}" and "{two.name}" overlap; evaluate them as one operation.'
            raise DesignError(msg)


def _refuse_cut_years(yearly: Sequence[str], windows: Sequence[Window]) -> None:
    """Refuse windows that cut a year where a source knows years only."""
    for window in windows if yearly else ():
        for period in window.periods:
            if not period.is_whole_years:
                msg = (
                    f'The source "{yearly[0]}" is dated by year; the window "{window.name}" ({period.start} to '
                    f"{period.last}) cuts a year. Let every window start and end on 1 January, or measure nothing by "
                    "this source."
                )
                raise DesignError(msg)
