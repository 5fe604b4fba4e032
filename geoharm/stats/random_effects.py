"""Several estimates as one: random effects that respect what the estimates share."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2, norm, t

from geoharm._validation import check_level, check_vector
from geoharm.errors import DesignError
from geoharm.model.estimate import Interval
from geoharm.model.pooled import PooledEstimate

REFERENCE = "https://doi.org/10.1186/1471-2288-14-25"
_FEW = 3


def random_effects_mean(values: ArrayLike, covariance: ArrayLike, *, level: float = 0.95) -> PooledEstimate:
    r"""Return the mean of several estimates whose true values may differ.

    Parameters
    ----------
    values : array_like, shape (k,)
        Log rate ratios, or differences of one unit.
    covariance : array_like, shape (k, k) or (k,)
        Of their errors, from shared controls or from placebo draws made together; a vector is taken as variances of
        independent estimates.
    level : float

    Returns
    -------
    PooledEstimate
        With one estimate, that estimate. The between variance is undefined then, and the interval of the next
        operation below three.

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

    Its error is :math:`1/\sqrt{1'W1}`. Hartung and Knapp's multiplies the variance by
    :math:`q = (y - \hat\mu)'W(y - \hat\mu)/(k - 1)` and takes t with k - 1; q below 1 is raised to 1, so that few
    estimates that happen to agree promise nothing. The interval of the next operation is
    :math:`\hat\mu \pm t_{k-2} \sqrt{\hat\tau^2 + se^2}`.

    References
    ----------
    DerSimonian and Laird (1986), Controlled Clinical Trials 7:177-188, https://doi.org/10.1016/0197-2456(86)90046-2;
    IntHout, Ioannidis and Borm (2014), BMC Medical Research Methodology 14:25,
    https://doi.org/10.1186/1471-2288-14-25; Higgins, Thompson and Spiegelhalter (2009), Journal of the Royal
    Statistical Society A 172:137-159, https://doi.org/10.1111/j.1467-985X.2008.00552.x

    Examples
    --------
    >>> found = pool([-0.4, -0.2, -0.3], [0.04, 0.04, 0.04])
    >>> round(found.mean, 3), found.between
    (-0.3, 0.0)
    """
    level = check_level(level)
    found = check_vector(values, "values")
    count = found.size
    table = np.asarray(covariance, dtype=np.float64)
    table = np.diag(table) if table.ndim == 1 else table
    if not count or table.shape != (count, count) or not np.isfinite(table).all():
        msg = f"The covariance of {count} estimates must be finite, of shape ({count}, {count}); got {table.shape}."
        raise DesignError(msg)
    if not np.allclose(table, table.T) or np.linalg.eigvalsh(table)[0] <= 0:
        msg = "The covariance of the estimates must be symmetric and positive definite; an estimate given twice is not."
        raise DesignError(msg)
    ones = np.ones(count)
    inverse = np.linalg.inv(table)
    inverse = (inverse + inverse.T) / 2
    row = inverse @ ones
    projection = inverse - np.outer(row, row) / (ones @ row)
    heterogeneity = float(found @ projection @ found)
    between = math.nan
    if count > 1:
        between = max(0.0, (heterogeneity - (count - 1)) / float(np.trace(projection)))
    weights = np.linalg.inv(table + (between if count > 1 else 0.0) * np.eye(count))
    total = float(ones @ weights @ ones)
    mean = float(ones @ weights @ found) / total
    plain = 1 / math.sqrt(total)
    reach = float(norm.ppf(0.5 + level / 2))
    normal = Interval(mean - reach * plain, mean + reach * plain, level)
    if count == 1:
        nothing = Interval(math.nan, math.nan, level)
        return PooledEstimate(mean, plain, plain, between, heterogeneity, math.nan, count, normal, normal, nothing)
    gaps = found - mean
    inflation = max(1.0, float(gaps @ weights @ gaps) / (count - 1))
    careful = plain * math.sqrt(inflation)
    reach = float(t.ppf(0.5 + level / 2, count - 1)) * careful
    knapp = Interval(mean - reach, mean + reach, level)
    following = Interval(math.nan, math.nan, level)
    if count >= _FEW:
        reach = float(t.ppf(0.5 + level / 2, count - 2)) * math.sqrt(between + careful**2)
        following = Interval(mean - reach, mean + reach, level)
    p_value = float(chi2.sf(heterogeneity, count - 1))
    return PooledEstimate(mean, plain, careful, between, heterogeneity, p_value, count, normal, knapp, following)
