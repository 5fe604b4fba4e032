"""The trap corpus: files that would mislead, each made by code, with the exit code and the sentence that must come.

``python -m tests.ingest.traps`` writes ``docs/traps.md``; a test holds the page to what the program says.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import re
import stat
import subprocess
import sys
import tempfile
import traceback
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from unittest import mock

import xlsxwriter

from geoharm.cli import app
from tests.conftest import lonlat, write_polygon

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
    """

    how: str
    files: dict[str, bytes | str] | Maker
    code: int
    says: tuple[str, ...]
    layout: str = "points-csv"
    pattern: str = "*"


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


def own(dates: str = 'formats = ["%Y-%m-%d"]', *, container: str = "csv", place: bool = True, more: str = "") -> str:
    where = 'longitude = "longitude"\nlatitude = "latitude"\n' if place else ""
    return f'[format]\ncontainer = "{container}"\n[columns]\ndate = "date"\ncategory = "category"\n{where}[date]\n{dates}\n{more}'


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


HUGE = "a cell of a thousand million signs"
KEPT_2 = "2 read = 2 kept + 0 rejected + 0 duplicate"
ONE_OF_3 = "3 read = 2 kept + 1 rejected + 0 duplicate"


def row(bad: str) -> dict[str, bytes | str]:
    """Return a file with one bad row in line 3, between two good ones."""
    return {"a.csv": HEADER + good(1) + bad + "\n" + good(3)}


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
        "infinity": Trap("`inf` as longitude", row(f"2,2020-01-01,inf,{LAT},find"), 0, (ONE_OF_3, '"longitude" is not a number')),
        "not a number": Trap("`nan` as longitude", row(f"2,2020-01-01,nan,{LAT},find"), 0, (ONE_OF_3, '"longitude" is not a number')),
        "beyond all numbers": Trap("`1e400` as latitude", row(f"2,2020-01-01,{LON},1e400,find"), 0, (ONE_OF_3, '"latitude" is not a number')),
        "a spreadsheet's error": Trap("`#REF!` as latitude", row(f"2,2020-01-01,{LON},#REF!,find"), 0, (ONE_OF_3, '"latitude" is not a number')),
        "a spreadsheet's gap": Trap("`#N/A` as longitude", row(f"2,2020-01-01,#N/A,{LAT},find"), 0, (ONE_OF_3, '"longitude" is not a number')),
        "decimal commas": Trap("in every row", {"a.csv": "date;category;longitude;latitude\n" + f"2020-01-01;find;{LON};{LAT}\n".replace(".", ",") * 4}, 1, ('"longitude" has a comma', "decimal point"), own(more='[csv]\ndelimiter = ";"')),
        "thousands commas": Trap("`4,983,000` in one row", row(f'2,2020-01-01,"500,000",{LAT},find'), 0, (ONE_OF_3, '"longitude" has a comma')),
        "half a place": Trap("no latitude in one row", row(f"2,2020-01-01,{LON},,find"), 0, (ONE_OF_3, '"latitude" is empty where longitude is not')),
        "beyond the pole": Trap("latitude 91.5", row(f"2,2020-01-01,{LON},91.5,find"), 0, (ONE_OF_3, '"latitude" is beyond 90 degrees')),
        "a pair of zeros": Trap("0, 0 in one row", row("2,2020-01-01,0,0,find"), 0, ("3 read = 3 kept", "1 without a place")),
        "swapped coordinates": Trap("in every row", {"a.csv": HEADER + "".join(f"{n},2020-01-01,{LAT},{LON},find\n" for n in range(20))}, 1, ('only if "longitude" and "latitude" are swapped',)),
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
        "no day over 12": Trap("80 dates in five months", {"a.csv": dated(*early("mdY"))}, 1, ("all 80 dates fall into the first 12 days of 5 months", "order_checked = true"), own('formats = ["%m/%d/%Y"]')),
        "no day over 12, checked": Trap("the same, `order_checked = true`", {"a.csv": dated(*early("mdY"))}, 0, ("80 read = 80 kept",), own('formats = ["%m/%d/%Y"]\norder_checked = true')),
        "no day over 12, few rows": Trap("20 dates", {"a.csv": dated(*early("mdY", 20))}, 0, ("20 read = 20 kept", 'note: a.csv: 20 rows, first in line 2: every date can also be read by %d/%m/%Y'), own('formats = ["%m/%d/%Y"]')),
        "first days of months": Trap("`01/MM/2020`, 80 rows", {"a.csv": dated(*[f"01/{n % 12 + 1:02d}/2020" for n in range(80)])}, 0, ("80 read = 80 kept",), own('formats = ["%d/%m/%Y"]')),
        "two formats that read one text differently": Trap("day first and month first listed", {"a.csv": dated("03/04/2020", "25/04/2020")}, 1, ('line 2: the date "03/04/2020" reads as 2020-04-03 by %d/%m/%Y and as 2020-03-04 by %m/%d/%Y',), own('formats = ["%d/%m/%Y", "%m/%d/%Y"]')),
        "two formats in one column": Trap("with and without a time", {"a.csv": dated("2020-01-01 10:00", "2020-01-02", "2020-01-03")}, 0, ("3 read = 3 kept", 'note: a.csv: 1 row, first in line 2: the date is read by %Y-%m-%d %H:%M;', 'note: a.csv: 2 rows, first in line 3: the date is read by %Y-%m-%d;'), own('formats = ["%Y-%m-%d %H:%M", "%Y-%m-%d"]\nprecision = "moment"')),
        "dates that a spreadsheet turned": Trap("days up to 12 in one format, over 12 in another", {"a.csv": dated(*[f"2020-{n % 3 + 1:02d}-{n % 12 + 1:02d}" for n in range(40)], *[f"{n % 14 + 13}/02/2020" for n in range(40)])}, 1, ("a spreadsheet has swapped day and month where it could",), own('formats = ["%Y-%m-%d", "%d/%m/%Y"]')),
        "an offset and no zone": Trap("`2020-06-01T23:30:00Z`", {"a.csv": dated("2020-06-01T23:30:00Z")}, 1, ("has a UTC offset", "date.zone", "trust_offset = false"), own('formats = ["%Y-%m-%dT%H:%M:%SZ"]')),
        "a zone that is none": Trap('`zone = "London"`', {"a.csv": rows(1)}, 1, ('own.toml, [date]: zone = "London" is not a time zone',), own('formats = ["%Y-%m-%d"]\nzone = "London"')),
        "days written as times": Trap("every time midnight in UTC", {"a.csv": dated(*[f"2020-06-{n + 1:02d}T00:00:00Z" for n in range(25)])}, 1, ("all 25 dates are midnight in UTC, so they are days without times", "trust_offset = false"), own(LONDON)),
        "a time the clocks skipped": Trap("29 March 2020 01:30 in London", {"a.csv": dated("2020-03-29 01:30", "2020-03-29 03:30")}, 0, (KEPT_2, "1 row, first in line 2: the time is one that the clocks skipped in Europe/London")
             , own(LOCAL)),
        "a time that came twice": Trap("25 October 2020 01:30 in London", {"a.csv": dated("2020-10-25 02:30", "2020-10-25 01:30")}, 0, (KEPT_2, "1 row, first in line 3: the time occurred twice because the clocks went back in Europe/London"), own(LOCAL)),
        "midnight for want of a time": Trap("every time 00:00", {"a.csv": dated(*[f"2020-01-{n + 1:02d} 00:00" for n in range(5)])}, 0, ("5 read = 5 kept", "note: 5 rows: the time is exactly 00:00, which stands for a time that is not known"), own(LOCAL)),
        "days from a pattern without a day": Trap("`2020-05`, precision day", {"a.csv": dated("2020-05")}, 1, ('which names no day; write precision = "month"',), own('formats = ["%Y-%m"]')),
        "years only": Trap("`2020`, precision year", {"a.csv": dated("2020", "2021")}, 0, (KEPT_2,), own('formats = ["%Y"]\nprecision = "year"')),
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
        "encrypted": Trap("the flag of a password", {"a.zip": encrypted()}, 1, ("is encrypted",)),
        "damaged": Trap("one byte turned", {"a.zip": broken(cut=False)}, 1, ("damaged or cut short",)),
        "cut short": Trap("half of an archive", {"a.zip": broken(cut=True)}, 1, ("damaged or cut short",)),
        "cut short, gzipped": Trap("half of a file", {"a.csv.gz": gzip.compress(rows(3000).encode(), mtime=0)[:9000]}, 1, ("damaged or cut short",)),
    },
    "Files that are not what they say": {
        "a VRT called .geojson": Trap("XML that names another file", vrt("a.geojson"), 1, ("is not valid GeoJSON",), NEEDLES),
        "a VRT called .csv": Trap("XML that names another file", vrt("a.csv"), 1, ("does not have the columns",)),
        "a VRT called .gpkg": Trap("XML that names another file", vrt("a.gpkg"), 1, ("is neither a GeoPackage nor a zipped Shapefile",), VECTOR),
        "a GDALG called .geojson": Trap("JSON that names a command", {"a.geojson": GDALG}, 1, ("not a GeoJSON FeatureCollection",), NEEDLES),
        "a GDALG called .gpkg": Trap("JSON that names a command", {"a.gpkg": GDALG}, 1, ("is neither a GeoPackage nor a zipped Shapefile",), VECTOR),
        "an address instead of a file": Trap('`files = ["/vsicurl/http://x/a.gpkg"]`', {}, 1, ("must lie inside the data folder",), VECTOR, "/vsicurl/http://x/a.gpkg"),
        "a driver's name instead of a file": Trap('`files = ["PG:dbname=x"]`', {}, 1, ('No file matches "PG:dbname=x"',), VECTOR, "PG:dbname=x"),
        "a file above the data folder": Trap('`files = ["../a.csv"]`', {}, 1, ("must lie inside the data folder",), "points-csv", "../a.csv"),
        "a link out of the data folder": Trap("a symbolic link", link_out, 1, ("is a link to a file outside the data folder",)),
        "a workbook called .csv": Trap("an Excel file", {"a.csv": book(excel_times)}, 1, ("is an Excel workbook",)),
        "text called .xlsx": Trap("a CSV file", {"a.xlsx": rows(3)}, 1, ("cannot be read as a workbook",), own(container="excel")),
        "text called .parquet": Trap("a CSV file", {"a.parquet": rows(3)}, 1, ("cannot be read as Parquet",), own(container="parquet")),
        "not JSON": Trap("`[[[[...`, 100,000 deep", {"a.geojson": "[" * 100_000}, 1, ("is not valid GeoJSON",), NEEDLES),
        "JSON in cp1252": Trap("`café`", {"a.geojson": collection(feature(POINT, open_dt="2020/1/5 9:24", location_street_name="café")).replace("caf\\u00e9", "café").encode("cp1252")}, 1, ("line 1: the text has the byte 0xe9, which is not utf-8 text",), NEEDLES),
        "no features": Trap("an empty collection", {"a.geojson": collection()}, 1, ("has no features",), NEEDLES),
        "features without the date": Trap("another property", {"a.geojson": collection(feature(None, x=1))}, 1, ('has the property "open_dt"',), NEEDLES),
        "properties that are none": Trap("a list", {"a.geojson": collection({"type": "Feature", "properties": ["open_dt"]})}, 1, ("has the property",), NEEDLES),
        "a number of 5,000 digits": Trap("where a feature belongs", {"a.geojson": '{"type": "FeatureCollection", "features": [' + "9" * 5000 + "]}"}, 1, ("is not valid GeoJSON",), NEEDLES),
        "places that are no numbers": Trap("`inf` and a list as coordinates", {"a.geojson": collection(*[feature(POINT, open_dt="2020/1/5 9:24")] * 3, feature({"type": "Point", "coordinates": [float("inf"), [1]]}, open_dt="2020/1/5 9:24"))}, 0, ("4 read = 3 kept + 1 rejected", "is not a number"), NEEDLES),
    },
    "Workbooks": {
        "dates with times": Trap("13:45 under a format of days", {"a.xlsx": book(excel_times)}, 1, ('in 2 of 3 rows (first in line 3) "date" is not a date',), own(container="excel")),
        "dates with times, declared": Trap("both patterns", {"a.xlsx": book(excel_times)}, 0, ("3 read = 3 kept",), own('formats = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%d"]\nprecision = "moment"', container="excel")),
        "formulas": Trap("a date by formula, a broken latitude", {"a.xlsx": book(excel_formulas)}, 0, (ONE_OF_3, "first in line 4", '"latitude" is empty where longitude is not'), own(container="excel")),
        "merged cells": Trap("one date over three rows", {"a.xlsx": book(excel_merged)}, 0, ("5 read = 3 kept + 2 rejected", "first in line 5", '"date" is empty'), own(container="excel")),
        "a hidden sheet first": Trap("old rows in it", {"a.xlsx": book(excel_hidden)}, 0, ("1 read = 1 kept",), own(container="excel")),
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
        (folder / "study.toml").write_text(STUDY.format(layout=input_format, pattern=trap.pattern), encoding="utf-8")
        yield folder


def command(folder: Path, database: Path) -> list[str]:
    return ["ingest", str(folder / "study.toml"), "--data", str(folder / "in"), "--db", str(database), "--quiet"]


def spring(trap: Trap, database: Path) -> Outcome:
    """Run ``geoharm ingest`` on a trap, in this process, and return its exit code and what it says.

    One database serves all traps, one after the other: making one takes longer than most files do.
    """
    with folder_of(trap) as folder:
        out, err = io.StringIO(), io.StringIO()
        code = 0
        with (
            mock.patch.object(sys, "argv", ["geoharm", *command(folder, database)]),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            try:
                app.main()
            except SystemExit as ended:
                code = int(ended.code or 0)
            except Exception:
                code = -1
                traceback.print_exc()
        said = (out.getvalue() if code == 0 else err.getvalue()).replace(str(folder / "in"), "data").strip()
    return Outcome(code, said)


def spring_apart(trap: Trap) -> tuple[Outcome, int]:
    """Run ``geoharm ingest`` on a trap in a process of its own; return what it says and the bytes it took besides its code."""
    script = (
        "import resource\nfrom geoharm.cli import app\n"
        "most = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "code = most()\n"
        "try:\n    app.main()\n"
        "finally:\n    print('memory', most() - code)\n"
    )
    with folder_of(trap) as folder:
        found = subprocess.run(
            [sys.executable, "-c", script, *command(folder, folder / "t.duckdb")],
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


def page(found: dict[str, Outcome]) -> str:
    """Return ``docs/traps.md``: every case, and the program's answer to it."""
    lines = [
        "# Traps",
        "",
        "Files that would mislead, and what `geoharm ingest` makes of each: exit code 0 with the ledger, or 1 with one",
        "sentence and nothing read. The files are made by `tests/ingest/traps.py`; a test holds this page to the program.",
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
    text = "; ".join(re.sub(r"^[^:]*: (?=\d+ read)", "", line) for line in lines)
    return text.replace("|", "\\|").replace("<", "&lt;")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as made:
        PAGE.write_text(page(spring_all(Path(made) / "t.duckdb")[0]), encoding="utf-8")
    print(f"wrote {PAGE}")
