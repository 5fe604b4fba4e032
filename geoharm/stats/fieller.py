"""Fieller's confidence set for the ratio of two estimates."""

from __future__ import annotations

import math
from statistics import NormalDist

from geoharm._validation import check_level
from geoharm.model.confidence_set import ConfidenceSet

REFERENCE = "https://doi.org/10.1111/j.2517-6161.1954.tb00159.x"
_METHOD = "Fieller"


def fieller_set(
    numerator: float,
    denominator: float,
    *,
    variances: tuple[float, float],
    covariance: float = 0.0,
    level: float = 0.95,
) -> ConfidenceSet:
    r"""Return Fieller's confidence set for the ratio of two normally distributed estimates.

    Parameters
    ----------
    numerator, denominator : float
        The two estimates a and b.
    variances : (numerator, denominator)
        Variances of the two estimates.
    covariance : float
        Covariance of the two estimates.
    level : float
        Confidence level.

    Returns
    -------
    ConfidenceSet
        One interval if zero is outside the denominator's confidence interval; otherwise two intervals or all numbers.
        No interval, with a note, if an input is missing.

    Notes
    -----
    The ratios r with :math:`(a - r b)^2 \le z^2 (v_a - 2 r c + r^2 v_b)`: a quadratic inequality in r. A bounded
    interval cannot keep its confidence level where the denominator may be zero.

    References
    ----------
    Fieller (1954), Some problems in interval estimation, Journal of the Royal Statistical Society B 16:175-185,
    https://doi.org/10.1111/j.2517-6161.1954.tb00159.x

    Examples
    --------
    >>> fieller_set(2, 10, variances=(1, 1)).text()
    '0.00 to 0.41'
    >>> fieller_set(2, 1, variances=(1, 1)).text()
    'up to -1.45, or 0.04 and more'
    """
    level = check_level(level)
    inputs = (numerator, denominator, *variances, covariance)
    if not all(math.isfinite(value) for value in inputs):
        return ConfidenceSet((), level, _METHOD, "a part of the ratio is undefined")
    z_squared = NormalDist().inv_cdf(0.5 + level / 2) ** 2
    a = denominator**2 - z_squared * variances[1]
    b = -2 * (numerator * denominator - z_squared * covariance)
    c = numerator**2 - z_squared * variances[0]
    if a == 0:
        if b == 0:
            intervals = ((-math.inf, math.inf),) if c <= 0 else ()
        else:
            intervals = ((-math.inf, -c / b),) if b > 0 else ((-c / b, math.inf),)
        return ConfidenceSet(intervals, level, _METHOD)
    discriminant = b * b - 4 * a * c
    if discriminant < 0:
        return ConfidenceSet(((-math.inf, math.inf),), level, _METHOD)
    low, high = sorted(((-b - math.sqrt(discriminant)) / (2 * a), (-b + math.sqrt(discriminant)) / (2 * a)))
    if a > 0:
        return ConfidenceSet(((low, high),), level, _METHOD)
    return ConfidenceSet(((-math.inf, low), (high, math.inf)), level, _METHOD)
