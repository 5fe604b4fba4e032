"""What harms add up to, as it may be published: a sum with a withheld part is withheld."""

from __future__ import annotations

import math
from dataclasses import replace

from geoharm.harm.results.markets import Noxiousness
from geoharm.harm.results.net_harm import Acceptability, HarmAssessment, MeasureHarm, NetHarm
from geoharm.harm.results.perception import CorrectedEffect
from geoharm.harm.results.unintended_harm import FindDispersion, RiseCheck, RiseState, UnintendedHarm
from geoharm.model.design import TARGET_AND_RINGS, TARGET_GAP_AND_RINGS
from geoharm.model.estimate import Estimate, Interval


def protect_harm_assessment(
    assessment: HarmAssessment | None, hidden: set[tuple[str, str]], k: int
) -> HarmAssessment | None:
    """Return what may be published of an operation's sums.

    Parameters
    ----------
    assessment : HarmAssessment or None
    hidden : set of (measure, zone)
        Effects that are withheld: every sum they enter, and every share that rests on them, is withheld too.
    k : int
        The threshold, for the reason that is given.
    """
    if assessment is None:
        return None
    note = f"withheld: a count under {k}, or one that would give it back"
    held = hidden | {
        (row.measure.name, one.zone) for one in assessment.net_harm for row in one.rows if 0 < row.smallest < k
    }
    return replace(
        assessment,
        net_harm=tuple(_net(one, held, note) for one in assessment.net_harm),
        acceptability=tuple(_acceptability(one, assessment, held, note) for one in assessment.acceptability),
        noxiousness=tuple(
            _noxious(one, note) if {(one.measure, one.zone), (one.market, one.zone)} & hidden else one
            for one in assessment.noxiousness
        ),
        unintended_harm=None if assessment.unintended_harm is None else _watch(assessment.unintended_harm, hidden, k),
        reporting_corrected=tuple(
            _corrected(one, note) if {(one.measure, one.zone), (one.comparator, one.zone)} & hidden else one
            for one in assessment.reporting_corrected
        ),
    )


def harm_notices(assessment: HarmAssessment | None) -> tuple[str, ...]:
    """Return what the first page must say about the harms that were measured, and about the objective."""
    if assessment is None:
        return ()
    missing = tuple(f"The picture is incomplete: there is no {text[2:]}." for text in assessment.missing)
    return (*missing, assessment.limited_objective) if assessment.limited_objective else missing


def _net(net: NetHarm, hidden: set[tuple[str, str]], note: str) -> NetHarm:
    rows = tuple(_row(row, note) if (row.measure.name, net.zone) in hidden else row for row in net.rows)
    vetoes = tuple(
        replace(answer, state="unknown", why=note) if (answer.measure, net.zone) in hidden else answer
        for answer in net.vetoes
    )
    if any(row.weight and (row.measure.name, net.zone) in hidden for row in net.rows):
        nothing = Interval(math.nan, math.nan, net.interval.level)
        net = replace(net, low=math.nan, high=math.nan, interval=nothing, fell=(math.nan, math.nan), note=note)
    return replace(net, rows=rows, vetoes=vetoes)


def _noxious(one: Noxiousness, note: str) -> Noxiousness:
    ratio = replace(one.ratio, value=math.nan, standard_error=math.nan, note=note)
    return replace(
        one, before=math.nan, after=math.nan, ratio=ratio, size="cannot tell", reading=f"{note.capitalize()}."
    )


def _corrected(one: CorrectedEffect, note: str) -> CorrectedEffect:
    def gone(part: Estimate) -> Estimate:
        return replace(part, value=math.nan, standard_error=math.nan, note=note)

    return replace(one, raw=gone(one.raw), effort=gone(one.effort), corrected=gone(one.corrected))


def _watch(watch: UnintendedHarm, hidden: set[tuple[str, str]], k: int) -> UnintendedHarm:
    """Return the watch without counts: looks lie inside each other, so that their counts would give small rests back.

    A statement that rests on 1 to k - 1 events is withheld. Where finds lie is shown if each side of it holds k finds and
    no sum around the target is withheld. An internal release (k = 1) shows all.
    """
    if k == 1:
        return watch
    around = (TARGET_GAP_AND_RINGS, TARGET_AND_RINGS)
    return replace(
        watch,
        checks=tuple(_look(cell, k) for cell in watch.checks),
        pooled=tuple(_look(cell, k) for cell in watch.pooled),
        find_dispersion=tuple(
            _lies(one, k)
            if any((one.measure, zone) in hidden for zone in around) or _few(one, k)
            else replace(one, events=(0, 0))
            for one in watch.find_dispersion
        ),
    )


def _look(cell: RiseCheck, k: int) -> RiseCheck:
    nothing = Interval(math.nan, math.nan, cell.interval.level)
    state, why = cell.state, cell.why
    if 0 < cell.after < k and state is not RiseState.UNKNOWN:
        state, why = RiseState.UNKNOWN, f"withheld: under {k} events"
    return replace(cell, after=0, expected=math.nan, ratio=math.nan, interval=nothing, worth=0.0, state=state, why=why)


def _few(one: FindDispersion, k: int) -> bool:
    """Return whether either side of a share, or a window, holds fewer than k finds."""
    sides = [float(count) for count in one.events]
    if one.unit == "share":
        sides = [
            count * part
            for count, share in zip(one.events, (one.before, one.after), strict=True)
            for part in (share, 1 - share)
        ]
    return not all(side >= k for side in sides)


def _lies(one: FindDispersion, k: int) -> FindDispersion:
    nothing = Interval(math.nan, math.nan, one.change.level)
    return replace(
        one, before=math.nan, after=math.nan, change=nothing, events=(0, 0), note=f"withheld: a count under {k}"
    )


def _row(row: MeasureHarm, note: str) -> MeasureHarm:
    nothing = Interval(math.nan, math.nan, row.interval.level)
    return replace(row, low=math.nan, high=math.nan, interval=nothing, note=note, smallest=0)


def _acceptability(
    one: Acceptability, assessment: HarmAssessment, hidden: set[tuple[str, str]], note: str
) -> Acceptability:
    measures = [row.measure for net in assessment.net_harm if net.zone == one.zone for row in net.rows]
    if not any((measure.name, one.zone) in hidden and assessment.rates.rule(measure) for measure in measures):
        return one
    nothing = math.nan
    return Acceptability(one.zone, one.rates, 0, nothing, nothing, nothing, nothing, nothing, (), (),
                         calibrated=False, note=note)  # fmt: skip
