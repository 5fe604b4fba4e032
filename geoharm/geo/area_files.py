"""Area files: reads polygons, place names and context lines from GeoJSON or GeoPackage in the study's projection."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoharm import _crs
from geoharm._validation import nearest_hint
from geoharm.errors import DesignError, StudyError
from geoharm.model.area_counts import Areas
from geoharm.model.geometry import Site

if TYPE_CHECKING:
    import geopandas

_DRIVERS = {".geojson": "GeoJSON", ".json": "GeoJSON"}
_FIRST_BYTES = {
    ".geojson": (b"{",),
    ".json": (b"{",),
    ".gpkg": (b"SQLite format 3\x00",),
}


def read_area(path: Path, crs: str | None, *, name: str) -> tuple[BaseGeometry, str, str]:
    """Return the union of a file's polygons, the projected coordinate system, and a note if the system was chosen here.

    Parameters
    ----------
    path : Path
        ``.geojson``, ``.json`` or ``.gpkg``.
    crs : str or None
        The study's coordinate system; None chooses the local UTM zone.
    name : str
        What the area is, for error messages.

    Raises
    ------
    StudyError
        If the file cannot be read, has no polygon, or its coordinates do not fit the coordinate system.
    """
    frame = _read_shapes(path, name)
    note = ""
    if crs is None:
        west, south, east, north = frame.to_crs(_crs.LONLAT).total_bounds
        crs = _crs.local_utm((west + east) / 2, (south + north) / 2)
        note = f"No crs was given; the local UTM zone {crs} was chosen."
    if not frame.geom_type.isin(["Polygon", "MultiPolygon"]).any():
        raise StudyError([f"{path.name}: the {name} has no polygon; draw an area, not points or lines."])
    try:
        _crs.check_area_of_use(crs, *(float(edge) for edge in frame.to_crs(_crs.LONLAT).total_bounds))
    except DesignError as error:
        raise StudyError([f"{path.name}: {error}"]) from error
    frame = frame[frame.geom_type.isin(["Polygon", "MultiPolygon"])].to_crs(crs)
    union = shapely.union_all([shapely.make_valid(shape) for shape in frame.geometry])
    polygons = [polygon for polygon in shapely.get_parts(union) if polygon.geom_type in ("Polygon", "MultiPolygon")]
    return shapely.union_all(polygons), crs, note


def read_areas(paths: Sequence[Path], crs: str, *, column: str) -> Areas:
    """Return the areas of one or several files, each with its code and its outline.

    Features with the same code are merged into one area. Invalid polygons are repaired. Features without a code or
    without a polygon are left out. The notes of the result give the number of each.

    Parameters
    ----------
    paths : sequence of Path
        GeoJSON or GeoPackage files.
    crs : str
        The study's coordinate system.
    column : str
        The property that contains the code.

    Raises
    ------
    StudyError
        If a file cannot be read or has no such property, or no area is left.
    """
    polygons_of_code: dict[str, list[BaseGeometry]] = {}
    unusable, repaired, merged = 0, 0, 0
    for path in paths:
        frame = _read_shapes(path, "areas").to_crs(crs)
        if column not in frame.columns:
            raise StudyError(
                [f'{path.name}: no area has the property "{column}"; {nearest_hint(column, _property_names(frame))}']
            )
        for code, shape in zip(frame[column], frame.geometry, strict=True):
            code_text = "" if code is None or code != code else str(code).strip()  # noqa: PLR0124 NaN
            polygon = _valid_polygon(shape)
            if not code_text or polygon is None:
                unusable += 1
                continue
            repaired += not shape.is_valid
            merged += code_text in polygons_of_code
            polygons_of_code.setdefault(code_text, []).append(polygon)
    if not polygons_of_code:
        raise StudyError([f'{paths[0].name}: no feature has both a polygon and a "{column}".'])
    count_labels = (
        (unusable, "features of the area file without a code or a polygon, left out"),
        (repaired, "invalid outlines in the area file, repaired"),
        (merged, "features with the code of an earlier feature, merged into one area"),
    )
    notes = tuple(f"{label}: {count:,}" for count, label in count_labels if count)
    shapes = {
        code: polygons[0] if len(polygons) == 1 else shapely.union_all(polygons)
        for code, polygons in sorted(polygons_of_code.items())
    }
    return Areas(tuple(shapes), tuple(shapes.values()), notes)


def read_numbered_shapes(path: Path, crs: str, *, column: str) -> tuple[tuple[BaseGeometry, ...], NDArray[np.float64]]:
    """Return every shape of a file with the number in one of its columns, zero or more.

    Raises
    ------
    StudyError
        If the file cannot be read, has no such column, or a number is missing or negative.
    """
    frame = _read_shapes(path, "people").to_crs(crs)
    if column not in frame.columns:
        raise StudyError(
            [f'{path.name}: no shape has the property "{column}"; {nearest_hint(column, _property_names(frame))}']
        )
    numbers = np.array([_to_number(value) for value in frame[column]], dtype=np.float64)
    invalid = ~np.isfinite(numbers) | (numbers < 0)
    if invalid.any():
        value = frame[column].iloc[int(np.flatnonzero(invalid)[0])]
        raise StudyError(
            [f'{path.name}: "{column}" must be a number of zero or more for every shape; {int(invalid.sum()):,} are not, '
             f'the first is "{value}".']
        )  # fmt: skip
    return tuple(_valid_polygon(shape) or shape for shape in frame.geometry), numbers


def read_place_names(path: Path, crs: str) -> tuple[Site, ...]:
    """Return the points of a file with their names, from the column ``name``."""
    frame = _read_shapes(path, "place names").to_crs(crs)
    if "name" not in frame.columns:
        raise StudyError([f'{path.name}: place names need the property "name".'])
    points = frame[frame.geom_type == "Point"]
    return tuple(
        Site(str(label), float(point.x), float(point.y))
        for label, point in zip(points["name"], points.geometry, strict=True)
    )


def read_context_lines(path: Path, crs: str) -> BaseGeometry:
    """Return the lines of a file and the outlines of its polygons, for orientation on maps."""
    frame = _read_shapes(path, "context").to_crs(crs)
    lines = [shape.boundary if "Polygon" in shape.geom_type else shape for shape in frame.geometry]
    return shapely.union_all([line for line in lines if "Line" in line.geom_type])


def file_hash(path: Path) -> str:
    """Return the SHA-256 of an area or study file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _to_number(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return float("nan")


def _valid_polygon(shape: BaseGeometry) -> BaseGeometry | None:
    """Return the valid polygonal part of a shape, or None if it has none."""
    parts = [part for part in shapely.get_parts(shapely.make_valid(shape)) if "Polygon" in part.geom_type]
    return shapely.union_all(parts) if parts else None


def _property_names(frame: geopandas.GeoDataFrame) -> list[str]:
    return [str(name) for name in frame.columns if name != frame.geometry.name]


def _read_shapes(path: Path, label: str) -> geopandas.GeoDataFrame:
    if not path.is_file():
        raise StudyError([f'The file of the {label}, "{path}", does not exist.'])
    valid_starts = _FIRST_BYTES.get(path.suffix.lower())
    if valid_starts is None:
        raise StudyError([f"{path.name}: the {label} must be a .geojson, .json or .gpkg file."])
    with path.open("rb") as stream:
        first_bytes = stream.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
    if not first_bytes.startswith(valid_starts):
        raise StudyError([f"{path.name}: the file is not what its extension says; save the {label} again."])
    # With pandas about a second to import; a study without a readable area file is refused before.
    import geopandas  # noqa: PLC0415
    from pyogrio.errors import DataSourceError  # noqa: PLC0415

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # A fixed driver excludes formats that look like this one but read other files (VRT, GDALG).
            source = f"{_DRIVERS[path.suffix.lower()]}:{path}" if valid_starts == (b"{",) else str(path)
            frame = geopandas.read_file(source, engine="pyogrio")
    except (DataSourceError, ValueError) as error:
        raise StudyError([f"{path.name}: the {label} cannot be read: {str(error).splitlines()[0]}."]) from error
    if frame.empty or frame.geometry.isna().all():
        raise StudyError([f"{path.name}: the {label} holds no shape."])
    frame = frame[~frame.geometry.isna()]
    if frame.crs is None:
        raise StudyError(
            [f"{path.name}: the {label} does not say its coordinate system; save it as GeoJSON in degrees."]
        )
    west, south, east, north = frame.total_bounds
    if frame.crs.is_geographic and not (west >= -180 and east <= 180 and south >= -90 and north <= 90):
        if abs(west) <= 90 and abs(east) <= 90 and max(abs(south), abs(north)) <= 180:
            raise StudyError(
                [f"{path.name}: the {label} has latitude and longitude swapped; GeoJSON wants longitude first."]
            )
        raise StudyError(
            [f"{path.name}: the {label} says degrees, but its coordinates reach {east:,.0f}, {north:,.0f}; "
             "they are probably metres. Save it as GeoJSON in degrees."]
        )  # fmt: skip
    return frame
