"""Published numbers as constraints: each one is a linear statement about counts by place and time."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

import shapely
from shapely.geometry.base import BaseGeometry

from geoharm.disclosure.dispersion_suppression import has_suppressed_error
from geoharm.disclosure.factor_bounds import companion_bounds, control_counts, history_bounds
from geoharm.disclosure.released import (
    Release,
    ReleasedComparison,
    ReleasedEffect,
    ReleasedHotspots,
    ReleasedMeasure,
)
from geoharm.disclosure.rows import DataSet, RowSet, rows_of
from geoharm.disclosure.statements import Constraints, PublishedValue, Term, distinct
from geoharm.disclosure.tens import ends_of_tens
from geoharm.model.counts import UNPLACED, UNPLACED_NEAR
from geoharm.model.design import (
    ALL_RINGS,
    TARGET_AND_RINGS,
    TARGET_GAP_AND_RINGS,
    TARGET_OWN_PLACE,
    TARGET_WITH_ALL_UNPLACED,
    TARGET_WITH_STREET_UNPLACED,
    Design,
)
from geoharm.model.disclosure_rules import DISCLOSURE_RULES, DisclosureRule, Threshold
from geoharm.model.geometry import ZoneRole
from geoharm.model.map_steps import map_steps
from geoharm.model.measure import Measure
from geoharm.model.period import Period, Window, add_months, join_adjacent
from geoharm.model.suppressed import Count, Suppressed

# Outlines are compared on a grid of one centimetre. The events of a hotspot and the totals of a city are rounded to the
# nearest ten, so they lie within 5 of the number shown.
_GRID_METRES = 0.01
_HALF_OF_TEN = 5
_RELATIVE_PRECISION = 1e-8
# The total of a view of the whole city is used only up to so many times k; a larger one bounds no cell closely.
_BINDING_MULTIPLE = 4
_WHOLE = "whole "
_OF_COMPARISON = ", of a comparison"
_NO_OPERATION = ", of a study without an operation"


def constraints_of(release: Release) -> Constraints:
    """Return every number of a release that bounds a count.

    Notes
    -----
    Included are:

    - counts by window, of zones and of sums of zones;
    - the time series of the target;
    - the control's line, and the cumulative difference shown with the target's months: they give the control's count of
      every step;
    - what the steps of the forecast's factor tell of the history and of the last year: the control's counts, and bounds of
      the zone's and its companion's;
    - hotspots;
    - the events of the whole study area in the windows of comparisons;
    - differences whose other counts are shown;
    - the stretches of time of the released effect decays.

    The rows by month stand in the data sets; the attack reads them there (`month_bounds`).

    The cumulative difference and the event study need no constraint of their own, as they are functions of the months
    that are shown with them. Any other number that is made from a suppressed count is a leak: with nine digits it gives
    whole counts back, however many are unknown.
    """
    rule = DISCLOSURE_RULES.get(release.rule) or DisclosureRule(release.rule, release.threshold, 1, 1, "")
    outlines: dict[str, BaseGeometry] = {}
    values: list[PublishedValue] = []
    leaks: list[str] = []
    everywhere: set[str] = set()
    data = release.data
    for operation in release.operations:
        places = _places(operation.design, outlines)
        everywhere |= {name for names in places.values() for name in names if name in outlines}
        for measure in operation.measures:
            for effect, window in _effects_with_windows(measure, operation.design):
                values += _values_of_effect(
                    effect,
                    (operation.design.before, window),
                    name=measure.measure.name,
                    rows=counted_rows(measure.measure, effect, data),
                    places=places,
                    rule=rule,
                )
                if effect.is_withheld and _shows_derived_number(effect):
                    leaks.append(f"{measure.measure.name}, {effect.zone}, {effect.window}: an estimate")
                if has_suppressed_error(effect) and _shows_error(effect):
                    leaks.append(f"{measure.measure.name}, {effect.zone}, {effect.window}: an error")
            for effect in measure.effects:
                values += _values_of_factors(effect, measure.measure, places, data)
            values += _values_of_series(measure, places, rule, data)
            values += _values_of_unplaced(measure, operation.design, places, data)
        suppressed = {
            (released.measure.name, effect.zone)
            for released in operation.measures
            for effect in released.effects
            if effect.is_withheld
        }
        for net_harm in operation.harm.net_harm if operation.harm else ():
            suppressed_rows = [row for row in net_harm.rows if (row.measure.name, net_harm.zone) in suppressed]
            if any(math.isfinite(row.low) or math.isfinite(row.high) for row in suppressed_rows) or (
                net_harm.is_known and any(row.weight for row in suppressed_rows)
            ):
                leaks.append(f"harm added up in {net_harm.zone}: {net_harm.profile}")
    zones = tuple(sorted(everywhere))
    for hotspots in release.hotspots:
        values += _values_of_hotspots(hotspots, release, zones, outlines)
    for comparison in release.comparisons:
        values += _values_of_comparison(comparison, release)
    return Constraints(distinct(tuple(values)), outlines, tuple(leaks), {one.key: one for one in data.values()})


def without_far_hotspots(constraints: Constraints, *, apart_from: Collection[str] = ()) -> Constraints:
    """Return constraints without the hotspots of studies without an operation that touch no ground of another number.

    They are recorded because a later study may have a target there. Among themselves they are not attacked: all are rounded to
    ten, and many windows overlap, so it would take long and find nothing.

    Parameters
    ----------
    constraints : Constraints
    apart_from : collection of str
        Names of places, such as control areas, of whose parts nothing exact is published.
    """
    marked = {value for value in constraints.values if value.text.endswith(_NO_OPERATION)}
    if not marked:
        return constraints
    others = {
        place for value in constraints.values if value not in marked for term in value.terms for place in term.places
    }
    ground = [
        constraints.outlines[place] for place in sorted(others & constraints.outlines.keys()) if place not in apart_from
    ]
    near = shapely.union_all(ground)
    shapely.prepare(near)
    kept = tuple(
        value
        for value in constraints.values
        if value not in marked or any(near.intersects(constraints.outlines[place]) for place in value.terms[0].places)
    )
    return replace(constraints, values=kept)


def without_comparisons(constraints: Constraints) -> Constraints:
    """Return constraints without the numbers of comparisons."""
    marks = (_OF_COMPARISON, _OF_COMPARISON + _NO_OPERATION)
    kept = tuple(value for value in constraints.values if not value.text.endswith(marks))
    return replace(constraints, values=kept)


def control_places(release: Release) -> frozenset[str]:
    """Return the names of the control areas of a release's operations."""
    return frozenset(
        place_name(zone.geometry, {})
        for operation in release.operations
        for zone in operation.design.of_role(ZoneRole.CONTROL)
    )


