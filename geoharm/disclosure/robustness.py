"""What may be published of the family, the guards and the shifts: nothing from which a small count follows.

- An estimate of the target (or the rings) is withheld where the target's (or the rings') count is.
- The regression has one error for all zones: it is withheld whole where one of them is, and rounded elsewhere.
- Month-by-month curves are shown only where the counts by month are.
- A clock is shown only if no small count of a stretch of time, of its zone or the control, can be solved for from it
  and what is shown else; its times are rounded to a tenth of a month.
- A candidate area's answer follows from its counts: it is withheld where one of them is small, in any window, and
  rounded to a hundredth elsewhere; the answer against all of them together where what is hidden adds up to few.
- A guard or a shift that names a withheld count says that it is withheld; its consequence stays. Their figures, which
  come from counts by month, day or hour that are not shown, have two digits.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import NormalDist

import numpy as np

from geoharm.disclosure.effect_decay import protect_effect_decay
from geoharm.disclosure.released import ReleasedEffect, ReleasedRobustness, ReleasedSeries
from geoharm.disclosure.suppression import (
    SuppressionPattern,
    count_in_period,
    round_estimate,
    round_to_two_digits,
    suppress_estimate,
    suppression_note,
)
from geoharm.evaluation.results.curves import Curve, DidEstimates
from geoharm.evaluation.results.diagnostics import Diagnostic
from geoharm.evaluation.results.displacement_types import DisplacementTest, DisplacementTypes
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.evaluation.results.robustness import OtherEstimators
from geoharm.evaluation.results.specification import ControlCandidate, Specification, SpecificationCurve
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS, Design
from geoharm.model.estimate import Interval
from geoharm.model.geometry import ZoneRole
from geoharm.model.period import DURING, Period
from geoharm.model.pooled import Forest

_TOGETHER = "all together"
_NONE = Interval(math.nan, math.nan, 0.95)


def protect_robustness(
    result: MeasureResult,
    design: Design,
    k: int,
    *,
    effects: Sequence[ReleasedEffect],
    phases: Sequence[ReleasedEffect],
    bounds: Sequence[ReleasedEffect],
    series: ReleasedSeries,
    timed: bool = True,
) -> ReleasedRobustness:
    """Return the family, guards and shifts of a measure as they may be published.

    Parameters
    ----------
    result : MeasureResult
    design : Design
    k : int
        Counts from 1 to k - 1 are withheld.
    effects, phases, bounds : sequence of ReleasedEffect
        As they are published.
    series : ReleasedSeries
    timed : bool
        Whether counts over time may be told at all, so that clocks may.
    """
    rule = SuppressionPattern(
        k,
        frozenset(effect.zone for effect in effects if effect.is_withheld),
        frozenset((effect.zone, effect.window) for effect in phases if effect.is_withheld),
    )
    withheld: list[str] = []
    found: OtherEstimators | None = None
    stretches: tuple[tuple[str, Period, int], ...] = ()
    if result.other_estimators is not None:
        found = _family(result.other_estimators, rule, design, series, withheld=withheld)
        decays, stretches = protect_effect_decay(
            result.other_estimators.effect_decay, result.counts, design, rule, series, timed=timed
        )
        found = replace(found, effect_decay=decays)
    diagnostics = tuple(
        _guard(diagnostic, result, design, rule, bounds=bool(bounds)) for diagnostic in result.diagnostics
    )
    shifts = None if result.displacement_types is None else _shifts(result.displacement_types, rule)
    return ReleasedRobustness(found, diagnostics, shifts, tuple(withheld), stretches)


def protect_forests(
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
            left = (*forest.left_out, *((label, suppression_note(k)) for label in lost))
            found.append(
                (zone, replace(forest, rows=rows, left_out=left, pooled=None, note=suppression_note(k), clustered=None))
            )
        else:
            found.append((zone, forest))
    return tuple(found)


def _family(
    found: OtherEstimators, rule: SuppressionPattern, design: Design, series: ReleasedSeries, *, withheld: list[str]
) -> OtherEstimators:
    """Return the family, but its clocks, without what would give a small count back; what is left out is named."""
    target, rings = "target" in rule.hidden, ALL_RINGS in rule.hidden
    both = target or rings or TARGET_AND_RINGS in rule.hidden
    if target:
        withheld.append("all estimates of the target")
    if rings:
        withheld.append("all estimates of the rings")
    monthly = series.step == 1 and not target
    if not monthly and (found.cumulative_wdd or found.event_study):
        withheld.append("the curves by month: the counts by month are not shown either")
    controls = found.by_control
    sensitivity = found.specification_curve
    if target:
        controls = sensitivity = None
    if controls is not None:
        controls = _controls(controls, rule)
    if sensitivity is not None:
        sensitivity = _sensitivity(sensitivity, rule, design)
    choice = found.control_choice
    if choice is not None:
        listed = tuple(_candidate(one, rule, hide=target) for one in choice.candidates)
        choice = replace(choice, candidates=listed)
    return replace(
        found,
        wdd_target=suppress_estimate(found.wdd_target, rule.k) if target else found.wdd_target,
        wdd_rings=suppress_estimate(found.wdd_rings, rule.k) if rings and found.wdd_rings else found.wdd_rings,
        wdd_total=suppress_estimate(found.wdd_total, rule.k) if both and found.wdd_total else found.wdd_total,
        exact=_NONE if target else found.exact,
        indices=None if both else found.indices,
        cumulative_wdd=found.cumulative_wdd if monthly else None,
        event_study=found.event_study if monthly else None,
        distance_profile=_profile(found.distance_profile, rule),
        control_choice=choice,
        by_control=controls,
        specification_curve=sensitivity,
        placebo_p=math.nan if target else found.placebo_p,
        did=found.did and _regression(found.did, rule),
    )


def _regression(found: DidEstimates, rule: SuppressionPattern) -> DidEstimates:
    """Return the regression to a hundredth: its dispersion comes from counts by month, which are not shown by ring."""
    if rule.k == 1:
        return found
    if rule.hidden & {ALL_RINGS, TARGET_AND_RINGS, *(term.name for term in found.terms)}:
        return replace(found, terms=tuple(suppress_estimate(term, rule.k) for term in found.terms), dispersion=math.nan)
    terms = tuple(round_estimate(term, rule.k) for term in found.terms)
    return replace(found, terms=terms, dispersion=round(found.dispersion, 1))


def _profile(curve: Curve, rule: SuppressionPattern) -> Curve:
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


def _candidate(one: ControlCandidate, rule: SuppressionPattern, *, hide: bool) -> ControlCandidate:
    """Return a candidate area without what its few events would follow from."""
    if rule.k == 1:
        return one
    if hide or rule.small(one.events):
        return replace(
            one,
            distance=_tens(one.distance),
            scale=math.nan,
            ratios={},
            events=0,
            reason=suppression_note(rule.k),
            taken=False,
        )
    ratios = {name: round(value, 1) for name, value in one.ratios.items()}
    return replace(one, distance=_tens(one.distance), scale=round(one.scale, 1), ratios=ratios, events=0)


def _tens(value: float) -> float:
    return round(value / 10) * 10.0


def _controls(curve: SpecificationCurve, rule: SuppressionPattern) -> SpecificationCurve:
    """Return the answers by control without those of areas with few events."""
    kept = [one for one in curve.specifications if not rule.small(*one.counts[2:])]
    lost = [one for one in curve.specifications if rule.small(*one.counts[2:]) and _name(one) != _TOGETHER]
    hidden = [sum(one.counts[place] for one in lost) for place in (2, 3)]
    if rule.small(*hidden):
        kept = [one for one in kept if _name(one) != _TOGETHER]
    return _curve(curve, kept, rule)


def _name(one: Specification) -> str:
    return dict(one.choices)["control"]


def _sensitivity(curve: SpecificationCurve, rule: SuppressionPattern, design: Design) -> SpecificationCurve:
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


def _curve(curve: SpecificationCurve, kept: Sequence[Specification], rule: SuppressionPattern) -> SpecificationCurve:
    if rule.k == 1:
        return curve
    return replace(
        curve,
        specifications=tuple(replace(one, estimate=round_estimate(one.estimate, rule.k), counts=()) for one in kept),
        heterogeneity_p=round_to_two_digits(curve.heterogeneity_p),
        spread=round_to_two_digits(curve.spread),
    )


def _guard(
    diagnostic: Diagnostic, result: MeasureResult, design: Design, rule: SuppressionPattern, *, bounds: bool
) -> Diagnostic:
    rings = {zone.name for zone in design.of_role(ZoneRole.RING)}
    hidden = "target" in rule.hidden
    if diagnostic.name == "location error":
        hidden = hidden or bool(rings & rule.hidden)
    if diagnostic.name == "rows without a place":
        hidden = hidden or (bool(result.bounds) and not bounds)
    chosen = design.operation.chosen_on
    if diagnostic.name == "regression to the mean" and chosen is not None:
        hidden = hidden or rule.small(count_in_period(result.counts, chosen, result.counts.zones.index("target")))
    if rule.k == 1:
        return diagnostic
    if not hidden:
        return replace(diagnostic, figure=round_to_two_digits(diagnostic.figure))
    return replace(diagnostic, figure=math.nan, sentence=f"W{suppression_note(rule.k)[1:]}.")


def _shifts(table: DisplacementTypes, rule: SuppressionPattern) -> DisplacementTypes:
    rows = tuple(_shift(row, rule) for row in table.rows)
    adjusted = tuple(
        math.nan if row.sentence.startswith("Withheld") else value if rule.k == 1 else round_to_two_digits(value)
        for row, value in zip(rows, table.adjusted, strict=True)
    )
    return DisplacementTypes(rows, adjusted)


def _shift(row: DisplacementTest, rule: SuppressionPattern) -> DisplacementTest:
    if rule.k == 1:
        return replace(row, counts=())
    if not rule.small(*row.counts):
        return replace(row, figure=round_to_two_digits(row.figure), p_value=round_to_two_digits(row.p_value), counts=())
    return replace(row, figure=math.nan, p_value=math.nan, sentence=f"W{suppression_note(rule.k)[1:]}.", counts=())
