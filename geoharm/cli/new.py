"""The verb for a first study: asks what only a person can say, proposes the rest, and says what to do next."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geoharm.cli.lazy import lazy
from geoharm.cli.options import print_json
from geoharm.errors import DesignError, GeoharmError, StudyError
from geoharm.model.period import Period
from geoharm.model.study import TACTICS

if TYPE_CHECKING:
    from geoharm.pipeline import load
    from geoharm.scaffold import areas, proposal, study_text
    from geoharm.scaffold import sources as scaffold_sources
    from geoharm.scaffold.areas import UnprojectedArea
    from geoharm.scaffold.proposal import Answers, ProposedStudy
    from geoharm.scaffold.sources import SourceMatch, UnusedFile
    from geoharm.study import read
else:
    areas = lazy("scaffold.areas")
    load = lazy("pipeline.load")
    proposal = lazy("scaffold.proposal")
    read = lazy("study.read")
    scaffold_sources = lazy("scaffold.sources")
    study_text = lazy("scaffold.study_text")

NewFile = Annotated[Path, typer.Argument(metavar="STUDY", help="The study file to write, such as pipelines/mine.toml.")]
# (value that was given, flag, question) to the answer.
Ask = Callable[[str, str, str], str]


def new(
    study_file: NewFile,
    *,
    data: Annotated[Path, typer.Option("--data", help="Folder that holds the files.")] = Path("data/raw"),
    file: Annotated[
        list[str] | None,
        typer.Option("--file", metavar="PATTERN[=FORMAT]", help="Look at these files only, read as this format."),
    ] = None,
    area: Annotated[Path | None, typer.Option("--area", help="GeoJSON or GeoPackage of the study area.")] = None,
    area_around: Annotated[str, typer.Option("--area-around", metavar="LON,LAT,KM", help="Or a circle.")] = "",
    target: Annotated[Path | None, typer.Option("--target", help="GeoJSON or GeoPackage of the target area.")] = None,
    target_around: Annotated[str, typer.Option("--target-around", metavar="LON,LAT,METRES", help="Or a circle.")] = "",
    operation: Annotated[str, typer.Option("--operation", help="The operation's name.")] = "",
    tactic: Annotated[str, typer.Option("--tactic", help="One of: " + ", ".join(TACTICS) + ".")] = "crackdown",
    begin: Annotated[str, typer.Option("--start", metavar="DATE", help="The operation's first day.")] = "",
    end: Annotated[str, typer.Option("--end", metavar="DATE", help="Its last day; default the first.")] = "",
    period: Annotated[str, typer.Option("--period", metavar="DATE..DATE", help="First and last day to study.")] = "",
    crs: Annotated[str, typer.Option("--crs", help="Projected system in metres, such as EPSG:27700.")] = "",
    primary: Annotated[str, typer.Option("--primary", help="The primary outcome: a measure or a category.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Never ask; take every proposal.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over files that exist.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was decided as JSON.")] = False,
) -> None:
    """Write a first study file for your data: asks for what is missing, marks every guess, never ingests on one."""
    asks = not yes and _is_terminal()
    ask = _ask if asks else _refuse
    if tactic not in TACTICS:
        raise StudyError([f'--tactic is "{tactic}"; it must be one of {", ".join(TACTICS)}.'])
    if study_file.suffix != ".toml":
        raise StudyError([f'The study file is called "{study_file}"; its name must end in .toml.'])
    _refuse_existing([study_file], force=force)
    answers = proposal.Answers(
        operation=ask(operation, "--operation", "Name of the operation"), tactic=tactic,
        start=(first := _day(ask(begin, "--start", "Its first day, such as 2021-05-01"), "--start")),
        end=_last_day(end, first, ask if asks else None), crs=crs, primary=primary, period=_period(period), end_given=bool(end),
        area=_place(study_file, area, area_around, ask, "area", "Study area: a file, or longitude,latitude,radius in km"),
        target=_place(study_file, target, target_around, ask, "target", "Target area: a file, or longitude,latitude,radius in metres"),
    )  # fmt: skip
    given = dict(_pair(one, study_file.parent) for one in file or [])
    sources, left = scaffold_sources.find_sources(
        data, study_file, given, lambda name: typer.echo(f"reading {name}", err=True)
    )
    open_guesses = [one for one in sources if one.guess and one.ledger is None]
    plan = _plan(sources, left, answers, open_guesses)
    if plan is not None and asks:
        plan = _confirmed(plan, sources, left)
    files = _files(study_file, plan, open_guesses)
    _refuse_existing(files, force=force)
    _write(files, study_file if plan else None)
    _say(study_file, data, plan, open_guesses, list(files), as_json=as_json)


def _plan(
    sources: tuple[SourceMatch, ...], left: tuple[UnusedFile, ...], answers: Answers, open_guesses: list[SourceMatch]
) -> ProposedStudy | None:
    """Return the plan; None where nothing can be planned before a guessed format is settled."""
    try:
        return proposal.propose_study(sources, left, answers)
    except GeoharmError:
        if open_guesses and len(open_guesses) == len(sources):
            return None
        raise


def _confirmed(plan: ProposedStudy, sources: tuple[SourceMatch, ...], left: tuple[UnusedFile, ...]) -> ProposedStudy:
    """Ask about the proposals that a person can settle at once, each with its evidence, and plan anew."""
    answers = plan.answers
    for key in ("crs", "period", "primary"):
        if key not in plan.reasons:
            continue
        reason = plan.reasons[key]
        shown = f"{plan.period.start}..{plan.period.last}" if key == "period" else reason.value
        typer.echo(f"{reason.what}: {shown} ({reason.why})", err=True)
        said = str(typer.prompt(f"  {reason.what}", default=shown, err=True))
        if said == shown:
            continue
        if key == "period":
            answers = replace(answers, period=_period(said))
        elif key == "crs":
            answers = replace(answers, crs=said)
        else:
            answers = replace(answers, primary=said)
    return plan if answers == plan.answers else proposal.propose_study(sources, left, answers)


def _files(study_file: Path, plan: ProposedStudy | None, open_guesses: list[SourceMatch]) -> dict[Path, str]:
    """Return what is to be written."""
    folder = study_file.parent
    guesses = [*open_guesses, *(one for one in (plan.sources if plan else ()) if one.guess)]
    files = {folder / one.format: one.guess for one in guesses}
    if plan is None:
        return files
    for place in (plan.answers.area, plan.answers.target):
        if place.content:
            files[folder / place.file] = place.content
    return {study_file: study_text.study_text(plan), **files}


def _refuse_existing(paths: list[Path] | Mapping[Path, str], *, force: bool) -> None:
    for path in paths:
        if path.exists() and not force:
            raise StudyError([f'"{path}" exists; choose another name, or add --force to write over it.'])


def _write(files: Mapping[Path, str], study_file: Path | None) -> None:
    """Write all files, or none if the study would not pass its own check for another reason than a guessed format."""
    before = {path: path.read_bytes() if path.exists() else None for path in files}
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        if study_file is not None:
            _check(study_file)
    except BaseException:
        for path, content in before.items():
            if content is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(content)
        raise


def _check(study_file: Path) -> None:
    try:
        load.check_study(read.read_study(study_file))
    except StudyError as error:
        others = [problem for problem in error.problems if load.GUESS_SENTENCE not in problem]
        if others:
            raise StudyError(others) from error


def _say(
    study_file: Path,
    data: Path,
    plan: ProposedStudy | None,
    open_guesses: list[SourceMatch],
    written: list[Path],
    *,
    as_json: bool,
) -> None:
    used = list(plan.sources) if plan else []
    guessed = [*open_guesses, *(one for one in used if one.guess)]
    following = [
        f"geoharm formats check {_shell(data / one.files[0])} --format {_shell(study_file.parent / one.format)}"
        for one in guessed
    ]
    if plan is not None:
        following += [f"geoharm check {_shell(study_file)}", f"geoharm run {_shell(study_file)} --data {_shell(data)}"]
    elif guessed:
        following.append(
            f"geoharm new {_shell(study_file)} ... --file {_shell(f'{guessed[0].files[0]}={guessed[0].format}')}"
        )
    if as_json:
        about = _about(plan, [*used, *open_guesses], guessed)
        print_json({"wrote": [str(path) for path in written], **about, "next": following})
        return
    for one in used:
        assert one.ledger is not None  # noqa: S101 what is used was read
        print(
            f"{', '.join(one.files[:3])}: {one.format} ({one.evidence}), {one.ledger.coverage.start} to {one.ledger.coverage.last}"
        )
    for reason in plan.reasons.values() if plan else ():
        print(f"{reason.what}: {reason.value}{' ' if reason.value else ''}({reason.why})")
    for item in plan.left_out if plan else ():
        print(f"not used: {item.what}: {item.why}")
    for one in guessed:
        print(
            f"{one.format} is a guess: read every line of it, settle what is not decided, then take out guessed = true"
        )
    for path in written:
        print(f"wrote {path}")
    print("Read every line marked guessed, then:")
    for command in following:
        print(f"    {command}")


def _about(plan: ProposedStudy | None, sources: list[SourceMatch], guessed: list[SourceMatch]) -> dict[str, object]:
    """Return what was decided, for machines."""
    said: dict[str, object] = {
        "sources": [
            {
                "name": one.name, "kind": one.kind, "files": list(one.files), "format": one.format, "why": one.evidence,
                "guessed": one in guessed, "undecided": list(one.undecided), "categories": dict(one.categories),
                "first_day": str(one.ledger.coverage.start) if one.ledger else "",
                "last_day": str(one.ledger.coverage.last) if one.ledger else "",
            }
            for one in sources
        ]
    }  # fmt: skip
    if plan is None:
        return said
    said |= {
        "crs": plan.crs,
        "period": [str(plan.period.start), str(plan.period.end)],
        "before": [str(plan.before.start), str(plan.before.end)],
        "after": list(plan.after),
        "rings": {"gap": plan.gap, "outer": list(plan.rings)},
        "primary": plan.primary,
        "measures": [
            {"name": one.name, "source": one.source, "categories": list(one.categories), "rows": one.rows,
             "role": "harm" if one.is_harm else "activity", "counted_as_harm": one.counted_as_harm}
            for one in plan.measures
        ],
        "guesses": [{"what": one.what, "value": one.value, "why": one.why} for one in plan.reasons.values()],
        "left_out": [{"what": one.what, "why": one.why} for one in plan.left_out],
    }  # fmt: skip
    return said


def _is_terminal() -> bool:
    return sys.stdin.isatty()


def _ask(value: str, flag: str, question: str) -> str:
    return value or str(typer.prompt(f"{question} ({flag})", err=True)).strip()


def _refuse(value: str, flag: str, question: str) -> str:
    if value:
        return value
    raise StudyError([f"{flag} is missing ({question[:1].lower()}{question[1:]}); nothing was written."])


def _last_day(text: str, first: date, ask: Ask | None) -> date:
    if not text and ask is not None:
        text = str(typer.prompt("Its last day (--end)", default=str(first), err=True))
    last = _day(text, "--end") if text else first
    if last < first:
        raise StudyError([f"--end is {last}, before --start {first}; both days are part of the operation."])
    return last


def _place(study_file: Path, path: Path | None, around: str, ask: Ask, key: str, question: str) -> UnprojectedArea:
    if path is not None and around:
        raise StudyError([f"--{key} and --{key}-around are both given; give one of the two."])
    text = "" if path is not None else ask(around, f"--{key}-around", question)
    if not around and Path(text).is_file():
        path = Path(text)
    if path is not None:
        name = "study area" if key == "area" else "target area"
        return areas.read_area_file(path, _relative(path, study_file.parent), name)
    return areas.circle_from_flag(
        text, f"--{key}-around", f"{study_file.stem}_{key}.geojson", unit=1000 if key == "area" else 1
    )


def _pair(text: str, folder: Path) -> tuple[str, str]:
    pattern, sign, name = text.partition("=")
    if not pattern or (sign and not name):
        raise StudyError([f'--file is "{text}"; write PATTERN=FORMAT, such as "*.csv=police-uk-street".'])
    # A format of one's own may be named from here or from the study's folder.
    if name.endswith(".toml") and Path(name).is_file() and not (folder / name).is_file():
        name = _relative(Path(name), folder)
    return pattern, name


def _day(text: str, flag: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise StudyError([f'{flag} is "{text}"; write a day such as 2021-05-01.']) from None


def _period(text: str) -> Period | None:
    if not text:
        return None
    first, _, last = text.partition("..")
    try:
        return Period(_day(first, "--period"), _day(last, "--period") + timedelta(days=1))
    except DesignError as error:
        raise StudyError([f"--period: {error}"]) from error


def _relative(path: Path, folder: Path) -> str:
    """Return a path as a file in a folder names it."""
    if not path.is_file():
        raise StudyError([f'The file "{path}" does not exist.'])
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:  # another drive
        return path.resolve().as_posix()


def _shell(text: object) -> str:
    """Return a word of a command, in quotes if it needs them."""
    word = str(text)
    return f'"{word}"' if any(sign in word for sign in " *?()&;'[]") else word
