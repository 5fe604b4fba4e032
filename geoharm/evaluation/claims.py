"""What the numbers of an effect support by themselves: a finding, a lead, a bound above, a bound below."""

from __future__ import annotations

import math
from collections.abc import Callable

from geoharm.model.effect import CountT, Effect
from geoharm.model.estimate import Interval, relative_change_of
from geoharm.model.reading import Claim, Reading, bound_percent
from geoharm.model.suppressed import Suppressed

FINDING_LEVEL = 0.95
LEAD_LEVEL = 0.8
# The ends of a 90% interval are the one-sided 95% bounds.
BOUND_LEVEL = 0.9
# A window is turbulent if the control area's daily count changed by more than this factor. In Merseyside's counts of seven
# offences (data.police.uk), three months stood outside it, against the twelve before, in 13% of the cases of 2019 and in half
# of those from March to May 2020.
TURBULENT_FACTOR = 1.25


def held_claims(interval: Callable[[float], Interval], *, margin: float, calibrated: bool = True) -> frozenset[Claim]:
    """Return the claims that the intervals of a log rate ratio support.

    Parameters
    ----------
    interval : callable
        Returns the interval of the log rate ratio at a level.
    margin : float
        The largest change that a bound may leave open, as a share of the expected count.
    calibrated : bool
        Whether the intervals hold what places do by themselves. If not, they are too narrow for all but the first claim,
        and then it is no finding.

    Notes
    -----
    - FINDING: the 95% interval leaves out 0.
    - LEAD: the 80% interval leaves out 0.
    - NO_RISE, NO_FALL: the one-sided 95% bound, an end of the 90% interval, is at most the margin: a test of
      non-inferiority (Schuirmann 1987, https://doi.org/10.1007/BF01068419).
    """
    claims = {Claim.FINDING} if interval(FINDING_LEVEL).side else set()
    if not calibrated:
        return frozenset(claims)
    if interval(LEAD_LEVEL).side:
        claims.add(Claim.LEAD)
    bounds = interval(BOUND_LEVEL)
    if relative_change_of(bounds.high) <= margin:
        claims.add(Claim.NO_RISE)
    if -relative_change_of(bounds.low) <= margin:
        claims.add(Claim.NO_FALL)
    return frozenset(claims)


def claims_of(effect: Effect[CountT]) -> frozenset[Claim]:
    """Return the claims that the log rate ratio of an effect supports; none if it is undefined."""
    ratio = effect.ratio
    if not ratio.is_defined:
        return frozenset()
    return held_claims(ratio.interval, margin=effect.margin, calibrated=ratio.calibrated)


def lost_claims(effect: Effect[CountT], other: Callable[[float], Interval]) -> frozenset[Claim]:
    """Return the claims of an effect that other intervals of its log rate ratio, at the same levels, do not support.

    A finding or a lead is lost if the other interval lies on another side of 0, a bound if the other one exceeds the percent
    that would be stated. Undefined intervals support nothing.
    """
    ratio, held = effect.ratio, claims_of(effect)
    lost = {
        claim
        for claim, level in ((Claim.FINDING, FINDING_LEVEL), (Claim.LEAD, LEAD_LEVEL))
        if claim in held and other(level).side != ratio.interval(level).side
    }
    if not held & {Claim.NO_RISE, Claim.NO_FALL}:
        return frozenset(lost)
    bounds = other(BOUND_LEVEL)
    for claim, reading, change in (
        (Claim.NO_RISE, Reading.NO_RISE_OVER, relative_change_of(bounds.high)),
        (Claim.NO_FALL, Reading.NO_FALL_OVER, -relative_change_of(bounds.low)),
    ):
        stated = bound_percent(ratio, reading)
        if claim in held and stated is not None and not 100 * change <= stated:
            lost.add(claim)
    return frozenset(lost)


def city_change_factor(effect: Effect[CountT]) -> float:
    """Return the control area's daily count after, over that before; NaN if it is not known."""
    before, after = effect.control_before, effect.control_after
    if isinstance(before, Suppressed) or isinstance(after, Suppressed) or not before:
        return math.nan
    return after / (before * effect.length_ratio)


def is_turbulent_change(factor: float) -> bool:
    """Return whether the whole city changed much, or may have: places then move by different amounts, the busiest ones most.

    `factor` is the control area's daily count after, over that before; NaN if it is not known.
    """
    return not 1 / TURBULENT_FACTOR <= factor <= TURBULENT_FACTOR


def is_turbulent(effect: Effect[CountT]) -> bool:
    """Return whether an effect's window is turbulent (`is_turbulent_change`)."""
    return is_turbulent_change(city_change_factor(effect))
