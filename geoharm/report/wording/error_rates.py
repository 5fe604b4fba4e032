"""How often statements like this one are wrong, in a few sentences; always said to be of simulated cities."""

from __future__ import annotations

import math

from geoharm.disclosure.released import ReleasedEffect
from geoharm.evaluation.error_rates import ErrorRates, OwnFallRates, error_rates, own_fall_rates
from geoharm.report import format_numbers

_UNBOUNDED = 1e6


def error_rate_sentences(effect: ReleasedEffect) -> str:
    """Return how often a statement like this effect's is wrong in simulated cities, or that none of them was like it.

    Empty without a statement, and for a probable change or a bound whose rate was not counted in cities like this one.
    """
    places = effect.placebo.effective_places if effect.placebo else math.nan
    rates = error_rates(expected=effect.expected, detectable_fall=effect.detectable_fall, effective_places=places)
    if effect.reading.is_finding:
        own = own_fall_rates(effect.detectable_fall)
        text = _finding_text(rates) if rates else _unknown_text(effect, places)
        return text + (f" {_own_fall_text(own)}" if own else "")
    if rates is None:
        return ""
    beginning = f"In {format_numbers.count_text(rates.cities)} simulated cities like this one ({_class_text(rates)}), "
    if effect.reading.is_probable and not math.isnan(rates.wrong_probably):
        return (
            f"{beginning}{_of_hundred(rates.wrong_probably)} statements that harm fell or rose, or probably did, were wrong "
            "where half of all operations changed nothing."
        )
    if effect.reading.is_bound and not math.isnan(rates.bound_misses):
        return f"{beginning}{_of_hundred(rates.bound_misses)} such bounds were passed by the true change."
    return ""


def _unknown_text(effect: ReleasedEffect, places: float) -> str:
    return (
        f"No simulated city was like this one (about {effect.expected:.0f} events expected, a smallest detectable fall of "
        f"{effect.detectable_fall:.0%}, about {places:.0f} separate places to learn from), so how often such findings are "
        "wrong is not known."
    )


def _finding_text(rates: ErrorRates) -> str:
    text = (
        f"In {format_numbers.count_text(rates.cities)} simulated cities like this one ({_class_text(rates)}), "
        f"{_of_hundred(rates.false_findings)} places without a change were still found to have changed."
    )
    if math.isnan(rates.wrong_if_40):
        return text
    return text + (
        f" If half of all operations change nothing, {_of_hundred(rates.wrong_if_40)} findings are wrong where the others "
        f"cut the count by 40%, and {rates.wrong_if_20:.0f} where by 20%."
    )


def _class_text(rates: ErrorRates) -> str:
    return (
        f"{_range_text(rates.expected)} events expected, {_fall_text(rates.detectable_fall)} detectable, "
        f"{_range_text(rates.effective_places)} separate places"
    )


def _own_fall_text(rates: OwnFallRates) -> str:
    return (
        f"Of all places whose smallest detectable fall came out at {_fall_text(rates.detectable_fall)}, some by luck, "
        f"it was {rates.false_findings:.0f}."
    )


def _fall_text(ends: tuple[float, float]) -> str:
    low, high = (100 * share for share in ends)
    return f"{low:.0f} to {high:.0f}%" if low else f"under {high:.0f}%"


def _range_text(ends: tuple[float, float]) -> str:
    low, high = (format_numbers.count_text(round(end)) for end in ends)
    return f"{low} or more" if ends[1] >= _UNBOUNDED else f"{low} to {high}"


def _of_hundred(percent: float) -> str:
    return f"{percent:.0f} of 100"
