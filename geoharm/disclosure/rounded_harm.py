"""Net harm under a rule that rounds counts: sums are added up again from effects that were computed from rounded counts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from geoharm.disclosure.net_harm import without_shares, without_sum
from geoharm.disclosure.released import ReleasedEffect, ReleasedMeasure
from geoharm.harm.results.net_harm import HarmAssessment, MeasureHarm, NetHarm, PartialSum
from geoharm.model.disclosure_rules import DisclosureRule
from geoharm.model.estimate import Interval
from geoharm.model.reason import Reason, Withheld

_Effects = Mapping[tuple[str, str], ReleasedEffect]
_TOLERANCE = 1e-6


def effects_by_zone(measures: Sequence[ReleasedMeasure]) -> _Effects:
    """Return the effects in the headline's window by (measure, zone)."""
    return {(measure.measure.name, effect.zone): effect for measure in measures for effect in measure.effects}


def round_harm_assessment(
    assessment: HarmAssessment, exact: _Effects, rounded: _Effects, rule: DisclosureRule
) -> HarmAssessment:
    """Return a harm assessment whose sums are made from rounded effects.

    What is no weighted sum of effects (shares of weightings, ratios, area tables) is withheld, because it was made from exact
    counts.

    Parameters
    ----------
    assessment : HarmAssessment
    exact, rounded : mapping of (measure, zone) to ReleasedEffect
        The effects before and after rounding.
    rule : DisclosureRule
    """
    note = Withheld(Reason.EXACT_COUNTS, rule.threshold)
    return replace(
        assessment,
        net_harm=tuple(_round_net_harm(one, exact, rounded, rule, note) for one in assessment.net_harm),
        acceptability=tuple(without_shares(one, note) for one in assessment.acceptability),
        noxiousness=(),
        reporting_corrected=(),
        unintended_harm=assessment.unintended_harm and replace(assessment.unintended_harm, find_dispersion=()),
    )


def _round_net_harm(
    net_harm: NetHarm, exact: _Effects, rounded: _Effects, rule: DisclosureRule, note: Withheld
) -> NetHarm:
    rows = tuple(
        _round_row(
            row, exact.get((row.measure.name, net_harm.zone)), rounded.get((row.measure.name, net_harm.zone)), note
        )
        for row in net_harm.rows
    )
    pairs = [(before, after) for before, after in zip(net_harm.rows, rows, strict=True) if before.weight]
    found = replace(net_harm, rows=rows, share_fell=(math.nan, math.nan))
    if net_harm.partial is not None:
        kept = [pair for pair in pairs if pair[0].measure.name not in net_harm.partial.without]
        found = replace(found, partial=_round_partial(net_harm.partial, kept, rule))
    if not net_harm.is_known:
        return found
    shift = _shift(net_harm.low, net_harm.high, pairs)
    if shift is None:
        return without_sum(found, note)
    low, high = net_harm.low + shift, net_harm.high + shift
    return replace(found, low=low, high=high, interval=_moved(net_harm.interval, shift, (net_harm.low, low), rule))


def _round_partial(
    partial: PartialSum, kept: Sequence[tuple[MeasureHarm, MeasureHarm]], rule: DisclosureRule
) -> PartialSum | None:
    shift = _shift(partial.low, partial.high, kept)
    if shift is None:
        return None
    low = partial.low + shift
    return replace(
        partial,
        low=low,
        high=partial.high + shift,
        interval=_moved(partial.interval, shift, (partial.low, low), rule),
    )


def _shift(low: float, high: float, pairs: Sequence[tuple[MeasureHarm, MeasureHarm]]) -> float | None:
    """Return by how much a sum moves when its parts are computed from rounded counts; None if it is no sum of them."""
    exact = sum(before.weight * before.low for before, _ in pairs)
    if low != high or not math.isclose(exact, low, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE):
        return None
    again = sum(before.weight * after.low for before, after in pairs)
    return again - exact if math.isfinite(again) else None


def _moved(interval: Interval, shift: float, values: tuple[float, float], rule: DisclosureRule) -> Interval:
    """Return an interval around a sum that moved, its ends as far from the sum as before, outward to the rule's step."""
    exact, again = values
    step = float(rule.step)
    if not math.isfinite(interval.low + interval.high + shift):
        return interval
    return Interval(
        again - math.ceil((exact - interval.low) / step) * step,
        again + math.ceil((interval.high - exact) / step) * step,
        interval.level,
    )


def _round_row(
    row: MeasureHarm, exact: ReleasedEffect | None, rounded: ReleasedEffect | None, note: Withheld
) -> MeasureHarm:
    """Return the effect on one measure as it follows from rounded counts; withheld if it is no effect of the headline."""
    if not math.isfinite(row.low) and not math.isfinite(row.high):
        return row
    if exact is None or rounded is None or not row.low == row.high == exact.change:
        no_interval = Interval(math.nan, math.nan, row.interval.level)
        return replace(
            row, low=math.nan, high=math.nan, interval=no_interval, note=note, smallest_count=0, has_zero=False
        )
    interval = rounded.interval if math.isfinite(row.interval.low) else row.interval
    return replace(row, low=rounded.change, high=rounded.change, interval=interval)
