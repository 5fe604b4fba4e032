"""Reads the population at risk from a file: a raster, points or areas with a number each, or a table by area code."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoharm import _crs, _limits
from geoharm._text import FOLDED, fold_name
from geoharm._validation import nearest_hint
from geoharm.errors import DesignError, StudyError
from geoharm.geo.area_files import read_numbered_shapes
from geoharm.geo.population import population_of_areas
from geoharm.geo.rasters import people_inside, read_population_raster
from geoharm.model.area_counts import Areas
from geoharm.model.geometry import StudyArea
from geoharm.model.grid import grid_over
from geoharm.model.points import Points

# The areas of people must cover at least this share of the study area; small uncovered parts are water and the like.
_MIN_COVER = 0.9
_LONLAT_COLUMNS = ("longitude", "latitude")


def load_population(
    path: Path,
    area: StudyArea,
    *,
    count: str = "",
    areas: Areas | None = None,
    area_id: str = "",
    cell: float = 50.0,
    on_note: Callable[[str], None] | None = None,
) -> Points:
    """Return where people are and how many.

    Parameters
    ----------
    path : Path
        ``.tif``, ``.tiff``: people in each cell. ``.geojson``, ``.json``, ``.gpkg``: points or polygons with a number
        each. ``.csv``: points by the columns longitude and latitude, or rows by area code.
    area : StudyArea
        People outside it are not counted. Of an area that crosses its edge, the share of its ground that lies inside is.
    count : str
        Column with the number of people; not needed for rasters.
    areas : Areas, optional
        Outlines for a table by area code.
    area_id : str
        Column of that table with the area code.
    cell : float
        Metres. The people of an area are spread evenly over cells of this size.
    on_note : callable
        Called with a sentence if areas of a table are spelt otherwise than in their file.

    Returns
    -------
    Points

    Raises
    ------
    StudyError
        If the file cannot be read, a number is missing or negative, shapes of both kinds are mixed, codes do not fit
        the outlines, areas overlap or cover less than 90 % of the study area, or nobody is in it.
    """
    ending = path.suffix.lower()
    if ending in (".tif", ".tiff"):
        return read_population_raster(path, area)
    if not count:
        raise StudyError([f"{path.name}: name the column that holds the number of people with people_count."])
    if ending == ".csv":
        return _population_of_table(path, area, count=count, areas=areas, area_id=area_id, cell=cell, on_note=on_note)
    shapes, numbers = read_numbered_shapes(path, area.crs, column=count, inside=area.boundary)
    kinds = {"polygon" if "Polygon" in shape.geom_type else shape.geom_type.lower() for shape in shapes}
    if kinds == {"point"}:
        x, y = shapely.get_coordinates(np.array(shapes)).T
        return _points_inside(path, x, y, numbers, area)
    if kinds != {"polygon"}:
        msg = (
            f"{path.name}: people are points or polygons, all of one kind; this file holds {', '.join(sorted(kinds))}."
        )
        raise StudyError([msg])
    return _spread_over_areas(path, shapes, numbers, area, cell)


def _population_of_table(
    path: Path,
    area: StudyArea,
    *,
    count: str,
    areas: Areas | None,
    area_id: str,
    cell: float,
    on_note: Callable[[str], None] | None,
) -> Points:
    header, rows = _read_rows(path)
    if count not in header:
        raise StudyError([f'{path.name}: there is no column "{count}"; {nearest_hint(count, header)}'])
    people = _read_numbers(path, rows, header.index(count), count)
    if set(_LONLAT_COLUMNS) <= set(header):
        x, y = (_read_numbers(path, rows, header.index(name), name, least=-180.0) for name in _LONLAT_COLUMNS)
        return _points_inside(path, *_crs.transform(x, y, source=_crs.LONLAT, target=area.crs), people, area)
    if areas is None or area_id not in header:
        raise StudyError(
            [
                f"{path.name}: a table of people has the columns longitude and latitude, or one of area codes that "
                "[change] area_id names, with the outlines under [change] areas."
            ]
        )
    codes = _codes_as_drawn(path, [row[header.index(area_id)].strip() for row in rows], areas, on_note)
    duplicates = sorted({code for code in codes if codes.count(code) > 1})
    if duplicates:
        raise StudyError(
            [f'{path.name}: the code "{duplicates[0]}" stands on more than one line; sum its people first.']
        )
    people_by_code = dict(zip(codes, people, strict=True))
    missing = [code for code in areas.codes if code not in people_by_code]
    if missing:
        raise StudyError(
            [f'{path.name}: {len(missing):,} of {len(areas.codes):,} areas have no line, the first is "{missing[0]}".']
        )
    return _spread_over_areas(path, areas.shapes, np.array([people_by_code[code] for code in areas.codes]), area, cell)


def _codes_as_drawn(path: Path, codes: Sequence[str], areas: Areas, on_note: Callable[[str], None] | None) -> list[str]:
    """Return codes as the area file spells them; those that it has not, even folded, stay."""
    drawn: dict[str, list[str]] = {}
    for code in areas.codes:
        drawn.setdefault(fold_name(code), []).append(code)
    known, meant = set(areas.codes), []
    for code in codes:
        options = drawn.get(fold_name(code), [])
        meant.append(options[0] if code not in known and len(options) == 1 else code)
    changed = [(written, code) for written, code in zip(codes, meant, strict=True) if written != code]
    if changed and on_note is not None:
        on_note(
            f"{path.name}: names of areas that are another's but for {FOLDED}, and were read as the same: "
            f'{len(changed):,}, such as "{changed[0][0]}" as "{changed[0][1]}".'
        )
    return meant


def _read_rows(path: Path) -> tuple[list[str], list[list[str]]]:
    if not path.is_file():
        raise StudyError([f'The file of people, "{path}", does not exist.'])
    size, limit = path.stat().st_size, _limits.WHOLE_BYTES
    if size > limit.most:
        raise StudyError(
            [f"{path.name}: the file has {size:,} bytes, and at most {limit.most:,} are read; {limit.way_out}."]
        )
    csv.field_size_limit(_limits.LINE_BYTES.most)
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            lines = [line for line in csv.reader(stream) if any(line)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise StudyError([f"{path.name}: not a CSV file in UTF-8: {error}."]) from error
    if len(lines) < 2:
        raise StudyError([f"{path.name}: the table has no rows."])
    header = [name.strip() for name in lines[0]]
    for number, line in enumerate(lines[1:], start=2):
        if len(line) != len(header):
            raise StudyError([f"{path.name}: row {number} has {len(line)} cells, its header {len(header)}."])
    return header, lines[1:]


def _read_numbers(
    path: Path, rows: Sequence[Sequence[str]], column: int, name: str, least: float = 0.0
) -> NDArray[np.float64]:
    numbers = np.empty(len(rows))
    for index, row in enumerate(rows):
        try:
            numbers[index] = float(row[column])
        except ValueError:
            numbers[index] = math.nan
        if not least <= numbers[index] < math.inf:
            rule = f"a number of {least:g} or more"
            raise StudyError([f'{path.name}: row {index + 2}, {name} must be {rule}; it is "{row[column]}".'])
    return numbers


def _points_inside(
    path: Path, x: NDArray[np.float64], y: NDArray[np.float64], people: NDArray[np.float64], area: StudyArea
) -> Points:
    points = people_inside(x, y, people, area)
    if not len(points):
        raise StudyError([f"{path.name}: by this file, nobody is in the study area; is it the right file?"])
    return points


def _spread_over_areas(
    path: Path, shapes: Sequence[BaseGeometry], people: NDArray[np.float64], area: StudyArea, cell: float
) -> Points:
    clipped = [_polygons_only(shape.intersection(area.boundary)) for shape in shapes]
    share = np.array([clipped_shape.area / shape.area for clipped_shape, shape in zip(clipped, shapes, strict=True)])
    kept = [index for index in range(len(shapes)) if share[index] > 0]
    if not kept or not (people * share).sum() > 0:
        raise StudyError([f"{path.name}: by this file, nobody is in the study area; is it the right file?"])
    covered = shapely.union_all([clipped[index] for index in kept]).area / area.boundary.area
    if covered < _MIN_COVER:
        raise StudyError(
            [f"{path.name}: its areas cover {100 * covered:.0f} % of the study area; at least 90 % is needed, because "
             "elsewhere missing data would look like places without people."]
        )  # fmt: skip
    areas = Areas(tuple(str(index) for index in kept), tuple(clipped[index] for index in kept))
    try:
        return population_of_areas(areas, (people * share)[kept], grid_over(area.boundary, cell=cell))
    except DesignError as error:
        raise StudyError([f"{path.name}: {error}"]) from error


def _polygons_only(shape: BaseGeometry) -> BaseGeometry:
    """Return a shape without the points and lines where it only touches another one."""
    return shapely.union_all([part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"])
