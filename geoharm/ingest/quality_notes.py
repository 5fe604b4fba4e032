"""Notes on the quality of a source, stored beside its rows: one note per file and kind."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from geoharm.engines.base import Engine
from geoharm.model.ledger import QualityNote
from geoharm.queries.stored import StoredSource


def notes_table(notes: Sequence[QualityNote]) -> pa.Table:
    """Return notes as the table ``note`` or ``file_note`` that holds them; the file is in the table's name."""
    return pa.table({
        "kind": pa.array([note.kind for note in notes], pa.string()),
        "rows": pa.array([note.rows for note in notes], pa.int64()),
        "first_line": pa.array([note.first_line for note in notes], pa.int64()),
        "sentence": pa.array([note.sentence for note in notes], pa.string()),
    })  # fmt: skip


def source_notes(engine: Engine, source: StoredSource) -> tuple[QualityNote, ...]:
    """Return the notes on a source: first those on the whole source, then file by file."""
    columns = "kind, rows, first_line, sentence"
    notes = [QualityNote(*row) for row in engine.rows(f"SELECT {columns} FROM {engine.table(f'note_{source.state}')}")]
    if source.kind == "event":
        rows = engine.rows(f"SELECT {columns}, part FROM {engine.table(f'file_note_{source.rule}', source.parts)} AS n")
        notes += [
            QualityNote(kind, count, line, sentence, file.name)
            for kind, count, line, sentence, part in rows
            for file in source.files
            if file.part == part
        ]
    return tuple(sorted(notes, key=lambda note: (note.file, note.kind, note.first_line, note.sentence)))
