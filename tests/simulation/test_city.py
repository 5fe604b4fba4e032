"""Whole made cities: the truth is what was planted, the files hold what real files hold, and nothing tells the truth."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
import shapely
from typer.testing import CliRunner

from geoharm.cli.app import app
from geoharm.engines.duckdb import open_engine
from geoharm.errors import DesignError
from geoharm.model.tactics import SEVERAL, TACTICS
from geoharm.pipeline import load
from geoharm.pipeline.check import check_study
from geoharm.simulation.city import CityPlan, build_city
from geoharm.simulation.city_files import write_city
from geoharm.simulation.panel_worlds import PanelSettings
from geoharm.simulation.tactics import PLANTED_EFFECTS, PlantedEffect
from geoharm.study.read import read_study

WORLD = PanelSettings(before=24, after=4, level=0, own_level=0, local_trend=0.1, shock=0.15)
PLAN = CityPlan(11, side=3600.0, markets=10, panel=WORLD, recording=1.2)


@pytest.fixture(scope="module")
def city():
    return build_city(PLAN)


@pytest.fixture(scope="module")
def files(city, tmp_path_factory):
    folder = tmp_path_factory.mktemp("city")
    return {path.name: path for path in write_city(city, folder)}


def test_every_tactic_is_there_and_no_other():
    """But for operations of several tactics, which are simulated one by one."""
    assert set(PLANTED_EFFECTS) == set(TACTICS) - {SEVERAL}


def test_truth_is_what_was_planted(city):
    """A crackdown: needles fall by 45% and fade to 30% of that; 30% of the loss in the rings, 10% at similar markets."""
    needles = city.truth["kinds"]["needles"]
    planted = next(one for one in PLANTED_EFFECTS["crackdown"] if one.stream == "needles")
    strengths = [planted.strength(month + 0.5) for month in range(WORLD.after)]
    target = needles["target"]["expected_with"] / needles["target"]["expected_without"]
    assert 1 + planted.change * max(strengths) <= target <= 1 + planted.change * min(strengths)
    lost = needles["target"]["expected_without"] - needles["target"]["expected_with"]
    for zone, share in (("rings", planted.near), ("similar markets", planted.far)):
        assert needles[zone]["expected_with"] - needles[zone]["expected_without"] == pytest.approx(
            share * lost, rel=1e-4
        )
    entries = city.truth["kinds"]["treatment entries"]["target"]
    assert entries["expected_with"] == entries["expected_without"]


@pytest.mark.parametrize("tactic", sorted(PLANTED_EFFECTS))
def test_each_tactic_changes_what_it_says_and_nothing_else(tactic):
    found = build_city(replace(PLAN, tactic=tactic, panel=replace(WORLD, before=12, after=1))).truth["kinds"]
    said = {one.stream: one for one in PLANTED_EFFECTS[tactic]}
    for kind, zones in found.items():
        change = zones["target"]["expected_with"] - zones["target"]["expected_without"]
        assert np.sign(round(change, 6)) == np.sign(said[kind].change if kind in said else 0), kind


def test_a_strength_of_zero_plants_nothing():
    found = build_city(replace(PLAN, strength=0.0)).truth["kinds"]
    assert all(zone["expected_with"] == zone["expected_without"] for zones in found.values() for zone in zones.values())


def test_decay_and_residual():
    planted = PlantedEffect("needles", -0.4, half_life=4, residual=0.25)
    assert planted.strength(0) == 1
    assert planted.strength(4) == pytest.approx(0.25 + 0.75 / 2)
    assert planted.strength(400) == pytest.approx(0.25)
    assert PlantedEffect("needles", -0.4).strength(400) == 1


def test_counts_follow_the_planted_rates():
    """Over many cities the needles in the target after lie where the truth says."""
    seen = expected = 0.0
    for seed in range(8):
        made = build_city(replace(PLAN, seed=seed))
        day, address = made.events["needles"]
        late = day >= np.datetime64(made.truth["after"][0])
        inside = shapely.contains_xy(made.target.buffer(2), made.street_plan.x[address], made.street_plan.y[address])
        seen += (late & inside).sum()
        expected += made.truth["kinds"]["needles"]["target"]["expected_with"]
    assert seen == pytest.approx(expected, rel=0.12)


def test_events_lie_on_streets(city):
    lines = shapely.union_all([line for _, line in city.street_plan.lines])
    address = city.events["violence"][1][:300]
    apart = shapely.distance(shapely.points(city.street_plan.x[address], city.street_plan.y[address]), lines)
    assert apart.max() < 20


def test_a_target_chosen_on_a_peak_differs_from_one_chosen_earlier():
    made = {chosen: build_city(replace(PLAN, seed=4, target_choice=chosen)) for chosen in ("peak", "earlier", "level")}
    assert len({one.target.wkb for one in made.values()}) > 1


def test_the_same_plan_makes_the_same_bytes(city, files, tmp_path):
    again = write_city(build_city(PLAN), tmp_path)
    assert [path.read_bytes() for path in again] == [files[path.name].read_bytes() for path in again]


def test_no_file_but_the_truth_holds_the_truth(files):
    kinds = json.loads(files["truth.json"].read_text())["kinds"]
    numbers = {str(value) for zones in kinds.values() for zone in zones.values() for value in zone.values()}
    for name, path in files.items():
        if name in ("study.toml", "treatment.csv"):
            text = path.read_text()
            assert not any(number in text for number in numbers if len(number) > 5)
    assert "expected" not in files["study.toml"].read_text()


def test_treatment_counts_below_five_are_suppressed(city, files):
    with files["treatment.csv"].open() as stream:
        rows = list(csv.DictReader(stream))
    shown = [row["count"] for row in rows]
    assert "<5" in shown
    assert all(count == "<5" or int(count) >= 5 for count in shown)
    assert len(rows) == len(city.street_plan.districts) * len(PLAN.span.months())


def test_the_program_reads_every_file(files, tmp_path):
    """Also the faults: a row twice, a date nobody can read, rows without a place, a default geocode."""
    study = read_study(files["study.toml"])
    check_study(study)
    data = files["study.toml"].parent
    with open_engine(tmp_path / "city.duckdb", inputs=data) as engine:
        ledgers = {one.source: one for one in load.load_sources(engine, study, data)}
        tables = {one.source: one for one in load.load_tables(engine, study, data)}
    assert ledgers["police"].total("rejected") == ledgers["police"].total("duplicate") == 1
    assert ledgers["police"].total("no_place") + ledgers["police"].total("recovered") > 0
    assert ledgers["police"].default_geocodes
    assert tables["treatment"].total("kept") > 0
    assert tables["streets"].total("kept") == 48


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"tactic": "magic"}, '"magic" is not a tactic; known are arrest referral'),
        ({"target_choice": "luck"}, '"luck" was given'),
        ({"panel": PanelSettings(steps=4)}, "has 4 steps a month"),
        ({"start": PLAN.start.replace(day=2)}, "on the first of a month; 2019-01-02 was given"),
    ],
)
def test_refusals(change, sentence):
    with pytest.raises(DesignError, match=sentence):
        replace(PLAN, **change)


def test_the_verb_makes_a_whole_city_or_says_why_not(tmp_path, monkeypatch):
    monkeypatch.setattr("geoharm.simulation.city.CityPlan", lambda seed, **more: replace(PLAN, seed=seed, **more))
    found = CliRunner().invoke(
        app, ["simulate", "--out", str(tmp_path), "--seed", "3", "--tactic", "treatment outreach"]
    )
    assert found.exit_code == 0
    assert json.loads((tmp_path / "truth.json").read_text())["tactic"] == "treatment outreach"
    assert "truth.json" in found.stdout
    found = CliRunner().invoke(app, ["simulate", "--out", str(tmp_path), "--tactic", "magic"])
    assert isinstance(found.exception, DesignError)
