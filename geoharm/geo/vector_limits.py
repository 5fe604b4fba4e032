"""What a file that GDAL reads would become in memory, found out before GDAL opens it: the same for areas and events.

A few kilobytes can name the same bytes many times over (a Shapefile's index, a GeoPackage's view), or columns that are
worked out as they are read. No content may be larger than the file that holds it.
"""

from __future__ import annotations

import sqlite3
import struct
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path, PurePosixPath

import numpy as np

from geoharm import _limits
from geoharm._archives import ArchiveFault, opened_archive, read_entry, verify_entries
from geoharm.geo.outlines import ShapeFault

SHAPEFILE_START = b"\x00\x00\x27\x0a"
_SHAPEFILE_HEADER, _INDEX_ENTRY = 100, 8
_GENERATED_COLUMNS = (2, 3)
_STEPS_BETWEEN_CHECKS = 1_000_000


def check_size(path: Path) -> None:
    """Refuse a file that is too large to be read as one.

    Raises
    ------
    ShapeFault
    """
    size = path.stat().st_size
    if size > _limits.WHOLE_BYTES.most:
        msg = f"it {_limits.WHOLE_BYTES.refusal(size)}"
        raise ShapeFault(msg)


def check_count(records: int) -> None:
    """Refuse too many features.

    Raises
    ------
    ShapeFault
    """
    if records > _limits.RECORDS.most:
        msg = f"it {_limits.RECORDS.refusal(records)}"
        raise ShapeFault(msg)


# -- GeoPackage -------------------------------------------------------------------------------------------------------


def check_geopackage(path: Path) -> None:
    """Refuse a GeoPackage whose layers are anything but plain tables, or hold more than the file.

    Raises
    ------
    ShapeFault
        If it is damaged or too large, or a layer is a view, reads other files, or has columns that are worked out.
    """
    check_size(path)
    # Nothing that the file may state is carried out: it is opened to read, and triggers fire only when it is written to.
    address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    steps = 0

    def is_enough() -> bool:
        nonlocal steps
        steps += _STEPS_BETWEEN_CHECKS
        return steps > _limits.QUERY_STEPS.most

    with closing(sqlite3.connect(address, uri=True)) as database:
        database.set_progress_handler(is_enough, _STEPS_BETWEEN_CHECKS)
        try:
            _check_tables(database, path.stat().st_size)
        except sqlite3.OperationalError as error:
            if "interrupted" not in str(error):
                raise ShapeFault(_DAMAGED) from error
            msg = f"it {_limits.QUERY_STEPS.refusal()}"
            raise ShapeFault(msg) from error
        except (sqlite3.Error, UnicodeError, OverflowError) as error:
            raise ShapeFault(_DAMAGED) from error


_DAMAGED = "it is a damaged GeoPackage; fetch it or save it again"


def _check_tables(database: sqlite3.Connection, size: int) -> None:
    database.execute("PRAGMA trusted_schema = OFF")
    database.execute("PRAGMA cell_size_check = ON")
    made_by = {
        name: (kind, sql or "") for name, kind, sql in database.execute("SELECT name, type, sql FROM sqlite_master")
    }
    for _, sql in made_by.values():
        words = " ".join(sql.lower().split())
        if words.startswith("create virtual table") and " using rtree" not in words:
            msg = "it is a GeoPackage with a table that reads other files; save the layer again"
            raise ShapeFault(msg)
    if "gpkg_geometry_columns" not in made_by:
        msg = "it is a database (SQLite), but no GeoPackage with shapes; save it as one"
        raise ShapeFault(msg)
    content = 0
    for (name,) in database.execute("SELECT DISTINCT table_name FROM gpkg_geometry_columns").fetchall():
        kind = made_by.get(name, ("", ""))[0]
        if kind == "view":
            msg = f'its layer "{name}" is a view, which is worked out as it is read; save it as a layer of its own'
            raise ShapeFault(msg)
        if kind == "table":
            content += _bytes_of(database, name)
    if content > size:
        msg = "it is damaged: its rows are larger than the file; save it again"
        raise ShapeFault(msg)


def _bytes_of(database: sqlite3.Connection, table: str) -> int:
    """Return how many bytes the texts and shapes of a table have together."""
    columns = database.execute("SELECT name, hidden FROM pragma_table_xinfo(?)", [table]).fetchall()
    if any(hidden in _GENERATED_COLUMNS for _, hidden in columns):
        msg = f'its layer "{table}" has a column that is worked out as it is read; save it as a layer of its own'
        raise ShapeFault(msg)
    quoted = [f'"{name.replace(chr(34), chr(34) * 2)}"' for name, _ in columns]
    lengths = " + ".join(
        f"CASE WHEN typeof({name}) IN ('text', 'blob') THEN length({name}) ELSE 0 END" for name in quoted
    )
    rows, content = database.execute(
        f"SELECT count(*), coalesce(sum(size), 0) FROM (SELECT {lengths} AS size FROM "
        f'"{table.replace(chr(34), chr(34) * 2)}" LIMIT {_limits.RECORDS.most + 1})'
    ).fetchone()
    check_count(rows)
    return int(content)


