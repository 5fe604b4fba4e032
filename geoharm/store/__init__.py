"""The tables: the only importer of duckdb. Files become rows, rows become a balanced ledger, points and counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from geoharm.errors import DataError
from geoharm.model import Period, SourceLedger, StudyArea
from geoharm.store.connection import Store, open_store
from geoharm.store.formats import Format, read_format, shipped
from geoharm.store.ledger import source_ledger
from geoharm.store.reduce import (
    ELSEWHERE,
    UNPLACED,
    categories,
    points,
    reduce_zones,
    whole_period,
    zone_counts,
    zone_of,
)
from geoharm.store.save import save_effects
from geoharm.store.settle import settle_source
from geoharm.store.tidy import LoadRule, forget_file, load_file

__all__ = [
    "ELSEWHERE",
    "UNPLACED",
    "Format",
    "Store",
    "categories",
    "find_files",
    "ingest_source",
    "open_store",
    "points",
    "read_format",
    "reduce_zones",
    "save_effects",
    "shipped",
    "whole_period",
    "zone_counts",
    "zone_of",
]


def find_files(patterns: Sequence[str], folder: Path) -> tuple[Path, ...]:
    """Return the files that match names or patterns in a folder, in the order of their names.

    Raises
    ------
    DataError
        If a pattern matches nothing, leads out of the folder, or two files have one name.
    """
    found: dict[str, Path] = {}
    for pattern in patterns:
        if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
            msg = f'The file pattern "{pattern}" must lie inside the data folder; move the file or set --data.'
            raise DataError(msg)
        literal = folder / pattern
        matches = [literal] if literal.is_file() else sorted(path for path in folder.glob(pattern) if path.is_file())
        if not matches:
            msg = f'No file matches "{pattern}" in the data folder "{folder}"; set --data to the folder that holds it.'
            raise DataError(msg)
        for path in matches:
            if found.setdefault(path.name, path) != path:
                msg = f'Two files are called "{path.name}"; a file is known by its name, so rename one.'
                raise DataError(msg)
    return tuple(found[name] for name in sorted(found))


def ingest_source(
    store: Store,
    source: str,
    *,
    layout: Format,
    files: Sequence[Path],
    area: StudyArea,
    period: Period,
    covers: Period | None = None,
    on_file: Callable[[str], None] | None = None,
) -> SourceLedger:
    """Read a source's files into the database and return the balanced ledger.

    Files read before under the same rules are left alone; files no longer listed are removed.

    Parameters
    ----------
    store : Store
    source : str
    layout : Format
    files : sequence of Path
    area : StudyArea
    period : Period
    covers : Period, optional
        The days the files cover, where the first and last event do not tell.
    on_file : callable
        Called with each file's name once it is done.

    Raises
    ------
    DataError, GateError
        With one sentence; the file in question has changed nothing.
    """
    rule = LoadRule(source, layout, area, period)
    listed = {path.name for path in files}
    with store.transaction() as connection:
        held = connection.execute("SELECT file FROM tidy.file WHERE source = ?", [source]).fetchall()
        for (name,) in held:
            if name not in listed:
                forget_file(connection, source, name)
    for path in files:
        load_file(store, path, rule)
        if on_file:
            on_file(path.name)
    settle_source(store, source, layout, area, covers)
    return source_ledger(store, source, layout)
