"""The words of the states of an effect: a word or two for tables and cells, and a sentence. No page writes its own."""

from __future__ import annotations

from collections.abc import Iterable

from geoharm import _text
from geoharm.answer.multiplication import compared_with
from geoharm.answer.nouns import Comparison
from geoharm.disclosure.released import ReleasedEffect, ReleasedMeasure
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS
from geoharm.model.reading import Reading
from geoharm.report import format_numbers

WITHHELD = "withheld"
ZONE_WORDS = {"target": "in the target area", ALL_RINGS: "in the rings", TARGET_AND_RINGS: "in target and rings"}
_COMPARISONS = {
    Comparison.PLACES_LIKE_IT: "against what places like it suggest",
    Comparison.CONTROL_AREA: "against what the control area suggests",
}
NO_DATA = "no data: not read as \u201cno harm\u201d"
# Kinds of harm that a study should have, as the balance names them where there are no data.
_KINDS_OF_HARM = {
    "health": "Overdoses or other health",
    "crime and violence": "Violence and other crime",
    "social and nuisance": "Disorder and nuisance",
    "environment": "Needle finds",
}
_RECORDERS = {"public": "reported by the public", "police": "recorded by police", "agency": "recorded by an agency"}


def absent_kinds(measures: Iterable[ReleasedMeasure]) -> tuple[str, ...]:
    """Return the kinds of harm of which a study has no measure. Entries to treatment are no measure of health."""
    types = {
        measure.measure.harm.type
        for measure in measures
        if measure.measure.harm and measure.measure.kind != "treatment_entry"
    }
    return tuple(name for harm_type, name in _KINDS_OF_HARM.items() if harm_type not in types)


def state_words(effect: ReleasedEffect) -> str:
    """Return the state of an effect in a word or two."""
    return WITHHELD if effect.is_withheld else effect.statement


def shown_reading(effect: ReleasedEffect) -> Reading | None:
    """Return the reading whose mark stands beside the words; None, the mark of no data, for a withheld count."""
    return None if effect.is_withheld else effect.reading


def state_sentence(name: str, effect: ReleasedEffect) -> str:
    """Return the state of a measure's effect in a sentence or two.

    Parameters
    ----------
    name : str
        Of the measure.
    effect : Effect
        In target, all rings, or both.
    """
    zone, capitalised = ZONE_WORDS[effect.zone], _text.capitalised(name)
    match effect.reading:
        case Reading.FELL | Reading.ROSE:
            return f"{capitalised} {effect.reading.value} by {about(effect)} {zone}, {comparison_words(effect)}."
        case Reading.PROBABLY_FELL | Reading.PROBABLY_ROSE:
            return f"{capitalised} {effect.reading.value} {zone}. This is a lead, not a finding."
        case Reading.NO_RISE_OVER | Reading.NO_FALL_OVER:
            way = "rise" if effect.reading is Reading.NO_RISE_OVER else "fall"
            return f"{bound_clause(name, effect)} A smaller {way} is not ruled out."
        case Reading.CONTROLS_DISAGREE:
            verb = "risen" if effect.change > 0 else "fallen"
            return f"{capitalised} may have {verb}. The ways to compare disagree, so this is no finding."
    return f"These data cannot tell whether {name} fell or rose {zone}."


def bound_clause(name: str, effect: ReleasedEffect) -> str:
    """Return what is ruled out: "Overdoses did not rise by more than 15% in the rings."."""
    way = "rise" if effect.reading is Reading.NO_RISE_OVER else "fall"
    return f"{_text.capitalised(name)} did not {way} by more than {effect.bound_percent}% {ZONE_WORDS[effect.zone]}."


def about(effect: ReleasedEffect) -> str:
    """Return the size of a change: "about 67"."""
    return f"about {format_numbers.signed_text(abs(effect.change)).lstrip('+')}"


def comparison_words(effect: ReleasedEffect) -> str:
    """Return the name of the comparison behind an expected count: places like it, or the control area."""
    return _COMPARISONS[compared_with(effect)]


def recorder_words(measure: ReleasedMeasure) -> str:
    """Return who recorded a measure."""
    return _RECORDERS.get(measure.measure.recorder, measure.measure.recorder)
