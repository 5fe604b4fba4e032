"""Compute unintended harm, noxiousness, corrections for reporting effort, and survey changes of one operation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import shapely
from numpy.typing import NDArray

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
from geoharm.harm.unintended_harm import check_for_rise
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS, Design
from geoharm.model.estimate import Interval
from geoharm.model.geometry import ZoneRole
from geoharm.model.measure import Measure, Role
from geoharm.model.period import Period, Window
from geoharm.model.study import Study
from geoharm.pipeline.study_data import MeasureData, StudyData

Floats = NDArray[np.float64]
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
    return UnintendedHarm(tuple(checks), tuple(dispersions), tuple(notes))


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


def _rise_checks(data: StudyData, design: Design, result: MeasureResult) -> list[RiseCheck]:
    settings, name = data.study.harm.unintended_harm, result.measure.name
    combinations = [(days, metres) for days in settings.days for metres in settings.metres]
    no_interval = Interval(np.nan, np.nan, 0.95)

    def unknown_check(reason: str, days: int, metres: int) -> RiseCheck:
        return RiseCheck(name, days, metres, 0, np.nan, np.nan, no_interval, settings.margin, RiseState.UNKNOWN, reason)

    if result.counts.by_month:
        return [unknown_check("the source has months only, no days", *horizon) for horizon in combinations]
    points = data.measure(name).points
    circles = [design.operation.target.buffer(metres) for metres in settings.metres]
    circle_of_point = locate_points(points.x, points.y, circles)

    def events_within(window: Window) -> Floats:
        """Return the events in each of the nested circles, the smallest first."""
        is_counted = points.in_window(window) & (circle_of_point >= 0)
        weight = points.weight[is_counted]
        return np.cumsum(np.bincount(circle_of_point[is_counted], weights=weight, minlength=len(circles)))

    before = events_within(design.before)
    effect = result.effect("target")
    checks = []
    for days in settings.days:
        window = _first_days(design, days)
        if not result.counts.coverage.contains(window.periods[0]):
            checks += [unknown_check("the data end before that", days, metres) for metres in settings.metres]
            continue
        after = events_within(window)
        control = [
            sum(result.counts.total(zone.name, counted_window) for zone in design.of_role(ZoneRole.CONTROL))
            for counted_window in (design.before, window)
        ]
        checks += [
            check_for_rise(
                name, days=days, metres=metres, after=int(after[circle]), before=int(before[circle]),
                control=(control[0], control[1]), margin=settings.margin, dispersion=effect.dispersion,
                control_dispersion=effect.dispersion,
            )
            for circle, metres in enumerate(settings.metres)
        ]  # fmt: skip
    return checks


def _first_days(design: Design, days: int) -> Window:
    start = design.operation.period.start
    return Window(f"{days} days", (Period(start, start + timedelta(days=days)),))


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
