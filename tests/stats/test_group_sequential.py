"""The level of each of several looks at data that grow."""

from __future__ import annotations

import math

import numpy as np
import pytest

from geoharm.errors import DesignError
from geoharm.stats.group_sequential import pocock_level


@pytest.mark.parametrize(
    ("looks", "level", "nominal"),
    [
        # S. J. Pocock (1977), Biometrika 64:191-199, table 1, https://doi.org/10.1093/biomet/64.2.191
        (2, 0.05, 0.0294), (3, 0.05, 0.0221), (4, 0.05, 0.0182), (5, 0.05, 0.0158), (10, 0.05, 0.0106),
        (2, 0.01, 0.0056), (5, 0.01, 0.0028), (10, 0.01, 0.0018),
    ],
)  # fmt: skip
def test_golden_by_pocock(looks, level, nominal):
    assert round(pocock_level(looks, level=level), 4) == nominal


def test_one_look_has_the_whole_level():
    assert pocock_level(1) == 0.05


def test_referee_by_simulation():
    """Of 200,000 walks of 6 steps without a drift, 5% leave the bound."""
    from scipy.stats import norm  # noqa: PLC0415 -- scipy.stats is slow to import

    looks = 6
    walks = np.random.default_rng(3).normal(size=(200_000, looks)).cumsum(axis=1) / np.sqrt(np.arange(1, looks + 1))
    left = (np.abs(walks) >= norm.isf(pocock_level(looks) / 2)).any(axis=1).mean()
    assert abs(left - 0.05) < 3 * math.sqrt(0.05 * 0.95 / 200_000)


def test_more_looks_are_read_more_strictly_but_less_so_than_by_a_plain_split():
    levels = [pocock_level(looks) for looks in (1, 2, 3, 6, 12, 24)]
    assert levels == sorted(levels, reverse=True)
    assert all(level > 0.05 / looks for level, looks in zip(levels[1:], (2, 3, 6, 12, 24), strict=True))


@pytest.mark.parametrize(("looks", "level"), [(0, 0.05), (-1, 0.05), (2, 0.0), (2, 1.0)])
def test_refusals(looks, level):
    with pytest.raises(DesignError):
        pocock_level(looks, level=level)
