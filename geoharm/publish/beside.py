"""What may be published of the family, the guards and the shifts: nothing from which a small count follows.

- An estimate of the target (or the rings) is withheld where the target's (or the rings') count is.
- The regression has one error for all zones: it is withheld whole where one of them is, and rounded elsewhere.
- Month-by-month curves are shown only where the counts by month are.
- A clock is shown only if no small count of a stretch of time can be solved for from it and what is shown else.
- A candidate area's answer follows from its counts: it is withheld where one of them is small, in any window, and
  rounded to a hundredth elsewhere; the answer against all of them together where what is hidden adds up to few.
- A guard or a shift that names a withheld count says that it is withheld; its consequence stays.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from geoharm.model import (
    ALL_RINGS,
    DURING,
    TARGET_AND_RINGS,
    Candidate,
    Clock,
    ConfidenceSet,
    Curve,
    Design,
    Estimate,
    Family,
    Forest,
    Guard,
    Interval,
    MeasureResult,
    Period,
    Regression,
    ShiftRow,
    ShiftTable,
    Specification,
    SpecificationCurve,
    ZoneCounts,
    ZoneRole,
    add_months,
)
from geoharm.publish.audit import gives_back
from geoharm.publish.shown import ShownBeside, ShownEffect, ShownSeries

_TOGETHER = "all together"
_NONE = Interval(math.nan, math.nan, 0.95)


@dataclass(frozen=True, slots=True)
class _Rule:
    """What is hidden of one measure.

    Attributes
    ----------
    k : int
    hidden : frozenset of str
        Zones of the headline's window.
    windows : frozenset of (zone, window)
        Phases.
    """

    k: int
    hidden: frozenset[str]
    windows: frozenset[tuple[str, str]]

    def small(self, *counts: int) -> bool:
        return any(0 < count < self.k for count in counts)


def disclose_beside(
    result: MeasureResult,
    design: Design,
    k: int,
    *,
    effects: Sequence[ShownEffect],
    phases: Sequence[ShownEffect],
    bounds: Sequence[ShownEffect],
    series: ShownSeries,
) -> ShownBeside:
    """Return the family, guards and shifts of a measure as they may be published.

    Parameters
    ----------
    result : MeasureResult
    design : Design
    k : int
        Counts from 1 to k - 1 are withheld.
    effects, phases, bounds : sequence of ShownEffect
        As they are published.
    series : ShownSeries
    """
    rule = _Rule(
        k,
        frozenset(effect.zone for effect in effects if effect.is_withheld),
        frozenset((effect.zone, effect.window) for effect in phases if effect.is_withheld),
    )
    withheld: list[str] = []
    found = None if result.family is None else _family(result, result.family, design, rule, series, withheld)
    guards = tuple(_guard(guard, result, design, rule, bounds=bool(bounds)) for guard in result.guards)
    shifts = None if result.shifts is None else _shifts(result.shifts, rule)
    return ShownBeside(found, guards, shifts, tuple(withheld))


def disclose_pools(
    pools: Sequence[tuple[str, Forest]], hidden: Mapping[str, frozenset[str]], k: int
) -> tuple[tuple[str, Forest], ...]:
    """Return the forests: where an operation's count is withheld, so is its row and, as it would follow, the mean.

    Parameters
    ----------
    pools : sequence of (zone, Forest)
    hidden : mapping of operation to set of zones
    k : int
    """
    found = []
    for zone, forest in pools:
        lost = [label for label, _, _ in forest.rows if zone in hidden.get(label, frozenset())]
        if lost:
            rows = tuple((label, estimate, math.nan) for label, estimate, _ in forest.rows if label not in lost)
            left = (*forest.left_out, *((label, _why(k)) for label in lost))
            found.append((zone, replace(forest, rows=rows, left_out=left, pooled=None, note=_why(k), clustered=None)))
        else:
            found.append((zone, forest))
    return tuple(found)


def _why(k: int) -> str:
    return f"withheld: a count under {k}, or one that would give it back"


def _blank(estimate: Estimate, k: int) -> Estimate:
    return replace(estimate, value=math.nan, standard_error=math.nan, note=_why(k), intervals=(), p=math.nan)


def _family(
    result: MeasureResult, found: Family, design: Design, rule: _Rule, series: ShownSeries, withheld: list[str]
) -> Family:
    """Return the family without what would give a small count back; what is left out is named."""
    k, target, rings = rule.k, "target" in rule.hidden, ALL_RINGS in rule.hidden
    both = target or rings or TARGET_AND_RINGS in rule.hidden
    if target:
        withheld.append("all estimates of the target")
    if rings:
        withheld.append("all estimates of the rings")
    monthly = series.step == 1 and not target
    if not monthly and (found.running or found.events):
        withheld.append("the curves by month: the counts by month are not shown either")
    clocks = tuple(
        _rounded_clock(clock, k)
        if _clock_is_safe(clock, result.counts, design, rule, series)
        else _blank_clock(clock, k)
        for clock in found.clocks
    )
    controls = found.controls
    sensitivity = found.sensitivity
    if target:
        controls = sensitivity = None
    if controls is not None:
        controls = _controls(controls, rule)
    if sensitivity is not None:
        sensitivity = _sensitivity(sensitivity, rule, design)
    choice = found.choice
    if choice is not None:
        listed = tuple(_candidate(one, rule, hide=target) for one in choice.candidates)
        choice = replace(choice, candidates=listed)
    return replace(
        found,
        local=_blank(found.local, rule.k) if target else found.local,
        displaced=_blank(found.displaced, rule.k) if rings and found.displaced else found.displaced,
        total=_blank(found.total, rule.k) if both and found.total else found.total,
        exact=_NONE if target else found.exact,
        indices=None if both else found.indices,
        running=found.running if monthly else None,
        events=found.events if monthly else None,
        profile=_profile(found.profile, rule),
        clocks=clocks,
        choice=choice,
        controls=controls,
        sensitivity=sensitivity,
        placebo_p=math.nan if target else found.placebo_p,
        regression=found.regression and _regression(found.regression, rule),
    )


def _regression(found: Regression, rule: _Rule) -> Regression:
    """Return the regression to a hundredth: its dispersion comes from counts by month, which are not shown by ring."""
    if rule.k == 1:
        return found
    if rule.hidden & {ALL_RINGS, TARGET_AND_RINGS, *(term.name for term in found.terms)}:
        return replace(found, terms=tuple(_blank(term, rule.k) for term in found.terms), dispersion=math.nan)
    terms = tuple(_rounded(term, rule.k) for term in found.terms)
    return replace(found, terms=terms, dispersion=round(found.dispersion, 1))


def _profile(curve: Curve, rule: _Rule) -> Curve:
    """Return the profile of the zones that are shown; with one hidden, the band is Bonferroni's over the others."""
    kept = [place for place, point in enumerate(curve.points) if point.name not in rule.hidden]
    if len(kept) == len(curve.points):
        return curve
    points = tuple(curve.points[place] for place in kept)
    defined = sum(point.is_defined for point in points)
    reach = NormalDist().inv_cdf(1 - (1 - curve.level) / 2 / defined) if defined else math.nan
    note = "zones that are withheld are left out; the band is Bonferroni's over those shown"
    return replace(
        curve,
        points=points,
        positions=curve.positions[kept].copy(),
        covariance=curve.covariance[np.ix_(kept, kept)].copy(),
        reach=reach,
        note=note,
    )


