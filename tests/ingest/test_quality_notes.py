"""Notes stay with the file they are about, and small ones are not published."""

from __future__ import annotations

from dataclasses import replace

from geoharm.disclosure.ledgers import protect_ledger
from geoharm.model.ledger import QualityNote
from tests.ingest.test_reading import HEADER, LAT, LON, good, read

ROUNDED = "".join(f"{number},2020-01-{number % 28 + 1:02d},{LON:.2f},{LAT:.2f},find\n" for number in range(20, 60))


def test_notes_are_kept_by_file_and_go_with_it(tmp_path, area, span):
    ledger, _ = read(
        tmp_path, area, span, {"b.csv": HEADER + ROUNDED, "a.csv": HEADER + ROUNDED.replace(",2020", "9,2020")}
    )
    kinds = [(note.file, note.kind) for note in ledger.notes]
    assert kinds == [("a.csv", "rounded coordinates"), ("b.csv", "rounded coordinates")]
    # The same bytes under another name are not read again, and their note has the new name.
    ledger, _ = read(tmp_path, area, span, {"c.csv": HEADER + ROUNDED})
    assert [(note.file, note.kind) for note in ledger.notes] == [("c.csv", "rounded coordinates")]


def test_a_note_on_few_rows_is_not_published(tmp_path, area, span):
    ledger, _ = read(tmp_path, area, span, {"a.csv": HEADER + "".join(map(good, range(9)))})
    notes = tuple(
        QualityNote("k", rows, 2, "is odd", file) for rows, file in ((4, "a.csv"), (5, "a.csv"), (9, ""), (0, ""))
    )
    safe = protect_ledger(replace(ledger, notes=notes), 5)
    assert [(note.file, note.rows) for note in safe.notes] == [("a.csv", 10), ("", 10), ("", 0)]
