"""The last row and column of an old Excel workbook (.xls), found by walking its records without reading its cells.

Layout: [MS-CFB] for the container, [MS-XLS] 2.4 for the records.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

_HEADER_BYTES, _ENTRY_BYTES = 512, 128
_LAST_SECTOR = 0xFFFFFFFA
_STREAMS = ("Workbook", "Book")
# Records of one cell, which begin with its row and column; those of several cells end with their last column.
_CELLS = frozenset(
    {0x0006, 0x0201, 0x0203, 0x0204, 0x0205, 0x00FD, 0x027E, 0x00D6, 0x0001, 0x0002, 0x0003, 0x0004, 0x0005}
)
_SEVERAL_CELLS = frozenset({0x00BD, 0x00BE})


def biff_extent(content: bytes) -> tuple[int, int]:
    """Return the number of rows and of columns of a workbook, up to the last cell of any of its sheets.

    Parameters
    ----------
    content : bytes
        The whole file.

    Returns
    -------
    rows, columns : int
        Zero for a file that is no workbook: its reader refuses it.
    """
    rows, columns = 0, 0
    for kind, record in _records(_workbook_stream(content)):
        if len(record) < 4 or kind not in _CELLS | _SEVERAL_CELLS:
            continue
        row, column = struct.unpack_from("<HH", record)
        if kind in _SEVERAL_CELLS:
            column = max(column, struct.unpack("<H", record[-2:])[0])
        rows, columns = max(rows, row + 1), max(columns, column + 1)
    return rows, columns


def _records(stream: bytes) -> Iterator[tuple[int, memoryview]]:
    view, at = memoryview(stream), 0
    while at + 4 <= len(view):
        kind, length = struct.unpack_from("<HH", view, at)
        yield kind, view[at + 4 : at + 4 + length]
        at += 4 + length


def _workbook_stream(content: bytes) -> bytes:
    """Return the stream with the cells; empty if the container is damaged."""
    try:
        shift, small_shift = struct.unpack_from("<HH", content, 30)
        if shift not in (9, 12) or small_shift != 6:
            return b""
        first_directory, _, cutoff, first_small_table = struct.unpack_from("<4L", content, 48)
        table = _sector_table(content, 1 << shift)
        directory = _chain(content, table, first_directory, 1 << shift)
        root_start = struct.unpack_from("<L", directory, 116)[0]
        for at in range(0, len(directory) - _ENTRY_BYTES + 1, _ENTRY_BYTES):
            name_bytes = struct.unpack_from("<H", directory, at + 64)[0]
            name = directory[at : at + max(name_bytes - 2, 0)].decode("utf-16-le", "replace")
            start, size = struct.unpack_from("<LL", directory, at + 116)
            if name not in _STREAMS:
                continue
            if size >= cutoff:
                return _chain(content, table, start, 1 << shift)[:size]
            small = _chain(content, table, root_start, 1 << shift)
            raw = _chain(content, table, first_small_table, 1 << shift)
            small_table = struct.unpack(f"<{len(raw) // 4}L", raw[: len(raw) // 4 * 4])
            return _chain(small, small_table, start, 1 << small_shift, offset=0)[:size]
    except struct.error:
        return b""
    return b""


def _sector_table(content: bytes, size: int) -> tuple[int, ...]:
    """Return the table that gives to each sector the next one of its chain."""
    first, count = struct.unpack_from("<LL", content, 68)
    sectors = list(struct.unpack_from("<109L", content, 76))
    while first < _LAST_SECTOR and count and len(sectors) < len(content) // size + 109:
        more = struct.unpack_from(f"<{size // 4}L", content, (first + 1) * size)
        sectors += more[:-1]
        first, count = more[-1], count - 1
    raw = b"".join(content[(sector + 1) * size : (sector + 2) * size] for sector in sectors if sector < _LAST_SECTOR)
    return struct.unpack(f"<{len(raw) // 4}L", raw[: len(raw) // 4 * 4])


def _chain(content: bytes, table: tuple[int, ...], sector: int, size: int, *, offset: int = _HEADER_BYTES) -> bytes:
    """Return the bytes of a chain of sectors; a chain that comes back to itself ends after as many as there are."""
    # The header takes the place of one sector, of whatever size.
    begin = size if offset else 0
    pieces: list[bytes] = []
    while sector < len(table) and len(pieces) <= len(content) // size:
        pieces.append(content[begin + sector * size : begin + (sector + 1) * size])
        sector = table[sector]
    return b"".join(pieces)
