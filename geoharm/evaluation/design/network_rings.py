"""Gap and rings measured along streets (walking distance) instead of in straight lines."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra
from shapely.geometry.base import BaseGeometry

from geoharm.errors import DesignError
from geoharm.model.design import Design
from geoharm.model.geometry import Zone, ZoneRole
from geoharm.model.streets import Streets

STEP = 20.0


def rings_along_streets(design: Design, streets: Streets) -> Design:
    """Return a design whose gap and rings are measured along streets.

    Parameters
    ----------
    design : Design
        A design with straight-line rings.
    streets : Streets
        In the study's coordinate reference system.

    Returns
    -------
    Design
        Zones keep their names. Ground inside the straight-line rings that is farther than the last ring along streets
        belongs to no zone. It is not part of the control either.

    Raises
    ------
    DesignError
        If no street reaches the target, or a gap or ring contains no street.

    Notes
    -----
    Streets are cut into pieces of at most 20 m. The distance of a place is that of the nearest piece, measured from the
    target along the streets (Dijkstra). Pieces in the target have distance 0. Zones are unions of the Voronoi cells of
    the pieces. A walking distance is never shorter than the straight line, so every zone lies within the outer edge of
    the straight-line zone.

    References
    ----------
    Okabe and Sugihara (2012), Spatial analysis along networks, https://doi.org/10.1002/9781119967101
    """
    bands = [zone for zone in design.zones if zone.role in (ZoneRole.GAP, ZoneRole.RING)]
    if not bands:
        return design
    target = design.of_role(ZoneRole.TARGET)[0].geometry
    search_area = target.buffer(max(zone.outer for zone in bands))
    straight_area = shapely.union_all([target, *(zone.geometry for zone in bands)])
    points, distance = walking_distances(streets, target, within=search_area)
    cells = _voronoi_cells(points, search_area)
    street_zones: dict[str, Zone] = {}
    for zone in bands:
        in_band = (distance > (zone.inner or 0.0)) & (distance <= zone.outer)
        band_area = (
            shapely.union_all(cells[in_band]).difference(target).intersection(straight_area) if in_band.any() else None
        )
        polygons = (
            [part for part in shapely.get_parts(band_area) if part.geom_type == "Polygon"]
            if band_area is not None
            else []
        )
        if not polygons:
            msg = f'No street lies {zone.inner:g} to {zone.outer:g} m on foot from the target of "{design.operation.name}".'
            raise DesignError(msg)
        street_zones[zone.name] = replace(zone, geometry=shapely.union_all(polygons))
    zones = tuple(street_zones.get(zone.name, zone) for zone in design.zones)
    share_outside = 1 - sum(zone.geometry.area for zone in street_zones.values()) / sum(
        zone.geometry.area for zone in bands
    )
    note = (
        f"Gap and rings are measured along streets: {share_outside:.0%} of the ground of the straight rings is farther on foot than "
        "the last ring, and in no zone."
    )
    return replace(design, zones=zones, notes=(*design.notes, note))


def walking_distances(
    streets: Streets, target: BaseGeometry, *, within: BaseGeometry
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the centres of the street pieces near a target, and the walking distance from the target to each.

    Parameters
    ----------
    streets : Streets
    target, within : shapely geometry
        Only streets that intersect `within` are used. With a buffer of the target, a walk that leaves the buffer is
        longer than its width.

    Returns
    -------
    points : ndarray, shape (n, 2)
        Centres of the pieces, in metres.
    distance : ndarray, shape (n,)
        Metres from the target to the centre of the piece; 0 in the target, infinity for an unconnected piece.

    Raises
    ------
    DesignError
        If no street reaches the target.
    """
    lines = shapely.linestrings(
        np.stack([np.stack([streets.x0, streets.y0], 1), np.stack([streets.x1, streets.y1], 1)], 1)
    )
    nearby = np.flatnonzero(shapely.intersects(lines, within))
    start, end, lengths, centres, node_count = _cut_streets(streets, nearby)
    shapely.prepare(target)
    in_target = (
        shapely.contains_xy(target, centres[:, 0], centres[:, 1]) if nearby.size else np.zeros(0, dtype=np.bool_)
    )
    if not in_target.any():
        msg = "No street reaches the target area, so there is no way from it on foot; use straight rings."
        raise DesignError(msg)
    graph = coo_matrix((lengths, (start, end)), shape=(node_count, node_count)).tocsr()
    sources = np.unique(np.concatenate([start[in_target], end[in_target]]))
    node_distance = dijkstra(graph, directed=False, indices=sources, min_only=True)
    distance = np.minimum(node_distance[start], node_distance[end]) + lengths / 2
    distance[in_target] = 0.0
    return centres, distance


def _cut_streets(
    streets: Streets, segments: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], int]:
    """Cut segments into pieces of at most `STEP`; return start nodes, end nodes, lengths, centres and number of nodes."""
    start: list[int] = []
    end: list[int] = []
    lengths: list[float] = []
    centres: list[tuple[float, float]] = []
    nodes = streets.nodes
    for segment in segments:
        length = float(streets.length[segment])
        piece_count = max(1, math.ceil(length / STEP))
        inner = list(range(nodes, nodes + piece_count - 1))
        nodes += piece_count - 1
        piece_nodes = [int(streets.start[segment]), *inner, int(streets.end[segment])]
        start += piece_nodes[:-1]
        end += piece_nodes[1:]
        lengths += [length / piece_count] * piece_count
        fractions = (np.arange(piece_count) + 0.5) / piece_count
        x = streets.x0[segment] + fractions * (streets.x1[segment] - streets.x0[segment])
        y = streets.y0[segment] + fractions * (streets.y1[segment] - streets.y0[segment])
        centres += list(zip(x.tolist(), y.tolist(), strict=True))
    points = np.array(centres, dtype=np.float64).reshape(-1, 2)
    return np.array(start, dtype=np.int64), np.array(end, dtype=np.int64), np.array(lengths), points, nodes


def _voronoi_cells(points: NDArray[np.float64], around: BaseGeometry) -> NDArray[np.object_]:
    """Return the area nearest to each point (its Voronoi cell), in the order of the points."""
    unique, cell_of_point = np.unique(np.round(points, 2), axis=0, return_inverse=True)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(unique), extend_to=around, ordered=True))
    return np.asarray(shapely.intersection(cells, around)[cell_of_point.reshape(-1)])
