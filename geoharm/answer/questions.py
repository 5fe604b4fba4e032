"""The four questions of page one: which answer each has, from readings alone."""

from __future__ import annotations

from collections.abc import Sequence

from geoharm.answer.balance import balance_rows, probably_risen_harms
from geoharm.answer.nouns import BalanceRow, Change, Lasts, Moved, Worse
from geoharm.disclosure.released import ReleasedEffect, ReleasedOperation
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS, Design
from geoharm.model.period import Window, add_months
from geoharm.model.reading import Reading

# An answer on whether a change lasts needs a last phase that ends this late and begins this late, in months.
_LATEST_END, _EARLIEST_START = 6, 3
_MOVED = {
    Reading.ROSE: Moved.ROSE,
    Reading.FELL: Moved.FELL_TOO,
    Reading.PROBABLY_ROSE: Moved.PROBABLY_ROSE,
    Reading.PROBABLY_FELL: Moved.PROBABLY_FELL,
    Reading.NO_RISE_OVER: Moved.NOT_OVER,
}
_LASTS = {
    Reading.FELL: Lasts.STILL_LOWER,
    Reading.ROSE: Lasts.STILL_HIGHER,
    Reading.PROBABLY_FELL: Lasts.PROBABLY_LOWER,
    Reading.PROBABLY_ROSE: Lasts.PROBABLY_HIGHER,
    Reading.NO_RISE_OVER: Lasts.NOT_HIGHER_OVER,
    Reading.NO_FALL_OVER: Lasts.NOT_LOWER_OVER,
}


def did_it_move(operation: ReleasedOperation) -> Moved:
    """Return whether the primary measure, or another harm, rose in the rings."""
    state = _MOVED.get(operation.primary.effect(ALL_RINGS).reading, Moved.CANNOT_TELL)
    if state is not Moved.ROSE and harms_risen_in_rings(operation):
        return Moved.OTHER_HARM_ROSE
    return state


def harms_risen_in_rings(operation: ReleasedOperation) -> tuple[Change, ...]:
    """Return the harms other than the primary that rose in the rings, as a finding."""
    return tuple(
        Change(row.measure, row.rings)
        for row in balance_rows(operation)
        if row.is_harm and row.measure is not operation.primary and row.rings.reading is Reading.ROSE
    )


def last_phase(design: Design) -> Window:
    """Return the phase that ends last."""
    return max(design.phases, key=lambda phase: phase.end)


def phase_effects(effects: Sequence[ReleasedEffect], zone: str = "target") -> tuple[ReleasedEffect, ...]:
    """Return the effects of a zone in each phase, in the order of the study."""
    return tuple(effect for effect in effects if effect.zone == zone)


def last_phase_effect(operation: ReleasedOperation) -> ReleasedEffect | None:
    """Return the primary measure's effect in the target in the phase that ends last; None without one."""
    last = last_phase(operation.design)
    return next((effect for effect in phase_effects(operation.primary.phases) if effect.window == last.name), None)


def will_it_last(operation: ReleasedOperation) -> Lasts:
    """Return what the last phase says of the primary measure in the target.

    "Cannot tell" if that phase ends before half a year or begins before three months after the operation; of a
    measure that goes on, since its start.
    """
    design = operation.design
    last, end = last_phase(design), design.operation.phases_from
    if last.end < add_months(end, _LATEST_END):
        return Lasts.TOO_SHORT
    if last.start < add_months(end, _EARLIEST_START):
        return Lasts.LAST_PHASE_TOO_LONG
    effect = last_phase_effect(operation)
    state = _LASTS.get(effect.reading, Lasts.CANNOT_TELL) if effect else Lasts.CANNOT_TELL
    # Said only where the whole window says it too, so that the phases add no error of their own to page one.
    whole = operation.primary.effect("target").reading
    if effect and effect.reading.direction * whole.direction < 0:
        return Lasts.CANNOT_TELL
    if effect and effect.reading is not whole:
        return {Lasts.STILL_LOWER: Lasts.PROBABLY_LOWER, Lasts.STILL_HIGHER: Lasts.PROBABLY_HIGHER}.get(state, state)
    return state


def rises_that_had_not_ended(operation: ReleasedOperation) -> tuple[Change, ...]:
    """Return the harms that were higher in the last phase, as a finding: one change a harm, the target before the rings."""
    last = last_phase(operation.design)
    changes = []
    for row in balance_rows(operation):
        if not row.is_harm:
            continue
        risen = [
            effect
            for zone in ("target", ALL_RINGS)
            for effect in phase_effects(row.measure.phases, zone)
            if effect.window == last.name and effect.reading is Reading.ROSE and _rose_in(row, zone)
        ]
        if risen:
            changes.append(Change(row.measure, risen[0]))
    return tuple(changes)


def _rose_in(row: BalanceRow, zone: str) -> bool:
    """Return whether a harm rose over the whole window, as a finding, in a zone or in both together."""
    return any(effect.reading is Reading.ROSE for effect in row.effects if effect.zone in (zone, TARGET_AND_RINGS))


def did_anything_get_worse(operation: ReleasedOperation) -> Worse:
    """Return whether any harm rose in any zone. Unknown is never no.

    A rise over some percent is ruled out only where it is for every harm in every zone. Each is a test by itself at a
    one-sided 5%, so the statement on all of them is wrong in at most 5% (an intersection-union test: Berger 1982,
    https://doi.org/10.2307/1267823).
    """
    readings = [effect.reading for effect in _harm_effects(operation)]
    if Reading.ROSE in readings:
        return Worse.YES
    if probably_risen_harms(operation):
        return Worse.PROBABLY
    is_ruled_out = bool(readings) and all(reading in (Reading.FELL, Reading.NO_RISE_OVER) for reading in readings)
    return Worse.NOT_OVER if is_ruled_out else Worse.NOT_KNOWN


def largest_bound(operation: ReleasedOperation) -> int:
    """Return the largest rise, in percent, that is left open of any harm in any zone; at least 1."""
    return max((effect.bound_percent or 1 for effect in _harm_effects(operation)), default=1)


def _harm_effects(operation: ReleasedOperation) -> list[ReleasedEffect]:
    return [effect for row in balance_rows(operation) if row.is_harm for effect in row.effects]