def counted_rows(measure: Measure, effect: ReleasedEffect, data: Mapping[str, DataSet]) -> RowSet:
    """Return the rows that an effect counts: those of its measure, or the part of them with a place of their own."""
    return replace(rows_of(measure, data), own_place=effect.zone == TARGET_OWN_PLACE)


def place_name(geometry: BaseGeometry, ground: dict[str, BaseGeometry]) -> str:
    """Return the name of an outline (a hash of its shape), and store the outline under that name."""
    shape = shapely.set_precision(geometry, _GRID_METRES)
    name = hashlib.sha256(shapely.to_wkb(shapely.normalize(shape))).hexdigest()[:16]
    ground[name] = shape
    return name


def _places(design: Design, outlines: dict[str, BaseGeometry]) -> dict[str, tuple[str, ...]]:
    """Return the places that make up every zone and sum of zones of an operation."""
    names = {zone.name: (place_name(zone.geometry, outlines),) for zone in design.zones}

    def places_of_role(role: ZoneRole) -> tuple[str, ...]:
        return tuple(name for zone in design.of_role(role) for name in names[zone.name])

    target, gap, rings = places_of_role(ZoneRole.TARGET), places_of_role(ZoneRole.GAP), places_of_role(ZoneRole.RING)
    # Rows without a place are the same for every operation; which of them name a street of the target depends on it.
    unplaced_near = f"{UNPLACED_NEAR}: {' '.join(target)}"
    return names | {
        UNPLACED_NEAR: (unplaced_near,),
        "target": target,
        "control": places_of_role(ZoneRole.CONTROL),
        ALL_RINGS: rings,
        TARGET_AND_RINGS: target + rings,
        TARGET_GAP_AND_RINGS: target + gap + rings,
        TARGET_OWN_PLACE: target,
        TARGET_WITH_STREET_UNPLACED: (*target, unplaced_near),
        TARGET_WITH_ALL_UNPLACED: (*target, UNPLACED),
    }


