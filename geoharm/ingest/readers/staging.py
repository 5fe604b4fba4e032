"""The temporary table ``stage``, filled by every reader: declared columns as text, with line numbers."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from geoharm._archives import CHUNK
from geoharm.engines.base import Scratch
from geoharm.engines.sql import quote_name
from geoharm.errors import DataError, QualityError
from geoharm.ingest.formats.input_format import Format
from geoharm.ingest.formats.tables import NEEDED_FIELDS, value_fields
from geoharm.ingest.readers.input_files import InputFile

_BATCH = 100_000
# If more than this share of rows is unreadable, the format is wrong, not the rows.
MAX_REJECTED_SHARE = 0.5
NEEDED_EVENT_FIELDS = ("date", "year", "month", "longitude", "latitude", "latlon", "area")


@dataclass(frozen=True, slots=True)
class StagedRows:
    """The rows of one file that were put into ``stage``, and its rejects.

    Attributes
    ----------
    read : int
        All rows of the file, rejects included.
    rejects : tuple of (line, reason)
        Rows of the wrong shape.
    fields : tuple of str
        The declared fields that the file has, as columns of ``stage``.
    sha256 : str
        Of the file, if it was computed while reading; else empty.
    notes : tuple of str
        What the file says about itself that a reader should know.
    open_end : int
        The line of the last row if the file ends in it without a line end; else 0.
    last_field : str
        The declared field in the last column of a text; empty if that is not declared.
    """

    read: int
    rejects: tuple[tuple[int, str], ...]
    fields: tuple[str, ...]
    sha256: str = ""
    notes: tuple[str, ...] = ()
    open_end: int = 0
    last_field: str = ""


class StageWriter:
    """Collects the rows and rejects of one file, in order, and writes them to ``stage``.

    Parameters
    ----------
    scratch : Scratch
    fields : sequence of str
        Columns of ``stage`` after ``line``.
    """

    def __init__(self, scratch: Scratch, fields: Sequence[str]) -> None:
        self._connection = scratch
        self._fields = tuple(fields)
        self._lines: list[int] = []
        self._rows: list[Sequence[str | None]] = []
        self._rejects: list[tuple[int, str]] = []
        self._read = 0
        columns = ", ".join(f"{quote_name(field)} VARCHAR" for field in self._fields)
        scratch.execute(f"CREATE OR REPLACE TEMP TABLE stage (line BIGINT, {columns})")

    def keep(self, line: int, values: Sequence[str | None]) -> None:
        """Add a row; `values` are in the order of the fields."""
        self._read += 1
        self._lines.append(line)
        self._rows.append(values)
        if len(self._rows) == _BATCH:
            self._write()

    def reject(self, line: int, reason: str) -> None:
        """Add a reject."""
        self._read += 1
        self._rejects.append((line, reason))

    def close(self, *, notes: tuple[str, ...] = (), open_end: int = 0) -> StagedRows:
        """Write the remaining rows and return the balance."""
        self._write()
        return StagedRows(self._read, tuple(self._rejects), self._fields, notes=notes, open_end=open_end)

    def _write(self) -> None:
        if not self._rows:
            return
        columns = zip(*self._rows, strict=True)
        table = {"line": pa.array(self._lines, pa.int64())}
        table |= {field: pa.array(values, pa.string()) for field, values in zip(self._fields, columns, strict=True)}
        self._connection.register("stage_batch", pa.table(table))
        self._connection.execute("INSERT INTO stage FROM stage_batch")
        self._connection.unregister("stage_batch")
        self._lines.clear()
        self._rows.clear()


def insert_rows(scratch: Scratch, table: str, rows: Sequence[Sequence[object]]) -> None:
    """Append rows to a table, or to its columns named in brackets, all at once: `executemany` is slow per row."""
    if not rows:
        return
    columns = zip(*rows, strict=True)
    scratch.register(
        "new_rows", pa.table({f"c{position}": pa.array(values) for position, values in enumerate(columns)})
    )
    scratch.execute(f"INSERT INTO {table} FROM new_rows")
    scratch.unregister("new_rows")


def check_reject_share(
    name: str,
    input_format: Format,
    worst: tuple[str, str, int, int],
    read: int,
    *,
    unit: str,
    remedy: str = "Check the format",
) -> None:
    """Refuse a file if more than the share `MAX_REJECTED_SHARE` has one fault: its format is wrong, not its rows.

    Parameters
    ----------
    name : str
    input_format : Format
    worst : (column, reason, count, first line)
        The most frequent fault.
    read : int
        Number of rows or values read.
    unit : str
        "rows" or "values": what is counted.
    remedy : str
        What a person should do.

    Raises
    ------
    QualityError
        If the file is refused.
    """
    column, reason, count, line = worst
    if count > MAX_REJECTED_SHARE * read:
        column_name = "the row" if column == "row" else f'"{input_format.columns.get(column, (column,))[0]}"'
        msg = (
            f'"{name}" does not look like the format "{input_format.name}": in {count:,} of {read:,} {unit} (first in line {line}) '
            f"{column_name} {reason}. {remedy}; nothing was read."
        )
        raise QualityError(msg)


def is_broken_text(text: str) -> bool:
    """Return whether a text has bytes that could not be decoded, or other lone surrogates."""
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)


def encoding_error(source: InputFile, encoding: str, *, remedy: str) -> DataError:
    """Return the error for a file that is not in an encoding, with the line and the first byte that cannot be decoded.

    Parameters
    ----------
    source : InputFile
    encoding : str
    remedy : str
        What a person should do, if the file's first bytes do not show the encoding.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    line, fault = 1, "is not all"
    with source.open() as stream:
        first_chunk = stream.read(CHUNK)
        chunk = first_chunk
        try:
            while chunk:
                decoder.decode(chunk)
                line += chunk.count(b"\n")
                chunk = stream.read(CHUNK)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            undecoded: bytes = error.object
            # Bytes that the decoder kept from the chunk before were counted there.
            line += undecoded[: error.start].count(b"\n") - undecoded[: max(len(undecoded) - len(chunk), 0)].count(
                b"\n"
            )
            fault = f"has the byte 0x{undecoded[error.start]:02x}, which is not"
        except UnicodeError:
            fault = "does not begin as"
    if first_chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and "16" not in encoding:
        remedy = 'The file begins like utf-16: write encoding = "utf-16" under [csv]'
    return DataError(f'"{source.name}", line {line}: the text {fault} {encoding} text. {remedy}; nothing was read.')


