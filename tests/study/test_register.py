"""Registers: a table of operations becomes operations, every row is accounted for, and close ones are pooled."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import date, timedelta

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm import _crs, _limits
from geoharm.errors import StudyError
from geoharm.evaluation.design.windows import build_windows
from geoharm.model.period import Period
from geoharm.model.study import BeforeRule, Operation
from geoharm.pipeline.check import check_study
from geoharm.pipeline.preregistration import plan_contents, preregistration_status, write_lock
from geoharm.study.read import read_study
from geoharm.study.register import before_rule
from geoharm.study.register_pooling import Reach, pool_close
from tests.conftest import STUDY, lonlat, main, write_polygon

HEAD = "name;start;end;tactic;longitude;latitude\n"
REGISTER = """[[register]]
file      = "raids.csv"
objective = "public order"
radius    = 100
rings     = { gap = 50, outer = [150, 300] }
before    = { months = 6 }
after     = ["during", "0-3 months"]
"""


def row(name, start, end, east, north, tactic="crackdown"):
    lon, lat = lonlat(east, north)
    return f"{name};{start};{end};{tactic};{lon:.7f};{lat:.7f}\n"


def study_of(folder, text, register=REGISTER, *, operation=False, encoding="utf-8"):
    """Write a study whose operations are those of a register, and return its path."""
    write_polygon(folder / "area.geojson", 0, 0, 3000)
    write_polygon(folder / "target.geojson", 2000, 2000, 100)
    whole = STUDY.format(name="Written out", release="public")
    head, rest = whole.split("[[operation]]")
    written, publish = rest.split("[publish]")
    (folder / "raids.csv").write_bytes(text.encode(encoding))
    path = folder / "study.toml"
    kept = f"[[operation]]{written}" if operation else ""
    path.write_text(f"{head}{kept}{register}\n[publish]{publish}", encoding="utf-8")
    return path


def problems_of(folder, text, register=REGISTER, **more):
    with pytest.raises(StudyError) as caught:
        read_study(study_of(folder, text, register, **more))
    return "\n".join(caught.value.problems)


FOUR = HEAD + "".join([
    row("Lantern", "13/01/2021", "14/01/2021", 0, 0),
    row("Anvil", "02/03/2021", "02/03/2021", 1500, 0, "Nuisance Abatement"),
    row("Beacon", "28/02/2021", "05/03/2021", -1500, 1000, "civil order"),
    row("Beacon", "28/02/2021", "05/03/2021", -1500, 1000, "civil order"),
])  # fmt: skip


def test_rows_become_operations(tmp_path):
    study = read_study(study_of(tmp_path, FOUR))
    assert [(one.name, one.tactic) for one in study.operations] == [
        ("Lantern", "crackdown"), ("Anvil", "nuisance abatement"), ("Beacon", "civil order"),
    ]  # fmt: skip
    lantern, anvil, beacon = study.operations
    assert (lantern.period.start, lantern.period.last) == (date(2021, 1, 13), date(2021, 1, 14))
    assert anvil.period == Period(date(2021, 3, 2), date(2021, 3, 3))
    assert beacon.before.period == Period(date(2020, 8, 28), date(2021, 2, 28))
    assert (lantern.gap, lantern.rings, lantern.after) == (50, (150, 300), ("during", "0-3 months"))
    x, y = lantern.target.centroid.coords[0]
    lon, lat = _crs.transform([x], [y], source=study.area.crs, target=_crs.LONLAT)
    assert (lon[0], lat[0]) == pytest.approx(lonlat(0, 0), abs=1e-6)
    # A circle of 64 sides has 99.8 % of the area of the round one.
    assert lantern.target.area == pytest.approx(3.14159 * 100**2, rel=0.002)
    assert lantern.target_note == "raids.csv, line 2: a circle of 100 m"
    assert study.inputs.keys() == {"study.toml", "area.geojson", "raids.csv"}
    ledger = study.registers[0]
    assert (ledger.read, ledger.kept, ledger.rejected, ledger.duplicate, ledger.operations) == (4, 3, 0, 1, 3)
    check_study(study)


def test_every_reject_has_a_line_and_a_reason(tmp_path):
    text = FOUR + "".join([
        row("Far", "01/02/2021", "01/02/2021", 9000, 0),
        row("Edge", "01/02/2021", "01/02/2021", 2980, 0),
        row("Early", "01/02/2020", "01/02/2020", 0, 2000),
        row("Turned", "05/02/2021", "01/02/2021", 0, 2000),
        row("Open", "05/02/2021", "", 0, 2000),
        row("Unread", "spring 2021", "01/02/2021", 0, 2000),
        "Nowhere;01/02/2021;01/02/2021;crackdown;0;0\n",
        "Blank;01/02/2021;01/02/2021;crackdown;;\n",
        "\n",
        "Short;01/02/2021\n",
        row("Last", "01/02/2021", "02/02/2021", 0, -2000),
        *(row(f"Good {number}", "01/02/2021", "02/02/2021", 800 * number - 2400, -800) for number in range(7)),
    ])  # fmt: skip
    ledger = read_study(study_of(tmp_path, text)).registers[0]
    assert ledger.sums_up
    assert (ledger.read, ledger.kept, ledger.rejected, ledger.duplicate) == (21, 11, 9, 1)
    assert {reason: line for reason, _, line in ledger.reasons} == {
        "its place lies outside the study area": 6,
        "a part of its place lies outside the study area": 7,
        "its windows reach beyond the study period (2020-01-01 to 2021-12-31)": 8,
        "its last day lies before its first": 9,
        "it has no last day": 10,
        "its first day cannot be read": 11,
        "it has the coordinates 0, 0": 12,
        "it has no longitude": 13,
        "it has 2 cells, the header 6": 15,
    }
    assert ledger.sentences[0] == (
        "raids.csv: 21 rows read = 11 kept + 9 rejected + 1 duplicate; what was kept is evaluated as 11 operations."
    )


@pytest.mark.parametrize(
    ("start", "end", "change", "said"),
    [
        ("01/02/2021", "03/02/2021", "", "%d/%m/%Y and %m/%d/%Y can both read every text; say which is meant under dates"),
        ("01/02/2021", "03/02/2021", 'dates = ["%d/%m/%Y %Z"]', "reads the letters of a time zone"),
        ("2021", "2021", 'dates = ["%Y"]', 'dates of the pattern "%Y" name no day'),
        ("Feb 2021", "Feb 2021", "", "name no day"),
        ("soon", "later", "", "fit no known pattern"),
    ],
)  # fmt: skip
def test_dates_that_nobody_can_settle_are_refused(tmp_path, start, end, change, said):
    assert said in problems_of(tmp_path, HEAD + row("A", start, end, 0, 0), REGISTER + change)


def test_dates_as_declared_and_as_a_spreadsheet_numbers_them(tmp_path):
    text = HEAD + row("A", "01/02/2021", "03/02/2021", 0, 0)
    first = read_study(study_of(tmp_path, text, REGISTER + 'dates = ["%m/%d/%Y"]')).operations[0]
    assert first.period == Period(date(2021, 1, 2), date(2021, 3, 3))
    # 44209 is 13 January 2021 in the day numbers of spreadsheets.
    study = read_study(study_of(tmp_path, HEAD + row("A", 44209, 44210, 0, 0)))
    assert study.operations[0].period == Period(date(2021, 1, 13), date(2021, 1, 15))
    assert "look like excel-serial" in "".join(study.registers[0].notes)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters(tmp_path, encoding, delimiter):
    text = (HEAD + row("Café", "13/01/2021", "14/01/2021", 0, 0)).replace(";", delimiter).replace("\n", "\r\n")
    study = read_study(study_of(tmp_path, text, encoding=encoding))
    assert study.operations[0].name == "Café"
    assert bool(study.registers[0].notes) == (encoding == "cp1252")


def test_words_of_the_register_for_tactics(tmp_path):
    text = HEAD + "".join(
        row(f"R{number}", "13/01/2021", "14/01/2021", 700 * number - 2000, 0, word)
        for number, word in enumerate(["Warrant", "WARRANT ", "Crackdown", "Letters"])
    )
    said = problems_of(tmp_path, text)
    assert '"Warrant" (1 rows); "WARRANT" (1 rows); "Letters" (1 rows)' in said
    mapped = REGISTER + 'tactics = { warrant = "seizure", letters = "nuisance abatement" }'
    tactics = [one.tactic for one in read_study(study_of(tmp_path, text, mapped)).operations]
    assert tactics == ["seizure", "seizure", "crackdown", "nuisance abatement"]
    assert '"warrant" stands for "crakdown", which is no tactic; did you mean "crackdown"?' in problems_of(
        tmp_path, text, REGISTER + 'tactics = { warrant = "crakdown" }'
    )


def test_columns_of_other_names_and_places_of_other_kinds(tmp_path):
    write_polygon(tmp_path / "wards.geojson", 500, 500, 150)
    ward = json.loads((tmp_path / "wards.geojson").read_text())
    ward["features"][0]["properties"] = {"code": "W1"}
    (tmp_path / "wards.geojson").write_text(json.dumps(ward))
    plain = "[[register]]\nfile='raids.csv'\ntactic='crackdown'\nobjective='x'\nrings={outer=[200]}\nbefore={months=3}\nafter=['0-1 months']\n"
    by_area = plain + 'columns = { start = "Date of raid", area = "Ward" }\nareas = ["wards.geojson"]\narea_id = "code"'
    study = read_study(study_of(tmp_path, "Date of raid,Ward\n2021-03-04,W1\n", by_area))
    assert study.operations[0].name == "Crackdown of 2021-03-04"
    assert study.operations[0].target.area == pytest.approx(300**2, rel=1e-3)
    assert "its area is not in the area files" in problems_of(tmp_path, "Date of raid,Ward\n2021-03-04,W9\n", by_area)
    x, y = study.area.boundary.centroid.coords[0]
    metres = f"start,x,y\n2021-03-04,{x:.1f},{y:.1f}\n"
    point = read_study(study_of(tmp_path, metres, plain + "radius = 80")).operations[0].target
    assert point.centroid.distance(shapely.Point(x, y)) < 0.1
    assert "it is a point, and the study file gives no radius" in problems_of(tmp_path, metres, plain)
    (west, south), (east, north) = lonlat(-200, 0), lonlat(200, 0)
    line = (
        f"start,wkt\n2021-03-04,LINESTRING ({west} {south}; {east} {north})\n".replace(";", ",")
        .replace("LINE", '"LINE')
        .replace(")\n", ')"\n')
    )
    street = read_study(study_of(tmp_path, line, plain + "width = 20")).operations[0].target
    assert street.area == pytest.approx(400 * 20 + 3.1416 * 10**2, rel=0.01)
    both = "start,x,y,wkt\n2021-03-04,1,2,POINT (1 2)\n"
    assert "found: x with y and wkt" in problems_of(tmp_path, both, plain + "radius = 80")


def test_exchanged_coordinates_are_refused_and_not_rejected(tmp_path):
    text = "name;start;end;tactic;latitude;longitude\n" + FOUR.split("\n", 1)[1]
    assert "only with longitude and latitude exchanged" in problems_of(tmp_path, text)


def test_a_file_of_another_kind_is_refused(tmp_path):
    study_of(tmp_path, FOUR)
    for content, said in (
        (b"PK\x03\x04abc", "this is a workbook; save its sheet as CSV"),
        (b"", "the register has no rows"),
        (HEAD.encode(), "the register has no rows"),
        (b"name;name;start\na;b;2021-02-01\n", 'two columns are called "name"'),
        (b'name;start\n"a;2021-02-01\n', "not a row of a CSV file"),
    ):
        (tmp_path / "raids.csv").write_bytes(content)
        with pytest.raises(StudyError) as caught:
            read_study(tmp_path / "study.toml")
        assert said in "\n".join(caught.value.problems)
    (tmp_path / "raids.csv").unlink()
    with pytest.raises(StudyError, match="does not exist"):
        read_study(tmp_path / "study.toml")


def test_more_rows_and_operations_than_the_limits_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(_limits, "REGISTER_OPERATIONS", replace(_limits.REGISTER_OPERATIONS, most=2))
    assert "3 operations, and at most 2 are read" in problems_of(tmp_path, FOUR)
    monkeypatch.setattr(_limits, "REGISTER_ROWS", replace(_limits.REGISTER_ROWS, most=3))
    assert "has too many rows" in problems_of(tmp_path, FOUR)


def test_mistakes_of_the_table_are_named(tmp_path):
    said = problems_of(
        tmp_path, FOUR, REGISTER.replace("{ months = 6 }", "{ years = 1, months = 6, same_season = true }")
    )
    assert "[[register]] 1, before: give months, or years with same_season = true." in said
    assert "must list distances" in problems_of(tmp_path, FOUR, REGISTER.replace("[150, 300]", "[150, 100]"))
    assert "is not the name of a source of kind streets" in problems_of(
        tmp_path, FOUR, REGISTER.replace("gap = 50,", 'along = "roads",')
    )
    assert 'no column "naem"; did you mean "name"?' in problems_of(
        tmp_path, FOUR, REGISTER + 'columns = { name = "naem" }'
    )


NEAR = HEAD + "".join([
    row("Monday", "13/01/2021", "14/01/2021", 0, 0),
    row("Tuesday", "20/01/2021", "20/01/2021", 400, 0, "seizure"),
    row("Wednesday", "27/01/2021", "27/01/2021", 800, 0),
    row("Alone", "27/01/2021", "27/01/2021", -2000, 0),
])  # fmt: skip


def test_rows_close_in_space_and_time_are_one_operation(tmp_path):
    """Edges of neighbours are 200 m apart, within the rings' 300 m; first and third are joined by the second."""
    study = read_study(study_of(tmp_path, NEAR))
    pooled, alone = study.operations
    assert (pooled.name, pooled.tactic, alone.name) == ("Monday and 2 more", "several", "Alone")
    assert pooled.period == Period(date(2021, 1, 13), date(2021, 1, 28))
    assert [(spell.start.day, spell.last.day) for spell in pooled.spells] == [(13, 14), (20, 20), (27, 27)]
    assert alone.spells == ()
    assert len(shapely.get_parts(pooled.target)) == 3
    ledger = study.registers[0]
    assert ledger.pooled == (("Monday and 2 more", (2, 3, 4)),)
    assert (ledger.kept, ledger.operations) == (4, 2)
    assert (
        "3 rows are pooled as 1 operation. Rows are one operation if their target areas lie within 300 m"
        in (ledger.sentences[1])
    )
    check_study(study)


