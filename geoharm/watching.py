"""Beside the sums: the watch for unintended harm, noxiousness, reporting effort and surveys of one operation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import shapely
from numpy.typing import NDArray

from geoharm import harm, store
from geoharm.model import (
    ALL_RINGS,
    TARGET_AND_RINGS,
    CorrectedEffect,
    Design,
    IndicatorChange,
    Interval,
    Measure,
    MeasureResult,
    Noxiousness,
    Period,
    Role,
    Scatter,
    Study,
    Watch,
    WatchCell,
    WatchState,
    Window,
    Zone,
    ZoneRole,
)
from geoharm.store import Store

Floats = NDArray[np.float64]
SITE_WORDS = {"sharps bin": harm.SERVICES["sharps bin"], "school": harm.SCHOOL}
_FIND_KINDS = ("needle_find",)


def watch(opened: Store, study: Study, design: Design, measures: Sequence[MeasureResult]) -> Watch:
    """Return the watch after one operation: health and violence near the target, and how finds lie."""
    cells: list[WatchCell] = []
    notes = []
    watched = [one for one in measures if is_watched(one.measure)]
    for one in watched:
        cells += _cells(opened, study, design, one)
    if not watched:
        notes.append(
            "No measure of health or violence was supplied, so nothing could be watched: unknown, not no harm."
        )
    found = [
        part
        for one in measures
        if one.measure.kind in _FIND_KINDS and one.measure.role is Role.HARM
        for part in _scatter(opened, study, design, one.measure)
    ]
    return Watch(tuple(cells), tuple(found), tuple(notes))


def is_watched(measure: Measure) -> bool:
    """Return whether a measure is watched after an operation: health, violence, or because the study asks for it."""
    if measure.watched:
        return True
    types = ("health", "crime and violence")
    return measure.harm is not None and measure.harm.type in types and measure.kind != "treatment_entry"


def noxious(study: Study, measures: Sequence[MeasureResult]) -> tuple[Noxiousness, ...]:
    """Return how noxious the market is for its size, by every other harm, in target and in target and rings."""
    market = next((one for one in measures if one.measure.name == study.harm.market_size), None)
    if market is None:
        return ()
    return tuple(
        harm.noxiousness(
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


def corrected(measures: Sequence[MeasureResult]) -> tuple[CorrectedEffect, ...]:
    """Return every measure with a comparator, corrected for how much was reported, in target, rings and both."""
    by_name = {one.measure.name: one for one in measures}
    return tuple(
        harm.corrected_effect(
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


def indicators(opened: Store, study: Study, design: Design) -> tuple[IndicatorChange, ...]:
    """Return what surveys say before and after one operation; what the community wants first is no outcome."""
    found = []
    for one in study.harm.indicators:
        if one.stands_for == "priority":
            continue
        source = next(part for part in study.sources if part.name == one.source)
        survey = store.survey_estimates(
            opened, one.source, store.read_format(source.format, study.folder), one.question
        )
        found.append(harm.indicator_change(one, survey, design.operation.target, design.before, design.after))
    return tuple(found)


def sites(opened: Store, study: Study) -> dict[str, Floats]:
    """Return every listed service by category, as places of shape (n, 2)."""
    found: dict[str, list[tuple[float, float]]] = {}
    for source in study.sources:
        if source.kind == "site":
            for site in store.sites(opened, source.name):
                found.setdefault(site.category or source.name, []).append((site.x, site.y))
    return {category: np.array(places, dtype=np.float64).reshape(-1, 2) for category, places in sorted(found.items())}


def _cells(opened: Store, study: Study, design: Design, one: MeasureResult) -> list[WatchCell]:
    settings, name = study.harm.watch, one.measure.name
    looks = [(days, metres) for days in settings.days for metres in settings.metres]
    nothing = Interval(np.nan, np.nan, 0.95)

    def unknown(why: str, days: int, metres: int) -> WatchCell:
        return WatchCell(name, days, metres, 0, np.nan, np.nan, nothing, settings.margin, WatchState.UNKNOWN, why)

    if one.counts.by_month:
        return [unknown("the source knows months only", *look) for look in looks]
    near = [Zone(f"{metres} m", ZoneRole.TARGET, design.operation.target.buffer(metres)) for metres in settings.metres]
    before = np.cumsum(_events(opened, one.measure, design.before, near))
    effect = one.effect("target")
    cells = []
    for days in settings.days:
        window = _since(design, days)
        if not one.counts.coverage.contains(window.periods[0]):
            cells += [unknown("the data end before that", days, metres) for metres in settings.metres]
            continue
        after = np.cumsum(_events(opened, one.measure, window, near))
        control = [
            sum(one.counts.total(zone.name, part) for zone in design.of_role(ZoneRole.CONTROL))
            for part in (design.before, window)
        ]
        cells += [
            harm.watch_cell(
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


def _events(opened: Store, measure: Measure, window: Window, zones: Sequence[Zone]) -> Floats:
    """Return the events of a measure whose first holding zone is each of nested zones, the smallest first."""
    points = store.points(opened, measure, window)
    member = store.zone_of(points.x, points.y, zones)
    return np.array([points.weight[member == place].sum() for place in range(len(zones))])


def _scatter(opened: Store, study: Study, design: Design, measure: Measure) -> tuple[Scatter, ...]:
    rings = design.of_role(ZoneRole.RING)
    reach = max((zone.outer for zone in rings), default=design.operation.gap)
    target = design.of_role(ZoneRole.TARGET)[0]
    whole = Zone("near", ZoneRole.RING, shapely.buffer(target.geometry, reach))
    parts, inside = [], []
    for window in (design.before, design.after):
        points = store.points(opened, measure, window)
        member = store.zone_of(points.x, points.y, [target, whole])
        near = member >= 0
        parts.append((points.x[near], points.y[near], points.weight[near]))
        inside.append(member[near] == 0)
    known = sites(opened, study)
    named = [(name, harm.sites_of(known, words)) for name, words in SITE_WORDS.items()]
    return harm.scatter(measure.name, parts[0], parts[1], sites=named, inside=(inside[0], inside[1]), seed=study.seed)
