"""Dispersion of yearly counts of several places: Pearson's statistic over its degrees of freedom."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency

from geoharm.stats.dispersion import yearly_dispersion

TABLES = st.integers(2, 5).flatmap(
    lambda years: st.lists(st.lists(st.integers(1, 200), min_size=years, max_size=years), min_size=2, max_size=6)
)


@given(TABLES)
def test_it_is_the_chi_square_of_a_table_over_its_degrees_of_freedom(table):
    found = chi2_contingency(np.array(table), correction=False)
    assert yearly_dispersion(table) == pytest.approx(max(1.0, found.statistic / found.dof))


@given(TABLES, st.integers(2, 9))
def test_years_that_are_higher_for_all_places_are_no_dispersion(table, factor):
    one = [row[0] for row in table]
    assert yearly_dispersion(np.outer(one, [1, factor, 1])) == pytest.approx(1.0)


def test_one_place_varies_around_its_mean():
    # Around 50: 100 / 50 three times and 900 / 50, over 3 degrees of freedom.
    assert yearly_dispersion([[40, 40, 40, 80]]) == pytest.approx((3 * 100 + 900) / 50 / 3)


@pytest.mark.parametrize("table", [[[40], [9]], [[0, 0], [0, 0]], np.zeros((0, 3)), np.zeros((2, 0))])
def test_what_cannot_be_estimated_is_1(table):
    assert yearly_dispersion(table) == 1.0


def test_years_and_places_without_any_event_tell_nothing():
    assert yearly_dispersion([[40, 0, 80], [10, 0, 30], [0, 0, 0]]) == yearly_dispersion([[40, 80], [10, 30]])
