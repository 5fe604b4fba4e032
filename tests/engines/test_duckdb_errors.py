"""Whatever goes wrong with a database is one sentence with the right reason, told apart in one place."""

from __future__ import annotations

import errno
import gzip
import os
import re
import resource
import shutil
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path

import duckdb
import pytest

from geoharm.engines import duckdb as engine_module
from geoharm.engines.base import StatementError
from geoharm.engines.duckdb import open_engine, read_engine
from geoharm.engines.duckdb_errors import DamagedDatabaseError, opening_error, statement_error, translated
from geoharm.errors import DatabaseBusyError, DatabaseError
from geoharm.ingest.formats.input_format import read_format
from geoharm.ingest.readers import csv_files
from geoharm.ingest.readers.input_files import find_input_files
from tests.engines.databases import alter, files_in, flip, own_content, refusal, use, with_log


@pytest.fixture
def own(tmp_path) -> Path:
    path = tmp_path / "s.duckdb"
    path.write_bytes(own_content())
    return path


SORTED = "CREATE TEMP TABLE s AS SELECT i, md5(CAST(i AS VARCHAR)) AS t FROM range(400_000) AS r(i) ORDER BY t"


# -- damage ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [0, 12, 60, 4096, 4110, 8192, 8210, "4096", "12288"])
def test_a_damaged_header_or_a_shortened_file_is_damage(own, change):
    content = own.read_bytes()
    if isinstance(change, int):
        flip(own, change)
    else:
        own.write_bytes(content[: int(change)])
    said = refusal(own)
    assert f'The database "{own}" is damaged. If geoharm made it, delete it, and "{own}.wal"' in said
    assert "it is rebuilt from the files" in said


@pytest.fixture(scope="module")
def damaged_bytes(tmp_path_factory) -> bytes:
    """Return our database with damage in the rows of its large table, which opening does not touch."""
    path = tmp_path_factory.mktemp("damaged") / "d.duckdb"
    for block in range(12_288, len(own_content()), 262_144):
        path.write_bytes(own_content())
        flip(path, block + 5_000)
        with suppress(duckdb.Error), duckdb.connect(str(path), read_only=True) as connection:
            connection.execute("SELECT * FROM store.about, store.catalog").fetchall()
            try:
                connection.execute("SELECT sum(x) FROM store.row_a").fetchall()
            except duckdb.Error:
                return path.read_bytes()
    pytest.fail("no block holds these rows alone")


@pytest.fixture
def damaged(tmp_path, damaged_bytes) -> Path:
    path = tmp_path / "s.duckdb"
    path.write_bytes(damaged_bytes)
    return path


@pytest.mark.parametrize(
    "ask",
    [
        lambda engine: engine.rows("SELECT * FROM store.row_a"),
        lambda engine: engine.columns("SELECT * FROM store.row_a"),
        lambda engine: engine.scratch.execute("SELECT x FROM store.row_a").fetchall(),
        lambda engine: engine.scratch.execute("SELECT sum(x) FROM store.row_a").fetchone(),
        lambda engine: engine.write("copy", "FROM store.row_a"),
        lambda engine: engine.verify(),
        lambda engine: list(iter(engine.scratch.execute("SELECT x FROM store.row_a").fetchone, None)),
    ],
)
def test_damaged_rows_are_damage_wherever_they_are_met(damaged, ask):
    with (
        pytest.raises(DamagedDatabaseError, match=r"is damaged. Delete it, and .*rebuilt from the files") as found,
        open_engine(damaged, inputs=damaged.parent) as engine,
    ):
        ask(engine)
    assert not isinstance(found.value, StatementError)
    assert "\n" not in str(found.value)


