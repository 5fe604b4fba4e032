"""The summary: the answer in short, plain sentences, for the report, as plain text and as JSON.

The words are the same in all three.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

from geoharm._text import visible_text
from geoharm.disclosure.released import Release, ReleasedEffect, ReleasedOperation
from geoharm.report import format_numbers
from geoharm.report.wording.reading import cap_sentence, unsaid_sentence
from geoharm.report.wording.states import state_sentence
from geoharm.report.wording.verdict import Verdict
from geoharm.report.wording.when import later_clause, later_head
from geoharm.report.wording.withheld import note_text


@dataclass(frozen=True, slots=True)
class Summary:
    """A summary that readers aged 12 to 14 can understand.

    Attributes
    ----------
    title : str
    sentences : tuple of str
        What was counted, what was expected, how sure that is, what other harms did, and what the numbers do not say.
    questions : tuple of (str, str)
        The four questions, with their short answers.
    credits : tuple of str
    release : str
        "public" or "internal".
    """

    title: str
    sentences: tuple[str, ...]
    questions: tuple[tuple[str, str], ...]
    credits: tuple[str, ...]
    release: str


def summarise(release: Release, operation: ReleasedOperation, verdict: Verdict) -> Summary:
    """Return the summary of one operation: short sentences with counts and ranges, in everyday words."""
    study_operation, effect = operation.design.operation, operation.primary.effect("target")
    sentences = []
    if study_operation.placebo:
        sentences.append(
            "This is a test. There was no operation here, so the right answer is that nothing fell or rose."
        )
    sentences += _count_sentences(operation, effect)
    sentences += _range_sentences(effect)
    sentences.append(state_sentence(operation.primary.measure.name, effect))
    why = cap_sentence(operation.primary, effect) or unsaid_sentence(operation.primary, effect)
    sentences += [why] if why else []
    sentences += [clause.text for clause in verdict.clauses[1:]]
    sentences += [
        "These are the cases that somebody reported. What nobody reports is not in them.",
        "The numbers do not say why anything changed.",
    ]
    return Summary(
        title=f"{study_operation.name}: the answer in short",
        sentences=tuple(sentences),
        questions=tuple((answer.question, answer.answer) for answer in verdict.answers),
        credits=tuple(source.attribution for source in release.all_ledgers if source.attribution),
        release=release.study.publish.release,
    )


def summary_text(summary: Summary) -> str:
    """Return the summary as plain text."""
    internal_notice = ["Internal: not for release.", ""] if summary.release == "internal" else []
    lines = [*internal_notice, summary.title, "", *summary.sentences, ""]
    lines += [f"{question} {answer}." for question, answer in summary.questions]
    lines += ["", *dict.fromkeys(summary.credits)] if summary.credits else []
    return visible_text("\n".join(lines)) + "\n"


def summary_json(summary: Summary) -> str:
    """Return the summary as JSON, with the same words as the plain text."""
    record = {
        "format": "geoharm summary",
        "version": 1,
        "title": summary.title,
        "sentences": list(summary.sentences),
        "questions": [{"question": question, "answer": answer} for question, answer in summary.questions],
        "credits": list(dict.fromkeys(summary.credits)),
        "release": summary.release,
    }
    return visible_text(json.dumps(record, indent=1, ensure_ascii=False)) + "\n"


def _count_sentences(operation: ReleasedOperation, effect: ReleasedEffect) -> list[str]:
    measure, design = operation.primary.measure, operation.design
    unit = measure.unit
    sentences = [
        f"We counted {unit} ({measure.name}) in the target area.",
        f"Before: {format_numbers.count_text(effect.before)} in {design.before.days:,} days. "
        f"{later_head(design)}: {format_numbers.count_text(effect.after)} in {design.after.days:,} days.",
    ]
    if effect.is_withheld:
        return [*sentences, "Some of these numbers are too small to show. They could point to single people."]
    if math.isnan(effect.expected):
        return [*sentences, f"What to expect {later_clause(design)} cannot be computed: {note_text(effect.note)}."]
    comparison = "other places like it" if effect.placebo and not effect.is_refused else "the area we compare it with"
    expected = round(effect.expected)
    return [
        *sentences,
        f"Going by {comparison}, we would have expected about {expected:,} {later_clause(design)}. "
        f"So there were {format_numbers.fewer_or_more(effect.change)} than expected."
        if round(effect.change)
        else f"Going by {comparison}, we would have expected about {expected:,} {later_clause(design)}. So there were about as many as expected.",
    ]


def _range_sentences(effect: ReleasedEffect) -> list[str]:
    if effect.is_withheld or math.isnan(effect.change):
        return []
    if math.isnan(effect.interval.low):
        return ["How sure that is cannot be computed from these data."]
    low, high = (format_numbers.fewer_or_more(end) for end in (effect.interval.low, effect.interval.high))
    sentences = [f"Such a count is never exact. The true change lies most likely between {low} and {high}."]
    if not effect.ratio.calibrated:
        sentences.append("That range is too narrow: it leaves out how much places differ from each other.")
    return sentences
