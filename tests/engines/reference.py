"""A second engine, slow and plain: stored tables in Python's own SQLite, to hold the DuckDB engine to.

It keeps to the letter of `geoharm.engines.base.Engine`, and gives nothing more: its scratch space cannot see what is stored,
rows come in the reverse order unless a question asks for one, and what is not in the shared SQL is refused.
"""

from __future__ import annotations

import hashlib
import math
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from geoharm.engines.base import Columns, Part, SmallTables, StatementError, Values
from geoharm.engines.duckdb import DuckDBScratch
from geoharm.engines.sql import quote_name
from geoharm.errors import DatabaseError

_FROM_STORED = {
    "BOOLEAN": bool,
    "DOUBLE": float,
    "DATE": date.fromisoformat,
    "TIMESTAMP": datetime.fromisoformat,
}
_TYPES = {
    "BOOLEAN": np.bool_, "TINYINT": np.int8, "SMALLINT": np.int16, "INTEGER": np.int32, "BIGINT": np.int64,
    "DOUBLE": np.float64, "DATE": "datetime64[us]", "TIMESTAMP": "datetime64[us]", "VARCHAR": np.object_, "BLOB": np.object_,
}  # fmt: skip
_FUNCTIONS = {
    "year": lambda moment: int(moment[:4]),
    "month": lambda moment: int(moment[5:7]),
    "hour": lambda moment: int(moment[11:13]),
    "floor": math.floor,
}


