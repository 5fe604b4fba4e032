"""The robust covariance: its likelihood at the top, the covariance of a normal, turned and scaled with the map."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from geoharm.stats.robust_covariance import DEGREES_OF_FREEDOM, NORMAL_SCATTER, is_singular, robust_covariance
from tests.reference import slow

SEEDS = st.integers(0, 2**16)


def crowd(seed, count=40):
    rng = np.random.default_rng(seed)
    x, y = rng.standard_t(3, (2, count)) * [[300.0], [80.0]]
    return x, y, rng.integers(1, 5, count).astype(float)


def test_the_constant_makes_it_the_covariance_of_a_normal():
    """At normal data with a unit covariance, the mean of u(d2) d2 is 2, the number of axes."""

    def weighted(squared):
        scaled = squared / NORMAL_SCATTER
        return (DEGREES_OF_FREEDOM + 2) / (DEGREES_OF_FREEDOM + scaled) * scaled * math.exp(-squared / 2) / 2

    assert quad(weighted, 0, np.inf)[0] == pytest.approx(2, rel=1e-9)


def test_a_large_normal_sample_gives_its_covariance():
    rng = np.random.default_rng(1)
    true = np.array([[90_000.0, 30_000.0], [30_000.0, 40_000.0]])
    x, y = rng.multivariate_normal([5e5, 5e6], true, 200_000).T
    assert robust_covariance(x, y, np.ones(x.size)) == pytest.approx(true, rel=0.02)


@settings(deadline=None, max_examples=25)
@given(SEEDS)
def test_no_near_centre_or_scatter_has_a_higher_likelihood(seed):
    x, y, weight = crowd(seed)
    rows = list(zip(x, y, weight, strict=True))
    scatter = robust_covariance(x, y, weight) * NORMAL_SCATTER
    centre = np.zeros(2)
    for _ in range(200):
        deviations = np.column_stack([x, y]) - centre
        distance = np.einsum("pi,ij,pj->p", deviations, np.linalg.inv(scatter), deviations)
        pull = weight * (DEGREES_OF_FREEDOM + 2) / (DEGREES_OF_FREEDOM + distance)
        centre = pull @ np.column_stack([x, y]) / pull.sum()
    top = slow.t_log_likelihood(rows, centre, scatter)
    for change in ([[1, 0], [0, 0]], [[0, 0], [0, 1]], [[0, 1], [1, 0]]):
        for step in (-0.01, 0.01):
            other = scatter + step * np.array(change) * math.sqrt(scatter[0, 0] * scatter[1, 1])
            assert slow.t_log_likelihood(rows, centre, other) < top


@settings(deadline=None, max_examples=25)
@given(SEEDS, st.floats(0, 360), st.floats(1e-2, 1e3))
def test_it_turns_and_grows_with_the_map(seed, degrees, scale):
    x, y, weight = crowd(seed)
    angle = math.radians(degrees)
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    moved = scale * np.column_stack([x, y]) @ turn.T + [5e5, 5e6]
    expected = scale**2 * turn @ robust_covariance(x, y, weight) @ turn.T
    found = robust_covariance(moved[:, 0], moved[:, 1], weight)
    assert found == pytest.approx(expected, abs=1e-5 * np.trace(expected))


@settings(deadline=None, max_examples=25)
@given(SEEDS, st.floats(0, 1e7), st.floats(0, 360))
def test_one_place_among_n_adds_at_most_a_bounded_share(seed, distance, degrees):
    x, y, _ = crowd(seed, 600)
    far = distance * math.cos(math.radians(degrees)), distance * math.sin(math.radians(degrees))
    before = robust_covariance(x, y, np.ones(600))
    after = robust_covariance(np.append(x, far[0]), np.append(y, far[1]), np.ones(601))
    assert np.linalg.eigvalsh(after @ np.linalg.inv(before) + (after @ np.linalg.inv(before)).T).max() / 2 < 1.05


@pytest.mark.parametrize(
    "places",
    [
        [],
        [(5.0, 5.0, 3.0)],
        [(0.0, 0.0, 1.0), (30.0, 40.0, 5.0)],
        [(float(n), 2.0 * n, 1.0) for n in range(9)],
        [*((float(n), 2.0 * n, 1.0) for n in range(19)), (3.0, 0.0, 1.0)],
        [(0.0, 0.0, 0.0), (1.0, 5.0, 0.0), (9.0, 2.0, 0.0)],
    ],
)
def test_one_place_or_one_line_has_no_area(places):
    x, y, weight = np.array(places, dtype=np.float64).reshape(-1, 3).T
    assert is_singular(robust_covariance(x, y, weight))


def test_a_crowded_place_does_not_draw_it_to_nothing():
    x, y, weight = crowd(3)
    heavy = weight.copy()
    heavy[0] = 100 * weight.sum()
    found = robust_covariance(x, y, heavy)
    assert not is_singular(found)
    assert np.trace(found) > 0.05 * np.trace(robust_covariance(x, y, weight))
