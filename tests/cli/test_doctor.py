"""`geoharm doctor`: a computer that is well, and each thing that can be amiss, planted."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from geoharm.cli import doctor
from geoharm.engines.duckdb import open_engine
from tests.conftest import small_study


def call(folder: Path, *arguments: object, **environment: str) -> tuple[int, str]:
    """Return exit code and output of the program; nothing may be said beside it."""
    finished = subprocess.run(
        [sys.executable, "-m", "geoharm", "doctor", *map(str, arguments)],
        check=False, cwd=folder, capture_output=True, text=True, encoding="utf-8", env=os.environ | environment,
    )  # fmt: skip
    assert finished.stderr == ""
    return finished.returncode, finished.stdout


def findings_of(folder: Path, *arguments: object, **environment: str) -> dict[str, dict[str, str]]:
    """Return the findings by check; exit code and the word `well` say the same as they do."""
    code, printed = call(folder, *arguments, "--json", **environment)
    answer = json.loads(printed)
    assert answer["well"] == (code == 0) == all(one["state"] != "fault" for one in answer["checks"])
    return {one["check"]: one for one in answer["checks"]}


@pytest.fixture
def own(tmp_path):
    """Return a folder with a study and its database, which holds nothing yet."""
    small_study(tmp_path)
    (tmp_path / "data").mkdir()
    with open_engine(tmp_path / "data" / "study.duckdb", inputs=tmp_path):
        pass
    return tmp_path


def test_all_is_well_here_and_nothing_is_left_behind(own):
    before = {path: path.read_bytes() for path in own.rglob("*") if path.is_file()}
    found = findings_of(own, "study.toml")
    assert {one["state"] for one in found.values()} <= {"well", "note"}
    assert set(found) == {
        "Python", "packages", "program", "compiled loops", "coordinates", "encoding", "time zones", "temporary folder",
        "database folder", "folder for pages", "locks", f"database {Path('data') / 'study.duckdb'}", "browser",
    }  # fmt: skip
    assert {path: path.read_bytes() for path in own.rglob("*") if path.is_file()} == before
    assert not (own / "maps").exists()


def test_people_read_what_to_do(own):
    (own / "data" / "study.duckdb").write_text("no database", encoding="utf-8")
    code, printed = call(own)
    assert code == 1
    assert "FAULT  database" in printed
    assert "is a text file, not a database file of geoharm; choose another --db." in printed
    assert "To mend: 1." in printed
    assert "Traceback" not in printed


def test_a_study_that_has_no_database_yet_is_well(tmp_path):
    small_study(tmp_path)
    found = findings_of(tmp_path, "study.toml", "--db", "later/s.duckdb", "--out", "later/pages")
    assert "first run makes it" in found[f"database {Path('later/s.duckdb')}"]["found"]
    assert not (tmp_path / "later").exists()


def test_a_database_in_use_is_named_with_the_process(own):
    with open_engine(own / "data" / "study.duckdb", inputs=own):
        found = findings_of(own)
    one = found[f"database {Path('data') / 'study.duckdb'}"]
    assert one["state"] == "fault"
    assert f"(process {os.getpid()})" in one["found"]
    assert found["locks"]["state"] == "well"


def test_names_of_files_that_are_no_utf8_are_a_fault(monkeypatch):
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "ascii")
    (found,) = doctor.check_encoding()
    assert (found.state, found.advice) == ("fault", "Set PYTHONUTF8=1.")


def test_a_locale_without_utf8_is_a_note_since_the_program_starts_again_with_it(tmp_path):
    found = findings_of(tmp_path, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert found["encoding"]["state"] == "note"
    assert "geoharm prints UTF-8" in found["encoding"]["found"]


def only(findings) -> doctor.Finding:
    (found,) = findings
    return found


def test_a_package_that_is_missing_or_too_old_is_named_with_the_command(monkeypatch):
    requires = ["numpy>=2.0", "folium>=99", "not-a-package>=1.2,<2", "pytest>=99; extra == 'test'"]
    monkeypatch.setattr(metadata, "requires", lambda name: requires)
    found = only(doctor.check_packages())
    assert found.state == "fault"
    assert found.found == f"folium is {metadata.version('folium')}, and must be >=99; not-a-package is missing."
    assert found.advice.endswith('-m pip install "folium>=99" "not-a-package<2,>=1.2"')


def test_a_program_that_is_not_installed_is_a_fault(monkeypatch):
    def absent(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "requires", absent)
    found = only(doctor.check_packages())
    assert found.state == "fault"
    assert "pip install --editable ." in found.advice


@pytest.mark.parametrize(
    ("code", "answers", "said"),
    [
        (0, [{"importing": "geoharm.a"}, {"module": "geoharm.a", "failed": "ImportError: DLL load failed"}], "geoharm.a (ImportError: DLL load failed)"),
        (-11, [{"importing": "geoharm.a"}, {"importing": "geoharm.b"}], "exit code -11 in or after geoharm.b"),
        (1, [], "in or after the first file"),
    ],
)  # fmt: skip
def test_a_library_that_does_not_load_or_crashes_is_named(monkeypatch, code, answers, said):
    monkeypatch.setattr(doctor, "_probe", lambda: (code, answers))
    found = only(doctor.check_program())
    assert found.state == "fault"
    assert said in found.found
    assert "--force-reinstall" in found.advice


def test_compiled_loops_without_a_folder_are_a_fault(monkeypatch):
    monkeypatch.setattr(doctor, "_probe", lambda: (0, [{"importing": "geoharm.a"}, {"cache": ""}]))
    _, found = doctor.check_program()
    assert found.state == "fault"
    assert "NUMBA_CACHE_DIR" in found.advice


def test_a_cache_that_cannot_be_written_and_foreign_projections_are_said(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    answers = [{"importing": "geoharm.a"}, {"cache": str(tmp_path / "file" / "cache")}, {"lonlat": [-0.12, 51.5]}]
    monkeypatch.setattr(doctor, "_probe", lambda: (0, answers))
    program, cache, coordinates = doctor.check_program()
    assert [program.state, cache.state, coordinates.state] == ["well", "fault", "fault"]
    assert "NUMBA_CACHE_DIR" in cache.advice
    assert "PROJ_DATA" in coordinates.advice


def test_a_folder_that_cannot_be_written_is_a_fault(tmp_path):
    (tmp_path / "file").touch()
    found = only(doctor.check_folder("folder for pages", tmp_path / "file" / "maps"))
    assert found.state == "fault"
    assert "--out" in found.advice


@pytest.mark.parametrize(("free", "state"), [(10**9 - 1, "fault"), (10**9, "well")])
def test_too_little_space_is_a_fault(monkeypatch, tmp_path, free, state):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free))
    assert only(doctor.check_folder("database folder", tmp_path)).state == state


def test_no_temporary_folder_is_a_fault(monkeypatch):
    def absent():
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", absent)
    found = only(doctor.check_temporary_folder())
    assert found.state == "fault"
    assert "TMPDIR" in found.advice


def test_a_disk_without_locks_is_a_fault(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "_probe", lambda *arguments: (0, [{"opened": True}]))
    found = only(doctor.check_locks(tmp_path))
    assert found.state == "fault"
    assert list(tmp_path.iterdir()) == []


def test_a_python_of_32_bits_is_a_fault(monkeypatch):
    monkeypatch.setattr(sys, "maxsize", 2**31 - 1)
    assert only(doctor.check_python()).state == "fault"


def test_a_check_that_fails_hides_no_other(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "check_encoding", lambda: iter(0))
    monkeypatch.setattr(doctor, "_probe", lambda *arguments: (0, []))
    found = {one.check: one for one in doctor.examine([], tmp_path)}
    assert found["encoding"].state == "fault"
    assert "TypeError: 'int' object is not iterable" in found["encoding"].found
    assert found["time zones"].state == "well"
