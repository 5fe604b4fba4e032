"""Point in polygon for many points: a grid over the polygons, and exact tests near their edges; equal to shapely.

A grid is laid over the polygons. Every cell lists, in the order of the polygons, those that cover the cell completely
and those with an edge in it.

1. Nearly all points lie in cells without an edge. Their polygon is read from the list.
2. The other points are tested against the edges in their row of cells, with the orientation test of Shewchuk (1997).
3. Points for which rounding could change the result (on or very near an edge or a vertex) are tested by shapely.

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
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoharm._compiled import compiled

_LEAST_CELLS, _MOST_CELLS = 1 << 10, 1 << 20
# Margin around edges when cells are marked, in cells: far more than any rounding error of a point.
_EDGE_MARGIN = 1e-6
# Shewchuk's error bound: below (3 + 16 e) e times the sum of both products, the sign of the difference is uncertain.
_ERROR_BOUND = (3 + 16 * 2.0**-53) * 2.0**-53
_BLOCK_SIZE = 1 << 18

_UNDECIDED = -2

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class _Edges(NamedTuple):
    """All edges of all polygons, of outlines and holes.

    Attributes
    ----------
    x0, y0, x1, y1 : ndarray, shape (e,)
        End points. In metres, or, where they are used to mark cells, in cells from the south-west corner of the grid.
    first_edge : ndarray of int, shape (p + 1,)
        Position of the first edge of each polygon.
    """

    x0: Floats
    y0: Floats
    x1: Floats
    y1: Floats
    first_edge: Integers


class _Grid(NamedTuple):
    """The grid, with a list of polygons for each cell and a list of edges for each row of each polygon.

    Attributes
    ----------
    west, south, side : float
        South-west corner and side of a cell, in metres.
    nx, ny : int
        Number of columns and rows.
    first_entry : ndarray of int, shape (nx * ny + 1,)
        Position in ``listed`` of the first entry of each cell.
    listed : ndarray of int
        A polygon that covers the whole cell, or ``-1 - polygon`` for a polygon with an edge in the cell.
    lowest_row : ndarray of int, shape (p,)
        The lowest row of each polygon.
    first_row_entry : ndarray of int, shape (p + 1,)
        Position in ``first_edge_entry`` of the lowest row of each polygon.
    first_edge_entry : ndarray of int
        Position in ``edges_of_rows`` of the first edge of each row of each polygon.
    edges_of_rows : ndarray of int
        Edges in each row of each polygon.
    """

    west: float
    south: float
    side: float
    nx: int
    ny: int
    first_entry: Integers
    listed: NDArray[np.int32]
    lowest_row: Integers
    first_row_entry: Integers
    first_edge_entry: Integers
    edges_of_rows: NDArray[np.int32]


def locate_by_grid(x: Floats, y: Floats, polygons: Sequence[BaseGeometry]) -> Integers:
    """Return what `geoharm.geo.point_in_polygon.locate_points` returns, from finite or other coordinates in metres."""
    edges = _polygon_edges(polygons)
    grid = _build_grid(edges, min(max(x.size, _LEAST_CELLS), _MOST_CELLS))
    polygon_of_point = np.empty(x.size, dtype=np.int64)
    blocks = range(0, x.size, _BLOCK_SIZE)

    def locate_block(start: int) -> None:
        block = slice(start, start + _BLOCK_SIZE)
        _locate_block(x[block], y[block], grid, edges, polygon_of_point[block])

    with ThreadPoolExecutor(max(1, min(os.cpu_count() or 1, len(blocks)))) as pool:
        list(pool.map(locate_block, blocks))
    undecided = np.flatnonzero(polygon_of_point == _UNDECIDED)
    if undecided.size:
        polygon_of_point[undecided] = _locate_nearby(x[undecided], y[undecided], polygons)
    return polygon_of_point


def _locate_nearby(x: Floats, y: Floats, polygons: Sequence[BaseGeometry]) -> Integers:
    """Return the first polygon of each point, by shapely with a spatial index; -1 where there is none."""
    polygon_of_point = np.full(x.size, len(polygons), dtype=np.int64)
    point, polygon = shapely.STRtree(polygons).query(shapely.points(x, y), predicate="intersects")
    np.minimum.at(polygon_of_point, point, polygon)
    polygon_of_point[polygon_of_point == len(polygons)] = -1
    return polygon_of_point


def _polygon_edges(polygons: Sequence[BaseGeometry]) -> _Edges:
    parts, polygon_of_part = shapely.get_parts(np.asarray(polygons, dtype=object), return_index=True)
    rings, part_of_ring = shapely.get_rings(parts, return_index=True)
    vertices, ring_of_vertex = shapely.get_coordinates(rings, return_index=True)
    start_vertices = np.flatnonzero(ring_of_vertex[:-1] == ring_of_vertex[1:])
    first_edge = np.searchsorted(
        polygon_of_part[part_of_ring[ring_of_vertex[start_vertices]]], np.arange(len(polygons) + 1)
    )
    start, end = vertices[start_vertices], vertices[start_vertices + 1]
    x0, y0, x1, y1 = (np.ascontiguousarray(column) for column in (*start.T, *end.T))
    return _Edges(x0, y0, x1, y1, first_edge.astype(np.int64))


def _build_grid(edges: _Edges, cells: int) -> _Grid:
    west, east = float(edges.x0.min()), float(edges.x0.max())
    south, north = float(edges.y0.min()), float(edges.y0.max())
    side = float(np.sqrt(max((east - west) * (north - south), 1e-12) / cells))
    # A long, narrow box must not be divided into more rows or columns than the number of cells.
    side = max(side, (east - west) / cells, (north - south) / cells)
    west, south = west - side, south - side
    nx, ny = int((east - west) / side) + 3, int((north - south) / side) + 3
    scaled = _Edges(
        (edges.x0 - west) / side,
        (edges.y0 - south) / side,
        (edges.x1 - west) / side,
        (edges.y1 - south) / side,
        edges.first_edge,
    )
    counts = np.zeros(nx * ny, dtype=np.int64)
    empty_list = np.zeros(0, dtype=np.int32)
    _list_cells(scaled, nx, ny, counts, np.zeros(0, dtype=np.int64), empty_list)
    first_entry = np.concatenate([[0], np.cumsum(counts)])
    listed = np.empty(first_entry[-1], dtype=np.int32)
    counts[:] = 0
    _list_cells(scaled, nx, ny, counts, first_entry, listed)
    first_edges = edges.first_edge[:-1]
    lowest_row = np.floor(np.minimum.reduceat(scaled.y0, first_edges) - _EDGE_MARGIN).astype(np.int64)
    highest_row = np.floor(np.maximum.reduceat(scaled.y0, first_edges) + _EDGE_MARGIN).astype(np.int64)
    first_row_entry = np.concatenate([[0], np.cumsum(highest_row - lowest_row + 1)])
    edges_per_row = np.zeros(first_row_entry[-1], dtype=np.int64)
    _list_rows(scaled, lowest_row, first_row_entry, edges_per_row, np.zeros(0, dtype=np.int64), empty_list)
    first_edge_entry = np.concatenate([[0], np.cumsum(edges_per_row)])
    edges_of_rows = np.empty(first_edge_entry[-1], dtype=np.int32)
    edges_per_row[:] = 0
    _list_rows(scaled, lowest_row, first_row_entry, edges_per_row, first_edge_entry, edges_of_rows)
    return _Grid(
        west, south, side, nx, ny, first_entry, listed, lowest_row, first_row_entry, first_edge_entry, edges_of_rows
    )


@compiled()
def _list_cells(edges, nx, ny, counts, first_entry, listed):  # type: ignore[no-untyped-def]
    """Count the entries of each cell, or write them if `first_entry` is given.

    The list of a cell ends with the first polygon that covers the whole cell.
    """
    last_polygon = np.full(nx * ny, -1, dtype=np.int64)
    is_covered = np.zeros(nx * ny, dtype=np.bool_)
    for polygon in range(edges.first_edge.size - 1):
        first, last = edges.first_edge[polygon], edges.first_edge[polygon + 1]
        bottom, top = np.inf, -np.inf
        for edge in range(first, last):
            low, high = min(edges.y0[edge], edges.y1[edge]), max(edges.y0[edge], edges.y1[edge])
            bottom, top = min(bottom, low), max(top, high)
            for row in range(int(np.floor(low - _EDGE_MARGIN)), int(np.floor(high + _EDGE_MARGIN)) + 1):
                left, right = _columns_of_edge(edges, edge, row)
                for cell in range(row * nx + left, row * nx + right + 1):
                    if last_polygon[cell] != polygon:
                        last_polygon[cell] = polygon
                        if not is_covered[cell]:
                            _add_entry(cell, -1 - polygon, counts, first_entry, listed)
        low_row, high_row = int(np.floor(bottom)), int(np.floor(top))
        first_crossing, crossing_x = _crossings(edges, first, last, low_row, high_row)
        for row in range(low_row, high_row + 1):
            for k in range(first_crossing[row - low_row], first_crossing[row - low_row + 1] - 1, 2):
                left, right = int(np.ceil(crossing_x[k] - 0.5)), int(np.floor(crossing_x[k + 1] - 0.5))
                for cell in range(row * nx + left, row * nx + right + 1):
                    if last_polygon[cell] != polygon and not is_covered[cell]:
                        is_covered[cell] = True
                        _add_entry(cell, polygon, counts, first_entry, listed)


@compiled()
def _columns_of_edge(edges, edge, row):  # type: ignore[no-untyped-def]
    """Return the first and last column that an edge touches in a row, with a margin for rounding."""
    x0, y0, x1, y1 = edges.x0[edge], edges.y0[edge], edges.x1[edge], edges.y1[edge]
    if y0 > y1:
        x0, y0, x1, y1 = x1, y1, x0, y0
    a, b = 0.0, 1.0
    if y1 > y0:
        a = min(1.0, max(0.0, (row - _EDGE_MARGIN - y0) / (y1 - y0)))
        b = min(1.0, max(0.0, (row + 1 + _EDGE_MARGIN - y0) / (y1 - y0)))
    left, right = x0 + a * (x1 - x0), x0 + b * (x1 - x0)
    return int(np.floor(min(left, right) - _EDGE_MARGIN)), int(np.floor(max(left, right) + _EDGE_MARGIN))


@compiled()
def _add_entry(cell, entry, counts, first_entry, listed):  # type: ignore[no-untyped-def]
    if first_entry.size:
        listed[first_entry[cell] + counts[cell]] = entry
    counts[cell] += 1


@compiled()
def _crossings(edges, first, last, low, high):  # type: ignore[no-untyped-def]
    """Return the position of the first crossing of each row, and the x of all crossings of edges with row middles."""
    first_crossing = np.zeros(max(high - low + 2, 1), dtype=np.int64)
    for edge in range(first, last):
        edge_bottom, edge_top = min(edges.y0[edge], edges.y1[edge]), max(edges.y0[edge], edges.y1[edge])
        for row in range(max(low, int(np.ceil(edge_bottom - 0.5))), min(high, int(np.floor(edge_top - 0.5))) + 1):
            if (edges.y0[edge] > row + 0.5) != (edges.y1[edge] > row + 0.5):
                first_crossing[row - low + 1] += 1
    for row in range(1, first_crossing.size):
        first_crossing[row] += first_crossing[row - 1]
    crossing_x = np.empty(first_crossing[-1])
    inserted = np.zeros(first_crossing.size, dtype=np.int64)
    for edge in range(first, last):
        edge_bottom, edge_top = min(edges.y0[edge], edges.y1[edge]), max(edges.y0[edge], edges.y1[edge])
        for row in range(max(low, int(np.ceil(edge_bottom - 0.5))), min(high, int(np.floor(edge_top - 0.5))) + 1):
            if (edges.y0[edge] > row + 0.5) != (edges.y1[edge] > row + 0.5):
                fraction = (row + 0.5 - edges.y0[edge]) / (edges.y1[edge] - edges.y0[edge])
                x = edges.x0[edge] + fraction * (edges.x1[edge] - edges.x0[edge])
                # Insertion sort, because rows have few crossings.
                k = first_crossing[row - low] + inserted[row - low]
                while k > first_crossing[row - low] and crossing_x[k - 1] > x:
                    crossing_x[k] = crossing_x[k - 1]
                    k -= 1
                crossing_x[k] = x
                inserted[row - low] += 1
    return first_crossing, crossing_x


@compiled()
def _list_rows(edges, lowest_row, first_row_entry, counts, first_edge, listed):  # type: ignore[no-untyped-def]
    """Count the edges in each row of each polygon, or list them if `first_edge` is given."""
    writing = first_edge.size > 0
    for polygon in range(edges.first_edge.size - 1):
        rows = first_row_entry[polygon + 1] - first_row_entry[polygon]
        for edge in range(edges.first_edge[polygon], edges.first_edge[polygon + 1]):
            edge_bottom, edge_top = min(edges.y0[edge], edges.y1[edge]), max(edges.y0[edge], edges.y1[edge])
            for row in range(
                max(0, int(np.floor(edge_bottom - _EDGE_MARGIN)) - lowest_row[polygon]),
                min(rows - 1, int(np.floor(edge_top + _EDGE_MARGIN)) - lowest_row[polygon]) + 1,
            ):
                row_entry = first_row_entry[polygon] + row
                if writing:
                    listed[first_edge[row_entry] + counts[row_entry]] = edge
                counts[row_entry] += 1


@compiled(nogil=True)
def _locate_block(x, y, grid, edges, polygon_of_point):  # type: ignore[no-untyped-def]
    for point in range(x.size):
        polygon_of_point[point] = -1
        px, py = x[point], y[point]
        if not (np.isfinite(px) and np.isfinite(py)):
            continue
        east, north = (px - grid.west) / grid.side, (py - grid.south) / grid.side
        if not (0 <= east < grid.nx and 0 <= north < grid.ny):
            continue
        row = int(north)
        cell = row * grid.nx + int(east)
        for k in range(grid.first_entry[cell], grid.first_entry[cell + 1]):
            polygon = grid.listed[k]
            if polygon >= 0:
                polygon_of_point[point] = polygon
                break
            polygon = -1 - polygon
            row_entry = grid.first_row_entry[polygon] + row - grid.lowest_row[polygon]
            inside = _is_inside(
                px,
                py,
                edges,
                grid.edges_of_rows,
                grid.first_edge_entry[row_entry],
                grid.first_edge_entry[row_entry + 1],
            )
            if inside == _UNDECIDED:
                polygon_of_point[point] = _UNDECIDED
                break
            if inside == 1:
                polygon_of_point[point] = polygon
                break


@compiled(nogil=True)
def _is_inside(px, py, edges, edges_of_rows, begin, end):  # type: ignore[no-untyped-def]
    """Return 1 inside, 0 outside, `_UNDECIDED` where rounding could change it; counts the edges to the east."""
    odd = 0
    for k in range(begin, end):
        edge = edges_of_rows[k]
        ax, ay, bx, by = edges.x0[edge], edges.y0[edge], edges.x1[edge], edges.y1[edge]
        if py in (ay, by) and min(ax, bx) <= px <= max(ax, bx):
            return _UNDECIDED
        if (ay > py) == (by > py) or max(ax, bx) < px:
            continue
        if min(ax, bx) > px:
            odd ^= 1
            continue
        left, right = (ax - px) * (by - py), (ay - py) * (bx - px)
        turn = left - right
        if abs(turn) <= _ERROR_BOUND * (abs(left) + abs(right)):
            return _UNDECIDED
        if (turn > 0) == (by > ay):
            odd ^= 1
    return odd
