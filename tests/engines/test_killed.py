"""Killed at any moment, a reading leaves whole partitions or none, and the next one ends as if nothing had happened."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

# Every so many statements of a reading, it is killed once; and so many times at random.
EVERY, AT_RANDOM = 160, 2


@pytest.fixture(scope="module")
def kills(tmp_path_factory, root):
    """Return what was found after each kill of a first reading, and of one of changed files."""
    if not hasattr(os, "fork"):
        pytest.skip("this system cannot fork a process")
    arguments = ["--every", EVERY, "--at-random", AT_RANDOM, "--seed", 20240601]
    finished = subprocess.run(
        [sys.executable, "-m", "tests.engines.killing", tmp_path_factory.mktemp("kills"), *map(str, arguments)],
        cwd=root, check=False, capture_output=True, text=True, encoding="utf-8", timeout=600,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    return [json.loads(line) for line in finished.stdout.splitlines()]


def test_kills_hit_every_stage(kills):
    for reading in ("first", "second"):
        hit = [kill for kill in kills if kill["reading"] == reading]
        assert sum(kill["killed"] for kill in hit if kill["statement"]) == len(hit) - AT_RANDOM
        assert len(hit) > hit[0]["statements"] / EVERY
    assert len({kill["sources"] for kill in kills}) >= 4
    assert len({kill["partitions"] for kill in kills}) >= 4


def test_a_partition_is_there_whole_or_not_at_all(kills):
    """Right after the kill: all digests hold, rows have their codes, views can be asked, nothing refers to what is not there."""
    assert [kill for kill in kills if kill["faults"]] == []


def test_the_next_reading_ends_as_if_nothing_had_happened(kills):
    """Equal rows of every view, and equal names, rows and digests of every stored table: the same codes and numbers too."""
    assert [kill for kill in kills if kill["differs"]] == []


def test_nothing_is_left_beside_the_database(kills):
    assert {tuple(kill["left_at_the_end"]) for kill in kills} == {("s.duckdb",)}
    assert {name for kill in kills for name in kill["left"]} <= {"s.duckdb", "s.duckdb.wal"}
