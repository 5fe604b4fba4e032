"""Files that were made to exhaust the computer that reads them: small on the disk, without measure in memory or time.

Each maker writes one file into a folder, and says what the refusal must have in it; an empty text where the file is
harmless once it is read with care, and is read.
"""

from __future__ import annotations

import gzip
import json
import sqlite3
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import geopandas
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import rasterio
import shapely
from rasterio.transform import from_bounds

LON, LAT = -27.0, 45.0
EVENTS_CSV = "id,date,longitude,latitude,category\n"
PRJ = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],PRIMEM["Greenwich",0],'
    'UNIT["degree",0.0174532925199433]]'
)

# A format of points by day, for a container and with the columns that it needs.
FORMAT = """
[format]
container = "{container}"
[columns]
date = "date"
{columns}
[date]
formats = ["%Y-%m-%d"]
[location]
crs = "EPSG:4326"
"""


@dataclass(frozen=True)
class Bomb:
    """A file to be read.

    Attributes
    ----------
    name : str
        Of the file.
    make : callable
        Writes the file at a path.
    says : str
        In the refusal; empty if the file is read.
    container : str
        Of the format by which it is read as events; empty for an area file, a study file or a raster.
    """

    name: str
    make: Callable[[Path], object]
    says: str
    container: str = ""


def _zip(path: Path, *entries: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> None:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)


def _repeated(path: Path, piece: bytes, times: int, *, start: bytes = b"", end: bytes = b"") -> None:
    with path.open("wb") as stream:
        stream.write(start)
        block = piece * max(1, 1_000_000 // len(piece))
        per_block = len(block) // len(piece)
        for _ in range(times // per_block):
            stream.write(block)
        stream.write(piece * (times % per_block) + end)


# -- archives and text --------------------------------------------------------------------------------------------------


def zip_of_zeros(path: Path) -> None:
    _zip(path, ("a.csv", EVENTS_CSV.encode() + (b"0" * 1000 + b"\n") * 200_000))


def zip_of_zips(path: Path) -> None:
    inner = path.with_name("inner.zip")
    _zip(inner, *((f"{number}.csv", b"0" * 1_000_000) for number in range(20)))
    _zip(path, ("a.csv", inner.read_bytes()), ("b.csv", inner.read_bytes()))


def zip_of_entries(path: Path) -> None:
    _zip(path, *((f"{number}.csv", b"") for number in range(100_000)), method=zipfile.ZIP_STORED)


def zip_of_overlaps(path: Path) -> None:
    """Write entries that share the same packed bytes, so that no single one grows a hundredfold."""
    _zip(path, ("0000.csv", np.random.default_rng(1).bytes(100_000)))
    content = path.read_bytes()
    end = content.rindex(b"PK\x05\x06")
    start = struct.unpack("<L", content[end + 16 : end + 20])[0]
    record = content[start:end]
    records = b"".join(record.replace(b"0000.csv", b"%04d.csv" % number) for number in range(900))
    tail = b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, 900, 900, len(records), start, 0)
    path.write_bytes(content[:start] + records + tail)


def gzip_of_zeros(path: Path) -> None:
    with gzip.open(path, "wb", compresslevel=9) as stream:
        stream.write(EVENTS_CSV.encode())
        for _ in range(200):
            stream.write((b"0" * 999 + b"\n") * 1000)


def one_long_cell(path: Path) -> None:
    """Write a cell of a billion signs as a sparse file: it takes no space on the disk."""
    with path.open("wb") as stream:
        stream.write(EVENTS_CSV.encode() + b'1,2020-01-01,-27,45,"')
        stream.truncate(1_000_000_000)


def many_short_rows(path: Path) -> None:
    _repeated(path, b",\n", 60_000_000, start=EVENTS_CSV.encode())


def many_columns(path: Path) -> None:
    path.write_bytes(EVENTS_CSV.encode()[:-1] + b",x" * 500_000 + b"\n1,2020-01-01,-27,45,a" + b"," * 500_000 + b"\n")


# -- workbooks ----------------------------------------------------------------------------------------------------------

_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" '
    'ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-'
    'officedocument.spreadsheetml.sheet.main+xml"/></Types>'
)
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def workbook(path: Path, rows: str, *, shared: str = "", sheet: str = "worksheets/sheet1.xml") -> None:
    """Write a workbook of one sheet from the XML of its rows and shared texts."""
    targets = (("rId1", "worksheet", sheet), ("rId2", "sharedStrings", "sharedStrings.xml"))
    links = "".join(f'<Relationship Id="{key}" Type="{_LINKS}/{kind}" Target="{to}"/>' for key, kind, to in targets)
    top = f'<Relationship Id="r1" Type="{_LINKS}/officeDocument" Target="xl/workbook.xml"/>'
    parts = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}">{top}</Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_LINKS}"><sheets><sheet name="s" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}">{links}</Relationships>',
        f"xl/{sheet}": f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{_MAIN}">{shared}</sst>',
    }
    _zip(path, *((name, text.encode()) for name, text in parts.items()))


