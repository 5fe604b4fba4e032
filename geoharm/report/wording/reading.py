"""What the verdict's sentence adds to a reading: why it is a signal, and which threats it is exposed to."""

from __future__ import annotations

import math

from geoharm.disclosure.released import ReleasedEffect, ReleasedMeasure
from geoharm.evaluation.reading import MIN_EXPECTED
from geoharm.evaluation.results.diagnostics import DiagnosticKind, Severity
from geoharm.model.reading import Reading, SignalReason
from geoharm.report.format_numbers import with_true_minus
from geoharm.report.wording.withheld import sentence_text

_SIGNAL_REASONS = {
    SignalReason.NOT_CALIBRATED: "the interval holds the noise of counting only, not how far places drift apart",
    SignalReason.FEW_EXPECTED: f"fewer than {MIN_EXPECTED} events were expected",
    SignalReason.LOOKS: "several phases or looks were read, and so many chances to be wrong need a stricter level",
    SignalReason.WEAK_DESIGN: "a design that misses a fall of half answers mostly by chance",
}
# Of the pooled estimate of a composite outcome.
POOLED_WORDS = {
    Reading.FELL: "fewer than expected",
    Reading.ROSE: "more than expected",
    Reading.NO_CLEAR_CHANGE: "not told apart from no change",
    Reading.SIGNAL_FALL: "a signal of fewer, not a finding",
    Reading.SIGNAL_RISE: "a signal of more, not a finding",
    Reading.CANNOT_TELL: "these data cannot tell",
    Reading.CONTROLS_DISAGREE: "controls disagree",
}


def signal_reason_text(measure: ReleasedMeasure, effect: ReleasedEffect) -> str:
    """Return why an effect is read as a signal and not as a finding; empty if it is not a signal."""
    if effect.signal_reason is None:
        return ""
    if effect.signal_reason is SignalReason.DIAGNOSTIC:
        diagnostic = next(diagnostic for diagnostic in measure.robustness.diagnostics if diagnostic.limits(effect.zone))
        sentence = with_true_minus(sentence_text(diagnostic.sentence))
        return f"it is exposed ({diagnostic.name}): {lower_first(sentence.removesuffix('.'))}"
    if effect.signal_reason is SignalReason.FAMILY:
        return (
            f"{measure.comparisons} comparisons were made (harms x zones), and so many chances to be wrong need a stricter "
            "level"
        )
    return _SIGNAL_REASONS[effect.signal_reason]


def reading_caveats(measure: ReleasedMeasure, reading: Reading) -> str:
    """Return what the verdict's sentence must add: disagreeing controls, or a place chosen on the window before."""
    text = ""
    controls = measure.robustness.diagnostic(DiagnosticKind.CONTROLS)
    selection = measure.robustness.diagnostic(DiagnosticKind.SELECTION)
    if reading is Reading.CONTROLS_DISAGREE and controls is not None:
        text += f" {with_true_minus(sentence_text(controls.sentence))}"
    overlaps = selection is not None and (selection.figure != 0 and selection.severity is not Severity.NONE)
    stated = selection is not None and (not math.isnan(selection.figure) or selection.severity is Severity.SIGNAL)
    if selection is not None and overlaps and stated:
        sentence = with_true_minus(sentence_text(selection.sentence))
        text += f" Flagged for regression to the mean: {lower_first(sentence)}"
    return text


def lower_first(text: str) -> str:
    """Return a text with its first letter in lower case, for use inside a sentence."""
    return text[:1].lower() + text[1:]