def _effects_with_windows(measure: ReleasedMeasure, design: Design) -> Iterator[tuple[ReleasedEffect, Window]]:
    windows = {window.name: window for window in (design.after, *design.phases)}
    yield from ((effect, design.after) for effect in (*measure.effects, *measure.bounds))
    yield from ((effect, windows[effect.window]) for effect in measure.phases)
    if measure.own_place is not None:
        yield measure.own_place, design.after


def _values_of_effect(
    effect: ReleasedEffect,
    windows: tuple[Window, Window],
    *,
    name: str,
    rows: RowSet,
    places: Mapping[str, tuple[str, ...]],
    rule: DisclosureRule,
) -> Iterator[PublishedValue]:
    before, after = windows
    counts = (
        ("before", effect.before, effect.zone, before),
        ("after", effect.after, effect.zone, after),
        ("before", effect.control_before, "control", before),
        ("after", effect.control_after, "control", after),
    )
    terms = []
    for side, value, zone, window in counts:
        term = Term(1.0, rows, places[zone], window.periods)
        terms.append(term)
        text = f"{name}, {zone}, {window.name if side == 'after' else side}"
        yield PublishedValue(text, (term,), *_bounds(value, rule), withheld=isinstance(value, Suppressed))
    difference = effect.difference.value
    if math.isfinite(difference) and effect.is_withheld:
        yield from _values_of_difference(
            effect, terms, difference, f"{name}, {effect.zone}, {effect.window}: difference"
        )


def _values_of_difference(
    effect: ReleasedEffect, terms: list[Term], value: float, text: str
) -> Iterator[PublishedValue]:
    """Return what the difference :math:`Z_1 - Z_0 C_1 / C_0` says about its suppressed counts.

    It is a linear constraint wherever one factor of each product is known.
    """
    z0, z1, c0, c1 = effect.before, effect.after, effect.control_before, effect.control_after
    before, after, control_before, control_after = terms
    tolerance = _RELATIVE_PRECISION * max(abs(value), 1.0)

    def weighted_sum(factors: list[tuple[float, Term]], total: float, slack: float) -> PublishedValue:
        scaled = tuple(replace(term, factor=factor) for factor, term in factors)
        return PublishedValue(text, scaled, total - slack, total + slack)

    if isinstance(c0, int) and isinstance(c1, int) and c0:
        yield weighted_sum([(1.0, after), (-c1 / c0, before)], value, tolerance)
    elif isinstance(z0, int) and isinstance(z1, int):
        yield weighted_sum([(z1 - value, control_before), (-float(z0), control_after)], 0.0, tolerance * 1000)
    elif isinstance(c0, int) and isinstance(z0, int) and c0:
        yield weighted_sum([(1.0, after), (-z0 / c0, control_after)], value, tolerance)


def _values_of_unplaced(
    measure: ReleasedMeasure, design: Design, places: Mapping[str, tuple[str, ...]], data: Mapping[str, DataSet]
) -> Iterator[PublishedValue]:
    """Return the rows without a place that name no street of the target: withheld, and a difference of two counts."""
    if not any(effect.zone == TARGET_WITH_STREET_UNPLACED for effect in measure.bounds):
        return
    rows = rows_of(measure.measure, data)
    for window in (design.before, design.after):
        every, near = (
            Term(factor, rows, place, window.periods)
            for factor, place in ((1.0, (UNPLACED,)), (-1.0, places[UNPLACED_NEAR]))
        )
        text = f"{measure.measure.name}, rows without a place on other streets, {window.name}"
        yield PublishedValue(text, (every, near), 0.0, math.inf, withheld=True)


