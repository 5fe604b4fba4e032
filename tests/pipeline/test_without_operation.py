"""A study without an operation, from its files to its pages; and verbs that need one say so."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import date

import pytest

from geoharm.engines.duckdb import open_engine
from geoharm.errors import DesignError, StudyError
from geoharm.model.study import Comparison
from geoharm.pipeline.analyse import analyse
from geoharm.pipeline.collect import collect_study
from geoharm.pipeline.decide import prioritise
from geoharm.pipeline.load import load_sources
from geoharm.pipeline.run import run
from geoharm.study.read import read_study
from tests.conftest import main
from tests.study.test_without_operation import ACTIVITY, NARROW, compared, study_of

# Coarse, so that a run takes a second.
COARSE = (
    "\n[hotspots]\ncell = 200\nbandwidth = 400\n\n[emerging]\ncell = 600\nband = 1200\n\n[change]\npermutations = 99\n"
)
HALVES = compared(name="halves", before=("2020-01-01", "2020-07-01"), after=("2021-01-01", "2021-07-01"))


def analysed(folder, study):
    with open_engine(folder / f"{study.slug}.duckdb", inputs=folder) as engine:
        return analyse(collect_study(engine, study, load_sources(engine, study, folder)), ())


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Return the folder of a study without an operation and with a comparison, its run, and what was printed."""
    folder = tmp_path_factory.mktemp("hotspots")
    study = read_study(study_of(folder, extra=HALVES + COARSE))
    study = replace(study, publish=replace(study.publish, files=("geopackage", "tables", "workbook", "figures")))
    return folder, run(study, data=folder, out=folder / "out", database=folder / "study.duckdb")


def test_hotspots_clusters_and_concentration_are_those_of_the_study_with_its_operation(written, tmp_path):
    """Nothing about where events lie depends on whether something is evaluated."""
    _folder, done = written
    with_operation = analysed(tmp_path, read_study(study_of(tmp_path, extra=COARSE, keep_operation=True)))
    bare = done.result
    for one, other in zip(bare.hotspots, with_operation.hotspots, strict=True):
        assert one.hotspots == other.hotspots
        assert one.concentration == other.concentration
        assert one.bandwidth == other.bandwidth
    for one, other in zip(bare.patterns, with_operation.patterns, strict=True):
        assert (one.clustering.gi.z == other.clustering.gi.z).all() or str(one.clustering.gi.z) == str(
            other.clustering.gi.z
        )
        assert (one.emerging.map.pattern == other.emerging.map.pattern).all()
        assert str(one.predictive_accuracy) == str(other.predictive_accuracy)


def test_a_report_a_map_and_a_record_are_written_and_nothing_speaks_of_an_operation(written):
    folder, done = written
    names = {path.name for path in done.published.files}
    assert {"report.html", "map.html", "run.json", "releases.json", "hotspots.gpkg", "tables.xlsx"} <= names
    assert not {"embed.html", "summary.txt"} & names
    report = (folder / "out" / "report.html").read_text(encoding="utf-8")
    assert "<h1>Where harm concentrates</h1>" in report
    for word in ("target area", "control area", "placebo", "Exploratory", "verdict", "the operation"):
        assert word not in report.split("<h2>Methods</h2>")[0], word
    map_page = (folder / "out" / "map.html").read_text(encoding="utf-8")
    assert 'data-layer="zones"' not in map_page
    assert 'data-layer="control"' not in map_page


def test_the_record_holds_the_comparison_and_no_plan(written):
    folder, _ = written
    record = json.loads((folder / "out" / "run.json").read_text(encoding="utf-8"))
    assert record["operations"] == []
    assert record["preregistration"] is None
    (one,) = record["comparisons"]
    assert (one["comparison"], one["measure"], one["same_season"]) == ("halves", "finds", True)
    assert one["events_before"] % 10 == one["events_after"] % 10 == 0
    assert one["ratio"]["low"] < one["ratio"]["value"] < one["ratio"]["high"]
    assert one["before"]["periods"] == [{"start": "2020-01-01", "end": "2020-07-01"}]


def test_the_same_study_gives_the_same_bytes(written):
    folder, done = written
    before = {path.name: path.read_bytes() for path in done.published.files}
    study = done.result.study
    again = run(study, data=folder, out=folder / "out", database=folder / "study.duckdb")
    assert {path.name: path.read_bytes() for path in again.published.files} == before