def _clock_is_safe(clock: Clock, counts: ZoneCounts, design: Design, rule: _Rule, series: ShownSeries) -> bool:
    """Return whether no small count follows from a clock's stretches, the windows and the series together."""
    if rule.k == 1:
        return True
    if clock.zone in rule.hidden:
        return False
    role = ZoneRole.TARGET if clock.zone == "target" else ZoneRole.RING
    names = [zone.name for zone in design.of_role(role)]
    rows = counts.counts[[counts.zones.index(name) for name in names]].sum(axis=0, keepdims=True)
    joint = replace(counts, zones=(clock.zone,), counts=rows)
    windows = [window for window in (design.before, design.after) if clock.zone not in rule.hidden]
    windows += [phase for phase in design.phases if (clock.zone, phase.name) not in rule.windows]
    spans = [[stretch] for stretch in clock.stretches]
    if any(rule.small(_between(joint, stretch)) for stretch in clock.stretches):
        return False
    spans += [list(window.periods) for window in windows]
    if clock.zone == "target" and series.step:
        spans += [[span] for span in _steps(series)]
    return not gives_back(joint, clock.zone, spans, rule.k)


def _between(counts: ZoneCounts, period: Period, row: int = 0) -> int:
    inside = (counts.dates >= np.datetime64(period.start)) & (counts.dates < np.datetime64(period.end))
    return int(counts.counts[row, inside].sum())


def _steps(series: ShownSeries) -> list[Period]:
    return [Period(start, add_months(start, series.step)) for start in series.starts]


def _rounded(estimate: Estimate, k: int) -> Estimate:
    """Return an estimate to a hundredth: finer, the counts of a small area would follow from it."""
    if k == 1 or not estimate.is_defined:
        return estimate
    return replace(estimate, value=round(estimate.value, 2), standard_error=round(estimate.standard_error, 2))


def _rounded_clock(clock: Clock, k: int) -> Clock:
    return replace(
        clock,
        initial=_rounded(clock.initial, k),
        wear=_rounded(clock.wear, k),
        residual=_rounded(clock.residual, k),
    )


