"""The verb `run`: from the files to the pages, of one study or of several.

Exit codes: 0 done; 1 a mistake in a study, its data, its database or a file, said in one sentence; 2 a wrong command line; 75 the
database or the folder of pages is in use; 130 stopped by Ctrl-C. Of several studies: 0 if all are done, else 1.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoharm.cli import completion
from geoharm.cli.lazy import lazy
from geoharm.cli.options import (
    DATA,
    AsJson,
    DataFolder,
    Quiet,
    default_database,
    default_output,
    print_json,
)
from geoharm.cli.run_lines import run_lines, run_record

if TYPE_CHECKING:
    from geoharm.cli import progress as cli_progress
    from geoharm.cli import several_runs
    from geoharm.pipeline import planned_steps
    from geoharm.pipeline import run as pipeline_run
    from geoharm.report import index as report_index
    from geoharm.study import read as study_reader
else:
    cli_progress = lazy("cli.progress")
    several_runs = lazy("cli.several_runs")
    planned_steps = lazy("pipeline.planned_steps")
    pipeline_run = lazy("pipeline.run")
    report_index = lazy("report.index")
    study_reader = lazy("study.read")

_PATTERN_SIGNS = "*?["


def run(
    study_files: Annotated[
        list[str],
        typer.Argument(
            metavar="STUDY",
            help="One study file or several; a pattern such as 'pipelines/*.toml' may stand in quotes.",
            autocompletion=completion.study_files,
        ),
    ],
    data: DataFolder = DATA,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for the pages, of several studies for their folders; default maps/STUDY."),
    ] = None,
    *,
    db: Annotated[
        Path | None, typer.Option("--db", help="Database file of one study; default data/STUDY.duckdb.")
    ] = None,
    jobs: Annotated[
        int,
        typer.Option("--jobs", min=1, help="How many of several studies run at a time; each may need 1 GB of memory."),
    ] = 1,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Evaluate every operation of a study, and write report and map.

    The files are read, hotspots found, and every operation evaluated; report, map and run.json are written. Several studies
    run side by side with --jobs, each with a database and a folder of its own; one that fails does not stop the others.
    """
    files = _named_files(study_files)
    if len(files) > 1:
        if db is not None:
            msg = "--db names one database, and each of several studies needs its own; leave it out."
            raise typer.BadParameter(msg)
        several_runs.run_studies(files, data=data, parent=out, jobs=jobs, as_json=as_json, quiet=quiet)
        return
    study = study_reader.read_study(files[0])
    with cli_progress.ProgressDisplay(quiet) as bar:
        bar.plan(planned_steps.run_steps(study, data))
        study_run = pipeline_run.run(
            study,
            data=data,
            out=out or default_output(study),
            database=db or default_database(study),
            progress=bar.show,
            on_gone=bar.tell,
            on_long=bar.tell,
        )
    if out is None or report_index.has_index(out.parent):
        report_index.write_index((out or default_output(study)).parent)
    if as_json:
        print_json(run_record(study_run))
        return
    for line in run_lines(study_run):
        print(line)


def _named_files(arguments: list[str]) -> list[Path]:
    """Return the study files that arguments name; patterns are taken apart here, since some shells do not.

    Raises
    ------
    typer.BadParameter
        If a pattern fits no file.
    """
    files: list[Path] = []
    for argument in arguments:
        path = Path(argument)
        if not any(sign in argument for sign in _PATTERN_SIGNS) or path.exists():
            files.append(path)
            continue
        anchor = Path(path.anchor)
        found = sorted(anchor.glob(path.relative_to(anchor).as_posix()) if path.anchor else Path().glob(argument))
        if not found:
            msg = f'No file fits "{argument}".'
            raise typer.BadParameter(msg)
        files += found
    # A file that several patterns fit runs once.
    by_place: dict[Path, Path] = {}
    for path in files:
        by_place.setdefault(path.resolve(), path)
    return list(by_place.values())
