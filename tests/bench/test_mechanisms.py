"""What happens in cities of another kind happens as stated; what is only recorded does not change the truth."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from bench import calibration, mechanisms, worlds
from bench.calibration import EFFECTS, WORLDS, replicate, seed_of
from bench.scenarios import LOCAL, MECHANISMS, SCENARIOS, STILL, Scenario

WORLD = replace(STILL, level=0.0, own_level=0.0)
CITY = worlds.grid_city()
UNITS = CITY.units
FLAT = np.ones((UNITS.x.size, WORLD.before + WORLD.after))
SINCE = mechanisms.since_operation(WORLD)


def made(happen, seed=1, rates=FLAT, world=WORLD):
    """Return the factor of a mechanism, as large as the rates, and what it marks."""
    factor, marked = happen(np.random.default_rng(seed), UNITS, rates, world)
    return np.broadcast_to(factor, rates.shape), marked


@pytest.mark.parametrize(
    ("name", "drawn"),
    [
        ("base: local, v 2", [(257.54, 289), (206.03, 235), (206.03, 218), (154.52, 155), (154.52, 144)]),
        ("5% of units break", [(397.78, 398), (318.22, 301), (318.22, 264), (238.67, 249), (238.67, 233)]),
        ("recording changes by neighbourhood", [(570.49, 624), (456.4, 433), (456.4, 429), (342.3, 348), (342.3, 327)]),
    ],
)
def test_older_worlds_are_drawn_as_ever(name, drawn):
    """The figures are those of the version that measured `bench/calibration.json`: new settings draw nothing there."""
    row = replicate(SCENARIOS[name], seed_of(name, 0), calibration.headline)
    assert [(one["t"], one["y"]) for one in calibration.short(row)["target"]] == drawn


@pytest.mark.parametrize("name", ["6 months after", "30% moved to far places", "own lives: a drought in all markets"])
def test_the_headline_alone_is_the_headline_among_all_methods(name):
    """Nothing but the other methods is left out: truth, counts, ends and refusals are the same numbers."""
    alone, among = (
        replicate(WORLDS["all"][name], seed_of(name, 1), read)
        for read in (calibration.headline, calibration.one_operation)
    )
    for zone in worlds.ZONES:
        for one, other in zip(alone[zone], among[zone], strict=True):
            assert {"m", "t", "y"} < set(one) < set(other)
            assert one == {key: other[key] for key in one}


@pytest.mark.parametrize("name", list(MECHANISMS))
def test_every_world_runs_and_its_truth_is_the_planted_effect(name):
    row = replicate(MECHANISMS[name], seed_of(name, 10_000), calibration.headline)
    target, ring = row["target"], row["all rings"]
    mean = target[0]["m"]
    assert 0 < mean < np.inf
    for (fall, moved), local, around in zip(EFFECTS, target, ring, strict=True):
        assert local["t"] == pytest.approx((1 - fall) * mean)
        assert around["t"] - around["m"] == pytest.approx(moved * fall * mean)
    for zone in worlds.ZONES:
        for effect in row[zone]:
            assert "no" in effect or "ca" in effect
            if "ca" in effect:
                ends = [effect[key][1] for key in ("ca", "ca90", "ca80")] + [effect["ca"][0]]
                ends += [effect[key][2] for key in ("ca80", "ca90", "ca")]
                assert ends == sorted(ends)
                assert np.isfinite(ends).all()


def test_what_is_recorded_is_not_the_truth():
    """Twice as many are counted of the same true rates."""
    twice = Scenario(LOCAL, records=(lambda rng, units, rates, world: (2.0, None),))
    target = [replicate(twice, [3, number], calibration.headline)["target"][0] for number in range(4)]
    assert sum(one["y"] for one in target) / sum(one["m"] for one in target) == pytest.approx(2, rel=0.1)


def test_no_method_is_blamed_for_what_only_the_target_records():
    assert [name for name, scenario in WORLDS["all"].items() if scenario.impossible] == [
        "recording rises 15% in the target"
    ]


def test_further_operations_take_their_ground_and_their_fall():
    """About 15% of the ground is taken from the placebo places, and in its targets 30% is gone."""
    scenario = MECHANISMS["alike: operations on 15% of the ground"]
    fallen = [replicate(scenario, [4, number], lambda *seen: seen[2:]) for number in range(6)]
    without = [replicate(replace(scenario, fallen=0), [4, number], lambda *seen: seen[2:]) for number in range(6)]
    taken, ratio = [], []
    for ((_, setup), _, (rates, _, _)), ((_, alone), _, (untouched, _, _)) in zip(fallen, without, strict=True):
        ground = (alone.places.untouched & ~setup.places.untouched).sum() * setup.places.cell**2
        taken.append(ground / (30 * worlds.UNIT) ** 2)
        lower = rates.sum(axis=1) < 0.99 * untouched.sum(axis=1)
        assert lower.sum() == 9 * scenario.fallen
        assert not (lower & (setup.masks["target"] | setup.masks["ring"] | setup.masks["control"])).any()
        ratio.append(rates[lower].sum() / untouched[lower].sum())
    assert np.mean(taken) == pytest.approx(0.15, abs=0.03)
    assert ratio == pytest.approx(np.full(6, 0.7))


def test_a_target_can_be_chosen_by_what_happened_there():
    city, rng = CITY, np.random.default_rng(5)
    counts = rng.poisson(3.0, FLAT.shape)
    monthly, rates = counts[:, :36].astype(float), rng.uniform(1, 2, UNITS.x.size)
    marked = mechanisms.around(UNITS, mechanisms.city_centre(UNITS), 3.0)[:, 0] > 0.5

    def chosen(how):
        return calibration.choose(rng, Scenario(WORLD, choose=how), city, monthly, (rates, rates, marked))

    sums = city.near @ monthly
    assert (city.near @ marked)[chosen("marked")].min() >= 7
    assert (city.near @ marked)[chosen("touched")].min() == 1
    assert (city.near @ marked)[chosen("elsewhere")].max() == 0
    assert len(chosen("anywhere")) == len(city.centres)
    assert 0 < len(chosen("busiest")) <= 0.03 * len(city.centres) + 1
    last, year = sums[:, 33:].sum(axis=1), sums[:, 21:33].sum(axis=1) / 4
    assert np.log(last / year)[chosen("risen")].min() > np.quantile(np.log(last / year), 0.7)
    assert last[chosen("top")].min() >= np.quantile(last, 0.97)


def test_roads_reach_far_and_only_along_themselves():
    """Of one road, two places a kilometre apart along it drift alike, and six units beside it nothing happens."""
    found = [np.log(made(partial(mechanisms.road_axis, roads=1), seed)[0][:, -1]).reshape(30, 30) for seed in range(60)]
    alike, quiet = [], []
    for drift in found:
        row, column = np.unravel_index(np.argmax(np.abs(drift)), drift.shape)
        near = np.hypot(*(np.indices(drift.shape) - np.array([row, column])[:, None, None]))
        five = np.abs(near - 5) < 0.5
        alike.append(np.abs(drift[five]).max() / np.abs(drift[row, column]))
        quiet.append(np.abs(drift[five]).min() / np.abs(drift[row, column]))
    assert np.mean(alike) > 0.75
    assert np.mean(quiet) < 0.01


def test_a_centre_breaks_on_the_date_and_for_good():
    factor, marked = made(mechanisms.centre_breaks)
    before, after = factor[:, SINCE < 0], factor[:, SINCE >= 0]
    assert np.ptp(before, axis=1).max() == np.ptp(after, axis=1).max() == 0
    change = np.log(after[:, 0] / before[:, 0])
    assert np.abs(change).max() == pytest.approx(0.4)
    assert np.argmax(np.abs(change)) == mechanisms.city_centre(UNITS)
    assert np.abs(change[marked]).min() > 0.2 > 0.01 > np.abs(change[UNITS.x < UNITS.x.min() + 400]).max()
    middle = mechanisms.city_centre(UNITS)
    ends = [made(mechanisms.centre_breaks, seed)[0][middle, [0, -1]] for seed in range(12)]
    assert {first < last for first, last in ends} == {True, False}


def test_a_market_that_moves_loses_what_another_gains():
    rates = np.random.default_rng(6).gamma(2.0, size=(UNITS.x.size, 1)) * FLAT
    factor, marked = made(mechanisms.market_moves, rates=rates)
    moved = (rates * factor).sum(axis=0)
    assert moved == pytest.approx(rates.sum(axis=0))
    assert (factor[:, SINCE < 0] == 1).all()
    assert factor[:, -1].min() == pytest.approx(0.4, abs=0.01)
    assert (np.abs(factor[~marked] - 1) < 0.15).all()


def test_seasons_by_place_come_back_after_a_year_and_differ():
    factor, _ = made(mechanisms.seasons_by_place)
    assert factor[:, :12] == pytest.approx(factor[:, 12:24])
    assert np.log(factor[:, :12]).sum(axis=1) == pytest.approx(0, abs=1e-9)
    assert len(set(np.argmax(factor[:, :12], axis=1))) > 6


@pytest.mark.parametrize(("happen", "months"), [(mechanisms.student_area, 3), (mechanisms.visitors, 4)])
def test_one_part_has_a_season(happen, months):
    factor, marked = made(happen)
    year = factor[:, :12]
    assert (year == factor[:, 12:24]).all()
    away = np.abs(year[marked] - np.median(year[marked], axis=1, keepdims=True)) > 1e-9
    assert (away.sum(axis=1) == months).all()
    assert np.ptp(year[UNITS.x < UNITS.x.min() + 200], axis=1).min() < 0.01
    assert 0.01 < marked.mean() < 0.1


def test_streets_share_a_course_in_each_part():
    factor, marked = made(mechanisms.streets)
    assert (factor[~marked] == 1).all()
    on_street = factor[marked]
    assert len(np.unique(on_street[:, -1])) == 5 * 4
    assert marked.sum() == 5 * 30


def test_sites_close_before_and_stay_closed():
    factor, marked = made(mechanisms.sites_close)
    assert (factor[~marked] == 1).all()
    assert (np.diff(factor[marked], axis=1) <= 0).all()
    months = (factor[marked] < 1).sum(axis=1) - WORLD.after
    assert months.min() >= 3
    assert months.max() <= 30


def test_a_front_passes_every_place_once():
    factor, _ = made(mechanisms.moving_front)
    assert (np.diff(factor, axis=1) <= 0).all()
    assert factor.min() == pytest.approx(np.exp(-0.6))
    at_date = factor[:, WORLD.before]
    assert at_date.max() == 1
    assert at_date.min() < 0.6


def test_a_shutdown_ends_before_the_operation():
    for seed in range(10):
        factor, _ = made(mechanisms.shutdown, seed)
        still = (factor < 1).any(axis=0)
        assert still.sum() == 4
        assert SINCE[still].max() < 0
        assert factor.min() == pytest.approx(np.exp(-1.0))


def test_late_reports_lack_in_the_last_three_months_of_some_districts():
    factor, _ = made(mechanisms.late_reports)
    assert (factor[:, :-3] == 1).all()
    assert set(map(tuple, factor[:, -3:])) == {(1.0, 1.0, 1.0), (0.9, 0.75, 0.4)}


def test_an_app_raises_reporting_in_half_the_city():
    factor, _ = made(mechanisms.reporting_app)
    assert (factor[:, -1] > 1).mean() == pytest.approx(0.5, abs=0.05)
    assert factor[:, -1].max() == pytest.approx(1.3)
    assert (factor[:, SINCE < -12] == 1).all()


def test_bursts_and_a_rota_leave_the_mean():
    assert made(mechanisms.bursts)[0].mean() == pytest.approx(1, abs=0.02)
    factor, _ = made(mechanisms.cleaning_rota)
    assert factor[:, :8].mean(axis=1) == pytest.approx(1)
    assert ((factor[:, :8] == 3).sum(axis=1) == 1).all()


def test_attention_rises_where_harm_rose_and_only_there():
    rates = FLAT.copy()
    rates[7, SINCE >= -6] = 4.0
    factor, _ = made(mechanisms.attention, rates=rates)
    assert np.delete(factor, 7, axis=0) == pytest.approx(1)
    assert factor[7, SINCE < -5] == pytest.approx(1)
    assert factor[7, WORLD.before] > 1.3


def test_lost_files_are_two_months_of_the_last_year():
    factor, _ = made(mechanisms.lost_files)
    lost = factor < 1
    assert set(lost.sum(axis=1)) == {0, 2}
    assert SINCE[lost.any(axis=0)].min() >= -12
    assert SINCE[lost.any(axis=0)].max() < 0


def test_happening_goes_in_turn_and_the_last_one_marks():
    calls = []

    def happen(number):
        def inner(rng, units, rates, world):
            calls.append((number, rates))
            return 2.0, number

        return inner

    rates, marked = calibration.happening(None, (happen(1), happen(2)), SimpleNamespace(), 1.0, WORLD)
    assert (rates, marked) == (4.0, 2)
    assert calls == [(1, 1.0), (2, 2.0)]
