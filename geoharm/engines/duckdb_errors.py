"""The errors of DuckDB as sentences: the one place that knows its messages.

What a statement asks for (a text that is no number, a line of the wrong shape, a column that is not there) becomes a
`StatementError`. What is wrong around it (a full disk, too little memory, a damaged file) never does: a reader that tries
another way after a `StatementError` would only hide the reason.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from geoharm.engines.base import StatementError
from geoharm.errors import DatabaseBusyError, DatabaseError

# Errors of one statement, whatever their text says: it may quote a cell of a file.
_OF_THE_STATEMENT = (
    duckdb.ProgrammingError,
    duckdb.DataError,
    duckdb.IntegrityError,
    duckdb.NotSupportedError,
    duckdb.PermissionException,
)


class DamagedDatabaseError(DatabaseError):
    """The file of a database is damaged."""


@dataclass(frozen=True, slots=True)
class _Cause:
    """A cause that DuckDB's messages tell apart.

    Attributes
    ----------
    pattern : str
        What a message of this cause has in it, beside the names of files.
    sentence : str
        What geoharm says, with the facts of `_facts` in braces.
    error : type
    """

    pattern: str
    sentence: str
    error: type[DatabaseError] = DatabaseError


# The first that fits is taken: DuckDB wraps "No space left" into an error of the commit, and that into a fatal one.
_OUTSIDE = (
    _Cause(
        r"different configuration than existing connections",
        'This program itself has the database "{path}" open already.',
        DatabaseBusyError,
    ),
    _Cause(
        r"locks are not supported|set lock on.*(?:not supported|not implemented|No locks|Bad file descriptor)",
        'The disk of the database "{path}" knows no locks ({reason}), so a second program could write at once; choose a '
        "--db on another disk.",
    ),
    _Cause(
        r"set lock on|used by another process|already open",
        'Another program{process} is using the database "{path}". Wait until it ends, or close it.',
        DatabaseBusyError,
    ),
    _Cause(
        r"No space left|not enough space|[Qq]uota exceeded",
        'The folder "{folder}" has no space left for {part} "{path}". Free some, and run again.',
    ),
    _Cause(
        r"File too large",
        'The folder "{folder}" takes no larger file ({reason}) for {part} "{path}"; choose another --db.',
    ),
    _Cause(
        r"max_temp_directory_size",
        'The temporary files of the database "{path}" in the folder "{folder}" reached their limit of {limit}. Divide the '
        "largest input file, or free space there, and run again.",
    ),
    _Cause(
        r"/[\d.]+ \w+ used\)",
        'The database "{path}" needs more than the {limit} of memory that it is allowed. Divide the largest input file, and '
        "run again.",
    ),
    _Cause(
        r"Out of Memory|bad.alloc|ailed to (?:re-)?allocate|ould not allocate",
        'The computer has too little free memory for the database "{path}". Close other programs, and run again.',
    ),
    _Cause(
        r"Permission denied|Operation not permitted|Read-only file system|Access is denied",
        'The database "{path}" cannot be used: it or its folder is read-only, or belongs to another user ({reason}); '
        "choose another --db.",
    ),
)
_DAMAGED = (
    r"[Cc]orrupt(?!ed Parquet| Parquet)|checksum|replaying (?:checkpoint )?WAL|WAL does not match|WAL was created for|"
    r"not read enough bytes|not a valid DuckDB database|^Serialization Error"
)
# Said of the database without its name, by DuckDB 1.5 as an error of reading or writing.
_UNNAMED = r"^(?:IO Error: )?Corrupt (?:database|WAL|temporary) file"
_AT_A_STATEMENT = (
    *_OUTSIDE,
    _Cause(
        _DAMAGED,
        'The database "{path}" is damaged. Delete it, and "{path}.wal": it is rebuilt from the files.',
        DamagedDatabaseError,
    ),
    _Cause(
        r"^(?:INTERNAL|FATAL) Error",
        'DuckDB failed on the database "{path}" ({reason}). Delete it and run again: it is rebuilt from the files; report it '
        "if it fails again.",
    ),
)
# Nobody knows yet who made the file, so it is not said that it can be deleted.
_AT_OPENING = (
    *_OUTSIDE,
    _Cause(
        r"can only read (?:storage )?versions|storage version greater than|can only read version 1",
        '"{path}" was made by another version of DuckDB than {version}, which cannot read it. If geoharm made it, delete it: '
        "it is rebuilt from the files; if not, choose another --db.",
    ),
    _Cause("encrypted", '"{path}" is an encrypted database, which geoharm did not make; choose another --db.'),
    _Cause(
        rf"{_DAMAGED}|^(?:INTERNAL|FATAL) Error",
        'The database "{path}" is damaged. If geoharm made it, delete it, and "{path}.wal": it is rebuilt from the files; if '
        "not, choose another --db.",
        DamagedDatabaseError,
    ),
)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn an error that DuckDB raises inside the block into one of geoharm.

    Parameters
    ----------
    path : Path
        The open database.
    """
    try:
        yield
    except duckdb.InterruptException as error:
        raise KeyboardInterrupt from error
    except duckdb.Error as error:
        raise statement_error(error, path) from error
    except MemoryError as error:
        raise _known(_OUTSIDE, "bad alloc", path) or error from error
    except RuntimeError as error:
        if "Query interrupted" in str(error):
            raise KeyboardInterrupt from error
        raise


