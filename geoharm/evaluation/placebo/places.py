"""Placebo places: the operation's own footprint, laid on every place of the study area that no operation touched."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.features import rasterize
from rasterio.transform import Affine
from scipy.signal import correlate
from shapely.geometry.base import BaseGeometry

from geoharm.evaluation.design.zones import clearance_width, exposed_area, outer_reach
from geoharm.model.counts import ZoneCounts
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS
from geoharm.model.geometry import StudyArea
from geoharm.model.panel import UnitPanel
from geoharm.model.period import Period, Window, add_months
from geoharm.model.study import Operation

ZONES = ("target", ALL_RINGS, TARGET_AND_RINGS)
# A target is three units across and target with rings five, as in the cities the method was tried on.
_UNITS_ACROSS = {"target": 3, ALL_RINGS: 5, TARGET_AND_RINGS: 5}
_CELLS_A_UNIT = 5
_MOST_CELLS = 4_000_000
_MOST_PLACES = 3_000
_MIN_TARGET_INSIDE = 0.99
_MIN_RING_INSIDE = 0.5
_TARGET, _RING, _BELT = 1, 2, 3

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PlaceboPlaces:
    """Where else the footprint of an operation could have lain, on a raster of small cells.

    Attributes
    ----------
    cell : float
        Side of a cell in metres.
    origin : (x, y)
        South-western corner of the raster, in metres.
    home : (row, column)
        The operation's own cell.
    control, free : ndarray of bool, shape (rows, columns)
        Cells of the control area; cells that no operation touched.
    footprint : ndarray of int8, shape (odd, odd)
        Around the operation's own cell: 1 target, 2 rings, 3 outer belt.
    row, column : ndarray of int, shape (places,)
        The cell of each place that stands for the operation's own.
    fits : mapping of zone to ndarray of bool, shape (places,)
        Whether the zone lies inside the study area and no operation reaches it.
    overlap : mapping of zone to ndarray of float
        By rows and columns apart (the middle is 0, 0): squared shared area of two widened zones over the area of one.
    shared : mapping of zone to ndarray of bool
        Likewise: whether two places share ground.
    """

    cell: float
    origin: tuple[float, float]
    home: tuple[int, int]
    control: Bools
    free: Bools
    footprint: NDArray[np.int8]
    row: Ints
    column: Ints
    fits: dict[str, Bools]
    overlap: dict[str, NDArray[np.float64]]
    shared: dict[str, Bools]

    def similarity(self, zone: str, places: Ints) -> NDArray[np.float64]:
        """Return how much every two of some places are the same place: 1 on the diagonal, 0 where they are apart."""
        return _look_up(self.overlap[zone], self.row[places], self.column[places])

    def share_ground(self, zone: str, places: Ints) -> Bools:
        """Return whether every two of some places share ground."""
        return _look_up(self.shared[zone], self.row[places], self.column[places])


def placebo_places(
    operation: Operation,
    area: StudyArea,
    control: BaseGeometry,
    others: Sequence[Operation],
    *,
    rings: BaseGeometry | None = None,
) -> PlaceboPlaces:
    """Return every place where the operation's footprint fits and no operation reached.

    Parameters
    ----------
    operation : Operation
    area : StudyArea
    control : shapely geometry
        The control area, in metres.
    others : sequence of Operation
        The study's other operations: what they touched is left out.
    rings : shapely geometry, optional
        All rings together, where they are not the ground between straight distances.

    Returns
    -------
    PlaceboPlaces

    Notes
    -----
    The footprint is moved without turning, in steps of a third of the target's side for targets and a fifth of the
    side of target and rings for the others, so that no two places are the same. A place counts if 99% of its target
    lies inside one part of the study area (water is not crossed), half of its rings inside the area, and neither the
    zone in question nor (for targets) the target touches target, gap, rings or the belt beyond them of any operation.
    Rings cut by the boundary only have fewer events. The outer belt begins one clearance beyond the rings and is as
    wide as the rings reach.
    """
    shapes = _shapes(operation, rings)
    middle = operation.target.centroid
    unit = {zone: math.sqrt(_filled(operation, zone).area) / _UNITS_ACROSS[zone] for zone in ZONES}
    raster, home, stride = _raster_for(area, (middle.x, middle.y), unit)
    kernels = {name: _kernel(shape, (middle.x, middle.y), raster.cell) for name, shape in shapes.items()}
    widened = {zone: _kernel(shapes[zone].buffer(unit[zone]), (middle.x, middle.y), raster.cell) for zone in ZONES}
    touched = raster.draw(shapely.union_all([exposed_area(one) for one in (operation, *others)]))
    row, column = (
        grid.ravel()
        for grid in np.meshgrid(
            np.arange(home[0] % stride["target"], raster.size[0], stride["target"]),
            np.arange(home[1] % stride["target"], raster.size[1], stride["target"]),
            indexing="ij",
        )
    )

    def covered(mask: Bools, zone: str) -> Ints:
        return _sum_under(mask, kernels[zone])[row, column]

    parts = [part for part in shapely.get_parts(area.boundary) if part.area >= operation.target.area]
    in_part = np.max([covered(raster.draw(part), "target") for part in parts], axis=0)
    possible = in_part >= _MIN_TARGET_INSIDE * kernels["target"].sum()
    ring_inside = covered(raster.draw(area.boundary), ALL_RINGS) >= _MIN_RING_INSIDE * kernels[ALL_RINGS].sum()
    fits = {}
    for zone in ZONES:
        on_grid = ((row - home[0]) % stride[zone] == 0) & ((column - home[1]) % stride[zone] == 0)
        fits[zone] = possible & on_grid & (covered(touched, zone) == 0)
        if zone != "target":
            fits[zone] &= ring_inside
    kept = np.any(list(fits.values()), axis=0)
    ground = dict.fromkeys(ZONES, kernels[TARGET_AND_RINGS]) | {"target": widened["target"]}
    return PlaceboPlaces(
        cell=raster.cell,
        origin=raster.origin,
        home=home,
        control=raster.draw(control),
        free=~touched,
        footprint=_footprint(kernels),
        row=row[kept],
        column=column[kept],
        fits={zone: found[kept] for zone, found in fits.items()},
        overlap={zone: (_with_itself(kernel) / max(kernel.sum(), 1)) ** 2 for zone, kernel in widened.items()},
        shared={zone: _with_itself(kernel) > 0 for zone, kernel in ground.items()},
    )


@dataclass(frozen=True, slots=True)
class _Raster:
    """Small square cells over the study area, rows counted from the south."""

    cell: float
    origin: tuple[float, float]
    size: tuple[int, int]

    def draw(self, geometry: BaseGeometry) -> Bools:
        """Return which cells have their centre in a geometry."""
        if geometry.is_empty:
            return np.zeros(self.size, dtype=np.bool_)
        place = Affine(self.cell, 0, self.origin[0], 0, self.cell, self.origin[1])
        return np.asarray(rasterize([geometry], out_shape=self.size, transform=place, dtype="uint8"), dtype=np.bool_)


def _shapes(operation: Operation, rings: BaseGeometry | None) -> dict[str, BaseGeometry]:
    reach, belt = outer_reach(operation), outer_reach(operation) + clearance_width(operation)
    around = operation.target.buffer
    if rings is None:
        rings = around(reach).difference(around(operation.gap))
    return {
        "target": operation.target,
        ALL_RINGS: rings,
        TARGET_AND_RINGS: operation.target.union(rings),
        "belt": around(belt + reach).difference(around(belt)),
    }


def _filled(operation: Operation, zone: str) -> BaseGeometry:
    return operation.target if zone == "target" else operation.target.buffer(outer_reach(operation))


def _raster_for(
    area: StudyArea, middle: tuple[float, float], unit: Mapping[str, float]
) -> tuple[_Raster, tuple[int, int], dict[str, int]]:
    """Return the raster, the operation's own cell (centred on its middle), and the steps of places in cells."""
    west, south, east, north = area.boundary.bounds
    cell = max(unit["target"] / _CELLS_A_UNIT, math.sqrt((east - west) * (north - south) / _MOST_CELLS))
    step = max(1, round(max(unit["target"], math.sqrt(area.boundary.area / _MOST_PLACES)) / cell))
    wide = max(1, round(unit[TARGET_AND_RINGS] / (step * cell))) * step
    home = (math.ceil((middle[1] - south) / cell), math.ceil((middle[0] - west) / cell))
    origin = (middle[0] - (home[1] + 0.5) * cell, middle[1] - (home[0] + 0.5) * cell)
    size = (math.ceil((north - origin[1]) / cell) + 1, math.ceil((east - origin[0]) / cell) + 1)
    return _Raster(cell, origin, size), home, {"target": step, ALL_RINGS: wide, TARGET_AND_RINGS: wide}


