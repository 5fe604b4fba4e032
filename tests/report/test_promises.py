"""What docs/promises.md says, a test checks: each promise names a test that exists."""

from __future__ import annotations

import ast
import re

import pytest


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
