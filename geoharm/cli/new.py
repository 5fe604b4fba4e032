"""The verb `new`: write a first study file by asking, proposing values from the data, and printing the next steps.

Exit codes: 0 done; 1 a mistake in a flag, the data or a file, said in one sentence (nothing is written); 2 a wrong command
line.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoharm._whole_files import write_whole
from geoharm.cli import completion
from geoharm.cli.lazy import lazy
from geoharm.cli.options import print_json
from geoharm.errors import DesignError, GeoharmError, StudyError
from geoharm.model.period import Period
from geoharm.model.tactics import TACTICS

if TYPE_CHECKING:
    from geoharm.pipeline import check as pipeline_check
    from geoharm.scaffold import areas as scaffold_areas
    from geoharm.scaffold import measures as scaffold_measures
    from geoharm.scaffold import proposal, study_text
    from geoharm.scaffold import sources as scaffold_sources
    from geoharm.scaffold.areas import UnprojectedArea
    from geoharm.scaffold.proposal import Answers, ProposedStudy
    from geoharm.scaffold.sources import SourceMatch, UnusedFile
    from geoharm.study import read as study_reader
else:
    scaffold_areas = lazy("scaffold.areas")
    pipeline_check = lazy("pipeline.check")
    proposal = lazy("scaffold.proposal")
    scaffold_measures = lazy("scaffold.measures")
    study_reader = lazy("study.read")
    scaffold_sources = lazy("scaffold.sources")
    study_text = lazy("scaffold.study_text")

NewFile = Annotated[Path, typer.Argument(metavar="STUDY", help="The study file to write, such as pipelines/mine.toml.")]
# Maps (value given on the command line, flag, question) to the answer.
Ask = Callable[[str, str, str], str]


def new(
    study_file: NewFile,
    *,
    data: Annotated[Path, typer.Option("--data", help="Folder that holds the files.")] = Path("data/raw"),
    file: Annotated[
        list[str] | None,
        typer.Option("--file", metavar="PATTERN[=FORMAT]", help="Look at these files only, read as this format."),
    ] = None,
    area: Annotated[
        Path | None, typer.Option("--area", help="File of the study area: GeoJSON, GeoPackage, Shapefile or KML.")
    ] = None,
    area_around: Annotated[str, typer.Option("--area-around", metavar="LON,LAT,KM", help="Or a circle.")] = "",
    target: Annotated[Path | None, typer.Option("--target", help="File of the target area.")] = None,
    target_around: Annotated[str, typer.Option("--target-around", metavar="LON,LAT,METRES", help="Or a circle.")] = "",
    operation: Annotated[str, typer.Option("--operation", help="The operation's name.")] = "",
    tactic: Annotated[
        str,
        typer.Option("--tactic", help="One of: " + ", ".join(TACTICS) + ".", autocompletion=completion.tactic_names),
    ] = "crackdown",
    begin: Annotated[str, typer.Option("--start", metavar="DATE", help="The operation's first day.")] = "",
    end: Annotated[str, typer.Option("--end", metavar="DATE", help="Its last day; default the first.")] = "",
    period: Annotated[str, typer.Option("--period", metavar="DATE..DATE", help="First and last day to study.")] = "",
    crs: Annotated[str, typer.Option("--crs", help="Projected system in metres, such as EPSG:27700.")] = "",
    primary: Annotated[str, typer.Option("--primary", help="The primary outcome: a measure or a category.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Never ask; take every proposal.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over files that exist.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was decided as JSON.")] = False,
) -> None:
    """Write a first study file for a folder of data.

    It asks for what is missing and marks every guess; no data are loaded with a guessed format.
    """
    interactive = not yes and _is_terminal()
    ask = _ask if interactive else _refuse
    if tactic not in TACTICS:
        raise StudyError([f'--tactic is "{tactic}"; it must be one of {", ".join(TACTICS)}.'])
    if study_file.suffix != ".toml":
        raise StudyError([f'The study file is called "{study_file}"; its name must end in .toml.'])
    _refuse_existing([study_file], force=force)
    answers = proposal.Answers(
        operation=ask(operation, "--operation", "Name of the operation"), tactic=tactic,
        start=(first_day := _parse_day(ask(begin, "--start", "Its first day, such as 2021-05-01"), "--start")),
        end=_last_day(end, first_day, ask if interactive else None), crs=crs, primary=primary, period=_parse_period(period), end_given=bool(end),
        area=_area_from_options(study_file, area, area_around, ask, "area", "Study area: a file, or longitude,latitude,radius in km"),
        target=_area_from_options(study_file, target, target_around, ask, "target", "Target area: a file, or longitude,latitude,radius in metres"),
    )  # fmt: skip
    formats_by_pattern = dict(_pattern_and_format(argument, study_file.parent) for argument in file or [])
    sources, unused_files = scaffold_sources.find_sources(
        data, study_file, formats_by_pattern, lambda name: typer.echo(f"reading {name}", err=True)
    )
    open_guesses = [source for source in sources if source.guess and source.ledger is None]
    plan = _proposed_study(sources, unused_files, answers, open_guesses)
    if plan is not None and interactive:
        plan = _confirmed(plan, sources, unused_files)
    files = _files_to_write(study_file, plan, open_guesses)
    _refuse_existing(files, force=force)
    _write_all(files, study_file if plan else None)
    _print_result(study_file, data, plan, open_guesses, list(files), as_json=as_json)


def _proposed_study(
    sources: tuple[SourceMatch, ...],
    unused_files: tuple[UnusedFile, ...],
    answers: Answers,
    open_guesses: list[SourceMatch],
) -> ProposedStudy | None:
    """Return the proposed study; None if every source has a guessed format that must be settled first."""
    try:
        return proposal.propose_study(sources, unused_files, answers)
    except GeoharmError:
        if open_guesses and len(open_guesses) == len(sources):
            return None
        raise


def _confirmed(
    plan: ProposedStudy, sources: tuple[SourceMatch, ...], unused_files: tuple[UnusedFile, ...]
) -> ProposedStudy:
    """Ask the user to confirm each proposal, shown with its evidence, and return the study with the answers."""
    answers = plan.answers
    for key in ("crs", "period", "primary"):
        if key not in plan.reasons:
            continue
        reason = plan.reasons[key]
        proposed_value = f"{plan.period.start}..{plan.period.last}" if key == "period" else reason.value
        typer.echo(f"{reason.what}: {proposed_value} ({reason.why})", err=True)
        answer = str(typer.prompt(f"  {reason.what}", default=proposed_value, err=True))
        if answer == proposed_value:
            continue
        if key == "period":
            answers = replace(answers, period=_parse_period(answer))
        elif key == "crs":
            answers = replace(answers, crs=answer)
        else:
            answers = replace(answers, primary=answer)
    return plan if answers == plan.answers else proposal.propose_study(sources, unused_files, answers)


def _files_to_write(study_file: Path, plan: ProposedStudy | None, open_guesses: list[SourceMatch]) -> dict[Path, str]:
    """Return the text of every file to write."""
    folder = study_file.parent
    guesses = [*open_guesses, *(source for source in (plan.sources if plan else ()) if source.guess)]
    files = {folder / one.format: one.guess for one in guesses}
    if plan is None:
        return files
    for area in (plan.answers.area, plan.answers.target):
        if area.content:
            files[folder / area.file] = area.content
    return {study_file: study_text.study_text(plan), **files}


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
    study_file: Path,
    data: Path,
    plan: ProposedStudy | None,
    open_guesses: list[SourceMatch],
    written: list[Path],
    *,
    as_json: bool,
) -> None:
    used = list(plan.sources) if plan else []
    guessed_sources = [*open_guesses, *(source for source in used if source.guess)]
    next_commands = [
        f"geoharm formats check {_shell_quoted(data / source.files[0])} --format {_shell_quoted(study_file.parent / source.format)}"
        for source in guessed_sources
    ]
    if plan is not None:
        next_commands += [
            f"geoharm check {_shell_quoted(study_file)}",
            f"geoharm run {_shell_quoted(study_file)} --data {_shell_quoted(data)}",
        ]
    elif guessed_sources:
        next_commands.append(
            f"geoharm new {_shell_quoted(study_file)} ... --file {_shell_quoted(f'{guessed_sources[0].files[0]}={guessed_sources[0].format}')}"
        )
    if as_json:
        summary = _summary(plan, [*used, *open_guesses], guessed_sources)
        print_json({"wrote": [str(path) for path in written], **summary, "next": next_commands})
        return
    for source in used:
        assert source.ledger is not None  # noqa: S101 what is used was read
        print(
            f"{', '.join(source.files[:3])}: {source.format} ({source.evidence}), {source.ledger.coverage.start} to {source.ledger.coverage.last}"
        )
    for reason in plan.reasons.values() if plan else ():
        print(f"{reason.what}: {reason.value}{' ' if reason.value else ''}({reason.why})")
    for name, categories in plan.uncounted.items() if plan else ():
        print(f"not counted of {name}: {scaffold_measures.listed_categories(categories)}")
    for item in plan.left_out if plan else ():
        print(f"not used: {item.what}: {item.why}")
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
    summary |= {
        "crs": plan.crs,
        "period": [str(plan.period.start), str(plan.period.end)],
        "before": [str(plan.before.start), str(plan.before.end)],
        "after": list(plan.after),
        "rings": {"gap": plan.gap, "outer": list(plan.rings)},
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


def _is_terminal() -> bool:
    return sys.stdin.isatty()


def _ask(value: str, flag: str, question: str) -> str:
    return value or str(typer.prompt(f"{question} ({flag})", err=True)).strip()


def _refuse(value: str, flag: str, question: str) -> str:
    if value:
        return value
    raise StudyError([f"{flag} is missing ({question[:1].lower()}{question[1:]}); nothing was written."])


def _last_day(text: str, first_day: date, ask: Ask | None) -> date:
    if not text and ask is not None:
        text = str(typer.prompt("Its last day (--end)", default=str(first_day), err=True))
    last_day = _parse_day(text, "--end") if text else first_day
    if last_day < first_day:
        raise StudyError([f"--end is {last_day}, before --start {first_day}; both days are part of the operation."])
    return last_day


def _area_from_options(
    study_file: Path, path: Path | None, around: str, ask: Ask, key: str, question: str
) -> UnprojectedArea:
    if path is not None and around:
        raise StudyError([f"--{key} and --{key}-around are both given; give one of the two."])
    text = "" if path is not None else ask(around, f"--{key}-around", question)
    if not around and Path(text).is_file():
        path = Path(text)
    if path is not None:
        name = "study area" if key == "area" else "target area"
        return scaffold_areas.read_area_file(path, _relative(path, study_file.parent), name)
    return scaffold_areas.circle_from_flag(
        text, f"--{key}-around", f"{study_file.stem}_{key}.geojson", unit=1000 if key == "area" else 1
    )


def _pattern_and_format(text: str, folder: Path) -> tuple[str, str]:
    pattern, equals, format_name = text.partition("=")
    if not pattern or (equals and not format_name):
        raise StudyError([f'--file is "{text}"; write PATTERN=FORMAT, such as "*.csv=police-uk-street".'])
    # The user's own format may be named relative to the current folder or to the study's folder.
    if format_name.endswith(".toml") and Path(format_name).is_file() and not (folder / format_name).is_file():
        format_name = _relative(Path(format_name), folder)
    return pattern, format_name


def _parse_day(text: str, flag: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise StudyError([f'{flag} is "{text}"; write a day such as 2021-05-01.']) from None


def _parse_period(text: str) -> Period | None:
    if not text:
        return None
    first, _, last = text.partition("..")
    try:
        return Period(_parse_day(first, "--period"), _parse_day(last, "--period") + timedelta(days=1))
    except DesignError as error:
        raise StudyError([f"--period: {error}"]) from error


def _relative(path: Path, folder: Path) -> str:
    """Return a path relative to a folder, as a study file in that folder names it."""
    if not path.is_file():
        raise StudyError([f'The file "{path}" does not exist.'])
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:  # another drive
        return path.resolve().as_posix()


def _shell_quoted(text: object) -> str:
    """Return a word for a command line, in quotes if it needs them."""
    word = str(text)
    return f'"{word}"' if any(character in word for character in " *?()&;'[]") else word
