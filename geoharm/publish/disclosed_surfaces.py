"""Disclosure of surfaces and hotspots: pictures in classes, nothing where few events or few places lie."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from geoharm.model import Concentration, Hotspot, HotspotResult, StudyArea, Surface, Variant
from geoharm.publish.classes import class_breaks, classed_image
from geoharm.publish.shown import ShownHotspots, ShownVariant


def disclose_hotspots(result: HotspotResult, area: StudyArea, k: int) -> ShownHotspots:
    """Return what may be published of one measure's surfaces and hotspots under a threshold; 1 withholds nothing."""
    allowed = {name: _supported(surface, k) for name, surface in result.views.items()}
    highest = max((float(values.max()) for values in allowed.values()), default=0.0)
    breaks = class_breaks(highest)
    first = next(iter(result.views.values()))
    drawn = _drawn(result.hotspots, k)

    def shown(variant: Variant) -> ShownVariant:
        image = classed_image(variant.surface, _supported(variant.surface, k), breaks, area)
        count = len(_drawn(variant.hotspots, k))
        return ShownVariant(variant.factor, variant.surface.bandwidth, image, count, round(variant.kept, 2))

    return ShownHotspots(
        measure=result.measure,
        views={name: classed_image(surface, allowed[name], breaks, area) for name, surface in result.views.items()},
        breaks=breaks,
        hotspots=tuple(_coarse(spot, k) for spot in drawn),
        kernel=first.kernel,
        edge=first.edge,
        bandwidth=result.bandwidth,
        cell=first.grid.cell,
        events={name: _rounded(surface.events, k) for name, surface in result.views.items()},
        hidden=len(result.hotspots) - len(drawn),
        variants=tuple(shown(variant) for variant in result.variants),
        concentration=_disclose_concentration(result.concentration, k),
        exact=dict(result.views) if k == 1 else {},
    )


def _drawn(hotspots: tuple[Hotspot, ...], k: int) -> tuple[Hotspot, ...]:
    return tuple(spot for spot in hotspots if min(spot.events, spot.places) >= k)


def _coarse(spot: Hotspot, k: int) -> Hotspot:
    """Return a hotspot whose share and density do not give the exact total back, which is shown to the nearest ten."""
    return spot if k == 1 else replace(spot, share=round(spot.share, 2), density=float(round(spot.density)))


def _disclose_concentration(found: Concentration, k: int) -> Concentration:
    """Return the table without lines that fewer than k cells make, which would tell a cell's count.

    Both Gini coefficients together would give the exact total back, so they are rounded.
    """
    if k == 1:
        return found
    if found.events < k:
        return replace(found, events=0.0, needed=(), gini=np.nan, adjusted_gini=np.nan, note="too few located events")
    return replace(
        found,
        events=float(tens(found.events)),
        needed=tuple((share, cells) for share, cells in found.needed if cells >= k),
        gini=round(found.gini, 2),
        adjusted_gini=round(found.adjusted_gini, 2),
    )


def _rounded(events: float, k: int) -> str:
    """Return a city total to the nearest ten, or as it is in an internal release."""
    return f"{round(events):,}" if k == 1 else f"about {tens(events):,}"


def tens(value: float) -> int:
    """Return a count to the nearest ten."""
    return round(value / 10) * 10


def _supported(surface: Surface, k: int) -> NDArray[np.float64]:
    enough = (surface.support >= k) & (surface.places >= k)
    return np.where(enough, np.nan_to_num(surface.values, nan=0.0), 0.0)