def _blank_clock(clock: Clock, k: int) -> Clock:
    """Return a clock without numbers; why parts of it cannot be told at all stays."""
    nothing = ConfidenceSet((), clock.half_life_after.level, clock.half_life_after.method, _why(k))
    return replace(
        clock,
        initial=_blank(clock.initial, k),
        wear=_blank(clock.wear, k),
        half_life_running=math.nan,
        residual=_blank(clock.residual, k),
        half_life_after=nothing,
        months_to_return=nothing,
    )


def _candidate(one: Candidate, rule: _Rule, *, hide: bool) -> Candidate:
    """Return a candidate area without what its few events would follow from."""
    if rule.k == 1:
        return one
    if hide or rule.small(one.events):
        return replace(
            one, distance=_tens(one.distance), scale=math.nan, ratios={}, events=0, reason=_why(rule.k), taken=False
        )
    ratios = {name: round(value, 1) for name, value in one.ratios.items()}
    return replace(one, distance=_tens(one.distance), scale=round(one.scale, 1), ratios=ratios, events=0)


def _tens(value: float) -> float:
    return round(value / 10) * 10.0


def _controls(curve: SpecificationCurve, rule: _Rule) -> SpecificationCurve:
    """Return the answers by control without those of areas with few events."""
    kept = [one for one in curve.specifications if not rule.small(*one.counts[2:])]
    lost = [one for one in curve.specifications if rule.small(*one.counts[2:]) and _name(one) != _TOGETHER]
    hidden = [sum(one.counts[place] for one in lost) for place in (2, 3)]
    if rule.small(*hidden):
        kept = [one for one in kept if _name(one) != _TOGETHER]
    return _curve(curve, kept, rule)


def _name(one: Specification) -> str:
    return dict(one.choices)["control"]


def _sensitivity(curve: SpecificationCurve, rule: _Rule, design: Design) -> SpecificationCurve:
    """Return the answers by reach, window and control from which no withheld count follows."""
    after, edges = design.after.name, {}
    total = 0
    for zone in design.of_role(ZoneRole.RING):
        total += zone.name in rule.hidden
        edges[f"target and rings to {zone.outer:g} m"] = total == 0
    edges |= {"target": True, TARGET_AND_RINGS: TARGET_AND_RINGS not in rule.hidden and total == 0}
    small = {
        _name(one)
        for one in curve.specifications
        if rule.small(*one.counts[2:]) and dict(one.choices)["window"] != DURING
    }

    def shown(one: Specification) -> bool:
        choices = dict(one.choices)
        zones = ("target",) if choices["reach"] == "target" else ("target", ALL_RINGS)
        hidden = any((zone, choices["window"]) in rule.windows for zone in zones)
        if not edges[choices["reach"]] or hidden or rule.small(*one.counts[2:]):
            return False
        # Phases of an area add up to its window after, so one small phase hides them all.
        return choices["window"] in (after, DURING) or choices["control"] not in small

    return _curve(curve, [one for one in curve.specifications if shown(one)], rule)


def _curve(curve: SpecificationCurve, kept: Sequence[Specification], rule: _Rule) -> SpecificationCurve:
    if rule.k == 1:
        return curve
    return replace(
        curve,
        specifications=tuple(replace(one, estimate=_rounded(one.estimate, rule.k), counts=()) for one in kept),
    )


def _guard(guard: Guard, result: MeasureResult, design: Design, rule: _Rule, *, bounds: bool) -> Guard:
    rings = {zone.name for zone in design.of_role(ZoneRole.RING)}
    hidden = "target" in rule.hidden
    if guard.name == "location error":
        hidden = hidden or bool(rings & rule.hidden)
    if guard.name == "rows without a place":
        hidden = hidden or (bool(result.bounds) and not bounds)
    chosen = design.operation.chosen_on
    if guard.name == "regression to the mean" and chosen is not None:
        hidden = hidden or rule.small(_between(result.counts, chosen, result.counts.zones.index("target")))
    if not hidden or rule.k == 1:
        return guard
    return replace(guard, figure=math.nan, sentence=f"W{_why(rule.k)[1:]}.")


def _shifts(table: ShiftTable, rule: _Rule) -> ShiftTable:
    rows = tuple(_shift(row, rule) for row in table.rows)
    adjusted = tuple(
        math.nan if row.sentence.startswith("Withheld") else value
        for row, value in zip(rows, table.adjusted, strict=True)
    )
    return ShiftTable(rows, adjusted)


def _shift(row: ShiftRow, rule: _Rule) -> ShiftRow:
    if not rule.small(*row.counts):
        return replace(row, counts=())
    return replace(row, figure=math.nan, p_value=math.nan, sentence=f"W{_why(rule.k)[1:]}.", counts=())
