"""From files to the database: every source by its format, and what a study can be told about them before any is read."""

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
from geoharm.model.study import Operation, Source, Study
from geoharm.model.table_ledger import TableLedger
from geoharm.pipeline import net_harm
from geoharm.queries.counts import source_categories, stated_weights

GUESS_SENTENCE = "is a guess; check every line of it and take the line guessed = true out."

Progress = Callable[[str, int, int], None]


def no_progress(step: str, done: int, total: int) -> None:
    """Report no progress."""


def load_sources(
    engine: DuckDBEngine, study: Study, data: Path, progress: Progress = no_progress
) -> tuple[SourceLedger, ...]:
    """Read every source of events of a study into the database and return the balanced ledgers.

    Raises
    ------
    StudyError, DataError
        With one sentence a mistake; a refused file has changed nothing.
    """
    ledgers = []
    for source in (one for one in study.sources if one.is_events):
        input_format, files = _files(study, source, data)
        done = 0

        def step(name: str, total: int = len(files), of: str = source.name) -> None:
            nonlocal done
            done += 1
            progress(f"reading {of}: {name}", done, total)

        ledgers.append(
            ingest_events(
                engine,
                source.name,
                input_format=input_format,
                files=files,
                area=study.area,
                period=study.period,
                covers=source.covers,
                on_file=step,
            )
        )
    _check_categories(engine, study)
    return tuple(ledgers)


def load_tables(
    engine: DuckDBEngine, study: Study, data: Path, progress: Progress = no_progress
) -> tuple[TableLedger, ...]:
    """Read every source that holds no events (area tables, surveys, sites, streets) and return the balanced ledgers.

    Raises
    ------
    StudyError, DataError
        With one sentence a mistake; a refused source has changed nothing.
    """
    ledgers = []
    for source in (one for one in study.sources if not one.is_events):
        input_format, files = _files(study, source, data)
        progress(f"reading {source.name}", 0, len(files))
        ledgers.append(
            ingest_table(engine, source, input_format=input_format, files=files, area=study.area, period=study.period)
        )
        progress(f"reading {source.name}", len(files), len(files))
    return tuple(ledgers)


def check_study(study: Study) -> None:
    """Check what needs no data: every format, every phase, every operation's zones.

    Raises
    ------
    StudyError
        Listing every mistake.
    """
    problems: list[str] = []
    for source in study.sources:
        try:
            input_format = _layout(study, source)
        except StudyError as error:
            problems += [f'source "{source.name}": {problem}' for problem in error.problems]
        else:
            problems += _kind_problems(source, input_format)
            if "weight" not in input_format.columns:
                problems += [
                    f'measure "{one.name}": weight = "{one.weight}", but the format "{source.format}" keeps no weight; name '
                    "its column under [columns] weight in a format of your own, or take weight out."
                    for one in study.measures_of(source.name)
                    if one.weight
                ]
    problems += net_harm.value_problems(study)
    try:
        check_operations_apart(study.operations)
    except DesignError as error:
        problems.append(str(error))
    for one in study.operations:
        try:
            check_operation(one, study.area, other_operations(study, one))
        except DesignError as error:
            problems.append(f'operation "{one.name}": {error}')
    if problems:
        raise StudyError(problems)


def other_operations(study: Study, one: Operation) -> list[Operation]:
    """Return the other operations of a study."""
    return [other for other in study.operations if other is not one]


def _layout(study: Study, source: Source) -> Format:
    """Return the format of a source; nothing is read by one that nobody has checked."""
    input_format = read_format(source.format, study.folder)
    if input_format.guessed:
        raise StudyError([f'the format "{source.format}" {GUESS_SENTENCE}'])
    return input_format


def _files(study: Study, source: Source, data: Path) -> tuple[Format, tuple[InputFile, ...]]:
    input_format = _layout(study, source)
    return input_format, find_input_files(source.files, data, members=input_format.members)


def _kind_problems(source: Source, input_format: Format) -> list[str]:
    """Return how a source and its format disagree about what the files hold."""
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
    """Refuse measures that name a category no row has (they would read as a fall to zero), or a weight no row states."""
    problems = []
    for source in (one for one in study.sources if one.is_events):
        held = source_categories(engine, source.name)
        for measure in study.measures_of(source.name):
            problems += [
                f'measure "{measure.name}": no row of "{source.name}" has the category "{category}"; '
                + nearest_hint(category, held)
                for category in measure.categories
                if category not in held
            ]
            events, stated = stated_weights(engine, measure) if measure.weight else (0, 0)
            if events and not stated:
                problems.append(
                    f'measure "{measure.name}": weight = "{measure.weight}", but none of its {events:,} events states a '
                    "weight; check the column in the file and in the format, or take weight out."
                )
            if measure.harm and not measure.overridden and not measure.categories:
                problems += [
                    f'measure "{measure.name}": it counts "{category}", which is enforcement activity, not harm; name the '
                    "categories that are harm under where, or write activity = true."
                    for category in held
                    if is_proactive(category)
                ]
    if problems:
        raise StudyError(problems)
