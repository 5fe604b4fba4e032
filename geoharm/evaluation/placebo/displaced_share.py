"""Displaced share: the share of the target's fall that appeared in the rings, with a calibrated set."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geoharm.evaluation.placebo.forecast import degrees_of_freedom
from geoharm.evaluation.results.indices import DisplacementIndices, Quotient
from geoharm.model.confidence_set import ConfidenceSet
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS
from geoharm.model.effect import Effect
from geoharm.model.reason import Reason
from geoharm.stats.distributions import t_quantile
from geoharm.stats.variance_stabilising import stabilisation_bias, stabilise_variance, unstabilise_variance

NAME = "displaced share"
METHOD = "forecasts of target and rings together"
# A correlation estimated from three errors is imprecise. If it is too high, sets of shares below zero are too narrow.
# Shrinking it halfway to a common value keeps the coverage for shares of -2 or more (docs/calibration.md).
USUAL_CORRELATION = 0.5
_SHRINKAGE = 0.5
_MAX_CORRELATION = 0.9
_ELLIPSE_POINTS = 2_000


def displaced_share(effects: Sequence[Effect[int]], *, level: float = 0.95) -> Quotient | None:
    r"""Return the share of the target's fall that appeared in the rings, computed from the headline's forecasts.

    Parameters
    ----------
    effects : sequence of Effect
        Effects of one window: for the target, for all rings, and (if available) for both together.
    level : float
        One of the levels of the calibrated ratio.

    Returns
    -------
    Quotient or None
        Negative means that the rings fell too. The value is given only if the target's interval lies below no change;
        the set is then one interval. Undefined, with the reason, if target or rings have no 95% interval. None if no
        calibrated ratio was computed, or there are no rings.

    Notes
    -----
    Let :math:`n_T` and :math:`n_D` be the counts of target and rings without an operation. A share s means that the rings
    gained s times the number that the target lost: :math:`Y_D - n_D = s (n_T - Y_T)`. The set contains the shares of all
    pairs :math:`(n_T, n_D)` that the forecasts allow,

    .. math::
        \frac{u_T^2 - 2 r u_T u_D + u_D^2}{1 - r^2} \le 1, \qquad
        u = \frac{g(n) - c(\mu) - g(\mu)}{t s}

    with g, c, s and t of each zone as in `calibrated_ratio`. This is Fieller's construction on the scale of the headline.
    Therefore the set contains 0 exactly if the headline interval of the rings contains no change, and it is one interval
    exactly if the headline interval of the target excludes no change.

    The correlation r of the two forecast errors is the mean of 1/2 and of the value implied by the errors (in events) of
    the three forecasts, :math:`(\sigma_U^2 - \sigma_T^2 - \sigma_D^2) / 2 \sigma_T \sigma_D`, limited to 0 to 0.9. It is
    1/2 if target and rings together have no interval.

    References
    ----------
    Fieller (1954), Some problems in interval estimation, Journal of the Royal Statistical Society B 16:175-185,
    https://doi.org/10.1111/j.2517-6161.1954.tb00159.x
    """
    by_zone = {effect.zone: effect for effect in effects}
    if ALL_RINGS not in by_zone or not by_zone["target"].ratio.calibrated:
        return None
    target, rings, combined = (
        _zone_forecast(by_zone.get(name), level) for name in ("target", ALL_RINGS, TARGET_AND_RINGS)
    )
    if target is None or rings is None:
        missing = by_zone["target" if target is None else ALL_RINGS]
        note = f"{missing.zone}: {missing.ratio.note}"
        empty_set = ConfidenceSet((), level, METHOD, calibrated=True)
        return Quotient(NAME, math.nan, empty_set, note, missing.ratio.reason)
    correlation = forecast_correlation(target.error, rings.error, combined.error) if combined else USUAL_CORRELATION
    values = ConfidenceSet(_share_intervals(target, rings, correlation), level, METHOD, calibrated=True)
    if by_zone["target"].ratio.interval(level).side < 0:
        return Quotient(NAME, -by_zone[ALL_RINGS].change / by_zone["target"].change, values)
    note = "the target did not credibly fall, so a share would have no meaning"
    return Quotient(NAME, math.nan, values, note, Reason.NO_FALL)


def forecast_correlation(target: float, rings: float, both: float) -> float:
    """Return the correlation of two forecasts' errors, from the errors of each and of their sum, shrunk to 1/2."""
    implied = (both**2 - target**2 - rings**2) / (2 * target * rings)
    return USUAL_CORRELATION + _SHRINKAGE * (min(max(implied, 0.0), _MAX_CORRELATION) - USUAL_CORRELATION)


def with_calibrated_share(indices: DisplacementIndices, effects: Sequence[Effect[int]]) -> DisplacementIndices:
    """Return the indices with the displaced share computed from the headline's forecasts, if there are any."""
    share = displaced_share(effects)
    return indices if share is None else replace(indices, displaced_share=share)


@dataclass(frozen=True, slots=True)
class _ZoneForecast:
    """A zone's count, and its forecast without an operation: `middle` -+ `reach` on the stabilised scale."""

    counted: float
    middle: float
    reach: float
    phi: float
    tau2: float
    error: float  # standard error in events

    def without(self, distance: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return forecast counts at distances from the middle, in units of the reach."""
        return unstabilise_variance(self.middle + self.reach * distance, phi=self.phi, tau2=self.tau2)

    @property
    def distance(self) -> float:
        """Distance of the observed count from the middle, in units of the reach."""
        return (float(stabilise_variance(self.counted, phi=self.phi, tau2=self.tau2)) - self.middle) / self.reach


def _zone_forecast(effect: Effect[int] | None, level: float) -> _ZoneForecast | None:
    if effect is None or effect.placebo is None or not effect.ratio.is_defined:
        return None
    mean, phi, tau2 = effect.placebo.expected, effect.placebo.phi, effect.placebo.tau**2
    slope = mean / math.sqrt(phi * mean + tau2 * mean**2)
    freedom = degrees_of_freedom(effect.placebo.effective_places, effect.placebo.dates)
    multiplier = float(t_quantile(0.5 + level / 2, freedom))
    middle = float(stabilise_variance(mean, phi=phi, tau2=tau2) + stabilisation_bias(mean, phi=phi, tau2=tau2))
    error = effect.ratio.standard_error
    return _ZoneForecast(effect.after, middle, multiplier * error * slope, phi, tau2, error * mean)


def _share_intervals(
    target: _ZoneForecast, rings: _ZoneForecast, correlation: float
) -> tuple[tuple[float, float], ...]:
    """Return the shares of all pairs of counts that the forecasts allow, as intervals of slopes."""
    all_shares = ((-math.inf, math.inf),)
    residual_scale = math.sqrt(1 - correlation**2)
    observed = target.distance, rings.distance
    if math.hypot(observed[0], (observed[1] - correlation * observed[0]) / residual_scale) <= 1:
        return all_shares
    ellipse_angle = np.linspace(0, 2 * np.pi, _ELLIPSE_POINTS + 1)
    lost = target.without(np.cos(ellipse_angle)) - target.counted
    gained = rings.counted - rings.without(correlation * np.cos(ellipse_angle) + residual_scale * np.sin(ellipse_angle))
    angle = np.unwrap(np.arctan2(gained, lost))
    low, high = float(angle.min()), float(angle.max())
    vertical = math.pi / 2 + math.pi * math.ceil((low - math.pi / 2) / math.pi)
    if vertical > high:
        return ((math.tan(low), math.tan(high)),)
    if high - low >= math.pi:
        return all_shares
    return ((-math.inf, math.tan(high)), (math.tan(low), math.inf))
