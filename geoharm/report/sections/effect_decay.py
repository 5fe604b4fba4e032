"""The part of the report about time: the crackdown clock with what it refuses, and the change by phase."""

from __future__ import annotations

import math
from typing import Any

from geoharm import _text
from geoharm.disclosure.released import ReleasedOperation
from geoharm.evaluation.results.curves import EffectDecay
from geoharm.model.confidence_set import ConfidenceSet
from geoharm.report import format_numbers
from geoharm.report.charts.robustness import percent_change_of_ratio, phases_caption, phases_chart, ratio_text

_PARTS = {
    "all": "Nothing can be told",
    "wear": "Wearing off while it ran: cannot be told",
    "residual": "What was left after it ended, and for how long: cannot be told",
    "return": "When the old level is reached again: cannot be told",
}


def effect_decay_section(operation: ReleasedOperation) -> dict[str, Any]:
    """Return the clock's rows and refusals, and the figure of the phases."""
    primary, design = operation.primary, operation.design
    began = design.operation.period.start
    days = {phase.name: (float((phase.start - began).days), float((phase.end - began).days)) for phase in design.phases}
    found = primary.robustness.other_estimators
    decays = found.effect_decay if found else ()
    return {
        "phases_figure": phases_chart(primary.phases, days),
        "phases_finding": phases_caption(primary.phases),
        "clocks": [_row(clock) for clock in decays],
        "clock_refusals": [
            f"{clock.zone}: {_PARTS.get(part, part)}, because {why}."
            for clock in decays
            for part, why in clock.refusals
        ],
    }


def _row(decay: EffectDecay) -> dict[str, str]:
    refused = {part for part, _ in decay.refusals}
    wear = _short(decay.decay.note or _text.UNKNOWN)
    if decay.decay.is_defined:
        span = decay.decay.interval()
        wear = (
            f"{format_numbers.signed_text(percent_change_of_ratio(decay.decay.value))}% a month ({format_numbers.signed_text(percent_change_of_ratio(span.low))}% to "
            f"{format_numbers.signed_text(percent_change_of_ratio(span.high))}%)"
        )
    after = {"residual", "return", "all"} & refused
    return {
        "zone": decay.zone,
        "initial": _short(ratio_text(decay.initial)),
        "wear": wear if "wear" not in refused else "cannot be told",
        "half": _half(decay, refused),
        "residual": _short(ratio_text(decay.residual)) if "residual" not in refused else "cannot be told",
        "half_after": "cannot be told" if after else _set(decay.half_life_after),
        "back": "cannot be told" if after else _set(decay.months_to_return),
    }


def _short(words: str) -> str:
    return "withheld" if words.startswith("withheld") else words


def _set(found: ConfidenceSet) -> str:
    return _short(months_set_text(found))


def _half(decay: EffectDecay, refused: set[str]) -> str:
    if math.isfinite(decay.half_life_running):
        return months_text(decay.half_life_running)
    if refused & {"wear", "all"}:
        return "cannot be told"
    return "not seen to wear off" if decay.decay.is_defined else _short(decay.decay.note)


def months_text(value: float) -> str:
    """Return "3.4 months".

    Examples
    --------
    >>> months(3.42)
    '3.4 months'
    """
    return f"{value:.1f} months"


def months_set_text(found: ConfidenceSet) -> str:
    """Return a set of lengths of time in words.

    Examples
    --------
    >>> set_of_months(ConfidenceSet(((1.88, math.inf),), 0.95, "profile"))
    '1.9 months or more'
    """
    if not found.pieces:
        return found.note or _text.UNKNOWN
    low, high = found.pieces[0]
    if math.isinf(high):
        return f"{low:.1f} months or more" if low > 0 else "any length of time"
    return f"{low:.1f} to {high:.1f} months"
