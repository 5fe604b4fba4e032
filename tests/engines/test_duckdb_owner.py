"""A database is geoharm's only if it says so; everybody else's stays as it is."""

from __future__ import annotations

import gzip
import os
import re
import sqlite3
import struct
import threading
import zipfile
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from geoharm.engines.base import StatementError
from geoharm.engines.duckdb import open_engine, read_engine
from geoharm.engines.duckdb_owner import VIEWS
from geoharm.errors import DatabaseError
from geoharm.queries import save, views
from geoharm.queries.stored import StoredFile, StoredSource
from tests.engines.databases import ROWS, alter, checksum, files_in, own_content, refusal, use, with_log


@pytest.fixture
def own(tmp_path) -> Path:
    path = tmp_path / "s.duckdb"
    path.write_bytes(own_content())
    return path


both = pytest.mark.parametrize("opened", [open_engine, read_engine])


# -- whose database it is ----------------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("CREATE TABLE people (name VARCHAR)", '"people"'),
        ("CREATE VIEW people AS SELECT 1 AS a", '"people"'),
        ("CREATE SCHEMA hr", '"hr"'),
        ("CREATE SCHEMA hr; CREATE TABLE hr.people (name VARCHAR)", 'it has "hr.people")'),
        ("CREATE MACRO twice(a) AS a * 2", '"twice"'),
        ("CREATE MACRO ones() AS TABLE SELECT 1", '"ones"'),
        ("CREATE TYPE mood AS ENUM ('good')", '"mood"'),
        ("CREATE SEQUENCE numbers", '"numbers"'),
        ("CREATE TABLE a (x INT); CREATE TABLE b (x INT); CREATE TABLE c (x INT)", 'it has "a", "b" and "c")'),
        ("; ".join(f"CREATE TABLE t{n} (x INT)" for n in range(5)), 'it has "t0", "t1", "t2" and 2 more)'),
        ("CREATE SCHEMA store; CREATE TABLE store.about (layout INT, hashes VARCHAR)", '"store.about"'),
        ("CREATE TABLE about (version INT); CREATE TABLE people (x INT)", '"about" and "people"'),
    ],
)
def test_a_database_of_others_is_refused_and_stays_as_it_is(tmp_path, statement, name, opened):
    alter(tmp_path / "f.duckdb", statement)
    said = refusal(tmp_path / "f.duckdb", opened)
    assert "is a database that geoharm did not make" in said
    assert "choose another --db" in said
    assert name in said


@both
@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("CREATE TABLE people (name VARCHAR)", '"people"'),
        ("CREATE TABLE store.people (name VARCHAR)", '"store.people"'),
        ("CREATE VIEW mine AS SELECT * FROM store.row_a", '"mine"'),
        ("CREATE VIEW store.event AS SELECT 1 AS a", '"store.event"'),
        ("CREATE TABLE ledger (x INT)", '"ledger"'),
        ("CREATE SCHEMA hr", '"hr"'),
        ("CREATE MACRO twice(a) AS a * 2", '"twice"'),
    ],
)
def test_what_others_put_into_our_database_is_theirs(own, statement, name, opened):
    alter(own, statement)
    said = refusal(own, opened)
    assert f"also holds {name}, which geoharm did not make" in said
    assert "Delete" not in said


def test_a_database_that_only_looks_like_ours_is_refused(tmp_path):
    """Tables of the right names in another shape, beside somebody's data."""
    alter(
        tmp_path / "f.duckdb",
        "CREATE SCHEMA store; CREATE TABLE store.about (a INT); CREATE TABLE store.catalog (b INT)",
        "CREATE TABLE people (name VARCHAR)",
    )
    assert '"people", which geoharm did not make' in refusal(tmp_path / "f.duckdb")


@both
def test_what_stands_in_the_log_alone_counts_and_stays_there(tmp_path, opened):
    path = tmp_path / "f.duckdb"
    alter(path, "CREATE TABLE a (x INT)", "DROP TABLE a")
    with_log(path, "CREATE TABLE people (name VARCHAR)", "INSERT INTO people VALUES ('Jane')")
    assert '"people"' in refusal(path, opened)


