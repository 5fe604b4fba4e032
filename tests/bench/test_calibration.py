"""The calibration bench: its short ways give the program's own numbers, it goes on where it stopped, the docs follow it."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest
import shapely

from bench import (
    calibration,
    calibration_table,
    displaced,
    end_to_end,
    limit,
    robustness,
    running_change,
    surfaces,
    worlds,
)
from bench.calibration import EFFECTS, SCENARIOS, replicate, seed_of
from geoharm.evaluation.effects import evaluate_measure
from geoharm.evaluation.placebo import calibrated_ratio
from geoharm.evaluation.placebo.displaced_share import displaced_share
from geoharm.evaluation.reading import read_effect
from geoharm.model.period import Window
from geoharm.model.reading import Reading
from geoharm.report.wording import threats
from geoharm.report.wording.coverage import COVERAGE
from geoharm.simulation.panel_worlds import draw_counts, panel_rates
from tests.evaluation.test_reading import Z, effect

BASE = "6 months after"


@pytest.fixture(scope="module")
def row():
    return replicate(SCENARIOS[BASE], seed_of(BASE, 0))


@pytest.fixture(scope="module")
def case():
    """Return a city with an operation, counts before, and two different counts after."""
    cell = SCENARIOS[BASE]
    city, rng = calibration.city_of(cell), np.random.default_rng(3)
    counts = draw_counts(rng, panel_rates(rng, city.units, cell.world)[0], 2.0)
    found = city.setup(40, worlds.window_after(6))
    before, after = counts[:, : cell.world.before], counts[:, cell.world.before :].sum(axis=1)
    fallen = after.copy()
    fallen[found.masks["target"]] //= 2
    return found, before, after, fallen


def test_the_short_ways_are_the_programs_own_numbers(case):
    """One forecast serves every count after; its interval, the ratio and the difference are those of evaluate_measure."""
    found, before, after, fallen = case
    inside = {"target": found.masks["target"], "all rings": found.masks["ring"]}
    inside["target and rings"] = inside["target"] | inside["all rings"]
    noun, data = worlds.count_table(found, before, after)
    learned = {
        zone: calibrated_ratio.fit_forecast(data, noun, found.design, zone=zone, after=found.design.after)
        for zone in worlds.ZONES
    }
    windows = calibration.before_of(found, before, inside)
    for seen in (after, fallen):
        noun, data = worlds.count_table(found, before, seen)
        whole = evaluate_measure(worlds.MEASURE, noun, found.design, data)
        counted = {zone: int(seen[mask].sum()) for zone, mask in inside.items()}
        rows = {zone: [{"y": count} | calibration.by_placebo(learned[zone], count)] for zone, count in counted.items()}
        share, short = displaced_share(whole.effects), displaced.set_of(rows, 0)
        assert np.ravel(short.values.pieces) == pytest.approx(np.ravel(share.values.pieces))
        assert short.value == pytest.approx(share.value, nan_ok=True)
        for zone, mask in inside.items():
            effect = next(one for one in whole.effects if one.zone == zone)
            short = calibration.by_placebo(learned[zone], int(seen[mask].sum()))
            span = effect.ratio.interval()
            assert short["ca"] == pytest.approx([effect.ratio.value, span.low, span.high], abs=1e-9)
            short = calibration.by_counting(
                windows[zone], int(seen[mask].sum()), int(seen[found.masks["control"]].sum())
            )
            for key, estimate in (("rr", effect.counting_ratio), ("wd", effect.difference)):
                span = estimate.interval()
                assert short[key] == pytest.approx([estimate.value, span.low, span.high])


def test_zones_share_no_site_and_the_target_is_nine_units(case):
    found = case[0]
    total = np.sum(list(found.masks.values()), axis=0)
    assert total.max() == 1
    assert found.masks["target"].sum() == 9
    assert found.masks["ring"].sum() == 16


def test_a_row_holds_every_effect_and_its_truth(row):
    for zone in worlds.ZONES:
        assert len(row[zone]) == len(EFFECTS)
    target, ring = ([one["t"] - one["m"] for one in row[zone]] for zone in ("target", "all rings"))
    mean = row["target"][0]["m"]
    for (fall, moved), local, around in zip(EFFECTS, target, ring, strict=True):
        assert local == pytest.approx(-fall * mean)
        assert around == pytest.approx(moved * fall * mean)


def test_the_same_seed_gives_the_same_row(row):
    again = replicate(SCENARIOS[BASE], seed_of(BASE, 0))
    assert json.dumps(calibration.short(again)) == json.dumps(calibration.short(row))


def test_an_effect_that_halves_is_the_mean_of_its_months():
    found = replicate(SCENARIOS["effect halves every 4 months"], [1, 1])["target"][3]
    share = np.mean([0.5 ** ((month + 0.5) / 4) for month in range(12)])
    assert (found["m"] - found["t"]) / found["m"] == pytest.approx(0.4 * share, rel=0.15)


def test_the_oracle_holds_its_level():
    rng = np.random.default_rng(1)
    for dispersion in (1.0, 2.0, 5.0):
        spans = [
            calibration.oracle(int(one), 300.0, dispersion)
            for one in draw_counts(rng, np.full(3000, 300.0), dispersion)
        ]
        assert np.mean([low <= 0 <= high for _, low, high in spans]) == pytest.approx(0.95, abs=0.013)


def test_it_goes_on_where_it_stopped(tmp_path, monkeypatch):
    """A line cut off by a crash is run again, with its own seed."""
    monkeypatch.setattr(calibration, "replicate", lambda cell, seed, read: {"seed": seed})
    path = tmp_path / "rows.jsonl"
    calibration.run(path, [BASE], 3, 10)
    whole = path.read_text()
    path.write_text(whole[: len(whole) // 2])
    calibration.run(path, [BASE], 5, 10)
    assert sorted(one["seed"] for one in calibration.rows_of(path)) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("fall", [0.3, 0.6])
@pytest.mark.parametrize("span", [(-0.2, 0.2), (-0.8, -0.2), (0.1, 0.7), (-0.5, 0.1), (-0.15, 0.9), (-0.9, 0.9)])
def test_findings_are_those_of_the_verdict(fall, span):
    """What is found, probable, bounded or none of it here is so there."""
    low, high = span
    said = read_effect(effect((low + high) / 2, (high - low) / 2 / Z[0.95], expected=100.0, detectable=fall))
    middle, error = (low + high) / 2, (high - low) / 2 / Z[0.95]
    row = {"m": 100.0, "t": 100.0, "fc": [100.0, fall, 20.0, 9]}
    for key, level in (("ca", 0.95), ("ca90", 0.9), ("ca80", 0.8)):
        row[key] = [middle, middle - Z[level] * error, middle + Z[level] * error]
    ours = calibration_table.state_of(row)
    assert (ours == "finding") is said.is_finding
    assert (ours == "probable") is said.is_probable
    assert (ours == "bound") is said.is_bound
    if said.is_finding:
        assert calibration_table.state_of(row | {"no": "few as busy"}) == "probable"


def test_a_refused_zone_tells_nothing():
    assert (
        calibration_table.state_of({"ca": [0.0, 1.0, 2.0], "fc": [100.0, 0.3, 20.0, 9], "no": "few expected"})
        == "cannot tell"
    )
    assert calibration_table.state_of({}) == "cannot tell"


def test_coverage_is_counted_as_it_should():
    held = [
        {"m": 100.0, "t": 100.0, "y": 90, "rr": [0.0, -1.0, 1.0]},
        {"m": 100.0, "t": 80.0, "y": 80, "rr": [-0.1, -0.15, 0.1]},
    ]
    found = calibration_table.method_figures([held], "rr")
    assert (found["intervals"], found["coverage"], found["rejects"], found["power20"]) == (2, 50.0, 0.0, 0.0)


def test_the_docs_are_those_of_the_figures(root):
    """docs/calibration.md and its picture follow bench/calibration.json."""
    held = json.loads(calibration_table.SUMMARY.read_text(encoding="utf-8"))
    page = calibration_table.PAGE.read_text(encoding="utf-8")
    assert calibration_table.page(page, held) == page
    assert calibration_table.PICTURE.read_text(encoding="utf-8") == calibration_table.picture(held["cells"])
    for name in calibration_table.PARTS:
        assert re.search(rf"<!-- {name} -->\n[|-] ", page)


def test_what_is_printed_beside_comes_from_the_same_counts(row):
    """Without an effect both benches read the counts that the city drew, so the ratio and its ends must be the same."""
    found = replicate(SCENARIOS[BASE], seed_of(BASE, 0), robustness.read_estimators)["effects"]
    for zone, name in (("target", "ratio target"), ("all rings", "ratio ring")):
        assert found[0][name][:3] == pytest.approx(row[zone][0]["rr"])
        assert found[0][name][3] == 0
    names = set(robustness.NAMES)
    assert names - set(found[1]) <= {"placebo", "together", "controls"}
    one = found[1]
    assert one["ratio target"][3] == pytest.approx(math.log(0.6))
    # 30% of the target's loss turns up in the ring, so the total is 70% of it.
    assert one["displaced"][3] == pytest.approx(-0.3 * one["local"][3])
    assert one["total"][3] == pytest.approx(0.7 * one["local"][3])
    assert one["net"][3] == pytest.approx(-one["total"][3])
    assert one["gross"][3] == pytest.approx(-one["local"][3])
    assert one["buffer"][3] / one["net ratio"][3] == pytest.approx(-0.3)


def test_figures_are_counted_as_they_should():
    sets = [[{"local": [1.0, 0.5, 2.0, 0.0]}, {"local": [1.0, -0.5, 2.0, 1.5]}], [{}, {"local": [1.0, 0.5, 1.0, 3.0]}]]
    found = robustness.of_figure(sets, "local")
    assert found["without"] == {"n": 1, "holds": 0.0, "sees": 100.0}
    assert found["with"] == {"n": 2, "holds": 50.0, "sees": 50.0}


def test_the_docs_say_what_is_printed_beside():
    held = json.loads(robustness.SUMMARY.read_text(encoding="utf-8"))
    assert set(held) == set(SCENARIOS) - {robustness.SKIPPED}
    page = calibration_table.PAGE.read_text(encoding="utf-8")
    assert f"<!-- beside -->\n{robustness.rows_of_table(held)}\n<!-- end -->" in page


def test_the_report_says_how_often_each_interval_held_the_truth():
    """What is printed in every report is what the benches counted."""
    counted = robustness.means(json.loads(robustness.SUMMARY.read_text(encoding="utf-8")))
    cells = json.loads(calibration_table.SUMMARY.read_text(encoding="utf-8"))
    kept = {name: cell for name, cell in cells["cells"].items() if not SCENARIOS[name].impossible}
    counted["headline"] = np.mean([cell[zone]["methods"]["ca"]["coverage"] for cell in kept.values() for zone in "TDU"])
    shares = [list(cells["displaced"][name]["holds"].values()) for name in kept]
    counted["headline share"] = np.mean(shares)
    running = json.loads(running_change.SUMMARY.read_text(encoding="utf-8"))
    held = [cell["without"]["holds"] for cell in running.values()]
    counted |= {"running change, lowest": min(held), "running change, highest": max(held)}
    for name, value in COVERAGE.items():
        assert value == round(counted[name]), name


def test_the_report_says_what_narrow_intervals_held():
    classes = json.loads(calibration_table.SUMMARY.read_text(encoding="utf-8"))["classes"]["fall"]
    narrow = [one for label, one in classes.items() if float(label.split(" to ")[1]) <= threats.NARROW_DETECTABLE_FALL]
    held = np.average([one["coverage"] for one in narrow], weights=[one["n"] for one in narrow])
    assert round(held) == threats.COVERAGE_WHEN_NARROW
    assert all(
        one["coverage"] >= 95
        for label, one in classes.items()
        if float(label.split(" to ")[0]) >= threats.NARROW_DETECTABLE_FALL
    )


def test_the_page_names_the_wrong_findings_that_were_counted():
    page = " ".join(calibration_table.PAGE.read_text(encoding="utf-8").split())
    none = re.search(r"\| none \| 250 \| ([\d.]+) \| ([\d.]+) \|", page)
    assert f"about {float(none[1]) + float(none[2]):.0f} in 100 targets without an effect" in page
    right = re.search(r"Findings among them: \d+, right in ([\d.]+)%", page)[1]
    assert f"{100 - float(right):.0f} of 100 findings are wrong" in page


def test_one_city_from_end_to_end():
    """Its verdict is one of the known, its truth the planted, and intervals are as wide as they are."""
    found = end_to_end.one_city(3)
    assert found["tactic"] == "crackdown"
    assert found["state"] in {state.value for state in Reading} - {"rose"}
    assert found["share"]["truth"] == pytest.approx(0.3, abs=0.001)
    target = found["zones"]["target"]
    assert target["truth"] < math.log(0.8)
    listed = found["treatment"]["zones"]["target"]
    assert listed["truth"] == listed["change"] == 0
    assert listed["table"][0] < 0 < listed["table"][1]
    assert target["ratio"][1] < target["ratio"][0] < target["ratio"][2]
    assert isinstance(worlds.window_after(6), Window)


def test_what_the_past_can_tell():
    """Known to the noise that is drawn, a regression misses that noise; counts tell less than true rates."""
    rng = np.random.default_rng(2)
    rows = np.column_stack([np.ones(500), rng.normal(size=(500, 3))])
    assert limit.missed(rows, rows @ [1, 2, 3, 4] + 0.1 * rng.normal(size=500)) == pytest.approx(0.1, rel=0.1)
    cities = [limit.rows_of_city("base: local, v 2", number)["target"] for number in range(4)]
    by_rates, by_counts = (np.array([row[at][:2] for city in cities for row in city]) for at in (0, 1))
    assert by_rates.shape == by_counts.shape
    after = np.array([row[2] for city in cities for row in city])
    assert limit.missed(by_rates, after) < limit.missed(by_counts, after)


def test_the_true_intensity_of_the_surfaces_bench_is_that_of_its_points():
    rng = np.random.default_rng(1)
    markets, shares = surfaces.city(rng)
    truth = surfaces.intensity(surfaces.FINE, markets, shares)
    area = surfaces.FINE.cell**2 / 1e6
    assert truth.sum() * area == pytest.approx(1, abs=0.01)
    places = surfaces.draw(rng, 60_000, markets, shares)
    near = np.hypot(*(places - markets[0]).T) < 200
    x = np.arange(80) * 50.0 + 25
    cells = (x[None, :] - markets[0, 0]) ** 2 + (x[:, None] - markets[0, 1]) ** 2 < 200**2
    assert near.mean() == pytest.approx(truth[cells].sum() * area, rel=0.1)


@pytest.mark.parametrize("shape", worlds.STREET_TARGETS)
def test_a_street_city_has_its_targets_on_streets_and_inside(shape):
    """Shares of a unit add up to one; a street holds the sites that stand along it, and those of the streets it crosses."""
    city = worlds.street_city(shape)
    share = np.bincount(city.unit_of, city.share)
    assert share[share > 0] == pytest.approx(1)
    assert np.count_nonzero(share) == city.units.x.size
    for number in (0, len(city.centres) // 2, len(city.centres) - 1):
        operation = city.operation(number)
        assert operation.target.buffer(city.rings[-1]).difference(city.area.boundary).area < 1
        inside = shapely.contains_xy(operation.target, city.x, city.y)
        # Sites that stand on the edge may fall to either side.
        on_edge = shapely.distance(shapely.points(city.x, city.y), operation.target.boundary) < 1e-3
        assert ((city.near[[number]].toarray().ravel() > 0) == inside)[~on_edge].all()
    west, _, east, _ = worlds.STREET_TARGETS[shape].bounds
    if "street" in shape:
        # A site every 40 m, and one of every crossing street, at most 20 m beside the middle line.
        assert (east - west) / 40 <= city.near.sum(axis=1).min() <= (east - west) / 40 + (east - west) / 100 + 2
