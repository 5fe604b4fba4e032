"""Dated activity: read from the study file, withheld where small, shown as activity and in no sum."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from geoharm.disclosure.activity import with_released_activity
from geoharm.disclosure.protect import protect
from geoharm.errors import StudyError
from geoharm.model.activity import DatedActivity
from geoharm.model.period import Period
from geoharm.model.suppressed import Suppressed
from geoharm.pipeline.preregistration import plan_contents
from geoharm.report.document import Missing
from geoharm.report.sections.harms import activity_section
from geoharm.study.read import read_study
from tests.conftest import small_study
from tests.disclosure.test_protect import PLENTY, result

ACTIVITY = """
[[operation.activity]]
what  = "people moved on by patrols"
kind  = "people moved on"
by    = "police"
start = 2021-01-20
end   = 2021-01-24
count = 31

[[operation.activity]]
what  = "referred to the drug service"
kind  = "referral"
by    = "drug service"
start = 2021-01-18
count = 3

[publish]"""


def written(folder, activity=ACTIVITY):
    path = small_study(folder)
    path.write_text(path.read_text(encoding="utf-8").replace("[publish]", activity), encoding="utf-8")
    return path


def done(area, counts, *, release="public", rule="under-5"):
    """Return a result whose operation holds dated activity of these counts."""
    period = Period(date(2021, 1, 18), date(2021, 1, 19))
    activity = tuple(
        DatedActivity(f"a{number}", "arrest", "police", period, count) for number, count in enumerate(counts)
    )
    made = result(area, PLENTY)
    publish = replace(made.study.publish, release=release, disclosure=rule)
    (found,) = made.operations
    operation = replace(found.design.operation, activity=activity)
    return replace(
        made,
        study=replace(made.study, operations=(operation,), publish=publish),
        operations=(replace(found, design=replace(found.design, operation=operation)),),
    )


def test_activity_is_read_in_the_order_of_its_dates_and_is_no_part_of_the_plan(tmp_path):
    study = read_study(written(tmp_path))
    first, second = study.operations[0].activity
    assert (first.what, first.count, first.period.start, first.period.last) == (
        "referred to the drug service", 3, date(2021, 1, 18), date(2021, 1, 18),
    )  # fmt: skip
    assert (second.kind, second.period.days) == ("people moved on", 5)
    assert "activity" not in plan_contents(study)["operations"]["Operation Test"]


def test_every_mistake_of_activity_is_named(tmp_path):
    wrong = ACTIVITY.replace('"referral"', '"referrals"').replace("end   = 2021-01-24", "end   = 2021-01-02")
    with pytest.raises(StudyError) as caught:
        read_study(written(tmp_path, wrong.replace("count = 31", "count = -1")))
    said = str(caught.value)
    for sentence in ('kind = "referrals" is not allowed; did you mean "referral"?', "count = -1 must be a whole number of 0",
                     "must not be before start = 2021-01-20; both days are part of the period."):  # fmt: skip
        assert sentence in said


def test_small_counts_are_withheld_wherever_the_release_holds_them(area):
    release = protect(done(area, [0, 3, 5, None]))
    counts = [activity.count for activity in release.operations[0].design.operation.activity]
    assert counts == [0, Suppressed(5), 5, None]
    assert release.study.operations[0].activity == release.operations[0].design.operation.activity


@pytest.mark.parametrize(
    ("rule", "counts"),
    [
        ("1-7-round-5", [0, Suppressed(8), 10, 30]),
        ("threshold-10", [Suppressed(10), Suppressed(10), Suppressed(10), 31]),
    ],
)
def test_each_rule_withholds_and_rounds_activity_as_other_counts(area, rule, counts):
    found = with_released_activity(done(area, [0, 7, 8, 31], rule=rule))
    assert [activity.count for activity in found.operations[0].design.operation.activity] == counts


def test_an_internal_release_shows_every_count(area):
    found = with_released_activity(done(area, [3], release="internal"))
    assert found.operations[0].design.operation.activity[0].count == 3


def test_the_section_shows_activity_as_activity_and_adds_nothing_up(area):
    (section,) = activity_section(protect(done(area, [3, 31, None])).operations[0])
    assert section.tag == "Activity, not harm"
    table = next(table for table in section.tables if "by date" in table.caption)
    assert [row.cells[-1].text for row in table.rows] == ["under 5", "31", "not counted"]
    assert [row.cells[-1].values for row in table.rows] == [(Missing.WITHHELD,), (31,), (Missing.NOT_KNOWN,)]
    assert table.rows[0].cells[3].values == ("2021-01-18", "2021-01-18")
    assert "under 5" not in json.dumps([row.cells[-1].values for row in table.rows], default=str)
    (nothing,) = activity_section(protect(done(area, [])).operations[0])
    assert nothing.tables == ()
