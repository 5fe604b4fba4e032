"""Odd worlds, made from a release of the demo's city: each was said wrongly once, or ended in an error."""

from __future__ import annotations

from dataclasses import replace

import pytest

from geoharm.answer.balance import headline_facts, profile_answers, risen_harms
from geoharm.answer.headline import headline_clauses
from geoharm.answer.nouns import Clause, Lasts, Together, Tone
from geoharm.answer.questions import last_phase, last_phase_effect, rises_that_had_not_ended, will_it_last
from geoharm.harm.results.net_harm import VetoCheck
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS
from geoharm.model.measure import Role
from geoharm.model.reading import Reading
from geoharm.report.pages.brief.values import say_line, value_lines
from geoharm.report.wording.value_answers import ANSWER_WORDS
from geoharm.report.wording.verdict import verdict_of

UNCLEAR = Reading.CANNOT_TELL


@pytest.fixture
def quiet(planted):
    """Return the release and its operation, with every reading of every harm unclear."""
    release = planted({})
    (operation,) = release.operations
    return release, replace(
        operation,
        measures=tuple(
            replace(
                measure,
                effects=tuple(replace(effect, reading=UNCLEAR) for effect in measure.effects),
                phases=tuple(replace(effect, reading=UNCLEAR) for effect in measure.phases),
            )
            for measure in operation.measures
        ),
    )


def read_as(operation, name, reading, *zones, phases=False):
    """Return an operation in which a measure has a reading in some zones; with `phases`, in its phases."""

    def changed(effects):
        return tuple(replace(effect, reading=reading) if effect.zone in zones else effect for effect in effects)

    return replace(
        operation,
        measures=tuple(
            measure
            if measure.measure.name != name
            else replace(measure, phases=changed(measure.phases))
            if phases
            else replace(measure, effects=changed(measure.effects))
            for measure in operation.measures
        ),
    )


def with_nets(operation, **changes):
    nets = tuple(replace(net, **changes) for net in operation.harm.net_harm)
    return replace(operation, harm=replace(operation.harm, net_harm=nets))


@pytest.mark.parametrize("reading", list(Reading))
@pytest.mark.parametrize("hit", [False, True])
def test_every_answer_of_a_set_of_values_has_its_words(quiet, reading, hit):
    """Three of seven answers ended the run with a KeyError: probably less, probably more, a broken veto."""
    release, operation = quiet
    vetoes = (VetoCheck("no rise in overdoses", "overdoses", "hit" if hit else "kept", ""),)
    operation = with_nets(operation, reading=reading, vetoes=vetoes)
    (answer,) = {answer.together for answer in profile_answers(operation)}
    assert {line.answer.split(";")[0] for line in value_lines(operation)} == {ANSWER_WORDS[answer]}
    assert say_line(operation).startswith("Under all five sets of values, ")
    verdict_of(release, operation)


def test_the_count_of_answers_adds_up(quiet):
    _, operation = quiet
    readings = [Reading.FELL, Reading.PROBABLY_ROSE, UNCLEAR, Reading.ROSE, Reading.PROBABLY_FELL]
    by_profile = dict(zip([profile.name for profile in operation.harm.profiles], readings, strict=True))
    nets = tuple(replace(net, reading=by_profile[net.profile], vetoes=()) for net in operation.harm.net_harm)
    operation = replace(operation, harm=replace(operation.harm, net_harm=nets))
    assert set(ANSWER_WORDS) == set(Together)
    assert say_line(operation) == (
        "Of five sets of values, one says harm fell, one says it probably fell, one cannot tell, one says it probably rose "
        "and one says it rose."
    )


def test_a_veto_that_is_hit_in_the_target_alone_rules_out_a_fall(quiet):
    _, operation = quiet
    hit = VetoCheck("no rise in overdoses", "overdoses", "hit", "")
    nets = tuple(
        replace(net, reading=Reading.FELL, vetoes=(hit,) if net.zone == "target" else ())
        for net in operation.harm.net_harm
    )
    operation = replace(operation, harm=replace(operation.harm, net_harm=nets))
    assert {answer.together for answer in profile_answers(operation)} == {Together.RULED_OUT}
    assert not {Clause.TOGETHER_FELL, Clause.TOGETHER_SOME_FELL} & set(headline_clauses(headline_facts(operation)))


def test_a_veto_of_which_nothing_is_known_is_said(quiet):
    release, operation = quiet
    unknown = VetoCheck("no rise in overdoses", "overdoses", "unknown", "")
    operation = with_nets(operation, reading=Reading.FELL, vetoes=(unknown,))
    detail = verdict_of(release, operation).answers[0].detail
    assert "accepts no rise in overdoses; whether that holds is not known." in detail


