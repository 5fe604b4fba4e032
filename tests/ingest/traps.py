"""The trap corpus: files that would mislead, each made by code, with the exit code and the sentence that must come.

``python -m tests.ingest.traps`` writes ``docs/traps.md``; a test holds the page to what the program says.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import os
import re
import stat
import subprocess
import sys
import tempfile
import traceback
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from unittest import mock

import geopandas
import shapely
import xlsxwriter

from geoharm.engines.duckdb import open_engine
from tests.conftest import lonlat, main, write_polygon

PAGE = Path(__file__).parents[2] / "docs" / "traps.md"
HEADER = "id,date,longitude,latitude,category\n"
LON, LAT = (round(value, 5) for value in lonlat(0, 0))

STUDY = """
[study]
name    = "Traps"
area    = "area.geojson"
crs     = "EPSG:32626"
period  = {{ start = 2019-01-01, end = 2022-01-01 }}
seed    = 1
primary = "finds"

[[source]]
name   = "s"
kind   = "needle_find"
format = "{layout}"
files  = ["{pattern}"]
{addresses}
[[measure]]
name        = "finds"
source      = "s"
unit        = "requests"
recorded_by = "public"
harm        = {{ borne_by = "community", type = "environment" }}

[[operation]]
name      = "One"
tactic    = "crackdown"
objective = "public order"
start     = 2021-01-01
end       = 2021-01-31
target    = "target.geojson"
rings     = {{ gap = 50, outer = [250, 500] }}
before    = {{ start = 2020-01-01, end = 2021-01-01 }}
after     = ["0-6 months"]
"""

LIST_OF_ADDRESSES = """addresses = ["known"]

[[source]]
name   = "known"
kind   = "addresses"
format = "addresses-csv"
files  = ["known.csv"]
"""

Maker = Callable[[Path], None]


@dataclass(frozen=True, slots=True)
class Trap:
    """One case.

    Attributes
    ----------
    how : str
        How the file is made, in words.
    files : dict of name to bytes or text, or a function that fills the data folder
    code : int
        The exit code that must come.
    says : tuple of str
        What must stand in what the program prints, in any order.
    layout : str
        A shipped format, or the TOML of one's own.
    pattern : str
        The files that the study names.
    change : function of the study's folder, optional
        Changes the study file or an area file after they are written; such a trap springs at ``check``, without data.
    known : str
        A list of addresses by which the study places the rows of ``a.csv``; empty for a study without one.
    areas : tuple of str
        Codes of areas that fill the study area, side by side, and whose outlines the source names; empty for a source without.
    """

    how: str
    files: dict[str, bytes | str] | Maker
    code: int
    says: tuple[str, ...]
    layout: str = "points-csv"
    pattern: str = "*"
    change: Maker | None = None
    known: str = ""
    areas: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The exit code, and what was printed: the ledger, or one sentence."""

    code: int
    says: str


def good(number: int, day: str = "", category: str = "find") -> str:
    return f"{number},{day or f'2020-01-{number % 28 + 1:02d}'},{LON},{LAT},{category}\n"


def rows(count: int) -> str:
    return HEADER + "".join(map(good, range(1, count + 1)))


def dated(*dates: str) -> str:
    return HEADER + "".join(good(number, day) for number, day in enumerate(dates, start=1))


def own(
    dates: str = 'formats = ["%Y-%m-%d"]',
    *,
    container: str = "csv",
    place: bool = True,
    place_keys: str = "",
    more: str = "",
) -> str:
    where = 'longitude = "longitude"\nlatitude = "latitude"\n' if place else f"{place_keys}\n"
    return f'[format]\ncontainer = "{container}"\n[columns]\ndate = "date"\ncategory = "category"\n{where}[date]\n{dates}\n{more}'


def placed(*cells: str) -> dict[str, bytes | str]:
    """Return a file whose places are texts in one column."""
    return {
        "a.csv": "date,place,category\n" + "".join(f'2020-01-0{n},"{cell}",find\n' for n, cell in enumerate(cells, 1))
    }


def addressed(*texts: str) -> dict[str, bytes | str]:
    """Return a file of rows with an address and no coordinates."""
    return {
        "a.csv": "date,place,category\n" + "".join(f'2020-01-0{n},"{text}",find\n' for n, text in enumerate(texts, 1))
    }


def known(*rows: tuple[str, str, float, float]) -> str:
    """Return a list of addresses: text, town, and metres east and north of the middle."""
    lines = [
        ",".join([address, town, *(f"{degrees:.6f}" for degrees in lonlat(east, north))])
        for address, town, east, north in rows
    ]
    return "\n".join(["address,town,longitude,latitude", *lines]) + "\n"


OUTLINES = 'areas   = ["areas.geojson"]\narea_id = "code"\n'


def outlines(codes: Sequence[str]) -> str:
    """Return an area file of strips that fill the study area, from west to east."""
    width = 6000 / len(codes)
    features = []
    for number, code in enumerate(codes):
        west, east = -3000 + number * width, -3000 + (number + 1) * width
        ring = [
            list(lonlat(x, y)) for x, y in ((west, -3000), (east, -3000), (east, 3000), (west, 3000), (west, -3000))
        ]
        geometry = {"type": "Polygon", "coordinates": [ring]}
        features.append({"type": "Feature", "properties": {"code": code}, "geometry": geometry})
    return json.dumps({"type": "FeatureCollection", "features": features})


BY_AREA = own(place=False, place_keys='area = "place"')
ADDRESSED = own(place=False, place_keys='address = "place"')
MAIN_STREET = known(
    ("1 Main St", "", 0, 0), ("2 Main St", "", 20, 0), ("3 Main St", "Ham", 0, 0), ("3 Main St", "Ely", 900, 0)
)


def weighed(*weights: str, places: str = ".", more: str = "") -> dict[str, bytes | str]:
    """Return a file of rows with weights; its cells are separated by semicolons."""
    place = f"{LON};{LAT}".replace(".", places)
    cells = [*(weight.strip('"') for weight in weights), *([more] if more else [])]
    return {
        "a.csv": "date;longitude;latitude;category;n\n"
        + "".join(f"2020-01-0{n};{place};find;{cell}\n" for n, cell in enumerate(cells, 1))
    }


def weighing(more: str = "") -> str:
    return own(more=f'[csv]\ndelimiter = ";"\n{more}').replace("[date]", 'weight = "n"\n[date]', 1)


def timed(*times: str, second: str = "") -> dict[str, bytes | str]:
    """Return a file with times in a column of their own; the second date has a time of its own."""
    days = [f"2020-01-0{n}{second if n == 2 else ''}" for n in range(1, len(times) + 1)]
    return {
        "a.csv": "date,time,longitude,latitude,category\n"
        + "".join(f"{day},{time},{LON},{LAT},find\n" for day, time in zip(days, times, strict=True))
    }


def timing(formats: str = '["%Y-%m-%d"]') -> str:
    dates = f'formats = {formats}\ntime_formats = ["%H:%M"]\nprecision = "moment"'
    return own(dates).replace("[date]", 'time = "time"\n[date]', 1)


def spread(order: str, count: int = 80) -> list[str]:
    """Return dates over three months, days 1 to 27, in an order such as "dmY"."""
    parts = [{"d": f"{n % 27 + 1:02d}", "m": f"{n % 3 + 4:02d}", "Y": "2020"} for n in range(count)]
    return ["/".join(part[sign] for sign in order) for part in parts]


def early(order: str, count: int = 80) -> list[str]:
    """Return dates over five months with days of 12 at most."""
    return [
        f"{n % 5 + 2:02d}/{n % 11 + 1:02d}/2020" if order == "mdY" else f"{n % 11 + 1:02d}/{n % 5 + 2:02d}/2020"
        for n in range(count)
    ]


def spelt(*categories: str) -> str:
    return HEADER + "".join(good(number, category=category) for number, category in enumerate(categories, start=1))


def renamed(old: str, new: str) -> str:
    """Return ten rows a month of 2020: of one category in the first half of the year, of another in the second."""
    days = [(month, day) for month in range(1, 13) for day in range(1, 11)]
    return HEADER + "".join(
        good(number, f"2020-{month:02d}-{day:02d}", old if month < 7 else new)
        for number, (month, day) in enumerate(days)
    )


def book(fill: Callable[[xlsxwriter.Workbook], None]) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as workbook:
        fill(workbook)
    return content.getvalue()


def sheet(workbook: xlsxwriter.Workbook, *cells: list, name: str = "data"):
    made = workbook.add_worksheet(name)
    for number, row in enumerate((["date", "category", "longitude", "latitude"], *cells)):
        made.write_row(number, 0, row)
    return made


def excel_times(workbook: xlsxwriter.Workbook) -> None:
    made = sheet(workbook, *[["", "find", LON, LAT]] * 3)
    style = workbook.add_format({"num_format": "dd/mm/yyyy"})
    for number, hour in enumerate((0, 13, 23), start=1):
        made.write_datetime(number, 0, datetime(2020, 1, 31, hour, 45 if hour else 0), style)


