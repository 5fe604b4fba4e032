"""The verdict as a truth table: which words follow from which numbers."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from geoharm.disclosure.protect import protect
from geoharm.evaluation.reading import with_reading
from geoharm.model.effect import Effect
from geoharm.model.estimate import Estimate, Interval
from geoharm.model.reading import Reading
from geoharm.model.suppressed import Suppressed
from geoharm.report import format_numbers, palette
from geoharm.report.charts.effects import reading_colour
from geoharm.report.wording.states import recorder_words
from geoharm.report.wording.summary import summarise
from geoharm.report.wording.verdict import verdict_of
from tests.disclosure.test_protect import PLENTY, result


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


def test_only_a_finding_has_a_colour():
    coloured = {state for state in Reading if reading_colour(state) != palette.SLATE}
    assert coloured == {Reading.FELL, Reading.ROSE} == {state for state in Reading if state.is_finding}


def test_a_withheld_count_withholds():
    assert replace(effect(), before=Suppressed(5)).is_withheld
    assert str(Suppressed(5)) == "under 5"
    assert str(Suppressed()) == "withheld"


@pytest.mark.parametrize("reading", Reading)
def test_every_reading_has_a_sentence_in_the_summary(area, reading):
    """Each reading gives a summary with a sentence of its own; one that had none ended the run with an error."""
    release = protect(result(area, PLENTY))
    verdict = replace(verdict_of(release, release.operations[0]), state=reading)
    said = summarise(release, release.operations[0], verdict).sentences
    others = [replace(verdict, state=other) for other in Reading if other is not reading]
    assert all(summarise(release, release.operations[0], other).sentences != said for other in others)


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
