"""The factor as a product of steps, and what places like it did: by hand, as properties, and against loops."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some
from scipy.optimize import brentq

from geoharm.evaluation.placebo.calibrated_ratio import calibrated_ratio, expected_count_after
from geoharm.evaluation.placebo.distribution import (
    MIN_PLACES_IN_LEVEL,
    change_classes,
    merged_classes,
    place_distribution,
    place_levels,
)
from geoharm.evaluation.placebo.factors import forecast_factors, typical_count
from geoharm.evaluation.placebo.forecast import ADDED_EVENTS, FEATURES
from geoharm.model.counts import Change
from geoharm.model.period import Period, Window
from geoharm.model.places_like_it import FactorKind
from geoharm.stats.variance_stabilising import stabilisation_bias, stabilise_variance
from tests.reference.factor_world import AFTER_WINDOW, BEFORE, HISTORY, MONTHS, START, factor_world


@pytest.fixture(scope="module")
def worlds():
    return {(seed, zone): made for seed in range(4) for zone, made in factor_world(seed).items()}


def test_the_steps_multiply_to_the_factor(worlds):
    for _, learned, _, factors, (zone, _, expected) in worlds.values():
        assert factors.product == pytest.approx(factors.factor, rel=1e-12)
        assert zone.before * AFTER_WINDOW.days / BEFORE.days * factors.factor == pytest.approx(expected, rel=1e-12)
        without_answer = math.prod(step.value for step in factors.steps if step.kind is not FactorKind.COUNTED)
        assert without_answer == pytest.approx(factors.factor, rel=0.01)
        till_mean = math.prod(
            step.value for step in factors.steps if step.kind not in {FactorKind.TYPICAL, FactorKind.COUNTED}
        )
        assert zone.before * AFTER_WINDOW.days / BEFORE.days * till_mean == pytest.approx(learned.mean, rel=1e-12)


def test_every_step_follows_from_counts_by_hand(worlds):
    """Each feature from the months with loops, and each step from its feature and coefficient."""
    for (_, letter), (series, learned, _, factors, (zone, control, _)) in worlds.items():
        own, city, belt, other = (
            table.tolist() for table in (series.own_zone, series.own_city, series.own_belt, series.own_companion)
        )
        city_after = sum(city[MONTHS:])
        weights = [learned.discount ** (MONTHS - 1 - month) for month in range(MONTHS)]
        weighted = sum(w * s for w, s in zip(weights, own, strict=False)) / sum(
            w * c for w, c in zip(weights, city, strict=False)
        )
        plain = sum(own[:MONTHS]) / sum(city[:MONTHS])

        def log_ratio(count, compared):
            return math.log((count + ADDED_EVENTS) / (compared + ADDED_EVENTS))

        year_share = sum(city[MONTHS - 12 : MONTHS]) / sum(city[:MONTHS])
        after_share = city_after / sum(city[:MONTHS])
        wanted = {
            FactorKind.CITY: math.log(control.after / AFTER_WINDOW.days * BEFORE.days / control.before),
            FactorKind.RECENT: math.log(weighted / (zone.before / control.before)),
            FactorKind.COMMON: 1.0,
            FactorKind.LEVEL: 0.0,
            FactorKind.LONG_RUN: log_ratio(city_after * plain, city_after * weighted),
            FactorKind.COMPANION: log_ratio(sum(other[MONTHS - 12 : MONTHS]), sum(other[:MONTHS]) * year_share)
            * (letter != "U"),
            FactorKind.BELT_AFTER: log_ratio(sum(belt[MONTHS:]), sum(belt[:MONTHS]) * after_share),
            FactorKind.BELT_YEAR: log_ratio(sum(belt[MONTHS - 12 : MONTHS]), sum(belt[:MONTHS]) * year_share),
        }
        assert factors.city_last_year == pytest.approx(year_share)
        assert factors.city_after == pytest.approx(after_share)
        for kind, feature in wanted.items():
            assert factors.step(kind).feature == pytest.approx(feature, abs=1e-12), kind
        for kind, coefficient in zip(FEATURES, learned.coefficients, strict=True):
            assert factors.step(kind).coefficient == coefficient
            assert factors.step(kind).value == pytest.approx(math.exp(coefficient * factors.step(kind).feature))
        assert factors.history == (Period(START, date(2022, 1, 1)),)
        assert factors.last_year == BEFORE.periods


def test_the_expected_count_is_the_typical_count_where_that_was_counted(worlds):
    """Only the last step uses the count after; it is 1 where the typical count was made, and 1% at most elsewhere here."""
    for _, learned, _, factors, _ in worlds.values():
        typical = typical_count(learned)
        assert typical < learned.mean
        at_typical = calibrated_ratio(learned, typical)
        assert typical * math.exp(-at_typical.value) == pytest.approx(typical, rel=1e-9)
        assert factors.step(FactorKind.COUNTED).value == pytest.approx(1, abs=0.01)
        for share in (0.3, 0.6, 1.5):
            ratio = calibrated_ratio(learned, round(share * learned.mean))
            assert round(share * learned.mean) * math.exp(-ratio.value) == pytest.approx(typical, rel=0.01)


def test_nothing_to_multiply_gives_no_factor(worlds):
    learned = worlds[0, "T"][1]
    for zone, control in (((0, 5), (90, 80)), ((5, 5), (0, 80)), ((5, 5), (90, 0))):
        assert forecast_factors(
            learned, zone=Change("target", *zone), control=Change("control", *control), length_ratio=0.5, expected=5.0,
            history=HISTORY, control_by_month=[9] * MONTHS,
        ) is None  # fmt: skip


def test_missing_months_leave_a_gap_in_the_history(worlds):
    learned, (zone, control, expected) = worlds[0, "T"][1], worlds[0, "T"][4]
    history = HISTORY[:5] + HISTORY[7:]
    factors = forecast_factors(
        learned, zone=zone, control=control, length_ratio=0.5, expected=expected, history=history,
        control_by_month=[9] * len(history),
    )  # fmt: skip
    assert factors.history == (Period(START, date(2020, 6, 1)), Period(date(2020, 8, 1), date(2022, 1, 1)))
    assert factors.last_year == BEFORE.periods


def cross_forecast(learned, count, error):
    """Return a place's own forecast, found from its count and error: g(y) - g(mu) - c(mu) falls in mu."""
    stable = {"phi": learned.phi, "tau2": learned.tau2}

    def excess(mean):
        error_there = stabilise_variance(count, **stable) - stabilise_variance(mean, **stable)
        return float(error_there - stabilisation_bias(mean, **stable)) - error

    mean = brentq(excess, 1.0, 10 * count + 100)
    return replace(learned, mean=mean, bias=float(stabilisation_bias(mean, **stable)))


