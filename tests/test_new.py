"""`geoharm new` writes a study that passes its own check and runs; it asks or refuses, and never ingests on a guess."""

from __future__ import annotations

import json
import tomllib

import pytest
from typer.testing import CliRunner

from geoharm.cli import app
from geoharm.errors import StudyError
from geoharm.start import circle

AREA = ["--area-around=-24,45,2.9", "--target-around=-24.0,45.0,320"]
WHEN = ["--operation", "Lantern", "--start", "2022-01-10", "--end", "2022-01-23"]


def call(*arguments):
    """Run a verb; what the program prints as a sentence is raised here."""
    return CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=True)


def refusal(result) -> str:
    assert isinstance(result.exception, StudyError), result.output
    return "; ".join(result.exception.problems)


@pytest.fixture
def sample(root):
    return root / "data" / "sample"


def new(sample, path, *more):
    return call("new", path, "--data", sample, "--file", "needles.csv=points-csv", "--file", "police.csv=points-csv",
                *AREA, *WHEN, "--yes", *more)  # fmt: skip


def test_what_it_writes_passes_its_check(sample, tmp_path):
    path = tmp_path / "mine.toml"
    result = new(sample, path, "--json")
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert said["next"] == [f"geoharm check {path}", f"geoharm run {path} --data {sample}"]
    assert call("check", path).exit_code == 0
    study = tomllib.loads(path.read_text(encoding="utf-8"))
    roles = {one["name"]: "harm" in one for one in study["measure"]}
    assert roles["police activity (police)"] is False
    assert roles["violence (police)"] is True
    assert all(one["files"] in (["needles.csv"], ["police.csv"]) for one in study["source"])
    assert "# guessed" in path.read_text(encoding="utf-8")


def test_a_missing_flag_is_named_where_nobody_can_be_asked(sample, tmp_path):
    path = tmp_path / "mine.toml"
    result = call("new", path, "--data", sample, *AREA, "--start", "2022-01-10", "--yes")
    assert refusal(result) == "--operation is missing; nothing was written."
    assert not list(tmp_path.iterdir())


def test_files_that_exist_are_kept(sample, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("mine")
    assert "exists; choose another name, or add --force" in refusal(new(sample, path))
    assert path.read_text() == "mine"
    assert [one.name for one in tmp_path.iterdir()] == ["mine.toml"]
    assert new(sample, path, "--force").exit_code == 0


def test_a_study_that_would_not_pass_leaves_nothing_behind(sample, tmp_path):
    assert new(sample, tmp_path / "mine.toml", "--crs", "EPSG:4326").exit_code != 0
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--period", "2022-01-20..2022-12-31"], "there is nothing before the operation of 2022-01-10"),
        (["--period", "2019-01-01..2022-02-01"], "less than a month after the operation cannot be judged"),
        (["--primary", "joy"], '--primary is "joy"; it must be one of '),
        (["--file", "nonsense"], 'write PATTERN=FORMAT'),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said(sample, tmp_path, more, sentence):
    assert sentence in refusal(new(sample, tmp_path / "mine.toml", *more))
    assert not list(tmp_path.iterdir())


def test_a_guess_is_written_but_never_used(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    rows = "".join(
        f"R{n},2021-03-{n % 28 + 1:02d},{45 + n / 9000:.5f},{-24 + n / 9000:.5f},assault\n" for n in range(90)
    )
    (data / "own.csv").write_text("case number,reported date,lat,lon,offence\n" + rows)
    path = tmp_path / "mine.toml"
    result = call("new", path, "--data", data, *AREA, "--operation", "X", "--start", "2021-03-15", "--yes")
    assert result.exit_code == 0, result.output
    assert not path.exists()
    guess = (tmp_path / "own.toml").read_text(encoding="utf-8")
    assert "guessed = true" in guess
    path.write_text(
        (tmp_path / "own.toml").name
        and """[study]
name = "x"
area = "a.geojson"
period = { start = 2021-01-01, end = 2022-01-01 }
primary = "m"
[[source]]
name = "s"
kind = "incident"
format = "own.toml"
files = ["own.csv"]
[[measure]]
name = "m"
source = "s"
unit = "incidents"
recorded_by = "public"
harm = { borne_by = "community", type = "crime and violence" }
[[operation]]
name = "X"
tactic = "crackdown"
objective = "o"
start = 2021-06-01
end = 2021-06-01
target = "t.geojson"
rings = { gap = 100, outer = [250] }
before = { start = 2021-01-01, end = 2021-06-01 }
after = ["0-3 months"]
"""
    )
    (tmp_path / "a.geojson").write_text(circle(-24, 45, 5000))
    (tmp_path / "t.geojson").write_text(circle(-24, 45, 300))
    assert 'the format "own.toml" is a guess' in refusal(call("check", path))
    assert 'the format "own.toml" is a guess' in refusal(
        call("ingest", path, "--data", data, "--db", tmp_path / "d.duckdb")
    )


@pytest.mark.real
@pytest.mark.parametrize(
    ("folder", "more"),
    [
        ("tempe-ems", ["--area-around=-111.93,33.40,12", "--target-around=-111.93,33.42,1500", "--start", "2021-05-01"]),
        ("merseyside-police", ["--area-around=-2.95,53.42,20", "--target-around=-2.97,53.41,800", "--start", "2020-03-01"]),
        ("boston-needles", ["--file", "needle_20*.geojson.gz=boston-311-needles", "--area-around=-71.07,42.33,9",
                            "--target-around=-71.073,42.332,400", "--start", "2019-08-01"]),
    ],
)  # fmt: skip
def test_real_folders_make_studies_that_run(shared, tmp_path, folder, more):
    path = tmp_path / "mine.toml"
    result = call("new", path, "--data", shared / folder, *more, "--operation", "X", "--yes")
    assert result.exit_code == 0, result.output
    ran = call(
        "run", path, "--data", shared / folder, "--out", tmp_path / "out", "--db", tmp_path / "d.duckdb", "--quiet"
    )
    assert ran.exit_code == 0, ran.output
    assert (tmp_path / "out" / "report.html").is_file()
