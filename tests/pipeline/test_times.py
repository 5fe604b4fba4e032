"""Operations in time through the pipeline: designs of the past, and two operations at one place at two times."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
import shapely

from geoharm.errors import DesignError
from geoharm.evaluation.design.build import build_design
from geoharm.harm.results.unintended_harm import RiseState
from geoharm.model.design import ALL_RINGS
from geoharm.model.period import Period
from geoharm.model.study import BeforeRule
from geoharm.pipeline.past_designs import beside_its_neighbours, shifted_back
from geoharm.pipeline.placebo import places_around
from geoharm.pipeline.run import run
from geoharm.study.read import read_study
from tests.conftest import lonlat, small_study, write_polygon
from tests.evaluation.test_clear_designs import ledger

COVERAGE = Period(date(2015, 1, 1), date(2022, 1, 1))
START = date(2021, 1, 1)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return read_study(small_study(tmp_path_factory.mktemp("study")))


def moved(study, months, *others, by_month=False, **changes):
    """Return the design of the study's operation, changed, moved back by some months."""
    one = replace(study.operations[0], **changes)
    with_others = replace(study, operations=(one, *others))
    sources = [ledger(coverage=COVERAGE, precision="month" if by_month else "day")]
    return shifted_back(with_others, sources, {}, one, months)


@pytest.mark.parametrize("months", [3, 12])
def test_a_measure_that_goes_on_is_tried_from_its_start_to_the_real_one(study, months):
    design = moved(study, months, ongoing=True, period=Period(START, COVERAGE.end))
    assert design.operation.ongoing
    assert design.after.periods == (Period(design.operation.period.start, START),)
    assert design.after.name == "after"
    assert design.before.end == design.operation.period.start
    assert round(design.after.days / 30.44) == months


@pytest.mark.parametrize(("begins", "is_neighbour"), [(date(2021, 1, 1), True), (date(2016, 1, 1), False)])
def test_the_past_is_tried_without_the_ground_that_the_evaluation_will_leave_out(study, begins, is_neighbour):
    """The design of the past has the control area of the real one: the other had not begun then, and will have."""
    one = replace(study.operations[0], control=None)
    target = shapely.affinity.translate(one.target, 1500, 0)
    other = replace(one, name="other", target=target, period=Period(begins, begins + timedelta(days=20)))
    both = replace(study, operations=(one, other))
    sources = [ledger(coverage=COVERAGE)]
    real = build_design(one, study.area, (other,), sources)
    past = shifted_back(beside_its_neighbours(both, one), sources, {}, one, 6)
    assert past.control_area.intersects(other.target) is not is_neighbour
    assert past.control_area.symmetric_difference(real.control_area).area < 1
    places = places_around(beside_its_neighbours(both, one), past)
    alone = places_around(replace(study, operations=(one,)), past)
    assert (places.row.size < alone.row.size) is is_neighbour


@pytest.mark.parametrize("by_month", [False, True])
def test_spells_are_moved_with_their_lengths_and_pauses(study, by_month):
    spells = (Period(START, date(2021, 1, 20)), Period(date(2021, 3, 1), date(2021, 3, 15)))
    design = moved(study, 6, by_month=by_month, spells=spells, period=Period(spells[0].start, spells[-1].end))
    first, last = design.operation.spells
    assert last.days == 14
    assert (last.start - first.end).days == 40
    assert design.operation.period == Period(first.start, last.end)
    assert design.after.end == START
    assert design.before.end <= first.start
    if not by_month:
        assert first.days == 19
        assert design.after.start == last.end


def earlier(study, begin, **changes):
    """Return another operation in the rings of the study's, of a day, with three months of phases."""
    one = study.operations[0]
    return replace(
        one, name="Old", period=Period(begin, begin + timedelta(days=1)), after=("0-3 months",),
        target=shapely.affinity.translate(one.target, 450, 0),
        before=BeforeRule(Period(date(2015, 1, 1), begin)), **changes,
    )  # fmt: skip


def test_windows_of_the_past_begin_after_an_operation_on_this_ground(study):
    old = earlier(study, date(2017, 5, 31))
    zones = set()
    for months in (3, 6, 12):
        design = moved(study, months, old)
        assert design.before.start == date(2017, 9, 1)
        assert design.left_out == (Period(COVERAGE.start, date(2017, 9, 1)),)
        zones.add(tuple(shapely.to_wkb(zone.geometry) for zone in design.zones))
    assert len(zones) == 1
    with pytest.raises(
        DesignError, match="the phases of another operation on this ground end on 2017-09-01, too late for 40"
    ):
        moved(study, 40, old)
    # Elsewhere in the city it is ground that was touched in the months compared.
    far = replace(old, target=shapely.affinity.translate(old.target, 1500, 0))
    design = moved(study, 3, far)
    assert design.before.start == COVERAGE.start
    assert design.control_area.distance(far.target) > 500


