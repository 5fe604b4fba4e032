"""Page 2 of the brief: what every set of values says of all harms together, and what would turn it."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from geoharm import _text
from geoharm.answer.balance import (
    headline_facts,
    profile_answers,
)
from geoharm.answer.headline import together_clause
from geoharm.answer.nouns import Clause, ProfileAnswer, Together
from geoharm.disclosure.released import ReleasedOperation
from geoharm.harm.results.net_harm import NetHarm
from geoharm.model.design import TARGET_AND_RINGS
from geoharm.model.reading import Reading
from geoharm.report import format_numbers
from geoharm.report.charts.effects import reading_colour, reading_mark
from geoharm.report.charts.small_multiples import centred_bar
from geoharm.report.sections.values import net_harm_text
from geoharm.report.wording.value_answers import ANSWER_WORDS, count_of_answers, refusal_words, what_would_turn_it

_READINGS = {
    Together.FELL: Reading.FELL,
    Together.ROSE: Reading.ROSE,
    Together.PROBABLY_FELL: Reading.PROBABLY_FELL,
    Together.PROBABLY_ROSE: Reading.PROBABLY_ROSE,
}


@dataclass(frozen=True, slots=True)
class ValueLine:
    """What one set of values says: its bar, its sum and its answer."""

    name: str
    about: str
    bar: Markup
    total: str
    unit: str
    mark: Markup
    answer: str


def value_lines(operation: ReleasedOperation) -> list[ValueLine]:
    """Return what every set of values says of all harms together."""
    assessment = operation.harm
    if assessment is None:
        return []
    answers = {answer.profile: answer for answer in profile_answers(operation)}
    nets = {net.profile: net for net in assessment.in_zone(TARGET_AND_RINGS)}
    return [
        _value_line(profile.name, profile.about, nets[profile.name], answers[profile.name])
        for profile in assessment.profiles
        if profile.name in nets and profile.name in answers
    ]


def _value_line(name: str, about: str, net: NetHarm, answer: ProfileAnswer) -> ValueLine:
    reading = _READINGS.get(answer.together, Reading.CANNOT_TELL)
    refusal = refusal_words(net)
    words = ANSWER_WORDS[answer.together]
    if answer.broken:
        words += f"; its veto on {format_numbers.join_with_and(sorted(set(answer.broken)))} is broken"
    return ValueLine(
        _text.capitalised(name),
        about.split(";", maxsplit=1)[0].split(". ", maxsplit=1)[0].rstrip("."),
        centred_bar(net.low, net.high, None if refusal else net.interval, reading_colour(reading)),
        refusal or net_harm_text(net),
        "" if refusal else f"1 is {net.reference}",
        reading_mark(reading),
        words,
    )


def say_line(operation: ReleasedOperation) -> str:
    """Return the count of answers as a sentence; what is missing if there are none."""
    answers = profile_answers(operation)
    clause = together_clause(headline_facts(operation))
    if clause is None:
        return "Not added up: no sets of values, or no harm, were given."
    if clause is Clause.TOGETHER_ONE_HARM:
        return "Only one harm was counted, so there is nothing to add up: what other harms did is not known."
    return count_of_answers(answers)


def turning_line(operation: ReleasedOperation) -> str:
    """Return at which weights the answer turns."""
    return what_would_turn_it(operation.harm.acceptability_in(TARGET_AND_RINGS) if operation.harm else None)
