"""Profiles: the shipped ones are labelled examples; mistakes of one's own are named at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from geoharm.errors import StudyError
from geoharm.harm.completeness import limited_objective_note, missing_harms
from geoharm.model.measure import Harm, Measure
from geoharm.study.value_profiles.profiles import SHIPPED_PROFILES, profile_text, read_exchange_rates, read_profile
from tests.harm.worlds import measure


@pytest.mark.parametrize("name", SHIPPED_PROFILES)
def test_shipped_profiles_say_that_they_are_examples(name):
    found = read_profile(name, Path())
    assert found.example
    assert "nobody's values" in found.author
    for text in (found.about, found.date, found.version, found.source, found.licence, found.reference):
        assert text


def test_signs_and_vetoes():
    health = read_profile("public-health-first", Path())
    entries = measure("entries", unit="people", borne_by="user", kind="health", source_kind="treatment_entry")
    assert health.weight(entries) < 0
    assert read_profile("equal", Path()).weight(entries) == 0
    assert health.vetoes[0].words.startswith("no rise in overdoses")


def test_every_mistake_of_a_profile_is_named_at_once(tmp_path):
    text = profile_text("equal", Path()).replace("licence", "license").replace('sign = "ignored"', 'sign = "ignore"', 1)
    (tmp_path / "mine.toml").write_text(text.replace("weight = 1", "weight = -1"), encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        read_profile("mine.toml", tmp_path)
    said = str(caught.value)
    for sentence in (
        'mine.toml: license is not a known key; did you mean "licence"?', "mine.toml: licence is missing; it must be a text.",
        '[[weight]] 1: sign = "ignore" is not allowed; did you mean "ignored"?', "[[weight]] 3: weight = -1 must be a number of 0 or more.",
    ):  # fmt: skip
        assert sentence in said


def test_unknown_profiles_and_bad_ranges(tmp_path):
    with pytest.raises(StudyError, match='"equall" is no shipped profile; did you mean "equal"'):
        read_profile("equall", tmp_path)
    with pytest.raises(StudyError, match="does not exist"):
        read_profile("mine.toml", tmp_path)
    text = profile_text("exchange-rates", Path()).replace("[2, 100]", "[100, 2]").replace("[0.1, 2]", "[1]")
    (tmp_path / "rates.toml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        read_exchange_rates("rates.toml", tmp_path)
    assert "the smaller first; 100 and 2 were given" in str(caught.value)
    assert "as_much_as_one = [1] must be a list of 2 numbers above 0, such as [2, 50]." in str(caught.value)


def test_the_picture_needs_health_and_community():
    assert len(missing_harms([])) == 2
    assert missing_harms([measure("finds")])[0].startswith("a health measure")
    both = [measure("finds"), measure("overdoses", borne_by="user", kind="health")]
    assert missing_harms(both) == ()
    assert len(missing_harms([Measure("arrests", "s", (), "incidents", "police", None)])) == 2
    assert Harm("user", "health").type == "health"


@pytest.mark.parametrize(
    ("objective", "limited"),
    [("reduce acquisitive crime", True), ("fewer burglaries and thefts", True), ("public order", False),
     ("shoplifting and overdoses", False), ("less harm", False)],
)  # fmt: skip
def test_an_objective_limited_to_acquisitive_crime_is_flagged(objective, limited):
    assert bool(limited_objective_note(objective)) is limited
