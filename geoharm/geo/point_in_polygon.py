"""Which polygon holds each point: a grid answers where it can, exact tests at the edges; always equal to shapely.

Every cell of a grid over the polygons lists, in the order of the polygons, those that cover it whole and those whose
edge runs through it. Nearly all points lie in cells that an edge does not touch and are answered at once. The others
are tested against the edges in their row of cells, with the orientation test of Shewchuk (1997) and his bound on its
rounding error; a point for which that bound does not decide (on an edge, on a vertex, or a hair beside one) is asked
of the geometry library itself.

References
----------
Shewchuk, J. R. (1997). Adaptive precision floating-point arithmetic and fast robust geometric predicates. Discrete &
Computational Geometry 18, 305-363. https://doi.org/10.1007/PL00009321
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import shapely
from numba import njit
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

# Below so many tests the geometry library is quicker than building a grid and waiting for the compiler.
_FEW_TESTS = 1_000_000
_LEAST_CELLS, _MOST_CELLS = 1 << 10, 1 << 20
# Edges are taken for this much wider (in cells) when cells are marked: far more than rounding can move a point.
_WIDER = 1e-6
# Shewchuk's bound: below (3 + 16 e) e times the sum of both products, the sign of a difference is not certain.
_BOUND = (3 + 16 * 2.0**-53) * 2.0**-53
_BLOCK = 1 << 18

_UNSURE = -2

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class _Edges(NamedTuple):
    """All edges of all polygons, shells and holes alike.

    Attributes
    ----------
    x0, y0, x1, y1 : ndarray, shape (e,)
        In cells of the grid from its south-west corner where they are used for marking, else metres.
    first : ndarray of int, shape (p + 1,)
        Where each polygon's edges begin.
    """

    x0: Floats
    y0: Floats
    x1: Floats
    y1: Floats
    first: Integers


class _Grid(NamedTuple):
    """Cells and what they list.

    Attributes
    ----------
    west, south, side : float
        Metres.
    nx, ny : int
    begin : ndarray of int, shape (nx * ny + 1,)
        Where each cell's list begins.
    listed : ndarray of int
        A polygon that covers the cell whole, or ``-1 - polygon`` where an edge of it runs through.
    low, row_begin, of_row : ndarray of int
        Of each polygon its first row and where its rows begin in ``row_begin``; of each of those rows, its edges.
    """

    west: float
    south: float
    side: float
    nx: int
    ny: int
    begin: Integers
    listed: NDArray[np.int32]
    low: Integers
    base: Integers
    row_begin: Integers
    of_row: NDArray[np.int32]


def locate_points(x: Floats, y: Floats, polygons: Sequence[BaseGeometry]) -> Integers:
    """Return the position of the first polygon that holds each point, edges included; -1 where none does.

    Equal to ``shapely.intersects_xy`` for every point and every valid polygon, with holes or of several parts.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        Metres; a point that is not finite lies nowhere.
    polygons : sequence of shapely geometry
        Polygons or multipolygons; they may overlap.

    Returns
    -------
    ndarray of int, shape (n,)
    """
    x, y = np.ascontiguousarray(x, dtype=np.float64), np.ascontiguousarray(y, dtype=np.float64)
    if x.size * len(polygons) < _FEW_TESTS:
        return _ask_library(x, y, polygons)
    return _locate_by_grid(x, y, polygons)


def _ask_library(x: Floats, y: Floats, polygons: Sequence[BaseGeometry]) -> Integers:
    found = np.full(x.size, -1, dtype=np.int64)
    free = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    for position, polygon in enumerate(polygons):
        shapely.prepare(polygon)
        inside = shapely.intersects_xy(polygon, x[free], y[free])
        found[free[inside]] = position
        free = free[~inside]
    return found


def _locate_by_grid(x: Floats, y: Floats, polygons: Sequence[BaseGeometry]) -> Integers:
    edges = _edges_of(polygons)
    grid = _build(edges, min(max(x.size, _LEAST_CELLS), _MOST_CELLS))
    found = np.empty(x.size, dtype=np.int64)
    blocks = range(0, x.size, _BLOCK)

    def one(start: int) -> None:
        part = slice(start, start + _BLOCK)
        _look_up(x[part], y[part], grid, edges, found[part])

    with ThreadPoolExecutor(max(1, min(os.cpu_count() or 1, len(blocks)))) as pool:
        list(pool.map(one, blocks))
    unsure = np.flatnonzero(found == _UNSURE)
    if unsure.size:
        found[unsure] = _ask_near(x[unsure], y[unsure], polygons)
    return found


def _ask_near(x: Floats, y: Floats, polygons: Sequence[BaseGeometry]) -> Integers:
    """Ask the library about single points, each of the polygons near it only."""
    found = np.full(x.size, len(polygons), dtype=np.int64)
    point, polygon = shapely.STRtree(polygons).query(shapely.points(x, y), predicate="intersects")
    np.minimum.at(found, point, polygon)
    found[found == len(polygons)] = -1
    return found


def _edges_of(polygons: Sequence[BaseGeometry]) -> _Edges:
    parts, of_part = shapely.get_parts(np.asarray(polygons, dtype=object), return_index=True)
    rings, of_ring = shapely.get_rings(parts, return_index=True)
    vertices, of_vertex = shapely.get_coordinates(rings, return_index=True)
    same = np.flatnonzero(of_vertex[:-1] == of_vertex[1:])
    first = np.searchsorted(of_part[of_ring[of_vertex[same]]], np.arange(len(polygons) + 1))
    start, end = vertices[same], vertices[same + 1]
    x0, y0, x1, y1 = (np.ascontiguousarray(column) for column in (*start.T, *end.T))
    return _Edges(x0, y0, x1, y1, first.astype(np.int64))


def _build(edges: _Edges, cells: int) -> _Grid:
    west, east = float(edges.x0.min()), float(edges.x0.max())
    south, north = float(edges.y0.min()), float(edges.y0.max())
    side = float(np.sqrt(max((east - west) * (north - south), 1e-12) / cells))
    # A long thin box must not be cut into more rows or columns than there are cells.
    side = max(side, (east - west) / cells, (north - south) / cells)
    west, south = west - side, south - side
    nx, ny = int((east - west) / side) + 3, int((north - south) / side) + 3
    scaled = _Edges(
        (edges.x0 - west) / side,
        (edges.y0 - south) / side,
        (edges.x1 - west) / side,
        (edges.y1 - south) / side,
        edges.first,
    )
    counts = np.zeros(nx * ny, dtype=np.int64)
    nothing = np.zeros(0, dtype=np.int32)
    _list_cells(scaled, nx, ny, counts, np.zeros(0, dtype=np.int64), nothing)
    begin = np.concatenate([[0], np.cumsum(counts)])
    listed = np.empty(begin[-1], dtype=np.int32)
    counts[:] = 0
    _list_cells(scaled, nx, ny, counts, begin, listed)
    starts = edges.first[:-1]
    low = np.floor(np.minimum.reduceat(scaled.y0, starts) - _WIDER).astype(np.int64)
    high = np.floor(np.maximum.reduceat(scaled.y0, starts) + _WIDER).astype(np.int64)
    base = np.concatenate([[0], np.cumsum(high - low + 1)])
    per_row = np.zeros(base[-1], dtype=np.int64)
    _list_rows(scaled, low, base, per_row, np.zeros(0, dtype=np.int64), nothing)
    row_begin = np.concatenate([[0], np.cumsum(per_row)])
    of_row = np.empty(row_begin[-1], dtype=np.int32)
    per_row[:] = 0
    _list_rows(scaled, low, base, per_row, row_begin, of_row)
    return _Grid(west, south, side, nx, ny, begin, listed, low, base, row_begin, of_row)


@njit(cache=True)
def _list_cells(edges, nx, ny, counts, begin, listed):  # type: ignore[no-untyped-def]
    """Count what each cell lists, or list it if `begin` is given; nothing after a polygon that covers a cell whole."""
    stamp = np.full(nx * ny, -1, dtype=np.int64)
    closed = np.zeros(nx * ny, dtype=np.bool_)
    for polygon in range(edges.first.size - 1):
        first, last = edges.first[polygon], edges.first[polygon + 1]
        bottom, top = np.inf, -np.inf
        for e in range(first, last):
            low, high = min(edges.y0[e], edges.y1[e]), max(edges.y0[e], edges.y1[e])
            bottom, top = min(bottom, low), max(top, high)
            for row in range(int(np.floor(low - _WIDER)), int(np.floor(high + _WIDER)) + 1):
                left, right = _columns(edges, e, row)
                for cell in range(row * nx + left, row * nx + right + 1):
                    if stamp[cell] != polygon:
                        stamp[cell] = polygon
                        if not closed[cell]:
                            _add(cell, -1 - polygon, counts, begin, listed)
        low_row, high_row = int(np.floor(bottom)), int(np.floor(top))
        many, places = _crossings(edges, first, last, low_row, high_row)
        for row in range(low_row, high_row + 1):
            for k in range(many[row - low_row], many[row - low_row + 1] - 1, 2):
                left, right = int(np.ceil(places[k] - 0.5)), int(np.floor(places[k + 1] - 0.5))
                for cell in range(row * nx + left, row * nx + right + 1):
                    if stamp[cell] != polygon and not closed[cell]:
                        closed[cell] = True
                        _add(cell, polygon, counts, begin, listed)


@njit(cache=True)
def _columns(edges, e, row):  # type: ignore[no-untyped-def]
    """Return the first and last column that an edge touches in a row, rounding allowed for."""
    x0, y0, x1, y1 = edges.x0[e], edges.y0[e], edges.x1[e], edges.y1[e]
    if y0 > y1:
        x0, y0, x1, y1 = x1, y1, x0, y0
    a, b = 0.0, 1.0
    if y1 > y0:
        a = min(1.0, max(0.0, (row - _WIDER - y0) / (y1 - y0)))
        b = min(1.0, max(0.0, (row + 1 + _WIDER - y0) / (y1 - y0)))
    left, right = x0 + a * (x1 - x0), x0 + b * (x1 - x0)
    return int(np.floor(min(left, right) - _WIDER)), int(np.floor(max(left, right) + _WIDER))


@njit(cache=True)
def _add(cell, entry, counts, begin, listed):  # type: ignore[no-untyped-def]
    if begin.size:
        listed[begin[cell] + counts[cell]] = entry
    counts[cell] += 1


@njit(cache=True)
def _crossings(edges, first, last, low, high):  # type: ignore[no-untyped-def]
    """Return where a polygon's edges cross the middle of each row, in order, and where each row's crossings begin."""
    many = np.zeros(max(high - low + 2, 1), dtype=np.int64)
    for e in range(first, last):
        a, b = min(edges.y0[e], edges.y1[e]), max(edges.y0[e], edges.y1[e])
        for row in range(max(low, int(np.ceil(a - 0.5))), min(high, int(np.floor(b - 0.5))) + 1):
            if (edges.y0[e] > row + 0.5) != (edges.y1[e] > row + 0.5):
                many[row - low + 1] += 1
    for row in range(1, many.size):
        many[row] += many[row - 1]
    places = np.empty(many[-1])
    done = np.zeros(many.size, dtype=np.int64)
    for e in range(first, last):
        a, b = min(edges.y0[e], edges.y1[e]), max(edges.y0[e], edges.y1[e])
        for row in range(max(low, int(np.ceil(a - 0.5))), min(high, int(np.floor(b - 0.5))) + 1):
            if (edges.y0[e] > row + 0.5) != (edges.y1[e] > row + 0.5):
                along = (row + 0.5 - edges.y0[e]) / (edges.y1[e] - edges.y0[e])
                place = edges.x0[e] + along * (edges.x1[e] - edges.x0[e])
                # Rows have few crossings: each is put in its place among those before it.
                k = many[row - low] + done[row - low]
                while k > many[row - low] and places[k - 1] > place:
                    places[k] = places[k - 1]
                    k -= 1
                places[k] = place
                done[row - low] += 1
    return many, places


@njit(cache=True)
def _list_rows(edges, low, base, counts, begin, listed):  # type: ignore[no-untyped-def]
    """Count the edges in each row of each polygon, or list them if `begin` is given."""
    writing = begin.size > 0
    for polygon in range(edges.first.size - 1):
        rows = base[polygon + 1] - base[polygon]
        for e in range(edges.first[polygon], edges.first[polygon + 1]):
            a, b = min(edges.y0[e], edges.y1[e]), max(edges.y0[e], edges.y1[e])
            for row in range(
                max(0, int(np.floor(a - _WIDER)) - low[polygon]),
                min(rows - 1, int(np.floor(b + _WIDER)) - low[polygon]) + 1,
            ):
                place = base[polygon] + row
                if writing:
                    listed[begin[place] + counts[place]] = e
                counts[place] += 1


@njit(cache=True, nogil=True)
def _look_up(x, y, grid, edges, found):  # type: ignore[no-untyped-def]
    for i in range(x.size):
        found[i] = -1
        px, py = x[i], y[i]
        if not (np.isfinite(px) and np.isfinite(py)):
            continue
        east, north = (px - grid.west) / grid.side, (py - grid.south) / grid.side
        if not (0 <= east < grid.nx and 0 <= north < grid.ny):
            continue
        row = int(north)
        cell = row * grid.nx + int(east)
        for k in range(grid.begin[cell], grid.begin[cell + 1]):
            polygon = grid.listed[k]
            if polygon >= 0:
                found[i] = polygon
                break
            polygon = -1 - polygon
            place = grid.base[polygon] + row - grid.low[polygon]
            answer = _holds(px, py, edges, grid.of_row, grid.row_begin[place], grid.row_begin[place + 1])
            if answer == _UNSURE:
                found[i] = _UNSURE
                break
            if answer == 1:
                found[i] = polygon
                break


@njit(cache=True, nogil=True)
def _holds(px, py, edges, of_row, begin, end):  # type: ignore[no-untyped-def]
    """Return 1 inside, 0 outside, `_UNSURE` where rounding could decide: crossings to the east are counted."""
    odd = 0
    for k in range(begin, end):
        e = of_row[k]
        ax, ay, bx, by = edges.x0[e], edges.y0[e], edges.x1[e], edges.y1[e]
        if py in (ay, by) and min(ax, bx) <= px <= max(ax, bx):
            return _UNSURE
        if (ay > py) == (by > py) or max(ax, bx) < px:
            continue
        if min(ax, bx) > px:
            odd ^= 1
            continue
        left, right = (ax - px) * (by - py), (ay - py) * (bx - px)
        turn = left - right
        if abs(turn) <= _BOUND * (abs(left) + abs(right)):
            return _UNSURE
        if (turn > 0) == (by > ay):
            odd ^= 1
    return odd
