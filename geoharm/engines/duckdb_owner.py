"""Whose database this is: geoharm's only if it says so, and if nothing in it was made by anybody else."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from geoharm.engines.base import Engine, StatementError
from geoharm.errors import DatabaseError

LAYOUT = 11

# The views that `Engine.show` is asked for. Any other view belongs to somebody else.
VIEWS = frozenset({
    "address_point", "area", "area_value", "default_geocode", "duplicate", "effect", "event", "ledger", "note", "recovered",
    "reject", "site", "street_line", "street_point", "street_segment", "survey_value", "unplaced_street", "zone_count",
})  # fmt: skip

_EVERYTHING = """
SELECT 'table' AS kind, schema_name AS place, table_name AS name FROM duckdb_tables()
WHERE database_name = current_database() AND NOT internal
UNION ALL SELECT 'view', schema_name, view_name FROM duckdb_views()
WHERE database_name = current_database() AND NOT internal
UNION ALL SELECT 'schema', schema_name, '' FROM duckdb_schemas()
WHERE database_name = current_database() AND NOT internal
UNION ALL SELECT 'macro', schema_name, function_name FROM duckdb_functions()
WHERE database_name = current_database() AND NOT internal
UNION ALL SELECT 'type', schema_name, type_name FROM duckdb_types()
WHERE database_name = current_database() AND NOT internal
UNION ALL SELECT 'sequence', schema_name, sequence_name FROM duckdb_sequences()
WHERE database_name = current_database()
"""
_NAMED = 3

Entry = tuple[str, str, str]


def stated_hashes(engine: Engine, path: Path) -> str | None:
    """Return the hashes that geoharm's own database states, or None if the database has nothing in it.

    Parameters
    ----------
    engine : Engine
        Nothing is written to it.
    path : Path
        For the sentence.

    Raises
    ------
    DatabaseError
        If somebody else made the database or a part of it, or another version of geoharm made it.
    """
    entries: set[Entry] = {(kind, place, name) for kind, place, name in engine.rows(_EVERYTHING)}
    if not entries:
        return None
    about, catalog = ("table", "store", "about"), ("table", "store", "catalog")
    if {about, catalog} <= entries:
        layout, hashes, stored = _statement(engine)
        own: set[Entry] = {("table", "store", name) for name in stored} | {("view", "main", name) for name in VIEWS}
        own |= {about, catalog, ("table", "store", "seal"), ("schema", "store", "")}
        others = entries - own
        if layout != LAYOUT:  # Another version may have had other tables and views.
            others = {entry for entry in others if entry[1] != "store" and entry[:2] != ("view", "main")}
        if others:
            msg = (
                f'The database "{path}" also holds {_names(others)}, which geoharm did not make. Nothing was written: '
                "move that elsewhere, or choose another --db."
            )
            raise DatabaseError(msg)
        if layout != LAYOUT:
            raise other_version(path)
        return hashes
    earlier = {entry for entry in entries if entry[1] in {"tidy", "result"}} | {("table", "main", "about")}
    if entries <= earlier and ("table", "tidy", "file") in entries:
        raise other_version(path)
    msg = (
        f'"{path}" is a database that geoharm did not make (it has {_names(entries)}). Nothing was written: choose '
        "another --db."
    )
    raise DatabaseError(msg)


def other_version(path: Path) -> DatabaseError:
    """Return the error for a database that another version of geoharm or of DuckDB made."""
    return DatabaseError(
        f'The database "{path}" was made by another version of geoharm or of DuckDB, or changed since. Delete it: it is '
        "rebuilt from the files."
    )


def _statement(engine: Engine) -> tuple[int, str, list[str]]:
    """Return layout, hashes and the names of stored tables; layout 0 if the tables that state them are of another shape."""
    try:
        ((layout, hashes),) = engine.rows("SELECT CAST(layout AS INTEGER), CAST(hashes AS VARCHAR) FROM store.about")
        return layout or 0, hashes or "", [name for (name,) in engine.rows("SELECT name FROM store.catalog")]
    except (StatementError, ValueError):
        return 0, "", []


def _names(entries: Iterable[Entry]) -> str:
    """Return up to three names; a schema only if nothing else is named in it."""
    found = sorted(entries)
    filled = {place for kind, place, _ in found if kind != "schema"}
    names = [
        f'"{place}"' if kind == "schema" else f'"{name}"' if place == "main" else f'"{place}.{name}"'
        for kind, place, name in found
        if kind != "schema" or place not in filled
    ]
    listed = names if len(names) <= _NAMED else [*names[:_NAMED], f"{len(names) - _NAMED} more"]
    return " and ".join(filter(None, (", ".join(listed[:-1]), listed[-1])))
