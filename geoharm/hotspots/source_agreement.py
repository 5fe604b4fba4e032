"""Which kinds of source show the same market: police, needles and health records err in different ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import shapely

from geoharm.hotspots.results.maps import HotspotResult
from geoharm.model.hotspot import Hotspot
from geoharm.model.measure import Role

OVERLAP = 0.5


def with_agreeing_sources(results: Sequence[HotspotResult], kinds: Mapping[str, str]) -> tuple[HotspotResult, ...]:
    """Return the results, each hotspot with the kinds of source that show it.

    Another kind shows a hotspot if one of its own hotspots overlaps it by at least half of the smaller of the two.
    Sources of one kind are not independent and count once; police activity follows where officers look, so it never
    confirms a harm.

    Parameters
    ----------
    results : sequence of HotspotResult
    kinds : mapping of str to str
        The kind of each source by name: "incident", "needle_find", "health", ...

    Returns
    -------
    tuple of HotspotResult
        `shown_by` of every hotspot begins with its own kind; of a measure of activity it is "activity".
    """
    witnesses: dict[str, list[Hotspot]] = {}
    for result in results:
        if result.measure.role is not Role.ACTIVITY:
            witnesses.setdefault(kinds[result.measure.source], []).extend(result.hotspots)
    found = []
    for result in results:
        own = "activity" if result.measure.role is Role.ACTIVITY else kinds[result.measure.source]
        spots = []
        for spot in result.hotspots:
            others = [kind for kind in sorted(witnesses) if kind != own and _is_shown(spot, witnesses[kind])]
            spots.append(replace(spot, shown_by=(own, *others)))
        found.append(replace(result, hotspots=tuple(spots)))
    return tuple(found)


def _is_shown(spot: Hotspot, others: Sequence[Hotspot]) -> bool:
    areas = [shapely.area(shapely.intersection(spot.geometry, other.geometry)) for other in others]
    # A hair of tolerance: an overlap of exactly half counts.
    return any(
        shared >= OVERLAP * min(spot.geometry.area, other.geometry.area) * (1 - 1e-9)
        for shared, other in zip(areas, others, strict=True)
    )
