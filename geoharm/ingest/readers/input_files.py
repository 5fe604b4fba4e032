"""Input files: plain files, gzipped files, and files inside zip archives, opened with limits.

Nothing is unpacked to disk. What an archive says about its own size is not trusted: bytes are counted as they are
unpacked. An archive is refused if it grows a hundredfold, holds links, or has entries outside its folder.
"""

from __future__ import annotations

import fnmatch
import gzip
import hashlib
import stat
import zipfile
import zlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from geoharm.errors import DataError
from geoharm.ingest.readers.matched_files import Tell, matching_files


def single_input_file(path: Path) -> InputFile:
    """Return an existing file as an input file.

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
_MIN_BYTES_FOR_RATIO = 1 << 20
_ZIP_START, _GZIP_START = b"PK\x03\x04", b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class InputFile:
    """One file to read, in a folder or inside a zip archive.

    Attributes
    ----------
    path : Path
        Path of the file, or of the archive.
    member : str
        Name inside the archive; empty for a plain file.
    """

    path: Path
    member: str = ""

    @property
    def name(self) -> str:
        """The name of the file; inside an archive, after the archive's name."""
        return f"{self.path.name}/{self.member}" if self.member else self.path.name

    @property
    def is_plain(self) -> bool:
        """Whether the file is not inside an archive, so that another program can open it by its path."""
        return not self.member

    @property
    def is_gzip(self) -> bool:
        """Whether the file is gzipped, judged by its first bytes."""
        with self._still_there():
            return self.is_plain and _starts_with(self.path, _GZIP_START)

    def stamp(self) -> tuple[int, int]:
        """Return the size and the time of the last change of the file or archive; they differ once it has been written to."""
        with self._still_there():
            status = self.path.stat()
        return status.st_size, status.st_mtime_ns

    def sha256(self) -> str:
        """Return the SHA-256 of the file's bytes (unzipped, for a member of an archive), in hexadecimal."""
        digest = hashlib.sha256()
        with self._still_there(), self.path.open("rb") if self.is_plain else self.open() as stream:
            while chunk := stream.read(CHUNK):
                digest.update(chunk)
        return digest.hexdigest()

    @contextmanager
    def _still_there(self) -> Iterator[None]:
        """Say so if the file vanished after it was found."""
        try:
            yield
        except FileNotFoundError as error:
            msg = f'The file "{self.name}" was found and is gone; wait until the program that moves it has ended, and run again.'
            raise DataError(msg) from error

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open the file's content; it is unpacked while it is read.

        Raises
        ------
        DataError
            If compressed data are damaged, encrypted, cut short, or unpack to too many bytes.
        """
        try:
            if self.member:
                with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as inner:
                    size = archive.getinfo(self.member).compress_size
                    yield cast("BinaryIO", _LimitedStream(inner, size, self.name))
            elif self.is_gzip:
                with gzip.open(self.path, "rb") as inner:
                    yield cast("BinaryIO", _LimitedStream(inner, self.path.stat().st_size, self.name))
            else:
                with self._still_there(), self.path.open("rb") as stream:
                    yield stream
        except (EOFError, gzip.BadGzipFile, zipfile.BadZipFile, zlib.error) as error:
            msg = f'The file "{self.name}" is damaged or cut short; fetch it again.'
            raise DataError(msg) from error
        except (RuntimeError, NotImplementedError) as error:
            if "encrypted" not in str(error) and "compression" not in str(error):
                raise
            msg = f'The file "{self.name}" is encrypted or packed in an unknown way; save it without a password.'
            raise DataError(msg) from error


class _LimitedStream:
    """A stream that counts the unpacked bytes and raises an error above a limit."""

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
        if self._count > MAX_BYTES or (self._count > _MIN_BYTES_FOR_RATIO and self._count > MAX_RATIO * self._packed):
            msg = (
                f'The file "{self._name}" unpacks to more than {MAX_RATIO} times its size, or more than '
                f"{MAX_BYTES >> 30} GB; it is not read. Unpack it yourself if it is what you expect."
            )
            raise DataError(msg)
        return chunk


def find_input_files(
    patterns: Sequence[str],
    folder: Path,
    *,
    members: Sequence[str],
    own: Collection[Path] = (),
    tell: Tell = lambda _: None,
) -> tuple[InputFile, ...]:
    """Return the files in a folder that match names or patterns, ordered by name; zip archives give their members.

    Parameters
    ----------
    patterns : sequence of str
        File names or patterns, inside the folder.
    folder : Path
    members : sequence of str
        Patterns of what to read inside a zip archive; empty reads archives as they are.
    own : collection of Path
        Files and folders that geoharm writes to; no pattern matches what lies there.
    tell : callable
        Called with one sentence for what a pattern matched and what is no data, such as a folder or a database.

    Raises
    ------
    DataError
        If a pattern matches nothing or leads out of the folder, what is named is no file of data, two files have one name, or an archive cannot be
        trusted.
    """
    files_by_name: dict[str, InputFile] = {}
    for pattern in patterns:
        for path in matching_files(pattern, folder, own=own, tell=tell):
            inputs = (
                _archive_members(path, members) if members and _starts_with(path, _ZIP_START) else (InputFile(path),)
            )
            for input_file in inputs:
                if files_by_name.setdefault(input_file.name, input_file) != input_file:
                    msg = f'Two files are called "{input_file.name}"; a file is known by its name, so rename one.'
                    raise DataError(msg)
    return tuple(files_by_name[name] for name in sorted(files_by_name))


def _archive_members(path: Path, patterns: Sequence[str]) -> tuple[InputFile, ...]:
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
    member_files = []
    for entry in entries:
        name = entry.filename
        if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/") or ":" in name:
            msg = f'The archive "{path.name}" has an entry that leads out of its folder; it is not read.'
            raise DataError(msg)
        if stat.S_ISLNK(entry.external_attr >> 16):
            msg = f'The archive "{path.name}" holds a link instead of a file; it is not read.'
            raise DataError(msg)
        base_name = name.rsplit("/", 1)[-1]
        if not entry.is_dir() and any(fnmatch.fnmatch(base_name, pattern) for pattern in patterns):
            member_files.append(InputFile(path, name))
    if not member_files:
        msg = f'The archive "{path.name}" holds no file like {" or ".join(patterns)}.'
        raise DataError(msg)
    return tuple(member_files)


def _starts_with(path: Path, beginning: bytes) -> bool:
    with path.open("rb") as stream:
        return stream.read(len(beginning)) == beginning
