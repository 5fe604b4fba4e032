"""Compute unintended harm, noxiousness, corrections for reporting effort, and survey changes of one operation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import shapely
from numpy.typing import NDArray

from geoharm.engines.duckdb import DuckDBEngine
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.harm.find_dispersion import find_dispersion
from geoharm.harm.indicators import indicator_change
from geoharm.harm.markets import SCHOOL, SERVICES, sites_of_kind
from geoharm.harm.noxiousness import noxiousness
from geoharm.harm.reporting_correction import corrected_effect
from geoharm.harm.results.markets import Noxiousness
from geoharm.harm.results.perception import CorrectedEffect, IndicatorChange
from geoharm.harm.results.unintended_harm import FindDispersion, RiseCheck, RiseState, UnintendedHarm
from geoharm.harm.unintended_harm import check_for_rise
from geoharm.ingest.formats.input_format import read_format
from geoharm.ingest.sites import source_sites
from geoharm.ingest.tables import survey_estimates
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS, Design
from geoharm.model.estimate import Interval
from geoharm.model.geometry import Zone, ZoneRole
from geoharm.model.measure import Measure, Role
from geoharm.model.period import Period, Window
from geoharm.model.study import Study
from geoharm.queries.counts import located_points, zone_index

Floats = NDArray[np.float64]
SITE_WORDS = {"sharps bin": SERVICES["sharps bin"], "school": SCHOOL}
_FIND_KINDS = ("needle_find",)


def unintended_harm(
    engine: DuckDBEngine, study: Study, design: Design, measures: Sequence[MeasureResult]
) -> UnintendedHarm:
    """Return the checks for unintended harm after one operation: health and violence near the target, and where finds lie.

    Parameters
    ----------
    engine : DuckDBEngine
        Holds the study's events and sites.
    study : Study
    design : Design
    measures : sequence of MeasureResult
        Of the operation.
    """
    checks: list[RiseCheck] = []
    notes = []
    checked = [result for result in measures if is_checked_for_rise(result.measure)]
    for result in checked:
        checks += _rise_checks(engine, study, design, result)
    if not checked:
        notes.append(
            "No measure of health or violence was supplied, so unintended harm could not be checked: it is unknown, not absent."
        )
    dispersions = [
        dispersion
        for result in measures
        if result.measure.kind in _FIND_KINDS and result.measure.role is Role.HARM
        for dispersion in _find_dispersions(engine, study, design, result.measure)
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


def survey_indicators(engine: DuckDBEngine, study: Study, design: Design) -> tuple[IndicatorChange, ...]:
    """Return the change of each survey indicator around one operation; community priority is no outcome and is left out."""
    changes = []
    for indicator in study.harm.indicators:
        if indicator.stands_for == "priority":
            continue
        source = next(candidate for candidate in study.sources if candidate.name == indicator.source)
        survey = survey_estimates(
            engine, indicator.source, read_format(source.format, study.folder), indicator.question
        )
        changes.append(indicator_change(indicator, survey, design.operation.target, design.before, design.after))
    return tuple(changes)


def service_sites(engine: DuckDBEngine, study: Study) -> dict[str, Floats]:
    """Return the locations of all listed services by category, each of shape (n, 2), in metres."""
    places_by_category: dict[str, list[tuple[float, float]]] = {}
    for source in study.sources:
        if source.kind == "site":
            for site in source_sites(engine, source.name):
                places_by_category.setdefault(site.category or source.name, []).append((site.x, site.y))
    return {
        category: np.array(places, dtype=np.float64).reshape(-1, 2)
        for category, places in sorted(places_by_category.items())
    }


def _rise_checks(engine: DuckDBEngine, study: Study, design: Design, result: MeasureResult) -> list[RiseCheck]:
    settings, name = study.harm.unintended_harm, result.measure.name
    combinations = [(days, metres) for days in settings.days for metres in settings.metres]
    no_interval = Interval(np.nan, np.nan, 0.95)

    def unknown_check(reason: str, days: int, metres: int) -> RiseCheck:
        return RiseCheck(name, days, metres, 0, np.nan, np.nan, no_interval, settings.margin, RiseState.UNKNOWN, reason)

    if result.counts.by_month:
        return [unknown_check("the source has months only, no days", *horizon) for horizon in combinations]
    circles = [
        Zone(f"{metres} m", ZoneRole.TARGET, design.operation.target.buffer(metres)) for metres in settings.metres
    ]
    before = np.cumsum(_events_by_zone(engine, result.measure, design.before, circles))
    effect = result.effect("target")
    checks = []
    for days in settings.days:
        window = _first_days(design, days)
        if not result.counts.coverage.contains(window.periods[0]):
            checks += [unknown_check("the data end before that", days, metres) for metres in settings.metres]
            continue
        after = np.cumsum(_events_by_zone(engine, result.measure, window, circles))
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


def _events_by_zone(engine: DuckDBEngine, measure: Measure, window: Window, zones: Sequence[Zone]) -> Floats:
    """Return the number of events in each of nested zones, the smallest zone first; each event counts in the first only."""
    points = located_points(engine, measure, window)
    zone_of_point = zone_index(points.x, points.y, zones)
    return np.array([points.weight[zone_of_point == zone_number].sum() for zone_number in range(len(zones))])


def _find_dispersions(
    engine: DuckDBEngine, study: Study, design: Design, measure: Measure
) -> tuple[FindDispersion, ...]:
    rings = design.of_role(ZoneRole.RING)
    reach = max((zone.outer for zone in rings), default=design.operation.gap)
    target = design.of_role(ZoneRole.TARGET)[0]
    surroundings = Zone("near", ZoneRole.RING, shapely.buffer(target.geometry, reach))
    points_by_window, inside = [], []
    for window in (design.before, design.after):
        points = located_points(engine, measure, window)
        zone_of_point = zone_index(points.x, points.y, [target, surroundings])
        near = zone_of_point >= 0
        points_by_window.append((points.x[near], points.y[near], points.weight[near]))
        inside.append(zone_of_point[near] == 0)
    sites = service_sites(engine, study)
    site_groups = [(name, sites_of_kind(sites, words)) for name, words in SITE_WORDS.items()]
    return find_dispersion(
        measure.name,
        points_by_window[0],
        points_by_window[1],
        sites=site_groups,
        inside=(inside[0], inside[1]),
        seed=study.seed,
    )
