"""The folder of pages is looked at before any work: a run of minutes must not end with what was known at its start."""

from __future__ import annotations

import os

import pytest

from geoharm.errors import DataError, PublishError
from geoharm.pipeline.run import run
from geoharm.report.publication import open_folder, publish_files
from geoharm.study.read import read_study
from tests.conftest import small_study
from tests.forked import end_of_child
from tests.report.disk_faults import before_each_change, content_of


def test_a_damaged_record_stops_a_run_before_it_reads_a_file(tmp_path):
    study = read_study(small_study(tmp_path))
    out, database = tmp_path / "out", tmp_path / "s.duckdb"
    out.mkdir()
    (out / "releases.json").write_text("{", encoding="utf-8")
    with pytest.raises(PublishError, match=r"releases.json\" is damaged .* choose another --out"):
        run(study, data=tmp_path, out=out, database=database)
    assert not database.exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork a process")
def test_a_run_first_finishes_what_a_killed_one_began(tmp_path):
    """Even if it then finds no file to read."""
    study = read_study(small_study(tmp_path))
    out, journal = tmp_path / "out", tmp_path / ".out.geoharm" / "journal.json"
    (tmp_path / "empty").mkdir()

    def publish(text: str) -> None:
        with open_folder(out) as into:
            publish_files(into, {"report.html": text, "map.html": text})

    def die(number: int, call: str) -> None:
        if journal.exists():
            os._exit(42)

    def publish_and_die() -> None:
        with before_each_change(die):
            publish("new")

    publish("old")
    assert end_of_child(publish_and_die) == 42
    assert set(content_of(out).values()) == {b"old"}
    with pytest.raises(DataError):
        run(study, data=tmp_path / "empty", out=out, database=tmp_path / "s.duckdb")
    assert set(content_of(out).values()) == {b"new"}
    assert not journal.parent.exists()