def _shows_derived_number(effect: ReleasedEffect) -> bool:
    """Return whether an effect with a suppressed count still shows a number that was made from its counts."""
    numbers = (
        effect.expected, effect.change, effect.interval.low, effect.ratio.value, effect.ratio.standard_error,
        effect.difference.value, effect.difference.standard_error, effect.detectable_fall, effect.dispersion,
        effect.counting.low, effect.counting_ratio.value,
    )  # fmt: skip
    return effect.placebo is not None or any(math.isfinite(number) for number in numbers)


def _shows_error(effect: ReleasedEffect) -> bool:
    """Return whether an effect with a suppressed dispersion still shows a number from which it would follow."""
    numbers = [effect.counting.low, effect.counting_ratio.standard_error, effect.difference.standard_error]
    if not effect.ratio.calibrated:
        numbers += [effect.interval.low, effect.ratio.standard_error, effect.detectable_fall]
    return any(math.isfinite(number) for number in numbers)


def _bounds(value: Count, rule: DisclosureRule) -> tuple[float, float]:
    if isinstance(value, Suppressed):
        return (float(rule.lowest_suppressed), float(value.below - 1)) if value.below else (0.0, math.inf)
    low, high = rule.possible_counts(value)
    return float(low), float(high)


def _values_of_series(
    measure: ReleasedMeasure,
    places: Mapping[str, tuple[str, ...]],
    rule: DisclosureRule,
    data: Mapping[str, DataSet],
) -> Iterator[PublishedValue]:
    series, rows = measure.series, rows_of(measure.measure, data)
    for start, value in zip(series.starts, series.target, strict=True):
        term = Term(1.0, rows, places["target"], (Period(start, add_months(start, series.step)),))
        low, high = rule.possible_counts(value)
        yield PublishedValue(f"{measure.measure.name}, target, {start:%Y-%m}", (term,), low, high)
    for start, scaled_count in zip(series.starts, series.control, strict=True):
        if not series.level > 0:
            break
        term = Term(1.0, rows, places["control"], (Period(start, add_months(start, series.step)),))
        slack = _RELATIVE_PRECISION * max(scaled_count, 1.0)
        low, high = math.ceil((scaled_count - slack) / series.level), math.floor((scaled_count + slack) / series.level)
        if rule.step > 1:
            low, high = rule.possible_counts(round(scaled_count / series.level))
        yield PublishedValue(
            f"{measure.measure.name}, control, {start:%Y-%m}", (term,), float(max(low, 0)), float(high)
        )
    for zone, stretch, count in measure.robustness.stretches:
        text = f"{measure.measure.name}, {zone}, effect decay from {stretch.start}"
        yield PublishedValue(text, (Term(1.0, rows, places[zone], (stretch,)),), float(count), float(count))


def _values_of_factors(
    effect: ReleasedEffect, measure: Measure, places: Mapping[str, tuple[str, ...]], data: Mapping[str, DataSet]
) -> Iterator[PublishedValue]:
    """Return what the steps of a released factor say about the months before: of zone, companion and control."""
    factors = effect.placebo and effect.placebo.factors
    if not factors:
        return
    rows, text = rows_of(measure, data), f"{measure.name}, {effect.zone}, steps of the factor"
    for control_count, periods in zip(
        control_counts(effect, factors), (factors.history, factors.last_year), strict=False
    ):
        term = Term(1.0, rows, places["control"], periods)
        yield PublishedValue(f"{text}, control", (term,), control_count, control_count)
    low, high = history_bounds(effect, factors)
    if math.isfinite(high):
        yield PublishedValue(text, (Term(1.0, rows, places[effect.zone], factors.history),), low, high)
    companion, bounds = {"target": ALL_RINGS, ALL_RINGS: "target"}.get(effect.zone), companion_bounds(factors)
    if companion and bounds:
        # Both as sums with an upper bound.
        for sign, slope, high in ((1.0, bounds.high_slope, bounds.high), (-1.0, bounds.low_slope, -bounds.low)):
            last_year = Term(sign, rows, places[companion], factors.last_year)
            history = Term(-sign * slope, rows, places[companion], factors.history)
            yield PublishedValue(f"{text}, {companion}", (last_year, history), -math.inf, high)


