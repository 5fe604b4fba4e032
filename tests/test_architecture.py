"""The architecture holds: floors, no circles, rooms, tests that mirror them, exports, lint, types and words."""

from __future__ import annotations

import ast
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
    ("file", "line", "contract"),
    [
        ("hotspots/density/intensity.py", "import duckdb", "database"),
        ("report/write.py", "import geoharm.queries", "release"),
        ("pipeline/net_harm.py", "import geoharm.queries.counts", "pipeline"),
        ("pipeline/power.py", "import geoharm.ingest.tables", "pipeline"),
        ("pipeline/late.py", "import geoharm.engines.duckdb", "pipeline"),
        ("model/geometry.py", "import geopandas", "Nouns"),
        ("harm/weighted.py", "import geoharm.evaluation", "Floors"),
        ("disclosure/protect.py", "import geoharm.report", "Floors"),
        ("queries/counts.py", "import geoharm.results", "Floors"),
        ("ingest/validate.py", "import pyproj", "pyproj"),
        ("disclosure/constraints.py", "import geoharm.disclosure.protect", "circle"),
        ("stats/loose.py", "", ""),
        ("loose.py", "", "Floors"),
    ],
)
def test_a_planted_fault_breaks_its_contract(root, tmp_path, file, line, contract):
    """Each contract notices a planted fault, and a new file inside a room needs no entry anywhere."""
    shutil.copytree(root / "geoharm", tmp_path / "geoharm", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "pyproject.toml", tmp_path)
    planted = tmp_path / "geoharm" / file
    text = planted.read_text(encoding="utf-8") if planted.exists() else '"""A new file."""\n'
    planted.write_text(f"{text}\n{line}\n", encoding="utf-8")
    result = run([str(BIN / "lint-imports"), "--no-cache"], tmp_path)
    broken = re.findall(r"^(.+) BROKEN(?: \(\d+ ignored imports?\))?$", result.stdout, re.M)
    assert (result.returncode != 0) == bool(contract), result.stdout
    assert any(contract in name for name in broken) if contract else not broken


def test_nothing_loose_at_the_top_of_the_package(root):
    loose = {path.stem for path in (root / "geoharm").glob("*.py")}
    assert loose == {"__init__", "__main__", "_crs", "_text", "_validation", "_version", "errors", "results"}


def test_an_init_holds_a_sentence_and_nothing_else(root):
    for path in (root / "geoharm").rglob("__init__.py"):
        if path.parent != root / "geoharm":
            tree = ast.parse(path.read_text(encoding="utf-8"))
            assert ast.get_docstring(tree), path
            assert len(tree.body) == 1, path


def test_architecture_names_every_room_in_the_order_of_the_floors(root):
    contract = (root / "pyproject.toml").read_text(encoding="utf-8").split("layers = [")[1].split("]")[0]
    names = re.findall(r"\w+", contract)
    table = (root / "ARCHITECTURE.md").read_text(encoding="utf-8").split("## The life of one row")[0]
    rows = re.findall(r"^\|[^|]*\|([^|]+)\|", table, re.M)
    drawn = [name.removesuffix(".py") for row in rows for name in re.findall(r"`(\w+(?:\.py)?)/?`", row)]
    assert drawn == names


def test_files_that_architecture_names_exist(root):
    """A path in ARCHITECTURE.md is a file or folder of the package or of the project."""
    text = (root / "ARCHITECTURE.md").read_text(encoding="utf-8")
    folders = (root, root / "geoharm", root / "geoharm" / "evaluation")
    for name in re.findall(r"`([\w./]+/[\w./]*)`", text):
        if "NAME" not in name:
            assert any((folder / name).exists() for folder in folders), name


def test_tests_mirror_the_rooms(root):
    rooms = {path.parent.name for path in (root / "geoharm").glob("*/__init__.py")}
    folders = {path.parent.name for path in (root / "tests").glob("*/__init__.py")}
    assert folders - rooms == {"bench", "reference"}
    # Engines are tried by every test of ingest and queries.
    assert rooms - folders == {"engines", "scaffold"}


def test_exports_are_sorted_and_there():
    assert geoharm.__all__ == sorted(geoharm.__all__)
    for name in geoharm.__all__:
        assert hasattr(geoharm, name)


def test_lint(root):
    found = run([str(BIN / "ruff"), "check", "."], root)
    assert found.returncode == 0, found.stdout
    found = run([str(BIN / "ruff"), "format", "--check", "."], root)
    assert found.returncode == 0, found.stdout


def test_types(root):
    found = run([str(BIN / "mypy")], root)
    assert found.returncode == 0, found.stdout


def test_spelling(root):
    found = run([str(BIN / "codespell"), "geoharm", "docs", "README.md", "CONTRIBUTING.md", "ARCHITECTURE.md"], root)
    assert found.returncode == 0, found.stdout


def test_no_word_that_claims_a_cause(root):
    """Published words never say significant, worked, caused, successful or proven."""
    claim = re.compile(r"\b(significant(ly)?|worked|caused|success(ful(ly)?)?|proven|effective)\b", re.I)
    for path in (root / "geoharm" / "report").rglob("*"):
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
