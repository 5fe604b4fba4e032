"""Load a study's files into the database, and check what can be checked before any file is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from geoharm._validation import nearest_hint
from geoharm.engines.duckdb import DuckDBEngine
from geoharm.errors import DesignError, StudyError
from geoharm.evaluation.design.build import check_operation, check_operations_apart
from geoharm.ingest.events import ingest_events
from geoharm.ingest.formats.input_format import Format, read_format
from geoharm.ingest.readers.input_files import InputFile, find_input_files
from geoharm.ingest.tables import ingest_table
from geoharm.model.ledger import SourceLedger
from geoharm.model.measure import is_proactive
from geoharm.model.study import Source, Study
from geoharm.model.table_ledger import TableLedger
from geoharm.pipeline import net_harm
from geoharm.queries.counts import source_categories, stated_weights

GUESS_SENTENCE = "is a guess; check every line of it, then delete the line guessed = true."

Progress = Callable[[str, int, int], None]


def no_progress(step: str, done: int, total: int) -> None:
    """Report no progress."""


def load_sources(
    engine: DuckDBEngine, study: Study, data: Path, progress: Progress = no_progress
) -> tuple[SourceLedger, ...]:
    """Read every source of events of a study into the database and return the balanced ledgers.

    Parameters
    ----------
    engine : DuckDBEngine
    study : Study
    data : Path
        Folder of the study's files.
    progress : callable
        Called with a step's name, the files done and the files in all.

    Raises
    ------
    StudyError, DataError
        With one sentence for each mistake; a refused file changes nothing in the database.
    """
    ledgers = []
    for source in (event_source for event_source in study.sources if event_source.is_events):
        input_format, files = _files(study, source, data)
        done = 0

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
                on_file=report_file,
            )
        )
    _check_categories(engine, study)
    return tuple(ledgers)


def load_tables(
    engine: DuckDBEngine, study: Study, data: Path, progress: Progress = no_progress
) -> tuple[TableLedger, ...]:
    """Read every source that holds no events (area tables, surveys, sites, streets) and return the balanced ledgers.

    Parameters
    ----------
    engine : DuckDBEngine
    study : Study
    data : Path
        Folder of the study's files.
    progress : callable
        Called with a step's name, the files done and the files in all.

    Raises
    ------
    StudyError, DataError
        With one sentence for each mistake; a refused source changes nothing in the database.
    """
    ledgers = []
    for source in (table_source for table_source in study.sources if not table_source.is_events):
        input_format, files = _files(study, source, data)
        progress(f"reading {source.name}", 0, len(files))
        ledgers.append(
            ingest_table(engine, source, input_format=input_format, files=files, area=study.area, period=study.period)
        )
        progress(f"reading {source.name}", len(files), len(files))
    return tuple(ledgers)


def check_study(study: Study) -> None:
    """Check everything that needs no data: formats, phases, values and the zones of every operation.

    Raises
    ------
    StudyError
        Listing every mistake.
    """
    problems: list[str] = []
    for source in study.sources:
        try:
            input_format = _checked_format(study, source)
        except StudyError as error:
            problems += [f'source "{source.name}": {problem}' for problem in error.problems]
        else:
            problems += _kind_problems(source, input_format)
            if "weight" not in input_format.columns:
                problems += [
                    f'measure "{measure.name}": weight = "{measure.weight}", but the format "{source.format}" keeps no weight; name '
                    "its column under [columns] weight in a format of your own, or take weight out."
                    for measure in study.measures_of(source.name)
                    if measure.weight
                ]
    problems += net_harm.value_problems(study)
    try:
        check_operations_apart(study.operations)
    except DesignError as error:
        problems.append(str(error))
    for operation in study.operations:
        try:
            check_operation(operation, study.area, study.other_operations(operation))
        except DesignError as error:
            problems.append(f'operation "{operation.name}": {error}')
    if problems:
        raise StudyError(problems)


def _checked_format(study: Study, source: Source) -> Format:
    """Return the format of a source; a guessed format that nobody has checked is refused."""
    input_format = read_format(source.format, study.folder)
    if input_format.guessed:
        raise StudyError([f'the format "{source.format}" {GUESS_SENTENCE}'])
    return input_format


def _files(study: Study, source: Source, data: Path) -> tuple[Format, tuple[InputFile, ...]]:
    input_format = _checked_format(study, source)
    return input_format, find_input_files(source.files, data, members=input_format.members)


def _kind_problems(source: Source, input_format: Format) -> list[str]:
    """Return the contradictions between a source and its format about what the files hold."""
    if input_format.kind != ("event" if source.is_events else source.kind):
        return [
            f'source "{source.name}": kind = "{source.kind}", but the format "{source.format}" reads '
            f"{'dated points' if input_format.kind == 'event' else input_format.kind}; choose a format for that kind, or the kind of the "
            "format (geoharm formats list)."
        ]
    if source.areas is not None and input_format.rules.area:
        return [
            f'source "{source.name}": the format "{source.format}" holds one area for the whole table, which stands for the '
            "study area; leave areas and area_id out."
        ]
    return []


def _check_categories(engine: DuckDBEngine, study: Study) -> None:
    """Refuse measures that name a category without rows, or a weight that no row states.

    A category without rows would otherwise read as a fall to zero.
    """
    problems = []
    for source in (event_source for event_source in study.sources if event_source.is_events):
        known_categories = source_categories(engine, source.name)
        for measure in study.measures_of(source.name):
            problems += [
                f'measure "{measure.name}": no row of "{source.name}" has the category "{category}"; '
                + nearest_hint(category, known_categories)
                for category in measure.categories
                if category not in known_categories
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
                    if is_proactive(category)
                ]
    if problems:
        raise StudyError(problems)
