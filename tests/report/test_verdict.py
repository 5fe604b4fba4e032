"""The verdict as a truth table: which words follow from which numbers."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest

from geoharm.disclosure.protect import protect
from geoharm.evaluation.reading import with_reading
from geoharm.evaluation.results.diagnostics import Severity
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS
from geoharm.model.effect import Effect
from geoharm.model.estimate import Estimate, Interval
from geoharm.model.reading import Claim, Reading
from geoharm.model.suppressed import Suppressed
from geoharm.report import format_numbers, palette
from geoharm.report.charts.effects import reading_colour, reading_mark
from geoharm.report.exports.run_record.effects import EffectRecord
from geoharm.report.exports.run_record.record import fill
from geoharm.report.exports.run_record.run import VerdictRecord
from geoharm.report.pages.brief.answer import balance_lines
from geoharm.report.pages.brief.cells import narrow_interval
from geoharm.report.pages.embed import embed_page
from geoharm.report.wording.reading import cap_sentence, unsaid_sentence
from geoharm.report.wording.states import recorder_words, state_sentence, state_words
from geoharm.report.wording.summary import summarise
from geoharm.report.wording.verdict import verdict_of
from tests.disclosure.test_protect import PLENTY, result
from tests.evaluation.test_reading import diagnostic as guard
from tests.evaluation.test_reading import effect as ladder_effect
from tests.report.readability import grade

# Grade 8 of school: about 13 years.
MAX_GRADE = 8.5


def effect(*, change=-50.0, low=-80.0, high=-20.0, expected=200.0, detectable=0.3, calibrated=True, after=150):
    ratio = Estimate("log rate ratio", -0.3, 0.1, "log ratio", "", calibrated=calibrated)
    interval = Interval(low, high, 0.95)
    return with_reading(
        Effect("target", "after", 200, after, 1000, 1000, 1.0, expected, change, interval, interval, ratio, ratio, ratio, 1.0, detectable)
    )  # fmt: skip


def refused(reason="only 2 other places were as busy before, and 5 are needed", **changes):
    ratio = Estimate(
        "log rate ratio",
        math.nan,
        math.nan,
        "log ratio",
        "",
        f"no 95% interval is possible here: {reason}",
        calibrated=True,
    )
    nothing = Interval(math.nan, math.nan, 0.95)
    plain = effect(**changes)
    return with_reading(replace(plain, ratio=ratio, interval=nothing, counting=Interval(-80.0, -20.0, 0.95)))


def test_a_refused_interval_cannot_tell_whatever_the_narrow_one_says():
    assert refused().is_refused
    assert refused().reading is Reading.CANNOT_TELL
    text = format_numbers.stated_change(refused())
    assert text == "−50 (no 95% interval; counting only, too narrow: −80 to −20)"


def test_an_uncalibrated_interval_is_marked_wherever_it_stands():
    assert format_numbers.stated_change(effect(calibrated=False)) == "−50 (−80 to −20, counting only)"
    assert format_numbers.stated_change(effect()) == "−50 (−80 to −20)"


def test_a_withheld_effect_is_withheld_and_not_refused():
    assert not replace(refused(), before=Suppressed(5)).is_refused


def test_only_a_finding_has_a_ground_of_its_colour():
    coloured = {state for state in Reading if reading_colour(state) != palette.SLATE}
    assert coloured == {Reading.FELL, Reading.ROSE} == {state for state in Reading if state.is_finding}


def test_every_state_has_a_mark_of_its_own_without_colour():
    """Cut the colours out: seven forms remain, and one for no data; the ring stands for what cannot be told."""
    marks = {state: re.sub(r"#[0-9a-f]{6}", "", str(reading_mark(state))) for state in (*Reading, None)}
    assert marks[Reading.CANNOT_TELL] == marks[Reading.CONTROLS_DISAGREE]
    assert len(set(marks.values())) == len(Reading)
    colours = {state: re.findall(r"#[0-9a-f]{6}", str(reading_mark(state)))[-1] for state in Reading}
    assert {state for state, colour in colours.items() if colour == palette.LESS_HARM} == {
        Reading.FELL, Reading.PROBABLY_FELL
    }  # fmt: skip
    assert {state for state, colour in colours.items() if colour == palette.MORE_HARM} == {
        Reading.ROSE, Reading.PROBABLY_ROSE
    }  # fmt: skip


def test_the_thick_bar_shows_what_is_probable():
    """It leaves out zero exactly where a change is probable by the interval alone, and lies within the thin one."""
    for value, said in ((-0.5, Reading.FELL), (-0.15, Reading.PROBABLY_FELL), (0.1, Reading.NO_FALL_OVER)):
        one = with_reading(ladder_effect(value, margin=0.1))
        narrow, wide = narrow_interval(one), one.interval
        assert one.reading is said
        assert wide.low < narrow.low < narrow.high < wide.high
        assert narrow.side == (one.reading.direction if one.reading.direction else 0)
    assert narrow_interval(refused()) is None
    assert narrow_interval(effect(calibrated=False)) is None


@pytest.mark.parametrize(
    ("numbers", "diagnostics", "said"),
    [
        ({"value": -0.5}, [("UNPLACED_ROWS", Severity.SIGNAL)],
         "It is not called a fall: counted the other way, doubtful rows would change it (rows without a place)."),
        ({"value": 0.15}, [("PILES", Severity.SAY, [Claim.LEAD])],
         "It is not called a rise: counted the other way, doubtful rows would change it (one point with many events)."),
        ({"value": -0.15, "control": 1300}, [],
         "It is not called a fall: the control area changed too much between the windows."),
        # Said, or nothing to say.
        ({"value": -0.5}, [], ""),
        ({"value": -0.15}, [], ""),
        ({"value": 0.0, "control": 1300}, [], ""),
        ({"value": -0.5, "control": 1300}, [], ""),
        ({"value": -0.5, "calibrated": False, "control": 1300}, [], ""),
        ({"value": -0.5}, [("CONTROLS", Severity.REFUSE)], ""),
    ],
)  # fmt: skip
def test_what_an_interval_shows_and_no_one_says_has_its_reason(area, numbers, diagnostics, said):
    listed = tuple(guard(*row) for row in diagnostics)
    one = with_reading(ladder_effect(**numbers), listed)
    primary = protect(result(area, PLENTY)).operations[0].primary
    measure = replace(primary, robustness=replace(primary.robustness, diagnostics=listed))
    assert unsaid_sentence(measure, one) == said
    assert not said or grade(said) <= 11
    assert not said or one.reading.direction == 0


def test_what_the_places_allow_is_published_and_said(area):
    few = "only 2 other places were as busy; 5 are needed"
    one = with_reading(ladder_effect(-0.5, places=few))
    record = fill(EffectRecord, one)
    assert (record.reading, record.cap, record.percent) == ("probably fell", "places", None)
    assert record.placebo.probably_at_most == few
    primary = protect(result(area, PLENTY)).operations[0].primary
    assert cap_sentence(primary, one) == f"No more than \u201cprobably\u201d: {few}."
    bound = fill(EffectRecord, with_reading(ladder_effect(0.0, places=few)))
    assert (bound.reading, bound.cap, bound.percent) == ("no rise over", None, 18)


def test_a_withheld_count_withholds():
    assert replace(effect(), before=Suppressed(5)).is_withheld
    assert str(Suppressed(5)) == "under 5"
    assert str(Suppressed()) == "withheld"


def read_as(release, reading):
    """Return the operation of a release with every effect of its primary measure read as given."""
    (operation,) = release.operations
    primary = replace(
        operation.primary, effects=tuple(replace(one, reading=reading) for one in operation.primary.effects)
    )
    return replace(operation, measures=(primary, *operation.measures[1:]))


@pytest.mark.parametrize("reading", Reading)
def test_every_reading_has_a_sentence_in_the_summary(area, reading):
    """Each reading gives a summary with the sentence of its state; one that had none ended the run with an error."""
    release = protect(result(area, PLENTY))
    operation = read_as(release, reading)
    said = summarise(release, operation, verdict_of(release, operation)).sentences
    assert state_sentence("finds", operation.primary.effect("target")) in said


@pytest.mark.parametrize("reading", Reading)
def test_brief_card_and_summary_say_the_same_of_a_state(area, reading):
    """One word for it in the balance (brief and card), and one sentence in headline, summary and record."""
    release = protect(result(area, PLENTY))
    operation = read_as(release, reading)
    verdict, effect = verdict_of(release, operation), operation.primary.effect("target")
    sentence, short = state_sentence("finds", effect), state_words(effect)
    cells = [cell for line in balance_lines(verdict) for cell in line.cells]
    assert cells[0].word == short
    assert {cell.mark for cell in cells} == {reading_mark(reading)}
    card = embed_page(release, operation, verdict, "embed.html")
    assert short in card
    assert verdict.clauses[0].text in card
    if reading is not Reading.CANNOT_TELL:
        assert sentence.startswith(verdict.clauses[0].text)
    record = fill(VerdictRecord, verdict)
    assert (record.state, record.percent) == (reading, effect.bound_percent)


NEVER = re.compile(
    r"\b(worked|caused|led to|impact|effect of|effective|success\w*|significant\w*|proven|no effect|no evidence of|safe|"
    r"relative to the control|recorded harm|hot|addicts?|placebo|counterfactual|rate ratio|standard error|p-value)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("reading", Reading)
@pytest.mark.parametrize("zone", ["target", ALL_RINGS, TARGET_AND_RINGS])
def test_sentences_of_states_are_plain_and_use_no_word_that_says_why(reading, zone):
    """Flesch-Kincaid at most grade 8.5, about twelve to thirteen years; the names of places and measures are as short."""
    for calibrated in (True, False):
        said = state_sentence("needle finds", replace(effect(calibrated=calibrated), zone=zone, reading=reading))
        assert grade(said) <= MAX_GRADE, said
        assert not NEVER.search(said)
        assert said.endswith(".")


def test_the_sentences_of_the_ladder_are_the_fixed_ones():
    said = {reading: state_sentence("overdoses", replace(effect(), reading=reading)) for reading in Reading}
    assert said == {
        Reading.FELL: "Overdoses fell by about 50 in the target area, against what the control area suggests.",
        Reading.ROSE: "Overdoses rose by about 50 in the target area, against what the control area suggests.",
        Reading.PROBABLY_FELL: "Overdoses probably fell in the target area. This is a lead, not a finding.",
        Reading.PROBABLY_ROSE: "Overdoses probably rose in the target area. This is a lead, not a finding.",
        Reading.NO_RISE_OVER: "Overdoses did not rise by more than 1% in the target area. A smaller rise is not ruled out.",
        Reading.NO_FALL_OVER: "Overdoses did not fall by more than 38% in the target area. A smaller fall is not ruled out.",
        Reading.CANNOT_TELL: "These data cannot tell whether overdoses fell or rose in the target area.",
        Reading.CONTROLS_DISAGREE: "Overdoses may have fallen. The ways to compare disagree, so this is no finding.",
    }


@pytest.mark.parametrize(
    ("kind", "recorded_by", "words"),
    [
        ("health", "public", "recorded by an agency"),
        ("treatment_entry", "public", "recorded by an agency"),
        ("needle_find", "public", "reported by the public"),
        ("incident", "police", "recorded by police"),
    ],
)
def test_what_a_service_recorded_is_not_reported_by_the_public(area, kind, recorded_by, words):
    release = protect(result(area, PLENTY))
    primary = release.operations[0].primary
    measure = replace(primary, measure=replace(primary.measure, kind=kind, recorded_by=recorded_by))
    assert recorder_words(measure) == words
