"""The words of the four questions of page one."""

from __future__ import annotations

import math
from dataclasses import dataclass

from geoharm import _text
from geoharm.answer import balance, questions
from geoharm.answer.headline import together_clause
from geoharm.answer.multiplication import compared_with
from geoharm.answer.nouns import Clause, Comparison, Lasts, Moved, Together, Worse
from geoharm.disclosure.released import Release, ReleasedEffect, ReleasedMeasure, ReleasedOperation
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS
from geoharm.model.reading import Reading
from geoharm.report import format_numbers
from geoharm.report.wording.headline import number_word, refused_measures, rise_words, sets_of_values
from geoharm.report.wording.states import ZONE_WORDS, absent_kinds
from geoharm.report.wording.when import from_when
from geoharm.report.wording.withheld import note_as_sentence

_NOT_TOLD_APART = "not told apart from no change"


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the four questions and its answer. Every verdict has all four.

    Attributes
    ----------
    question, answer, detail : str
    state : Reading or None
        Chooses the mark; None where there are no data at all.
    """

    question: str
    answer: str
    detail: str
    state: Reading | None


def four_answers(release: Release, operation: ReleasedOperation) -> tuple[Answer, Answer, Answer, Answer]:
    """Return the four questions of page one with their answers."""
    return (
        _together_answer(operation),
        _moved_answer(release, operation),
        _lasts_answer(operation),
        _worse_answer(operation),
    )


# -- Did harm fall, taken together? -----------------------------------------------------------------------------------


def _together_answer(operation: ReleasedOperation) -> Answer:
    question = "Did harm fall, taken together?"
    answers = balance.profile_answers(operation)
    clause = together_clause(balance.headline_facts(operation))
    total = len(answers)
    fell, rose = (sum(answer.together is together for answer in answers) for together in (Together.FELL, Together.ROSE))
    match clause:
        case None:
            return Answer(question, "Not known", "No harm was counted, or no set of values was given.", None)
        case Clause.TOGETHER_ONE_HARM:
            return Answer(question, "Not known", _one_harm_detail(operation), None)
        case Clause.TOGETHER_FELL:
            answer, state = "Yes", Reading.FELL
        case Clause.TOGETHER_ROSE:
            answer, state = "No: it rose", Reading.ROSE
        case Clause.TOGETHER_PROBABLY_FELL:
            answer, state = "Probably", Reading.PROBABLY_FELL
        case Clause.TOGETHER_PROBABLY_ROSE:
            answer, state = "No: it probably rose", Reading.PROBABLY_ROSE
        case Clause.TOGETHER_DISAGREE:
            answer, state = "It depends on whose values", Reading.CANNOT_TELL
        case Clause.TOGETHER_SOME_FELL:
            answer, state = f"Under {sets_of_values(fell, total)}", Reading.CANNOT_TELL
        case Clause.TOGETHER_SOME_ROSE:
            answer, state = f"It rose under {sets_of_values(rose, total)}", Reading.ROSE
        case Clause.TOGETHER_REFUSED:
            answer, state = "Cannot tell", Reading.CANNOT_TELL
        case _:
            answer, state = "Not clear", Reading.CANNOT_TELL
    return Answer(question, answer, _profiles_detail(operation), state)


def _one_harm_detail(operation: ReleasedOperation) -> str:
    row = next(row for row in balance.balance_rows(operation) if row.is_harm)
    return f"Only one harm was counted, {row.measure.measure.name}. In target and rings: {change_words(row.both)}."


def _profiles_detail(operation: ReleasedOperation) -> str:
    answers = balance.profile_answers(operation)
    sentences: list[str] = []
    # Sets of values that find something are named, the others counted.
    for together, words, is_named in (
        (Together.FELL, "harm fell under", True),
        (Together.ROSE, "harm rose under", True),
        (Together.PROBABLY_FELL, "harm probably fell under", False),
        (Together.PROBABLY_ROSE, "harm probably rose under", False),
        (Together.RULED_OUT, "a rise that is ruled out stands against a lower sum under", True),
        (Together.CANNOT_TELL, "these data cannot tell under", False),
        (Together.REFUSED, "no sum can be given under", False),
    ):
        names = [f"\u201c{answer.profile}\u201d" for answer in answers if answer.together is together]
        if names:
            is_listed = is_named and len(names) < len(answers)
            listed = format_numbers.join_with_and(names) if is_listed else sets_of_values(len(names), len(answers))
            if sentences and not is_listed:
                listed = number_word(len(names))
            sentences.append(
                _text.capitalised(
                    f"over target and rings, {words} {listed}." if not sentences else f"{words} {listed}."
                )
            )
    refused = refused_measures(operation)
    if refused and any(answer.together is Together.REFUSED for answer in answers):
        sentences.append(f"{_text.capitalised(format_numbers.join_with_and(refused))}: no interval is possible.")
    sentences += [
        f"\u201c{answer.profile}\u201d accepts no rise in {format_numbers.join_with_and(sorted(set(answer.broken)))}: that veto is broken."
        for answer in answers
        if answer.broken
    ]
    sentences += [
        f"\u201c{answer.profile}\u201d accepts no rise in {format_numbers.join_with_and(unsure)}; whether that holds is not known."
        for answer in answers
        if (unsure := sorted(set(answer.unsure) - set(answer.broken)))
    ]
    sentences += [
        f"\u201c{answer.profile}\u201d sets a condition that no measure here can check: {words}."
        for answer in answers
        for words in answer.unmeasured
    ]
    turning = _turning_sentence(operation)
    return " ".join([*sentences, *([turning] if turning else [])])


def _turning_sentence(operation: ReleasedOperation) -> str:
    """Return at which weight the sum comes out at zero; empty if no sum can be given."""
    acceptability = operation.harm.acceptability_in(TARGET_AND_RINGS) if operation.harm else None
    if acceptability is None or not acceptability.tipping_points:
        return ""
    flip = acceptability.flip
    if flip is None:
        return "No weights that we tried turn the best estimate."
    harms = format_numbers.join_with_or(flip.measures)
    range_text = "" if flip.in_declared_range else ", which no set of exchange rates here allows"
    rate = format_numbers.rate_text(flip.rate)
    return f"The best estimate comes out at zero if {rate} {harms} weigh as much as {flip.other}{range_text}."


# -- Did it move? -----------------------------------------------------------------------------------------------------

_MOVED = {
    Moved.ROSE: ("It rose in the rings", Reading.ROSE),
    Moved.OTHER_HARM_ROSE: ("Another harm rose in the rings", Reading.ROSE),
    Moved.FELL_TOO: ("It fell in the rings", Reading.FELL),
    Moved.PROBABLY_ROSE: ("Probably", Reading.PROBABLY_ROSE),
    Moved.PROBABLY_FELL: ("It probably fell in the rings", Reading.PROBABLY_FELL),
    Moved.NOT_OVER: ("Not by more than {x}%", Reading.NO_RISE_OVER),
    Moved.CANNOT_TELL: ("Cannot tell", Reading.CANNOT_TELL),
}


def _moved_answer(release: Release, operation: ReleasedOperation) -> Answer:
    question = "Did it move?"
    state = questions.did_it_move(operation)
    answer, reading = _MOVED[state]
    effect = operation.primary.effect(ALL_RINGS)
    sentences = [f"In the rings, {counted_and_expected(effect)}."]
    sentences += [f"{_text.capitalised(rise_words(change))}." for change in questions.harms_risen_in_rings(operation)]
    sentences += [_share_sentence(operation.primary), _location_sentence(release, operation)]
    answer = answer.format(x=effect.bound_percent)
    return Answer(question, answer, " ".join(sentence for sentence in sentences if sentence), reading)


def _share_sentence(primary: ReleasedMeasure) -> str:
    """Return which share of the target's fall may have moved into the rings; empty where that has no meaning."""
    estimators = primary.robustness.other_estimators
    if estimators is None or estimators.indices is None:
        return ""
    share = estimators.indices.displaced_share
    if math.isnan(share.value) or not share.values.calibrated or not share.values.is_bounded:
        return ""
    low, high = share.values.pieces[0]
    if high < 0:
        return "The rings fell with the target."
    low_text = "none" if low <= 0 else _text.percent_text(low)
    high_text = "all" if high >= 1 else _text.percent_text(high)
    return f"From {low_text} to {high_text} of the fall may have moved there."


