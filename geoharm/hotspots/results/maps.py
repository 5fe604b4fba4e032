"""Where one measure concentrates: surfaces, hotspots and how stable they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from geoharm.hotspots.results.surface import Bandwidth, BandwidthVariant, Concentration, Surface
from geoharm.model.hotspot import Hotspot
from geoharm.model.measure import Measure


@dataclass(frozen=True, slots=True)
class HotspotResult:
    """Where one measure concentrates.

    Attributes
    ----------
    measure : Measure
    views : mapping of (operation, view) to Surface
        The view "whole period" under no operation's name (""), and every operation's "before" and "after".
    hotspots : tuple of Hotspot
        Of the whole period.
    bandwidth : Bandwidth
        Of every view.
    variants : tuple of BandwidthVariant
        The whole period under half, once and twice the bandwidth; empty if there are no events.
    concentration : Concentration
        Over the cells of the study area, whole period.
    outlines : mapping of (operation, view) to tuple of Hotspot
        The hotspots of every other view that has events.
    shared : bool
        Whether weights are bounded by those around them, as a public release needs it.
    """

    measure: Measure
    views: Mapping[tuple[str, str], Surface]
    hotspots: tuple[Hotspot, ...]
    bandwidth: Bandwidth
    variants: tuple[BandwidthVariant, ...]
    concentration: Concentration
    outlines: Mapping[tuple[str, str], tuple[Hotspot, ...]] = field(default_factory=dict)
    shared: bool = False