def test_our_own_log_is_read_and_kept_until_something_is_written(own):
    with_log(own, "UPDATE store.catalog SET rows = 7 WHERE name = 'small'")
    before = files_in(own.parent)
    with read_engine(own) as engine:
        assert engine.rows("SELECT rows FROM store.catalog WHERE name = 'small'") == [(7,)]
    assert files_in(own.parent) == before
    with open_engine(own, inputs=own.parent) as engine:
        assert engine.rows("SELECT rows FROM store.catalog WHERE name = 'small'") == [(7,)]
    assert list(files_in(own.parent)) == [own.name]


def test_a_read_engine_writes_nothing(own):
    before = files_in(own.parent)
    with read_engine(own) as engine:
        assert engine.rows("SELECT count(*) FROM store.row_a") == [(ROWS,)]
        with pytest.raises(StatementError):
            engine.write("t", "SELECT 1 AS a")
    assert files_in(own.parent) == before


@pytest.mark.parametrize(
    "name", ["SQLite", "zip", "gzip", "Parquet", "text", "other", "empty", "folder", "link", "loop"]
)
def test_a_file_of_another_kind_is_said_to_be_one(tmp_path, name):
    path = tmp_path / "f.db"
    expected = {
        "SQLite": "is an SQLite database", "zip": "is a zip archive", "gzip": "is a gzip file", "Parquet": "is a Parquet file",
        "text": "is a text file", "other": "is a file of another kind", "empty": "is an empty file", "folder": "is a folder",
        "link": "is a link to a file that does not exist", "loop": "Too many levels",
    }  # fmt: skip
    match name:
        case "SQLite":
            connection = sqlite3.connect(path)
            connection.execute("CREATE TABLE a (x)")
            connection.commit()
            connection.close()
        case "zip":
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("a.csv", "a\n1\n")
        case "gzip":
            path.write_bytes(gzip.compress(b"a\n1\n" * 99))
        case "Parquet":
            pq.write_table(pa.table({"a": [1]}), path)
        case "text":
            path.write_text("a,b\n1,2\n" * 99)
        case "other":
            path.write_bytes(bytes(range(256)) * 99)
        case "empty":
            path.touch()
        case "folder":
            path.mkdir()
        case "link":
            path.symlink_to(tmp_path / "nowhere.db")
        case "loop":
            path.symlink_to(path)
    for opened in (open_engine, read_engine):
        said = refusal(path, opened)
        assert expected[name] in said
        assert "choose another --db" in said


def test_nobody_waits_on_a_named_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    said: list[str] = []

    def attempt():
        try:
            use(tmp_path / "pipe")
        except DatabaseError as error:
            said.append(str(error))

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(20)
    assert ["pipe or a device" in text for text in said] == [True]


def test_an_empty_database_is_made_ours_but_not_read(tmp_path):
    """DuckDB's file without a table: a process was killed before it had made any, and nothing can be lost."""
    path = tmp_path / "s.duckdb"
    duckdb.connect(str(path)).close()
    assert "nothing says that geoharm made it" in refusal(path, read_engine)
    use(path)
    use(path, read_engine)


