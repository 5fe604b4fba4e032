"""Many tests, many estimates, many placebos, many donors: each against a slow or published answer."""

from __future__ import annotations

import warnings
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.meta_analysis import combine_effects
from statsmodels.stats.multitest import multipletests

from geoharm.errors import DesignError
from geoharm.replication.case import published_values
from geoharm.stats.familywise import holm, step_down
from geoharm.stats.random_effects import random_effects_mean
from geoharm.stats.randomisation import randomisation_p
from geoharm.stats.regression_to_mean import expected_regression, noise_share
from geoharm.stats.simplex_weights import simplex_weights

BCG = published_values("pooling")
share = st.floats(0, 1)


def slow_holm(p):
    """Return, for every test, the least level at which going down the list still rejects it."""
    order = sorted(range(len(p)), key=lambda i: p[i])
    found, last = {}, 0.0
    for place, i in enumerate(order):
        last = max(last, min(1.0, (len(p) - place) * p[i]))
        found[i] = last
    return [found[i] for i in range(len(p))]


@given(st.lists(share, min_size=1, max_size=9))
def test_holm_against_the_slow_version(p):
    assert holm(p).tolist() == pytest.approx(slow_holm(p))


def test_holm_is_statsmodels():
    p = [0.3, 0.001, 0.04, 0.04, 0.9, 0.012]
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1])


def test_holm_leaves_out_what_was_not_tested():
    assert holm([0.01, float("nan"), 0.04]).tolist() == pytest.approx([0.02, float("nan"), 0.04], nan_ok=True)
    with pytest.raises(DesignError, match="between 0 and 1"):
        holm([1.2])


def slow_step_down(observed, draws):
    """Return Westfall and Young's p-values by going down one by one."""
    left, found, last = list(range(len(observed))), {}, 0.0
    while left:
        top = max(left, key=lambda i: (abs(observed[i]), -i))
        hits = sum(max(abs(row[i]) for i in left) >= abs(observed[top]) for row in draws)
        last = max(last, (1 + hits) / (1 + len(draws)))
        found[top] = last
        left.remove(top)
    return [found[i] for i in range(len(observed))]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 6))
def test_step_down_against_the_slow_version(seed, count):
    rng = np.random.default_rng(seed)
    seen, draws = rng.normal(size=count) * 2, rng.normal(size=(30, count))
    assert step_down(seen, draws).tolist() == pytest.approx(slow_step_down(seen, draws))


def test_step_down_counts_copies_of_one_test_once():
    """Ten copies of one test cost nothing; Holm would ask for ten times the evidence."""
    draws = np.random.default_rng(1).normal(size=(999, 1))
    alone = step_down([2.5], draws)[0]
    copies = step_down([2.5] * 10, np.repeat(draws, 10, axis=1))
    assert copies.tolist() == [alone] * 10
    with pytest.raises(DesignError, match=r"shape \(draws, 2\)"):
        step_down([1, 2], [[1.0]])


def bcg():
    n = np.array(BCG["counts"], dtype=float)
    one, two = n[:, 0] + n[:, 1], n[:, 2] + n[:, 3]
    return np.log(n[:, 0] / one * two / n[:, 2]), 1 / n[:, 0] - 1 / one + 1 / n[:, 2] - 1 / two


def test_pooling_gives_the_published_numbers():
    found, expect = random_effects_mean(*bcg()), BCG["expect"]
    for name in ("mean", "standard_error", "between_variance", "heterogeneity", "hartung_knapp_error"):
        assert getattr(found, name) == pytest.approx(expect[name], abs=6e-5), name
    for name in ("interval", "hartung_knapp_interval"):
        span = getattr(found, name)
        assert [span.low, span.high] == pytest.approx(expect[name], abs=6e-5)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 8))
def test_pooling_is_statsmodels_where_estimates_are_independent(seed, count):
    rng = np.random.default_rng(seed)
    y, v = rng.normal(size=count), rng.uniform(0.1, 2, size=count)
    found = random_effects_mean(y, v)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        theirs = combine_effects(y, v, method_re="dl")
    assert found.between_variance == pytest.approx(max(0.0, theirs.tau2), abs=1e-12)
    assert found.mean == pytest.approx(theirs.mean_effect_re if theirs.tau2 > 0 else theirs.mean_effect_fe)


def test_what_estimates_share_is_not_counted_twice():
    """Two estimates with one control: averaging cannot shrink the control's share of the error."""
    shared = random_effects_mean([0.0, 0.1], [[2.0, 1.0], [1.0, 2.0]])
    assert shared.standard_error == pytest.approx(np.sqrt(1.5))
    assert random_effects_mean([0.0, 0.1], [2.0, 2.0]).standard_error == pytest.approx(1.0)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_pooling_does_not_mind_the_order(seed):
    rng = np.random.default_rng(seed)
    y, root = rng.normal(size=4), rng.normal(size=(4, 4))
    v = root @ root.T + np.eye(4)
    first = random_effects_mean(y, v)
    for order in list(permutations(range(4)))[::7]:
        again = random_effects_mean(y[list(order)], v[np.ix_(order, order)])
        assert again.mean == pytest.approx(first.mean)
        assert again.between_variance == pytest.approx(first.between_variance, abs=1e-9)


