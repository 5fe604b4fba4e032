"""Reads the file of a register of operations: its rows as texts, each with its line."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from geoharm import _limits
from geoharm._text import fold_name
from geoharm._validation import nearest_hint
from geoharm.errors import StudyError

_DELIMITERS = (",", ";", "\t", "|")
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class RegisterRows:
    """The rows of a register as they are written.

    Attributes
    ----------
    header : tuple of str
    rows : tuple of (line, texts)
        As many texts as the header has, without the blanks around them.
    broken : tuple of (line, reason)
        Rows with another number of cells.
    notes : tuple of str
        What was read in one of several possible ways, each as a sentence.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    broken: tuple[tuple[int, str], ...] = ()
    notes: tuple[str, ...] = ()

    def position(self, column: str) -> int:
        """Return the position of a column, its name written as in the header or but for case, accents and blanks; -1 without."""
        if column in self.header:
            return self.header.index(column)
        folded = [fold_name(name) for name in self.header]
        return folded.index(fold_name(column)) if folded.count(fold_name(column)) == 1 else -1

    def hint(self, column: str) -> str:
        """Return a hint that names the column most similar to a name."""
        return nearest_hint(column, self.header)


def read_register_rows(path: Path) -> RegisterRows:
    """Return the rows of a CSV file: commas, semicolons, tabs or bars; UTF-8, UTF-16 or Windows-1252.

    Blank lines are no rows.

    Raises
    ------
    StudyError
        If there is no such file, it is no CSV file, has too many rows, a column twice, or no row.
    """
    if not path.is_file():
        raise StudyError([f'the file "{path.name}" does not exist.'])
    limit = _limits.REGISTER_BYTES
    if path.stat().st_size > limit.most:
        raise StudyError([f"{path.name} {limit.refusal(path.stat().st_size)}."])
    text, notes = _decoded(path.name, path.read_bytes())
    header_line = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=header_line.count)
    csv.field_size_limit(_limits.LINE_BYTES.most)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: tuple[str, ...] = ()
    rows: list[tuple[int, tuple[str, ...]]] = []
    broken: list[tuple[int, str]] = []
    line = 1
    try:
        for cells in reader:
            texts = tuple(cell.strip() for cell in cells)
            if any(texts) and not header:
                header = texts
            elif any(texts) and len(texts) != len(header):
                broken.append((line, f"it has {len(texts):,} cells, the header {len(header):,}"))
            elif any(texts):
                rows.append((line, texts))
            line = reader.line_num + 1
            if len(rows) + len(broken) > _limits.REGISTER_ROWS.most:
                raise StudyError([f"{path.name} {_limits.REGISTER_ROWS.refusal()}."])
    except csv.Error as error:
        raise StudyError([f"{path.name}, line {line}: not a row of a CSV file ({error})."]) from error
    if not rows and not broken:
        raise StudyError([f"{path.name}: the register has no rows."])
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise StudyError([f'{path.name}: two columns are called "{twice[0]}"; give each its own name.'])
    return RegisterRows(header, tuple(rows), tuple(broken), notes)


def _decoded(name: str, content: bytes) -> tuple[str, tuple[str, ...]]:
    """Return the text of a file, and a note if its encoding is not certain."""
    if content.startswith(_WORKBOOKS):
        raise StudyError([f"{name}: this is a workbook; save its sheet as CSV."])
    try:
        if content.startswith(_UTF16):
            return content.decode("utf-16"), ()
        return content.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        pass
    if b"\x00" in content:
        raise StudyError([f"{name}: this is no text; save the register as CSV."])
    try:
        return content.decode("cp1252"), ("it is not UTF-8, and was read as Windows-1252.",)
    except UnicodeDecodeError as error:
        raise StudyError(
            [f"{name}: neither UTF-8 nor Windows-1252 text; save the register as CSV in UTF-8."]
        ) from error
