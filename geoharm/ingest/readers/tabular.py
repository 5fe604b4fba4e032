"""Read tables that are not text: workbooks, Parquet and GeoParquet, GeoPackage and zipped Shapefiles."""

from __future__ import annotations

import io
import sqlite3
import zipfile
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from geoharm.engines.base import Scratch, StatementError
from geoharm.engines.sql import quote_name
from geoharm.errors import DataError
from geoharm.ingest.formats.input_format import Format
from geoharm.ingest.readers.input_files import MAX_BYTES, MAX_RATIO, InputFile
from geoharm.ingest.readers.staging import StagedRows, StageWriter, match_columns

if TYPE_CHECKING:
    import geopandas


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
        return names, workbook.get_sheet_by_name(sheet or names[0]).to_python(skip_empty_area=False)
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
            return _stage_frame(scratch, source, input_format, frame)
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


def stage_vector(scratch: Scratch, source: InputFile, input_format: Format) -> StagedRows:
    """Read the points of a GeoPackage or of a zipped Shapefile."""
    return _stage_frame(scratch, source, input_format, read_vector(source))


def read_vector(source: InputFile, *, rows: int | None = None) -> geopandas.GeoDataFrame:
    """Return the features of a GeoPackage or zipped Shapefile, in their coordinate system: all, or the first `rows`.

    Raises
    ------
    DataError
        If the file is of another kind, damaged or empty, reads other files, or does not state its coordinate system.
    """
    if not source.is_plain:
        msg = f'The file "{source.name}" lies inside an archive; unpack it first.'
        raise DataError(msg)
    with source.path.open("rb") as stream:
        beginning = stream.read(16)
    if beginning.startswith(b"SQLite format 3\x00"):
        _refuse_virtual_tables(source)
        address = str(source.path)
    elif beginning.startswith(b"PK"):
        address = f"/vsizip/{source.path}/{_shapefile(source)}"
    else:
        msg = f'The file "{source.name}" is neither a GeoPackage nor a zipped Shapefile.'
        raise DataError(msg)
    # With pandas about a second to import, and most files are text.
    import geopandas  # noqa: PLC0415
    from pyogrio.errors import DataSourceError  # noqa: PLC0415

    try:
        # Coordinates that are not numbers are rejected later, so numpy's warnings are not needed.
        with np.errstate(invalid="ignore"):
            frame = geopandas.read_file(address, engine="pyogrio", rows=rows)
    except (DataSourceError, ValueError) as error:
        msg = f'The file "{source.name}" cannot be read: {str(error).splitlines()[0][:200]}.'
        raise DataError(msg) from error
    return check_frame(source, frame)


def check_frame(source: InputFile, frame: geopandas.GeoDataFrame) -> geopandas.GeoDataFrame:
    """Return the features unchanged, after a check that there are some and that they state their coordinate system.

    Raises
    ------
    DataError
        If there are no features, or they do not state their coordinate system.
    """
    if frame.empty:
        msg = f'The file "{source.name}" has no features.'
        raise DataError(msg)
    if frame.crs is None:
        msg = f'The file "{source.name}" does not say its coordinate system.'
        raise DataError(msg)
    return frame


def _stage_frame(
    scratch: Scratch, source: InputFile, input_format: Format, frame: geopandas.GeoDataFrame
) -> StagedRows:
    names = [str(name) for name in frame.columns]
    positions = match_columns(source.name, names, input_format)
    projected = frame.geometry.to_crs(input_format.crs)
    columns = [frame[names[index]].to_numpy(dtype=object) for index in positions.values()]
    writer = StageWriter(scratch, (*positions, "longitude", "latitude"))
    for number, (geometry, *values) in enumerate(zip(projected, *columns, strict=True), start=1):
        if geometry is None or geometry.is_empty:
            writer.keep(number, [*map(cell_text, values), None, None])
        elif geometry.geom_type != "Point":
            writer.reject(number, "has a geometry that is not a point")
        else:
            writer.keep(number, [*map(cell_text, values), repr(float(geometry.x)), repr(float(geometry.y))])
    return writer.close()


def _parquet_text(name: str, kind: str) -> str:
    """Return SQL for a column as text; times with an offset are written in UTC, whatever the database's time zone."""
    column = quote_name(name)
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"strftime(make_timestamp(epoch_us({column})), '%Y-%m-%d %H:%M:%S') || '+00'"
    return f"CAST({column} AS VARCHAR)"


def cell_text(value: Any) -> str | None:
    """Return a cell of a sheet or frame as the text that a format's patterns expect; None if it is empty."""
    if value is None or value == "" or value is np.ma.masked or value != value:  # noqa: PLR0124 NaN is not itself
        return None
    if isinstance(value, datetime):
        return _moment_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _moment_text(moment: datetime) -> str:
    """Return a time as text: in UTC with the ending +00 if it has an offset, as a day if it is midnight."""
    if moment.tzinfo is not None:
        return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S+00")
    midnight = moment.hour == moment.minute == moment.second == 0
    return moment.strftime("%Y-%m-%d" if midnight else "%Y-%m-%d %H:%M:%S")


def _refuse_zip_bomb(source: InputFile) -> None:
    """Refuse a workbook (a zip archive) whose stated unpacked size is too large."""
    if not source.is_plain or not zipfile.is_zipfile(source.path):
        return
    with zipfile.ZipFile(source.path) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    if size > MAX_BYTES or size > MAX_RATIO * max(source.path.stat().st_size, 1 << 20):
        msg = f'The workbook "{source.name}" unpacks to {size >> 20:,} MB; it is not read.'
        raise DataError(msg)


def _refuse_virtual_tables(source: InputFile) -> None:
    """Refuse a GeoPackage with virtual tables, which may read other files; only its spatial index may be virtual."""
    with sqlite3.connect(f"{source.path.resolve().as_uri()}?mode=ro&immutable=1", uri=True) as scratch:
        try:
            rows = scratch.execute("SELECT coalesce(sql, '') FROM sqlite_master").fetchall()
        except sqlite3.DatabaseError as error:
            msg = f'The file "{source.name}" is a damaged GeoPackage; fetch it again.'
            raise DataError(msg) from error
    for (statement,) in rows:
        words = " ".join(statement.lower().split())
        if words.startswith("create virtual table") and " using rtree" not in words:
            msg = f'The GeoPackage "{source.name}" holds a table that reads other files; it is not read.'
            raise DataError(msg)


def _shapefile(source: InputFile) -> str:
    try:
        with zipfile.ZipFile(source.path) as archive:
            shapefiles = [name for name in archive.namelist() if name.lower().endswith(".shp")]
            beginning = archive.open(shapefiles[0]).read(4) if len(shapefiles) == 1 else b""
    except (zipfile.BadZipFile, RuntimeError) as error:
        msg = f'The file "{source.name}" is damaged or encrypted; fetch it again.'
        raise DataError(msg) from error
    if beginning != b"\x00\x00\x27\x0a":
        msg = f'The archive "{source.name}" must hold one Shapefile (.shp with its .dbf, .shx and .prj).'
        raise DataError(msg)
    return shapefiles[0]
