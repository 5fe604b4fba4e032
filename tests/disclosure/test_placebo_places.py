"""Steps of the factor and places like it in a public release: rounded, rebuilt to 1%, and no small count follows."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import optimize

from geoharm.disclosure.attacker import attack
from geoharm.disclosure.constraints import _values_of_factors
from geoharm.disclosure.escalate import SuppressionLevel
from geoharm.disclosure.factor_bounds import companion_bounds, control_counts, history_bounds
from geoharm.disclosure.history import _json, _published_value, _value_row
from geoharm.disclosure.placebo_places import (
    MIN_SPLIT_EVENTS,
    coarsen_places,
    protect_places,
    release_distribution,
    release_factors,
)
from geoharm.disclosure.released import ReleasedMeasure, ReleasedSeries
from geoharm.disclosure.rows import rows_of
from geoharm.disclosure.statements import Constraints, PublishedValue, Term
from geoharm.evaluation.effects import build_effect
from geoharm.evaluation.placebo.distribution import place_distribution, place_levels
from geoharm.evaluation.placebo.forecast import DISCOUNTS
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS
from geoharm.model.disclosure_rules import DISCLOSURE_RULES
from geoharm.model.effect import PlaceboCheck
from geoharm.model.estimate import Estimate, Interval
from geoharm.model.measure import Harm, Measure
from geoharm.model.places_like_it import FactorKind
from geoharm.model.suppressed import Suppressed
from geoharm.results import OperationResult
from tests.reference.factor_world import AFTER_WINDOW, BEFORE, HISTORY, MONTHS, factor_world

NAMES = {"T": "target", "D": ALL_RINGS, "U": TARGET_AND_RINGS}
MEASURE = Measure("finds", "s", (), "requests", "public", Harm("community", "environment"))
RULE = DISCLOSURE_RULES["under-5"]
K = RULE.threshold
UNPUBLISHED = (FactorKind.RECENT, FactorKind.LONG_RUN, FactorKind.COMPANION, FactorKind.BELT_AFTER)


def effects_of(seed, *, level=1.2, season=1.0):
    """Return, by zone: the series, and the effect with its factors, distribution and levels at full precision."""
    found = {}
    for letter, (series, learned, observed, factors, (zone, control, expected)) in factor_world(
        seed, level=level, season=season
    ).items():
        value = math.log(observed / expected)
        spans = tuple(Interval(-1.0, 1.0, level) for level in (0.8, 0.9, 0.95))
        ratio = Estimate("ratio", value, 0.1, "log ratio", "", calibrated=True, intervals=spans)
        check = PlaceboCheck(
            MONTHS, learned.places, learned.places, learned.effective_places, learned.busy_places, learned.mean, learned.phi,
            math.sqrt(learned.tau2), learned.detectable_fall, factors, place_distribution(learned, ratio, observed),
            place_levels(series, (*HISTORY, AFTER_WINDOW), BEFORE),
        )  # fmt: skip
        effect = build_effect(
            NAMES[letter], "after", zone, control, length_ratio=AFTER_WINDOW.days / BEFORE.days, ratio=ratio,
            counting_ratio=ratio, difference=ratio, dispersion=1.0, detectable_fall=0.3, placebo=check,
        )  # fmt: skip
        found[letter] = series, effect
    return found


def operation_of(effects):
    return OperationResult(None, (ReleasedMeasure(MEASURE, tuple(effects), (), ReleasedSeries(0)),), None)


@pytest.mark.parametrize("seed", range(4))
def test_rounded_steps_rebuild_the_expected_count(seed):
    for _, effect in effects_of(seed).values():
        exact = effect.placebo.factors
        for may_split in (True, False):
            released = release_factors(exact, may_split=may_split)
            assert released.product == pytest.approx(exact.factor, rel=0.01)
            assert released.factor == pytest.approx(exact.factor, abs=0.0005)
            rebuilt = effect.before * effect.length_ratio * released.product
            assert rebuilt == pytest.approx(effect.expected, rel=0.01)
            for step in released.steps:
                if step.kind is not FactorKind.UNSPLIT:
                    assert step.value == pytest.approx(math.exp(step.coefficient * step.feature), abs=0.0005)


def test_steps_that_rounding_would_move_too_far_are_one_step():
    effect = effects_of(0)["T"][1]
    factors = effect.placebo.factors
    far = replace(
        factors,
        steps=tuple(
            replace(step, coefficient=4.0, feature=0.0249, value=math.exp(4 * 0.0249))
            if step.kind is FactorKind.COMPANION
            else step
            for step in factors.steps
        ),
    )
    far = replace(far, factor=far.product)
    released = release_factors(far, may_split=True)
    assert released.step(FactorKind.UNSPLIT) is not None
    assert released.product == pytest.approx(far.factor, rel=0.005)


def test_the_first_suppression_level_gives_up_the_split_steps_and_nothing_else():
    effects = [effect for _, effect in effects_of(1).values()]
    plain = protect_places(operation_of(effects), K, {}).measures[0].effects
    raised = protect_places(operation_of(effects), K, {MEASURE.name: SuppressionLevel.STEPS}).measures[0].effects
    for exact, split, whole in zip(effects, plain, raised, strict=True):
        assert split.placebo.factors.step(FactorKind.UNSPLIT) is None
        assert not any(whole.placebo.factors.step(kind) for kind in UNPUBLISHED)
        unsplit = whole.placebo.factors.step(FactorKind.UNSPLIT)
        assert math.isnan(unsplit.coefficient)
        assert math.isnan(unsplit.feature)
        assert whole.placebo.distribution == split.placebo.distribution
        assert replace(whole, placebo=None) == replace(exact, placebo=None)
    assert protect_places(operation_of(effects), 1, {}).measures[0].effects == tuple(effects)


def test_few_events_in_discounted_months_stay_one_step():
    effect = effects_of(1)["T"][1]
    discounted = replace(effect.placebo.factors, discount=0.9)
    few = replace(effect, before=MIN_SPLIT_EVENTS - 1, placebo=replace(effect.placebo, factors=discounted))
    enough = replace(few, before=MIN_SPLIT_EVENTS)
    shown = protect_places(operation_of([few, enough]), K, {}).measures[0].effects
    assert [one.placebo.factors.step(FactorKind.UNSPLIT) is None for one in shown] == [False, True]


def test_no_number_of_one_or_two_places_is_released():
    distribution = effects_of(0)["T"][1].placebo.distribution
    for places, shown in ((0, 0), (1, Suppressed(3)), (2, Suppressed(3)), (3, 3)):
        released = release_distribution(replace(distribution, fell_as_far=places, rose_as_far=places))
        assert released.fell_as_far == released.rose_as_far == shown
        assert released.classes == distribution.classes


def test_sums_of_places_are_tens_over_ten_places():
    for _, effect in effects_of(2).values():
        levels = protect_places(operation_of([effect]), K, {}).measures[0].effects[0].placebo.levels
        assert all(level.places >= 10 for level in levels.classes)
        assert all(count % 10 == 0 for level in levels.classes for count in (level.before, level.after))
        assert levels.factor == pytest.approx(effect.placebo.levels.factor, rel=0.01)


def test_beside_rounded_counts_no_factor_is_released():
    check = coarsen_places(effects_of(0)["T"][1].placebo)
    assert check.factors is None
    assert check.distribution.change == round(check.distribution.change)
    assert math.isnan(check.distribution.interval.low)


@pytest.mark.parametrize("seed", range(6))
def test_what_the_attack_is_told_holds_the_truth_and_is_no_wider_than_two_percent(seed):
    for letter, (series, effect) in effects_of(seed, level=1.0 + 0.3 * (seed % 3)).items():
        released = protect_places(operation_of([effect]), K, {}).measures[0].effects[0]
        factors = released.placebo.factors
        if factors.step(FactorKind.UNSPLIT) is not None:
            assert history_bounds(released, factors) == (0.0, math.inf)
            assert companion_bounds(factors) is None
            assert control_counts(released, factors) == ()
            continue
        assert not factors.has_season
        history = series.own_zone[:MONTHS].sum()
        low, high = history_bounds(released, factors)
        assert low <= history <= high
        city = series.own_city
        assert control_counts(released, factors) == (city[:MONTHS].sum(), city[MONTHS - 12 : MONTHS].sum())
        assert high - low <= 0.022 * history + 1
        year, whole = series.own_companion[MONTHS - 12 : MONTHS].sum(), series.own_companion[:MONTHS].sum()
        bounds = companion_bounds(factors)
        assert (bounds is None) == (letter == "U")
        if bounds:
            assert bounds.low + bounds.low_slope * whole <= year <= bounds.high + bounds.high_slope * whole


def test_the_steps_of_a_forecast_with_a_season_say_nothing_of_the_history():
    """Read as if there were no season, the steps would exclude the true history."""
    wrong = 0
    for seed in range(3):
        series, _, _, factors, _ = factor_world(seed, level=2.5, season=4.0)["T"]
        _, effect = effects_of(seed, level=2.5, season=4.0)["T"]
        assert factors.has_season
        assert release_factors(factors, may_split=True).has_season
        assert history_bounds(effect, factors) == (0.0, math.inf)
        low, high = history_bounds(effect, replace(factors, has_season=False))
        wrong += not low <= series.own_zone[:MONTHS].sum() <= high
    assert wrong == 3


def told(effect, *, before):
    """Return what a release says of the target's months: the window before, and the steps of its factor."""
    key, places = rows_of(MEASURE, {}), {"target": ("here",), ALL_RINGS: ("around",), "control": ("far",)}
    counted = PublishedValue("before", (Term(1.0, key, ("here",), before.periods),), effect.before, effect.before)
    return Constraints((counted, *_values_of_factors(effect, MEASURE, places, {})), {})


