"""From estimates to the fixed sentences of the verdict: chosen by rule, never written by hand.

The words are ``fell / rose / no clear change / a signal, not a finding / cannot tell``; nearby ``displaced nearby /
diffused / not measurable``; other harms ``better / worse / unknown``. Nothing here says why anything changed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from geoharm.model import ALL_RINGS, TARGET_AND_RINGS, Role, SourceLedger, ZoneRole, add_months
from geoharm.publish import numbers
from geoharm.publish.disclosure import DisclosedStudy
from geoharm.publish.shown import ShownEffect, ShownMeasure, ShownOperation

MAX_DETECTABLE = 0.5
MIN_EXPECTED = 10
# A share of rows without a place that the first page mentions; the ledger shows every one.
_MENTION = 0.01


class State(StrEnum):
    """What an estimate allows to be said."""

    FELL = "fell"
    ROSE = "rose"
    NO_CLEAR_CHANGE = "no clear change"
    SIGNAL_FALL = "a signal of a fall, not a finding"
    SIGNAL_RISE = "a signal of a rise, not a finding"
    CANNOT_TELL = "cannot tell"

    @property
    def direction(self) -> int:
        """-1 for a fall, 1 for a rise, 0 otherwise."""
        return {State.FELL: -1, State.SIGNAL_FALL: -1, State.ROSE: 1, State.SIGNAL_RISE: 1}.get(self, 0)

    @property
    def is_finding(self) -> bool:
        """Whether it may be read as a change."""
        return self in (State.FELL, State.ROSE)


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the four questions, always asked, always answered.

    Attributes
    ----------
    question, answer, detail : str
    state : State or None
        None where there are no data at all.
    """

    question: str
    answer: str
    detail: str
    state: State | None


