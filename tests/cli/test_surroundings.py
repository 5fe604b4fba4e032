"""Signals, odd surroundings and faults end in one sentence and the documented exit code, never in a traceback."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from geoharm._text import shown
from geoharm.cli import app
from tests.conftest import main, small_study

posix = pytest.mark.skipif(os.name != "posix", reason="signals, descriptors and locales as POSIX has them")
UNSEEN = "\u001b[31m", "\u009b31m", "\u202e", "\u2066", "\u0007", "\u007f", "\u0000"


def call(*arguments: object, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the program in a folder, as a user does: without the traceback that the tests ask for."""
    surroundings = os.environ | {"GEOHARM_TRACEBACK": ""} | environment
    return subprocess.run(
        [sys.executable, "-m", "geoharm", *map(str, arguments)], cwd=folder, env=surroundings, check=False,
        capture_output=True, text=True, encoding="utf-8", errors="surrogateescape", timeout=300,
    )  # fmt: skip


def started(*arguments: object, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "geoharm", *map(str, arguments)], cwd=folder, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, encoding="utf-8", env=os.environ | {"GEOHARM_TRACEBACK": ""},
    )  # fmt: skip


def said_within(process: subprocess.Popen[str], seconds: float) -> str:
    """Return what a process said on standard error until it ended; one that does not end is killed."""
    try:
        return process.communicate(timeout=seconds)[1]
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise


@posix
@pytest.mark.parametrize(
    ("number", "code", "name", "attempts"), [(signal.SIGINT, 130, "Ctrl-C", 5), (signal.SIGTERM, 143, "SIGTERM", 2)]
)
def test_a_signal_at_any_time_is_one_line_and_its_exit_code(tmp_path, number, code, name, attempts):
    """At times from the first imports to the last write; until Python itself has started, nobody can answer."""
    study, moments = small_study(tmp_path), random.Random(number)
    begun = time.monotonic()
    subprocess.run([sys.executable, "-c", ""], check=True)
    # How long Python takes to start, with a margin: on a busy computer that is seconds.
    start = max(0.3, 3 * (time.monotonic() - begun))
    ended = []
    for attempt in range(attempts):
        process = started(
            "run", study.name, "--data", ".", "--out", f"out{attempt}", "--db", "s.duckdb", "--quiet", folder=tmp_path
        )
        time.sleep(start + moments.uniform(0, 6))
        process.send_signal(number)
        said = said_within(process, 60)
        assert "Traceback" not in said, said
        if process.returncode == 0:
            continue
        assert process.returncode == code, said
        assert said.strip().splitlines()[-1:] == [f"Stopped by {name}."]
        ended.append(attempt)
    assert ended


