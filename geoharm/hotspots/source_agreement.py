"""Agreement of sources: which other kinds of source show the same hotspot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import shapely

from geoharm.hotspots.results.maps import HotspotResult
from geoharm.model.hotspot import Hotspot
from geoharm.model.measure import Role

MIN_OVERLAP = 0.5


def with_agreeing_sources(results: Sequence[HotspotResult], kinds: Mapping[str, str]) -> tuple[HotspotResult, ...]:
    """Return the results with, for each hotspot, the kinds of source that show it.

    Another kind of source shows a hotspot if one of its hotspots overlaps it. The overlap must be at least half of the
    smaller of the two. Sources of one kind are not independent, so they count once. Police activity depends on where
    officers are sent, so it never confirms a hotspot of a harm.

    Parameters
    ----------
    results : sequence of HotspotResult
        One for each measure.
    kinds : mapping of str to str
        The kind of each source by name: "incident", "needle_find", "health", ...

    Returns
    -------
    tuple of HotspotResult
        `shown_by` of every hotspot begins with its own kind, which is "activity" for a measure of activity.
    """
    hotspots_of_kind: dict[str, list[Hotspot]] = {}
    for result in results:
        if result.measure.role is not Role.ACTIVITY:
            hotspots_of_kind.setdefault(kinds[result.measure.source], []).extend(result.hotspots)
    results_with_sources = []
    for result in results:
        own_kind = "activity" if result.measure.role is Role.ACTIVITY else kinds[result.measure.source]
        hotspots = []
        for hotspot in result.hotspots:
            agreeing_kinds = [
                kind
                for kind in sorted(hotspots_of_kind)
                if kind != own_kind and _overlaps_any(hotspot, hotspots_of_kind[kind])
            ]
            hotspots.append(replace(hotspot, source_kinds=(own_kind, *agreeing_kinds)))
        results_with_sources.append(replace(result, hotspots=tuple(hotspots)))
    return tuple(results_with_sources)


def _overlaps_any(hotspot: Hotspot, other_hotspots: Sequence[Hotspot]) -> bool:
    shared_areas = [
        shapely.area(shapely.intersection(hotspot.geometry, other_hotspot.geometry)) for other_hotspot in other_hotspots
    ]
    # With a small tolerance, so that an overlap of exactly half counts.
    return any(
        shared_area >= MIN_OVERLAP * min(hotspot.geometry.area, other_hotspot.geometry.area) * (1 - 1e-9)
        for shared_area, other_hotspot in zip(shared_areas, other_hotspots, strict=True)
    )
