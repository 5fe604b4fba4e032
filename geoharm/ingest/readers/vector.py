"""Read the points of geographic files: GeoPackage, FlatGeobuf, and Shapefiles in their zip."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from geoharm import _limits
from geoharm.engines.base import Scratch
from geoharm.errors import DataError
from geoharm.geo.outlines import ShapeFault
from geoharm.geo.vector_limits import check_count, check_geopackage, check_size, shapefiles_in
from geoharm.ingest.formats.input_format import Format
from geoharm.ingest.readers.cells import cell_text
from geoharm.ingest.readers.features import NOT_A_POINT, SEVERAL_POINTS
from geoharm.ingest.readers.input_files import InputFile
from geoharm.ingest.readers.library_errors import reading, unusable
from geoharm.ingest.readers.staging import StagedRows, StageWriter, match_columns

if TYPE_CHECKING:
    import geopandas

SQLITE_START, FLATGEOBUF_START, ZIP_START = b"SQLite format 3\x00", b"fgb\x03fgb", b"PK\x03\x04"
_SHAPEFILE_PARTS = (".shp", ".dbf", ".shx", ".prj", ".cpg", ".sbn", ".sbx", ".qix")
_MOST_LAYERS_SHOWN = 10


def stage_vector(scratch: Scratch, source: InputFile, input_format: Format) -> StagedRows:
    """Read the points of one layer of a geographic file."""
    return stage_frame(scratch, source, input_format, read_vector(source, layer=input_format.layer))


def read_vector(source: InputFile, *, layer: str = "", rows: int | None = None) -> geopandas.GeoDataFrame:
    """Return the features of one layer of a geographic file, in their coordinate system: all, or the first `rows`.

    Parameters
    ----------
    source : InputFile
        A GeoPackage, a FlatGeobuf file, or a zip archive of Shapefiles.
    layer : str
        Name of the layer, or of one Shapefile of several; may be empty if there is only one with geometries.
    rows : int, optional

    Raises
    ------
    DataError
        If the file is of another kind, damaged or empty, reads other files, has several layers of which none is named, or
        does not state its coordinate system.
    """
    most = rows if rows is not None else _limits.RECORDS.most + 1
    address = _address(source, layer)
    # With pandas about a second to import, and most files are text.
    import geopandas  # noqa: PLC0415

    name = None if address.startswith("/vsizip/") else _chosen(source, vector_layers(source), layer)
    # Coordinates that are not numbers are rejected later, so numpy's warnings are not needed.
    with reading(source), np.errstate(invalid="ignore"):
        frame = geopandas.read_file(address, engine="pyogrio", rows=most, layer=name)
        check_count(len(frame))
    return check_frame(source, frame)


def vector_layers(source: InputFile) -> tuple[str, ...]:
    """Return the names of the layers with geometries of a geographic file, or of the Shapefiles in an archive.

    Raises
    ------
    DataError
        If the file is of another kind, or damaged.
    """
    if _kind(source) == ZIP_START:
        return tuple(_shapefiles(source))
    from pyogrio import list_layers  # noqa: PLC0415 -- it takes long to import, and most files are text

    with reading(source):
        listed = list_layers(source.path)
    return tuple(str(name) for name, geometry in listed if geometry is not None)


def check_frame(source: InputFile, frame: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """Return the features unchanged, after a check that there are some and that they state their coordinate system.

    Raises
    ------
    DataError
        If there are no features, or they do not state their coordinate system.
    """
    if frame.empty:
        msg = f'The file "{source.name}" has no features.'
        raise DataError(msg)
    if frame.crs is None:
        msg = f'The file "{source.name}" does not say its coordinate system.'
        raise DataError(msg)
    return frame


def stage_frame(scratch: Scratch, source: InputFile, input_format: Format, frame: geopandas.GeoDataFrame) -> StagedRows:
    """Put features into ``stage``, their places in the format's coordinate system; lines are their numbers from 1."""
    names = [str(name) for name in frame.columns]
    positions = match_columns(source.name, names, input_format)
    with reading(source):  # A damaged text is no text, and a damaged coordinate system leads nowhere.
        columns = [frame[names[index]].to_numpy(dtype=object) for index in positions.values()]
        projected = frame.geometry.to_crs(input_format.crs)
    writer = StageWriter(scratch, (*positions, "longitude", "latitude"))
    for number, (geometry, *values) in enumerate(zip(projected, *columns, strict=True), start=1):
        point = single_point(geometry)
        if isinstance(point, str):
            writer.reject(number, point)
        elif point is None:
            writer.keep(number, [*map(cell_text, values), None, None])
        else:
            writer.keep(number, [*map(cell_text, values), repr(float(point.x)), repr(float(point.y))])
    return writer.close()


