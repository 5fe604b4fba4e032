"""Random-effects mean of several estimates with correlated errors (meta-analysis)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from geoharm._validation import check_level, check_vector
from geoharm.errors import DesignError
from geoharm.model.estimate import Interval
from geoharm.model.pooled import PooledEstimate
from geoharm.stats.distributions import chi2_survival, normal_quantile, t_quantile

REFERENCE = "https://doi.org/10.1186/1471-2288-14-25"
_FEW = 3


def random_effects_mean(values: ArrayLike, covariance: ArrayLike, *, level: float = 0.95) -> PooledEstimate:
    r"""Return the mean of several estimates whose true values may differ.

    Parameters
    ----------
    values : array_like, shape (k,)
        Log rate ratios, or differences in the same unit.
    covariance : array_like, shape (k, k) or (k,)
        Covariance of their errors, which share control areas or placebo draws. A vector contains the variances of
        independent estimates.
    level : float
        Confidence level of the intervals.

    Returns
    -------
    PooledEstimate
        For one estimate, that estimate itself, with an undefined between variance. For fewer than three estimates the
        interval of the next operation is undefined.

    Raises
    ------
    DesignError
        If shapes do not fit, a value is missing, or the covariance is not positive definite.

    Notes
    -----
    DerSimonian and Laird's moment estimator, for any covariance V: with
    :math:`P = V^{-1} - V^{-1}11'V^{-1} / 1'V^{-1}1` and :math:`Q = y'Py`,

    .. math:: \hat\tau^2 = \max(0, \frac{Q - (k - 1)}{tr P}), \qquad
        \hat\mu = \frac{1'Wy}{1'W1}, \qquad W = (V + \hat\tau^2 I)^{-1}

    Its standard error is :math:`1/\sqrt{1'W1}`. Hartung and Knapp multiply the variance by
    :math:`q = (y - \hat\mu)'W(y - \hat\mu)/(k - 1)` and use the t distribution with k - 1 degrees of freedom. A q
    below 1 is raised to 1, so that a few estimates that agree by chance do not give a narrow interval. The interval of
    the next operation is :math:`\hat\mu \pm t_{k-2} \sqrt{\hat\tau^2 + se^2}`.

    References
    ----------
    DerSimonian and Laird (1986), Controlled Clinical Trials 7:177-188, https://doi.org/10.1016/0197-2456(86)90046-2;
    IntHout, Ioannidis and Borm (2014), BMC Medical Research Methodology 14:25,
    https://doi.org/10.1186/1471-2288-14-25; Higgins, Thompson and Spiegelhalter (2009), Journal of the Royal
    Statistical Society A 172:137-159, https://doi.org/10.1111/j.1467-985X.2008.00552.x

    Examples
    --------
    >>> pooled = random_effects_mean([-0.4, -0.2, -0.3], [0.04, 0.04, 0.04])
    >>> round(pooled.mean, 3), pooled.between_variance
    (-0.3, 0.0)
    """
    level = check_level(level)
    estimates = check_vector(values, "values")
    count = estimates.size
    covariances = np.asarray(covariance, dtype=np.float64)
    covariances = np.diag(covariances) if covariances.ndim == 1 else covariances
    if not count or covariances.shape != (count, count) or not np.isfinite(covariances).all():
        msg = (
            f"The covariance of {count} estimates must be finite, of shape ({count}, {count}); got {covariances.shape}."
        )
        raise DesignError(msg)
    if not np.allclose(covariances, covariances.T) or np.linalg.eigvalsh(covariances)[0] <= 0:
        msg = "The covariance of the estimates must be symmetric and positive definite; it is not if an estimate is given twice."
        raise DesignError(msg)
    ones = np.ones(count)
    inverse = np.linalg.inv(covariances)
    inverse = (inverse + inverse.T) / 2
    row_sums = inverse @ ones
    projection = inverse - np.outer(row_sums, row_sums) / (ones @ row_sums)
    heterogeneity = float(estimates @ projection @ estimates)
    between_variance = math.nan
    if count > 1:
        between_variance = max(0.0, (heterogeneity - (count - 1)) / float(np.trace(projection)))
    weights = np.linalg.inv(covariances + (between_variance if count > 1 else 0.0) * np.eye(count))
    total = float(ones @ weights @ ones)
    mean = float(ones @ weights @ estimates) / total
    standard_error = 1 / math.sqrt(total)
    half_width = float(normal_quantile(0.5 + level / 2))
    normal = Interval(mean - half_width * standard_error, mean + half_width * standard_error, level)
    if count == 1:
        undefined = Interval(math.nan, math.nan, level)
        return PooledEstimate(
            mean,
            standard_error,
            standard_error,
            between_variance,
            heterogeneity,
            math.nan,
            count,
            normal,
            normal,
            undefined,
        )
    deviations = estimates - mean
    inflation = max(1.0, float(deviations @ weights @ deviations) / (count - 1))
    inflated_error = standard_error * math.sqrt(inflation)
    half_width = float(t_quantile(0.5 + level / 2, count - 1)) * inflated_error
    hartung_knapp = Interval(mean - half_width, mean + half_width, level)
    prediction = Interval(math.nan, math.nan, level)
    if count >= _FEW:
        half_width = float(t_quantile(0.5 + level / 2, count - 2)) * math.sqrt(between_variance + inflated_error**2)
        prediction = Interval(mean - half_width, mean + half_width, level)
    p_value = float(chi2_survival(heterogeneity, count - 1))
    return PooledEstimate(
        mean,
        standard_error,
        inflated_error,
        between_variance,
        heterogeneity,
        p_value,
        count,
        normal,
        hartung_knapp,
        prediction,
    )
