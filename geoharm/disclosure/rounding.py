"""Rules that round counts, or withhold zeros, applied to what the threshold has passed."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from geoharm.disclosure.net_harm import protect_harm_assessment
from geoharm.disclosure.released import (
    NOTHING_BESIDE,
    Count,
    Release,
    ReleasedEffect,
    ReleasedMeasure,
    ReleasedOperation,
    ReleasedRobustness,
    ReleasedSeries,
    Suppressed,
    suppress_effect,
)
from geoharm.harm.results.net_harm import HarmAssessment, MeasureHarm, NetHarm
from geoharm.model.disclosure_rules import DISCLOSURE_RULES, DisclosureRule
from geoharm.model.effect import PlaceboCheck
from geoharm.model.estimate import Estimate, Interval

_NOT_SO_CLOSE = "Withheld: under this rule for small counts no number is shown so closely."


def round_counts(release: Release) -> Release:
    """Return a release in which counts are rounded, and zeros withheld, where its rule asks for that.

    Every number of the headline that is made from a rounded count is rounded with it: events to the rule's step, logarithms of ratios
    to a hundredth; the estimators beside it are left out. An end of an interval never reaches or crosses zero by rounding: which side it is on stays true.
    """
    rule = DISCLOSURE_RULES.get(release.rule)
    if release.is_internal or rule is None or (rule.step == 1 and rule.least == 1):
        return release
    operations = tuple(_operation(one, rule) for one in release.operations)
    return replace(release, operations=operations, forests=(), composites=())


def round_to_step(value: float, step: float) -> float:
    """Return a number to the nearest multiple of a step, but never on the other side of zero, or on it.

    Examples
    --------
    >>> to_step(12.4, 5.0), to_step(-0.4, 5.0), to_step(0.0, 5.0)
    (10.0, -5.0, 0.0)
    """
    if not math.isfinite(value) or value == 0:
        return value
    return math.copysign(max(round(abs(value) / step), 1) * step, value)


def _operation(one: ReleasedOperation, rule: DisclosureRule) -> ReleasedOperation:
    measures = tuple(_measure(measure, rule) for measure in one.measures)
    hidden = {
        (measure.measure.name, effect.zone) for measure in measures for effect in measure.effects if effect.is_withheld
    }
    return replace(one, measures=measures, harm=_balance(one.harm, hidden, rule))


def _measure(one: ReleasedMeasure, rule: DisclosureRule) -> ReleasedMeasure:
    return replace(
        one,
        effects=tuple(_effect(effect, rule) for effect in one.effects),
        phases=tuple(_effect(effect, rule) for effect in one.phases),
        bounds=tuple(_effect(effect, rule) for effect in one.bounds),
        series=_series(one.series, rule),
        robustness=_beside(one.robustness),
    )


def _beside(one: ReleasedRobustness) -> ReleasedRobustness:
    """Return the guards' consequences alone: the other estimators are made from exact counts, and tell them."""
    diagnostics = tuple(replace(diagnostic, figure=math.nan, sentence=_NOT_SO_CLOSE) for diagnostic in one.diagnostics)
    left_out = (
        () if one == NOTHING_BESIDE else ("every estimator beside the headline, under this rule for small counts",)
    )
    return ReleasedRobustness(None, diagnostics, None, (*one.withheld, *left_out))


def _effect(one: ReleasedEffect, rule: DisclosureRule) -> ReleasedEffect:
    counts = [_count(n, rule) for n in (one.before, one.after, one.control_before, one.control_after)]
    before, after, control_before, control_after = counts
    one = replace(one, before=before, after=after, control_before=control_before, control_after=control_after)
    if one.is_withheld:
        return suppress_effect(one, rule.threshold)
    if rule.step == 1:
        return one
    step = float(rule.step)
    return replace(
        one,
        expected=round_to_step(one.expected, step),
        change=round_to_step(one.change, step),
        interval=_interval(one.interval, step),
        ratio=_estimate(one.ratio, 0.01),
        difference=_estimate(one.difference, step),
        detectable_fall=round_to_step(one.detectable_fall, 0.01),
        counting=_interval(one.counting, step),
        placebo=_placebo(one.placebo, step),
    )


def _count(value: Count, rule: DisclosureRule) -> Count:
    if isinstance(value, Suppressed):
        return value
    return Suppressed(rule.threshold) if rule.withholds(value) else rule.rounded(value)


def _interval(one: Interval, step: float) -> Interval:
    return Interval(round_to_step(one.low, step), round_to_step(one.high, step), one.level)


def _estimate(one: Estimate, step: float) -> Estimate:
    return replace(
        one,
        value=round_to_step(one.value, step),
        standard_error=round_to_step(one.standard_error, step),
        intervals=tuple(_interval(interval, step) for interval in one.intervals),
        p=round_to_step(one.p, 0.01),
    )


def _placebo(one: PlaceboCheck | None, step: float) -> PlaceboCheck | None:
    return one and replace(
        one,
        expected=round_to_step(one.expected, step),
        phi=round_to_step(one.phi, 0.1),
        tau=round_to_step(one.tau, 0.01),
    )


def _series(one: ReleasedSeries, rule: DisclosureRule) -> ReleasedSeries:
    if any(rule.withholds(value) for value in one.target):
        return ReleasedSeries(0)
    scaled = tuple(value if rule.step == 1 else round_to_step(value, float(rule.step)) for value in one.control)
    return replace(one, target=tuple(rule.rounded(value) for value in one.target), control=scaled)


def _balance(one: HarmAssessment | None, hidden: set[tuple[str, str]], rule: DisclosureRule) -> HarmAssessment | None:
    """Return the sums: withheld where a part is, to the rule's step, and no ratio made from exact counts."""
    one = protect_harm_assessment(one, hidden, rule.threshold)
    if one is None or rule.step == 1:
        return one
    step = float(rule.step)
    nets = tuple(
        replace(
            net,
            rows=tuple(replace(row, **_near(row, step)) for row in net.rows),
            **_near(net, step),
        )
        for net in one.net_harm
    )
    return replace(
        one,
        net_harm=nets,
        noxiousness=(),
        reporting_corrected=(),
        unintended_harm=one.unintended_harm and replace(one.unintended_harm, find_dispersion=()),
    )


def _near(one: MeasureHarm | NetHarm, step: float) -> dict[str, Any]:
    return {
        "low": round_to_step(one.low, step),
        "high": round_to_step(one.high, step),
        "interval": _interval(one.interval, step),
    }
