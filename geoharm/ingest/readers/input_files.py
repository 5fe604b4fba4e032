"""Input files: plain files, gzipped files, and files inside zip archives (`geoharm._archives`), opened with limits.

Nothing is unpacked to disk.
"""

from __future__ import annotations

import fnmatch
import gzip
import hashlib
import zlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from geoharm import _limits
from geoharm._archives import (
    CHUNK,
    FREE_BYTES,
    GZIP_START,
    ZIP_START,
    ArchiveFault,
    opened_archive,
    ratio_fault,
)
from geoharm._text import shown
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
            return self.is_plain and _starts_with(self.path, GZIP_START)

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
                with self._still_there(), opened_archive(self.path) as archive, archive.open(self.member) as inner:
                    yield cast("BinaryIO", inner)
            elif self.is_gzip:
                with gzip.open(self.path, "rb") as inner:
                    yield cast("BinaryIO", _LimitedStream(inner, self.path.stat().st_size, self.name))
            else:
                with self._still_there(), self.path.open("rb") as stream:
                    self._check_plain_size()
                    yield stream
        except ArchiveFault as fault:
            raise archive_error(self.path, fault) from fault
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            msg = f'The file "{self.name}" is damaged or cut short; fetch it again.'
            raise DataError(msg) from error

    def _check_plain_size(self) -> None:
        size = self.path.stat().st_size
        if size > _limits.TEXT_BYTES.most:
            msg = f'The file "{self.name}" {_limits.TEXT_BYTES.refusal(size)}.'
            raise DataError(msg)

    def content(self) -> bytes:
        """Return all bytes of a file that is read as one.

        Raises
        ------
        DataError
            If there are more than `geoharm._limits.WHOLE_BYTES`; see also `open`.
        """
        limit = _limits.WHOLE_BYTES
        with self.open() as stream:
            content = stream.read(limit.most + 1)
        if len(content) > limit.most:
            msg = f'The file "{self.name}" {limit.refusal()}.'
            raise DataError(msg)
        return content


def archive_error(path: Path, fault: ArchiveFault) -> DataError:
    """Return the error for an archive of events that cannot be read."""
    return DataError(f'The archive "{path.name}" {fault}.')


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
        if self._count > FREE_BYTES and self._count > _limits.RATIO.most * self._packed:
            msg = f'The file "{self._name}" {ratio_fault()}.'
            raise DataError(msg)
        if self._count > _limits.TEXT_BYTES.most:
            msg = f'The file "{self._name}" {_limits.TEXT_BYTES.refusal()}.'
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
                _archive_members(path, members) if members and _starts_with(path, ZIP_START) else (InputFile(path),)
            )
            for input_file in inputs:
                if shown(input_file.name) != input_file.name:
                    msg = (
                        f'The name of the file "{shown(input_file.name)}" has signs that cannot be shown, or bytes that are no '
                        "text; rename it."
                    )
                    raise DataError(msg)
                if files_by_name.setdefault(input_file.name, input_file) != input_file:
                    msg = f'Two files are called "{input_file.name}"; a file is known by its name, so rename one.'
                    raise DataError(msg)
    return tuple(files_by_name[name] for name in sorted(files_by_name))


def _archive_members(path: Path, patterns: Sequence[str]) -> tuple[InputFile, ...]:
    try:
        with opened_archive(path) as archive:
            entries = archive.infolist()
    except ArchiveFault as fault:
        raise archive_error(path, fault) from fault
    if any(entry.filename == "[Content_Types].xml" for entry in entries):
        msg = f'"{path.name}" is an Excel workbook; write container = "excel" in its format, or save it as CSV.'
        raise DataError(msg)
    member_files = []
    for entry in entries:
        name = entry.filename
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
