"""Proposes rings around a target area: the widest that enough other places of the study area can carry too."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np

from geoharm.errors import DesignError
from geoharm.evaluation.design.build import check_operation
from geoharm.evaluation.design.zones import build_zones, ring_name
from geoharm.evaluation.placebo.calibrated_ratio import MIN_MONTHS, why_no_forecast
from geoharm.evaluation.placebo.places import placebo_counts, placebo_places
from geoharm.evaluation.placebo.unit_panel import unit_panel
from geoharm.model.design import TARGET_AND_RINGS
from geoharm.model.geometry import StudyArea, ZoneRole
from geoharm.model.located_events import LocatedEvents
from geoharm.model.period import Period, Window
from geoharm.model.points import DatedPoints
from geoharm.model.study import Operation

# Outer edges of the rings beyond the gap in metres, from the usual ones to those of a small study area. Places that are
# known only to the nearest map point need wider ones.
_RINGS = ((150.0, 400.0, 900.0), (150.0, 400.0), (150.0,), (50.0,))
_WIDE_RINGS = ((300.0, 800.0), (200.0,))
_SNAPPED_ERROR = 50.0
_LEAST_GAP = 100.0


@dataclass(frozen=True, slots=True)
class ProposedRings:
    """Rings that were checked against the study area and the events.

    Attributes
    ----------
    gap : float
        Metres.
    rings : tuple of float
        Outer edges in metres.
    why : str
        Why these, and which were left out.
    """

    gap: float
    rings: tuple[float, ...]
    why: str


def propose_rings(
    operation_with: Callable[[float, Sequence[float]], Operation],
    area: StudyArea,
    events: LocatedEvents | None,
    categories: Collection[str],
    *,
    location_error: float,
    given: Sequence[float] = (),
) -> ProposedRings:
    """Return the widest usual rings that fit around the target and at enough other places that had events.

    Parameters
    ----------
    operation_with : callable
        Maps a gap and outer edges in metres to the operation with them.
    area : StudyArea
    events : LocatedEvents or None
        Of the primary measure's source.
    categories : collection of str
        Those that the measure counts; empty for all.
    location_error : float
        Of the source with the largest, in metres: the gap is at least twice as wide.
    given : sequence of float
        The user's own gap and outer edges; they are only checked.

    Raises
    ------
    DesignError
        If not even the narrowest fit around the target, or the user's own do not.
    """
    if given:
        gap, *rings = given
        operation = operation_with(gap, rings)
        check_operation(operation, area, [])
        few = _too_few_places(operation, area, events, categories)
        return ProposedRings(
            gap, tuple(rings), f"as you said{f'; no 95% interval will be possible: {few}' if few else ''}"
        )
    gap = max(_LEAST_GAP, 2 * location_error)
    left_out: list[str] = []
    narrowest: tuple[float, ...] = ()
    problem, few = "", ""
    for beyond in _WIDE_RINGS if location_error >= _SNAPPED_ERROR else _RINGS:
        rings = [gap + distance for distance in beyond]
        operation = operation_with(gap, rings)
        name = ring_name(rings[-2] if len(rings) > 1 else gap, rings[-1])
        try:
            check_operation(operation, area, [])
        except DesignError as error:
            problem = str(error)
            left_out.append(f"not {name}: {problem.removesuffix('.')}")
            continue
        narrowest = tuple(rings)
        few = _too_few_places(operation, area, events, categories)
        if not few:
            return ProposedRings(gap, narrowest, _why(location_error, left_out))
        left_out.append(f"not {name}: {few}")
    if not narrowest:
        raise DesignError(problem)
    # No 95 % interval will be possible with any; what was counted can still be shown.
    return ProposedRings(
        gap, narrowest, f"the narrowest that fit, but no 95% interval will be possible: {few}{_listed(left_out[:-1])}"
    )


def _too_few_places(
    operation: Operation, area: StudyArea, events: LocatedEvents | None, categories: Collection[str]
) -> str:
    """Return why the study area has too few other places that could carry target and rings; empty if it has enough."""
    zones = build_zones(operation, area, [])
    control = next(zone.geometry for zone in zones if zone.role is ZoneRole.CONTROL)
    places = placebo_places(operation, area, control, [])
    fitting = places.fits[TARGET_AND_RINGS]
    pool = int(fitting.sum())
    first_day = np.datetime64(operation.period.start, "D")
    if events is not None and (events.day < first_day).any():
        counted = events.at_places(categories, before=operation.period.start)
        points = events.points(area.crs, counted)
        start = events.day.min()
        window = Window("before", (Period(start.astype(object), operation.period.start),))
        dated = DatedPoints(points.x, points.y, np.full(points.x.size, start), points.weight)
        panel = unit_panel("events before", dated, [window], cell=places.cell, origin=places.origin, precision="day")
        pool = int((fitting & (placebo_counts(places, panel).target[:, 0] > 0)).sum())
    return why_no_forecast(months=MIN_MONTHS, places=int(fitting.sum()), pool=pool)


def _why(location_error: float, left_out: Sequence[str]) -> str:
    gap = f"; the gap is at least twice the location error of {location_error:g} m" if location_error else ""
    return f"the usual distances that fit{gap}{_listed(left_out)}"


def _listed(left_out: Sequence[str]) -> str:
    return "".join(f"; {one}" for one in left_out)
