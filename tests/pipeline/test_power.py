"""Power before an operation: learned from the past only, and in agreement with the headline's own figure."""

from __future__ import annotations

import json
import math
import re
import shutil
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from geoharm.cli.app import app
from geoharm.engines.duckdb import open_engine
from geoharm.evaluation.placebo.places import placebo_places
from geoharm.evaluation.results.power import PowerRow, PowerTable
from geoharm.model.geometry import ZoneRole
from geoharm.model.streets import join_segments
from geoharm.pipeline import collect, load, past_designs, placebo, power
from geoharm.study.read import read_study
from tests.conftest import small_study


def tables(folder, monkeypatch, waits=(3,)):
    monkeypatch.setattr(past_designs, "WAITS", waits)
    study = read_study(folder / "demo.toml")
    with open_engine(folder / "p.duckdb", inputs=folder) as engine:
        ledgers = load.load_sources(engine, study, folder)
        data = collect.collect_power(engine, study, ledgers)
    return power.power_tables(data)


def test_the_windows_own_power_and_less_for_a_shorter_one(demo, monkeypatch):
    (table,) = tables(demo, monkeypatch)
    own = {row.zone: row for row in table.zones}
    assert set(own) == {"target", "all rings", "target and rings"}
    assert own["target"].months == 11
    assert 0.1 < own["target"].detectable_fall < 0.5
    short, long = table.by_months
    assert (short.months, long.months) == (3, 11)
    assert short.detectable_fall > long.detectable_fall
    assert short.expected < long.expected
    assert table.months_for(0.9) == 3
    assert math.isnan(table.months_for(0.01))


def test_nothing_from_the_operation_on_is_used(demo, monkeypatch, tmp_path):
    """Events from the first day on are thrown away, or doubled: the answer is the same to the last digit."""
    (before,) = tables(demo, monkeypatch)
    lines = (demo / "needles.csv").read_text(encoding="utf-8").splitlines()
    late = [line for line in lines[1:] if line.split(",")[1] >= "2022-01-10"]
    assert len(late) > 1000
    other = tmp_path / "other"
    shutil.copytree(demo, other, ignore=shutil.ignore_patterns("*.duckdb*"))
    kept = [line for line in lines if line not in set(late)]
    doubled = [line.replace(line.split(",")[0], f"again-{place}", 1) for place, line in enumerate(late)]
    (other / "needles.csv").write_text("\n".join([*kept, *late, *doubled]) + "\n", encoding="utf-8")
    (after,) = tables(other, monkeypatch)
    assert after == before


def test_rings_lie_along_streets_where_the_study_says_so(demo, monkeypatch):
    """Streets every 100 m: the walked rings are smaller than the straight ones, and placebo places have their shape."""
    study = read_study(demo / "demo.toml")
    middle = study.operations[0].target.centroid
    at = np.arange(-2000.0, 2000.0, 100.0)
    rows = [
        one
        for line in at
        for start in at
        for one in ((start, line, start + 100, line), (line, start, line, start + 100))
    ]
    table = np.array(rows) + np.array([middle.x, middle.y, middle.x, middle.y])
    monkeypatch.setattr(collect, "source_streets", lambda _engine, _name: join_segments(*table.T))
    walked_by, places = [], placebo_places

    def spy(*arguments, rings=None):
        walked_by.append(rings)
        return places(*arguments, rings=rings)

    monkeypatch.setattr(placebo, "placebo_places", spy)
    monkeypatch.setattr(past_designs, "WAITS", (3,))
    walking = replace(study, operations=(replace(study.operations[0], streets="lines"),))
    with open_engine(demo / "p.duckdb", inputs=demo) as engine:
        ledgers = load.load_sources(engine, study, demo)
        data = collect.collect_power(engine, walking, ledgers)
    straight = past_designs.shifted_back(study, ledgers, {}, study.operations[0], 3)
    walked = past_designs.shifted_back(walking, ledgers, data.streets, walking.operations[0], 3)
    (table,) = power.power_tables(data)
    areas = [sum(zone.geometry.area for zone in one.of_role(ZoneRole.RING)) for one in (walked, straight)]
    assert areas[0] < 0.9 * areas[1]
    assert all(rings.area == pytest.approx(areas[0]) for rings in walked_by)
    assert math.isfinite(table.zones[0].detectable_fall)


def test_too_little_history_is_a_reason_not_a_number(tmp_path):
    study = read_study(small_study(tmp_path))
    with open_engine(tmp_path / "p.duckdb", inputs=tmp_path) as engine:
        ledgers = load.load_sources(engine, study, tmp_path)
        data = collect.collect_power(engine, study, ledgers)
    (table,) = power.power_tables(data)
    for row in (*table.zones, *table.by_months):
        assert math.isnan(row.detectable_fall)
        assert row.note
    assert "months before the operation, and 18 are needed" in table.zones[0].note
    assert "the data begin on 2020-01-01" in table.by_months[-1].note


def table_of(*falls):
    rows = tuple(PowerRow("target", months, 100.0, fall) for months, fall in falls)
    return PowerTable("o", "m", "u", "", rows[-1:], rows)


def test_how_long_to_wait_and_whether_it_helps():
    assert table_of((4, 0.5), (12, 0.3)).months_for(0.5) == 4
    assert math.isnan(table_of((4, 0.5), (12, 0.3)).months_for(0.2))
    assert table_of((4, 0.5), (12, 0.3)).waiting_helps
    assert not table_of((4, 0.47), (8, 0.46), (12, 0.45)).waiting_helps
    assert table_of((4, math.nan), (12, 0.45)).waiting_helps


def test_the_command_line(demo, monkeypatch):
    monkeypatch.setattr(past_designs, "WAITS", (3,))
    monkeypatch.chdir(demo)
    found = CliRunner().invoke(app, ["power", "demo.toml", "--data", ".", "--json"])
    assert found.exit_code == 0
    about = json.loads(found.stdout)
    (one,) = about["operations"]
    assert one["measure"] == "needle finds"
    assert set(one["target_by_months"]) == {"3", "11"}
    few, more = one["operations_needed"]["0.3"], one["operations_needed"]["0.2"]
    assert few is None or 1 <= few <= (more or few)
    pooled = [one["detectable_fall_pooled"][number] for number in ("2", "4", "8", "16")]
    assert pooled == sorted(pooled, reverse=True)
    assert pooled[0] < one["zones"][0]["detectable_fall"]
    assert one["waiting_helps"] is True
    assert about["together"] == {}
    assert about["questions"] == []
    asked = demo / "asked.toml"
    question = '\n[[question]]\nname = "litter"\nmeasures = ["needle finds"]\nzones = ["target", "all rings"]\n'
    asked.write_text((demo / "demo.toml").read_text(encoding="utf-8") + question, encoding="utf-8")
    told = CliRunner().invoke(app, ["power", "asked.toml", "--data", "."]).stdout
    assert re.search(
        r"question .litter., tried on windows of the past:\n  Operation Lantern: a common fall of \d+%", told
    )
    assert not (demo / "data").exists()
    bad = CliRunner().invoke(app, ["power", "nothing.toml"])
    assert "does not exist" in str(bad.exception)
    text = CliRunner().invoke(app, ["power", "--help"]).stdout
    assert "Example: geoharm power" in " ".join(text.split())
