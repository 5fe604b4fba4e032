"""A database that another program has changed is refused: one sentence, no page, and never a different answer."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb
import pytest

from geoharm.engines.duckdb import DuckDBEngine
from geoharm.errors import DatabaseError
from geoharm.ingest.purge import events_since
from geoharm.queries.stored import CODE_TABLES, PARTITION_TABLES, STATE_TABLES
from tests.engines.stored_study import call, write_whole_study

KINDS = (*PARTITION_TABLES, *CODE_TABLES, *STATE_TABLES, "source", "file", "effect", "zone_count")
# Another value of a column, by its type.
OTHER = {
    "VARCHAR": "coalesce({0}, '') || 'x'",
    "BOOLEAN": "NOT coalesce({0}, false)",
    "DATE": "coalesce({0}, DATE '2000-01-01') + 1",
    "TIMESTAMP": "coalesce({0}, TIMESTAMP '2000-01-01') + INTERVAL 1 SECOND",
    "BLOB": "'x'::BLOB",
}
Change = Callable[[duckdb.DuckDBPyConnection], object]


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    """Return a folder with a study of every kind of source after a run: ``good.duckdb`` and the pages in ``out``."""
    folder = tmp_path_factory.mktemp("study")
    write_whole_study(folder)
    assert call(folder, "run", "--out", "out")[0] == 0
    shutil.copy(folder / "s.duckdb", folder / "good.duckdb")
    return folder


@pytest.fixture
def database(study) -> Iterator[Path]:
    """Return a fresh copy of the database after the run, where the verbs look for it."""
    shutil.copy(study / "good.duckdb", study / "s.duckdb")
    yield study / "s.duckdb"
    (study / "s.duckdb").unlink()


@contextmanager
def undone(connection: duckdb.DuckDBPyConnection, *statements: str) -> Iterator[None]:
    """Change the database inside the block only."""
    connection.execute("BEGIN")
    for statement in statements:
        connection.execute(statement)
    try:
        yield
    finally:
        connection.execute("ROLLBACK")


def fullest(connection: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return the stored table with the most rows of every kind."""
    names = [name for (name,) in connection.execute("SELECT DISTINCT name FROM store.catalog").fetchall()]
    tables = {kind: [name for name in names if name == kind or name[:-17] == kind] for kind in KINDS}
    return {
        kind: max(found, key=lambda name: connection.execute(f'SELECT count(*) FROM store."{name}"').fetchone() or (0,))
        for kind, found in tables.items()
    }


def refused(engine: DuckDBEngine) -> str:
    with pytest.raises(DatabaseError) as caught:
        engine.verify()
    return str(caught.value)


def test_a_changed_value_of_any_column_of_any_table_is_noticed(database):
    with duckdb.connect(str(database)) as connection:
        engine = DuckDBEngine(connection, database)
        engine.verify()
        tried = 0
        for name in fullest(connection).values():
            for column, kind, *_ in connection.execute(f'DESCRIBE store."{name}"').fetchall():
                value = OTHER.get(kind, "coalesce({0}, 0) + 1").format(f'"{column}"')
                change = f'UPDATE store."{name}" SET "{column}" = {value} WHERE rowid = (SELECT min(rowid) FROM store."{name}")'
                is_there = connection.execute(f'SELECT count(*) FROM store."{name}"').fetchone() != (0,)
                with undone(
                    connection, change if is_there else f'INSERT INTO store."{name}" ("{column}") VALUES (NULL)'
                ):
                    assert f'table "{name}" is not as geoharm wrote it' in refused(engine), (name, column)
                tried += 1
        engine.verify()
    assert tried > 120


def changes_of_shape(table: str, one: str, two: str) -> dict[str, tuple[str, ...]]:
    """Return changes to a table; `one` and `two` are columns of one type."""
    stored, first = f'store."{table}"', f'(SELECT min(rowid) FROM store."{table}")'
    return {
        "a row removed": (f"DELETE FROM {stored} WHERE rowid = {first}",),
        "a row twice": (f"INSERT INTO {stored} FROM {stored} WHERE rowid = {first}",),
        "all rows removed": (f"DELETE FROM {stored}",),
        "two values of a column exchanged": (
            f"UPDATE {stored} SET {one} = (SELECT min({one}) + max({one}) FROM {stored}) - {one} WHERE rowid IN "
            f"(SELECT unnest([arg_min(rowid, {one}), arg_max(rowid, {one})]) FROM {stored})",
        ),
        "a column more": (f"ALTER TABLE {stored} ADD COLUMN more INTEGER",),
        "a column less": (f"ALTER TABLE {stored} DROP {one}",),
        "names of two columns exchanged": (
            f"ALTER TABLE {stored} RENAME {one} TO other",
            f"ALTER TABLE {stored} RENAME {two} TO {one}",
            f"ALTER TABLE {stored} RENAME other TO {two}",
        ),
        "another type": (f"ALTER TABLE {stored} ALTER {one} TYPE HUGEINT",),
        "dropped": (f"DROP TABLE {stored}",),
        "dropped, in the catalog too": (f"DROP TABLE {stored}", f"DELETE FROM store.catalog WHERE name = '{table}'"),
        "another name": (f'ALTER TABLE {stored} RENAME TO "{table}x"',),
        "another name, in the catalog too": (
            f'ALTER TABLE {stored} RENAME TO "{table}x"',
            f"UPDATE store.catalog SET name = '{table}x' WHERE name = '{table}'",
        ),
        "a view in its place": (
            f'ALTER TABLE {stored} RENAME TO "{table}x"',
            f'CREATE VIEW {stored} AS FROM store."{table}x"',
        ),
    }


