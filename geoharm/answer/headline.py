"""The rule of the headline: which clauses page one states, from readings alone.

The headline can never stand against the balance: every harm that rose is in it, and so is what all harms together did.
"""

from __future__ import annotations

from geoharm.answer.nouns import Clause, Facts, Together, Tone
from geoharm.model.reading import Reading

_PRIMARY = {
    Reading.FELL: Clause.FELL,
    Reading.ROSE: Clause.ROSE,
    Reading.PROBABLY_FELL: Clause.PROBABLY_FELL,
    Reading.PROBABLY_ROSE: Clause.PROBABLY_ROSE,
    Reading.NO_RISE_OVER: Clause.BOUNDED,
    Reading.NO_FALL_OVER: Clause.BOUNDED,
    Reading.CANNOT_TELL: Clause.CANNOT_TELL,
    Reading.CONTROLS_DISAGREE: Clause.CONTROLS_DISAGREE,
}
_LESS = (Clause.FELL, Clause.TOGETHER_FELL)
_MORE = (Clause.ROSE, Clause.FELL_AND_ROSE_NEARBY, Clause.HARMS_ROSE, Clause.TOGETHER_ROSE, Clause.TOGETHER_SOME_ROSE)


def headline_clauses(facts: Facts) -> tuple[Clause, ...]:
    """Return the clauses of the headline, in the order of the page.

    Notes
    -----
    1. The primary measure, by its reading in the target; with its rise in the rings, if it fell in the target and rose
       there. Where that cannot be told, no harm fell or rose, under no set of values, and only an activity changed, that is
       said instead.
    2. Where no interval is possible: what was counted nearby, and that harm and reporting cannot be told
       apart, if the public reports it.
    3. Every harm that rose in any zone, as a finding.
    4. All harms together in target and rings, under the study's sets of values.
    """
    clauses = [_primary_clause(facts)]
    if facts.described:
        clauses += [Clause.DESCRIBED_NEARBY, Clause.HARM_OR_REPORTING] if facts.reported else [Clause.DESCRIBED_NEARBY]
    if facts.rose:
        clauses.append(Clause.HARMS_ROSE)
    together = together_clause(facts)
    if together is not None:
        clauses.append(together)
    return tuple(clauses)


def _primary_clause(facts: Facts) -> Clause:
    if facts.withheld:
        return Clause.WITHHELD
    if facts.primary is Reading.FELL and facts.rose_nearby:
        return Clause.FELL_AND_ROSE_NEARBY
    is_known = facts.primary is not Reading.CANNOT_TELL or facts.harm_changed
    harm_is_unclear = not is_known and not facts.rose_nearby and not facts.rose
    changes = {Together.FELL, Together.ROSE, Together.PROBABLY_FELL, Together.PROBABLY_ROSE}
    values_are_unclear = not changes & set(facts.profiles)
    if facts.activity_changed and harm_is_unclear and values_are_unclear and not facts.described:
        return Clause.ACTIVITY_ONLY
    return _PRIMARY[facts.primary]


def together_clause(facts: Facts) -> Clause | None:
    """Return what all harms together did, under the study's sets of values; None without a harm or a set of values."""
    if facts.harms == 0 or not facts.profiles:
        return None
    if facts.harms == 1:
        return Clause.TOGETHER_ONE_HARM
    answers = set(facts.profiles)
    # The first whose answers are the only ones.
    for clause, allowed in (
        (Clause.TOGETHER_FELL, {Together.FELL}),
        (Clause.TOGETHER_ROSE, {Together.ROSE}),
        (Clause.TOGETHER_REFUSED, {Together.REFUSED}),
        (Clause.TOGETHER_PROBABLY_FELL, {Together.FELL, Together.PROBABLY_FELL}),
        (Clause.TOGETHER_PROBABLY_ROSE, {Together.ROSE, Together.PROBABLY_ROSE}),
    ):
        if answers <= allowed:
            return clause
    if {Together.FELL, Together.ROSE} <= answers:
        return Clause.TOGETHER_DISAGREE
    if Together.FELL in answers:
        return Clause.TOGETHER_SOME_FELL
    return Clause.TOGETHER_SOME_ROSE if Together.ROSE in answers else Clause.TOGETHER_NOT_CLEAR


def clause_tone(clause: Clause, *, primary_is_harm: bool = True) -> Tone:
    """Return how a clause is coloured. Blue and orange are earned by a finding on a harm."""
    if clause is Clause.ACTIVITY_ONLY or (not primary_is_harm and clause in _PRIMARY.values()):
        return Tone.ACTIVITY
    if clause in _LESS:
        return Tone.LESS
    return Tone.MORE if clause in _MORE else Tone.UNCLEAR
