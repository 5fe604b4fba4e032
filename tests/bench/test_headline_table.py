"""The figures of the headline are counted as stated, from rows made by hand."""

from __future__ import annotations

import json
import math
import re
import sys

import pytest

from bench import headline_table
from bench.calibration_table import PAGE
from bench.scenarios import MECHANISMS

NAME = "own lives"


def effect(truth, ends95, ends90, ends80, **more):
    """Return a row of one effect: 100 events expected without it."""
    value = sum(ends95) / 2
    spans = {"ca": ends95, "ca90": ends90, "ca80": ends80}
    row = {"m": 100.0, "t": 100.0 * math.exp(truth), "y": 100}
    return (
        row | {key: [value, *ends] for key, ends in spans.items()} | {"fc": [100.0, 0.4, 12.0, 9, 2.0, 0.0, 0.2]} | more
    )


def operation(*effects):
    """Return the row of an operation in which all three zones have the same five effects."""
    return {zone: list(effects) for zone in headline_table.ZONES}


HOLDS = effect(0.0, [-0.4, 0.4], [-0.3, 0.3], [-0.2, 0.2])
FELL = effect(-0.2, [-0.8, -0.1], [-0.7, -0.3], [-0.6, -0.4])
ROWS = {
    NAME: {
        0: operation(HOLDS, FELL, HOLDS, FELL, HOLDS),
        1: operation(effect(0.0, [-0.1, 0.5], [0.1, 0.4], [0.15, 0.3]), HOLDS, HOLDS, HOLDS, HOLDS),
        2: operation(*[effect(0.0, [0.1, 0.3], [0.15, 0.25], [0.18, 0.2], no="few as busy")] * 5),
        3: operation(*[{"m": 5.0, "t": 5.0, "y": 4, "no": "few fit"}] * 5),
    }
}


def test_figures_are_those_of_the_rows():
    found = headline_table.summarise(ROWS)[NAME]["T"]
    assert (found["n"], found["refused"]) == (4, 50.0)
    answered = found["answered"]
    assert answered["n"] == 2
    assert answered["covers"] == 100.0  # the two falls of 0.2 lie between 0.1 and 0.8
    assert answered["rejects"] == 0.0
    assert answered["rejects80"] == 50.0
    assert answered["upper"] == 80.0  # -0.2 is above -0.3, in two of ten
    assert answered["lower"] == 90.0  # 0 is under 0.1, in one of ten
    assert answered["length"] == pytest.approx((0.8 + 0.6) / 2)
    assert (answered["power20"], answered["power40"]) == (50.0, 50.0)
    everything = found["all"]
    assert (everything["n"], everything["rejects"], everything["rejects80"]) == (
        3,
        pytest.approx(33.3),
        pytest.approx(66.7),
    )
    assert everything["covers"] == pytest.approx(66.7)
    # One of three operations is never covered: shares 1, 1, 0 with a standard error of 1/3.
    assert everything["covers_error"] == pytest.approx(33.3)
    assert everything["rejects_error"] == pytest.approx(33.3)


def test_lengths_are_compared_seed_by_seed():
    half = {NAME: {0: operation(*[effect(0.0, [-0.2, 0.2], [-0.1, 0.1], [-0.1, 0.1])] * 5), 9: ROWS[NAME][1]}}
    found = headline_table.summarise(ROWS, half)[NAME]["U"]
    assert found["longer"] == 2.0
    assert headline_table.summarise(ROWS, {})[NAME]["U"]["longer"] is None


def test_no_interval_at_all_is_no_figure():
    refused = {NAME: {0: ROWS[NAME][3]}}
    found = headline_table.summarise(refused)[NAME]["D"]
    assert found["refused"] == 100.0
    assert set(found["all"].values()) == {0, None}
    assert "-" in headline_table.text_of({NAME: {"D": found}})
    assert headline_table.means_of(headline_table.summarise(refused)).startswith("T  refused 100.0")


def test_it_prints_a_table_and_writes_its_figures(tmp_path, capsys, monkeypatch):
    rows, target = tmp_path / "rows.jsonl", tmp_path / "figures.json"
    rows.write_text(
        "".join(json.dumps({"cell": NAME, "seed": seed, "row": row}) + "\n" for seed, row in ROWS[NAME].items())
    )
    monkeypatch.setattr(sys, "argv", ["headline_table", str(rows), str(rows), "--json", str(target)])
    headline_table.main()
    printed = capsys.readouterr().out.splitlines()
    line = "own lives T 4 50.0 100.0 0.0 0.0 0.0 80.0 90.0 50.0 0.7 50.0 50.0 | 66.7 33.3 0.6 1.0"
    assert " ".join(printed[1].split()) == line
    assert json.loads(target.read_text())[NAME]["T"] == headline_table.summarise(ROWS, ROWS)[NAME]["T"]


def test_the_docs_are_those_of_the_figures():
    """docs/calibration.md follows bench/mechanisms.json, which holds every scenario, and says what happens in each."""
    summary = json.loads(headline_table.SUMMARY.read_text(encoding="utf-8"))
    assert list(summary) == list(MECHANISMS)
    page = PAGE.read_text(encoding="utf-8")
    assert f"<!-- mechanisms -->\n{headline_table.table_of_docs(summary)}\n<!-- end -->" in page
    told = re.findall(r"^\| ([^|]+) \|", page[page.index("| what happens") : page.index("<!-- mechanisms")], re.M)
    for name in list(MECHANISMS)[1:]:
        assert any(name.removeprefix("alike: ").removeprefix("own lives: ").startswith(words) for words in told), name