def test_days_without_a_day_between_them_are_one_spell(tmp_path):
    text = HEAD + "".join(
        row(f"R{day}", f"{day}/01/2021", f"{day + 1}/01/2021", 0, 10 * day) for day in (13, 14, 16, 20)
    )
    spells = read_study(study_of(tmp_path, text)).operations[0].spells
    assert [(spell.start.day, spell.last.day) for spell in spells] == [(13, 17), (20, 21)]
    assert read_study(study_of(tmp_path, "".join(text.splitlines(keepends=True)[:4]))).operations[0].spells == ()


def test_rows_of_one_place_and_other_times_stay_apart(tmp_path):
    """Three months after one end in July; the six months before the other begin in August."""
    text = HEAD + row("Early", "13/07/2020", "20/07/2020", 0, 0) + row("Late", "10/06/2021", "11/06/2021", 50, 0)
    study = read_study(study_of(tmp_path, text))
    assert [one.name for one in study.operations] == ["Early", "Late"]
    check_study(study)
    nearer = text.replace("10/06/2021;11", "19/04/2021;20")
    assert len(read_study(study_of(tmp_path, nearer)).operations) == 1


def test_a_group_whose_windows_do_not_fit_is_rejected_whole(tmp_path):
    late = NEAR + row("Late", "01/10/2021", "02/10/2021", 1200, 0)
    ledger = read_study(study_of(tmp_path, late)).registers[0]
    reason = "it is pooled with others, and the windows of all together reach beyond the study period (2020-01-01 to 2021-12-31)"
    assert ledger.reasons == ((reason, 4, 2),)
    assert (ledger.kept, ledger.rejected, ledger.operations) == (1, 4, 1)


