"""Composite outcomes in ``run.json``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from geoharm.disclosure.released import ReleasedComposite
from geoharm.report.exports.run_json_robustness import estimate_record, forests_record
from geoharm.report.format_numbers import to_record


def composite_record(questions: Sequence[ReleasedComposite]) -> list[dict[str, Any]]:
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
            "together": None if one.together is None else forests_record([(one.question.name, one.together)])[0],
        }
        for one in questions
    ]
