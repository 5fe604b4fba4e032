"""The verdict on one operation: what page one says, in words.

What is said is decided by rule (`geoharm.answer`); headline and questions are worded in files of their own. No sentence
says why anything changed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from geoharm.answer.balance import balance_rows
from geoharm.answer.description import describe_target
from geoharm.answer.multiplication import compared_with, multiplications
from geoharm.answer.nouns import BalanceRow, Comparison, Description, Multiplication
from geoharm.disclosure.released import Release, ReleasedEffect, ReleasedMeasure, ReleasedOperation
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS
from geoharm.model.reading import Reading
from geoharm.report import format_numbers
from geoharm.report.wording.headline import HeadlineClause, headline
from geoharm.report.wording.questions import Answer, change_words, four_answers
from geoharm.report.wording.reading import cap_sentence, reading_caveats, unsaid_sentence
from geoharm.report.wording.states import absent_kinds
from geoharm.report.wording.threats import Threat, harm_notices, notices, threats
from geoharm.report.wording.when import later_clause
from geoharm.report.wording.withheld import note_as_sentence, note_text

# Other hours, days, offences and markets are measured for orientation only (`geoharm.report.sections.displacement_types`).
_NOT_TESTED = (
    "Not tested: moves beyond the rings, to other hours, to other days of the week, to other kinds of offence, to similar "
    "markets elsewhere, indoors, to other targets, tactics or people; harms that nobody recorded."
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What may be said of one operation.

    Attributes
    ----------
    state : Reading
        Of the primary measure in the target area.
    percent : int or None
        Of its bound, if the state is one.
    placebo_note : str
        What the right answer is, if there was no operation; else empty.
    clauses : tuple of HeadlineClause
        The headline: the primary measure, every harm that rose, all harms together; shown in one size.
    lead : str
        What was counted, what was expected, and how sure that is.
    balance : tuple of BalanceRow
        Every harm in every zone, then entries to treatment.
    absent : tuple of str
        Kinds of harm of which no data were given.
    multiplications : tuple of Multiplication
        The lines that a reader can multiply.
    description : Description or None
        The target area counted in several ways, where rows lack a place of their own.
    sum_note : str
        Why target and rings do not add up to both together; empty if they do.
    answers : tuple of Answer
        The four questions.
    threats : tuple of Threat
        In a fixed order, most general first.
    notices : tuple of str
        What is missing in the data; shown on the first page.
    not_tested : str
    """

    state: Reading
    percent: int | None
    placebo_note: str
    clauses: tuple[HeadlineClause, ...]
    lead: str
    balance: tuple[BalanceRow, ...]
    absent: tuple[str, ...]
    multiplications: tuple[Multiplication, ...]
    description: Description | None
    sum_note: str
    answers: tuple[Answer, ...]
    threats: tuple[Threat, ...]
    notices: tuple[str, ...]
    not_tested: str

    @property
    def headline(self) -> str:
        """All clauses of the headline, as text."""
        return " ".join(clause.text for clause in self.clauses)

    @property
    def label(self) -> str:
        """The placebo note with its heading; empty for an operation."""
        return f"Placebo: {self.placebo_note}" if self.placebo_note else ""


def verdict_of(release: Release, operation: ReleasedOperation) -> Verdict:
    """Return the verdict on one operation."""
    effect = operation.primary.effect("target")
    placebo_note = ""
    if operation.design.operation.placebo:
        placebo_note = "there was no operation at this place and date. The right answer is that nothing fell or rose."
    return Verdict(
        state=effect.reading,
        percent=effect.bound_percent,
        placebo_note=placebo_note,
        clauses=headline(operation),
        lead=_lead(operation),
        balance=balance_rows(operation),
        absent=absent_kinds(operation.measures),
        multiplications=multiplications(operation),
        description=describe_target(operation),
        sum_note=_sum_note(operation.primary),
        answers=four_answers(release, operation),
        threats=threats(release, operation),
        notices=(*notices(release), *harm_notices(operation.harm)),
        not_tested=_NOT_TESTED,
    )


def _lead(operation: ReleasedOperation) -> str:
    """Return the paragraph under the headline: the primary measure in the target area."""
    measure, effect = operation.primary, operation.primary.effect("target")
    name, unit = measure.measure.name, measure.measure.unit
    counted_as = name if unit in name else f"{unit} ({name})"
    if effect.is_withheld or math.isnan(effect.change):
        return f"The change in {name} cannot be given: {note_text(effect.note)}."
    text = (
        f"In the {operation.design.after.days} days {later_clause(operation.design)}, {format_numbers.count_text(effect.after)} {counted_as} were recorded "
        f"in the target area."
    )
    expected = f" about {round(effect.expected):,}"
    if compared_with(effect) is Comparison.CONTROL_AREA:
        text += f" The control area suggests{expected}. This page describes what was counted. It makes no finding"
        reason = f"the interval {_between(effect)} holds the noise of counting only."
        if effect.is_refused or math.isnan(effect.interval.low):
            reason = _without_capital(note_as_sentence(effect.note))
        return f"{text}: {reason}{reading_caveats(measure, effect.reading)}"
    text += f" Places like it suggest{expected}. That is {change_words(effect)} (95% interval)."
    why = cap_sentence(measure, effect) or unsaid_sentence(measure, effect)
    return text + (f" {why}" if why else "") + reading_caveats(measure, effect.reading)


def _between(effect: ReleasedEffect) -> str:
    ends = (format_numbers.fewer_or_more(end) for end in (effect.interval.low, effect.interval.high))
    return "from " + " to ".join(ends)


def _without_capital(text: str) -> str:
    return text[:1].lower() + text[1:]


def _sum_note(measure: ReleasedMeasure) -> str:
    """Return why the differences of target and rings do not add up to that of both together; empty if they do."""
    by_zone = {effect.zone: effect for effect in measure.effects}
    effects = [by_zone.get(zone) for zone in ("target", ALL_RINGS, TARGET_AND_RINGS)]
    if any(effect is None or math.isnan(effect.change) for effect in effects):
        return ""
    target, rings, both = (round(effect.change) for effect in effects if effect is not None)
    if target + rings == both:
        return ""
    parts = " and ".join(format_numbers.signed_text(value) for value in (target, rings))
    return (
        f"Each zone has its own forecast, so target and rings need not add up to both together: {parts} stand beside "
        f"{format_numbers.signed_text(both)}."
    )
