"""All that is shown of where one measure concentrates: its surfaces on one bandwidth, hotspots and how firm they are."""

from __future__ import annotations

from collections.abc import Mapping

from geoharm.hotspots.concentration import cell_counts_inside, concentration
from geoharm.hotspots.contours import find_hotspots
from geoharm.hotspots.density.bandwidth import choose_bandwidth
from geoharm.hotspots.density.bounded_weights import bounded_weights
from geoharm.hotspots.density.intensity import densities
from geoharm.hotspots.results.maps import HotspotResult
from geoharm.hotspots.results.surface import Surface
from geoharm.hotspots.stability import bandwidth_variants, with_stability
from geoharm.model.geometry import StudyArea
from geoharm.model.grid import grid_over
from geoharm.model.measure import Measure
from geoharm.model.points import Points
from geoharm.model.study import HotspotSettings


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
        Whether weights are bounded by those around them, so that no single one can be read; see `bounded_weights`.
    """
    grid = grid_over(area.boundary, cell=settings.cell)
    points, _ = views[whole]
    bandwidth = choose_bandwidth(
        points.counted, settings.bandwidth, kernel=settings.kernel, cell=settings.cell, location_error=location_error
    )
    if shared:
        views = {
            view: (bounded_weights(some, kernel=settings.kernel, bandwidth=bandwidth.value), years)
            for view, (some, years) in views.items()
        }
        points, _ = views[whole]
    surfaces = densities(
        views, grid, bandwidth=bandwidth.value, kernel=settings.kernel, within=area.boundary, edge=settings.edge,
    )  # fmt: skip
    share, within = settings.share, area.boundary
    spread = concentration(cell_counts_inside(points.counted, grid, within))
    if not _holds(surfaces[whole]):
        return HotspotResult(measure, surfaces, (), bandwidth, (), spread, shared=shared)
    found = find_hotspots(surfaces[whole], points, share=share)
    found = with_stability(found, surfaces[whole], points, share=share, within=within, seed=seed)
    variants = bandwidth_variants(surfaces[whole], points, share=share, within=within)
    outlines = {
        view: find_hotspots(surfaces[view], some, share=share)
        for view, (some, _) in views.items()
        if view != whole and _holds(surfaces[view])
    }
    return HotspotResult(measure, surfaces, found, bandwidth, variants, spread, outlines, shared)


def _holds(surface: Surface) -> bool:
    """Return whether there is any density to draw contours of."""
    return bool((surface.values > 0).any())
