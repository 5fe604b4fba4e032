"""The fixed sentences of the verdict, chosen by rule from the estimates.

The words are

- for the target area: ``fell / rose / no clear change / a signal, not a finding / cannot tell``;
- for nearby areas: ``displaced / diffused / fewer / more / not measurable``;
- for other harms: ``better / worse / unknown``.

No sentence says why anything changed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from geoharm import _text
from geoharm.disclosure.released import Release, ReleasedEffect, ReleasedMeasure, ReleasedOperation
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS
from geoharm.model.estimate import Interval
from geoharm.model.geometry import ZoneRole
from geoharm.model.measure import Role
from geoharm.model.period import add_months
from geoharm.model.reading import Reading
from geoharm.report import format_numbers
from geoharm.report.wording.reading import reading_caveats, signal_reason_text
from geoharm.report.wording.threats import Threat, harm_notices, notices, threats
from geoharm.report.wording.withheld import note_as_sentence, note_text


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the four questions and its answer. Every verdict has all four.

    Attributes
    ----------
    question, answer, detail : str
    state : Reading or None
        None where there are no data at all.
    """

    question: str
    answer: str
    detail: str
    state: Reading | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may be said of one operation.

    Attributes
    ----------
    state : Reading
    placebo_note : str
        What the right answer is, if there was no operation; else empty.
    headline, sentence : str
    answers : tuple of Answer
    threats : tuple of Threat
        In a fixed order, most general first.
    notices : tuple of str
        What is missing in the data; shown on the first page.
    not_tested : str
    """

    state: Reading
    placebo_note: str
    headline: str
    sentence: str
    answers: tuple[Answer, ...]
    threats: tuple[Threat, ...]
    notices: tuple[str, ...]
    not_tested: str

    @property
    def label(self) -> str:
        """The placebo note with its heading; empty for an operation."""
        return f"Placebo: {self.placebo_note}" if self.placebo_note else ""


def verdict_of(release: Release, operation: ReleasedOperation) -> Verdict:
    """Return the verdict on one operation."""
    effect = operation.primary.effect("target")
    state = effect.reading
    placebo_note = ""
    if operation.design.operation.placebo:
        placebo_note = "there was no operation at this place and date. The right answer is \u201cno clear change\u201d."
    return Verdict(
        state=state,
        placebo_note=placebo_note,
        headline=_HEADLINES[state],
        sentence=_verdict_sentence(operation.primary, effect, state, operation.design.after.days)
        + reading_caveats(operation.primary, state),
        answers=(
            _total_answer(operation.primary),
            _displacement_answer(release, operation),
            _duration_answer(operation),
            _other_harms_answer(operation),
        ),
        threats=threats(release, operation),
        notices=(*notices(release), *harm_notices(operation.harm)),
        not_tested=_not_tested(operation.primary),
    )


_HEADLINES = {
    Reading.FELL: "Recorded harm fell in the target area relative to the control area.",
    Reading.ROSE: "Recorded harm rose in the target area relative to the control area.",
    Reading.NO_CLEAR_CHANGE: "No clear change in recorded harm in the target area.",
    Reading.SIGNAL_FALL: "A signal, not a finding: recorded harm fell in the target area relative to the control area.",
    Reading.SIGNAL_RISE: "A signal, not a finding: recorded harm rose in the target area relative to the control area.",
    Reading.CANNOT_TELL: "These data cannot tell whether harm changed in the target area.",
    Reading.CONTROLS_DISAGREE: "Controls disagree: the answer depends on which area the target area is compared with.",
}
# In reviews that found displacement, this share of the fall often appeared nearby. If it could not be detected in the
# rings, "no clear change nearby" says nothing about displacement.
_TYPICAL_DISPLACED_SHARE = 0.3
_ANSWERS = {
    Reading.FELL: "Fell",
    Reading.ROSE: "Rose",
    Reading.NO_CLEAR_CHANGE: "No clear change",
    Reading.SIGNAL_FALL: "A signal of a fall",
    Reading.SIGNAL_RISE: "A signal of a rise",
    Reading.CANNOT_TELL: "Cannot tell",
    Reading.CONTROLS_DISAGREE: "Controls disagree",
}
_NEARBY_ANSWERS = {
    Reading.FELL: "Fewer nearby too",
    Reading.ROSE: "More nearby",
    Reading.NO_CLEAR_CHANGE: "No clear change nearby",
    Reading.SIGNAL_FALL: "A signal of fewer nearby",
    Reading.SIGNAL_RISE: "A signal of more nearby",
    Reading.CANNOT_TELL: "Not measurable",
    Reading.CONTROLS_DISAGREE: "Controls disagree",
}


def _verdict_sentence(measure: ReleasedMeasure, effect: ReleasedEffect, state: Reading, days: int) -> str:
    unit = measure.measure.unit
    name = measure.measure.name
    if math.isnan(effect.change):
        return f"The change in {name} cannot be given: {note_text(effect.note)}."
    expected_by = (
        "places like it without an operation suggest" if effect.placebo else "the change of the control area suggests"
    )
    if effect.is_refused:
        expected_by = "the change of the control area suggests"
    text = (
        f"In the {days} days after, {format_numbers.count_text(effect.after)} {unit} ({name}) were recorded in the target area, "
        f"where {expected_by} about {round(effect.expected):,}: {format_numbers.fewer_or_more(effect.change)}"
    )
    detectable = (
        f"A fall of less than {_text.percent_text(effect.detectable_fall)} could not have been told from chance."
    )
    if effect.is_refused:
        text += f". {note_as_sentence(effect.note)}"
        if math.isnan(effect.counting.low):
            return text
        return f"{text} The noise of counting alone would give {_between_text(effect.counting)}, which is too narrow."
    if math.isnan(effect.interval.low):
        return f"{text}. No interval can be given: {note_text(effect.note)}."
    text += f", {_between_text(effect.interval)} (95% interval)."
    if state in (Reading.SIGNAL_FALL, Reading.SIGNAL_RISE):
        detectable += f" It is a signal because {signal_reason_text(measure, effect)}."
    return f"{text} {detectable}"


def _between_text(span: Interval) -> str:
    return f"between {format_numbers.fewer_or_more(span.low)} and {format_numbers.fewer_or_more(span.high)}"


def _total_answer(measure: ReleasedMeasure) -> Answer:
    """Return the answer for target and rings together, because a fall in the target alone may be displacement."""
    question = "Did total harm fall?"
    target, together = measure.effect("target"), measure.effect(TARGET_AND_RINGS)
    state = together.reading
    zone_texts = []
    for name, effect in (("Target and rings", together), ("Target area alone", target)):
        is_known = not math.isnan(effect.change)
        text = format_numbers.stated_change(effect) if is_known else note_text(effect.note)
        zone_texts.append(f"{name}: {text}")
    text = "; ".join(zone_texts) + ". Net of control." + _no_interval_reason(together, target)
    return Answer(question, _ANSWERS[state], text + _attention_caution(measure, state), state)


def _displacement_answer(release: Release, operation: ReleasedOperation) -> Answer:
    question = "Did it move?"
    design = operation.design
    rings = design.of_role(ZoneRole.RING)
    effect = operation.primary.effect(ALL_RINGS)
    state = effect.reading
    distance_text = f"{rings[0].inner:g}\u2013{rings[-1].outer:g} m around"
    answer = _NEARBY_ANSWERS[state]
    if operation.primary.effect("target").reading.direction < 0 and state.direction:
        answer = {-1: "Diffused: fewer nearby too", 1: "Displaced nearby"}[state.direction]
        if not state.is_finding:
            answer = {-1: "A signal of diffusion", 1: "A signal of displacement nearby"}[state.direction]
    if math.isnan(effect.change):
        return Answer(question, answer, f"{distance_text}: {note_text(effect.note)}.", state)
    text = f"{distance_text}: {format_numbers.stated_change(effect)}, net of control." + _no_interval_reason(
        effect, operation.primary.effect("target")
    )
    text += _undetectable_displacement(effect, operation.primary.effect("target"), state)
    location_error = max((ledger.location_error for ledger in release.ledgers), default=0.0)
    if location_error and design.operation.gap < 2 * location_error:
        text += f" Nearer than {2 * location_error:g} m nothing can be measured: places are known to about {location_error:g} m."
    return Answer(question, answer, text + _attention_caution(operation.primary, state), state)


def _undetectable_displacement(effect: ReleasedEffect, target: ReleasedEffect, state: Reading) -> str:
    """Return a note if displacement of the usual size could not have been detected in the rings; else empty."""
    fall = -target.change if target.change < 0 else 0.2 * target.expected
    moved_share = _TYPICAL_DISPLACED_SHARE * fall / effect.expected if effect.expected > 0 else math.nan
    # The smallest detectable rise is 1 / (1 - f) - 1, where f is the smallest detectable fall.
    detectable_rise = 1 / (1 - effect.detectable_fall) - 1 if effect.detectable_fall < 1 else math.nan
    if state is not Reading.NO_CLEAR_CHANGE or not moved_share < detectable_rise:
        return ""
    fall_text = "the target's fall" if target.change < 0 else "a fall of a fifth in the target"
    return (
        f" That says nothing about displacement: had {_TYPICAL_DISPLACED_SHARE:.0%} of {fall_text} moved here, it would be {_text.percent_text(moved_share)} "
        f"more than expected, and under {_text.percent_text(detectable_rise)} cannot be told from chance."
    )


def _not_tested(measure: ReleasedMeasure) -> str:
    """Return a sentence that names the kinds of displacement that were not tested."""
    displacement_types = measure.robustness.displacement_types
    untested_kinds = (
        {"hour", "weekday", "offence type", "similar markets"}
        if displacement_types is None
        else set(displacement_types.untested)
    )
    kind_words = {
        "hour": "to other hours",
        "weekday": "to other days of the week",
        "offence type": "to other kinds of offence",
        "similar markets": "to similar markets elsewhere",
    }
    kinds = [
        "displacement beyond the rings",
        *(text for kind, text in kind_words.items() if kind in untested_kinds),
        "indoors",
    ]
    return f"Not tested: {', '.join(kinds)}, to other targets, tactics or people; harms that nobody recorded."


def _no_interval_reason(effect: ReleasedEffect, target: ReleasedEffect) -> str:
    """Return why no 95% interval is possible; empty if the sentence on the target area has already said it."""
    return f" {note_as_sentence(effect.note)}" if effect.is_refused and effect.note != target.note else ""


def _attention_caution(measure: ReleasedMeasure, state: Reading) -> str:
    """Return the caution for a change in what the public reports; else empty."""
    if state.direction and measure.measure.recorded_by == "public":
        return " Reports follow attention, and no comparator was supplied."
    return ""


def _duration_answer(operation: ReleasedOperation) -> Answer:
    question = "Will it last?"
    design = operation.design
    last = max(design.phases, key=lambda phase: phase.end)
    half_year = add_months(design.operation.period.end, 6)
    in_target = [effect for effect in operation.primary.phases if effect.zone == "target"]
    phase_text = "; ".join(
        f"{effect.window}: {format_numbers.signed_text(effect.change)}"
        for effect in in_target
        if not math.isnan(effect.change)
    )
    phase_text = f" By phase: {phase_text}." if phase_text else ""
    if last.end < half_year:
        weeks = format_numbers.weeks_between(design.operation.period.end, last.end)
        detail = f"Only {weeks} weeks after the operation are covered; half a year is needed.{phase_text}"
        return Answer(question, "Cannot tell", detail, Reading.CANNOT_TELL)
    if last.start < add_months(design.operation.period.end, 3):
        detail = f"The last phase ({last.name}) mixes early and late months; give a later phase of its own.{phase_text}"
        return Answer(question, "Cannot tell", detail, Reading.CANNOT_TELL)
    last_effect = next(effect for effect in in_target if effect.window == last.name)
    state = last_effect.reading
    words = {-1: "Still lower at the end", 1: "Higher at the end"}
    answer = words.get(state.direction, _ANSWERS[state])
    if state.direction and not state.is_finding:
        answer = _ANSWERS[state]
    detail = f"The last phase ({last.name}) decides.{_no_interval_reason(last_effect, operation.primary.effect('target'))}{phase_text}"
    return Answer(question, answer, detail, state)


def _other_harms_answer(operation: ReleasedOperation) -> Answer:
    question = "What about other harms?"
    # Each value profile decides whether more entries to treatment are a gain, so they are not counted as a harm here.
    other_measures = [
        measure
        for measure in operation.measures[1:]
        if measure.measure.role is Role.HARM and measure.measure.kind != "treatment_entry"
    ]
    types = {measure.measure.harm.type for measure in operation.measures if measure.measure.harm}
    missing = [name for name in ("health",) if name not in types]
    if not ({"social and nuisance", "environment", "crime and violence"} & types):
        missing.append("community")
    missing_text = (
        f" No {format_numbers.join_with_and(missing)} measure was supplied: the picture is incomplete."
        if missing
        else ""
    )
    if not other_measures:
        return Answer(question, "Unknown", f"No other harm was supplied.{missing_text}", None)
    states = [(measure.measure.name, measure.effect("target").reading) for measure in other_measures]
    nearby = [(f"{measure.measure.name} in the rings", measure.effect(ALL_RINGS).reading) for measure in other_measures]
    worse = [pair for pair in nearby if pair[1].direction > 0]
    detail = "; ".join(f"{name}: {_ANSWERS[state].lower()}" for name, state in states + worse) + "."
    if worse or any(state.direction > 0 for _, state in states):
        return Answer(question, "Worse, at least as a signal", detail + missing_text, Reading.SIGNAL_RISE)
    if any(state is Reading.CANNOT_TELL for _, state in states):
        return Answer(question, "Unknown", detail + missing_text, Reading.CANNOT_TELL)
    if all(state.direction < 0 for _, state in states):
        return Answer(question, "Better, at least as a signal", detail + missing_text, Reading.SIGNAL_FALL)
    return Answer(question, "No clear change", detail + missing_text, Reading.NO_CLEAR_CHANGE)
