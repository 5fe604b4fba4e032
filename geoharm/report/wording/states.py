"""Short words of the states of an effect, for tables and cells; sentences are worded elsewhere."""

from __future__ import annotations

from collections.abc import Iterable

from geoharm.disclosure.released import ReleasedEffect, ReleasedMeasure
from geoharm.model.reading import Reading

# "No clear change" is heard as "nothing changed", so the first pages say what it is: these counts fit both.
_WORDS = {
    Reading.FELL: "fell",
    Reading.ROSE: "rose",
    Reading.SIGNAL_FALL: "a lead: fewer",
    Reading.SIGNAL_RISE: "a lead: more",
    Reading.NO_CLEAR_CHANGE: "cannot tell",
    Reading.CANNOT_TELL: "cannot tell",
    Reading.CONTROLS_DISAGREE: "controls disagree",
}
WITHHELD = "withheld"
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
    return WITHHELD if effect.is_withheld else _WORDS[effect.reading]


def shown_reading(effect: ReleasedEffect) -> Reading | None:
    """Return the reading whose mark stands beside the words; None, the mark of no data, for a withheld count."""
    if effect.is_withheld:
        return None
    return Reading.CANNOT_TELL if effect.reading is Reading.NO_CLEAR_CHANGE else effect.reading


def recorder_words(measure: ReleasedMeasure) -> str:
    """Return who recorded a measure."""
    return _RECORDERS.get(measure.measure.recorder, measure.measure.recorder)
