"""What the steps of a released factor tell about the months before the operation: bounds for the disclosure attack."""

from __future__ import annotations

import math
from dataclasses import dataclass

from geoharm.disclosure.released import ReleasedEffect
from geoharm.model.places_like_it import FactorKind, ForecastFactors

FEATURE_DIGITS = 2  # decimals of a released feature; a reader knows it to half a hundredth
COEFFICIENT_DIGITS = 3
_ADDED_EVENTS = 2.0  # as in `evaluation.placebo.forecast`
_SPLIT = (FactorKind.LONG_RUN, FactorKind.COMPANION, FactorKind.BELT_AFTER, FactorKind.BELT_YEAR)


@dataclass(frozen=True, slots=True)
class YearBounds:
    """What a feature tells of a zone's last year L and history H: ``low + low_slope H <= L <= high + high_slope H``."""

    low: float
    low_slope: float
    high: float
    high_slope: float


def history_bounds(effect: ReleasedEffect, factors: ForecastFactors) -> tuple[float, float]:
    r"""Return the smallest and the largest count of the zone in the whole history that agree with the released steps.

    Notes
    -----
    With r the step of the zone's own history and f the feature of its long-run level, the forecasts from the past are

    .. math:: E_\lambda = S_{before} \frac{C_{after}}{C_{before}} r, \qquad E_1 + 2 = (E_\lambda + 2) e^f,

    and the zone's history is :math:`E_1` over the control's count after as a share of its history. A reader knows r from
    its own released digits, and once more from the released mean of the forecast, divided by all other steps. Both bounds
    hold. If no month counts more than another, f is 0 without rounding.

    Where the zone's own season is in the forecasts, both are multiplied by factors that are made of its months and not
    released. Then they say nothing of the history: it could be any, and the released `has_season` says so.
    """
    long_run = factors.step(FactorKind.LONG_RUN)
    before, city = effect.before, _city_ratio(effect)
    if long_run is None or factors.has_season or not isinstance(before, int) or math.isnan(city):
        return 0.0, math.inf
    low_log, high_log = _own_history_step(effect, factors, before * city)
    half = 0.0 if factors.discount == 1 else _half_unit(FEATURE_DIGITS)
    low, high = (
        (
            (before * city * math.exp(log_step) + _ADDED_EVENTS) * math.exp(long_run.feature + side * half)
            - _ADDED_EVENTS
        )
        / factors.city_after
        for side, log_step in ((-1, low_log), (1, high_log))
    )
    # Whole counts; the slack is for the last digit of floating-point numbers.
    return max(math.ceil(low - 1e-6), 0), math.floor(high + 1e-6)


def control_counts(effect: ReleasedEffect, factors: ForecastFactors) -> tuple[float, ...]:
    """Return the control's counts in the whole history and in the last year; empty if they do not follow.

    They follow from the released shares and the control's count after.
    """
    after = effect.control_after
    if not isinstance(after, int) or not after or math.isnan(factors.city_after):
        return ()
    history = after / factors.city_after
    return float(round(history)), float(round(factors.city_last_year * history))


def companion_bounds(factors: ForecastFactors) -> YearBounds | None:
    """Return what the companion zone's feature tells of its counts; None if there is no such step, or it is not split off."""
    step = factors.step(FactorKind.COMPANION)
    if step is None or step.coefficient == 0:
        return None
    low, high = (math.exp(step.feature + side * _half_unit(FEATURE_DIGITS)) for side in (-1, 1))
    return YearBounds(
        low=_ADDED_EVENTS * (low - 1),
        low_slope=low * factors.city_last_year,
        high=_ADDED_EVENTS * (high - 1),
        high_slope=high * factors.city_last_year,
    )


def _city_ratio(effect: ReleasedEffect) -> float:
    before, after = effect.control_before, effect.control_after
    return after / before if isinstance(before, int) and isinstance(after, int) and before else math.nan


def _own_history_step(effect: ReleasedEffect, factors: ForecastFactors, from_city: float) -> tuple[float, float]:
    """Return bounds of the log of the own history's step."""
    step = factors.step(FactorKind.RECENT)
    if step is None or effect.placebo is None:
        return -math.inf, math.inf
    half = _half_unit(FEATURE_DIGITS)
    others, slack = 0.0, 0.0
    for kind in (FactorKind.COMMON, FactorKind.LEVEL, *_SPLIT):
        other = factors.step(kind)
        if other is None:
            return step.feature - half, step.feature + half
        others += other.coefficient * other.feature
        slack += _half_unit(COEFFICIENT_DIGITS) * abs(other.feature)
        slack += half * abs(other.coefficient) if kind in _SPLIT else 0.0
    derived = math.log(effect.placebo.expected / from_city) - others
    return max(step.feature - half, derived - slack), min(step.feature + half, derived + slack)


def _half_unit(digits: int) -> float:
    return 0.5 * 10.0**-digits