class ReferenceEngine:
    """Stored tables in SQLite, in memory; see `geoharm.engines.base.Engine`.

    Days and moments are stored as ISO texts. SQLite has no types of columns, so the types of an answer are those that
    DuckDB gives to the same question to empty tables.

    Attributes
    ----------
    scratch : DuckDBScratch
    asked : list of str
        The SQL of every question so far.
    """

    def __init__(self) -> None:
        self._files = duckdb.connect()
        self.scratch = DuckDBScratch(self._files, Path("reference"))
        self.asked: list[str] = []
        self._digests: dict[str, str] = {}
        self._parts: dict[str, dict[str, int]] = {}
        self._in_swap = False
        # The same tables without rows, where the types of an answer are looked up.
        self._empty = duckdb.connect()
        self.tables = sqlite3.connect(":memory:", isolation_level=None)
        self.tables.execute("PRAGMA reverse_unordered_selects = ON")
        for name, function in _FUNCTIONS.items():
            self.tables.create_function(name, 1, _or_null(function), deterministic=True)
        self.tables.create_function("date_trunc", 2, _date_trunc, deterministic=True)

    def close(self) -> None:
        """Forget everything."""
        for connection in (self.tables, self._empty, self._files):
            connection.close()

    @property
    def hashes(self) -> str:
        """Ids are hashed where files are read, by DuckDB."""
        return f"duckdb {duckdb.__version__}"

    def names(self) -> frozenset[str]:
        """Return the names of all tables."""
        return frozenset(self._digests)

    def parts(self, name: str) -> dict[str, int]:
        """Return the parts of a table: the number of each by its label; empty if there is no such table."""
        return dict(self._parts.get(name, {}))

    def table(self, name: str, parts: Sequence[int] | None = None) -> str:
        """Return SQL for a table, or for some of its parts."""
        if parts is None:
            return quote_name(name)
        return f"(SELECT * FROM {quote_name(name)} WHERE part IN ({', '.join(map(str, parts))}))"

    def rows(self, sql: str, values: Values | None = None, tables: SmallTables | None = None) -> list[tuple[Any, ...]]:
        """Return the rows that answer a question."""
        types, rows = self._ask(sql, values, tables)
        return [tuple(map(_from_stored, types.values(), row)) for row in rows]

    def columns(self, sql: str, values: Values | None = None, tables: SmallTables | None = None) -> Columns:
        """Return an array for each column; NULL is NaN in an array of numbers, NaT among days, None among texts."""
        types, rows = self._ask(sql, values, tables)
        return {
            name: _array(type_, [_from_stored(type_, row[position]) for row in rows])
            for position, (name, type_) in enumerate(types.items())
        }

    def bring(self, name: str, sql: str) -> str:
        """Copy the answer to a question into the scratch space, and return the name of the copy."""
        types, rows = self._ask(sql, None, None)
        self.scratch.execute(f"CREATE OR REPLACE TEMP TABLE {quote_name(name)} ({_declared(types)})")
        columns = {
            column: pa.array([_from_stored(type_, row[position]) for row in rows])
            for position, (column, type_) in enumerate(types.items())
        }
        self.scratch.register("brought", pa.table(columns))
        self.scratch.execute(f"INSERT INTO {quote_name(name)} FROM brought")
        self.scratch.unregister("brought")
        return quote_name(name)

    def write(self, name: str, content: str | pa.Table, part: Part | None = None) -> None:
        """Write a table or one part of it, whole; an older one of that name and number is replaced."""
        if isinstance(content, str):
            types, rows = _typed(self.scratch.execute(content))
        else:
            self.scratch.register("content", content)
            types, rows = _typed(self.scratch.execute("FROM content"))
            self.scratch.unregister("content")
        with self._transaction():
            if part is None:
                self.drop(name)
            else:
                self.drop(name, part.number)
                types, rows = {"part": "INTEGER"} | types, [(part.number, *row) for row in rows]
            if name not in self._digests:
                self._empty.execute(f"CREATE TABLE {quote_name(name)} ({_declared(types)})")
                self.tables.execute(f"CREATE TABLE {quote_name(name)} ({', '.join(map(quote_name, types))})")
            marks = ", ".join("?" for _ in types)
            stored = [tuple(map(_to_stored, row)) for row in rows]
            self.tables.executemany(f"INSERT INTO {quote_name(name)} VALUES ({marks})", stored)
            if part is not None:
                self._parts[name] = self._parts.get(name, {}) | {part.label: part.number}
            self._digests[name] = self._digest(name)

    def drop(self, name: str, part: int | None = None) -> None:
        """Drop a table or one part of it; nothing happens if there is none."""
        left = {label: number for label, number in self._parts.get(name, {}).items() if number != part}
        with self._transaction():
            if part is not None and (left or name not in self._digests):
                self._parts[name] = left
                if name in self._digests:
                    self.tables.execute(f"DELETE FROM {quote_name(name)} WHERE part = ?", [part])
                    self._digests[name] = self._digest(name)
                return
            self.tables.execute(f"DROP TABLE IF EXISTS {quote_name(name)}")
            self._empty.execute(f"DROP TABLE IF EXISTS {quote_name(name)}")
            self._digests.pop(name, None)
            self._parts.pop(name, None)

    @contextmanager
    def swap(self) -> Iterator[None]:
        """Run the block so that all of its writes and drops take effect, or none if it raises."""
        before = dict(self._digests), dict(self._parts)
        for connection in (self.tables, self._empty):
            connection.execute("BEGIN TRANSACTION")
        self._in_swap = True
        try:
            yield
        except BaseException:
            for connection in (self.tables, self._empty):
                connection.execute("ROLLBACK")
            self._digests, self._parts = before
            raise
        else:
            for connection in (self.tables, self._empty):
                connection.execute("COMMIT")
        finally:
            self._in_swap = False

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        if self._in_swap:
            yield
        else:
            with self.swap():
                yield

    def show(self, name: str, sql: str, about: str, columns: Mapping[str, str]) -> None:
        """Do nothing: there are no people here."""

    def hide(self, name: str) -> None:
        """Do nothing."""

    def verify(self) -> None:
        """Compare every table with the digest that was taken when it was written."""
        stored = {name for (name,) in self.tables.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        changed = stored ^ set(self._digests)
        changed |= {name for name in stored & set(self._digests) if self._digest(name) != self._digests[name]}
        if changed:
            msg = f'The database was changed by another program: its table "{min(changed)}" is not as geoharm wrote it.'
            raise DatabaseError(msg)

    def _digest(self, name: str) -> str:
        found = self.tables.execute(f"SELECT * FROM {quote_name(name)}")
        header = [column[0] for column in found.description]
        return hashlib.sha256(repr((header, sorted(map(repr, found.fetchall())))).encode()).hexdigest()

    def _ask(
        self, sql: str, values: Values | None, tables: SmallTables | None
    ) -> tuple[dict[str, str], list[tuple[Any, ...]]]:
        """Return the types of an answer's columns, and its rows as they are stored."""
        self.asked.append(sql)
        given = dict(values or {})
        with self._brought(tables):
            try:
                # DuckDB refuses a value that the question does not name, and a name without a value.
                types, _ = _typed(self._empty.execute(sql, given or None))
                found = self.tables.execute(sql, {name: _to_stored(value) for name, value in given.items()})
                return types, found.fetchall()
            except (duckdb.Error, sqlite3.Error) as error:
                msg = f"The reference cannot answer a question: {error}"
                raise StatementError(msg) from error

    @contextmanager
    def _brought(self, tables: SmallTables | None) -> Iterator[None]:
        for name, columns in (tables or {}).items():
            table = pa.table(dict(columns))
            self._empty.register(name, table.slice(0, 0))
            listed = ", ".join(map(quote_name, table.column_names))
            self.tables.execute(f"CREATE TEMP TABLE {quote_name(name)} ({listed})")
            rows = zip(*(map(_to_stored, column.to_pylist()) for column in table.columns), strict=True)
            marks = ", ".join("?" for _ in table.column_names)
            self.tables.executemany(f"INSERT INTO temp.{quote_name(name)} VALUES ({marks})", rows)
        try:
            yield
        finally:
            for name in tables or {}:
                self._empty.unregister(name)
                self.tables.execute(f"DROP TABLE temp.{quote_name(name)}")


def _typed(answer: duckdb.DuckDBPyConnection) -> tuple[dict[str, str], list[tuple[Any, ...]]]:
    """Return the types of an answer's columns, and its rows; refuse types that not every engine has."""
    types = {name: str(type_) for name, type_, *_ in answer.description}
    rows = answer.fetchall()
    for name, type_ in types.items():
        if type_ not in _TYPES:
            # Such as the sum of whole numbers.
            msg = f'The column "{name}" is {type_}, which not every engine has: cast it.'
            raise TypeError(msg)
    return types, rows


def _declared(types: Mapping[str, str]) -> str:
    return ", ".join(f"{quote_name(name)} {type_}" for name, type_ in types.items())


def _to_stored(value: object) -> Any:
    if isinstance(value, float) and math.isnan(value):
        msg = "NaN is stored nowhere: an unknown number is NULL."
        raise ValueError(msg)
    if isinstance(value, datetime):
        return value.isoformat(" ", "microseconds")
    return value.isoformat() if isinstance(value, date) else value


def _from_stored(type_: str, value: Any) -> Any:
    return value if value is None else _FROM_STORED.get(type_, lambda same: same)(value)


def _array(type_: str, values: list[Any]) -> np.ndarray[Any, Any]:
    kind = np.dtype(_TYPES[type_])
    if kind.kind in "biu" and None in values:
        kind = np.dtype(np.float64)
    if kind.kind == "f":
        values = [math.nan if value is None else value for value in values]
    array = np.empty(len(values), dtype=kind)
    array[:] = values
    return array


def _or_null(function: Any) -> Any:
    return lambda value: None if value is None else function(value)


def _date_trunc(unit: str, moment: str | None) -> str | None:
    if moment is None:
        return None
    kept = {"day": 10, "hour": 13}[unit]
    return moment[:kept] + "0001-01-01 00:00:00.000000"[kept:]
