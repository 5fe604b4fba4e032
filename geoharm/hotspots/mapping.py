"""All that is shown of where one measure concentrates: its surfaces on one bandwidth, hotspots and how firm they are."""

from __future__ import annotations

from collections.abc import Mapping

from geoharm.hotspots.bandwidth import choose_bandwidth
from geoharm.hotspots.concentration import concentration, counts_inside
from geoharm.hotspots.contours import find_hotspots
from geoharm.hotspots.density import densities
from geoharm.hotspots.stability import under_bandwidths, with_stability
from geoharm.model import HotspotResult, HotspotSettings, Measure, Points, StudyArea, grid_over


def map_measure(
    measure: Measure,
    views: Mapping[tuple[str, str], tuple[Points, float]],
    whole: tuple[str, str],
    *,
    area: StudyArea,
    settings: HotspotSettings,
    location_error: float,
    seed: int,
) -> HotspotResult:
    """Return a measure's surfaces, hotspots, their stability, the variants under other bandwidths, the concentration.

    Parameters
    ----------
    measure : Measure
    views : mapping of (operation, view) to (Points, float)
        Events, and the length of their window in years.
    whole : (str, str)
        The view of the whole period: the bandwidth is chosen on it, and hotspots are drawn from it.
    area : StudyArea
    settings : HotspotSettings
    location_error : float
        Typical distance in metres between a published and a true place.
    seed : int
        Of the repetitions that stability is read from.
    """
    grid = grid_over(area.boundary, cell=settings.cell)
    points, _ = views[whole]
    bandwidth = choose_bandwidth(
        points, settings.bandwidth, kernel=settings.kernel, cell=settings.cell, location_error=location_error
    )
    surfaces = densities(
        views, grid, bandwidth=bandwidth.value, kernel=settings.kernel, within=area.boundary, edge=settings.edge
    )
    share, within = settings.share, area.boundary
    spread = concentration(counts_inside(points, grid, within))
    if points.total == 0:
        return HotspotResult(measure, surfaces, (), bandwidth, (), spread)
    found = find_hotspots(surfaces[whole], points, share=share)
    found = with_stability(found, surfaces[whole], points, share=share, within=within, seed=seed)
    variants = under_bandwidths(surfaces[whole], points, share=share, within=within)
    outlines = {
        view: find_hotspots(surfaces[view], some, share=share)
        for view, (some, _) in views.items()
        if view != whole and some.total
    }
    return HotspotResult(measure, surfaces, found, bandwidth, variants, spread, outlines)
