"""Several studies in one call: the same bytes as one by one, failures that stop nobody, and one Ctrl-C for all."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from geoharm.pipeline.run import run
from geoharm.study.read import read_study
from tests.conftest import main, small_study

posix = pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")


def write_studies(folder):
    """Write two small studies with files of their own, and one with a mistake."""
    for name, after in (("north", 40), ("south", 90)):
        inner = folder / name
        inner.mkdir()
        text = small_study(inner, name=f"Operation {name.capitalize()}", target_after=after).read_text(encoding="utf-8")
        for file in ("area.geojson", "target.geojson", "reports.csv"):
            text = text.replace(f'"{file}"', f'"{name}/{file}"')
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
        (inner / "study.toml").unlink()
    text = (folder / "north.toml").read_text(encoding="utf-8")
    (folder / "broken.toml").write_text(text.replace("seed    = 1", "sead = 1"), encoding="utf-8")


@pytest.fixture
def call(monkeypatch, capsys, tmp_path):
    """Return a function that calls `geoharm run` in this process, in a folder with the studies."""
    write_studies(tmp_path)
    monkeypatch.chdir(tmp_path)

    def run_verb(*arguments):
        monkeypatch.setattr(sys, "argv", ["geoharm", "run", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        return ended.value.code or 0, printed.out, printed.err

    return run_verb


def pages_of(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_several_studies_give_the_bytes_of_one_by_one_and_a_failure_stops_nobody(call, tmp_path):
    code, out, err = call("*.toml", "--data", ".", "--out", "pages", "--jobs", "2", "--json")
    assert code == 1
    told = {one["study_file"]: one for one in json.loads(out)["studies"]}
    assert list(told) == ["broken.toml", "north.toml", "south.toml"]
    assert "sead" in told["broken.toml"]["error"]
    assert (told["broken.toml"]["exit_code"], told["north.toml"]["exit_code"]) == (1, 0)
    assert told["south.toml"]["operations"][0]["name"] == "Operation South"
    assert "broken.toml: failed in 0 s" in err
    assert "north.toml: done in" in err
    assert "3 studies" not in err  # Only those that can be read are run.
    assert "2 studies, 2 at a time: up to 1." in err
    for name in ("north", "south"):
        alone = tmp_path / "alone" / name
        run(read_study(tmp_path / f"{name}.toml"), data=tmp_path, out=alone, database=tmp_path / f"{name}-alone.duckdb")
        assert pages_of(alone) == pages_of(tmp_path / "pages" / name)
        assert (tmp_path / "data" / f"{name}.duckdb").is_file()
    index = (tmp_path / "pages" / "index.html").read_text(encoding="utf-8")
    assert "Operation North" in index
    assert "Operation South" in index


def test_two_studies_of_one_name_are_refused_before_any_work(call, tmp_path):
    (tmp_path / "other").mkdir()
    shutil.copy(tmp_path / "north.toml", tmp_path / "other" / "north.toml")
    for file in ("area.geojson", "target.geojson"):
        (tmp_path / "other" / "north").mkdir(exist_ok=True)
        shutil.copy(tmp_path / "north" / file, tmp_path / "other" / "north" / file)
    code, out, err = call("north.toml", "other/north.toml", "--data", ".")
    assert code == 1
    assert out == ""
    assert "have one folder of pages, " in err
    assert "have one database, " in err
    assert not (tmp_path / "maps").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["north.toml", "south.toml", "--db", "one.duckdb"], "--db names one database"),
        (["nothing-*.toml"], 'No file fits "nothing-*.toml"'),
        (["north.toml", "south.toml", "--jobs", "0"], "--jobs"),
    ],
)
def test_a_wrong_command_line_is_exit_code_2(call, tmp_path, arguments, sentence):
    code, _, err = call(*arguments)
    assert code == 2
    assert sentence in " ".join(err.split())
    assert not (tmp_path / "data").exists()


def test_one_study_that_two_patterns_fit_runs_alone(call, tmp_path):
    """It is then a run like any other: the sentence of its mistake, and no summary of several."""
    code, out, err = call("broken.toml", "brok*.toml", "--data", ".")
    assert (code, out) == (1, "")
    assert "sead" in err
    assert "studies" not in err


def none_is_left(group):
    """Return whether a group of processes has ended; what watches over their names ends a moment after them."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


@posix
def test_ctrl_c_ends_all_of_them(tmp_path):
    write_studies(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-m", "geoharm", "run", "north.toml", "south.toml", "--data", ".", "--jobs", "2"],
        cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    end = time.monotonic() + 120
    while not list((tmp_path / "data").glob("*.duckdb")) and time.monotonic() < end:
        time.sleep(0.2)
    # As a terminal does: to the program and to those that it has started.
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert out == ""
    assert err.strip().splitlines()[-1] == "Stopped by Ctrl-C."
    assert "Traceback" not in err
    assert none_is_left(process.pid)
    assert not list(tmp_path.rglob("report.html"))


def test_a_process_that_ends_without_an_answer_is_one_sentence(monkeypatch, call):
    """As when the system kills it for want of memory."""
    from geoharm.cli import several_runs  # noqa: PLC0415

    monkeypatch.setattr(several_runs, "work", os._exit)
    code, out, err = call("north.toml", "south.toml", "--data", ".")
    assert code == 1
    assert "0 of 2 studies are done" in out
    assert err.count("ended without an answer (exit code 1)") == 2
