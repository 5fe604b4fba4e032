"""The part of the report about questions over several measures, rings or windows, and its entry in run.json."""

from __future__ import annotations

import math
from typing import Any

from geoharm import _text
from geoharm.disclosure.released import Release, ReleasedCompositeResult
from geoharm.model.estimate import Estimate
from geoharm.model.pooled import Forest, PooledEstimate
from geoharm.report.charts.robustness import forest_chart, ratio_text
from geoharm.report.wording.reading import MAX_DETECTABLE

_SIDES = {-1: "fewer than expected", 0: "not told apart from no change", 1: "more than expected"}


def composite_section(release: Release) -> dict[str, Any]:
    """Return a figure and a table for every question and operation; nothing without questions."""
    return {
        "questions": [
            {
                "name": one.outcome.name,
                "answers": [_answer(answer) for answer in one.results],
                "together": "" if one.pooled is None else _together(one.pooled),
                "several": len(one.results) > 1,
            }
            for one in release.composites
        ]
    }


def composite_sentence(answer: ReleasedCompositeResult) -> str:
    """Return what a question comes to around one operation, in a sentence; a signal where the design is too weak."""
    if not answer.pooled.is_defined:
        return f"{answer.pooled.note[:1].upper()}{answer.pooled.note[1:]}."
    side = answer.pooled.interval().side
    seen = _SIDES[side]
    if side and answer.detectable_fall > MAX_DETECTABLE:
        seen = f"a signal of {'fewer' if side < 0 else 'more'}, not a finding"
    return (
        f"{ratio_text(answer.pooled)} over {answer.parts} parts: {seen}. A common fall of "
        f"{_text.percent_text(answer.detectable_fall)} or more would be found four times in five."
    )


def _answer(answer: ReleasedCompositeResult) -> dict[str, Any]:
    sentence = composite_sentence(answer)
    forest = Forest(answer.rows, answer.left_out, _as_pooled(answer.pooled, answer.parts), answer.note)
    return {
        "operation": answer.operation,
        "sentence": sentence,
        "figure": forest_chart(
            forest,
            finding=sentence.rstrip("."),
            rows_are="one part of the question each",
            diamond="all parts together, each counting the same",
        )
        if answer.rows
        else None,
        "rows": [
            (label, ratio_text(estimate), _text.percent_text(weight) if math.isfinite(weight) else "not given")
            for label, estimate, weight in answer.rows
        ],
        "left_out": _by_reason(answer),
        "note": answer.note[:1].upper() + answer.note[1:],
    }


def _by_reason(answer: ReleasedCompositeResult) -> list[str]:
    reasons: dict[str, list[str]] = {}
    for label, reason in answer.left_out:
        reasons.setdefault(reason, []).append(label)
    return [f"{'; '.join(labels)}: {reason}" for reason, labels in reasons.items()]


def _as_pooled(found: Estimate, count: int) -> PooledEstimate | None:
    if not found.is_defined:
        return None
    span, error = found.interval(), found.standard_error
    return PooledEstimate(found.value, error, error, math.nan, math.nan, math.nan, count, span, span, span)


def _together(forest: Forest) -> str:
    if forest.pooled is None:
        return f"{forest.note[:1].upper()}{forest.note[1:]}."
    span = forest.pooled.careful_interval
    as_estimate = Estimate("", forest.pooled.mean, forest.pooled.careful_error, "log ratio", "", intervals=(span,))
    return (
        f"All operations together: {ratio_text(as_estimate)}, {_SIDES[span.side]}; random effects, interval by Hartung "
        f"and Knapp, {forest.note}."
    )
