"""What was found out about a source while it was read: kept beside its rows, one note a file and kind."""

from __future__ import annotations

import duckdb

from geoharm.model.ledger import QualityNote


def save_note(connection: duckdb.DuckDBPyConnection, source: str, note: QualityNote) -> None:
    """Add a note to a source; notes of a file go with the file, notes of no file are made anew by every settling."""
    connection.execute(
        "INSERT INTO tidy.note VALUES (?, ?, ?, ?, ?, ?)",
        [source, note.file, note.kind, note.rows, note.first_line, note.sentence],
    )


def forget_notes(connection: duckdb.DuckDBPyConnection, source: str, file: str = "") -> None:
    """Remove the notes of one file, or those of no file."""
    connection.execute("DELETE FROM tidy.note WHERE source = ? AND file = ?", [source, file])


def source_notes(connection: duckdb.DuckDBPyConnection, source: str) -> tuple[QualityNote, ...]:
    """Return the notes of a source: those of the whole source first, then file by file."""
    rows = connection.execute(
        "SELECT kind, rows, first_line, sentence, file FROM tidy.note WHERE source = ? "
        "ORDER BY file, kind, first_line, sentence",
        [source],
    ).fetchall()
    return tuple(QualityNote(*row) for row in rows)
