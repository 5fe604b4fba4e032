"""Read a file of any container: its declared columns go to ``stage`` as text, then to ``parsed``.

Nothing is guessed. Columns are found by name before a row is read, dialect and encoding come from the format, and every
row that does not fit is a reject with its line. Undeclared columns are never stored.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from geoharm.engines.base import Scratch
from geoharm.errors import DataError
from geoharm.ingest.formats.input_format import Format
from geoharm.ingest.readers.csv_files import ParseFunction, stage_csv
from geoharm.ingest.readers.features import stage_features
from geoharm.ingest.readers.input_files import InputFile
from geoharm.ingest.readers.json_files import read_json
from geoharm.ingest.readers.kml import read_kml
from geoharm.ingest.readers.recognise import refuse_other_kind
from geoharm.ingest.readers.staging import StagedRows
from geoharm.ingest.readers.tabular import stage_excel, stage_parquet
from geoharm.ingest.readers.vector import stage_vector

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
    refuse_other_kind(source, input_format.container)
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
    refuse_other_kind(source, input_format.container)
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


def _stage_json(scratch: Scratch, source: InputFile, input_format: Format) -> StagedRows:
    return stage_features(scratch, source, input_format, read_json(source, input_format.container)[1])


def _stage_kml(scratch: Scratch, source: InputFile, input_format: Format) -> StagedRows:
    return stage_features(scratch, source, input_format, read_kml(source))


_READERS: dict[str, Reader] = {
    "geojson": _stage_json,
    "esri-json": _stage_json,
    "json": _stage_json,
    "kml": _stage_kml,
    "parquet": stage_parquet,
    "excel": stage_excel,
    "vector": stage_vector,
}
