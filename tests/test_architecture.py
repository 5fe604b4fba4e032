"""The house stands as drawn: floors, inventory, exports, size of files, lint and types."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import geoharm

BIN = Path(sys.executable).parent


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, check=False, cwd=folder, capture_output=True, text=True, encoding="utf-8", timeout=300
    )


def test_floors_hold(root):
    found = run([str(BIN / "lint-imports"), "--no-cache"], root)
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("hotspots/density.py", "import duckdb"),
        ("publish/report.py", "import geoharm.ingest.events"),
        ("model/place.py", "import geopandas"),
        ("harm/weighted.py", "import geoharm.evaluation"),
        ("store/tidy.py", "import pyproj"),
    ],
)
def test_a_planted_import_breaks_the_floors(root, tmp_path, file, line):
    shutil.copytree(root / "geoharm", tmp_path / "geoharm", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "pyproject.toml", tmp_path)
    planted = tmp_path / "geoharm" / file
    planted.write_text(planted.read_text(encoding="utf-8") + f"\n{line}\n", encoding="utf-8")
    found = run([str(BIN / "lint-imports"), "--no-cache"], tmp_path)
    assert found.returncode != 0
    assert "BROKEN" in found.stdout


def test_architecture_lists_every_file(root):
    listed = set(re.findall(r"^\| `(geoharm/[^`]+)` \|", (root / "ARCHITECTURE.md").read_text(encoding="utf-8"), re.M))
    there = {
        path.relative_to(root).as_posix()
        for path in (root / "geoharm").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert listed == there


def test_the_floors_in_architecture_are_those_checked(root):
    """Every layer of the contract is named in ARCHITECTURE.md, in the same order."""
    contract = (root / "pyproject.toml").read_text(encoding="utf-8").split("layers = [")[1].split("]")[0]
    names = re.findall(r"geoharm\.(\w+)", contract)
    drawn = (root / "ARCHITECTURE.md").read_text(encoding="utf-8").split("```")[1]
    assert re.findall(r"\w+", drawn) == names


def test_exports_are_sorted_and_there():
    assert geoharm.__all__ == sorted(geoharm.__all__)
    for name in geoharm.__all__:
        assert hasattr(geoharm, name)


def test_files_have_one_subject(root):
    long = {
        path.name: lines
        for path in (root / "geoharm").rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert long == {}


def test_lint(root):
    found = run([str(BIN / "ruff"), "check", "."], root)
    assert found.returncode == 0, found.stdout
    found = run([str(BIN / "ruff"), "format", "--check", "."], root)
    assert found.returncode == 0, found.stdout


def test_types(root):
    found = run([str(BIN / "mypy")], root)
    assert found.returncode == 0, found.stdout


def test_spelling(root):
    found = run([str(BIN / "codespell"), "geoharm", "docs", "README.md", "CONTRIBUTING.md"], root)
    assert found.returncode == 0, found.stdout


def test_no_word_that_claims_a_cause(root):
    """Published words never say significant, worked, caused, successful or proven."""
    claim = re.compile(r"\b(significant(ly)?|worked|caused|success(ful(ly)?)?|proven|effective)\b", re.I)
    for path in (root / "geoharm" / "publish").rglob("*"):
        if path.suffix in (".py", ".j2", ".js"):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
                found = claim.search(line)
                assert not found, f"{path.name}:{number}: {line.strip()}"


def test_treatment_always_means_drug_treatment(root):
    wrong = re.compile(r"\b(treatment|treated)[ _-](area|zone|group)", re.I)
    for folder in ("geoharm", "docs"):
        for path in (root / folder).rglob("*"):
            if path.suffix in (".py", ".md", ".j2", ".toml"):
                assert not wrong.search(path.read_text(encoding="utf-8")), path


def test_version_is_one(root):
    assert f'version = "{geoharm._version.__version__}"' in (root / "pyproject.toml").read_text(encoding="utf-8")
    assert f"version: {geoharm._version.__version__}" in (root / "CITATION.cff").read_text(encoding="utf-8")
