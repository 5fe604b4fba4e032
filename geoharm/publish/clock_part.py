"""The part of the report about time: the crackdown clock with what it refuses, and the change by phase."""

from __future__ import annotations

import math
from typing import Any

from geoharm.model import Clock, ConfidenceSet
from geoharm.publish import numbers
from geoharm.publish.family_figures import estimate_percent, percent, phases_figure, phases_finding
from geoharm.publish.shown import ShownOperation

_PARTS = {
    "all": "Nothing can be told",
    "wear": "Wearing off while it ran: cannot be told",
    "residual": "What was left after it ended, and for how long: cannot be told",
    "return": "When the old level is reached again: cannot be told",
}


def clock_context(operation: ShownOperation) -> dict[str, Any]:
    """Return the clock's rows and refusals, and the figure of the phases."""
    primary, design = operation.primary, operation.design
    began = design.operation.period.start
    days = {phase.name: (float((phase.start - began).days), float((phase.end - began).days)) for phase in design.phases}
    found = primary.beside.family
    clocks = found.clocks if found else ()
    return {
        "phases_figure": phases_figure(primary.phases, days),
        "phases_finding": phases_finding(primary.phases),
        "clocks": [_row(clock) for clock in clocks],
        "clock_refusals": [
            f"{clock.zone}: {_PARTS.get(part, part)}, because {why}."
            for clock in clocks
            for part, why in clock.refusals
        ],
    }


def _row(clock: Clock) -> dict[str, str]:
    refused = {part for part, _ in clock.refusals}
    wear = _short(clock.wear.note or numbers.UNKNOWN)
    if clock.wear.is_defined:
        span = clock.wear.interval()
        wear = (
            f"{numbers.signed(percent(clock.wear.value))}% a month ({numbers.signed(percent(span.low))}% to "
            f"{numbers.signed(percent(span.high))}%)"
        )
    after = {"residual", "return", "all"} & refused
    return {
        "zone": clock.zone,
        "initial": _short(estimate_percent(clock.initial)),
        "wear": wear if "wear" not in refused else "cannot be told",
        "half": _half(clock, refused),
        "residual": _short(estimate_percent(clock.residual)) if "residual" not in refused else "cannot be told",
        "half_after": "cannot be told" if after else _set(clock.half_life_after),
        "back": "cannot be told" if after else _set(clock.months_to_return),
    }


def _short(words: str) -> str:
    return "withheld" if words.startswith("withheld") else words


def _set(found: ConfidenceSet) -> str:
    return _short(set_of_months(found))


def _half(clock: Clock, refused: set[str]) -> str:
    if math.isfinite(clock.half_life_running):
        return months(clock.half_life_running)
    if refused & {"wear", "all"}:
        return "cannot be told"
    return "not seen to wear off" if clock.wear.is_defined else _short(clock.wear.note)


def months(value: float) -> str:
    """Return "3.4 months".

    Examples
    --------
    >>> months(3.42)
    '3.4 months'
    """
    return f"{value:.1f} months"


def set_of_months(found: ConfidenceSet) -> str:
    """Return a set of lengths of time in words.

    Examples
    --------
    >>> set_of_months(ConfidenceSet(((1.88, math.inf),), 0.95, "profile"))
    '1.9 months or more'
    """
    if not found.pieces:
        return found.note or numbers.UNKNOWN
    low, high = found.pieces[0]
    if math.isinf(high):
        return f"{low:.1f} months or more" if low > 0 else "any length of time"
    return f"{low:.1f} to {high:.1f} months"
