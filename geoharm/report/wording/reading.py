"""What an estimate allows to be said, before and after its diagnostics are considered."""

from __future__ import annotations

import math

from geoharm.disclosure.released import ReleasedEffect, ReleasedMeasure
from geoharm.evaluation.reading import Reading
from geoharm.evaluation.results.diagnostics import Diagnostic, Severity
from geoharm.model.design import TARGET_AND_RINGS
from geoharm.report.format_numbers import with_true_minus

_SELECTION, _CONTROLS, _POWER = "regression to the mean", "choice of control", "smallest detectable fall"
MAX_DETECTABLE = 0.5
MIN_EXPECTED = 10


def read_effect(effect: ReleasedEffect) -> Reading:
    """Return what an effect allows to be said.

    - No change or no 95% interval: "cannot tell", even if a narrower counting interval exists.
    - Weak design (smallest detectable fall above one half, or fewer than 10 expected events): a signal if the interval
      excludes zero, else "cannot tell".
    - The interval includes zero: "no clear change".
    - The interval excludes zero, but was not calibrated on places without an operation: a signal.
    - Otherwise: "fell" or "rose".
    """
    if math.isnan(effect.change) or math.isnan(effect.interval.low):
        return Reading.CANNOT_TELL
    side = effect.interval.side
    signal = {-1: Reading.SIGNAL_FALL, 1: Reading.SIGNAL_RISE}
    weak = effect.expected < MIN_EXPECTED or not effect.detectable_fall <= MAX_DETECTABLE
    if weak:
        return signal.get(side, Reading.CANNOT_TELL)
    if side == 0:
        return Reading.NO_CLEAR_CHANGE
    if not effect.ratio.calibrated:
        return signal[side]
    return Reading.FELL if side < 0 else Reading.ROSE


def read_with_diagnostics(measure: ReleasedMeasure, effect: ReleasedEffect) -> Reading:
    """Return what an effect allows to be said after the measure's diagnostics are considered.

    Diagnostics apply to the target area, alone or with the rings. If defensible controls disagree, a fall or a rise
    becomes "controls disagree". Any other diagnostic of severity "signal" or above turns a finding into a signal.
    """
    state = read_effect(effect)
    if not state.direction or effect.zone not in ("target", TARGET_AND_RINGS):
        return state
    controls = measure.robustness.diagnostic(_CONTROLS)
    if controls is not None and controls.severity is Severity.REFUSE:
        return Reading.CONTROLS_DISAGREE
    if any(_limits_reading(diagnostic) for diagnostic in measure.robustness.diagnostics):
        return {Reading.FELL: Reading.SIGNAL_FALL, Reading.ROSE: Reading.SIGNAL_RISE}.get(state, state)
    return state


def _limits_reading(diagnostic: Diagnostic) -> bool:
    # The smallest detectable fall is part of `read_effect` already.
    return diagnostic.severity >= Severity.SIGNAL and diagnostic.name not in (_POWER, _CONTROLS)


def why_signal(measure: ReleasedMeasure, effect: ReleasedEffect) -> str:
    """Return why an interval that excludes zero is a signal and not a finding."""
    if not effect.ratio.calibrated:
        return "the interval holds the noise of counting only, not how far places drift apart"
    if effect.expected < MIN_EXPECTED:
        return f"fewer than {MIN_EXPECTED} events were expected"
    if read_effect(effect).is_finding:
        diagnostic = next(diagnostic for diagnostic in measure.robustness.diagnostics if _limits_reading(diagnostic))
        return (
            f"it is exposed ({diagnostic.name}): {lower_first(with_true_minus(diagnostic.sentence).removesuffix('.'))}"
        )
    return "a design that misses a fall of half answers mostly by chance"


def reading_caveats(measure: ReleasedMeasure, state: Reading) -> str:
    """Return what the verdict's sentence must add: disagreeing controls, or a place chosen on the window before."""
    text = ""
    controls, selection = measure.robustness.diagnostic(_CONTROLS), measure.robustness.diagnostic(_SELECTION)
    if state is Reading.CONTROLS_DISAGREE and controls is not None:
        text += f" {with_true_minus(controls.sentence)}"
    overlaps = selection is not None and (selection.figure != 0 and selection.severity is not Severity.NONE)
    stated = selection is not None and (not math.isnan(selection.figure) or selection.severity is Severity.SIGNAL)
    if selection is not None and overlaps and stated:
        text += f" Flagged for regression to the mean: {lower_first(with_true_minus(selection.sentence))}"
    return text


def lower_first(text: str) -> str:
    """Return a text with its first letter in lower case, for use inside a sentence."""
    return text[:1].lower() + text[1:]
