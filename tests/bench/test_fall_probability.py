"""The probability that harm fell, read off intervals, and its bins."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from bench.calibration import HEADLINE_LEVELS
from bench.fall_probability import Answers, answers, fit_scale, quantile_of_zero, shares


def row_of(value, error):
    row = {"ca": [value, 0.0, 0.0], "m": 100.0, "t": 80.0}
    for key, level in HEADLINE_LEVELS.items():
        half = float(ndtri(0.5 + level / 2)) * error
        row[key] = [value, value - half, value + half]
    return row


@pytest.mark.parametrize("z", [-4.0, -1.7, -0.5, 0.0, 0.9, 1.8, 3.0])
def test_a_normal_distribution_gives_its_own_quantile(z):
    assert quantile_of_zero(row_of(-0.2 * z, 0.2)) == pytest.approx(z)


def test_the_bins_of_a_right_probability_are_right_and_a_scale_is_found_again():
    rng = np.random.default_rng(4)
    z = rng.normal(size=40_000)
    fell = rng.uniform(size=z.size) < 1 / (1 + np.exp(0.7 - 1.3 * z))
    asked = Answers(z, fell, np.ones(z.size))
    intercept, slope = fit_scale(asked)
    assert (intercept, slope) == pytest.approx((-0.7, 1.3), abs=0.05)
    for stated, true, share in shares(1 / (1 + np.exp(-intercept - slope * z)), asked):
        assert abs(stated - true) < 4 * np.sqrt(0.25 / (share * z.size))
    assert max(abs(stated - true) for stated, true, _ in shares(ndtr(z), asked)) > 0.1


def test_half_of_the_operations_change_nothing_and_refused_ones_are_left_out():
    null, fall = row_of(0.0, 0.2) | {"t": 100.0}, row_of(-0.3, 0.2)
    operation = {"target": [null, fall, fall | {"no": "few expected"}, fall, fall]}
    found = answers([{"cell": "x", "row": operation}])
    assert found.fell.tolist() == [False, True]
    assert found.weight.tolist() == [2.0, 1.0]