def _location_sentence(release: Release, operation: ReleasedOperation) -> str:
    error = max((ledger.location_error for ledger in release.ledgers), default=0.0)
    if not error or operation.design.operation.gap >= 2 * error:
        return ""
    return f"Nearer than {2 * error:g} m nothing can be measured: places are known to about {error:g} m."


# -- Will it last? ----------------------------------------------------------------------------------------------------

_LASTS = {
    Lasts.PROBABLY_LOWER: ("Probably still lower at {months} months", Reading.PROBABLY_FELL),
    Lasts.PROBABLY_HIGHER: ("Probably higher at {months} months", Reading.PROBABLY_ROSE),
    Lasts.NOT_LOWER_OVER: ("Not lower by more than {x}% at {months} months", Reading.NO_FALL_OVER),
    Lasts.NOT_HIGHER_OVER: ("Not higher by more than {x}% at {months} months", Reading.NO_RISE_OVER),
}


def _lasts_answer(operation: ReleasedOperation) -> Answer:
    design = operation.design
    question = "Has it lasted so far?" if design.operation.ongoing else "Will it last?"
    state, last = questions.will_it_last(operation), questions.last_phase(design)
    rises = questions.rises_that_had_not_ended(operation)
    sentences = []
    if rises:
        sentences += [f"{last.name}: {rise_words(change)}." for change in rises]
    if state is Lasts.TOO_SHORT:
        weeks = format_numbers.weeks_between(design.operation.phases_from, last.end)
        sentences.append(
            f"{number_word(weeks).capitalize()} weeks {from_when(design)} are covered; half a year is needed."
        )
    if state is Lasts.LAST_PHASE_TOO_LONG:
        sentences.append(f"The last phase ({last.name}) mixes early and late months; give a later phase of its own.")
    sentences += _phase_sentences(operation)
    if design.operation.ongoing:
        sentences.append("It goes on, so months count from its start.")
    sentences.append(f"The last phase ends on {format_numbers.day_text(last.periods[-1].last)}.")
    if rises and state is not Lasts.STILL_LOWER:
        return Answer(question, "The rise had not ended", " ".join(sentences), Reading.ROSE)
    answer, reading = _LASTS.get(state, ("Cannot tell", Reading.CANNOT_TELL))
    months = format_numbers.whole_months_between(design.operation.phases_from, last.end)
    last_effect = questions.last_phase_effect(operation)
    answer = answer.format(months=months, x=last_effect.bound_percent if last_effect else None)
    if state is Lasts.STILL_LOWER:
        answer, reading = f"Still lower at {months} months", Reading.FELL
        if rises:
            answer, reading = f"{answer}; a rise had not ended", Reading.ROSE
    if state is Lasts.STILL_HIGHER:
        answer, reading = "The rise had not ended", Reading.ROSE
    return Answer(question, answer, " ".join(sentences), reading)