def far_corner(path: Path) -> None:
    workbook(path, '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>')


def far_corner_of_a_picture(path: Path) -> None:
    """Write the sheet into an entry that is called a picture, with its cell written in an unusual way."""
    workbook(path, "<row><c\n cm='1' r = 'xfd01048576' ><v>1</v></c></row>", sheet="media/image1.png")


def unplaced_corner(path: Path) -> None:
    workbook(path, "<row/>" * 100_000 + "<row>" + "<c/>" * 10_000 + "<c><v>1</v></c></row>")


def shared_text(path: Path) -> None:
    cells = "".join(f'<row r="{row}"><c r="A{row}" t="s"><v>0</v></c></row>' for row in range(1, 20_001))
    workbook(path, cells, shared=f"<si><t>{'x' * 1_000_000}</t></si>")


def repeated_cell(path: Path) -> None:
    office = "urn:oasis:names:tc:opendocument:xmlns"
    content = (
        f'<o:document-content xmlns:o="{office}:office:1.0" xmlns:t="{office}:table:1.0" xmlns:x="{office}:text:1.0"><o:body>'
        '<o:spreadsheet><t:table t:name="s"><t:table-row t:number-rows-repeated="1000000"><t:table-cell '
        't:number-columns-repeated="16000" o:value-type="string"><x:p>a</x:p></t:table-cell></t:table-row></t:table>'
        "</o:spreadsheet></o:body></o:document-content>"
    )
    _zip(
        path,
        ("mimetype", b"application/vnd.oasis.opendocument.spreadsheet"),
        ("META-INF/manifest.xml", b'<manifest xmlns="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>'),
        ("content.xml", content.encode()),
    )