def test_one_estimate_is_itself_and_a_copy_is_refused():
    alone = random_effects_mean([0.3], [0.04])
    assert (alone.mean, alone.standard_error) == (0.3, pytest.approx(0.2))
    assert np.isnan(alone.between_variance)
    assert np.isnan(alone.prediction_interval.low)
    with pytest.raises(DesignError, match="positive definite"):
        random_effects_mean([0.3, 0.3], [[1.0, 1.0], [1.0, 1.0]])
    with pytest.raises(DesignError, match="must be finite"):
        random_effects_mean([0.3, 0.3], [1.0])


def test_careful_interval_holds_its_level():
    """Six operations, true effects that differ: the normal interval is too short, Hartung and Knapp's is not."""
    rng, hits = np.random.default_rng(8), []
    for _ in range(1500):
        v = rng.uniform(0.02, 0.2, size=6)
        found = random_effects_mean(rng.normal(0, np.sqrt(0.1 + v)), v)
        hits.append((found.interval.side == 0, found.hartung_knapp_interval.side == 0))
    normal, careful = np.mean(hits, axis=0)
    assert 0.935 < careful < 0.975
    assert normal < careful


def slow_simplex(series, donors):
    """Return the best mixture of three donors on a fine grid."""
    best = None
    for a in np.linspace(0, 1, 201):
        for b in np.linspace(0, 1 - a, round(200 * (1 - a)) + 1):
            gap = ((np.array([a, b, 1 - a - b]) @ donors - series) ** 2).sum()
            if best is None or gap < best:
                best = gap
    return best


def test_of_simplex_weights_that_are_as_close_the_most_even_are_taken():
    """Twice the same donor, and more donors than months: what is published must not hang on the order or on rounding."""
    found = simplex_weights([1.5, 1.5], [[1, 1], [2, 2], [1, 1], [2, 2]])
    assert found == pytest.approx([0.25] * 4, abs=1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_simplex_weights_of_sparse_series_do_not_hang_on_their_order(seed):
    rng = np.random.default_rng(seed)
    series, donors = rng.poisson(2.0, 14) * 1.0, rng.poisson(0.7, (60, 14)) * rng.uniform(0.5, 4, (60, 1))
    order = rng.permutation(60)
    shuffled = np.empty(60)
    shuffled[order] = simplex_weights(series, donors[order])
    assert shuffled == pytest.approx(simplex_weights(series, donors), abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_simplex_weights_are_the_best_mixture(seed):
    rng = np.random.default_rng(seed)
    series, donors = rng.normal(10, 3, 12), rng.normal(10, 3, (3, 12))
    weights = simplex_weights(series, donors)
    assert weights.sum() == pytest.approx(1)
    assert (weights >= 0).all()
    found = ((weights @ donors - series) ** 2).sum()
    assert found <= slow_simplex(series, donors) + 1e-9
    assert found == pytest.approx(slow_simplex(series, donors), rel=1e-2)


def test_simplex_finds_a_mixture_that_is_there_and_refuses_gaps():
    donors = np.random.default_rng(2).normal(20, 5, (6, 30))
    truth = np.array([0.5, 0.3, 0.2, 0, 0, 0])
    assert simplex_weights(truth @ donors, donors) == pytest.approx(truth, abs=1e-8)
    with pytest.raises(DesignError, match="every month of every series"):
        simplex_weights([1.0, np.nan], [[1.0, 2.0]])
    with pytest.raises(DesignError, match="one row a donor"):
        simplex_weights([1.0, 2.0], [[1.0]])


def test_places_picked_at_a_peak_fall_as_foretold():
    """Gamma means, Poisson counts, top 10 of 500: the shrinkage says what their next count will be."""
    rng, foretold, seen = np.random.default_rng(3), [], []
    for _ in range(300):
        means = rng.gamma(4, 5 / 4, 500)
        first, second = rng.poisson(means), rng.poisson(means)
        top = np.argsort(-first)[:10]
        foretold += [expected_regression(first[i], first) for i in top]
        seen.append(second[top].sum() / first[top].sum() - 1)
    assert np.mean(foretold) == pytest.approx(np.mean(seen), abs=0.01)
    assert np.mean(foretold) < -0.25


def test_noise_share_at_its_ends():
    rng = np.random.default_rng(0)
    assert noise_share(rng.poisson(20, 2000)) > 0.9
    assert noise_share(np.arange(0, 20_000, 10)) < 0.01
    assert np.isnan(noise_share([0, 0, 0]))
    with pytest.raises(DesignError, match="at least 3 places"):
        noise_share([1, 2])


def test_randomisation_counts_the_observed_and_refuses_few():
    placebos = np.linspace(-1, 1, 39)
    assert randomisation_p(5.0, placebos) == pytest.approx(1 / 40)
    assert randomisation_p(0.0, placebos) == 1.0
    assert np.isnan(randomisation_p(5.0, placebos[:10]))
    assert np.isnan(randomisation_p(float("nan"), placebos))
    # A drift shared by all places is no effect of one.
    assert randomisation_p(3.0, placebos + 3.0) == 1.0