@pytest.mark.parametrize(
    ("kind", "one", "two"), [("row", "place", "line"), ("tally", "rows", "first_line"), ("file", "part", "position")]
)
def test_a_changed_shape_of_a_table_is_noticed(database, kind, one, two):
    with duckdb.connect(str(database)) as connection:
        engine = DuckDBEngine(connection, database)
        table = fullest(connection)[kind]
        for what, statements in changes_of_shape(table, one, two).items():
            with undone(connection, *statements):
                assert "is not as geoharm wrote it" in refused(engine), what
        engine.verify()


def test_rows_moved_between_partitions_are_noticed(database):
    """Two files exchanged, also where the catalog is changed to match: every part has its number in its digest."""
    with duckdb.connect(str(database)) as connection:
        engine = DuckDBEngine(connection, database)
        rule = fullest(connection)["row"].removeprefix("row_")
        exchanged = "UPDATE store.{} SET part = CASE part WHEN 1 THEN 2 WHEN 2 THEN 1 ELSE part END WHERE {}"
        rows = [exchanged.format(f"{table}_{rule}", "true") for table in PARTITION_TABLES]
        with undone(connection, rows[0]):
            refused(engine)
        with undone(connection, *rows):
            refused(engine)
        with undone(connection, *rows, exchanged.format("catalog", f"name LIKE '%_{rule}'")):
            refused(engine)
        with undone(connection, f"UPDATE store.row_{rule} SET part = 99 WHERE part = 1"):
            refused(engine)
        engine.verify()


BIG = "(SELECT name FROM store.catalog WHERE name LIKE 'row_%' ORDER BY rows DESC LIMIT 1)"
REGISTRY = {
    "a second row in about": "INSERT INTO store.about FROM store.about",
    "another layout": "UPDATE store.about SET layout = layout - 1",
    "no row in about": "DELETE FROM store.about",
    "about dropped": "DROP TABLE store.about",
    "a changed hash of a file": "UPDATE store.file SET sha256 = reverse(sha256) WHERE name = 'reports.csv'",
    "two files exchanged": "UPDATE store.file SET part = 3 - part WHERE source = 'calls'",
    "a file given twice": "INSERT INTO store.file FROM store.file WHERE name = 'reports.csv'",
    "no file": "DELETE FROM store.file",
    "no source": "DELETE FROM store.source",
    "a changed digest": f"UPDATE store.catalog SET digest = digest || '0' WHERE name = {BIG}",
    "a changed label": f"UPDATE store.catalog SET label = reverse(label) WHERE name = {BIG}",
    "a row of the catalog removed": f"DELETE FROM store.catalog WHERE name = {BIG}",
    "a row of the catalog twice": f"INSERT INTO store.catalog FROM store.catalog WHERE name = {BIG}",
    "an empty catalog": "DELETE FROM store.catalog",
    "the catalog dropped": "DROP TABLE store.catalog",
    "the seal dropped": "DROP TABLE store.seal",
    "a second seal": "INSERT INTO store.seal FROM store.seal",
    "a table more": "CREATE TABLE store.mine AS SELECT 1 AS a",
    "a view more": "CREATE VIEW store.mine AS SELECT 1 AS a",
}


def table_changes(kind: str) -> Change:
    def change(connection: duckdb.DuckDBPyConnection) -> object:
        table = fullest(connection)[kind]
        return connection.execute(f'DELETE FROM store."{table}" WHERE rowid = (SELECT max(rowid) FROM store."{table}")')

    return change


CHANGES: dict[str, Change] = {
    what: lambda connection, sql=sql: connection.execute(sql)  # type: ignore[misc]
    for what, sql in REGISTRY.items()
} | {f"a row of {kind} removed": table_changes(kind) for kind in ("row", "place", "spot", "tally", "note", "site")}


@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_database_is_refused_with_one_sentence(study, database, what):
    with duckdb.connect(str(database)) as connection:
        CHANGES[what](connection)
    before = {path: path.read_bytes() for path in (study / "out").iterdir()}
    for verb, more in (("ingest", ("--json",)), ("run", ("--out", "out"))):
        code, printed, said = call(study, verb, *more)
        assert (code, printed) == (1, ""), verb
        assert "s.duckdb" in said
        assert said.count("\n") == 1
        assert any(part in said for part in ("Delete the database", "Delete it", "choose another --db")), said
    assert {path: path.read_bytes() for path in (study / "out").iterdir()} == before


def test_no_plan_is_locked_by_a_changed_database(database):
    """Whether outcomes were loaded before a plan was locked is read from the tally: moved days would hide them."""
    assert events_since(database, date(2021, 1, 1)) > 0
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"UPDATE store.\"{fullest(connection)['tally']}\" SET day = DATE '2020-01-01'")
    with pytest.raises(DatabaseError, match="was changed by another program"):
        events_since(database, date(2021, 1, 1))


def test_what_geoharm_never_reads_changes_nothing(study, database):
    """Views are for people: a changed one harms no answer."""
    with duckdb.connect(str(database)) as connection:
        connection.execute("CREATE OR REPLACE VIEW main.event AS SELECT 1 AS source; DROP VIEW main.reject")
    before = {path: path.read_bytes() for path in (study / "out").iterdir()}
    assert call(study, "run", "--out", "out")[0] == 0
    assert {path: path.read_bytes() for path in (study / "out").iterdir()} == before


def test_what_others_put_beside_the_store_stops_a_run_and_is_not_touched(study, database):
    with duckdb.connect(str(database)) as connection:
        connection.execute("CREATE SCHEMA other; CREATE TABLE other.tally AS SELECT 1 AS a")
    before = database.read_bytes()
    code, _, said = call(study, "run", "--out", "out")
    assert code == 1
    assert 'also holds "other.tally", which geoharm did not make' in said
    assert database.read_bytes() == before
