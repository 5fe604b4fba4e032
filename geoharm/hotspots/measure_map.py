"""Hotspot map of one measure: surfaces with one bandwidth, hotspots, their stability, and the concentration."""

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
    bound_weights: bool = False,
) -> HotspotResult:
    """Return the surfaces and hotspots of a measure, with stability, other bandwidths and concentration.

    Parameters
    ----------
    measure : Measure
        What is counted.
    views : mapping of (operation, view) to (Points, float)
        Events, and the length of their window in years. Surfaces and contours are computed from the weights of the
        events; bandwidth, counts in hotspots and concentration from the number of events.
    whole : (str, str)
        Key of the view of the whole period. The bandwidth is chosen from it, and the hotspots are drawn from it.
    area : StudyArea
        The study area.
    settings : HotspotSettings
        Cell size, bandwidth, kernel, edge correction and share.
    location_error : float
        Typical distance in metres between a published location and the true location.
    seed : int
        Of the random repetitions for stability.
    bound_weights : bool
        Whether each weight is limited by the weights around it, so that no single weight can be read from the map; see
        `bounded_weights`.

    Returns
    -------
    HotspotResult
        Without hotspots if no density is above 0.
    """
    grid = grid_over(area.boundary, cell=settings.cell)
    points, _ = views[whole]
    bandwidth = choose_bandwidth(
        points.with_event_weights,
        settings.bandwidth,
        kernel=settings.kernel,
        cell=settings.cell,
        location_error=location_error,
    )
    if bound_weights:
        views = {
            view: (bounded_weights(view_points, kernel=settings.kernel, bandwidth=bandwidth.value), years)
            for view, (view_points, years) in views.items()
        }
        points, _ = views[whole]
    surfaces = densities(
        views, grid, bandwidth=bandwidth.value, kernel=settings.kernel, within=area.boundary, edge=settings.edge,
    )  # fmt: skip
    share, within = settings.share, area.boundary
    concentration_table = concentration(cell_counts_inside(points.with_event_weights, grid, within))
    if not _has_density(surfaces[whole]):
        return HotspotResult(measure, surfaces, (), bandwidth, (), concentration_table, weights_bounded=bound_weights)
    hotspots = find_hotspots(surfaces[whole], points, share=share)
    hotspots = with_stability(hotspots, surfaces[whole], points, share=share, within=within, seed=seed)
    variants = bandwidth_variants(surfaces[whole], points, share=share, within=within)
    outlines = {
        view: find_hotspots(surfaces[view], view_points, share=share)
        for view, (view_points, _) in views.items()
        if view != whole and _has_density(surfaces[view])
    }
    return HotspotResult(measure, surfaces, hotspots, bandwidth, variants, concentration_table, outlines, bound_weights)


def _has_density(surface: Surface) -> bool:
    """Return whether any density of a surface is above 0."""
    return bool((surface.values > 0).any())
