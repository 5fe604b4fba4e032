"""The part of the report about what could mislead: every guard with its figure and what follows for the answer."""

from __future__ import annotations

import math
from typing import Any

from geoharm import _text
from geoharm.disclosure.released import ReleasedOperation
from geoharm.evaluation.results.diagnostics import Diagnostic, Severity
from geoharm.report import format_numbers

_FOLLOWS = {
    Severity.NONE: "nothing",
    Severity.SAY: "read the answer with it",
    Severity.SIGNAL: "a signal at most",
    Severity.REFUSE: "no finding",
}


def diagnostics_section(operation: ReleasedOperation) -> dict[str, Any]:
    """Return the guards of the primary measure, and those that cap another measure's answer."""
    primary = operation.primary
    others = [
        (
            one.measure.name,
            diagnostic.name,
            _FOLLOWS[diagnostic.severity],
            format_numbers.with_true_minus(diagnostic.sentence),
        )
        for one in operation.measures[1:]
        for diagnostic in one.robustness.diagnostics
        if diagnostic.severity >= Severity.SIGNAL
    ]
    return {
        "guards": [
            (
                diagnostic.name,
                _figure(diagnostic),
                format_numbers.with_true_minus(diagnostic.sentence),
                _FOLLOWS[diagnostic.severity],
            )
            for diagnostic in primary.robustness.diagnostics
        ],
        "other_guards": others,
    }


def _figure(diagnostic: Diagnostic) -> str:
    value = diagnostic.figure
    words = f"{_text.decimal_text(value)} {diagnostic.unit}" if math.isfinite(value) else "no break before"
    if math.isnan(value):
        words = _text.UNKNOWN
    elif diagnostic.unit.startswith("share"):
        words = _text.percent_text(value) if value >= 0 else f"{format_numbers.signed_text(100 * value)}%"
    elif diagnostic.unit == "log ratio":
        words = f"{format_numbers.signed_text(100 * math.expm1(value))}%"
    elif diagnostic.unit == "p-value":
        words = "under 0.001" if value < 0.001 else _text.decimal_text(value, 3)
    elif diagnostic.unit == "correlation":
        words = _text.decimal_text(value)
    elif diagnostic.severity is Severity.NONE and not value:
        words = "nothing to undo"
    return words
