"""The smallest change a comparison could find: printed before any verdict."""

from __future__ import annotations

import math
from statistics import NormalDist

from geoharm._checks import check_level


def detectable_fall(standard_error: float, *, level: float = 0.95, power: float = 0.8) -> float:
    r"""Return the smallest fall that would be found with a stated power.

    Parameters
    ----------
    standard_error : float
        Of a log rate ratio.
    level : float
        Of the two-sided interval.
    power : float
        Share of repetitions in which the interval should leave out zero.

    Returns
    -------
    float
        Share of the expected count, 0 to 1; NaN if the error is not finite.

    Notes
    -----
    .. math:: 1 - \exp\left(-(z_{(1+level)/2} + z_{power})\,se\right)

    References
    ----------
    A. P. Wheeler (2021), minimum detectable effect of the WDD, https://andrewpwheeler.com

    Examples
    --------
    >>> round(detectable_fall(0.2), 3)
    0.429
    """
    level, power = check_level(level), check_level(power)
    if not math.isfinite(standard_error):
        return math.nan
    normal = NormalDist()
    return -math.expm1(-(normal.inv_cdf(0.5 + level / 2) + normal.inv_cdf(power)) * standard_error)
