"""The part of ``run.json`` on composite outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from geoharm.disclosure.released import ReleasedComposite
from geoharm.report.exports.run_json_robustness import estimate_record, forests_record
from geoharm.report.format_numbers import to_record
from geoharm.report.wording.withheld import note_text


def composite_record(composites: Sequence[ReleasedComposite]) -> list[dict[str, Any]]:
    """Return every composite outcome with its results, as plain values for JSON."""
    return [
        {
            "question": composite.outcome.name,
            "measures": list(composite.outcome.measures),
            "zones": list(composite.outcome.zones),
            "windows": list(composite.outcome.windows),
            "answers": [
                {
                    "operation": result.operation,
                    "pooled": estimate_record(result.pooled) if result.pooled.is_defined else None,
                    "note": result.note if result.pooled.is_defined else note_text(result.pooled.note),
                    "detectable_fall": to_record(result.detectable_fall),
                    "parts": [
                        {"name": label, "weight": to_record(weight), **estimate_record(estimate)}
                        for label, estimate, weight in result.rows
                    ],
                    "parts_in_answer": result.parts,
                    "left_out": [{"name": label, "reason": note_text(reason)} for label, reason in result.left_out],
                }
                for result in composite.results
            ],
            "together": None
            if composite.pooled is None
            else forests_record([(composite.outcome.name, composite.pooled)])[0],
        }
        for composite in composites
    ]
