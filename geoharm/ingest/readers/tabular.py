"""Read tables that are not text: workbooks, and Parquet with or without geometries."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from geoharm import _limits
from geoharm.engines.base import Scratch, StatementError
from geoharm.engines.sql import quote_name
from geoharm.errors import DataError
from geoharm.ingest.formats.input_format import Format
from geoharm.ingest.readers.cells import cell_text
from geoharm.ingest.readers.input_files import InputFile
from geoharm.ingest.readers.library_errors import reading, without_panic
from geoharm.ingest.readers.staging import StagedRows, StageWriter, match_columns
from geoharm.ingest.readers.vector import check_frame, stage_frame
from geoharm.ingest.readers.workbook_limits import check_workbook

if TYPE_CHECKING:
    import geopandas

_PARQUET_MARK = b"PAR1"
# Dates that no calendar has are a ValueError or an OverflowError.
_DAMAGED_WORKBOOK = (CalamineError, zipfile.BadZipFile, ValueError, OverflowError, OSError)


def stage_excel(scratch: Scratch, source: InputFile, input_format: Format) -> StagedRows:
    """Read one sheet (Excel or OpenDocument) of a workbook; lines are the sheet's own row numbers.

    Dates that are dates in the sheet become text like 2020-01-31 or 2020-01-31 13:45:00; bare numbers stay numbers.
    """
    names, rows = sheet_rows(source, input_format.sheet)
    sheet, start = input_format.sheet or names[0], input_format.header_row - 1
    if len(rows) <= start + 1:
        msg = f'The sheet "{sheet}" of "{source.name}" has no rows under its header.'
        raise DataError(msg)
    positions = match_columns(source.name, [(cell_text(cell) or "").strip() for cell in rows[start]], input_format)
    writer = StageWriter(scratch, tuple(positions))
    for number, row in enumerate(rows[start + 1 :], start=start + 2):
        if any(cell != "" for cell in row):
            writer.keep(number, [cell_text(row[index]) for index in positions.values()])
    return writer.close()


def sheet_rows(source: InputFile, sheet: str) -> tuple[list[str], list[list[Any]]]:
    """Return the names of a workbook's sheets, hidden ones last, and the rows of one; of the first if `sheet` is empty.

    All rows are as long as the longest.

    Raises
    ------
    DataError
        If the file is not a workbook, or has no such sheet.
    """
    check_workbook(source)
    try:
        with source.open() as stream, without_panic(CalamineError):
            workbook = CalamineWorkbook.from_object(stream)
            visible_names = [
                metadata.name for metadata in workbook.sheets_metadata if metadata.visible == SheetVisibleEnum.Visible
            ]
            names = [*visible_names, *(name for name in workbook.sheet_names if name not in visible_names)]
            if not names:
                msg = f'The workbook "{source.name}" has no sheet.'
                raise DataError(msg)
            if sheet and sheet not in names:
                msg = f'The workbook "{source.name}" has no sheet "{sheet}"; it has {", ".join(workbook.sheet_names)}.'
                raise DataError(msg)
            rows = workbook.get_sheet_by_name(sheet or names[0]).to_python(skip_empty_area=False)
    except _DAMAGED_WORKBOOK as error:
        msg = f'The file "{source.name}" cannot be read as a workbook: it is of another kind, has a password, or is damaged.'
        raise DataError(msg) from error
    width = max(map(len, rows), default=0)
    return names, [[*row, *[""] * (width - len(row))] for row in rows]


def stage_parquet(scratch: Scratch, source: InputFile, input_format: Format) -> StagedRows:
    """Read a Parquet file by column name; lines are row numbers. Without coordinate columns, its geometry is used."""
    has_points = input_format.kind in ("event", "site", "addresses")
    uses_geometry = has_points and not {"longitude", "latlon", "area"} & set(input_format.columns)
    if uses_geometry and input_format.kind == "event" and input_format.has_address:
        uses_geometry = _has_geometry(scratch, source)
    column_types = parquet_columns(scratch, source, most=_limits.RECORDS if uses_geometry else _limits.ROWS)
    names = [name for name, _ in column_types]
    if uses_geometry:
        _check_texts(scratch, source, [quote_name(name) for name, kind in column_types if kind in ("VARCHAR", "BLOB")])
        return stage_frame(scratch, source, input_format, read_geoparquet(source))
    positions = match_columns(source.name, names, input_format)
    texts = {field: _parquet_text(*column_types[index]) for field, index in positions.items()}
    _check_texts(scratch, source, texts.values())
    selected = ", ".join(f"{text} AS {quote_name(field)}" for field, text in texts.items())
    with _as_parquet(source):
        scratch.execute(
            f"CREATE OR REPLACE TEMP TABLE stage AS SELECT file_row_number + 1 AS line, {selected} "
            "FROM read_parquet(?, file_row_number = true)",
            [str(source.path)],
        )
    read = int(scratch.execute("SELECT count(*) FROM stage").fetchall()[0][0])
    return StagedRows(read, (), tuple(positions))


def _has_geometry(scratch: Scratch, source: InputFile) -> bool:
    """Return whether a Parquet file says that it has geometries, as GeoParquet does."""
    check_parquet(source)
    with _as_parquet(source):
        marks = scratch.execute(
            "SELECT count(*) FROM parquet_kv_metadata(?) WHERE decode(key) = 'geo'", [str(source.path)]
        )
        return bool(marks.fetchall()[0][0])


def parquet_columns(scratch: Scratch, source: InputFile, *, most: _limits.Limit) -> list[tuple[str, str]]:
    """Return the names and types of the columns of a Parquet file of not too many rows and columns.

    Raises
    ------
    DataError
    """
    check_parquet(source)
    with _as_parquet(source):
        columns = [
            (row[0], row[1]) for row in scratch.execute("DESCRIBE FROM read_parquet(?)", [str(source.path)]).fetchall()
        ]
        groups = "SELECT DISTINCT row_group_id, row_group_num_rows AS rows FROM parquet_metadata(?)"
        counted = scratch.execute(f"SELECT coalesce(sum(rows), 0) FROM ({groups})", [str(source.path)]).fetchall()
    for limit, found in ((_limits.COLUMNS, len(columns)), (most, int(counted[0][0]))):
        if found > limit.most:
            msg = f'The file "{source.name}" {limit.refusal(found)}.'
            raise DataError(msg)
    return columns


def check_parquet(source: InputFile) -> None:
    """Refuse what is no Parquet file by its first and last bytes, or has too long a list of its columns and parts.

    Raises
    ------
    DataError
    """
    if not source.is_plain or source.is_gzip:
        msg = f'The file "{source.name}" is Parquet inside an archive; unpack it first.'
        raise DataError(msg)
    with source.open() as stream:
        start = stream.read(4)
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(size - 8, 0))
        end = stream.read(8)
    if start != _PARQUET_MARK or end[4:] != _PARQUET_MARK:
        raise _no_parquet(source)
    footer = int.from_bytes(end[:4], "little")
    if footer > _limits.FOOTER_BYTES.most:
        msg = f'The file "{source.name}" {_limits.FOOTER_BYTES.refusal(footer)}.'
        raise DataError(msg)


def read_geoparquet(source: InputFile) -> geopandas.GeoDataFrame:
    """Return the features of a Parquet file with geometries.

    Raises
    ------
    DataError
    """
    check_parquet(source)
    import geopandas  # noqa: PLC0415 -- with pandas about a second to import

    with reading(source, " as Parquet"):
        frame = geopandas.read_parquet(source.path)
    return check_frame(source, frame)


def _check_texts(scratch: Scratch, source: InputFile, texts: Collection[str]) -> None:
    """Refuse a file whose cells would be larger than a CSV file may be: one long text can stand for many rows."""
    lengths = [f"max(strlen({text})), sum(strlen({text}))" for text in texts]
    if not lengths:
        return
    with _as_parquet(source):
        counted = scratch.execute(f"SELECT {', '.join(lengths)} FROM read_parquet(?)", [str(source.path)]).fetchall()[0]
    longest, together = max(counted[::2], key=lambda size: size or 0) or 0, sum(size or 0 for size in counted[1::2])
    for limit, found in ((_limits.LINE_BYTES, longest), (_limits.TEXT_BYTES, together)):
        if found > limit.most:
            msg = f'The file "{source.name}" {limit.refusal(found)}.'
            raise DataError(msg)


@contextmanager
def _as_parquet(source: InputFile) -> Iterator[None]:
    try:
        yield
    except StatementError as error:
        raise _no_parquet(source) from error


def _no_parquet(source: InputFile) -> DataError:
    return DataError(f'The file "{source.name}" cannot be read as Parquet: it is of another kind, or damaged.')


def _parquet_text(name: str, kind: str) -> str:
    """Return SQL for a column as text; times with an offset are written in UTC, whatever the database's time zone."""
    column = quote_name(name)
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"strftime(make_timestamp(epoch_us({column})), '%Y-%m-%d %H:%M:%S') || '+00'"
    return f"CAST({column} AS VARCHAR)"
