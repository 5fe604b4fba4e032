"""A whole release, killed while it is published: what is left, what a reader sees, and what the next audit knows."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from geoharm.disclosure.history import read_history
from geoharm.disclosure.protect import protect
from geoharm.report.write import publish_study
from tests.disclosure.test_protect import PLENTY, planted, result
from tests.forked import end_of_child
from tests.report.disk_faults import before_each_change, content_of

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork a process")

KILLED = 42
# Every so many calls that change the disk, the process is ended once; `bench.faults` ends it at each of them.
EVERY = 9


def release(area, kind: str, files: tuple[str, ...], table=PLENTY):
    whole = result(area, table, release=kind)
    return protect(replace(whole, study=replace(whole.study, publish=replace(whole.study.publish, files=files))))


def published(folder: Path, one) -> dict[str, bytes]:
    publish_study(one, folder)
    return content_of(folder)


def killed_at(number: int, folder: Path, one) -> int:
    def stop(count: int, call: str) -> None:
        if count == number:
            os._exit(KILLED)

    def work() -> None:
        with before_each_change(stop):
            publish_study(one, folder)

    return end_of_child(work)


def test_a_reader_sees_one_release_and_the_next_audit_knows_what_was_out(area, tmp_path):
    old, new = release(area, "public", ("tables",)), release(area, "public", ("workbook", "geopackage"))
    before = published(tmp_path / "whole", old)
    after = published(tmp_path / "whole", new)
    shown = set()
    for number in range(1, 1000, EVERY):
        folder = tmp_path / str(number) / "out"
        publish_study(old, folder)
        ended = killed_at(number, folder, new)
        seen = content_of(folder)
        assert seen in (before, after), number
        told = {value.text for value in read_history(folder / "releases.json").constraints.values}
        assert told == {row[0] for row in json.loads(after["releases.json"])["told"]}, number
        assert published(folder, new) == after, number
        assert [path.name for path in folder.parent.iterdir()] == ["out"], number
        shown.add("new" if seen == after else "old")
        if ended == 0:
            break
    assert ended == 0
    assert shown == {"old", "new"}


def test_a_killed_internal_run_leaves_no_neutral_name(area, tmp_path, monkeypatch):
    """Neither beside the pages nor among the temporary files of the system."""
    one = release(area, "internal", ("tables", "geopackage", "geoparquet"), planted(2, 0, 3))
    scratch = tmp_path / "temporary"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    for number in range(1, 1000, EVERY):
        folder = tmp_path / str(number) / "out"
        ended = killed_at(number, folder, one)
        left = [path for base in (folder.parent, scratch) for path in base.rglob("*") if path.is_file()]
        names = {path.name for path in left if "internal" not in path.name}
        assert names <= {"lock", "journal.json", "journal.json.part"}, number
        if ended == 0:
            break
    assert ended == 0