TWO = """
[[operation]]
name      = "Later"
tactic    = "crackdown"
objective = "public order"
start     = 2021-07-01
end       = 2021-07-15
target    = "target.geojson"
rings     = { gap = 50, outer = [250, 500] }
before    = { start = 2021-04-01, end = 2021-07-01 }
after     = ["during"]

[watch]
months = [6, 7]

[publish]
"""


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """Return the run of a study with two operations at one place, one half a year after the other."""
    folder = tmp_path_factory.mktemp("two")
    path = small_study(folder, release="public")
    text = path.read_text(encoding="utf-8").replace("[publish]\n", TWO)
    text = text.replace('after     = ["during", "0-6 months"]', 'after     = ["during", "0-2 months"]', 1)
    text = text.replace('unit        = "requests"', 'unit        = "requests"\nwatch = true')
    path.write_text(text, encoding="utf-8")
    return run(read_study(path), data=folder, out=folder / "out", database=folder / "d.duckdb"), folder / "out"


def test_two_operations_at_one_place_at_two_times(two):
    found, _ = two
    first, later = (operation.design for operation in found.result.operations)
    assert first.operation.target.equals(later.operation.target)
    assert first.left_out == ()
    assert later.left_out == (Period(date(2021, 1, 1), date(2021, 4, 1)),)
    # The counts of one day are counted for one operation.
    days = [{day for window in (d.before, *d.phases) for p in window.periods for day in range(p.start.toordinal(), p.end.toordinal())}
            for d in (first, later)]  # fmt: skip
    assert not days[0] & days[1]
    assert any("At other times" in note and '"Later"' in note for note in first.notes)


def test_a_watch_that_would_reach_into_a_later_operation_is_unknown(two):
    found, _ = two
    checks = found.result.operations[0].harm.unintended_harm.checks
    six, seven = ([check for check in checks if check.months == months] for months in (6, 7))
    assert {check.state for check in seven} == {RiseState.UNKNOWN}
    assert {check.reason for check in seven} == {"“Later” began near it before that"}
    assert not any("began near it" in check.reason for check in six)


def test_both_are_published_with_their_own_names(two):
    _, folder = two
    record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert [operation["name"] for operation in record["operations"]] == ["Operation Test", "Later"]
    assert {effect["zone"] for effect in record["operations"][1]["measures"][0]["effects"]} >= {"target", ALL_RINGS}


def test_a_sliver_between_two_targets_at_two_times_does_not_follow(tmp_path):
    """Both windows before are the year 2020, so the counts of the two targets differ by what lies between their edges."""
    path = small_study(tmp_path, release="public")
    write_polygon(tmp_path / "wider.geojson", 0, 0, 206)
    lon, lat = lonlat(203, 0)
    with (tmp_path / "reports.csv").open("a", encoding="utf-8") as file:
        file.writelines(f"more{day},{day},{lon:.7f},{lat:.7f},find\n" for day in ("2020-03-05", "2020-08-09"))
    two = TWO.replace("target.geojson", "wider.geojson").replace(
        "2021-04-01, end = 2021-07-01", "2020-01-01, end = 2021-01-01"
    )
    two = two.replace("[watch]\nmonths = [6, 7]\n", "")
    text = path.read_text(encoding="utf-8").replace("[publish]\n", two)
    path.write_text(text.replace('"during", "0-6 months"', '"during", "0-2 months"', 1), encoding="utf-8")
    found = run(read_study(path), data=tmp_path, out=tmp_path / "out", database=tmp_path / "d.duckdb")
    exact = [operation.primary.effect("target").before for operation in found.result.operations]
    assert exact[1] - exact[0] == 2
    record = json.loads((tmp_path / "out" / "run.json").read_text(encoding="utf-8"))
    shown = [
        effect["before"]
        for operation in record["operations"]
        for effect in operation["measures"][0]["effects"]
        if effect["zone"] == "target"
    ]
    assert any(isinstance(count, dict) and count["suppressed"] for count in shown), shown
