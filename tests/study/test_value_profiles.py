"""Profiles: the shipped ones are labelled examples; mistakes of one's own are named at once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from geoharm.errors import DesignError, StudyError
from geoharm.harm.completeness import limited_objective_note, missing_harms
from geoharm.harm.net_harm import net_harm
from geoharm.harm.requirements import check_requirements
from geoharm.model.measure import Harm, Measure
from geoharm.model.reading import Reading
from geoharm.study.value_profiles.profiles import (
    DEFAULT_PROFILES,
    SHIPPED_PROFILES,
    profile_text,
    read_exchange_rates,
    read_profile,
)
from tests.harm.worlds import calibrated_effect, joint, measure


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


# -- required measures ----------------------------------------------------------------------------------------------------

FINDS = measure("finds", source_kind="needle_find")
VIOLENCE = measure("violence", unit="incidents", kind="crime and violence")
OFFENCES = replace(VIOLENCE, name="drug offences", recorded_by="police", activity_as_harm=True, sign_of="dealing")
ENTRIES = measure("entries", unit="people", borne_by="user", kind="health", source_kind="treatment_entry")


def answer(name, *measures):
    return net_harm(
        joint([(one, calibrated_effect(100, 60, -0.8, -0.1)) for one in measures]), read_profile(name, Path())
    )


def test_zero_tolerance_adds_nothing_up_without_a_sign_of_use_or_dealing_that_is_not_police_activity():
    known, unknown = answer("zero-tolerance", FINDS, VIOLENCE), answer("zero-tolerance", VIOLENCE, OFFENCES)
    assert known.reading is Reading.FELL
    assert [row.weight for row in known.rows] == [1.0, 1.0]
    assert unknown.reading is Reading.CANNOT_TELL
    assert not unknown.is_known
    assert unknown.partial is None
    assert unknown.note == (
        "this profile needs a measure of drug use or dealing from a source other than police activity, and the study has "
        "none; it does not add up the rest alone"
    )
    # Also where a study counts it as harm, and beside another sign, police activity weighs nothing.
    assert [row.weight for row in answer("zero-tolerance", FINDS, OFFENCES).rows] == [1.0, 0.0]


def test_dealing_that_residents_report_meets_zero_tolerance():
    seen = replace(VIOLENCE, name="dealing seen by residents", sign_of="dealing")
    assert answer("zero-tolerance", seen).is_known
    assert seen.shows == "dealing"
    assert FINDS.shows == "use"
    assert (VIOLENCE.shows, OFFENCES.shows) == ("", "")


def test_recovery_through_pressure_needs_entries_into_treatment_and_gains_by_them():
    assert not answer("recovery-through-pressure", FINDS, VIOLENCE).is_known
    found = answer("recovery-through-pressure", FINDS, ENTRIES)
    assert [row.weight for row in found.rows] == [0.2, -1.0]


def test_individual_freedom_weighs_what_is_done_to_others():
    profile = read_profile("individual-freedom", Path())
    assert profile.weight(VIOLENCE) > profile.weight(FINDS) > profile.weight(ENTRIES) == 0
    assert "arrests" in profile.about


def test_three_profiles_are_shipped_by_name_and_are_no_default():
    assert set(SHIPPED_PROFILES) - set(DEFAULT_PROFILES) == {
        "zero-tolerance", "individual-freedom", "recovery-through-pressure",
    }  # fmt: skip


def test_a_plan_under_a_profile_whose_measure_is_missing_is_refused():
    profile = read_profile("zero-tolerance", Path())
    check_requirements([profile], [FINDS])
    with pytest.raises(
        DesignError, match=r'"zero tolerance" needs a measure of drug use or dealing .* take the profile out'
    ):
        check_requirements([profile], [VIOLENCE, OFFENCES])
