"""Two small counts compared exactly: the e-test, the conditional test, and the exact test of a rate ratio."""

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
    r"""Return the two-sided p-value that two Poisson rates differ by no more than chance makes them.

    Parameters
    ----------
    first, second : int
        Counts.
    exposure : (first, second)
        Days, or anything the counts are proportional to.
    difference : float
        The difference of the rates, first less second, under the null; zero or more.

    Returns
    -------
    float
        NaN where both counts are 0 or the null leaves no room for a rate above 0: nothing can be said.

    Notes
    -----
    With rates :math:`\lambda`, exposures n and the estimate under the null
    :math:`\hat\lambda_2 = (k_1 + k_2)/(n_1 + n_2) - d\,n_1/(n_1 + n_2)`,

    .. math:: p = \sum_{x_1, x_2} P(x_1 \mid n_1(\hat\lambda_2 + d))\,P(x_2 \mid n_2 \hat\lambda_2)\,
        1\{|T(x_1, x_2)| \ge |T(k_1, k_2)|\}, \qquad
        T = \frac{x_1/n_1 - x_2/n_2 - d}{\sqrt{x_1/n_1^2 + x_2/n_2^2}}

    `ptools` and `crimepy` standardise by the pooled rate alone: with equal exposures and no difference the p-value is
    the same, else it is not the published test's.

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
    one, two = (check_positive(value, "exposure") for value in exposure)
    pooled = (first + second) / (one + two) - difference * one / (one + two)
    if first + second == 0 or pooled <= 0:
        return math.nan
    if first / one - second / two == difference:
        return 1.0
    means = one * (pooled + difference), two * pooled
    x, y = (np.arange(poisson.ppf(_TAIL, mean), poisson.isf(_TAIL, mean) + 1) for mean in means)
    gap = np.abs(x[:, None] / one - y / two - difference)
    spread = np.sqrt(x[:, None] / one**2 + y / two**2)
    seen = abs(first / one - second / two - difference) / math.sqrt(first / one**2 + second / two**2)
    # Ties count as extreme, also those that floating point would part.
    extreme = (gap > 0) & (gap >= seen * spread * (1 - 1e-12))
    mass = poisson.pmf(x, means[0])[:, None] * poisson.pmf(y, means[1])
    return float(min(1.0, mass[extreme].sum()))


def conditional_test(first: int, second: int, *, exposure: tuple[float, float] = (1.0, 1.0)) -> float:
    r"""Return the exact two-sided p-value that two Poisson rates are equal, given their sum.

    Parameters
    ----------
    first, second : int
        Counts.
    exposure : (first, second)

    Returns
    -------
    float
        NaN where both counts are 0.

    Notes
    -----
    Given the sum, the first count is binomial with share :math:`n_1 / (n_1 + n_2)`. It never rejects more often than
    its level; `e_test` is less timid.

    References
    ----------
    Przyborowski and Wilenski (1940), Biometrika 31:313-323, https://doi.org/10.1093/biomet/31.3-4.313

    Examples
    --------
    >>> conditional_test(0, 3)
    0.25
    """
    first, second = check_count(first, "first count"), check_count(second, "second count")
    one, two = (check_positive(value, "exposure") for value in exposure)
    if first + second == 0:
        return math.nan
    return float(binomtest(first, first + second, one / (one + two)).pvalue)


def exact_rate_ratio(table: tuple[tuple[int, int], tuple[int, int]], *, level: float = 0.95) -> Interval:
    r"""Return the exact interval of the log rate ratio net of control, where counts are too small for a normal one.

    Parameters
    ----------
    table : ((zone after, zone before), (control after, control before))
    level : float

    Returns
    -------
    Interval
        Of :math:`\log\frac{Z_1/Z_0}{C_1/C_0}`; an end is infinite where a count of 0 bounds nothing on that side,
        and both are NaN where the zone or the control has no event at all.

    Notes
    -----
    Given all margins, the zone's count after is (Fisher's noncentral) hypergeometric with the rate ratio as its odds
    ratio; both tails of the interval are exact. It takes counts as Poisson: with overdispersed months it is too narrow.

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
    (a, b), (c, d) = ([check_count(value, "count") for value in row] for row in table)
    if 0 in (a + b, c + d):
        return Interval(math.nan, math.nan, level)
    if 0 in (a + c, b + d):
        return Interval(-math.inf, math.inf, level)
    # The zone's count after given all margins, and the log weight of each possible value at an odds ratio of 1.
    x = np.arange(max(0, a - d), min(a + b, a + c) + 1, dtype=np.float64)
    weight = -(gammaln(x + 1) + gammaln(a + b - x + 1) + gammaln(a + c - x + 1) + gammaln(d - a + x + 1))

    def end(inside: NDArray[np.bool_]) -> float:
        if inside.all():
            return math.inf

        def excess(log_ratio: float) -> float:
            terms = weight + x * log_ratio
            mass = np.exp(terms - terms.max())
            # A tail too thin for a float counts as the thinnest there is; its end lies far from there.
            return math.log(max(float(mass[inside].sum() / mass.sum()), 5e-324)) - math.log((1 - level) / 2)

        # The tail's chance falls away from the estimate on one side only, so a sign change lies within some reach of it.
        middle = math.log((a + 0.5) * (d + 0.5) / ((b + 0.5) * (c + 0.5)))
        reach = 1.0
        while excess(middle - reach) * excess(middle + reach) > 0:
            reach *= 2
        return float(brentq(excess, middle - reach, middle + reach, xtol=1e-12))

    low, high = end(x >= a), end(x <= a)
    return Interval(-low if math.isinf(low) else low, high, level)
