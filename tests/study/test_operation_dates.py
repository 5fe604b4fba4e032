"""The dates of an operation in the study file: one period, several spells, or a start of a measure that goes on."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from geoharm.errors import StudyError
from geoharm.model.period import Period
from geoharm.pipeline.check import check_study
from geoharm.pipeline.preregistration import plan_contents
from geoharm.study.read import read_study
from tests.conftest import small_study
from tests.study.test_read import broken

DAYS = "start     = 2021-01-01\nend       = 2021-01-31\n"
PHASES = 'after     = ["during", "0-6 months"]\n'
SPELLS = """
[[operation.spell]]
start = 2021-01-01
end = 2021-01-07

[[operation.spell]]
start = 2021-02-01
end = 2021-02-14
"""


def written(folder, *changes):
    path = small_study(folder)
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return read_study(path)


def test_spells_give_the_operation_its_period(tmp_path):
    (operation,) = written(tmp_path, (DAYS, ""), (PHASES, PHASES + SPELLS)).operations
    spells = (Period(date(2021, 1, 1), date(2021, 1, 8)), Period(date(2021, 2, 1), date(2021, 2, 15)))
    assert operation.spells == operation.active == spells
    assert operation.period == Period(date(2021, 1, 1), date(2021, 2, 15))
    assert operation.phases_from == date(2021, 2, 15)
    assert operation.reach == Period(date(2021, 1, 1), date(2021, 8, 15))


def test_an_operation_of_one_period_has_no_spells(tmp_path):
    (operation,) = written(tmp_path).operations
    assert operation.spells == ()
    assert operation.active == (operation.period,)
    assert not operation.ongoing
    assert operation.reach == Period(date(2021, 1, 1), date(2021, 8, 1))


def test_a_measure_that_goes_on_runs_to_the_end_of_the_study(tmp_path):
    (operation,) = written(tmp_path, (DAYS, "start = 2021-01-01\nongoing = true\n")).operations
    assert operation.ongoing
    assert operation.period == operation.reach == Period(date(2021, 1, 1), date(2022, 1, 1))
    assert operation.phases_from == date(2021, 1, 1)


def test_a_measure_planned_for_after_the_study_period_has_a_day(tmp_path):
    (operation,) = written(tmp_path, (DAYS, "start = 2023-05-01\nongoing = true\n")).operations
    assert operation.period == Period(date(2023, 5, 1), date(2023, 5, 1) + timedelta(days=1))


@pytest.mark.parametrize(
    ("days", "more", "sentence"),
    [
        ("start = 2021-01-01\n", "", "end is missing; it must be a date without quotes, such as 2019-08-01. If the measure goes on, write ongoing = true instead."),
        ("end = 2021-01-31\n", "", "start is missing; it must be a date without quotes, such as 2019-08-01. Several active periods are written as [[operation.spell]]."),
        ("", "", "start is missing; it must be a date without quotes, such as 2019-08-01. Several active periods are written as [[operation.spell]]."),
        (DAYS + "ongoing = true\n", "", "end and ongoing = true are both given; a measure that goes on has no end."),
        ("ongoing = true\n", "", "start is missing; it must be a date without quotes, such as 2019-08-01. Several active periods are written as [[operation.spell]]."),
        (DAYS, SPELLS, "start or end is given beside [[operation.spell]]; leave them out, the spells say both."),
        ("ongoing = true\n", SPELLS, "ongoing = true and [[operation.spell]] are both given; write ongoing = true with the start of the first spell, or end the last spell."),
        ("", SPELLS[: SPELLS.index("[[operation.spell]]", 5)], "there is one [[operation.spell]]; write its days as start and end."),
        ("", SPELLS.replace("2021-02-01", "2021-01-08"), "the spells 2021-01-01 to 2021-01-07 and 2021-01-08 to 2021-02-14 are not in order with a day between them; sort them, and write spells without a day between them as one."),
        ("", SPELLS.replace("2021-02-01", "2020-12-01").replace("2021-02-14", "2020-12-02"), "the spells 2021-01-01 to 2021-01-07 and 2020-12-01 to 2020-12-02 are not in order"),
        ("", SPELLS.replace("2021-02-14", "2021-01-20"), "end = 2021-01-20 must not be before start = 2021-02-01; both days are part of the spell."),
        ("", SPELLS.replace("end = 2021-02-14", ""), "end is missing; it must be a date without quotes, such as 2019-08-01."),
        ("", SPELLS.replace("end = 2021-02-14", "stop = 2021-02-14"), "stop is not a known key"),
    ],
)  # fmt: skip
def test_dates_that_cannot_be_have_one_sentence_each(tmp_path, days, more, sentence):
    problems = broken(tmp_path, (DAYS, days), (PHASES, PHASES + more))
    assert sum(sentence in problem for problem in problems) == 1, problems
    if "stop" not in more:
        assert len(problems) == 1, problems


def test_the_plan_holds_spells_and_that_a_measure_goes_on(tmp_path):
    plans = [
        plan_contents(study)["operations"]["Operation Test"]
        for study in (
            written(tmp_path),
            written(tmp_path, (DAYS, ""), (PHASES, PHASES + SPELLS)),
            written(tmp_path, (DAYS, "start = 2021-01-01\nongoing = true\n")),
        )
    ]
    # A plan from before has neither key, so it stays valid.
    assert not {"spells", "ongoing"} & plans[0].keys()
    assert plans[1]["spells"] == ["2021-01-01 to 2021-01-07", "2021-02-01 to 2021-02-14"]
    assert plans[1]["period"] == "2021-01-01 to 2021-02-14"
    assert plans[2]["ongoing"] is True


def test_a_mistake_in_the_phases_of_one_operation_is_told_once_and_of_it_alone(tmp_path):
    path = small_study(tmp_path)
    text = path.read_text(encoding="utf-8")
    second = text[text.index("[[operation]]") : text.index("[publish]")].replace("Operation Test", "Again")
    second = second.replace("0-6 months", "0-6 weeks")
    path.write_text(text.replace("[publish]", second + "[publish]"), encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        check_study(read_study(path))
    assert len(caught.value.problems) == 1
    assert caught.value.problems[0].startswith('operation "Again": "0-6 weeks" is not a phase')
