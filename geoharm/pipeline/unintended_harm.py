"""Beside the sums: the watch for unintended harm, noxiousness, reporting effort and surveys of one operation."""

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
    """Return the watch after one operation: health and violence near the target, and how finds lie."""
    cells: list[RiseCheck] = []
    notes = []
    watched = [one for one in measures if is_watched(one.measure)]
    for one in watched:
        cells += _cells(engine, study, design, one)
    if not watched:
        notes.append(
            "No measure of health or violence was supplied, so nothing could be watched: unknown, not no harm."
        )
    found = [
        part
        for one in measures
        if one.measure.kind in _FIND_KINDS and one.measure.role is Role.HARM
        for part in _scatter(engine, study, design, one.measure)
    ]
    return UnintendedHarm(tuple(cells), tuple(found), tuple(notes))


def is_watched(measure: Measure) -> bool:
    """Return whether a measure is watched after an operation: health, violence, or because the study asks for it."""
    if measure.watched:
        return True
    types = ("health", "crime and violence")
    return measure.harm is not None and measure.harm.type in types and measure.kind != "treatment_entry"


def noxiousness_by_harm(study: Study, measures: Sequence[MeasureResult]) -> tuple[Noxiousness, ...]:
    """Return how noxious the market is for its size, by every other harm, in target and in target and rings."""
    market = next((one for one in measures if one.measure.name == study.harm.market_size), None)
    if market is None:
        return ()
    return tuple(
        noxiousness(
            zone,
            one.effect(zone),
            market.effect(zone),
            names=(one.measure.name, market.measure.name),
            rings=market.effect(ALL_RINGS) if zone == "target" else None,
            dispersion=(one.effect(zone).dispersion, market.effect(zone).dispersion),
        )
        for one in measures
        if one is not market and one.measure.role is Role.HARM and one.measure.kind != "treatment_entry"
        for zone in ("target", TARGET_AND_RINGS)
    )


def corrected_for_reporting(measures: Sequence[MeasureResult]) -> tuple[CorrectedEffect, ...]:
    """Return every measure with a comparator, corrected for how much was reported, in target, rings and both."""
    by_name = {one.measure.name: one for one in measures}
    return tuple(
        corrected_effect(
            zone,
            one.effect(zone),
            by_name[one.measure.comparator].effect(zone),
            names=(one.measure.name, one.measure.comparator),
            dispersion=(one.effect(zone).dispersion, by_name[one.measure.comparator].effect(zone).dispersion),
        )
        for one in measures
        if one.measure.comparator
        for zone in ("target", ALL_RINGS, TARGET_AND_RINGS)
    )


def survey_indicators(engine: DuckDBEngine, study: Study, design: Design) -> tuple[IndicatorChange, ...]:
    """Return what surveys say before and after one operation; what the community wants first is no outcome."""
    found = []
    for one in study.harm.indicators:
        if one.stands_for == "priority":
            continue
        source = next(part for part in study.sources if part.name == one.source)
        survey = survey_estimates(engine, one.source, read_format(source.format, study.folder), one.question)
        found.append(indicator_change(one, survey, design.operation.target, design.before, design.after))
    return tuple(found)


def service_sites(engine: DuckDBEngine, study: Study) -> dict[str, Floats]:
    """Return every listed service by category, as places of shape (n, 2)."""
    found: dict[str, list[tuple[float, float]]] = {}
    for source in study.sources:
        if source.kind == "site":
            for site in source_sites(engine, source.name):
                found.setdefault(site.category or source.name, []).append((site.x, site.y))
    return {category: np.array(places, dtype=np.float64).reshape(-1, 2) for category, places in sorted(found.items())}


def _cells(engine: DuckDBEngine, study: Study, design: Design, one: MeasureResult) -> list[RiseCheck]:
    settings, name = study.harm.unintended_harm, one.measure.name
    looks = [(days, metres) for days in settings.days for metres in settings.metres]
    nothing = Interval(np.nan, np.nan, 0.95)

    def unknown(why: str, days: int, metres: int) -> RiseCheck:
        return RiseCheck(name, days, metres, 0, np.nan, np.nan, nothing, settings.margin, RiseState.UNKNOWN, why)

    if one.counts.by_month:
        return [unknown("the source knows months only", *look) for look in looks]
    near = [Zone(f"{metres} m", ZoneRole.TARGET, design.operation.target.buffer(metres)) for metres in settings.metres]
    before = np.cumsum(_events(engine, one.measure, design.before, near))
    effect = one.effect("target")
    cells = []
    for days in settings.days:
        window = _since(design, days)
        if not one.counts.coverage.contains(window.periods[0]):
            cells += [unknown("the data end before that", days, metres) for metres in settings.metres]
            continue
        after = np.cumsum(_events(engine, one.measure, window, near))
        control = [
            sum(one.counts.total(zone.name, part) for zone in design.of_role(ZoneRole.CONTROL))
            for part in (design.before, window)
        ]
        cells += [
            check_for_rise(
                name, days=days, metres=metres, after=int(after[place]), before=int(before[place]),
                control=(control[0], control[1]), margin=settings.margin, dispersion=effect.dispersion,
                control_dispersion=effect.dispersion,
            )
            for place, metres in enumerate(settings.metres)
        ]  # fmt: skip
    return cells


def _since(design: Design, days: int) -> Window:
    start = design.operation.period.start
    return Window(f"{days} days", (Period(start, start + timedelta(days=days)),))


def _events(engine: DuckDBEngine, measure: Measure, window: Window, zones: Sequence[Zone]) -> Floats:
    """Return the events of a measure whose first holding zone is each of nested zones, the smallest first."""
    points = located_points(engine, measure, window)
    member = zone_index(points.x, points.y, zones)
    return np.array([points.weight[member == place].sum() for place in range(len(zones))])


def _scatter(engine: DuckDBEngine, study: Study, design: Design, measure: Measure) -> tuple[FindDispersion, ...]:
    rings = design.of_role(ZoneRole.RING)
    reach = max((zone.outer for zone in rings), default=design.operation.gap)
    target = design.of_role(ZoneRole.TARGET)[0]
    whole = Zone("near", ZoneRole.RING, shapely.buffer(target.geometry, reach))
    parts, inside = [], []
    for window in (design.before, design.after):
        points = located_points(engine, measure, window)
        member = zone_index(points.x, points.y, [target, whole])
        near = member >= 0
        parts.append((points.x[near], points.y[near], points.weight[near]))
        inside.append(member[near] == 0)
    known = service_sites(engine, study)
    named = [(name, sites_of_kind(known, words)) for name, words in SITE_WORDS.items()]
    return find_dispersion(
        measure.name, parts[0], parts[1], sites=named, inside=(inside[0], inside[1]), seed=study.seed
    )
