"""The table of published numbers in docs/disclosure.md names every record of run.json that has numbers."""

from __future__ import annotations

import ast
import re

from geoharm.report.exports.run_json import run_schema
from tests.report.run_json_keys import _title

HEADING = "## Every published number, and what the attack knows of it"


def records_with_numbers():
    """Return the titles of all records with a key that is a number, as docs/run-json.md writes them."""
    found = set()
    for name, record in run_schema()["$defs"].items():
        kinds = re.findall(r"'type': '(\w+)'", str(record.get("properties", {})))
        if {"number", "integer"} & set(kinds):
            found.add(_title(name))
    return found


def named_in_table(page):
    section = page.split(HEADING, 1)[1].split("\n## ", 1)[0]
    cells = re.findall(r"^\| ([^|]+) \|", section, re.MULTILINE)
    return [name.strip() for cell in cells if cell not in {"records", "---"} for name in cell.split(",")]


def test_every_record_with_numbers_is_in_one_row(root):
    named = named_in_table((root / "docs" / "disclosure.md").read_text(encoding="utf-8"))
    assert len(named) == len(set(named))
    assert set(named) == records_with_numbers()


def test_a_record_that_the_table_forgets_is_seen(root):
    page = (root / "docs" / "disclosure.md").read_text(encoding="utf-8").replace("| Dated activity |", "| |")
    assert records_with_numbers() - set(named_in_table(page)) == {"Dated activity"}


def test_pages_charts_and_files_are_drawn_from_a_release(root):
    """No file of the report takes a result at full precision: its nouns are those of a release."""
    full_precision = {
        "StudyResult",
        "MeasureResult",
        "HotspotResult",
        "ChangeResult",
        "PatternResult",
        "CompositeResult",
    }
    for path in sorted((root / "geoharm" / "report").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert not full_precision & {alias.name for alias in node.names}, path.name
