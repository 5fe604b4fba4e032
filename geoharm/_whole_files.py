"""Files that are there whole or not at all: written beside their place, handed to the disk, then moved there.

Every call that changes a disk goes through `os`, so that a test can end the process at each of them.
"""

from __future__ import annotations

import os
import secrets
import stat
import sys
from contextlib import suppress
from pathlib import Path

_READABLE = 0o644


def write_whole(path: Path, content: str | bytes) -> Path:
    """Write bytes, or a text as UTF-8 with line feeds, over a file that is there, and return the path.

    Killed at any moment, the file is as it was or as it is to be. A link stays a link, and a file keeps its permissions.

    Raises
    ------
    OSError
        If the folder is not there or cannot be written; then the file is as it was, and nothing lies beside it.
    """
    place = path.resolve()
    mode = stat.S_IMODE(place.stat().st_mode) if place.exists() else _READABLE
    beside = place.with_name(f".geoharm-{secrets.token_hex(8)}.part")
    try:
        write_new(beside, content)
        beside.chmod(mode)
        beside.replace(place)
    except BaseException:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
        raise
    sync_folder(place.parent)
    return path


def write_new(path: Path, content: str | bytes) -> None:
    """Write a file that does not exist yet, and wait until the disk has it."""
    left = memoryview(content.encode("utf-8") if isinstance(content, str) else content)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        while left:
            left = left[os.write(handle, left) :]
        os.fsync(handle)
    finally:
        os.close(handle)
    path.chmod(_READABLE)


def sync_folder(folder: Path) -> None:
    """Wait until the disk has the names in a folder; Windows has no such call."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
