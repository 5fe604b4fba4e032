"""Report section on composite outcomes: several measures, rings or windows as one question."""

from __future__ import annotations

import math
from typing import Any

from geoharm import _text
from geoharm.disclosure.released import Release, ReleasedCompositeResult
from geoharm.model.estimate import Estimate
from geoharm.model.pooled import Forest, PooledEstimate
from geoharm.report.charts.robustness import forest_chart, ratio_text
from geoharm.report.wording.reading import POOLED_WORDS
from geoharm.report.wording.withheld import note_as_sentence, note_text

_SIDE_WORDS = {-1: "fewer than expected", 0: "not told apart from no change", 1: "more than expected"}


def composite_section(release: Release) -> dict[str, Any]:
    """Return a figure and a table for every composite outcome and operation; an empty list without composite outcomes."""
    return {
        "questions": [
            {
                "name": composite.outcome.name,
                "answers": [_result_context(result) for result in composite.results],
                "together": "" if composite.pooled is None else _pooled_sentence(composite.pooled),
                "several": len(composite.results) > 1,
            }
            for composite in release.composites
        ]
    }


def composite_sentence(result: ReleasedCompositeResult) -> str:
    """Return the pooled result of a composite outcome for one operation, in a sentence.

    If the design is too weak, the result is called a signal.
    """
    if not result.pooled.is_defined:
        return note_as_sentence(result.pooled.note)
    return (
        f"{ratio_text(result.pooled)} over {result.parts} parts: {POOLED_WORDS[result.reading]}. A common fall of "
        f"{_text.percent_text(result.detectable_fall)} or more would be found four times in five."
    )


def _result_context(result: ReleasedCompositeResult) -> dict[str, Any]:
    sentence = composite_sentence(result)
    forest = Forest(result.rows, result.left_out, _to_pooled_estimate(result.pooled, result.parts), result.note)
    return {
        "operation": result.operation,
        "sentence": sentence,
        "figure": forest_chart(
            forest,
            finding=sentence.rstrip("."),
            rows_are="one part of the outcome each",
            diamond="all parts together, each with the same weight",
        )
        if result.rows
        else None,
        "rows": [
            (label, ratio_text(estimate), _text.percent_text(weight) if math.isfinite(weight) else "not given")
            for label, estimate, weight in result.rows
        ],
        "left_out": _left_out_by_reason(result),
        "note": result.note[:1].upper() + result.note[1:],
    }


def _left_out_by_reason(result: ReleasedCompositeResult) -> list[str]:
    reasons: dict[str, list[str]] = {}
    for label, reason in result.left_out:
        reasons.setdefault(note_text(reason), []).append(label)
    return [f"{'; '.join(labels)}: {reason}" for reason, labels in reasons.items()]


def _to_pooled_estimate(estimate: Estimate, count: int) -> PooledEstimate | None:
    if not estimate.is_defined:
        return None
    span, error = estimate.interval(), estimate.standard_error
    return PooledEstimate(estimate.value, error, error, math.nan, math.nan, math.nan, count, span, span, span)


def _pooled_sentence(forest: Forest) -> str:
    if forest.pooled is None:
        return note_as_sentence(forest.note)
    span = forest.pooled.hartung_knapp_interval
    pooled_estimate = Estimate(
        "", forest.pooled.mean, forest.pooled.hartung_knapp_error, "log ratio", "", intervals=(span,)
    )
    return (
        f"All operations together: {ratio_text(pooled_estimate)}, {_SIDE_WORDS[span.side]}; random effects, interval by Hartung "
        f"and Knapp, {forest.note}."
    )
