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
        (one.measure.name, guard.name, _FOLLOWS[guard.consequence], format_numbers.with_true_minus(guard.sentence))
        for one in operation.measures[1:]
        for guard in one.beside.guards
        if guard.consequence >= Severity.SIGNAL
    ]
    return {
        "guards": [
            (guard.name, _figure(guard), format_numbers.with_true_minus(guard.sentence), _FOLLOWS[guard.consequence])
            for guard in primary.beside.guards
        ],
        "other_guards": others,
    }


def _figure(guard: Diagnostic) -> str:
    value = guard.figure
    words = f"{_text.decimal_text(value)} {guard.unit}" if math.isfinite(value) else "no break before"
    if math.isnan(value):
        words = _text.UNKNOWN
    elif guard.unit.startswith("share"):
        words = _text.percent_text(value) if value >= 0 else f"{format_numbers.signed_text(100 * value)}%"
    elif guard.unit == "log ratio":
        words = f"{format_numbers.signed_text(100 * math.expm1(value))}%"
    elif guard.unit == "p-value":
        words = "under 0.001" if value < 0.001 else _text.decimal_text(value, 3)
    elif guard.unit == "correlation":
        words = _text.decimal_text(value)
    elif guard.consequence is Severity.NONE and not value:
        words = "nothing to undo"
    return words
