"""From a file to the temporary table ``stage``: the declared columns, as text, with the line each row began on.

Nothing is guessed: the header is compared by name before a row is read, dialect and encoding come from the format,
and every row that does not fit is a reject with its line.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from geoharm.errors import DataError
from geoharm.store.connection import quote_name, quote_text
from geoharm.store.formats import Format

_CHUNK = 1 << 20
_MAX_LINE = 2_000_000
_REASONS = {
    "MISSING COLUMNS": "has fewer columns than the header",
    "TOO MANY COLUMNS": "has more columns than the header",
    "UNQUOTED VALUE": "has a quote in a place where none may be",
    "LINE SIZE OVER MAXIMUM": "is longer than 2,000,000 bytes",
    "INVALID ENCODING": "has bytes that are not in the format's encoding",
}


@dataclass(frozen=True, slots=True)
class Staged:
    """What was put into ``stage``.

    Attributes
    ----------
    read : int
        Rows of the file, whether they fit or not.
    rejects : list of (line, reason)
        Rows that do not have the header's shape.
    fields : tuple of str
        The declared fields that the file has, as columns of ``stage``.
    """

    read: int
    rejects: list[tuple[int, str]]
    fields: tuple[str, ...]


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
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
    connection.execute("DROP TABLE IF EXISTS stage")
    if layout.container == "geojson":
        return _stage_geojson(connection, path, layout)
    return _stage_csv(connection, path, layout)


@contextmanager
def _open_bytes(path: Path) -> Iterator[BinaryIO]:
    with path.open("rb") as probe:
        zipped = probe.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path, "rb") if zipped else path.open("rb") as opened:
            yield cast("BinaryIO", opened)
    except (EOFError, gzip.BadGzipFile) as error:
        msg = f'The file "{path.name}" is damaged or cut short: {error}.'
        raise DataError(msg) from error


# -- CSV ------------------------------------------------------------------------------------------------------------


def _stage_csv(connection: duckdb.DuckDBPyConnection, path: Path, layout: Format) -> Staged:
    header, newlines, zipped = _scan(path, layout)
    chosen = _match_header(path, header, layout)
    if newlines == 0:
        msg = f'The file "{path.name}" has a header and no rows.'
        raise DataError(msg)
    # DuckDB names the columns by position, so that a hostile or repeated header cannot reach the query.
    columns = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(len(header)))
    picked = ", ".join(f"c{index} AS {quote_name(field)}" for field, index in chosen.items())
    options = ", ".join(
        [
            f"columns = {{{columns}}}",
            "auto_detect = false, header = true, strict_mode = true, null_padding = false, parallel = true",
            f"delim = {quote_text(layout.delimiter)}, quote = {quote_text(layout.quote)}",
            f"escape = {quote_text(layout.quote)}, encoding = {quote_text(layout.encoding)}",
            f"compression = '{'gzip' if zipped else 'none'}', max_line_size = {_MAX_LINE}",
            "store_rejects = true, rejects_table = 'stage_rejects', rejects_scan = 'stage_scan', rejects_limit = 0",
        ]
    )
    try:
        connection.execute(f"CREATE TEMP TABLE stage_rows AS SELECT {picked} FROM read_csv(?, {options})", [str(path)])
        bad = connection.execute(
            "SELECT line, first(CAST(error_type AS VARCHAR) ORDER BY column_idx) FROM stage_rejects "
            "WHERE error_type <> 'CAST' GROUP BY line ORDER BY line"
        ).fetchall()
    except duckdb.Error as error:
        msg = f'The file "{path.name}" cannot be read as {layout.encoding} CSV: {_first_sentence(error)}'
        raise DataError(msg) from error
    finally:
        connection.execute("DROP TABLE IF EXISTS stage_rejects; DROP TABLE IF EXISTS stage_scan")
    loaded = int(connection.execute("SELECT count(*) FROM stage_rows").fetchall()[0][0])
    read = loaded + len(bad)
    lines = _record_lines(path, layout, read, newlines)
    ordinal = {int(record) - 2: kind for record, kind in bad}  # DuckDB counts records, the header being 1
    rejects = [(int(lines[index]), _REASONS.get(kind, "cannot be read")) for index, kind in ordinal.items()]
    kept_lines = np.delete(lines, list(ordinal))
    _attach_lines(connection, kept_lines)
    return Staged(read, rejects, tuple(chosen))


def _attach_lines(connection: duckdb.DuckDBPyConnection, lines: NDArray[np.int64]) -> None:
    """Join the rows, in the order they were read, with the lines they began on."""
    connection.register("stage_lines", pa.table({"line": lines}))
    connection.execute("CREATE TEMP TABLE stage AS FROM stage_lines POSITIONAL JOIN stage_rows")
    connection.unregister("stage_lines")
    connection.execute("DROP TABLE stage_rows")


def _scan(path: Path, layout: Format) -> tuple[list[str], int, bool]:
    """Return the header, the number of line ends after it, and whether the file is gzipped."""
    with path.open("rb") as probe:
        zipped = probe.read(2) == b"\x1f\x8b"
    with _open_bytes(path) as stream:
        first = stream.readline(_MAX_LINE)
        newlines, last = 0, b"\n"
        while chunk := stream.read(_CHUNK):
            if b"\x00" in chunk:
                msg = f'The file "{path.name}" holds zero bytes; it is not a text file in {layout.encoding}.'
                raise DataError(msg)
            newlines += chunk.count(b"\n")
            last = chunk[-1:]
    newlines += last != b"\n"
    try:
        text = first.decode("utf-8-sig" if layout.encoding == "utf-8" else layout.encoding)
    except (UnicodeDecodeError, LookupError) as error:
        msg = f'The header of "{path.name}" is not {layout.encoding} text: {error}.'
        raise DataError(msg) from error
    header = next(csv.reader([text], delimiter=layout.delimiter, quotechar=layout.quote), [])
    return [name.strip() for name in header], newlines, zipped


def _match_header(path: Path, header: list[str], layout: Format) -> dict[str, int]:
    """Return each declared field's position in the header; the needed ones must be there, each once."""
    chosen: dict[str, int] = {}
    missing: list[str] = []
    for field, names in layout.columns.items():
        places = [index for index, name in enumerate(header) if name in names]
        if len(places) > 1:
            msg = f'The header of "{path.name}" has the column "{header[places[0]]}" more than once.'
            raise DataError(msg)
        if places:
            chosen[field] = places[0]
        elif field in ("date", "longitude", "latitude"):
            missing.append(names[0])
    if missing:
        wanted, found = ", ".join(f'"{name}"' for name in missing), ", ".join(f'"{name}"' for name in header[:20])
        msg = (
            f'The file "{path.name}" does not have the columns of the format "{layout.name}": {wanted} missing, '
            f"its header is {found}."
        )
        raise DataError(msg)
    return chosen


