"""Areas as arguments: a frame, a series or one geometry becomes one polygon in the events' system of metres."""

from __future__ import annotations

from typing import TypeAlias

import geopandas
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from geoharm import _crs
from geoharm.api.frames import Events, check_in_use, crs_name
from geoharm.errors import DataError, StudyError
from geoharm.geo.shape_files import transformed
from geoharm.model.geometry import StudyArea, check_polygon
from geoharm.model.located_events import LocatedEvents
from geoharm.scaffold.study_area import propose_area

AreaLike: TypeAlias = geopandas.GeoDataFrame | geopandas.GeoSeries | BaseGeometry


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
        As `read_area`; or if the events are too few to draw an area.
    """
    if area is not None:
        return StudyArea(read_area(area, name="study_area", events_crs=events_crs, crs=events.crs), events.crs), []
    placed = np.isfinite(events.x)
    longitude, latitude = _crs.transform(events.x[placed], events.y[placed], source=events.crs, target=_crs.LONLAT)
    places, place = np.unique(np.column_stack([longitude, latitude]), axis=0, return_inverse=True)
    located = LocatedEvents(
        places[:, 0],
        places[:, 1],
        ("",) * len(places),
        place.ravel(),
        events.day[placed],
        np.zeros(place.size, dtype=np.int64),
        np.ones(place.size),
        ("events",),
    )
    try:
        proposed = propose_area([located], "", events.crs)
    except StudyError:
        msg = f"The {int(placed.sum()):,} events with a place are too few, or too far apart, to draw a study area around them; give the study_area."
        raise DataError(msg) from None
    note = (
        f"No study_area was given; one was {proposed.area.evidence}. "
        "Ground where nothing was recorded is not in it: give the boundary of the city to have it."
    )
    return StudyArea(proposed.area.within(events.crs), events.crs), [note]