def old_workbook(path: Path) -> None:
    """Write an .xls whose only cell is in the last row and column that its records can name."""
    begin = struct.pack("<HHHHHHLL", 0x0809, 16, 0x0600, 0x0005, 0, 0, 0, 0)
    sheet = struct.pack("<HHHHHHLL", 0x0809, 16, 0x0600, 0x0010, 0, 0, 0, 0)
    end = struct.pack("<HH", 0x000A, 0)
    bound = struct.pack("<HHLBBBB", 0x0085, 9, len(begin) + 13 + 4, 0, 0, 1, 0) + b"s"
    cell = struct.pack("<HHHHHd", 0x0203, 14, 65535, 65535, 0, 1.0)
    stream = (begin + bound + end + sheet + cell + end).ljust(8 * 512, b"\x00")
    header = bytearray(512)
    header[:8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    struct.pack_into("<HHHHH", header, 24, 0x3E, 3, 0xFFFE, 9, 6)
    struct.pack_into("<LLLLLLLLL", header, 44, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0, 0)
    struct.pack_into("<108L", header, 80, *[0xFFFFFFFF] * 108)
    table = struct.pack("<10L", 0xFFFFFFFD, 0xFFFFFFFE, *range(3, 10), 0xFFFFFFFE).ljust(512, b"\xff")

    def entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
        written = name.encode("utf-16-le")
        front = written.ljust(64, b"\x00") + struct.pack("<HBB", len(written) + 2, kind, 1)
        return (
            front + struct.pack("<LLL", 0xFFFFFFFF, 0xFFFFFFFF, child) + bytes(36) + struct.pack("<LLL", start, size, 0)
        )

    directory = entry("Root Entry", 5, 1, 0xFFFFFFFE, 0) + entry("Workbook", 2, 0xFFFFFFFF, 2, 4096) + bytes(256)
    path.write_bytes(bytes(header) + table + directory + stream)


# -- Parquet ------------------------------------------------------------------------------------------------------------


def parquet_dictionary(path: Path) -> None:
    """Write a million rows that share one text of a megabyte: a few kilobytes of dictionary and run lengths."""

    text = pa.DictionaryArray.from_arrays(pa.array(np.zeros(1_000_000, dtype=np.int32)), pa.array(["x" * 1_000_000]))
    plain = pa.array(["1"]).take(pa.array(np.zeros(1_000_000, dtype=np.int64)))
    names = ["id", "date", "longitude", "latitude", "category"]
    pq.write_table(
        pa.table(dict(zip(names, [plain, plain, plain, plain, text], strict=True))), path, compression="zstd"
    )


def parquet_rows(path: Path) -> None:

    names = ["id", "date", "longitude", "latitude", "category"]
    column = pa.array(["1"]).take(pa.array(np.zeros(1_000_000, dtype=np.int64)))
    table = pa.table(dict.fromkeys(names, column))
    with pq.ParquetWriter(path, table.schema, compression="zstd") as writer:
        for _ in range(60):
            writer.write_table(table)


def parquet_claims(path: Path) -> None:
    """Write a Parquet file whose footer claims to be two gigabytes long."""
    small = path.with_name("small.parquet")

    pq.write_table(pa.table({"id": ["1"], "date": ["2020-01-01"]}), small)
    path.write_bytes(small.read_bytes()[:-8] + struct.pack("<L", 2_000_000_000) + b"PAR1")


# -- geographic files ---------------------------------------------------------------------------------------------------


def shapefile_index(path: Path, *, records: int = 4_000_000, method: int = zipfile.ZIP_DEFLATED) -> None:
    """Write a Shapefile whose index names its only point four million times."""

    def head(size: int) -> bytes:
        return struct.pack(">7i", 9994, 0, 0, 0, 0, 0, size // 2) + struct.pack("<2i8d", 1000, 1, *[0.0] * 8)

    record = struct.pack(">2i", 1, 10) + struct.pack("<i2d", 1, LON, LAT)
    fields = (
        struct.pack("<4BiHH20x", 3, 126, 1, 1, records, 65, 11)
        + b"date".ljust(11, b"\0")
        + b"C"
        + bytes(4)
        + bytes([10])
    )
    _zip(
        path,
        ("a.shp", head(100 + len(record)) + record),
        ("a.shx", head(100 + 8 * records) + struct.pack(">2i", 50, 10) * records),
        ("a.prj", PRJ.encode()),
        ("a.dbf", fields.ljust(64, b"\0") + b"\r" + b" 2020-01-01" * records),
        method=method,
    )


def shapefile_repeats(path: Path) -> None:
    """Write an index within the permitted number of records, each of which names the same large outline."""
    points = 50_000
    angles = np.linspace(0, 2 * np.pi, points)
    ring = np.column_stack([LON + 0.01 * np.cos(angles), LAT + 0.01 * np.sin(angles)])
    body = struct.pack("<i4d2i", 5, -28.0, 44.0, -26.0, 46.0, 1, points) + struct.pack("<i", 0) + ring.tobytes()
    record = struct.pack(">2i", 1, len(body) // 2) + body
    count = 20_000

    def head(size: int) -> bytes:
        return struct.pack(">7i", 9994, 0, 0, 0, 0, 0, size // 2) + struct.pack("<2i8d", 1000, 5, *[0.0] * 8)

    _zip(
        path,
        ("a.shp", head(100 + len(record)) + record),
        ("a.shx", head(100 + 8 * count) + struct.pack(">2i", 50, len(body) // 2) * count),
        ("a.prj", PRJ.encode()),
    )


def _geopackage(path: Path) -> sqlite3.Connection:

    frame = geopandas.GeoDataFrame(
        {"date": ["2020-01-01"], "code": ["A"]}, geometry=[shapely.Point(LON, LAT)], crs="EPSG:4326"
    )
    frame.to_file(path, layer="points", engine="pyogrio")
    return sqlite3.connect(path)


def geopackage_view(path: Path) -> None:
    """Write a layer that is a question without end: a view that calls itself."""
    with _geopackage(path) as database:
        database.execute("ALTER TABLE points RENAME TO stored")
        database.execute(
            "CREATE VIEW points AS WITH RECURSIVE n(fid) AS (SELECT 1 UNION ALL SELECT fid + 1 FROM n) "
            "SELECT n.fid, geom, date, code FROM n, stored"
        )
        database.execute("UPDATE gpkg_geometry_columns SET table_name = 'points'")
        database.execute("UPDATE gpkg_contents SET table_name = 'points', identifier = 'points'")


def geopackage_generated(path: Path) -> None:
    with _geopackage(path) as database:
        database.execute("ALTER TABLE points ADD COLUMN bulk TEXT AS (hex(zeroblob(400000000)))")


def geopackage_trigger(path: Path) -> None:
    """Write a trigger that would insert without end: nothing is written to a file that is read, so it never fires."""
    with _geopackage(path) as database:
        database.execute("CREATE TRIGGER grow AFTER INSERT ON points BEGIN INSERT INTO points (date) VALUES ('x'); END")


def _collection(geometry: str) -> bytes:
    return f'{{"type":"FeatureCollection","features":[{{"type":"Feature","properties":{{"date":"2020-01-01"}},"geometry":{geometry}}}]}}'.encode()


def json_points(path: Path) -> None:
    start, _, end = _collection('{"type":"Polygon","coordinates":[[@]]}').partition(b"@")
    _repeated(path, b"[0,0],", 10_000_000, start=start, end=b"[0,1]" + end)


def json_parts(path: Path) -> None:
    start, _, end = _collection('{"type":"MultiPolygon","coordinates":[@]}').partition(b"@")
    _repeated(path, b"[[[0,0],[0,1],[1,1]]],", 1_000_000, start=start, end=b"[[[0,0],[0,1],[1,1]]]" + end)


def json_lists(path: Path) -> None:
    _repeated(path, b"[],", 20_000_000, start=b'{"type":"FeatureCollection","features":[', end=b"[]]}")


def json_deep(path: Path) -> None:
    path.write_bytes(b'{"type":"FeatureCollection","features":' + b"[" * 100_000 + b"]" * 100_000 + b"}")


def json_collections(path: Path) -> None:
    depth = 200
    inner = (
        '{"type":"GeometryCollection","geometries":[' * depth + '{"type":"Point","coordinates":[-27,45]}' + "]}" * depth
    )
    path.write_bytes(_collection(inner))


def _comb(teeth: int, *, is_upright: bool) -> list[list[float]]:
    """Return the outline of a comb in the middle of the study area; without a crossing of its own."""
    half, across = 0.001, np.linspace(-0.001, 0.001, 2 * teeth)
    tips = np.where(np.arange(2 * teeth) % 4 < 2, half, -half * 0.9)
    points = np.column_stack([across, tips])
    outline = np.vstack([points, [[across[-1], -half], [across[0], -half]], points[:1]])
    outline = outline if is_upright else outline[:, ::-1]
    return (outline + np.array([LON, LAT])).tolist()


def combs(path: Path) -> None:
    """Write two combs across each other: each is valid, and together they cross a million times."""
    shapes = [{"type": "Polygon", "coordinates": [_comb(2000, is_upright=flag)]} for flag in (True, False)]
    features = [{"type": "Feature", "properties": {}, "geometry": shape} for shape in shapes]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))


def star(path: Path) -> None:
    """Write one ring of a million points that crosses itself without measure."""
    count = 1_000_001
    angles = np.arange(count) * 2 * np.pi * (count // 2) / count
    ring = np.column_stack([LON + 0.001 * np.cos(angles), LAT + 0.001 * np.sin(angles)]).round(9)
    text = ",".join(f"[{x},{y}]" for x, y in ring.tolist())
    path.write_bytes(_collection(f'{{"type":"Polygon","coordinates":[[{text}]]}}'))


def laughs(path: Path) -> None:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    path.write_text(
        f'<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY l0 "ha">{entities}]><kml><Placemark><name>&l11;</name></Placemark></kml>'
    )


def kml_elements(path: Path) -> None:
    _repeated(path, b"<a/>", 20_000_000, start=b"<kml>", end=b"</kml>")


def kml_deep(path: Path) -> None:
    path.write_bytes(b"<kml><Placemark>" + b"<MultiGeometry>" * 100_000)


def kmz_of_spaces(path: Path) -> None:
    _zip(path, ("doc.kml", b"<kml>" + b" " * 300_000_000 + b"</kml>"))


def claimed_raster(path: Path) -> None:
    """Write a raster of a trillion cells without a single byte of content."""

    with rasterio.open(
        path, "w", driver="GTiff", width=1_000_000, height=1_000_000, count=1, dtype="float64", crs="EPSG:4326",
        transform=from_bounds(LON - 0.5, LAT - 0.5, LON + 0.5, LAT + 0.5, 1_000_000, 1_000_000), sparse_ok=True,
        tiled=True, blockxsize=16384, blockysize=16384, compress="deflate", bigtiff="yes",
    ):  # fmt: skip
        pass


# -- study files --------------------------------------------------------------------------------------------------------


def toml_digits(path: Path) -> None:
    path.write_text("[study]\nseed = " + "9" * 5000 + "\n")


def toml_deep(path: Path) -> None:
    path.write_text("[study]\nname = " + "[" * 100_000 + "\n")


def toml_dots(path: Path) -> None:
    path.write_text("a." * 400_000 + "a = 1\n")


def toml_long(path: Path) -> None:
    path.write_bytes(b"# a comment\n" * 1_000_000)


def toml_mistakes(path: Path) -> None:
    path.write_text("".join(f"key{number} = 1\n" for number in range(100_000)))


BOMBS = {
    "a zip that grows a thousandfold": Bomb("a.zip", zip_of_zeros, "unpacks to more than 100 times its size", "csv"),
    "a zip of zips": Bomb("a.zip", zip_of_zips, "is an archive inside an archive", "csv"),
    "a zip of 100,000 entries": Bomb("a.zip", zip_of_entries, "entries, and at most", "csv"),
    "a zip whose entries share their bytes": Bomb("a.zip", zip_of_overlaps, "entries that share their bytes", "csv"),
    "a gzip file that grows a thousandfold": Bomb("a.csv.gz", gzip_of_zeros, "unpacks to more than 100 times", "csv"),
    "a cell of a billion signs": Bomb("a.csv", one_long_cell, "is longer than 2,000,000 bytes", "csv"),
    "60 million rows of one sign": Bomb("a.csv", many_short_rows, "too many rows", "csv"),
    "500,000 columns": Bomb("a.csv", many_columns, "columns, and at most 4,000", "csv"),
    "a cell in the far corner": Bomb("a.xlsx", far_corner, "17,179,869,184 cells", "excel"),
    "a far corner in a picture": Bomb("a.xlsx", far_corner_of_a_picture, "17,179,869,184 cells", "excel"),
    "a far corner without places": Bomb("a.xlsx", unplaced_corner, "1,000,110,001 cells", "excel"),
    "a text shared by 20,000 cells": Bomb("a.xlsx", shared_text, "letters, and at most", "excel"),
    "one cell repeated": Bomb("a.ods", repeated_cell, "16,000,000,000 cells", "excel"),
    "the last cell of an old workbook": Bomb("a.xls", old_workbook, "4,294,967,296 cells", "excel"),
    "a text shared by a million rows": Bomb("a.parquet", parquet_dictionary, "bytes, and at most", "parquet"),
    "60 million equal rows": Bomb("a.parquet", parquet_rows, "60,000,000 rows, and at most", "parquet"),
    "a footer of two gigabytes": Bomb("a.parquet", parquet_claims, "list of columns and parts", "parquet"),
    "an index that names one point 4 million times": Bomb(
        "a.zip", shapefile_index, "unpacks to more than 100 times its size", "vector"
    ),
    "an index that repeats an outline": Bomb("target.zip", shapefile_repeats, "names more bytes than there are"),
    "a view without end": Bomb("a.gpkg", geopackage_view, "is a view, which is worked out as it is read", "vector"),
    "a view as an area": Bomb("target.gpkg", geopackage_view, "is a view, which is worked out as it is read"),
    "a generated column": Bomb("a.gpkg", geopackage_generated, "a column that is worked out as it is read", "vector"),
    "a trigger without end": Bomb("a.gpkg", geopackage_trigger, "", "vector"),
    "10 million points": Bomb("target.geojson", json_points, "lists and objects, and at most"),
    "10 million points of an event": Bomb("a.geojson", json_points, "lists and objects, and at most", "geojson"),
    "a million parts": Bomb("target.geojson", json_parts, "lists and objects, and at most"),
    "20 million empty lists": Bomb("a.geojson", json_lists, "lists and objects, and at most", "geojson"),
    "lists 100,000 deep": Bomb("a.geojson", json_deep, "beyond 100 levels", "geojson"),
    "an area 100,000 deep": Bomb("target.geojson", json_deep, "beyond 100 levels"),
    "collections 200 deep": Bomb("target.geojson", json_collections, "drawn as points"),
    "two combs": Bomb("target.geojson", combs, "cross themselves or each other about"),
    "a star of a million points": Bomb("target.geojson", star, "its outline crosses itself about"),
    "a billion laughs": Bomb("a.kml", laughs, "has a document type", "kml"),
    "a billion laughs as an area": Bomb("target.kml", laughs, "declares a document type"),
    "20 million elements": Bomb("a.kml", kml_elements, "too many elements", "kml"),
    "20 million elements of an area": Bomb("target.kml", kml_elements, "elements, and at most"),
    "elements 100,000 deep": Bomb("target.kml", kml_deep, "beyond 100 levels"),
    "a KMZ that grows a thousandfold": Bomb("target.kmz", kmz_of_spaces, "unpacks to more than 100 times its size"),
    "a raster of a trillion cells": Bomb("people.tif", claimed_raster, "cells, and at most 25,000,000"),
    "a number of 5,000 digits": Bomb("study.toml", toml_digits, "a number of more than 4,300 digits in line 2"),
    "tables 100,000 deep": Bomb("study.toml", toml_deep, "nests tables or lists too deeply"),
    "a key of 400,000 parts": Bomb("study.toml", toml_dots, "keys joined by dots"),
    "a study file of 12 MB": Bomb("study.toml", toml_long, "bytes, and at most 2,000,000"),
    "100,000 mistakes": Bomb("study.toml", toml_mistakes, "more mistakes"),
}
