"""Areas as arguments: a frame, a series or one geometry becomes one polygon in the events' system of metres."""

from __future__ import annotations

from typing import TypeAlias

import geopandas
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoharm.api.frames import Events, check_in_use, crs_name
from geoharm.errors import DataError
from geoharm.geo.shape_files import transformed
from geoharm.model.geometry import StudyArea, check_polygon

AreaLike: TypeAlias = geopandas.GeoDataFrame | geopandas.GeoSeries | BaseGeometry
# An area proposed from the events: strays are left out beyond this share of the events on each side, and the outline is
# drawn this many metres around the rest.
_STRAY_SHARE, _MARGIN = 0.001, 250.0


def read_area(area: AreaLike, *, name: str, events_crs: str, crs: str) -> BaseGeometry:
    """Return an area as one polygon in metres.

    Parameters
    ----------
    area : GeoDataFrame, GeoSeries or shapely geometry
        All polygons together are the area. A bare geometry is in the coordinate system in which the events were given.
    name : str
        Name of the argument, for sentences.
    events_crs : str
        The system in which the events were given.
    crs : str
        The system in metres.

    Raises
    ------
    DataError, DesignError
        If it is no polygon, is not valid, or has no coordinate system.
    """
    if isinstance(area, geopandas.GeoDataFrame | geopandas.GeoSeries):
        shapes = area.geometry if isinstance(area, geopandas.GeoDataFrame) else area
        if shapes.crs is None:
            msg = f"{name} has no coordinate system, but the events have {events_crs}; say which one it is with set_crs(...)."
            raise DataError(msg)
        source, geometries = crs_name(shapes), shapes.to_numpy()
    elif isinstance(area, BaseGeometry):
        source, geometries = events_crs, np.array([area], dtype=np.object_)
    else:
        msg = f"{name} must be polygons: a GeoDataFrame, a GeoSeries or a shapely geometry; {type(area).__name__} was given."
        raise DataError(msg)
    present = geometries[~(shapely.is_missing(geometries) | shapely.is_empty(geometries))]
    if not present.size:
        msg = f"{name} holds no polygon."
        raise DataError(msg)
    for shape in present:
        check_polygon(shape, name)
    x, y = shapely.get_coordinates(present).T
    check_in_use(x, y, source, what=name)
    # Valid polygons may touch themselves by the rounding of the projection, which is mended without a word.
    moved = shapely.make_valid(transformed(list(present), source, crs))
    parts = [part for part in shapely.get_parts(shapely.union_all(moved)) if part.geom_type == "Polygon"]
    return check_polygon(shapely.union_all(parts), name)


def study_area_of(area: AreaLike | None, events: Events, *, events_crs: str) -> tuple[StudyArea, list[str]]:
    """Return the study area, and a note if it was drawn around the events because none was given.

    Raises
    ------
    DataError, DesignError
        As `read_area`; or if the events span no area.
    """
    if area is not None:
        return StudyArea(read_area(area, name="study_area", events_crs=events_crs, crs=events.crs), events.crs), []
    outline = outline_of(events.x, events.y)
    placed = np.isfinite(events.x)
    inside = shapely.intersects_xy(outline, events.x[placed], events.y[placed])
    note = (
        f"No study_area was given: the outline of the events is taken, {outline.area / 1e6:,.0f} km2, "
        f"with {int((~inside).sum()):,} of {int(placed.sum()):,} events outside it. "
        "Ground where nothing was recorded is not in it; give the boundary of the city to have it."
    )
    return StudyArea(outline, events.crs), [note]


def outline_of(x: NDArray[np.float64], y: NDArray[np.float64]) -> BaseGeometry:
    """Return the convex outline of places, without the one in a thousand that lie farthest out on each side.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        Metres; NaN is left out.

    Raises
    ------
    DataError
        If they span no area.
    """
    placed = np.isfinite(x) & np.isfinite(y)
    ends = [np.quantile(values[placed], (_STRAY_SHARE, 1 - _STRAY_SHARE)) for values in (x, y)]
    near = placed.copy()
    for values, (low, high) in zip((x, y), ends, strict=True):
        near[placed] &= (values[placed] >= low) & (values[placed] <= high)
    hull = shapely.convex_hull(shapely.multipoints(np.column_stack([x[near], y[near]])))
    if hull.geom_type != "Polygon":
        msg = "The events lie at one place or on one line, so they span no area; give the study_area."
        raise DataError(msg)
    return hull.buffer(_MARGIN, quad_segs=4)
