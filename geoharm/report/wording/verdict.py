"""From estimates to the fixed sentences of the verdict: chosen by rule, never written by hand.

The words are ``fell / rose / no clear change / a signal, not a finding / cannot tell``; nearby ``displaced / diffused /
fewer / more / not measurable``; other harms ``better / worse / unknown``. Nothing here says why anything changed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from geoharm import _text
from geoharm.disclosure.net_harm import harm_notices
from geoharm.disclosure.released import Release, ReleasedEffect, ReleasedMeasure, ReleasedOperation
from geoharm.evaluation.reading import Reading
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS
from geoharm.model.estimate import Interval
from geoharm.model.geometry import ZoneRole
from geoharm.model.measure import Role
from geoharm.model.period import add_months
from geoharm.report import format_numbers
from geoharm.report.wording.reading import read_effect, read_with_diagnostics, reading_caveats, why_signal
from geoharm.report.wording.threats import Threat, notices, threats


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the four questions, always asked, always answered.

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
    label : str
        "Placebo ..." where there was no operation; else empty.
    headline, sentence : str
    answers : tuple of CompositeResult
    threats : tuple of Threat
        In a fixed order, most general first.
    notices : tuple of str
        What the data lack; shown on the first page.
    not_tested : str
    """

    state: Reading
    label: str
    headline: str
    sentence: str
    answers: tuple[Answer, ...]
    threats: tuple[Threat, ...]
    notices: tuple[str, ...]
    not_tested: str


