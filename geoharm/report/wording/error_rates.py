"""How often findings like this one are wrong, in a few sentences; always said to be of simulated cities."""

from __future__ import annotations

import math

from geoharm.disclosure.released import ReleasedEffect
from geoharm.evaluation.error_rates import ErrorRates, OwnFallRates, error_rates, own_fall_rates
from geoharm.report import format_numbers

_UNBOUNDED = 1e6


def error_rate_sentences(effect: ReleasedEffect) -> str:
    """Return how often a finding like this effect's is wrong in simulated cities, or that none of them was like it."""
    places = effect.placebo.effective_places if effect.placebo else math.nan
    rates = error_rates(expected=effect.expected, detectable_fall=effect.detectable_fall, effective_places=places)
    own = own_fall_rates(effect.detectable_fall)
    if rates is None:
        text = (
            f"No simulated city was like this one (about {effect.expected:.0f} events expected, a smallest detectable fall of "
            f"{effect.detectable_fall:.0%}, about {places:.0f} separate places to learn from), so how often such findings are "
            "wrong is not known."
        )
    else:
        text = f"In simulated cities like this one ({_class_text(rates)}), {_of_hundred(rates.false_findings)} zones "
        text += "where nothing had changed were still found to have fallen or risen."
        if not math.isnan(rates.wrong_if_40):
            text += (
                " If half of all operations change nothing and the others cut the count by 40%, "
                f"{_of_hundred(rates.wrong_if_40)} findings are wrong; by 20%, {_of_hundred(rates.wrong_if_20)}; where fewer "
                "operations change anything, more."
            )
    return text + (f" {_own_fall_text(own)}" if own else "")


def _class_text(rates: ErrorRates) -> str:
    low, high = (100 * share for share in rates.detectable_fall)
    fall = f"{low:.0f} to {high:.0f}%" if low else f"under {high:.0f}%"
    return (
        f"{_range_text(rates.expected)} events expected, a smallest detectable fall of {fall}, "
        f"{_range_text(rates.effective_places)} separate places to learn from; "
        f"{format_numbers.count_text(rates.cities)} cities"
    )


def _own_fall_text(rates: OwnFallRates) -> str:
    low, high = (100 * share for share in rates.detectable_fall)
    fall = f"between {low:.0f} and {high:.0f}%" if low else f"under {high:.0f}%"
    return (
        f"Among all simulated zones whose own smallest detectable fall came out {fall}, some of them by luck, it was "
        f"{_of_hundred(rates.false_findings)}."
    )


def _range_text(ends: tuple[float, float]) -> str:
    low, high = (format_numbers.count_text(round(end)) for end in ends)
    return f"{low} or more" if ends[1] >= _UNBOUNDED else f"{low} to {high}"


def _of_hundred(percent: float) -> str:
    return f"{percent:.0f} of 100"
