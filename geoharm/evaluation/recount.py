"""Recounts: on which side of no change an effect lies if doubtful rows had been counted the other way."""

from __future__ import annotations

import math
from collections.abc import Iterable
from functools import partial

from geoharm.evaluation.claims import FINDING_LEVEL, lost_claims
from geoharm.model.effect import Effect
from geoharm.model.estimate import Interval
from geoharm.model.reading import Claim


def recounted_interval(effect: Effect[int], level: float = FINDING_LEVEL, *, before: int, after: int) -> Interval:
    r"""Return the interval of an effect's log rate ratio with other counts of its zone.

    Parameters
    ----------
    effect : Effect
        Its ratio may be calibrated or have counting noise only.
    level : float
    before, after : int
        Rows to add to the zone's counts in the two windows; negative to leave rows out.

    Returns
    -------
    Interval
        NaN if the ratio is undefined, or if a count is or becomes 0.

    Notes
    -----
    With counts :math:`b, a` and rows :math:`\delta_b, \delta_a`, the interval moves by
    :math:`\log\frac{a + \delta_a}{a} - \log\frac{b + \delta_b}{b}`, and its half widths are multiplied by :math:`s' / s` with
    :math:`s'^2 = \max(s^2 + v' - v, v')`. Here s is the ratio's standard error, :math:`\phi` the dispersion, and
    :math:`v = \phi / a`, :math:`v' = \phi / (a + \delta_a)` the noise of the count after: fewer events make it wider. What the
    forecast learned at other places stays as it is.
    """
    ratio = effect.ratio
    counts = effect.before, effect.after, effect.before + before, effect.after + after
    interval = ratio.interval(level)
    if min(counts) <= 0 or not ratio.is_defined or not ratio.standard_error > 0:
        return Interval(math.nan, math.nan, interval.level)
    shift = math.log(counts[3] / counts[1]) - math.log(counts[2] / counts[0])
    noise, noise_then = effect.dispersion / counts[1], effect.dispersion / counts[3]
    variance = ratio.standard_error**2
    widening = math.sqrt(max(variance + noise_then - noise, noise_then) / variance)
    low, high = ((end - ratio.value) * widening + ratio.value + shift for end in (interval.low, interval.high))
    return Interval(low, high, interval.level)


def turns(effect: Effect[int], *, before: int, after: int) -> bool:
    """Return whether an effect's interval lies on another side of no change with other counts of its zone.

    Where no interval is possible with them, a finding turns and no finding does not.

    Parameters
    ----------
    effect : Effect
    before, after : int
        Rows to add to the zone's counts in the two windows; negative to leave rows out.
    """
    if not (before or after):
        return False
    return recounted_interval(effect, before=before, after=after).side != effect.ratio.interval().side


def broken_claims(effect: Effect[int], ways: Iterable[tuple[int, int]]) -> frozenset[Claim]:
    """Return what an effect's numbers support and would not support with other counts of its zone.

    Parameters
    ----------
    effect : Effect
    ways : iterable of (int, int)
        Rows to add to the zone's counts before and after; each is tried by itself. Where no interval is possible with
        them, nothing is supported.
    """
    broken = [
        lost_claims(effect, partial(recounted_interval, effect, before=before, after=after))
        for before, after in ways
        if before or after
    ]
    return frozenset().union(*broken)
