"""One DuckDB file, opened with every door shut that a study does not need."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from geoharm.errors import DatabaseBusyError, DatabaseError, GeoharmError

# What does not fit is written beside the database while it is worked on; a thread reading CSV needs about so much.
_LEAST_THREADS, _MOST_THREADS, _MB_A_THREAD = 2, 8, 150

SCHEMA_VERSION = 7

_TABLES = f"""
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
CREATE TABLE IF NOT EXISTS tidy.zone_day (
    operation VARCHAR, source VARCHAR, category VARCHAR, zone VARCHAR, day DATE, events BIGINT);
CREATE TABLE IF NOT EXISTS tidy.cell_day (source VARCHAR, category VARCHAR, cell BIGINT, day DATE, events BIGINT);
CREATE TABLE IF NOT EXISTS tidy.cell_grid (
    source VARCHAR, x0 DOUBLE, y0 DOUBLE, cell DOUBLE, nx BIGINT, ny BIGINT);
CREATE TABLE IF NOT EXISTS result.effect (
    study_hash VARCHAR, version VARCHAR, seed BIGINT, operation VARCHAR, measure VARCHAR, zone VARCHAR,
    "window" VARCHAR, before BIGINT, after BIGINT, control_before BIGINT, control_after BIGINT,
    log_rate_ratio DOUBLE, log_rate_ratio_se DOUBLE, difference DOUBLE, difference_se DOUBLE, note VARCHAR);
"""

_LOCKS = (
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
    """An open database. Made by `open_engine`; everything else takes it as first argument.

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
        """Do everything inside, or nothing."""
        self.connection.execute("BEGIN TRANSACTION")
        try:
            yield self.connection
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")


@contextmanager
def open_engine(path: Path, *, inputs: Path) -> Iterator[DuckDBEngine]:
    """Open (or make) the database of a study, able to read one folder and nothing else.

    A refusal before any file was loaded takes a database made here away again.

    Parameters
    ----------
    path : Path
        The database file.
    inputs : Path
        The only folder whose files the database may read.

    Raises
    ------
    DatabaseError
        If another process holds the file, or another version made it.
    """
    if path.is_dir():
        msg = f'"{path}" is a folder, not a database file; choose another --db.'
        raise DatabaseError(msg)
    was_there, made_in_vain = path.exists(), False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        threads = min(max(os.cpu_count() or 1, _LEAST_THREADS), _MOST_THREADS)
        connection = duckdb.connect(
            str(path), config={"threads": threads, "memory_limit": f"{_MB_A_THREAD * threads}MB"}
        )
    except (duckdb.Error, OSError) as error:
        raise _refusal(path, str(error)) from error
    try:
        connection.execute(_TABLES)
        found = connection.execute("FROM main.about").fetchall()[0][0]
        if found != SCHEMA_VERSION:
            msg = (
                f'The database "{path}" was made by another version of geoharm (layout {found}, not '
                f"{SCHEMA_VERSION}). Delete it: it is rebuilt from the files."
            )
            raise DatabaseError(msg)
        folder = quote_text(str(inputs.resolve()).rstrip("/\\") + "/")
        connection.execute(f"SET allowed_directories = [{folder}]")
        for lock in _LOCKS:
            connection.execute(f"SET {lock}")
        try:
            yield DuckDBEngine(connection, path)
        except GeoharmError:
            made_in_vain = not was_there and not connection.execute("FROM tidy.file LIMIT 1").fetchall()
            raise
    finally:
        connection.close()
        if made_in_vain:
            path.unlink(missing_ok=True)
            path.with_name(f"{path.name}.wal").unlink(missing_ok=True)


def quote_text(text: str) -> str:
    """Return an SQL string literal; for settings and options that take no bound value."""
    return "'" + text.replace("'", "''") + "'"


def quote_name(name: str) -> str:
    """Return an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def _refusal(path: Path, detail: str) -> DatabaseError:
    holder = re.search(r"PID (\d+)", detail)
    if holder or "set lock" in detail:
        who = f" (process {holder.group(1)})" if holder else ""
        return DatabaseBusyError(
            f'Another program{who} is using the database "{path}". Wait until it ends, or close it.'
        )
    if path.is_file():
        return DatabaseError(f'"{path}" is not a database that this version can open; choose another --db.')
    return DatabaseError(f'The database "{path}" cannot be made there; choose another --db.')
