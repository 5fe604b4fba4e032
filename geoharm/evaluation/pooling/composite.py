"""Composite outcomes: the mean effect over several measures, rings or windows, with their dependence."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geoharm.errors import DesignError
from geoharm.evaluation.placebo.calibrated_ratio import (
    PlaceboData,
    calibrated_ratio,
    fit_forecast_and_pool,
    undefined_calibrated_ratio,
    why_only_probable,
)
from geoharm.evaluation.pooling.carried_ends import REFERENCE, carried_mean
from geoharm.model.counts import ZoneCounts
from geoharm.model.design import ALL_RINGS, Design
from geoharm.model.estimate import Estimate, undefined
from geoharm.model.geometry import ZoneRole
from geoharm.model.period import Window
from geoharm.model.reason import Reason
from geoharm.model.spread import ForecastSpread, PooledSpread
from geoharm.stats.distributions import t_survival

NAME = "pooled log rate ratio"
MIN_SHARED_PLACES = (
    20  # smallest number of common placebo places from which the correlation of two components is learned
)


@dataclass(frozen=True, slots=True)
class ComponentEffect:
    """Effect of one component of a composite outcome, with the data needed to pool it.

    Attributes
    ----------
    ratio : Estimate
        Calibrated log rate ratio; undefined, with the reason, if no 95% interval is possible.
    spread : ForecastSpread or None
        The forecast behind it; None if the ratio is undefined.
    forecast_errors : mapping of (row, column) to float
        Forecast error at each placebo place, on the component's own stabilised scale.
    probably_at_most : bool
        Whether its placebo places allow no finding (`why_only_probable`).
    """

    ratio: Estimate
    spread: ForecastSpread | None = None
    forecast_errors: Mapping[tuple[int, int], float] | None = None
    probably_at_most: bool = False


def with_single_ring(design: Design, number: int) -> Design:
    """Return the design with only one of its rings, counted from 1 at the inside.

    Raises
    ------
    DesignError
        If there is no such ring.
    """
    rings = design.of_role(ZoneRole.RING)
    if not 1 <= number <= len(rings):
        known = f"{len(rings)} ring{'s' * (len(rings) != 1)}"
        msg = f'ring {number} was named, but "{design.operation.name}" has {known}'
        raise DesignError(msg)
    kept = rings[number - 1]
    return replace(design, zones=tuple(zone for zone in design.zones if zone.role is not ZoneRole.RING or zone is kept))


def component_effect(
    data: PlaceboData, counts: ZoneCounts, design: Design, *, zone: str, after: Window, count: int
) -> ComponentEffect:
    """Return the calibrated ratio of a zone in a window, with the forecast errors at the placebo places.

    Parameters
    ----------
    data : PlaceboData
    counts : ZoneCounts
    design : Design
    zone : str
        "target", "all rings" or "target and rings".
    after : Window
        One of the windows of `data`.
    count : int
        The zone's own count in this window.
    """
    forecast, _, reason, places = fit_forecast_and_pool(data, counts, design, zone=zone, after=after)
    if forecast is None or reason:
        return ComponentEffect(undefined_calibrated_ratio(reason))
    cells = zip(data.places.row[places].tolist(), data.places.column[places].tolist(), strict=True)
    return ComponentEffect(
        calibrated_ratio(forecast, count),
        forecast.spread,
        dict(zip(cells, forecast.forecast_errors, strict=True)),
        bool(why_only_probable(forecast)),
    )


def component_correlation(parts: Sequence[ComponentEffect]) -> tuple[NDArray[np.float64], int]:
    """Return the correlation of the components' forecast errors, and the smallest number of places it is based on.

    Two components with fewer than 20 places in common get correlation 1, so that pooling them does not narrow the
    interval. A negative correlation is set to 0, because it may be chance and would narrow the interval.

    Returns
    -------
    correlation : ndarray, shape (k, k)
    places : int
        The smallest number of common places over all estimated pairs; 0 if no pair was estimated.
    """
    size = len(parts)
    table, pair_sizes = np.eye(size), []
    for row in range(size):
        for column in range(row):
            row_misses, column_misses = parts[row].forecast_errors or {}, parts[column].forecast_errors or {}
            shared = sorted(row_misses.keys() & column_misses.keys())
            pair = np.array([[misses[cell] for cell in shared] for misses in (row_misses, column_misses)])
            if len(shared) < MIN_SHARED_PLACES or (pair**2).sum(axis=1).min() == 0:
                table[row, column] = table[column, row] = 1.0
                continue
            pair_sizes.append(len(shared))
            # Computed around zero, like the spread of the forecasts: an error that all places share is an error too.
            correlation = float(pair[0] @ pair[1] / math.sqrt(float(pair[0] @ pair[0]) * float(pair[1] @ pair[1])))
            table[row, column] = table[column, row] = min(max(correlation, 0.0), 1.0)
    return table, min(pair_sizes, default=0)


def pool_components(parts: Sequence[ComponentEffect]) -> tuple[Estimate, PooledSpread | None, str]:
    r"""Return the mean of the defined components, the forecasts behind it, and a note on the dependence.

    Parameters
    ----------
    parts : sequence of ComponentEffect

    Returns
    -------
    pooled : Estimate
        Mean of the log rate ratios; negative means fewer events than expected. Undefined, with the reason, if fewer than
        two components are defined.
    spread : PooledSpread or None
        Of the defined components, with their correlation; None without a mean.
    note : str
        How the dependence between the components was estimated.

    Notes
    -----
    All components have equal weight. Weights that minimise the error would be estimated from few places, and the coverage
    of the intervals would then be too low (88 to 90% instead of 95% with four components and 15 places). Weights by each
    component's own error also lower the coverage a little. The ends of the components' intervals are carried over
    (`carried_mean`), with the correlation of their forecast errors at placebo places. The p-value uses the smallest
    degrees of freedom of the components.
    """
    defined = [part for part in parts if part.ratio.is_defined]
    if len(defined) < 2:
        reason = f"no pooled answer: {len(defined) or 'no'} part{'s' * (len(defined) != 1)} of {len(parts)} can be answered, and two are needed"
        return undefined(NAME, unit="log ratio", reference=REFERENCE, note=reason, reason=Reason.TOO_FEW), None, ""
    correlation, shared_places = component_correlation(defined)
    note = (
        f"dependence learned from the forecasts' errors at {shared_places:,} or more places without an operation"
        if shared_places
        else "too few places in common to learn how the parts depend on each other: taken as fully dependent, so pooling narrows nothing"
    )
    pooled = carried_mean([part.ratio for part in defined], correlation, name=NAME, note=note)
    spread = PooledSpread(
        tuple(part.spread for part in defined if part.spread is not None),
        tuple(tuple(row) for row in correlation.tolist()),
    )
    freedom, error = min(part.degrees_of_freedom for part in spread.parts), pooled.standard_error
    pooled = replace(pooled, p=2 * float(t_survival(abs(pooled.value) / error, freedom)))
    return pooled, spread, note


def component_roles(zone: str) -> tuple[ZoneRole, ...]:
    """Return the roles of the design's zones that make up a component's zone."""
    if zone == "target":
        return (ZoneRole.TARGET,)
    return (ZoneRole.RING,) if zone == ALL_RINGS else (ZoneRole.TARGET, ZoneRole.RING)
