"""Report section on diagnostics: the figure of each and its consequence for the answer."""

from __future__ import annotations

import math
from typing import Any

from geoharm import _text
from geoharm.disclosure.released import ReleasedOperation
from geoharm.evaluation.results.diagnostics import Diagnostic, Severity
from geoharm.report import format_numbers
from geoharm.report.wording.withheld import sentence_text

_CONSEQUENCES = {
    Severity.NONE: "nothing",
    Severity.SAY: "consider it with the answer",
    Severity.SIGNAL: "a signal at most",
    Severity.REFUSE: "no finding",
}


def diagnostics_section(operation: ReleasedOperation) -> dict[str, Any]:
    """Return the diagnostics of the primary measure, and those of other measures that limit their reading."""
    primary = operation.primary
    other_rows = [
        (
            measure.measure.name,
            diagnostic.name,
            _CONSEQUENCES[diagnostic.severity],
            format_numbers.with_true_minus(sentence_text(diagnostic.sentence)),
        )
        for measure in operation.measures[1:]
        for diagnostic in measure.robustness.diagnostics
        if diagnostic.severity >= Severity.SIGNAL
    ]
    return {
        "guards": [
            (
                diagnostic.name,
                _figure_text(diagnostic),
                format_numbers.with_true_minus(sentence_text(diagnostic.sentence)),
                _CONSEQUENCES[diagnostic.severity],
            )
            for diagnostic in primary.robustness.diagnostics
        ],
        "other_guards": other_rows,
    }


def _figure_text(diagnostic: Diagnostic) -> str:
    value = diagnostic.figure
    text = f"{_text.decimal_text(value)} {diagnostic.unit}" if math.isfinite(value) else "no break before"
    if math.isnan(value):
        text = _text.UNKNOWN
    elif diagnostic.unit.startswith("share"):
        text = _text.percent_text(value) if value >= 0 else f"{format_numbers.signed_text(100 * value)}%"
    elif diagnostic.unit == "log ratio":
        text = f"{format_numbers.signed_text(100 * math.expm1(value))}%"
    elif diagnostic.unit == "p-value":
        text = "under 0.001" if value < 0.001 else _text.decimal_text(value, 3)
    elif diagnostic.unit == "correlation":
        text = _text.decimal_text(value)
    elif diagnostic.severity is Severity.NONE and not value:
        text = "nothing to undo"
    return text
