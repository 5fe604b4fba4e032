"""DuckDB as the engine: one file for each study, opened with every setting locked that a study does not need.

Stored tables lie in the schema ``store``. The views in the schema ``main`` are for people; geoharm never reads them.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from weakref import WeakSet

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from geoharm.engines.base import Columns, Part, SmallTables, StatementError, Values
from geoharm.engines.duckdb_errors import opening_error, translated
from geoharm.engines.duckdb_files import check_is_database, database_files, remove_leftovers
from geoharm.engines.duckdb_owner import LAYOUT, other_version, stated_hashes
from geoharm.engines.sql import quote_name, quote_text
from geoharm.errors import DatabaseBusyError, DatabaseError, GeoharmError

# A thread that reads CSV needs about so much memory. Data beyond the limit are written to temporary files.
_MIN_THREADS, _MAX_THREADS, _MB_PER_THREAD = 2, 8, 150

# The three headers of a database file. A shorter file was never completed.
_HEADERS = 12_288

# So many tables are written before the memory that they take is given back.
_TABLES_IN_MEMORY = 100

_CREATE_STORE = """
CREATE SCHEMA store;
CREATE TABLE store.about (layout INTEGER, hashes VARCHAR);
CREATE TABLE store.catalog (name VARCHAR, part INTEGER, label VARCHAR, rows BIGINT, digest VARCHAR);
CREATE TABLE store.seal (parts BIGINT, digest HUGEINT);
"""

# What the catalog says as one number: a table that was removed together with its rows in the catalog is noticed.
_SEAL = (
    "SELECT count(*) AS parts, coalesce(sum(CAST(hash(name, part, label, rows, digest) AS HUGEINT)), 0) AS digest "
    "FROM store.catalog"
)

# Settings that hold while a database is opened: DuckDB would fetch an extension for a file or an address that it knows.
_OPENED_WITH = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
_LOCKED_SETTINGS = (
    "allow_community_extensions = false",
    "allow_persistent_secrets = false",
    "python_enable_replacements = false",
    "enable_progress_bar = false",
    "max_temp_directory_size = '20GB'",
    # The right side of a join is the small one; DuckDB would put the rows of a file of unknown size into memory.
    "disabled_optimizers = 'build_side_probe_side'",
    "enable_external_access = false",
    "lock_configuration = true",
)


_OPEN: WeakSet[duckdb.DuckDBPyConnection] = WeakSet()


class DuckDBResult:
    """The answer to one statement; see `geoharm.engines.base.Result`. Most errors are found while rows are fetched."""

    __slots__ = ("_connection", "_path")

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        self._connection = connection
        self._path = path

    @property
    def description(self) -> list[tuple[Any, ...]]:
        """Name and type of each column, at the begin of its tuple."""
        return self._connection.description or []

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Return the rows."""
        with translated(self._path):
            return self._connection.fetchall()

    def fetchone(self) -> tuple[Any, ...] | None:
        """Return the next row, or None."""
        with translated(self._path):
            return self._connection.fetchone()

    def fetchnumpy(self) -> dict[str, Any]:
        """Return an array for each column, masked where a value is NULL."""
        with translated(self._path):
            return self._connection.fetchnumpy()


class DuckDBScratch:
    """Temporary tables of an open database; see `geoharm.engines.base.Scratch`."""

    __slots__ = ("_connection", "_path")

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        self._connection = connection
        self._path = path

    def execute(self, sql: str, values: object = None) -> DuckDBResult:
        """Carry out one or several statements."""
        with translated(self._path):
            return DuckDBResult(self._connection.execute(sql, values), self._path)

    def register(self, name: str, table: pa.Table) -> None:
        """Make an Arrow table readable under a name."""
        with translated(self._path):
            self._connection.register(name, table)

    def unregister(self, name: str) -> None:
        """Forget a registered table."""
        with translated(self._path):
            self._connection.unregister(name)


