"""What docs/promises.md says, a test checks: each promise names a test that exists."""

from __future__ import annotations

import ast
import re

import pytest

from bench import faults


@pytest.fixture(scope="module")
def text(root) -> str:
    return (root / "docs" / "promises.md").read_text(encoding="utf-8")


def test_every_promise_names_tests_that_exist(root, text):
    rows = [
        row
        for table in re.findall(r"\| promise \| test \|\n\|---\|---\|\n((?:\|.*\n)+)", text)
        for row in table.splitlines()
    ]
    assert len(rows) > 20
    for row in rows:
        promise, named = row.strip("|").rsplit("|", 1)
        tests = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", named)
        assert tests, promise
        for file, name in tests:
            tree = ast.parse((root / file).read_text(encoding="utf-8"))
            assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, f"{file}::{name}"


def test_the_table_of_faults_has_a_row_for_every_part_and_none_is_bad(text):
    table = text.split("<!-- faults: begin -->")[1].split("<!-- faults: end -->")[0].strip().splitlines()
    assert table[:2] == faults.table([]).splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table[2:]]
    assert [row[0] for row in rows] == [*faults.PARTS]
    assert {row[-1] for row in rows} == {"0"}
    cases = {row[0]: int(row[1]) for row in rows}
    assert cases["a run, killed at random"] == faults.RANDOM_KILLS
    assert cases["a damaged database"] == cases["damaged pages and record"] == faults.FLIPS + faults.CUTS
    assert cases["a full disk"] == faults.SIZES