def _kernel(shape: BaseGeometry, middle: tuple[float, float], cell: float) -> Bools:
    """Return which cells around the one centred on `middle` lie in a shape: odd rows and columns."""
    if shape.is_empty:
        return np.zeros((1, 1), dtype=np.bool_)
    west, south, east, north = shape.bounds
    up = math.ceil(max(north - middle[1], middle[1] - south) / cell)
    along = math.ceil(max(east - middle[0], middle[0] - west) / cell)
    corner = (middle[0] - (along + 0.5) * cell, middle[1] - (up + 0.5) * cell)
    return _Raster(cell, corner, (2 * up + 1, 2 * along + 1)).draw(shape)


def _sum_under(mask: Bools, kernel: Bools) -> Ints:
    """Return how many cells of a mask lie under a kernel centred on each cell; exact, since counts are whole."""
    found = correlate(mask.astype(np.float64), kernel.astype(np.float64), mode="same", method="fft")
    return np.asarray(np.rint(found), dtype=np.int64)


def _with_itself(kernel: Bools) -> Ints:
    """Return how many cells a kernel shares with itself moved by rows and columns; not moved in the middle."""
    return _sum_under(np.pad(kernel, [(side // 2, side // 2) for side in kernel.shape]), kernel)


def _footprint(kernels: Mapping[str, Bools]) -> NDArray[np.int8]:
    size = np.max([kernel.shape for kernel in kernels.values()], axis=0)
    found = np.zeros(size, dtype=np.int8)
    for code, name in ((_BELT, "belt"), (_RING, ALL_RINGS), (_TARGET, "target")):
        kernel = kernels[name]
        first = (size - kernel.shape) // 2
        found[first[0] : first[0] + kernel.shape[0], first[1] : first[1] + kernel.shape[1]][kernel] = code
    return found


def _look_up(table: NDArray[Any], row: Ints, column: Ints) -> NDArray[Any]:
    """Return the entry of a table by rows and columns apart for every two places; zero beyond its edge."""
    up = row[:, None] - row[None, :] + table.shape[0] // 2
    along = column[:, None] - column[None, :] + table.shape[1] // 2
    on = (up >= 0) & (up < table.shape[0]) & (along >= 0) & (along < table.shape[1])
    found = np.zeros(up.shape, dtype=table.dtype)
    found[on] = table[up[on], along[on]]
    return found


@dataclass(frozen=True, slots=True)
class PlaceboCounts:
    """Counts under the footprint at every placebo place, by window.

    Attributes
    ----------
    target, rings : ndarray, shape (places, windows)
    own : ndarray
        Events of target and rings that lie in the control area.
    belt : ndarray
        Events of the outer belt where no operation reached.
    operation_belt : ndarray, shape (windows,)
        The operation's own outer belt.
    """

    target: NDArray[np.float64]
    rings: NDArray[np.float64]
    own: NDArray[np.float64]
    belt: NDArray[np.float64]
    operation_belt: NDArray[np.float64]


def placebo_counts(places: PlaceboPlaces, panel: UnitPanel) -> PlaceboCounts:
    """Return what a measure counted under the footprint at every placebo place, and in the operation's outer belt."""
    rows, columns = places.control.shape
    on = (panel.row >= 0) & (panel.row < rows) & (panel.column >= 0) & (panel.column < columns)
    row, column, counts = panel.row[on], panel.column[on], panel.counts[on].astype(np.float64)
    control, free = places.control[row, column], places.free[row, column]
    at_row, at_column = np.append(places.row, places.home[0]), np.append(places.column, places.home[1])
    target, rings, own, belt = _sums(row, column, counts, control, free, at_row, at_column, places.footprint)
    return PlaceboCounts(target[:-1], rings[:-1], own[:-1], belt[:-1], belt[-1])


def history_windows(counts: ZoneCounts, operation: Operation) -> tuple[Window, ...]:
    """Return one window a month back from the operation to the first day of the data; missing months are left out.

    Months begin on the operation's day of the month, or on the first where the source knows months only.
    """
    end = operation.period.start.replace(day=1) if counts.by_month else operation.period.start
    found = []
    back = 1
    while (start := add_months(end, -back)) >= counts.coverage.start:
        period = Period(start, add_months(end, 1 - back))
        if counts.coverage.contains(period) and not set(period.months()) & set(counts.missing_months):
            found.append(Window(f"{back} months before", (period,)))
        back += 1
    return tuple(reversed(found))


@numba.njit(cache=True)
def _sums(row, column, counts, control, free, at_row, at_column, footprint):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    places, windows = at_row.size, counts.shape[1]
    half_row, half_column = footprint.shape[0] // 2, footprint.shape[1] // 2
    target, rings = np.zeros((places, windows)), np.zeros((places, windows))
    own, belt = np.zeros((places, windows)), np.zeros((places, windows))
    for place in range(places):
        for unit in range(row.size):
            up, along = row[unit] - at_row[place] + half_row, column[unit] - at_column[place] + half_column
            if up < 0 or along < 0 or up >= footprint.shape[0] or along >= footprint.shape[1]:
                continue
            kind = footprint[up, along]
            if kind == 0 or (kind == 3 and not free[unit]):
                continue
            for window in range(windows):
                value = counts[unit, window]
                if kind == 3:
                    belt[place, window] += value
                    continue
                if kind == 1:
                    target[place, window] += value
                else:
                    rings[place, window] += value
                if control[unit]:
                    own[place, window] += value
    return target, rings, own, belt
