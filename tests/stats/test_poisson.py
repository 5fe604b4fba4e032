"""Poisson regression against closed forms; refusals in sentences."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.genmod.families import Binomial
from statsmodels.genmod.generalized_linear_model import GLM

from geoharm.errors import DesignError
from geoharm.stats.poisson import poisson_fit, share_fit


def test_two_groups_are_the_log_ratio():
    found = poisson_fit([10, 20], [[1, 0], [1, 1]], exposure=[1.0, 4.0])
    assert found.coefficients[1] == pytest.approx(np.log(20 / 4 / 10))
    assert np.sqrt(found.covariance[1, 1]) == pytest.approx(np.sqrt(1 / 10 + 1 / 20))
    assert found.dispersion == 1


def test_dispersion_widens_the_errors():
    rng = np.random.default_rng(1)
    mean = rng.gamma(5, 10, 400)
    y, x = rng.poisson(mean), np.column_stack([np.ones(400), np.arange(400) % 2])
    found = poisson_fit(y, x)
    assert found.dispersion == pytest.approx(1 + 50 / 5, rel=0.2)
    groups = [y[x[:, 1] == side] for side in (0, 1)]
    expect = np.sqrt(found.dispersion * sum(1 / group.sum() for group in groups))
    assert np.sqrt(found.covariance[1, 1]) == pytest.approx(expect)


def test_clusters_of_copies_add_no_knowledge():
    """Every row ten times over: plain errors shrink, clustered ones see through it."""
    rng = np.random.default_rng(2)
    y, x = rng.poisson(30, 60), np.column_stack([np.ones(60), np.arange(60) % 2])
    once = poisson_fit(y, x, clusters=np.arange(60))
    copied = poisson_fit(np.repeat(y, 10), np.repeat(x, 10, axis=0), clusters=np.repeat(np.arange(60), 10))
    assert copied.covariance[1, 1] == pytest.approx(once.covariance[1, 1], rel=0.05)


@pytest.mark.parametrize(
    ("y", "x", "why"),
    [
        ([1, 2], [[1, 1], [1, 1]], "depend on each other"),
        ([1, 0], [[1, 0], [1, 1]], "no event at all"),
        ([1, -2], [[1, 0], [1, 1]], "zero or more"),
        ([1, 2, 3], [[1], [1]], "columns"),
    ],
)
def test_refusals(y, x, why):
    with pytest.raises(DesignError, match=why):
        poisson_fit(y, x)


def test_shares_are_the_poisson_regression_with_an_effect_for_every_row():
    rng = np.random.default_rng(3)
    y, z = rng.poisson(20, 30), rng.poisson(60, 30)
    x = np.column_stack([np.ones(30), np.arange(30) >= 20])
    found = share_fit(y, z, x)
    own = np.concatenate([np.ones(30), np.zeros(30)])[:, None]
    long = poisson_fit(np.concatenate([y, z]), np.column_stack([np.tile(x, (2, 1)) * own, np.tile(np.eye(30), (2, 1))]))
    assert found.coefficients == pytest.approx(long.coefficients[:2])
    assert found.covariance == pytest.approx(long.covariance[:2, :2], rel=1e-5)
    assert found.deviance == pytest.approx(long.deviance)
    assert found.dispersion == pytest.approx(long.dispersion)
    with pytest.raises(DesignError, match="no event at all"):
        share_fit([1, 0], [1, 1], [[1, 0], [1, 1]])


@pytest.mark.parametrize("seed", range(12))
def test_shares_are_what_statsmodels_fits(seed):
    """A binomial GLM by another program, on series with a step, a decay and few events."""
    rng = np.random.default_rng(seed)
    size = int(rng.integers(15, 200))
    y, z = rng.poisson(rng.choice([0.5, 5, 80]), size), rng.poisson(rng.choice([3, 400]), size) + 1
    later = np.arange(size) >= size // 2
    x = np.column_stack([later * np.exp(-np.arange(size) / 9), later, np.ones(size)])
    if 0 in (y[later].sum(), y[~later].sum()):
        pytest.skip("no event in a stretch")
    model = GLM(np.column_stack([y, z]), x, family=Binomial()).fit(tol=1e-12, tol_criterion="params", maxiter=200)
    found = share_fit(y, z, x)
    assert found.coefficients == pytest.approx(model.params, rel=1e-6, abs=1e-8)
    assert found.deviance == pytest.approx(model.deviance, rel=1e-9)
    dispersion = max(1.0, model.pearson_chi2 / (size - 3))
    assert found.dispersion == pytest.approx(dispersion, rel=1e-6)
    assert found.covariance == pytest.approx(model.cov_params() * dispersion, rel=1e-5)


def test_shares_that_columns_separate_have_no_finite_answer():
    """Events of one series only from some day on: the slope runs away."""
    y, z = np.r_[np.zeros(10), np.full(10, 4)], np.r_[np.full(10, 4), np.zeros(10)]
    with pytest.raises(DesignError, match="no finite solution"):
        share_fit(y, z, np.column_stack([np.ones(20), np.arange(20) - 9.5]))
