"""Population rasters: GeoTIFF files of people per cell, read as places and people in the study's metres."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import rasterio
import shapely
from numpy.typing import NDArray
from rasterio.errors import RasterioError

from geoharm import _crs
from geoharm.errors import StudyError
from geoharm.model.geometry import StudyArea
from geoharm.model.points import Points

# A raster may end a little short of the study area: coasts are drawn differently.
_LEAST_COVER = 0.98


def read_population_raster(path: Path, area: StudyArea) -> Points:
    """Return where people are and how many, from a raster of people per cell.

    Parameters
    ----------
    path : Path
        ``.tif`` or ``.tiff`` with one band: people in each cell, not per km2.
    area : StudyArea
        Cells whose centre lies outside take no part. Centres are moved to its coordinate system one by one, so that
        nobody is lost or made by resampling.

    Returns
    -------
    Points
        One place a cell with people.

    Raises
    ------
    StudyError
        If the file is no such raster, says no coordinate system, holds negative numbers that are not marked as
        missing, covers less than 98 % of the study area, or has nobody in it.
    """
    if path.suffix.lower() not in (".tif", ".tiff") or not path.is_file():
        raise StudyError([f'The population raster "{path}" must be an existing .tif or .tiff file.'])
    try:
        with rasterio.open(path, driver="GTiff") as raster:
            if raster.crs is None:
                raise StudyError([f"{path.name}: the raster does not say its coordinate system."])
            if raster.count != 1:
                raise StudyError([f"{path.name}: a population raster has one band; this one has {raster.count}."])
            system, transform = raster.crs.to_wkt(), raster.transform
            people = raster.read(1, masked=True)
    except RasterioError as error:
        raise StudyError([f"{path.name}: the raster cannot be read: {str(error).splitlines()[0]}."]) from error
    known = ~np.ma.getmaskarray(people) & np.isfinite(
        people.filled(np.nan) if people.dtype.kind == "f" else people.data
    )
    row, column = np.nonzero(known)
    count = np.asarray(people.data[row, column], dtype=np.float64)
    if (count < 0).any():
        raise StudyError(
            [
                f"{path.name}: the raster holds {count.min():g}; mark cells without data as such (nodata), not as a number."
            ]
        )
    corners = [
        transform @ corner for corner in ((0, 0), (people.shape[1], 0), people.shape[::-1], (0, people.shape[0]))
    ]
    _check_cover(path, [(float(x), float(y)) for x, y in corners], system, area)
    at_x, at_y = transform @ (column + 0.5, row + 0.5)
    x, y = _crs.transform(at_x, at_y, source=system, target=area.crs)
    found = people_inside(x, y, count, area)
    if not len(found):
        raise StudyError([f"{path.name}: nobody lives in the study area by this raster; is it the right one?"])
    return found


def people_inside(
    x: NDArray[np.float64], y: NDArray[np.float64], people: NDArray[np.float64], area: StudyArea
) -> Points:
    """Return the places inside the study area at which there is anybody; arrays of shape (n,), in its metres."""
    shapely.prepare(area.boundary)
    held = np.isfinite(x) & np.isfinite(y) & (people > 0)
    held[held] = shapely.intersects_xy(area.boundary, x[held], y[held])
    return Points(x[held], y[held], people[held])


def _check_cover(path: Path, corners: list[tuple[float, float]], system: str, area: StudyArea) -> None:
    """Refuse a raster that leaves part of the study area without people because it ends there."""
    # Along the edges too: a straight edge in one system is bent in another.
    edge = shapely.segmentize(shapely.Polygon(corners), shapely.Polygon(corners).length / 200)
    outline = shapely.get_coordinates(edge)
    x, y = _crs.transform(outline[:, 0], outline[:, 1], source=system, target=area.crs)
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return
    frame = shapely.make_valid(shapely.Polygon(np.column_stack([x, y])))
    share = frame.intersection(area.boundary).area / area.boundary.area
    if math.isnan(share) or share < _LEAST_COVER:
        raise StudyError(
            [f"{path.name}: the raster covers {100 * share:.0f} % of the study area; it must cover all of it."]
        )
