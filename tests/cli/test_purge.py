"""`geoharm purge`, and what every verb makes of a database that is not its own."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
import typer

from geoharm.cli import app
from geoharm.errors import DatabaseError
from geoharm.ingest.purge import database_content, events_since, purge
from tests.conftest import main, small_study
from tests.engines.databases import alter, files_in, flip, with_log


@pytest.fixture(scope="module")
def ingested(tmp_path_factory) -> dict[str, bytes]:
    """Return the files of a small study after `geoharm ingest`."""
    folder = tmp_path_factory.mktemp("ingested")
    small_study(folder)
    command = [sys.executable, "-m", "geoharm", "ingest", "study.toml", "--data", ".", "--db", "s.duckdb", "--quiet"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def study(tmp_path, ingested, monkeypatch) -> Path:
    """Return a folder with a small study and its database, as the working folder."""
    for name, content in ingested.items():
        (tmp_path / name).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def call(monkeypatch, capsys):
    """Return a function that runs the command line here, and returns exit code, output and what was said beside it."""

    def called(*arguments: object, answer: str | None = None) -> tuple[int, str, str]:
        class Typed(io.StringIO):
            def isatty(self):
                return answer is not None

        monkeypatch.setattr(sys, "argv", ["geoharm", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", Typed(answer))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        return (ended.value.code or 0, *capsys.readouterr())

    return called


PURGE = ("purge", "study.toml", "--db", "s.duckdb")


def test_purge_lists_and_removes_the_database_and_nothing_else(study, call):
    before = files_in(study)
    size = (study / "s.duckdb").stat().st_size
    code, out, err = call(*PURGE, "--yes")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        f"s.duckdb ({size / 1e6:.1f} MB)",
        "  holds 1 source, 1 file, 2,320 rows, 0 estimates",
        "removed s.duckdb",
    ]
    assert files_in(study) == {name: content for name, content in before.items() if name != "s.duckdb"}
    code, out, err = call(*PURGE, "--yes")
    assert (code, out, err) == (1, "", 'There is no database "s.duckdb".\n')


@pytest.mark.parametrize("answer", ["n\n", "\n"])
def test_purge_asks_and_takes_no_for_no(study, call, answer):
    before = files_in(study)
    code, out, err = call(*PURGE, answer=answer)
    assert code == 0
    assert "Remove? [y/N]" in err
    assert out.splitlines()[-1].strip() == "nothing was removed"
    assert files_in(study) == before


def test_purge_asks_and_takes_yes_for_yes(study, call):
    code, out, _ = call(*PURGE, answer="y\n")
    assert (code, out.splitlines()[-1].strip()) == (0, "removed s.duckdb")
    assert not (study / "s.duckdb").exists()


def test_purge_asks_on_a_real_terminal(study):
    mine, its = pty.openpty()
    with subprocess.Popen([sys.executable, "-m", "geoharm", *PURGE], stdin=its, stdout=its, stderr=its) as process:
        os.close(its)
        seen = b""
        while b"[y/N]" not in seen:
            seen += os.read(mine, 4096)
        assert (study / "s.duckdb").exists()
        os.write(mine, b"y\n")
        assert process.wait(60) == 0
    os.close(mine)
    assert b"holds 1 source" in seen
    assert not (study / "s.duckdb").exists()


def test_purge_without_a_terminal_needs_yes(study, call):
    before = files_in(study)
    code, _, err = call(*PURGE)
    assert code == 1
    assert err == '"s.duckdb" was not removed: there is no terminal to ask on, so --yes is needed.\n'
    assert files_in(study) == before


def test_purge_as_json_needs_yes_and_says_what_was_removed(study, call):
    code, out, err = call(*PURGE, "--json", answer="y\n")
    assert (code, out) == (2, "")
    assert "it needs --yes" in err
    size = (study / "s.duckdb").stat().st_size
    code, out, err = call(*PURGE, "--json", "--yes")
    assert (code, err) == (0, "")
    assert json.loads(out) == {
        "database": "s.duckdb",
        "removed": {"sources": 1, "files": 1, "rows": 2320, "estimates": 0},
        "files": [{"file": "s.duckdb", "bytes": size}],
    }
    assert not (study / "s.duckdb").exists()


def test_purge_removes_the_log_and_what_a_killed_process_left(study, call):
    """Both hold rows at full precision; what others put into the temporary folder stays."""
    with_log(study / "s.duckdb", "UPDATE store.catalog SET rows = 7 WHERE name = 'source'")
    log, temporary = study / "s.duckdb.wal", study / "s.duckdb.tmp"
    temporary.mkdir()
    (temporary / "duckdb_temp_9_0_storage_DEFAULT-0.tmp").write_bytes(b"rows")
    (temporary / "mine.txt").write_text("x")
    code, out, _ = call(*PURGE, "--yes")
    assert code == 0
    assert "s.duckdb.wal (" in out
    assert "removed s.duckdb.tmp/duckdb_temp_9_0_storage_DEFAULT-0.tmp\n" in out
    assert not log.exists()
    assert list(files_in(temporary)) == ["mine.txt"]
    assert not (study / "s.duckdb").exists()


def test_purge_removes_an_emptied_temporary_folder(study, call):
    (study / "s.duckdb.tmp").mkdir()
    assert call(*PURGE, "--yes")[0] == 0
    assert list(study.glob("s.duckdb*")) == []


def test_purge_follows_no_link(study, call, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "kept.duckdb").write_bytes((study / "s.duckdb").read_bytes())
    (elsewhere / "duckdb_temp_1").write_text("kept")
    kept = files_in(elsewhere)
    (study / "link.duckdb").symlink_to(elsewhere / "kept.duckdb")
    code, _, err = call("purge", "study.toml", "--db", "link.duckdb", "--yes")
    assert code == 1
    assert 'is a link to "' in err
    assert (study / "link.duckdb").is_symlink()
    (study / "s.duckdb.tmp").symlink_to(elsewhere)
    (study / "s.duckdb.wal.checkpoint").symlink_to(elsewhere / "duckdb_temp_1")
    assert call(*PURGE, "--yes")[0] == 0
    assert files_in(elsewhere) == kept
    assert (study / "s.duckdb.wal.checkpoint").is_symlink()
    assert not (study / "s.duckdb").exists()


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE store.about SET hashes = 'duckdb 1.0.0'", 0),
        ("ALTER TABLE store.file DROP COLUMN read", 0),
        ("UPDATE store.about SET layout = layout + 1", 1),
        ("CREATE TABLE people (name VARCHAR)", 1),
    ],
)
def test_purge_removes_what_is_certainly_ours(study, call, statement, code):
    """Another layout may have had other tables, so nobody can tell whether all of them are ours."""
    for view in ("event", "ledger", "reject", "duplicate", "note"):
        alter(study / "s.duckdb", f"DROP VIEW IF EXISTS {view}")
    alter(study / "s.duckdb", statement)
    assert call(*PURGE, "--yes")[0] == code
    assert (study / "s.duckdb").exists() == bool(code)


def test_purge_of_a_damaged_database(study, call):
    """It is removed if it can be opened and says whose it is; if not, a person has to decide."""
    content = (study / "s.duckdb").read_bytes()
    damaged = 0
    for block in range(12_288, len(content), 262_144):
        (study / "s.duckdb").write_bytes(content)
        flip(study / "s.duckdb", block + 50)
        code, out, err = call(*PURGE, "--yes")
        if code:
            assert "is damaged" in err
            assert (study / "s.duckdb").exists()
        damaged += "is damaged, so what it holds cannot be counted" in out
    assert damaged
    (study / "s.duckdb").write_bytes(content)
    flip(study / "s.duckdb", 100)
    code, out, err = call(*PURGE, "--yes")
    assert (code, out) == (1, "")
    assert "If geoharm made it, delete it" in err
    assert (study / "s.duckdb").exists()


def test_a_database_that_changed_while_purge_asked_is_not_removed(study):
    content = database_content(study / "s.duckdb")
    alter(study / "s.duckdb", "CREATE OR REPLACE TABLE store.effect AS FROM range(9)", "INSERT INTO store.catalog (name) VALUES ('effect')")  # fmt: skip
    with pytest.raises(DatabaseError, match="was changed meanwhile; nothing was removed"):
        purge(content)
    assert (study / "s.duckdb").exists()
    purge(database_content(study / "s.duckdb"))
    assert not (study / "s.duckdb").exists()


def test_a_database_in_use_is_not_purged(study, call):
    with subprocess.Popen(
        [sys.executable, "-c", "import duckdb, sys; c = duckdb.connect('s.duckdb'); print('open', flush=True); sys.stdin.read()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:  # fmt: skip
        assert other.stdout.readline() == "open\n"
        code, out, err = call(*PURGE, "--yes")
        other.communicate("")
    assert (code, out) == (75, "")
    assert f"Another program (process {other.pid}) is using" in err
    assert (study / "s.duckdb").exists()


def test_events_are_counted_without_a_byte_written(study):
    with_log(study / "s.duckdb", "COMMENT ON TABLE store.about IS 'in the log'")
    before = files_in(study)
    assert events_since(study / "s.duckdb", date(2020, 1, 1)) == 2320
    assert events_since(study / "s.duckdb", date(2030, 1, 1)) == 0
    assert files_in(study) == before


VERBS = [
    ("run", "--data", "data/sample", "--out", "OUT", "--quiet"),
    ("ingest", "--data", "data/sample", "--quiet"),
    ("appraise", "--data", "data/sample", "--out", "OUT"),
    ("prioritise", "--data", "data/sample", "--out", "OUT", "--weight", "harm=1"),
    ("purge", "--yes"),
    ("plan lock",),
]


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb[0])
@pytest.mark.parametrize("kind", ["foreign", "in the log", "beside ours", "SQLite"])
def test_every_verb_refuses_what_geoharm_did_not_make(tmp_path, root, call, monkeypatch, ingested, verb, kind):
    """With one sentence and exit 1; neither the database nor anything beside it is written."""
    monkeypatch.chdir(root)
    path = tmp_path / "f.duckdb"
    match kind:
        case "foreign":
            alter(path, "CREATE TABLE people (name VARCHAR)")
        case "in the log":
            with_log(path, "CREATE TABLE people (name VARCHAR)")
        case "beside ours":
            path.write_bytes(ingested["s.duckdb"])
            alter(path, "CREATE TABLE people (name VARCHAR)")
        case "SQLite":
            path.write_bytes(b"SQLite format 3\x00" + bytes(4080))
    before = files_in(tmp_path)
    locks = set((root / "pipelines").iterdir())
    name, *options = (str(tmp_path / "out") if option == "OUT" else option for option in verb)
    code, out, err = call(*name.split(), "pipelines/demo.toml", *options, "--db", path)
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert ("SQLite" if kind == "SQLite" else '"people"') in err
    assert files_in(tmp_path) == before
    assert set((root / "pipelines").iterdir()) == locks


def test_every_verb_with_a_database_is_tried():
    """The verbs that take --db, as the command line lists them."""
    command = typer.main.get_command(app.app)

    def verbs(group, prefix=""):
        for name, one in group.commands.items():
            if hasattr(one, "commands"):
                yield from verbs(one, f"{prefix}{name} ")
            elif any("--db" in parameter.opts for parameter in one.params):
                yield f"{prefix}{name}"

    # `doctor` only looks; tests/cli/test_doctor.py shows it what geoharm did not make.
    assert set(verbs(command)) == {verb[0] for verb in VERBS} | {"doctor"}
