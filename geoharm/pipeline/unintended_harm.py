"""Compute unintended harm, noxiousness, corrections for reporting effort, and survey changes of one operation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import shapely

from geoharm.evaluation.design.neighbours import compared_days, neighbours_in, on_its_ground
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.geo.point_in_polygon import locate_points
from geoharm.harm.find_dispersion import find_dispersion
from geoharm.harm.indicators import indicator_change
from geoharm.harm.markets import SCHOOL, SERVICES, sites_of_kind
from geoharm.harm.noxiousness import noxiousness
from geoharm.harm.reporting_correction import corrected_effect
from geoharm.harm.results.markets import Noxiousness
from geoharm.harm.results.perception import CorrectedEffect, IndicatorChange
from geoharm.harm.results.unintended_harm import FindDispersion, RiseCheck, RiseState, UnintendedHarm
from geoharm.harm.unintended_harm import check_for_rise, with_joint_level
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS, Design
from geoharm.model.effect import Effect
from geoharm.model.estimate import Interval
from geoharm.model.geometry import ZoneRole
from geoharm.model.measure import Measure, Role
from geoharm.model.period import Period, Window, add_months
from geoharm.model.study import Study
from geoharm.pipeline.study_data import MeasureData, StudyData

SITE_WORDS = {"sharps bin": SERVICES["sharps bin"], "school": SCHOOL}
_FIND_KINDS = ("needle_find",)


def unintended_harm(data: StudyData, design: Design, measures: Sequence[MeasureResult]) -> UnintendedHarm:
    """Return the checks for unintended harm after one operation: health and violence near the target, and where finds lie.

    Parameters
    ----------
    data : StudyData
    design : Design
    measures : sequence of MeasureResult
        Of the operation.
    """
    checks: list[RiseCheck] = []
    notes = []
    checked = [result for result in measures if is_checked_for_rise(result.measure)]
    for result in checked:
        checks += _rise_checks(data, design, result)
    if not checked:
        notes.append(
            "No measure of health or violence was supplied, so unintended harm could not be checked: it is unknown, not absent."
        )
    dispersions = [
        dispersion
        for result in measures
        if result.measure.kind in _FIND_KINDS and result.measure.role is Role.HARM
        for dispersion in _find_dispersions(data, design, data.measure(result.measure.name))
    ]
    return UnintendedHarm(with_joint_level(checks), tuple(dispersions), tuple(notes))


def is_checked_for_rise(measure: Measure) -> bool:
    """Return whether a measure is checked for unintended harm: health, violence, or one that the study names."""
    if measure.checked_for_rise:
        return True
    types = ("health", "crime and violence")
    return measure.harm is not None and measure.harm.type in types and measure.kind != "treatment_entry"


def noxiousness_by_harm(study: Study, measures: Sequence[MeasureResult]) -> tuple[Noxiousness, ...]:
    """Return the noxiousness (harm per unit of market size) by every other harm, in target and in target and rings."""
    market = next((candidate for candidate in measures if candidate.measure.name == study.harm.market_size), None)
    if market is None:
        return ()
    return tuple(
        noxiousness(
            zone,
            result.effect(zone),
            market.effect(zone),
            names=(result.measure.name, market.measure.name),
            rings=market.effect(ALL_RINGS) if zone == "target" else None,
            dispersion=(result.effect(zone).dispersion, market.effect(zone).dispersion),
        )
        for result in measures
        if result is not market and result.measure.role is Role.HARM and result.measure.kind != "treatment_entry"
        for zone in ("target", TARGET_AND_RINGS)
    )


def corrected_for_reporting(measures: Sequence[MeasureResult]) -> tuple[CorrectedEffect, ...]:
    """Return every measure with a comparator, corrected for reporting effort, in target, rings and both."""
    by_name = {result.measure.name: result for result in measures}
    return tuple(
        corrected_effect(
            zone,
            result.effect(zone),
            by_name[result.measure.comparator].effect(zone),
            names=(result.measure.name, result.measure.comparator),
            dispersion=(result.effect(zone).dispersion, by_name[result.measure.comparator].effect(zone).dispersion),
        )
        for result in measures
        if result.measure.comparator
        for zone in ("target", ALL_RINGS, TARGET_AND_RINGS)
    )


def survey_indicators(data: StudyData, design: Design) -> tuple[IndicatorChange, ...]:
    """Return the change of each survey indicator around one operation; community priority is no outcome and is left out."""
    return tuple(
        indicator_change(indicator, data.surveys[indicator], design.operation.target, design.before, design.after)
        for indicator in data.study.harm.indicators
        if indicator.stands_for != "priority"
    )


@dataclass(frozen=True, slots=True)
class _Look:
    """A window after the start: so many days, or so many months."""

    window: Window
    months: int = 0

    @property
    def days(self) -> int:
        return self.window.days


def _rise_checks(data: StudyData, design: Design, result: MeasureResult) -> list[RiseCheck]:
    settings, name, coverage = data.study.harm.unintended_harm, result.measure.name, result.counts.coverage
    looks = [_first_days(design, days) for days in settings.days]
    looks += [
        look for look in (_first_months(design, months) for months in settings.months)
        if coverage.contains(look.window.periods[0])
    ]  # fmt: skip
    places = [*((metres, "") for metres in settings.metres), (0, TARGET_AND_RINGS)]
    no_interval = Interval(np.nan, np.nan, 0.95)

    def unknown_checks(reason: str, look: _Look) -> list[RiseCheck]:
        return [
            RiseCheck(
                name, look.days, metres, 0, np.nan, np.nan, no_interval, settings.margin, RiseState.UNKNOWN, reason,
                months=look.months, zone=zone,
            )
            for metres, zone in places
        ]  # fmt: skip

    if result.counts.by_month:
        reason = "the source has months only, no days"
        return [check for look in looks for check in unknown_checks(reason, look)]
    effects = [result.effect("target")] * len(settings.metres) + [result.effect(TARGET_AND_RINGS)]
    control_dispersion, drift = effects[0].dispersion, _drift(effects[-1])
    before, control_before = _counts_by_place(data, design, result, design.before)
    checks = []
    later = [
        other for other in on_its_ground(design.operation, data.study.other_operations(design.operation))
        if other.period.start >= compared_days(design.operation, design.before, design.phases)[-1].end
    ]  # fmt: skip
    for look in looks:
        if met := neighbours_in(look.window.periods, later):
            checks += unknown_checks(f"“{met[0].name}” began near it before that", look)
            continue
        if not coverage.contains(look.window.periods[0]):
            checks += unknown_checks("the data end before that", look)
            continue
        after, control_after = _counts_by_place(data, design, result, look.window)
        checks += [
            check_for_rise(
                name, days=look.days, metres=metres, months=look.months, zone=zone, after=after[place],
                before=before[place], control=(control_before, control_after), margin=settings.margin,
                dispersion=effects[place].dispersion, control_dispersion=control_dispersion, drift=drift,
            )
            for place, (metres, zone) in enumerate(places)
        ]  # fmt: skip
    return checks


def _counts_by_place(data: StudyData, design: Design, result: MeasureResult, window: Window) -> tuple[list[int], int]:
    """Return the events in each of the nested circles and in target and rings, and those in the control area."""
    settings, points = data.study.harm.unintended_harm, data.measure(result.measure.name).points
    circles = [design.operation.target.buffer(metres) for metres in settings.metres]
    inside = points.in_window(window)
    circle_of_point = locate_points(points.x[inside], points.y[inside], circles)
    is_near = circle_of_point >= 0
    weight = points.weight[inside][is_near]
    near = np.cumsum(np.bincount(circle_of_point[is_near], weights=weight, minlength=len(circles)))

    def total(*roles: ZoneRole) -> int:
        return sum(result.counts.total(zone.name, window) for role in roles for zone in design.of_role(role))

    return [*map(int, near), total(ZoneRole.TARGET, ZoneRole.RING)], total(ZoneRole.CONTROL)


def _drift(effect: Effect[int]) -> float:
    """Return how far places without an operation drift from their forecast beyond counting noise; 0 if not known."""
    if effect.placebo is None or not math.isfinite(effect.placebo.tau):
        return 0.0
    return effect.placebo.tau


def _first_days(design: Design, days: int) -> _Look:
    start = design.operation.period.start
    return _Look(Window(f"{days} days", (Period(start, start + timedelta(days=days)),)))


def _first_months(design: Design, months: int) -> _Look:
    start = design.operation.period.start
    return _Look(Window(f"{months} months", (Period(start, add_months(start, months)),)), months)


def _find_dispersions(data: StudyData, design: Design, collected: MeasureData) -> tuple[FindDispersion, ...]:
    rings = design.of_role(ZoneRole.RING)
    reach = max((zone.outer for zone in rings), default=design.operation.gap)
    target = design.of_role(ZoneRole.TARGET)[0].geometry
    points_by_window, inside = [], []
    for window in (design.before, design.after):
        points = collected.points_in(window)
        area_of_point = locate_points(points.x, points.y, [target, shapely.buffer(target, reach)])
        near = area_of_point >= 0
        points_by_window.append((points.x[near], points.y[near], points.weight[near]))
        inside.append(area_of_point[near] == 0)
    site_groups = [(name, sites_of_kind(data.sites, words)) for name, words in SITE_WORDS.items()]
    return find_dispersion(
        collected.measure.name,
        points_by_window[0],
        points_by_window[1],
        sites=site_groups,
        inside=(inside[0], inside[1]),
        seed=data.study.seed,
    )