def test_check_prints_the_ledger(tmp_path, monkeypatch, capsys):
    path = study_of(tmp_path, NEAR + row("Far", "27/01/2021", "27/01/2021", 9000, 0))
    for arguments in ([], ["--json"]):
        monkeypatch.setattr(sys, "argv", ["geoharm", "check", str(path), *arguments])
        with pytest.raises(SystemExit) as stop:
            main()
        assert not stop.value.code
    printed = capsys.readouterr().out
    text, record = printed[: printed.index("{")], json.loads(printed[printed.index("{") :])
    assert (
        "  register: raids.csv: 5 rows read = 4 kept + 1 rejected + 0 duplicate; what was kept is evaluated as 2 operations."
        in text
    )
    assert "    1 rejected, first in line 6: its place lies outside the study area" in text
    assert "    pooled: Monday and 2 more (lines 2, 3, 4)" in text
    assert record["registers"][0]["pooled"] == [["Monday and 2 more", [2, 3, 4]]]
    assert record["operations"] == ["Monday and 2 more", "Alone"]


def test_names_stay_apart(tmp_path):
    text = HEAD + "".join(
        row(name, "13/01/2021", "14/01/2021", 800 * number - 2000, -1500)
        for number, name in enumerate(["Written out", "Raid", "Raid", "Raid", ""])
    )
    names = [one.name for one in read_study(study_of(tmp_path, text, operation=True)).operations]
    assert names == [
        "Written out", "Written out, 2021-01-13", "Raid", "Raid, 2021-01-13", "Raid, 2021-01-13 (2)", "Crackdown of 2021-01-13",
    ]  # fmt: skip