def _phase_sentences(operation: ReleasedOperation) -> list[str]:
    """Return the primary's change in the target in each phase: what is not told apart from no change is said."""
    sentences = []
    for effect in questions.phase_effects(operation.primary.phases):
        if effect.is_withheld:
            sentences.append(f"{_text.capitalised(effect.window)}: withheld.")
        else:
            sentences.append(f"{_text.capitalised(effect.window)}: {change_words(effect)}.")
    return sentences


# -- Did anything get worse? ------------------------------------------------------------------------------------------


def _worse_answer(operation: ReleasedOperation) -> Answer:
    question = "Did anything get worse?"
    rows = [row for row in balance.balance_rows(operation) if row.is_harm]
    if not rows:
        return Answer(question, "Not known", "No harm was counted.", None)
    rose = [row for row in rows if any(effect.reading is Reading.ROSE for effect in row.effects)]
    leads = balance.probably_risen_harms(operation)
    sentences = []
    for row in rose:
        risen = [effect for effect in row.effects if effect.reading is Reading.ROSE]
        widest = max(risen, key=lambda effect: effect.change)
        sentences.append(f"{_text.capitalised(row.measure.measure.name)}, {_zone(widest)}: {change_words(widest)}.")
    sentences += [
        f"{_text.capitalised(change.measure.measure.name)} probably rose {_zone(change.effect)} (a lead, not a finding): "
        f"{change_words(change.effect)}."
        for change in leads
    ]
    sentences += _untold_sentences(operation)
    sentences += _treatment_sentences(operation)
    absent = absent_kinds(operation.measures)
    if absent:
        sentences.append(f"No data: {format_numbers.join_with_and([name.lower() for name in absent])}.")
    detail = " ".join(sentences)
    match questions.did_anything_get_worse(operation):
        case Worse.YES:
            names = format_numbers.join_with_and([row.measure.measure.name for row in rose])
            return Answer(question, f"Yes: {names}", detail, Reading.ROSE)
        case Worse.PROBABLY:
            names = format_numbers.join_with_and([change.measure.measure.name for change in leads])
            return Answer(question, f"Probably: {names}", detail, Reading.PROBABLY_ROSE)
        case Worse.NOT_OVER:
            answer = f"No harm by more than {questions.largest_bound(operation)}%"
            return Answer(question, answer, detail, Reading.NO_RISE_OVER)
    return Answer(question, "Not known", detail, Reading.CANNOT_TELL)


