"""What may be published of crackdown clocks: nothing from which a small count of a stretch of time follows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from geoharm.disclosure.differencing import is_recoverable
from geoharm.disclosure.released import ReleasedSeries
from geoharm.disclosure.suppression import (
    SuppressionPattern,
    count_in_period,
    round_estimate,
    suppress_estimate,
    suppression_note,
)
from geoharm.evaluation.results.curves import EffectDecay
from geoharm.model.confidence_set import ConfidenceSet
from geoharm.model.counts import ZoneCounts
from geoharm.model.design import ALL_RINGS, Design
from geoharm.model.geometry import ZoneRole
from geoharm.model.period import Period, add_months


def protect_effect_decay(
    decays: Sequence[EffectDecay],
    counts: ZoneCounts,
    design: Design,
    rule: SuppressionPattern,
    series: ReleasedSeries,
    *,
    timed: bool,
) -> tuple[tuple[EffectDecay, ...], tuple[tuple[str, Period, int], ...]]:
    """Return the clocks, blank where they would tell too much, and the counts that the others may tell.

    Parameters
    ----------
    decays : sequence of EffectDecay
    counts : ZoneCounts
    design : Design
    rule : SuppressionPattern
    series : ReleasedSeries
        As it is published.
    timed : bool
        Whether counts over time may be told at all.
    """
    safe = [clock for clock in decays if timed and _clock_is_safe(clock, counts, design, rule, series)]
    shown = tuple(_rounded_clock(clock, rule.k) if clock in safe else _blank_clock(clock, rule.k) for clock in decays)
    return shown, _stretches(safe, counts, design) if rule.k > 1 else ()


def _clock_is_safe(
    decay: EffectDecay, counts: ZoneCounts, design: Design, rule: SuppressionPattern, series: ReleasedSeries
) -> bool:
    """Return whether no small count follows from a clock's stretches, the windows and the series together."""
    if rule.k == 1:
        return True
    if decay.zone in rule.hidden:
        return False
    for zone in (decay.zone, "control"):
        joint = _joint(counts, zone, design)
        if any(rule.small(count_in_period(joint, stretch)) for stretch in decay.stretches):
            return False
        spans = [[stretch] for stretch in decay.stretches]
        spans += [list(window.periods) for window in (design.before, design.after)]
        spans += [list(phase.periods) for phase in design.phases if (zone, phase.name) not in rule.windows]
        if zone in ("target", "control") and series.step:
            spans += [[span] for span in _steps(series)]
        if is_recoverable(joint, zone, spans, rule.k):
            return False
    return True


def _joint(counts: ZoneCounts, zone: str, design: Design) -> ZoneCounts:
    """Return the counts of the target, of all rings or of the control as those of one zone."""
    role = {ALL_RINGS: ZoneRole.RING, "control": ZoneRole.CONTROL}.get(zone, ZoneRole.TARGET)
    rows = [counts.zones.index(one.name) for one in design.of_role(role)]
    return replace(counts, zones=(zone,), counts=counts.counts[rows].sum(axis=0, keepdims=True))


def _stretches(
    decays: Sequence[EffectDecay], counts: ZoneCounts, design: Design
) -> tuple[tuple[str, Period, int], ...]:
    """Return the counts of every shown clock's stretches, in its zone and in the control."""
    found = {
        (zone, stretch): count_in_period(_joint(counts, zone, design), stretch)
        for clock in decays
        for zone in (clock.zone, "control")
        for stretch in clock.stretches
    }
    return tuple((zone, stretch, count) for (zone, stretch), count in found.items())


def _steps(series: ReleasedSeries) -> list[Period]:
    return [Period(start, add_months(start, series.step)) for start in series.starts]


def _rounded_clock(decay: EffectDecay, k: int) -> EffectDecay:
    if k == 1:
        return decay
    return replace(
        decay,
        initial=round_estimate(decay.initial, k),
        decay=round_estimate(decay.decay, k),
        half_life_running=round(decay.half_life_running, 1),
        residual=round_estimate(decay.residual, k),
        half_life_after=_to_a_tenth(decay.half_life_after),
        months_to_return=_to_a_tenth(decay.months_to_return),
    )


def _to_a_tenth(found: ConfidenceSet) -> ConfidenceSet:
    return replace(found, pieces=tuple((round(low, 1), round(high, 1)) for low, high in found.pieces))


def _blank_clock(decay: EffectDecay, k: int) -> EffectDecay:
    """Return a clock without numbers; why parts of it cannot be told at all stays."""
    nothing = ConfidenceSet((), decay.half_life_after.level, decay.half_life_after.method, suppression_note(k))
    return replace(
        decay,
        initial=suppress_estimate(decay.initial, k),
        decay=suppress_estimate(decay.decay, k),
        half_life_running=math.nan,
        residual=suppress_estimate(decay.residual, k),
        half_life_after=nothing,
        months_to_return=nothing,
    )
