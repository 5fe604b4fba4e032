"""What a study's database holds: whether outcomes are in it; remove it, and say what it was."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from geoharm.engines.duckdb import open_engine
from geoharm.errors import DatabaseError

_TABLES = {
    "files": ("tidy.file",),
    "rows": ("tidy.row", "tidy.area_value", "tidy.survey_value", "tidy.site", "tidy.street_line"),
    "rejects": ("tidy.reject",),
    "estimates": ("result.effect",),
}


def purge(path: Path) -> dict[str, int]:
    """Delete a study's database file, and return how many files, rows, rejects and estimates it held.

    Input files and published pages are not touched.

    Raises
    ------
    DatabaseError
        If there is no such file, it is no database of ours, or another program is using it.
    """
    if not path.is_file():
        msg = f'There is no database "{path}"; nothing was removed.'
        raise DatabaseError(msg)
    with open_engine(path, inputs=path.parent) as store:
        held = {
            name: sum(
                int(store.connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]) for table in tables
            )
            for name, tables in _TABLES.items()
        }
    for file in (path, path.with_name(path.name + ".wal")):
        file.unlink(missing_ok=True)
    return held


def events_since(path: Path, day: date) -> int:
    """Return how many events from a day on a database holds.

    Parameters
    ----------
    path : Path
        A database file that is there.
    day : date

    Raises
    ------
    DatabaseError
        If it is no database of ours, or another program is using it.
    """
    with open_engine(path, inputs=path.parent) as store:
        found = store.connection.execute("SELECT count(*) FROM tidy.event WHERE day >= ?", [day]).fetchall()
    return int(found[0][0])
