"""Minimum detectable fall: the smallest fall that a comparison can detect with a given power."""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import NormalDist

from scipy.optimize import brentq

from geoharm._validation import check_level, check_positive
from geoharm.stats.variance_stabilising import stabilisation_bias, stabilise_variance

_LARGEST = 1 - 1e-6
# Below this count the bias of the stabilised scale, an expansion around large counts, says nothing.
LEAST_COUNT = 0.3
_LEAST_SHARE = 1e-3


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


def stabilised_detectable_fall(mean: float, *, phi: float, tau2: float, distance: float) -> float:
    r"""Return the fall that moves the mean of a stabilised count by a distance.

    Parameters
    ----------
    mean : float
        Expected count without a change, above 0.
    phi, tau2 : float
        Variance of the count, ``phi mu + tau2 mu^2``, as in `stabilise_variance`.
    distance : float
        On the stabilised scale. For a fall that a 95% interval finds four times in five it is
        ``(t_0.975 + t_0.8) s``, with s the standard error on that scale.

    Returns
    -------
    float
        Share of the expected count, 0 to 1; 1 if even a count of nothing is nearer.

    Notes
    -----
    The fall f that solves, with g the function `stabilise_variance` and c its bias,

    .. math:: g(\mu) + c(\mu) - g(\mu (1 - f)) - c(\mu (1 - f)) = d

    The error is the same at every mean on this scale. On the log scale it grows as the count falls, so a fall computed with
    the log error at no change is too small: with 15 expected events it may be 55% where 64% are needed.

    Examples
    --------
    >>> round(stabilised_detectable_fall(100.0, phi=1.0, tau2=0.0, distance=2.8), 2)
    0.26
    >>> stabilised_detectable_fall(4.0, phi=1.0, tau2=0.0, distance=9.0)
    1.0
    """

    def place(count: float) -> float:
        bias = float(stabilisation_bias(count, phi=phi, tau2=tau2))
        return float(stabilise_variance(count, phi=phi, tau2=tau2)) + bias

    goal = place(mean) - distance
    least = max(LEAST_COUNT, _LEAST_SHARE * mean)
    if least >= mean or place(least) >= goal:
        return 1.0
    return 1 - float(brentq(lambda count: place(count) - goal, least, mean)) / mean
