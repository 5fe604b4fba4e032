"""Rings by the way one walks: gap and rings measured along streets instead of in straight lines."""

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
        With rings in straight lines.
    streets : Streets
        In the study's system.

    Returns
    -------
    Design
        Zones keep their names. Ground that is near in a straight line but farther than the last ring on foot is in no
        zone: it is no control either.

    Raises
    ------
    DesignError
        If no street reaches the target, or a band holds no street.

    Notes
    -----
    Streets are cut into pieces of at most 20 m. The distance of a place is that of the nearest piece, from the target
    along the streets (Dijkstra); pieces in the target have 0. Zones are made of the pieces' Voronoi cells. A way on foot
    is never shorter than the straight line, so every zone lies within the straight one's outer edge.

    References
    ----------
    Okabe and Sugihara (2012), Spatial analysis along networks, https://doi.org/10.1002/9781119967101
    """
    bands = [zone for zone in design.zones if zone.role in (ZoneRole.GAP, ZoneRole.RING)]
    if not bands:
        return design
    target = design.of_role(ZoneRole.TARGET)[0].geometry
    reach = target.buffer(max(zone.outer for zone in bands))
    inside = shapely.union_all([target, *(zone.geometry for zone in bands)])
    points, distance = walking_distances(streets, target, within=reach)
    cells = _cells(points, reach)
    found: dict[str, Zone] = {}
    for zone in bands:
        chosen = (distance > (zone.inner or 0.0)) & (distance <= zone.outer)
        ground = shapely.union_all(cells[chosen]).difference(target).intersection(inside) if chosen.any() else None
        parts = (
            [part for part in shapely.get_parts(ground) if part.geom_type == "Polygon"] if ground is not None else []
        )
        if not parts:
            msg = f'No street lies {zone.inner:g} to {zone.outer:g} m on foot from the target of "{design.operation.name}".'
            raise DesignError(msg)
        found[zone.name] = replace(zone, geometry=shapely.union_all(parts))
    zones = tuple(found.get(zone.name, zone) for zone in design.zones)
    far = 1 - sum(zone.geometry.area for zone in found.values()) / sum(zone.geometry.area for zone in bands)
    note = (
        f"Gap and rings are measured along streets: {far:.0%} of the ground of the straight rings is farther on foot than "
        "the last ring, and in no zone."
    )
    return replace(design, zones=zones, notes=(*design.notes, note))


def walking_distances(
    streets: Streets, target: BaseGeometry, *, within: BaseGeometry
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the middles of the street pieces near a target, shape (n, 2), and how far each is from it on foot.

    Parameters
    ----------
    streets : Streets
    target, within : shapely geometry
        Only streets that reach into `within` are walked; a way that leaves it is not shorter.

    Returns
    -------
    points : ndarray, shape (n, 2)
    distance : ndarray, shape (n,)
        Metres to the middle of the piece; 0 in the target, infinity where no street leads.

    Raises
    ------
    DesignError
        If no street reaches the target.
    """
    lines = shapely.linestrings(
        np.stack([np.stack([streets.x0, streets.y0], 1), np.stack([streets.x1, streets.y1], 1)], 1)
    )
    used = np.flatnonzero(shapely.intersects(lines, within))
    start, end, weight, middle, count = _pieces(streets, used)
    shapely.prepare(target)
    home = shapely.contains_xy(target, middle[:, 0], middle[:, 1]) if used.size else np.zeros(0, dtype=np.bool_)
    if not home.any():
        msg = "No street reaches the target area, so there is no way from it on foot; use straight rings."
        raise DesignError(msg)
    graph = coo_matrix((weight, (start, end)), shape=(count, count)).tocsr()
    sources = np.unique(np.concatenate([start[home], end[home]]))
    away = dijkstra(graph, directed=False, indices=sources, min_only=True)
    distance = np.minimum(away[start], away[end]) + weight / 2
    distance[home] = 0.0
    return middle, distance


def _pieces(
    streets: Streets, used: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], int]:
    """Cut segments into pieces of at most `STEP`: nodes at both ends, length, middle, and the number of nodes."""
    start: list[int] = []
    end: list[int] = []
    weight: list[float] = []
    middle: list[tuple[float, float]] = []
    nodes = streets.nodes
    for place in used:
        length = float(streets.length[place])
        number = max(1, math.ceil(length / STEP))
        inner = list(range(nodes, nodes + number - 1))
        nodes += number - 1
        chain = [int(streets.start[place]), *inner, int(streets.end[place])]
        start += chain[:-1]
        end += chain[1:]
        weight += [length / number] * number
        share = (np.arange(number) + 0.5) / number
        x = streets.x0[place] + share * (streets.x1[place] - streets.x0[place])
        y = streets.y0[place] + share * (streets.y1[place] - streets.y0[place])
        middle += list(zip(x.tolist(), y.tolist(), strict=True))
    points = np.array(middle, dtype=np.float64).reshape(-1, 2)
    return np.array(start, dtype=np.int64), np.array(end, dtype=np.int64), np.array(weight), points, nodes


def _cells(points: NDArray[np.float64], around: BaseGeometry) -> NDArray[np.object_]:
    """Return the ground nearest to each point, in the points' order."""
    unique, number = np.unique(np.round(points, 2), axis=0, return_inverse=True)
    found = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(unique), extend_to=around, ordered=True))
    return np.asarray(shapely.intersection(found, around)[number.reshape(-1)])
