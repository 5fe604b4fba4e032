"""Decisions before an operation: appraise options and prioritise markets, from the study to its page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

from geoharm._validation import toml_string
from geoharm.disclosure.appraisal import protect_appraisal
from geoharm.disclosure.history import read_history
from geoharm.disclosure.history_file import history_file_name
from geoharm.disclosure.ranking import protect_ranking, threshold_of
from geoharm.engines.duckdb import open_engine
from geoharm.errors import StudyError
from geoharm.harm.offence_weights import offence_weights, profile_from_weights
from geoharm.ingest.readers.sheets import read_first_sheet
from geoharm.model.study import Study
from geoharm.pipeline import analyse, collect, load
from geoharm.pipeline import appraise as pipeline_appraise
from geoharm.pipeline import prioritise as pipeline_prioritise
from geoharm.pipeline.check import check_has_operation, check_primary_of_points, check_study
from geoharm.pipeline.progress import Progress, no_progress, tell_nobody
from geoharm.report.exports.appraisal_record import AppraisalRecord, appraisal_record
from geoharm.report.exports.ranking_record import RankingRecord, ranking_record
from geoharm.report.pages.appraisal import publish_appraisal
from geoharm.report.pages.priorities import publish_ranking
from geoharm.report.publication import finish_interrupted
from geoharm.study.evidence_cards.cards import SHIPPED_CARDS, read_card

RecordT = TypeVar("RecordT", AppraisalRecord, RankingRecord)


@dataclass(frozen=True, slots=True)
class DecisionOutput(Generic[RecordT]):
    """The record and the files of an appraisal or a ranking.

    Attributes
    ----------
    record : AppraisalRecord or RankingRecord
        As in the JSON file: after suppression and rounding.
    files : tuple of Path
        What was written.
    """

    record: RecordT
    files: tuple[Path, ...]


def appraise(
    study: Study,
    *,
    data: Path,
    out: Path,
    database: Path,
    operation: str = "",
    progress: Progress = no_progress,
    on_gone: Callable[[str], None] = tell_nobody,
) -> DecisionOutput[AppraisalRecord]:
    """Read the data before a planned operation, appraise every option of the study, and write the page.

    The operation's windows after its start may lie in the future: they are not needed.

    Parameters
    ----------
    study : Study
    data : Path
        Folder of the study's files.
    out : Path
        Folder for the pages.
    database : Path
        Kept between runs; may be deleted at any time.
    operation : str
        Name of the planned operation; empty for the study's first.
    progress : callable
        Called with a step's name, the part done and the whole.
    on_gone : callable
        Called with a sentence for each file that was read the last time and is there no more.

    Raises
    ------
    StudyError, DataError, DesignError, PublishError
        With one sentence for each mistake; no file is half-written.
    """
    problems = pipeline_appraise.option_problems(study)
    if problems:
        raise StudyError(problems)
    check_has_operation(study, "an appraisal of options")
    check_primary_of_points(study, "an appraisal of options")
    check_study(study)
    finish_interrupted(out)
    _check_history(study, out)
    with open_engine(database, inputs=data) as engine:
        ledgers = load.load_sources(engine, study, data, progress, on_gone, (out, database))
        collected = collect.collect_baseline(engine, study, ledgers)
    progress("weighing options", 0, 1)
    appraisal = pipeline_appraise.appraise_options(collected, operation, threshold=threshold_of(study))
    progress("weighing options", 1, 1)
    progress("writing pages", 0, 1)
    released = protect_appraisal(study, appraisal)
    output = DecisionOutput(appraisal_record(released), publish_appraisal(released, out))
    progress("writing pages", 1, 1)
    return output


def prioritise(
    study: Study,
    *,
    data: Path,
    out: Path,
    database: Path,
    weights: Sequence[tuple[str, float]],
    progress: Progress = no_progress,
    on_gone: Callable[[str], None] = tell_nobody,
) -> DecisionOutput[RankingRecord]:
    """Read the data, rank the study's markets by weighted criteria, and write the page.

    Parameters
    ----------
    study : Study
    data : Path
        Folder of the study's files.
    out : Path
        Folder for the pages.
    database : Path
        Kept between runs; may be deleted at any time.
    weights : sequence of (criterion, weight)
    progress : callable
        Called with a step's name, the part done and the whole.
    on_gone : callable
        Called with a sentence for each file that was read the last time and is there no more.

    Raises
    ------
    StudyError, DataError, DesignError, PublishError
        With one sentence for each mistake; no file is half-written.
    """
    check_study(study)
    check_primary_of_points(study, "a ranking of markets")
    pipeline_prioritise.check_leads_by_harm(study)
    finish_interrupted(out)
    _check_history(study, out)
    with open_engine(database, inputs=data) as engine:
        ledgers = load.load_sources(engine, study, data, progress, on_gone, (out, database))
        load.load_tables(engine, study, data, progress, on_gone, (out, database))
        collected = collect.collect_markets(engine, study, ledgers)
    # Markets are hotspots of the whole period; no other window is mapped.
    surfaces = analyse.map_hotspots(replace(collected, study=replace(study, comparisons=())), progress)
    hotspots = next(surface.hotspots for surface in surfaces if surface.measure.name == study.primary)
    progress("ranking markets", 0, 1)
    ranking = pipeline_prioritise.prioritise_markets(
        collected, hotspots, weights=weights, threshold=threshold_of(study)
    )
    progress("ranking markets", 1, 1)
    progress("writing pages", 0, 1)
    released = protect_ranking(study, ranking)
    output = DecisionOutput(ranking_record(released), publish_ranking(released, out))
    progress("writing pages", 1, 1)
    return output


def _check_history(study: Study, out: Path) -> None:
    """Refuse a damaged record of earlier releases before the work begins."""
    if study.publish.release != "internal":
        read_history(out / history_file_name(internal=False))


def option_templates() -> str:
    """Return every shipped evidence card as an [[option]] in TOML; the user fills in the assumptions."""
    lines = [
        "# Options to appraise. Keep those you consider, and fill in your numbers (90% ranges) and their sources.",
        "",
    ]
    for name in SHIPPED_CARDS:
        card = read_card(name, Path())
        is_doing_nothing = name == "doing-nothing"
        lines += [
            f"# {card.finding}",
            f"# Take care: {card.caution}",
            "[[option]]",
            f"name             = {toml_string(card.name)}",
            f"card             = {toml_string(name)}",
            f"local            = {'[0.0, 0.0]' if is_doing_nothing else '[?, ?]'}    # change of the harms it is aimed at: -0.4 is a fall of 40%",
            f"displaced        = {'[0.0, 0.0]' if is_doing_nothing else '[?, ?]'}    # share of that change that appears nearby",
            f"half_life_months = {toml_string('lasts') if is_doing_nothing else '[?, ?]'}",
            f"source           = {toml_string('the baseline goes on') if is_doing_nothing else toml_string('?')}",
            "",
        ]
    return "\n".join(lines)


def import_values(file: Path, kind: str) -> tuple[str, int]:
    """Return a value profile as TOML from a workbook of weights by offence, and its number of offences.

    Raises
    ------
    StudyError, DataError
        If the workbook cannot be read as one of that kind.
    """
    rows = read_first_sheet(file)
    weights = offence_weights(rows, kind)
    return profile_from_weights(weights, kind, file=file.name), len(weights)