def _untold_sentences(operation: ReleasedOperation) -> list[str]:
    """Return for which harms a rise is neither found nor ruled out, by zone."""
    by_zone: dict[str, list[str]] = {}
    for row in balance.balance_rows(operation):
        for effect in row.effects if row.is_harm else ():
            if effect.reading in (Reading.NO_FALL_OVER, Reading.CANNOT_TELL, Reading.CONTROLS_DISAGREE):
                by_zone.setdefault(effect.zone, []).append(row.measure.measure.name)
    zones_by_names: dict[tuple[str, ...], list[str]] = {}
    for zone, names in by_zone.items():
        zones_by_names.setdefault(tuple(names), []).append(zone)
    parts = [
        f"{format_numbers.join_with_and([ZONE_WORDS[zone] for zone in zones])}, a rise in {format_numbers.join_with_or(names)}"
        for names, zones in zones_by_names.items()
    ]
    if not parts:
        return []
    first, *others = parts
    return ["; ".join([f"{_text.capitalised(first)} is neither found nor ruled out", *others]) + "."]


def _treatment_sentences(operation: ReleasedOperation) -> list[str]:
    """Return what entries to treatment did: not a harm, and better or worse is for values to say."""
    sentences = []
    for row in balance.balance_rows(operation):
        changed = [effect for effect in row.effects if effect.reading.is_finding] if not row.is_harm else []
        parts = [
            f"{'rose' if effect.change > 0 else 'fell'} by about {abs(round(effect.change)):,} {_zone(effect)}"
            for effect in changed
        ]
        if parts:
            sentences.append(
                f"{_text.capitalised(row.measure.measure.name)} (not a harm) {format_numbers.join_with_and(parts)}."
            )
    return sentences


# -- Words that several answers share ---------------------------------------------------------------------------------


def counted_and_expected(effect: ReleasedEffect) -> str:
    """Return what was counted and what was expected, with the interval of the difference."""
    if effect.is_withheld:
        return "the counts are withheld"
    counted = f"{format_numbers.count_text(effect.after)} were counted"
    if math.isnan(effect.expected):
        return f"{counted}; what to expect is not known: {note_as_sentence(effect.note).removesuffix('.').lower()}"
    if compared_with(effect) is Comparison.CONTROL_AREA:
        return f"{counted}; going by the control area, about {round(effect.expected):,} were expected (no interval)"
    return f"{counted} and about {round(effect.expected):,} were expected: {change_words(effect)}"


def change_words(effect: ReleasedEffect) -> str:
    """Return a change with its interval in words; "not told apart from no change" where it is not even probable."""
    if effect.is_withheld:
        return "withheld"
    if math.isnan(effect.change):
        return "not known"
    change = format_numbers.fewer_or_more(effect.change)
    if effect.is_refused or math.isnan(effect.interval.low):
        return f"{change} (no interval)"
    span = f"between {format_numbers.fewer_or_more(effect.interval.low)} and {format_numbers.fewer_or_more(effect.interval.high)}"
    is_untold = effect.interval.side == 0 and not effect.reading.is_probable
    untold = f", {_NOT_TOLD_APART}" if is_untold else ""
    return f"{change}, {span}{untold}"


def _zone(effect: ReleasedEffect) -> str:
    return ZONE_WORDS[effect.zone]
