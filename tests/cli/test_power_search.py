"""`geoharm power --search` and `--compare` as a user sees them: ranking, refusals, files, mistakes and Ctrl-C."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from geoharm.cli.app import app
from geoharm.pipeline import design_search, past_designs
from tests.conftest import small_study, write_polygon

FILES = ["designs-internal.csv", "designs-internal.json", "designs-internal.svg", "markets-internal.geojson"]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Return a folder with a study whose data are too short for one answer, and a file of two areas."""
    folder = tmp_path_factory.mktemp("search")
    small_study(folder)
    write_polygon(folder / "one.geojson", 1500, 0, 150)
    area = json.loads((folder / "one.geojson").read_text(encoding="utf-8"))
    area["features"][0]["properties"] = {"ward": "East"}
    outside = json.loads(json.dumps(area))
    outside["features"][0]["properties"] = {"ward": "Far"}
    ring = outside["features"][0]["geometry"]["coordinates"][0]
    outside["features"][0]["geometry"]["coordinates"] = [[[x + 0.5, y] for x, y in ring]]
    (folder / "areas.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": area["features"] + outside["features"]}), encoding="utf-8"
    )
    return folder


def asked(folder, *arguments):
    """Return the program's answer about the study in a folder."""
    command = ["power", str(folder / "study.toml"), "--data", str(folder), *map(str, arguments)]
    return CliRunner().invoke(app, command)


def test_a_search_without_an_answer_says_so_with_reasons(study, monkeypatch):
    monkeypatch.setattr(past_designs, "WAITS", (3,))
    said = asked(study, "--search", "--windows", "3,6", "--starts", "2021-01-01", "--quiet").stdout
    assert "Internal: not for release." in said
    assert "Nothing from 2021-01-01 on is counted: neither to find markets nor to try designs." in said
    assert "“Operation Test” as in the study file, and " in said
    assert re.search(r"finds: \d+ designs tried, \d+ without an answer", said)
    assert re.search(
        r"\n  \d+ such as: the data begin on 2020-01-01, too late for \d months before the operation\n", said
    )
    assert "No design can answer: none finds a fall of 60% or less of finds." in said
    assert re.search(
        r"   -  Operation Test; market 1; [^:]*: the data begin on 2020-01-01, too late for 3 months", said
    )
    assert "The best of many designs" not in said


def test_areas_of_a_file_with_their_names_and_a_refusal_as_a_row(study, monkeypatch, tmp_path):
    monkeypatch.setattr(past_designs, "WAITS", (3,))
    out = tmp_path / "out"
    told = asked(
        study, "--search", "--areas", study / "areas.geojson", "--name-column", "ward", "--windows", "3",
        "--rings", "0:200", "--rings", "none", "--starts", "2021-01-01,2021-04-01", "--out", out, "--json", "--quiet",
    )  # fmt: skip
    assert told.exit_code == 0, told.stdout
    record = json.loads(told.stdout)
    assert record["complete"] is True
    assert [market["market"] for market in record["markets"]] == ["Operation Test", "East", "Far"]
    assert len(record["designs"]) == record["designs_in_all"] == 3 * 2 * 2
    far = {one["zones"][0]["note"] for one in record["designs"] if one["market"] == "Far"}
    assert all("lies outside the study area" in note for note in far)
    assert record["best"] == {"finds": []}
    assert sorted(path.name for path in out.iterdir()) == FILES
    assert json.loads((out / FILES[1]).read_text(encoding="utf-8")) == {
        key: value for key, value in record.items() if key != "files"
    }
    with (out / FILES[0]).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 12
    assert {row["rings_m"] for row in rows} == {"200", ""}
    assert all(row["reason"] for row in rows)
    layer = json.loads((out / FILES[3]).read_text(encoding="utf-8"))
    assert [feature["properties"]["name"] for feature in layer["features"]] == ["Operation Test", "East", "Far"]
    assert "Internal: not for release." in (out / FILES[2]).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--rings", "100:250"], "--rings is for a search; add --search."),
        (["--out", "x"], "--out is for a search; add --search."),
        (["--windows", "6"], "--windows is for a search; add --search."),
        (["--markets", "3"], "--markets is for a search; add --search."),
        (["--search", "--compare", "other.toml"], "ask one at a time"),
        (["--search", "--rings", "100:50"], "must be own, none, or GAP:OUTER,OUTER"),
        (["--search", "--rings", "near"], "must be own, none, or GAP:OUTER,OUTER"),
        (["--search", "--starts", "soon"], "must be dates such as"),
        (["--search", "--windows", "6,0"], "must be months from 1 to 60"),
        (["--search", "--windows", "61"], "must be months from 1 to 60"),
    ],
)
def test_a_wrong_command_line_is_exit_code_2_and_a_sentence(study, arguments, sentence):
    told = asked(study, *arguments)
    assert told.exit_code == 2
    assert sentence in " ".join(re.sub(r"[│╭╮╰╯─]", " ", told.output).split())


