"""Liveliness of a place: more where markets of its kind, or its own counts, moved more than the pool's."""

from __future__ import annotations

import numpy as np
import pytest

from geoharm.evaluation.placebo.liveliness import LIMITS, liveliness

MONTHS, PLACES = 36, 200
CITY = 50_000.0


def lively(rng, *, spread=0.1, busy_spread=None, own_spread=None, level=0.0, months=MONTHS, rate=60.0):
    """Return the liveliness of a place with a log random walk, beside 200 separate places of levels from a third to three."""
    levels = rng.uniform(-1.0, 1.0, PLACES)
    spreads = np.where(levels > 0.3, busy_spread or spread, spread)

    def walk(size):
        return np.cumsum(np.asarray(size)[:, None] * rng.standard_normal((len(size), months)), axis=1)

    zone = rng.poisson(rate * np.exp(levels[:, None] + walk(spreads)))
    own = rng.poisson(rate * np.exp(level + walk([own_spread or busy_spread or spread])))
    return liveliness(
        zone.astype(float), np.full((PLACES, months), CITY), own[0].astype(float), np.full(months, CITY),
        kind=np.column_stack([levels - level, rng.normal(0, 0.3, PLACES)]), similarity=np.eye(PLACES), dispersion=1.0,
    )  # fmt: skip


def mean_of(seed, **settings):
    rng = np.random.default_rng(seed)
    return np.mean([lively(rng, **settings) for _ in range(60)])


def test_a_place_like_all_others_is_as_lively():
    assert mean_of(1) == pytest.approx(1.0, abs=0.15)


def test_a_lively_kind_is_livelier_than_the_pool():
    """Busy places with a random walk of twice the spread, and a place among them."""
    assert mean_of(2, spread=0.06, busy_spread=0.15, level=0.8) > 1.3 * mean_of(2, spread=0.15, level=0.8)


def test_a_lively_past_counts_by_three_tenths():
    quiet, lively_own = mean_of(3, spread=0.08), mean_of(3, spread=0.08, own_spread=0.25)
    assert lively_own > quiet + 0.5
    assert lively_own <= 0.7 * quiet + 0.3 * 6 + 0.3


def test_a_calm_place_is_not_taken_for_much_calmer():
    assert mean_of(4, spread=0.2, own_spread=0.001) == pytest.approx(LIMITS[0], abs=0.12)


def test_limits_and_short_histories():
    rng = np.random.default_rng(7)
    found = [lively(rng, spread=0.01, own_spread=0.8) for _ in range(20)]
    assert max(found) <= LIMITS[1]
    assert min(found) >= LIMITS[0]
    assert lively(rng, months=11) == 1.0
    assert lively(rng, months=12) != 1.0


def test_the_ratio_against_a_slow_count():
    """Change by change, without the kind: the operation's own part of the result."""
    rng = np.random.default_rng(8)
    zone, own = rng.poisson(50, (30, 24)).astype(float), rng.poisson(50, 24).astype(float)
    own[12:] *= 2
    city = np.tile(np.linspace(CITY, 3 * CITY, 24), (31, 1))

    def bins(series):
        return [series[start : start + 3].sum() for start in range(0, 24, 3)]

    table = []
    for series, totals in zip([*zone, own], city, strict=True):
        counts, city_counts = np.array(bins(series)), np.array(bins(totals))
        expected = city_counts * counts.sum() / city_counts.sum()
        table.append((np.log((counts + 1) / (expected + 1)), expected))
    centre = np.mean([logs for logs, _ in table[:-1]], axis=0)
    excess = []
    for logs, expected in table:
        moved = [
            np.mean([(logs[end] - centre[end] - logs[end - lag] + centre[end - lag]) ** 2 for end in range(lag, 8)])
            for lag in (2, 3, 4, 6)
        ]
        excess.append((np.mean(moved), np.mean(moved) - 2 * np.mean(expected / (expected + 1) ** 2)))
    mean = max(np.mean([value for _, value in excess[:-1]]), 0.2 * np.mean([value for value, _ in excess[:-1]]))
    own_part = 0.3 * min(max(excess[-1][1] / mean, 0), 6)
    found = liveliness(zone, city[:-1], own, city[-1], kind=np.zeros((30, 2)), similarity=np.eye(30), dispersion=1.0)
    kind = np.clip(np.mean([value for _, value in excess[:-1]]) / mean, 0.5, 3)
    error = np.std([value for _, value in excess[:-1]]) / mean / np.sqrt(30)
    shrunk = kind ** (0.09 / (0.09 + (error / kind) ** 2))
    assert found == pytest.approx(np.clip(0.7 * shrunk + own_part, *LIMITS), rel=1e-9)


def test_a_city_without_events_shows_nothing():
    zone = np.zeros((30, 24))
    city = np.zeros((30, 24))
    city[:, 0] = 5
    empty = np.r_[5.0, np.zeros(25)]
    found = liveliness(
        np.pad(zone, ((0, 0), (0, 2))), np.pad(city, ((0, 0), (0, 2))), np.zeros(26), empty,
        kind=np.zeros((30, 2)), similarity=np.eye(30), dispersion=1.0,
    )  # fmt: skip
    assert found == 1.0
    full = np.full((30, 24), 9.0)
    found = liveliness(
        zone, full, np.zeros(24), full[0], kind=np.zeros((30, 2)), similarity=np.eye(30), dispersion=1.0
    )  # fmt: skip
    assert found == 1.0
