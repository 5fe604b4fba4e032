"""A file is as it was or as it is to be, whatever ends the writing."""

from __future__ import annotations

import errno
import itertools
import os
import sys
from pathlib import Path

import pytest

from geoharm._whole_files import write_whole
from tests.forked import end_of_child
from tests.report.disk_faults import before_each_change

posix = pytest.mark.skipif(os.name != "posix", reason="forks, links and permissions as POSIX has them")
ENDED = 7


def test_a_text_is_written_as_it_is(tmp_path):
    path = tmp_path / "città.toml"
    assert write_whole(path, "a = 1\nb = 'ü'\n") == path
    assert path.read_bytes() == "a = 1\nb = 'ü'\n".encode()
    write_whole(path, "shorter")
    assert path.read_text(encoding="utf-8") == "shorter"
    assert list(tmp_path.iterdir()) == [path]


@posix
@pytest.mark.parametrize("before", [None, "old\n"])
def test_killed_at_every_call_it_is_as_it_was_or_as_it_is_to_be(tmp_path, before):
    for number in itertools.count(1):
        path = tmp_path / str(number) / "study.toml"
        path.parent.mkdir()
        if before is not None:
            path.write_text(before, encoding="utf-8")

        def write(path: Path = path, number: int = number) -> None:
            with before_each_change(lambda at, _: os._exit(ENDED) if at == number else None):
                write_whole(path, "new\n" * 1000)

        code = end_of_child(write)
        found = path.read_text(encoding="utf-8") if path.exists() else None
        if not code:
            assert found == "new\n" * 1000
            break
        assert code == ENDED
        assert found in (before, "new\n" * 1000)
    assert number > 4


@pytest.mark.parametrize("name", ["write", "fsync", "replace"])
def test_a_disk_that_refuses_leaves_the_old_file_and_nothing_beside_it(tmp_path, name, monkeypatch):
    path = tmp_path / "study.toml"
    path.write_text("old\n", encoding="utf-8")

    def refuse(_: int, call: str) -> None:
        if call == name:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with before_each_change(refuse), pytest.raises(OSError, match="No space"):
        write_whole(path, "new\n")
    assert path.read_text(encoding="utf-8") == "old\n"
    assert list(tmp_path.iterdir()) == [path]


@posix
def test_a_link_stays_a_link_and_permissions_stay(tmp_path):
    kept, link = tmp_path / "kept" / "study.toml", tmp_path / "study.toml"
    kept.parent.mkdir()
    kept.write_text("old", encoding="utf-8")
    kept.chmod(0o600)
    link.symlink_to(kept)
    write_whole(link, "new")
    assert link.is_symlink()
    assert kept.read_text(encoding="utf-8") == "new"
    assert kept.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="names are limited by characters there")
def test_the_longest_name_can_be_written(tmp_path):
    path = tmp_path / ("ü" * 127)
    write_whole(path, "x")
    assert path.read_text(encoding="utf-8") == "x"
