"""What a workbook would become in memory, found out before it is read: its reader makes the whole rectangle at once.

A cell at the far corner of a sheet claims 17 billion cells, and one long text that many cells share is copied for each
of them. Both fit into a few kilobytes.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from xml.parsers import expat

import numpy as np
from numpy.typing import NDArray

from geoharm import _limits
from geoharm._archives import CHUNK, ArchiveFault, opened_archive
from geoharm.errors import DataError
from geoharm.ingest.readers.biff import biff_extent
from geoharm.ingest.readers.input_files import InputFile

_OLE_START = b"\xd0\xcf\x11\xe0"
# So much may be unpacked from a workbook of any size: sheets repeat themselves more than other files.
WORKBOOK_FREE_BYTES = 100 << 20
_MOST_TAG = 4 << 20
# A row or a cell, with its place: no letters, or those of its column. Without a place it follows the one before.
_PLACED = re.compile(rb"""<(?:[^\s<>/:]+:)?(row|c)(?=[\s/>])(?:[^>]*?\sr\s*=\s*["']([A-Za-z]*)0*(\d+)["'])?""")
_SHARED = re.compile(rb"""\bt\s*=\s*["']s["']""")
_SHARED_INDEX = re.compile(rb"""\bt\s*=\s*["']s["'][^>]*>\s*<(?:\w+:)?v[^>]*>\s*(\d{1,9})\s*<""")
_MOST_LETTERS, _MOST_DIGITS = 3, 7


@dataclass
class _Extent:
    """The last row and column that a sheet names, and how often its cells name shared texts."""

    rows: int = 0
    columns: int = 0
    shared: int = 0

    def check(self, source: InputFile) -> None:
        cells = self.rows * self.columns
        if cells > _limits.SHEET_CELLS.most:
            msg = f'A sheet of the workbook "{source.name}" {_limits.SHEET_CELLS.refusal(cells)}.'
            raise DataError(msg)


def check_workbook(source: InputFile) -> None:
    """Refuse a workbook that is too large to be read, or of a kind that cannot be looked into beforehand.

    Raises
    ------
    DataError
    """
    if not source.is_plain or source.is_gzip:
        msg = f'The file "{source.name}" is a workbook inside an archive; unpack it first.'
        raise DataError(msg)
    with source.open() as stream:
        start = stream.read(4)
    if start == _OLE_START:
        _Extent(*biff_extent(source.content())).check(source)
        return
    if not start.startswith(b"PK"):
        return
    try:
        with opened_archive(source.path, free=WORKBOOK_FREE_BYTES) as archive:
            names = archive.namelist()
            _check_kind_and_size(archive, names)
            if "content.xml" in names:
                _check_open_document(source, archive)
            else:
                _check_sheets(source, archive, names)
    except ArchiveFault as fault:
        msg = f'The workbook "{source.name}" {fault}.'
        raise DataError(msg) from fault


def _check_kind_and_size(archive: zipfile.ZipFile, names: list[str]) -> None:
    unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > _limits.WORKBOOK_BYTES.most:
        raise ArchiveFault(_limits.WORKBOOK_BYTES.refusal(unpacked))
    if any(name.lower().endswith("workbook.bin") for name in names):
        msg = "is a binary workbook (.xlsb); save it as .xlsx or CSV"
        raise ArchiveFault(msg)


def _check_sheets(source: InputFile, archive: zipfile.ZipFile, names: list[str]) -> None:
    """Check every entry as if it were a sheet: the workbook may name any entry as one."""
    texts = [name for name in names if name.lower().endswith("sharedstrings.xml")]
    longest, count = 0, 0
    for name in texts:
        lengths = _text_lengths(archive, name)
        longest, count = max(longest, int(lengths.max(initial=0))), max(count, lengths.size)
    if count > _limits.SHEET_CELLS.most:
        msg = f'The workbook "{source.name}" {_limits.SHEET_CELLS.refusal(count)}.'
        raise DataError(msg)
    for name in names:
        if name in texts:
            continue
        extent = _extent(archive, name)
        extent.check(source)
        if extent.shared * longest > _limits.SHEET_TEXT.most:
            letters = _shared_letters(archive, name, _text_lengths(archive, texts[0]), extent.shared)
            if letters > _limits.SHEET_TEXT.most:
                msg = f'A sheet of the workbook "{source.name}" {_limits.SHEET_TEXT.refusal(letters)}.'
                raise DataError(msg)


def _pieces(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """Yield an entry in pieces that end with a tag."""
    rest = b""
    with archive.open(name) as stream:
        while chunk := stream.read(CHUNK):
            rest += chunk
            end = rest.rfind(b">") + 1
            if len(rest) - end > _MOST_TAG:
                msg = "is damaged: one of its texts does not end; save it again"
                raise ArchiveFault(msg)
            yield rest[:end]
            rest = rest[end:]
    yield rest


def _extent(archive: zipfile.ZipFile, name: str) -> _Extent:
    extent = _Extent()
    row = column = 0
    for piece in _pieces(archive, name):
        extent.shared += len(_SHARED.findall(piece))
        places = _PLACED.findall(piece)
        if not places:
            continue
        if all(digits for _, _, digits in places):
            for letters in {letters for _, letters, _ in places}:
                extent.columns = max(extent.columns, _column(letters))
            extent.rows = max(extent.rows, *map(_row, {digits for _, _, digits in places}))
            row, column = _row(places[-1][2]), _column(places[-1][1])
            continue
        for tag, letters, digits in places:
            if tag == b"row":
                row, column = _row(digits) if digits else row + 1, 0
            else:
                row, column = (_row(digits), _column(letters)) if digits else (max(row, 1), column + 1)
            extent.rows, extent.columns = max(extent.rows, row), max(extent.columns, column)
    return extent


def _row(digits: bytes) -> int:
    return int(digits) if len(digits) <= _MOST_DIGITS else 10**_MOST_DIGITS


def _column(letters: bytes) -> int:
    """Return the number of a column, from 1; 0 without letters."""
    number = 0
    for letter in letters[: _MOST_LETTERS + 1].upper():
        number = 26 * number + letter - ord("A") + 1
    return number


def _text_lengths(archive: zipfile.ZipFile, name: str) -> NDArray[np.int64]:
    """Return the lengths of all shared texts, at most: with the marks between them."""
    lengths, rest = [], b""
    for piece in _pieces(archive, name):
        *whole, rest = (rest + piece).split(b"</si>")
        lengths += [len(text) for text in whole]
        if len(lengths) > _limits.SHEET_CELLS.most:
            break
    return np.array([*lengths, len(rest)], dtype=np.int64)


def _shared_letters(archive: zipfile.ZipFile, name: str, lengths: NDArray[np.int64], shared: int) -> int:
    """Return how many letters the shared texts of a sheet have together, at most."""
    letters, found = 0, 0
    for piece in _pieces(archive, name):
        indices = np.array(_SHARED_INDEX.findall(piece), dtype="S9").astype(np.int64)
        found += indices.size
        letters += int(lengths[indices[indices < lengths.size]].sum())
    return letters + (shared - found) * int(lengths.max())


def _check_open_document(source: InputFile, archive: zipfile.ZipFile) -> None:
    """Check the sheets of an OpenDocument workbook, in which one row or cell may stand for many."""
    sheets = _OpenDocument(source)
    try:
        with archive.open("content.xml") as stream:
            while chunk := stream.read(CHUNK):
                sheets.parser.Parse(chunk)
            sheets.parser.Parse(b"", True)  # noqa: FBT003 -- the parser takes no keywords
    except expat.ExpatError as error:
        msg = "is damaged or cut short; fetch it again"
        raise ArchiveFault(msg) from error


class _OpenDocument:
    """The rectangle of each sheet of an OpenDocument workbook, while it is parsed."""

    def __init__(self, source: InputFile) -> None:
        self._source = source
        self._extent = _Extent()
        self._row, self._row_repeat, self._cell, self._filled = 0, 1, 0, 0
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = self._refuse

    def _refuse(self, *_: object) -> None:
        msg = "declares a document type, which a workbook has not; save it again"
        raise ArchiveFault(msg)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(" ")[2]
        given = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
        if local == "table":
            self._extent, self._row = _Extent(), 0
        elif local == "table-row":
            self._row_repeat, self._cell, self._filled = _number(given.get("number-rows-repeated")), 0, 0
        elif local in ("table-cell", "covered-table-cell"):
            self._cell += _number(given.get("number-columns-repeated"))
            if "value-type" in given or "formula" in given:
                self._filled = self._cell

    def _end(self, name: str) -> None:
        if name.rpartition(" ")[2] != "table-row":
            return
        self._row += self._row_repeat
        if self._filled:
            self._extent.rows, self._extent.columns = self._row, max(self._extent.columns, self._filled)
            self._extent.check(self._source)


def _number(text: str | None) -> int:
    return min(int(text), 10**9) if text and text.isdecimal() and len(text) < 20 else 1 if not text else 10**9
