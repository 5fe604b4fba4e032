"""Whether a harm that mitigation was to hold stayed within its margin: rules at their edges, and how often they fail."""

from __future__ import annotations

import math

import pytest

from geoharm.harm.mitigation import held_within_margin
from geoharm.harm.results.mitigation import MarginState
from tests.harm.worlds import calibrated_effect, normal_effect, refused_effect

Z90, Z95 = 1.6448536269514722, 1.959963984540054


def effect(low, high):
    """Return an effect whose one-sided 95% bounds of the log ratio are (low, high)."""
    middle, half = (low + high) / 2, (high - low) / 2 * Z95 / Z90
    return calibrated_effect(100, 100, middle - half, middle + half)


@pytest.mark.parametrize(
    ("low", "high", "state"),
    [
        (-0.3, math.log(1.249), MarginState.WITHIN),
        (-0.3, math.log(1.251), MarginState.UNKNOWN),
        (0.01, math.log(1.249), MarginState.WITHIN),  # it rose, and by no more than the margin
        (0.01, 0.9, MarginState.ROSE),
        (-0.01, 0.9, MarginState.UNKNOWN),
    ],
)
def test_the_bounds_decide(low, high, state):
    assert held_within_margin("finds", effect(low, high), 0.25).state is state


@pytest.mark.parametrize("uncalibrated", [normal_effect(-50, 1), refused_effect(100, 20)])
def test_without_a_calibrated_interval_it_is_not_known(uncalibrated):
    found = held_within_margin("finds", uncalibrated, 0.25)
    assert found.state is MarginState.UNKNOWN
    assert found.reason == "it has no calibrated 95% interval here"