def _values_of_hotspots(
    hotspots: ReleasedHotspots, release: Release, everywhere: tuple[str, ...], outlines: dict[str, BaseGeometry]
) -> Iterator[PublishedValue]:
    """Return the events of the hotspots of every view, and the events of whole views, where they are small enough to bind.

    Hotspots that touch no target, gap or ring are left out. Their events are rounded to ten, and nothing exact is published
    of ground inside a control area, so eleven values remain for each. Without an operation, all are kept and marked: another
    study that is published into the same folder may have a target there (`without_far_hotspots`).
    """
    ledger = next((ledger for ledger in release.ledgers if ledger.source == hotspots.measure.source), None)
    if ledger is None or ledger.coverage is None:
        return
    missing_months = set(ledger.missing_months)
    whole_period = tuple(
        Period(max(month, ledger.coverage.start), min(add_months(month, 1), ledger.coverage.end))
        for month in ledger.coverage.months()
        if month not in missing_months
    )
    periods = {("", "whole period"): join_adjacent(whole_period)}
    for comparison in release.comparisons:
        if comparison.windows is not None and comparison.measure.name == hotspots.measure.name:
            for window in (comparison.windows.before, comparison.windows.after):
                periods[comparison.comparison, window.name] = window.periods
    for operation in release.operations:
        design = operation.design
        steps = map_steps(design, release.study.publish.steps, ledger.coverage, ledger.missing_months)
        for window in (design.before, design.after, *steps):
            periods[design.operation.name, window.name] = window.periods
    rows, name = rows_of(hotspots.measure, release.data), hotspots.measure.name
    compared = {comparison.comparison for comparison in release.comparisons}
    near = shapely.union_all([operation.design.exposed_area for operation in release.operations])
    shapely.prepare(near)
    half = 0 if release.threshold == 1 else _HALF_OF_TEN
    for view, drawn in {("", "whole period"): hotspots.hotspots, **hotspots.outlines}.items():
        for hotspot in drawn:
            if release.operations and not near.intersects(hotspot.geometry):
                continue
            term = Term(1.0, rows, (place_name(hotspot.geometry, outlines),), periods[view])
            of = _OF_COMPARISON if view[0] in compared else ""
            text = f"{name}, {view[1]}, hotspot {hotspot.rank}{of}{'' if release.operations else _NO_OPERATION}"
            yield PublishedValue(text, (term,), max(0.0, hotspot.events - half), float(hotspot.events + half))
    for view, events in hotspots.events.items() if everywhere else ():
        if events + half <= _BINDING_MULTIPLE * release.threshold:
            term = Term(1.0, rows, everywhere, periods[view])
            yield PublishedValue(f"{name}, {view[1]}, all located events", (term,), 0.0, float(events + half))


def _values_of_comparison(comparison: ReleasedComparison, release: Release) -> Iterator[PublishedValue]:
    """Return the events of the whole study area in both windows of a comparison.

    The study area is a place without an outline, which shares no ground with zones and hotspots: what they say of it is in
    the totals of views (`_values_of_hotspots`), where those are small enough to bind.
    """
    if comparison.windows is None:
        return
    rows, k = rows_of(comparison.measure, release.data), release.threshold
    lowest = k.lowest if isinstance(k, Threshold) else 1
    place = f"{_WHOLE}{place_name(release.study.area.boundary, {})}"
    for window, count in zip((comparison.windows.before, comparison.windows.after), comparison.counts, strict=True):
        if isinstance(count, Suppressed):
            low, high = (float(lowest), float(count.below - 1)) if count.below else (0.0, math.inf)
        else:
            low, high = map(float, (count, count) if k == 1 else ends_of_tens(count))
        text = f"{comparison.measure.name}, {comparison.comparison}, {window.name}, whole study area{_OF_COMPARISON}"
        term = Term(1.0, rows, (place,), window.periods)
        yield PublishedValue(text, (term,), low, high, withheld=isinstance(count, Suppressed))
