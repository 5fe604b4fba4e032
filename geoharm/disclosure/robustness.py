"""Disclosure control of other estimators, diagnostics and types of displacement: no small count follows from them.

- An estimate of the target (or of the rings) is suppressed where the count of the target (or of the rings) is. This holds
  for every `OtherEstimate`, by its zones; one made from finer counts than those of the windows is rounded elsewhere.
- Where the dispersion of a zone is suppressed but not its counts, an `OtherEstimate` made from the counts of the windows
  keeps its value and loses its error; whatever else has an error of that zone is suppressed.
- The regression has one error for all zones. It is suppressed completely where one of the zones is, and rounded
  elsewhere.
- Monthly curves are shown only where the monthly counts are, the running change to a hundredth. No other curve has an
  error.
- An effect decay is shown only if no small count of a stretch of time, in its zone or in the control, can be solved for
  from it together with the other published numbers.
- The estimate against a candidate control area follows from the counts of that area. It is suppressed where one of them
  is small in any window, and rounded to a hundredth elsewhere. The estimate against all candidates together is
  suppressed where the counts of the suppressed candidates add up to few.
- A diagnostic or type of displacement that names a suppressed count says that it is suppressed. The severity of such a
  diagnostic would tell the count where one event more turns it, so it is always the same; one of the rings is left out, since
  that it is there may tell as much. Figures come from counts by month, day or hour that are not shown, so they have two digits.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from geoharm.disclosure.dispersion_suppression import dispersion_note, has_suppressed_error
from geoharm.disclosure.effect_decay import protect_effect_decay
from geoharm.disclosure.released import ReleasedEffect, ReleasedRobustness, ReleasedSeries, WithheldPart
from geoharm.disclosure.suppression import (
    SuppressionPattern,
    count_in_period,
    round_estimate,
    round_to_two_digits,
    suppress_error,
    suppress_estimate,
)
from geoharm.evaluation.results.curves import Curve, DidEstimates
from geoharm.evaluation.results.diagnostics import Diagnostic, DiagnosticKind, Severity
from geoharm.evaluation.results.displacement_types import DisplacementType
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.evaluation.results.robustness import OtherEstimate, OtherEstimators
from geoharm.evaluation.results.specification import ControlCandidate, Specification, SpecificationCurve
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS, Design
from geoharm.model.estimate import Interval
from geoharm.model.geometry import ZoneRole
from geoharm.model.period import Period, headline_phases
from geoharm.model.pooled import Forest
from geoharm.model.reason import Reason, Withheld

_ALL_TOGETHER = "all together"
# Diagnostics whose figures are computed from an error of the target, and so from its dispersion; those of the second group
# only if the target has no calibrated ratio, which they use otherwise.
_FROM_DISPERSION = {DiagnosticKind.SELECTION, DiagnosticKind.PRE_TREND, DiagnosticKind.CONTROLS}
_FROM_COUNTING_ERROR = {DiagnosticKind.REPORTING, DiagnosticKind.MULTIPLICITY, DiagnosticKind.POWER}
_NO_INTERVAL = Interval(math.nan, math.nan, 0.95)


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
    """Return the other estimators, diagnostics and types of displacement of a measure as they may be released.

    Parameters
    ----------
    result : MeasureResult
    design : Design
    k : int
        Counts from 1 to k - 1 are suppressed.
    effects, phases, bounds : sequence of ReleasedEffect
        As they are released.
    series : ReleasedSeries
        As it is released.
    timed : bool
        Whether counts over time may be released at all; if not, no effect decay is.
    """
    rule = SuppressionPattern(
        k,
        frozenset(effect.zone for effect in effects if effect.is_withheld),
        frozenset((effect.zone, effect.window) for effect in phases if effect.is_withheld),
        frozenset(effect.zone for effect in effects if has_suppressed_error(effect)),
    )
    left_out: list[WithheldPart] = []
    other_estimators: OtherEstimators | None = None
    stretches: tuple[tuple[str, Period, int], ...] = ()
    if result.other_estimators is not None:
        other_estimators = _protect_other_estimators(result.other_estimators, rule, design, series, left_out=left_out)
        decays, stretches = protect_effect_decay(
            result.other_estimators.effect_decay, result.counts, design, rule, series, timed=timed
        )
        other_estimators = replace(other_estimators, effect_decay=decays)
    diagnostics = _protect_diagnostics(result, design, rule, bounds=bool(bounds))
    displacement_types = (
        None
        if result.displacement_types is None
        else tuple(_protect_displacement_type(row, rule) for row in result.displacement_types)
    )
    return ReleasedRobustness(other_estimators, diagnostics, displacement_types, tuple(left_out), stretches)


def protect_forests(
    pools: Sequence[tuple[str, Forest]], hidden: Mapping[str, frozenset[str]], k: int
) -> tuple[tuple[str, Forest], ...]:
    """Return the forest plots without suppressed operations.

    Where an operation's count is suppressed, so are its row and, since the row would follow from it, the mean.

    Parameters
    ----------
    pools : sequence of (zone, Forest)
    hidden : mapping of operation to set of zones
        Zones whose effects are suppressed.
    k : int
        Threshold of the disclosure rule.
    """
    released = []
    for zone, forest in pools:
        suppressed = [label for label, _, _ in forest.rows if zone in hidden.get(label, frozenset())]
        if suppressed:
            rows = tuple((label, estimate, math.nan) for label, estimate, _ in forest.rows if label not in suppressed)
            withheld = Withheld(Reason.SUPPRESSED, k)
            left_out = (*forest.left_out, *((label, withheld) for label in suppressed))
            released.append(
                (
                    zone,
                    replace(
                        forest, rows=rows, left_out=left_out, pooled=None, note=withheld, spread=None, clustered=None
                    ),
                )
            )
        else:
            released.append((zone, forest))
    return tuple(released)


def _protect_other_estimators(
    estimators: OtherEstimators,
    rule: SuppressionPattern,
    design: Design,
    series: ReleasedSeries,
    *,
    left_out: list[WithheldPart],
) -> OtherEstimators:
    """Return the other estimators, except effect decays, without anything that would give a small count back.

    What is left out is added to `left_out`.
    """
    hide_target, hide_rings = "target" in rule.hidden, ALL_RINGS in rule.hidden
    hide_errors = "target" in rule.incomplete
    hide_total = bool({"target", ALL_RINGS, TARGET_AND_RINGS} & rule.incomplete)
    if hide_target:
        left_out.append(WithheldPart.TARGET)
    if hide_rings:
        left_out.append(WithheldPart.RINGS)
    if rule.without_error:
        left_out.append(WithheldPart.ERRORS)
    cumulative, events, running = estimators.cumulative_wdd, estimators.event_study, estimators.running_change
    if (cumulative or events or running) and (series.step != 1 or hide_target):
        left_out.append(WithheldPart.MONTHLY_CURVES)
        cumulative = events = None
        running = ()
    by_control = estimators.by_control
    specification_curve = estimators.specification_curve
    if hide_errors:
        by_control = specification_curve = None
    if by_control is not None:
        by_control = _protect_by_control(by_control, rule)
    if specification_curve is not None:
        specification_curve = _protect_specification_curve(specification_curve, rule, design)
    control_choice = estimators.control_choice
    if control_choice is not None:
        candidates = tuple(
            _protect_candidate(candidate, rule, hide=hide_target) for candidate in control_choice.candidates
        )
        control_choice = replace(control_choice, candidates=candidates)
    return replace(
        estimators,
        estimates=tuple(_protect_other_estimate(result, rule) for result in estimators.estimates),
        exact=_NO_INTERVAL if hide_target else estimators.exact,
        indices=None if hide_total else estimators.indices,
        cumulative_wdd=cumulative and cumulative.without_covariance(),
        event_study=events and events.without_covariance(),
        distance_profile=_protect_distance_profile(estimators.distance_profile, rule),
        control_choice=control_choice,
        by_control=by_control,
        specification_curve=specification_curve,
        placebo_p=math.nan if hide_errors else estimators.placebo_p,
        did=estimators.did and _protect_did(estimators.did, rule),
        running_change=tuple(round_estimate(point, rule.k) for point in running),
    )


def _protect_other_estimate(result: OtherEstimate, rule: SuppressionPattern) -> OtherEstimate:
    """Return a result in the common form, suppressed where one of its zones is; rounded if finer counts are in it."""
    if rule.hidden.intersection(result.zones):
        return replace(result, estimate=suppress_estimate(result.estimate, Withheld(Reason.SUPPRESSED, rule.k)))
    if rule.without_error.intersection(result.zones):
        suppress = suppress_error if result.from_totals else suppress_estimate
        return replace(result, estimate=suppress(result.estimate, dispersion_note(rule.k)))
    if result.from_totals:
        return result
    return replace(result, estimate=round_estimate(result.estimate, rule.k))


def _protect_did(did: DidEstimates, rule: SuppressionPattern) -> DidEstimates:
    """Return the difference-in-differences estimates rounded to a hundredth.

    Their dispersion comes from monthly counts, which are not shown by ring.
    """
    if rule.k == 1:
        return did
    if rule.incomplete & {ALL_RINGS, TARGET_AND_RINGS, *(term.name for term in did.terms)}:
        note = Withheld(Reason.SUPPRESSED, rule.k)
        return replace(did, terms=tuple(suppress_estimate(term, note) for term in did.terms), dispersion=math.nan)
    terms = tuple(round_estimate(term, rule.k) for term in did.terms)
    return replace(did, terms=terms, dispersion=round(did.dispersion, 1))


def _protect_distance_profile(curve: Curve, rule: SuppressionPattern) -> Curve:
    """Return the distance profile of the zones whose counts are shown."""
    kept_positions = [position for position, point in enumerate(curve.points) if point.name not in rule.hidden]
    if len(kept_positions) == len(curve.points):
        return curve.without_covariance()
    return Curve(
        curve.name,
        tuple(curve.points[position] for position in kept_positions),
        curve.positions[kept_positions],
        np.full((len(kept_positions), len(kept_positions)), math.nan),
        Withheld(Reason.ZONES_LEFT_OUT, rule.k),
    )


def _protect_candidate(candidate: ControlCandidate, rule: SuppressionPattern, *, hide: bool) -> ControlCandidate:
    """Return a candidate control area without numbers that would reveal a small count of its events."""
    if rule.k == 1:
        return candidate
    if hide or rule.small(candidate.events):
        return replace(
            candidate,
            distance=_round_to_ten(candidate.distance),
            scale=math.nan,
            ratios={},
            events=0,
            reason=Withheld(Reason.SUPPRESSED, rule.k),
            passes=False,
        )
    ratios = {name: round(value, 1) for name, value in candidate.ratios.items()}
    return replace(
        candidate, distance=_round_to_ten(candidate.distance), scale=round(candidate.scale, 1), ratios=ratios, events=0
    )


def _round_to_ten(value: float) -> float:
    return round(value / 10) * 10.0


def _protect_by_control(curve: SpecificationCurve, rule: SuppressionPattern) -> SpecificationCurve:
    """Return the estimates by control without those against areas with few events."""
    kept = [specification for specification in curve.specifications if not rule.small(*specification.counts[2:])]
    suppressed = [
        specification
        for specification in curve.specifications
        if rule.small(*specification.counts[2:]) and _control_of(specification) != _ALL_TOGETHER
    ]
    suppressed_counts = [sum(specification.counts[position] for specification in suppressed) for position in (2, 3)]
    if rule.small(*suppressed_counts):
        kept = [specification for specification in kept if _control_of(specification) != _ALL_TOGETHER]
    return _keep_specifications(curve, kept, rule)


def _control_of(specification: Specification) -> str:
    return dict(specification.choices)["control"]


def _protect_specification_curve(
    curve: SpecificationCurve, rule: SuppressionPattern, design: Design
) -> SpecificationCurve:
    """Return the estimates by reach, window and control from which no suppressed count follows."""
    after_name, reach_is_shown = design.after.name, {}
    apart = {phase.name for phase in design.phases} - {phase.name for phase in headline_phases(design.phases)}
    suppressed_rings = 0
    for zone in design.of_role(ZoneRole.RING):
        suppressed_rings += zone.name in rule.incomplete
        reach_is_shown[f"target and rings to {zone.outer:g} m"] = suppressed_rings == 0
    reach_is_shown |= {
        "target": True,
        TARGET_AND_RINGS: TARGET_AND_RINGS not in rule.incomplete and suppressed_rings == 0,
    }
    small_controls = {
        _control_of(specification)
        for specification in curve.specifications
        if rule.small(*specification.counts[2:]) and dict(specification.choices)["window"] not in apart
    }

    def is_shown(specification: Specification) -> bool:
        choices = dict(specification.choices)
        zones = ("target",) if choices["reach"] == "target" else ("target", ALL_RINGS)
        is_suppressed = any((zone, choices["window"]) in rule.windows for zone in zones)
        if not reach_is_shown[choices["reach"]] or is_suppressed or rule.small(*specification.counts[2:]):
            return False
        # The phases of a control add up to its window after, so one small phase suppresses them all.
        return choices["window"] in {after_name, *apart} or choices["control"] not in small_controls

    return _keep_specifications(
        curve, [specification for specification in curve.specifications if is_shown(specification)], rule
    )


def _keep_specifications(
    curve: SpecificationCurve, kept: Sequence[Specification], rule: SuppressionPattern
) -> SpecificationCurve:
    if rule.k == 1:
        return curve
    return replace(
        curve,
        specifications=tuple(
            replace(specification, estimate=round_estimate(specification.estimate, rule.k), counts=())
            for specification in kept
        ),
        heterogeneity_p=round_to_two_digits(curve.heterogeneity_p),
        spread=round_to_two_digits(curve.spread),
    )


def _protect_diagnostics(
    result: MeasureResult, design: Design, rule: SuppressionPattern, *, bounds: bool
) -> tuple[Diagnostic, ...]:
    """Return the diagnostics as they may be released; neither their order nor their number tells of a suppressed count."""
    protected = [
        _protect_diagnostic(diagnostic, result, design, rule, bounds=bounds)
        for diagnostic in result.diagnostics
        if "target" in diagnostic.zones or not rule.hidden.intersection(diagnostic.zones)
    ]
    if not any(isinstance(diagnostic.sentence, Withheld) for diagnostic in protected):
        return tuple(protected)
    kinds = list(DiagnosticKind)
    return tuple(sorted(protected, key=lambda one: (-one.severity, kinds.index(one.kind), one.zones)))


def _protect_diagnostic(
    diagnostic: Diagnostic, result: MeasureResult, design: Design, rule: SuppressionPattern, *, bounds: bool
) -> Diagnostic:
    ring_names = {zone.name for zone in design.of_role(ZoneRole.RING)}
    hidden = "target" in rule.hidden
    if diagnostic.kind is DiagnosticKind.LOCATION_ERROR:
        hidden = hidden or bool(ring_names & rule.hidden)
    if diagnostic.kind is DiagnosticKind.UNPLACED_ROWS:
        hidden = hidden or (bool(result.unplaced_bounds) and not bounds)
    chosen = design.operation.chosen_on
    if diagnostic.kind is DiagnosticKind.SELECTION and chosen is not None:
        hidden = hidden or rule.small(count_in_period(result.counts, chosen, result.counts.zones.index("target")))
    if rule.k == 1:
        return diagnostic
    if hidden:
        return replace(
            diagnostic,
            figure=math.nan,
            sentence=Withheld(Reason.SUPPRESSED, rule.k),
            severity=diagnostic.severity if _follows_from_design(diagnostic) else Severity.SAY,
            broken={},
        )
    ratio = result.effect("target").ratio
    from_dispersion = diagnostic.kind in _FROM_DISPERSION or (
        diagnostic.kind in _FROM_COUNTING_ERROR and not (ratio.calibrated and ratio.is_defined)
    )
    if "target" in rule.without_error and from_dispersion and not math.isnan(diagnostic.figure):
        return replace(diagnostic, figure=math.nan, sentence=dispersion_note(rule.k))
    return replace(diagnostic, figure=round_to_two_digits(diagnostic.figure))


def _follows_from_design(diagnostic: Diagnostic) -> bool:
    """Return whether the severity of a diagnostic follows from windows and dates alone."""
    is_measured = math.isfinite(diagnostic.figure) and diagnostic.figure != 0
    return diagnostic.kind is DiagnosticKind.SEASON or (diagnostic.kind is DiagnosticKind.SELECTION and not is_measured)


def _protect_displacement_type(row: DisplacementType, rule: SuppressionPattern) -> DisplacementType:
    if rule.k == 1:
        return replace(row, counts=())
    # The share that counting alone gives follows from the dispersion, and the dispersion from that share.
    if "target" in rule.without_error and row.measured:
        return replace(row, figure=math.nan, sentence=dispersion_note(rule.k), counts=())
    if not rule.small(*row.counts):
        return replace(row, figure=round_to_two_digits(row.figure), counts=())
    return replace(row, figure=math.nan, sentence=Withheld(Reason.SUPPRESSED, rule.k), counts=())
