"""The ground of the demo city: its streets, a river, parks, a railway and district names, as a ground file.

Streets run where the city's addresses lie (`geoharm.simulation.demo`). Nothing here is drawn at random, and no event is
placed by it: it is for maps alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoharm import _crs
from geoharm._whole_files import write_whole
from geoharm.model.ground import GroundKind
from geoharm.simulation.location import CENTRE, CRS

# Every so many streets, one is a main or a middle street.
_MAIN, _MIDDLE = 12, 4
_WORDS = (
    "Alder", "Anchor", "Apple", "Ash", "Baker", "Barley", "Beech", "Bell", "Birch", "Bridge", "Canal", "Castle", "Cedar",
    "Chapel", "Cherry", "Clay", "Clover", "Cooper", "Copper", "Dyer", "Elm", "Fern", "Ferry", "Foundry", "Garden", "Glass",
    "Grove", "Hazel", "Heron", "Hill", "Honey", "Iron", "Ivy", "Juniper", "Lantern", "Laurel", "Linden", "Maple", "Market",
    "Meadow", "Mill", "Moor", "Orchard", "Otter", "Pier", "Pine", "Potter", "Quince", "Rowan", "Saddler", "Saffron", "Salt",
    "Silver", "Sorrel", "Spring", "Steeple", "Stone", "Swan", "Tanner", "Thatcher", "Thorn", "Tower", "Tulip", "Vine", "Walnut",
    "Weaver", "Well", "Wheat", "Willow", "Wren",
)  # fmt: skip
_DISTRICTS = (
    "Weir End", "Northgate", "Holly Bank", "High Cross", "Stonebridge", "Tanners Row", "Old Market", "Millbrook",
    "West Quay", "Foundry Quarter", "Ropewalk", "Quayside", "South Fields", "Kiln Hill", "Saltmarsh", "Eastfield",
)  # fmt: skip
# Metres east and north of the centre, half width and half height: on no market.
_PARKS = (
    ("Beacon Park", -3300.0, 2850.0, 330.0, 260.0),
    ("Alderley Common", 3100.0, 3000.0, 300.0, 380.0),
    ("Wend Meadows", 2850.0, -620.0, 420.0, 200.0),
    ("Priory Gardens", -120.0, 820.0, 170.0, 150.0),
    ("Kiln Wood", -3000.0, -3000.0, 470.0, 340.0),
    ("Hop Field", 2900.0, -3150.0, 260.0, 260.0),
)
_RIVER, _RIVER_WIDTH = "River Wend", 90.0


def ground_features(size: float, block: float) -> Iterator[tuple[str, str, BaseGeometry]]:
    """Yield what every shape of the demo city's ground is, its name and its geometry in metres of `CRS`.

    Parameters
    ----------
    size : float
        Side of the city, in metres.
    block : float
        Metres between parallel streets.
    """
    half = size / 2
    west_east = np.linspace(-half, half, 121)
    course = np.column_stack([west_east, -150 + 260 * np.sin(west_east / 1900) + 70 * np.sin(west_east / 610)])
    river = shapely.LineString(course).buffer(_RIVER_WIDTH / 2, cap_style="flat")
    parks = [
        (name, shapely.box(x - width, y - height, x + width, y + height).buffer(-60).buffer(60))
        for name, x, y, width, height in _PARKS
    ]
    closed = shapely.union_all([river, *(park for _, park in parks)])
    offsets = np.arange(-half + block / 2, half, block)
    shapes: list[tuple[GroundKind, str, BaseGeometry]] = []
    for direction, suffixes in ((0, ("Road", "Street")), (1, ("Avenue", "Lane"))):
        for number, offset in enumerate(offsets.tolist()):
            ends = [(-half, offset), (half, offset)] if direction == 0 else [(offset, -half), (offset, half)]
            kind = GroundKind.SMALL
            if number % _MIDDLE == 2:
                kind = GroundKind.MAIN if number % _MAIN == 6 else GroundKind.MIDDLE
            line = shapely.LineString(ends)
            name = f"{_WORDS[(number * 23 + direction * 11) % len(_WORDS)]} {suffixes[number // len(_WORDS)]}"
            shapes.append((kind, name, line.difference(closed) if kind is GroundKind.SMALL else line))
    shapes += [(GroundKind.WATER, _RIVER, river), (GroundKind.WATER, _RIVER, shapely.LineString(course))]
    shapes += [(GroundKind.GREEN, name, park.difference(river)) for name, park in parks]
    track = np.column_stack([west_east, 0.35 * west_east + 2350 + 420 * np.cos(west_east / 2600)])
    shapes.append((GroundKind.RAILWAY, "", shapely.LineString(track)))
    for number, name in enumerate(_DISTRICTS):
        row, column = divmod(number, 4)
        x, y = -half + (column + 0.5) * size / 4, half - (row + 0.5) * size / 4
        shapes.append((GroundKind.PLACE, name, shapely.Point(x + 180 * (row % 2) - 90, y + 220 * (column % 2) - 330)))
    city = shapely.box(-half, -half, half, half)
    for kind, name, shape in shapes:
        inside = shape.intersection(city)
        if not inside.is_empty:
            yield kind, name, shapely.transform(inside, lambda points: points + CENTRE)


def write_ground(path: Path, *, size: float, block: float) -> Path:
    """Write the ground of the demo city as GeoJSON in degrees, in the layout of `geoharm ground`, and return its path."""

    def to_lonlat(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(_crs.transform(points[:, 0], points[:, 1], source=CRS, target=_crs.LONLAT))

    features = [
        json.dumps(
            {
                "type": "Feature",
                "properties": {"ground": str(kind), "name": name},
                "geometry": shapely.geometry.mapping(
                    shapely.set_precision(shapely.transform(shape, to_lonlat), 1e-6, mode="pointwise")
                ),
            }
        )
        for kind, name, shape in ground_features(size, block)
    ]
    return write_whole(path, '{"type": "FeatureCollection", "features": [\n' + ",\n".join(features) + "\n]}\n")