def test_a_file_cut_off_amid_its_rows_is_damage(own):
    content = own.read_bytes()
    own.write_bytes(content[: len(content) // 2])
    with pytest.raises(DamagedDatabaseError), open_engine(own, inputs=own.parent) as engine:
        engine.verify()


def test_damage_inside_a_swap_keeps_its_reason(damaged):
    def both(engine):
        with engine.swap():
            engine.write("small", "SELECT 9 AS a")
            engine.write("copy", "FROM store.row_a")

    with open_engine(damaged, inputs=damaged.parent) as engine, pytest.raises(DamagedDatabaseError):
        both(engine)
    with read_engine(damaged) as engine:
        assert engine.rows("SELECT count(*) FROM store.small") == [(3,)]


def test_no_flipped_byte_ends_in_anything_but_a_sentence(tmp_path):
    """One byte of every kind of block; what is neither opened nor used may stay unnoticed, but no row is wrong."""
    path, said = tmp_path / "s.duckdb", []
    for block in range(12_288, len(own_content()), 262_144):
        path.write_bytes(own_content())
        flip(path, block + 50)
        try:
            with open_engine(path, inputs=tmp_path) as engine:
                engine.verify()
                engine.write("new", "SELECT 1 AS a")
                engine.scratch.execute("CHECKPOINT")
        except DatabaseError as error:
            said.append(str(error))
        path.with_name("s.duckdb.wal").unlink(missing_ok=True)
    assert len(said) > 1
    assert all("damaged" in sentence and "\n" not in sentence for sentence in said)


def test_a_damaged_log_is_damage(own):
    with_log(own, "CREATE TABLE store.t AS FROM range(1000)", "DROP TABLE store.t")
    log = own.with_name(f"{own.name}.wal")
    flip(log, log.stat().st_size // 2)
    assert f'is damaged. If geoharm made it, delete it, and "{log}"' in refusal(own)


def test_the_log_of_another_database_is_refused(own, tmp_path):
    """DuckDB 1.5 reads it: then its table is a stranger's."""
    other = tmp_path / "other.duckdb"
    with_log(other, "CREATE TABLE t (x INT)")
    shutil.move(f"{other}.wal", f"{own}.wal")
    assert re.search('is damaged|also holds "t"', refusal(own))


@pytest.mark.parametrize(
    ("statement", "part"),
    [
        ("DROP TABLE store.row_a CASCADE; DROP VIEW event", "row_a"),
        ("DROP VIEW event; ALTER TABLE store.row_a DROP COLUMN x", '"x"'),
    ],
)
def test_a_missing_table_or_column_is_the_change_of_another_program(own, statement, part):
    alter(own, statement)
    with open_engine(own, inputs=own.parent) as engine:
        with pytest.raises(DatabaseError, match=rf"was changed by another program .*{part}.*Delete it: it is rebuilt"):
            engine.columns("SELECT x FROM store.row_a")
        with pytest.raises(DatabaseError, match=r"was changed by another program: its table .row_a. is not as geoharm"):
            engine.verify()


def test_a_commit_after_a_failed_statement_keeps_nothing_and_says_so(own):
    """DuckDB answers COMMIT with success in such a transaction."""

    def careless(engine):
        with engine.swap():
            engine.write("small", "SELECT 9 AS a")
            with suppress(StatementError):
                engine.rows("SELECT CAST(i || 'x' AS INTEGER) FROM range(9) AS r(i)")

    with open_engine(own, inputs=own.parent) as engine:
        with pytest.raises(DatabaseError):
            careless(engine)
        assert engine.rows("SELECT count(*) FROM store.small") == [(3,)]


@pytest.mark.parametrize("fetch", ["fetchall", "fetchone", "fetchnumpy"])
def test_a_fault_that_is_met_while_rows_are_fetched_is_said_alike(own, fetch):
    late = "CASE WHEN i = 190_000 THEN 'x' ELSE '1' END"
    sql = f"SELECT CAST({late} AS INTEGER) AS a FROM range(200_000) AS r(i)"

    def ask(engine):
        answer = engine.scratch.execute(sql)
        return [getattr(answer, fetch)() for _ in range(200_000)]

    with (
        open_engine(own, inputs=own.parent) as engine,
        pytest.raises(StatementError, match="Could not convert string 'x'"),
    ):
        ask(engine)


def test_a_swap_that_cannot_be_rolled_back_does_not_hide_why(own):
    def broken(engine):
        with engine.swap():
            engine.scratch.execute("ROLLBACK")
            raise ZeroDivisionError

    with open_engine(own, inputs=own.parent) as engine, pytest.raises(ZeroDivisionError):
        broken(engine)


# -- space, memory, rights ---------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path):
    """Return a folder on a disk of 4 MB of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = (
        shutil.which("mount")
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], check=False, capture_output=True
        ).returncode
    )
    if not mounted:
        pytest.skip("no right to mount a small disk here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def largest_file(size: int):
    """Let no file grow beyond a size, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_said_with_its_folder(small_disk):
    path = small_disk / "s.duckdb"
    with open_engine(path, inputs=small_disk) as engine:
        engine.write("small", "SELECT 1 AS a")
        with pytest.raises(DatabaseError) as found:
            engine.write("large", "SELECT i, md5(CAST(i AS VARCHAR)) AS t FROM range(300_000) AS r(i)")
        assert str(found.value) == (
            f'The folder "{small_disk}" has no space left for the database "{path}". Free some, and run again.'
        )
        assert not isinstance(found.value, StatementError)
        assert engine.rows("SELECT a FROM store.small") == [(1,)]
    with open_engine(path, inputs=small_disk) as engine:
        engine.verify()
        assert engine.names() == {"small"}


def test_no_space_for_temporary_files_is_said_with_their_folder(small_disk, monkeypatch):
    monkeypatch.setattr(engine_module, "_MB_PER_THREAD", 15)
    path = small_disk / "s.duckdb"
    with open_engine(path, inputs=small_disk) as engine, pytest.raises(DatabaseError) as found:
        engine.scratch.execute(SORTED)
    assert f'The folder "{small_disk}" has no space left for temporary files of the database "{path}"' in str(
        found.value
    )
    assert not isinstance(found.value, StatementError)


def test_no_torso_is_left_on_a_full_disk(small_disk):
    (small_disk / "fill").write_bytes(bytes(4 * 1024 * 1024 - 4096))
    with pytest.raises(DatabaseError, match="has no space left for the database"):
        use(small_disk / "s.duckdb")
    assert list(files_in(small_disk)) == ["fill"]


def test_a_file_that_may_not_grow_is_said_with_its_folder(tmp_path, monkeypatch):
    path = tmp_path / "s.duckdb"
    with open_engine(path, inputs=tmp_path) as engine:
        with largest_file(1_500_000), pytest.raises(DatabaseError) as found:
            engine.write("large", "SELECT i, md5(CAST(i AS VARCHAR)) AS t FROM range(200_000) AS r(i)")
        assert f'The folder "{tmp_path}" takes no larger file (File too large) for the database "{path}"' in str(
            found.value
        )
        assert not isinstance(found.value, StatementError)
    monkeypatch.setattr(engine_module, "_MB_PER_THREAD", 15)
    with (
        open_engine(path, inputs=tmp_path) as engine,
        largest_file(1_500_000),
        pytest.raises(DatabaseError, match=r"takes no larger file .* for temporary files of the database"),
    ):
        engine.scratch.execute(SORTED)


def test_too_many_temporary_files_are_said_with_their_limit(tmp_path, monkeypatch):
    settings = [setting for setting in engine_module._LOCKED_SETTINGS if "max_temp" not in setting]
    monkeypatch.setattr(engine_module, "_LOCKED_SETTINGS", ["max_temp_directory_size = '2MB'", *settings])
    monkeypatch.setattr(engine_module, "_MB_PER_THREAD", 15)
    with open_engine(tmp_path / "s.duckdb", inputs=tmp_path) as engine, pytest.raises(DatabaseError) as found:
        engine.scratch.execute(SORTED)
    assert f'in the folder "{tmp_path}" reached their limit of 1.9 MiB' in str(found.value)
    assert not isinstance(found.value, StatementError)


def test_too_little_memory_is_said_with_its_amount(tmp_path, monkeypatch):
    monkeypatch.setattr(engine_module, "_MB_PER_THREAD", 10)
    monkeypatch.setattr(engine_module, "_MAX_THREADS", 2)
    with open_engine(tmp_path / "s.duckdb", inputs=tmp_path) as engine, pytest.raises(DatabaseError) as found:
        engine.rows("SELECT list(i) FROM range(10_000_000) AS r(i)")
    assert "needs more than the 19.0 MiB of memory that it is allowed" in str(found.value)
    assert not isinstance(found.value, StatementError)


def test_a_csv_file_is_not_read_again_for_want_of_memory(tmp_path, monkeypatch):
    """The careful way through a file is for files of an odd shape: it would hide that the memory was too small."""
    monkeypatch.setattr(engine_module, "_MB_PER_THREAD", 10)
    monkeypatch.setattr(engine_module, "_MAX_THREADS", 2)
    monkeypatch.setattr(csv_files, "_stage_careful", lambda *_: pytest.fail("the file was read again"))
    (tmp_path / "a.csv").write_text("id,date,longitude,latitude\n" + "1,2020-01-01,1,1\n" * 1000)
    source = csv_files_source(tmp_path / "a.csv")
    with open_engine(tmp_path / "s.duckdb", inputs=tmp_path) as engine:

        def parse(fields, *, lined=True):
            sql = "SELECT count(*), list(i) FROM stage, range(10_000) AS r(i)"
            return int(engine.scratch.execute(sql).fetchall()[0][0])

        with pytest.raises(DatabaseError, match="of memory that it is allowed"):
            csv_files.stage_csv(engine.scratch, source, read_format("points-csv", tmp_path), parse)


def csv_files_source(path: Path):
    return find_input_files([path.name], path.parent, members=())[0]


@pytest.mark.parametrize(
    ("name", "content", "sql"),
    [
        ("a.csv", b"a,b\n1,2\n1\n", "FROM read_csv('{}', {})"),
        ("a.csv", b'a,b\n1,"2\n', "FROM read_csv('{}', {})"),
        ("a.csv", b"a,b\n1,\xff\xfe\n", "FROM read_csv('{}', {})"),
        ("a.csv", b"a,b\n1,x\n", "SELECT CAST(b AS INTEGER) FROM read_csv('{}', {})"),
        ("No space left on device.csv", b"a,b\n1,Corrupt checksum\n", "SELECT CAST(b AS INTEGER) FROM read_csv('{}', {})"),
        ("a.csv.gz", gzip.compress(b"a,b\n" + os.urandom(50_000).hex().encode() + b",1\n")[:20_000], "FROM read_csv('{}', {})"),
        ("a.csv.gz", b"\x1f\x8b\x08\x00\x00" + b"x" * 400, "FROM read_csv('{}', {})"),
        ("s.duckdb.csv", None, "FROM read_csv('{}', {})"),
        ("a.parquet", b"PAR1" + bytes(100) + b"PAR1", "FROM read_parquet('{}')"),
        ("a.parquet", b"PAR1", "FROM read_parquet('{}')"),
    ],
    ids=[
        "a column less", "an open quote", "no UTF-8", "no number", "a name like an error", "gzip cut short", "gzip damaged", "a database",
        "Parquet of zeros", "Parquet cut short",
    ],
)  # fmt: skip
def test_what_is_odd_about_an_input_file_is_a_fault_of_the_statement(tmp_path, name, content, sql):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    options = (
        "auto_detect = false, header = true, strict_mode = true, columns = {'a': 'VARCHAR', 'b': 'VARCHAR'}, "
        f"compression = '{'gzip' if name.endswith('gz') else 'none'}'"
    )
    with open_engine(tmp_path / "s.duckdb", inputs=tmp_path) as engine, pytest.raises(StatementError) as found:
        engine.scratch.execute(sql.format(tmp_path / name, options)).fetchall()
    assert "\n" not in str(found.value)
    assert "damaged" not in str(found.value)


@contextmanager
def immutable(path: Path):
    """Let nobody change a file or folder: permissions do not bind the superuser."""
    if os.geteuid():
        mode = path.stat().st_mode
        path.chmod(0o555)
        yield
        path.chmod(mode)
        return
    if (
        not shutil.which("chattr")
        or subprocess.run(["chattr", "+i", path], check=False, capture_output=True).returncode
    ):
        pytest.skip("files cannot be made immutable here")
    try:
        yield
    finally:
        subprocess.run(["chattr", "-i", path], check=True)


def test_a_read_only_file_can_be_read_and_is_said_to_be_one(own):
    with immutable(own):
        use(own, read_engine)
        said = refusal(own)
    assert f'The database "{own}" cannot be used: it or its folder is read-only, or belongs to another user' in said


def test_a_read_only_folder_is_said_to_be_one(own):
    with immutable(own.parent):
        with pytest.raises(DatabaseError, match="its folder is read-only"):
            use(own.parent / "new.duckdb")
        with (
            pytest.raises(DatabaseError, match="its folder is read-only") as found,
            open_engine(own, inputs=own.parent) as engine,
        ):
            engine.write("small", "SELECT 9 AS a")  # There can be no log.
        assert not isinstance(found.value, StatementError)
        use(own, read_engine)


@pytest.mark.parametrize(("parent", "reason"), [("file", "File exists"), ("x" * 300, "File name too long")])
def test_a_place_where_no_file_can_be_is_said_with_its_reason(tmp_path, parent, reason):
    (tmp_path / "file").touch()
    with pytest.raises(DatabaseError, match=rf"cannot be created there \({reason}\); choose another --db"):
        use(tmp_path / parent / "s.duckdb")


# -- two at once -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("read_only", [False, True])
def test_a_database_in_use_by_another_process_is_busy(own, read_only):
    code = (
        f"import duckdb, sys; c = duckdb.connect({str(own)!r}, read_only={read_only}); print('open', flush=True); "
        "sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "open\n"
        with pytest.raises(DatabaseBusyError, match=rf"Another program \(process {other.pid}\) is using"):
            use(own)
        if read_only:
            use(own, read_engine)
        other.communicate("")
    use(own)


def test_a_database_is_opened_once_in_a_process(own):
    with open_engine(own, inputs=own.parent), pytest.raises(DatabaseBusyError, match="itself has the database"):
        use(own)


def test_a_new_database_that_another_process_is_making_is_left_alone(tmp_path, monkeypatch):
    """Between the look and the opening somebody else made it; it is refused, not deleted as our own torso."""
    path = tmp_path / "s.duckdb"
    connect = duckdb.connect

    def late(*arguments, **keywords):
        if not path.exists():
            alter(path, "CREATE TABLE people (name VARCHAR)")
        monkeypatch.setattr(duckdb, "connect", connect)
        return connect(*arguments, **keywords)

    def alter(path, statement):
        with connect(str(path)) as connection:
            connection.execute(statement)

    monkeypatch.setattr(duckdb, "connect", late)
    with pytest.raises(DatabaseError, match='it has "people"'):
        use(path)
    with duckdb.connect(str(path), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM people").fetchall() == [(0,)]


# -- messages that cannot be had here, word for word -------------------------------------------------------------------


AT = Path("/data/study.duckdb")


@pytest.mark.parametrize(
    ("kind", "message", "said"),
    [
        (duckdb.TransactionException, 'TransactionContext Error: Failed to commit: Could not write file "/data/study.duckdb.wal": No space left on device', 'folder "/data" has no space left for the database'),
        (duckdb.IOException, 'IO Error: Could not write file "/data/study.duckdb.tmp/duckdb_temp_27817_0_storage_DEFAULT-0.tmp": No space left on device', 'folder "/data" has no space left for temporary files'),
        (duckdb.IOException, 'IO Error: Could not write file "/data/study.duckdb": Disk quota exceeded', "has no space left"),
        (duckdb.IOException, 'IO Error: Could not write file "/data/study.duckdb": There is not enough space on the disk.', "has no space left"),
        (duckdb.FatalException, 'FATAL Error: Failed: database has been invalidated because of a previous fatal error. The database must be restarted prior to being used again.\nOriginal error: "Failed to create checkpoint because of error: Could not write file "/data/study.duckdb": No space left on device"', "has no space left"),
        (duckdb.FatalException, "FATAL Error: Failed to create checkpoint because of error: Corrupt database file: computed checksum 1 does not match stored checksum 2 in block at location 3", "is damaged"),
        (duckdb.Error, "Corrupt database file: computed checksum 1 does not match stored checksum 2 in block at location 3", "is damaged"),
        (duckdb.IOException, "IO Error: Corrupt database file: computed checksum 1 does not match stored checksum 2 in block at location 3", "is damaged"),
        (duckdb.SerializationException, "Serialization Error: Failed to deserialize: field id mismatch, expected: 100, got: 0", "is damaged"),
        (duckdb.IOException, 'IO Error: Could not read enough bytes from file "/data/study.duckdb": attempted to read 262144 bytes from location 12288', "is damaged"),
        (duckdb.InternalException, "INTERNAL Error: Attempted to access index 0 within vector of size 0", "DuckDB failed on the database"),
        (duckdb.OutOfMemoryException, "Out of Memory Error: failed to pin block of size 256.0 KiB (285.9 MiB/286.1 MiB used)\n\nPossible solutions:\n* ...", "needs more than the 286.1 MiB of memory"),
        (duckdb.OutOfMemoryException, "Out of Memory Error: Failed to allocate block of 262144 bytes (bad allocation)", "computer has too little free memory"),
        (duckdb.IOException, 'IO Error: Could not read from file "/data/study.duckdb": Input/output error', "cannot be read or written (Input/output error)"),
        (duckdb.TransactionException, 'TransactionContext Error: Failed to commit: Cannot open file "/data/study.duckdb.wal": Read-only file system', "is read-only"),
        (duckdb.TransactionException, "TransactionContext Error: Failed to commit: something new", "cannot be read or written (Failed to commit: something new)"),
    ],
)  # fmt: skip
def test_what_is_wrong_around_a_statement_is_not_its_fault(kind, message, said):
    error = statement_error(kind(message), AT)
    assert said in str(error)
    assert "\n" not in str(error)
    assert not isinstance(error, StatementError)


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (duckdb.ConversionException, "Conversion Error: Could not convert string 'No space left on device' to INT32"),
        (duckdb.InvalidInputException, "Invalid Input Error: CSV Error on Line: 3\nOriginal Line: Corrupt database file, checksum"),
        (duckdb.IOException, 'IO Error: Could not read enough bytes from file "/data/in.parquet": attempted to read 8 bytes from location 9'),
        (duckdb.IOException, 'IO Error: Cannot open file "/data/study.duckdb.csv": Permission denied'),
        (duckdb.IOException, 'IO Error: No files found that match the pattern "/in/No space left on device.csv"'),
        (duckdb.Error, 'Corrupt Parquet file: a value in list column "a" repeats a list before any list started'),
        (duckdb.PermissionException, 'Permission Error: Cannot access file "/in/a.csv" - file system operations are disabled by configuration'),
    ],
)  # fmt: skip
def test_what_a_statement_asks_for_is_its_fault(kind, message):
    assert isinstance(statement_error(kind(message), AT), StatementError)


@pytest.mark.parametrize(
    ("message", "kind", "said"),
    [
        ('IO Error: Could not set lock on file "/data/study.duckdb": Conflicting lock is held in /usr/bin/python3.11 (PID 28293). See also https://duckdb.org/docs/current/connect/concurrency', DatabaseBusyError, "Another program (process 28293) is using"),
        ('IO Error: Cannot open file "/data/study.duckdb": The process cannot access the file because it is being used by another process.\r\n\r\nFile is already open in \nC:\\python.exe (PID 11)', DatabaseBusyError, "Another program (process 11) is using"),
        ('IO Error: Could not set lock on file "/data/study.duckdb": No locks available', DatabaseError, "knows no locks (No locks available)"),
        ('IO Error: Cannot open file "/data/study.duckdb": Access is denied.', DatabaseError, "read-only, or belongs to another user (Access is denied)"),
        ('Failure while replaying WAL file "/data/study.duckdb.wal": Corrupt WAL file: entry at byte position 52 computed checksum 1 does not match stored checksum 2', DamagedDatabaseError, "is damaged"),
        ('IO Error: Failure while replaying WAL file "/data/study.duckdb.wal": Failed to decode LEB128 integer: data may be corrupt', DamagedDatabaseError, "is damaged"),
        ("IO Error: This WAL was created for this database file, but the WAL checkpoint iteration does not match the database file.", DamagedDatabaseError, "is damaged"),
        ("INTERNAL Error: Invalid WAL entry type 200 - corrupt WAL?", DamagedDatabaseError, "is damaged"),
        ("IO Error: Trying to read a database file with version number 999, but we can only read versions between 64 and 68.\nThe database file was created with an newer version of DuckDB.", DatabaseError, "another version of DuckDB"),
    ],
)  # fmt: skip
def test_a_database_that_cannot_be_opened_is_said_with_its_reason(message, kind, said):
    error = opening_error(duckdb.IOException(message), AT, existed=True)
    assert type(error) is kind
    assert said in str(error)
    assert "\n" not in str(error)


def test_a_name_full_of_reasons_is_only_a_name():
    path = Path("/data/No space left on device (PID 9) checksum.duckdb")
    error = opening_error(duckdb.IOException(f'IO Error: Cannot open file "{path}": No such file or directory'), path, existed=False)  # fmt: skip
    assert str(error) == (
        f'The database "{path}" cannot be created there (No such file or directory); choose another --db.'
    )


def test_an_interrupted_query_is_an_interruption():
    for error in (RuntimeError("Query interrupted"), duckdb.InterruptException("INTERRUPT Error: Interrupted!")):
        with pytest.raises(KeyboardInterrupt), translated(AT):
            raise error
    with pytest.raises(RuntimeError, match="study"), translated(AT):
        raise RuntimeError(str(AT))


def test_memory_that_python_lacks_is_said():
    with pytest.raises(DatabaseError, match="computer has too little free memory"), translated(AT):
        raise MemoryError


def test_an_error_of_the_system_is_said_by_its_words():
    error = opening_error(OSError(errno.EACCES, "Permission denied", "/data"), AT, existed=False)
    assert "belongs to another user (Permission denied)" in str(error)


def test_a_database_that_cannot_be_closed_is_an_error_unless_there_is_another(own, monkeypatch):
    connect = duckdb.connect

    class Stubborn:
        def __init__(self, connection):
            self._connection = connection

        def __getattr__(self, name):
            return getattr(self._connection, name)

        def close(self):
            self._connection.close()
            message = f'IO Error: Could not write file "{own}": No space left on device'
            raise duckdb.IOException(message)

    monkeypatch.setattr(duckdb, "connect", lambda *arguments, **keywords: Stubborn(connect(*arguments, **keywords)))
    with pytest.raises(DatabaseError, match="has no space left"):
        use(own)
    with pytest.raises(ZeroDivisionError), open_engine(own, inputs=own.parent):
        raise ZeroDivisionError
