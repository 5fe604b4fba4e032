"""Report section on effect decay: estimates, what cannot be estimated, and the change by phase."""

from __future__ import annotations

import math
from typing import Any

from geoharm import _text
from geoharm.disclosure.released import ReleasedOperation
from geoharm.evaluation.results.curves import EffectDecay
from geoharm.model.confidence_set import ConfidenceSet
from geoharm.model.estimate import Estimate
from geoharm.model.reason import Note
from geoharm.report import format_numbers
from geoharm.report.charts.robustness import percent_change_of_ratio, phases_caption, phases_chart, ratio_text

_PART_WORDS = {
    "all": "Nothing can be estimated",
    "wear": "Decay while it ran: cannot be estimated",
    "residual": "What was left after it ended, and for how long: cannot be estimated",
    "return": "When the old level is reached again: cannot be estimated",
}


def effect_decay_section(operation: ReleasedOperation) -> dict[str, Any]:
    """Return the rows of the effect-decay table, the parts that cannot be estimated, and the figure of the phases."""
    primary, design = operation.primary, operation.design
    start = design.operation.period.start
    days = {phase.name: (float((phase.start - start).days), float((phase.end - start).days)) for phase in design.phases}
    estimators = primary.robustness.other_estimators
    decays = estimators.effect_decay if estimators else ()
    return {
        "phases_figure": phases_chart(primary.phases, days),
        "phases_finding": phases_caption(primary.phases),
        "clocks": [_decay_row(decay) for decay in decays],
        "clock_refusals": [
            f"{decay.zone}: {_PART_WORDS.get(part, part)}, because {reason}."
            for decay in decays
            for part, reason in decay.not_estimated
        ],
    }


def _decay_row(decay: EffectDecay) -> dict[str, str]:
    refused = {part for part, _ in decay.not_estimated}
    wear_text = _undefined_text(decay.decay.note)
    if decay.decay.is_defined:
        span = decay.decay.interval()
        wear_text = (
            f"{format_numbers.signed_text(percent_change_of_ratio(decay.decay.value))}% a month ({format_numbers.signed_text(percent_change_of_ratio(span.low))}% to "
            f"{format_numbers.signed_text(percent_change_of_ratio(span.high))}%)"
        )
    refused_after_end = {"residual", "return", "all"} & refused
    return {
        "zone": decay.zone,
        "initial": _ratio_text(decay.initial),
        "wear": wear_text if "wear" not in refused else "cannot be estimated",
        "half": _half_life_text(decay, refused),
        "residual": _ratio_text(decay.residual) if "residual" not in refused else "cannot be estimated",
        "half_after": "cannot be estimated" if refused_after_end else months_set_text(decay.half_life_after),
        "back": "cannot be estimated" if refused_after_end else months_set_text(decay.months_to_return),
    }


def _undefined_text(note: Note) -> str:
    return str(note) or _text.UNKNOWN


def _ratio_text(estimate: Estimate) -> str:
    return ratio_text(estimate) if estimate.is_defined else _undefined_text(estimate.note)


def _half_life_text(decay: EffectDecay, refused: set[str]) -> str:
    if math.isfinite(decay.half_life_running):
        return months_text(decay.half_life_running)
    if refused & {"wear", "all"}:
        return "cannot be estimated"
    return "no decay seen" if decay.decay.is_defined else str(decay.decay.note)


def months_text(value: float) -> str:
    """Return a length of time such as "3.4 months".

    Examples
    --------
    >>> months_text(3.42)
    '3.4 months'
    """
    return f"{value:.1f} months"


def months_set_text(confidence_set: ConfidenceSet) -> str:
    """Return a confidence set of lengths of time in words.

    Examples
    --------
    >>> months_set_text(ConfidenceSet(((1.88, math.inf),), 0.95, "profile"))
    '1.9 months or more'
    """
    if not confidence_set.pieces:
        return _undefined_text(confidence_set.note)
    low, high = confidence_set.pieces[0]
    if math.isinf(high):
        return f"{low:.1f} months or more" if low > 0 else "any length of time"
    return f"{low:.1f} to {high:.1f} months"
