"""Result of the hotspot map of one measure: surfaces, hotspots, bandwidth, stability and concentration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from geoharm.hotspots.results.surface import Bandwidth, BandwidthVariant, Concentration, Surface
from geoharm.model.hotspot import Hotspot
from geoharm.model.measure import Measure


@dataclass(frozen=True, slots=True)
class HotspotResult:
    """Surfaces and hotspots of one measure, with bandwidth, stability and concentration.

    Attributes
    ----------
    measure : Measure
        What is counted.
    views : mapping of (operation or comparison, view) to Surface
        The view "whole period" with an empty name (""), and "before" and "after" of every operation and comparison.
    hotspots : tuple of Hotspot
        Of the whole period.
    bandwidth : Bandwidth
        The same for every view.
    variants : tuple of BandwidthVariant
        The whole period with 0.5, 1 and 2 times the bandwidth; empty if there are no events.
    concentration : Concentration
        Over the cells of the study area, for the whole period.
    outlines : mapping of (operation or comparison, view) to tuple of Hotspot
        The hotspots of every other view that has events.
    weights_bounded : bool
        Whether each weight is limited by the weights around it, as required for a public release.
    """

    measure: Measure
    views: Mapping[tuple[str, str], Surface]
    hotspots: tuple[Hotspot, ...]
    bandwidth: Bandwidth
    variants: tuple[BandwidthVariant, ...]
    concentration: Concentration
    outlines: Mapping[tuple[str, str], tuple[Hotspot, ...]] = field(default_factory=dict)
    weights_bounded: bool = False
