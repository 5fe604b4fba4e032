"""Sites: located services without a date. A list of sites is read, checked and counted row by row."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from geoharm import _crs
from geoharm.engines.base import Engine, Scratch
from geoharm.engines.sql import quote_name
from geoharm.errors import QualityError
from geoharm.geo.point_in_polygon import locate_points
from geoharm.ingest.area_fields import FieldFault, clean_text
from geoharm.ingest.category_spelling import category_mapper, name_of_each, note_spellings
from geoharm.ingest.formats.input_format import Format
from geoharm.ingest.readers.input_files import InputFile
from geoharm.ingest.readers.read import stage_file
from geoharm.ingest.readers.staging import MAX_REJECTED_SHARE, insert_rows
from geoharm.model.geometry import Site, StudyArea
from geoharm.model.ledger import QualityNote
from geoharm.queries.stored import stored_source

_FIELDS = ("name", "part", "category", "address", "longitude", "latitude", "latlon")

Row = dict[str, Any]


def read_sites(
    engine: Engine, files: Sequence[InputFile], input_format: Format
) -> tuple[dict[str, int], list[Row], list[Row]]:
    """Return the number of rows of each file, the sites in order, and the rejects with their column and reason.

    Raises
    ------
    DataError, QualityError
        If a file is refused.
    """
    read: dict[str, int] = {}
    kept: list[Row] = []
    rejects: list[Row] = []
    mapped = category_mapper(input_format.category_map)
    for input_file in files:
        staged = stage_file(engine.scratch, input_file, input_format)
        read[input_file.name] = staged.read
        fields = [field for field in _FIELDS if field in staged.fields]
        selected = ", ".join(quote_name(field) for field in fields)
        rows = engine.scratch.execute(f"SELECT line, {selected} FROM stage ORDER BY line").fetchall()
        file_rejects = [
            {"file": input_file.name, "line": line, "column": "row", "reason": reason}
            for line, reason in staged.rejects
        ]
        for line, *texts in rows:
            row = _read_site(
                dict(zip(fields, (clean_text(text, input_format) for text in texts), strict=True)), input_format, mapped
            )
            (file_rejects if "reason" in row else kept).append({"file": input_file.name, "line": line, **row})
        _refuse_unreadable_file(input_file.name, staged.read, file_rejects, input_format)
        rejects += sorted(file_rejects, key=lambda row: row["line"])
        engine.scratch.execute("DROP TABLE stage")
    return read, kept, rejects


def save_sites(
    scratch: Scratch, source: str, rows: Sequence[Row], input_format: Format, area: StudyArea
) -> list[QualityNote]:
    """Fill ``new_site`` and ``new_value_duplicate``, and return notes: rows of one name, category, address and place are one site.

    Parameters
    ----------
    scratch : Scratch
    source : str
    rows : sequence of mapping
        Sites as `read_sites` returns them.
    input_format : Format
    area : StudyArea

    Raises
    ------
    QualityError
        If there are located sites and none lies in the study area.
    """
    x, y = _crs.transform(
        [row["longitude"] for row in rows], [row["latitude"] for row in rows], source=input_format.crs, target=area.crs
    )
    inside = locate_points(x, y, [area.boundary]) == 0
    located = np.array([not math.isnan(row["longitude"]) for row in rows], dtype=bool)
    if located.any() and not inside.any():
        lon, lat = (
            [row[coordinate] for row, is_located in zip(rows, located, strict=True) if is_located]
            for coordinate in ("longitude", "latitude")
        )
        msg = (
            f'No located site of "{source}" lies in the study area; they lie at {min(lon):,.2f} to {max(lon):,.2f} east, '
            f"{min(lat):,.2f} to {max(lat):,.2f} north in the file's own coordinates. Check the study area, whether longitude "
            "and latitude are swapped, and the format's coordinate system (location.crs)."
        )
        raise QualityError(msg)
    spellings = Counter(row["category"] for row in rows if row["category"])
    names = name_of_each(spellings)
    first_seen: dict[tuple[Any, ...], tuple[str, int]] = {}
    kept: list[list[Any]] = []
    duplicates: list[list[Any]] = []
    for position, row in enumerate(rows):
        place = "no place" if not located[position] else "inside" if inside[position] else "outside"
        xy = (
            (float(x[position]), float(y[position]))
            if np.isfinite(x[position]) and np.isfinite(y[position])
            else (None, None)
        )
        key = (
            row["name"],
            names.get(row["category"]),
            row["address"],
            *(repr(row[coordinate]) for coordinate in ("longitude", "latitude")),
        )
        if key in first_seen:
            duplicates.append([row["file"], row["line"], *first_seen[key]])
        else:
            first_seen[key] = (row["file"], row["line"])
            kept.append([row["file"], row["line"], place, row["name"], names.get(row["category"]), row["address"], *xy])
    notes = note_spellings(spellings, names)
    if located.any():
        west, east, south, north = (extreme(row[coordinate] for row in rows if not math.isnan(row[coordinate]))
                                    for coordinate in ("longitude", "latitude") for extreme in (min, max))  # fmt: skip
        sentence = f"sites lie from {west:,.2f} to {east:,.2f} east and {south:,.2f} to {north:,.2f} north in the file's coordinates"
        notes.append(QualityNote("span", 0, 0, sentence))
    insert_rows(scratch, "new_site", kept)
    insert_rows(scratch, "new_value_duplicate", duplicates)
    return notes


def source_sites(engine: Engine, source: str) -> tuple[Site, ...]:
    """Return the sites of a source in the study area, in the order of the files."""
    rows = engine.rows(
        f"""
        SELECT name, x, y, coalesce(category, '') FROM {engine.table(f"site_{stored_source(engine, source).state}")} AS s
        WHERE place = 'inside' ORDER BY file, line
        """
    )
    return tuple(Site(*row) for row in rows)


def _read_site(texts: dict[str, str | None], input_format: Format, mapped: Callable[[str], str]) -> Row:
    """Return one site, or the column at fault and the reason."""
    name = ", ".join(part for part in (texts.get("name"), texts.get("part")) if part)
    if not texts.get("name"):
        return {"column": "name", "reason": "is empty"}
    place = _read_place(texts, input_format)
    if isinstance(place[1], FieldFault):
        return {"column": place[0], "reason": place[1].reason}
    category = texts.get("category") or input_format.category
    return {
        "name": name,
        "category": mapped(category) if category else None,
        "address": texts.get("address"),
        "longitude": place[0],
        "latitude": place[1],
    }


def _read_place(texts: dict[str, str | None], input_format: Format) -> tuple[float, float] | tuple[str, FieldFault]:
    """Return longitude and latitude, NaN if there are none; or the column at fault and the reason."""
    pair = [texts.get("longitude"), texts.get("latitude")]
    columns = ["longitude", "latitude"]
    if texts.get("latlon"):
        parts = str(texts["latlon"]).strip("()[] ").replace(";", ",").split(",")
        if len(parts) != 2:
            return "latlon", FieldFault('is not a pair "latitude, longitude"')
        pair, columns = [parts[1], parts[0]], ["latlon", "latlon"]
    for position, (text, other_text) in enumerate((pair, pair[::-1])):
        if text is None and other_text is not None:
            return columns[position], FieldFault(f"is empty where {columns[1 - position]} is not")
    if pair[0] is None:
        return math.nan, math.nan
    limits = (180.0, 90.0) if input_format.crs == _crs.LONLAT else (math.inf, math.inf)
    values = [_read_degrees(str(text), limit) for text, limit in zip(pair, limits, strict=True)]
    for column, value in zip(columns, values, strict=True):
        if isinstance(value, FieldFault):
            return column, value
    longitude, latitude = (value for value in values if not isinstance(value, FieldFault))
    # The pair 0, 0 stands for missing coordinates.
    return (math.nan, math.nan) if longitude == latitude == 0 else (longitude, latitude)


def _read_degrees(text: str, limit: float) -> float | FieldFault:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        return FieldFault("is not a number")
    return FieldFault(f"is beyond {limit:g} degrees") if abs(value) > limit else value


def _refuse_unreadable_file(name: str, read: int, rejects: Sequence[Row], input_format: Format) -> None:
    """Refuse a file if more than half of its rows cannot be read: its format is wrong, not its rows."""
    if len(rejects) > MAX_REJECTED_SHARE * read:
        first_reject = rejects[0]
        msg = (
            f'"{name}" does not look like the format "{input_format.name}": {len(rejects):,} of {read:,} rows cannot be read; the first, '
            f'in line {first_reject["line"]}, because "{input_format.columns.get(first_reject["column"], (first_reject["column"],))[0]}" {first_reject["reason"]}. '
            "Check the format; nothing was read."
        )
        raise QualityError(msg)