@posix
def test_ctrl_c_inside_a_question_to_the_database(tmp_path):
    script = (
        "import sys\nfrom pathlib import Path\nfrom geoharm.cli import app, start\n"
        "from geoharm.engines.duckdb import open_engine\n"
        "def ask():\n"
        "    with open_engine(Path('t.duckdb'), inputs=Path('.')) as engine:\n"
        "        print('asking', flush=True)\n"
        "        engine.rows('SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b')\n"
        "app.app.registered_commands.clear()\napp.app.command('ask')(ask)\n"
        "sys.argv = ['geoharm', 'ask']\nstart.main()\n"
    )
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        process = subprocess.Popen(
            [sys.executable, "-c", script], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "asking\n"
        time.sleep(0.3)
        process.send_signal(number)
        said = said_within(process, 60)
        assert process.returncode == code, said
        assert len(said.splitlines()) == 1


@posix
def test_a_signal_that_a_library_drops_comes_again(tmp_path):
    """An error inside a finalizer, or under a bare `except`, goes no further: the work would go on to its end."""
    script = (
        "import sys, time\nfrom geoharm.cli import app, start\n"
        "def work():\n"
        "    try:\n        print('working', flush=True)\n        time.sleep(60)\n"
        "    except BaseException:\n        pass\n"
        "    time.sleep(60)\n"
        "app.app.registered_commands.clear()\napp.app.command('work')(work)\n"
        "sys.argv = ['geoharm', 'work']\nstart.main()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "working\n"
    process.send_signal(signal.SIGINT)
    said = said_within(process, 30)
    assert (process.returncode, said) == (130, "Stopped by Ctrl-C.\n")


@posix
def test_names_of_any_language_under_a_locale_that_has_none(tmp_path):
    folder = tmp_path / "straße \u0141\u00f3d\u017a"
    folder.mkdir()
    study = small_study(folder)
    (folder / "target.geojson").rename(folder / "zïel.geojson")
    text = study.read_text(encoding="utf-8").replace("target.geojson", "zïel.geojson")
    study.write_text(text.replace('name    = "', 'name    = "Ł', 1), encoding="utf-8")
    poor = {
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONIOENCODING": "ascii",
        "PYTHONCOERCECLOCALE": "0",
        "TERM": "dumb",
        "NO_COLOR": "1",
    }
    finished = call("check", study, folder=folder, **poor)
    assert finished.returncode == 0, finished.stderr
    assert "Ł" in finished.stdout
    run = call(
        "run", study, "--data", folder, "--out", folder / "säiten", "--db", folder / "d.duckdb", folder=folder, **poor
    )
    assert run.returncode == 0, run.stderr
    assert "zïel.geojson" in json.loads((folder / "säiten" / "run.json").read_text(encoding="utf-8"))["inputs"]


@posix
def test_a_program_and_a_home_that_cannot_be_written_to(tmp_path):
    """Compiled loops are then kept nowhere. Root may write anywhere, so a file stands where each folder would be made."""
    program, home = tmp_path / "program", tmp_path / "home"
    shutil.copytree(Path(app.__file__).parents[1], program / "geoharm", ignore=shutil.ignore_patterns("__pycache__"))
    for folder in {path.parent for path in (program / "geoharm").rglob("*.py")}:
        (folder / "__pycache__").write_text("")
    home.mkdir()
    (home / ".cache").write_text("")
    script = (
        "import numpy as np\nfrom geoharm.stats.trend import _scores\n"
        "print(type(_scores._cache).__name__)\n"
        "import geoharm.hotspots.density.numba_loops, geoharm.geo.point_in_polygon_grid, geoharm.evaluation.placebo.places\n"
    )
    environment = {key: value for key, value in os.environ.items() if key not in ("XDG_CACHE_HOME", "NUMBA_CACHE_DIR")}
    finished = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False,
        env=environment | {"PYTHONPATH": str(program), "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout == "NullCache\n"


@posix
def test_a_working_folder_that_is_gone(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f"cd {gone} && rmdir {gone} && exec {sys.executable} -m geoharm check study.toml"
    package = str(Path(app.__file__).parents[2])
    finished = subprocess.run(
        ["sh", "-c", script], env=os.environ | {"PYTHONPATH": package}, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 1
    assert finished.stderr == "The working folder is gone; change to one that exists.\n"


@posix
def test_output_that_nobody_takes(tmp_path):
    program = f"{sys.executable} -m geoharm"
    for command, code in (
        (f"{program} --help | head -1", 0),
        (f"{program} --version >&-", 0),
        (f"{program} check no.toml >&- 2>&- <&-", 1),
        (f"{program} --help > /dev/full", 1),
    ):
        if "/dev/full" in command and not Path("/dev/full").exists():
            continue
        finished = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert finished.returncode == code, command
        assert "Traceback" not in finished.stderr
        assert "Exception ignored" not in finished.stderr


def test_a_fault_of_the_program_says_how_to_see_more(monkeypatch, capsys, tmp_path):
    def fail(*_: object) -> None:
        msg = "a secret of the data"
        raise LookupError(msg)

    monkeypatch.setattr(app.study_reader, "read_study", fail)
    monkeypatch.setattr(sys, "argv", ["geoharm", "check", str(tmp_path / "x.toml")])
    monkeypatch.delenv("GEOHARM_TRACEBACK")
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr().err
    assert ended.value.code == 70
    assert "LookupError in cli/app.py, line " in said
    assert "Set GEOHARM_TRACEBACK=1" in said
    assert "secret" not in said
    assert len(said.splitlines()) == 1
    monkeypatch.setenv("GEOHARM_TRACEBACK", "1")
    with pytest.raises(SystemExit):
        main()
    assert "a secret of the data" in capsys.readouterr().err


def test_too_little_memory_is_no_fault_of_the_program(monkeypatch, capsys, tmp_path):
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(app.study_reader, "read_study", fail)
    monkeypatch.setattr(sys, "argv", ["geoharm", "check", str(tmp_path / "x.toml")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert capsys.readouterr().err.startswith("The computer has too little free memory for this.")


@pytest.mark.parametrize("unseen", UNSEEN)
def test_no_sign_of_a_text_acts_on_the_terminal(tmp_path, unseen, monkeypatch, capsys):
    study = small_study(tmp_path)
    written = json.dumps(f"Op{unseen}eration").replace("\x7f", "\\u007f")
    study.write_text(study.read_text(encoding="utf-8").replace('"Operation Test"', written), encoding="utf-8")
    (tmp_path / "reports.csv").write_text(
        f"id,date,longitude,latitude,cat{unseen}egory\n1,2020-01-01,-27,45,x\n", encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GEOHARM_TRACEBACK")
    for arguments in (
        ["check", study.name],
        ["formats", "guess", "reports.csv"],
        ["ingest", study.name, "--data", ".", "--db", "d.duckdb"],
    ):
        monkeypatch.setattr(sys, "argv", ["geoharm", *arguments])
        with pytest.raises(SystemExit):
            main()
        printed = capsys.readouterr()
        assert printed.out or printed.err
        for text in (printed.out, printed.err):
            assert shown(text) == text
            assert "Traceback" not in text


def test_no_such_sign_is_in_a_published_file(tmp_path):
    """Names of the study, and words and areas of the data, come to pages, tables and files for a GIS."""
    study, signs = small_study(tmp_path), "".join(UNSEEN[:-1])
    text = study.read_text(encoding="utf-8")
    written = json.dumps(f"Op{signs}eration").replace("\x7f", "\\u007f")
    text = text.replace('"Operation Test"', written)
    study.write_text(f'{text}files = ["figures", "tables", "workbook", "geopackage"]\n', encoding="utf-8")
    finished = call("run", study.name, "--data", ".", "--out", "pages", "--db", "d.duckdb", folder=tmp_path)
    assert finished.returncode == 0, finished.stderr
    unshown = re.compile(f"[{''.join(map(re.escape, {sign[0] for sign in UNSEEN}))}]")
    looked_at = 0
    for path in (tmp_path / "pages").rglob("*"):
        if path.suffix in {".html", ".json", ".csv", ".svg"}:
            looked_at += 1
            found = unshown.search(path.read_text(encoding="utf-8"))
            assert not found, (path.name, found)
    assert looked_at > 8


def test_a_temporary_folder_that_is_not_there(tmp_path):
    """The next usable one is taken, as for every program."""
    study = small_study(tmp_path)
    finished = call("power", study.name, "--data", ".", folder=tmp_path, TMPDIR=str(tmp_path / "none"))
    assert finished.returncode == 0, finished.stderr


@posix
@pytest.mark.parametrize("name", [b"a\x1b[2J.csv", "a\u202efdp.csv".encode(), b"caf\xe9.csv"])
def test_a_file_name_that_cannot_be_shown_is_refused(tmp_path, name):
    """It would stand in `run.json` and on pages; what is no text could not even be written there."""
    study = small_study(tmp_path)
    (tmp_path / "reports.csv").rename(tmp_path / os.fsdecode(name))
    study.write_text(study.read_text(encoding="utf-8").replace("reports.csv", "*.csv"), encoding="utf-8")
    finished = call("ingest", study.name, "--data", ".", "--db", "d.duckdb", folder=tmp_path)
    assert finished.returncode == 1
    assert "has signs that cannot be shown" in finished.stderr
    assert shown(finished.stderr) == finished.stderr