@pytest.mark.parametrize("name", [":memory:", "md:x", "sqlite:x", "temp.duckdb", "a'b;.duckdb", "a b?.duckdb"])
def test_any_name_is_a_file(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with open_engine(Path(name), inputs=tmp_path) as engine:
        engine.write("t", "SELECT 7 AS a")
        engine.show("note", f"SELECT * FROM {engine.table('t')}", "About.", {"a": "A."})
    with open_engine(Path(name), inputs=tmp_path) as engine:
        assert engine.rows(f"SELECT a FROM {engine.table('t')}") == [(7,)]
    assert list(files_in(tmp_path)) == [name]


@pytest.mark.parametrize("name", ["store", "Store.duckdb"])
def test_the_name_of_the_schema_is_refused_as_a_file_name(tmp_path, name):
    assert "choose another --db" in refusal(tmp_path / name)


def test_every_view_that_is_shown_is_known_as_ours(monkeypatch):
    """A view that is missing there would make the database a stranger's at its second opening."""
    shown = set()

    class Recorder:
        def names(self):
            return []

        def table(self, name, partitions=None):
            return f"t_{name}"

        @contextmanager
        def swap(self):
            yield

        def write(self, name, content):
            pass

        def show(self, name, sql, about, columns):
            shown.add(name)

    sources = {
        kind: StoredSource(kind, kind, "s", "EPSG:3857", (StoredFile("a.csv", "", 0, 1),), rule="r")
        for kind in ("event", *views.VALUE_TABLES)
    }
    monkeypatch.setattr(views, "stored_sources", lambda engine: sources)
    views.show_views(Recorder())
    save.save_results(Recorder(), [], [], study_hash="", version="", seed=1)
    assert shown == VIEWS


def test_databases_are_opened_at_one_place_only(root):
    opened = [
        path.name
        for path in (root / "geoharm").rglob("*.py")
        if re.search(r"duckdb\.connect\(|\bATTACH\b", path.read_text(encoding="utf-8"))
    ]
    assert opened == ["duckdb.py"]


# -- another version ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [1, 5000])
def test_a_file_that_this_duckdb_cannot_read_was_made_by_another_version(own, version):
    content = bytearray(own.read_bytes())
    assert struct.unpack_from("<Q", content)[0] == checksum(bytes(content[8:4096]))
    struct.pack_into("<Q", content, 12, version)
    struct.pack_into("<Q", content, 0, checksum(bytes(content[8:4096])))
    own.write_bytes(content)
    said = refusal(own)
    assert f"was made by another version of DuckDB than {duckdb.__version__}" in said
    assert "If geoharm made it, delete it" in said


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE store.about SET hashes = 'duckdb 1.0.0'",
        "UPDATE store.about SET layout = layout + 1; CREATE VIEW new AS SELECT 1 AS a; CREATE TABLE store.new (a INT)",
        "UPDATE store.about SET layout = NULL",
        "DELETE FROM store.about",
        "INSERT INTO store.about FROM store.about",
        "ALTER TABLE store.about DROP COLUMN hashes",
        "ALTER TABLE store.catalog RENAME name TO title",
        "ALTER TABLE store.about ALTER layout TYPE VARCHAR; UPDATE store.about SET layout = 'nine'",
    ],
)
def test_another_layout_or_other_hashes_are_another_version(own, statement):
    alter(own, statement)
    assert "was made by another version of geoharm or of DuckDB" in refusal(own)


def test_other_hashes_can_be_read_where_they_do_not_matter(own):
    alter(own, "UPDATE store.about SET hashes = 'duckdb 1.0.0'")
    assert "was made by another version of geoharm or of DuckDB" in refusal(own, read_engine)
    with read_engine(own, any_hashes=True) as engine:
        assert engine.rows("SELECT count(*) FROM store.row_a") == [(ROWS,)]


@both
def test_the_layout_before_this_is_another_version(tmp_path, opened):
    path = tmp_path / "s.duckdb"
    alter(
        path,
        "CREATE SCHEMA tidy; CREATE SCHEMA result; CREATE TABLE main.about (version INTEGER)",
        "INSERT INTO about VALUES (8); CREATE TABLE tidy.file (source VARCHAR); CREATE TABLE result.effect (a INT)",
    )
    assert "was made by another version of geoharm" in refusal(path, opened)
    alter(path, "CREATE TABLE people (name VARCHAR)")
    assert '"people"' in refusal(path, opened)


def test_an_encrypted_database_is_not_ours(own):
    content = bytearray(own.read_bytes())
    content[20] = 1  # The first flag of the header.
    struct.pack_into("<Q", content, 0, checksum(bytes(content[8:4096])))
    own.write_bytes(content)
    assert "is an encrypted database" in refusal(own)
