"""The mean of calibrated estimates, with the ends of their own intervals carried over."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from geoharm.evaluation.placebo.calibrated_ratio import LEVELS
from geoharm.model.estimate import Estimate, Interval
from geoharm.stats.distributions import normal_quantile

REFERENCE = "https://doi.org/10.1002/sim.3095"
_BIAS_LEVEL = 0.8
_BIAS_Z = float(normal_quantile(0.5 + _BIAS_LEVEL / 2))


def carried_mean(
    estimates: Sequence[Estimate], correlation: ArrayLike, *, name: str, note: str = "", p: float = math.nan
) -> Estimate:
    """Return the mean of estimates, all with the same weight, and intervals made of theirs (`carry_ends`).

    Parameters
    ----------
    estimates : sequence of Estimate
        Defined, in one unit, with intervals at every one of `LEVELS`.
    correlation : array_like, shape (k, k)
        Correlation of their errors.
    name, note : str
        Of the mean.
    p : float
        Its two-sided p-value.

    Returns
    -------
    Estimate
        Calibrated if all of them are.
    """
    values, errors = ([getattr(one, key) for one in estimates] for key in ("value", "standard_error"))
    biases = [
        small_count_bias(one.value, one.interval(_BIAS_LEVEL).low, one.interval(_BIAS_LEVEL).high) for one in estimates
    ]
    carried = {
        level: carry_ends(
            values,
            [one.interval(level).low for one in estimates],
            [one.interval(level).high for one in estimates],
            level=level,
            biases=biases,
            errors=errors,
            correlation=correlation,
        )
        for level in LEVELS
    }
    mean, _, _, error = carried[_BIAS_LEVEL]
    intervals = tuple(Interval(low, high, level) for level, (_, low, high, _) in carried.items())
    calibrated = all(estimate.calibrated for estimate in estimates)
    return Estimate(
        name, mean, error, estimates[0].unit, REFERENCE, note, calibrated=calibrated, intervals=intervals, p=p
    )


def small_count_bias(value: float, low: float, high: float) -> float:
    r"""Return how far a log ratio of few events is off on average, from its 80% interval; 0 or less.

    Notes
    -----
    For a smooth function of a normal variable, to second order: the distance of the middle of the interval from the value, over
    the square of the normal quantile z of its level. (That of :math:`2 \log x`, x normal with standard error s, is
    :math:`-s^2/x^2`.) The 80% interval is used since wider ones of few events reach to a count of 0, where no expansion holds.
    """
    return min((low + high) / 2 - value, 0.0) / _BIAS_Z**2


def carry_ends(
    values: ArrayLike,
    lows: ArrayLike,
    highs: ArrayLike,
    *,
    level: float,
    biases: ArrayLike,
    errors: ArrayLike,
    correlation: ArrayLike,
) -> tuple[float, float, float, float]:
    r"""Return the mean of some estimates, the ends of its interval, and its standard error.

    Parameters
    ----------
    values, lows, highs : array_like, shape (k,)
        The estimates, and the ends of their intervals.
    level : float
        Of the intervals.
    biases, errors : array_like, shape (k,)
        From `small_count_bias`; and standard errors.
    correlation : array_like, shape (k, k)
        Of their errors.

    Returns
    -------
    mean, low, high, error : float

    Notes
    -----
    With w = 1/k, :math:`\theta_i` the values, :math:`l_i, u_i` the ends of their intervals and r the correlation,

    .. math:: L = \sum w\theta_i - \sqrt{\sum_{ij} w^2 r_{ij} (\theta_i - l_i)(\theta_j - l_j)}

    and U likewise (MOVER); asymmetric intervals are kept. The standard error is :math:`\sqrt{w'DRDw}`.

    The logarithm of a ratio of few events is a little low on average: by b (`small_count_bias`). An asymmetric interval of one
    estimate holds that; the mean of many keeps the bias and loses the error. With q the squared error of the mean over that of
    its parts (1 for one estimate, 1/k for k independent ones) and z the normal quantile of the level, the mean is moved by
    :math:`-b (1 - q)`, and the ends by :math:`-b (1 - q + z^2 (\sqrt q - q))`, as the skewness of a mean asks for. An estimate
    pooled with itself keeps its own interval.

    References
    ----------
    G. Y. Zou, A. Donner (2008), Construction of confidence limits about effect measures: a general approach,
    Statistics in Medicine 27:1693-1702, https://doi.org/10.1002/sim.3095; P. Hall (1992), The Bootstrap and Edgeworth
    Expansion, section 2.6, https://doi.org/10.1007/978-1-4612-4384-7
    """
    value, low, high, error = (np.asarray(part, dtype=np.float64) for part in (values, lows, highs, errors))
    related = np.asarray(correlation, dtype=np.float64)
    down, up, spread = (
        math.sqrt(float(part @ related @ part)) / value.size for part in (value - low, high - value, error)
    )
    shrunk = min((spread / float(error.mean())) ** 2, 1.0)
    bias = float(np.asarray(biases, dtype=np.float64).mean())
    z = float(normal_quantile(0.5 + level / 2))
    moved = -bias * (1 - shrunk + z**2 * (math.sqrt(shrunk) - shrunk))
    mean = float(value.mean())
    return mean - bias * (1 - shrunk), mean - down + moved, mean + up + moved, spread
