"""Notes stay with the file they are about, and small ones are not published."""

from __future__ import annotations

from dataclasses import replace

from geoharm.disclosure.protect import _disclose_ledgers
from geoharm.engines.duckdb import open_engine
from geoharm.ingest.events import ingest_events
from geoharm.ingest.formats.input_format import read_format
from geoharm.ingest.quality_notes import delete_notes, save_note, source_notes
from geoharm.ingest.readers.input_files import find_input_files
from geoharm.model.ledger import QualityNote
from tests.ingest.test_reading import HEADER, good, read


def test_notes_are_kept_by_file_and_go_with_it(tmp_path):
    whole = QualityNote("accuracy", 40, 0, "the place lies too far from its address")
    first, second = (QualityNote("dates", 3, 9, "the date reads two ways", file) for file in ("a.csv", "b.csv"))
    with open_engine(tmp_path / "t.duckdb", inputs=tmp_path) as store:
        for note in (second, whole, first):
            save_note(store.connection, "s", note)
        assert source_notes(store.connection, "s") == (whole, first, second)
        delete_notes(store.connection, "s", "a.csv")
        assert source_notes(store.connection, "s") == (whole, second)
        delete_notes(store.connection, "s")
        assert source_notes(store.connection, "s") == (second,)
        assert source_notes(store.connection, "another") == ()


def test_a_file_no_longer_listed_takes_its_notes_along(tmp_path, area, span):
    read(tmp_path, area, span, {"a.csv": HEADER + good(1), "b.csv": HEADER + good(2)})
    with open_engine(tmp_path / "t.duckdb", inputs=tmp_path / "inbox") as store:
        for file in ("a.csv", "b.csv"):
            save_note(store.connection, "s", QualityNote("dates", 3, 9, "the date reads two ways", file))
        input_format, files = (
            read_format("points-csv", tmp_path),
            find_input_files(["a.csv"], tmp_path / "inbox", members=()),
        )
        ledger = ingest_events(store, "s", input_format=input_format, files=files, area=area, period=span)
    assert [note.file for note in ledger.notes] == ["a.csv"]


def test_a_note_on_few_rows_is_not_published(tmp_path, area, span):
    ledger, _ = read(tmp_path, area, span, {"a.csv": HEADER + "".join(map(good, range(9)))})
    notes = tuple(
        QualityNote("k", rows, 2, "is odd", file) for rows, file in ((4, "a.csv"), (5, "a.csv"), (9, ""), (0, ""))
    )
    (safe,), _ = _disclose_ledgers([replace(ledger, notes=notes)], 5)
    assert [note.rows for note in safe.notes] == [5, 9, 0]
