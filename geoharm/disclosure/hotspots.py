"""Disclosure of surfaces and hotspots: pictures in classes, nothing where few events or few places lie."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from geoharm.disclosure.classed_images import class_breaks, classed_image
from geoharm.disclosure.released import ClassedImage, ReleasedHotspots, ReleasedVariant
from geoharm.errors import DesignError
from geoharm.hotspots.results.maps import HotspotResult
from geoharm.hotspots.results.surface import BandwidthVariant, Concentration, Surface
from geoharm.model.geometry import StudyArea
from geoharm.model.hotspot import Hotspot

# A public picture takes its class once in so much of the bandwidth: with finer steps the least-squares attack of
# tests/publish/test_attacks.py places events better than blind guesses.
COARSE = 1 / 3
_MAIN = ("whole period", "before", "after")
# The radius of a quartic kernel that smooths as a Gaussian one of that standard deviation does.
_SPREAD = 7**0.5


def protect_hotspots(result: HotspotResult, area: StudyArea, k: int) -> ReleasedHotspots:
    """Return what may be published of one measure's surfaces and hotspots under a threshold; 1 withholds nothing."""
    if k > 1 and result.measure.weight and not result.shared:
        msg = (
            f'The surfaces of "{result.measure.name}" are weighed, and one event can outweigh all others around it; a public '
            "release needs weights that are bounded by those around them (shared)."
        )
        raise DesignError(msg)
    allowed = {name: _supported(surface, k) for name, surface in result.views.items()}
    highest = max((float(values.max()) for values in allowed.values()), default=0.0)
    breaks = class_breaks(highest)
    first = next(iter(result.views.values()))
    drawn = _drawn(result.hotspots, k)
    coarse = 0.0 if k == 1 else COARSE * first.bandwidth * (_SPREAD if first.kernel == "gaussian" else 1)

    def picture(name: tuple[str, str]) -> ClassedImage:
        # What overlaps in time tells more of each event together: the parts of the time after are coarser too.
        step = coarse if name[1] in _MAIN else 2 * coarse
        pixel = 0.0 if name[1] in _MAIN else 2 * first.grid.cell
        return classed_image(result.views[name], allowed[name], breaks, area, coarse=step, pixel=pixel)

    def shown(variant: BandwidthVariant) -> ReleasedVariant:
        # Several bandwidths together tell more of each event than one: those beside the chosen one are coarser still.
        wide = coarse if variant.factor == 1 else 2 * coarse
        image = classed_image(variant.surface, _supported(variant.surface, k), breaks, area, coarse=wide)
        count = len(_drawn(variant.hotspots, k))
        return ReleasedVariant(variant.factor, variant.surface.bandwidth, image, count, round(variant.kept, 2))

    return ReleasedHotspots(
        measure=result.measure,
        views={name: picture(name) for name in result.views},
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
        outlines={
            name: tuple(_coarse(spot, k) for spot in _drawn(spots, k)) for name, spots in result.outlines.items()
        },
    )


def _drawn(hotspots: tuple[Hotspot, ...], k: int) -> tuple[Hotspot, ...]:
    return tuple(spot for spot in hotspots if min(spot.events, spot.places) >= k)


def _coarse(spot: Hotspot, k: int) -> Hotspot:
    """Return a hotspot with its events to the nearest ten, and a share and density that do not tell them closer.

    Taken from an exact count, a zone's count would leave that of the rest of the hotspot.
    """
    if k == 1:
        return spot
    events = max(round_to_ten(spot.events), 10)
    density = float(round(spot.density * events / spot.events))
    return replace(spot, events=events, share=round(spot.share, 2), density=density)


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
        events=float(round_to_ten(found.events)),
        needed=tuple((share, cells) for share, cells in found.needed if cells >= k),
        gini=round(found.gini, 2),
        adjusted_gini=round(found.adjusted_gini, 2),
    )


def _rounded(events: float, k: int) -> str:
    """Return a city total to the nearest ten, or as it is in an internal release."""
    return f"{round(events):,}" if k == 1 else f"about {round_to_ten(events):,}"


def round_to_ten(value: float) -> int:
    """Return a count to the nearest ten."""
    return round(value / 10) * 10


def _supported(surface: Surface, k: int) -> NDArray[np.float64]:
    enough = (surface.support >= k) & (surface.places >= k)
    return np.where(enough, np.nan_to_num(surface.values, nan=0.0), 0.0)
