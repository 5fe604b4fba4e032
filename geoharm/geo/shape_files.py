"""Opens a file of shapes by what it is, and checks its coordinates against its coordinate system."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoharm import _crs, _limits
from geoharm._text import shown
from geoharm._validation import nearest_hint
from geoharm.errors import StudyError
from geoharm.geo.crossings import check_crossings
from geoharm.geo.geojson import read_json
from geoharm.geo.kml import read_kml, read_kmz
from geoharm.geo.layered_files import read_layer, read_zipped
from geoharm.geo.outlines import RawShapes, ShapeFault

LAYER_MARK = "|layername="
_JSON, _ZIP, _XML = (b"{",), (b"PK\x03\x04",), (b"<",)
_FIRST_BYTES = {
    ".geojson": _JSON, ".json": _JSON, ".kml": _XML, ".kmz": _ZIP, ".zip": _ZIP, ".gpkg": (b"SQLite format 3\x00",),
    ".fgb": (b"fgb\x03fgb",), ".shp": (b"\x00\x00\x27\x0a",),
}  # fmt: skip
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
ENDINGS = (
    "GeoJSON (.geojson, .json), GeoPackage (.gpkg), Shapefile (.shp, or zipped), KML (.kml, .kmz) or FlatGeobuf (.fgb)"
)


@dataclass(frozen=True, slots=True)
class FileShapes:
    """The shapes of a file, in the file's own coordinate system.

    Attributes
    ----------
    file : str
        Its name, for sentences.
    crs : str
    shapes : tuple of (shapely geometry or None)
        Of every feature; None where it has none.
    rows : tuple of dict
        Properties of every feature.
    closed : int
        Number of outlines that were left open, and were closed.
    """

    file: str
    crs: str
    shapes: tuple[BaseGeometry | None, ...]
    rows: tuple[dict[str, Any], ...]
    closed: int = 0

    def within(self, crs: str) -> FileShapes:
        """Return the shapes in another coordinate system.

        Raises
        ------
        StudyError
            If a coordinate has no place in it.
        """
        moved = transformed(self.shapes, self.crs, crs)
        if not np.isfinite(shapely.get_coordinates(moved)).all():
            raise StudyError([f'{self.file}: its coordinates have no place in the coordinate system "{crs}".'])
        return FileShapes(self.file, crs, tuple(moved), self.rows, self.closed)

    def column(self, name: str, *, subject: str) -> list[Any]:
        """Return a property of every feature; None where a feature has it not.

        Raises
        ------
        StudyError
            If no feature has it.
        """
        known = sorted({key for row in self.rows for key in row})
        if name not in known:
            raise StudyError([f'{self.file}: no {subject} has the property "{name}"; {nearest_hint(name, known)}'])
        return [row.get(name) for row in self.rows]

    def bounds(self, crs: str, shapes: Sequence[BaseGeometry]) -> tuple[float, float, float, float]:
        """Return west, south, east and north of some of the shapes in a coordinate system; NaN of none."""
        if not shapes:
            return math.nan, math.nan, math.nan, math.nan
        west, south, east, north = shapely.total_bounds(transformed(shapes, self.crs, crs)).tolist()
        return west, south, east, north


def transformed(shapes: Sequence[BaseGeometry | None], source: str, target: str) -> NDArray[np.object_]:
    """Return shapes in another coordinate system; None stays None."""

    def move(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        return (x, y) if source == target else _crs.transform(x, y, source=source, target=target)

    array = np.empty(len(shapes), dtype=object)
    array[:] = shapes
    return np.asarray(shapely.transform(array, move, interleaved=False), dtype=object)


def swapped(shapes: FileShapes) -> FileShapes:
    """Return the shapes with the two coordinates of every point exchanged."""
    array = np.empty(len(shapes.shapes), dtype=object)
    array[:] = shapes.shapes
    exchanged = shapely.transform(array, lambda x, y: (y, x), interleaved=False)
    return FileShapes(shapes.file, shapes.crs, tuple(exchanged), shapes.rows, shapes.closed)


def file_of(name: str) -> str:
    """Return the file of a name as a study gives it, without its layer.

    Examples
    --------
    >>> file_of("areas.gpkg|layername=town centre")
    'areas.gpkg'
    """
    return name.partition("|")[0]


def read_shapes(path: Path, label: str) -> FileShapes:
    """Return the shapes of a file.

    Parameters
    ----------
    path : Path
        With the layer's name where the file has several, as QGIS writes it: ``areas.gpkg|layername=wards``.
    label : str
        What the shapes are, for sentences.

    Raises
    ------
    StudyError
        If the file cannot be read, holds no shape, or its coordinates do not fit its coordinate system.
    """
    name, mark, option = path.name.partition("|")
    layer = option.removeprefix("layername=")
    file = path.with_name(name)
    if mark and (not layer or layer == option or "|" in layer):
        raise StudyError(
            [f'"{path.name}": after the file\'s name, only its layer may follow, as in "{name}{LAYER_MARK}wards".']
        )
    if not file.is_file():
        raise StudyError([f'The file of the {label}, "{file}", does not exist.'])
    _check_kind(file, label)
    try:
        raw = _reader(file.suffix.lower(), layer)(file)
        check_crossings(raw.shapes)
    except ShapeFault as fault:
        raise cannot_be_used(file.name, label, fault) from None
    except shapely.errors.ShapelyError as error:
        raise cannot_be_used(
            file.name, label, f"its shapes are damaged ({shown(str(error), most=100)}); save it again"
        ) from error
    shapes = FileShapes(file.name, raw.crs, tuple(raw.shapes), tuple(raw.rows), raw.closed)
    if all(shape is None for shape in shapes.shapes):
        raise StudyError([f"{file.name}: the {label} holds no shape."])
    _check_coordinates(shapes, label)
    return shapes


def cannot_be_used(file: str, label: str, fault: object) -> StudyError:
    """Return the error for a file of shapes, from what is wrong with it or with one shape."""
    return StudyError([f"{file}: the {label} cannot be used: {fault}."])


def _check_kind(path: Path, label: str) -> None:
    valid_starts = _FIRST_BYTES.get(path.suffix.lower())
    if valid_starts is None:
        raise StudyError([f"{path.name}: the {label} must be {ENDINGS}."])
    size, limit = path.stat().st_size, _limits.WHOLE_BYTES
    if size > limit.most:
        raise StudyError(
            [f"{path.name}: the file has {size:,} bytes, and at most {limit.most:,} are read; save only the {label}."]
        )
    with path.open("rb") as stream:
        first_bytes = stream.read(64)
    if not first_bytes:
        raise StudyError([f"{path.name}: the file is empty; save the {label} again."])
    is_text = valid_starts in (_JSON, _XML)
    if is_text and first_bytes.startswith(_UTF16):
        first_bytes = first_bytes[2:].replace(b"\x00", b"")
    if is_text:
        first_bytes = first_bytes.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not first_bytes.startswith(valid_starts):
        raise StudyError([f"{path.name}: the file is not what its extension says; save the {label} again."])


def _reader(ending: str, layer: str) -> Callable[[Path], RawShapes]:
    if ending == ".zip":
        return lambda path: read_zipped(path, layer)
    if ending in (".gpkg", ".fgb", ".shp"):
        return lambda path: read_layer(path, layer)
    if layer:
        raise StudyError([f'a {ending} file has no layers; take "{LAYER_MARK}{layer}" away.'])
    if ending == ".kmz":
        return read_kmz
    read = read_kml if ending == ".kml" else read_json
    return lambda path: read(path.read_bytes())


def _check_coordinates(shapes: FileShapes, label: str) -> None:
    if not shapes.crs:
        remedy = (
            "copy its .prj file beside it, or save it as GeoJSON in degrees"
            if shapes.file.lower().endswith((".shp", ".zip"))
            else "save it as GeoJSON in degrees"
        )
        raise StudyError([f"{shapes.file}: the {label} does not say its coordinate system; {remedy}."])
    west, south, east, north = shapely.total_bounds(list(shapes.shapes)).tolist()
    fits_degrees = west >= -180 and east <= 180 and south >= -90 and north <= 90
    if not _crs.is_in_degrees(shapes.crs):
        if fits_degrees:
            raise StudyError(
                [f'{shapes.file}: the {label} says the coordinate system "{shapes.crs[:60]}", which is not in degrees, but its '
                 "coordinates are degrees. Save it again as GeoJSON in degrees."]
            )  # fmt: skip
        return
    if fits_degrees:
        return
    if abs(west) <= 90 and abs(east) <= 90 and max(abs(south), abs(north)) <= 180:
        raise StudyError([f"{shapes.file}: the {label} has latitude and longitude swapped; longitude must come first."])
    raise StudyError(
        [f"{shapes.file}: the {label} says degrees, but its coordinates reach {east:,.0f}, {north:,.0f}; "
         "they are probably metres. Save it as GeoJSON in degrees."]
    )  # fmt: skip
