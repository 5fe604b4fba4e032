"""The verb for a first study: asks what only a person can say, guesses the rest, and says what to do next."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import typer

from geoharm import start, workflow
from geoharm.errors import DesignError, StudyError
from geoharm.model import TACTICS, Period
from geoharm.study import read_study

NewFile = Annotated[Path, typer.Argument(metavar="STUDY", help="The study file to write, such as pipelines/mine.toml.")]


def new(
    study_file: NewFile,
    *,
    data: Annotated[Path, typer.Option("--data", help="Folder that holds the files.")] = Path("data/raw"),
    file: Annotated[
        list[str] | None, typer.Option("--file", metavar="PATTERN=FORMAT", help="Which format reads which files.")
    ] = None,
    area: Annotated[Path | None, typer.Option("--area", help="GeoJSON or GeoPackage of the study area.")] = None,
    area_around: Annotated[str, typer.Option("--area-around", metavar="LON,LAT,KM", help="Or a circle.")] = "",
    target: Annotated[Path | None, typer.Option("--target", help="GeoJSON or GeoPackage of the target area.")] = None,
    target_around: Annotated[str, typer.Option("--target-around", metavar="LON,LAT,METRES", help="Or a circle.")] = "",
    operation: Annotated[str, typer.Option("--operation", help="The operation's name.")] = "",
    tactic: Annotated[str, typer.Option("--tactic", help="One of: " + ", ".join(TACTICS) + ".")] = "crackdown",
    begin: Annotated[str, typer.Option("--start", metavar="DATE", help="The operation's first day.")] = "",
    end: Annotated[str, typer.Option("--end", metavar="DATE", help="Its last day; default the first.")] = "",
    period: Annotated[str, typer.Option("--period", metavar="DATE..DATE", help="Days to study; default all.")] = "",
    crs: Annotated[str, typer.Option("--crs", help="Projected system in metres; default the UTM zone.")] = "",
    primary: Annotated[str, typer.Option("--primary", help="Name of the primary measure.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Never ask.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over files that exist.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was decided as JSON.")] = False,
) -> None:
    """Write a first study file for your data: asks for what is missing, marks every guess, never ingests on one."""
    ask = _asker(silent=yes or not sys.stdin.isatty())
    given = dict(_pair(one) for one in file or [])
    folder = study_file.parent
    if area is None:
        area_around = ask(area_around, "--area-around", "Study area: longitude,latitude,km")
    if target is None:
        target_around = ask(target_around, "--target-around", "Target: longitude,latitude,metres")
    name = ask(operation, "--operation", "Name of the operation")
    first = _day(ask(begin, "--start", "Its first day (2021-05-01)"), "--start")
    last = _day(end, "--end") if end else first
    sources = start.find_sources(data, folder, given, lambda text: typer.echo(f"reading {text}", err=True))
    made: dict[Path, str] = {}
    paths = {}
    for key, path, around, metres in (("area", area, area_around, 1000.0), ("target", target, target_around, 1.0)):
        if path is not None:
            paths[key] = _relative(path, folder)
        else:
            drawn = folder / f"{study_file.stem}_{key}.geojson"
            made[drawn] = _circle(around, metres, key)
            paths[key] = drawn.name
    answers = start.Answers(
        name=f"{name}, {first:%Y}", operation=name, tactic=tactic, start=first, end=last, area=paths["area"],
        target=paths["target"], crs=crs, period=_period(period), primary=primary,
    )  # fmt: skip
    read = [one for one in sources if not one.guessed]
    guessed = [one for one in sources if one.guessed]
    made |= {folder / one.format: one.guessed for one in guessed}
    written = ({study_file: start.study_text(read, answers)} if read else {}) | made
    _write(written, study_file if read else None, force=force)
    _say(study_file, data, [str(path) for path in written], read, guessed, as_json=as_json)


def _write(written: dict[Path, str], study_file: Path | None, *, force: bool) -> None:
    """Write all files, or none if one exists or the study would not pass its own check."""
    for path in written:
        if path.exists() and not force:
            raise StudyError([f'"{path}" exists; choose another name, or add --force to write over it.'])
    before = {path: path.read_bytes() if path.exists() else None for path in written}
    try:
        for path, text in written.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        if study_file is not None:
            workflow.check(read_study(study_file))
    except BaseException:
        for path, content in before.items():
            if content is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(content)
        raise


def _say(
    study_file: Path, data: Path, written: list[str], read: list[start.FoundSource], guessed: list[start.FoundSource], *,
    as_json: bool,
) -> None:  # fmt: skip
    following = [
        f"geoharm formats check {data / one.pattern} --format {study_file.parent / one.format}" for one in guessed
    ]
    if read:
        following += [f"geoharm check {study_file}", f"geoharm run {study_file} --data {data}"]
    if as_json:
        sources = [
            {"files": one.pattern, "format": one.format, "why": one.evidence, "guessed": bool(one.guessed)}
            for one in (*read, *guessed)
        ]
        print(json.dumps({"wrote": written, "sources": sources, "next": following}, indent=1, ensure_ascii=False))
        return
    for one in read:
        print(f"{one.pattern}: {one.format} ({one.evidence}), {one.first} to {one.last}")
    for one in guessed:
        print(f"{one.pattern}: {one.evidence}; a guess stands in {one.format} and is not used: check it, take the line "
              "guessed = true out, and add it as a [[source]]")  # fmt: skip
    for path in written:
        print(f"wrote {path}")
    print("Read every line marked guessed, then:")
    for command in following:
        print(f"    {command}")


def _asker(*, silent: bool) -> Callable[[str, str, str], str]:
    def ask(value: str, flag: str, question: str) -> str:
        if value:
            return value
        if silent:
            raise StudyError([f"{flag} is missing; nothing was written."])
        return str(typer.prompt(question))

    return ask


def _pair(text: str) -> tuple[str, str]:
    pattern, sign, name = text.partition("=")
    if not sign or not pattern or not name:
        raise StudyError([f'--file is "{text}"; write PATTERN=FORMAT, such as "*.csv=police-uk-street".'])
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


def _circle(text: str, metres: float, key: str) -> str:
    parts = text.split(",")
    try:
        longitude, latitude, radius = (float(part) for part in parts)
    except ValueError:
        raise StudyError(
            [
                f'--{key}-around is "{text}"; write longitude,latitude,radius, such as -71.07,42.33,{0.3 * 1000 / metres:g}.'
            ]
        ) from None
    if not (abs(longitude) <= 180 and abs(latitude) <= 80 and 0 < radius * metres <= 200_000):
        raise StudyError([f'--{key}-around is "{text}"; longitude comes first, and the radius is at most 200 km.'])
    return start.circle(longitude, latitude, radius * metres)


def _relative(path: Path, folder: Path) -> str:
    if not path.is_file():
        raise StudyError([f'The area file "{path}" does not exist.'])
    return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
