"""The tables: the only importer of duckdb. Files become rows, rows become a balanced ledger, points and counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from geoharm.engines.duckdb import DuckDBEngine
from geoharm.ingest.consolidate import consolidate_source
from geoharm.ingest.formats.input_format import Format
from geoharm.ingest.ledger import source_ledger
from geoharm.ingest.readers.input_files import InputFile
from geoharm.ingest.validate import LoadRule, forget_file, load_file
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

    Files read before under the same rules are left alone; files no longer listed are removed.

    Parameters
    ----------
    engine : DuckDBEngine
    source : str
    input_format : Format
    files : sequence of InputFile
    area : StudyArea
    period : Period
    covers : Period, optional
        The days the files cover, where the first and last event do not tell.
    on_file : callable
        Called with each file's name once it is done.

    Raises
    ------
    DataError, QualityError
        With one sentence; the file in question has changed nothing.
    """
    rule = LoadRule(source, input_format, area, period)
    listed = {one.name for one in files}
    with engine.transaction() as connection:
        held = connection.execute("SELECT file FROM tidy.file WHERE source = ?", [source]).fetchall()
        for (name,) in held:
            if name not in listed:
                forget_file(connection, source, name)
    for one in files:
        load_file(engine, one, rule)
        if on_file:
            on_file(one.name)
    consolidate_source(engine, source, input_format, area, covers)
    return source_ledger(engine, source, input_format)
