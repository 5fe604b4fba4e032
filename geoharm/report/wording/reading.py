"""What an estimate allows to be said, and what its guards leave of that."""

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

    A design that could not see a change of half, or expects under 10 events, can give a signal at most; so can an
    interval that has not been shown to hold its level on places without an operation. Where such an interval was tried
    and is not possible, nothing can be told, whatever a narrower one says.
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
    """Return what an effect of a measure allows to be said once its guards are heard.

    Guards bear on the target, alone or with the rings. Where defensible controls disagree, a direction becomes
    "controls disagree"; any other guard that caps the answer makes a finding a signal.
    """
    state = read_effect(effect)
    if not state.direction or effect.zone not in ("target", TARGET_AND_RINGS):
        return state
    controls = measure.robustness.diagnostic(_CONTROLS)
    if controls is not None and controls.severity is Severity.REFUSE:
        return Reading.CONTROLS_DISAGREE
    if any(_caps(diagnostic) for diagnostic in measure.robustness.diagnostics):
        return {Reading.FELL: Reading.SIGNAL_FALL, Reading.ROSE: Reading.SIGNAL_RISE}.get(state, state)
    return state


def _caps(diagnostic: Diagnostic) -> bool:
    # The smallest detectable fall is part of `read_effect` already.
    return diagnostic.severity >= Severity.SIGNAL and diagnostic.name not in (_POWER, _CONTROLS)


def why_signal(measure: ReleasedMeasure, effect: ReleasedEffect) -> str:
    """Return why what leaves out zero is no finding."""
    if not effect.ratio.calibrated:
        return "the interval holds the noise of counting only, not how far places drift apart"
    if effect.expected < MIN_EXPECTED:
        return f"fewer than {MIN_EXPECTED} events were expected"
    if read_effect(effect).is_finding:
        diagnostic = next(one for one in measure.robustness.diagnostics if _caps(one))
        return (
            f"it is exposed ({diagnostic.name}): {lower_first(with_true_minus(diagnostic.sentence).removesuffix('.'))}"
        )
    return "a design that misses a fall of half answers mostly by chance"


def reading_caveats(measure: ReleasedMeasure, state: Reading) -> str:
    """Return what the verdict's sentence must add: controls that disagree, a place chosen on the window before."""
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
    """Return a sentence's words as a part of another."""
    return text[:1].lower() + text[1:]
