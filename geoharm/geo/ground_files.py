"""Opens a ground file: finds out what it is by its first bytes, and which layers and columns it has.

Ground files are large: they are read by GDAL, and of files with an index only what lies over the study area. Files that
work something out as they are read are refused, as for areas (`geoharm.geo.vector_limits`).
"""

from __future__ import annotations

import sqlite3
import warnings
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geoharm import _crs, _limits
from geoharm.errors import DesignError
from geoharm.geo.outlines import ShapeFault
from geoharm.geo.vector_limits import check_shapefile, shapefiles_in

# Where a GeoPackage that `geoharm ground` wrote states its credit.
CREDIT = "CREDIT"
_LONGEST_CREDIT = 500
_SQLITE = b"SQLite format 3\x00"
_FIRST_BYTES = {
    ".geojson": b"{", ".json": b"{", ".gpkg": _SQLITE, ".mbtiles": _SQLITE, ".fgb": b"fgb\x03fgb", ".zip": b"PK\x03\x04",
    ".shp": b"\x00\x00\x27\x0a", ".pmtiles": b"PMTiles\x03",
}  # fmt: skip
_TILED = (".pmtiles", ".mbtiles", ".mvt")
_INDEXED = (".gpkg", ".fgb", ".pmtiles", ".mbtiles")
_OSM_LAYERS = ("lines", "multipolygons", "points")
# An .osm.pbf file begins with the length of its first part, the name of that part, and what it requires.
_PBF_START = b"\n\tOSMHeader"
_PBF_HEADER = 64 * 1024
_VECTOR_TILES = 1
_PICTURES = ("png", "jpg", "jpeg", "webp")
_WORKED_OUT = ("recursive", "randomblob", "zeroblob", "load_extension", "hex(", "printf", "format(", "replace(")
GROUND_ENDINGS = (
    "GeoPackage (.gpkg), GeoJSON (.geojson, .json), Shapefile (.shp, or zipped), FlatGeobuf (.fgb), OpenStreetMap "
    "(.osm.pbf), PMTiles (.pmtiles), MBTiles (.mbtiles) or one vector tile (.mvt)"
)


@dataclass(frozen=True, slots=True)
class GroundLayer:
    """A layer of a ground file.

    Attributes
    ----------
    name : str
    source : str
        What GDAL opens.
    columns : tuple of str
    crs : str
    bounds : tuple of float or None
        West, south, east, north in its own coordinate system, where the file states them.
    """

    name: str
    source: str
    columns: tuple[str, ...]
    crs: str
    bounds: tuple[float, float, float, float] | None


@dataclass(frozen=True, slots=True)
class GroundFile:
    """A ground file.

    Attributes
    ----------
    name : str
    layers : tuple of GroundLayer
    is_tiled : bool
        Whether its shapes are cut at the edges of tiles.
    credit : str
        What it says itself of its origin.
    """

    name: str
    layers: tuple[GroundLayer, ...]
    is_tiled: bool
    credit: str = ""


def open_ground(path: Path) -> GroundFile:
    """Return what a ground file holds, without its features.

    Raises
    ------
    ShapeFault
        If it is of no kind that can be read, damaged, too large, or holds pictures.
    """
    ending = path.suffix.lower()
    _check_kind(path, ending)
    if ending == ".zip":
        sources = [
            (name, f"/vsizip/{path}/{entry}") for name, entry in shapefiles_in(path, with_attributes=True).items()
        ]
    else:
        sources = [("", f"MVT:{path}" if ending == ".mvt" else str(path))]
    layers = [layer for name, source in sources for layer in _layers(source, name, is_osm=ending == ".pbf")]
    if not layers:
        msg = "it holds no layer with shapes, or is cut short; fetch it or save it again"
        raise ShapeFault(msg)
    return GroundFile(path.name, tuple(layers), ending in _TILED, _credit(path) if ending == ".gpkg" else "")


def _check_kind(path: Path, ending: str) -> None:
    if not path.is_file():
        msg = "it does not exist"
        raise ShapeFault(msg)
    if ending not in _FIRST_BYTES and ending not in (".pbf", ".mvt"):
        msg = f"ground must be {GROUND_ENDINGS}"
        raise ShapeFault(msg)
    size, limit = path.stat().st_size, _limits.GROUND_BYTES if ending in _INDEXED else _limits.WHOLE_BYTES
    if size > limit.most:
        msg = f"it {limit.refusal(size)}"
        raise ShapeFault(msg)
    with path.open("rb") as stream:
        start = stream.read(64)
    if ending in (".geojson", ".json"):
        start = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        msg = "it is empty; fetch it or save it again"
        raise ShapeFault(msg)
    if not (start[4:].startswith(_PBF_START) if ending == ".pbf" else start.startswith(_FIRST_BYTES.get(ending, b""))):
        msg = "it is not what its extension says; fetch it or save it again"
        raise ShapeFault(msg)
    if ending == ".shp":
        check_shapefile(path)
    if ending == ".pbf":
        _check_pbf(path)
    if ending == ".pmtiles":
        _check_pmtiles(path)
    if ending in (".gpkg", ".mbtiles"):
        _check_database(path, is_tiled=ending == ".mbtiles")


