"""Zip archives, opened by one set of rules for events, areas, KMZ, zipped Shapefiles and workbooks.

What an archive says of its size is checked before anything is unpacked, and the bytes are counted as they are unpacked.
"""

from __future__ import annotations

import lzma
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from geoharm import _limits

ZIP_START, GZIP_START = b"PK\x03\x04", b"\x1f\x8b"
CHUNK = 1 << 20
# So much may be unpacked from a small archive, whatever the ratio: a table of one repeated row is no attack.
FREE_BYTES = 1 << 20
# The record that ends an archive: its signature, and where its fields lie (APPNOTE.TXT 4.3.16, 4.3.14 and 4.3.15).
_END, _END_BYTES, _MOST_COMMENT = b"PK\x05\x06", 22, 0xFFFF
_LOCATOR, _LOCATOR_BYTES = b"PK\x06\x07", 20
# What reading an archive that is damaged, cut short or packed in an unknown way may raise; opening one may raise more.
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError, OverflowError, struct.error, UnicodeError,
)  # fmt: skip


class ArchiveFault(Exception):  # noqa: N818 it is no error of the program, but what is wrong with one archive
    """What is wrong with an archive, as a sentence without its beginning, such as "has a password; save it without one"."""


@contextmanager
def opened_archive(path: Path, *, free: int = FREE_BYTES) -> Iterator[zipfile.ZipFile]:
    """Open a zip archive, once it is known to be harmless.

    Parameters
    ----------
    path : Path
    free : int
        So many bytes may be unpacked whatever the ratio.

    Raises
    ------
    ArchiveFault
        If it is damaged or has a password, holds links or entries outside its folder, or the same entry twice, or would
        unpack to more than the limits permit; also for what goes wrong while the block reads its entries.
    """
    with path.open("rb") as stream:
        try:
            _check_entry_list(stream)
            archive = zipfile.ZipFile(stream)
        except (*_DAMAGED, OSError, ValueError) as error:
            raise ArchiveFault(_reason(error)) from error
        with archive:
            _check_entries(archive, path.stat().st_size, free=free)
            try:
                yield archive
            except _DAMAGED as error:
                raise ArchiveFault(_reason(error)) from error


def read_entry(archive: zipfile.ZipFile, name: str, limit: _limits.Limit) -> bytes:
    """Return the content of an entry.

    Raises
    ------
    ArchiveFault
        If it is larger than a limit in bytes.
    """
    with archive.open(name) as stream:
        content = stream.read(limit.most + 1)
    if len(content) > limit.most:
        raise ArchiveFault(limit.refusal())
    return content


def verify_entries(archive: zipfile.ZipFile, names: list[str]) -> None:
    """Unpack entries once and compare their checksums, for entries that another program will unpack.

    Raises
    ------
    zipfile.BadZipFile
        If one is damaged.
    """
    for name in names:
        with archive.open(name) as stream:
            while stream.read(CHUNK):
                pass


def _check_entry_list(stream: BinaryIO) -> None:
    """Refuse an archive whose list of entries is so long that reading the list would be the attack."""
    size = stream.seek(0, os.SEEK_END)
    start = stream.seek(max(size - _END_BYTES - _MOST_COMMENT - _LOCATOR_BYTES, 0))
    tail = stream.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + _END_BYTES:
        msg = "no end record"
        raise zipfile.BadZipFile(msg)
    listed = struct.unpack("<L", tail[at + 12 : at + 16])[0]
    locator = tail[max(at - _LOCATOR_BYTES, 0) : at]
    if locator.startswith(_LOCATOR):
        stream.seek(struct.unpack("<Q", locator[8:16])[0])
        record = stream.read(56)
        listed = max(struct.unpack("<Q", record[40:48])[0] if len(record) == 56 else 0, start + at - size)
    stream.seek(0)
    if listed > _limits.ENTRY_LIST_BYTES.most:
        raise ArchiveFault(_limits.ENTRY_LIST_BYTES.refusal(listed))


def _check_entries(archive: zipfile.ZipFile, size: int, *, free: int) -> None:
    entries = archive.infolist()
    if len(entries) > _limits.ENTRIES.most:
        raise ArchiveFault(_limits.ENTRIES.refusal(len(entries)))
    names = [entry.filename for entry in entries]
    for entry, name in zip(entries, names, strict=True):
        if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/") or ":" in name:
            msg = "has an entry that leads out of its folder; it is not read"
            raise ArchiveFault(msg)
        if stat.S_ISLNK(entry.external_attr >> 16):
            msg = "holds a link instead of a file; it is not read"
            raise ArchiveFault(msg)
        if entry.flag_bits & 1:
            msg = "has a password; save it without one"
            raise ArchiveFault(msg)
    if len(set(names)) < len(names):
        msg = "has two entries of one name; pack it again"
        raise ArchiveFault(msg)
    packed = sum(entry.compress_size for entry in entries)
    if packed > size:
        msg = "has entries that share their bytes; it is not read"
        raise ArchiveFault(msg)
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > _limits.TEXT_BYTES.most:
        raise ArchiveFault(_limits.TEXT_BYTES.refusal(unpacked))
    if unpacked > free and unpacked > _limits.RATIO.most * packed:
        raise ArchiveFault(ratio_fault())


def ratio_fault() -> str:
    """Return what is wrong with an archive or gzip file that grows too much, without its name."""
    return f"unpacks to more than {_limits.RATIO.most} {_limits.RATIO.unit}; {_limits.RATIO.way_out} if it is what you expect"


def _reason(error: Exception) -> str:
    if isinstance(error, NotImplementedError):
        return "is packed in an unknown way; pack it again as a plain zip archive"
    return "is damaged or cut short; fetch it again"
