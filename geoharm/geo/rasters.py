"""Population rasters: reads GeoTIFF files of people per cell as points in the study's projection."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray

from geoharm import _crs, _limits
from geoharm._text import shown
from geoharm.errors import DesignError, StudyError
from geoharm.model.geometry import StudyArea
from geoharm.model.points import Points

if TYPE_CHECKING:
    from affine import Affine
    from rasterio.windows import Window

_TIFF_STARTS = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
# Share of the study area's width that is read around it.
_MARGIN = 0.02
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
    _check_is_tiff(path)
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
            corners = [
                transform @ corner
                for corner in ((0, 0), (raster.width, 0), (raster.width, raster.height), (0, raster.height))
            ]
            _check_coverage(path, [(float(x), float(y)) for x, y in corners], raster_crs, area)
            window = _window_over(area, raster_crs, transform, raster.shape)
            _check_cells(path, window.height * window.width)
            block_height, block_width = raster.block_shapes[0]
            _check_cells(path, block_height * block_width)
            people = raster.read(1, masked=True, window=window)
    except DesignError as error:
        raise StudyError([f"{path.name}: the raster does not say its coordinate system well: {error}"]) from error
    except (RasterioError, UnicodeError) as error:
        raise StudyError(
            [f"{path.name}: the raster cannot be read: {shown(str(error).splitlines()[0], most=200)}."]
        ) from error
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
    at_x, at_y = transform @ (column + window.col_off + 0.5, row + window.row_off + 0.5)
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


def _check_is_tiff(path: Path) -> None:
    """Refuse what is no TIFF by its first bytes: another driver could open other files."""
    with path.open("rb") as stream:
        if stream.read(4) not in _TIFF_STARTS:
            raise StudyError([f"{path.name}: the file is not what its extension says; save the raster again."])


def _check_cells(path: Path, cells: int) -> None:
    if cells > _limits.RASTER_CELLS.most:
        raise StudyError([f"{path.name}: the raster {_limits.RASTER_CELLS.refusal(cells)}."])


def _window_over(area: StudyArea, raster_crs: str, transform: Affine, shape: tuple[int, int]) -> Window:
    """Return the cells of a raster that may lie in the study area: those around its bounds, with a margin."""
    from rasterio.windows import Window  # noqa: PLC0415 -- slow to import

    # Points along the bounds too: a straight edge in one coordinate system is curved in another.
    west, south, east, north = area.boundary.bounds
    edge = shapely.segmentize(shapely.box(west, south, east, north), max(east - west, north - south) / 50)
    x, y = shapely.get_coordinates(edge).T
    column, row = ~transform @ np.array(_crs.transform(x, y, source=area.crs, target=raster_crs))
    ranges = []
    for at, most in ((row, shape[0]), (column, shape[1])):
        margin = 2 + _MARGIN * (at.max() - at.min())
        first, last = math.floor(at.min() - margin), math.ceil(at.max() + margin)
        ranges.append((max(first, 0), min(last, most)))
    (first_row, last_row), (first_column, last_column) = ranges
    return Window(first_column, first_row, max(last_column - first_column, 1), max(last_row - first_row, 1))


def _check_coverage(path: Path, corners: list[tuple[float, float]], raster_crs: str, area: StudyArea) -> None:
    """Raise an error if the raster does not cover the study area."""
    if not np.isfinite(corners).all() or not shapely.Polygon(corners).area > 0:
        raise StudyError([f"{path.name}: the raster does not say where its cells lie; save it again."])
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