def excel_formulas(workbook: xlsxwriter.Workbook) -> None:
    made = sheet(workbook, ["2020-01-01", "find", LON, LAT], ["", "find", LON, LAT], ["2020-01-03", "find", LON, ""])
    made.write_formula(2, 0, '=CONCAT("2020","-01-02")', None, "2020-01-02")
    made.write_formula(3, 3, "=#REF!", None, "#REF!")


def excel_merged(workbook: xlsxwriter.Workbook) -> None:
    made = sheet(workbook, *[["2020-01-01", "find", LON, LAT]] * 3, ["", "find", LON, LAT], ["", "find", LON, LAT])
    made.merge_range(3, 0, 5, 0, "2020-01-03")


def excel_hidden(workbook: xlsxwriter.Workbook) -> None:
    sheet(workbook, ["1999-01-01", "find", LON, LAT], name="old").hide()
    made = sheet(workbook, ["2020-01-01", "find", LON, LAT])
    made.activate()


def archive(*members: tuple[str, bytes | str], link: bool = False) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in members:
            entry = zipfile.ZipInfo(name)
            entry.compress_type = zipfile.ZIP_DEFLATED
            if link:
                entry.external_attr = (stat.S_IFLNK | 0o777) << 16
            made.writestr(entry, text)
    return content.getvalue()


