"""Interrupted time series: the published example, a referee, and refusals."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.errors import DesignError
from geoharm.evaluation.estimators.interrupted_time_series import interrupted_time_series

# Acute coronary events in Sicily by month, January 2002 to November 2006, and the age-standardised population; smoking was
# banned in January 2005. Data and results: Lopez Bernal, Cummins and Gasparrini (2017), https://doi.org/10.1093/ije/dyw098.
EVENTS = (
    728, 659, 791, 734, 757, 726, 760, 740, 720, 814, 795, 858, 887, 766, 851, 769, 781, 756, 766, 752, 765, 831, 879, 928,
    914, 808, 937, 840, 916, 828, 845, 818, 860, 839, 887, 886, 831, 796, 833, 820, 877, 758, 767, 738, 781, 843, 850, 908,
    1021, 859, 976, 888, 962, 838, 810, 876, 843, 936, 912,
)  # fmt: skip
PEOPLE = (
    379875.3, 376495.5, 377040.8, 377116.4, 377383.4, 374113.1, 379513.3, 376295.5, 374653.2, 378485.6, 375955.5, 378349.7,
    376762.4, 379032.3, 379360.4, 376162, 377972.4, 381830.7, 379888.6, 380872.2, 380966.9, 381240.4, 382104.9, 381802.7,
    381656.3, 383680, 383504.2, 386462.9, 383783.1, 380836.8, 383483, 380906.2, 382926.8, 384052.4, 384449.6, 383428.4,
    388153.2, 388373.2, 386470.1, 386033.2, 383686.4, 385509.3, 385901.9, 386516.6, 388436.5, 383255.2, 390148.7, 385874.9,
    391613.6, 391750.4, 394005.6, 391364.9, 391664.6, 389022.3, 391878.5, 388575.3, 392989, 390018.8, 390712.3,
)  # fmt: skip


def test_the_published_example():
    """The paper: rate ratio 0.885, 95% interval 0.839 to 0.933, with two harmonics and overdispersion."""
    estimate = interrupted_time_series(EVENTS, before=36, first_month=1, exposure=PEOPLE)
    interval = estimate.interval()
    ratios = [round(math.exp(value), 3) for value in (estimate.value, interval.low, interval.high)]
    assert ratios == [0.885, 0.839, 0.933]


def referee(counts, before, first_month):
    months = np.arange(len(counts))
    calendar = (months + first_month - 1) % 12 + 1
    columns = [np.ones(len(counts)), months, months >= before]
    if np.isfinite(counts[:before]).sum() >= 24:
        columns += [wave(2 * np.pi * h * calendar / 12) for h in (1, 2) for wave in (np.sin, np.cos)]
    known = np.isfinite(counts)
    model = sm.GLM(counts[known], np.column_stack(columns).astype(float)[known], family=sm.families.Poisson())
    fit = model.fit()
    scale = max(1.0, fit.pearson_chi2 / fit.df_resid)
    return fit.params[2], math.sqrt(fit.cov_params()[2, 2] * scale)


@settings(max_examples=25, deadline=None)
@given(st.integers(12, 50), st.integers(4, 20), st.integers(1, 12), st.integers(0, 2**31))
def test_equals_a_regression_written_out(before, after, first_month, seed):
    rng = np.random.default_rng(seed)
    counts = rng.poisson(rng.uniform(5, 60), before + after).astype(float)
    counts[rng.choice(before, 1)] = math.nan
    if np.isfinite(counts[:before]).sum() < 12:
        return
    estimate = interrupted_time_series(counts, before=before, first_month=first_month)
    value, error = referee(counts, before, first_month)
    assert estimate.value == pytest.approx(value, abs=1e-6)
    assert estimate.standard_error == pytest.approx(error, rel=1e-5)


def test_a_trend_and_a_season_are_not_taken_for_an_effect():
    months = np.arange(60)
    counts = np.round(5000 * np.exp(0.01 * months + 0.3 * np.sin(2 * np.pi * months / 12)))
    assert interrupted_time_series(counts, before=48, first_month=1).value == pytest.approx(0, abs=0.002)
    counts[48:] *= 0.7
    assert interrupted_time_series(counts, before=48, first_month=1).value == pytest.approx(math.log(0.7), abs=0.002)


def test_months_of_the_operation_do_not_count():
    counts = [50.0] * 30
    with_operation = [*counts[:24], math.nan, *counts[25:]]
    estimate = interrupted_time_series(with_operation, before=24, first_month=5)
    assert estimate.value == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("counts", "before", "reason"),
    [
        ([5] * 20, 11, "only 11 months with data before, and 12 are needed"),
        ([5] * 14, 12, "only 2 months with data after, and 3 are needed"),
        ([5] * 12 + [math.nan] * 5, 12, "only 0 months with data after, and 3 are needed"),
        ([0] * 12 + [5] * 5, 12, "no event before"),
        ([5] * 12 + [0] * 5, 12, "no event after"),
        (
            [2**n for n in range(12, 0, -1)] + [0, 1] * 6 + [9] * 6,
            24,
            "trend and season before lead to fewer than 1 event after, so no factor can be given",
        ),
        ([], 0, "only 0 months with data before, and 12 are needed"),
    ],
)
def test_what_cannot_be_estimated_says_why(counts, before, reason):
    estimate = interrupted_time_series(counts, before=before, first_month=1)
    assert not estimate.is_defined
    assert estimate.note == reason


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.sampled_from([0, 0, 0, 0, 1, 9, 4000]), min_size=12, max_size=40),
    st.lists(st.sampled_from([0, 0, 1, 30]), min_size=3, max_size=8),
    st.integers(0, 40),
)
def test_long_silences_end_in_a_number_or_a_reason(before, after, silence):
    """Some months, a long silence, some months again: the regression raised an error of another library."""
    counts = [*before, *[0] * silence, *after]
    estimate = interrupted_time_series(counts, before=len(before) + silence, first_month=1)
    assert estimate.is_defined or estimate.note
    if estimate.is_defined:
        assert sum(after) / math.exp(estimate.value) >= 1 - 1e-9


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(DesignError, match="must have shape"):
        interrupted_time_series([1, 2, 3], before=2, first_month=1, exposure=[1, 2])
