"""Population rasters: reads GeoTIFF files of people per cell as points in the study's projection."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from geoharm import _crs
from geoharm.errors import StudyError
from geoharm.model.geometry import StudyArea
from geoharm.model.points import Points

# A raster may not cover the study area fully, because coastlines differ between sources.
_LEAST_COVERAGE = 0.98


def read_population_raster(path: Path, area: StudyArea) -> Points:
    """Return the population of the study area as points, from a raster of people per cell.

    Parameters
    ----------
    path : Path
        ``.tif`` or ``.tiff`` with one band: people in each cell, not per km2.
    area : StudyArea
        Cells whose centre lies outside are left out. Cell centres are transformed one by one to the coordinate system
        of the study, so that the number of people is not changed by resampling.

    Returns
    -------
    Points
        One point for each cell with people.

    Raises
    ------
    StudyError
        If the file is not such a raster, has no coordinate system, has negative numbers that are not marked as
        missing, covers less than 98 % of the study area, or has no people in it.
    """
    if path.suffix.lower() not in (".tif", ".tiff") or not path.is_file():
        raise StudyError([f'The population raster "{path}" must be an existing .tif or .tiff file.'])
    # Slow to import, and few studies name a raster.
    import rasterio  # noqa: PLC0415
    from rasterio.errors import RasterioError  # noqa: PLC0415

    try:
        with rasterio.open(path, driver="GTiff") as raster:
            if raster.crs is None:
                raise StudyError([f"{path.name}: the raster does not say its coordinate system."])
            if raster.count != 1:
                raise StudyError([f"{path.name}: a population raster has one band; this one has {raster.count}."])
            raster_crs, transform = raster.crs.to_wkt(), raster.transform
            people = raster.read(1, masked=True)
    except RasterioError as error:
        raise StudyError([f"{path.name}: the raster cannot be read: {str(error).splitlines()[0]}."]) from error
    has_data = ~np.ma.getmaskarray(people) & np.isfinite(
        people.filled(np.nan) if people.dtype.kind == "f" else people.data
    )
    row, column = np.nonzero(has_data)
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
    _check_coverage(path, [(float(x), float(y)) for x, y in corners], raster_crs, area)
    at_x, at_y = transform @ (column + 0.5, row + 0.5)
    x, y = _crs.transform(at_x, at_y, source=raster_crs, target=area.crs)
    population = people_inside(x, y, count, area)
    if not len(population):
        raise StudyError([f"{path.name}: the raster has no people in the study area; is it the right file?"])
    return population


def people_inside(
    x: NDArray[np.float64], y: NDArray[np.float64], people: NDArray[np.float64], area: StudyArea
) -> Points:
    """Return the points with people inside the study area.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        Metres in the coordinate system of the study area.
    people : ndarray, shape (n,)
        People at each point.
    area : StudyArea
    """
    shapely.prepare(area.boundary)
    used = np.isfinite(x) & np.isfinite(y) & (people > 0)
    used[used] = shapely.intersects_xy(area.boundary, x[used], y[used])
    return Points(x[used], y[used], people[used])


def _check_coverage(path: Path, corners: list[tuple[float, float]], raster_crs: str, area: StudyArea) -> None:
    """Raise an error if the raster does not cover the study area."""
    # Points along the edges too: a straight edge in one coordinate system is curved in another.
    edge = shapely.segmentize(shapely.Polygon(corners), shapely.Polygon(corners).length / 200)
    edge_points = shapely.get_coordinates(edge)
    x, y = _crs.transform(edge_points[:, 0], edge_points[:, 1], source=raster_crs, target=area.crs)
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise StudyError(
            [
                f"{path.name}: the edge of the raster lies outside its coordinate system or that of the study, so whether it "
                "covers the study area cannot be checked; cut the raster to a rectangle around the study area."
            ]
        )
    raster_outline = shapely.make_valid(shapely.Polygon(np.column_stack([x, y])))
    share = raster_outline.intersection(area.boundary).area / area.boundary.area
    if math.isnan(share) or share < _LEAST_COVERAGE:
        raise StudyError(
            [f"{path.name}: the raster covers {100 * share:.0f} % of the study area; it must cover all of it."]
        )
