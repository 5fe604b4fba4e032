"""Disclosure control of surfaces and hotspots: images in classes, and nothing from few events or few places."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from geoharm.disclosure.classed_images import class_breaks, classed_image
from geoharm.disclosure.released import ClassedImage, ReleasedHotspots, ReleasedVariant
from geoharm.disclosure.suppression import round_to_ten
from geoharm.errors import DesignError
from geoharm.hotspots.results.maps import HotspotResult
from geoharm.hotspots.results.surface import BandwidthVariant, Concentration, Surface
from geoharm.model.geometry import StudyArea
from geoharm.model.hotspot import Hotspot
from geoharm.model.reason import Reason, Withheld

# Distance between the nodes of a public image, as a share of the bandwidth. With a finer step the least-squares attack
# of tests/disclosure/test_attacks.py locates events better than blind guesses.
COARSE = 1 / 3
_MAIN_VIEWS = ("whole period", "before", "after")
# Radius of the quartic kernel that smooths as much as a Gaussian kernel with a standard deviation of 1.
_QUARTIC_RADIUS = 7**0.5


def protect_hotspots(
    result: HotspotResult, area: StudyArea, k: int, *, coarse_views: Collection[str] = ()
) -> ReleasedHotspots:
    """Return one measure's surfaces and hotspots as they may be released.

    Parameters
    ----------
    result : HotspotResult
    area : StudyArea
    k : int
        Threshold of the disclosure rule; 1 suppresses nothing.
    coarse_views : collection of str
        Names of the comparisons whose windows are drawn coarser, as phases are.

    Raises
    ------
    DesignError
        If a public release would show surfaces with weights that one event can dominate.
    """
    if k > 1 and result.measure.weight and not result.weights_bounded:
        msg = (
            f'The surfaces of "{result.measure.name}" are weighted, and one event can outweigh all events around it; a public '
            "release needs weights that are limited by the events around them."
        )
        raise DesignError(msg)
    densities = {view_key: _releasable_density(surface, k) for view_key, surface in result.views.items()}
    highest = max((float(values.max()) for values in densities.values()), default=0.0)
    breaks = class_breaks(highest)
    first_surface = next(iter(result.views.values()))
    released_hotspots = _enough_support(result.hotspots, k)
    node_spacing = (
        0.0
        if k == 1
        else COARSE * first_surface.bandwidth * (_QUARTIC_RADIUS if first_surface.kernel == "gaussian" else 1)
    )

    def view_image(view_key: tuple[str, str]) -> ClassedImage:
        # Views that overlap in time together reveal more about each event, so the phases are drawn coarser.
        is_main = view_key[1] in _MAIN_VIEWS and view_key[0] not in coarse_views
        spacing = node_spacing if is_main else 2 * node_spacing
        pixel = 0.0 if is_main else 2 * first_surface.grid.cell
        return classed_image(result.views[view_key], densities[view_key], breaks, area, coarse=spacing, pixel=pixel)

    def released_variant(variant: BandwidthVariant) -> ReleasedVariant:
        # Several bandwidths together reveal more about each event than one, so all but the chosen one are drawn coarser.
        spacing = node_spacing if variant.factor == 1 else 2 * node_spacing
        image = classed_image(variant.surface, _releasable_density(variant.surface, k), breaks, area, coarse=spacing)
        hotspot_count = len(_enough_support(variant.hotspots, k))
        return ReleasedVariant(
            variant.factor, variant.surface.bandwidth, image, hotspot_count, round(variant.overlap_share, 2)
        )

    return ReleasedHotspots(
        measure=result.measure,
        views={view_key: view_image(view_key) for view_key in result.views},
        breaks=breaks,
        hotspots=tuple(_coarse_hotspot(hotspot, k) for hotspot in released_hotspots),
        kernel=first_surface.kernel,
        edge=first_surface.edge,
        bandwidth=result.bandwidth,
        cell=first_surface.grid.cell,
        events={view_key: _city_total(surface.events, k) for view_key, surface in result.views.items()},
        hidden=len(result.hotspots) - len(released_hotspots),
        variants=tuple(released_variant(variant) for variant in result.variants),
        concentration=_disclose_concentration(result.concentration, k),
        exact=dict(result.views) if k == 1 else {},
        outlines={
            view_key: tuple(_coarse_hotspot(hotspot, k) for hotspot in _enough_support(hotspots, k))
            for view_key, hotspots in result.outlines.items()
        },
    )


def _enough_support(hotspots: tuple[Hotspot, ...], k: int) -> tuple[Hotspot, ...]:
    return tuple(hotspot for hotspot in hotspots if min(hotspot.events, hotspot.places) >= k)


def _coarse_hotspot(hotspot: Hotspot, k: int) -> Hotspot:
    """Return a hotspot with its events rounded to the nearest ten, and with a rounded share and density.

    With an exact count, a zone inside the hotspot would give the count of the rest of the hotspot.
    """
    if k == 1:
        return hotspot
    events = max(round_to_ten(hotspot.events), 10)
    density = float(round(hotspot.density * events / hotspot.events))
    return replace(hotspot, events=events, share=round(hotspot.share, 2), density=density)


def _disclose_concentration(concentration: Concentration, k: int) -> Concentration:
    """Return the concentration table without lines made of fewer than k cells, which would reveal a cell's count.

    The two Gini coefficients together would give the exact total back, so they are rounded.
    """
    if k == 1:
        return concentration
    if concentration.events < k:
        return replace(
            concentration,
            events=0.0,
            places_needed=(),
            gini=np.nan,
            adjusted_gini=np.nan,
            note=Withheld(Reason.FEW_LOCATED, k),
        )
    return replace(
        concentration,
        events=float(round_to_ten(concentration.events)),
        places_needed=tuple((share, cells) for share, cells in concentration.places_needed if cells >= k),
        gini=round(concentration.gini, 2),
        adjusted_gini=round(concentration.adjusted_gini, 2),
    )


def _city_total(events: float, k: int) -> int:
    """Return a city total: rounded to the nearest ten, or exact in an internal release."""
    return round(events) if k == 1 else round_to_ten(events)


def _releasable_density(surface: Surface, k: int) -> NDArray[np.float64]:
    is_supported = (surface.support >= k) & (surface.places >= k)
    return np.where(is_supported, np.nan_to_num(surface.values, nan=0.0), 0.0)
