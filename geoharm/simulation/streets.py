"""Simulate a city's street plan: streets that bend and end, addresses along them, market corners and districts."""

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
    """The streets, addresses and districts of a simulated city.

    Attributes
    ----------
    boundary : shapely geometry
    lines : tuple of (name, shapely geometry)
        Streets.
    x, y : ndarray, shape (addresses,)
        Addresses along streets, in metres.
    street : ndarray of int, shape (addresses,)
        Index in `lines`.
    number : ndarray of int, shape (addresses,)
        House number.
    units : Places
        Squares of 200 m; the addresses of a square drift together.
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
    """Return the street plan of a square city.

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
        Number of district squares along each side, for tables by area.
    """
    west, south = centre[0] - side / 2, centre[1] - side / 2
    boundary = shapely.box(west, south, west + side, south + side)
    steps = np.arange(_STEP / 2, side, _STEP)
    lines, x, y, street, number = [], [], [], [], []
    for direction, name in ((0, "Street"), (1, "Avenue")):
        for order, offset in enumerate(np.arange(block / 2, side, block), start=1):
            bend = 15 * np.sin(2 * np.pi * (steps / side * rng.uniform(0.5, 1.5) + rng.random()))
            along, across = (
                west * (1 - direction) + south * direction + steps,
                offset + bend + (south if direction == 0 else west),
            )
            built = np.repeat(rng.random(int(side / block) + 2) > 1 / 8, int(block / _STEP))[: steps.size]
            points = np.column_stack([along, across] if direction == 0 else [across, along])
            lines.append((f"{order} {name}", shapely.LineString(points)))
            x.append(points[built, 0] + rng.normal(0, 3, built.sum()))
            y.append(points[built, 1] + rng.normal(0, 3, built.sum()))
            street.append(np.full(built.sum(), len(lines) - 1))
            number.append(2 * np.flatnonzero(built) + 1)
    address_x, address_y = np.concatenate(x), np.concatenate(y)
    inside = (np.abs(address_x - centre[0]) < side / 2 - 1) & (np.abs(address_y - centre[1]) < side / 2 - 1)
    address_x, address_y = address_x[inside], address_y[inside]
    units, unit = _units(address_x, address_y, (west, south), side)
    width = side / districts
    district_shapes = tuple(
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
        address_x,
        address_y,
        np.concatenate(street)[inside],
        np.concatenate(number)[inside],
        units,
        unit,
        district_shapes,
    )


def _units(x: Floats, y: Floats, corner: tuple[float, float], side: float) -> tuple[Places, NDArray[np.int64]]:
    count = int(np.ceil(side / UNIT))
    centres = (np.arange(count) + 0.5) * UNIT
    east, north = (grid.ravel() for grid in np.meshgrid(centres + corner[0], centres + corner[1]))
    column = np.minimum(((x - corner[0]) // UNIT).astype(np.int64), count - 1)
    row = np.minimum(((y - corner[1]) // UNIT).astype(np.int64), count - 1)
    return Places(east, north, UNIT), row * count + column


def market_corners(rng: np.random.Generator, street_plan: StreetPlan, count: int, *, apart: float) -> NDArray[np.int64]:
    """Return indices of addresses where markets lie: at random, at least `apart` from each other and half that from the boundary.

    Parameters
    ----------
    rng : Generator
    street_plan : StreetPlan
    count : int
        Number of markets; fewer are returned where no more fit.
    apart : float
        Metres.

    Returns
    -------
    ndarray of int, shape (markets,)
    """
    inner = street_plan.boundary.buffer(-apart / 2)
    order = rng.permutation(np.flatnonzero(shapely.contains_xy(inner, street_plan.x, street_plan.y)))
    chosen: list[int] = []
    for address in order:
        distances = np.hypot(
            street_plan.x[chosen] - street_plan.x[address], street_plan.y[chosen] - street_plan.y[address]
        )
        if not (distances < apart).any():
            chosen.append(int(address))
            if len(chosen) == count:
                break
    return np.array(chosen, dtype=np.int64)
