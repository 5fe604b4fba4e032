"""The DuckDB database of a study: one file, opened with every setting locked that a study does not need."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from geoharm.errors import DatabaseBusyError, DatabaseError, GeoharmError

# A thread that reads CSV needs about so much memory. Data beyond the limit are written to temporary files.
_MIN_THREADS, _MAX_THREADS, _MB_PER_THREAD = 2, 8, 150

SCHEMA_VERSION = 8

_CREATE_TABLES = f"""
CREATE SCHEMA IF NOT EXISTS tidy;
CREATE SCHEMA IF NOT EXISTS result;
CREATE TABLE IF NOT EXISTS main.about (version INTEGER);
INSERT INTO main.about SELECT {SCHEMA_VERSION} WHERE NOT EXISTS (FROM main.about);
CREATE TABLE IF NOT EXISTS tidy.source (
    source VARCHAR PRIMARY KEY, "precision" VARCHAR, covers_from DATE, covers_to DATE);
CREATE TABLE IF NOT EXISTS tidy.file (
    source VARCHAR, file VARCHAR, sha256 VARCHAR, load_key VARCHAR, read BIGINT, PRIMARY KEY (source, file));
CREATE TABLE IF NOT EXISTS tidy.row (
    source VARCHAR, file VARCHAR, line BIGINT, day DATE, x DOUBLE, y DOUBLE,
    category VARCHAR, address VARCHAR, weight DOUBLE, same UHUGEINT, clock TIMESTAMP, clock_end TIMESTAMP);
CREATE TABLE IF NOT EXISTS tidy.reject (
    source VARCHAR, file VARCHAR, line BIGINT, "column" VARCHAR, reason VARCHAR, day DATE);
CREATE TABLE IF NOT EXISTS tidy.duplicate (
    source VARCHAR, file VARCHAR, line BIGINT, of_file VARCHAR, of_line BIGINT);
CREATE TABLE IF NOT EXISTS tidy.event (
    source VARCHAR, file VARCHAR, line BIGINT, day DATE, x DOUBLE, y DOUBLE,
    category VARCHAR, weight DOUBLE, place VARCHAR, recovered BOOLEAN,
    hour UTINYINT, span_from TIMESTAMP, span_until TIMESTAMP);
CREATE TABLE IF NOT EXISTS tidy.default_geocode (
    source VARCHAR, x DOUBLE, y DOUBLE, events BIGINT, share DOUBLE, addresses BIGINT, reason VARCHAR,
    at_x DOUBLE, at_y DOUBLE);
CREATE TABLE IF NOT EXISTS tidy.recovered (source VARCHAR, address VARCHAR, x DOUBLE, y DOUBLE, how VARCHAR);
CREATE TABLE IF NOT EXISTS tidy.street_point (source VARCHAR, street VARCHAR, x DOUBLE, y DOUBLE);
CREATE TABLE IF NOT EXISTS tidy.unplaced_street (source VARCHAR, address VARCHAR, street VARCHAR);
CREATE TABLE IF NOT EXISTS tidy.note (
    source VARCHAR, file VARCHAR, kind VARCHAR, rows BIGINT, first_line BIGINT, sentence VARCHAR);
CREATE TABLE IF NOT EXISTS tidy.area (source VARCHAR, area VARCHAR, place VARCHAR, shape BLOB);
CREATE TABLE IF NOT EXISTS tidy.area_value (
    source VARCHAR, file VARCHAR, line BIGINT, place VARCHAR, area VARCHAR, category VARCHAR, since DATE, until DATE,
    low BIGINT, high BIGINT);
CREATE TABLE IF NOT EXISTS tidy.survey_value (
    source VARCHAR, file VARCHAR, line BIGINT, place VARCHAR, area VARCHAR, category VARCHAR, since DATE, until DATE,
    estimate DOUBLE, standard_error DOUBLE, error_from VARCHAR);
CREATE TABLE IF NOT EXISTS tidy.site (
    source VARCHAR, file VARCHAR, line BIGINT, place VARCHAR, name VARCHAR, category VARCHAR, address VARCHAR,
    x DOUBLE, y DOUBLE);
