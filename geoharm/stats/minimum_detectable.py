"""Minimum detectable fall: the smallest fall that a comparison can detect with a given power."""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import NormalDist

from scipy.optimize import brentq

from geoharm._validation import check_level, check_positive

_LARGEST = 1 - 1e-6


def minimum_detectable_fall(
    expected: float, *, other_variance: float, dispersion: float = 1.0, level: float = 0.95, power: float = 0.8
) -> float:
    r"""Return the smallest fall that a log rate ratio detects with the stated power.

    Parameters
    ----------
    expected : float
        Expected count after, if nothing changed.
    other_variance : float
        Variance of the log rate ratio that does not come from the count after:
        ``phi / Z0 + phi_C (1 / C0 + 1 / C1)``.
    dispersion : float
        phi of the count after.
    level : float
        Of the two-sided interval.
    power : float
        Share of repetitions in which the interval should exclude zero.

    Returns
    -------
    float
        Share of the expected count, 0 to 1; 1 if even the largest fall is not detected; NaN if no events are expected.

    Notes
    -----
    The fall f that solves

    .. math:: -\log(1 - f) = (z_{(1+level)/2} + z_{power})
        \sqrt{v + \phi / (E (1 - f))}

    After a fall there are fewer events, so the standard error is larger than without a change. Formulas that use the
    standard error without a change give a fall that is too small.

    Examples
    --------
    >>> round(minimum_detectable_fall(100, other_variance=3 / 100), 2)
    0.46
    """
    level, power = check_level(level), check_level(power)
    dispersion = check_positive(dispersion, "dispersion")
    if not (math.isfinite(expected) and math.isfinite(other_variance)) or expected <= 0:
        return math.nan
    normal = NormalDist()
    z_total = normal.inv_cdf(0.5 + level / 2) + normal.inv_cdf(power)

    def shortfall(fall: float) -> float:
        remaining_share = 1 - fall
        return -math.log(remaining_share) - z_total * math.sqrt(
            other_variance + dispersion / (expected * remaining_share)
        )

    # The function rises from below zero and, with few events, falls again: the first zero is the solution.
    steps = [step / 200 for step in range(200)] + [_LARGEST]
    for low, high in pairwise(steps):
        if shortfall(low) < 0 <= shortfall(high):
            return float(brentq(shortfall, low, high))
    return 1.0
