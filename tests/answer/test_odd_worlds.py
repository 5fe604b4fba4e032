"""Odd worlds, made from a release of the demo's city: each was said wrongly once, or ended in an error."""

from __future__ import annotations

from dataclasses import replace

import pytest

from geoharm.answer.balance import headline_facts, profile_answers, risen_harms
from geoharm.answer.headline import headline_clauses
from geoharm.answer.nouns import Clause, Lasts, Together
from geoharm.answer.questions import rises_that_had_not_ended, will_it_last
from geoharm.harm.results.net_harm import VetoCheck
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS
from geoharm.model.measure import Role
from geoharm.model.reading import Reading
from geoharm.report.pages.brief.values import say_line, value_lines
from geoharm.report.wording.value_answers import ANSWER_WORDS
from geoharm.report.wording.verdict import verdict_of

UNCLEAR = Reading.NO_CLEAR_CHANGE


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
    """Three of seven answers ended the run with a KeyError: a lead of less, a lead of more, a broken veto."""
    release, operation = quiet
    vetoes = (VetoCheck("no rise in overdoses", "overdoses", "hit" if hit else "kept", ""),)
    operation = with_nets(operation, reading=reading, vetoes=vetoes)
    (answer,) = {answer.together for answer in profile_answers(operation)}
    assert {line.answer.split(";")[0] for line in value_lines(operation)} == {ANSWER_WORDS[answer]}
    assert say_line(operation).startswith("Under all five sets of values, ")
    verdict_of(release, operation)


def test_the_count_of_answers_adds_up(quiet):
    _, operation = quiet
    readings = [Reading.FELL, Reading.SIGNAL_RISE, UNCLEAR, Reading.ROSE, Reading.SIGNAL_FALL]
    by_profile = dict(zip([profile.name for profile in operation.harm.profiles], readings, strict=True))
    nets = tuple(replace(net, reading=by_profile[net.profile], vetoes=()) for net in operation.harm.net_harm)
    operation = replace(operation, harm=replace(operation.harm, net_harm=nets))
    assert set(ANSWER_WORDS) == set(Together)
    assert say_line(operation) == (
        "Of five sets of values, one says harm fell, one says it may have fallen, one cannot tell, one says it may have "
        "risen and one says it rose."
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


@pytest.mark.parametrize("reading", [Reading.FELL, Reading.SIGNAL_RISE])
def test_activity_does_not_speak_for_harm_where_a_harm_changed(quiet, reading):
    _, operation = quiet
    activity = next(measure.measure.name for measure in operation.measures if measure.measure.role is Role.ACTIVITY)
    operation = read_as(operation, activity, Reading.ROSE, "target")
    assert headline_clauses(headline_facts(operation))[0] is Clause.ACTIVITY_ONLY
    operation = read_as(operation, "overdoses", reading, ALL_RINGS)
    assert headline_clauses(headline_facts(operation))[0] is Clause.NO_CLEAR_CHANGE


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
    assert will_it_last(fell) is Lasts.SIGNAL_LOWER
    assert will_it_last(read_as(fell, "needle finds", Reading.FELL, "target")) is Lasts.STILL_LOWER
    rose = read_as(operation, "overdoses", Reading.ROSE, "target", phases=True)
    assert rises_that_had_not_ended(rose) == ()
    assert verdict_of(release, rose).answers[2].answer == "Not told apart at the end"
    assert len(rises_that_had_not_ended(read_as(rose, "overdoses", Reading.ROSE, TARGET_AND_RINGS))) == 1


def test_only_a_weighted_harm_is_given_as_the_reason_of_no_sum(quiet):
    release, operation = quiet
    nan = float("nan")
    operation = with_nets(operation, low=nan, high=nan, reading=Reading.CANNOT_TELL, refused=("violence",), vetoes=())
    assert verdict_of(release, operation).clauses[-1].text == (
        "Taken together, harm cannot be added up: violence has no interval."
    )
