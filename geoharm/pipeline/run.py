"""Run a study: load files, collect the data, analyse them, protect the results and write pages."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from geoharm._version import __version__
from geoharm.disclosure.history import read_history
from geoharm.disclosure.history_file import history_file_name
from geoharm.disclosure.protect import protect
from geoharm.disclosure.released import Release
from geoharm.engines.duckdb import open_engine
from geoharm.model.study import Study
from geoharm.pipeline.analyse import analyse
from geoharm.pipeline.check import check_study
from geoharm.pipeline.collect import collect_study
from geoharm.pipeline.load import load_sources, load_tables
from geoharm.pipeline.progress import Progress, no_progress, tell_nobody
from geoharm.pipeline.workload import check_workload
from geoharm.queries.save import save_results
from geoharm.report.publication import finish_interrupted
from geoharm.report.write import PublishedFiles, publish_study
from geoharm.results import StudyResult


@dataclass(frozen=True, slots=True)
class StudyRun:
    """The results of a run and the files it wrote.

    Attributes
    ----------
    result : StudyResult
        Full precision: not for publication.
    published : PublishedFiles
    release : Release
        What was published.
    """

    result: StudyResult
    published: PublishedFiles
    release: Release

    def _repr_html_(self) -> str:
        """Return the HTML that a notebook shows: the published files."""
        return self.published._repr_html_()


def run(
    study: Study,
    *,
    data: Path,
    out: Path,
    database: Path,
    progress: Progress = no_progress,
    on_gone: Callable[[str], None] = tell_nobody,
    on_long: Callable[[str], None] = tell_nobody,
) -> StudyRun:
    """Run a whole study: read the files, find hotspots, evaluate every operation, and write the pages.

    Parameters
    ----------
    study : Study
    data : Path
        Folder of the study's files.
    out : Path
        Folder for the pages.
    database : Path
        Kept between runs, so that unchanged files are not read again; may be deleted at any time.
    progress : callable
        Called with a step's name, the part done and the whole.
    on_gone : callable
        Called with a sentence for each file that was read the last time and is there no more.
    on_long : callable
        Called before the work starts with a sentence on how long it will take, if that is over two minutes.

    Raises
    ------
    StudyError, DataError, DesignError, PublishError
        With one sentence for each mistake.
    """
    check_study(study)
    finish_interrupted(out)
    read_history(out / history_file_name(internal=study.publish.release == "internal"))
    work = check_workload(study)
    if work.is_long:
        on_long(work.sentence())
    with open_engine(database, inputs=data) as engine:
        ledgers = load_sources(engine, study, data, progress, on_gone, (out, database))
        tables = load_tables(engine, study, data, progress, on_gone, (out, database))
        collected = collect_study(engine, study, ledgers, progress)
    result = analyse(collected, tables, progress)
    effects = [
        (operation.design.operation.name, measure.measure.name, effect)
        for operation in result.operations
        for measure in operation.measures
        for effect in (*measure.effects, *measure.phases)
    ]
    counts = [
        (operation, measure.measure.name, counted)
        for measure in collected.measures
        for operation, counted in measure.zone_counts.items()
    ]
    progress("keeping results", 0, 1)
    with open_engine(database, inputs=data) as engine:
        save_results(engine, effects, counts, study_hash=study_hash(study), version=__version__, seed=study.seed)
    progress("keeping results", 1, 1)
    progress("checking what may be published", 0, 1)
    release = protect(result)
    progress("checking what may be published", 1, 1)
    progress("writing pages", 0, 1)
    published = publish_study(release, out)
    progress("writing pages", 1, 1)
    return StudyRun(result, published, release)


def study_hash(study: Study) -> str:
    """Return one SHA-256 of the study file and every area file."""
    return hashlib.sha256(repr(sorted(study.inputs.items())).encode()).hexdigest()