def _check_pbf(path: Path) -> None:
    """Refuse an .osm.pbf file that ends within a part; GDAL would read what is left of it without a word.

    Each part is the length of its header in four bytes, the header, and as many bytes as the header's field 3 says.
    """
    size, at = path.stat().st_size, 0
    with path.open("rb") as stream:
        while at < size:
            stream.seek(at)
            length = int.from_bytes(stream.read(4), "big")
            header = stream.read(min(length, _PBF_HEADER))
            content = _pbf_number(header, field=3)
            at += 4 + length + content
            if length > _PBF_HEADER or not content or at > size:
                msg = "it is damaged or cut short; fetch it again"
                raise ShapeFault(msg)


def _pbf_number(header: bytes, *, field: int) -> int:
    """Return a whole number of a header in protocol buffers; 0 if it is not there."""
    at = 0

    def number() -> int:
        nonlocal at
        value = shift = 0
        while at < len(header):
            byte = header[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
        return value

    while at < len(header):
        key = number()
        value = number()
        if key == field << 3:
            return value
        # Texts and bytes follow their length.
        at += value if key & 7 == 2 else 0
    return 0


def _check_pmtiles(path: Path) -> None:
    """Refuse PMTiles that end before their tiles do, or hold pictures, by their header of version 3."""
    with path.open("rb") as stream:
        header = stream.read(127)
    ends = [
        int.from_bytes(header[at : at + 8], "little") + int.from_bytes(header[at + 8 : at + 16], "little")
        for at in (8, 24, 40, 56)
    ]
    if len(header) < 127 or max(ends) > path.stat().st_size:
        msg = "it is damaged or cut short; fetch it again"
        raise ShapeFault(msg)
    if header[99] != _VECTOR_TILES:
        msg = "its tiles are pictures, and streets are drawn from vector tiles; take the vector edition"
        raise ShapeFault(msg)


def _check_database(path: Path, *, is_tiled: bool) -> None:
    """Refuse a database that is cut short, reads other files or works out what it holds, and one of pictures."""
    with path.open("rb") as stream:
        header = stream.read(100)
    page = int.from_bytes(header[16:18], "big")
    # The number of pages is right if whoever wrote last wrote it too.
    pages = int.from_bytes(header[28:32], "big") if header[24:28] == header[92:96] else 0
    if pages * (65536 if page == 1 else page) > path.stat().st_size:
        msg = "it is cut short; fetch it again"
        raise ShapeFault(msg)
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            database.execute("PRAGMA trusted_schema = OFF")
            for name, kind, sql in database.execute("SELECT name, type, sql FROM sqlite_master").fetchall():
                _check_made(str(name), str(kind), " ".join(str(sql or "").lower().split()), views=is_tiled)
                if kind == "table":
                    hidden = database.execute("SELECT max(hidden) FROM pragma_table_xinfo(?)", [name]).fetchone()[0]
                    if hidden in (2, 3):
                        msg = f'its table "{name}" has a column that is worked out as it is read; save it again'
                        raise ShapeFault(msg)
            form = ""
            if is_tiled:
                row = database.execute("SELECT value FROM metadata WHERE name = 'format'").fetchone()
                form = str(row[0]).lower() if row else ""
    except (sqlite3.Error, UnicodeError, OverflowError):
        msg = "it is damaged, or of another kind than its name says; fetch it or save it again"
        raise ShapeFault(msg) from None
    if form in _PICTURES:
        msg = f"its tiles are pictures ({form}), and streets are drawn from vector tiles; take the vector edition"
        raise ShapeFault(msg)


def _check_made(name: str, kind: str, sql: str, *, views: bool) -> None:
    if sql.startswith("create virtual table") and " using rtree" not in sql:
        msg = "it has a table that reads other files; save it again"
        raise ShapeFault(msg)
    if kind == "view" and (not views or any(word in sql for word in _WORKED_OUT)):
        msg = f'its layer "{name}" is a view, which is worked out as it is read; save it as a layer of its own'
        raise ShapeFault(msg)


def _layers(source: str, name: str, *, is_osm: bool) -> list[GroundLayer]:
    import pyogrio  # noqa: PLC0415

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            listed = [str(layer) for layer, kind in pyogrio.list_layers(source) if kind is not None]
            wanted = [layer for layer in listed if layer in _OSM_LAYERS] if is_osm else listed
            facts = [(layer, pyogrio.read_info(source, layer=layer)) for layer in wanted]
    except Exception:  # GDAL has dozens of errors; the block calls nothing else.
        msg = "it holds no vector data that can be read, or is damaged; fetch it or save it again"
        raise ShapeFault(msg) from None
    return [
        GroundLayer(
            name or layer, source, tuple(str(column) for column in info["fields"]), _system(info), _bounds(info)
        )
        for layer, info in facts
    ]


def _system(info: dict[str, Any]) -> str:
    if not info["crs"]:
        return ""
    try:
        return _crs.plain_name(str(info["crs"]))
    except DesignError:
        return ""


def _bounds(info: dict[str, Any]) -> tuple[float, float, float, float] | None:
    bounds = info.get("total_bounds")
    return None if bounds is None else (float(bounds[0]), float(bounds[1]), float(bounds[2]), float(bounds[3]))


def _credit(path: Path) -> str:
    """Return the credit that `geoharm.geo.ground_writing` leaves in a GeoPackage; empty without one."""
    import pyogrio  # noqa: PLC0415

    info = pyogrio.read_info(path, layer=0)
    return str((info.get("dataset_metadata") or {}).get(CREDIT, "")).strip()[:_LONGEST_CREDIT]
