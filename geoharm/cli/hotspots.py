"""The verb `hotspots`: files in, a map and a table out, without a study file; every default is said aloud.

Exit codes: 0 done; 1 files that cannot be mapped or a mistake in a flag, said in one sentence; 2 a wrong command line.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geoharm._whole_files import write_whole
from geoharm.cli import new_flags
from geoharm.cli.ask import say
from geoharm.cli.lazy import lazy
from geoharm.cli.new_flags import Flags, shell_quoted
from geoharm.cli.options import AsJson, Quiet, print_json, print_written
from geoharm.errors import StudyError
from geoharm.model.kernel_choices import BANDWIDTH_RULES

if TYPE_CHECKING:
    from geoharm.cli import new_files, new_plan
    from geoharm.cli import progress as cli_progress
    from geoharm.disclosure.released import Release
    from geoharm.model import geometry
    from geoharm.pipeline import planned_steps
    from geoharm.pipeline import run as pipeline_run
    from geoharm.scaffold import hotspot_study, study_text
    from geoharm.scaffold import sources as scaffold_sources
    from geoharm.scaffold.first_look import FirstLook
    from geoharm.scaffold.hotspot_study import MapSettings
    from geoharm.scaffold.sources import SourceMatch, UnusedFile
    from geoharm.study import read as study_reader
else:
    cli_progress = lazy("cli.progress")
    geometry = lazy("model.geometry")
    hotspot_study = lazy("scaffold.hotspot_study")
    new_files = lazy("cli.new_files")
    new_plan = lazy("cli.new_plan")
    planned_steps = lazy("pipeline.planned_steps")
    pipeline_run = lazy("pipeline.run")
    scaffold_sources = lazy("scaffold.sources")
    study_reader = lazy("study.read")
    study_text = lazy("scaffold.study_text")

_STUDY_NAME = "hotspots.toml"
_RELEASES = ("internal", "public")
# Metres by which places are taken to be off, where columns say that they are not exact and nothing says how far.
_ASSUMED_ERROR = 100.0
_MOST_SHOWN = 10
_ROUNDED_FROM = 10.0
_GUESSED_LINE = "guessed = true"


def hotspots(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Files of events or places, or a folder.")],
    *,
    where: Annotated[
        list[str] | None, typer.Option("--where", metavar="CATEGORY", help="Count this category; may be repeated.")
    ] = None,
    bandwidth: Annotated[
        str, typer.Option("--bandwidth", help=f"Search radius in metres, or a rule: {', '.join(BANDWIDTH_RULES)}.")
    ] = "",
    cell: Annotated[float, typer.Option("--cell", metavar="METRES", min=0, help="Side of a cell.")] = 0.0,
    share: Annotated[
        float, typer.Option("--share", min=0, max=1, help="Share of all density that the hotspots hold; default 0.25.")
    ] = 0.0,
    area: Annotated[
        str, typer.Option("--area", metavar="FILE", help="File of the study area; default drawn around the events.")
    ] = "",
    crs: Annotated[str, typer.Option("--crs", help="Projected system in metres, such as EPSG:27700.")] = "",
    period: Annotated[str, typer.Option("--period", metavar="DATE..DATE", help="First and last day to map.")] = "",
    release: Annotated[
        str, typer.Option("--release", help="internal: full counts; public: small counts are withheld.")
    ] = "internal",
    out: Annotated[Path, typer.Option("--out", help="Folder for map, table and report.")] = Path("hotspots"),
    study: Annotated[
        Path | None,
        typer.Option("--study", metavar="FILE", help="Write the study file that was used here, to go on from."),
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
) -> None:
    """Map where the events of your files concentrate.

    A map and a table of hotspots, without a study file; every default is said.
    """
    flags = Flags(study or Path(_STUDY_NAME), Path(), area=area, crs=crs, period=period)
    new_flags.check_flags(flags)
    wanted = _settings(bandwidth, cell, share)
    if release not in _RELEASES:
        raise StudyError([f'--release is "{release}"; it must be internal or public.'])
    if study is not None and study.exists():
        raise StudyError([f'"{study}" exists; choose another name for --study.'])
    data, names = _folder_and_names(files)
    sources, unused = scaffold_sources.read_sources(
        [(name, "") for name in names],
        data,
        flags.study_file,
        lambda _: None,
        assumed_error=_ASSUMED_ERROR,
        with_places=True,
    )
    if not quiet:
        new_files.show_files(data, sources, unused)
    _refuse_undecided(sources, unused)
    sources, unused = _without_lists(sources, unused, period)
    with tempfile.TemporaryDirectory() as scratch:
        used = replace(flags, study_file=Path(scratch) / flags.study_file.name)
        look = new_plan.look_at(used, sources, unused)
        made = _make(look, list(where or ()), wanted, used, release=release)
        for sentence in () if quiet else made.said:
            say(sentence)
        for name, text in made.files.items():
            write_whole(Path(scratch) / name, _without_guess_mark(text))
        mapped_study = study_reader.read_study(used.study_file)
        with cli_progress.ProgressDisplay(quiet) as bar:
            bar.plan(planned_steps.run_steps(mapped_study, data))
            mapped = pipeline_run.run(
                mapped_study, data=data, out=out, database=Path(scratch) / "hotspots.duckdb",
                progress=bar.show, on_gone=bar.tell, on_long=bar.tell,
            )  # fmt: skip
    written = [*mapped.published.files]
    if study is not None:
        if area:
            own = replace(look.area, file=new_flags.relative_name(Path(area), study.parent))
            made = _make(replace(look, area=own), list(where or ()), wanted, flags, release=release)
        study.parent.mkdir(parents=True, exist_ok=True)
        written += [write_whole(study.parent / name, text) for name, text in made.files.items()]
    found = _found(mapped.release)
    if as_json:
        print_json({"said": list(made.said), "hotspots": found, "files": [str(path) for path in written]})
        return
    _print_table(found)
    print_written(written)
    if study is not None:
        print(f"Go on with: geoharm run {shell_quoted(study)} --data {shell_quoted(data)}")
    if release == "internal":
        print("internal: not for publication")


@dataclass(frozen=True, slots=True)
class _Made:
    """The files of a study that was made for a map, and what is to be said about it.

    Attributes
    ----------
    files : dict of str to str
        Text by name, beside the study file.
    said : tuple of str
    """

    files: dict[str, str]
    said: tuple[str, ...]


def _make(look: FirstLook, where: list[str], wanted: MapSettings, flags: Flags, *, release: str) -> _Made:
    period = new_flags.period_of(flags)
    plan, counted = hotspot_study.hotspot_study(look, where, period=period)
    area = geometry.StudyArea(look.area.within(look.crs), look.crs)
    settings = hotspot_study.settings_for(area, wanted)
    bandwidth = settings.bandwidth if isinstance(settings.bandwidth, str) else f"{settings.bandwidth:,g} m"
    guesses = [source for source in plan.sources if source.guess]
    said = [
        *(f"GUESSED: how to read {', '.join(source.files[:3])}: {source.evidence}. Check that before you rely on the map." for source in guesses),
        *(f"ASSUMED: the places of {', '.join(source.files[:3])} are not exact; they are taken to be off by {_ASSUMED_ERROR:g} m." for source in guesses if source.inexact),
        f"Study area: {look.area.evidence} (--area FILE names another).",
        f"Coordinate system: {look.crs}{f', {look.crs_why}' if look.crs_why else ''} (--crs).",
        "Days: none, for a list of places has no dates."
        if plan.sources[0].places is not None
        else f"Days: {plan.period.start} to {plan.period.last}{'' if period else ', all that the files cover'} (--period).",
        *(f"Counted: {sentence} (--where)." for sentence in counted),
        f"Density: bandwidth {bandwidth} (--bandwidth), cells of {settings.cell:,g} m (--cell). Hotspots: the smallest area that "
        f"holds {settings.share:.0%} of all density (--share).",
        "Release: internal, with full counts (--release public withholds small ones)."
        if release == "internal"
        else "Release: public; small counts are withheld.",
    ]  # fmt: skip
    name = f"Hotspots of {', '.join(measure.name for measure in plan.measures)}"
    text = study_text.study_text(
        plan, name=name, made_by="geoharm hotspots", hotspots=hotspot_study.settings_text(settings), release=release
    )
    files = {flags.study_file.name: text} | {source.format: source.guess for source in guesses}
    if plan.area.content:
        files[plan.area.file] = plan.area.content
    return _Made(files, tuple(said))


def _settings(bandwidth: str, cell: float, share: float) -> MapSettings:
    """Return the settings of the map; a bandwidth is a number of metres or the name of a rule."""
    if not bandwidth or bandwidth in BANDWIDTH_RULES:
        return hotspot_study.MapSettings(bandwidth, cell, share)
    try:
        metres = float(bandwidth)
    except ValueError:
        metres = 0.0
    if not metres > 0:
        rules = ", ".join(BANDWIDTH_RULES)
        raise StudyError([f'--bandwidth is "{bandwidth}"; write metres above 0, or one of the rules {rules}.'])
    return hotspot_study.MapSettings(metres, cell, share)


def _folder_and_names(files: list[Path]) -> tuple[Path, list[str]]:
    """Return the folder that holds all files, and their names in it; of a folder, the files that lie in it.

    Raises
    ------
    StudyError
        If a file does not exist, or they lie on different drives.
    """
    listed: list[Path] = []
    for path in files:
        if not path.exists():
            raise StudyError([f'The file "{path}" does not exist.'])
        if path.is_dir():
            names, _ = scaffold_sources.list_files(path, {})
            listed += [path / name for name, _ in names]
        else:
            listed.append(path)
    if not listed:
        raise StudyError([f'"{files[0]}" holds no file that could be read.'])
    whole = list(dict.fromkeys(path.absolute() for path in listed))
    try:
        folder = Path(os.path.commonpath([path.parent for path in whole]))
    except ValueError:
        raise StudyError(["The files lie on different drives; bring them together in one folder."]) from None
    return folder, [path.relative_to(folder).as_posix() for path in whole]


def _refuse_undecided(sources: Sequence[SourceMatch], unused: Sequence[UnusedFile]) -> None:
    """Refuse files that cannot be mapped: those whose days or places are undecided, and those that hold no events.

    Raises
    ------
    StudyError
        With the reason for each.
    """
    problems = [
        f"{', '.join(source.files[:3])} cannot be mapped before this is decided: {'; '.join(source.undecided[:3])}. See "
        f"geoharm formats guess {shell_quoted(source.files[0])}"
        for source in sources
        if source.ledger is None and source.places is None
    ]
    if not sources:
        problems += [f"{one.what} cannot be mapped: {one.why.removesuffix('.')}." for one in unused]
    if problems:
        raise StudyError(problems)


def _without_lists(
    sources: Sequence[SourceMatch], unused: Sequence[UnusedFile], period: str
) -> tuple[tuple[SourceMatch, ...], tuple[UnusedFile, ...]]:
    """Return dated events without the lists of places beside them; lists alone are kept.

    Raises
    ------
    StudyError
        If a period is given and there are only lists.
    """
    dated = [source for source in sources if source.places is None]
    if not dated:
        if period:
            raise StudyError([f'--period is "{period}", but these places have no dates; leave it out.'])
        return tuple(sources), tuple(unused)
    lists = [
        scaffold_sources.UnusedFile(
            ", ".join(source.files[:3]), "its places have no dates; map them in a call of their own"
        )
        for source in sources
        if source.places is not None
    ]
    for one in lists:
        say(f"Not mapped: {one.what}: {one.why}.")
    return tuple(dated), (*unused, *lists)


def _without_guess_mark(text: str) -> str:
    """Return a format without the line that keeps it from being used; only for the map that is made at once."""
    return "\n".join(line for line in text.split("\n") if not line.startswith(_GUESSED_LINE))


def _found(release: Release) -> list[dict[str, Any]]:
    """Return the published hotspots of every measure as plain values."""
    return [
        {
            "measure": one.measure.name,
            "rank": hotspot.rank,
            "events": hotspot.events,
            "share": round(hotspot.share, 4),
            "km2": round(hotspot.area_km2, 4),
            "density": hotspot.density if hotspot.density < _ROUNDED_FROM else round(hotspot.density, 1),
            "density_per": one.measure.density_per.replace("²", "2"),
        }
        for one in release.hotspots
        for hotspot in one.hotspots
    ]


def _number(density: float) -> str:
    return f"{density:,.0f}" if density >= _ROUNDED_FROM else f"{density:.2g}"


def _print_table(found: Sequence[dict[str, Any]]) -> None:
    """Print the first hotspots of every measure."""
    for measure in dict.fromkeys(one["measure"] for one in found):
        rows = [one for one in found if one["measure"] == measure]
        print(f"Hotspots of {measure}:")
        print(f"{'rank':>5}{'events':>10}{'share':>8}{'km2':>10}{rows[0]['density_per']:>18}")
        for one in rows[:_MOST_SHOWN]:
            print(
                f"{one['rank']:>5}{one['events']:>10,}{one['share']:>8.1%}{one['km2']:>10,.2f}{_number(one['density']):>18}"
            )
        if len(rows) > _MOST_SHOWN:
            print(f"      and {len(rows) - _MOST_SHOWN:,} more in the table")
