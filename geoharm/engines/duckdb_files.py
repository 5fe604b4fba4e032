"""The files of a database, and what else may lie where one is looked for: seen before DuckDB opens anything.

DuckDB would wait for ever on a named pipe, follow a broken link, and fetch an extension from the network for SQLite.
"""

from __future__ import annotations

import stat
from contextlib import suppress
from pathlib import Path

from geoharm.engines.duckdb_errors import opening_error
from geoharm.errors import DatabaseError

# The word DUCK stands after a checksum of eight bytes.
_MAGIC, _MAGIC_AT, _HEAD = b"DUCK", 8, 512
_KINDS = {
    b"SQLite format 3": "an SQLite database",
    b"PK\x03\x04": "a zip archive",
    b"PAR1": "a Parquet file",
    b"\x1f\x8b": "a gzip file",
}
# The log of what is not yet in the file, and its two states while it is being moved there.
_LOGS = (".wal", ".wal.checkpoint", ".wal.recovery")
_TEMPORARY = "duckdb_temp_*"


def check_is_database(path: Path) -> None:
    """Refuse whatever is not a DuckDB file; nothing is written.

    Parameters
    ----------
    path : Path
        Something that exists there, if only as a link that leads nowhere.

    Raises
    ------
    DatabaseError
        With what it is.
    """
    try:
        what = _foreign_kind(path)
    except FileNotFoundError:
        what = "a link to a file that does not exist"
    except OSError as error:
        raise opening_error(error, path, existed=True) from error
    if what:
        msg = f'"{path}" is {what}, not a database file of geoharm; choose another --db.'
        raise DatabaseError(msg)


def database_files(path: Path) -> tuple[Path, ...]:
    """Return the files of a database that exist: itself, its log, and what a killed process left in the temporary folder."""
    files = [path, *(path.with_name(path.name + ending) for ending in _LOGS)]
    folder = temporary_folder(path)
    if folder.is_dir() and not folder.is_symlink():
        files += sorted(folder.glob(_TEMPORARY))
    return tuple(file for file in files if file.is_file() and not file.is_symlink())


def temporary_folder(path: Path) -> Path:
    """Return the folder in which DuckDB keeps the temporary files of a database."""
    return path.with_name(f"{path.name}.tmp")


def remove_leftovers(path: Path) -> None:
    """Remove the temporary files that a killed process left: they may hold rows. Called by who has the database's lock."""
    for file in database_files(path):
        if file.parent == temporary_folder(path):
            file.unlink(missing_ok=True)
    with suppress(OSError):  # It is not there, or holds what others put into it.
        temporary_folder(path).rmdir()


def _foreign_kind(path: Path) -> str:
    """Return what something is, or an empty text if it is a DuckDB file."""
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        return "a folder"
    if not stat.S_ISREG(mode):
        return "a pipe or a device"
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    if not head:
        return "an empty file"
    if head[_MAGIC_AT:].startswith(_MAGIC):
        return ""
    for begin, kind in _KINDS.items():
        if head.startswith(begin):
            return kind
    return "a file of another kind" if b"\x00" in head else "a text file"