def test_a_small_count_before_the_window_is_found_and_given_up():
    """The history holds 3 events more than the window before; without discount its step tells so, as one step it does not."""
    effect = replace(effects_of(3)["T"][1], before=120)
    factors = effect.placebo.factors
    recent = 123 / 120 * effect.control_before * factors.city_after / effect.control_after
    values = {FactorKind.RECENT: recent, FactorKind.LONG_RUN: 1.0}
    steps = tuple(
        replace(step, coefficient=1.0, feature=math.log(values[step.kind]), value=values[step.kind])
        if step.kind in values
        else step
        for step in factors.steps
    )
    exact = replace(factors, discount=1.0, steps=steps, factor=math.prod(step.value for step in steps))
    mean = 120 * effect.length_ratio * math.prod(step.value for step in steps[:-2])
    split, whole = (
        replace(effect, placebo=replace(effect.placebo, expected=mean, factors=release_factors(exact, may_split=may)))
        for may in (True, False)
    )
    assert split.placebo.factors.step(FactorKind.RECENT) is not None
    assert attack(told(split, before=BEFORE), RULE).exposed
    assert not attack(told(whole, before=BEFORE), RULE).exposed


def test_a_later_release_remembers_what_the_steps_told():
    """Bounds without a lower end are written and read again as they were."""
    effect = protect_places(operation_of([effects_of(0)["T"][1]]), K, {}).measures[0].effects[0]
    values = told(effect, before=BEFORE).values
    assert any(value.low == -math.inf for value in values)
    rows = rows_of(MEASURE, {})
    written = [json.loads(_json(_value_row(value, {rows: "r1"}))) for value in values]
    assert tuple(_published_value(row, {"r1": rows}) for row in written) == values


