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
from geoharm.ingest.coordinate_texts import holds_no_point, other_system_reason, own_srid, read_coordinate, read_pair
from geoharm.ingest.formats.input_format import Format
from geoharm.ingest.readers.downloads import download_notes
from geoharm.ingest.readers.input_files import InputFile
from geoharm.ingest.readers.read import stage_file
from geoharm.ingest.readers.staging import MAX_REJECTED_SHARE, insert_rows
from geoharm.model.geometry import Site, StudyArea
from geoharm.model.ledger import QualityNote
from geoharm.queries.stored import stored_source

_FIELDS = ("name", "id", "part", "category", "address", "longitude", "latitude", "latlon")

Row = dict[str, Any]


def read_sites(
    engine: Engine, files: Sequence[InputFile], input_format: Format
) -> tuple[dict[str, int], list[Row], list[Row], list[QualityNote]]:
    """Return the number of rows of each file, the sites in order, the rejects with their column and reason, and notes.

    Raises
    ------
    DataError, QualityError
        If a file is refused.
    """
    read: dict[str, int] = {}
    kept: list[Row] = []
    rejects: list[Row] = []
    notes: list[QualityNote] = []
    mapped = category_mapper(input_format.category_map)
    for input_file in files:
        staged = stage_file(engine.scratch, input_file, input_format)
        read[input_file.name] = staged.read
        fields = [field for field in _FIELDS if field in staged.fields]
        selected = ", ".join(quote_name(field) for field in fields)
        rows = engine.scratch.execute(f"SELECT line, {selected} FROM stage ORDER BY line").fetchall()
        file_rejects: list[Row] = [
            {"file": input_file.name, "line": line, "column": "row", "reason": reason}
            for line, reason in staged.rejects
        ]
        for line, *texts in rows:
            row = _read_site(
                dict(zip(fields, (clean_text(text, input_format) for text in texts), strict=True)), input_format, mapped
            )
            (file_rejects if "reason" in row else kept).append({"file": input_file.name, "line": line, **row})
        _refuse_unreadable_file(input_file.name, staged.read, file_rejects, input_format)
        at_fault: dict[int, list[str]] = {row["line"]: [row["column"]] for row in file_rejects}
        notes += download_notes(staged, at_fault, file=input_file.name)
        rejects += sorted(file_rejects, key=lambda row: row["line"])
        engine.scratch.execute("DROP TABLE stage")
    return read, kept, rejects, notes


def save_sites(
    scratch: Scratch, source: str, rows: Sequence[Row], input_format: Format, area: StudyArea
) -> list[QualityNote]:
    """Fill ``new_site`` and ``new_value_duplicate``, and return notes.

    Rows of one identifier, name, category, address and place are one site. Rows without a place that have nothing but an
    address are never one, since a street of the same name may lie in another town.

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
    has_only_addresses = not {"name", "id"} & set(input_format.columns)
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
            row["id"],
            row["name"],
            names.get(row["category"]),
            row["address"],
            *(repr(row[coordinate]) for coordinate in ("longitude", "latitude")),
            position if has_only_addresses and not located[position] else None,
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
    name = _site_name(texts, input_format)
    if isinstance(name[1], FieldFault):
        return {"column": name[0], "reason": name[1].reason}
    place = _read_place(texts, input_format)
    if isinstance(place[1], FieldFault):
        return {"column": place[0], "reason": place[1].reason}
    category = texts.get("category") or input_format.category
    return {
        "id": texts.get("id"),
        "name": name[1],
        "category": mapped(category) if category else None,
        "address": texts.get("address"),
        "longitude": place[0],
        "latitude": place[1],
    }


def _site_name(texts: dict[str, str | None], input_format: Format) -> tuple[str, str | FieldFault]:
    """Return a site's name with the column that gives it: its address or identifier where a list has no names."""
    given = [field for field in ("name", "address", "id") if field in input_format.columns]
    column = "name" if given[0] == "name" else next((field for field in given if texts.get(field)), given[0])
    text = texts.get(column)
    if not text:
        return column, FieldFault("is empty")
    return column, ", ".join(part for part in (text, texts.get("part")) if part)


def _read_place(texts: dict[str, str | None], input_format: Format) -> tuple[float, float] | tuple[str, FieldFault]:
    """Return longitude and latitude, NaN if there are none; or the column at fault and the reason."""
    pair = [texts.get("longitude"), texts.get("latitude")]
    columns = ["longitude", "latitude"]
    if texts.get("latlon"):
        found = _split_pair(str(texts["latlon"]), input_format)
        if isinstance(found, FieldFault):
            return "latlon", found
        pair, columns = found, ["latlon", "latlon"]
    for position, (text, other_text) in enumerate((pair, pair[::-1])):
        if text is None and other_text is not None:
            return columns[position], FieldFault(f"is empty where {columns[1 - position]} is not")
    if pair[0] is None:
        return math.nan, math.nan
    values = [
        _read_coordinate(str(text), letters, limit, input_format)
        for text, letters, limit in zip(pair, ("EW", "NS"), (180.0, 90.0), strict=True)
    ]
    for column, value in zip(columns, values, strict=True):
        if isinstance(value, FieldFault):
            return column, value
    longitude, latitude = (value for value in values if not isinstance(value, FieldFault))
    # The pair 0, 0 stands for missing coordinates.
    return (math.nan, math.nan) if longitude == latitude == 0 else (longitude, latitude)


def _split_pair(text: str, input_format: Format) -> list[str | None] | FieldFault:
    """Return the texts of longitude and latitude of a cell with both of them; None twice if it holds no point."""
    if holds_no_point(text):
        return [None, None]
    found = read_pair(text, input_format.decimal, input_format.thousands)
    if found is None:
        return FieldFault("holds no pair of coordinates that can be read in one way only")
    if found.srid is not None and str(found.srid) != own_srid(input_format.crs):
        return FieldFault(other_system_reason(input_format.crs))
    return [found.longitude, found.latitude]


def _read_coordinate(text: str, letters: str, limit: float, input_format: Format) -> float | FieldFault:
    in_degrees = input_format.crs == _crs.LONLAT
    value = read_coordinate(text, letters, input_format.decimal, input_format.thousands, in_degrees=in_degrees)
    if value is None:
        return FieldFault("is not a number")
    return FieldFault(f"is beyond {limit:g} degrees") if in_degrees and abs(value) > limit else value


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