# -- Shapefile --------------------------------------------------------------------------------------------------------


def check_shapefile(path: Path) -> None:
    """Check a Shapefile that lies in a folder.

    Raises
    ------
    ShapeFault
        If a part is missing that is needed, or its parts contradict each other.
    """
    parts = {
        other.suffix.lower(): other for other in path.parent.iterdir() if other.stem == path.stem and other.is_file()
    }
    for part in parts.values():
        check_size(part)
    if ".shx" not in parts:
        msg = f'the file "{path.stem}.shx" that belongs to it is missing; copy all files called "{path.stem}" together'
        raise ShapeFault(msg)
    dbf = parts.get(".dbf")
    with parts[".shx"].open("rb") as stream:
        index = stream.read(_SHAPEFILE_HEADER + _INDEX_ENTRY * (_limits.RECORDS.most + 1))
    _check_index(index, parts[".shp"].stat().st_size)
    if dbf is not None:
        with dbf.open("rb") as stream:
            _check_attributes(stream.read(12), dbf.stat().st_size)


def shapefiles_in(path: Path, *, with_attributes: bool) -> dict[str, str]:
    """Return the Shapefiles in a zip archive, each by its name without folder and ending.

    Parameters
    ----------
    path : Path
    with_attributes : bool
        Whether a Shapefile without its table of attributes is refused.

    Raises
    ------
    ShapeFault
        If the archive is damaged or not to be trusted (`geoharm._archives`), two have one name, or the parts of one
        are missing or contradict each other.
    """
    check_size(path)
    try:
        with opened_archive(path) as archive:
            sizes = {entry.filename: entry.file_size for entry in archive.infolist()}
            found = [name for name in sizes if _is_shapefile(name)]
            for name in found:
                _check_zipped(archive, name, sizes, (".shx", ".dbf") if with_attributes else (".shx",))
    except ArchiveFault as fault:
        msg = f"the archive {fault}"
        raise ShapeFault(msg) from fault
    by_layer: dict[str, str] = {}
    for name in found:
        layer = PurePosixPath(name).stem
        if by_layer.setdefault(layer, name) != name:
            msg = f'the archive has several Shapefiles called "{layer}"; take all but one out'
            raise ShapeFault(msg)
    return by_layer


def _check_zipped(archive: zipfile.ZipFile, name: str, sizes: Mapping[str, int], needed: Sequence[str]) -> None:
    stem = name[:-4]
    parts = {
        PurePosixPath(entry).suffix.lower(): entry for entry in sizes if entry.lower().startswith(f"{stem.lower()}.")
    }
    layer = PurePosixPath(stem).name
    for ending in needed:
        if ending not in parts:
            msg = f'the file "{layer}{ending}" is missing in it; put all files called "{layer}" into the archive'
            raise ShapeFault(msg)
    if sum(sizes[entry] for entry in parts.values()) > _limits.WHOLE_BYTES.most:
        msg = f"it {_limits.WHOLE_BYTES.refusal()}"
        raise ShapeFault(msg)
    with archive.open(name) as stream:
        if stream.read(4) != SHAPEFILE_START:
            msg = f'"{layer}.shp" in it is no Shapefile; save it again'
            raise ShapeFault(msg)
    check_count((sizes[parts[".shx"]] - _SHAPEFILE_HEADER) // _INDEX_ENTRY)
    _check_index(read_entry(archive, parts[".shx"], _limits.WHOLE_BYTES), sizes[name])
    if ".dbf" in parts:
        with archive.open(parts[".dbf"]) as stream:
            _check_attributes(stream.read(12), sizes[parts[".dbf"]])
    verify_entries(archive, list(parts.values()))


def _is_shapefile(entry: str) -> bool:
    """Return whether an entry of an archive is a Shapefile, and not what a Mac keeps beside it."""
    path = PurePosixPath(entry)
    return path.suffix.lower() == ".shp" and not path.name.startswith("._") and "__MACOSX" not in path.parts


def _check_index(index: bytes, shapes_size: int) -> None:
    """Refuse an index (.shx) of too many shapes, or one that names the same bytes for several shapes."""
    entries = np.frombuffer(
        index[_SHAPEFILE_HEADER:][: (len(index) - _SHAPEFILE_HEADER) // 8 * 8], dtype=">u4"
    ).reshape(-1, 2)
    check_count(len(entries))
    # Lengths are in words of two bytes; every record has a header of eight.
    content = int((entries[:, 1].astype(np.int64) * 2 + 8).sum())
    if content > shapes_size:
        msg = "its index (.shx) names more bytes than there are; save it again"
        raise ShapeFault(msg)


def _check_attributes(header: bytes, size: int) -> None:
    """Refuse a table of attributes (.dbf) that claims more rows than it has bytes for."""
    if len(header) < 12:
        msg = "its table of attributes (.dbf) is cut short; fetch it again"
        raise ShapeFault(msg)
    rows, begin, length = struct.unpack("<LHH", header[4:12])
    check_count(rows)
    if rows * length > max(size - begin, 0) + length:
        msg = "its table of attributes (.dbf) is cut short; fetch it again"
        raise ShapeFault(msg)
