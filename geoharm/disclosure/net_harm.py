"""Disclosure control of the harm assessment: a sum with a suppressed part is suppressed, as is a telling interval."""

from __future__ import annotations

import math
from collections.abc import Sequence, Set
from dataclasses import dataclass, replace

from geoharm.disclosure.dispersion_suppression import dispersion_note, has_suppressed_error
from geoharm.disclosure.released import ReleasedMeasure
from geoharm.disclosure.suppression import suppress_estimate
from geoharm.disclosure.survey import protect_indicator
from geoharm.harm.results.markets import MarketChange, Noxiousness
from geoharm.harm.results.mitigation import MarginState
from geoharm.harm.results.net_harm import Acceptability, HarmAssessment, MeasureHarm, NetHarm
from geoharm.harm.results.perception import CorrectedEffect
from geoharm.harm.results.unintended_harm import FindDispersion, RiseCheck, RiseState, UnintendedHarm
from geoharm.model.design import TARGET_AND_RINGS, TARGET_GAP_AND_RINGS
from geoharm.model.disclosure_rules import is_few
from geoharm.model.estimate import Interval
from geoharm.model.reading import Reading
from geoharm.model.reason import Reason, Withheld

_Harms = Set[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class HarmsWithoutError:
    """Effects of an operation whose counts are shown and whose dispersion is suppressed, as (measure, zone).

    Attributes
    ----------
    all : frozenset of (measure, zone)
    in_intervals : frozenset of (measure, zone)
        Those whose interval in net harm reveals the dispersion; a calibrated one does not.
    """

    all: frozenset[tuple[str, str]] = frozenset()
    in_intervals: frozenset[tuple[str, str]] = frozenset()


_NO_HARMS = HarmsWithoutError()


def hidden_harms(measures: Sequence[ReleasedMeasure]) -> _Harms:
    """Return the effects of released measures whose counts are suppressed, as (measure, zone)."""
    return {
        (measure.measure.name, effect.zone) for measure in measures for effect in measure.effects if effect.is_withheld
    }


def harms_without_error(measures: Sequence[ReleasedMeasure]) -> HarmsWithoutError:
    """Return the effects of released measures whose counts are shown and whose dispersion is suppressed."""
    effects = [
        (measure.measure.name, effect)
        for measure in measures
        for effect in measure.effects
        if has_suppressed_error(effect)
    ]
    return HarmsWithoutError(
        frozenset((name, effect.zone) for name, effect in effects),
        frozenset(
            (name, effect.zone) for name, effect in effects if not (effect.ratio.calibrated and effect.ratio.is_defined)
        ),
    )


def protect_harm_assessment(
    assessment: HarmAssessment | None, hidden: _Harms, k: int, without_error: HarmsWithoutError = _NO_HARMS
) -> HarmAssessment | None:
    """Return an operation's harm assessment as it may be released.

    Parameters
    ----------
    assessment : HarmAssessment or None
    hidden : set of (measure, zone)
        Effects that are suppressed. Every sum and every share that depends on one of them is suppressed too.
    k : int
        Threshold of the disclosure rule; the note of a suppressed number names it.
    without_error : HarmsWithoutError
        Effects that have lost their error. Of a sum that depends on one of them, the best estimate stays.
    """
    if assessment is None:
        return None
    note = Withheld(Reason.SUPPRESSED, k)
    suppressed = hidden | {
        (row.measure.name, net_harm.zone)
        for net_harm in assessment.net_harm
        for row in net_harm.rows
        if (row.smallest_count and is_few(row.smallest_count, k)) or (row.has_zero and is_few(0, k))
    }
    incomplete = hidden | without_error.all
    return replace(
        assessment,
        net_harm=tuple(
            _without_intervals(
                _protect_net_harm(net_harm, suppressed, note), without_error.in_intervals, dispersion_note(k)
            )
            for net_harm in assessment.net_harm
        ),
        acceptability=tuple(
            _protect_acceptability(
                _protect_acceptability(acceptability, assessment, suppressed, note),
                assessment,
                without_error.in_intervals,
                dispersion_note(k),
            )
            for acceptability in assessment.acceptability
        ),
        noxiousness=tuple(
            _suppress_noxiousness(noxiousness, note)
            if {(noxiousness.measure, noxiousness.zone), (noxiousness.market, noxiousness.zone)} & incomplete
            else noxiousness
            for noxiousness in assessment.noxiousness
        ),
        unintended_harm=None
        if assessment.unintended_harm is None
        else _protect_unintended_harm(assessment.unintended_harm, hidden, k),
        reporting_corrected=tuple(
            _suppress_corrected_effect(corrected, note)
            if {(corrected.measure, corrected.zone), (corrected.comparator, corrected.zone)} & incomplete
            else corrected
            for corrected in assessment.reporting_corrected
        ),
        indicators=tuple(protect_indicator(change, k) for change in assessment.indicators),
        mitigation=tuple(
            replace(held, state=MarginState.UNKNOWN, reason=note) if (held.measure, held.zone) in incomplete else held
            for held in assessment.mitigation
        ),
    )


def _protect_net_harm(net_harm: NetHarm, hidden: _Harms, note: Withheld) -> NetHarm:
    rows = tuple(
        _suppress_measure_harm(row, note) if (row.measure.name, net_harm.zone) in hidden else row
        for row in net_harm.rows
    )
    vetoes = tuple(
        replace(veto, state="unknown", reason=note) if (veto.measure, net_harm.zone) in hidden else veto
        for veto in net_harm.vetoes
    )
    if any(row.weight and (row.measure.name, net_harm.zone) in hidden for row in net_harm.rows):
        net_harm = without_sum(net_harm, note)
    return replace(net_harm, rows=rows, vetoes=vetoes)


def without_sum(net_harm: NetHarm, note: Withheld) -> NetHarm:
    """Return net harm without its sum, and with the reason why it is withheld."""
    return replace(
        net_harm,
        low=math.nan,
        high=math.nan,
        interval=Interval(math.nan, math.nan, net_harm.interval.level),
        share_fell=(math.nan, math.nan),
        note=note,
        reading=Reading.CANNOT_TELL,
        refused=(),
        partial=None,
    )


def without_shares(acceptability: Acceptability, note: Withheld) -> Acceptability:
    """Return an acceptability without its shares of weightings, and with the reason why they are withheld."""
    nan = math.nan
    return Acceptability(acceptability.zone, acceptability.exchange_rates, 0, nan, nan, nan, nan, nan, (), (),
                         calibrated=False, note=note)  # fmt: skip


def _without_intervals(net_harm: NetHarm, hidden: _Harms, note: Withheld) -> NetHarm:
    """Return net harm without intervals that reveal a suppressed dispersion; the best estimates stay."""
    no_interval = Interval(math.nan, math.nan, net_harm.interval.level)
    rows = tuple(
        replace(row, interval=no_interval, note=row.note or note)
        if (row.measure.name, net_harm.zone) in hidden
        else row
        for row in net_harm.rows
    )
    vetoes = tuple(
        replace(veto, state="unknown", reason=note) if (veto.measure, net_harm.zone) in hidden else veto
        for veto in net_harm.vetoes
    )
    net_harm = replace(net_harm, rows=rows, vetoes=vetoes)
    if not any(row.weight and (row.measure.name, net_harm.zone) in hidden for row in net_harm.rows):
        return net_harm
    return replace(
        net_harm,
        interval=no_interval,
        share_fell=(math.nan, math.nan),
        note=net_harm.note or note,
        reading=Reading.CANNOT_TELL,
        partial=None,
    )


def _suppress_noxiousness(noxiousness: Noxiousness, note: Withheld) -> Noxiousness:
    return replace(
        noxiousness,
        before=math.nan,
        after=math.nan,
        ratio=suppress_estimate(noxiousness.ratio, note),
        size_change=MarketChange.CANNOT_TELL,
        reading=note,
    )


def _suppress_corrected_effect(effect: CorrectedEffect, note: Withheld) -> CorrectedEffect:
    return replace(
        effect,
        raw=suppress_estimate(effect.raw, note),
        effort=suppress_estimate(effect.effort, note),
        corrected=suppress_estimate(effect.corrected, note),
    )


def _protect_unintended_harm(unintended_harm: UnintendedHarm, hidden: _Harms, k: int) -> UnintendedHarm:
    """Return the unintended-harm checks without counts.

    The areas and periods of the checks lie inside each other, so their counts would give small differences back. A
    statement that depends on 1 to k - 1 events is suppressed. Where needle finds lie is shown if either side of a share
    has k finds and no sum around the target is suppressed. An internal release (k = 1) shows everything.
    """
    if k == 1:
        return unintended_harm
    sums_around_target = (TARGET_GAP_AND_RINGS, TARGET_AND_RINGS)
    return replace(
        unintended_harm,
        checks=tuple(_suppress_rise_check(check, k) for check in unintended_harm.checks),
        pooled=tuple(_suppress_rise_check(check, k) for check in unintended_harm.pooled),
        find_dispersion=tuple(
            _suppress_find_dispersion(dispersion, k)
            if any((dispersion.measure, zone) in hidden for zone in sums_around_target) or _has_few_finds(dispersion, k)
            else replace(dispersion, events=(0, 0))
            for dispersion in unintended_harm.find_dispersion
        ),
    )


def _suppress_rise_check(check: RiseCheck, k: int) -> RiseCheck:
    no_interval = Interval(math.nan, math.nan, check.interval.level)
    state, reason = check.state, check.reason
    if is_few(check.after, k) and state is not RiseState.UNKNOWN:
        state, reason = RiseState.UNKNOWN, Withheld(Reason.FEW_EVENTS, k)
    return replace(
        check,
        after=0,
        expected=math.nan,
        ratio=math.nan,
        interval=no_interval,
        precision=0.0,
        p_rise=math.nan,
        p_within=math.nan,
        state=state,
        reason=reason,
    )


def _has_few_finds(dispersion: FindDispersion, k: int) -> bool:
    """Return whether either side of a share, or either window, has fewer than k finds."""
    sides = [float(count) for count in dispersion.events]
    if dispersion.unit == "share":
        sides = [
            count * side_share
            for count, share in zip(dispersion.events, (dispersion.before, dispersion.after), strict=True)
            for side_share in (share, 1 - share)
        ]
    return not all(side >= k for side in sides)


def _suppress_find_dispersion(dispersion: FindDispersion, k: int) -> FindDispersion:
    no_interval = Interval(math.nan, math.nan, dispersion.change.level)
    return replace(
        dispersion,
        before=math.nan,
        after=math.nan,
        change=no_interval,
        events=(0, 0),
        note=Withheld(Reason.SMALL_COUNT, k),
    )


def _suppress_measure_harm(row: MeasureHarm, note: Withheld) -> MeasureHarm:
    no_interval = Interval(math.nan, math.nan, row.interval.level)
    return replace(row, low=math.nan, high=math.nan, interval=no_interval, note=note, smallest_count=0, has_zero=False)


def _protect_acceptability(
    acceptability: Acceptability, assessment: HarmAssessment, hidden: _Harms, note: Withheld
) -> Acceptability:
    measures = [
        row.measure for net_harm in assessment.net_harm if net_harm.zone == acceptability.zone for row in net_harm.rows
    ]
    if not any((measure.name, acceptability.zone) in hidden and assessment.rates.rule(measure) for measure in measures):
        return acceptability
    return without_shares(acceptability, note)
