"""What is written where a number is undefined or withheld."""

from __future__ import annotations

from geoharm import _text
from geoharm.disclosure.released import Release, WithheldPart
from geoharm.model.reason import Note, Reason, RevealedBy, Withheld

_NOTES = {
    Reason.SUPPRESSED: "withheld: a count under {k}, or a number from which one would follow",
    Reason.SMALL_COUNT: "withheld: a count under {k}",
    Reason.FEW_EVENTS: "withheld: under {k} events",
    Reason.FEW_IN_PATTERN: "the places with this pattern rest on too few events to say more",
    Reason.FEW_IN_PERIOD: "withheld: hotspots, or the rest of the study area, have fewer than {k} events in a period",
    Reason.FEW_LOCATED: "too few located events",
    Reason.FEW_RESPONDENTS: "withheld: fewer than {k} respondents gave one of the answers, or their number is not known",
    Reason.GIVES_BACK: "withheld: with it, a count under {k} would follow from {source}",
    Reason.WOULD_FOLLOW: "withheld: the single part that is not shown by itself would follow from it",
    Reason.NOT_SHOWN_ALONE: "part of the pooled estimate, but not shown by itself: its zone and window are not shown elsewhere",
    Reason.EXACT_COUNTS: "withheld: this rule for small counts does not allow numbers that are made from exact counts",
    Reason.ZONES_LEFT_OUT: "zones that are withheld are left out",
}
_SOURCES = {
    RevealedBy.PHASES: "the phases",
    RevealedBy.WINDOW: "the whole window after",
    RevealedBy.RING_SUM: "the sum of the rings",
    RevealedBy.ZONES: "the zones that it is a sum of",
    RevealedBy.DISPERSION: "the dispersion of the months",
    RevealedBy.OTHER_OPERATION: "the numbers of another operation",
    RevealedBy.ALL_NUMBERS: "all published numbers together",
}
PARTS = {
    WithheldPart.TARGET: "all estimates of the target",
    WithheldPart.RINGS: "all estimates of the rings",
    WithheldPart.ERRORS: "intervals and errors from which the dispersion of a zone, and with it the count of a month, would follow",
    WithheldPart.MONTHLY_CURVES: "the curves by month: the counts by month are not shown either",
    WithheldPart.OTHER_ESTIMATORS: "all other estimators, because of this rule for small counts",
}


def rule_text(release: Release) -> str:
    """Return the disclosure rule of a release for the record of a run."""
    return "internal release: nothing withheld" if release.is_internal else release.rule


def released_total(release: Release, events: int) -> str:
    """Return a number of events in a whole view or hotspot, which a public release rounds to the nearest ten."""
    return f"{events:,}" if release.is_internal else f"about {events:,}"


def note_text(note: Note) -> str:
    """Return a note in words, for use inside a sentence or a cell.

    Examples
    --------
    >>> note_text("the count before is 0"), note_text(Withheld(Reason.SMALL_COUNT, 5))
    ('the count before is 0', 'withheld: a count under 5')
    >>> note_text(Withheld(Reason.GIVES_BACK, 5, RevealedBy.RING_SUM))
    'withheld: with it, a count under 5 would follow from the sum of the rings'
    """
    if not isinstance(note, Withheld):
        return note
    source = _SOURCES[note.revealed_by] if note.revealed_by else ""
    return _NOTES[note.reason].format(k=note.below, source=source)


def note_as_sentence(note: Note) -> str:
    """Return a note as a sentence of its own.

    Examples
    --------
    >>> note_as_sentence("the count before is 0")
    'The count before is 0.'
    """
    return f"{_text.capitalised(note_text(note))}."


def sentence_text(sentence: Note) -> str:
    """Return a sentence as it is, or the one that stands in place of a withheld sentence."""
    return note_as_sentence(sentence) if isinstance(sentence, Withheld) else sentence
