"""CSV files: a fast way for files in which every line is a row, a careful way for all others.

The fast way hands the file to the database, which reads and parses it in one pass, while its bytes are hashed and
their lines counted beside it. It stands only if the database took every line as a row; at the first sign of anything
else (a short row, a line end inside quotes, a blank line, bytes of another encoding) the file is read again, record by
record, so that every reject has the line a person would look at.
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

import duckdb

from geoharm.engines.duckdb import quote_name, quote_text
from geoharm.errors import DataError
from geoharm.ingest.formats.input_format import Format, read_date
from geoharm.ingest.readers.input_files import CHUNK, InputFile
from geoharm.ingest.readers.staging import StagedRows, StageWriter, encoding_error, is_broken_text, match_columns

MAX_LINE = 2_000_000
# Seconds that the database waits for the scan of a small file, or of the start of a large one.
_MOMENT = 0.02
NOT_TEXT = "has bytes that are not"


class ParseFunction(Protocol):
    """Take the rows of ``stage``, which has the fields named, and its lines or only their order; return how many."""

    def __call__(self, fields: Collection[str], *, lined: bool = True) -> int: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class _Scan:
    """What one pass over the bytes tells.

    Attributes
    ----------
    newlines : int
        Line ends after the header; the last line counts even if it has none.
    simple : bool
        Whether there are no zero bytes and no carriage returns but those of Windows line ends.
    sha256 : str
        Of the content.
    """

    newlines: int
    simple: bool
    sha256: str


def stage_csv(
    connection: duckdb.DuckDBPyConnection, source: InputFile, input_format: Format, parse: ParseFunction
) -> StagedRows:
    """Hand the rows of a CSV file to `parse`.

    Raises
    ------
    DataError
        If the header lacks a declared column, the file has no rows, or a quote is left open.
    """
    csv.field_size_limit(MAX_LINE)
    packed = source.is_gzip or not source.is_plain
    with ThreadPoolExecutor(1) as pool:
        scanning = pool.submit(_scan, source)
        if packed:
            scanning.result()  # An archive that grows beyond measure must not reach the database.
        header = _header(source, input_format)
        if not any(header) and scanning.result().newlines == 0:
            msg = f'The file "{source.name}" is empty.'
            raise DataError(msg)
        chosen = match_columns(source.name, header, input_format)
        if scanning in wait([scanning], timeout=_MOMENT).done:
            scanning.result()  # A line without end near the start: the database is spared the rest.
        quick = source.is_plain and input_format.encoding == "utf-8"
        rows = _fast(connection, source, input_format, len(header), chosen, parse) if quick else -1
        scan = scanning.result()
    if scan.newlines == 0 and scan.simple:
        msg = f'The file "{source.name}" has a header and no rows.'
        raise DataError(msg)
    sha256 = "" if source.is_gzip else scan.sha256
    if scan.simple and rows == scan.newlines:
        return StagedRows(rows, (), tuple(chosen), sha256)
    staged = _careful(connection, source, input_format, len(header), chosen)
    parse(staged.fields)
    connection.execute("DROP TABLE stage")
    return replace(staged, sha256=sha256)


def _scan(source: InputFile) -> _Scan:
    newlines, run, zeros, last = 0, 0, False, b"\n"
    digest = hashlib.sha256()
    with source.open() as stream:
        first = stream.readline(MAX_LINE)
        digest.update(first)
        lone = first.count(b"\r") - first.endswith(b"\r\n")
        while chunk := stream.read(CHUNK):
            digest.update(chunk)
            found = chunk.count(b"\n")
            newlines += found
            end = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
            run = len(chunk) - end - 1 if end >= 0 else run + len(chunk)
            if run > MAX_LINE:
                raise _too_long(source, newlines + 2)
            if b"\r" in chunk or last == b"\r":
                lone += chunk.count(b"\r") - chunk.count(b"\r\n") - (last == b"\r" and chunk.startswith(b"\n"))
            zeros = zeros or b"\x00" in chunk
            last = chunk[-1:]
    newlines += last != b"\n"
    return _Scan(newlines, not lone and not zeros, digest.hexdigest())


def _not_text(source: InputFile, input_format: Format) -> DataError:
    wayout = 'Name its encoding under [csv] encoding, such as "cp1252"'
    if input_format.encoding != "utf-8":
        wayout = "Check [csv] encoding, and whether the file is whole"
    return encoding_error(source, input_format.encoding, wayout=wayout)


def _too_long(source: InputFile, line: int) -> DataError:
    return DataError(f'"{source.name}", line {line}: the line is longer than {MAX_LINE:,} bytes; nothing was read.')


def _header(source: InputFile, input_format: Format) -> list[str]:
    """Return the names of the columns, without the spaces around them."""
    with source.open() as stream:
        first = stream.readline(MAX_LINE)
    if len(first) == MAX_LINE and b"\r" not in first:
        raise _too_long(source, 1)
    try:
        with _open_csv(source, input_format) as reader:
            record: list[str] = next(reader, [])
    except UnicodeError as error:
        raise _not_text(source, input_format) from error
    except csv.Error as error:
        msg = f'The header of "{source.name}" has a quote that is not closed, or one where none may be; mend the file.'
        raise DataError(msg) from error
    if any(is_broken_text(name) for name in record):
        raise _not_text(source, input_format)
    return [name.strip() for name in record]


@contextmanager
def _open_csv(source: InputFile, input_format: Format) -> Iterator[Any]:
    """Open a file as a CSV reader; bytes of another encoding become signs that `is_broken_text` knows."""
    encoding = "utf-8-sig" if input_format.encoding == "utf-8" else input_format.encoding
    with source.open() as stream, io.TextIOWrapper(stream, encoding, "surrogateescape", newline="") as text:
        yield csv.reader(text, delimiter=input_format.delimiter, quotechar=input_format.quote, strict=True)


def _fast(
    connection: duckdb.DuckDBPyConnection,
    source: InputFile,
    input_format: Format,
    width: int,
    chosen: dict[str, int],
    parse: ParseFunction,
) -> int:
    """Let the database read and parse the file; return how many rows it took, -1 if it gave up."""
    # Columns go by position, so that a hostile or repeated header cannot reach the query.
    columns = ", ".join(f"'c{index}': 'VARCHAR'" for index in range(width))
    picked = ", ".join(f"c{index} AS {quote_name(field)}" for field, index in chosen.items())
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
        connection.execute(
            f"CREATE OR REPLACE TEMP VIEW stage AS SELECT {picked} FROM read_csv({quote_text(str(source.path))}, {options})"
        )
        return parse(tuple(chosen), lined=False)
    except duckdb.Error:
        return -1
    finally:
        connection.execute("DROP VIEW IF EXISTS stage")


def _careful(
    connection: duckdb.DuckDBPyConnection, source: InputFile, input_format: Format, width: int, chosen: dict[str, int]
) -> StagedRows:
    """Read record by record: each becomes a row of ``stage`` or a reject with the line it began on."""
    writer = StageWriter(connection, tuple(chosen))
    for line, record in _records(source, input_format, width, chosen.get("date", 0)):
        if isinstance(record, str):
            writer.reject(line, record)
        else:
            writer.keep(line, [record[index] for index in chosen.values()])
    return writer.close()


def _records(source: InputFile, input_format: Format, width: int, when: int) -> Iterator[tuple[int, list[str] | str]]:
    """Yield every record after the header with the line it began on: its cells, or why it is rejected.

    A record over several lines that is rejected, or that holds whole rows inside a cell, means a quote that was never
    closed: rows would be lost in it, so the file is refused.
    """
    with _open_csv(source, input_format) as reader:
        next(reader, None)
        while True:
            begin = reader.line_num + 1
            try:
                record = next(reader, None)
            except UnicodeError as error:
                raise _not_text(source, input_format) from error
            except csv.Error:
                record, fault = [], "has a quote in a place where none may be"
            else:
                if record is None:
                    return
                if not record:
                    continue
                fault = _fault(record, width, input_format.encoding)
            if reader.line_num > begin and (fault or _holds_rows(record, input_format, width, when)):
                msg = (
                    f'"{source.name}", line {begin}: a quote opens here and takes in the lines up to {reader.line_num}, '
                    "which look like rows of their own. Mend the file; nothing was read."
                )
                raise DataError(msg)
            yield begin, fault or record[:width]


def _fault(record: list[str], width: int, encoding: str) -> str:
    """Return what is wrong with the shape of a record, or nothing."""
    if len(record) < width:
        return "has fewer columns than the header"
    if len(record) > width + 1 or (len(record) == width + 1 and record[-1]):
        return "has more columns than the header"
    if any("\x00" in cell for cell in record):
        return "holds a zero byte"
    if any(map(is_broken_text, record)):
        return f"{NOT_TEXT} {encoding} text"
    return ""


def _holds_rows(record: list[str], input_format: Format, width: int, when: int) -> bool:
    """Return whether a line inside a quoted cell is a row: as many cells, and a date where a date belongs."""
    return any(
        len(cells) == width and any(read_date(cells[when], pattern) for pattern in input_format.date_formats)
        for cell in record
        if "\n" in cell or "\r" in cell
        for cells in (line.split(input_format.delimiter) for line in cell.splitlines())
    )