def _record_lines(path: Path, layout: Format, read: int, newlines: int) -> NDArray[np.int64]:
    """Return the line on which each record began, shape (read,).

    Where every record is one line this is counting; where quoted text holds line ends, the file is read again.
    """
    if read == newlines:
        return np.arange(2, read + 2, dtype=np.int64)
    starts: list[int] = []
    with _open_bytes(path) as stream:
        text = io.TextIOWrapper(stream, encoding=layout.encoding, errors="replace", newline="")
        reader = csv.reader(text, delimiter=layout.delimiter, quotechar=layout.quote, strict=True)
        try:
            next(reader)
            begin = reader.line_num + 1
            for record in reader:
                if record:
                    starts.append(begin)
                begin = reader.line_num + 1
        except csv.Error as error:
            msg = (
                f'"{path.name}", line {begin}: a quote is opened and not closed before the file ends, '
                f"or text follows a closing quote ({error}). Mend the file; nothing was read."
            )
            raise DataError(msg) from error
    if len(starts) != read:
        msg = (
            f'"{path.name}": two ways of reading it disagree on the number of rows ({read} and {len(starts)}); '
            "a quote may be wrong somewhere. Mend the file; nothing was read."
        )
        raise DataError(msg)
    return np.asarray(starts, dtype=np.int64)


def _first_sentence(error: Exception) -> str:
    """Return the first line of a database message: later ones may quote the file's content."""
    return str(error).splitlines()[0][:200]


# -- GeoJSON --------------------------------------------------------------------------------------------------------


def _stage_geojson(connection: duckdb.DuckDBPyConnection, path: Path, layout: Format) -> Staged:
    """Read points with the standard JSON parser: a driver that opens whatever a file claims to be is not used."""
    with _open_bytes(path) as stream:
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
    connection.execute("CREATE TEMP TABLE stage AS FROM stage_rows")
    connection.unregister("stage_rows")
    return Staged(len(features), rejects, tuple(rows))


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
