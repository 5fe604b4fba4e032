"""From study file to report: comparator, similar markets, shifts and guards, held against the slow way."""

from __future__ import annotations

import json
from datetime import date

import pytest

from geoharm.errors import StudyError
from geoharm.evaluation.results.diagnostics import Severity
from geoharm.model.measure import Role
from geoharm.pipeline.run import run
from geoharm.study.read import read_study
from tests.cli.test_run import call
from tests.conftest import lonlat, small_study
from tests.report.page_tree import page_tree

OTHER = """
[[measure]]
name        = "bulky items"
source      = "other reports"
unit        = "requests"
recorded_by = "public"
reporting   = true
"""
SOURCE = """
[[source]]
name   = "other reports"
kind   = "incident"
format = "points-csv"
files  = ["bulky.csv"]
covers = { start = 2020-01-01, end = 2021-08-01 }
"""


def wide_study(folder):
    """Write the small study with a comparator stream, two categories, and two similar markets."""
    path = small_study(folder)
    reports = folder / "reports.csv"
    lines = reports.read_text(encoding="utf-8").splitlines()
    lines = [line.replace(",find", ",needle") if number % 3 else line for number, line in enumerate(lines)]
    reports.write_text("\n".join(lines) + "\n", encoding="utf-8")
    bulky = [line.replace(",find", ",bulky").replace(",needle", ",bulky") for line in lines]
    (folder / "bulky.csv").write_text("\n".join(bulky) + "\n", encoding="utf-8")
    features = []
    for name, east in (("North market", 2000), ("South market", -2000)):
        corners = [(-300, -300), (300, -300), (300, 300), (-300, 300), (-300, -300)]
        ring = [list(lonlat(east + dx, 1500 + dy)) for dx, dy in corners]
        shape = {"type": "Polygon", "coordinates": [ring]}
        features.append({"type": "Feature", "properties": {"name": name}, "geometry": shape})
    (folder / "markets.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    text = path.read_text(encoding="utf-8")
    text = text.replace('recorded_by = "public"\n', 'recorded_by = "public"\ncomparator  = "bulky items"\n', 1)
    text = text.replace("[[operation]]", SOURCE + OTHER + "\n[[operation]]")
    text = text.replace("after     =", 'similar   = "markets.geojson"\nafter     =')
    text = text.replace("after     =", "chosen_on = { start = 2020-06-01, end = 2021-01-01 }\nafter     =")
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wide")
    study = read_study(wide_study(folder))
    found = run(study, data=folder, out=folder / "out", database=folder / "s.duckdb")
    return folder, found


def primary(whole):
    return whole[1].result.operations[0].measures[0]


def test_the_comparator_is_asked_and_is_neither_harm_nor_activity(whole):
    folder, found = whole
    listed = {diagnostic.name: diagnostic for diagnostic in primary(whole).diagnostics}
    other = found.result.operations[0].measures[1]
    assert other.measure.role is Role.REPORTING
    # The window is too short for a calibrated ratio, so the guard asks the counting one.
    assert listed["reporting effort"].figure == other.effect("target").counting_ratio.value < 0
    assert listed["reporting effort"].severity is Severity.SIGNAL
    page = page_tree((folder / "out" / "report.html").read_text(encoding="utf-8"))
    assert "bulky items" not in page.by_id("harms").text()
    assert "bulky items" not in page.by_id("activity").text()


def test_regression_to_the_mean_is_measured_against_all_squares_and_flagged(whole):
    diagnostic = next(one for one in primary(whole).diagnostics if one.name == "regression to the mean")
    assert diagnostic.severity >= Severity.SAY
    assert diagnostic.figure < 0
    assert "was chosen from" in diagnostic.sentence
    _, verdict = whole[1].published.verdicts[0]
    assert "Flagged for regression to the mean" in verdict.lead


def test_shifts_are_those_of_the_slow_way(whole):
    folder, _ = whole
    rows = {row.kind: row for row in primary(whole).displacement_types}
    assert {kind for kind, row in rows.items() if row.measured} >= {"inside or outside the market", "similar markets"}
    lines = [line.split(",") for line in (folder / "reports.csv").read_text(encoding="utf-8").splitlines()[1:]]
    seen = {}
    for name, east in (("North market", 2000), ("South market", -2000)):
        low, high = lonlat(east - 300, 1200), lonlat(east + 300, 1800)
        days = [line[1] for line in lines if all(low[i] <= float(line[2 + i]) <= high[i] for i in (0, 1))]
        before = sum("2020-01-01" <= day < "2021-01-01" for day in days)
        seen[name] = (before, sum("2021-02-01" <= day < "2021-08-01" for day in days))
    most = max(seen, key=lambda name: seen[name][1] / seen[name][0])
    assert most in rows["similar markets"].sentence
    assert rows["similar markets"].counts == seen[most]


def test_weekdays_count_every_event_once(whole):
    rows = {row.kind: row for row in primary(whole).displacement_types}
    weekday = rows["weekday"]
    if weekday.measured:
        assert weekday.counts[0] == 120
    else:
        assert "fewer than 50" in weekday.sentence


def test_the_report_and_the_record_hold_the_same_diagnostics(whole):
    folder, found = whole
    record = json.loads((folder / "out" / "run.json").read_text(encoding="utf-8"))
    listed = record["operations"][0]["measures"][0]["diagnostics"]
    assert [one["name"] for one in listed] == [diagnostic.name for diagnostic in primary(whole).diagnostics]
    assert {one["severity"] for one in listed} <= {"none", "say", "signal", "refuse"}
    text = (folder / "out" / "report.html").read_text(encoding="utf-8")
    for diagnostic in found.result.operations[0].measures[0].diagnostics:
        assert f">{diagnostic.name}</th>" in text
    assert record["forests"] == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('comparator  = "bulky items"', 'comparator  = "bulk items"', 'did you mean "bulky items"?'),
        (
            "reporting   = true",
            "activity    = true",
            "is not the name of a measure with reporting = true; there is none.",
        ),
        ("reporting   = true", "reporting   = true\nactivity = true", "give one of the three"),
        ('similar   = "markets.geojson"', 'similar   = "market.geojson"', "does not exist"),
        (
            "rings     = { gap = 50,",
            'rings     = { along = "streets", gap = 50,',
            "is not the name of a source of kind streets",
        ),
    ],
)
def test_what_the_study_file_may_not_say(tmp_path, old, new, said):
    path = wide_study(tmp_path)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        read_study(path)
    assert any(said in problem for problem in caught.value.problems), caught.value.problems


