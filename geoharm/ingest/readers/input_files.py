"""What a study's file names stand for: files, gzipped files, and files inside zip archives; opened with limits.

An archive is read as it lies: nothing is unpacked to disk. What it says about itself is not believed: bytes are counted
as they come out, and an archive that grows a hundredfold, holds links or leads out of its folder is refused.
"""

from __future__ import annotations

import fnmatch
import gzip
import hashlib
import stat
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from geoharm.errors import DataError


def single_input_file(path: Path) -> InputFile:
    """Return a file as an input, or refuse it.

    Raises
    ------
    DataError
        If it does not exist.
    """
    return find_input_files([path.name], path.parent, members=())[0]


CHUNK = 1 << 20
MAX_ENTRIES = 1_000
MAX_BYTES = 4 << 30
MAX_RATIO = 100
_RATIO_FROM = 1 << 20
_ZIP, _GZIP = b"PK\x03\x04", b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file to read, in a folder or inside a zip archive.

    Attributes
    ----------
    path : Path
        Of the file, or of the archive.
    member : str
        Name inside the archive; empty for a plain file.
    """

    path: Path
    member: str = ""

    @property
    def name(self) -> str:
        """What the file is known by: its name, after the archive's if it lies in one."""
        return f"{self.path.name}/{self.member}" if self.member else self.path.name

    @property
    def is_plain(self) -> bool:
        """Whether another program can open it by its path, gzipped or not."""
        return not self.member

    @property
    def is_gzip(self) -> bool:
        """Whether it is gzipped, whatever its name says."""
        return self.is_plain and _starts_with(self.path, _GZIP)

    def stamp(self) -> tuple[int, int]:
        """Return size and time of the last change of the file or archive: another stamp means that it was written to."""
        found = self.path.stat()
        return found.st_size, found.st_mtime_ns

    def sha256(self) -> str:
        """Return the SHA-256 of the file's bytes (unzipped, for a member of an archive), in hexadecimal."""
        digest = hashlib.sha256()
        with self.path.open("rb") if self.is_plain else self.open() as stream:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
        return digest.hexdigest()

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open the file's content, unzipping as it is read.

        Raises
        ------
        DataError
            If compressed data are damaged, encrypted, cut short, or grow beyond all measure.
        """
        try:
            if self.member:
                with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as inner:
                    size = archive.getinfo(self.member).compress_size
                    yield cast("BinaryIO", _Limited(inner, size, self.name))
            elif self.is_gzip:
                with gzip.open(self.path, "rb") as inner:
                    yield cast("BinaryIO", _Limited(inner, self.path.stat().st_size, self.name))
            else:
                with self.path.open("rb") as engine:
                    yield engine
        except (EOFError, gzip.BadGzipFile, zipfile.BadZipFile, zlib.error) as error:
            msg = f'The file "{self.name}" is damaged or cut short; fetch it again.'
            raise DataError(msg) from error
        except (RuntimeError, NotImplementedError) as error:
            if "encrypted" not in str(error) and "compression" not in str(error):
                raise
            msg = f'The file "{self.name}" is encrypted or packed in an unknown way; save it without a password.'
            raise DataError(msg) from error


class _Limited:
    """A stream that counts what comes out and stops a bomb."""

    def __init__(self, inner: object, packed: int, name: str) -> None:
        self._inner = cast("BinaryIO", inner)
        self._packed = max(packed, 1)
        self._name = name
        self._count = 0

    def read(self, size: int = -1) -> bytes:
        if size >= 0:
            return self._counted(self._inner.read(size))
        parts = []
        while chunk := self.read(CHUNK):
            parts.append(chunk)
        return b"".join(parts)

    def read1(self, size: int = CHUNK) -> bytes:
        return self.read(size if size > 0 else CHUNK)

    def readline(self, size: int = -1) -> bytes:
        return self._counted(self._inner.readline(size))

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False

    @property
    def closed(self) -> bool:
        return self._inner.closed

    def close(self) -> None:
        self._inner.close()

    def flush(self) -> None:
        return None

    def _counted(self, chunk: bytes) -> bytes:
        self._count += len(chunk)
        if self._count > MAX_BYTES or (self._count > _RATIO_FROM and self._count > MAX_RATIO * self._packed):
            msg = (
                f'The file "{self._name}" unpacks to more than {MAX_RATIO} times its size, or more than '
                f"{MAX_BYTES >> 30} GB; it is not read. Unpack it yourself if it is what you expect."
            )
            raise DataError(msg)
        return chunk


def find_input_files(patterns: Sequence[str], folder: Path, *, members: Sequence[str]) -> tuple[InputFile, ...]:
    """Return the files that match names or patterns in a folder, those inside zip archives one by one, by name.

    Parameters
    ----------
    patterns : sequence of str
        File names or patterns, inside the folder.
    folder : Path
    members : sequence of str
        Patterns of what to read inside a zip archive; empty reads archives as they are.

    Raises
    ------
    DataError
        If a pattern matches nothing or leads out of the folder, two files have one name, or an archive cannot be
        trusted.
    """
    found: dict[str, InputFile] = {}
    for pattern in patterns:
        for path in _matches(pattern, folder):
            parts = _members(path, members) if members and _starts_with(path, _ZIP) else (InputFile(path),)
            for part in parts:
                if found.setdefault(part.name, part) != part:
                    msg = f'Two files are called "{part.name}"; a file is known by its name, so rename one.'
                    raise DataError(msg)
    return tuple(found[name] for name in sorted(found))


def _matches(pattern: str, folder: Path) -> list[Path]:
    if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
        msg = f'The file pattern "{pattern}" must lie inside the data folder; move the file or set --data.'
        raise DataError(msg)
    literal = folder / pattern
    matches = [literal] if literal.is_file() else sorted(path for path in folder.glob(pattern) if path.is_file())
    inside = folder.resolve()
    for path in matches:
        if not path.resolve().is_relative_to(inside):
            msg = f'"{path.name}" is a link to a file outside the data folder; copy the file there, or set --data.'
            raise DataError(msg)
    if not matches:
        msg = f'No file matches "{pattern}" in the data folder "{folder}"; set --data to the folder that holds it.'
        raise DataError(msg)
    return matches


def _members(path: Path, patterns: Sequence[str]) -> tuple[InputFile, ...]:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except zipfile.BadZipFile as error:
        msg = f'The file "{path.name}" is damaged or cut short; fetch it again.'
        raise DataError(msg) from error
    if len(entries) > MAX_ENTRIES:
        msg = f'The archive "{path.name}" has {len(entries):,} entries, more than {MAX_ENTRIES:,}; it is not read.'
        raise DataError(msg)
    if any(entry.filename == "[Content_Types].xml" for entry in entries):
        msg = f'"{path.name}" is an Excel workbook; write container = "excel" in its format, or save it as CSV.'
        raise DataError(msg)
    chosen = []
    for entry in entries:
        name = entry.filename
        if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/") or ":" in name:
            msg = f'The archive "{path.name}" has an entry that leads out of its folder; it is not read.'
            raise DataError(msg)
        if stat.S_ISLNK(entry.external_attr >> 16):
            msg = f'The archive "{path.name}" holds a link instead of a file; it is not read.'
            raise DataError(msg)
        plain = name.rsplit("/", 1)[-1]
        if not entry.is_dir() and any(fnmatch.fnmatch(plain, pattern) for pattern in patterns):
            chosen.append(InputFile(path, name))
    if not chosen:
        msg = f'The archive "{path.name}" holds no file like {" or ".join(patterns)}.'
        raise DataError(msg)
    return tuple(chosen)


def _starts_with(path: Path, magic: bytes) -> bool:
    with path.open("rb") as probe:
        return probe.read(len(magic)) == magic
