"""Worlds with a known disaster: the first screen names it."""

from __future__ import annotations

from geoharm.answer.balance import changed_activities, profile_answers
from geoharm.answer.nouns import Together, Tone
from geoharm.model.geometry import ZoneRole
from geoharm.report.wording.verdict import verdict_of

TARGET, RING = ZoneRole.TARGET, ZoneRole.RING


def first_screen(release):
    (operation,) = release.operations
    return operation, verdict_of(release, operation)


def test_five_times_the_overdoses_and_four_times_the_violence(planted):
    """The made disaster: the page said "Recorded harm fell" and "Did total harm fall? No clear change"."""
    operation, verdict = first_screen(planted({("overdoses", TARGET): 5, ("violence", TARGET): 4}))
    assert [(clause.tone, clause.text) for clause in verdict.clauses] == [
        (Tone.LESS, "Needle finds fell by about 67 in the target area, against what places like it suggest."),
        (Tone.MORE, "Violence rose by about 124 and overdoses by about 146 in target and rings."),
        (Tone.MORE, "Taken together, harm rose under all five sets of values."),
    ]
    together, moved, lasts, worse = verdict.answers
    assert together.answer == "No: it rose"
    assert worse.answer == "Yes: violence and overdoses"
    # Of the needle finds alone: in its last phase no rise can be a finding, for want of power or of places as busy.
    assert lasts.answer == "Still lower at 11 months"
    assert moved.answer == "Cannot tell"
    assert {answer.together for answer in profile_answers(operation)} == {Together.ROSE}
    assert "accepts no rise in overdoses: that veto is broken" in together.detail


def test_a_fall_in_the_target_with_the_same_rise_in_the_rings(planted):
    """67 fewer in the target, and as many more in the rings: displaced, and the headline says so in one sentence."""
    _, verdict = first_screen(planted({("needle finds", RING): 1.55}))
    assert verdict.clauses[0].tone is Tone.MORE
    assert verdict.clauses[0].text.startswith("Needle finds fell by about 67 in the target area and rose by about ")
    assert verdict.clauses[0].text.endswith(" in the rings, against what places like it suggest.")
    assert verdict.clauses[1].text == "Needle finds rose by about 83 in target and rings."
    assert verdict.clauses[2].text == "Taken together, whether harm fell or rose is not clear."
    assert verdict.answers[1].answer == "It rose in the rings"
    assert "131 more, between 103 more and 154 more" in verdict.answers[1].detail


def test_a_fall_under_some_sets_of_values_and_a_rise_under_others(planted):
    """Needle finds fall to a tenth, overdoses and violence rise: values decide, and page one counts them."""
    release = planted(
        {
            ("needle finds", TARGET): 0.1,
            ("needle finds", RING): 0.1,
            ("overdoses", TARGET): 3.2,
            ("overdoses", RING): 1.5,
            ("violence", TARGET): 1.6,
            ("violence", RING): 1.3,
        }
    )
    operation, verdict = first_screen(release)
    answers = profile_answers(operation)
    fell = [answer.profile for answer in answers if answer.together is Together.FELL]
    rose = [answer.profile for answer in answers if answer.together is Together.ROSE]
    assert fell
    assert rose
    assert "Taken together, harm fell under" in verdict.headline
    assert "and rose under" in verdict.headline
    assert verdict.answers[0].answer == "It depends on whose values"
    assert all(f"\u201c{name}\u201d" in verdict.answers[0].detail for name in fell + rose)
    assert "overdoses" in verdict.clauses[1].text


def test_activity_does_not_speak_before_what_is_known_of_the_primary(planted):
    """Needle finds are put back to about what was expected: the bound is the answer, and four times the offences are not."""
    release = planted({("drug offences", TARGET): 4, ("needle finds", TARGET): 1.5})
    operation, verdict = first_screen(release)
    assert changed_activities(operation)
    assert operation.primary.effect("target").reading.is_bound
    assert verdict.clauses[0].text.startswith("Needle finds did not ")
    assert all(clause.tone is Tone.UNCLEAR for clause in verdict.clauses)
    assert "rug offences" not in verdict.headline


def test_entries_to_treatment_are_never_a_harm(planted):
    _, verdict = first_screen(planted({("treatment entries", TARGET): 3, ("treatment entries", RING): 3}))
    _, unplanted = first_screen(planted({}))
    assert "reatment entries" not in verdict.headline
    assert verdict.clauses[0] == unplanted.clauses[0]
    worse = verdict.answers[3]
    assert "Treatment entries (not a harm)" in worse.detail
    assert worse.answer == unplanted.answers[3].answer
    row = next(row for row in verdict.balance if row.measure.measure.name == "treatment entries")
    assert not row.is_harm
    assert verdict.balance[-1] is row


def test_the_lines_to_multiply_come_out(planted):
    _, verdict = first_screen(planted({("overdoses", TARGET): 5, ("violence", TARGET): 4}))
    assert len(verdict.multiplications) == 3
    for line in verdict.multiplications:
        assert round(line.before * line.days_after / line.days_before * line.factor) == line.expected
        assert line.after - line.expected == line.difference
        assert f"about {abs(line.difference)}" in verdict.headline
