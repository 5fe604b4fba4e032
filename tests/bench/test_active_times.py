"""The bench of operations in time plants what it says, reads it with the program's designs, and counts every answer."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bench.active_times import KINDS, figures, pooled_figures, replicate, text_of
from bench.calibration import short
from bench.scenarios import LOCAL

# Many events, so that a city is read and not refused.
RATE = replace(LOCAL, rate=6.0)


def rows_of(name, seed=1):
    kind = KINDS[f"{name}, local"]
    return replicate(replace(kind, world=replace(RATE, after=kind.world.after)), [seed, 0])


def true_ratio(row, window, zone="target"):
    nothing, fall = row[window][zone]
    assert nothing["t"] == pytest.approx(nothing["m"])
    return fall["t"] / fall["m"]


def test_spells_are_read_while_active_between_and_after():
    (row,) = rows_of("spells")
    assert list(row) == ["during", "between", "0-6 months"]
    assert true_ratio(row, "during") == pytest.approx(0.6)
    assert true_ratio(row, "between") == pytest.approx(0.8)
    assert 0.6 < true_ratio(row, "0-6 months") < 0.9
    assert true_ratio(row, "during", "all rings") > 1


def test_what_goes_on_sets_in_over_its_first_months():
    (row,) = rows_of("goes on")
    assert list(row) == ["0-6 months", "6-12 months"]
    assert true_ratio(row, "6-12 months") == pytest.approx(0.6)
    assert 0.7 < true_ratio(row, "0-6 months") < 0.8


def test_earlier_operations_are_part_of_both_truths():
    (row,) = rows_of("others earlier")
    assert true_ratio(row, "0-6 months") == pytest.approx(0.6)


def test_every_operation_of_a_campaign_is_read_and_pooled():
    rows = rows_of("campaign")
    assert len(rows) > 1
    line = json.loads(json.dumps(short({"cell": "campaign, local", "seed": 0, "ops": [*rows, {}]})))
    ((_, window, target, *_),) = figures([line])
    assert (window, target["n"]) == ("0-6 months", len(rows))
    table = text_of([line])
    assert "| campaign, local | 0-6 months |" in table
    pooled = pooled_figures([line])
    assert len(pooled) <= 1
    assert all(count == 1 for _, count, *_ in pooled)