@pytest.mark.parametrize("discount", [discount for discount in DISCOUNTS if discount < 1])
@pytest.mark.parametrize("seed", range(5))
def test_a_weighted_sum_of_months_leaves_every_small_month_open(discount, seed):
    """A reader knows quarters and the weighted sum to a thousandth: each month may still be any of k values and more."""
    rng = np.random.default_rng(seed)
    quarters, months = 8, 24
    spread = rng.dirichlet(np.full(quarters, (0.3, 1.0, 5.0)[seed % 3]))
    sums = 5 * (spread > 0.02) + rng.multinomial(MIN_SPLIT_EVENTS, spread) * (spread > 0.02)
    counts = np.concatenate([rng.multinomial(total, rng.dirichlet(np.ones(3))) for total in sums])
    weights = discount ** np.arange(months)[::-1]
    weighted = float(weights @ counts)
    matrix = np.vstack([np.kron(np.eye(quarters), np.ones(3)), weights])
    low, high = np.append(sums, weighted * 0.9995), np.append(sums, weighted * 1.0005)
    for month in np.flatnonzero((counts > 0) & (counts < K)):
        goal = np.eye(1, months, month)[0]
        ends = []
        for sign in (1, -1):
            found = optimize.milp(
                sign * goal, integrality=np.ones(months), bounds=optimize.Bounds(0, 1e4),
                constraints=optimize.LinearConstraint(matrix, low, high), options={"time_limit": 20},
            )  # fmt: skip
            ends.append(round(sign * found.fun))
        assert ends[1] - ends[0] + 1 >= K
