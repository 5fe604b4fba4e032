"""Exact comparisons of two small counts: the E-test, the conditional test, the interval of a rate ratio."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import gammaln
from scipy.stats import binomtest, poisson

from geoharm._validation import check_count, check_level, check_positive
from geoharm.model.estimate import Interval

_TAIL = 1e-13


def e_test(first: int, second: int, *, exposure: tuple[float, float] = (1.0, 1.0), difference: float = 0.0) -> float:
    r"""Return the two-sided p-value of the E-test that the difference of two Poisson rates has a given value.

    Parameters
    ----------
    first, second : int
        Counts.
    exposure : (first, second)
        Days, or any other quantity that the counts are proportional to.
    difference : float
        The difference of the rates, first minus second, under the null hypothesis; zero or more.

    Returns
    -------
    float
        NaN where both counts are 0, or where no rate above 0 is possible under the null hypothesis.

    Notes
    -----
    With rates :math:`\lambda`, exposures n and the estimate under the null hypothesis
    :math:`\hat\lambda_2 = (k_1 + k_2)/(n_1 + n_2) - d\,n_1/(n_1 + n_2)`,

    .. math:: p = \sum_{x_1, x_2} P(x_1 \mid n_1(\hat\lambda_2 + d))\,P(x_2 \mid n_2 \hat\lambda_2)\,
        1\{|T(x_1, x_2)| \ge |T(k_1, k_2)|\}, \qquad
        T = \frac{x_1/n_1 - x_2/n_2 - d}{\sqrt{x_1/n_1^2 + x_2/n_2^2}}

    The packages `ptools` and `crimepy` standardise by the pooled rate alone. With equal exposures and a difference of 0
    their p-value is the same; otherwise it differs from the published test.

    References
    ----------
    Krishnamoorthy and Thomson (2004), A more powerful test for comparing two Poisson means, Journal of Statistical
    Planning and Inference 119:23-35, https://doi.org/10.1016/S0378-3758(02)00408-1

    Examples
    --------
    >>> round(e_test(0, 3), 6)
    0.088379
    """
    first, second = check_count(first, "first count"), check_count(second, "second count")
    first_exposure, second_exposure = (check_positive(value, "exposure") for value in exposure)
    pooled_rate = (first + second) / (first_exposure + second_exposure) - difference * first_exposure / (
        first_exposure + second_exposure
    )
    if first + second == 0 or pooled_rate <= 0:
        return math.nan
    if first / first_exposure - second / second_exposure == difference:
        return 1.0
    means = first_exposure * (pooled_rate + difference), second_exposure * pooled_rate
    x, y = (np.arange(poisson.ppf(_TAIL, mean), poisson.isf(_TAIL, mean) + 1) for mean in means)
    gap = np.abs(x[:, None] / first_exposure - y / second_exposure - difference)
    standard_error = np.sqrt(x[:, None] / first_exposure**2 + y / second_exposure**2)
    observed_statistic = abs(first / first_exposure - second / second_exposure - difference) / math.sqrt(
        first / first_exposure**2 + second / second_exposure**2
    )
    # Ties count as extreme, also where rounding makes the two values slightly different.
    extreme = (gap > 0) & (gap >= observed_statistic * standard_error * (1 - 1e-12))
    probability = poisson.pmf(x, means[0])[:, None] * poisson.pmf(y, means[1])
    return float(min(1.0, probability[extreme].sum()))


def conditional_test(first: int, second: int, *, exposure: tuple[float, float] = (1.0, 1.0)) -> float:
    r"""Return the exact two-sided p-value that two Poisson rates are equal, given their sum.

    Parameters
    ----------
    first, second : int
        Counts.
    exposure : (first, second)
        Days, or any other quantity that the counts are proportional to.

    Returns
    -------
    float
        NaN where both counts are 0.

    Notes
    -----
    Given the sum, the first count is binomial with probability :math:`n_1 / (n_1 + n_2)`. The test never rejects more
    often than its level; `e_test` is less conservative.

    References
    ----------
    Przyborowski and Wilenski (1940), Biometrika 31:313-323, https://doi.org/10.1093/biomet/31.3-4.313

    Examples
    --------
    >>> conditional_test(0, 3)
    0.25
    """
    first, second = check_count(first, "first count"), check_count(second, "second count")
    first_exposure, second_exposure = (check_positive(value, "exposure") for value in exposure)
    if first + second == 0:
        return math.nan
    return float(binomtest(first, first + second, first_exposure / (first_exposure + second_exposure)).pvalue)


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