def test_a_reporting_measure_is_no_primary(tmp_path):
    path = wide_study(tmp_path)
    text = path.read_text(encoding="utf-8").replace('primary = "finds"', 'primary = "bulky items"')
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match="the primary outcome must be a harm"):
        read_study(path)


def test_the_study_reads_what_was_written(tmp_path):
    study = read_study(wide_study(tmp_path))
    operation = study.operations[0]
    assert operation.similar_markets.codes == ("North market", "South market")
    assert operation.chosen_on.start == date(2020, 6, 1)
    assert "markets.geojson" in study.inputs


def test_hours_are_tested_where_the_source_knows_them(tmp_path):
    """Reports of the target move from 8 h to 22 h after the operation, the control's stay: the shift is seen."""
    path = small_study(tmp_path, target_after=80)
    reports = tmp_path / "reports.csv"
    head, *lines = reports.read_text(encoding="utf-8").splitlines()
    timed = []
    for place, line in enumerate(lines):
        number, day, *rest = line.split(",")
        hour = 22 if 120 <= place < 200 else (8, 9, 22)[place % 3]
        timed.append(",".join([number, f"{day} {hour:02d}:15:00", *rest]))
    reports.write_text("\n".join([head, *timed]) + "\n", encoding="utf-8")
    text = call("formats", "show", "points-csv", folder=tmp_path).stdout
    start = text.index("[date]")
    text = (
        text[:start]
        + '[date]\nformats = ["%Y-%m-%d %H:%M:%S"]\nprecision = "moment"\n'
        + text[text.index("\n[", start + 1) :]
    )
    (tmp_path / "timed.toml").write_text(text, encoding="utf-8")
    path.write_text(path.read_text(encoding="utf-8").replace('"points-csv"', '"timed.toml"'), encoding="utf-8")
    found = run(read_study(path), data=tmp_path, out=tmp_path / "out", database=tmp_path / "s.duckdb")
    rows = {row.kind: row for row in found.result.operations[0].measures[0].displacement_types}
    assert rows["hour"].measured
    assert rows["hour"].counts[:2] == (120, 80)
    assert rows["hour"].figure > 0.5
    assert "most gained: 22 to 23 h" in rows["hour"].sentence
