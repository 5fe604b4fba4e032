"""Rounds counts, and suppresses zeros, where the disclosure rule says so; applied after the threshold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from geoharm.disclosure.net_harm import harms_without_error, hidden_harms, protect_harm_assessment
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
from geoharm.disclosure.rounded_effects import round_effect
from geoharm.disclosure.rounded_harm import effects_by_zone, round_harm_assessment
from geoharm.evaluation.reading import with_weaker_reading
from geoharm.harm.results.net_harm import HarmAssessment
from geoharm.model.disclosure_rules import DISCLOSURE_RULES, DisclosureRule
from geoharm.model.reason import Reason, Withheld


def round_counts(release: Release) -> Release:
    """Return a release with counts rounded, and zeros suppressed, where its disclosure rule says so.

    Every number that is made from a rounded count is computed again from rounded counts (`round_effect`,
    `round_harm_assessment`). The other estimators, which are made from finer counts, are left out.
    """
    rule = DISCLOSURE_RULES.get(release.rule)
    if release.is_internal or rule is None or (rule.step == 1 and rule.lowest_suppressed == 1):
        return release
    operations = tuple(_round_operation(operation, rule) for operation in release.operations)
    return replace(release, operations=operations, forests=(), composites=())


def _round_operation(operation: ReleasedOperation, rule: DisclosureRule) -> ReleasedOperation:
    start = operation.design.operation.period.start
    measures = tuple(_round_measure(measure, rule, start) for measure in operation.measures)
    harm = _round_harm_assessment(operation.harm, operation.measures, measures, rule)
    return replace(operation, measures=measures, harm=harm)


def _round_measure(released: ReleasedMeasure, rule: DisclosureRule, start: date) -> ReleasedMeasure:
    robustness = _severities_only(released.robustness, rule)

    def rounded(effects: tuple[ReleasedEffect, ...]) -> tuple[ReleasedEffect, ...]:
        return tuple(with_weaker_reading(round_effect(effect, rule), robustness.diagnostics) for effect in effects)

    return replace(
        released,
        effects=rounded(released.effects),
        phases=rounded(released.phases),
        bounds=rounded(released.bounds),
        series=_round_series(released.series, rule, start),
        robustness=robustness,
        own_place=released.own_place and round_effect(released.own_place, rule),
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


def _round_series(series: ReleasedSeries, rule: DisclosureRule, start: date) -> ReleasedSeries:
    """Return a series of rounded counts, with the control's counts scaled by the rounded ones of both."""
    if any(rule.suppresses(value) for value in series.target):
        return ReleasedSeries(0)
    if rule.step == 1 or not series.level > 0:
        return series
    target = tuple(rule.rounded(value) for value in series.target)
    control = tuple(rule.rounded(round(value / series.level)) for value in series.control)
    before = [position for position, first in enumerate(series.starts) if first < start]
    control_before = sum(control[position] for position in before)
    level = sum(target[position] for position in before) / control_before if control_before else math.nan
    return replace(series, target=target, control=tuple(level * count for count in control), level=level)


def _round_harm_assessment(
    assessment: HarmAssessment | None,
    exact: Sequence[ReleasedMeasure],
    measures: Sequence[ReleasedMeasure],
    rule: DisclosureRule,
) -> HarmAssessment | None:
    """Return the harm assessment under a rounding rule: sums with a suppressed part are suppressed, others made again."""
    assessment = protect_harm_assessment(
        assessment, hidden_harms(measures), rule.threshold, harms_without_error(measures)
    )
    if assessment is None or rule.step == 1:
        return assessment
    return round_harm_assessment(assessment, effects_by_zone(exact), effects_by_zone(measures), rule)
