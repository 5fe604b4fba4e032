"""The faults bench runs, goes on after its last line, and finds nothing in a few cases of each kind."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from bench import faults


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork a process")
def test_a_few_faults_of_each_kind(root, tmp_path):
    results = tmp_path / "faults.jsonl"
    parts = [part for part in faults.PARTS if part != "six at once"]
    command = [sys.executable, "-m", "bench.faults", "--only", "2", "--results", results]
    command += [word for part in parts for word in ("--part", part)]
    for _ in range(2):
        finished = subprocess.run(command, cwd=root, check=False, capture_output=True, text=True, timeout=900)
        assert finished.returncode == 0, finished.stderr
    rows = [json.loads(line) for line in results.read_text(encoding="utf-8").splitlines()]
    assert len({(row["part"], row["case"]) for row in rows}) == len(rows)
    assert {row["part"] for row in rows} == set(parts)
    assert [row for row in rows if not row["good"]] == []
    assert {row["ended"] for row in rows} >= {"killed", "sentence", "done"}
