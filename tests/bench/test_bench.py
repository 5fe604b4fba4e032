"""The benches run, and what they compare gives the same counts."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


def figures(root, name, *arguments):
    found = subprocess.run(
        [sys.executable, "-m", f"bench.{name}", "--quick", *arguments],
        check=False,
        cwd=root,
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stderr
    return [json.loads(line) for line in found.stdout.splitlines()]


def test_ingest_reads_every_row_that_the_bare_reader_does(root):
    bare, polars = figures(root, "ingest", "--rows", "5000")
    assert bare["agree"]
    assert bare["ours_seconds"] > 0 < bare["peer_seconds"]
    # polars is installed for benches only.
    assert polars.get("agree") or polars["skipped"]


def test_zones_count_what_their_peers_count(root):
    found = figures(root, "zones", "--case", "10 rings")
    skipped = sorted({one["peer"] for one in found if "skipped" in one})
    assert all(one["agree"] for one in found if "skipped" not in one)
    if skipped:
        pytest.skip(f"not installed: {', '.join(skipped)} (pip install geoharm[bench])")


def test_weights_of_parts_are_compared(root):
    """In few worlds already, equal weights hold about what they say; every way is reported."""
    found = figures(root, "parts")
    assert len(found) == 6
    for one in found:
        assert one["equal"]["holds"] >= 0.85
        assert one["equal"]["has_an_error"] == 1
        assert 0 < one["generalised least squares"]["holds"] <= 1


def test_rises_are_named_more_seldom_with_the_familys_rule(root):
    """In few cities already: the rule names no rise that the intervals alone do not, and every scenario is reported."""
    found = subprocess.run(
        [sys.executable, "-m", "bench.family", "--quick", "--repeats", "2"],
        check=False,
        cwd=root,
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stderr
    rows = [json.loads(line) for line in found.stdout.splitlines() if line.startswith("{")]
    assert len(rows) == 4
    for row in rows:
        assert row["named"][0] <= row["named_without_the_rule"][0] <= row["any_interval_above_zero"][0]
        assert row["doubling_found"][0] <= row["doubling_found_without_the_rule"][0]


def test_a_city_without_a_fault_raises_no_doubt(root):
    """In one city already: it is read, every kind of doubt is counted, and none is raised."""
    found = subprocess.run(
        [sys.executable, "-m", "bench.false_alarms", "--cities", "1", "--faults", "0"],
        check=False,
        cwd=root,
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stderr
    figure = json.loads(found.stdout.splitlines()[-1])
    assert figure["cities"] == 1
    assert {"refused", "missing month", "pile in the target"} <= set(figure["doubts"])
    assert figure["any"] == [0.0, 0.0]


def test_a_price_of_looks_names_no_more_than_reading_each_at_its_own_level(root):
    """In two cities already: every rule is a subset of reading each phase or look by itself, and every one is reported."""
    found = figures(root, "looks")
    assert len(found) == 20
    for world in {one["world"] for one in found}:
        by_rule = {one["figure"]: one for one in found if one["world"] == world}
        for name, figure in by_rule.items():
            plain = by_rule[f"{name.split(':')[0]}: each at 5%"]
            assert figure["named without an effect"][0] <= plain["named without an effect"][0]
            assert all(ours <= theirs for ours, theirs in zip(figure["-40%"], plain["-40%"], strict=True))


def test_the_gate_adds_nothing_to_what_stands_before_it(root):
    """In two operations already: behind the gate, the headline names no more than without it."""
    (found,) = figures(root, "net_harm", "--effects", "4")
    assert found["operations"] == 2
    for name in ("together fell", "together rose", "headline names a change"):
        assert found[f"{name}, gated"][0] <= found[f"{name}, free"][0]
    assert set(found["sum covers, target"]) == set(found["sum covers, target and rings"])