@dataclass(frozen=True, slots=True)
class Threat:
    """Something that could change the verdict, and what would settle it."""

    title: str
    text: str
    settle: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may be said of one operation.

    Attributes
    ----------
    state : State
    label : str
        "Placebo ..." where there was no operation; else empty.
    headline, sentence : str
    answers : tuple of Answer
    threats : tuple of Threat
        The largest first.
    notices : tuple of str
        What the data lack; shown on the first page.
    not_tested : str
    """

    state: State
    label: str
    headline: str
    sentence: str
    answers: tuple[Answer, ...]
    threats: tuple[Threat, ...]
    notices: tuple[str, ...]
    not_tested: str


def state_of(effect: ShownEffect) -> State:
    """Return what an effect allows to be said.

    A design that could not see a change of half, or expects under 10 events, can give a signal at most; so can an
    interval that has not been shown to hold its level on places without an operation.
    """
    if math.isnan(effect.change) or math.isnan(effect.interval.low):
        return State.CANNOT_TELL
    side = effect.interval.side
    signal = {-1: State.SIGNAL_FALL, 1: State.SIGNAL_RISE}
    weak = effect.expected < MIN_EXPECTED or not effect.detectable_fall <= MAX_DETECTABLE
    if weak:
        return signal.get(side, State.CANNOT_TELL)
    if side == 0:
        return State.NO_CLEAR_CHANGE
    if not effect.ratio.calibrated:
        return signal[side]
    return State.FELL if side < 0 else State.ROSE


def judge(disclosed: DisclosedStudy, operation: ShownOperation) -> Verdict:
    """Return the verdict on one operation."""
    effect = operation.primary.effect("target")
    state = state_of(effect)
    label = ""
    if operation.design.operation.placebo:
        label = (
            "Placebo: there was no operation at this place and date. The right answer is \u201cno clear change\u201d."
        )
    return Verdict(
        state=state,
        label=label,
        headline=_HEADLINES[state],
        sentence=_sentence(operation.primary, effect, state, operation.design.after.days),
        answers=(
            Answer("Did total harm fall?", _ANSWERS[state], _net_detail(operation.primary), state),
            _moved(disclosed, operation),
            _lasting(operation),
            _others(operation),
        ),
        threats=_threats(disclosed, operation),
        notices=_notices(disclosed),
        not_tested="Not tested: displacement beyond the rings, to other hours, to other kinds of harm, or indoors; "
        "harms that nobody recorded.",
    )


_HEADLINES = {
    State.FELL: "Recorded harm fell in the target area relative to the control area.",
    State.ROSE: "Recorded harm rose in the target area relative to the control area.",
    State.NO_CLEAR_CHANGE: "No clear change in recorded harm in the target area.",
    State.SIGNAL_FALL: "A signal, not a finding: recorded harm fell in the target area relative to the control area.",
    State.SIGNAL_RISE: "A signal, not a finding: recorded harm rose in the target area relative to the control area.",
    State.CANNOT_TELL: "These data cannot tell whether harm changed in the target area.",
}
_ANSWERS = {
    State.FELL: "Fell",
    State.ROSE: "Rose",
    State.NO_CLEAR_CHANGE: "No clear change",
    State.SIGNAL_FALL: "A signal of a fall",
    State.SIGNAL_RISE: "A signal of a rise",
    State.CANNOT_TELL: "Cannot tell",
}
_NEARBY = {
    State.FELL: "Fewer nearby too",
    State.ROSE: "More nearby",
    State.NO_CLEAR_CHANGE: "No clear change nearby",
    State.SIGNAL_FALL: "A signal of fewer nearby",
    State.SIGNAL_RISE: "A signal of more nearby",
    State.CANNOT_TELL: "Not measurable",
}


def _sentence(measure: ShownMeasure, effect: ShownEffect, state: State, days: int) -> str:
    unit = measure.measure.unit
    name = measure.measure.name
    if math.isnan(effect.change):
        return f"The change in {name} cannot be given: {effect.note}."
    text = (
        f"In the {days} days after, {numbers.count(effect.after)} {unit} ({name}) were recorded in the target area, "
        f"where the change of the control area suggests about {round(effect.expected):,}: "
        f"{numbers.fewer_or_more(effect.change)}"
    )
    if math.isnan(effect.interval.low):
        return f"{text}. No interval can be given: {effect.note}."
    text += (
        f", between {numbers.fewer_or_more(effect.interval.low)} and "
        f"{numbers.fewer_or_more(effect.interval.high)} (95% interval)."
    )
    seen = f"A fall of less than {numbers.percent(effect.detectable_fall)} could not have been told from chance."
    if state in (State.SIGNAL_FALL, State.SIGNAL_RISE):
        seen += " It is a signal because the interval holds the noise of counting only, not how far places drift apart."
    return f"{text} {seen}"


def _net_detail(measure: ShownMeasure) -> str:
    target, together = measure.effect("target"), measure.effect(TARGET_AND_RINGS)
    if math.isnan(target.change):
        return f"Target area: {target.note}."
    text = f"Target area: {numbers.change_with_interval(target.change, target.interval)}, net of control."
    if not math.isnan(together.change):
        text += f" With the rings: {numbers.change_with_interval(together.change, together.interval)}."
    return text


def _moved(disclosed: DisclosedStudy, operation: ShownOperation) -> Answer:
    question = "Did it move?"
    design = operation.design
    rings = design.of_role(ZoneRole.RING)
    effect = operation.primary.effect(ALL_RINGS)
    state = state_of(effect)
    span = f"{rings[0].inner:g}\u2013{rings[-1].outer:g} m around"
    if math.isnan(effect.change):
        return Answer(question, _NEARBY[state], f"{span}: {effect.note}.", state)
    text = f"{span}: {numbers.change_with_interval(effect.change, effect.interval)}, net of control."
    error = max((row.location_error for row in disclosed.ledgers), default=0.0)
    if error and design.operation.gap < 2 * error:
        text += f" Nearer than {2 * error:g} m nothing can be measured: places are known to about {error:g} m."
    if state.direction and operation.primary.measure.recorded_by == "public":
        text += " Reports follow attention, and no comparator was supplied."
    return Answer(question, _NEARBY[state], text, state)


def _lasting(operation: ShownOperation) -> Answer:
    question = "Will it last?"
    design = operation.design
    last = max(design.phases, key=lambda phase: phase.end)
    half_year = add_months(design.operation.period.end, 6)
    in_target = [effect for effect in operation.primary.phases if effect.zone == "target"]
    parts = "; ".join(
        f"{effect.window}: {numbers.signed(effect.change)}" for effect in in_target if not math.isnan(effect.change)
    )
    parts = f" By phase: {parts}." if parts else ""
    if last.end < half_year:
        weeks = numbers.weeks_between(design.operation.period.end, last.end)
        detail = f"Only {weeks} weeks after the operation are covered; half a year is needed.{parts}"
        return Answer(question, "Cannot tell", detail, State.CANNOT_TELL)
    late = next(effect for effect in in_target if effect.window == last.name)
    state = state_of(late)
    words = {-1: "Still lower at the end", 1: "Higher at the end"}
    answer = words.get(state.direction, _ANSWERS[state])
    if state.direction and not state.is_finding:
        answer = _ANSWERS[state]
    return Answer(question, answer, f"The last phase ({last.name}) decides.{parts}", state)


def _others(operation: ShownOperation) -> Answer:
    question = "What about other harms?"
    others = [one for one in operation.measures[1:] if one.measure.role is Role.HARM]
    types = {one.measure.harm.type for one in operation.measures if one.measure.harm}
    missing = [name for name in ("health",) if name not in types]
    if not ({"social and nuisance", "environment", "crime and violence"} & types):
        missing.append("community")
    lack = f" No {numbers.listing(missing)} measure was supplied: the picture is incomplete." if missing else ""
    if not others:
        return Answer(question, "Unknown", f"No other harm was supplied.{lack}", None)
    states = [(one.measure.name, state_of(one.effect("target"))) for one in others]
    detail = "; ".join(f"{name}: {_ANSWERS[state].lower()}" for name, state in states) + "."
    if any(state.direction > 0 for _, state in states):
        return Answer(question, "Worse, at least as a signal", detail + lack, State.SIGNAL_RISE)
    if any(state is State.CANNOT_TELL for _, state in states):
        return Answer(question, "Unknown", detail + lack, State.CANNOT_TELL)
    if all(state.direction < 0 for _, state in states):
        return Answer(question, "Better, at least as a signal", detail + lack, State.SIGNAL_FALL)
    return Answer(question, "No clear change", detail + lack, State.NO_CLEAR_CHANGE)


def _threats(disclosed: DisclosedStudy, operation: ShownOperation) -> tuple[Threat, ...]:
    design, about = operation.design, operation.design.operation
    effect = operation.primary.effect("target")
    found = []
    if not effect.ratio.calibrated:
        found.append(
            Threat(
                "The interval is too narrow",
                "It holds the noise of counting and of single months. Places also drift apart without any operation. "
                "In simulated cities, intervals of this kind held the truth about 70 times in 100, not 95.",
                "Comparison with many places of the same shape where there was no operation.",
            )
        )
    if about.chosen_on is None:
        found.append(
            Threat(
                "Chosen because it was high?",
                "How the target area was chosen is not stated. Places picked at a peak fall back by themselves, often by 4 to 15%.",
                "Stating which data the choice was made on (chosen_on), and a window before that does not share them.",
            )
        )
    elif any(about.chosen_on.overlap(period) for period in design.before.periods):
        found.append(
            Threat(
                "Chosen because it was high",
                f"The target area was chosen on {numbers.days(about.chosen_on)}, which is part of the window before. "
                "Places picked at a peak fall back by themselves, often by 4 to 15%.",
                "A window before that shares no day with the choice.",
            )
        )
    if not about.before.same_season and abs(design.before.years - round(design.before.years)) > 0.1:
        found.append(
            Threat(
                "Another season",
                "The windows before and after do not cover the same months. Only a season that the control area "
                "shares is taken out.",
                "The same months of two or more earlier years as the window before.",
            )
        )
    if operation.primary.measure.recorded_by == "public":
        found.append(
            Threat(
                "Reports follow attention",
                f"{_upper(operation.primary.measure.name)} are reported by the public. An operation, a campaign or a new "
                "way to report changes how many reports there are, not only how much harm.",
                "A comparator stream: other reports by the same route from the same place.",
            )
        )
    for source in disclosed.ledgers:
        if source.default_geocodes:
            share = sum(code.share for code in source.default_geocodes)
            found.append(
                Threat(
                    "Places that are not places",
                    f"{numbers.percent(share)} of the located rows of \u201c{source.source}\u201d sit on a default geocode "
                    "and could not be placed. If their share differs between the target area and elsewhere, or changes, "
                    "the comparison is off.",
                    "Locating those rows from their address text.",
                )
            )
    if design.after.days < 90:
        found.append(
            Threat(
                "A short time after",
                f"The window after has {design.after.days} days. What fades within months can look lasting after weeks.",
                "Data for at least half a year after the operation.",
            )
        )
    if about.co_occurring:
        found.append(
            Threat(
                "Something else at the same time",
                "; ".join(about.co_occurring) + ".",
                "A control area that shared it.",
            )
        )
    return tuple(found)


def _notices(disclosed: DisclosedStudy) -> tuple[str, ...]:
    """Return what the first page must say about the data."""
    found = []
    for source in disclosed.ledgers:
        for code in source.default_geocodes:
            found.append(_geocode_notice(source, code.events, code.share, code.addresses))
        if source.missing_months:
            found.append(
                f"\u201c{source.source}\u201d has no file for {numbers.months(source.missing_months)}: "
                "the gap is left out everywhere and not read as zero."
            )
        blank = source.total("no_place")
        if blank >= max(disclosed.threshold, _MENTION * source.total("kept")):
            found.append(
                f"{blank:,} rows of \u201c{source.source}\u201d have no place: counted in city totals, not on maps or in zones."
            )
    if disclosed.study.area.crs_note:
        found.append(disclosed.study.area.crs_note)
    return tuple(found)


def _geocode_notice(source: SourceLedger, events: int, share: float, addresses: int) -> str:
    texts = f" under {addresses:,} different address texts" if addresses else ""
    return (
        f"{events:,} rows of \u201c{source.source}\u201d ({numbers.percent(share)} of those with coordinates) sit on one point"
        f"{texts}: a default geocode, not a place. They count in city totals and are left out of maps, hotspots and zones."
    )


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
