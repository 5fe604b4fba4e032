"""What a release tells of counts: every published number as a linear statement about events by place and time."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import shapely
from shapely.geometry.base import BaseGeometry

from geoharm.disclosure.released import Count, Release, ReleasedEffect, ReleasedHotspots, ReleasedMeasure, Suppressed
from geoharm.model.counts import UNPLACED, UNPLACED_NEAR
from geoharm.model.design import (
    ALL_RINGS,
    TARGET_AND_RINGS,
    TARGET_GAP_AND_RINGS,
    TARGET_WITH_ALL,
    TARGET_WITH_NEAR,
    Design,
)
from geoharm.model.disclosure_rules import DISCLOSURE_RULES, DisclosureRule
from geoharm.model.geometry import ZoneRole
from geoharm.model.measure import Measure
from geoharm.model.period import Period, Window, add_months

# Outlines are compared on a grid of a metre; a hotspot's events and a city's totals are shown to the nearest ten.
_PRECISION = 1.0
_TENS = 5
_DIGITS = 1e-8
# A city's month of more than so many times k bounds no cell closely enough to matter.
_FEW = 4

PERIODS = tuple[Period, ...]


@dataclass(frozen=True, slots=True)
class Term:
    """A multiple of one count: the events of a measure at any of some places, in any of some periods."""

    factor: float
    measure: str
    places: tuple[str, ...]
    periods: PERIODS


@dataclass(frozen=True, slots=True)
class PublishedValue:
    """One published number: a weighted sum of counts lies from `low` to `high`.

    Attributes
    ----------
    text : str
        Which number, in words.
    terms : tuple of Term
    low, high : float
        Infinite where nothing is said.
    withheld : bool
        Whether the number itself is not shown.
    """

    text: str
    terms: tuple[Term, ...]
    low: float
    high: float
    withheld: bool = False


@dataclass(frozen=True, slots=True)
class Constraints:
    """All that a release tells, and the ground it speaks of.

    Attributes
    ----------
    values : tuple of PublishedValue
    outlines : mapping of str to shapely geometry
        Outlines of the places, in metres; a place that has none overlaps no other.
    leaks : tuple of str
        Numbers that are shown although a count they are made from is withheld.
    """

    values: tuple[PublishedValue, ...]
    outlines: Mapping[str, BaseGeometry]
    leaks: tuple[str, ...] = ()


def constraints_of(release: Release) -> Constraints:
    """Return everything a release tells of counts.

    Windows' counts by zone and sum of zones, series, hotspots, differences whose other counts are shown, and the city's
    months where they are few enough to bind. The line of the control, and the running difference beside the target's
    months, tell the control's counts of every step; a clock is taken to tell the counts of its stretches. The running
    difference and the event study say no more: they are functions of the months that are shown with them. Any further
    number that is made from a withheld count is a leak as it stands: with nine digits it gives whole counts back,
    however many are unknown.
    """
    rule = DISCLOSURE_RULES.get(release.rule) or DisclosureRule(release.rule, release.threshold, 1, 1, "")
    ground: dict[str, BaseGeometry] = {}
    told: list[PublishedValue] = []
    leaks: list[str] = []
    everywhere: set[str] = set()
    for operation in release.operations:
        places = _places(operation.design, ground)
        everywhere |= {name for names in places.values() for name in names if name in ground}
        for measure in operation.measures:
            for effect, window in _effects(measure, operation.design):
                told += _of_effect(effect, measure.measure, operation.design.before, window, places, rule)
                if effect.is_withheld and _says_more(effect):
                    leaks.append(f"{measure.measure.name}, {effect.zone}, {effect.window}: an estimate")
            told += _of_series(measure, places, rule)
        hidden = {
            (one.measure.name, effect.zone)
            for one in operation.measures
            for effect in one.effects
            if effect.is_withheld
        }
        for net in operation.harm.net_harm if operation.harm else ():
            unseen = [row for row in net.rows if (row.measure.name, net.zone) in hidden]
            if any(math.isfinite(row.low) or math.isfinite(row.high) for row in unseen) or (
                net.is_known and any(row.weight for row in unseen)
            ):
                leaks.append(f"harm added up in {net.zone}: {net.profile}")
    for spots in release.hotspots:
        told += _of_hotspots(spots, release, ground)
    told += _of_months(release, tuple(sorted(everywhere)))
    once = {(one.terms, one.low, one.high, one.withheld): one for one in reversed(told)}
    return Constraints(tuple(reversed(once.values())), ground, tuple(leaks))


def row_key(measure: Measure) -> str:
    """Return what makes two measures count the same rows."""
    return f"{measure.source}: {', '.join(sorted(measure.categories)) or 'all'}"


def place_name(geometry: BaseGeometry, ground: dict[str, BaseGeometry]) -> str:
    """Return the name of an outline by its shape, and keep the outline under it."""
    shape = shapely.set_precision(geometry, _PRECISION)
    name = hashlib.sha256(shapely.to_wkb(shapely.normalize(shape))).hexdigest()[:16]
    ground[name] = shape
    return name


def _places(design: Design, ground: dict[str, BaseGeometry]) -> dict[str, tuple[str, ...]]:
    """Return the places that make up every zone and sum of zones of an operation."""
    names = {zone.name: (place_name(zone.geometry, ground),) for zone in design.zones}

    def of(role: ZoneRole) -> tuple[str, ...]:
        return tuple(name for zone in design.of_role(role) for name in names[zone.name])

    target, gap, rings = of(ZoneRole.TARGET), of(ZoneRole.GAP), of(ZoneRole.RING)
    near, rest = (f"{kind}: {design.operation.name}" for kind in (UNPLACED_NEAR, UNPLACED))
    return names | {
        "target": target,
        "control": of(ZoneRole.CONTROL),
        ALL_RINGS: rings,
        TARGET_AND_RINGS: target + rings,
        TARGET_GAP_AND_RINGS: target + gap + rings,
        TARGET_WITH_NEAR: (*target, near),
        TARGET_WITH_ALL: (*target, near, rest),
    }


def _effects(measure: ReleasedMeasure, design: Design) -> Iterator[tuple[ReleasedEffect, Window]]:
    windows = {window.name: window for window in (design.after, *design.phases)}
    yield from ((effect, design.after) for effect in (*measure.effects, *measure.bounds))
    yield from ((effect, windows[effect.window]) for effect in measure.phases)


def _of_effect(
    effect: ReleasedEffect,
    measure: Measure,
    before: Window,
    after: Window,
    places: Mapping[str, tuple[str, ...]],
    rule: DisclosureRule,
) -> Iterator[PublishedValue]:
    key = row_key(measure)
    counts = (
        ("before", effect.before, effect.zone, before),
        ("after", effect.after, effect.zone, after),
        ("before", effect.control_before, "control", before),
        ("after", effect.control_after, "control", after),
    )
    terms = []
    for side, value, zone, window in counts:
        term = Term(1.0, key, places[zone], window.periods)
        terms.append(term)
        text = f"{measure.name}, {zone}, {window.name if side == 'after' else side}"
        yield PublishedValue(text, (term,), *_span(value, rule), withheld=isinstance(value, Suppressed))
    difference = effect.difference.value
    if math.isfinite(difference) and effect.is_withheld:
        yield from _of_difference(
            effect, terms, difference, f"{measure.name}, {effect.zone}, {effect.window}: difference"
        )


def _of_difference(effect: ReleasedEffect, terms: list[Term], value: float, text: str) -> Iterator[PublishedValue]:
    r"""Return what the difference :math:`Z_1 - Z_0 C_1 / C_0` tells: linear wherever one factor of each product is known."""
    z0, z1, c0, c1 = effect.before, effect.after, effect.control_before, effect.control_after
    before, after, control_before, control_after = terms
    near = _DIGITS * max(abs(value), 1.0)

    def of(factors: list[tuple[float, Term]], total: float, slack: float) -> PublishedValue:
        scaled = tuple(Term(factor, term.measure, term.places, term.periods) for factor, term in factors)
        return PublishedValue(text, scaled, total - slack, total + slack)

    if isinstance(c0, int) and isinstance(c1, int) and c0:
        yield of([(1.0, after), (-c1 / c0, before)], value, near)
    elif isinstance(z0, int) and isinstance(z1, int):
        yield of([(z1 - value, control_before), (-float(z0), control_after)], 0.0, near * 1000)
    elif isinstance(c0, int) and isinstance(z0, int) and c0:
        yield of([(1.0, after), (-z0 / c0, control_after)], value, near)


def _says_more(effect: ReleasedEffect) -> bool:
    """Return whether a withheld effect still shows a number that was made from its counts."""
    numbers = (
        effect.expected, effect.change, effect.interval.low, effect.ratio.value, effect.ratio.standard_error,
        effect.difference.value, effect.difference.standard_error, effect.detectable_fall, effect.dispersion,
        effect.counting.low,
    )  # fmt: skip
    return effect.placebo is not None or any(math.isfinite(number) for number in numbers)


def _span(value: Count, rule: DisclosureRule) -> tuple[float, float]:
    if isinstance(value, Suppressed):
        return (float(rule.least), float(value.below - 1)) if value.below else (0.0, math.inf)
    low, high = rule.span(value)
    return float(low), float(high)


def _of_series(
    measure: ReleasedMeasure, places: Mapping[str, tuple[str, ...]], rule: DisclosureRule
) -> Iterator[PublishedValue]:
    series, key = measure.series, row_key(measure.measure)
    for start, value in zip(series.starts, series.target, strict=True):
        term = Term(1.0, key, places["target"], (Period(start, add_months(start, series.step)),))
        low, high = rule.span(value)
        yield PublishedValue(f"{measure.measure.name}, target, {start:%Y-%m}", (term,), low, high)
    for start, line in zip(series.starts, series.control, strict=True):
        if not series.level > 0:
            break
        term = Term(1.0, key, places["control"], (Period(start, add_months(start, series.step)),))
        slack = _DIGITS * max(line, 1.0) if rule.step == 1 else float(rule.step)
        low, high = math.ceil((line - slack) / series.level), math.floor((line + slack) / series.level)
        yield PublishedValue(
            f"{measure.measure.name}, control, {start:%Y-%m}", (term,), float(max(low, 0)), float(high)
        )
    for zone, stretch, count in measure.robustness.stretches:
        text = f"{measure.measure.name}, {zone}, clock from {stretch.start}"
        yield PublishedValue(text, (Term(1.0, key, places[zone], (stretch,)),), float(count), float(count))


def _of_hotspots(
    spots: ReleasedHotspots, release: Release, ground: dict[str, BaseGeometry]
) -> Iterator[PublishedValue]:
    ledger = next((one for one in release.ledgers if one.source == spots.measure.source), None)
    if ledger is None:
        return
    gone = set(ledger.missing_months)
    months = tuple(
        Period(max(month, ledger.coverage.start), min(add_months(month, 1), ledger.coverage.end))
        for month in ledger.coverage.months()
        if month not in gone
    )
    for spot in spots.hotspots:
        term = Term(1.0, row_key(spots.measure), (place_name(spot.geometry, ground),), _joined(months))
        low, high = (spot.events, spot.events) if release.threshold == 1 else (spot.events - _TENS, spot.events + _TENS)
        yield PublishedValue(f"{spots.measure.name}, hotspot {spot.rank}", (term,), max(0.0, low), high)


def _joined(periods: PERIODS) -> PERIODS:
    """Return periods with those that touch made one."""
    found: list[Period] = []
    for one in periods:
        if found and found[-1].end == one.start:
            found[-1] = Period(found[-1].start, one.end)
        else:
            found.append(one)
    return tuple(found)


def _of_months(release: Release, everywhere: tuple[str, ...]) -> Iterator[PublishedValue]:
    """Return the rows kept a month as bounds from above, where they are so few that they may bind."""
    for source, months in release.months.items():
        keys = sorted({row_key(one) for one in release.study.measures if one.source == source})
        for month, value in months.items():
            high = value.below - 1 if isinstance(value, Suppressed) else value + _TENS
            if high <= _FEW * release.threshold:
                periods = (Period(month, add_months(month, 1)),)
                terms = tuple(Term(1.0, key, (place,), periods) for key in keys for place in everywhere)
                yield PublishedValue(f"{source}, rows kept in {month:%Y-%m}", terms, 0.0, float(high))
