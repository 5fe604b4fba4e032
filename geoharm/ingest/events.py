"""Read a source of dated events: its files become rows, events and a balanced ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from geoharm.engines.duckdb import DuckDBEngine
from geoharm.ingest.consolidate import consolidate_source
from geoharm.ingest.formats.input_format import Format
from geoharm.ingest.ledger import source_ledger
from geoharm.ingest.readers.input_files import InputFile
from geoharm.ingest.validate import LoadRule, delete_file, load_file
from geoharm.model.geometry import StudyArea
from geoharm.model.ledger import SourceLedger
from geoharm.model.period import Period


def ingest_events(
    engine: DuckDBEngine,
    source: str,
    *,
    input_format: Format,
    files: Sequence[InputFile],
    area: StudyArea,
    period: Period,
    covers: Period | None = None,
    on_file: Callable[[str], None] | None = None,
) -> SourceLedger:
    """Read a source's files into the database and return the balanced ledger.

    Files that were read before under the same rules are not read again. Files no longer listed are removed.

    Parameters
    ----------
    engine : DuckDBEngine
    source : str
    input_format : Format
    files : sequence of InputFile
    area : StudyArea
    period : Period
    covers : Period, optional
        The days the files cover; if None, the days from the first to the last event.
    on_file : callable
        Called with each file's name after the file is read.

    Raises
    ------
    DataError, QualityError
        With one sentence; the refused file has changed nothing.
    """
    rule = LoadRule(source, input_format, area, period)
    listed = {input_file.name for input_file in files}
    with engine.transaction() as connection:
        stored = connection.execute("SELECT file FROM tidy.file WHERE source = ?", [source]).fetchall()
        for (name,) in stored:
            if name not in listed:
                delete_file(connection, source, name)
    for input_file in files:
        load_file(engine, input_file, rule)
        if on_file:
            on_file(input_file.name)
    consolidate_source(engine, source, input_format, area, covers)
    return source_ledger(engine, source, input_format)
