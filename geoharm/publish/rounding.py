"""Rules that round counts, or withhold zeros, applied to what the threshold has passed."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from geoharm.model import RELEASE_RULES, Balance, Estimate, HarmRow, Interval, NetHarm, PlaceboCheck, ReleaseRule
from geoharm.publish.balanced import disclose_balance
from geoharm.publish.shown import (
    NOTHING_BESIDE,
    Shown,
    ShownBeside,
    ShownEffect,
    ShownMeasure,
    ShownOperation,
    ShownSeries,
    Withheld,
    withheld_effect,
)

if TYPE_CHECKING:
    from geoharm.publish.disclosure import DisclosedStudy


_NOT_SO_CLOSE = "Withheld: under this rule for small counts no number is shown so closely."


def under_rule(disclosed: DisclosedStudy) -> DisclosedStudy:
    """Return a release in which counts are rounded, and zeros withheld, where its rule asks for that.

    Every number of the headline that is made from a rounded count is rounded with it: events to the rule's step, logarithms of ratios
    to a hundredth; the estimators beside it are left out. An end of an interval never reaches or crosses zero by rounding: which side it is on stays true.
    """
    rule = RELEASE_RULES.get(disclosed.rule)
    if disclosed.is_internal or rule is None or (rule.step == 1 and rule.least == 1):
        return disclosed
    operations = tuple(_operation(one, rule) for one in disclosed.operations)
    return replace(disclosed, operations=operations, pools=(), questions=())


def to_step(value: float, step: float) -> float:
    """Return a number to the nearest multiple of a step, but never on the other side of zero, or on it.

    Examples
    --------
    >>> to_step(12.4, 5.0), to_step(-0.4, 5.0), to_step(0.0, 5.0)
    (10.0, -5.0, 0.0)
    """
    if not math.isfinite(value) or value == 0:
        return value
    return math.copysign(max(round(abs(value) / step), 1) * step, value)


def _operation(one: ShownOperation, rule: ReleaseRule) -> ShownOperation:
    measures = tuple(_measure(measure, rule) for measure in one.measures)
    hidden = {
        (measure.measure.name, effect.zone) for measure in measures for effect in measure.effects if effect.is_withheld
    }
    return replace(one, measures=measures, balance=_balance(one.balance, hidden, rule))


def _measure(one: ShownMeasure, rule: ReleaseRule) -> ShownMeasure:
    return replace(
        one,
        effects=tuple(_effect(effect, rule) for effect in one.effects),
        phases=tuple(_effect(effect, rule) for effect in one.phases),
        bounds=tuple(_effect(effect, rule) for effect in one.bounds),
        series=_series(one.series, rule),
        beside=_beside(one.beside),
    )


def _beside(one: ShownBeside) -> ShownBeside:
    """Return the guards' consequences alone: the other estimators are made from exact counts, and tell them."""
    guards = tuple(replace(guard, figure=math.nan, sentence=_NOT_SO_CLOSE) for guard in one.guards)
    left_out = (
        () if one == NOTHING_BESIDE else ("every estimator beside the headline, under this rule for small counts",)
    )
    return ShownBeside(None, guards, None, (*one.withheld, *left_out))


def _effect(one: ShownEffect, rule: ReleaseRule) -> ShownEffect:
    counts = [_count(n, rule) for n in (one.before, one.after, one.control_before, one.control_after)]
    before, after, control_before, control_after = counts
    one = replace(one, before=before, after=after, control_before=control_before, control_after=control_after)
    if one.is_withheld:
        return withheld_effect(one, rule.threshold)
    if rule.step == 1:
        return one
    step = float(rule.step)
    return replace(
        one,
        expected=to_step(one.expected, step),
        change=to_step(one.change, step),
        interval=_interval(one.interval, step),
        ratio=_estimate(one.ratio, 0.01),
        difference=_estimate(one.difference, step),
        detectable_fall=to_step(one.detectable_fall, 0.01),
        counting=_interval(one.counting, step),
        placebo=_placebo(one.placebo, step),
    )


def _count(value: Shown, rule: ReleaseRule) -> Shown:
    if isinstance(value, Withheld):
        return value
    return Withheld(rule.threshold) if rule.withholds(value) else rule.rounded(value)


def _interval(one: Interval, step: float) -> Interval:
    return Interval(to_step(one.low, step), to_step(one.high, step), one.level)


def _estimate(one: Estimate, step: float) -> Estimate:
    return replace(
        one,
        value=to_step(one.value, step),
        standard_error=to_step(one.standard_error, step),
        intervals=tuple(_interval(interval, step) for interval in one.intervals),
        p=to_step(one.p, 0.01),
    )


def _placebo(one: PlaceboCheck | None, step: float) -> PlaceboCheck | None:
    return one and replace(
        one, expected=to_step(one.expected, step), phi=to_step(one.phi, 0.1), tau=to_step(one.tau, 0.01)
    )


def _series(one: ShownSeries, rule: ReleaseRule) -> ShownSeries:
    if any(rule.withholds(value) for value in one.target):
        return ShownSeries(0)
    scaled = tuple(value if rule.step == 1 else to_step(value, float(rule.step)) for value in one.control)
    return replace(one, target=tuple(rule.rounded(value) for value in one.target), control=scaled)


def _balance(one: Balance | None, hidden: set[tuple[str, str]], rule: ReleaseRule) -> Balance | None:
    """Return the sums: withheld where a part is, to the rule's step, and no ratio made from exact counts."""
    one = disclose_balance(one, hidden, rule.threshold)
    if one is None or rule.step == 1:
        return one
    step = float(rule.step)
    nets = tuple(
        replace(
            net,
            rows=tuple(replace(row, **_near(row, step)) for row in net.rows),
            **_near(net, step),
        )
        for net in one.nets
    )
    return replace(one, nets=nets, noxiousness=(), corrected=(), watch=one.watch and replace(one.watch, scatter=()))


def _near(one: HarmRow | NetHarm, step: float) -> dict[str, Any]:
    return {"low": to_step(one.low, step), "high": to_step(one.high, step), "interval": _interval(one.interval, step)}