def verdict_of(release: Release, operation: ReleasedOperation) -> Verdict:
    """Return the verdict on one operation."""
    effect = operation.primary.effect("target")
    state = read_with_diagnostics(operation.primary, effect)
    label = ""
    if operation.design.operation.placebo:
        label = (
            "Placebo: there was no operation at this place and date. The right answer is \u201cno clear change\u201d."
        )
    return Verdict(
        state=state,
        label=label,
        headline=_HEADLINES[state],
        sentence=_sentence(operation.primary, effect, state, operation.design.after.days)
        + reading_caveats(operation.primary, state),
        answers=(
            _total(operation.primary),
            _moved(release, operation),
            _lasting(operation),
            _others(operation),
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
    Reading.CONTROLS_DISAGREE: "Controls disagree: the answer hangs on which area the target area is compared with.",
}
# A share of a fall that often turns up nearby in reviews where any does: what an empty ring is held against.
_MOVED = 0.3
_ANSWERS = {
    Reading.FELL: "Fell",
    Reading.ROSE: "Rose",
    Reading.NO_CLEAR_CHANGE: "No clear change",
    Reading.SIGNAL_FALL: "A signal of a fall",
    Reading.SIGNAL_RISE: "A signal of a rise",
    Reading.CANNOT_TELL: "Cannot tell",
    Reading.CONTROLS_DISAGREE: "Controls disagree",
}
_NEARBY = {
    Reading.FELL: "Fewer nearby too",
    Reading.ROSE: "More nearby",
    Reading.NO_CLEAR_CHANGE: "No clear change nearby",
    Reading.SIGNAL_FALL: "A signal of fewer nearby",
    Reading.SIGNAL_RISE: "A signal of more nearby",
    Reading.CANNOT_TELL: "Not measurable",
    Reading.CONTROLS_DISAGREE: "Controls disagree",
}


def _sentence(measure: ReleasedMeasure, effect: ReleasedEffect, state: Reading, days: int) -> str:
    unit = measure.measure.unit
    name = measure.measure.name
    if math.isnan(effect.change):
        return f"The change in {name} cannot be given: {effect.note}."
    source = (
        "places like it without an operation suggest" if effect.placebo else "the change of the control area suggests"
    )
    if effect.is_refused:
        source = "the change of the control area suggests"
    text = (
        f"In the {days} days after, {format_numbers.count_text(effect.after)} {unit} ({name}) were recorded in the target area, "
        f"where {source} about {round(effect.expected):,}: {format_numbers.fewer_or_more(effect.change)}"
    )
    seen = f"A fall of less than {_text.percent_text(effect.detectable_fall)} could not have been told from chance."
    if effect.is_refused:
        text += f". N{effect.note[1:]}."
        if math.isnan(effect.counting.low):
            return text
        return f"{text} The noise of counting alone would give {_between(effect.counting)}, which is too narrow."
    if math.isnan(effect.interval.low):
        return f"{text}. No interval can be given: {effect.note}."
    text += f", {_between(effect.interval)} (95% interval)."
    if state in (Reading.SIGNAL_FALL, Reading.SIGNAL_RISE):
        seen += f" It is a signal because {why_signal(measure, effect)}."
    return f"{text} {seen}"


def _between(span: Interval) -> str:
    return f"between {format_numbers.fewer_or_more(span.low)} and {format_numbers.fewer_or_more(span.high)}"


def _total(measure: ReleasedMeasure) -> Answer:
    """Answer for target and rings together: a fall in the target alone may only have moved."""
    question = "Did total harm fall?"
    target, together = measure.effect("target"), measure.effect(TARGET_AND_RINGS)
    state = read_with_diagnostics(measure, together)
    parts = []
    for name, effect in (("Target and rings", together), ("Target area alone", target)):
        known = not math.isnan(effect.change)
        text = format_numbers.stated_change(effect) if known else effect.note
        parts.append(f"{name}: {text}")
    text = "; ".join(parts) + ". Net of control." + _refusal(together, target)
    return Answer(question, _ANSWERS[state], text + _attention(measure, state), state)


def _moved(release: Release, operation: ReleasedOperation) -> Answer:
    question = "Did it move?"
    design = operation.design
    rings = design.of_role(ZoneRole.RING)
    effect = operation.primary.effect(ALL_RINGS)
    state = read_effect(effect)
    span = f"{rings[0].inner:g}\u2013{rings[-1].outer:g} m around"
    answer = _NEARBY[state]
    if read_with_diagnostics(operation.primary, operation.primary.effect("target")).direction < 0 and state.direction:
        answer = {-1: "Diffused: fewer nearby too", 1: "Displaced nearby"}[state.direction]
        if not state.is_finding:
            answer = {-1: "A signal of diffusion", 1: "A signal of displacement nearby"}[state.direction]
    if math.isnan(effect.change):
        return Answer(question, answer, f"{span}: {effect.note}.", state)
    text = f"{span}: {format_numbers.stated_change(effect)}, net of control." + _refusal(
        effect, operation.primary.effect("target")
    )
    text += _blind(effect, operation.primary.effect("target"), state)
    error = max((row.location_error for row in release.ledgers), default=0.0)
    if error and design.operation.gap < 2 * error:
        text += f" Nearer than {2 * error:g} m nothing can be measured: places are known to about {error:g} m."
    return Answer(question, answer, text + _attention(operation.primary, state), state)


def _blind(effect: ReleasedEffect, target: ReleasedEffect, state: Reading) -> str:
    """Return that an empty ring means nothing, where what may have moved there could not have been seen."""
    fall = -target.change if target.change < 0 else 0.2 * target.expected
    moved = _MOVED * fall / effect.expected if effect.expected > 0 else math.nan
    # A rise is found from 1 / (1 - f) - 1 on, where f is the smallest fall that is.
    least = 1 / (1 - effect.detectable_fall) - 1 if effect.detectable_fall < 1 else math.nan
    if state is not Reading.NO_CLEAR_CHANGE or not moved < least:
        return ""
    which = "the target's fall" if target.change < 0 else "a fall of a fifth in the target"
    return (
        f" That says nothing about displacement: had {_MOVED:.0%} of {which} moved here, it would be {_text.percent_text(moved)} "
        f"more than expected, and under {_text.percent_text(least)} cannot be told from chance."
    )


def _not_tested(measure: ReleasedMeasure) -> str:
    """Return what kinds of displacement nothing is known about."""
    shifts = measure.robustness.displacement_types
    open_kinds = {"hour", "weekday", "offence type", "similar markets"} if shifts is None else set(shifts.untested)
    words = {
        "hour": "to other hours",
        "weekday": "to other days of the week",
        "offence type": "to other kinds of offence",
        "similar markets": "to similar markets elsewhere",
    }
    kinds = ["displacement beyond the rings", *(text for kind, text in words.items() if kind in open_kinds), "indoors"]
    return f"Not tested: {', '.join(kinds)}, to other targets, tactics or people; harms that nobody recorded."


def _refusal(effect: ReleasedEffect, target: ReleasedEffect) -> str:
    """Return why no 95% interval is possible, as a sentence; empty where the sentence on the target said it."""
    return f" N{effect.note[1:]}." if effect.is_refused and effect.note != target.note else ""


def _attention(measure: ReleasedMeasure, state: Reading) -> str:
    """Return the caution that goes with any change in what the public reports."""
    if state.direction and measure.measure.recorded_by == "public":
        return " Reports follow attention, and no comparator was supplied."
    return ""


def _lasting(operation: ReleasedOperation) -> Answer:
    question = "Will it last?"
    design = operation.design
    last = max(design.phases, key=lambda phase: phase.end)
    half_year = add_months(design.operation.period.end, 6)
    in_target = [effect for effect in operation.primary.phases if effect.zone == "target"]
    parts = "; ".join(
        f"{effect.window}: {format_numbers.signed_text(effect.change)}"
        for effect in in_target
        if not math.isnan(effect.change)
    )
    parts = f" By phase: {parts}." if parts else ""
    if last.end < half_year:
        weeks = format_numbers.weeks_between(design.operation.period.end, last.end)
        detail = f"Only {weeks} weeks after the operation are covered; half a year is needed.{parts}"
        return Answer(question, "Cannot tell", detail, Reading.CANNOT_TELL)
    if last.start < add_months(design.operation.period.end, 3):
        detail = f"The last phase ({last.name}) mixes early and late months; give a later phase of its own.{parts}"
        return Answer(question, "Cannot tell", detail, Reading.CANNOT_TELL)
    late = next(effect for effect in in_target if effect.window == last.name)
    state = read_with_diagnostics(operation.primary, late)
    words = {-1: "Still lower at the end", 1: "Higher at the end"}
    answer = words.get(state.direction, _ANSWERS[state])
    if state.direction and not state.is_finding:
        answer = _ANSWERS[state]
    detail = f"The last phase ({last.name}) decides.{_refusal(late, operation.primary.effect('target'))}{parts}"
    return Answer(question, answer, detail, state)


def _others(operation: ReleasedOperation) -> Answer:
    question = "What about other harms?"
    # Whether more entries to treatment are a gain is for each value profile to say, so they are no harm that got worse.
    others = [
        one for one in operation.measures[1:] if one.measure.role is Role.HARM and one.measure.kind != "treatment_entry"
    ]
    types = {one.measure.harm.type for one in operation.measures if one.measure.harm}
    missing = [name for name in ("health",) if name not in types]
    if not ({"social and nuisance", "environment", "crime and violence"} & types):
        missing.append("community")
    lack = (
        f" No {format_numbers.join_with_and(missing)} measure was supplied: the picture is incomplete."
        if missing
        else ""
    )
    if not others:
        return Answer(question, "Unknown", f"No other harm was supplied.{lack}", None)
    states = [(one.measure.name, read_with_diagnostics(one, one.effect("target"))) for one in others]
    nearby = [(f"{one.measure.name} in the rings", read_effect(one.effect(ALL_RINGS))) for one in others]
    worse = [pair for pair in nearby if pair[1].direction > 0]
    detail = "; ".join(f"{name}: {_ANSWERS[state].lower()}" for name, state in states + worse) + "."
    if worse or any(state.direction > 0 for _, state in states):
        return Answer(question, "Worse, at least as a signal", detail + lack, Reading.SIGNAL_RISE)
    if any(state is Reading.CANNOT_TELL for _, state in states):
        return Answer(question, "Unknown", detail + lack, Reading.CANNOT_TELL)
    if all(state.direction < 0 for _, state in states):
        return Answer(question, "Better, at least as a signal", detail + lack, Reading.SIGNAL_FALL)
    return Answer(question, "No clear change", detail + lack, Reading.NO_CLEAR_CHANGE)