CREATE TABLE IF NOT EXISTS tidy.street_line (source VARCHAR, file VARCHAR, line BIGINT, place VARCHAR, part BIGINT);
CREATE TABLE IF NOT EXISTS tidy.street_segment (
    source VARCHAR, file VARCHAR, line BIGINT, part BIGINT, nth BIGINT, x0 DOUBLE, y0 DOUBLE, x1 DOUBLE, y1 DOUBLE);
CREATE TABLE IF NOT EXISTS result.effect (
    study_hash VARCHAR, version VARCHAR, seed BIGINT, operation VARCHAR, measure VARCHAR, zone VARCHAR,
    "window" VARCHAR, before BIGINT, after BIGINT, control_before BIGINT, control_after BIGINT,
    log_rate_ratio DOUBLE, log_rate_ratio_se DOUBLE, difference DOUBLE, difference_se DOUBLE, note VARCHAR);
"""

_LOCKED_SETTINGS = (
    "autoinstall_known_extensions = false",
    "autoload_known_extensions = false",
    "allow_community_extensions = false",
    "allow_persistent_secrets = false",
    "python_enable_replacements = false",
    "enable_progress_bar = false",
    "max_temp_directory_size = '20GB'",
    "enable_external_access = false",
    "lock_configuration = true",
)


class DuckDBEngine:
    """An open database, made by `open_engine`. Functions that use the database take it as their first argument.

    Attributes
    ----------
    connection : duckdb.DuckDBPyConnection
    path : Path
    """

    __slots__ = ("connection", "path")

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path) -> None:
        self.connection = connection
        self.path = path

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Run the block as one transaction: all of its changes are saved, or none if it raises."""
        self.connection.execute("BEGIN TRANSACTION")
        try:
            yield self.connection
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")


@contextmanager
def open_engine(path: Path, *, inputs: Path) -> Iterator[DuckDBEngine]:
    """Open or create the database of a study; it can read files of one folder only.

    If the database is new, and an error of geoharm is raised before any file was loaded, it is deleted again.

    Parameters
    ----------
    path : Path
        The database file.
    inputs : Path
        The only folder whose files the database may read.

    Raises
    ------
    DatabaseError
        If another process is using the file, or another version of geoharm made it.
    """
    if path.is_dir():
        msg = f'"{path}" is a folder, not a database file; choose another --db.'
        raise DatabaseError(msg)
    existed, remove_database = path.exists(), False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        threads = min(max(os.cpu_count() or 1, _MIN_THREADS), _MAX_THREADS)
        connection = duckdb.connect(
            str(path), config={"threads": threads, "memory_limit": f"{_MB_PER_THREAD * threads}MB"}
        )
    except (duckdb.Error, OSError) as error:
        raise _open_error(path, str(error)) from error
    try:
        connection.execute(_CREATE_TABLES)
        stored_version = connection.execute("FROM main.about").fetchall()[0][0]
        if stored_version != SCHEMA_VERSION:
            msg = (
                f'The database "{path}" was made by another version of geoharm (layout {stored_version}, not '
                f"{SCHEMA_VERSION}). Delete it: it is rebuilt from the files."
            )
            raise DatabaseError(msg)
        folder = quote_text(str(inputs.resolve()).rstrip("/\\") + "/")
        connection.execute(f"SET allowed_directories = [{folder}]")
        for setting in _LOCKED_SETTINGS:
            connection.execute(f"SET {setting}")
        try:
            yield DuckDBEngine(connection, path)
        except GeoharmError:
            remove_database = not existed and not connection.execute("FROM tidy.file LIMIT 1").fetchall()
            raise
    finally:
        connection.close()
        if remove_database:
            path.unlink(missing_ok=True)
            path.with_name(f"{path.name}.wal").unlink(missing_ok=True)


def quote_text(text: str) -> str:
    """Return a text as an SQL string literal, for settings and options that take no bound value."""
    return "'" + text.replace("'", "''") + "'"


def quote_name(name: str) -> str:
    """Return a name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _open_error(path: Path, detail: str) -> DatabaseError:
    process = re.search(r"PID (\d+)", detail)
    if process or "set lock" in detail:
        process_label = f" (process {process.group(1)})" if process else ""
        return DatabaseBusyError(
            f'Another program{process_label} is using the database "{path}". Wait until it ends, or close it.'
        )
    if path.is_file():
        return DatabaseError(f'"{path}" is not a database that this version can open; choose another --db.')
    return DatabaseError(f'The database "{path}" cannot be created there; choose another --db.')