class DuckDBEngine:
    """An open database, made by `open_engine`; see `geoharm.engines.base.Engine`.

    Attributes
    ----------
    path : Path
    scratch : DuckDBScratch
    """

    __slots__ = ("_in_swap", "_known", "_written", "path", "scratch")

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        self.path = path
        self.scratch = DuckDBScratch(connection, path)
        self._in_swap = False
        self._written = 0
        self._known: dict[str, dict[str, int]] | None = None

    @property
    def hashes(self) -> str:
        """The function ``hash`` of this version of DuckDB: another version may hash differently."""
        return f"duckdb {duckdb.__version__}"

    def names(self) -> frozenset[str]:
        """Return the names of all stored tables."""
        return frozenset(self._catalog())

    def _catalog(self) -> dict[str, dict[str, int]]:
        """Return the parts of every table: the number of each by its label; nothing for a table without parts."""
        if self._known is None:
            self._known = {}
            for name, part, label in self.rows("SELECT name, part, label FROM store.catalog ORDER BY name, part"):
                self._known.setdefault(name, {}).update({} if part is None else {label: int(part)})
        return self._known

    def parts(self, name: str) -> dict[str, int]:
        """Return the parts of a table: the number of each by its label; empty if there is no such table."""
        return dict(self._catalog().get(name, {}))

    def table(self, name: str, parts: Sequence[int] | None = None) -> str:
        """Return SQL for a table, or for some of its parts."""
        if parts is None:
            return _stored(name)
        return f"(SELECT * FROM {_stored(name)} WHERE part IN ({', '.join(map(str, parts))}))"

    def rows(self, sql: str, values: Values | None = None, tables: SmallTables | None = None) -> list[tuple[Any, ...]]:
        """Return the rows that answer a question."""
        with self._registered(_arrow(tables)):
            return self.scratch.execute(sql, dict(values) if values else None).fetchall()

    def columns(self, sql: str, values: Values | None = None, tables: SmallTables | None = None) -> Columns:
        """Return an array for each column; NULL is NaN in an array of numbers, NaT among days, None among texts."""
        with self._registered(_arrow(tables)):
            answer = self.scratch.execute(sql, dict(values) if values else None).fetchnumpy()
        return {name: _without_mask(values) for name, values in answer.items()}

    @contextmanager
    def _registered(self, tables: Mapping[str, pa.Table]) -> Iterator[None]:
        for name, table in tables.items():
            self.scratch.register(name, table)
        try:
            yield
        finally:
            for name in tables:
                self.scratch.unregister(name)

    def bring(self, name: str, sql: str) -> str:  # noqa: ARG002 # no copy needs a name
        """Return the question itself: the scratch space is in the same database, so nothing is copied."""
        return f"({sql})"

    def write(self, name: str, content: str | pa.Table, part: Part | None = None) -> None:
        """Write a table or one part of it, whole, from SQL over the scratch space or from Arrow.

        An older table or part of that name and number is replaced.
        """
        stored = _stored(name)
        sql, brought = (content, {}) if isinstance(content, str) else ("SELECT * FROM content", {"content": content})
        with self._transaction(), self._registered(brought):
            if part is None:
                self.scratch.execute(f"CREATE OR REPLACE TABLE {stored} AS {sql}")
                self.scratch.execute("DELETE FROM store.catalog WHERE name = ?", [name])
            else:
                self.drop(name, part.number)
                start = f"INSERT INTO {stored}" if name in self.names() else f"CREATE TABLE {stored} AS"
                self.scratch.execute(f"{start} SELECT CAST({part.number} AS INTEGER) AS part, * FROM ({sql})")
            number, label = part or (None, None)
            only = "" if number is None else f"WHERE part = {number}"
            rows, digest = self._digests(name, [number], only)[number]
            self.scratch.execute(
                "INSERT INTO store.catalog VALUES (?, ?, ?, ?, ?)", [name, number, label, rows, digest]
            )
            known = self._catalog()
            known[name] = known.get(name, {}) | {part.label: part.number} if part else {}
        self._written += 1

    def drop(self, name: str, part: int | None = None) -> None:
        """Drop a table or one part of it; nothing happens if there is none."""
        with self._transaction():
            parts = self.parts(name)
            if part is None or list(parts.values()) == [part]:
                self.scratch.execute(f"DROP TABLE IF EXISTS {_stored(name)}")
                self.scratch.execute("DELETE FROM store.catalog WHERE name = ?", [name])
                self._catalog().pop(name, None)
            elif part in parts.values():
                self.scratch.execute(f"DELETE FROM {_stored(name)} WHERE part = ?", [part])
                self.scratch.execute("DELETE FROM store.catalog WHERE name = ? AND part = ?", [name, part])
                self._catalog()[name] = {label: number for label, number in parts.items() if number != part}

    def show(self, name: str, sql: str, about: str, columns: Mapping[str, str]) -> None:
        """Make a view in the schema ``main``, with a comment on itself and on every column, in their order."""
        view = self._view(name)
        listed = ", ".join(map(quote_name, columns))
        self.scratch.execute(f"CREATE OR REPLACE VIEW {view} AS SELECT {listed} FROM ({sql})")
        self.scratch.execute(f"COMMENT ON VIEW {view} IS {quote_text(about)}")
        for column, comment in columns.items():
            self.scratch.execute(f"COMMENT ON COLUMN {view}.{quote_name(column)} IS {quote_text(comment)}")

    def hide(self, name: str) -> None:
        """Take a view away; nothing happens if there is none."""
        self.scratch.execute(f"DROP VIEW IF EXISTS {self._view(name)}")

    def _view(self, name: str) -> str:
        """Return the whole name of a view: a temporary table may have the same short one."""
        return f"{quote_name(self.rows('SELECT current_database()')[0][0])}.main.{quote_name(name)}"

    @contextmanager
    def swap(self) -> Iterator[None]:
        """Run the block as one transaction: all of its writes and drops take effect, or none if it raises."""
        self.scratch.execute("BEGIN TRANSACTION")
        self._in_swap = True
        try:
            yield
            # DuckDB answers COMMIT with success after a failed statement, and keeps nothing; any other statement says so.
            self.scratch.execute(f"DELETE FROM store.seal; INSERT INTO store.seal {_SEAL}")
            self.scratch.execute("COMMIT")
        except BaseException:
            self._known = None
            with suppress(DatabaseError):  # What is damaged cannot be rolled back, and must not hide why.
                self.scratch.execute("ROLLBACK")
            raise
        finally:
            self._in_swap = False
        # Until a checkpoint, each column of each new table takes a block of memory, however few its rows are.
        if self._written > _TABLES_IN_MEMORY:
            self.scratch.execute("CHECKPOINT")
            self._written = 0

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        if self._in_swap:
            yield
        else:
            with self.swap():
                yield

    def verify(self) -> None:
        """Compare every table with the digest that was taken when it was written.

        Raises
        ------
        DatabaseError
            If a table was changed by something else than geoharm, with its name.
        """
        try:
            changed = self._changed_table()
        except StatementError:
            changed = "catalog"
        if changed:
            msg = (
                f'The database "{self.path}" was changed by another program: its table "{changed}" is not as geoharm '
                "wrote it. Delete the database: it is rebuilt from the files."
            )
            raise DatabaseError(msg)

    def _changed_table(self) -> str:
        """Return the name of a table that is not as the catalog says, or an empty text."""
        if self.rows("FROM store.seal") != self.rows(_SEAL):
            return "catalog"
        catalog: dict[str, dict[int | None, tuple[int, str]]] = {}
        for name, part, rows, digest in self.rows("SELECT name, part, rows, digest FROM store.catalog ORDER BY name"):
            catalog.setdefault(name, {})[part] = (int(rows), digest)
        found = self.rows("SELECT DISTINCT table_name FROM duckdb_columns() WHERE schema_name = 'store'")
        unknown = sorted({name for (name,) in found} ^ catalog.keys() ^ {"about", "catalog", "seal"})
        if unknown:
            return unknown[0]
        return next((name for name, parts in catalog.items() if self._digests(name, parts) != parts), "")

    def _digests(self, name: str, parts: Collection[int | None], only: str = "") -> dict[int | None, tuple[int, str]]:
        """Return the number of rows of every part of a table, with its columns and a sum of hashes of rows.

        The sum does not depend on the order of rows. A table without parts has the part None.
        """
        columns = self.rows(f"DESCRIBE {_stored(name)}")
        listed = ", ".join(quote_name(column) for column, *_ in columns)
        described = f"{name}({', '.join(f'{column} {kind}' for column, kind, *_ in columns)})"
        number, group = ("NULL", "") if None in parts else ("part", "GROUP BY part")
        found = self.rows(
            f"SELECT {number}, count(*), coalesce(sum(CAST(hash({listed}) AS HUGEINT)), 0) FROM {_stored(name)} {only} {group}"
        )
        # A part without rows has no group.
        return dict.fromkeys(parts, (0, f"{described}: 0")) | {
            part: (int(rows), f"{described}: {total}") for part, rows, total in found
        }


