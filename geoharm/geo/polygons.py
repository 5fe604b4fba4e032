"""Makes the ground of an area from the shapes of a file: repaired, joined, and without gaps that no one drew."""

from __future__ import annotations

from collections.abc import Sequence

import shapely
from shapely.geometry.base import BaseGeometry

from geoharm.geo.outlines import mended
from geoharm.model.overlap import is_narrow


def polygonal(shape: BaseGeometry | None) -> BaseGeometry | None:
    """Return the ground of a shape, valid; None if it has none, such as a line or an outline without an area."""
    if shape is None or (shape.geom_type in ("Polygon", "MultiPolygon") and shape.is_valid and shape.area > 0):
        return shape
    polygons = [mended(part) for part in _simple_parts(shape) if part.geom_type == "Polygon"]
    ground = polygons[0] if len(polygons) == 1 else shapely.union_all(polygons)
    # A union may leave lines where polygons only touch.
    parts = [part for part in _simple_parts(ground) if part.geom_type == "Polygon" and part.area > 0]
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else shapely.MultiPolygon(parts)


def is_sound(shape: BaseGeometry) -> bool:
    """Return whether the polygons of a shape are drawn without a fault."""
    if shape.geom_type == "GeometryCollection":
        return all(is_sound(part) for part in shape.geoms)
    return bool(shape.is_valid) or "Polygon" not in shape.geom_type


def joined(grounds: Sequence[BaseGeometry]) -> tuple[BaseGeometry, float]:
    """Return the union of grounds with its narrow holes closed, and the area that this added.

    Borders that were digitised twice, or by different people, leave gaps between neighbours that no one drew. A hole is
    closed if it is nowhere wider than `geoharm.model.overlap.BORDER_NOISE`. A slit that is open at the edge stays.

    Parameters
    ----------
    grounds : sequence of shapely geometry
        Valid polygons, in metres.

    Returns
    -------
    union : shapely geometry
    added : float
        In square metres.

    Examples
    --------
    >>> union, added = joined([shapely.box(0, 0, 9, 5), shapely.box(0, 5, 9, 10), shapely.box(10, 0, 20, 10),
    ...                        shapely.box(9, 0, 10, 1), shapely.box(9, 9, 10, 10)])
    >>> union.area, added
    (200.0, 8.0)
    """
    union = shapely.union_all(list(grounds))
    parts = [_without_narrow_holes(part) for part in shapely.get_parts(union) if part.geom_type == "Polygon"]
    closed = parts[0] if len(parts) == 1 else shapely.union_all(parts)
    return closed, float(closed.area - union.area)


def _simple_parts(shape: BaseGeometry) -> list[BaseGeometry]:
    """Return the parts of a shape, also of collections in collections, none of which is empty."""
    if not hasattr(shape, "geoms"):
        return [] if shape.is_empty else [shape]
    return [part for member in shape.geoms for part in _simple_parts(member)]


def _without_narrow_holes(polygon: BaseGeometry) -> BaseGeometry:
    kept = [hole for hole in polygon.interiors if not is_narrow(shapely.Polygon(hole))]
    return polygon if len(kept) == len(polygon.interiors) else shapely.Polygon(polygon.exterior, kept)