def test_a_veto_without_a_measure_is_said_in_its_own_words(quiet):
    """It "accepts no rise in no rise in overdoses is acceptable"."""
    release, operation = quiet
    veto = VetoCheck("no rise in overdoses is acceptable", "", "unknown", "no measure of overdoses was supplied")
    detail = verdict_of(release, with_nets(operation, vetoes=(veto,))).answers[0].detail
    assert "sets a condition that no measure here can check: no rise in overdoses is acceptable." in detail
    assert "accepts no rise" not in detail


@pytest.mark.parametrize("reading", [Reading.FELL, Reading.PROBABLY_ROSE])
def test_activity_does_not_speak_for_harm_where_a_harm_changed(quiet, reading):
    _, operation = quiet
    operation = with_nets(operation, reading=Reading.CANNOT_TELL)
    activity = next(measure.measure.name for measure in operation.measures if measure.measure.role is Role.ACTIVITY)
    operation = read_as(operation, activity, Reading.ROSE, "target")
    assert headline_clauses(headline_facts(operation))[0] is Clause.ACTIVITY_ONLY
    operation = read_as(operation, "overdoses", reading, ALL_RINGS)
    assert headline_clauses(headline_facts(operation))[0] is Clause.CANNOT_TELL


@pytest.mark.parametrize("in_target", [Reading.FELL, Reading.ROSE])
def test_a_rise_of_the_primary_in_both_together_is_named_and_multiplied(quiet, in_target):
    """A fall of 20 with a rise of 300 in the rings said nothing of 280 more in both."""
    release, operation = quiet
    operation = read_as(operation, "needle finds", Reading.ROSE, ALL_RINGS, TARGET_AND_RINGS)
    operation = read_as(operation, "needle finds", in_target, "target")
    (change,) = risen_harms(operation)
    assert change.effect.zone == TARGET_AND_RINGS
    verdict = verdict_of(release, operation)
    assert any("in target and rings" in clause.text for clause in verdict.clauses)
    assert [line.change.effect.zone for line in verdict.multiplications] == ["target", TARGET_AND_RINGS]


def test_a_phase_alone_is_a_lead(quiet):
    """A phase has no joint error: it is a finding only where the whole window is one."""
    release, operation = quiet
    fell = read_as(operation, "needle finds", Reading.FELL, "target", phases=True)
    assert will_it_last(fell) is Lasts.PROBABLY_LOWER
    assert will_it_last(read_as(fell, "needle finds", Reading.FELL, "target")) is Lasts.STILL_LOWER
    rose = read_as(operation, "overdoses", Reading.ROSE, "target", phases=True)
    assert rises_that_had_not_ended(rose) == ()
    assert verdict_of(release, rose).answers[2].answer == "Cannot tell"
    assert len(rises_that_had_not_ended(read_as(rose, "overdoses", Reading.ROSE, TARGET_AND_RINGS))) == 1


def test_only_a_weighted_harm_is_given_as_the_reason_of_no_sum(quiet):
    release, operation = quiet
    nan = float("nan")
    operation = with_nets(operation, low=nan, high=nan, reading=Reading.CANNOT_TELL, refused=("violence",), vetoes=())
    assert verdict_of(release, operation).clauses[-1].text == (
        "Taken together, harm cannot be added up: violence has no interval."
    )


def test_a_probable_rise_of_another_harm_is_named_on_page_one(quiet):
    """In the fourth question, and in its cell of the balance; the headline is for findings."""
    release, operation = quiet
    operation = read_as(operation, "overdoses", Reading.PROBABLY_ROSE, ALL_RINGS)
    verdict = verdict_of(release, operation)
    assert verdict.answers[3].answer == "Probably: overdoses"
    assert verdict.answers[3].state is Reading.PROBABLY_ROSE
    assert "Overdoses probably rose in the rings (a lead, not a finding): " in verdict.answers[3].detail
    assert "overdoses" not in verdict.headline
    found = verdict_of(release, read_as(operation, "violence", Reading.ROSE, "target"))
    assert found.answers[3].answer == "Yes: violence"
    assert "Overdoses probably rose in the rings" in found.answers[3].detail


def test_no_harm_by_more_than_is_said_only_where_every_harm_in_every_zone_is_bounded(quiet):
    release, operation = quiet
    zones = ("target", ALL_RINGS, TARGET_AND_RINGS)
    for measure in operation.measures:
        operation = read_as(operation, measure.measure.name, Reading.NO_RISE_OVER, *zones)
    harms = [row for row in verdict_of(release, operation).balance if row.is_harm]
    largest = max(effect.bound_percent or 1 for row in harms for effect in row.effects)
    worse = verdict_of(release, operation).answers[3]
    assert (worse.answer, worse.state) == (f"No harm by more than {largest}%", Reading.NO_RISE_OVER)
    for reading in (Reading.CANNOT_TELL, Reading.NO_FALL_OVER, Reading.PROBABLY_FELL):
        doubtful = verdict_of(release, read_as(operation, "overdoses", reading, ALL_RINGS)).answers[3]
        assert doubtful.answer == "Not known"
    assert (
        verdict_of(release, read_as(operation, "overdoses", Reading.FELL, "target"))
        .answers[3]
        .answer.startswith("No harm by")
    )