@contextmanager
def open_engine(path: Path, *, inputs: Path) -> Iterator[DuckDBEngine]:
    """Open or create the database of a study; it can read files of one folder only.

    An existing file is looked at before anything is written to it. If the database is new, and an error of geoharm is
    raised before any file was loaded, it is deleted again.

    Parameters
    ----------
    path : Path
        The database file.
    inputs : Path
        The only folder whose files the database may read.

    Raises
    ------
    DatabaseError
        If it is not a database of geoharm, another version made it, it is damaged, it cannot be written, or another
        process is using it.
    """
    existed, hashes = os.path.lexists(path), None
    is_new = is_prepared = False
    if existed:
        with _read(path) as (reader, hashes):
            _check_version(reader, hashes)
    connection = _connect(path, existed=existed)
    engine = DuckDBEngine(connection, path)
    try:
        remove_leftovers(path)
        if not existed:  # Another process may have made it in this moment.
            hashes = stated_hashes(engine, path)
            _check_version(engine, hashes)
        if hashes is None:
            is_new = not existed
            with engine.swap():
                engine.scratch.execute(_CREATE_STORE)
                engine.scratch.execute("INSERT INTO store.about VALUES (?, ?)", [LAYOUT, engine.hashes])
        is_prepared = True
        _lock_settings(engine, inputs)
        yield engine
    except BaseException as error:
        is_left_empty = is_new and isinstance(error, GeoharmError) and not (is_prepared and _has_tables(engine))
        with suppress(duckdb.Error):  # A damaged database cannot be closed in order, and must not hide why.
            connection.close()
        if is_left_empty:
            _remove(path)
        raise
    with translated(path):
        connection.close()


