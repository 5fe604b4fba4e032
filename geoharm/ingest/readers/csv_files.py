"""CSV files: a fast method for files in which every line is a row, a careful method for all others.

The fast method gives the file to the database, which reads and parses it in one pass. At the same time the file's bytes
are hashed and its lines counted. The result is used only if the database took every line as a row. Otherwise (a short
row, a line end inside quotes, a blank line, bytes of another encoding) the file is read again, record by record, so
that every reject has the line number that a person would look for.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from geoharm import _limits
from geoharm._archives import CHUNK
from geoharm.dates.reading import read_date
from geoharm.engines.base import Scratch, StatementError
from geoharm.engines.sql import quote_name, quote_text
from geoharm.errors import DataError
from geoharm.ingest.formats.input_format import Format
from geoharm.ingest.readers.input_files import InputFile
from geoharm.ingest.readers.staging import StagedRows, StageWriter, encoding_error, is_broken_text, match_columns

MAX_LINE = _limits.LINE_BYTES.most
_NEWLINE = ord("\n")
# A larger file is scanned to its end before the database sees it: it might have more rows than are read.
_SCANNED_FIRST = 100_000_000
# Seconds to wait for the scan before the database starts: enough for a small file, or the start of a large one.
_SCAN_TIMEOUT = 0.02
NOT_TEXT_REASON = "has bytes that are not"


class ParseFunction(Protocol):
    """A function that reads the rows of ``stage`` and returns their number.

    It gets the names of the fields of ``stage``, and whether ``stage`` has line numbers or only the order of the lines.
    """

    def __call__(self, fields: Collection[str], *, lined: bool = True) -> int: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class _Scan:
    """The result of one pass over the bytes of a file.

    Attributes
    ----------
    newlines : int
        Lines after the header; the last line counts even without a line end.
    simple : bool
        Whether there are no zero bytes, and no carriage returns except in Windows line ends.
    is_open : bool
        Whether the last line has no line end.
    sha256 : str
        Of the content.
    """

    newlines: int
    simple: bool
    is_open: bool
    sha256: str


def stage_csv(scratch: Scratch, source: InputFile, input_format: Format, parse: ParseFunction) -> StagedRows:
    """Pass the rows of a CSV file to `parse`.

    Parameters
    ----------
    scratch : Scratch
    source : InputFile
    input_format : Format
    parse : ParseFunction
        Called when ``stage`` holds the rows.

    Raises
    ------
    DataError
        If the header lacks a declared column, the file has no rows, or a quote is not closed.
    """
    csv.field_size_limit(MAX_LINE)
    is_scanned_first = source.is_gzip or not source.is_plain or source.stamp()[0] > _SCANNED_FIRST
    with ThreadPoolExecutor(1) as pool:
        scanning = pool.submit(_scan, source)
        if is_scanned_first:
            scanning.result()  # What has too many bytes or rows must not reach the database.
        header = _header(source, input_format)
        if not any(header) and scanning.result().newlines == 0:
            msg = f'The file "{source.name}" is empty.'
            raise DataError(msg)
        positions = match_columns(source.name, header, input_format)
        if scanning in wait([scanning], timeout=_SCAN_TIMEOUT).done:
            scanning.result()  # A line that is too long near the start: the database need not read the rest.
        can_be_fast = source.is_plain and input_format.encoding == "utf-8"
        rows = _stage_fast(scratch, source, input_format, len(header), positions, parse) if can_be_fast else -1
        scan = scanning.result()
    if scan.newlines == 0 and scan.simple:
        msg = f'The file "{source.name}" has a header and no rows.'
        raise DataError(msg)
    sha256 = "" if source.is_gzip else scan.sha256
    last_field = next((field for field, position in positions.items() if position == len(header) - 1), "")
    if scan.simple and rows == scan.newlines:
        open_end = rows + 1 if scan.is_open else 0
        return StagedRows(rows, (), tuple(positions), sha256, open_end=open_end, last_field=last_field)
    staged = _stage_careful(scratch, source, input_format, len(header), positions)
    parse(staged.fields)
    scratch.execute("DROP TABLE stage")
    return replace(staged, sha256=sha256, open_end=staged.open_end if scan.is_open else 0, last_field=last_field)


def _scan(source: InputFile) -> _Scan:
    newlines, line_length, has_zero_bytes, last_byte = 0, 0, False, b"\n"
    digest = hashlib.sha256()
    with source.open() as stream:
        header_line = stream.readline(MAX_LINE)
        digest.update(header_line)
        lone_returns = header_line.count(b"\r") - header_line.endswith(b"\r\n")
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
            # Counted by NumPy, in half the time that `bytes.count` takes for short lines.
            newlines += int(np.count_nonzero(np.frombuffer(chunk, dtype=np.uint8) == _NEWLINE))
            has_returns = b"\r" in chunk
            last_line_end = max(chunk.rfind(b"\n"), chunk.rfind(b"\r") if has_returns else -1)
            line_length = len(chunk) - last_line_end - 1 if last_line_end >= 0 else line_length + len(chunk)
            if line_length > MAX_LINE:
                raise _too_long(source, newlines + 2)
            if has_returns or last_byte == b"\r":
                lone_returns += (
                    chunk.count(b"\r") - chunk.count(b"\r\n") - (last_byte == b"\r" and chunk.startswith(b"\n"))
                )
            has_zero_bytes = has_zero_bytes or b"\x00" in chunk
            last_byte = chunk[-1:]
            if newlines + lone_returns > _limits.ROWS.most:
                msg = f'The file "{source.name}" {_limits.ROWS.refusal()}.'
                raise DataError(msg)
    newlines += last_byte != b"\n"
    is_open = last_byte not in (b"\n", b"\r", b"\x00")
    return _Scan(newlines, not lone_returns and not has_zero_bytes, is_open, digest.hexdigest())


def _not_text(source: InputFile, input_format: Format) -> DataError:
    remedy = 'Name its encoding under [csv] encoding, such as "cp1252"'
    if input_format.encoding != "utf-8":
        remedy = "Check [csv] encoding, and whether the file is complete"
    return encoding_error(source, input_format.encoding, remedy=remedy)


def _too_long(source: InputFile, line: int) -> DataError:
    return DataError(f'"{source.name}", line {line}: the line is longer than {MAX_LINE:,} bytes; nothing was read.')


def _header(source: InputFile, input_format: Format) -> list[str]:
    """Return the names of the columns, without surrounding spaces."""
    with source.open() as stream:
        first_line = stream.readline(MAX_LINE)
    if len(first_line) == MAX_LINE and b"\r" not in first_line:
        raise _too_long(source, 1)
    try:
        with _open_csv(source, input_format) as reader:
            record: list[str] = next(reader, [])
    except UnicodeError as error:
        raise _not_text(source, input_format) from error
    except csv.Error as error:
        msg = f'The header of "{source.name}" has a quote that is not closed, or one where none is allowed; correct the file.'
        raise DataError(msg) from error
    if any(is_broken_text(name) for name in record):
        raise _not_text(source, input_format)
    if len(record) > _limits.COLUMNS.most:
        msg = f'The file "{source.name}" {_limits.COLUMNS.refusal(len(record))}.'
        raise DataError(msg)
    return [name.strip() for name in record]


@contextmanager
def _open_csv(source: InputFile, input_format: Format) -> Iterator[Any]:
    """Open a file as a CSV reader; bytes of another encoding become characters that `is_broken_text` recognises."""
    encoding = "utf-8-sig" if input_format.encoding == "utf-8" else input_format.encoding
    with source.open() as stream, io.TextIOWrapper(stream, encoding, "surrogateescape", newline="") as text:
        yield csv.reader(text, delimiter=input_format.delimiter, quotechar=input_format.quote, strict=True)


def _stage_fast(
    scratch: Scratch,
    source: InputFile,
    input_format: Format,
    width: int,
    positions: dict[str, int],
    parse: ParseFunction,
) -> int:
    """Let the database read and parse the file; return the number of rows it read, -1 if it failed."""
    # Columns are named by position, so that a hostile or repeated header cannot reach the query.
    columns = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(width))
    selected = ", ".join(f"c{index} AS {quote_name(field)}" for field, index in positions.items())
    options = ", ".join(
        [
            f"columns = {{{columns}}}",
            "auto_detect = false, header = true, strict_mode = true, null_padding = false",
            f"delim = {quote_text(input_format.delimiter)}, quote = {quote_text(input_format.quote)}",
            f"escape = {quote_text(input_format.quote)}, encoding = 'utf-8', max_line_size = {MAX_LINE}",
            f"compression = '{'gzip' if source.is_gzip else 'none'}'",
        ]
    )
    try:
        scratch.execute(
            f"CREATE OR REPLACE TEMP VIEW stage AS SELECT {selected} FROM read_csv({quote_text(str(source.path))}, {options})"
        )
        return parse(tuple(positions), lined=False)
    except StatementError:
        return -1
    finally:
        scratch.execute("DROP VIEW IF EXISTS stage")


def _stage_careful(
    scratch: Scratch,
    source: InputFile,
    input_format: Format,
    width: int,
    positions: dict[str, int],
) -> StagedRows:
    """Read record by record: each becomes a row of ``stage`` or a reject, with its first line."""
    writer, line, rejects = StageWriter(scratch, tuple(positions)), 0, 0
    for line, record in _records(source, input_format, width, positions.get("date", 0)):
        if isinstance(record, str):
            writer.reject(line, record)
            rejects += 1
            if rejects > _limits.REJECTS.most:
                msg = f'The file "{source.name}" {_limits.REJECTS.refusal()}.'
                raise DataError(msg)
        else:
            writer.keep(line, [record[index] for index in positions.values()])
    return writer.close(open_end=line)


def _records(
    source: InputFile, input_format: Format, width: int, date_position: int
) -> Iterator[tuple[int, list[str] | str]]:
    """Yield the first line of every record after the header, with its cells or the reason why it is rejected.

    A record over several lines that is rejected, or that has whole rows inside a cell, shows a quote that was never
    closed. Rows would be lost in it, so the file is refused.
    """
    with _open_csv(source, input_format) as reader:
        next(reader, None)
        while True:
            first_line = reader.line_num + 1
            try:
                record = next(reader, None)
            except UnicodeError as error:
                raise _not_text(source, input_format) from error
            except csv.Error:
                record, fault = [], "has a quote where none is allowed"
            else:
                if record is None:
                    return
                if not record:
                    continue
                fault = _shape_fault(record, width, input_format.encoding)
            if reader.line_num > first_line and (fault or _holds_rows(record, input_format, width, date_position)):
                msg = (
                    f'"{source.name}", line {first_line}: a quote opens here and includes the lines up to {reader.line_num}, '
                    "which look like separate rows. Correct the file; nothing was read."
                )
                raise DataError(msg)
            yield first_line, fault or record[:width]


def _shape_fault(record: list[str], width: int, encoding: str) -> str:
    """Return the fault in the shape of a record, or an empty text."""
    if len(record) < width:
        return "has fewer columns than the header"
    if len(record) > width + 1 or (len(record) == width + 1 and record[-1]):
        return "has more columns than the header"
    if any("\x00" in cell for cell in record):
        return "holds a zero byte"
    if any(map(is_broken_text, record)):
        return f"{NOT_TEXT_REASON} {encoding} text"
    return ""


def _holds_rows(record: list[str], input_format: Format, width: int, date_position: int) -> bool:
    """Return whether a line inside a quoted cell is a row: as many cells, and a date in the date column."""
    return any(
        len(cells) == width and any(read_date(cells[date_position], pattern) for pattern in input_format.date_formats)
        for cell in record
        if "\n" in cell or "\r" in cell
        for cells in (line.split(input_format.delimiter) for line in cell.splitlines())
    )
