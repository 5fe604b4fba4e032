"""All that is shown of where one measure concentrates: its surfaces on one bandwidth, hotspots and how firm they are."""

from __future__ import annotations

from collections.abc import Mapping

from geoharm.hotspots.bandwidth import choose_bandwidth
from geoharm.hotspots.concentration import concentration, counts_inside
from geoharm.hotspots.contours import find_hotspots
from geoharm.hotspots.density import densities
from geoharm.hotspots.shared import shared_weights
from geoharm.hotspots.stability import under_bandwidths, with_stability
from geoharm.model import HotspotResult, HotspotSettings, Measure, Points, StudyArea, Surface, grid_over


def map_measure(
    measure: Measure,
    views: Mapping[tuple[str, str], tuple[Points, float]],
    whole: tuple[str, str],
    *,
    area: StudyArea,
    settings: HotspotSettings,
    location_error: float,
    seed: int,
    shared: bool = False,
) -> HotspotResult:
    """Return a measure's surfaces, hotspots, their stability, the variants under other bandwidths, the concentration.

    Parameters
    ----------
    measure : Measure
    views : mapping of (operation, view) to (Points, float)
        Events, and the length of their window in years. Surfaces and contours are made of their weights; the bandwidth,
        the counts in hotspots and the concentration of the events.
    whole : (str, str)
        The view of the whole period: the bandwidth is chosen on it, and hotspots are drawn from it.
    area : StudyArea
    settings : HotspotSettings
    location_error : float
        Typical distance in metres between a published and a true place.
    seed : int
        Of the repetitions that stability is read from.
    shared : bool
        Whether weights are bounded by those around them, so that no single one can be read; see `shared_weights`.
    """
    grid = grid_over(area.boundary, cell=settings.cell)
    points, _ = views[whole]
    bandwidth = choose_bandwidth(
        points.counted, settings.bandwidth, kernel=settings.kernel, cell=settings.cell, location_error=location_error
    )
    if shared:
        views = {
            view: (shared_weights(some, kernel=settings.kernel, bandwidth=bandwidth.value), years)
            for view, (some, years) in views.items()
        }
        points, _ = views[whole]
    surfaces = densities(
        views, grid, bandwidth=bandwidth.value, kernel=settings.kernel, within=area.boundary, edge=settings.edge,
    )  # fmt: skip
    share, within = settings.share, area.boundary
    spread = concentration(counts_inside(points.counted, grid, within))
    if not _holds(surfaces[whole]):
        return HotspotResult(measure, surfaces, (), bandwidth, (), spread, shared=shared)
    found = find_hotspots(surfaces[whole], points, share=share)
    found = with_stability(found, surfaces[whole], points, share=share, within=within, seed=seed)
    variants = under_bandwidths(surfaces[whole], points, share=share, within=within)
    outlines = {
        view: find_hotspots(surfaces[view], some, share=share)
        for view, (some, _) in views.items()
        if view != whole and _holds(surfaces[view])
    }
    return HotspotResult(measure, surfaces, found, bandwidth, variants, spread, outlines, shared)


def _holds(surface: Surface) -> bool:
    """Return whether there is any density to draw contours of."""
    return bool((surface.values > 0).any())
