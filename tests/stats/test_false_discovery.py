"""Adjusted p-values: equal to the slow step-up rule; gaps take no part."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoharm.errors import DesignError
from geoharm.stats.false_discovery import false_discovery_adjusted


def slow_step_up(p, factor=1.0):
    """Smallest level at which the step-up rule flags each test, one test at a time."""
    m = len(p)
    ordered = sorted(p)
    found = []
    for value in p:
        best = 1.0
        for rank, other in enumerate(ordered, start=1):
            if other >= value:
                best = min(best, other * m * factor / rank)
        found.append(best)
    return found


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_equals_the_slow_rule(p):
    assert np.allclose(false_discovery_adjusted(p), slow_step_up(p))
    harmonic = sum(1 / rank for rank in range(1, len(p) + 1))
    assert np.allclose(false_discovery_adjusted(p, dependence="any"), slow_step_up(p, harmonic))


def test_what_was_not_tested_takes_no_part():
    found = false_discovery_adjusted(np.array([[0.01, np.nan], [0.02, np.nan]]))
    assert np.isnan(found[:, 1]).all()
    assert found[:, 0].tolist() == [0.02, 0.02]
    assert np.isnan(false_discovery_adjusted([np.nan])).all()


def test_the_callers_array_is_left_alone():
    p = np.array([0.01, 0.5])
    false_discovery_adjusted(p)
    assert p.tolist() == [0.01, 0.5]


def test_refuses_what_is_no_p_value():
    with pytest.raises(DesignError, match="lie between 0 and 1"):
        false_discovery_adjusted([0.2, 1.2])
