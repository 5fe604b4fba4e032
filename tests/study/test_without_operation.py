"""A study without an operation is a full study; `[[comparison]]` names two windows, with or without operations."""

from __future__ import annotations

import re
from datetime import date

import pytest

from geoharm.errors import StudyError
from geoharm.model.period import Period
from geoharm.model.study import MAX_COMPARISONS, Comparison
from geoharm.pipeline.check import check_has_operation, check_study
from geoharm.pipeline.workload import workload
from geoharm.study.read import read_study
from tests.conftest import small_study

COMPARISON = """
[[comparison]]
name   = "{name}"
before = {{ start = {before[0]}, end = {before[1]} }}
after  = {{ start = {after[0]}, end = {after[1]} }}
"""
ACTIVITY = """
[[measure]]
name        = "stops"
source      = "reports"
where       = { category = ["stop"] }
unit        = "incidents"
recorded_by = "police"
activity    = true
"""


def compared(name="year on year", before=("2020-01-01", "2021-01-01"), after=("2021-01-01", "2021-07-01")):
    return COMPARISON.format(name=name, before=before, after=after)


def without_operation(text: str) -> str:
    return re.sub(r"\[\[operation\]\].*?(?=\n\[)", "", text, flags=re.DOTALL)


def study_of(folder, *changes, extra="", keep_operation=False):
    path = small_study(folder)
    text = path.read_text(encoding="utf-8")
    text = text if keep_operation else without_operation(text)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text + extra, encoding="utf-8")
    return path


def problems_of(folder, *changes, **options):
    with pytest.raises(StudyError) as caught:
        read_study(study_of(folder, *changes, **options))
    return list(caught.value.problems)


def test_a_study_without_an_operation_is_read_and_checked(tmp_path):
    study = read_study(study_of(tmp_path))
    check_study(study)
    assert (study.operations, study.comparisons, study.primary) == ((), (), "finds")
    assert workload(study).seconds > 0


NARROW = ('unit        = "requests"', 'unit        = "requests"\nwhere       = { category = ["find"] }')
NO_PRIMARY = ('primary = "finds"\n', "")
NO_HARM = ('harm        = { borne_by = "community", type = "environment" }', "activity    = true")


def test_without_a_primary_the_first_harm_leads(tmp_path):
    stops_first = ("[[measure]]\n", f"{ACTIVITY.lstrip()}\n[[measure]]\n")
    assert read_study(study_of(tmp_path, stops_first, NARROW, NO_PRIMARY)).primary == "finds"


def test_without_a_harm_the_first_measure_leads_and_any_measure_may_be_named(tmp_path):
    assert read_study(study_of(tmp_path, NARROW, NO_HARM, NO_PRIMARY, extra=ACTIVITY)).primary == "finds"
    assert read_study(study_of(tmp_path, NARROW, ('"finds"\n\n', '"stops"\n\n'), extra=ACTIVITY)).primary == "stops"


def test_a_primary_that_is_no_measure_is_refused(tmp_path):
    problems = problems_of(tmp_path, ('primary = "finds"', 'primary = "fines"'))
    assert problems == [
        'study.toml, [study]: primary = "fines" is not the name of a measure; did you mean "finds"?',
    ]


def test_with_an_operation_the_primary_is_given_and_is_a_harm(tmp_path):
    assert problems_of(tmp_path, NO_PRIMARY, keep_operation=True) == [
        "study.toml, [study]: primary is missing; a study with an operation names its one primary measure, a harm."
    ]
    activity_leads = ('primary = "finds"', 'primary = "stops"')
    assert problems_of(tmp_path, NARROW, activity_leads, extra=ACTIVITY, keep_operation=True) == [
        'study.toml, [study]: primary = "stops" is activity; the primary outcome must be a harm.'
    ]


def test_an_operation_with_a_mistake_is_an_operation_all_the_same(tmp_path):
    """Its mistake is said; nothing is said that would be wrong once it is mended."""
    problems = problems_of(tmp_path, ("[[operation]]", "[operation]"), NO_PRIMARY, keep_operation=True)
    assert len(problems) == 2
    assert any("primary is missing" in problem for problem in problems)


def test_what_asks_about_an_operation_says_that_there_is_none(tmp_path):
    study = read_study(study_of(tmp_path))
    with pytest.raises(StudyError, match=r'^"A small study" has no operation, and a plan to lock needs one; add an'):
        check_has_operation(study, "a plan to lock")


def test_questions_about_operations_are_refused_without_one(tmp_path):
    question = '\n[[question]]\nname = "both"\nmeasures = ["finds"]\nzones = ["target", "all rings"]\n'
    assert problems_of(tmp_path, extra=question) == [
        'study.toml, [[question]] 1 "both": it asks about the target and rings of operations, and there is none; add an '
        "[[operation]], or take it out."
    ]


# -- comparisons ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keep_operation", [False, True])
def test_a_comparison_is_read_with_and_without_an_operation(tmp_path, keep_operation):
    study = read_study(study_of(tmp_path, extra=compared(), keep_operation=keep_operation))
    first_year, half_year = Period(date(2020, 1, 1), date(2021, 1, 1)), Period(date(2021, 1, 1), date(2021, 7, 1))
    assert study.comparisons == (Comparison("year on year", first_year, half_year),)


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        (compared(after=("2020-12-31", "2021-07-01")), "after starts on 2020-12-31, before the end of before (2021-01-01, not included)"),
        (compared(before=("2021-01-01", "2021-06-01"), after=("2020-01-01", "2021-01-01")), "must not overlap, and the earlier one is before."),
        (compared(before=("2019-06-01", "2020-06-01")), "before (2019-06-01 to 2020-05-31) runs past the study period, which is 2020-01-01 to 2021-12-31"),
        (compared(after=("2021-06-01", "2022-06-01")), "after (2021-06-01 to 2022-05-31) runs past the study period"),
        (compared(before=("2021-01-01", "2020-01-01")), "A period must end after it starts"),
        (compared() + compared(), 'two [[comparison]] are called "year on year"'),
        ("".join(compared(name=f"no. {number}") for number in range(MAX_COMPARISONS + 1)), "there are 13 [[comparison]], and at most 12 are mapped"),
    ],
)  # fmt: skip
def test_windows_that_cannot_be_compared_get_one_sentence(tmp_path, extra, sentence):
    problems = problems_of(tmp_path, extra=extra)
    assert len(problems) == 1
    assert sentence in problems[0]


def test_a_comparison_has_another_name_than_an_operation(tmp_path):
    assert problems_of(tmp_path, extra=compared(name="Operation Test"), keep_operation=True) == [
        'study.toml, [[comparison]] 1 "Operation Test": name = "Operation Test" is the name of an operation too; each needs '
        "its own."
    ]
