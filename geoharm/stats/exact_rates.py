"""The exact interval of a rate ratio, for small counts."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import gammaln

from geoharm._validation import check_count, check_level
from geoharm.model.estimate import Interval


def exact_rate_ratio(table: tuple[tuple[int, int], tuple[int, int]], *, level: float = 0.95) -> Interval:
    r"""Return the exact interval of the log rate ratio of a zone relative to its control area, for small counts.

    Parameters
    ----------
    table : ((zone after, zone before), (control after, control before))
    level : float

    Returns
    -------
    Interval
        Of :math:`\log\frac{Z_1/Z_0}{C_1/C_0}`. An end is infinite where a count of 0 sets no limit on that side. Both
        ends are NaN where the zone or the control area has no event at all.

    Notes
    -----
    Given all margins, the zone's count after is (Fisher's noncentral) hypergeometric with the rate ratio as its odds
    ratio; both tails of the interval are exact. Counts are assumed to be Poisson: the interval is too narrow for
    overdispersed months.

    References
    ----------
    Fay (2010), Confidence intervals that match Fisher's exact or Blaker's exact tests, Biostatistics 11:373-374,
    https://doi.org/10.1093/biostatistics/kxp050

    Examples
    --------
    >>> span = exact_rate_ratio(((0, 6), (50, 50)))
    >>> span.low, round(span.high, 3)
    (-inf, -0.099)
    """
    level = check_level(level)
    (a, b), (c, d) = ([check_count(value, "count") for value in area] for area in table)
    if 0 in (a + b, c + d):
        return Interval(math.nan, math.nan, level)
    if 0 in (a + c, b + d):
        return Interval(-math.inf, math.inf, level)
    # Possible values of the zone's count after, given all margins, and the log weight of each at an odds ratio of 1.
    x = np.arange(max(0, a - d), min(a + b, a + c) + 1, dtype=np.float64)
    log_weight = -(gammaln(x + 1) + gammaln(a + b - x + 1) + gammaln(a + c - x + 1) + gammaln(d - a + x + 1))

    def interval_end(in_tail: NDArray[np.bool_]) -> float:
        if in_tail.all():
            return math.inf

        def excess(log_ratio: float) -> float:
            terms = log_weight + x * log_ratio
            probability = np.exp(terms - terms.max())
            # A tail probability below the smallest float is replaced by it; the interval ends far from such a tail.
            return math.log(max(float(probability[in_tail].sum() / probability.sum()), 5e-324)) - math.log(
                (1 - level) / 2
            )

        # The tail probability decreases on one side of the estimate, so a sign change lies within some distance of it.
        estimate = math.log((a + 0.5) * (d + 0.5) / ((b + 0.5) * (c + 0.5)))
        reach = 1.0
        while excess(estimate - reach) * excess(estimate + reach) > 0:
            reach *= 2
        return float(brentq(excess, estimate - reach, estimate + reach, xtol=1e-12))

    low, high = interval_end(x >= a), interval_end(x <= a)
    return Interval(-low if math.isinf(low) else low, high, level)
