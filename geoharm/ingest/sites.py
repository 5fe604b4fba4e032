"""Sites: located services without a date, by name, kind and place; a list of them is read, judged and counted by row."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import duckdb
import numpy as np

from geoharm import _crs
from geoharm.engines.duckdb import DuckDBEngine, quote_name
from geoharm.errors import QualityError
from geoharm.geo.point_in_polygon import locate_points
from geoharm.ingest.area_fields import FieldFault, clean_text
from geoharm.ingest.formats.input_format import Format
from geoharm.ingest.quality_notes import save_note
from geoharm.ingest.readers.input_files import InputFile
from geoharm.ingest.readers.read import stage_file
from geoharm.ingest.readers.staging import MAX_REJECTED, insert_rows
from geoharm.model.geometry import Site, StudyArea
from geoharm.model.ledger import QualityNote

_FIELDS = ("name", "part", "category", "address", "longitude", "latitude", "latlon")

Row = dict[str, Any]


def read_sites(
    engine: DuckDBEngine, files: Sequence[InputFile], input_format: Format
) -> tuple[dict[str, int], list[Row], list[Row]]:
    """Return how many rows each file has, the sites in order, and the rejects with their column and reason.

    Raises
    ------
    DataError, QualityError
        If a file is refused.
    """
    read: dict[str, int] = {}
    kept: list[Row] = []
    rejects: list[Row] = []
    for source in files:
        staged = stage_file(engine.connection, source, input_format)
        read[source.name] = staged.read
        fields = [field for field in _FIELDS if field in staged.fields]
        picked = ", ".join(quote_name(field) for field in fields)
        rows = engine.connection.execute(f"SELECT line, {picked} FROM stage ORDER BY line").fetchall()
        bad = [{"file": source.name, "line": line, "column": "row", "reason": why} for line, why in staged.rejects]
        for line, *texts in rows:
            row = _read_row(
                dict(zip(fields, (clean_text(text, input_format) for text in texts), strict=True)), input_format
            )
            (bad if "reason" in row else kept).append({"file": source.name, "line": line, **row})
        _gate(source.name, staged.read, bad, input_format)
        rejects += sorted(bad, key=lambda row: row["line"])
        engine.connection.execute("DROP TABLE stage")
    return read, kept, rejects


def save_sites(
    connection: duckdb.DuckDBPyConnection, source: str, rows: Sequence[Row], input_format: Format, area: StudyArea
) -> None:
    """Fill ``tidy.site`` and ``tidy.duplicate``: rows of one name, category, address and place are one site.

    Raises
    ------
    QualityError
        If no located site lies in the study area.
    """
    x, y = _crs.transform(
        [row["longitude"] for row in rows], [row["latitude"] for row in rows], source=input_format.crs, target=area.crs
    )
    inside = locate_points(x, y, [area.boundary]) == 0
    located = np.array([not math.isnan(row["longitude"]) for row in rows], dtype=bool)
    if located.any() and not inside.any():
        lon, lat = (
            [row[axis] for row, here in zip(rows, located, strict=True) if here] for axis in ("longitude", "latitude")
        )
        msg = (
            f'No located site of "{source}" lies in the study area; they lie at {min(lon):,.2f} to {max(lon):,.2f} east, '
            f"{min(lat):,.2f} to {max(lat):,.2f} north in the file's own coordinates. Check the study area, whether longitude "
            "and latitude are swapped, and the format's coordinate system (location.crs)."
        )
        raise QualityError(msg)
    first: dict[tuple[Any, ...], tuple[str, int]] = {}
    kept: list[list[Any]] = []
    duplicates: list[list[Any]] = []
    for number, row in enumerate(rows):
        place = "no place" if not located[number] else "inside" if inside[number] else "outside"
        where = (
            (float(x[number]), float(y[number])) if np.isfinite(x[number]) and np.isfinite(y[number]) else (None, None)
        )
        key = (row["name"], row["category"], row["address"], *(repr(row[axis]) for axis in ("longitude", "latitude")))
        if key in first:
            duplicates.append([source, row["file"], row["line"], *first[key]])
        else:
            first[key] = (row["file"], row["line"])
            kept.append([source, row["file"], row["line"], place, row["name"], row["category"], row["address"], *where])
    if located.any():
        west, east, south, north = (end(row[axis] for row in rows if not math.isnan(row[axis]))
                                    for axis in ("longitude", "latitude") for end in (min, max))  # fmt: skip
        sentence = f"sites lie from {west:,.2f} to {east:,.2f} east and {south:,.2f} to {north:,.2f} north in the file's coordinates"
        save_note(connection, source, QualityNote("span", 0, 0, sentence))
    insert_rows(connection, "tidy.site", kept)
    insert_rows(connection, "tidy.duplicate", duplicates)


def source_sites(engine: DuckDBEngine, source: str) -> tuple[Site, ...]:
    """Return the sites of a source that lie in the study area, in the order of the files."""
    rows = engine.connection.execute(
        "SELECT name, x, y, coalesce(category, '') FROM tidy.site WHERE source = ? AND place = 'inside' ORDER BY file, line",
        [source],
    ).fetchall()
    return tuple(Site(*row) for row in rows)


def _read_row(texts: dict[str, str | None], input_format: Format) -> Row:
    """Return one site, or the column at fault and why."""
    name = ", ".join(part for part in (texts.get("name"), texts.get("part")) if part)
    if not texts.get("name"):
        return {"column": "name", "reason": "is empty"}
    place = _read_place(texts, input_format)
    if isinstance(place[1], FieldFault):
        return {"column": place[0], "reason": place[1].reason}
    category = texts.get("category") or input_format.category or None
    category = input_format.category_map.get(category, category) if category else None
    return {
        "name": name,
        "category": category,
        "address": texts.get("address"),
        "longitude": place[0],
        "latitude": place[1],
    }


def _read_place(texts: dict[str, str | None], input_format: Format) -> tuple[float, float] | tuple[str, FieldFault]:
    """Return both coordinates, NaN where there are none."""
    pair = [texts.get("longitude"), texts.get("latitude")]
    columns = ["longitude", "latitude"]
    if texts.get("latlon"):
        parts = str(texts["latlon"]).strip("()[] ").replace(";", ",").split(",")
        if len(parts) != 2:
            return "latlon", FieldFault('is not a pair "latitude, longitude"')
        pair, columns = [parts[1], parts[0]], ["latlon", "latlon"]
    for here, (text, other) in enumerate((pair, pair[::-1])):
        if text is None and other is not None:
            return columns[here], FieldFault(f"is empty where {columns[1 - here]} is not")
    if pair[0] is None:
        return math.nan, math.nan
    limits = (180.0, 90.0) if input_format.crs == _crs.LONLAT else (math.inf, math.inf)
    found = [_degrees(str(text), most) for text, most in zip(pair, limits, strict=True)]
    for column, value in zip(columns, found, strict=True):
        if isinstance(value, FieldFault):
            return column, value
    longitude, latitude = (value for value in found if not isinstance(value, FieldFault))
    # A pair of zeros is an empty cell in other clothes.
    return (math.nan, math.nan) if longitude == latitude == 0 else (longitude, latitude)


def _degrees(text: str, most: float) -> float | FieldFault:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        return FieldFault("is not a number")
    return FieldFault(f"is beyond {most:g} degrees") if abs(value) > most else value


def _gate(name: str, read: int, bad: Sequence[Row], input_format: Format) -> None:
    """Refuse a file of which more than half cannot be read: the wrong format, not bad rows."""
    if len(bad) > MAX_REJECTED * read:
        worst = bad[0]
        msg = (
            f'"{name}" does not look like the format "{input_format.name}": {len(bad):,} of {read:,} rows cannot be read; the first, '
            f'in line {worst["line"]}, because "{input_format.columns.get(worst["column"], (worst["column"],))[0]}" {worst["reason"]}. '
            "Check the format; nothing was read."
        )
        raise QualityError(msg)
