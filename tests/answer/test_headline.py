"""The rule of the headline: its whole table, tried against what must hold in every row."""

from __future__ import annotations

import itertools

from geoharm.answer.headline import clause_tone, headline_clauses, together_clause
from geoharm.answer.nouns import Clause, Facts, Together, Tone
from geoharm.model.reading import Reading

BOOLEANS = (False, True)
PROFILES = (
    (),
    *((together,) * 5 for together in Together),
    *itertools.combinations_with_replacement(Together, 2),
    (Together.FELL, Together.FELL, Together.ROSE, Together.ROSE, Together.ROSE),
)
TOGETHER = [clause for clause in Clause if clause.name.startswith("TOGETHER")]
TABLE = [
    Facts(
        primary=primary,
        withheld=withheld,
        rose_nearby=rose_nearby,
        rose=rose,
        profiles=profiles,
        harms=harms,
        activity_changed=activity,
        described=described,
        reported=reported,
    )
    for primary, withheld, rose_nearby, rose, profiles, harms, activity, described, reported in itertools.product(
        Reading, BOOLEANS, BOOLEANS, ((), ("overdoses",)), PROFILES, (0, 1, 3), BOOLEANS, BOOLEANS, BOOLEANS
    )
]


def test_the_table_is_the_whole_product():
    assert len(TABLE) == 8 * 2 * 2 * 2 * len(PROFILES) * 3 * 2 * 2 * 2
    assert len({facts.profiles for facts in TABLE}) > 30


def test_a_harm_that_rose_is_always_in_the_headline():
    for facts in TABLE:
        clauses = headline_clauses(facts)
        assert (Clause.HARMS_ROSE in clauses) == bool(facts.rose)
        if facts.primary is Reading.ROSE and not facts.withheld:
            assert clauses[0] is Clause.ROSE
        if facts.primary is Reading.FELL and facts.rose_nearby and not facts.withheld:
            assert clauses[0] is Clause.FELL_AND_ROSE_NEARBY


def test_harm_is_never_said_to_have_fallen_where_every_set_of_values_says_that_it_rose():
    rose_everywhere = [facts for facts in TABLE if set(facts.profiles) == {Together.ROSE} and facts.harms > 1]
    assert rose_everywhere
    for facts in rose_everywhere:
        clauses = headline_clauses(facts)
        assert clauses[-1] is Clause.TOGETHER_ROSE
        assert not {Clause.TOGETHER_FELL, Clause.TOGETHER_SOME_FELL, Clause.TOGETHER_DISAGREE} & set(clauses)


def test_taken_together_harm_fell_only_if_every_set_of_values_says_so():
    for facts in TABLE:
        if Clause.TOGETHER_FELL in headline_clauses(facts):
            assert set(facts.profiles) == {Together.FELL}


def test_what_is_probable_under_every_set_of_values_is_said_and_is_no_finding():
    for facts in TABLE:
        answers, clause = set(facts.profiles), together_clause(facts)
        if clause is Clause.TOGETHER_PROBABLY_FELL:
            assert Together.PROBABLY_FELL in answers <= {Together.PROBABLY_FELL, Together.FELL}
        if clause is Clause.TOGETHER_PROBABLY_ROSE:
            assert Together.PROBABLY_ROSE in answers <= {Together.PROBABLY_ROSE, Together.ROSE}
        if facts.harms > 1 and answers == {Together.PROBABLY_ROSE}:
            assert clause is Clause.TOGETHER_PROBABLY_ROSE


def test_one_rise_under_one_set_of_values_is_never_silent():
    naming = {Clause.TOGETHER_ROSE, Clause.TOGETHER_SOME_ROSE, Clause.TOGETHER_DISAGREE}
    for facts in TABLE:
        if facts.harms > 1:
            named = naming & set(headline_clauses(facts))
            probable = Clause.TOGETHER_PROBABLY_ROSE in headline_clauses(facts)
            assert bool(named) or probable if Together.ROSE in facts.profiles else not named


def test_unknown_is_never_no():
    """Without an answer of any set of values, the headline states neither a fall nor a rise of all harms together."""
    unknown = {
        Together.CANNOT_TELL,
        Together.REFUSED,
        Together.PROBABLY_FELL,
        Together.PROBABLY_ROSE,
        Together.RULED_OUT,
    }
    for facts in TABLE:
        if facts.harms > 1 and facts.profiles and set(facts.profiles) <= unknown:
            probable = (Clause.TOGETHER_PROBABLY_FELL, Clause.TOGETHER_PROBABLY_ROSE)
            assert together_clause(facts) in (Clause.TOGETHER_NOT_CLEAR, Clause.TOGETHER_REFUSED, *probable)


def test_one_harm_is_not_all_harm():
    for facts in TABLE:
        if facts.harms == 1 and facts.profiles:
            assert together_clause(facts) is Clause.TOGETHER_ONE_HARM


def test_activity_stands_in_the_headline_only_where_nothing_is_known_of_harm():
    for facts in TABLE:
        if Clause.ACTIVITY_ONLY in headline_clauses(facts):
            assert facts.activity_changed
            assert facts.primary is Reading.CANNOT_TELL
            assert not facts.rose
            assert not {Together.FELL, Together.ROSE} & set(facts.profiles)


def test_every_headline_has_one_clause_on_the_primary_and_at_most_one_on_all_harms():
    for facts in TABLE:
        clauses = headline_clauses(facts)
        assert 1 <= len(clauses) <= 5
        assert clauses[0] not in {*TOGETHER, Clause.HARMS_ROSE, Clause.DESCRIBED_NEARBY, Clause.HARM_OR_REPORTING}
        assert sum(clause in TOGETHER for clause in clauses) <= 1
        assert clauses.count(Clause.HARM_OR_REPORTING) == (facts.described and facts.reported)


def test_colour_is_earned_by_a_finding():
    coloured = {clause for clause in Clause if clause_tone(clause) in (Tone.LESS, Tone.MORE)}
    assert coloured == {
        Clause.FELL,
        Clause.ROSE,
        Clause.FELL_AND_ROSE_NEARBY,
        Clause.HARMS_ROSE,
        Clause.TOGETHER_FELL,
        Clause.TOGETHER_ROSE,
        Clause.TOGETHER_SOME_ROSE,
    }
