"""Read tables that are not text: workbooks, and Parquet with or without geometries."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from geoharm.engines.base import Scratch, StatementError
from geoharm.engines.sql import quote_name
from geoharm.errors import DataError
from geoharm.ingest.formats.input_format import Format
from geoharm.ingest.readers.cells import cell_text
from geoharm.ingest.readers.input_files import MAX_BYTES, MAX_RATIO, InputFile
from geoharm.ingest.readers.staging import StagedRows, StageWriter, match_columns
from geoharm.ingest.readers.vector import check_frame, stage_frame


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
    _refuse_zip_bomb(source)
    try:
        with source.open() as stream:
            workbook = CalamineWorkbook.from_object(stream if source.is_plain else io.BytesIO(stream.read()))
        visible_names = [
            metadata.name for metadata in workbook.sheets_metadata if metadata.visible == SheetVisibleEnum.Visible
        ]
        names = [*visible_names, *(name for name in workbook.sheet_names if name not in visible_names)]
        if sheet and sheet not in names:
            msg = f'The workbook "{source.name}" has no sheet "{sheet}"; it has {", ".join(workbook.sheet_names)}.'
            raise DataError(msg)
        rows = workbook.get_sheet_by_name(sheet or names[0]).to_python(skip_empty_area=False)
        width = max(map(len, rows), default=0)
        return names, [[*row, *[""] * (width - len(row))] for row in rows]
    except (CalamineError, zipfile.BadZipFile) as error:
        msg = f'The file "{source.name}" cannot be read as a workbook: it is of another kind, has a password, or is damaged.'
        raise DataError(msg) from error


def stage_parquet(scratch: Scratch, source: InputFile, input_format: Format) -> StagedRows:
    """Read a Parquet file by column name; lines are row numbers. Without coordinate columns, its geometry is used."""
    if not source.is_plain:
        msg = f'The file "{source.name}" is Parquet inside an archive; unpack it first.'
        raise DataError(msg)
    try:
        column_types = scratch.execute("DESCRIBE FROM read_parquet(?)", [str(source.path)]).fetchall()
        names = [row[0] for row in column_types]
        has_points = input_format.kind in ("event", "site")
        if has_points and "longitude" not in input_format.columns and "latlon" not in input_format.columns:
            import geopandas  # noqa: PLC0415 -- with pandas about a second to import

            frame = check_frame(source, geopandas.read_parquet(source.path))
            return stage_frame(scratch, source, input_format, frame)
        positions = match_columns(source.name, names, input_format)
        selected = ", ".join(
            f"{_parquet_text(names[index], column_types[index][1])} AS {quote_name(field)}"
            for field, index in positions.items()
        )
        scratch.execute(
            f"CREATE OR REPLACE TEMP TABLE stage AS SELECT file_row_number + 1 AS line, {selected} "
            "FROM read_parquet(?, file_row_number = true)",
            [str(source.path)],
        )
    except (StatementError, ValueError, OSError) as error:
        msg = f'The file "{source.name}" cannot be read as Parquet: it is of another kind, or damaged.'
        raise DataError(msg) from error
    read = int(scratch.execute("SELECT count(*) FROM stage").fetchall()[0][0])
    return StagedRows(read, (), tuple(positions))


def _parquet_text(name: str, kind: str) -> str:
    """Return SQL for a column as text; times with an offset are written in UTC, whatever the database's time zone."""
    column = quote_name(name)
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"strftime(make_timestamp(epoch_us({column})), '%Y-%m-%d %H:%M:%S') || '+00'"
    return f"CAST({column} AS VARCHAR)"


def _refuse_zip_bomb(source: InputFile) -> None:
    """Refuse a workbook (a zip archive) whose stated unpacked size is too large."""
    if not source.is_plain or not zipfile.is_zipfile(source.path):
        return
    with zipfile.ZipFile(source.path) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    if size > MAX_BYTES or size > MAX_RATIO * max(source.path.stat().st_size, 1 << 20):
        msg = f'The workbook "{source.name}" unpacks to {size >> 20:,} MB; it is not read.'
        raise DataError(msg)
