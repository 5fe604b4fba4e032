"""Say what a study's database holds and delete it; count the events from a day on. Neither writes to the database."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from geoharm.engines.base import Engine, StatementError
from geoharm.engines.duckdb import read_engine
from geoharm.engines.duckdb_errors import DamagedDatabaseError
from geoharm.engines.duckdb_files import database_files, temporary_folder
from geoharm.errors import DatabaseError
from geoharm.queries.stored import stored_sources


@dataclass(frozen=True, slots=True)
class DatabaseContent:
    """What a purge removes.

    Attributes
    ----------
    path : Path
        The database.
    files : tuple of (Path, int)
        The database, its log and temporary files that a killed process left, with their sizes in bytes.
    counts : tuple of (str, int)
        How many sources, files, rows and estimates it holds; empty if it is damaged, or another program changed it.
    """

    path: Path
    files: tuple[tuple[Path, int], ...]
    counts: tuple[tuple[str, int], ...]


def database_content(path: Path) -> DatabaseContent:
    """Return what a purge of a database would remove; nothing is written.

    A damaged database is described too, as long as it can be opened and says that it is geoharm's.

    Raises
    ------
    DatabaseError
        If there is no such file, it is a link, it is not certain that geoharm made all of it, or another program is
        using it.
    """
    if path.is_symlink():
        msg = f'"{path}" is a link to "{path.readlink()}"; nothing was removed. Name that file with --db, or delete the link.'
        raise DatabaseError(msg)
    counts: tuple[tuple[str, int], ...] = ()
    with read_engine(path, any_hashes=True) as engine, suppress(DamagedDatabaseError, StatementError):
        counts = _counts(engine)
    return DatabaseContent(path, tuple((file, file.stat().st_size) for file in database_files(path)), counts)


def purge(content: DatabaseContent) -> None:
    """Delete a database, its log and its temporary files. Input files and published pages are not touched.

    Parameters
    ----------
    content : DatabaseContent
        What is to be removed, and nothing else.

    Raises
    ------
    DatabaseError
        If the database is another one than `content` describes, or another program is using it.
    """
    if database_content(content.path) != content:
        msg = f'The database "{content.path}" was changed meanwhile; nothing was removed. Purge again.'
        raise DatabaseError(msg)
    # The database last: if the others cannot be removed, it can still be purged.
    for file, _ in reversed(content.files):
        file.unlink(missing_ok=True)
    with suppress(OSError):  # It is not there, or holds what others put into it.
        temporary_folder(content.path).rmdir()


def events_since(path: Path, day: date) -> int:
    """Return the number of events in a database from a day on.

    Parameters
    ----------
    path : Path
        An existing database file.
    day : date

    Raises
    ------
    DatabaseError
        If it is not a geoharm database, another program is using it, or has changed it.
    """
    with read_engine(path) as engine:
        engine.verify()
        return sum(
            int(
                engine.rows(
                    f"SELECT CAST(coalesce(sum(t.rows), 0) AS BIGINT) FROM {engine.table(f'tally_{source.state}')} AS t "
                    "WHERE t.fate = 'kept' AND t.day >= $day",
                    {"day": day},
                )[0][0]
            )
            for source in stored_sources(engine).values()
            if source.kind == "event"
        )


def _counts(engine: Engine) -> tuple[tuple[str, int], ...]:
    sources = stored_sources(engine).values()
    estimates = engine.rows(f"SELECT count(*) FROM {engine.table('effect')}") if "effect" in engine.names() else [(0,)]
    return (
        ("sources", len(sources)),
        ("files", sum(len(source.files) for source in sources)),
        ("rows", sum(file.read for source in sources for file in source.files)),
        ("estimates", int(estimates[0][0])),
    )