def test_an_area_with_the_name_of_an_operation_is_refused(study):
    areas = (study / "areas.geojson").read_text(encoding="utf-8").replace("East", "Operation Test")
    (study / "same.geojson").write_text(areas, encoding="utf-8")
    told = asked(study, "--search", "--areas", study / "same.geojson", "--name-column", "ward", "--quiet")
    assert told.exit_code == 1
    assert "is the name of an operation in the study file and of an area" in str(told.exception)


def test_a_search_that_is_too_large_is_refused_before_it_begins(study, monkeypatch):
    monkeypatch.setattr(design_search, "MAX_ROWS", 5)
    told = asked(study, "--search")
    assert told.exit_code == 2
    assert "at most 5 are tried" in " ".join(told.output.split())


def test_what_was_found_is_printed_when_it_is_stopped(study, monkeypatch, tmp_path):
    """The rows so far, that it was stopped, no file, and then the stop goes on its way."""
    monkeypatch.setattr(past_designs, "WAITS", (3,))
    try_all = design_search.try_designs

    def two_and_stop(*arguments):
        rows = try_all(*arguments)
        yield next(rows)
        yield next(rows)
        raise KeyboardInterrupt

    monkeypatch.setattr(design_search, "try_designs", two_and_stop)
    arguments = ["--search", "--windows", "3", "--out", tmp_path / "out", "--quiet"]
    said = asked(study, *arguments)
    assert isinstance(said.exception, KeyboardInterrupt) or said.exit_code == 130
    assert re.search(r"Stopped: 2 of \d+ designs were tried", said.stdout)
    assert "No design that was tried can answer" in said.stdout
    assert not (tmp_path / "out").exists()
    record = json.loads(asked(study, *arguments, "--json").stdout)
    assert record["complete"] is False
    assert len(record["designs"]) == 2


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
def test_ctrl_c_is_exit_code_130(study):
    process = subprocess.Popen(
        [sys.executable, "-m", "geoharm", "power", "study.toml", "--data", ".", "--search", "--circle", "60",
         "--markets", "100", "--rings", "own", "--rings", "50:150"],
        cwd=study, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
        env=os.environ | {"GEOHARM_TRACEBACK": ""},
    )  # fmt: skip
    try:
        said = ""
        while "trying designs" not in said and (letter := process.stderr.read(1)):
            said += letter  # the line of a step ends when the step does
        process.send_signal(signal.SIGINT)
        printed, complained = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130
    assert complained.strip().splitlines()[-1] == "Stopped by Ctrl-C."
    assert re.search(r"Stopped: \d+ of \d+ designs were tried", printed)


def test_two_studies_side_by_side(study, monkeypatch):
    """The same place with other rings, and a measure that one of them does not have."""
    monkeypatch.setattr(past_designs, "WAITS", (3,))
    text = (study / "study.toml").read_text(encoding="utf-8")
    other = text.replace("outer = [250, 500]", "outer = [300]").replace("A small study", "Another")
    (study / "other.toml").write_text(other, encoding="utf-8")
    (study / "third.toml").write_text(text.replace('"finds"', '"others"'), encoding="utf-8")
    said = asked(study, "--compare", study / "other.toml").stdout
    assert said.startswith("A: A small study (")
    assert "\nB: Another (" in said
    assert "A: Operation Test from 2021-01-01, gap 50 m, rings to 250, 500 m; tried on windows of the past" in said
    assert "B: Operation Test from 2021-01-01, gap 50 m, rings to 300 m; tried on windows of the past" in said
    assert re.search(r"  target +no answer +no answer\n", said)
    assert "not in the study" not in said
    assert "A, target: no 95% interval is possible here" in said
    said = asked(study, "--compare", study / "third.toml").stdout
    assert re.search(r"finds \(primary of A\)\n  A: [^\n]*\n +A +B\n  target +no answer +not in the study\n", said)
    assert re.search(r"others \(primary of B\)\n  B: [^\n]*\n +A +B\n  target +not in the study  no answer\n", said)
    record = json.loads(asked(study, "--compare", study / "third.toml", "--json").stdout)
    assert [(row["measure"], row["zone"]) for row in record["rows"]][:2] == [
        ("finds", "target"),
        ("finds", "all rings"),
    ]
    assert record["rows"][0]["A"]["note"]
    assert record["rows"][0]["B"] is None
    assert record["rows"][-1]["A"] is None


def test_a_stop_while_markets_are_pooled_keeps_the_ranking(study, monkeypatch, tmp_path):
    monkeypatch.setattr(past_designs, "WAITS", (3,))

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(design_search, "with_together", stop)
    said = asked(study, "--search", "--windows", "3", "--markets", "1", "--out", tmp_path / "out", "--quiet")
    assert isinstance(said.exception, KeyboardInterrupt) or said.exit_code == 130
    assert re.search(r"finds: \d+ designs tried", said.stdout)
    assert "Stopped:" not in said.stdout
    assert not (tmp_path / "out").exists()
