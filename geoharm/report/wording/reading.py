"""What the verdict's sentence adds to a reading: why no more may be said, and which threats it is exposed to."""

from __future__ import annotations

import math

from geoharm.disclosure.released import ReleasedEffect, ReleasedMeasure
from geoharm.evaluation.claims import LEAD_LEVEL, is_turbulent
from geoharm.evaluation.reading import MIN_EXPECTED
from geoharm.evaluation.results.diagnostics import DiagnosticKind, Severity
from geoharm.model.reading import Cap, Claim, Reading
from geoharm.report.format_numbers import join_with_and, with_true_minus
from geoharm.report.wording.withheld import sentence_text

_CAPS = {
    Cap.NOT_CALIBRATED: "the interval holds the noise of counting only, not how far places drift apart",
    Cap.FEW_EXPECTED: f"fewer than {MIN_EXPECTED} events were expected",
    Cap.LOOKS: "several phases or looks were read, and so many chances to be wrong need a stricter level",
    Cap.WEAK_DESIGN: "a design that misses a fall of 60% answers mostly by chance",
}


def cap_sentence(measure: ReleasedMeasure, effect: ReleasedEffect) -> str:
    """Return why no more than "probably" may be said of an effect; empty if nothing caps it."""
    reason = _cap_reason(measure, effect)
    return f"No more than \u201cprobably\u201d: {reason.removesuffix('.')}." if reason else ""


def _cap_reason(measure: ReleasedMeasure, effect: ReleasedEffect) -> str:
    match effect.cap:
        case None:
            return ""
        case Cap.PLACES:
            return effect.placebo.probably_at_most if effect.placebo else ""
        case Cap.DIAGNOSTIC:
            diagnostics = measure.robustness.diagnostics
            diagnostic = next((diagnostic for diagnostic in diagnostics if diagnostic.caps(effect.zone)), None)
            if diagnostic is None:
                return "it is exposed to a threat that is withheld, because a count would follow from it"
            return (
                f"it is exposed ({diagnostic.name}): {lower_first(with_true_minus(sentence_text(diagnostic.sentence)))}"
            )
        case Cap.FAMILY:
            return (
                f"{measure.comparisons} comparisons were made (harms x zones), and so many chances to be wrong need a "
                "stricter level"
            )
    return _CAPS[effect.cap]


def unsaid_sentence(measure: ReleasedMeasure, effect: ReleasedEffect) -> str:
    """Return why a change that its interval shows is not even called probable; empty where nothing is left unsaid."""
    reason = unsaid_reason(measure, effect)
    return f"It is not called a {'fall' if effect.change < 0 else 'rise'}: {reason}." if reason else ""


def unsaid_reason(measure: ReleasedMeasure, effect: ReleasedEffect) -> str:
    """Return why a change whose 80% interval leaves out zero is not even called probable, for use inside a sentence."""
    is_shown = effect.ratio.calibrated and effect.ratio.is_defined and effect.ratio.interval(LEAD_LEVEL).side != 0
    if not is_shown or effect.reading.direction or effect.reading is Reading.CONTROLS_DISAGREE:
        return ""
    broken = {Claim.FINDING, Claim.LEAD}
    doubts = [each.name for each in measure.robustness.diagnostics if each.breaks(effect.zone) & broken]
    if doubts:
        return f"counted the other way, doubtful rows would change it ({join_with_and(doubts)})"
    return "the control area changed too much between the windows" if is_turbulent(effect) else ""


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
