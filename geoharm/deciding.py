"""The order of work before an operation: appraise ways to act, and prioritise markets; each from the study to its page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geoharm import appraising, harm, intake, publish, ranking, store, watching, workflow
from geoharm._tables import quoted
from geoharm.errors import StudyError
from geoharm.model import Study


@dataclass(frozen=True, slots=True)
class Decided:
    """What was written.

    Attributes
    ----------
    record : dict
        As in the JSON file: disclosed.
    files : tuple of Path
    """

    record: dict[str, Any]
    files: tuple[Path, ...]


def appraise(study: Study, *, data: Path, out: Path, database: Path, operation: str = "") -> Decided:
    """Read the data before a planned operation, appraise every option of the study, and write the page.

    The operation's windows after may lie in the future: they are not needed.

    Parameters
    ----------
    study : Study
    data, out, database : Path
    operation : str
        Name of the planned operation; empty for the study's first.

    Raises
    ------
    StudyError, DataError, DesignError, PublishError
        With one sentence a mistake; nothing is half-written.
    """
    problems = appraising.check_options(study)
    if problems:
        raise StudyError(problems)
    intake.check(study)
    publish.check_folder(out)
    with store.open_store(database, inputs=data) as opened:
        ledgers = intake.ingest(opened, study, data)
        found = appraising.appraise(opened, study, ledgers, operation)
    disclosed = publish.disclose_appraisal(study, found)
    return Decided(publish.appraisal_record(disclosed), publish.publish_appraisal(disclosed, out))


def prioritise(study: Study, *, data: Path, out: Path, database: Path, weights: Sequence[tuple[str, float]]) -> Decided:
    """Read the data, rank the study's markets by weighted criteria, and write the page.

    Parameters
    ----------
    study : Study
    data, out, database : Path
    weights : sequence of (criterion, weight)

    Raises
    ------
    StudyError, DataError, DesignError, PublishError
        With one sentence a mistake; nothing is half-written.
    """
    intake.check(study)
    publish.check_folder(out)
    with store.open_store(database, inputs=data) as opened:
        ledgers = intake.ingest(opened, study, data)
        intake.ingest_tables(opened, study, data)
        surfaces = workflow.find_hotspots(opened, study, ledgers, ())
        spots = next(one.hotspots for one in surfaces if one.measure.name == study.primary)
        found = ranking.rank_study(opened, study, ledgers, spots, watching.sites(opened, study), weights=weights)
    disclosed = publish.disclose_ranking(study, found)
    return Decided(publish.ranking_record(disclosed), publish.publish_ranking(disclosed, out))


def option_template() -> str:
    """Return every shipped evidence card as an [[option]] to fill in: what is assumed is for the user to say."""
    lines = [
        "# Options to appraise. Keep those you weigh up, put in your numbers (90% ranges) and where they come from.",
        "",
    ]
    for name in harm.SHIPPED_CARDS:
        card = harm.read_card(name, Path())
        nothing = name == "doing-nothing"
        lines += [
            f"# {card.finding}",
            f"# Take care: {card.caution}",
            "[[option]]",
            f"name             = {quoted(card.name)}",
            f"card             = {quoted(name)}",
            f"local            = {'[0.0, 0.0]' if nothing else '[?, ?]'}    # change of the harms it is aimed at: -0.4 is a fall of 40%",
            f"displaced        = {'[0.0, 0.0]' if nothing else '[?, ?]'}    # share of that change that turns up nearby",
            f"half_life_months = {quoted('lasts') if nothing else '[?, ?]'}",
            f"source           = {quoted('the baseline goes on') if nothing else quoted('?')}",
            "",
        ]
    return "\n".join(lines)


def import_values(file: Path, kind: str) -> tuple[str, int]:
    """Return a value profile as TOML from a workbook of weights by offence, and how many offences it has.

    Raises
    ------
    StudyError, DataError
        If the workbook cannot be read as one of that kind.
    """
    rows = store.sheet_texts(file)
    weights = harm.offence_weights(rows, kind)
    return harm.profile_from_weights(weights, kind, file=file.name), len(weights)
