"""Rounds counts, and suppresses zeros, where the disclosure rule says so; applied after the threshold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from geoharm.disclosure.net_harm import harms_without_error, hidden_harms, protect_harm_assessment
from geoharm.disclosure.placebo_places import coarsen_places
from geoharm.disclosure.released import (
    NOTHING_BESIDE,
    Release,
    ReleasedEffect,
    ReleasedMeasure,
    ReleasedOperation,
    ReleasedRobustness,
    ReleasedSeries,
    WithheldPart,
)
from geoharm.disclosure.suppression import suppress_effect
from geoharm.evaluation.claims import BOUND_LEVEL
from geoharm.evaluation.reading import with_weaker_reading
from geoharm.harm.results.net_harm import HarmAssessment, MeasureHarm
from geoharm.model.disclosure_rules import DISCLOSURE_RULES, DisclosureRule
from geoharm.model.effect import PlaceboCheck
from geoharm.model.estimate import Estimate, Interval
from geoharm.model.reason import Reason, Withheld
from geoharm.model.suppressed import Count, Suppressed


def round_counts(release: Release) -> Release:
    """Return a release with counts rounded, and zeros suppressed, where its disclosure rule says so.

    Every number of the headline that is made from a rounded count is rounded too: events to the rule's step, logarithms
    of ratios to a hundredth. The other estimators are left out. Rounding never moves an end of an interval onto zero or
    across it, so the side on which it lies stays true. The ends of 90% intervals of ratios are rounded outward: a bound
    that is read from them holds for the exact ends too.
    """
    rule = DISCLOSURE_RULES.get(release.rule)
    if release.is_internal or rule is None or (rule.step == 1 and rule.lowest_suppressed == 1):
        return release
    operations = tuple(_round_operation(operation, rule) for operation in release.operations)
    return replace(release, operations=operations, forests=(), composites=())


def round_to_step(value: float, step: float) -> float:
    """Return a number rounded to a multiple of a step. A number other than zero is never rounded to zero or across it.

    Examples
    --------
    >>> round_to_step(12.4, 5.0), round_to_step(-0.4, 5.0), round_to_step(0.0, 5.0)
    (10.0, -5.0, 0.0)
    """
    if not math.isfinite(value) or value == 0:
        return value
    return math.copysign(max(round(abs(value) / step), 1) * step, value)


def _round_operation(operation: ReleasedOperation, rule: DisclosureRule) -> ReleasedOperation:
    measures = tuple(_round_measure(measure, rule) for measure in operation.measures)
    harm = _round_harm_assessment(operation.harm, measures, rule)
    return replace(operation, measures=measures, harm=harm)


def _round_measure(released: ReleasedMeasure, rule: DisclosureRule) -> ReleasedMeasure:
    robustness = _severities_only(released.robustness, rule)

    def rounded(effects: tuple[ReleasedEffect, ...]) -> tuple[ReleasedEffect, ...]:
        return tuple(with_weaker_reading(_round_effect(effect, rule), robustness.diagnostics) for effect in effects)

    return replace(
        released,
        effects=rounded(released.effects),
        phases=rounded(released.phases),
        bounds=rounded(released.bounds),
        series=_round_series(released.series, rule),
        robustness=robustness,
        own_place=released.own_place and _round_effect(released.own_place, rule),
    )


def _severities_only(robustness: ReleasedRobustness, rule: DisclosureRule) -> ReleasedRobustness:
    """Return the diagnostics with their severities alone.

    The other estimators, and the figures of the diagnostics, are made from exact counts and would reveal them.
    """
    diagnostics = tuple(
        replace(diagnostic, figure=math.nan, sentence=Withheld(Reason.EXACT_COUNTS, rule.threshold))
        for diagnostic in robustness.diagnostics
    )
    left_out = () if robustness == NOTHING_BESIDE else (WithheldPart.OTHER_ESTIMATORS,)
    return ReleasedRobustness(None, diagnostics, None, (*robustness.withheld, *left_out))


def _round_effect(effect: ReleasedEffect, rule: DisclosureRule) -> ReleasedEffect:
    before, after, control_before, control_after = (_round_count(count, rule) for count in effect.counts)
    effect = replace(effect, before=before, after=after, control_before=control_before, control_after=control_after)
    if effect.is_withheld:
        note = effect.note if isinstance(effect.note, Withheld) else Withheld(Reason.SMALL_COUNT, rule.threshold)
        return suppress_effect(effect, note)
    if rule.step == 1:
        return effect
    step = float(rule.step)
    return replace(
        effect,
        expected=round_to_step(effect.expected, step),
        change=round_to_step(effect.change, step),
        interval=_round_interval(effect.interval, step),
        ratio=_round_estimate(effect.ratio, 0.01),
        counting_ratio=_round_estimate(effect.counting_ratio, 0.01),
        difference=_round_estimate(effect.difference, step),
        detectable_fall=round_to_step(effect.detectable_fall, 0.01),
        counting=_round_interval(effect.counting, step),
        placebo=_round_placebo(effect.placebo, step),
    )


def _round_count(value: Count, rule: DisclosureRule) -> Count:
    if isinstance(value, Suppressed):
        return value
    return Suppressed(rule.threshold) if rule.suppresses(value) else rule.rounded(value)


def _round_interval(interval: Interval, step: float) -> Interval:
    return Interval(round_to_step(interval.low, step), round_to_step(interval.high, step), interval.level)


def _round_estimate(estimate: Estimate, step: float) -> Estimate:
    return replace(
        estimate,
        value=round_to_step(estimate.value, step),
        standard_error=round_to_step(estimate.standard_error, step),
        intervals=tuple(_round_given(interval, step) for interval in estimate.intervals),
        p=round_to_step(estimate.p, 0.01),
    )


def _round_given(interval: Interval, step: float) -> Interval:
    """Return an interval of an estimate, rounded; the one whose ends are bounds is rounded outward."""
    rounded = _round_interval(interval, step)
    if not math.isclose(interval.level, BOUND_LEVEL):
        return rounded
    # A hair's breadth of the computer's arithmetic does not move an end by a step.
    low, high = math.floor(interval.low / step + 1e-9) * step, math.ceil(interval.high / step - 1e-9) * step
    return Interval(
        low if interval.low < 0 else rounded.low, high if interval.high > 0 else rounded.high, interval.level
    )


def _round_placebo(check: PlaceboCheck | None, step: float) -> PlaceboCheck | None:
    return check and replace(
        coarsen_places(check),
        expected=round_to_step(check.expected, step),
        phi=round_to_step(check.phi, 0.1),
        tau=round_to_step(check.tau, 0.01),
    )


def _round_series(series: ReleasedSeries, rule: DisclosureRule) -> ReleasedSeries:
    if any(rule.suppresses(value) for value in series.target):
        return ReleasedSeries(0)
    control = tuple(value if rule.step == 1 else round_to_step(value, float(rule.step)) for value in series.control)
    return replace(series, target=tuple(rule.rounded(value) for value in series.target), control=control)


def _round_harm_assessment(
    assessment: HarmAssessment | None, measures: Sequence[ReleasedMeasure], rule: DisclosureRule
) -> HarmAssessment | None:
    """Return the harm assessment under a rounding rule.

    Sums with a suppressed part are suppressed, other sums are rounded to the rule's step, and ratios made from exact
    counts are left out.
    """
    assessment = protect_harm_assessment(
        assessment, hidden_harms(measures), rule.threshold, harms_without_error(measures)
    )
    if assessment is None or rule.step == 1:
        return assessment
    step = float(rule.step)
    net_harms = tuple(
        replace(
            net_harm,
            rows=tuple(_round_measure_harm(row, step) for row in net_harm.rows),
            low=round_to_step(net_harm.low, step),
            high=round_to_step(net_harm.high, step),
            interval=_round_interval(net_harm.interval, step),
        )
        for net_harm in assessment.net_harm
    )
    return replace(
        assessment,
        net_harm=net_harms,
        noxiousness=(),
        reporting_corrected=(),
        unintended_harm=assessment.unintended_harm and replace(assessment.unintended_harm, find_dispersion=()),
    )


def _round_measure_harm(harm: MeasureHarm, step: float) -> MeasureHarm:
    low, high = round_to_step(harm.low, step), round_to_step(harm.high, step)
    return replace(harm, low=low, high=high, interval=_round_interval(harm.interval, step))
