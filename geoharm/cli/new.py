"""The verb `new`: show the files of a folder, ask what only a person knows, and write a first study file with every guess marked.

Exit codes: 0 done; 1 a mistake in a flag, the data or a file, said in one sentence (nothing is written), or the dialogue was
ended; 2 a wrong command line; 130 stopped by Ctrl-C. A dialogue that is broken off prints the command line that goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoharm._whole_files import write_whole
from geoharm.cli import completion, new_flags
from geoharm.cli.ask import is_terminal, say, wrapped
from geoharm.cli.lazy import lazy
from geoharm.cli.new_flags import Flags, shell_quoted
from geoharm.cli.options import print_json
from geoharm.errors import StudyError
from geoharm.model.tactics import TACTICS

if TYPE_CHECKING:
    from geoharm.cli import new_dialogue, new_files, new_plan
    from geoharm.cli import progress as cli_progress
    from geoharm.pipeline import check as pipeline_check
    from geoharm.scaffold import measures as scaffold_measures
    from geoharm.scaffold import sources as scaffold_sources
    from geoharm.scaffold import study_text
    from geoharm.scaffold.proposal import ProposedStudy
    from geoharm.scaffold.sources import SourceMatch
    from geoharm.study import read as study_reader
else:
    cli_progress = lazy("cli.progress")
    new_dialogue = lazy("cli.new_dialogue")
    new_files = lazy("cli.new_files")
    new_plan = lazy("cli.new_plan")
    pipeline_check = lazy("pipeline.check")
    scaffold_measures = lazy("scaffold.measures")
    study_reader = lazy("study.read")
    scaffold_sources = lazy("scaffold.sources")
    study_text = lazy("scaffold.study_text")

NewFile = Annotated[Path, typer.Argument(metavar="STUDY", help="The study file to write, such as pipelines/mine.toml.")]
Texts = list[str] | None


def new(
    study_file: NewFile,
    *,
    data: Annotated[Path, typer.Option("--data", help="Folder that holds the files.")] = Path("data/raw"),
    file: Annotated[
        Texts, typer.Option("--file", metavar="PATTERN[=FORMAT]", help="Look at these files only, read as this format.")
    ] = None,
    area: Annotated[
        str, typer.Option("--area", metavar="FILE", help="File of the study area; auto: drawn around the events.")
    ] = "",
    area_around: Annotated[str, typer.Option("--area-around", metavar="LON,LAT,KM", help="Or a circle.")] = "",
    crs: Annotated[str, typer.Option("--crs", help="Projected system in metres, such as EPSG:27700.")] = "",
    period: Annotated[str, typer.Option("--period", metavar="DATE..DATE", help="First and last day to study.")] = "",
    harm: Annotated[
        Texts,
        typer.Option(
            "--harm", metavar="CATEGORY=BORNE BY/TYPE", help="A category is a harm: Removal=community/environment."
        ),
    ] = None,
    activity: Annotated[
        Texts, typer.Option("--activity", metavar="CATEGORY", help="A category is what police or services did.")
    ] = None,
    leave_out: Annotated[
        Texts, typer.Option("--leave-out", metavar="CATEGORY", help="A category is counted nowhere.")
    ] = None,
    primary: Annotated[str, typer.Option("--primary", help="The primary outcome: a measure or any category.")] = "",
    operation: Annotated[str, typer.Option("--operation", help="The operation's name.")] = "",
    no_operation: Annotated[
        bool, typer.Option("--no-operation", help="Evaluate none: map where harm concentrates.")
    ] = False,
    tactic: Annotated[
        str,
        typer.Option("--tactic", help="One of: " + ", ".join(TACTICS) + ".", autocompletion=completion.tactic_names),
    ] = "",
    start: Annotated[str, typer.Option("--start", metavar="DATE", help="The operation's first day.")] = "",
    end: Annotated[str, typer.Option("--end", metavar="DATE", help="Its last day; default the first.")] = "",
    target: Annotated[str, typer.Option("--target", metavar="FILE", help="File of the target area.")] = "",
    target_around: Annotated[str, typer.Option("--target-around", metavar="LON,LAT,METRES", help="Or a circle.")] = "",
    target_candidate: Annotated[
        int, typer.Option("--target-candidate", metavar="N", min=0, help="Or the hotspot with this number.")
    ] = 0,
    rings: Annotated[
        str, typer.Option("--rings", metavar="GAP,OUTER,...", help="Gap and outer edges in metres: 100,250,500.")
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Never ask; take every proposal.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over files that exist.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was decided as JSON.")] = False,
) -> None:
    """Show what a folder of files holds, and write a first study file.

    It asks what only you know, and marks every guess.
    """
    flags = Flags(
        study_file, data, tuple(file or ()), area, area_around, crs, period, tuple(harm or ()), tuple(activity or ()),
        tuple(leave_out or ()), primary, operation, no_operation, tactic, start, end, target, target_around,
        target_candidate, rings,
    )  # fmt: skip
    new_flags.check_flags(flags)
    _refuse_existing([study_file], force=force)
    with cli_progress.ProgressDisplay(quiet=False) as bar:
        sources, unused = scaffold_sources.find_sources(
            data, study_file, new_flags.formats_of(flags), lambda name: bar.show(f"reading {name}", 0, 1)
        )
    if not as_json:
        new_files.show_files(data, sources, unused)
    open_guesses = [source for source in sources if source.guess and source.ledger is None]
    plan = None
    if not open_guesses or len(open_guesses) < len(sources):
        if not yes and is_terminal():
            flags, plan = _asked(flags, sources, unused)
        else:
            look = new_plan.look_at(flags, sources, unused)
            if look.proposed is not None and not as_json:
                say(f"Study area: {look.area.evidence}.")
            new_plan.refuse_missing(flags, look)
            plan = new_plan.plan_of(flags, look)
    files = _files_to_write(study_file, plan, open_guesses)
    _refuse_existing(files, force=force)
    _write_all(files, study_file if plan else None)
    _print_result(flags, plan, open_guesses, list(files), as_json=as_json)


def _asked(
    flags: Flags, sources: tuple[SourceMatch, ...], unused: tuple[scaffold_sources.UnusedFile, ...]
) -> tuple[Flags, ProposedStudy]:
    """Return what was asked for in a dialogue; if it is broken off, print the command line that goes on from there."""
    dialogue = new_dialogue.Dialogue(flags, sources, unused)
    try:
        look = dialogue.run()
    except (typer.Abort, KeyboardInterrupt):
        typer.echo("\nNothing was written. To go on from here:", err=True)
        typer.echo(f"    {dialogue.flags.command()}", err=True)
        raise typer.Exit(1) from None
    return dialogue.flags, new_plan.plan_of(dialogue.flags, look, dialogue.found)


def _files_to_write(study_file: Path, plan: ProposedStudy | None, open_guesses: list[SourceMatch]) -> dict[Path, str]:
    """Return the text of every file to write."""
    folder = study_file.parent
    guesses = [*open_guesses, *(source for source in (plan.sources if plan else ()) if source.guess)]
    files = {folder / one.format: one.guess for one in guesses}
    if plan is None:
        return files
    areas = [plan.area, *([plan.operation.answers.target] if plan.operation else [])]
    files |= {folder / area.file: area.content for area in areas if area.content}
    name = study_file.stem.replace("-", " ").replace("_", " ")
    return {study_file: study_text.study_text(plan, name=name), **files}


def _refuse_existing(paths: list[Path] | Mapping[Path, str], *, force: bool) -> None:
    for path in paths:
        if path.exists() and not force:
            raise StudyError([f'"{path}" exists; choose another name, or add --force to write over it.'])


def _write_all(files: Mapping[Path, str], study_file: Path | None) -> None:
    """Write all files, or none if the study fails its own check for any reason other than a guessed format."""
    previous_contents = {path: path.read_bytes() if path.exists() else None for path in files}
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, text)
        if study_file is not None:
            _check_written_study(study_file)
    except BaseException:
        for path, content in previous_contents.items():
            if content is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(content)
        raise


def _check_written_study(study_file: Path) -> None:
    try:
        pipeline_check.check_study(study_reader.read_study(study_file))
    except StudyError as error:
        other_problems = [problem for problem in error.problems if pipeline_check.GUESS_SENTENCE not in problem]
        if other_problems:
            raise StudyError(other_problems) from error


def _print_result(
    flags: Flags,
    plan: ProposedStudy | None,
    open_guesses: list[SourceMatch],
    written: list[Path],
    *,
    as_json: bool,
) -> None:
    used = list(plan.sources) if plan else []
    study_file, data = flags.study_file, flags.data
    guessed_sources = [*open_guesses, *(source for source in used if source.guess)]
    next_commands = [
        f"geoharm formats check {shell_quoted(data / source.files[0])} --format {shell_quoted(study_file.parent / source.format)}"
        for source in guessed_sources
    ]
    if plan is not None:
        next_commands += [
            f"geoharm check {shell_quoted(study_file)}",
            f"geoharm run {shell_quoted(study_file)} --data {shell_quoted(data)}",
        ]
    elif guessed_sources:
        next_commands.append(
            f"geoharm new {shell_quoted(study_file)} ... --file {shell_quoted(f'{guessed_sources[0].files[0]}={guessed_sources[0].format}')}"
        )
    if as_json:
        summary = _summary(plan, [*used, *open_guesses], guessed_sources)
        print_json({"wrote": [str(path) for path in written], **summary, "next": next_commands})
        return
    for reason in plan.reasons.values() if plan else ():
        print(wrapped(f"{reason.what}: {reason.value}{' ' if reason.value else ''}({reason.why})"))
    for name, categories in plan.uncounted.items() if plan else ():
        print(wrapped(f"not counted of {name}: {scaffold_measures.listed_categories(categories)}"))
    for item in plan.left_out if plan else ():
        print(wrapped(f"not used: {item.what}: {item.why}"))
    for source in guessed_sources:
        print(
            f"{source.format} is a guess: read every line of it, decide what is undecided, then delete the line guessed = true"
        )
        if source.inexact:
            print(f"{source.format}: {source.inexact}")
    for path in written:
        print(f"wrote {path}")
    print("Read every line marked guessed, then:")
    for command in next_commands:
        print(f"    {command}")


def _summary(
    plan: ProposedStudy | None, sources: list[SourceMatch], guessed_sources: list[SourceMatch]
) -> dict[str, object]:
    """Return the decisions as plain values for JSON."""
    summary: dict[str, object] = {
        "sources": [
            {
                "name": source.name, "kind": source.kind, "files": list(source.files), "format": source.format, "why": source.evidence,
                "guessed": source in guessed_sources, "undecided": list(source.undecided), "categories": dict(source.categories),
                "first_day": str(source.ledger.coverage.start) if source.ledger else "",
                "last_day": str(source.ledger.coverage.last) if source.ledger else "",
            }
            for source in sources
        ]
    }  # fmt: skip
    if plan is None:
        return summary
    operation = plan.operation
    if operation is not None:
        summary |= {
            "before": [str(operation.before.start), str(operation.before.end)],
            "after": list(operation.after),
            "rings": {"gap": operation.gap, "outer": list(operation.rings)},
            "target": operation.answers.target.evidence,
        }
    summary |= {
        "area": plan.area.evidence,
        "crs": plan.crs,
        "period": [str(plan.period.start), str(plan.period.end)],
        "primary": plan.primary,
        "measures": [
            {"name": measure.name, "source": measure.source, "categories": list(measure.categories), "rows": measure.rows,
             "role": "harm" if measure.is_harm else "activity", "counted_as_harm": measure.counted_as_harm}
            for measure in plan.measures
        ],
        "uncounted": {
            name: [{"category": one.category, "rows": one.rows, "doubtful": one.doubtful} for one in categories]
            for name, categories in plan.uncounted.items()
        },
        "guesses": [{"what": reason.what, "value": reason.value, "why": reason.why} for reason in plan.reasons.values()],
        "left_out": [{"what": left_out.what, "why": left_out.why} for left_out in plan.left_out],
    }  # fmt: skip
    return summary
