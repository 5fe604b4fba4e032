"""Placebo places: positions of the operation's footprint that no operation touched."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.features import rasterize
from rasterio.transform import Affine
from scipy.signal import correlate
from shapely.geometry.base import BaseGeometry

from geoharm._compiled import compiled
from geoharm.evaluation.design.zones import clearance_width, exposed_area, outer_reach
from geoharm.model.counts import ZoneCounts
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS
from geoharm.model.geometry import StudyArea
from geoharm.model.panel import UnitPanel
from geoharm.model.period import Period, Window, add_months
from geoharm.model.study import Operation

ZONES = ("target", ALL_RINGS, TARGET_AND_RINGS)
# A target is three units across and target with rings five, as in the simulated cities on which the method was tested.
_UNITS_ACROSS = {"target": 3, ALL_RINGS: 5, TARGET_AND_RINGS: 5}
_CELLS_PER_UNIT = 5
_MAX_CELLS = 4_000_000
_MAX_PLACES = 3_000
_MIN_TARGET_INSIDE = 0.99
_MIN_RING_INSIDE = 0.5
_TARGET, _RING, _BELT = 1, 2, 3

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PlaceboPlaces:
    """Other places where the footprint of an operation could have been, on a raster of small cells.

    Attributes
    ----------
    cell : float
        Side of a cell in metres.
    origin : (x, y)
        South-western corner of the raster, in metres.
    operation_cell : (row, column)
        The cell of the operation.
    control, untouched : ndarray of bool, shape (rows, columns)
        Whether a cell belongs to the control area, and whether no operation touched it.
    footprint : ndarray of int8, shape (odd, odd)
        Cells around the operation's cell: 1 target, 2 rings, 3 outer belt, 0 none.
    row, column : ndarray of int, shape (places,)
        The central cell of each place, which corresponds to `operation_cell`.
    fits : mapping of zone to ndarray of bool, shape (places,)
        Whether the zone lies inside the study area and no operation reaches it.
    overlap : mapping of zone to ndarray of float
        Similarity of two places by their offset in rows and columns (offset 0, 0 is in the middle): the squared share of
        area that the two widened zones have in common.
    shared : mapping of zone to ndarray of bool
        Whether two places share ground, by offset likewise.
    """

    cell: float
    origin: tuple[float, float]
    operation_cell: tuple[int, int]
    control: Bools
    untouched: Bools
    footprint: NDArray[np.int8]
    row: Ints
    column: Ints
    fits: dict[str, Bools]
    overlap: dict[str, NDArray[np.float64]]
    shared: dict[str, Bools]

    def similarity(self, zone: str, places: Ints) -> NDArray[np.float64]:
        """Return the similarity of every pair of places: 1 on the diagonal, 0 for places without overlap."""
        return _entries_by_offset(self.overlap[zone], self.row[places], self.column[places])

    def share_ground(self, zone: str, places: Ints) -> Bools:
        """Return whether the two places of every pair share ground."""
        return _entries_by_offset(self.shared[zone], self.row[places], self.column[places])


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
        The study's other operations that reach into the months compared; places that they touched are left out.
    rings : shapely geometry, optional
        All rings together, if they are not defined by straight-line distances.

    Returns
    -------
    PlaceboPlaces

    Notes
    -----
    The footprint is moved without rotation. The step is a third of the target's side for targets, and a fifth of the side
    of target and rings for the other zones, so that no two places are the same. A place is used if

    - at least 99% of its target lies inside one part of the study area (water is not crossed), or, for a target in several
      parts, inside the study area,
    - at least half of its rings lie inside the study area,
    - the zone does not touch the target, gap, rings or clearance belt of any operation.

    Rings that are cut by the boundary have fewer events. The outer belt begins one clearance width beyond the rings, and
    its width is the outer distance of the rings.
    """
    shapes = _footprint_shapes(operation, rings)
    centroid = operation.target.centroid
    unit = {zone: math.sqrt(_zone_without_holes(operation, zone).area) / _UNITS_ACROSS[zone] for zone in ZONES}
    raster, home, stride = _raster_for(area, (centroid.x, centroid.y), unit)
    kernels = {name: _kernel(shape, (centroid.x, centroid.y), raster.cell) for name, shape in shapes.items()}
    widened = {zone: _kernel(shapes[zone].buffer(unit[zone]), (centroid.x, centroid.y), raster.cell) for zone in ZONES}
    touched = raster.draw(shapely.union_all([exposed_area(each_operation) for each_operation in (operation, *others)]))
    row, column = (
        grid.ravel()
        for grid in np.meshgrid(
            np.arange(home[0] % stride["target"], raster.size[0], stride["target"]),
            np.arange(home[1] % stride["target"], raster.size[1], stride["target"]),
            indexing="ij",
        )
    )

    def cells_covered(mask: Bools, zone: str) -> Ints:
        return _cells_under(mask, kernels[zone])[row, column]

    connected = shapely.get_num_geometries(operation.target) == 1
    ground = shapely.get_parts(area.boundary) if connected else [area.boundary]
    parts = [part for part in ground if part.area >= operation.target.area]
    in_part = np.max([cells_covered(raster.draw(part), "target") for part in parts], axis=0)
    possible = in_part >= _MIN_TARGET_INSIDE * kernels["target"].sum()
    ring_inside = cells_covered(raster.draw(area.boundary), ALL_RINGS) >= _MIN_RING_INSIDE * kernels[ALL_RINGS].sum()
    fits = {}
    for zone in ZONES:
        on_grid = ((row - home[0]) % stride[zone] == 0) & ((column - home[1]) % stride[zone] == 0)
        fits[zone] = possible & on_grid & (cells_covered(touched, zone) == 0)
        if zone != "target":
            fits[zone] &= ring_inside
    kept = np.any(list(fits.values()), axis=0)
    ground_kernels = dict.fromkeys(ZONES, kernels[TARGET_AND_RINGS]) | {"target": widened["target"]}
    return PlaceboPlaces(
        cell=raster.cell,
        origin=raster.origin,
        operation_cell=home,
        control=raster.draw(control),
        untouched=~touched,
        footprint=_footprint(kernels),
        row=row[kept],
        column=column[kept],
        fits={zone: zone_fits[kept] for zone, zone_fits in fits.items()},
        overlap={zone: (_overlap_with_itself(kernel) / max(kernel.sum(), 1)) ** 2 for zone, kernel in widened.items()},
        shared={zone: _overlap_with_itself(kernel) > 0 for zone, kernel in ground_kernels.items()},
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
        transform = Affine(self.cell, 0, self.origin[0], 0, self.cell, self.origin[1])
        return np.asarray(
            rasterize([geometry], out_shape=self.size, transform=transform, dtype="uint8"), dtype=np.bool_
        )


def _footprint_shapes(operation: Operation, rings: BaseGeometry | None) -> dict[str, BaseGeometry]:
    reach, belt = outer_reach(operation), outer_reach(operation) + clearance_width(operation)
    buffered = operation.target.buffer
    if rings is None:
        rings = buffered(reach).difference(buffered(operation.gap))
    return {
        "target": operation.target,
        ALL_RINGS: rings,
        TARGET_AND_RINGS: operation.target.union(rings),
        "belt": buffered(belt + reach).difference(buffered(belt)),
    }


def _zone_without_holes(operation: Operation, zone: str) -> BaseGeometry:
    return operation.target if zone == "target" else operation.target.buffer(outer_reach(operation))


def _raster_for(
    area: StudyArea, middle: tuple[float, float], unit: Mapping[str, float]
) -> tuple[_Raster, tuple[int, int], dict[str, int]]:
    """Return the raster, the operation's cell (centred on `middle`), and the steps between places in cells."""
    west, south, east, north = area.boundary.bounds
    cell = max(unit["target"] / _CELLS_PER_UNIT, math.sqrt((east - west) * (north - south) / _MAX_CELLS))
    step = max(1, round(max(unit["target"], math.sqrt(area.boundary.area / _MAX_PLACES)) / cell))
    ring_step = max(1, round(unit[TARGET_AND_RINGS] / (step * cell))) * step
    home = (math.ceil((middle[1] - south) / cell), math.ceil((middle[0] - west) / cell))
    origin = (middle[0] - (home[1] + 0.5) * cell, middle[1] - (home[0] + 0.5) * cell)
    size = (math.ceil((north - origin[1]) / cell) + 1, math.ceil((east - origin[0]) / cell) + 1)
    return _Raster(cell, origin, size), home, {"target": step, ALL_RINGS: ring_step, TARGET_AND_RINGS: ring_step}


def _kernel(shape: BaseGeometry, middle: tuple[float, float], cell: float) -> Bools:
    """Return which cells around the cell centred on `middle` lie in a shape; the shape of the mask is odd."""
    if shape.is_empty:
        return np.zeros((1, 1), dtype=np.bool_)
    west, south, east, north = shape.bounds
    rows_up = math.ceil(max(north - middle[1], middle[1] - south) / cell)
    columns_right = math.ceil(max(east - middle[0], middle[0] - west) / cell)
    corner = (middle[0] - (columns_right + 0.5) * cell, middle[1] - (rows_up + 0.5) * cell)
    return _Raster(cell, corner, (2 * rows_up + 1, 2 * columns_right + 1)).draw(shape)


def _cells_under(mask: Bools, kernel: Bools) -> Ints:
    """Return the number of cells of a mask under a kernel centred on each cell; exact, because counts are integers."""
    overlap = correlate(mask.astype(np.float64), kernel.astype(np.float64), mode="same", method="fft")
    return np.asarray(np.rint(overlap), dtype=np.int64)


def _overlap_with_itself(kernel: Bools) -> Ints:
    """Return how many cells a kernel shares with itself, by offset in rows and columns; offset 0 is in the middle."""
    return _cells_under(np.pad(kernel, [(side // 2, side // 2) for side in kernel.shape]), kernel)


def _footprint(kernels: Mapping[str, Bools]) -> NDArray[np.int8]:
    size = np.max([kernel.shape for kernel in kernels.values()], axis=0)
    footprint = np.zeros(size, dtype=np.int8)
    for code, name in ((_BELT, "belt"), (_RING, ALL_RINGS), (_TARGET, "target")):
        kernel = kernels[name]
        first = (size - kernel.shape) // 2
        footprint[first[0] : first[0] + kernel.shape[0], first[1] : first[1] + kernel.shape[1]][kernel] = code
    return footprint


def _entries_by_offset(table: NDArray[Any], row: Ints, column: Ints) -> NDArray[Any]:
    """Return the table's entry at the row and column offset of every pair of places; zero beyond the table's edge."""
    row_offset = row[:, None] - row[None, :] + table.shape[0] // 2
    column_offset = column[:, None] - column[None, :] + table.shape[1] // 2
    in_table = (
        (row_offset >= 0) & (row_offset < table.shape[0]) & (column_offset >= 0) & (column_offset < table.shape[1])
    )
    entries = np.zeros(row_offset.shape, dtype=table.dtype)
    entries[in_table] = table[row_offset[in_table], column_offset[in_table]]
    return entries


@dataclass(frozen=True, slots=True)
class PlaceboCounts:
    """Counts under the footprint at every placebo place, by window.

    Attributes
    ----------
    target, rings : ndarray, shape (places, windows)
    in_control : ndarray
        Events in target and rings that lie in the control area.
    belt : ndarray
        Events in the part of the outer belt that no operation touched.
    operation_belt : ndarray, shape (windows,)
        Events in the operation's own outer belt.
    """

    target: NDArray[np.float64]
    rings: NDArray[np.float64]
    in_control: NDArray[np.float64]
    belt: NDArray[np.float64]
    operation_belt: NDArray[np.float64]


def placebo_counts(places: PlaceboPlaces, panel: UnitPanel) -> PlaceboCounts:
    """Return a measure's counts under the footprint at every placebo place, and in the operation's outer belt."""
    rows, columns = places.control.shape
    in_raster = (panel.row >= 0) & (panel.row < rows) & (panel.column >= 0) & (panel.column < columns)
    # In order of rows, so that each place looks at the rows of its footprint only.
    used = np.flatnonzero(in_raster)[np.argsort(panel.row[in_raster], kind="stable")]
    row, column, counts = panel.row[used], panel.column[used], panel.counts[used].astype(np.float64)
    control, free = places.control[row, column], places.untouched[row, column]
    at_row, at_column = (
        np.append(places.row, places.operation_cell[0]),
        np.append(places.column, places.operation_cell[1]),
    )
    half = places.footprint.shape[0] // 2
    first, last = np.searchsorted(row, at_row - half), np.searchsorted(row, at_row + half, side="right")
    target, rings, in_control, belt = _footprint_sums(
        row, column, counts, control, free, at_row, at_column, first, last, places.footprint
    )
    return PlaceboCounts(target[:-1], rings[:-1], in_control[:-1], belt[:-1], belt[-1])


def history_windows(counts: ZoneCounts, operation: Operation, *, left_out: Sequence[Period] = ()) -> tuple[Window, ...]:
    """Return one window per month before the operation, back to the first day of the data.

    Missing months, and those with a day of `left_out`, are left out. Months begin on the operation's day of the month, or on the first day if the source is
    dated by month only.
    """
    end = operation.period.start.replace(day=1) if counts.by_month else operation.period.start
    windows = []
    months_back = 1
    while (start := add_months(end, -months_back)) >= counts.coverage.start:
        period = Period(start, add_months(end, 1 - months_back))
        is_left_out = any(period.overlap(days) for days in left_out)
        if (
            counts.coverage.contains(period)
            and not is_left_out
            and not set(period.months()) & set(counts.missing_months)
        ):
            windows.append(Window(f"{months_back} months before", (period,)))
        months_back += 1
    return tuple(reversed(windows))


@compiled()
def _footprint_sums(row, column, counts, control, free, at_row, at_column, first, last, footprint):  # type: ignore[no-untyped-def]  # noqa: PLR0917
    places, windows = at_row.size, counts.shape[1]
    half_row, half_column = footprint.shape[0] // 2, footprint.shape[1] // 2
    target, rings = np.zeros((places, windows)), np.zeros((places, windows))
    in_control, belt = np.zeros((places, windows)), np.zeros((places, windows))
    for place in range(places):
        for unit in range(first[place], last[place]):
            row_offset, column_offset = (
                row[unit] - at_row[place] + half_row,
                column[unit] - at_column[place] + half_column,
            )
            if column_offset < 0 or column_offset >= footprint.shape[1]:
                continue
            code = footprint[row_offset, column_offset]
            if code == 0 or (code == 3 and not free[unit]):
                continue
            for window in range(windows):
                value = counts[unit, window]
                if code == 3:
                    belt[place, window] += value
                    continue
                if code == 1:
                    target[place, window] += value
                else:
                    rings[place, window] += value
                if control[unit]:
                    in_control[place, window] += value
    return target, rings, in_control, belt
