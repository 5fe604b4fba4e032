"""The part of the report about questions over several measures, rings or windows, and its entry in run.json."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from geoharm.model import Estimate, Forest, Pooled
from geoharm.publish import numbers
from geoharm.publish.beside_record import estimate_record, pools_record
from geoharm.publish.disclosure import DisclosedStudy
from geoharm.publish.family_figures import estimate_percent, forest_figure
from geoharm.publish.numbers import to_record
from geoharm.publish.questioned import ShownAnswer, ShownQuestion
from geoharm.publish.states import MAX_DETECTABLE

_SIDES = {-1: "fewer than expected", 0: "not told apart from no change", 1: "more than expected"}


def questions_context(disclosed: DisclosedStudy) -> dict[str, Any]:
    """Return a figure and a table for every question and operation; nothing without questions."""
    return {
        "questions": [
            {
                "name": one.question.name,
                "answers": [_answer(answer) for answer in one.answers],
                "together": "" if one.together is None else _together(one.together),
                "several": len(one.answers) > 1,
            }
            for one in disclosed.questions
        ]
    }


def questions_record(questions: Sequence[ShownQuestion]) -> list[dict[str, Any]]:
    """Return every question with its answers, for run.json."""
    return [
        {
            "question": one.question.name,
            "measures": list(one.question.measures),
            "zones": list(one.question.zones),
            "windows": list(one.question.windows),
            "answers": [
                {
                    "operation": answer.operation,
                    "pooled": estimate_record(answer.pooled) if answer.pooled.is_defined else None,
                    "note": answer.note if answer.pooled.is_defined else answer.pooled.note,
                    "detectable_fall": to_record(answer.detectable_fall),
                    "parts": [
                        {"name": label, "weight": to_record(weight), **estimate_record(estimate)}
                        for label, estimate, weight in answer.rows
                    ],
                    "parts_in_answer": answer.parts,
                    "left_out": [{"name": label, "reason": reason} for label, reason in answer.left_out],
                }
                for answer in one.answers
            ],
            "together": None if one.together is None else pools_record([(one.question.name, one.together)])[0],
        }
        for one in questions
    ]


def answer_sentence(answer: ShownAnswer) -> str:
    """Return what a question comes to around one operation, in a sentence; a signal where the design is too weak."""
    if not answer.pooled.is_defined:
        return f"{answer.pooled.note[:1].upper()}{answer.pooled.note[1:]}."
    side = answer.pooled.interval().side
    seen = _SIDES[side]
    if side and answer.detectable_fall > MAX_DETECTABLE:
        seen = f"a signal of {'fewer' if side < 0 else 'more'}, not a finding"
    return (
        f"{estimate_percent(answer.pooled)} over {answer.parts} parts: {seen}. A common fall of "
        f"{numbers.percent(answer.detectable_fall)} or more would be found four times in five."
    )


def _answer(answer: ShownAnswer) -> dict[str, Any]:
    sentence = answer_sentence(answer)
    forest = Forest(answer.rows, answer.left_out, _as_pooled(answer.pooled, answer.parts), answer.note)
    return {
        "operation": answer.operation,
        "sentence": sentence,
        "figure": forest_figure(
            forest,
            finding=sentence.rstrip("."),
            rows_are="one part of the question each",
            diamond="all parts together, each counting the same",
        )
        if answer.rows
        else None,
        "rows": [
            (label, estimate_percent(estimate), numbers.percent(weight) if math.isfinite(weight) else "not given")
            for label, estimate, weight in answer.rows
        ],
        "left_out": _by_reason(answer),
        "note": answer.note[:1].upper() + answer.note[1:],
    }


def _by_reason(answer: ShownAnswer) -> list[str]:
    reasons: dict[str, list[str]] = {}
    for label, reason in answer.left_out:
        reasons.setdefault(reason, []).append(label)
    return [f"{'; '.join(labels)}: {reason}" for reason, labels in reasons.items()]


def _as_pooled(found: Estimate, count: int) -> Pooled | None:
    if not found.is_defined:
        return None
    span, error = found.interval(), found.standard_error
    return Pooled(found.value, error, error, math.nan, math.nan, math.nan, count, span, span, span)


def _together(forest: Forest) -> str:
    if forest.pooled is None:
        return f"{forest.note[:1].upper()}{forest.note[1:]}."
    span = forest.pooled.careful_interval
    as_estimate = Estimate("", forest.pooled.mean, forest.pooled.careful_error, "log ratio", "", intervals=(span,))
    return (
        f"All operations together: {estimate_percent(as_estimate)}, {_SIDES[span.side]}; random effects, interval by Hartung "
        f"and Knapp, {forest.note}."
    )
