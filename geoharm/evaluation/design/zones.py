"""Zones of an operation: target, gap, rings and control, always disjoint."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import shapely
from shapely.geometry.base import BaseGeometry

from geoharm.errors import DesignError
from geoharm.model.geometry import StudyArea, Zone, ZoneRole
from geoharm.model.study import Operation

_QUADRANT_SEGMENTS = 32
_MAX_OVERLAP_M2 = 1.0
_MIN_CONTROL_KM2 = 0.25


def build_zones(operation: Operation, area: StudyArea, others: Sequence[Operation]) -> tuple[Zone, ...]:
    """Return the zones of an operation.

    Parameters
    ----------
    operation : Operation
    area : StudyArea
        Zones are cut at its boundary.
    others : sequence of Operation
        Other operations that reach into the windows; the control excludes their surroundings too.

    Returns
    -------
    tuple of Zone
        Target, gap (if any), rings from the inside out, control.

    Raises
    ------
    DesignError
        If the target lies outside the study area, a zone would be empty, or zones overlap.

    Notes
    -----
    The automatic control is the study area without the target areas, rings and clearance belts of all operations. The
    belt lies beyond the outermost ring and is as wide as that ring. It is neither ring nor control, so that displacement
    a little beyond the rings does not count as a change of the control.
    """
    share_outside = operation.target.difference(area.boundary).area / operation.target.area
    if share_outside > 0.01:
        msg = f'{share_outside:.0%} of the target area of "{operation.name}" lies outside the study area; redraw one of them.'
        raise DesignError(msg)
    target = Zone("target", ZoneRole.TARGET, _polygons(operation.target.intersection(area.boundary), "target"))
    zones = [target]
    inner, covered = 0.0, target.geometry
    bands = [(ZoneRole.GAP, operation.gap)] if operation.gap > 0 else []
    bands += [(ZoneRole.RING, outer) for outer in operation.rings]
    for role, outer in bands:
        band_area = operation.target.buffer(outer, quad_segs=_QUADRANT_SEGMENTS).intersection(area.boundary)
        name = ring_name(inner, outer)
        zones.append(Zone(name, role, _polygons(band_area.difference(covered), name), inner, outer))
        covered = covered.union(band_area)
        inner = outer
    exposed = shapely.union_all([exposed_area(each_operation) for each_operation in (operation, *others)])
    for other_operation in others:
        if other_operation.target.intersects(operation.target.buffer(inner)):
            msg = (
                f'The rings of "{operation.name}" reach into the target area of "{other_operation.name}", whose days '
                f"({other_operation.reach.start} to {other_operation.reach.last}, its phases included) lie in its windows; "
                "use smaller rings or other windows, or evaluate the two as one operation."
            )
            raise DesignError(msg)
    if operation.control is None:
        control = _polygons(area.boundary.difference(exposed), "control")
    else:
        control = _polygons(operation.control.intersection(area.boundary), "control")
        if control.intersects(exposed) and control.intersection(exposed).area > _MAX_OVERLAP_M2:
            msg = (
                f'The control area of "{operation.name}" reaches into the rings of an operation, or into the belt '
                f"of {clearance_width(operation):g} m around them; draw it farther away."
            )
            raise DesignError(msg)
    if control.area < _MIN_CONTROL_KM2 * 1e6:
        msg = f'Only {control.area / 1e6:.2f} km2 is left as control for "{operation.name}"; use smaller rings.'
        raise DesignError(msg)
    zones.append(Zone("control", ZoneRole.CONTROL, control))
    _check_disjoint(zones)
    return tuple(zones)


def ring_name(inner: float, outer: float) -> str:
    """Return the name of a ring, for example "100-250 m".

    Examples
    --------
    >>> ring_name(100, 250)
    '100-250 m'
    """
    return f"{inner:g}-{outer:g} m"


def clearance_width(operation: Operation) -> float:
    """Return the width in metres of the clearance belt: the area beyond the rings that no control may use."""
    edges = (operation.gap, *operation.rings)
    return edges[-1] - edges[-2] if len(edges) > 1 else operation.gap


def outer_reach(operation: Operation) -> float:
    """Return the distance in metres from the target to the outer edge of its last ring."""
    return operation.rings[-1] if operation.rings else operation.gap


def exposed_area(operation: Operation) -> BaseGeometry:
    """Return the area an operation may have affected: target, gap, rings and clearance belt."""
    return operation.target.buffer(outer_reach(operation) + clearance_width(operation), quad_segs=_QUADRANT_SEGMENTS)


def _polygons(geometry: BaseGeometry, name: str) -> BaseGeometry:
    """Return the union of the polygon parts of a geometry; lines and points left over from cutting are dropped."""
    parts = [part for part in shapely.get_parts(geometry) if part.geom_type == "Polygon" and part.area > 0]
    if not parts:
        msg = f'Nothing is left of the zone "{name}" inside the study area; check target, rings and boundary.'
        raise DesignError(msg)
    return shapely.union_all(parts)


def _check_disjoint(zones: Sequence[Zone]) -> None:
    for first, second in combinations(zones, 2):
        shared_area = first.geometry.intersection(second.geometry).area
        if shared_area > _MAX_OVERLAP_M2:
            msg = f'The zones "{first.name}" and "{second.name}" overlap by {shared_area:,.0f} m2; every place counts once.'
            raise DesignError(msg)