def single_point(geometry: Any) -> Any | str | None:
    """Return the one point of a geometry, None if it is empty, or the reason why it is not one point."""
    if geometry is None or geometry.is_empty:
        return None
    if geometry.geom_type == "Point":
        return geometry
    if geometry.geom_type not in ("MultiPoint", "GeometryCollection"):
        return NOT_A_POINT
    parts = [part for part in geometry.geoms if not part.is_empty]
    if any(part.geom_type not in ("Point", "MultiPoint") for part in parts):
        return NOT_A_POINT
    return single_point(parts[0]) if all(part.equals(parts[0]) for part in parts) else SEVERAL_POINTS


def _kind(source: InputFile) -> bytes:
    """Return the first bytes of the kind of a file; whatever is no geographic file, or too large, is refused."""
    if not source.is_plain:
        msg = f'The file "{source.name}" lies inside an archive; unpack it first.'
        raise DataError(msg)
    with source.open() as stream:
        beginning = stream.read(16)
    for kind, check in ((SQLITE_START, check_geopackage), (FLATGEOBUF_START, check_size), (ZIP_START, check_size)):
        if beginning.startswith(kind):
            try:
                check(source.path)
            except ShapeFault as fault:
                raise unusable(source, fault) from fault
            return kind
    if source.path.suffix.lower() in _SHAPEFILE_PARTS:
        stem = source.path.stem
        msg = (
            f'"{source.name}" is one part of a Shapefile, and its attributes lie in another: put {stem}.shp, {stem}.dbf, '
            f"{stem}.shx and {stem}.prj into one zip archive, and name that."
        )
        raise DataError(msg)
    msg = f'The file "{source.name}" is neither a GeoPackage, a FlatGeobuf file nor a zipped Shapefile.'
    raise DataError(msg)


def _address(source: InputFile, layer: str) -> str:
    """Return where GDAL finds a layer of a file that has been found to be harmless."""
    if _kind(source) != ZIP_START:
        return str(source.path)
    shapefiles = _shapefiles(source)
    return f"/vsizip/{source.path}/{shapefiles[_chosen(source, tuple(shapefiles), layer)]}"


def _shapefiles(source: InputFile) -> dict[str, str]:
    """Return the Shapefiles in an archive, by their names without folder and ending."""
    try:
        found = shapefiles_in(source.path, with_attributes=True)
    except ShapeFault as fault:
        raise unusable(source, fault) from fault
    if not found:
        msg = f'The archive "{source.name}" must hold one Shapefile (.shp with its .dbf, .shx and .prj).'
        raise DataError(msg)
    return found


def _chosen(source: InputFile, layers: tuple[str, ...], layer: str) -> str:
    """Return the layer that is meant: the named one, or the only one."""
    shown = ", ".join(f'"{name}"' for name in layers[:_MOST_LAYERS_SHOWN])
    shown += f" and {len(layers) - _MOST_LAYERS_SHOWN} more" if len(layers) > _MOST_LAYERS_SHOWN else ""
    if not layers:
        msg = f'The file "{source.name}" has no layer with geometries.'
        raise DataError(msg)
    if layer and layer not in layers:
        msg = f'The file "{source.name}" has no layer "{layer}"; it has {shown}.'
        raise DataError(msg)
    if not layer and len(layers) > 1:
        msg = (
            f'The file "{source.name}" has {len(layers)} layers: {shown}. Write the one to read in its format, such as '
            f'layer = "{layers[0]}" under [vector]; nothing was read.'
        )
        raise DataError(msg)
    return layer or layers[0]
