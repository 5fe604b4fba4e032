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
        ("ingest/codes.py", "import duckdb", "DuckDB"),
        ("queries/counts.py", "from duckdb import sql", "DuckDB"),
        ("engines/base.py", "import duckdb", "DuckDB"),
        ("report/write.py", "import geoharm.queries", "release"),
        ("pipeline/net_harm.py", "import geoharm.queries.counts", "pipeline"),
        ("pipeline/power.py", "import geoharm.ingest.tables", "pipeline"),
        ("pipeline/late.py", "import geoharm.engines.duckdb", "pipeline"),
        ("model/geometry.py", "import geopandas", "Nouns"),
        ("harm/weighted.py", "import geoharm.evaluation", "Floors"),
        ("pipeline/net_harm.py", "import geoharm.api.evaluate", "Floors"),
        ("disclosure/protect.py", "import geoharm.report", "Floors"),
        ("queries/counts.py", "import geoharm.results", "Floors"),
        ("ingest/rule.py", "import pyproj", "pyproj"),
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
    assert loose == {
        "__init__",
        "__main__",
        "_crs",
        "_rules",
        "_schema",
        "_text",
        "_validation",
        "_archives",
        "_compiled",
        "_json",
        "_limits",
        "_version",
        "_whole_files",
        "errors",
        "results",
    }


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


@pytest.mark.parametrize("document", ["ARCHITECTURE.md", "SECURITY.md", "docs/dependencies.md"])
def test_files_that_a_document_names_exist(root, document):
    """A path in it is a file or folder of the package or of the project."""
    text = (root / document).read_text(encoding="utf-8")
    folders = (root, root / "geoharm", root / "geoharm" / "evaluation")
    for name in re.findall(r"`([\w./]+/[\w./]*)`", text):
        if "NAME" not in name:
            assert any((folder / name).exists() for folder in folders), name