def test_an_operation_may_be_added_in_the_same_folder(tmp_path):
    """The second release is attacked together with the first; here nothing follows, and both are recorded."""
    bare = read_study(study_of(tmp_path, extra=COARSE))
    run(bare, data=tmp_path, out=tmp_path / "out", database=tmp_path / "d.duckdb")
    full = read_study(study_of(tmp_path, extra=COARSE, keep_operation=True))
    run(full, data=tmp_path, out=tmp_path / "out", database=tmp_path / "d.duckdb")
    record = json.loads((tmp_path / "out" / "releases.json").read_text(encoding="utf-8"))
    texts = [row[0] for row in record["told"]]
    assert any("of a study without an operation" in text for text in texts)
    assert any("target" in text for text in texts)


def test_windows_past_the_data_are_refused_in_one_sentence(tmp_path):
    late = compared(before=("2020-01-01", "2021-01-01"), after=("2021-06-01", "2021-12-01"))
    study = read_study(study_of(tmp_path, extra=late + COARSE))
    with pytest.raises(
        DesignError, match=r"^The window after of \"year on year\" .* runs past the data of \"reports\""
    ):
        run(study, data=tmp_path, out=tmp_path / "out", database=tmp_path / "d.duckdb")
    assert not (tmp_path / "out").exists()


def test_markets_are_ranked_without_an_operation(tmp_path):
    study = read_study(study_of(tmp_path, extra=HALVES + COARSE))
    ranking = prioritise(
        study, data=tmp_path, out=tmp_path / "out", database=tmp_path / "d.duckdb", weights=study.harm.criteria
    )
    assert ranking.record["markets"][0]["rank"] == 1
    assert ranking.record["markets"][0]["criteria"]["resilience"]["value"] is None


def test_markets_are_not_ranked_by_activity(tmp_path):
    study = read_study(study_of(tmp_path, NARROW, ('"finds"\n\n', '"stops"\n\n'), extra=ACTIVITY))
    with pytest.raises(StudyError, match='"stops", which leads in this study, is activity; write primary = "finds"'):
        prioritise(study, data=tmp_path, out=tmp_path, database=tmp_path / "d.duckdb", weights=study.harm.criteria)


@pytest.mark.parametrize(
    ("verb", "what"),
    [
        (("plan", "lock"), "a plan to lock"),
        (("plan", "show"), "a plan to lock"),
        (("power",), "the smallest fall that a design can detect"),
        (("power", "--search"), "the smallest fall that a design can detect"),
    ],
)
def test_what_needs_an_operation_says_so_in_one_sentence(tmp_path, monkeypatch, capsys, verb, what):
    path = study_of(tmp_path)
    words, options = [word for word in verb if word[0] != "-"], [word for word in verb if word[0] == "-"]
    monkeypatch.setattr(sys, "argv", ["geoharm", *words, str(path), *options])
    with pytest.raises(SystemExit) as stop:
        main()
    said = capsys.readouterr()
    assert stop.value.code == 1
    assert f'"A small study" has no operation, and {what} needs one; add an [[operation]]' in said.err
    assert said.err.count("\n") == 1


def test_a_comparison_beside_an_operation_has_its_section(tmp_path):
    """The operation's report keeps its answer, and the comparison stands in the annex."""
    study = read_study(study_of(tmp_path, extra=HALVES + COARSE, keep_operation=True))
    assert study.comparisons[0] == Comparison("halves", study.comparisons[0].before, study.comparisons[0].after)
    done = run(study, data=tmp_path, out=tmp_path / "out", database=tmp_path / "d.duckdb")
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "What changed between windows" in report
    assert "Operation Test" in report
    (one,) = done.result.comparisons
    assert one.windows.before.start == date(2020, 1, 1)


def test_the_shipped_example_runs(root, tmp_path):
    study = read_study(root / "pipelines" / "hotspots.toml")
    assert not study.operations
    done = run(study, data=root / "data" / "sample", out=tmp_path / "out", database=tmp_path / "d.duckdb")
    assert study.primary == "needle finds"
    assert done.published.hotspots[0].startswith("Needle finds: 12 hotspots hold 27% of all located events, on 1.4%")
