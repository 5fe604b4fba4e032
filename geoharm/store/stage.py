"""What every reader of files shares: what it hands on, and how bytes are opened."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from geoharm.errors import DataError

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Staged:
    """What was put into the temporary table ``stage``.

    Attributes
    ----------
    read : int
        Rows of the file, whether they fit or not.
    rejects : tuple of (line, reason)
        Rows that do not have the header's shape.
    fields : tuple of str
        The declared fields that the file has, as columns of ``stage``.
    """

    read: int
    rejects: tuple[tuple[int, str], ...]
    fields: tuple[str, ...]


def is_gzip(path: Path) -> bool:
    """Return whether a file is gzipped, whatever its name says."""
    with path.open("rb") as probe:
        return probe.read(2) == b"\x1f\x8b"


@contextmanager
def open_bytes(path: Path) -> Iterator[BinaryIO]:
    """Open a file, unzipping as it is read.

    Raises
    ------
    DataError
        If the compressed data are damaged or cut short.
    """
    try:
        with gzip.open(path, "rb") if is_gzip(path) else path.open("rb") as opened:
            yield cast("BinaryIO", opened)
    except (EOFError, gzip.BadGzipFile) as error:
        msg = f'The file "{path.name}" is damaged or cut short: {error}.'
        raise DataError(msg) from error
