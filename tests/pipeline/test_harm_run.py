"""Harm on the whole way: suppressed tables through a run, appraise, prioritise and values on the command line."""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import shapely
from typer.testing import CliRunner

from geoharm import _crs
from geoharm.cli.app import app
from geoharm.errors import GeoharmError, StudyError
from geoharm.pipeline.run import run
from geoharm.simulation.location import CENTRE, CRS
from geoharm.study.read import read_study
from tests.conftest import small_study, write_polygon


def call(*arguments: object, folder: Path):
    """Run a verb in this process, in a folder; a mistake is its sentence and exit code 1, as `main` has it."""
    with contextlib.chdir(folder):
        found = CliRunner().invoke(app, [str(part) for part in arguments])
    if isinstance(found.exception, GeoharmError):
        return SimpleNamespace(returncode=1, stdout=found.stdout, stderr=str(found.exception))
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    return SimpleNamespace(returncode=found.exit_code, stdout=found.stdout, stderr=found.stderr)


ENTRIES = """
[[source]]
name    = "treatment"
kind    = "area_table"
format  = "entries.toml"
files   = ["entries.csv"]
areas   = ["blocks.geojson"]
area_id = "code"

[[measure]]
name        = "treatment entries"
source      = "treatment"
kind        = "treatment_entry"
unit        = "people"
recorded_by = "agency"
harm        = { borne_by = "user", type = "health" }

[[operation]]"""
CLEANING = """[[measure]]
name        = "cleaning"
source      = "reports"
where       = { category = ["cleaning"] }
unit        = "requests"
recorded_by = "public"
reporting   = true

[[operation]]"""
FORMAT = """[format]
kind = "area_table"
container = "csv"
[columns]
area = "area"
date = "month"
value = "value"
[date]
formats = ["%Y-%m"]
unit = "month"
[values]
suppressed = { "*" = [1, 4] }
"""


