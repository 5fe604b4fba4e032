"""A made city's ground: streets that bend and end, addresses along them, markets at corners, districts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geoharm.simulation.random_fields import Floats, Places

UNIT = 200.0
_STEP = 30.0


@dataclass(frozen=True, slots=True)
class StreetPlan:
    """Where things can happen.

    Attributes
    ----------
    boundary : shapely geometry
    lines : tuple of (name, shapely geometry)
        Streets.
    x, y : ndarray, shape (addresses,)
        On a street.
    street : ndarray of int, shape (addresses,)
        Position in `lines`.
    number : ndarray of int, shape (addresses,)
        House number.
    units : Places
        Squares of 200 m that drift together.
    unit : ndarray of int, shape (addresses,)
        The square of each address.
    districts : tuple of (code, shapely geometry)
    """

    boundary: shapely.Geometry
    lines: tuple[tuple[str, shapely.Geometry], ...]
    x: Floats
    y: Floats
    street: NDArray[np.int64]
    number: NDArray[np.int64]
    units: Places
    unit: NDArray[np.int64]
    districts: tuple[tuple[str, shapely.Geometry], ...]


def make_street_plan(
    rng: np.random.Generator, centre: tuple[float, float], *, side: float, block: float = 150.0, districts: int = 5
) -> StreetPlan:
    """Return the ground of a square city.

    Parameters
    ----------
    rng : Generator
    centre : (x, y)
        Metres.
    side : float
        Metres.
    block : float
        Metres between parallel streets; each bends a little, and about one block in eight is missing.
    districts : int
        Squares of districts each way, for tables by area.
    """
    west, south = centre[0] - side / 2, centre[1] - side / 2
    boundary = shapely.box(west, south, west + side, south + side)
    steps = np.arange(_STEP / 2, side, _STEP)
    lines, x, y, street, number = [], [], [], [], []
    for way, name in ((0, "Street"), (1, "Avenue")):
        for order, at in enumerate(np.arange(block / 2, side, block), start=1):
            bend = 15 * np.sin(2 * np.pi * (steps / side * rng.uniform(0.5, 1.5) + rng.random()))
            along, across = west * (1 - way) + south * way + steps, at + bend + (south if way == 0 else west)
            kept = np.repeat(rng.random(int(side / block) + 2) > 1 / 8, int(block / _STEP))[: steps.size]
            points = np.column_stack([along, across] if way == 0 else [across, along])
            lines.append((f"{order} {name}", shapely.LineString(points)))
            x.append(points[kept, 0] + rng.normal(0, 3, kept.sum()))
            y.append(points[kept, 1] + rng.normal(0, 3, kept.sum()))
            street.append(np.full(kept.sum(), len(lines) - 1))
            number.append(2 * np.flatnonzero(kept) + 1)
    at_x, at_y = np.concatenate(x), np.concatenate(y)
    inside = (np.abs(at_x - centre[0]) < side / 2 - 1) & (np.abs(at_y - centre[1]) < side / 2 - 1)
    at_x, at_y = at_x[inside], at_y[inside]
    units, unit = _units(at_x, at_y, (west, south), side)
    width = side / districts
    codes = tuple(
        (
            f"D{row:02d}{column:02d}",
            shapely.box(
                west + column * width, south + row * width, west + (column + 1) * width, south + (row + 1) * width
            ),
        )
        for row in range(districts)
        for column in range(districts)
    )
    return StreetPlan(
        boundary,
        tuple(lines),
        at_x,
        at_y,
        np.concatenate(street)[inside],
        np.concatenate(number)[inside],
        units,
        unit,
        codes,
    )


def _units(x: Floats, y: Floats, corner: tuple[float, float], side: float) -> tuple[Places, NDArray[np.int64]]:
    count = int(np.ceil(side / UNIT))
    middle = (np.arange(count) + 0.5) * UNIT
    east, north = (part.ravel() for part in np.meshgrid(middle + corner[0], middle + corner[1]))
    column = np.minimum(((x - corner[0]) // UNIT).astype(np.int64), count - 1)
    row = np.minimum(((y - corner[1]) // UNIT).astype(np.int64), count - 1)
    return Places(east, north, UNIT), row * count + column


def market_corners(rng: np.random.Generator, ground: StreetPlan, count: int, *, apart: float) -> NDArray[np.int64]:
    """Return addresses where markets lie: at random, at least `apart` metres from each other and from the boundary.

    Fewer than `count` where no more fit.
    """
    inner = ground.boundary.buffer(-apart / 2)
    order = rng.permutation(np.flatnonzero(shapely.contains_xy(inner, ground.x, ground.y)))
    chosen: list[int] = []
    for one in order:
        near = np.hypot(ground.x[chosen] - ground.x[one], ground.y[chosen] - ground.y[one])
        if not (near < apart).any():
            chosen.append(int(one))
            if len(chosen) == count:
                break
    return np.array(chosen, dtype=np.int64)