def test_the_distribution_against_loops(worlds):
    """Every place as if it were the operation, with its own cross-forecast."""
    for series, learned, observed, _, (_, _, expected) in worlds.values():
        ratio = calibrated_ratio(learned, observed)
        found = place_distribution(learned, ratio, observed)
        assert found.change == pytest.approx(100 * (observed / expected - 1))
        span = ratio.interval(0.95)
        assert found.interval.low == pytest.approx(100 * (math.exp(span.low) - 1))
        assert found.interval.high == pytest.approx(100 * (math.exp(span.high) - 1))
        changes = []
        for count, error in zip(series.zone[:, MONTHS:].sum(axis=1), learned.forecast_errors, strict=True):
            own = cross_forecast(learned, count, error)
            expected_there = expected_count_after(calibrated_ratio(own, count), count, own.mean)
            changes.append(100 * (count / expected_there - 1))
        assert 100 * (np.array(learned.ratios) - 1) == pytest.approx(np.array(changes), abs=1e-6)
        assert found.pool == learned.places == len(changes) == sum(part.places for part in found.classes)
        assert found.fell_as_far == sum(change <= found.change for change in changes)
        assert found.rose_as_far == sum(change >= found.change for change in changes)
        for part in found.classes:
            assert sum(part.low <= change < part.high for change in changes) == part.places


def test_no_event_after_is_a_fall_of_all(worlds):
    learned = worlds[0, "T"][1]
    found = place_distribution(learned, calibrated_ratio(learned, 0), 0)
    assert (found.change, found.fell_as_far, found.rose_as_far) == (-100, 0, learned.places)


@settings(max_examples=200, deadline=None)
@example([0.0, 0.0, -5e-324])
@given(
    some.lists(some.floats(-100, 400) | some.integers(-10, 10).map(lambda tens: 10.0 * tens), min_size=3, max_size=80)
)
def test_classes_partition_the_places(changes):
    """Classes lie side by side, hold every place once, and none holds 1 or 2; inner edges are tens, outer ones fives."""
    found = change_classes(np.array(changes))
    assert sum(part.places for part in found) == len(changes)
    assert not {part.places for part in found} & {1, 2}
    assert found[0].places
    assert found[-1].places
    for part in found:
        assert part.low < part.high
        assert part.places == sum(part.low <= change < part.high for change in changes)
    for one, next_one in itertools.pairwise(found):
        assert one.high == next_one.low
        assert one.high % 10 == 0
        assert one.places or next_one.places
    assert found[0].low % 5 == 0
    assert found[-1].high % 5 == 0
    assert found[0].low == 5 * (min(changes) // 5)
    assert found[-1].high == 5 * (max(changes) // 5 + 1)


@settings(max_examples=300, deadline=None)
@given(some.lists(some.integers(0, 9), min_size=1, max_size=30), some.integers(1, 10))
def test_merged_classes_lose_nothing(counts, least):
    merged = merged_classes(counts, least=least)
    assert merged[0][0] == 0
    assert merged[-1][1] == len(counts)
    assert all(one[1] == next_one[0] for one, next_one in itertools.pairwise(merged))
    assert all(sum(counts[start:end]) == count for start, end, count in merged)
    if sum(counts) >= least:
        assert all(count == 0 or count >= least for _, _, count in merged)


def test_levels_hold_every_place_and_add_up(worlds):
    for series, *_ in worlds.values():
        found = place_levels(series, (*HISTORY, AFTER_WINDOW), BEFORE)
        assert (found.before_days, found.after_days) == (365, 181)
        assert sum(level.places for level in found.classes) == series.zone.shape[0]
        assert sum(level.before for level in found.classes) == series.zone[:, 12:MONTHS].sum()
        assert sum(level.after for level in found.classes) == series.zone[:, MONTHS:].sum()
        assert all(level.places >= MIN_PLACES_IN_LEVEL for level in found.classes)
        own = series.own_zone[:MONTHS].sum() + ADDED_EVENTS
        for level in found.classes:
            members = [
                row for row in series.zone if level.low <= (row[:MONTHS].sum() + ADDED_EVENTS) / own < level.high
            ]
            assert len(members) == level.places
            assert sum(row[12:MONTHS].sum() for row in members) == level.before
        total = series.zone[:, MONTHS:].sum() / 181 / (series.zone[:, 12:MONTHS].sum() / 365)
        assert found.factor == pytest.approx(total)
        # No month lies in the window before: the whole history is summed.
        elsewhere = Window("before", (Period(date(2021, 1, 10), date(2021, 1, 20)),))
        assert place_levels(series, (*HISTORY, AFTER_WINDOW), elsewhere).before_days == 731