def test_the_plan_lock_holds_the_register(tmp_path):
    path = study_of(tmp_path, FOUR)
    study = read_study(path)
    assert plan_contents(study)["operations"].keys() == {"Lantern", "Anvil", "Beacon"}
    write_lock(study, outcomes_loaded=False, day=date(2020, 12, 1))
    assert preregistration_status(read_study(path)).changes == ()
    register = tmp_path / "raids.csv"
    register.write_text(FOUR.replace("02/03/2021;02/03/2021", "02/03/2021;03/03/2021"), encoding="utf-8")
    assert preregistration_status(read_study(path)).changes == (
        "operations, Anvil, period: was 2021-03-02 to 2021-03-02, is 2021-03-02 to 2021-03-03",
    )
    register.write_text(
        "".join(line for line in FOUR.splitlines(keepends=True) if "Anvil" not in line), encoding="utf-8"
    )
    assert preregistration_status(read_study(path)).changes == ("operations, Anvil: removed",)


_OPERATION = Operation(
    "any", "crackdown", "", Period(date(2021, 1, 1), date(2021, 2, 1)), shapely.box(0, 0, 9, 9), "", 0, (300,), None,
    BeforeRule(), (),
)  # fmt: skip
days = st.dates(date(2020, 6, 1), date(2022, 1, 1))
periods = st.builds(lambda start, length: Period(start, start + timedelta(days=length)), days, st.integers(1, 200))
reaches = st.one_of(
    st.builds(Reach, st.just(300.0), st.integers(1, 18), st.just(0), st.sampled_from([("0-3 months",), ("during",), ("3-6 months", "6-12 months")])),
    st.builds(Reach, st.just(300.0), st.just(0), st.integers(1, 2), st.sampled_from([("0-3 months",), ("3-6 months", "6-12 months")])),
)  # fmt: skip


