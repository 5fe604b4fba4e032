"""Worlds of bare counts: spreads as stated, neighbours alike, counts that scatter as stated, refusals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from geoharm.errors import DesignError
from geoharm.simulation.panel_worlds import Markets, PanelSettings, _markets, draw_counts, panel_rates
from geoharm.simulation.random_fields import Places, autoregressive, smooth_field

SIDE = 20
MIDDLE = (np.arange(SIDE) + 0.5) * 200.0
X, Y = (part.ravel() for part in np.meshgrid(MIDDLE, MIDDLE))
GRID = Places(X, Y, 200.0, SIDE * 200.0)
FLAT = PanelSettings(level=0, own_level=0, season=0, season_by_place=0, walk=0, drift=0, trend=0, bump=0)


def test_a_field_has_mean_0_and_spread_1():
    found = smooth_field(np.random.default_rng(1), GRID, 4.0)
    assert found.mean() == pytest.approx(0, abs=1e-12)
    assert found.std() == pytest.approx(1)


def test_fields_over_time_are_independent_and_of_variance_1_everywhere():
    found = smooth_field(np.random.default_rng(2), GRID, 1.0, times=4000)
    assert found.var(axis=1) == pytest.approx(np.ones(X.size), abs=0.15)
    assert abs(np.corrcoef(found[:, 0], found[:, 1])[0, 1]) < 0.2


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_neighbours_are_alike_by_the_stated_correlation(scale):
    """exp(-d^2 / 4 s^2), one and two units apart, across the seam of the city too."""
    found = smooth_field(np.random.default_rng(3), GRID, scale, times=4000).reshape(SIDE, SIDE, -1)
    for apart in (1, 2):
        moved = np.roll(found, apart, axis=1)
        assert (found * moved).mean() == pytest.approx(np.exp(-(apart**2) / (4 * scale**2)), abs=0.03)


def test_without_a_seam_opposite_edges_are_strangers():
    open_city = Places(X, Y, 200.0)
    found = smooth_field(np.random.default_rng(4), open_city, 1.0, times=2000).reshape(SIDE, SIDE, -1)
    assert abs((found[:, 0] * found[:, -1]).mean()) < 0.03


def test_shocks_remember():
    found = autoregressive(np.random.default_rng(5).standard_normal((400, 200)), 0.8)
    assert found.var() == pytest.approx(1, abs=0.05)
    assert (found[:, 1:] * found[:, :-1]).mean() == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize("dispersion", [1.0, 2.0, 5.0])
def test_counts_scatter_as_stated(dispersion):
    rates = np.full((200_000,), 3.0)
    found = draw_counts(np.random.default_rng(6), rates, dispersion)
    assert found.mean() == pytest.approx(3.0, rel=0.02)
    assert found.var() / found.mean() == pytest.approx(dispersion, rel=0.03)


def test_a_world_without_any_spread_is_flat():
    rates, level = panel_rates(np.random.default_rng(7), GRID, FLAT)
    assert rates == pytest.approx(np.full(rates.shape, FLAT.rate))
    assert level == pytest.approx(np.ones(X.size))


def test_mean_rate_and_shape():
    world = replace(PanelSettings(), steps=4, before=12, after=3)
    rates, _ = panel_rates(np.random.default_rng(8), GRID, world)
    assert rates.shape == (X.size, 60)
    assert rates.mean() * 4 == pytest.approx(world.rate)


def test_places_that_break_keep_their_new_level():
    rates, _ = panel_rates(np.random.default_rng(9), GRID, replace(FLAT, breaks=1.0))
    steps = np.diff(np.log(rates), axis=1)
    assert (np.abs(steps) > 1e-9).sum(axis=1).tolist() == [1] * X.size
    assert np.abs(steps).max(axis=1).std() > 0


def test_trends_differ_by_place_and_are_zero_at_the_operation():
    rates, _ = panel_rates(np.random.default_rng(10), GRID, replace(FLAT, trend=0.2))
    at = np.log(rates[:, FLAT.before])
    assert at.std() == pytest.approx(0, abs=1e-9)
    assert (np.log(rates[:, FLAT.before + 11]) - at).std() == pytest.approx(0.2 * 11 / 12, rel=0.01)


def test_the_same_seed_makes_the_same_world():
    one, two, other = (
        panel_rates(np.random.default_rng(seed), GRID, PanelSettings(shock=0.2))[0] for seed in (1, 1, 2)
    )
    assert (one == two).all()
    assert (one != other).any()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: PanelSettings(dispersion=0.5), "variance over mean and at least 1; 0.5 was given"),
        (lambda: PanelSettings(rate=0), "rate"),
        (lambda: PanelSettings(before=0), "at least one month before"),
        (lambda: Markets(number=0), "at least one"),
        (lambda: Markets(share=1.0), "share of events above 0 and below 1"),
        (lambda: Markets(slump=1.0), "slump of at least 0 and below 1"),
        (lambda: Markets(tail=2.0), "more than 2 degrees of freedom to have a spread; 2 was given"),
        (lambda: Places(X, Y[:3], 200.0), r"shapes \(400,\) and \(3,\)"),
        (lambda: Places(X, Y, 0.0), "above 0 m; 0 was given"),
    ],
)
def test_refusals(call, sentence):
    with pytest.raises(DesignError, match=sentence):
        call()


def test_markets_have_their_share_of_events_in_one_place_each():
    steady = Markets(number=1, share=0.3, radius=1.0, size=0.0, walk=0.0, shock=0.0, turns=0.0)
    rates, level = panel_rates(np.random.default_rng(11), GRID, replace(FLAT, markets=steady))
    assert np.ptp(rates, axis=1).max() == pytest.approx(0)
    background = np.median(rates[:, 0])
    assert 1 - background * X.size / rates[:, 0].sum() == pytest.approx(0.3, abs=0.001)
    assert level / level.min() == pytest.approx(rates[:, 0] / rates[:, 0].min())
    middle = np.argmax(rates[:, 0])
    far = GRID.distances(np.array([middle]))[:, 0] > 4 * GRID.unit
    assert rates[far, 0] == pytest.approx(np.full(far.sum(), background), rel=0.05)


@pytest.mark.parametrize(
    ("lives", "spread"),
    [
        ({"walk": 0.1}, 0.1 * np.sqrt(24)),
        ({"turns": 1 / 24}, np.log(2)),
        ({"shock": 0.3, "memory": 0.0, "tail": 3.0}, 0.3 * np.sqrt(2)),
        ({"shock": 0.3, "memory": 0.5}, 0.3 * np.sqrt(2)),
    ],
)
def test_markets_move_by_the_stated_spread(lives, spread):
    """Over 24 months: a walk of 0.1 a month, one turn of log 2 on average, and two independent shocks of 0.3."""
    still = {"walk": 0.0, "shock": 0.0, "turns": 0.0}
    _, courses = _markets(np.random.default_rng(12), GRID, PanelSettings(), Markets(number=10_000, **(still | lives)))
    change = np.log(courses[:, 40] / courses[:, 16])
    assert change.std() == pytest.approx(spread, rel=0.1 if "tail" in lives else 0.03)
    assert change.mean() == pytest.approx(0, abs=0.02)
    beyond_four = (np.abs(change) > 4 * change.std()).mean()
    assert (beyond_four > 0.002) == ("tail" in lives)


def test_all_markets_fall_together_for_the_stated_months():
    lives = Markets(number=3, walk=0.0, shock=0.0, turns=0.0, slump=0.5, slump_months=5)
    rates, _ = panel_rates(np.random.default_rng(13), GRID, replace(FLAT, markets=lives))
    of_market = rates[np.argmax(rates[:, 0])]
    down = of_market < 0.9 * of_market[0]
    assert np.flatnonzero(down).tolist() == list(range(FLAT.before, FLAT.before + 5))