def encrypted() -> bytes:
    content = bytearray(archive(("a.csv", rows(3))))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def broken(cut: bool) -> bytes:
    content = bytearray(archive(("a.csv", rows(3000))))
    if cut:
        del content[len(content) // 2 :]
    else:
        content[len(content) // 2] ^= 0xFF
    return bytes(content)


def huge_cell(inbox: Path) -> None:
    """A cell of a thousand million signs: a sparse file, so it takes no room on the disk."""
    with (inbox / "a.csv").open("wb") as stream:
        stream.write((rows(1) + "2,").encode())
        stream.truncate(1_000_000_000)


def link_out(inbox: Path) -> None:
    (inbox.parent / "secret.csv").write_text(rows(3))
    (inbox / "a.csv").symlink_to(inbox.parent / "secret.csv")


def vrt(name: str) -> dict[str, bytes | str]:
    text = "<OGRVRTDataSource><OGRVRTLayer name='x'><SrcDataSource relativeToVRT='1'>b.csv</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
    return {name: text}


GDALG = json.dumps({"type": "gdal_streamed_alg", "command_line": "gdal vector read /etc/passwd"})
LONDON = 'formats = ["%Y-%m-%dT%H:%M:%S%z"]\nprecision = "moment"\nzone = "Europe/London"'
LOCAL = 'formats = ["%Y-%m-%d %H:%M"]\nprecision = "moment"\nzone = "Europe/London"'
VECTOR = own(container="vector", place=False)
NEEDLES = "boston-311-needles"
POINT = {"type": "Point", "coordinates": [LON, LAT]}


def collection(*features: object) -> str:
    return json.dumps({"type": "FeatureCollection", "features": list(features)})


def feature(geometry: object, **properties: object) -> dict:
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def esri(*features: object, **more: object) -> str:
    return json.dumps({"spatialReference": {"wkid": 4326}, "features": list(features), **more})


def esri_feature(geometry: object, **attributes: object) -> dict:
    return {"attributes": attributes, "geometry": geometry}


def placemark(place: str = f"<Point><coordinates>{LON},{LAT},0</coordinates></Point>", date: str = "2020-01-05") -> str:
    data = "".join(
        f'<Data name="{key}"><value>{text}</value></Data>' for key, text in (("date", date), ("category", "find"))
    )
    return f"<Placemark><ExtendedData>{data}</ExtendedData>{place}</Placemark>"


def kml(*placemarks: str, before: str = "") -> str:
    return f'<?xml version="1.0"?>{before}<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{"".join(placemarks)}</Document></kml>'


def stated(crs: str, *places: list[float]) -> str:
    """Return GeoJSON that states its coordinate system, with an event at each place."""
    features = [feature({"type": "Point", "coordinates": place}, **EVENT) for place in places]
    return json.dumps(
        {"type": "FeatureCollection", "crs": {"type": "name", "properties": {"name": crs}}, "features": features}
    )


def geopackage(*layers: str, points: int = 1) -> Maker:
    """Write a GeoPackage of layers with one event each, at so many points."""

    def make(inbox: Path) -> None:
        import geopandas  # noqa: PLC0415 -- with pandas about a second to import
        import shapely  # noqa: PLC0415

        place = shapely.MultiPoint([(LON, LAT + n / 1000) for n in range(points)])
        frame = geopandas.GeoDataFrame(
            {"date": ["2020-01-05"], "category": ["find"]}, geometry=[place], crs="EPSG:4326"
        )
        for layer in layers:
            frame.to_file(inbox / "a.gpkg", driver="GPKG", layer=layer)

    return make


def beside(make: Callable[[Path], object]) -> Maker:
    """Write a good file, and something else beside it."""

    def both(inbox: Path) -> None:
        (inbox / "a.csv").write_text(rows(2))
        make(inbox)

    return both


def own_database(inbox: Path) -> None:
    with open_engine(inbox / "study.duckdb", inputs=inbox):
        pass


def own_pages(inbox: Path) -> None:
    (inbox / "maps").mkdir()
    (inbox / "maps" / "run.json").write_text('{\n "format": "geoharm run",\n "version": 2}')
    (inbox / "maps" / "table.csv").write_text(rows(2))


EVENT = {"date": "2020-01-05", "category": "find"}
GEOJSON, ESRI, KML = (own(container=container, place=False) for container in ("geojson", "esri-json", "kml"))
HUGE = "a cell of a thousand million signs"
KEPT_2 = "2 read = 2 kept + 0 rejected + 0 duplicate"
NO_PLACE_OF_3 = "3 read = 3 kept + 0 rejected"
ONE_OF_3 = "3 read = 2 kept + 1 rejected + 0 duplicate"


def row(bad: str) -> dict[str, bytes | str]:
    """Return a file with one bad row in line 3, between two good ones."""
    return {"a.csv": HEADER + good(1) + bad + "\n" + good(3)}


SQUARE = [list(lonlat(x, y)) for x, y in ((-200, -200), (200, -200), (200, 200), (-200, 200), (-200, -200))]
HOLE = [list(lonlat(x, y)) for x, y in ((-50, -50), (-50, 50), (50, 50), (50, -50), (-50, -50))]


def written(name: str, content: str) -> Maker:
    """Return what writes a file of the study's folder anew."""
    return lambda folder: (folder / name).write_text(content, encoding="utf-8") and None


def resaved(encoding: str, old: str = "", new: str = "") -> Maker:
    """Return what saves the study file in an encoding, with a text replaced."""

    def change(folder: Path) -> None:
        path = folder / "study.toml"
        path.write_bytes(path.read_text(encoding="utf-8").replace(old, new).encode(encoding))

    return change


def target(*geometries: dict, **members: object) -> Maker:
    """Return what draws the target anew."""
    features = [{"type": "Feature", "properties": {}, "geometry": geometry} for geometry in geometries]
    return written("target.geojson", json.dumps({"type": "FeatureCollection", "features": features, **members}))


def outlined(*rings: list) -> Maker:
    return target({"type": "Polygon", "coordinates": list(rings)})


def renamed_target(folder: Path, name: str) -> None:
    path = folder / "study.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("target.geojson", name), encoding="utf-8")


def kml_target(head: str) -> Maker:
    points = " ".join(f"{x},{y},0" for x, y in SQUARE)
    ring = f"<outerBoundaryIs><LinearRing><coordinates>{points}</coordinates></LinearRing></outerBoundaryIs>"
    text = f"{head}<kml><Document><Placemark><Polygon>{ring}</Polygon></Placemark></Document></kml>"

    def change(folder: Path) -> None:
        (folder / "target.kml").write_text(text, encoding="utf-8")
        renamed_target(folder, "target.kml")

    return change


def lone_shapefile(folder: Path) -> None:
    (folder / "target.shp").write_bytes(b"\x00\x00\x27\x0a" + bytes(96))
    renamed_target(folder, "target.shp")


def two_layers(folder: Path) -> None:
    outline = shapely.Polygon(SQUARE)
    for layer in ("north", "south"):
        geopandas.GeoDataFrame(geometry=[outline], crs="EPSG:4326").to_file(folder / "target.gpkg", layer=layer)
    renamed_target(folder, "target.gpkg")


TRAPS: dict[str, dict[str, Trap]] = {
    "Encodings": {
        "accents in utf-8": Trap("`café` in utf-8", {"a.csv": HEADER + good(1, category="café") + good(2)}, 0, (KEPT_2,)),
        "byte order mark": Trap("three bytes before the header", {"a.csv": b"\xef\xbb\xbf" + rows(2).encode()}, 0, (KEPT_2,)),
        "byte order mark alone": Trap("three bytes and nothing else", {"a.csv": b"\xef\xbb\xbf"}, 1, ("is empty",)),
        "utf-16, not declared": Trap("a whole file in utf-16", {"a.csv": rows(2).encode("utf-16")}, 1, ("begins like utf-16", 'encoding = "utf-16" under [csv]')),
        "utf-16, declared": Trap("a whole file in utf-16", {"a.csv": rows(2).encode("utf-16")}, 0, (KEPT_2,), own(more='[csv]\nencoding = "utf-16"')),
        "utf-16, declared, cut in a sign": Trap("the last byte is missing", {"a.csv": rows(2).encode("utf-16")[:-1]}, 1, ("line 3: the text has the byte 0x0a, which is not utf-16 text",), own(more='[csv]\nencoding = "utf-16"')),
        "utf-8, declared as utf-16": Trap("a plain file", {"a.csv": rows(2)}, 1, ("line 1: the text does not begin as utf-16 text", "[csv] encoding"), own(more='[csv]\nencoding = "utf-16"')),
        "cp1252, not declared": Trap("`café £` in every row", {"a.csv": (HEADER + "".join(good(n, category="café £") for n in range(9))).encode("cp1252")}, 1, ("in 9 of 9 rows (first in line 2) the row has bytes that are not utf-8 text", "[csv] encoding")),
        "cp1252, declared": Trap("`café £` in every row", {"a.csv": (HEADER + good(1, category="café £") + good(2)).encode("cp1252")}, 0, (KEPT_2,), own(more='[csv]\nencoding = "cp1252"')),
        "cp1252 in one row": Trap("one row of three in another encoding", {"a.csv": (HEADER + good(1)).encode() + good(2, category="café").encode("cp1252") + good(3).encode()}, 0, (ONE_OF_3, "first in line 3", "bytes that are not utf-8")),
        "a byte that cp1252 does not have": Trap("byte 0x81 in one row", {"a.csv": (HEADER + good(1)).encode() + good(2)[:-1].encode() + b"\x81\n" + good(3).encode()}, 0, (ONE_OF_3, "bytes that are not cp1252"), own(more='[csv]\nencoding = "cp1252"')),
        "cp1252 in the header": Trap("`catégorie`", {"a.csv": rows(2).replace("category", "catégorie").encode("cp1252")}, 1, ("line 1: the text has the byte 0xe9, which is not utf-8 text", "[csv] encoding")),
        "an encoding of mainframes": Trap("`encoding = \"cp500\"`", {"a.csv": rows(2).encode("cp500")}, 1, ('encoding = "cp500" has other bytes for letters, digits and line ends', "save the file as utf-8"), own(more='[csv]\nencoding = "cp500"')),
        "an encoding that is no text": Trap("`encoding = \"rot13\"`", {"a.csv": rows(2)}, 1, ('own.toml, [csv]: encoding = "rot13" is not known',), own(more='[csv]\nencoding = "rot13"')),
    },
    "Rows and lines": {
        "empty": Trap("no byte", {"a.csv": ""}, 1, ('"a.csv" is empty',)),
        "header only": Trap("one line", {"a.csv": HEADER}, 1, ("has a header and no rows",)),
        "two header rows": Trap("the header twice", {"a.csv": HEADER + rows(2)}, 0, (ONE_OF_3, "first in line 2", '"date" is not a date')),
        "a title above the header": Trap("one line before it", {"a.csv": "Crime report 2020\n" + rows(2)}, 1, ("does not have the columns",)),
        "duplicate header names": Trap("`date` twice", {"a.csv": "id,date,longitude,latitude,date\n" + good(1)}, 1, ('has the column "date" more than once',)),
        "another header": Trap("`a,b,c`", {"a.csv": "a,b,c\n1,2,3\n"}, 1, ('does not have the columns of the format "points-csv"',)),
        "another delimiter": Trap("semicolons", {"a.csv": rows(1).replace(",", ";")}, 1, ("does not have the columns", "[csv] delimiter")),
        "a delimiter of two signs": Trap("two bars", {"a.csv": rows(1)}, 1, ('delimiter = "||" must be one sign',), own(more='[csv]\ndelimiter = "||"')),
        "a quote of no sign": Trap('`quote = ""`', {"a.csv": rows(1)}, 1, ('quote = "" must be one sign',), own(more='[csv]\nquote = ""')),
        "a very wide header": Trap("3,000 columns besides", {"a.csv": HEADER[:-1] + "".join(f",c{n}" for n in range(3000)) + "\n" + good(1)[:-1] + "," * 3000 + "\n" + good(2)[:-1] + "," * 3000 + "\n"}, 0, (KEPT_2,)),
        "a very long header": Trap("a name of 3 million signs", {"a.csv": HEADER[:-1] + "," + "x" * 3_000_000 + "\n" + good(1)}, 1, ("line 1: the line is longer than 2,000,000 bytes",)),
        "a header without end": Trap("a quote opens in it", {"a.csv": 'id,"date\n' + good(1) * 5}, 1, ('The header of "a.csv" has a quote that is not closed',)),
        "too few columns": Trap("one row", row("2,2020-01-01,5"), 0, (ONE_OF_3, "first in line 3", "has fewer columns than the header")),
        "too many columns": Trap("one row", row(good(2)[:-1] + ",x,y"), 0, (ONE_OF_3, "first in line 3", "has more columns than the header")),
        "a zero byte": Trap("in one cell", row(good(2)[:-1] + "\x00"), 0, (ONE_OF_3, "first in line 3", "holds a zero byte")),
        "a lone carriage return": Trap("ends a line, among others", {"a.csv": HEADER + good(1)[:-1] + "\r" + good(2) + good(3, "bad") + good(4)}, 0, ("4 read = 3 kept", "first in line 4")),
        "carriage returns only": Trap("as old Macs wrote", {"a.csv": rows(2).replace("\n", "\r")}, 0, (KEPT_2,)),
        "blank lines": Trap("between rows", {"a.csv": HEADER + good(1) + "\n\n" + good(2) + good(3, "bad")}, 0, (ONE_OF_3, "first in line 6")),
        "a line end inside quotes": Trap("two lines, one row", {"a.csv": HEADER + f'7,2020-01-01,{LON},{LAT},"two\nlines"\n' + good(2) + good(3, "bad")}, 0, (ONE_OF_3, "first in line 5")),
        "a short row after a quoted line end": Trap("both in one file", {"a.csv": HEADER + f'7,2020-01-01,{LON},{LAT},"two\nlines"\n1,2\n' + good(2) + good(3, "bad") + good(4) + good(5)}, 0, ("6 read = 4 kept + 2 rejected", "first in line 6")),
        "text after a quote": Trap('`"x"y`', row(f'2,2020-01-01,{LON},{LAT},"x"y'), 0, (ONE_OF_3, "first in line 3", "has a quote where none is allowed")),
        "an unclosed quote": Trap("opens in line 3", {"a.csv": HEADER + good(1) + f'2,2020-01-01,{LON},{LAT},"open\n' + good(3) + good(4)}, 1, ("line 3: a quote opens here and includes the lines up to 5",)),
        "a quote that swallows rows and ends": Trap("opens in line 3, ends in line 5", {"a.csv": HEADER + good(1) + f'2,2020-01-01,{LON},{LAT},"open\n' + good(3) + good(4)[:-1] + '"\n' + good(5)}, 1, ("which look like separate rows",)),
        "a line of 2 million signs": Trap("in line 3", {"a.csv": rows(1) + "x" * 2_100_000 + "\n"}, 1, ("line 3: the line is longer than 2,000,000 bytes",)),
        "a cell over many lines": Trap("3 million signs between quotes", {"a.csv": rows(1) + f'2,2020-01-01,{LON},{LAT},"' + ("x" * 99 + "\n") * 30_000 + '"\n'}, 1, ("line 3: a quote opens here",)),
        HUGE: Trap("a sparse file", huge_cell, 1, ("line 3: the line is longer than 2,000,000 bytes",)),
    },
    "Little or nothing": {
        "one row": Trap("one line under the header", {"a.csv": rows(1)}, 0, ("1 read = 1 kept",)),
        "one place": Trap("400 rows on one point", {"a.csv": rows(400)}, 0, ("400 read = 400 kept",)),
        "no row with a place": Trap("empty coordinates in every row", {"a.csv": HEADER + "".join(f"{n},2020-01-{n:02d},,,find\n" for n in range(1, 10))}, 0, ("9 read = 9 kept",)),
        "one row with a place": Trap("empty coordinates in all others", {"a.csv": HEADER + good(10) + "".join(f"{n},2020-01-{n:02d},,,find\n" for n in range(1, 10))}, 0, ("10 read = 10 kept",)),
        "all rows outside the study period": Trap("dates of 2010", {"a.csv": dated("2010-01-01", "2010-01-02")}, 1, ("study period",)),
        "all rows outside the study area": Trap("10 km north", {"a.csv": HEADER + "".join(f"{n},2020-01-{n:02d},{LON},{LAT + 0.1:.5f},find\n" for n in range(1, 10))}, 1, ("lies in the study area",)),
    },
    "Numbers and places": {
        "infinity": Trap("`inf` as longitude", row(f"2,2020-01-01,inf,{LAT},find"), 0, (NO_PLACE_OF_3, '"longitude" is not a number')),
        "not a number": Trap("`nan` as longitude", row(f"2,2020-01-01,nan,{LAT},find"), 0, (NO_PLACE_OF_3, '"longitude" is not a number')),
        "beyond all numbers": Trap("`1e400` as latitude", row(f"2,2020-01-01,{LON},1e400,find"), 0, (NO_PLACE_OF_3, '"latitude" is not a number')),
        "a spreadsheet's error": Trap("`#REF!` as latitude", row(f"2,2020-01-01,{LON},#REF!,find"), 0, (NO_PLACE_OF_3, '"latitude" is not a number')),
        "a spreadsheet's gap": Trap("`#N/A` as longitude", row(f"2,2020-01-01,#N/A,{LAT},find"), 0, (NO_PLACE_OF_3, '"longitude" is not a number')),
        "decimal commas": Trap("in every row", {"a.csv": "date;category;longitude;latitude\n" + f"2020-01-01;find;{LON};{LAT}\n".replace(".", ",") * 4}, 1, ('"longitude" has a comma', 'Write decimal = "," under [values]'), own(more='[csv]\ndelimiter = ";"')),
        "decimal commas, declared": Trap("in every row", {"a.csv": "date;category;longitude;latitude\n" + f"2020-01-01;find;{LON};{LAT}\n".replace(".", ",") * 2}, 0, (KEPT_2,), own(more='[csv]\ndelimiter = ";"\n[values]\ndecimal = ","')),
        "a weight that can be a thousand": Trap("`1.000` beside `20`", weighed("20", "1.000"), 1, ('the weight "1.000" in "n" can be read in two ways', 'decimal = "."', 'thousands = "."'), weighing()),
        "a weight that can be a thousand, declared": Trap('`thousands = "."`, `decimal = ","`', weighed("20", "1.000", places=",", more="1.000,5"), 0, ("3 read = 3 kept",), weighing('[values]\nthousands = "."\ndecimal = ","')),
        "a weight with a comma": Trap("`1,000` beside `20`", weighed("20", '"1,000"'), 1, ('the weight "1,000" in "n" can be read in two ways',), weighing()),
        "a town and its coordinates": Trap("`SOMETOWN, CT (lat, lon)`, and a town alone", placed(f"SOMETOWN, CT ({LAT}, {LON})", "SOMETOWN, CT"), 0, (KEPT_2, "1 without a place"), own(place=False, place_keys='latlon = "place"')),
        "a point of WKT": Trap("`POINT (lon lat)`, and `POINT EMPTY`", placed(f"POINT ({LON} {LAT})", "POINT EMPTY"), 0, (KEPT_2, "1 without a place"), own(place=False, place_keys='latlon = "place"')),
        "a point of another system": Trap("`SRID=27700;POINT (...)` in one row", placed(f"POINT ({LON} {LAT})", f"SRID=27700;POINT ({LON} {LAT})", f"SRID=4326;POINT ({LON} {LAT})"), 0, (NO_PLACE_OF_3, "names another coordinate system (SRID) than the format's EPSG:4326"), own(place=False, place_keys='latlon = "place"')),
        "degrees, minutes and seconds": Trap("`45°00'00.0\"N` and, in one row, a west that is `O`", placed("45°00'00.0''N 27°00'00.0''W", "45 0 0 N, 27 0 0 O", "N45 0.0 W27 0.0"), 0, (NO_PLACE_OF_3,), own(place=False, place_keys='latlon = "place"')),
        "thousands commas": Trap("`4,983,000` in one row", row(f'2,2020-01-01,"500,000",{LAT},find'), 0, (NO_PLACE_OF_3, '"longitude" has a comma')),
        "half a place": Trap("no latitude in one row", row(f"2,2020-01-01,{LON},,find"), 0, (NO_PLACE_OF_3, '"latitude" is empty where longitude is not')),
        "beyond the pole": Trap("latitude 91.5", row(f"2,2020-01-01,{LON},91.5,find"), 0, (NO_PLACE_OF_3, '"latitude" is beyond 90 degrees')),
        "a pair of zeros": Trap("0, 0 in one row", row("2,2020-01-01,0,0,find"), 0, (NO_PLACE_OF_3,)),
        "swapped coordinates": Trap("in every row", {"a.csv": HEADER + "".join(f"{n},2020-01-01,{LAT},{LON},find\n" for n in range(20))}, 1, ('only if "longitude" and "latitude" are swapped',)),
        "swapped beyond the publisher's extent": Trap("in every row, of a region elsewhere", {"a.csv": HEADER + "".join(f"{n},2020-01-01,53.4,-2.9,find\n" for n in range(20))}, 1, ("20 of 20 rows lie in the extent of the format (location.extent) only if",), own(more="[location]\nextent = [-9.0, 49.5, 2.5, 61.5]")),
        "swapped beyond the pole": Trap("in every row", {"a.csv": HEADER + "".join(f"{n},2020-01-01,42.3,-111.9,find\n" for n in range(20))}, 1, ("20 of 20 rows lie on the earth only if",)),
        "swapped columns": Trap("date and category", {"a.csv": HEADER + "".join(f"{n},find,{LON},{LAT},2020-01-01\n" for n in range(20))}, 1, ('in 20 of 20 rows (first in line 2) "date" is not a date',)),
        "metres in columns of degrees": Trap("in every row", {"a.csv": HEADER + "".join(f"{n},2020-01-01,500000,4983000,find\n" for n in range(20))}, 1, ('"longitude" is beyond 180 degrees',)),
    },
    "Dates": {
        "no date": Trap("one row", row(f"2,,{LON},{LAT},find"), 0, (ONE_OF_3, '"date" is empty')),
        "a day that is none": Trap("30 February", row(f"2,2020-02-30,{LON},{LAT},find"), 0, (ONE_OF_3, '"date" is not a date of the format %Y-%m-%d')),
        "a date of another format": Trap("`03/04/2020` in one row", row(f"2,03/04/2020,{LON},{LAT},find"), 0, (ONE_OF_3, '"date" is not a date of the format %Y-%m-%d')),
        "24:00": Trap("midnight by its other name", {"a.csv": dated("2020-01-01 10:00", "2020-01-01 24:00", "2020-01-02 11:00")}, 0, (ONE_OF_3, "first in line 3"), own(LOCAL)),
        "before the study period": Trap("1999", row(f"2,1999-01-01,{LON},{LAT},find"), 0, (ONE_OF_3, '"date" is before the study period')),
        "after the study period": Trap("2031", row(f"2,2031-01-01,{LON},{LAT},find"), 0, (ONE_OF_3, '"date" is after the study period')),
        "a year of two digits": Trap("`20-01-05`", row(f"2,20-01-05,{LON},{LAT},find"), 0, (ONE_OF_3, '"date" is not a date of the format %Y-%m-%d')),
        "spreadsheet serials, not declared": Trap("43831 and on", {"a.csv": dated("43831", "43832", "43833")}, 1, ('in 3 of 3 rows (first in line 2) "date" is not a date',)),
        "spreadsheet serials, declared": Trap("43831 and on", {"a.csv": dated("43831", "43832.5")}, 0, (KEPT_2,), own('formats = ["excel-serial"]')),
        "day first, declared month first": Trap("days up to 27", {"a.csv": dated(*spread("dmY"))}, 1, ("cannot be read by %m/%d/%Y, but nearly all can be read by %d/%m/%Y", "write %d/%m/%Y under date.formats"), own('formats = ["%m/%d/%Y"]')),
        "month first, declared day first": Trap("days up to 27", {"a.csv": dated(*spread("mdY"))}, 1, ("cannot be read by %d/%m/%Y, but nearly all can be read by %m/%d/%Y", "write %m/%d/%Y under date.formats"), own('formats = ["%d/%m/%Y"]')),
        "both orders in one column": Trap("half and half", {"a.csv": dated(*spread("mdY"), *spread("dmY"))}, 1, ("The column mixes two orders of day and month, so correct the file",), own('formats = ["%d/%m/%Y"]')),
        "months by name": Trap("in five languages", {"a.csv": dated("3 January 2020", "3. Jänner 2020", "3 januari 2020", "1er janv. 2020", "3 de enero de 2020")}, 0, ("5 read = 5 kept", "from 2020-01-01 to 2020-01-03"), own('formats = ["%d %B %Y", "%d. %B %Y", "%d de %B de %Y"]')),
        "a weekday of another day": Trap("`Montag, 7. Januar 2020`", {"a.csv": dated("Montag, 6. Januar 2020", "Montag, 7. Januar 2020", "Mittwoch, 8. Januar 2020").replace(",Montag,", ',"Montag,').replace(",Mittwoch,", ',"Mittwoch,').replace(" 2020,", ' 2020",')}, 0, (ONE_OF_3, "first in line 3"), own('formats = ["%A, %d. %B %Y"]')),
        "a day of seven digits": Trap("`2020103` can be two days", {"a.csv": dated("20200101", "2020103", "20200103")}, 0, (ONE_OF_3, "first in line 3"), own('formats = ["%Y%m%d"]')),
        "dates of ArcGIS, declared otherwise": Trap("`2020/01/06 00:00:00+00`", {"a.csv": dated(*[f"2020/01/0{n} 00:00:00+00" for n in range(1, 6)])}, 1, ('The first is "2020/01/01 00:00:00+00"', "add %Y/%m/%d %H:%M:%S+00 to date.formats")),
        "milliseconds in JSON's wrapping": Trap("`/Date(1577836800000)/`", {"a.csv": dated("/Date(1577836800000)/", "/Date(1577923200000)/")}, 0, (KEPT_2, "from 2020-01-01 to 2020-01-02"), own('formats = ["epoch-ms"]\nzone = "UTC"')),
        "a time in a column of its own": Trap("`14:05`, none, and `unknown`", timed("14:05", "", "unknown"), 0, ("3 read = 3 kept", 'the time ("unknown") is not one of the format %H:%M: counted on its day, without an hour'), timing()),
        "a time that the date contradicts": Trap("`2020-01-02 09:30` beside `14:05`", timed("14:05", "14:05", "14:05", second=" 09:30"), 0, (ONE_OF_3, '"time" is another time than the one in the date'), timing('["%Y-%m-%d", "%Y-%m-%d %H:%M"]')),
        "times by another pattern": Trap("`2:05 PM` under `%H:%M`", timed("2:05 PM", "3:05 PM", "4:05 PM"), 1, ("3 of 3 times", "Write %I:%M %p under date.time_formats"), timing()),
        "no day over 12": Trap("80 dates in five months", {"a.csv": dated(*early("mdY"))}, 1, ("all 80 dates fall into the first 12 days of 5 months", "order_checked = true"), own('formats = ["%m/%d/%Y"]')),
        "no day over 12, checked": Trap("the same, `order_checked = true`", {"a.csv": dated(*early("mdY"))}, 0, ("80 read = 80 kept",), own('formats = ["%m/%d/%Y"]\norder_checked = true')),
        "no day over 12, few rows": Trap("20 dates", {"a.csv": dated(*early("mdY", 20))}, 0, ("20 read = 20 kept", 'note: a.csv: 20 rows, first in line 2: every date can also be read by %d/%m/%Y'), own('formats = ["%m/%d/%Y"]')),
        "first days of months": Trap("`01/MM/2020`, 80 rows", {"a.csv": dated(*[f"01/{n % 12 + 1:02d}/2020" for n in range(80)])}, 0, ("80 read = 80 kept",), own('formats = ["%d/%m/%Y"]')),
        "two formats that read one text differently": Trap("day first and month first listed", {"a.csv": dated("03/04/2020", "25/04/2020")}, 1, ('line 2: the date "03/04/2020" reads as 2020-04-03 by %d/%m/%Y and as 2020-03-04 by %m/%d/%Y',), own('formats = ["%d/%m/%Y", "%m/%d/%Y"]')),
        "two formats in one column": Trap("with and without a time", {"a.csv": dated("2020-01-01 10:00", "2020-01-02", "2020-01-03")}, 0, ("3 read = 3 kept", 'note: a.csv: 1 row, first in line 2: the date is read by %Y-%m-%d %H:%M;', 'note: a.csv: 2 rows, first in line 3: the date is read by %Y-%m-%d;'), own('formats = ["%Y-%m-%d %H:%M", "%Y-%m-%d"]\nprecision = "moment"')),
        "dates that a spreadsheet turned": Trap("days up to 12 in one format, over 12 in another", {"a.csv": dated(*[f"2020-{n % 3 + 1:02d}-{n % 12 + 1:02d}" for n in range(40)], *[f"{n % 14 + 13}/02/2020" for n in range(40)])}, 1, ("a spreadsheet has swapped day and month where it could",), own('formats = ["%Y-%m-%d", "%d/%m/%Y"]')),
        "an offset and no zone": Trap("`2020-06-01T23:30:00Z`", {"a.csv": dated("2020-06-01T23:30:00Z")}, 1, ("has a UTC offset", "date.zone", "trust_offset = false"), own('formats = ["%Y-%m-%dT%H:%M:%SZ"]')),
        "a zone that is none": Trap('`zone = "London"`', {"a.csv": rows(1)}, 1, ('own.toml, [date]: zone = "London" is not a time zone',), own('formats = ["%Y-%m-%d"]\nzone = "London"')),
        "days written as times": Trap("every time midnight in UTC", {"a.csv": dated(*[f"2020-06-{n + 1:02d}T00:00:00Z" for n in range(25)])}, 0, ("25 read = 25 kept", "from 2020-06-01 to 2020-06-25", "the time is 00:00 in UTC", "taken for the day as written"), own(LONDON)),
        "a time the clocks skipped": Trap("29 March 2020 01:30 in London", {"a.csv": dated("2020-03-29 01:30", "2020-03-29 03:30")}, 0, (KEPT_2, "1 row, first in line 2: the time is one that the clocks skipped in Europe/London")
             , own(LOCAL)),
        "a time that came twice": Trap("25 October 2020 01:30 in London", {"a.csv": dated("2020-10-25 02:30", "2020-10-25 01:30")}, 0, (KEPT_2, "1 row, first in line 3: the time occurred twice because the clocks went back in Europe/London"), own(LOCAL)),
        "midnight for want of a time": Trap("every time 00:00", {"a.csv": dated(*[f"2020-01-{n + 1:02d} 00:00" for n in range(5)])}, 0, ("5 read = 5 kept", "note: 5 rows: the time is exactly 00:00, which stands for a time that is not known"), own(LOCAL)),
        "days from a pattern without a day": Trap("`2020-05`, precision day", {"a.csv": dated("2020-05")}, 1, ('which names no day; write precision = "month"',), own('formats = ["%Y-%m"]')),
        "years only": Trap("`2020`, precision year", {"a.csv": dated("2020", "2021")}, 0, (KEPT_2,), own('formats = ["%Y"]\nprecision = "year"')),
    },
    "Categories": {
        "one category in four spellings": Trap("case, accent, hyphen, full stop", {"a.csv": spelt("Café theft", "CAFE THEFT", "café-theft.", "Café theft")}, 0, ("4 read = 4 kept", "2 rows", "\u201cCAFE THEFT\u201d is \u201cCafé theft\u201d")),
        "two categories": Trap("a number apart", {"a.csv": spelt("Assault 1", "Assault 2")}, 0, ("2 read = 2 kept",)),
        "a new list of codes": Trap("`Assault - simple` to June, `ASSLT SIMPLE` from July", {"a.csv": renamed("Assault - simple", "ASSLT SIMPLE")}, 0, ("perhaps one category under two names", "begins, in July 2020")),
        "a category that ends and another that begins": Trap("`Assault` to June, `Theft` from July", {"a.csv": renamed("Assault", "Theft")}, 0, ("120 read = 120 kept",)),
    },
    "Archives": {
        "zip slip": Trap("an entry `../../evil.csv`", {"a.zip": archive(("../../evil.csv", rows(3)))}, 1, ("leads out of its folder",)),
        "an absolute path": Trap("an entry `/etc/evil.csv`", {"a.zip": archive(("/etc/evil.csv", rows(3)))}, 1, ("leads out of its folder",)),
        "a link in an archive": Trap("to `/etc/passwd`", {"a.zip": archive(("a.csv", "/etc/passwd"), link=True)}, 1, ("holds a link",)),
        "a zip bomb": Trap("60 MB of zeros", {"a.zip": archive(("a.csv", HEADER + ("0" * 1000 + "\n") * 60_000))}, 1, ("unpacks to more than 100 times",)),
        "a gzip bomb": Trap("60 MB of zeros", {"a.csv.gz": gzip.compress(HEADER.encode() + (b"0" * 1000 + b"\n") * 60_000, mtime=0)}, 1, ("unpacks to more than 100 times",)),
        "1,001 entries": Trap("one sign each", {"a.zip": archive(*((f"{n}.csv", "x") for n in range(1001)))}, 1, ("1,001 entries",)),
        "nothing to read": Trap("a text file only", {"a.zip": archive(("a.txt", "x"))}, 1, ("holds no file like",)),
        "an archive in an archive": Trap("`b.zip` in `a.zip`", {"a.zip": archive(("b.zip", archive(("a.csv", rows(3)))))}, 1, ("holds no file like",)),
        "encrypted": Trap("the flag of a password", {"a.zip": encrypted()}, 1, ("has a password",)),
        "damaged": Trap("one byte turned", {"a.zip": broken(cut=False)}, 1, ("damaged or cut short",)),
        "cut short": Trap("half of an archive", {"a.zip": broken(cut=True)}, 1, ("damaged or cut short",)),
        "cut short, gzipped": Trap("half of a file", {"a.csv.gz": gzip.compress(rows(3000).encode(), mtime=0)[:9000]}, 1, ("damaged or cut short",)),
    },
    "Files that are not what they say": {
        "a VRT called .geojson": Trap("XML that names another file", vrt("a.geojson"), 1, ("is not valid GeoJSON",), NEEDLES),
        "a VRT called .csv": Trap("XML that names another file", vrt("a.csv"), 1, ("does not have the columns",)),
        "a VRT called .gpkg": Trap("XML that names another file", vrt("a.gpkg"), 1, ("is neither a GeoPackage, a FlatGeobuf file nor a zipped Shapefile",), VECTOR),
        "a GDALG called .geojson": Trap("JSON that names a command", {"a.geojson": GDALG}, 1, ("not a GeoJSON FeatureCollection",), NEEDLES),
        "a GDALG called .gpkg": Trap("JSON that names a command", {"a.gpkg": GDALG}, 1, ("is neither a GeoPackage, a FlatGeobuf file nor a zipped Shapefile",), VECTOR),
        "an address instead of a file": Trap('`files = ["/vsicurl/http://x/a.gpkg"]`', {}, 1, ("must lie inside the data folder",), VECTOR, "/vsicurl/http://x/a.gpkg"),
        "a driver's name instead of a file": Trap('`files = ["PG:dbname=x"]`', {}, 1, ('No file matches "PG:dbname=x"',), VECTOR, "PG:dbname=x"),
        "a file above the data folder": Trap('`files = ["../a.csv"]`', {}, 1, ("must lie inside the data folder",), "points-csv", "../a.csv"),
        "a link out of the data folder": Trap("a symbolic link", link_out, 1, ("is a link to a file outside the data folder",)),
        "a workbook called .csv": Trap("an Excel file", {"a.csv": book(excel_times)}, 1, ("is an Excel workbook",)),
        "text called .xlsx": Trap("a CSV file", {"a.xlsx": rows(3)}, 1, ("cannot be read as a workbook",), own(container="excel")),
        "text called .parquet": Trap("a CSV file", {"a.parquet": rows(3)}, 1, ("cannot be read as Parquet",), own(container="parquet")),
        "not JSON": Trap("`[[[[...`, 100,000 deep", {"a.geojson": "[" * 100_000}, 1, ("lists or objects inside each other beyond 100 levels",), NEEDLES),
        "JSON in cp1252": Trap("`café`", {"a.geojson": collection(feature(POINT, open_dt="2020/1/5 9:24", location_street_name="café")).replace("caf\\u00e9", "café").encode("cp1252")}, 1, ("line 1: the text has the byte 0xe9, which is not utf-8 text",), NEEDLES),
        "no features": Trap("an empty collection", {"a.geojson": collection()}, 1, ("has no features",), NEEDLES),
        "features without the date": Trap("another property", {"a.geojson": collection(feature(None, x=1))}, 1, ('has the property "open_dt"',), NEEDLES),
        "properties that are none": Trap("a list", {"a.geojson": collection({"type": "Feature", "properties": ["open_dt"]})}, 1, ("has the property",), NEEDLES),
        "a number of 5,000 digits": Trap("where a feature belongs", {"a.geojson": '{"type": "FeatureCollection", "features": [' + "9" * 5000 + "]}"}, 1, ("has a number of more than 4,300 digits",), NEEDLES),
        "places that are no numbers": Trap("`inf` and a list as coordinates", {"a.geojson": collection(*[feature(POINT, open_dt="2020/1/5 9:24")] * 3, feature({"type": "Point", "coordinates": [float("inf"), [1]]}, open_dt="2020/1/5 9:24"))}, 0, ("4 read = 4 kept + 0 rejected", "is not a number"), own('formats = ["%Y/%m/%d %H:%M"]', container="geojson", place=False).replace('"date"\ncategory = "category"', '"open_dt"')),
    },
    "Other containers": {
        "a stated coordinate system": Trap("`crs` of EPSG:32626, in metres", {"a.geojson": stated("urn:ogc:def:crs:EPSG::32626", [500_000, 4_983_000], [500_001, 4_983_001])}, 0, (KEPT_2, "2 placed in the study area"), GEOJSON),
        "a stated system that the format contradicts": Trap("EPSG:32626 and `crs = \"EPSG:27700\"`", {"a.geojson": stated("EPSG:32626", [500_000, 4_983_000])}, 1, ("states that its coordinates are EPSG:32626", "that they are EPSG:27700"), own(container="geojson", place=False, more='[location]\ncrs = "EPSG:27700"')),
        "degrees under a stated grid": Trap("`crs` of EPSG:32626, in degrees", {"a.geojson": stated("EPSG:32626", [LON, LAT])}, 1, ("all of them look like degrees",), GEOJSON),
        "a stated system that is none": Trap("`crs` of EPSG:99999", {"a.geojson": stated("EPSG:99999", [LON, LAT])}, 1, ('"EPSG:99999", which is not known',), GEOJSON),
        "latitude first": Trap("latitude 10, longitude 120", {"a.geojson": collection(*[feature({"type": "Point", "coordinates": [10.5, 120.25]}, **EVENT)] * 3)}, 1, ("have latitude before longitude",), GEOJSON),
        "latitude first, where both are possible": Trap("swapped in every feature", {"a.geojson": collection(*[feature({"type": "Point", "coordinates": [LAT, LON]}, **EVENT)] * 3)}, 1, ("lie in the study area only if", "Its geometries have the coordinate that goes north first"), GEOJSON),
        "one point, several points, none": Trap("MultiPoint, empty and null geometries", {"a.geojson": collection(*[feature(geometry, **EVENT) for geometry in ({"type": "MultiPoint", "coordinates": [[LON, LAT]]}, {"type": "MultiPoint", "coordinates": [[LON, LAT], [LON, 0]]}, {"type": "Point", "coordinates": []}, None)])}, 0, ("4 read = 3 kept + 1 rejected", "2 without a place", "first in line 2: \"row\" has a geometry of several points"), GEOJSON),
        "one feature a line": Trap("a broken line among them", {"a.geojsonl": f"{json.dumps(feature(POINT, **EVENT))}\n{{oops\n{json.dumps(feature(POINT, **EVENT))}\n"}, 0, (ONE_OF_3, 'first in line 2: "row" is not valid JSON'), GEOJSON),
        "Esri JSON, not declared": Trap("features with attributes", {"a.json": esri(esri_feature({"x": LON, "y": LAT}, **EVENT))}, 1, ('is Esri JSON, not GeoJSON; write container = "esri-json"',), GEOJSON),
        "Esri JSON, declared": Trap("a point, none, and a polygon", {"a.json": esri(esri_feature({"x": LON, "y": LAT}, **EVENT), esri_feature({"x": "NaN", "y": "NaN"}, **EVENT), esri_feature({"rings": [[[0, 0]]]}, **EVENT))}, 0, (ONE_OF_3, "1 without a place", 'first in line 3: "row" has a geometry that is not a point'), ESRI),
        "a server that sent a part": Trap("`exceededTransferLimit`", {"a.json": esri(*[esri_feature({"x": LON, "y": LAT}, **EVENT)] * 2, exceededTransferLimit=True)}, 0, (KEPT_2, "the server says that it has more rows than it sent"), ESRI),
        "a server's error": Trap("`error` with a message", {"a.json": json.dumps({"error": {"code": 400, "message": "Invalid query"}})}, 1, ('is the error message of a server ("Invalid query")',), ESRI),
        "KML, not declared": Trap("a placemark", {"a.kml": kml(placemark())}, 1, ('is KML; write container = "kml"',), GEOJSON),
        "KML, declared": Trap("a point, none, and a line", {"a.kml": kml(placemark(), placemark(""), placemark(f"<LineString><coordinates>{LON},{LAT} 0,0</coordinates></LineString>"))}, 0, (ONE_OF_3, "1 without a place", "first in line 3"), KML),
        "KML in its zip": Trap("`doc.kml` in a .kmz", {"a.kmz": archive(("doc.kml", kml(placemark(), placemark(date="2020-01-06"))))}, 0, (KEPT_2,), KML),
        "KML that names another file": Trap("an entity of `/etc/passwd`", {"a.kml": kml(placemark(date="&x;"), before='<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]>')}, 1, ("has a document type",), KML),
        "KML that grows as it is read": Trap("entities of entities", {"a.kml": kml(placemark(date="&b;"), before='<!DOCTYPE kml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>')}, 1, ("has a document type",), KML),
        "a KMZ bomb": Trap("60 MB of spaces", {"a.kmz": archive(("doc.kml", "<kml>" + " " * 60_000_000 + "</kml>"))}, 1, ("unpacks to more than 100 times",), KML),
        "an area file of several layers": Trap("two layers in a GeoPackage", geopackage("calls", "wards"), 1, ('has 2 layers: "calls", "wards"', 'layer = "calls" under [vector]'), VECTOR),
        "several layers, one named": Trap('`layer = "wards"`', geopackage("calls", "wards"), 0, ("1 read = 1 kept",), own(container="vector", place=False, more='[vector]\nlayer = "wards"')),
        "a multipoint of two points": Trap("in a GeoPackage", geopackage("calls", points=2), 1, ("has a geometry of several points", "save each as one point"), VECTOR),
        "a part of a Shapefile": Trap("a `.shp` alone", {"a.shp": b"\x00\x00\x27\x0a"}, 1, ("put a.shp, a.dbf, a.shx and a.prj into one zip archive",), VECTOR),
    },
    "Downloads": {
        "a web page in place of the file": Trap("an HTML page called .csv", {"a.csv": "<!DOCTYPE html><html><title>Sign in</title></html>"}, 1, ('is a web page ("Sign in"), not data',)),
        "an error in XML in place of the file": Trap("what a file store answers", {"a.csv": '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'}, 1, ("is the error message of a server",)),
        "a CSV that breaks off": Trap("in the middle of the last row", {"a.csv": rows(3)[:-25]}, 0, (ONE_OF_3, "first in line 4", "the last row breaks off without a line end")),
        "a GeoJSON that breaks off": Trap("in the middle", {"a.geojson": collection(feature(POINT, **EVENT), feature(POINT, **EVENT))[:-60]}, 1, ("ends in the middle, in line 1: it was cut short",), GEOJSON),
        "a KML that breaks off": Trap("in the middle", {"a.kml": kml(placemark(), placemark())[:-60]}, 1, ("ends in the middle",), KML),
        "exactly 1,000 rows": Trap("as many as servers send at once", {"a.csv": rows(1000)}, 0, ("1,000 read = 1,000 kept", "exactly 1,000 rows, at which many servers stop")),
    },
    "What a pattern matches": {
        "a folder": Trap('`files = ["*"]`', beside(lambda inbox: (inbox / "sub").mkdir()), 0, (KEPT_2, '"sub" matches "*" and is left out: a folder.')),
        "a pipe": Trap('`files = ["*"]`', beside(lambda inbox: os.mkfifo(inbox / "b.csv")), 0, (KEPT_2, '"b.csv" matches "*" and is left out: a pipe.')),
        "a pipe, named": Trap('`files = ["b.csv"]`', beside(lambda inbox: os.mkfifo(inbox / "b.csv")), 1, ('"b.csv" is a pipe, not a file of data',), "points-csv", "b.csv"),
        "a link that leads nowhere": Trap('`files = ["*"]`', beside(lambda inbox: (inbox / "b.csv").symlink_to("gone.csv")), 0, (KEPT_2, "left out: a link that leads nowhere.")),
        "the program's own database": Trap('`files = ["*"]`', beside(own_database), 0, (KEPT_2, '"study.duckdb" matches "*" and is left out: a database.')),
        "the program's own database, named": Trap('`files = ["study.duckdb"]`', beside(own_database), 1, ('"study.duckdb" is a database, not a file of data',), "points-csv", "study.duckdb"),
        "the program's own pages": Trap('`files = ["**/*"]`', beside(own_pages), 0, (KEPT_2, '"maps/run.json", "maps/table.csv" match "**/*" and are left out: a file that geoharm writes.'), "points-csv", "**/*"),
        "locks and unfinished downloads": Trap('`files = ["*"]`', beside(lambda inbox: [(inbox / name).touch() for name in ("~$a.xlsx", "Thumbs.db", "c.csv.part")]), 0, (KEPT_2, '"~$a.xlsx"', '"Thumbs.db"', '"c.csv.part" matches "*" and is left out: an unfinished download.')),
        "nothing but a folder": Trap('`files = ["*"]`', lambda inbox: (inbox / "sub").mkdir(), 1, ('No file of data matches "*"', '"sub" matches "*" and is left out: a folder.')),
    },
    "Workbooks": {
        "dates with times": Trap("13:45 under a format of days", {"a.xlsx": book(excel_times)}, 1, ('in 2 of 3 rows (first in line 3) "date" is not a date',), own(container="excel")),
        "dates with times, declared": Trap("both patterns", {"a.xlsx": book(excel_times)}, 0, ("3 read = 3 kept",), own('formats = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d"]\nprecision = "moment"', container="excel")),
        "formulas": Trap("a date by formula, a broken latitude", {"a.xlsx": book(excel_formulas)}, 0, (NO_PLACE_OF_3, "first in line 4", '"latitude" is empty where longitude is not'), own(container="excel")),
        "merged cells": Trap("one date over three rows", {"a.xlsx": book(excel_merged)}, 0, ("5 read = 3 kept + 2 rejected", "first in line 5", '"date" is empty'), own(container="excel")),
        "a hidden sheet first": Trap("old rows in it", {"a.xlsx": book(excel_hidden)}, 0, ("1 read = 1 kept",), own(container="excel")),
    },
    "Addresses": {
        "codes of areas and no outlines": Trap("`columns.area`, and no `areas` in the study", {}, 1, ("reads the code of an area and no coordinates; name the area files",), BY_AREA, change=lambda _: None),
        "codes of areas beside their outlines": Trap("one row without a code, one with that of another city", addressed("W1", "W2", "w1", "", "X9"), 0, ("3 placed in the study area, 1 outside", "1 without a place", "are counted by whole areas", 'most often "X9"'), BY_AREA, areas=("W1", "W2")),
        "codes of other areas": Trap("none has an outline", addressed("X1", "X2"), 1, ('No area of "s" is in its area file: its rows have codes like "X1", the file has codes like "W1"',), BY_AREA, areas=("W1", "W2")),
        "codes of areas and coordinates": Trap("both under `[columns]`", {"a.csv": rows(2)}, 1, ("an event has coordinates, or the code of an area",), own(place=False, place_keys='area = "category"\nlongitude = "longitude"\nlatitude = "latitude"').replace('category = "category"\n', ""), areas=("W1", "W2")),
        "addresses and nothing beside them": Trap("`1 Main St`, and no coordinates", addressed("1 Main St", "2 Main St"), 1, ("reads no coordinates; name a source of addresses",), ADDRESSED),
        "addresses beside their list": Trap("`1 MAIN STREET`, `2 Main St, Apt 3`", addressed("1 MAIN STREET", "2 Main St, Apt 3"), 0, (KEPT_2, "exact address 2"), ADDRESSED, known=MAIN_STREET),
        "an address at two places": Trap("in two towns, with and without the town", addressed("3 Main St", "3 Main St, Ham", "1 Main St"), 0, ("exact address 2, ambiguous 1", "1 without a place"), ADDRESSED, known=MAIN_STREET),
        "a misspelt street": Trap("`1 Mayn St`; nothing is guessed", addressed("1 Mayn St", "1 Main St"), 0, ("exact address 1, not found 1",), ADDRESSED, known=MAIN_STREET),
        "the list of another town": Trap("no address is on it", addressed("1 High St", "2 High St"), 1, ('None of the 2 addresses of "s", such as "1 High St", was found in "known"',), ADDRESSED, known=MAIN_STREET),
        "a list that lies elsewhere": Trap("90 km from the study area", addressed("1 Main St"), 1, ('No address of "known" lies in the study area',), ADDRESSED, known=known(("1 Main St", "", 90_000, 0))),
        "a list without its columns": Trap("`street,x,y`", addressed("1 Main St"), 1, ("does not have the columns", '"address"'), ADDRESSED, known="street,x,y\nMain St,1,2\n"),
        "a list in metres under degrees": Trap("UTM", addressed("1 Main St"), 1, ('"known.csv" does not look like the format', "beyond 180 degrees"), ADDRESSED, known="address,longitude,latitude\n1 Main St,500000,4983000\n"),
    },
    "Area files": {
        "an outline left open": Trap("the last point is not the first", {}, 0, ("1 outline left open; the last point was joined to the first",), change=outlined(SQUARE[:-1])),
        "a hole left open": Trap("in the target", {}, 0, ("1 outline left open",), change=outlined(SQUARE, HOLE[:-1])),
        "an outline that crosses itself": Trap("two corners exchanged", {}, 0, ("1 shape drawn with outlines that cross; the ground",), change=outlined([SQUARE[0], SQUARE[2], SQUARE[1], SQUARE[3], SQUARE[0]])),
        "an outline of two points": Trap("as a target", {}, 1, ("an outline has only two different points; an area needs three",), change=outlined(SQUARE[:2])),
        "a coordinate that is no number": Trap("`NaN` in the target", {}, 1, ("a coordinate is not a finite number",), change=outlined([[float("nan"), LAT], *SQUARE])),
        "a line as target": Trap("a street", {}, 1, ("is drawn as lines, which have no area",), change=target({"type": "LineString", "coordinates": SQUARE[:2]})),
        "points beside an area": Trap("a pin in the target's file", {}, 0, ("1 feature without an area, such as points",), change=target({"type": "Polygon", "coordinates": [SQUARE]}, {"type": "Point", "coordinates": SQUARE[0]})),
        "exchanged axes": Trap("latitude first", {}, 1, ("exchanged",), change=outlined([point[::-1] for point in SQUARE])),
        "metres under degrees": Trap("UTM without a `crs`", {}, 1, ("they are probably metres",), change=outlined([[5e5, 4983000], [5e5, 4983200], [5.01e5, 4983000], [5e5, 4983000]])),
        "metres under their own system": Trap("UTM with a `crs` member", {}, 0, ("no mistakes found",), change=target({"type": "Polygon", "coordinates": [[[5e5, 4983000], [5e5, 4983200], [500200, 4983000], [5e5, 4983000]]]}, crs={"type": "name", "properties": {"name": "EPSG:32626"}})),
        "TopoJSON": Trap("called .geojson", {}, 1, ("it is TopoJSON; save it as GeoJSON",), change=written("target.geojson", '{"type": "Topology"}')),
        "KML": Trap("as Google Earth saves it", {}, 0, ("no mistakes found",), change=kml_target("")),
        "KML with an entity": Trap("a document type that names a file", {}, 1, ("it declares a document type, which KML has not",), change=kml_target('<!DOCTYPE kml [<!ENTITY a SYSTEM "file:///etc/passwd">]>')),
        "a Shapefile alone": Trap("without its .shx", {}, 1, ('"target.shx" that belongs to it is missing',), change=lone_shapefile),
        "several layers": Trap("a GeoPackage of two", {}, 1, ('it has 2 layers, "north", "south"', '"|layername=north"'), change=two_layers),
    },
    "Study files": {
        "utf-16, with its mark": Trap("saved by Windows", {}, 0, ("no mistakes found",), change=resaved("utf-16")),
        "cp1252": Trap("`Straße`", {}, 1, ("is not UTF-8 text; save the file again with the encoding UTF-8",), change=resaved("cp1252", '"Traps"', '"Straße"')),
        "curly quotes": Trap("by a word processor", {}, 1, ("has a curly quote (\u201c) in line 3",), change=resaved("utf-8", '"Traps"', "\u201cTraps\u201d")),
        "a path of Windows": Trap("`C:\\Users` between double quotes", {}, 1, ('has a "\\" between double quotes', "single quotes"), change=resaved("utf-8", '"target.', '"C:\\Users\\target.')),
        "a path that TOML reads otherwise": Trap("`areas\\target` between double quotes", {}, 1, ("holds a sign that no file name has", "single quotes"), change=resaved("utf-8", '"target.', '"areas\\target.')),
    },
}  # fmt: skip


@contextlib.contextmanager
def folder_of(trap: Trap) -> Iterator[Path]:
    """Make a study's folder with the trap's files in its data folder."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        inbox = folder / "in"
        inbox.mkdir()
        write_polygon(folder / "area.geojson", 0, 0, 3000)
        write_polygon(folder / "target.geojson", 0, 0, 200)
        if callable(trap.files):
            trap.files(inbox)
        else:
            for name, content in trap.files.items():
                (inbox / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        input_format = trap.layout
        if "\n" in input_format:
            (folder / "own.toml").write_text(input_format, encoding="utf-8")
            input_format = "own.toml"
        if trap.known:
            (inbox / "known.csv").write_text(trap.known, encoding="utf-8")
        study = STUDY.format(
            layout=input_format,
            pattern="a.csv" if trap.known else trap.pattern,
            addresses=LIST_OF_ADDRESSES if trap.known else OUTLINES if trap.areas else "",
        )
        if trap.areas:
            (folder / "areas.geojson").write_text(outlines(trap.areas), encoding="utf-8")
        (folder / "study.toml").write_text(study, encoding="utf-8")
        if trap.change is not None:
            trap.change(folder)
        yield folder


def command(trap: Trap, folder: Path, database: Path) -> list[str]:
    if trap.change is not None:
        return ["check", str(folder / "study.toml")]
    return ["ingest", str(folder / "study.toml"), "--data", str(folder / "in"), "--db", str(database), "--quiet"]


def spring(trap: Trap, database: Path) -> Outcome:
    """Run ``geoharm ingest`` on a trap, in this process, and return its exit code and what it says.

    One database serves all traps, one after the other: making one takes longer than most files do.
    """
    with folder_of(trap) as folder:
        out, err = io.StringIO(), io.StringIO()
        code = 0
        with (
            mock.patch.object(sys, "argv", ["geoharm", *command(trap, folder, database)]),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            try:
                main()
            except SystemExit as ended:
                code = int(ended.code or 0)
            except Exception:
                code = -1
                traceback.print_exc()
        left_out = [line for line in err.getvalue().splitlines() if "left out: " in line]
        said = "\n".join([out.getvalue().strip(), *left_out]) if code == 0 else err.getvalue().strip()
        said = said.replace(str(folder / "in"), "data")
        said = said.replace(f"{folder}/", "")
    return Outcome(code, said)


def spring_apart(trap: Trap) -> tuple[Outcome, int]:
    """Run ``geoharm ingest`` on a trap in a process of its own; return what it says and the bytes it took besides its code."""
    script = (
        "import resource\nfrom geoharm.cli import app, start\n"
        "most = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "code = most()\n"
        "try:\n    start.main()\n"
        "finally:\n    print('memory', most() - code)\n"
    )
    with folder_of(trap) as folder:
        found = subprocess.run(
            [sys.executable, "-c", script, *command(trap, folder, folder / "t.duckdb")],
            check=False, capture_output=True, text=True, encoding="utf-8", timeout=120,
        )  # fmt: skip
    memory = int(found.stdout.split()[-1]) * (1 if sys.platform == "darwin" else 1024)
    return Outcome(found.returncode, found.stderr.strip()), memory


def spring_all(database: Path) -> tuple[dict[str, Outcome], int]:
    """Run every trap, the huge one in a process of its own, and return what they say and the memory of that one."""
    apart, memory = spring_apart(TRAPS["Rows and lines"][HUGE])
    found = {HUGE: apart}
    for cases in TRAPS.values():
        found |= {name: spring(trap, database) for name, trap in cases.items() if name != HUGE}
    return found, memory


# Which doubts bear on an answer. What a row says of a reading is held by the test that it names.
DOUBTS = """
## What a doubt does to an answer

A doubt limits a reading only where counting the doubtful rows the other way would change it: the effect's interval would then
lie on another side of no change, or pass the bound that would be stated (`geoharm.evaluation.recount`). Otherwise it is said in one sentence, and on page one where it bears
on the answer. Unseen, each of these turned a made city in which nothing happened into a fall or a rise
(`tests/pipeline/test_doubts.py`, `tests/pipeline/test_renamed_categories.py`). How often files without a fault raise a doubt, and
how often a planted fault is seen: `bench.false_alarms` in `bench/RESULTS.md`.

| what files do | rule | what is said | the answer |
|---|---|---|---|
| places in another unit or grid, outside the publisher's extent, or that are no numbers | `ingest.rule`, `ingest.reach` | "impossible place", with rows, line and months; a row without a place | a fall that these rows would undo is not said, nor is a bound that they would pass |
| rows that cannot be read lie in the target area | `queries.rejected` | "rows that could not be read" | a change that they would undo is not said |
| one point holds much of a measure, a zone or a window | `evaluation.diagnostics.piles`, `ingest.quality` | "one point with many rows"; "one point with many events" | a change that is not there without the point is not said |
| rings narrower than the spacing of the points on which events lie | `evaluation.diagnostics.geocoding_error` | "location error" | no finding for the target area, or for both together |
| one category in several spellings | `ingest.category_spelling` | "spellings of a category" | that of one spelling |
| a category that begins where another of nearly the same name ends | `queries.renamed_categories` | "categories under two names" | what only one of the names shows is not said |
| one event in several versions | `ingest.duplicates` | "earlier versions"; refused where the latest cannot be told | that of the latest version |
| months that hold no usable row | `queries.coverage`, `stats.empty_months` | the months, on page one | the months are in no window, density or day, and are not zeros |
| most times are one clock time | `ingest.default_clocks` | "days written as times", "time not known" | the day as written, no hour |
| areas that are touched by a sliver | `model.overlap` | the areas, where it matters | that of the area which the target shares |
| nothing before, nothing after, one event, one place, one month | the estimators | "undefined", with its reason | cannot tell |
"""


def page(found: dict[str, Outcome]) -> str:
    """Return ``docs/traps.md``: every case, and the program's answer to it."""
    lines = [
        "# Traps",
        "",
        "Files that would mislead, and what `geoharm ingest` (for area and study files `geoharm check`) makes of each: exit code 0 with",
        "the ledger, or 1 with one sentence and nothing read. The files are made by `tests/ingest/traps.py`; a test holds this page to",
        "the program.",
        "",
        *DOUBTS.strip().splitlines(),
    ]
    for part, cases in TRAPS.items():
        lines += ["", f"## {part}", "", "| case | made by | exit | says |", "|---|---|---|---|"]
        for name, trap in cases.items():
            lines.append(f"| {name} | {trap.how} | {found[name].code} | {_shown(found[name])} |")
    return "\n".join(lines) + "\n"


def _shown(found: Outcome) -> str:
    lines = [line.strip() for line in found.says.splitlines()]
    if found.code == 0:
        lines = lines[1:]
        lines = [line for line in lines if not line.startswith(("harm:", "operation:"))] or ["no mistakes found"]
    text = "; ".join(re.sub(r"^[^:]*: (?=\d+ read)", "", line) for line in lines)
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        PAGE.write_text(page(spring_all(Path(made) / "t.duckdb")[0]), encoding="utf-8")
    print(f"wrote {PAGE}")
