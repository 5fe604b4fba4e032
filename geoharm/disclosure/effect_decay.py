"""Disclosure control of effect decays: none is released from which a small count of a stretch of time follows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from geoharm.disclosure.differencing import is_recoverable
from geoharm.disclosure.released import ReleasedSeries
from geoharm.disclosure.suppression import (
    SuppressionPattern,
    count_in_period,
)
from geoharm.evaluation.results.curves import EffectDecay
from geoharm.model.counts import ZoneCounts
from geoharm.model.design import ALL_RINGS, Design
from geoharm.model.geometry import ZoneRole
from geoharm.model.period import Period, add_months
from geoharm.model.reason import Reason, Withheld


def protect_effect_decay(
    decays: Sequence[EffectDecay],
    counts: ZoneCounts,
    design: Design,
    rule: SuppressionPattern,
    series: ReleasedSeries,
    *,
    timed: bool,
) -> tuple[tuple[EffectDecay, ...], tuple[tuple[str, Period, int], ...]]:
    """Return the effect decays as they may be released, and the counts that the released ones may reveal.

    Parameters
    ----------
    decays : sequence of EffectDecay
    counts : ZoneCounts
    design : Design
    rule : SuppressionPattern
    series : ReleasedSeries
        As it is released.
    timed : bool
        Whether counts over time may be released at all.

    Returns
    -------
    decays : tuple of EffectDecay
        Without numbers where a small count would follow from them.
    stretches : tuple of (zone, Period, int)
        Counts of the stretches of time of every released effect decay; empty in an internal release.
    """
    safe = [decay for decay in decays if timed and _is_safe(decay, counts, design, rule, series)]
    released = tuple(_rounded(decay, rule.k) if decay in safe else _blank(decay, rule.k) for decay in decays)
    return released, _revealed_stretches(safe, counts, design) if rule.k > 1 else ()


def _is_safe(
    decay: EffectDecay, counts: ZoneCounts, design: Design, rule: SuppressionPattern, series: ReleasedSeries
) -> bool:
    """Return whether no small count follows from the decay's stretches of time, the windows and the series together."""
    if rule.k == 1:
        return True
    if decay.zone in rule.incomplete:
        return False
    for zone in (decay.zone, "control"):
        zone_counts = _joint_counts(counts, zone, design)
        if any(rule.small(count_in_period(zone_counts, stretch)) for stretch in decay.periods):
            return False
        spans = [[stretch] for stretch in decay.periods]
        spans += [list(window.periods) for window in (design.before, design.after)]
        spans += [list(phase.periods) for phase in design.phases if (zone, phase.name) not in rule.windows]
        if zone in ("target", "control") and series.step:
            spans += [[span] for span in _step_periods(series)]
        if is_recoverable(zone_counts, zone, spans, rule.k):
            return False
    return True


def _joint_counts(counts: ZoneCounts, zone: str, design: Design) -> ZoneCounts:
    """Return the counts of the target, of all rings or of the control, summed into one zone."""
    role = {ALL_RINGS: ZoneRole.RING, "control": ZoneRole.CONTROL}.get(zone, ZoneRole.TARGET)
    rows = [counts.zones.index(member.name) for member in design.of_role(role)]
    return replace(counts, zones=(zone,), counts=counts.counts[rows].sum(axis=0, keepdims=True))


def _revealed_stretches(
    decays: Sequence[EffectDecay], counts: ZoneCounts, design: Design
) -> tuple[tuple[str, Period, int], ...]:
    """Return the counts of every released decay's stretches of time, in its zone and in the control."""
    count_by_stretch = {
        (zone, stretch): count_in_period(_joint_counts(counts, zone, design), stretch)
        for decay in decays
        for zone in (decay.zone, "control")
        for stretch in decay.periods
    }
    return tuple((zone, stretch, count) for (zone, stretch), count in count_by_stretch.items())


def _step_periods(series: ReleasedSeries) -> list[Period]:
    return [Period(start, add_months(start, series.step)) for start in series.starts]


def _rounded(decay: EffectDecay, k: int) -> EffectDecay:
    if k == 1:
        return decay
    initial, slope, residual = (
        replace(estimate, value=round(estimate.value, 2)) for estimate in (decay.initial, decay.decay, decay.residual)
    )
    return replace(decay, initial=initial, decay=slope, residual=residual)


def _blank(decay: EffectDecay, k: int) -> EffectDecay:
    """Return an effect decay without numbers; the reasons why parts of it could not be computed remain."""
    note = Withheld(Reason.SUPPRESSED, k)
    initial, slope, residual = (
        replace(estimate, value=math.nan, note=note, reason=note.reason)
        for estimate in (decay.initial, decay.decay, decay.residual)
    )
    return replace(decay, initial=initial, decay=slope, residual=residual)
