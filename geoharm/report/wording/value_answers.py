"""What the sets of values say of all harms together, in words: the count of answers, and what would turn them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from geoharm import _text
from geoharm.answer.nouns import ProfileAnswer, Together
from geoharm.harm.results.net_harm import Acceptability, NetHarm
from geoharm.report import format_numbers
from geoharm.report.wording.headline import number_word, sets_of_values
from geoharm.report.wording.withheld import note_text

ANSWER_WORDS = {
    Together.FELL: "fell",
    Together.ROSE: "rose",
    Together.PROBABLY_FELL: "probably fell",
    Together.PROBABLY_ROSE: "probably rose",
    Together.RULED_OUT: "a veto is broken",
    Together.CANNOT_TELL: "cannot tell",
    Together.REFUSED: "no sum",
}
_UNDER_ALL = {
    Together.FELL: "harm fell",
    Together.ROSE: "harm rose",
    Together.PROBABLY_FELL: "harm probably fell: a lead, not a finding",
    Together.PROBABLY_ROSE: "harm probably rose: a lead, not a finding",
    Together.RULED_OUT: "the sum is lower, but a veto is broken",
    Together.CANNOT_TELL: "these data cannot tell whether harm fell or rose",
    Together.REFUSED: "harm cannot be added up",
}
# In the order of the sentence; for one set of values, and for several.
_VERBS = {
    Together.FELL: ("says harm fell", "say harm fell"),
    Together.PROBABLY_FELL: ("says it probably fell", "say it probably fell"),
    Together.RULED_OUT: ("has a veto that is broken", "have a veto that is broken"),
    Together.CANNOT_TELL: ("cannot tell", "cannot tell"),
    Together.PROBABLY_ROSE: ("says it probably rose", "say it probably rose"),
    Together.ROSE: ("says it rose", "say it rose"),
    Together.REFUSED: ("cannot be added up", "cannot be added up"),
}
_SILENT_ON_RISE = {Together.FELL, Together.PROBABLY_FELL, Together.CANNOT_TELL}


def count_of_answers(answers: Sequence[ProfileAnswer]) -> str:
    """Return how many sets of values say what, such as "Of five sets of values, two say harm fell and three cannot tell."."""
    counts = {together: sum(answer.together is together for answer in answers) for together in Together}
    alone = next((together for together, count in counts.items() if count == len(answers)), None)
    if alone is not None:
        return f"Under {sets_of_values(len(answers), len(answers))}, {_UNDER_ALL[alone]}."
    parts = [
        f"{number_word(counts[together])} {verbs[counts[together] > 1]}"
        for together, verbs in _VERBS.items()
        if counts[together]
    ]
    text = f"Of {number_word(len(answers))} sets of values, {format_numbers.join_with_and(parts)}."
    return f"{text} None says it rose." if {answer.together for answer in answers} <= _SILENT_ON_RISE else text


def refusal_words(net: NetHarm) -> str:
    """Return why a set of values has no sum; empty if it has one."""
    if net.refused:
        return f"no sum: {format_numbers.join_with_and(net.refused)} has no interval"
    return "" if net.is_known else f"no sum: {note_text(net.note) or _text.UNKNOWN}"


def what_would_turn_it(acceptability: Acceptability | None) -> str:
    """Return at which weights the answer of all harms together changes its sign."""
    if acceptability is None:
        return "That cannot be said: no weights were tried."
    if acceptability.note:
        return f"That cannot be said: {note_text(acceptability.note)}."
    fell = acceptability.clearly_fell + acceptability.fell
    rose = acceptability.clearly_rose + acceptability.rose
    tried = f"with {acceptability.weightings:,} others, wide apart on purpose,"
    if math.isclose(fell, 1) or math.isclose(rose, 1):
        side = "less" if fell > rose else "more"
        firm = acceptability.clearly_fell if fell > rose else acceptability.clearly_rose
        never = "" if firm else ", and it is never firm"
        return f"No weights that we tried: {tried} the best estimate is always {side} harm{never}."
    shares = (
        f"{_text.capitalised(tried)} the best estimate is less harm under {_text.percent_text(fell)} and more harm under "
        f"{_text.percent_text(rose)}."
    )
    flip = acceptability.flip
    if flip is None:
        return shares
    measures = format_numbers.join_with_and(flip.measures)
    return f"{shares} The sum comes out at zero if {flip.other} weighs as much as {format_numbers.rate_text(flip.rate)} {measures}."