def test_tests_mirror_the_rooms(root):
    rooms = {path.parent.name for path in (root / "geoharm").glob("*/__init__.py")}
    folders = {path.parent.name for path in (root / "tests").glob("*/__init__.py")}
    assert folders - rooms == {"attacks", "bench", "limits", "reference"}
    assert rooms <= folders


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
    found = run(
        [str(BIN / "codespell"), "geoharm", "docs", "README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "SECURITY.md"],
        root,
    )
    assert found.returncode == 0, found.stdout


_WRITERS = """
from pathlib import Path
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.harm.results.appraisal import Appraisal
from geoharm.harm.results.markets import Ranking
from geoharm.model.effect import Effect
from geoharm.report.charts.effects import interval_chart, zones_chart
from geoharm.report.exports.gis import gis_files
from geoharm.report.exports.run_json import run_json
from geoharm.report.format_numbers import stated_change
from geoharm.report.maps.web_map import map_page
from geoharm.report.pages.appraisal import appraisal_page
from geoharm.report.pages.embed import embed_page
from geoharm.report.pages.priorities import ranking_page
from geoharm.report.pages.report import report_page
from geoharm.report.wording.verdict import Verdict, verdict_of
from geoharm.report.write import publish_study
from geoharm.results import OperationResult, StudyResult


def write(result: StudyResult, operation: OperationResult[MeasureResult], effect: Effect[int], verdict: Verdict) -> None:
    publish_study(result, Path())
    report_page(result, operation, verdict, ())
    map_page(result, operation, verdict)
    embed_page(result, operation, verdict, "")
    run_json(result, [])
    gis_files(result, scratch=Path())
    verdict_of(result, operation)
    interval_chart(effect, "")
    zones_chart([effect], [""])
    stated_change(effect)


def decide(ranking: Ranking, appraisal: Appraisal) -> None:
    ranking_page(ranking)
    appraisal_page(appraisal)
"""


def test_writers_refuse_what_is_not_released(root, tmp_path):
    """mypy refuses a result, an operation or an effect at full precision wherever a release is asked for."""
    planted = tmp_path / "writers.py"
    planted.write_text(_WRITERS, encoding="utf-8")
    command = [str(BIN / "mypy"), "--config-file", str(root / "pyproject.toml"), str(planted)]
    found = run(command, root).stdout
    refused = {int(line) for line in re.findall(r"writers\.py:(\d+): error: .*\[(?:arg-type|list-item)\]", found)}
    calls = {number for number, line in enumerate(_WRITERS.splitlines(), start=1) if line.startswith("    ")}
    assert refused == calls, found


# Names of things that both sides know, not sentences: zones, classes, criteria.
_CODES = {"all together", "night share", "whole period", "high among high", "low among high", "low among low",
          "high among low", "target and rings to "}  # fmt: skip


def _english(path):
    """Return the texts with a space in a file of disclosure that are no docstrings, refusals or names of values."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    allowed: set[int] = set()
    for node in ast.walk(tree):
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        is_refusal = (
            isinstance(node, ast.Raise)
            or (isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["msg"])
            or (isinstance(node, ast.FunctionDef) and node.name == "refusal_message")
            or (isinstance(node, ast.Call) and ast.unparse(node.func) == "refusal_message")
        )
        if is_docstring or is_refusal:
            allowed |= {id(part) for part in ast.walk(node)}
    texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return [
        node.value
        for node in texts
        if id(node) not in allowed and node.value not in _CODES and re.search(r"[A-Za-z] [A-Za-z]|[a-z]: ", node.value)
    ]


def test_disclosure_writes_no_english(root):
    """Disclosure sets reasons; the report words them. Refusals, and the names of values in them, are exceptions."""
    named_values = {"attacker.py", "cells.py", "constraints.py", "history.py", "month_totals.py"}
    for path in (root / "geoharm" / "disclosure").glob("*.py"):
        if path.name not in named_values:
            assert _english(path) == [], path.name


def test_an_english_sentence_in_disclosure_is_noticed(tmp_path):
    planted = tmp_path / "planted.py"
    planted.write_text('"""A file."""\n\nNOTE = f"withheld: a count under {5}"\n', encoding="utf-8")
    assert _english(planted) == ["withheld: a count under "]


def test_nothing_asks_a_text_whether_it_is_withheld(root):
    """Code asks for a reason. The workbook is made from the text of a page and so has only text to ask."""
    asks = re.compile(
        r"""(startswith|endswith|fullmatch|match|find)\(f?["'](withheld|Withheld|under )|[=!]= ?["']withheld"""
    )
    for path in (root / "geoharm").rglob("*.py"):
        if path.name != "workbook.py":
            assert not asks.search(path.read_text(encoding="utf-8")), path.name


def test_science_does_not_know_the_release(root):
    for room in ("evaluation", "hotspots", "harm", "queries", "stats"):
        for path in (root / "geoharm" / room).rglob("*.py"):
            names = {
                node.attr
                for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                if isinstance(node, ast.Attribute)
            }
            assert not names & {"publish", "release", "is_internal"}, path.name


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


def _names_of_imports(statements):
    imports = [
        node
        for statement in statements
        for node in ast.walk(statement)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    return {(alias.asname or alias.name).split(".")[0] for node in imports for alias in node.names}


def _used_without_import(text):
    """Return names that are imported for types only and used when the program runs."""
    tree = ast.parse(text)
    blocks = [node for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    for_types = _names_of_imports([statement for block in blocks for statement in block.body])
    for block in blocks:
        block.body = []
    assigned = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for_types -= assigned | _names_of_imports([tree])
    annotations = [
        note
        for node in ast.walk(tree)
        for note in (getattr(node, "annotation", None), getattr(node, "returns", None))
        if note
    ]
    in_annotations = {id(part) for note in annotations for part in ast.walk(note)}
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in in_annotations]
    return sorted({name.id for name in names if name.id in for_types})


def test_what_is_imported_for_types_is_not_used_at_run_time(root):
    """Neither ruff nor mypy sees that such a name is missing when the program runs."""
    planted = "if TYPE_CHECKING:\n    from a import B, C\n\ndef f(x: C) -> C:\n    return B(x)\n"
    assert _used_without_import(planted) == ["B"]
    for path in (root / "geoharm").rglob("*.py"):
        assert _used_without_import(path.read_text(encoding="utf-8")) == [], path