@contextmanager
def read_engine(path: Path, *, any_hashes: bool = False) -> Iterator[DuckDBEngine]:
    """Open the database of a study to look at it; not even what its log holds is moved into the file.

    Parameters
    ----------
    path : Path
        An existing database file.
    any_hashes : bool
        Whether it may be one whose hashes another version of DuckDB made: its tables can be counted, but not compared
        with their digests.

    Raises
    ------
    DatabaseError
        If it is not a database of geoharm, another version made it, it is damaged, or another process is using it.
    """
    with _read(path) as (engine, hashes):
        if not any_hashes:
            _check_version(engine, hashes)
        if hashes is None:
            msg = (
                f'"{path}" is an empty database, and nothing says that geoharm made it. Delete it by hand, or choose another '
                "--db."
            )
            raise DatabaseError(msg)
        yield engine


def _check_version(engine: DuckDBEngine, hashes: str | None) -> None:
    if hashes not in {None, engine.hashes}:
        raise other_version(engine.path)


@contextmanager
def _read(path: Path) -> Iterator[tuple[DuckDBEngine, str | None]]:
    """Open a database without writing; give also its hashes, None if it has nothing in it."""
    if not os.path.lexists(path):
        msg = f'There is no database "{path}".'
        raise DatabaseError(msg)
    check_is_database(path)
    connection = _connect(path, existed=True, read_only=True)
    engine = DuckDBEngine(connection, path)
    try:
        hashes = stated_hashes(engine, path)
        _lock_settings(engine, path.parent)
        yield engine, hashes
    finally:
        with suppress(duckdb.Error):  # Nothing was written, so nothing can be lost.
            connection.close()


