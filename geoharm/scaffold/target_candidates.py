"""Proposes target areas: the hotspots of a harm before an operation, numbered, each with its name, count and size."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoharm import _crs
from geoharm.hotspots.contours import find_hotspots
from geoharm.hotspots.density.bandwidth import choose_bandwidth
from geoharm.hotspots.density.intensity import density
from geoharm.hotspots.results.surface import Surface
from geoharm.ingest.geocoding.addresses import read_address
from geoharm.model.geometry import StudyArea
from geoharm.model.grid import grid_over
from geoharm.model.hotspot import Hotspot
from geoharm.model.located_events import LocatedEvents
from geoharm.model.points import Points
from geoharm.model.study import HotspotSettings
from geoharm.scaffold.areas import UnprojectedArea

MOST_CANDIDATES = 9
# The usual share first; a smaller one where hotspots would be larger than an operation's target is. Further hotspots are
# those of larger shares that do not touch the first ones.
_SHARES = (0.25, 0.15, 0.1, 0.05, 0.02)
_FURTHER_SHARES = (0.4, 0.55, 0.7)
_MOST_KM2 = 1.5
_MOST_SHARE_OF_AREA = 0.05
_LEAST_EVENTS = 20
_MOST_CELLS = 1_000_000
_DAYS_A_YEAR = 365.25
# What publishers name where a place is on no street; a street says more.
_NO_STREETS = (
    "area", "building", "centre", "center", "hall", "hospital", "nightclub", "station", "space", "subway", "supermarket",
    "conference", "exhibition", "further", "sports", "recreation", "park", "theatre", "bus", "airport", "no location",
)  # fmt: skip
# A second street is named if it has at least this share of the first one's events.
_SECOND_STREET = 0.5


@dataclass(frozen=True, slots=True)
class TargetCandidate:
    """A hotspot that may be the target area.

    Attributes
    ----------
    number : int
        From 1; the hotspot with most events.
    outline : shapely geometry
        In metres of the study's coordinate system.
    name : str
        Streets that its events' addresses name, or else where its middle lies.
    events : int
    share : float
        Of all events counted, 0 to 1.
    km2 : float
    found_on : str
        What it was found on, in words.
    first, last : date
        The days of the events counted.
    """

    number: int
    outline: BaseGeometry
    name: str
    events: int
    share: float
    km2: float
    found_on: str
    first: date
    last: date

    def line(self) -> str:
        """Return the candidate in one line of text."""
        size = f"{self.km2:.2f} km2" if self.km2 >= 0.095 else f"{self.km2 * 100:.1f} ha"
        share = f"{self.share:.0%}" if self.share >= 0.01 else "under 1%"
        return f"{self.name}: {self.events:,} events ({share}), {size}"

    def area(self, file: str, crs: str) -> UnprojectedArea:
        """Return the candidate as an area to be written to a file."""

        def move(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
            longitude, latitude = _crs.transform(x, y, source=crs, target=_crs.LONLAT)
            return np.round(longitude, 6), np.round(latitude, 6)

        outline = shapely.make_valid(shapely.transform(self.outline, move, interleaved=False))
        why = f"hotspot {self.number} of {self.found_on}"
        feature = {
            "type": "Feature",
            "properties": {"name": self.name, "drawn_from": why},
            "geometry": shapely.geometry.mapping(outline),
        }
        content = json.dumps({"type": "FeatureCollection", "features": [feature]}, ensure_ascii=False) + "\n"
        return UnprojectedArea(file, content, outline, f"{why}, {self.name}")


def find_candidates(
    found: LocatedEvents,
    categories: Collection[str],
    *,
    name: str,
    area: StudyArea,
    before: date | None = None,
    location_error: float = 0.0,
) -> tuple[TargetCandidate, ...]:
    """Return up to nine hotspots of a measure, the one with most events first; none if it has hardly any event.

    Parameters
    ----------
    found : LocatedEvents
        Of the measure's source.
    categories : collection of str
        Those that it counts; empty for all.
    name : str
        The measure's.
    area : StudyArea
    before : date, optional
        The first day of the operation: only events before it count, so that a target is not chosen by what came after.
    location_error : float
        Typical error of a place in metres.
    """
    events = found.at_places(categories, before=before)
    x, y = found.metres(area.crs)
    events = np.where(shapely.contains_xy(area.boundary, x, y), events, 0.0)
    if events.sum() < _LEAST_EVENTS:
        return ()
    counted = found.day if before is None else found.day[found.day < np.datetime64(before, "D")]
    first, last = (day.astype(object) for day in (counted.min(), counted.max()))
    found_on = f"{name}, {first} to {last}"
    settings = HotspotSettings()
    cell = _cell(area, settings.cell)
    points = found.points(area.crs, events)
    bandwidth = choose_bandwidth(
        points,
        max(float(settings.bandwidth), 2 * cell),
        kernel=settings.kernel,
        cell=cell,
        location_error=location_error,
    )
    surface = density(
        points,
        grid_over(area.boundary, cell=cell),
        bandwidth=bandwidth.value,
        years=((last - first).days + 1) / _DAYS_A_YEAR,
        kernel=settings.kernel,
        within=area.boundary,
        edge=settings.edge,
    )
    most = min(max(_MOST_KM2, 30 * cell**2 / 1e6), _MOST_SHARE_OF_AREA * area.boundary.area / 1e6)
    fitting = _fitting(surface, points, most)
    shapes = [_inside(one.geometry, area.boundary) for one in fitting]
    names = [street_names(found, events, x, y, shape) for shape in shapes]
    named = [
        " ".join(filter(None, (streets, "" if names.count(streets) == 1 else _place(shape, area.crs))))
        for streets, shape in zip(names, shapes, strict=True)
    ]
    return tuple(
        TargetCandidate(
            number, shape, streets, one.events, one.share, shape.area / 1e6, found_on, first, last,
        )
        for number, (one, shape, streets) in enumerate(zip(fitting, shapes, named, strict=True), start=1)
    )  # fmt: skip


def _fitting(surface: Surface, points: Points, most: float) -> list[Hotspot]:
    """Return up to nine hotspots that are no larger than `most` km2 and hold enough events, the one with most first."""

    def drawn(share: float) -> list[Hotspot]:
        return list(find_hotspots(surface, points, share=share))

    def fits(one: Hotspot) -> bool:
        return one.events >= _LEAST_EVENTS and one.geometry.area / 1e6 <= most

    fitting: list[Hotspot] = []
    for share in _SHARES:
        hotspots = drawn(share)
        fitting = [one for one in hotspots if fits(one)]
        if fits(hotspots[0]):
            break
    for share in _FURTHER_SHARES:
        if len(fitting) >= MOST_CANDIDATES:
            break
        fitting += [
            one
            for one in drawn(share)
            if fits(one) and not any(one.geometry.intersects(known.geometry) for known in fitting)
        ]
    return sorted(fitting, key=lambda one: (-one.events, -one.density))[:MOST_CANDIDATES]


def _cell(area: StudyArea, usual: float) -> float:
    west, south, east, north = area.boundary.bounds
    return max(usual, math.ceil(math.sqrt((east - west) * (north - south) / _MOST_CELLS) / 50) * 50.0)


def _inside(outline: BaseGeometry, boundary: BaseGeometry) -> BaseGeometry:
    parts = [part for part in shapely.get_parts(outline.intersection(boundary)) if part.geom_type == "Polygon"]
    return shapely.union_all(parts)


def street_names(
    found: LocatedEvents,
    events: NDArray[np.float64],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    outline: BaseGeometry,
) -> str:
    """Return the one or two streets that most addresses of events in an outline name; empty if they name none."""
    streets: Counter[str] = Counter()
    for place in np.flatnonzero(shapely.contains_xy(outline, x, y) & (events > 0)):
        for street in read_address(found.addresses[place]).streets if found.addresses[place] else ():
            streets[street] += int(events[place])
    real = {street: count for street, count in streets.items() if not street.endswith(_NO_STREETS)} or streets
    ranked = sorted(real.items(), key=lambda item: (-item[1], item[0]))[:2]
    named = [street for street, count in ranked if count >= _SECOND_STREET * ranked[0][1]]
    return " and ".join(" ".join(word.capitalize() for word in street.split()) for street in named)


def _place(outline: BaseGeometry, crs: str) -> str:
    middle = outline.representative_point()
    longitude, latitude = _crs.transform([middle.x], [middle.y], source=crs, target=_crs.LONLAT)
    return f"around {longitude[0]:.4f}, {latitude[0]:.4f}"
