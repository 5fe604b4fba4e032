"""What an estimate allows to be said, with its diagnostics considered: decided here, worded in the report.

Disclosure control decides again on the numbers that are shown, and keeps the weaker of the two readings.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from geoharm.evaluation.results.diagnostics import Diagnostic, DiagnosticKind, Severity
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.model.effect import CountT, Effect
from geoharm.model.estimate import Estimate
from geoharm.model.reading import Reading, SignalReason

MAX_DETECTABLE = 0.5
MIN_EXPECTED = 10
_SIGNALS = {-1: Reading.SIGNAL_FALL, 1: Reading.SIGNAL_RISE}
# What each reading still says when it is made weaker, itself first.
_WEAKENED = {
    Reading.FELL: (Reading.FELL, Reading.SIGNAL_FALL, Reading.CANNOT_TELL),
    Reading.ROSE: (Reading.ROSE, Reading.SIGNAL_RISE, Reading.CANNOT_TELL),
    Reading.SIGNAL_FALL: (Reading.SIGNAL_FALL, Reading.CANNOT_TELL),
    Reading.SIGNAL_RISE: (Reading.SIGNAL_RISE, Reading.CANNOT_TELL),
    Reading.NO_CLEAR_CHANGE: (Reading.NO_CLEAR_CHANGE, Reading.CANNOT_TELL),
    Reading.CONTROLS_DISAGREE: (Reading.CONTROLS_DISAGREE, Reading.CANNOT_TELL),
    Reading.CANNOT_TELL: (Reading.CANNOT_TELL,),
}


def read_effect(effect: Effect[CountT], diagnostics: Sequence[Diagnostic] = ()) -> Reading:
    """Return what an effect allows to be said.

    Parameters
    ----------
    effect : Effect
    diagnostics : sequence of Diagnostic
        Of the effect's measure. Each applies to its own zones: most to the target area, alone or with the rings.

    Notes
    -----
    The numbers alone:

    - No change or no 95% interval: "cannot tell", even if a narrower counting interval exists.
    - Weak design (smallest detectable fall above one half, or fewer than 10 expected events): a signal if the interval
      excludes zero, else "cannot tell".
    - The interval includes zero: "no clear change".
    - The interval excludes zero, but was not calibrated on places without an operation: a signal.
    - Otherwise: "fell" or "rose".

    If defensible controls disagree, a fall or a rise becomes "controls disagree". Any other diagnostic of severity SIGNAL
    or above turns a finding into a signal. Where rows counted the other way would show a change, "no clear change" becomes
    "cannot tell".

    A rise is read here by itself; `geoharm.evaluation.family` then reads all rises of an operation together.
    """
    reading = _read_numbers(effect)
    if not reading.direction:
        is_doubtful = any(diagnostic.limits_no_change(effect.zone) for diagnostic in diagnostics)
        return Reading.CANNOT_TELL if is_doubtful else reading
    if any(
        diagnostic.kind is DiagnosticKind.CONTROLS
        and diagnostic.severity is Severity.REFUSE
        and effect.zone in diagnostic.zones
        for diagnostic in diagnostics
    ):
        return Reading.CONTROLS_DISAGREE
    if any(diagnostic.limits(effect.zone) for diagnostic in diagnostics):
        return _SIGNALS[reading.direction]
    return reading


def _read_numbers(effect: Effect[CountT]) -> Reading:
    if math.isnan(effect.change) or math.isnan(effect.interval.low):
        return Reading.CANNOT_TELL
    side = effect.interval.side
    if effect.expected < MIN_EXPECTED or not effect.detectable_fall <= MAX_DETECTABLE:
        return _SIGNALS.get(side, Reading.CANNOT_TELL)
    if side == 0:
        return Reading.NO_CLEAR_CHANGE
    if not effect.ratio.calibrated:
        return _SIGNALS[side]
    return Reading.FELL if side < 0 else Reading.ROSE


def signal_reason(effect: Effect[CountT], diagnostics: Sequence[Diagnostic] = ()) -> SignalReason | None:
    """Return why an effect is read as a signal and not as a finding; None if it is not a signal."""
    if read_effect(effect, diagnostics) not in _SIGNALS.values():
        return None
    if not effect.ratio.calibrated:
        return SignalReason.NOT_CALIBRATED
    if effect.expected < MIN_EXPECTED:
        return SignalReason.FEW_EXPECTED
    return SignalReason.DIAGNOSTIC if _read_numbers(effect).is_finding else SignalReason.WEAK_DESIGN


def read_pooled(pooled: Estimate, detectable_fall: float) -> Reading:
    """Return what the pooled estimate of a composite outcome allows to be said.

    "Cannot tell" without an estimate; a signal where the smallest detectable common fall is above one half.
    """
    if not pooled.is_defined:
        return Reading.CANNOT_TELL
    side = pooled.interval().side
    if side == 0:
        return Reading.NO_CLEAR_CHANGE
    if detectable_fall > MAX_DETECTABLE:
        return _SIGNALS[side]
    return Reading.FELL if side < 0 else Reading.ROSE


def weaker(first: Reading, second: Reading) -> Reading:
    """Return the strongest reading that claims no more than either of two.

    Examples
    --------
    >>> weaker(Reading.FELL, Reading.SIGNAL_FALL), weaker(Reading.FELL, Reading.NO_CLEAR_CHANGE)
    (<Reading.SIGNAL_FALL: 'a signal of a fall, not a finding'>, <Reading.CANNOT_TELL: 'cannot tell'>)
    """
    if Reading.CONTROLS_DISAGREE in (first, second) and (first.direction or second.direction):
        return Reading.CONTROLS_DISAGREE
    return next(reading for reading in _WEAKENED[first] if reading in _WEAKENED[second])


def with_reading(effect: Effect[CountT], diagnostics: Sequence[Diagnostic] = ()) -> Effect[CountT]:
    """Return an effect with its reading, and with the reason if that is a signal."""
    return replace(effect, reading=read_effect(effect, diagnostics), signal_reason=signal_reason(effect, diagnostics))


def with_weaker_reading(effect: Effect[CountT], diagnostics: Sequence[Diagnostic]) -> Effect[CountT]:
    """Return an effect with the weaker of the reading that it has and the reading of its numbers as they are now."""
    now = with_reading(effect, diagnostics)
    reading = weaker(effect.reading, now.reading)
    reason = now.signal_reason or effect.signal_reason if reading in _SIGNALS.values() else None
    return replace(now, reading=reading, signal_reason=reason)


def as_signal(effect: Effect[CountT], reason: SignalReason) -> Effect[CountT]:
    """Return an effect; as a signal, for a reason, if it is a finding."""
    if not effect.reading.is_finding:
        return effect
    return replace(effect, reading=_SIGNALS[effect.reading.direction], signal_reason=reason)


def with_diagnostics(result: MeasureResult, diagnostics: tuple[Diagnostic, ...]) -> MeasureResult:
    """Return the result of a measure with its diagnostics, and with the readings that these leave."""
    return replace(
        result,
        effects=tuple(with_reading(effect, diagnostics) for effect in result.effects),
        phases=tuple(with_reading(effect, diagnostics) for effect in result.phases),
        diagnostics=diagnostics,
    )
