"""The ratio of two uncertain numbers: all ratios that the data do not rule out."""

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
    r"""Return all ratios of two normal numbers that are not ruled out.

    Parameters
    ----------
    numerator, denominator : float
        a and b.
    variances : (numerator, denominator)
    covariance : float
    level : float

    Returns
    -------
    ConfidenceSet
        An interval if the denominator is credibly not zero; else two pieces or everything. None, with a note, if a
        number is missing.

    Notes
    -----
    The ratios r with :math:`(a - r b)^2 \le z^2 (v_a - 2 r c + r^2 v_b)`: a quadratic inequality in r. No bounded
    interval can hold its level where the denominator may be zero.

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
    given = (numerator, denominator, *variances, covariance)
    if not all(math.isfinite(value) for value in given):
        return ConfidenceSet((), level, _METHOD, "a part of the ratio is undefined")
    square = NormalDist().inv_cdf(0.5 + level / 2) ** 2
    a = denominator**2 - square * variances[1]
    b = -2 * (numerator * denominator - square * covariance)
    c = numerator**2 - square * variances[0]
    if a == 0:
        if b == 0:
            pieces = ((-math.inf, math.inf),) if c <= 0 else ()
        else:
            pieces = ((-math.inf, -c / b),) if b > 0 else ((-c / b, math.inf),)
        return ConfidenceSet(pieces, level, _METHOD)
    inside = b * b - 4 * a * c
    if inside < 0:
        return ConfidenceSet(((-math.inf, math.inf),), level, _METHOD)
    low, high = sorted(((-b - math.sqrt(inside)) / (2 * a), (-b + math.sqrt(inside)) / (2 * a)))
    if a > 0:
        return ConfidenceSet(((low, high),), level, _METHOD)
    return ConfidenceSet(((-math.inf, low), (high, math.inf)), level, _METHOD)
