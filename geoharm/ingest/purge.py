"""Delete a study's database and report what it held; count the events from a day on."""

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
    """Delete a study's database file, and return how many files, rows, rejects and estimates it contained.

    Input files and published pages are not touched.

    Raises
    ------
    DatabaseError
        If there is no such file, it is not a geoharm database, or another program is using it.
    """
    if not path.is_file():
        msg = f'There is no database "{path}"; nothing was removed.'
        raise DatabaseError(msg)
    with open_engine(path, inputs=path.parent) as engine:
        counts = {
            name: sum(
                int(engine.connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]) for table in tables
            )
            for name, tables in _TABLES.items()
        }
    for file in (path, path.with_name(path.name + ".wal")):
        file.unlink(missing_ok=True)
    return counts


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
        If it is not a geoharm database, or another program is using it.
    """
    with open_engine(path, inputs=path.parent) as engine:
        rows = engine.connection.execute("SELECT count(*) FROM tidy.event WHERE day >= ?", [day]).fetchall()
    return int(rows[0][0])
