"""Acceptability against brute force on a grid of weights; invariant to splitting and to units; where it flips."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.harm.acceptability import acceptability
from geoharm.model.values import ExchangeRates, ExchangeRule, MeasureSelector
from geoharm.study.value_profiles.profiles import read_exchange_rates
from tests.harm.worlds import joint, measure, normal_effect


def rates(*rules):
    return ExchangeRates("r", "", "a", "2026", "1", "s", "CC0-1.0", "one violent incident", rules)


KINDS = {
    "a": ("community", "environment"),
    "b": ("user", "health"),
    "c": ("community", "crime and violence"),
}
RANGES = {"a": (2.0, 100.0), "b": (0.1, 2.0), "c": (0.5, 3.0)}
RULES = rates(
    *(
        ExchangeRule(MeasureSelector(borne_by=KINDS[name][0], type=KINDS[name][1]), "harm", *RANGES[name])
        for name in KINDS
    )
)


def world(values, error=0.01, correlation=None):
    parts = [
        (measure(name, borne_by=KINDS[name][0], kind=KINDS[name][1]), normal_effect(value, error))
        for name, value in values.items()
    ]
    made = joint(parts, draws=512, correlation=correlation)
    for end in ("best_low", "best_high"):
        object.__setattr__(made, end, np.array(list(values.values()), dtype=float))
    return made


def on_a_grid(values, size=60):
    """Return the share of weightings with a net fall, on a grid even on the log scale: slow and obvious."""
    middle = (np.arange(size) + 0.5) / size
    grids = [np.exp(np.log(RANGES[name][1]) + middle * np.log(RANGES[name][0] / RANGES[name][1])) for name in values]
    fell = [
        sum(value / rate for value, rate in zip(values.values(), point, strict=True)) < 0
        for point in itertools.product(*grids)
    ]
    return float(np.mean(fell))


@given(st.floats(-300, 300), st.floats(-10, 10), st.floats(-5, 5))
@settings(max_examples=12, deadline=None)
def test_the_share_is_that_of_a_grid_of_weights(a, b, c):
    values = {"a": a, "b": b, "c": c}
    found = acceptability(world(values), RULES, seed=1)
    assert found.clearly_fell + found.fell == pytest.approx(on_a_grid(values, 30), abs=0.012)
    assert math.fsum(
        [found.clearly_fell, found.fell, found.rose, found.clearly_rose, found.undecided]
    ) == pytest.approx(1)


def test_clear_shares_against_the_normal_closed_form():
    """With normal effects, each weighted sum has a known error; the factor that holds for all sums is drawn."""
    values, error = {"a": -100.0, "b": 2.0}, 8.0
    found = acceptability(world(values, error), RULES, seed=3)
    middle = (np.arange(300) + 0.5) / 300
    one, two = (np.exp(-(np.log(RANGES[n][1]) + middle * np.log(RANGES[n][0] / RANGES[n][1]))) for n in "ab")
    total = -100 * one[:, None] + 2 * two[None, :]
    length = np.sqrt(one[:, None] ** 2 + two[None, :] ** 2)
    # The largest of all standardised sums lies between one sum's factor and that of the sphere of all sums (Scheffe).
    angles = np.unique(np.round(np.arctan2(two[None, :], one[:, None]), 3))
    drawn = np.random.default_rng(1).normal(size=(20_000, 2))
    factor = np.quantile(np.abs(drawn @ np.array([np.cos(angles), np.sin(angles)])).max(axis=1), 0.95)
    assert 1.96 < factor < math.sqrt(5.99)
    reach = factor * error * length
    assert found.clearly_fell == pytest.approx(float((total + reach < 0).mean()), abs=0.02)
    assert found.clearly_rose == pytest.approx(float((total - reach > 0).mean()), abs=0.02)


def test_where_nothing_happened_no_weighting_is_clear_in_95_of_100_cases():
    rng, cases = np.random.default_rng(8), 300
    any_clear = 0
    for _ in range(cases):
        one, two = rng.normal(0, 8, 2)
        found = acceptability(world({"a": one, "b": two}, 8.0), RULES, seed=3, weightings=64)
        any_clear += found.clearly_fell + found.clearly_rose > 0
    assert 0 < any_clear / cases <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / cases)


def test_a_single_weighting_keeps_its_own_interval():
    """With one group, all weightings are one sum: clear exactly if its 95% interval leaves out zero."""
    rule = rates(ExchangeRule(MeasureSelector(type="environment"), "harm", 2.0, 100.0))
    for value, clear in ((-17.0, 1.0), (-14.5, 0.0)):
        found = acceptability(joint([(measure("a"), normal_effect(value, 8.0))]), rule, seed=3, weightings=64)
        assert (found.clearly_fell, found.fell) == (clear, 1.0 - clear)


def test_splitting_a_measure_changes_nothing():
    whole = world({"a": -60.0, "b": 3.0})
    found = acceptability(whole, RULES, seed=1)
    names = [measure("a1"), measure("a2"), measure("b", borne_by="user", kind="health")]
    split = joint([(one, normal_effect(0, 1)) for one in names], draws=512)
    columns = np.column_stack([0.3 * whole.low[:, 0], 0.7 * whole.low[:, 0], whole.low[:, 1]])
    for end in ("low", "high"):
        object.__setattr__(split, end, columns)
        object.__setattr__(split, f"best_{end}", np.array([-18.0, -42.0, 3.0]))
    again = acceptability(split, RULES, seed=1)
    shares = ("clearly_fell", "fell", "rose", "clearly_rose", "undecided")
    assert [getattr(again, name) for name in shares] == pytest.approx(
        [getattr(found, name) for name in shares], abs=1e-12
    )
    assert np.array([one[1:] for one in again.central_rates]) == pytest.approx(
        np.array([one[1:] for one in found.central_rates])
    )
    assert [flip.tipping_rate for flip in again.tipping_points] == pytest.approx(
        [flip.tipping_rate for flip in found.tipping_points]
    )


def test_another_unit_with_its_range_converted_changes_nothing():
    """Eight needles a request: eight times the effect, and eight times as many weigh as much."""
    found = acceptability(world({"a": -60.0, "b": 3.0}, error=4.0), RULES, seed=1)
    needles = world({"a": -60.0, "b": 3.0}, error=4.0)
    for name in ("low", "high", "best_low", "best_high"):
        array = np.array(getattr(needles, name))
        array[..., 0] *= 8
        object.__setattr__(needles, name, array)
    eight = rates(
        ExchangeRule(MeasureSelector(type="environment"), "harm", 16.0, 800.0),
        ExchangeRule(MeasureSelector(type="health"), "harm", 0.1, 2.0),
    )
    again = acceptability(needles, eight, seed=1)
    for name in ("clearly_fell", "fell", "rose", "clearly_rose"):
        assert getattr(again, name) == pytest.approx(getattr(found, name), abs=1e-3)


def test_the_order_of_the_measures_changes_nothing():
    one = acceptability(world({"a": -60.0, "b": 3.0}), RULES, seed=1)
    two = acceptability(world({"b": 3.0, "a": -60.0}), RULES, seed=1)
    assert one.fell + one.clearly_fell == two.fell + two.clearly_fell
    assert one.central_rates == two.central_rates


def test_the_flip_is_where_the_sum_is_zero_and_says_so_in_plain_words():
    found = acceptability(world({"a": -60.0, "b": 3.0}), RULES, seed=1)
    first = found.tipping_points[0]
    for flip in found.tipping_points:
        at = {
            "environment, borne by community": (-60 / flip.tipping_rate, 3 / math.sqrt(0.2)),
            "health, borne by user": (-60 / math.sqrt(200), 3 / flip.tipping_rate),
        }
        assert sum(at[flip.group]) == pytest.approx(0, abs=1e-9)
    assert first.sentence.startswith("Net harm rose if ")
    assert "weigh as much as one violent incident" in first.sentence


def test_no_weight_turns_what_all_harms_agree_on():
    found = acceptability(world({"a": -60.0, "b": -3.0}), RULES, seed=1)
    assert found.clearly_fell == 1.0
    assert all("at any weight" in flip.sentence for flip in found.tipping_points)
    assert all(math.isnan(rose) for _, _, _, rose in found.central_rates)


def test_central_weights_of_each_conclusion_lie_on_their_side():
    found = acceptability(world({"a": -60.0, "b": 3.0}), RULES, seed=1)
    needles = next(one for one in found.central_rates if one[0].startswith("environment"))
    assert needles[2] < needles[1] < needles[3]  # fewer finds weigh as much: they weigh more, and their fall decides


def test_the_shipped_rates_are_readable_and_labelled():
    found = read_exchange_rates("exchange-rates", Path())
    assert found.example
    assert "nobody" in found.author


def test_a_part_that_is_not_known_leaves_no_share():
    parts = [
        (measure("a", borne_by="community", kind="environment"), normal_effect(-5, 1)),
        (
            measure("b", borne_by="user", kind="health"),
            normal_effect(math.nan, math.nan, note="the control is too small"),
        ),
    ]
    found = acceptability(joint(parts, draws=512), RULES, weightings=64, seed=1)
    assert found.note == "one part is unknown: b"
    assert math.isnan(found.clearly_fell)
