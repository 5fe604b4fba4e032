"""Remove what a study holds, and say what it was."""

from __future__ import annotations

from pathlib import Path

from geoharm.errors import StoreError
from geoharm.store.connection import open_store

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
    StoreError
        If there is no such file, it is no database of ours, or another program is using it.
    """
    if not path.is_file():
        msg = f'There is no database "{path}"; nothing was removed.'
        raise StoreError(msg)
    with open_store(path, inputs=path.parent) as store:
        held = {
            name: sum(
                int(store.connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]) for table in tables
            )
            for name, tables in _TABLES.items()
        }
    for file in (path, path.with_name(path.name + ".wal")):
        file.unlink(missing_ok=True)
    return held
