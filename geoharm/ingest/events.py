"""Read a source of dated events: each file becomes a partition, all of them together events and a balanced ledger."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from geoharm.engines.base import Engine
from geoharm.ingest.codes import Codes
from geoharm.ingest.consolidate import consolidate_source
from geoharm.ingest.formats.input_format import Format
from geoharm.ingest.geocoding.gazetteer import Gazetteer
from geoharm.ingest.gone import gone_files
from geoharm.ingest.ledger import file_ledgers, source_ledger
from geoharm.ingest.partitions import load_file
from geoharm.ingest.readers.input_files import InputFile
from geoharm.ingest.rule import ReadRule
from geoharm.model.area_counts import Areas
from geoharm.model.geometry import StudyArea
from geoharm.model.ledger import SourceLedger
from geoharm.model.period import Period
from geoharm.queries.stored import StoredFile, stored_sources


def ingest_events(
    engine: Engine,
    source: str,
    *,
    input_format: Format,
    files: Sequence[InputFile],
    area: StudyArea,
    period: Period,
    covers: Period | None = None,
    order: Sequence[str] = (),
    measured: bool = True,
    gazetteer: Gazetteer | None = None,
    areas: Areas | None = None,
    on_file: Callable[[str], None] | None = None,
    on_gone: Callable[[str], None] | None = None,
) -> SourceLedger:
    """Read a source's files into the database and return the balanced ledger.

    Files that were read before under the same rules are not read again, whatever their names. Files no longer listed are
    removed.

    Parameters
    ----------
    engine : Engine
    source : str
    input_format : Format
    files : sequence of InputFile
    area : StudyArea
    period : Period
    covers : Period, optional
        The days the files cover; if None, the days from the first to the last event.
    order : sequence of str
        The names of the files from oldest to latest, if the study states it.
    measured : bool
        Whether the study area's coordinate system measures metres. If not, all steps that need distances are skipped.
    gazetteer : Gazetteer, optional
        By which rows without coordinates are placed.
    areas : Areas, optional
        The outlines of the areas, if the format reads the code of an area instead of coordinates.
    on_file : callable
        Called with each file's name after the file is read.
    on_gone : callable
        Called with a sentence for each file that was there the last time and is there no more, under any name.

    Raises
    ------
    DataError, QualityError
        With one sentence; a refused file changes nothing.
    """
    rule = ReadRule(input_format, area, period, engine.hashes)
    codes = Codes(engine, rule)
    read: list[StoredFile] = []
    known = engine.parts(f"row_{rule.name}")
    for input_file in sorted(files, key=lambda file: file.name):
        read.append(load_file(engine, input_file, rule, codes, read, known))
        if on_file:
            on_file(input_file.name)
    before = stored_sources(engine).get(source)
    gone = gone_files(file_ledgers(engine, before), read) if before and before.kind == "event" else []
    made = consolidate_source(
        engine, source, rule, read, covers, order=order, measured=measured, gazetteer=gazetteer, areas=areas
    )
    if on_gone:
        for sentence in gone:
            on_gone(sentence)
    return source_ledger(engine, made, input_format)