def write_blocks(folder: Path, value) -> None:
    """Write blocks of 200 m that tile the small study's area, and a monthly table of `value(code)` for each."""

    def degrees(points):
        return np.column_stack(_crs.transform(points[:, 0], points[:, 1], source=CRS, target=_crs.LONLAT))

    features, rows = [], ["area,month,value"]
    for east in range(-3000, 3000, 400):
        for north in range(-3000, 3000, 400):
            code = f"B{east + 3000}-{north + 3000}"
            box = shapely.box(CENTRE[0] + east, CENTRE[1] + north, CENTRE[0] + east + 400, CENTRE[1] + north + 400)
            shape = shapely.geometry.mapping(shapely.transform(box, degrees))
            features.append({"type": "Feature", "properties": {"code": code}, "geometry": shape})
            rows += [f"{code},{year}-{month:02d},{value(code)}" for year in (2020, 2021) for month in range(1, 13)]
    (folder / "blocks.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    (folder / "entries.csv").write_text("\n".join(rows) + "\n")
    (folder / "entries.toml").write_text(FORMAT)


def with_entries(folder: Path, value) -> Path:
    path = small_study(folder)
    write_blocks(folder, value)
    text = path.read_text(encoding="utf-8").replace("[[operation]]", ENTRIES)
    path.write_text(text.replace("after     = ", "cost      = 100\nafter     = "), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def suppressed(tmp_path_factory):
    """Run a study in which every count of one measure is suppressed."""
    folder = tmp_path_factory.mktemp("suppressed")
    path = with_entries(folder, lambda code: "*")
    return run(read_study(path), data=folder, out=folder / "out", database=folder / "s.duckdb"), folder


def test_a_measure_that_is_all_suppressed_stays_an_interval_through_every_sum(suppressed):
    found, folder = suppressed
    balance = found.result.operations[0].harm
    for net in balance.net_harm:
        entries = next(row for row in net.rows if row.measure.name == "treatment entries")
        assert entries.low < 0 < entries.high
        assert entries.note.count("suppressed counts")
        if entries.weight:
            # The finds have no 95% interval in so small a study, so there is no sum; what is left of it keeps the bounds.
            assert net.refused == ("finds",)
            assert not net.is_known
            part = net.partial
            assert part.without == ("finds",)
            assert part.low < part.high
            assert part.interval.low <= part.low
            assert part.interval.high >= part.high
            least = min(entries.weight * entries.low, entries.weight * entries.high)
            assert part.low == pytest.approx(least)
    target = next(one for one in balance.acceptability if one.zone == "target")
    assert target.note == "one part has no 95% interval, so nothing is added up: finds"
    page = (folder / "out" / "report.html").read_text(encoding="utf-8")
    assert "nothing is added up: finds; without finds: " in page
    assert 'data-head="Unit">people<' in page


def test_bounds_of_a_run_are_those_of_the_table(suppressed):
    """By hand: every block that touches the target may hold 1 to 4 a month, and those it only cuts may hold none."""
    found, _ = suppressed
    row = next(
        row
        for net in found.result.operations[0].harm.net_harm
        if net.zone == "target"
        for row in net.rows
        if row.measure.name == "treatment entries"
    )
    # The target of 400 m touches 4 blocks of 400 m or cuts them all; 12 months before, 6 after, control within bounds too.
    assert row.high <= 4 * 4 * 6
    assert row.low >= -4 * 4 * 12 * 4


def test_counts_that_are_exact_give_one_number(tmp_path):
    path = with_entries(tmp_path, lambda code: "9")
    found = run(read_study(path), data=tmp_path, out=tmp_path / "out", database=tmp_path / "s.duckdb")
    row = found.result.operations[0].harm.net_harm[2].rows[-1]
    assert row.measure.name == "treatment entries"
    assert row.low <= 0 <= row.high  # 9 a month everywhere, before and after: no change; blocks on edges stay bounds


@pytest.fixture(scope="module")
def two_operations(tmp_path_factory):
    """Run a study of two operations, two tactics, no health measure, and an objective that is limited."""
    folder = tmp_path_factory.mktemp("two")
    path = small_study(folder)
    write_polygon(folder / "other.geojson", 2200, 2200, 150)
    text = path.read_text(encoding="utf-8").replace('"public order"', '"fewer burglaries"')
    operation = text[text.index("[[operation]]") : text.index("[publish]")]
    second = operation.replace("Operation Test", "Operation Other").replace("target.geojson", "other.geojson")
    second = second.replace('"crackdown"', '"nuisance abatement"').replace(
        "after     =", "cost      = 1234\nafter     ="
    )
    text = text.replace(
        'recorded_by = "public"',
        'recorded_by = "public"\nwatch       = true\nwhere       = { category = ["find"] }\ncomparator  = "cleaning"',
    ).replace("[[operation]]", CLEANING, 1)
    reports = (folder / "reports.csv").read_text(encoding="utf-8").splitlines()
    reports += [f"c{line.removesuffix('find')}cleaning" for line in reports[1:]]
    (folder / "reports.csv").write_text("\n".join(reports) + "\n", encoding="utf-8")
    path.write_text(text.replace("[publish]", second + "[publish]"), encoding="utf-8")
    run(read_study(path), data=folder, out=folder / "out", database=folder / "s.duckdb")
    return folder / "out"


def test_a_report_without_health_says_what_is_missing(two_operations):
    page = (two_operations / "report-1-operation-test.html").read_text(encoding="utf-8")
    first = page[page.index('id="notices"') : page.index('id="threats"')]
    assert "The picture is incomplete: there is no health measure" in first
    assert "The objective is a limited one" in first
    assert "no community measure" not in page
    record = json.loads((two_operations / "run.json").read_text(encoding="utf-8"))
    assert record["operations"][0]["harm"]["limited_objective"]


def test_reports_are_shown_corrected_for_reporting_effort(two_operations):
    """The comparator is a copy of the finds: what is left after the correction is nothing."""
    page = (two_operations / "report-1-operation-test.html").read_text(encoding="utf-8")
    assert "Corrected for how much was reported" in page
    record = json.loads((two_operations / "run.json").read_text(encoding="utf-8"))["operations"][0]["harm"]
    found = {one["zone"]: one for one in record["reporting_corrected"]}
    assert found["target"]["raw"]["value"] < -0.3
    assert found["target"]["corrected"]["value"] == 0
    assert [row["measure"] for row in record["net_harm"][0]["rows"]] == ["finds"]


def test_tactics_are_compared_and_the_watch_is_pooled(two_operations):
    page = (two_operations / "report-1-operation-test.html").read_text(encoding="utf-8")
    part = page[page.index('id="tactics"') :]
    assert "nuisance abatement" in part
    assert "1,234" in part
    record = json.loads((two_operations / "run.json").read_text(encoding="utf-8"))
    checks = [check for one in record["operations"] for check in one["harm"]["unintended_harm"]["checks"]]
    assert {check["state"] for check in checks} <= {"rose", "may have risen", "no rise beyond the margin", "unknown"}
    assert "no harm" not in {check["reason"] for check in checks}


def test_every_mistake_about_harm_is_named_at_once(tmp_path):
    path = small_study(tmp_path)
    text = path.read_text(encoding="utf-8")
    text += """
[values]
profiles = ["equall"]
market_size = "find"
[watch]
margin = 0
days = [28, 7]
[[indicator]]
name = "fear"
source = "survey"
stands_for = "outcomes"
[prioritise.weights]
harms = 1
[[option]]
name = "A"
local = [-0.1, -0.4]
source = "x"
"""
    path.write_text(
        text.replace('recorded_by = "public"', 'recorded_by = "public"\ncomparator = "cleaning"'), encoding="utf-8"
    )
    with pytest.raises(StudyError) as caught:
        read_study(path)
    said = str(caught.value)
    for sentence in (
        'market_size = "find" is not the name of a measure; did you mean "finds"?',
        "[watch]: margin = 0 must be a number between 0.01 and 5.",
        "[watch]: days = [28, 7] must be whole numbers above 0 that grow",
        '[[indicator]] 1 "fear": stands_for = "outcomes" is not allowed; did you mean "outcome"?',
        '[prioritise], weights: harms is not a known key; did you mean "harm"?',
        "local = [-0.1, -0.4] must be two numbers, the smaller first: a 90% range.",
        '[[measure]] 1 "finds": comparator = "cleaning" is not the name of a measure with reporting = true; there is none.',
    ):
        assert sentence in said, sentence


def test_mitigation_that_holds_nothing_measured_is_refused(tmp_path):
    path = small_study(tmp_path)
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace(
            "after     = ", 'mitigation = [{ what = "bins", delivered = "some", holds = ["find"] }]\nafter     = '
        ),
        encoding="utf-8",
    )
    with pytest.raises(StudyError) as caught:
        read_study(path)
    assert 'delivered = "some" must be true or false, or "partly".' in str(caught.value)
    path.write_text(
        text.replace(
            "after     = ", 'mitigation = [{ what = "bins", delivered = true, holds = ["find"] }]\nafter     = '
        ),
        encoding="utf-8",
    )
    with pytest.raises(StudyError, match='holds "find", which is not the name of a measure; did you mean "finds"'):
        read_study(path)


def test_profiles_of_one_name_are_refused(tmp_path):
    path = small_study(tmp_path)
    path.write_text(path.read_text(encoding="utf-8") + '\n[values]\nprofiles = ["equal", "equal"]\n', encoding="utf-8")
    assert 'are both called "equal"' in call("check", "study.toml", folder=tmp_path).stderr


def test_profiles_of_a_study_are_checked_before_any_data(tmp_path):
    path = small_study(tmp_path)
    path.write_text(path.read_text(encoding="utf-8") + '\n[values]\nprofiles = ["equall"]\n', encoding="utf-8")
    found = call("check", "study.toml", folder=tmp_path)
    assert found.returncode == 1
    assert 'values: "equall" is no shipped profile; did you mean "equal"' in found.stderr


# -- the command line ---------------------------------------------------------------------------------------------------


def test_values_on_the_command_line(tmp_path):
    listed = json.loads(call("values", "list", "--json", folder=tmp_path).stdout)
    assert len(listed) == 8
    shown = call("values", "show", "public-health-first", folder=tmp_path).stdout
    (tmp_path / "mine.toml").write_text(shown, encoding="utf-8")
    found = call("values", "check", "mine.toml", "--json", folder=tmp_path)
    assert json.loads(found.stdout)["vetoes"][0]["words"].startswith("no rise")
    (tmp_path / "bad.toml").write_text(shown.replace("licence", "license"), encoding="utf-8")
    bad = call("values", "check", "bad.toml", folder=tmp_path)
    assert bad.returncode == 1
    assert bad.stderr.startswith("2 mistakes:")


def test_weights_are_imported_from_a_sheet(tmp_path):
    (tmp_path / "ons.csv").write_text(
        "Offence,Weight\nRobbery,746\nShoplifting,13\nPossession of cannabis,3\n", encoding="utf-8"
    )
    found = call("values", "import", "ons.csv", "--kind", "ons", "--out", "ons.toml", folder=tmp_path)
    assert found.returncode == 0, found.stderr
    assert "Not tested on an original file" in found.stdout
    assert call("values", "check", "ons.toml", folder=tmp_path).returncode == 0
    again = call("values", "import", "ons.csv", "--kind", "ons", "--out", "ons.toml", folder=tmp_path)
    assert again.returncode == 1
    assert "exists; choose another --out" in again.stderr


def test_appraise_writes_one_page_that_runs_nothing(root, tmp_path):
    arguments = ["appraise", root / "pipelines" / "demo.toml", "--data", root / "data" / "sample", "--out", tmp_path / "out",
                 "--db", tmp_path / "d.duckdb", "--json"]  # fmt: skip
    found = call(*arguments, folder=tmp_path)
    assert found.returncode == 0, found.stderr
    told = json.loads(found.stdout)
    assert next(one["name"] for one in told["options"]) == "Doing nothing"
    page = (tmp_path / "out" / "appraisal.html").read_text(encoding="utf-8")
    assert "default-src &#39;none&#39;" in page
    assert "<script" not in page
    assert "Evidence card" in page
    assert re.search(r"if \d+% of the local change turned up nearby, nothing would be gained", page)
    again = call(*arguments, folder=tmp_path)
    assert again.stdout == found.stdout
    assert page == (tmp_path / "out" / "appraisal.html").read_text(encoding="utf-8")


def test_appraise_without_options_says_how(tmp_path):
    small_study(tmp_path)
    found = call("appraise", "study.toml", "--data", ".", folder=tmp_path)
    assert found.returncode == 1
    assert "no [[option]] to appraise" in found.stderr
    template = call("appraise", "study.toml", "--template", folder=tmp_path).stdout
    assert template.count("[[option]]") == 11


def test_prioritise_ranks_and_may_be_weighed_anew(root, tmp_path):
    arguments = ["prioritise", root / "pipelines" / "demo.toml", "--data", root / "data" / "sample", "--out", tmp_path / "out",
                 "--db", tmp_path / "d.duckdb", "--json"]  # fmt: skip
    found = call(*arguments, "--weight", "harm=1", folder=tmp_path)
    assert found.returncode == 0, found.stderr
    markets = json.loads(found.stdout)["markets"]
    harms = [row["criteria"]["harm"]["value"] for row in markets]
    assert harms == sorted(harms, reverse=True)
    assert all(row["ranks"][0] <= row["rank"] <= row["ranks"][1] for row in markets)
    page = (tmp_path / "out" / "priorities.html").read_text(encoding="utf-8")
    assert "Threat matrix" in page
    assert "<script" not in page
    layer = json.loads((tmp_path / "out" / "priorities.geojson").read_text(encoding="utf-8"))
    assert {one["properties"]["rank"] for one in layer["features"]} <= {row["rank"] for row in markets}
    assert "beyond_treatment" in layer["features"][0]["properties"]
    bad = call(*arguments, "--weight", "harms=1", folder=tmp_path)
    assert bad.returncode == 1
    assert '--weight "harms=1" must be a criterion' in bad.stderr
