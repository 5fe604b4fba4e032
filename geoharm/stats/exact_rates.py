"""Exact intervals of rate ratios: of two windows, and of a zone relative to its control area."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import gammaln
from scipy.stats import beta

from geoharm._validation import check_count, check_level
from geoharm.errors import DesignError
from geoharm.model.estimate import Interval
from geoharm.model.rate_ratio import RateRatio


def ratio_of_two_rates(
    counts: tuple[int, int], days: tuple[int, int], *, dispersion: float = 1.0, level: float = 0.95
) -> RateRatio:
    r"""Return the ratio of the rates of two windows, after over before, with an interval for any size of counts.

    Parameters
    ----------
    counts : (int, int)
        Events before and after.
    days : (int, int)
        Days of the windows before and after, each above 0.
    dispersion : float
        Variance of the counts over their mean, at least 1.
    level : float

    Returns
    -------
    RateRatio
        The value is NaN without an event before, and its interval then has no upper end.

    Raises
    ------
    DesignError
        If a window has no day, or the dispersion is below 1.

    Notes
    -----
    Given the sum of both counts, the count after is binomial with :math:`p = r d_1 / (r d_1 + d_0)`, where r is the ratio. Its
    Clopper-Pearson interval is turned into one of r. With a dispersion :math:`\phi` above 1, counts are taken for
    :math:`y / \phi` independent events each, which widens the interval by about :math:`\sqrt\phi`. The interval holds the
    noise of counting only: not what a trend, a season or any other cause does.

    References
    ----------
    Clopper and Pearson (1934), Biometrika 26:404-413, https://doi.org/10.1093/biomet/26.4.404; for two Poisson rates, as
    R's ``poisson.test``: Przyborowski and Wilenski (1940), https://doi.org/10.1093/biomet/31.3-4.313

    Examples
    --------
    >>> found = ratio_of_two_rates((100, 60), (365, 365))
    >>> round(found.value, 2), round(found.interval.low, 2), round(found.interval.high, 2)
    (0.6, 0.43, 0.83)
    """
    level = check_level(level)
    before, after = (check_count(count, "count") for count in counts)
    if min(days) <= 0 or not dispersion >= 1:
        msg = (
            f"A ratio of rates needs days above 0 and a dispersion of at least 1; {days} and {dispersion:g} were given."
        )
        raise DesignError(msg)
    if before + after == 0:
        return RateRatio(math.nan, Interval(math.nan, math.nan, level), dispersion, "no event in either window")
    tail, length_ratio = (1 - level) / 2, days[0] / days[1]
    # Odds of an event to lie after rather than before, over those of equal rates.
    first, second = before / dispersion, after / dispersion
    low_share = float(beta.ppf(tail, second, first + 1)) if after else 0.0
    high_share = float(beta.ppf(1 - tail, second + 1, first)) if before else 1.0
    low = low_share / (1 - low_share) * length_ratio
    high = high_share / (1 - high_share) * length_ratio if high_share < 1 else math.inf
    value = after / before * length_ratio if before else math.nan
    return RateRatio(value, Interval(low, high, level), dispersion, "" if before else "no event before")


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
