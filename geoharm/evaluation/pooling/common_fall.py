"""The smallest fall, the same in all parts of a mean, that the mean's interval finds four times in five."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from geoharm.evaluation.placebo.calibrated_ratio import log_ratio_at
from geoharm.evaluation.pooling.carried_ends import carry_ends, small_count_bias
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
    A fall f is found if the upper end of the mean's 95% interval (`carry_ends`) lies below 0. On the stabilised scale of
    each forecast, with :math:`x_i(f) = g(\mu_i (1 - f)) + c(\mu_i (1 - f)) - c(\mu_i)` its count after such a fall and
    :math:`s_i` its error, the interval is asked for at :math:`x_i(f) + \delta t_{0.8} s_i`: :math:`\delta`, the error of
    the mean relative to the mean error of its parts, since chance moves a mean of several answers by less than one. A single
    forecast has :math:`\delta = 1` and the fall of `stabilised_detectable_fall`.

    References
    ----------
    MOVER: https://doi.org/10.1002/sim.3095
    """
    if not answers:
        return math.nan
    across = operations_correlation(len(answers)) if correlation is None else np.asarray(correlation, dtype=np.float64)

    # Answers that are alike are computed once.
    distinct = list(dict.fromkeys(answers))
    positions = [distinct.index(answer) for answer in answers]

    def all_at(fall: float, shift: float) -> list[_Answer]:
        at = [_answer_at(answer, fall, shift) for answer in distinct]
        return [at[position] for position in positions]

    def upper_end(fall: float) -> float:
        whole = _carried(all_at(fall, 0.0), across)
        parts = [_log_error(part, fall) for answer in answers for part in answer.parts]
        shrunk = whole.error / float(np.mean(parts))
        return _carried(all_at(fall, shrunk), across).high

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


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer after a fall: its log ratio, the ends of its 95% interval, its error and its bias."""

    value: float
    low: float
    high: float
    error: float
    bias: float


def _carried(answers: Sequence[_Answer], correlation: ArrayLike) -> _Answer:
    value, low, high, error = carry_ends(
        [answer.value for answer in answers],
        [answer.low for answer in answers],
        [answer.high for answer in answers],
        level=_LEVEL,
        biases=[answer.bias for answer in answers],
        errors=[answer.error for answer in answers],
        correlation=correlation,
    )
    return _Answer(value, low, high, error, float(np.mean([answer.bias for answer in answers])))


def _answer_at(answer: PooledSpread, fall: float, shift: float) -> _Answer:
    """Return an answer after a fall, moved up by `shift` times the 80% quantile of its error."""
    return _carried([_part_at(part, fall, shift) for part in answer.parts], answer.correlation)


def _part_at(part: ForecastSpread, fall: float, shift: float) -> _Answer:
    mean, phi, tau2 = _left(part, fall), part.phi, part.tau2
    own, full = (float(stabilisation_bias(count, phi=phi, tau2=tau2)) for count in (mean, part.mean))
    place = float(stabilise_variance(mean, phi=phi, tau2=tau2)) + own - full

    def log_ratio(errors: float) -> float:
        return log_ratio_at(part, place + errors * part.scale)

    chance, wide, narrow = (
        float(t_quantile(level, part.degrees_of_freedom)) for level in (_POWER, 0.5 + _LEVEL / 2, 0.5 + _POWER / 2)
    )
    middle = shift * chance
    value = log_ratio(middle)
    bias = small_count_bias(value, log_ratio(middle - narrow), log_ratio(middle + narrow))
    return _Answer(value, log_ratio(middle - wide), log_ratio(middle + wide), _log_error(part, fall), bias)


def _left(part: ForecastSpread, fall: float) -> float:
    """Return the expected count after a fall; below `LEAST_COUNT` the stabilised scale says nothing."""
    return max(part.mean * (1 - fall), LEAST_COUNT)


def _log_error(part: ForecastSpread, fall: float) -> float:
    return part.scale * math.sqrt(part.phi / _left(part, fall) + part.tau2)
