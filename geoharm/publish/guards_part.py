"""The part of the report about what could mislead: every guard with its figure and what follows for the answer."""

from __future__ import annotations

import math
from typing import Any

from geoharm.model import Consequence, Guard
from geoharm.publish import numbers
from geoharm.publish.shown import ShownOperation

_FOLLOWS = {
    Consequence.NONE: "nothing",
    Consequence.SAY: "read the answer with it",
    Consequence.SIGNAL: "a signal at most",
    Consequence.REFUSE: "no finding",
}


def guards_context(operation: ShownOperation) -> dict[str, Any]:
    """Return the guards of the primary measure, and those that cap another measure's answer."""
    primary = operation.primary
    others = [
        (one.measure.name, guard.name, _FOLLOWS[guard.consequence], numbers.true_minus(guard.sentence))
        for one in operation.measures[1:]
        for guard in one.beside.guards
        if guard.consequence >= Consequence.SIGNAL
    ]
    return {
        "guards": [
            (guard.name, _figure(guard), numbers.true_minus(guard.sentence), _FOLLOWS[guard.consequence])
            for guard in primary.beside.guards
        ],
        "other_guards": others,
    }


def _figure(guard: Guard) -> str:
    value = guard.figure
    words = f"{numbers.decimal(value)} {guard.unit}" if math.isfinite(value) else "no break before"
    if math.isnan(value):
        words = numbers.UNKNOWN
    elif guard.unit.startswith("share"):
        words = numbers.percent(value) if value >= 0 else f"{numbers.signed(100 * value)}%"
    elif guard.unit == "log ratio":
        words = f"{numbers.signed(100 * math.expm1(value))}%"
    elif guard.unit == "p-value":
        words = "under 0.001" if value < 0.001 else numbers.decimal(value, 3)
    elif guard.unit == "correlation":
        words = numbers.decimal(value)
    elif guard.consequence is Consequence.NONE and not value:
        words = "nothing to undo"
    return words
