"""Regression and event study: equal to closed forms and to statsmodels; errors; undefined terms."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student

from geoharm.errors import DesignError
from geoharm.evaluation.estimators.did import MIN_OPERATIONS, event_study, leave_one_in_placebos, poisson_did
from geoharm.evaluation.estimators.rate_ratio import log_rate_ratio
from geoharm.model.counts import Change


def world(seed, controls=3, months=18):
    """Return counts of target, two rings and controls, and their exposures; the operation begins in month 12."""
    rng = np.random.default_rng(seed)
    levels = np.array([20, 15, 25] + [30] * controls)[:, None]
    counts = rng.poisson(levels * np.exp(0.2 * np.sin(np.arange(months))))
    marks = {}
    for row, name in enumerate(("target", "0-250 m", "250-500 m")):
        marks[name] = np.zeros(counts.shape)
        marks[name][row, 12:] = 1
    return counts, marks


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 5))
def test_one_operation_is_the_rate_ratio(seed, controls):
    """Whatever the number of control areas, and with rings in it or not."""
    counts, marks = world(seed, controls)
    found = poisson_did(counts, marks)
    control = Change("C", counts[3:, :12].sum(), counts[3:, 12:].sum())
    for row, term in enumerate(found.terms):
        zone = Change("Z", counts[row, :12].sum(), counts[row, 12:].sum())
        plain = log_rate_ratio(zone, control, zone_dispersion=found.dispersion, control_dispersion=found.dispersion)
        assert term.value == pytest.approx(plain.value, abs=1e-8)
        assert term.standard_error == pytest.approx(plain.standard_error, rel=1e-6)
    assert found.errors == "quasi-Poisson"
    assert "fewer than 20" in found.note


def operations(seed, number, *, drift=0.0):
    """Return many operations of two areas each (one operated on, one control of its own), with local drift."""
    rng = np.random.default_rng(seed)
    counts, groups = [], []
    mark = np.zeros((2 * number, 10))
    for one in range(number):
        start = rng.integers(4, 7)
        for area in range(2):
            level = 25 * np.exp(drift * rng.normal() * (np.arange(10) >= start))
            counts.append(rng.poisson(level))
            groups.append(2 * one + area)
        mark[2 * one, start:] = 1
    return np.array(counts), {"target": mark}, np.array(groups)


def test_clusters_only_from_the_stated_number_on():
    few = operations(1, MIN_OPERATIONS - 1)
    enough = operations(1, MIN_OPERATIONS)
    assert poisson_did(few[0], few[1], operations=few[2]).errors == "quasi-Poisson"
    found = poisson_did(enough[0], enough[1], operations=enough[2])
    assert found.errors == "cluster-robust"
    assert found.operations == MIN_OPERATIONS


def test_clustered_errors_hold_where_plain_ones_do_not():
    """Places drift by 40 % from the operation on: plain errors reject far too often, clustered ones hardly."""
    rejected = []
    for seed in range(10):
        counts, marks, groups = operations(seed, 20, drift=0.4)
        for given_groups in (groups, None):
            term = poisson_did(counts, marks, operations=given_groups).terms[0]
            rejected.append(term.interval().side != 0)
    clustered, plain = np.array(rejected).reshape(-1, 2).mean(axis=0)
    assert clustered <= 0.2
    assert plain > clustered + 0.1


def test_clustered_intervals_are_those_of_the_t_distribution():
    counts, marks, groups = operations(1, MIN_OPERATIONS, drift=0.2)
    (term,) = poisson_did(counts, marks, operations=groups).terms
    freedom = MIN_OPERATIONS - 1
    for level in (0.8, 0.9, 0.95, 0.99):
        reach = student.ppf(0.5 + level / 2, freedom) * term.standard_error
        span = term.interval(level)
        assert (span.low, span.high) == pytest.approx((term.value - reach, term.value + reach))
    assert term.p == pytest.approx(2 * student.sf(abs(term.value) / term.standard_error, freedom))


def test_a_zone_without_events_is_undefined_and_leaves_the_others_alone():
    counts, marks = world(3)
    whole = poisson_did(counts[[0, 2, 3, 4, 5]], {n: m[[0, 2, 3, 4, 5]] for n, m in marks.items() if n != "0-250 m"})
    counts[1, 12:] = 0
    found = poisson_did(counts, marks)
    assert math.isnan(found.terms[1].value)
    assert found.terms[1].note == "the count after in 0-250 m is 0"
    assert found.terms[0].value == pytest.approx(whole.terms[0].value, abs=1e-8)
    counts[1] = 0
    assert poisson_did(counts, marks).terms[1].note == "the count before in 0-250 m is 0"


def test_missing_months_are_left_out():
    counts, marks = world(4)
    gap = counts.astype(float)
    gap[:, 5] = np.nan
    short = poisson_did(np.delete(counts, 5, axis=1), {n: np.delete(m, 5, axis=1) for n, m in marks.items()})
    assert poisson_did(gap, marks).terms[0].value == pytest.approx(short.terms[0].value)


def test_regression_refusals():
    with pytest.raises(DesignError, match=r"shape \(areas, months\)"):
        poisson_did([[1, 2]], {"target": [[0, 1], [0, 0]]})
    with pytest.raises(DesignError, match="cannot be told apart"):
        poisson_did([[9, 5], [9, 9]], {"target": [[0, 1], [0, 0]], "ring": [[0, 1], [0, 0]]})


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6))
def test_event_study_is_the_saturated_regression(seed):
    rng = np.random.default_rng(seed)
    t, c = rng.poisson(20, 9) + 1, rng.poisson(60, 9) + 1
    found = event_study(t, c, before=5)
    months = np.tile(np.eye(9), (2, 1))
    own = np.concatenate([np.ones(9), np.zeros(9)])
    effects = months * own[:, None]
    table = np.column_stack([months, own, np.delete(effects, 4, axis=1)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = sm.GLM(np.concatenate([t, c]), table, family=sm.families.Poisson()).fit(tol=1e-12)
    assert [point.value for point in found.points] == pytest.approx(fit.params[10:], abs=1e-6)
    assert found.counting_covariance == pytest.approx(fit.cov_params()[10:, 10:], rel=1e-4)


def test_event_study_in_blocks_drops_what_is_left_over():
    t, c = np.arange(1, 12), np.full(11, 10)
    found = event_study(t, c, before=7, block=2)
    assert found.positions.tolist() == [-5, -3, 1, 3]
    reference = math.log((6 + 7) / 20)
    assert found.points[0].value == pytest.approx(math.log((2 + 3) / 20) - reference)
    assert [point.name for point in found.points] == [
        "6 to 4 months before", "4 to 2 months before", "months 1 to 2", "months 3 to 4",
    ]  # fmt: skip


def test_event_study_keeps_an_empty_block_as_undefined():
    found = event_study([5, 5, 0, 5], [9, 9, 9, 9], before=2)
    assert found.points[1].note == "the block has no event"
    assert np.isnan(found.counting_covariance[1]).all()
    nothing = event_study([5, 0, 3, 5], [9, 9, 9, 9], before=2)
    assert all(point.note == "the reference block has no event" for point in nothing.points)


@pytest.mark.parametrize(("before", "block", "why"), [(0, 1, "before and after"), (3, 2, "two blocks before")])
def test_event_study_refusals(before, block, why):
    with pytest.raises(DesignError, match=why):
        event_study([1, 2, 3, 4, 5], [1, 2, 3, 4, 5], before=before, block=block)


def test_placebos_are_each_area_against_the_rest():
    counts = np.random.default_rng(5).poisson(30, (6, 10))
    later = np.arange(10) >= 6
    found = leave_one_in_placebos(counts, later)
    for i in range(6):
        rest = np.delete(counts, i, axis=0)
        plain = log_rate_ratio(
            Change("Z", counts[i, :6].sum(), counts[i, 6:].sum()), Change("C", rest[:, :6].sum(), rest[:, 6:].sum())
        )
        assert found[i] == pytest.approx(plain.value)
    counts[0] = 0
    assert np.isnan(leave_one_in_placebos(counts, later)[0])
