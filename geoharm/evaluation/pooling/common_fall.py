"""The smallest fall, the same in all parts of a mean, that the mean's interval finds four times in five."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from geoharm.evaluation.placebo.calibrated_ratio import log_ratio_at
from geoharm.evaluation.pooling.operations import operations_correlation
from geoharm.model.spread import ForecastSpread, PooledSpread
from geoharm.stats.distributions import t_quantile
from geoharm.stats.minimum_detectable import LEAST_COUNT
from geoharm.stats.variance_stabilising import stabilisation_bias, stabilise_variance

# More operations than this are not asked for: what they share then decides, and more of them add little.
MOST_OPERATIONS = 64
_LEVEL, _POWER = 0.95, 0.8
_LARGEST = 1 - 1e-3


def common_detectable_fall(answers: Sequence[PooledSpread], correlation: ArrayLike | None = None) -> float:
    r"""Return the smallest common fall that the mean of some answers finds in 80% of cases.

    Parameters
    ----------
    answers : sequence of PooledSpread
        One an operation, before its counts after are known.
    correlation : array_like, shape (k, k), optional
        That the errors of the answers are taken to have; that of operations, if none is given.

    Returns
    -------
    float
        Share of the expected counts, 0 to 1; 1 if even a fall to a thousandth is not found, NaN without answers.

    Notes
    -----
    A fall f is found if the upper end of the mean's 95% interval (`carried_mean`) lies below 0. On the stabilised scale
    of each forecast, with :math:`x_i(f) = g(\mu_i (1 - f)) + c(\mu_i (1 - f)) - c(\mu_i)` its count after such a fall,
    :math:`s_i` its error and h the log ratio at a stabilised count,

    .. math:: \overline{h_i(x_i + \delta t_{0.8} s_i)}
        + \sqrt{\sum_{ij} w^2 r_{ij} D_i D_j} = 0, \qquad
        D_i = h_i(x_i + (\delta t_{0.8} + t_{0.975}) s_i) - h_i(x_i + \delta t_{0.8} s_i)

    where :math:`\delta` is the error of the mean relative to the mean error of its parts: chance moves a mean of several
    answers by less than one. A single forecast has :math:`\delta = 1` and the fall of `stabilised_detectable_fall`.

    References
    ----------
    MOVER: https://doi.org/10.1002/sim.3095
    """
    if not answers:
        return math.nan
    across = operations_correlation(len(answers)) if correlation is None else np.asarray(correlation, dtype=np.float64)

    def upper_end(fall: float) -> float:
        chance = [_rise(answer, fall, 0.0, _POWER) for answer in answers]
        of_parts = float(np.mean([_rise_of_parts(answer, fall) for answer in answers]))
        shrunk = _spread(chance, across) / of_parts if of_parts else 1.0
        values = [np.mean([_log_ratio(part, fall, shrunk) for part in answer.parts]) for answer in answers]
        ends = [_rise(answer, fall, shrunk, 0.5 + _LEVEL / 2) for answer in answers]
        return float(np.mean(values)) + _spread(ends, across)

    if upper_end(_LARGEST) >= 0:
        return 1.0
    return float(brentq(upper_end, 0.0, _LARGEST, xtol=1e-6))


def pooled_detectable_fall(spread: ForecastSpread, operations: int) -> float:
    """Return the smallest common fall that several operations find together, all with this forecast."""
    return common_detectable_fall([PooledSpread((spread,))] * operations)


def operations_for(spread: ForecastSpread, fall: float) -> float:
    """Return how many operations with this forecast find a common fall together; NaN if `MOST_OPERATIONS` do not."""
    if pooled_detectable_fall(spread, MOST_OPERATIONS) > fall:
        return math.nan
    few, enough = 0, MOST_OPERATIONS
    while enough - few > 1:
        middle = (few + enough) // 2
        few, enough = (few, middle) if pooled_detectable_fall(spread, middle) <= fall else (middle, enough)
    return enough


def _spread(distances: Sequence[float], correlation: ArrayLike) -> float:
    """Return how far the mean of some parts moves if each moves by its distance."""
    weighted = np.asarray(distances) / len(distances)
    return math.sqrt(float(weighted @ np.asarray(correlation) @ weighted))


def _rise(answer: PooledSpread, fall: float, shift: float, probability: float) -> float:
    """Return how far an answer's log ratio rises by a quantile of its error, from where chance has shifted it already."""
    return _spread([_rise_of(part, fall, shift, probability) for part in answer.parts], answer.correlation)


def _rise_of_parts(answer: PooledSpread, fall: float) -> float:
    return float(np.mean([_rise_of(part, fall, 0.0, _POWER) for part in answer.parts]))


def _rise_of(part: ForecastSpread, fall: float, shift: float, probability: float) -> float:
    more = float(t_quantile(probability, part.degrees_of_freedom))
    return _log_ratio(part, fall, shift, more) - _log_ratio(part, fall, shift)


def _log_ratio(part: ForecastSpread, fall: float, shift: float, more: float = 0.0) -> float:
    """Return the log ratio after a fall, moved up by `shift` times the 80% quantile of its error and `more` errors."""
    mean, phi, tau2 = max(part.mean * (1 - fall), LEAST_COUNT), part.phi, part.tau2
    bias = (stabilisation_bias(each, phi=phi, tau2=tau2) for each in (mean, part.mean))
    place = float(stabilise_variance(mean, phi=phi, tau2=tau2)) + float(next(bias)) - float(next(bias))
    errors = shift * float(t_quantile(_POWER, part.degrees_of_freedom)) + more
    return log_ratio_at(part, place + errors * part.scale)
