"""The share of the target's fall that turned up in the rings, with a set that was checked at places without an operation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from geoharm.displacement.forecast import freedom_of
from geoharm.model import ALL_RINGS, TARGET_AND_RINGS, ConfidenceSet, DisplacementIndices, Effect, Quotient
from geoharm.stats import fieller_set

NAME = "displaced share"
# What three variances say about a correlation is coarse, and a share below zero is covered only if it is not too high:
# halfway to a common value holds the level for shares from -3 to 3 (docs/calibration.md).
USUAL_CORRELATION = 0.5
_WEIGHT = 0.5
_HIGHEST = 0.9


def displaced_share(effects: Sequence[Effect], *, level: float = 0.95) -> Quotient | None:
    r"""Return the share of the target's fall that turned up in the rings, by the headline's own forecasts.

    Parameters
    ----------
    effects : sequence of Effect
        Of one window: the target, all rings, and both together.
    level : float
        One of those of the calibrated ratio.

    Returns
    -------
    Quotient or None
        Negative: the rings fell too. The value is given only if the target credibly fell. Undefined, with the reason,
        where a zone has no 95% interval. None if no calibrated ratio was tried, or there are no rings.

    Notes
    -----
    With Y counted and :math:`\mu` expected after, and :math:`\sigma` the error of a forecast in events, a share s says
    that the rings gained s times what the target lost, so that :math:`Y_D + s Y_T` is what would have been counted
    without an operation. The set holds every s with

    .. math::
        (Y_D - \mu_D + s (Y_T - \mu_T))^2 \le t^2 (\sigma_D^2 + 2 s r \sigma_T \sigma_D + s^2 \sigma_T^2)

    (Fieller's, with t of the fewer degrees of freedom). s = 0 asks of the rings what their headline asks, and s = 1 of
    target and rings. The correlation r is the mean of 1/2 and of what the three forecasts imply,
    :math:`(\sigma_U^2 - \sigma_T^2 - \sigma_D^2) / 2 \sigma_T \sigma_D`, kept within 0 and 0.9.

    References
    ----------
    Fieller (1954), Some problems in interval estimation, Journal of the Royal Statistical Society B 16:175-185,
    https://doi.org/10.1111/j.2517-6161.1954.tb00159.x
    """
    by_zone = {one.zone: one for one in effects}
    if ALL_RINGS not in by_zone or not by_zone["target"].ratio.calibrated:
        return None
    zones = [by_zone[name] for name in ("target", ALL_RINGS, TARGET_AND_RINGS)]
    for one in zones:
        if not one.ratio.is_defined or one.placebo is None:
            note = f"{one.zone}: {one.ratio.note}"
            return Quotient(NAME, math.nan, ConfidenceSet((), level, "Fieller", note, calibrated=True), note)
    target, rings, _ = zones
    errors = [_error(one) for one in zones]
    values = fieller_set(
        -rings.change(),
        target.change(),
        variances=(errors[1] ** 2, errors[0] ** 2),
        covariance=-correlation_of(*errors) * errors[0] * errors[1],
        level=level,
        freedom=min(freedom_of(one.placebo.independent) for one in (target, rings) if one.placebo),
    )
    values = replace(values, calibrated=True)
    if target.ratio.interval(level).side < 0:
        return Quotient(NAME, -rings.change() / target.change(), values)
    return Quotient(NAME, math.nan, values, "the target did not credibly fall, so a share would have no meaning")


def correlation_of(target: float, rings: float, together: float) -> float:
    """Return the correlation of two forecasts' errors from the errors of each and of their sum, held back."""
    implied = (together**2 - target**2 - rings**2) / (2 * target * rings)
    return USUAL_CORRELATION + _WEIGHT * (min(max(implied, 0.0), _HIGHEST) - USUAL_CORRELATION)


def with_headline_share(indices: DisplacementIndices, effects: Sequence[Effect]) -> DisplacementIndices:
    """Return the indices with the displaced share of the headline's forecasts, where these were tried."""
    found = displaced_share(effects)
    return indices if found is None else replace(indices, displaced_share=found)


def _error(effect: Effect) -> float:
    """Return the error of a zone's forecast in events."""
    return effect.placebo.expected * effect.ratio.standard_error if effect.placebo else math.nan