@pytest.mark.parametrize(
    ("reading", "first", "moved", "lasts"),
    [
        (Reading.PROBABLY_FELL, "Needle finds probably fell in the target area. This is a lead, not a finding.",
         "It probably fell in the rings", "Probably still lower at 11 months"),
        (Reading.PROBABLY_ROSE, "Needle finds probably rose in the target area. This is a lead, not a finding.",
         "Probably", "Probably higher at 11 months"),
        (Reading.NO_RISE_OVER, "Needle finds did not rise by more than {target}% in the target area.",
         "Not by more than {rings}%", "Not higher by more than {last}% at 11 months"),
        (Reading.NO_FALL_OVER, "Needle finds did not fall by more than {target}% in the target area.",
         "Cannot tell", "Not lower by more than {last}% at 11 months"),
        (Reading.CANNOT_TELL, "In the target area, these data cannot tell whether needle finds fell or rose.",
         "Cannot tell", "Cannot tell"),
    ],
)  # fmt: skip
def test_each_rung_has_its_headline_and_its_answers(quiet, reading, first, moved, lasts):
    release, operation = quiet
    operation = read_as(operation, "needle finds", reading, "target", ALL_RINGS)
    operation = read_as(operation, "needle finds", reading, "target", phases=True)
    verdict = verdict_of(release, operation)
    effects = {
        "target": operation.primary.effect("target"), "rings": operation.primary.effect(ALL_RINGS),
        "last": last_phase_effect(operation),
    }  # fmt: skip
    percents = {name: effect.bound_percent for name, effect in effects.items()}
    assert verdict.clauses[0].text == first.format(**percents)
    assert verdict.clauses[0].tone is Tone.UNCLEAR
    assert (verdict.state, verdict.percent) == (reading, percents["target"])
    assert (verdict.answers[1].answer, verdict.answers[2].answer) == (
        moved.format(**percents),
        lasts.format(**percents),
    )


@pytest.mark.parametrize(
    ("readings", "clause", "answer"),
    [
        ([Reading.PROBABLY_FELL] * 5, "Taken together, harm probably fell under all five sets of values.", "Probably"),
        ([Reading.FELL] + [Reading.PROBABLY_FELL] * 4, "Taken together, harm probably fell under all five sets of values.",
         "Probably"),
        ([Reading.PROBABLY_ROSE] * 4 + [Reading.ROSE], "Taken together, harm probably rose under all five sets of values.",
         "No: it probably rose"),
        ([Reading.PROBABLY_FELL] * 2 + [UNCLEAR] * 3, "Taken together, whether harm fell is not clear.", "Not clear"),
        ([Reading.PROBABLY_FELL] * 2 + [Reading.PROBABLY_ROSE] + [UNCLEAR] * 2,
         "Taken together, whether harm fell or rose is not clear.", "Not clear"),
        ([Reading.FELL] * 2 + [Reading.PROBABLY_ROSE] + [UNCLEAR] * 2,
         "Taken together, harm fell under two of five sets of values; it probably rose under one; the others state neither a "
         "fall nor a rise.", "Under two of five sets of values"),
    ],
)  # fmt: skip
def test_taken_together_knows_what_is_probable(quiet, readings, clause, answer):
    release, operation = quiet
    by_profile = dict(zip([profile.name for profile in operation.harm.profiles], readings, strict=True))
    nets = tuple(replace(net, reading=by_profile[net.profile], vetoes=()) for net in operation.harm.net_harm)
    verdict = verdict_of(release, replace(operation, harm=replace(operation.harm, net_harm=nets)))
    assert verdict.clauses[-1].text == clause
    assert verdict.answers[0].answer == answer


def test_a_rise_in_the_last_phase_had_not_ended(quiet):
    release, operation = quiet
    last = last_phase(operation.design).name
    operation = read_as(operation, "violence", Reading.ROSE, "target")
    measures = tuple(
        replace(
            measure,
            phases=tuple(
                replace(phase, reading=Reading.ROSE) if (phase.zone, phase.window) == ("target", last) else phase
                for phase in measure.phases
            ),
        )
        if measure.measure.name == "violence"
        else measure
        for measure in operation.measures
    )
    assert "rise had not ended" in verdict_of(release, replace(operation, measures=measures)).answers[2].answer
    assert "rise had not ended" not in verdict_of(release, operation).answers[2].answer
