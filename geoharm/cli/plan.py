"""The verbs about preregistration: lock the plan before outcomes are loaded, and show what has changed since.

Exit codes: 0 done; 1 a mistake in the study or its lock, said in one sentence; 2 a wrong command line; 75 the database is
in use by another program.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoharm.cli.help_pages import VerbGroup, example
from geoharm.cli.lazy import lazy
from geoharm.cli.options import AsJson, Database, StudyFile, default_database, print_json

if TYPE_CHECKING:
    from geoharm.ingest import purge as ingest_purge
    from geoharm.pipeline import check as pipeline_check
    from geoharm.pipeline import preregistration
    from geoharm.results import PreregistrationStatus
    from geoharm.study import read as study_reader
else:
    pipeline_check = lazy("pipeline.check")
    preregistration = lazy("pipeline.preregistration")
    ingest_purge = lazy("ingest.purge")
    study_reader = lazy("study.read")

app = typer.Typer(
    cls=VerbGroup,
    help="Lock a study's plan before its outcomes are loaded.\n\nResults are then marked confirmatory or exploratory.",
    subcommand_metavar="VERB [ARGS]...",
    no_args_is_help=True,
)


@app.command(epilog=example("plan lock pipelines/demo.toml"))
def lock(
    study_file: StudyFile,
    db: Database = None,
    again: Annotated[
        bool, typer.Option("--again", help="Replace an existing lock; the new lock records this.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Write down a study's plan, so that later changes are seen.

    STUDY.plan.json, beside the study file, holds the plan, its primary outcome, their SHA-256, and the day.
    """
    study = study_reader.read_study(study_file)
    pipeline_check.check_study(study)
    pipeline_check.check_has_operation(study, "a plan to lock")
    path = db or default_database(study)
    first_day = min(operation.period.start for operation in study.operations)
    outcomes_loaded = path.is_file() and ingest_purge.events_since(path, first_day) > 0
    status = preregistration.write_lock(
        study, outcomes_loaded=outcomes_loaded, day=datetime.now(UTC).date(), again=again
    )
    _print_status(status, preregistration.lock_path(study), as_json)


@app.command(epilog=example("plan show pipelines/demo.toml --json"))
def show(study_file: StudyFile, as_json: AsJson = False) -> None:
    """Say whether the plan is locked, and what has changed since."""
    study = study_reader.read_study(study_file)
    pipeline_check.check_has_operation(study, "a plan to lock")
    _print_status(preregistration.preregistration_status(study), preregistration.lock_path(study), as_json)


def _print_status(status: PreregistrationStatus, path: Path, as_json: bool) -> None:
    if as_json:
        summary = {
            "kind": status.kind,
            "sha256": status.digest,
            "locked_on": status.locked_on,
            "outcomes_loaded": status.outcomes_loaded,
            "operation_begun": status.operation_begun,
            "changes": list(status.changes),
            "file": str(path),
        }
        print_json(summary)
        return
    print(status.sentence)
    if status.digest:
        print(f"  {path}: SHA-256 {status.digest}")
    for change in status.changes:
        print(f"  changed: {change}")
