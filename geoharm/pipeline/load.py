"""Load a study's files into the database."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Collection, Sequence
from pathlib import Path, PurePath

from geoharm._text import fold_category
from geoharm._validation import nearest_hint
from geoharm.engines.base import Engine
from geoharm.errors import StudyError
from geoharm.ingest.events import ingest_events
from geoharm.ingest.formats.input_format import Format
from geoharm.ingest.geocoding.gazetteer import Gazetteer
from geoharm.ingest.readers.input_files import InputFile, find_input_files
from geoharm.ingest.tables import ingest_table
from geoharm.model.category_words import is_proactive
from geoharm.model.ledger import SourceLedger
from geoharm.model.study import Source, Study
from geoharm.model.table_ledger import TableLedger
from geoharm.pipeline.check import checked_format
from geoharm.pipeline.progress import Progress, no_progress, tell_nobody
from geoharm.queries.counts import source_categories, stated_weights
from geoharm.queries.stored import drop_unused, stored_sources


def load_sources(
    engine: Engine,
    study: Study,
    data: Path,
    progress: Progress = no_progress,
    on_gone: Callable[[str], None] = tell_nobody,
    own: Collection[Path] = (),
) -> tuple[SourceLedger, ...]:
    """Read every source of events of a study into the database and return the balanced ledgers.

    Parameters
    ----------
    engine : Engine
    study : Study
    data : Path
        Folder of the study's files.
    progress : callable
        Called with a step's name, the files done and the files in all.
    on_gone : callable
        Called with a sentence for each file that was read the last time and is there no more, and for what a pattern
        matched and what is no data.
    own : collection of Path
        Files and folders that geoharm writes to; no pattern matches what lies there.

    Raises
    ------
    StudyError, DataError
        With one sentence for each mistake; a refused file changes nothing in the database.
    DatabaseError
        If something else than geoharm changed a stored table.
    """
    # What was stored before is compared with its digests once, before anything is answered from it.
    engine.verify()
    ledgers = []
    events = [source for source in study.sources if source.is_events]
    asked = {name for source in events for name in source.addresses}
    for source in study.sources:
        if source.name in asked:
            _load_table(engine, study, source, _files(study, source, data, on_gone, own), progress, on_gone)
    for source in events:
        input_format, files = _files(study, source, data, on_gone, own)
        order = _oldest_first(source, files) if source.oldest_first else ()
        done = 0
        progress(f"reading {source.name}", 0, len(files))

        def report_file(name: str, total: int = len(files), source_name: str = source.name) -> None:
            nonlocal done
            done += 1
            progress(f"reading {source_name}: {name}", done, total)

        ledgers.append(
            ingest_events(
                engine,
                source.name,
                input_format=input_format,
                files=files,
                area=study.area,
                period=study.period,
                covers=source.covers,
                order=order,
                gazetteer=_gazetteer(engine, study, source),
                areas=source.areas,
                on_file=report_file,
                on_gone=on_gone,
            )
        )
    drop_unused(engine)
    _check_categories(engine, study)
    return tuple(ledgers)


def load_tables(
    engine: Engine,
    study: Study,
    data: Path,
    progress: Progress = no_progress,
    on_gone: Callable[[str], None] = tell_nobody,
    own: Collection[Path] = (),
) -> tuple[TableLedger, ...]:
    """Read every source that holds no events (area tables, surveys, sites, streets) and return the balanced ledgers.

    Parameters
    ----------
    engine : Engine
    study : Study
    data : Path
        Folder of the study's files.
    progress : callable
        Called with a step's name, the files done and the files in all.
    on_gone : callable
        Called with a sentence for each file that was read the last time and is there no more, and for what a pattern
        matched and what is no data.
    own : collection of Path
        Files and folders that geoharm writes to; no pattern matches what lies there.

    Raises
    ------
    StudyError, DataError
        With one sentence for each mistake; a refused source changes nothing in the database.
    """
    return tuple(
        _load_table(engine, study, source, _files(study, source, data, on_gone, own), progress, on_gone)
        for source in study.sources
        if not source.is_events
    )


def _load_table(
    engine: Engine,
    study: Study,
    source: Source,
    found: tuple[Format, tuple[InputFile, ...]],
    progress: Progress,
    on_gone: Callable[[str], None],
) -> TableLedger:
    """Read one source that holds no events, if it was not read before."""
    input_format, files = found
    progress(f"reading {source.name}", 0, len(files))
    ledger = ingest_table(
        engine,
        source,
        input_format=input_format,
        files=files,
        area=study.area,
        period=study.period,
        on_gone=on_gone,
    )
    progress(f"reading {source.name}", len(files), len(files))
    return ledger


def _gazetteer(engine: Engine, study: Study, source: Source) -> Gazetteer | None:
    """Return what the rows of a source without coordinates are placed by; None if it names nothing."""
    if not source.addresses:
        return None
    stored = stored_sources(engine)
    named = {one.name: one for one in study.sources}
    errors = {name: checked_format(study, named[name]).location_error for name in source.addresses}
    return Gazetteer(tuple(stored[name] for name in source.addresses), errors, source.match)


def _files(
    study: Study, source: Source, data: Path, tell: Callable[[str], None], own: Collection[Path]
) -> tuple[Format, tuple[InputFile, ...]]:
    input_format = checked_format(study, source)
    return input_format, find_input_files(source.files, data, members=input_format.members, own=own, tell=tell)


def _oldest_first(source: Source, files: Sequence[InputFile]) -> tuple[str, ...]:
    """Return the names of a source's files from oldest to latest, as its patterns list them; those of one pattern by name."""
    names = [
        file.name
        for pattern in source.files
        for file in files
        if fnmatch.fnmatchcase(file.path.name, PurePath(pattern).name)
    ]
    return tuple(dict.fromkeys(names))


def _check_categories(engine: Engine, study: Study) -> None:
    """Refuse measures that name a category without rows, or a weight that no row states.

    A category without rows would otherwise read as a fall to zero.
    """
    problems = []
    for source in (event_source for event_source in study.sources if event_source.is_events):
        known_categories = source_categories(engine, source.name)
        folded_categories = set(map(fold_category, known_categories))
        for measure in study.measures_of(source.name):
            problems += [
                f'measure "{measure.name}": no row of "{source.name}" has the category "{category}"; '
                + nearest_hint(category, known_categories)
                for category in measure.categories
                if fold_category(category) not in folded_categories
            ]
            events, weighted_events = stated_weights(engine, measure) if measure.weight else (0, 0)
            if events and not weighted_events:
                problems.append(
                    f'measure "{measure.name}": weight = "{measure.weight}", but none of its {events:,} events states a '
                    "weight; check the column in the file and in the format, or take weight out."
                )
            if measure.harm and not measure.activity_as_harm and not measure.categories:
                problems += [
                    f'measure "{measure.name}": it counts "{category}", which is enforcement activity, not harm; name the '
                    "categories that are harm under where, or write activity = true."
                    for category in known_categories
                    if is_proactive(category, kind=measure.kind)
                ]
    if problems:
        raise StudyError(problems)