def statement_error(error: duckdb.Error, path: Path) -> DatabaseError:
    """Return the error of geoharm for one that a statement on an open database of geoharm raised."""
    message = str(error)
    if isinstance(error, duckdb.CatalogException | duckdb.BinderException):
        return StatementError(
            f'The database "{path}" was changed by another program ({_first_line(message)}). Delete it: it is rebuilt from '
            "the files."
        )
    refused = StatementError(f'The database "{path}" cannot carry out a step: {_first_line(message)}.')
    names_own = bool(_names_of(path, message)) or re.search(_UNNAMED, message) is not None
    is_about_input = isinstance(error, duckdb.IOException) and not names_own
    if is_about_input or isinstance(error, _OF_THE_STATEMENT):
        return refused
    known = _known(_AT_A_STATEMENT, message, path)
    if known is None and (isinstance(error, duckdb.IOException) or "Failed to commit" in message):
        return DatabaseError(f'The database "{path}" cannot be read or written ({_reason(message)}).')
    return known or refused


def opening_error(error: Exception, path: Path, *, existed: bool) -> DatabaseError:
    """Return the error for a database that cannot be opened, so that nobody knows who made it.

    Parameters
    ----------
    error : Exception
    path : Path
    existed : bool
        Whether there was such a file before.
    """
    message = (error.strerror if isinstance(error, OSError) else None) or str(error)
    state = "opened" if existed else "created there"
    return _known(_AT_OPENING, message, path) or DatabaseError(
        f'The database "{path}" cannot be {state} ({_reason(message)}); choose another --db.'
    )


def _known(causes: Sequence[_Cause], message: str, path: Path) -> DatabaseError | None:
    """Return the error of the first cause that fits a message; the names of files may hold any words, and do not count."""
    names = sorted(_names_of(path, message), key=len, reverse=True)
    plain = message
    for name in names:
        plain = plain.replace(name, "")
    cause = next((cause for cause in causes if re.search(cause.pattern, plain)), None)
    if cause is None:
        return None
    process, limit = re.search(r"PID (\d+)", plain), re.search(r"/([\d.]+ \w+) used\)", plain)
    facts = {
        "path": path,
        "folder": path.absolute().parent,
        "part": "temporary files of the database" if any(name.endswith(".tmp") for name in names) else "the database",
        "reason": _reason(message),
        "limit": limit.group(1) if limit else "",
        "process": f" (process {process.group(1)})" if process else "",
        "version": duckdb.__version__,
    }
    return cause.error(cause.sentence.format(**facts))


def _names_of(path: Path, message: str) -> list[str]:
    """Return the names in a message that are the database, its log, its temporary folder or a file in that."""
    own = {re.escape(name) for name in (str(path.absolute()), os.path.realpath(path))}
    # To the closing quote or the end, so that an input file whose name only begins like the database's is not taken.
    pattern = rf'(?:{"|".join(own)})(?:\.wal(?:\.\w+)?|\.tmp(?:[/\\][^"\n]*)?)?(?="|$)'
    return re.findall(pattern, message, re.MULTILINE)


def _first_line(message: str) -> str:
    """Return the first line of a message, without the kind of the error and the last sign."""
    lines = message.strip().splitlines() or ["no reason was given"]
    return re.sub(r"^\w[\w ]* Error: ", "", lines[0]).rstrip(".!")


def _reason(message: str) -> str:
    """Return what stands after the name of the file in the first line of a message."""
    return _first_line(message).rsplit('": ', 1)[-1].rstrip('"')
