"""The share of the target's fall that turned up in the rings, with a set that was checked at places without an operation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from geoharm.evaluation.placebo.forecast import degrees_of_freedom
from geoharm.evaluation.results.indices import DisplacementIndices, Quotient
from geoharm.model.confidence_set import ConfidenceSet
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS
from geoharm.model.effect import Effect
from geoharm.stats.variance_stabilising import stabilisation_bias, stabilise_variance, unstabilise_variance

NAME = "displaced share"
METHOD = "forecasts of target and rings together"
# What three errors say about a correlation is coarse, and too high a one makes sets of shares below zero too narrow:
# halfway to a common value holds the level for shares from -2 up (docs/calibration.md).
USUAL_CORRELATION = 0.5
_WEIGHT = 0.5
_HIGHEST = 0.9
_POINTS = 2_000


def displaced_share(effects: Sequence[Effect], *, level: float = 0.95) -> Quotient | None:
    r"""Return the share of the target's fall that turned up in the rings, by the headline's own forecasts.

    Parameters
    ----------
    effects : sequence of Effect
        Of one window: the target, all rings, and, if there, both together.
    level : float
        One of those of the calibrated ratio.

    Returns
    -------
    Quotient or None
        Negative: the rings fell too. The value is given only if the target credibly fell, and then the set is one
        stretch. Undefined, with the reason, where target or rings have no 95% interval. None if no calibrated ratio
        was tried, or there are no rings.

    Notes
    -----
    Without an operation target and rings would have counted :math:`n_T` and :math:`n_D`. A share s says that the rings
    gained s times what the target lost: :math:`Y_D - n_D = s (n_T - Y_T)`. The set holds the shares of all pairs
    :math:`(n_T, n_D)` that the forecasts allow,

    .. math::
        \frac{u_T^2 - 2 r u_T u_D + u_D^2}{1 - r^2} \le 1, \qquad
        u = \frac{g(n) - c(\mu) - g(\mu)}{t s}

    with g, c, s and t of each zone as in `calibrated_ratio`: Fieller's construction, on the scale of the headline. So
    the set holds 0 exactly if the headline interval of the rings holds no change, and is one stretch exactly if the
    headline interval of the target excludes it. The correlation r of the two misses is the mean of 1/2 and of what the
    errors (in events) of the three forecasts imply, :math:`(\sigma_U^2 - \sigma_T^2 - \sigma_D^2) / 2 \sigma_T
    \sigma_D` kept within 0 and 0.9; 1/2 where both together have no interval.

    References
    ----------
    Fieller (1954), Some problems in interval estimation, Journal of the Royal Statistical Society B 16:175-185,
    https://doi.org/10.1111/j.2517-6161.1954.tb00159.x
    """
    by_zone = {one.zone: one for one in effects}
    if ALL_RINGS not in by_zone or not by_zone["target"].ratio.calibrated:
        return None
    target, rings, both = (_forecast_of(by_zone.get(name), level) for name in ("target", ALL_RINGS, TARGET_AND_RINGS))
    if target is None or rings is None:
        missing = by_zone["target" if target is None else ALL_RINGS]
        note = f"{missing.zone}: {missing.ratio.note}"
        return Quotient(NAME, math.nan, ConfidenceSet((), level, METHOD, calibrated=True), note)
    correlation = forecast_correlation(target.error, rings.error, both.error) if both else USUAL_CORRELATION
    values = ConfidenceSet(_pieces(target, rings, correlation), level, METHOD, calibrated=True)
    if by_zone["target"].ratio.interval(level).side < 0:
        return Quotient(NAME, -by_zone[ALL_RINGS].change() / by_zone["target"].change(), values)
    return Quotient(NAME, math.nan, values, "the target did not credibly fall, so a share would have no meaning")


def forecast_correlation(target: float, rings: float, both: float) -> float:
    """Return the correlation of two forecasts' misses from the errors of each and of their sum, held back."""
    implied = (both**2 - target**2 - rings**2) / (2 * target * rings)
    return USUAL_CORRELATION + _WEIGHT * (min(max(implied, 0.0), _HIGHEST) - USUAL_CORRELATION)


def with_calibrated_share(indices: DisplacementIndices, effects: Sequence[Effect]) -> DisplacementIndices:
    """Return the indices with the displaced share of the headline's forecasts, where these were tried."""
    found = displaced_share(effects)
    return indices if found is None else replace(indices, displaced_share=found)


@dataclass(frozen=True, slots=True)
class _Forecast:
    """What a zone counted, and what it would have counted without an operation: `middle -+ reach` stabilised."""

    counted: float
    middle: float
    reach: float
    phi: float
    tau2: float
    error: float  # in events

    def without(self, distance: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the counts without an operation at distances from the middle, of which 1 is the reach."""
        return unstabilise_variance(self.middle + self.reach * distance, phi=self.phi, tau2=self.tau2)

    @property
    def distance(self) -> float:
        """How far off what was counted lies."""
        return (float(stabilise_variance(self.counted, phi=self.phi, tau2=self.tau2)) - self.middle) / self.reach


def _forecast_of(effect: Effect | None, level: float) -> _Forecast | None:
    if effect is None or effect.placebo is None or not effect.ratio.is_defined:
        return None
    mean, phi, tau2 = effect.placebo.expected, effect.placebo.phi, effect.placebo.tau**2
    slope = mean / math.sqrt(phi * mean + tau2 * mean**2)
    times = float(student.ppf(0.5 + level / 2, degrees_of_freedom(effect.placebo.independent)))
    middle = float(stabilise_variance(mean, phi=phi, tau2=tau2) + stabilisation_bias(mean, phi=phi, tau2=tau2))
    error = effect.ratio.standard_error
    return _Forecast(effect.counts.after, middle, times * error * slope, phi, tau2, error * mean)


def _pieces(target: _Forecast, rings: _Forecast, correlation: float) -> tuple[tuple[float, float], ...]:
    """Return the shares of all pairs of counts that the forecasts allow: the slopes under which they are seen."""
    everything = ((-math.inf, math.inf),)
    across = math.sqrt(1 - correlation**2)
    seen = target.distance, rings.distance
    if math.hypot(seen[0], (seen[1] - correlation * seen[0]) / across) <= 1:
        return everything
    turn = np.linspace(0, 2 * np.pi, _POINTS + 1)
    lost = target.without(np.cos(turn)) - target.counted
    gained = rings.counted - rings.without(correlation * np.cos(turn) + across * np.sin(turn))
    angle = np.unwrap(np.arctan2(gained, lost))
    low, high = float(angle.min()), float(angle.max())
    upright = math.pi / 2 + math.pi * math.ceil((low - math.pi / 2) / math.pi)
    if upright > high:
        return ((math.tan(low), math.tan(high)),)
    if high - low >= math.pi:
        return everything
    return ((-math.inf, math.tan(high)), (math.tan(low), math.inf))
