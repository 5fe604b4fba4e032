"""One question over several measures, rings or windows: their mean, with the dependence seen where nothing was done."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from geoharm.errors import DesignError
from geoharm.evaluation.placebo.calibrated_ratio import (
    LEVELS,
    PlaceboData,
    calibrated_ratio,
    fit_forecast_and_pool,
    undefined_calibrated_ratio,
)
from geoharm.model.counts import ZoneCounts
from geoharm.model.design import ALL_RINGS, Design
from geoharm.model.estimate import Estimate, Interval, undefined
from geoharm.model.geometry import ZoneRole
from geoharm.model.period import Window

REFERENCE = "https://doi.org/10.1002/sim.3095"
NAME = "pooled log rate ratio"
MIN_SHARED = 20  # places at which two parts were both forecast, to learn how they go together
_POWER = 0.8
_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class ComponentEffect:
    """One part of a question with what is needed to pool it.

    Attributes
    ----------
    ratio : Estimate
        Calibrated; undefined, with the reason, where no 95% interval is possible.
    freedom : float
        Degrees of freedom of its interval.
    misses : mapping of (row, column) to float
        By how much the forecast missed at each placebo place, on its own stabilised scale.
    """

    ratio: Estimate
    freedom: float = math.nan
    misses: Mapping[tuple[int, int], float] | None = None


def with_single_ring(design: Design, number: int) -> Design:
    """Return the design with one of its rings (from 1, inside out) in place of all.

    Raises
    ------
    DesignError
        If there is no such ring.
    """
    rings = design.of_role(ZoneRole.RING)
    if not 1 <= number <= len(rings):
        known = f"{len(rings)} ring{'s' * (len(rings) != 1)}"
        msg = f'ring {number} is asked for, and "{design.operation.name}" has {known}'
        raise DesignError(msg)
    kept = rings[number - 1]
    return replace(design, zones=tuple(zone for zone in design.zones if zone.role is not ZoneRole.RING or zone is kept))


def component_effect(
    data: PlaceboData, counts: ZoneCounts, design: Design, *, zone: str, after: Window, count: int
) -> ComponentEffect:
    """Return the calibrated ratio of a zone in a window, with its misses at the placebo places.

    Parameters
    ----------
    data : PlaceboData
    counts : ZoneCounts
    design : Design
    zone : str
        "target", "all rings" or "target and rings".
    after : Window
        One of `data`'s.
    count : int
        The zone's own count in it.
    """
    found, _, reason, places = fit_forecast_and_pool(data, counts, design, zone=zone, after=after)
    if found is None or reason:
        return ComponentEffect(undefined_calibrated_ratio(reason))
    keys = zip(data.places.row[places].tolist(), data.places.column[places].tolist(), strict=True)
    return ComponentEffect(calibrated_ratio(found, count), found.freedom, dict(zip(keys, found.misses, strict=True)))


def component_correlation(parts: Sequence[ComponentEffect]) -> tuple[NDArray[np.float64], int]:
    """Return how the misses of the parts go together, and at how many places that was learned at least.

    Two parts with fewer than 20 places in common count as one and the same (correlation 1): nothing is gained from
    what is not known. Below zero counts as zero, so that no chance opposition narrows an interval.

    Returns
    -------
    correlation : ndarray, shape (k, k)
    places : int
        The fewest over all pairs that were learned; 0 if none was.
    """
    size = len(parts)
    table, fewest = np.eye(size), []
    for one in range(size):
        for two in range(one):
            mine, other = parts[one].misses or {}, parts[two].misses or {}
            shared = sorted(mine.keys() & other.keys())
            pair = np.array([[side[key] for key in shared] for side in (mine, other)])
            if len(shared) < MIN_SHARED or (pair**2).sum(axis=1).min() == 0:
                table[one, two] = table[two, one] = 1.0
                continue
            fewest.append(len(shared))
            # About zero, as the spread of the forecasts is: a miss that all places share is a miss too.
            found = float(pair[0] @ pair[1] / math.sqrt(float(pair[0] @ pair[0]) * float(pair[1] @ pair[1])))
            table[one, two] = table[two, one] = min(max(found, 0.0), 1.0)
    return table, min(fewest, default=0)


def pool_components(parts: Sequence[ComponentEffect]) -> tuple[Estimate, float, str]:
    r"""Return the mean of the defined parts, the smallest common fall it would find, and where dependence came from.

    Parameters
    ----------
    parts : sequence of ComponentEffect

    Returns
    -------
    pooled : Estimate
        Of log rate ratios; negative means fewer than expected. Undefined, with the reason, below two defined parts.
    detectable_fall : float
    note : str

    Notes
    -----
    Every part counts the same. Weights that would make the error smallest are themselves learned at few places, and
    intervals then hold less than they say (with four parts and 15 places, 88 to 90 of 100 instead of 95); so do
    weights by each part's own error, a little. With w = 1/k, :math:`\theta_i` the values, :math:`l_i, u_i` their own
    ends and r the correlation of their misses at placebo places,

    .. math:: L = \sum w\theta_i - \sqrt{\sum_{ij} w^2 r_{ij} (\theta_i - l_i)(\theta_j - l_j)}

    and U likewise: the ends of the parts, uneven as they are, are carried over (MOVER). A part pooled with itself has
    r = 1 and keeps its own interval. The standard error is :math:`\sqrt{w'DRDw}`; the smallest fall takes the fewest
    degrees of freedom of the parts.

    References
    ----------
    G. Y. Zou, A. Donner (2008), Construction of confidence limits about effect measures: a general approach,
    Statistics in Medicine 27:1693-1702, https://doi.org/10.1002/sim.3095
    """
    kept = [part for part in parts if part.ratio.is_defined]
    if len(kept) < 2:
        why = f"no pooled answer: {len(kept) or 'no'} part{'s' * (len(kept) != 1)} of {len(parts)} can be answered, and two are needed"
        return undefined(NAME, unit="log ratio", reference=REFERENCE, note=why), math.nan, ""
    correlation, places = component_correlation(kept)
    values = np.array([part.ratio.value for part in kept])
    weights = np.full(len(kept), 1 / len(kept))
    errors = weights * np.array([part.ratio.standard_error for part in kept])
    error = math.sqrt(float(errors @ correlation @ errors))
    mean = float(weights @ values)
    spans = []
    for level in LEVELS:
        ends = [part.ratio.interval(level) for part in kept]
        below = weights * (values - np.array([end.low for end in ends]))
        above = weights * (np.array([end.high for end in ends]) - values)
        reach = [math.sqrt(float(side @ correlation @ side)) for side in (below, above)]
        spans.append(Interval(mean - reach[0], mean + reach[1], level))
    freedom = min(part.freedom for part in kept)
    p = 2 * float(student.sf(abs(mean) / error, freedom))
    note = (
        f"dependence learned from the forecasts' misses at {places:,} or more places without an operation"
        if places
        else "too few places in common to learn how the parts go together: taken as one and the same, so nothing is gained"
    )
    pooled = Estimate(NAME, mean, error, "log ratio", REFERENCE, note, calibrated=True, intervals=tuple(spans), p=p)
    reach_sum = float(student.ppf(0.5 + _LEVEL / 2, freedom) + student.ppf(_POWER, freedom))
    return pooled, -math.expm1(-reach_sum * error), note


def component_roles(zone: str) -> tuple[ZoneRole, ...]:
    """Return which zones of a design a zone of a question is made of."""
    if zone == "target":
        return (ZoneRole.TARGET,)
    return (ZoneRole.RING,) if zone == ALL_RINGS else (ZoneRole.TARGET, ZoneRole.RING)
