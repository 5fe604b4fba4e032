"""From a file to the temporary table ``stage``: the declared columns, as text, with the line each row began on.

Nothing is guessed: the header is compared by name before a row is read, dialect and encoding come from the format,
and every row that does not fit is a reject with its line.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from geoharm.errors import DataError
from geoharm.store.csv_files import stage_csv
from geoharm.store.formats import Format
from geoharm.store.stage import CHUNK, Staged, open_bytes


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def stage_file(connection: duckdb.DuckDBPyConnection, path: Path, layout: Format) -> Staged:
    """Fill ``stage(line, <declared fields>)`` from one file.

    Raises
    ------
    DataError
        If the file is missing, empty, of another container, or its header lacks a declared column.
    """
    if not path.is_file():
        msg = f'The file "{path}" does not exist.'
        raise DataError(msg)
    if path.stat().st_size == 0:
        msg = f'The file "{path.name}" is empty.'
        raise DataError(msg)
    if layout.container == "geojson":
        return _stage_geojson(connection, path, layout)
    return stage_csv(connection, path, layout)


# -- GeoJSON --------------------------------------------------------------------------------------------------------


def _stage_geojson(connection: duckdb.DuckDBPyConnection, path: Path, layout: Format) -> Staged:
    """Read points with the standard JSON parser: a driver that opens whatever a file claims to be is not used."""
    with open_bytes(path) as stream:
        content = stream.read()
    try:
        document: Any = json.loads(content.decode("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        msg = f'The file "{path.name}" is not valid GeoJSON: {error}.'
        raise DataError(msg) from error
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        msg = f'The file "{path.name}" is JSON, but not a GeoJSON FeatureCollection.'
        raise DataError(msg)
    if not features:
        msg = f'The file "{path.name}" has no features.'
        raise DataError(msg)
    keys = {field: _property(path, features, names) for field, names in layout.columns.items()}
    rows: dict[str, list[str | None]] = {field: [] for field in (*keys, "longitude", "latitude")}
    lines: list[int] = []
    rejects: list[tuple[int, str]] = []
    for number, feature in enumerate(features, start=1):
        place = _point(feature)
        if isinstance(place, str):
            rejects.append((number, place))
            continue
        lines.append(number)
        properties = feature.get("properties") or {}
        for field, key in keys.items():
            value = properties.get(key)
            rows[field].append(None if value is None else str(value))
        rows["longitude"].append(place[0])
        rows["latitude"].append(place[1])
    table = pa.table({"line": pa.array(lines, pa.int64())} | {k: pa.array(v, pa.string()) for k, v in rows.items()})
    connection.register("stage_rows", table)
    connection.execute("CREATE OR REPLACE TEMP TABLE stage AS FROM stage_rows")
    connection.unregister("stage_rows")
    return Staged(len(features), tuple(rejects), tuple(rows))


def _property(path: Path, features: list[Any], names: tuple[str, ...]) -> str:
    """Return the first accepted name that any feature has."""
    for name in names:
        if any(isinstance(feature, dict) and name in (feature.get("properties") or {}) for feature in features):
            return name
    msg = f'No feature of "{path.name}" has the property "{names[0]}" that the format declares.'
    raise DataError(msg)


def _point(feature: Any) -> tuple[str | None, str | None] | str:
    """Return a feature's coordinates as text, or why it has none that can be used."""
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        return "is not a GeoJSON feature"
    geometry = feature.get("geometry")
    if geometry is None:
        return None, None
    where = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if not isinstance(geometry, dict) or geometry.get("type") != "Point" or not isinstance(where, list):
        return "has a geometry that is not a point"
    if len(where) < 2:
        return None, None
    return repr(where[0]), repr(where[1])
