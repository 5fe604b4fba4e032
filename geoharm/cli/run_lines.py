"""What a run found and wrote, as lines for people and as a record for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from geoharm.cli.ledger_lines import ledger_line
from geoharm.cli.options import written_line

if TYPE_CHECKING:
    from geoharm.model.ledger import SourceLedger
    from geoharm.model.table_ledger import TableLedger
    from geoharm.pipeline.run import StudyRun


def run_record(study_run: StudyRun) -> dict[str, Any]:
    """Return what a run found, for `--json`."""
    published, plan = study_run.published, study_run.result.preregistration
    return {
        "operations": [
            {"name": name, "state": verdict.state.value, "headline": verdict.headline, "lead": verdict.lead}
            for name, verdict in published.verdicts
        ],
        "hotspots": list(published.hotspots),
        "plan": {"kind": plan.kind, "sentence": plan.sentence} if study_run.result.operations else None,
        "files": [str(path) for path in published.files],
    }


def run_lines(study_run: StudyRun) -> list[str]:
    """Return what a run found and wrote, as lines for people."""
    ledgers: list[SourceLedger | TableLedger] = [*study_run.result.ledgers, *study_run.result.tables]
    lines = [*map(ledger_line, ledgers)]
    if study_run.result.operations:
        lines.append(study_run.result.preregistration.sentence)
    return [*lines, *answer_lines(study_run), "", *file_lines(study_run)]


def answer_lines(study_run: StudyRun) -> list[str]:
    """Return what a run found: its hotspots, where a study has no operation, and the answers about every operation."""
    lines = [f"  {sentence}" for sentence in study_run.published.hotspots]
    for name, verdict in study_run.published.verdicts:
        lines += ["", name]
        lines += [f"  note: {notice}" for notice in filter(None, (verdict.label, *verdict.notices))]
        lines += [f"  {verdict.headline}", f"  {verdict.lead}"]
        lines += [f"  {answer.question} {answer.answer}. {answer.detail}" for answer in verdict.answers]
    return lines


def file_lines(study_run: StudyRun) -> list[str]:
    """Return what a run wrote and removed, and whether it may be published."""
    published = study_run.published
    removed = [f"removed {path}: it belongs to the previous release" for path in published.removed]
    internal = ["internal: not for publication"] if study_run.release.is_internal else []
    return [*removed, *map(written_line, published.files), *internal]
