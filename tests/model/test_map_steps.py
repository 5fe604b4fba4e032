"""The map's steps through time: phases or quarters, what of them has data, and that keys alone move between them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date

import pytest

from geoharm.errors import StudyError
from geoharm.model.map_steps import map_steps, step_windows
from geoharm.model.period import Period, Window
from geoharm.pipeline.run import run
from geoharm.study.read import read_study
from tests.conftest import small_study, visit
from tests.disclosure.test_protect import design

WIDE = Period(date(2018, 1, 1), date(2023, 1, 1))


def names(found):
    return [one.name for one in found]


def test_phases_are_the_steps_unless_quarters_are_asked_for(area):
    plan = design(area)
    assert map_steps(plan, "phases", WIDE, ()) == plan.phases
    assert names(map_steps(plan, "quarters", WIDE, ())) == [
        "Q1 2020", "Q2 2020", "Q3 2020", "Q4 2020", "Q1 2021", "Q2 2021",
    ]  # fmt: skip


def test_a_quarter_without_all_its_data_is_left_out(area):
    plan = design(area)
    part = Period(date(2020, 2, 1), date(2021, 6, 1))
    assert names(map_steps(plan, "quarters", part, ())) == ["Q2 2020", "Q3 2020", "Q4 2020", "Q1 2021"]
    assert "Q3 2020" not in names(map_steps(plan, "quarters", WIDE, [date(2020, 8, 1)]))


def test_quarters_count_back_from_that_of_the_operation(area):
    plan = design(area)
    late = replace(plan, operation=replace(plan.operation, period=Period(date(2021, 3, 31), date(2021, 4, 2))))
    assert names(map_steps(late, "quarters", WIDE, ()))[0] == "Q1 2020"
    later = replace(plan, operation=replace(plan.operation, period=Period(date(2021, 4, 1), date(2021, 4, 2))))
    assert names(map_steps(later, "quarters", WIDE, ()))[0] == "Q2 2020"


def test_names_lead_back_to_windows(area):
    plan = design(area)
    for by in ("phases", "quarters"):
        steps = map_steps(plan, by, WIDE, ())
        assert step_windows(plan, ["whole period", "before", *names(steps), "after"]) == {
            one.name: one for one in steps
        }
    assert step_windows(plan, ["Q3 2019"]) == {
        "Q3 2019": Window("Q3 2019", (Period(date(2019, 7, 1), date(2019, 10, 1)),))
    }


def test_other_steps_are_refused(tmp_path):
    path = small_study(tmp_path)
    path.write_text(path.read_text(encoding="utf-8") + 'steps = "weeks"\n', encoding="utf-8")
    with pytest.raises(StudyError, match=r"steps"):
        read_study(path)


@pytest.fixture(scope="module")
def quarters(tmp_path_factory):
    folder = tmp_path_factory.mktemp("quarters")
    path = small_study(folder)
    lines = (folder / "reports.csv").read_text(encoding="utf-8").splitlines()
    # One quarter is left with a report a month: what lies within reach of so few is never drawn.
    thin = [line for line in lines if not re.search(r",2020-0[456]-", line)]
    kept = [next(line for line in lines if f",2020-0{month}-" in line) for month in (4, 5, 6)]
    (folder / "reports.csv").write_text("\n".join([*thin, *kept]) + "\n", encoding="utf-8")
    path.write_text(path.read_text(encoding="utf-8") + 'steps = "quarters"\n', encoding="utf-8")
    run(read_study(path), data=folder, out=folder / "out", database=folder / "d.duckdb")
    return folder / "out"


def test_a_quarter_with_few_events_says_so(quarters):
    page = (quarters / "map.html").read_text(encoding="utf-8")
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])
    assert data["steps"] == ["Q1 2020", "Q2 2020", "Q3 2020", "Q4 2020", "Q1 2021", "Q2 2021"]
    assert "Q2 2020" in data["measures"][0]["few"]
    assert "Q1 2020" not in data["measures"][0]["few"]
    assert data["windows"]["Q1 2020"].startswith("January 2020")
    # One set of classes for all steps, and a legend of it.
    assert len(data["measures"][0]["breaks"]) == 6


@pytest.mark.browser
def test_keys_alone_go_from_quarter_to_quarter(browser, quarters):
    page, _, complaints = visit(browser, quarters / "map.html", 1440)
    page.wait_for_selector("html[data-ready=true]")
    page.locator("input[name=view][value=steps]").focus()
    page.keyboard.press("Space")
    page.locator("#step").focus()
    assert page.locator("#step-name").inner_text() == "Q1 2020"
    first = page.locator("img.surface").get_attribute("src")
    page.keyboard.press("ArrowRight")
    assert page.locator("#step-name").inner_text() == "Q2 2020"
    assert "too few to show" in page.locator("#view-note").inner_text()
    assert page.locator("#step").get_attribute("aria-valuetext").startswith("Q2 2020, April 2020")
    page.keyboard.press("End")
    assert page.locator("#step-name").inner_text() == "Q2 2021"
    assert page.locator("img.surface").get_attribute("src") != first
    page.locator("#earlier").focus()
    page.keyboard.press("Enter")
    assert page.locator("#step-name").inner_text() == "Q1 2021"
    assert complaints == []
    page.close()