def needed_fields(input_format: Format) -> tuple[str, ...]:
    """Return the fields that a file must have if its format declares them."""
    if input_format.kind == "site" and "name" not in input_format.columns and "id" not in input_format.columns:
        return (*NEEDED_FIELDS["site"], "address")
    if input_format.kind != "event":
        return NEEDED_FIELDS[input_format.kind]
    needed = (*NEEDED_EVENT_FIELDS, "id") if input_format.duplicate_rule == "id" else NEEDED_EVENT_FIELDS
    return needed if input_format.has_coordinates else (*needed, "address", "street")


def match_columns(name: str, header: Sequence[str], input_format: Format) -> dict[str, int]:
    """Return the position of each declared field in a header; needed fields must be there, each once.

    Parameters
    ----------
    name : str
        Of the file, for error messages.
    header : sequence of str
    input_format : Format

    Raises
    ------
    DataError
        If a needed column is missing, or a declared column occurs twice.
    """
    positions: dict[str, int] = {}
    missing: list[str] = []
    for field, names in input_format.columns.items():
        matching = [index for index, header_name in enumerate(header) if header_name in names]
        if len(matching) > 1:
            msg = f'The header of "{name}" has the column "{header[matching[0]]}" more than once.'
            raise DataError(msg)
        if matching:
            positions[field] = matching[0]
        elif field in needed_fields(input_format):
            missing.append(names[0])
    if input_format.rules.headers or input_format.rules.value_columns:
        positions |= value_fields(name, header, input_format.rules)
    if missing:
        wanted = ", ".join(f'"{header_name}"' for header_name in missing)
        shown = ", ".join(f'"{header_name}"' for header_name in header[:20])
        msg = (
            f'The file "{name}" does not have the columns of the format "{input_format.name}": {wanted} missing, '
            f"its header is {shown}."
        )
        if len(header) == 1 and input_format.container == "csv":
            msg += " If another character separates its columns, name it under [csv] delimiter."
        raise DataError(" ".join(msg.split()))
    return positions
