"""The verbs about the plan: lock it before outcomes are loaded, and see what a result would be called now."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoharm.cli.lazy import lazy
from geoharm.cli.options import AsJson, Database, StudyFile, default_database, print_json
from geoharm.results import PreregistrationStatus

if TYPE_CHECKING:
    from geoharm.ingest import purge
    from geoharm.pipeline import load, preregistration
    from geoharm.study import read
else:
    load = lazy("pipeline.load")
    preregistration = lazy("pipeline.preregistration")
    purge = lazy("ingest.purge")
    read = lazy("study.read")

app = typer.Typer(
    help="Lock the plan of a study before its outcomes are loaded, so that results can say confirmatory or exploratory.",
    no_args_is_help=True,
)


@app.command(epilog="Example: geoharm plan lock pipelines/demo.toml")
def lock(
    study_file: StudyFile,
    db: Database = None,
    again: Annotated[bool, typer.Option("--again", help="Replace a lock; the new one says so.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write STUDY.plan.json beside the study file: the plan, its primary outcome, their SHA-256, and the day."""
    study = read.read_study(study_file)
    load.check_study(study)
    path = db or default_database(study)
    first = min(one.period.start for one in study.operations)
    loaded = path.is_file() and purge.events_since(path, first) > 0
    state = preregistration.write_lock(study, outcomes_loaded=loaded, day=datetime.now(UTC).date(), again=again)
    _say(state, preregistration.lock_path(study), as_json)


@app.command(epilog="Example: geoharm plan show pipelines/demo.toml --json")
def show(study_file: StudyFile, as_json: AsJson = False) -> None:
    """Say whether the plan is locked, and what has changed since."""
    study = read.read_study(study_file)
    _say(preregistration.preregistration_status(study), preregistration.lock_path(study), as_json)


def _say(state: PreregistrationStatus, path: Path, as_json: bool) -> None:
    if as_json:
        about = {
            "kind": state.kind,
            "sha256": state.digest,
            "locked_on": state.locked_on,
            "outcomes_loaded": state.outcomes_loaded,
            "operation_begun": state.operation_begun,
            "changes": list(state.changes),
            "file": str(path),
        }
        print_json(about)
        return
    print(state.sentence)
    if state.digest:
        print(f"  {path}: SHA-256 {state.digest}")
    for change in state.changes:
        print(f"  changed: {change}")
