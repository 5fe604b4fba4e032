"""What a name or a pattern means: every file of data is read, and whatever else it matches is named, never waited for."""

from __future__ import annotations

import os
import re
import socket
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoharm.engines.duckdb import open_engine
from geoharm.errors import DataError
from geoharm.ingest.readers.input_files import InputFile, find_input_files
from geoharm.ingest.readers.matched_files import matching_files

RECORD = '{\n "format": "geoharm run",\n "version": 2}'


def database(folder: Path, name: str) -> None:
    with open_engine(folder / name, inputs=folder):
        pass


def socket_at(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # The name of a socket is at most about 100 signs long.
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)
    os.chdir(here)


# What is no data: what it is called, how it is made, and its name.
NO_DATA = {
    "sub": ("a folder", lambda path: path.mkdir()),
    "gone.csv": ("a link that leads nowhere", lambda path: path.symlink_to(path.with_name("nothing"))),
    "loop.csv": ("a link that leads nowhere", lambda path: path.symlink_to(path)),
    "pipe.csv": ("a pipe", os.mkfifo),
    "socket.csv": ("a socket", socket_at),
    "~$a.xlsx": ("the lock of an office program", Path.touch),
    ".~lock.a.ods#": ("the lock of an office program", Path.touch),
    ".DS_Store": ("a file of the operating system", Path.touch),
    "Thumbs.db": ("a file of the operating system", Path.touch),
    "b.csv.part": ("an unfinished download", Path.touch),
    "b.csv.crdownload": ("an unfinished download", Path.touch),
    "s.duckdb": ("a database", lambda path: database(path.parent, path.name)),
    "renamed.csv": ("a database", lambda path: database(path.parent, path.name)),
    "s.duckdb.wal": ("a database", Path.touch),
    "c.gpkg-wal": ("the log of a database", Path.touch),
}


@settings(max_examples=25, deadline=None)
@given(st.sets(st.sampled_from(sorted(NO_DATA)), max_size=6), st.sets(st.sampled_from(["1.csv", "2.csv", "x y.csv", "[3].csv"]), min_size=1))  # fmt: skip
def test_a_pattern_reads_the_data_and_names_the_rest(no_data, data):
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        # A database that is made takes an empty log of its name away, so it comes first.
        for name in sorted(no_data):
            NO_DATA[name][1](folder / name)
        for name in data:
            (folder / name).write_text("a,b\n1,2\n")
        told: list[str] = []
        found = {path.name for path in matching_files("*", folder, tell=told.append)}
        assert found == data
        assert {name for sentence in told for name in re.findall(r'"([^"]*)"', sentence)} == no_data | (
            {"*"} if told else set()
        )
        for sentence in told:
            names = set(re.findall(r'"([^"]*)"', sentence)) - {"*"}
            assert {NO_DATA[name][0] for name in names} == {sentence.rsplit(": ", 1)[1].removesuffix(".")}


@pytest.mark.parametrize("name", NO_DATA)
def test_what_is_no_data_is_refused_where_it_is_named(tmp_path, name):
    what, make = NO_DATA[name]
    make(tmp_path / name)
    with pytest.raises(
        DataError, match=rf'^"{re.escape(name)}" is {what}, not a file of data; name the file to read.$'
    ):
        find_input_files([name], tmp_path, members=())
    with pytest.raises(DataError, match=rf"No file of data matches .* left out: {what}\.$"):
        find_input_files(["*"], tmp_path, members=())


def test_a_hidden_file_is_read_only_where_it_is_named(tmp_path):
    (tmp_path / ".a.csv").write_text("a\n1\n")
    told: list[str] = []
    (tmp_path / "b.csv").write_text("a\n1\n")
    assert [path.name for path in matching_files("*.csv", tmp_path, tell=told.append)] == ["b.csv"]
    assert told == ['".a.csv" matches "*.csv" and is left out: a hidden file.']
    assert [path.name for path in matching_files(".a.csv", tmp_path)] == [".a.csv"]
    assert [path.name for path in matching_files(".*.csv", tmp_path)] == [".a.csv"]


def test_what_a_stopped_run_left_is_no_data(tmp_path):
    """The tables that it prepared lie in a hidden folder, under names that are not hidden."""
    left = tmp_path / "maps" / ".demo.geoharm" / "new" / "pieces" / "table-01.csv"
    left.parent.mkdir(parents=True)
    for path in (left, tmp_path / "b.csv"):
        path.write_text("a\n1\n")
    told: list[str] = []
    assert [path.name for path in matching_files("**/*", tmp_path, tell=told.append)] == ["b.csv"]
    assert told == [f'"{left.relative_to(tmp_path)}" matches "**/*" and is left out: a hidden file.']


def test_the_programs_own_pages_are_known_by_what_they_say_and_by_where_it_writes(tmp_path):
    for folder, names in {"maps/demo": ["run.json", "x.csv"], "maps/demo/pieces": ["tables.csv"], "new": ["y.csv"], "mine": ["run.json", "z.csv"]}.items():  # fmt: skip
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        for name in names:
            is_record = name == "run.json" and folder != "mine"
            (tmp_path / folder / name).write_text(RECORD if is_record else "{}")
    told: list[str] = []
    found = matching_files("**/*", tmp_path, own=[tmp_path / "new", tmp_path / "s.duckdb"], tell=told.append)
    assert [path.relative_to(tmp_path).as_posix() for path in found] == ["mine/run.json", "mine/z.csv"]
    assert told == ['"maps/demo/pieces/tables.csv", "maps/demo/run.json", "maps/demo/x.csv", "new/y.csv" match "**/*" and are left out: a file that geoharm writes.']  # fmt: skip


def test_pages_written_into_the_data_folder_itself_hide_no_data(tmp_path):
    for name in ("run.json", "report.html", "map-internal.html", "mine.csv", "reports.csv"):
        (tmp_path / name).write_text(RECORD if name == "run.json" else "a,b\n1,2\n")
    found = matching_files("*", tmp_path, own=[tmp_path])
    assert [path.name for path in found] == ["mine.csv", "reports.csv"]


@pytest.mark.parametrize("pattern", ["**.csv", ""])
def test_what_is_no_pattern_is_said(tmp_path, pattern):
    (tmp_path / "a.csv").touch()
    with pytest.raises(DataError, match=r"not a pattern of file names|is a folder, not a file of data"):
        matching_files(pattern, tmp_path)


def test_a_file_that_vanishes_after_it_was_found_is_said(tmp_path):
    (tmp_path / "a.csv").write_text("a\n1\n")
    (source,) = find_input_files(["a.csv"], tmp_path, members=())
    (tmp_path / "a.csv").unlink()
    for read in (source.sha256, source.stamp, lambda: source.is_gzip, lambda: source.open().__enter__()):
        with pytest.raises(DataError, match=r'The file "a.csv" was found and is gone'):
            read()
    assert InputFile(tmp_path / "a.csv").name == "a.csv"