@settings(deadline=None)
@given(period=periods, reach=reaches)
def test_the_time_an_operation_reaches_is_that_of_its_windows(period, reach):
    """The windows of the evaluation itself are the referee."""
    rule = before_rule(period, months=reach.before_months, years=reach.years)
    operation = replace(_OPERATION, period=period, before=rule, after=reach.after)
    before, after, phases, _ = build_windows(
        operation, coverage=Period(date(2000, 1, 1), date(2040, 1, 1)), missing=(), by_month=False
    )
    reached = reach.windows(period)
    assert reached.start == before.start
    assert reached.end == max(period.end, *(phase.end for phase in phases))
    assert after.end <= reached.end


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(st.tuples(st.integers(0, 12), st.integers(0, 3), periods), min_size=1, max_size=12), reach=reaches)
def test_groups_are_apart_and_none_could_be_smaller(rows, reach):
    """A slow version joins any two groups that meet, from the first again each time."""
    places = [shapely.Point(170 * x, 170 * y).buffer(50) for x, y, _ in rows]
    dates = [period for *_, period in rows]
    found = pool_close(places, dates, reach)
    assert sorted(position for group in found for position in group) == list(range(len(rows)))

    def reached(group):
        """Return the time that a group reaches: of its whole dates, and of those that end with any of its rows."""
        start = min(dates[one].start for one in group)
        windows = [reach.windows(Period(start, dates[one].end)) for one in group]
        return min(window.start for window in windows), max(window.end for window in windows)

    def close(one, other):
        near = any(places[a].distance(places[b]) <= reach.metres for a in one for b in other)
        return near and max(reached(one)[0], reached(other)[0]) < min(reached(one)[1], reached(other)[1])

    slow = [[index] for index in range(len(rows))]
    while True:
        pair = next(((a, b) for a in slow for b in slow if a is not b and close(a, b)), None)
        if pair is None:
            break
        slow = [group for group in slow if group not in pair] + [sorted(pair[0] + pair[1])]
    assert found == sorted(slow)
    order = sorted(range(len(rows)), key=lambda index: (rows[index][1], -index))
    again = pool_close([places[index] for index in order], [dates[index] for index in order], reach)
    assert sorted(sorted(order[position] for position in group) for group in again) == found
