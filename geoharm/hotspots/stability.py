"""Stability of hotspots: whether they depend on the bandwidth or on a few places, by repeated resampling."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoharm.errors import DesignError
from geoharm.geo.cells import cells_within
from geoharm.hotspots.contours import find_hotspots, percent_volume_threshold
from geoharm.hotspots.density.intensity import density
from geoharm.hotspots.results.surface import BandwidthVariant, Surface
from geoharm.model.hotspot import Hotspot
from geoharm.model.points import Points

FACTORS = (0.5, 1.0, 2.0)
MIN_FACTOR, MAX_FACTOR = 0.7, 1.4


def bandwidth_variants(
    surface: Surface, points: Points, *, share: float, within: BaseGeometry, factors: tuple[float, ...] = FACTORS
) -> tuple[BandwidthVariant, ...]:
    """Return the surface and its hotspots under several bandwidths.

    Parameters
    ----------
    surface : Surface
        With the chosen bandwidth; its grid, kernel, edge correction and window are used for all bandwidths.
    points : Points
        The events from which it was computed.
    share : float
        Share of the total density in the hotspots.
    within : shapely geometry
        The study area.
    factors : tuple of float
        Multiples of the chosen bandwidth; a bandwidth below the size of a cell is raised to it.

    Returns
    -------
    tuple of BandwidthVariant
    """
    chosen_cells = _hot_cells(surface, share)
    variants = []
    for factor in factors:
        variant_surface = _redraw(
            surface, points, max(surface.grid.cell, factor * surface.bandwidth), within, counted=True
        )
        hot_cells = _hot_cells(variant_surface, share)
        kept_share = float((chosen_cells & hot_cells).sum() / chosen_cells.sum()) if chosen_cells.any() else math.nan
        hotspots = find_hotspots(variant_surface, points, share=share) if hot_cells.any() else ()
        variants.append(BandwidthVariant(factor, variant_surface, hotspots, kept_share))
    return tuple(variants)


def with_stability(
    hotspots: tuple[Hotspot, ...],
    surface: Surface,
    points: Points,
    *,
    share: float,
    within: BaseGeometry,
    seed: int,
    repetitions: int = 99,
) -> tuple[Hotspot, ...]:
    """Return the hotspots with their stability: the share of repetitions in which each is still a hotspot.

    Each repetition does the following.

    1. Places are drawn with replacement, each with all its events. So a hotspot that depends on one address has a low
       stability.
    2. The bandwidth is drawn between 0.7 and 1.4 times the chosen one, uniformly in its logarithm.
    3. The percent-volume threshold is computed again. An area is still a hotspot if at least half of its cells reach
       this threshold.

    Parameters
    ----------
    hotspots : tuple of Hotspot
        Of `surface`, for `share`.
    surface, points, share, within
        As in `bandwidth_variants`.
    seed : int
        Of the random draws.
    repetitions : int
        Number of repetitions, at least 1.

    Raises
    ------
    DesignError
        If `repetitions` is below 1.
    """
    if repetitions < 1:
        msg = f"Stability needs at least one repetition; {repetitions} was given."
        raise DesignError(msg)
    rng, points = np.random.default_rng(seed), points.merged()
    cells_of_hotspot = [np.flatnonzero(cells_within(surface.grid, hotspot.geometry)) for hotspot in hotspots]
    stable_count = np.zeros(len(hotspots))
    for _ in range(repetitions):
        factor = math.exp(rng.uniform(math.log(MIN_FACTOR), math.log(MAX_FACTOR)))
        draws_of_place = np.bincount(rng.integers(len(points), size=len(points)), minlength=len(points))
        is_drawn = draws_of_place > 0
        resampled = Points(points.x[is_drawn], points.y[is_drawn], points.weight[is_drawn] * draws_of_place[is_drawn])
        bandwidth = max(surface.grid.cell, factor * surface.bandwidth)
        hot_cells = _hot_cells(_redraw(surface, resampled, bandwidth, within, counted=False), share).ravel()
        stable_count += [hot_cells[cells].mean() >= 0.5 for cells in cells_of_hotspot]
    return tuple(
        replace(hotspot, stability=float(count / repetitions))
        for hotspot, count in zip(hotspots, stable_count, strict=True)
    )


def _redraw(surface: Surface, points: Points, bandwidth: float, within: BaseGeometry, *, counted: bool) -> Surface:
    return density(
        points, surface.grid, bandwidth=bandwidth, years=surface.years, kernel=surface.kernel, within=within,
        edge=surface.edge, with_support=counted,
    )  # fmt: skip


def _hot_cells(surface: Surface, share: float) -> NDArray[np.bool_]:
    if not (surface.values > 0).any():
        return np.zeros(surface.grid.shape, dtype=np.bool_)
    return np.asarray(np.nan_to_num(surface.values, nan=-1.0) >= percent_volume_threshold(surface.values, share))
