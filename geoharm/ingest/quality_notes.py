"""Notes on the quality of a source, saved beside its rows: one note per file and kind."""

from __future__ import annotations

import duckdb

from geoharm.model.ledger import QualityNote


def save_note(connection: duckdb.DuckDBPyConnection, source: str, note: QualityNote) -> None:
    """Add a note to a source.

    Notes on a file are removed with the file. Notes on the whole source are made again each time it is consolidated.
    """
    connection.execute(
        "INSERT INTO tidy.note VALUES (?, ?, ?, ?, ?, ?)",
        [source, note.file, note.kind, note.rows, note.first_line, note.sentence],
    )


def delete_notes(connection: duckdb.DuckDBPyConnection, source: str, file: str = "") -> None:
    """Remove the notes on one file; without a file, the notes on the whole source."""
    connection.execute("DELETE FROM tidy.note WHERE source = ? AND file = ?", [source, file])


def source_notes(connection: duckdb.DuckDBPyConnection, source: str) -> tuple[QualityNote, ...]:
    """Return the notes on a source: first those on the whole source, then file by file."""
    rows = connection.execute(
        "SELECT kind, rows, first_line, sentence, file FROM tidy.note WHERE source = ? "
        "ORDER BY file, kind, first_line, sentence",
        [source],
    ).fetchall()
    return tuple(QualityNote(*row) for row in rows)
