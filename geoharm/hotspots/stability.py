"""Does a hotspot hang on the choice of bandwidth, or on a few addresses? The same surface, drawn again and again."""

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
NARROWEST, WIDEST = 0.7, 1.4


def bandwidth_variants(
    surface: Surface, points: Points, *, share: float, within: BaseGeometry, factors: tuple[float, ...] = FACTORS
) -> tuple[BandwidthVariant, ...]:
    """Return the surface and its hotspots under other bandwidths, for a strip of pictures.

    Parameters
    ----------
    surface : Surface
        Of the chosen bandwidth; its grid, kernel, correction and window are kept.
    points : Points
        The events that made it.
    share : float
        Share of all density that the hotspots hold.
    within : shapely geometry
        The study area.
    factors : tuple of float
        Times the chosen bandwidth; a bandwidth below one cell is raised to one.

    Returns
    -------
    tuple of BandwidthVariant
    """
    chosen = _hot_cells(surface, share)
    found = []
    for factor in factors:
        drawn = _draw(surface, points, max(surface.grid.cell, factor * surface.bandwidth), within, counted=True)
        hot = _hot_cells(drawn, share)
        kept = float((chosen & hot).sum() / chosen.sum()) if chosen.any() else math.nan
        spots = find_hotspots(drawn, points, share=share) if hot.any() else ()
        found.append(BandwidthVariant(factor, drawn, spots, kept))
    return tuple(found)


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
    """Return the hotspots, each with the share of repetitions in which it stays one.

    In each repetition the places are drawn anew with replacement, each with all its events (so a hotspot that hangs
    on one address shows it), and the bandwidth is drawn between 0.7 and 1.4 times the chosen one, evenly in its
    logarithm. A hotspot stays one if at least half of its cells reach the repetition's own percent-volume threshold.

    Parameters
    ----------
    hotspots : tuple of Hotspot
        Of `surface`, for `share`.
    surface, points, share, within
        As of `bandwidth_variants`.
    seed : int
    repetitions : int

    Raises
    ------
    DesignError
        If no repetition is asked for.
    """
    if repetitions < 1:
        msg = f"Stability needs at least one repetition; {repetitions} was given."
        raise DesignError(msg)
    rng = np.random.default_rng(seed)
    cells = [np.flatnonzero(cells_within(surface.grid, spot.geometry)) for spot in hotspots]
    stayed = np.zeros(len(hotspots))
    for _ in range(repetitions):
        factor = math.exp(rng.uniform(math.log(NARROWEST), math.log(WIDEST)))
        times = np.bincount(rng.integers(len(points), size=len(points)), minlength=len(points))
        drawn = times > 0
        again = Points(points.x[drawn], points.y[drawn], points.weight[drawn] * times[drawn])
        bandwidth = max(surface.grid.cell, factor * surface.bandwidth)
        hot = _hot_cells(_draw(surface, again, bandwidth, within, counted=False), share).ravel()
        stayed += [hot[own].mean() >= 0.5 for own in cells]
    return tuple(
        replace(spot, stability=float(count / repetitions)) for spot, count in zip(hotspots, stayed, strict=True)
    )


def _draw(surface: Surface, points: Points, bandwidth: float, within: BaseGeometry, *, counted: bool) -> Surface:
    return density(
        points, surface.grid, bandwidth=bandwidth, years=surface.years, kernel=surface.kernel, within=within,
        edge=surface.edge, counted=counted,
    )  # fmt: skip


def _hot_cells(surface: Surface, share: float) -> NDArray[np.bool_]:
    if not (surface.values > 0).any():
        return np.zeros(surface.grid.shape, dtype=np.bool_)
    return np.asarray(np.nan_to_num(surface.values, nan=-1.0) >= percent_volume_threshold(surface.values, share))