def _connect(path: Path, *, existed: bool, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    threads = min(max(os.cpu_count() or 1, _MIN_THREADS), _MAX_THREADS)
    if _catalog_name(path) == "store":
        msg = f'"{path}" has the name of the part of the database that holds its tables; choose another --db.'
        raise DatabaseError(msg)
    config: dict[str, str | bool | int | float | list[str]] = {
        **_OPENED_WITH,
        "threads": threads,
        "memory_limit": f"{_MB_PER_THREAD * threads}MB",
    }
    try:
        if not existed:
            path.parent.mkdir(parents=True, exist_ok=True)
        # A whole path: DuckDB takes names such as ":memory:" or "md:x" for something else than a file.
        connection = duckdb.connect(str(path.absolute()), read_only=read_only, config=config)
    except (duckdb.Error, OSError, UnicodeError) as error:
        reason = opening_error(error, path, existed=existed)
        if not existed and not isinstance(reason, DatabaseBusyError):
            with suppress(OSError):  # A disk that is full keeps the begin of a file.
                if path.stat().st_size < _HEADERS:
                    _remove(path)
        raise reason from error
    _OPEN.add(connection)
    return connection


def interrupt_questions() -> None:
    """End what the open databases are working out, for a handler of signals.

    DuckDB ends a question itself after a `KeyboardInterrupt`, but waits for its other threads, which go on to the end.
    """
    for connection in list(_OPEN):
        with suppress(duckdb.Error):  # It may be closed by now.
            connection.interrupt()


def _catalog_name(path: Path) -> str:
    """Return the name by which DuckDB's SQL knows the database; it would be confused with a schema of that name."""
    return path.name.split(".")[0].split("?")[0].lower()


def _lock_settings(engine: DuckDBEngine, inputs: Path) -> None:
    folder = quote_text(str(inputs.resolve()).rstrip("/\\") + "/")
    engine.scratch.execute(f"SET allowed_directories = [{folder}]")
    for setting in _LOCKED_SETTINGS:
        engine.scratch.execute(f"SET {setting}")


def _has_tables(engine: DuckDBEngine) -> bool:
    try:
        return bool(engine.names())
    except DatabaseError:
        return True


def _remove(path: Path) -> None:
    for file in database_files(path):
        file.unlink(missing_ok=True)


def _stored(name: str) -> str:
    return f"store.{quote_name(name)}"


def _arrow(tables: SmallTables | None) -> dict[str, pa.Table]:
    return {name: pa.table(dict(columns)) for name, columns in (tables or {}).items()}


def _without_mask(values: Any) -> NDArray[Any]:
    """Return a column as a plain array: NaN, NaT or None where the value is NULL."""
    if not isinstance(values, np.ma.MaskedArray):
        return np.asarray(values)
    if not values.mask.any():
        return np.asarray(values.data)
    if values.dtype.kind in "biu":
        return np.where(values.mask, np.nan, values.data)
    missing: dict[str, Any] = {"f": np.nan, "M": np.datetime64("NaT")}
    plain = np.array(values.data)
    plain[values.mask] = missing.get(values.dtype.kind)
    return plain
