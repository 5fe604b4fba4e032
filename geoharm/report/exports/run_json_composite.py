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
            "question": one.outcome.name,
            "measures": list(one.outcome.measures),
            "zones": list(one.outcome.zones),
            "windows": list(one.outcome.windows),
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
                for answer in one.results
            ],
            "together": None if one.pooled is None else forests_record([(one.outcome.name, one.pooled)])[0],
        }
        for one in questions
    ]
