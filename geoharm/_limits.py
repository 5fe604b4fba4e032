"""The most that geoharm reads of a file: one list for every reader, and for the page `docs/limits.md`.

Each limit is several times what a large city publishes, and small enough that a file made to exhaust the computer is
refused before it can. Limits in bytes, rows and points count what is there, and not what a file says of itself.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limit:
    """The most of one thing.

    Attributes
    ----------
    most : int
    unit : str
        What is counted, in the plural.
    of : str
        Where it is counted, for the page.
    way_out : str
        What to do with a file that has more: the end of a sentence.
    """

    most: int
    unit: str
    of: str
    way_out: str

    def refusal(self, found: float | None = None) -> str:
        """Return what is wrong with a file that has more, without its name: the rest of a sentence.

        Parameters
        ----------
        found : float, optional
            How many it has, if they were counted to the end.

        Examples
        --------
        >>> POINTS.refusal(3_000_000)
        'has 3,000,000 points, and at most 2,000,000 are read; simplify its outlines, or keep only the areas of the study'
        """
        counted = f"has {found:,.0f} {self.unit}, and" if found is not None else f"has too many {self.unit}:"
        return f"{counted} at most {self.most:,} are read; {self.way_out}"


def too_deep(what: str) -> str:
    """Return what is wrong with a file that nests beyond `NESTING`, without its name: the rest of a sentence."""
    return f"has {what} inside each other beyond {NESTING.most} levels; {NESTING.way_out}"


TEXT_BYTES = Limit(
    4 << 30, "bytes", "any file, unpacked, or all entries of an archive together", "divide it, such as by year"
)
LINE_BYTES = Limit(2_000_000, "bytes", "one line of a CSV file, or one cell of a Parquet file", "correct the file")
REJECTS = Limit(1_000_000, "rows of the wrong shape", "a CSV file", "check its delimiter, and that it is whole")
ROWS = Limit(50_000_000, "rows", "a CSV or Parquet file", "divide it, such as by year")
COLUMNS = Limit(4_000, "columns", "a CSV or Parquet file", "keep only the columns that its format names")
FOOTER_BYTES = Limit(
    64_000_000, "bytes in its list of columns and parts", "a Parquet file", "write it again with larger row groups"
)

WHOLE_BYTES = Limit(
    500_000_000,
    "bytes",
    "a file that is read as one: GeoJSON and other JSON, KML, GeoPackage, FlatGeobuf, Shapefile",
    "divide it, or save it as CSV",
)
GROUND_BYTES = Limit(
    10_000_000_000,
    "bytes",
    "a ground file with an index: GeoPackage, FlatGeobuf, PMTiles, MBTiles",
    "take an extract of a smaller region",
)
GROUND_POINTS = Limit(
    5_000_000,
    "points",
    "the part of a ground file over the study area",
    "take a file with streets, water and green alone",
)
RECORDS = Limit(
    2_000_000,
    "records",
    "a file of features or records, and the points of an event file",
    "save it as CSV, or divide it",
)
JSON_PARTS = Limit(10_000_000, "lists and objects", "a JSON file of events", "save it as CSV, or divide it")
JSON_VALUES = Limit(50_000_000, "values", "a JSON file", "save it as CSV, or divide it")
XML_ELEMENTS = Limit(2_000_000, "elements", "a KML file", "save it as CSV, or divide it")
NESTING = Limit(100, "levels", "elements or collections inside each other", "save it again")

AREA_JSON_PARTS = Limit(
    5_000_000, "lists and objects", "a JSON file of areas", "simplify its outlines, or keep only the areas of the study"
)
POINTS = Limit(
    2_000_000,
    "points",
    "the outlines of a file of areas",
    "simplify its outlines, or keep only the areas of the study",
)
SHAPES = Limit(
    200_000, "shapes", "a file of areas, the parts of a shape among them", "keep only the areas of the study"
)
CROSSINGS = Limit(200_000, "crossings", "outlines that cross themselves or each other", "draw them again")

ENTRIES = Limit(1_000, "entries", "an archive", "pack only the files of the study")
ENTRY_LIST_BYTES = Limit(4_000_000, "bytes in its list of entries", "an archive", "pack only the files of the study")
RATIO = Limit(
    100, "times its size", "an archive or a gzip file, unpacked, beyond the first megabyte", "unpack it yourself"
)

ADDRESSES = Limit(
    3_000_000, "addresses", "a source of addresses", "keep only the addresses of the study area and its neighbours"
)

SHEET_CELLS = Limit(
    20_000_000, "cells", "the rectangle from the first to the last filled cell of a sheet", "save the sheet as CSV"
)
SHEET_TEXT = Limit(500_000_000, "letters", "all cells of a sheet together", "save the sheet as CSV")
WORKBOOK_BYTES = Limit(2 << 30, "bytes", "a workbook, unpacked", "save the sheet as CSV")
WEIGHT_ROWS = Limit(20_000, "rows", "a table of weights", "keep only the offences of the study")

RASTER_CELLS = Limit(
    25_000_000, "cells", "the part of a raster over the study area, and one block of it", "take a coarser raster"
)

REGISTER_BYTES = Limit(20_000_000, "bytes", "a register of operations", "divide it, such as by year")
REGISTER_ROWS = Limit(5_000, "rows", "a register of operations", "divide it, such as by year")
REGISTER_OPERATIONS = Limit(
    200, "operations", "a register, when rows close to each other are pooled", "divide it, such as by year or district"
)

TOML_BYTES = Limit(2_000_000, "bytes", "a study file, format, value profile or evidence card", "take comments out")
DIGITS = Limit(4_300, "digits", "a whole number in a TOML or JSON file", "write at most 15")
DOTTED_KEYS = Limit(100, "keys joined by dots", "one key of a TOML file", "name the table in brackets")
LISTED_MISTAKES = Limit(100, "mistakes", "a TOML file, before the rest are left unsaid", "correct these first")

QUERY_STEPS = Limit(200_000_000, "steps", "one question that is put to a GeoPackage", "save the layer again")
