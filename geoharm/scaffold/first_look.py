"""A first look at the files of a folder: which hold events of one place, where they lie, and which are left out and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import shapely

from geoharm import _crs
from geoharm.errors import StudyError
from geoharm.model.period import Period, add_months
from geoharm.scaffold.areas import UnprojectedArea
from geoharm.scaffold.sources import SourceMatch, UnusedFile
from geoharm.scaffold.study_area import ProposedArea, metric_system, propose_area

# A source whose middle is further than this from the study area, in degrees, belongs to another place.
_FAR_DEGREES = 2.0


@dataclass(frozen=True, slots=True)
class FirstLook:
    """Files that hold events of one place, with the study area and its coordinate system.

    Attributes
    ----------
    sources : tuple of SourceMatch
        All were read.
    left_out : tuple of UnusedFile
    area : UnprojectedArea
    crs, crs_why : str
        The second is empty if the user named the system.
    proposed : ProposedArea or None
        How the area was drawn around the events; None if it is the user's.
    """

    sources: tuple[SourceMatch, ...]
    left_out: tuple[UnusedFile, ...]
    area: UnprojectedArea
    crs: str
    crs_why: str
    proposed: ProposedArea | None = None


def take_first_look(
    sources: Sequence[SourceMatch],
    left_out: Sequence[UnusedFile],
    *,
    area: UnprojectedArea | None,
    crs: str,
    area_file: str,
    operation_days: tuple[date, date] | None = None,
) -> FirstLook:
    """Return what of the sources can be used together, with a study area.

    Parameters
    ----------
    sources : sequence of SourceMatch
    left_out : sequence of UnusedFile
    area : UnprojectedArea or None
        None: to be drawn around the events.
    crs : str
        Empty: to be proposed.
    area_file : str
        Path of the file of a proposed area, relative to the study.
    operation_days : (date, date), optional
        First and last day of an operation: sources that do not reach from a month before to a month after are left out.

    Raises
    ------
    StudyError, DesignError
        If no file can be used, or no area or system fits.
    """
    usable, too_short = _reaching(sources, operation_days)
    usable, unusable = _of_one_place(usable, area)
    unusable = [*too_short, *unusable]
    if not usable:
        reasons = "; ".join(f"{one.what}: {one.why.removesuffix('.')}" for one in (*unusable, *left_out))
        about = f" for an operation of {operation_days[0]}" if operation_days else ""
        raise StudyError([f"No file can be used{about}: {reasons or 'the folder holds no table'}."])
    events = [source.events for source in usable if source.events is not None]
    why = ""
    if crs:
        _crs.check_metric_crs(crs)
    elif area is not None:
        crs, system_name = _crs.national_or_utm(*area.middle)
        why = f"{system_name} of the study area"
    else:
        crs, system_name = metric_system(events)
        why = f"{system_name} of the events"
    proposed = None
    if area is None:
        proposed = propose_area(events, area_file, crs)
        area = proposed.area
    return FirstLook(tuple(usable), (*left_out, *unusable), area, crs, why, proposed)


def _reaching(
    sources: Sequence[SourceMatch], days: tuple[date, date] | None
) -> tuple[list[SourceMatch], list[UnusedFile]]:
    """Return the sources that reach from a month before the days of an operation to a month after them, and the others."""
    usable: list[SourceMatch] = []
    unusable: list[UnusedFile] = []
    for source in sources:
        if days is None or source.ledger is None or _reaches(source.ledger.coverage, *days):
            usable.append(source)
            continue
        span = source.ledger.coverage
        why = f"it covers {span.start} to {span.last}, not a month before and after the operation"
        unusable.append(UnusedFile(", ".join(source.files[:3]), why))
    return usable, unusable


def _reaches(span: Period, first_day: date, last_day: date) -> bool:
    return add_months(span.start, 1) <= first_day and add_months(last_day + timedelta(days=1), 1) <= span.end


def _of_one_place(
    sources: Sequence[SourceMatch], area: UnprojectedArea | None
) -> tuple[list[SourceMatch], list[UnusedFile]]:
    """Return the sources that were read and lie in one place, and the others with the reason.

    The place is the study area, or where the source with most rows lies. Of several sources that may hold the same events,
    only the one with the most rows is used.
    """
    usable: list[SourceMatch] = []
    unusable = []
    for source in sorted(sources, key=lambda candidate: -sum(candidate.categories.values())):
        name = ", ".join(source.files[:3])
        if (source.ledger is None and source.places is None) or source.events is None:
            more = f"; {source.inexact}" if source.inexact else ""
            why = f"read {source.format}, decide what it marks as not decided, and run this again with --file{more}"
            unusable.append(UnusedFile(name, why))
            continue
        if not source.events.total:
            unusable.append(UnusedFile(name, "none of its rows has a place"))
            continue
        place = area.outline if area is not None else shapely.Point(usable[0].middle) if usable else None
        if place is not None and place.distance(shapely.Point(source.middle)) > _FAR_DEGREES:
            where = f"longitude {source.middle[0]:.2f}, latitude {source.middle[1]:.2f}"
            far_from = "the study area" if area is not None else f"those of {', '.join(usable[0].files[:3])}"
            unusable.append(UnusedFile(name, f"half of its rows lie around {where}, far from {far_from}"))
            continue
        duplicate = next((other_source for other_source in usable if _may_hold_same_events(source, other_source)), None)
        if duplicate is not None:
            unusable.append(
                UnusedFile(
                    name,
                    f"it may hold the same {source.kind} rows as {', '.join(duplicate.files[:3])}, which has more of them",
                )
            )
            continue
        usable.append(source)
    position_by_name = {source.name: position for position, source in enumerate(sources)}
    return sorted(usable, key=lambda source: position_by_name[source.name]), unusable


def _may_hold_same_events(first: SourceMatch, second: SourceMatch) -> bool:
    """Return whether two sources may hold the same events: same kind, shared categories and days, but different formats."""
    return (
        first.kind == second.kind
        and first.format != second.format
        and bool(set(first.categories) & set(second.categories))
        and first.ledger is not None
        and second.ledger is not None
        and first.ledger.coverage.overlap(second.ledger.coverage) is not None
    )
