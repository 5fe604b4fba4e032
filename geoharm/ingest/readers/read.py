"""Read a file of any container: its declared columns go to ``stage`` as text, then to ``parsed``.

Nothing is guessed. Columns are found by name before a row is read, dialect and encoding come from the format, and every
row that does not fit is a reject with its line. Undeclared columns are never stored.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import Any

from geoharm.engines.base import Scratch
from geoharm.errors import DataError
from geoharm.ingest.formats.input_format import Format
from geoharm.ingest.readers.csv_files import ParseFunction, stage_csv
from geoharm.ingest.readers.input_files import InputFile
from geoharm.ingest.readers.staging import StagedRows, StageWriter, encoding_error, is_broken_text, needed_fields
from geoharm.ingest.readers.tabular import stage_excel, stage_parquet, stage_vector

Reader = Callable[[Scratch, InputFile, Format], StagedRows]


def read_file(scratch: Scratch, source: InputFile, input_format: Format, parse: ParseFunction) -> StagedRows:
    """Pass the rows of one file to `parse`, as the table ``stage`` with the declared fields.

    Parameters
    ----------
    scratch : Scratch
    source : InputFile
    input_format : Format
    parse : ParseFunction
        May be called twice: first with rows as the database reads them, then with those that were read with care.

    Raises
    ------
    DataError
        If the file is missing, empty, of another container, or lacks a declared column.
    """
    _check_filled(source)
    if input_format.container == "csv":
        return stage_csv(scratch, source, input_format, parse)
    staged = _READERS[input_format.container](scratch, source, input_format)
    parse(staged.fields)
    scratch.execute("DROP TABLE stage")
    return staged


def stage_file(scratch: Scratch, source: InputFile, input_format: Format) -> StagedRows:
    """Fill ``stage(line, <declared fields>)`` from one file, for tables that hold no events.

    Raises
    ------
    DataError
        With one sentence, if the file cannot be read.
    """
    _check_filled(source)
    if input_format.container != "csv":
        return _READERS[input_format.container](scratch, source, input_format)

    def keep(fields: Collection[str], *, lined: bool = True) -> int:  # noqa: ARG001
        line = "" if lined else "row_number() OVER () + 1 AS line, "
        scratch.execute(f"CREATE OR REPLACE TEMP TABLE kept_stage AS SELECT {line}* FROM stage")
        return int(scratch.execute("SELECT count(*) FROM kept_stage").fetchall()[0][0])

    staged = stage_csv(scratch, source, input_format, keep)
    scratch.execute("ALTER TABLE kept_stage RENAME TO stage")
    return staged


def _check_filled(source: InputFile) -> None:
    if not source.path.is_file():
        msg = f'The file "{source.path}" does not exist.'
        raise DataError(msg)
    if source.path.stat().st_size == 0:
        msg = f'The file "{source.name}" is empty.'
        raise DataError(msg)


def stage_geojson(scratch: Scratch, source: InputFile, input_format: Format) -> StagedRows:
    """Read the points of a GeoJSON file with the standard JSON parser.

    No geographic driver is used, since it would open any format that the file claims to be.
    """
    with source.open() as stream:
        content = stream.read()
    try:
        document: Any = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise encoding_error(source, "utf-8", remedy="GeoJSON must be utf-8: save it in utf-8") from error
    except (ValueError, RecursionError) as error:
        location = f" (line {error.lineno}, character {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        msg = f'The file "{source.name}" is not valid GeoJSON{location}; export it again.'
        raise DataError(msg) from error
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list):
        msg = f'The file "{source.name}" is JSON, but not a GeoJSON FeatureCollection.'
        raise DataError(msg)
    if not features:
        msg = f'The file "{source.name}" has no features.'
        raise DataError(msg)
    keys: dict[str, str] = {}
    for field, names in input_format.columns.items():
        key = next((name for name in names if any(name in _properties(feature) for feature in features)), None)
        if key is not None:
            keys[field] = key
        elif field in needed_fields(input_format):
            msg = f'No feature of "{source.name}" has the property "{names[0]}" that the format declares.'
            raise DataError(msg)
    writer = StageWriter(scratch, (*keys, "longitude", "latitude"))
    for number, feature in enumerate(features, start=1):
        coordinates = _point(feature)
        if isinstance(coordinates, str):
            writer.reject(number, coordinates)
            continue
        properties = _properties(feature)
        values = [None if properties.get(key) is None else str(properties[key]) for key in keys.values()]
        if any(value is not None and is_broken_text(value) for value in values):
            writer.reject(number, "has characters that are not text")
        else:
            writer.keep(number, [*values, *coordinates])
    return writer.close()


def _properties(feature: Any) -> dict[str, Any]:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    return properties if isinstance(properties, dict) else {}


def _point(feature: Any) -> tuple[str | None, str | None] | str:
    """Return a feature's coordinates as text, or the reason why they cannot be used."""
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        return "is not a GeoJSON feature"
    geometry = feature.get("geometry")
    if geometry is None:
        return None, None
    coordinates = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if not isinstance(geometry, dict) or geometry.get("type") != "Point" or not isinstance(coordinates, list):
        return "has a geometry that is not a point"
    if len(coordinates) < 2:
        return None, None
    return repr(coordinates[0]), repr(coordinates[1])


_READERS: dict[str, Reader] = {
    "geojson": stage_geojson,
    "parquet": stage_parquet,
    "excel": stage_excel,
    "vector": stage_vector,
}
