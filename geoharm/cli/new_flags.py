"""What the flags of `geoharm new` say, as typed: read into answers, and written back as a command line."""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from geoharm.cli.lazy import lazy
from geoharm.errors import DesignError, StudyError
from geoharm.model.period import Period
from geoharm.model.tactics import TACTICS

if TYPE_CHECKING:
    from geoharm.model import measure as model_measure
    from geoharm.scaffold import areas as scaffold_areas
    from geoharm.scaffold import measures as scaffold_measures
    from geoharm.scaffold.areas import UnprojectedArea
    from geoharm.scaffold.measures import CategoryChoice
else:
    model_measure = lazy("model.measure")
    scaffold_areas = lazy("scaffold.areas")
    scaffold_measures = lazy("scaffold.measures")

# As `--area`: the area is drawn around the events.
DRAWN = "auto"
_MOST_RINGS = 9


@dataclass(frozen=True, slots=True)
class Flags:
    """The flags of `geoharm new` as texts; what was asked for is added, so that they always say how to go on.

    Attributes
    ----------
    study_file, data : Path
    file, harm, activity, leave_out : tuple of str
    area, area_around, crs, period, primary, operation, tactic, start, end, target, target_around, rings : str
        Empty where nothing was said.
    target_candidate : int
        0 for none.
    no_operation : bool
    """

    study_file: Path
    data: Path
    file: tuple[str, ...] = ()
    area: str = ""
    area_around: str = ""
    crs: str = ""
    period: str = ""
    harm: tuple[str, ...] = ()
    activity: tuple[str, ...] = ()
    leave_out: tuple[str, ...] = ()
    primary: str = ""
    operation: str = ""
    no_operation: bool = False
    tactic: str = ""
    start: str = ""
    end: str = ""
    target: str = ""
    target_around: str = ""
    target_candidate: int = 0
    rings: str = ""

    @property
    def says_where(self) -> bool:
        """Whether a study area was named, or that it is to be drawn."""
        return bool(self.area or self.area_around)

    @property
    def says_target(self) -> bool:
        """Whether a target area was named."""
        return bool(self.target or self.target_around or self.target_candidate)

    def command(self) -> str:
        """Return the command line that says all this."""
        words = ["geoharm new", shell_quoted(self.study_file), "--data", shell_quoted(self.data)]
        for name in self.__slots__:
            value = getattr(self, name)
            flag = f"--{name.replace('_', '-')}"
            if name in ("study_file", "data") or not value:
                continue
            if value is True:
                words.append(flag)
                continue
            for one in value if isinstance(value, tuple) else (value,):
                # With "=", so that a minus at the beginning is no flag.
                words.append(f"{flag}={shell_quoted(one)}")
        return " ".join(words)


def shell_quoted(text: object) -> str:
    """Return a word for a command line, in quotes if it needs them."""
    word = str(text)
    return subprocess.list2cmdline([word]) if os.name == "nt" else shlex.quote(word)


def check_flags(flags: Flags) -> None:
    """Refuse flags that contradict each other or name what there is not, before any file is read.

    Raises
    ------
    StudyError
        With every mistake.
    """
    problems = []
    for first, second in (("area", "area_around"), ("target", "target_around"), ("target", "target_candidate"), ("target_around", "target_candidate")):  # fmt: skip
        if getattr(flags, first) and getattr(flags, second):
            names = [f"--{name.replace('_', '-')}" for name in (first, second)]
            problems.append(f"{names[0]} and {names[1]} are both given; give one of the two.")
    if flags.tactic and flags.tactic not in TACTICS:
        problems.append(f'--tactic is "{flags.tactic}"; it must be one of {", ".join(TACTICS)}.')
    if flags.study_file.suffix != ".toml":
        problems.append(f'The study file is called "{flags.study_file}"; its name must end in .toml.')
    about_operation = [
        f"--{name.replace('_', '-')}"
        for name in ("operation", "start", "end", "target", "target_around", "target_candidate", "rings", "tactic")
        if getattr(flags, name)
    ]
    if flags.no_operation and about_operation:
        problems.append(f"--no-operation and {', '.join(about_operation)} contradict each other; leave one out.")
    if problems:
        raise StudyError(problems)
    area_of(flags)
    period_of(flags)
    choices_of(flags)
    rings_of(flags.rings)
    if not flags.target_candidate:
        target_of(flags)
    if flags.start:
        first_day = day_of(flags.start, "--start")
        last_day_of(flags.end, first_day)


def area_of(flags: Flags) -> UnprojectedArea | None:
    """Return the study area that was named; None if it is to be drawn around the events."""
    if flags.area == DRAWN or not flags.says_where:
        return None
    if flags.area:
        return _area_file(Path(flags.area), flags.study_file.parent, "study area")
    return scaffold_areas.circle_from_flag(
        flags.area_around, "--area-around", f"{flags.study_file.stem}_area.geojson", unit=1000
    )


def target_of(flags: Flags) -> UnprojectedArea | None:
    """Return the target area that was named by a file or a circle; None if it was not."""
    if flags.target:
        return _area_file(Path(flags.target), flags.study_file.parent, "target area")
    if flags.target_around:
        return scaffold_areas.circle_from_flag(
            flags.target_around, "--target-around", f"{flags.study_file.stem}_target.geojson", unit=1
        )
    return None


def _area_file(path: Path, folder: Path, name: str) -> UnprojectedArea:
    return scaffold_areas.read_area_file(path, relative_name(path, folder), name)


def relative_name(path: Path, folder: Path) -> str:
    """Return a path relative to a folder, as a study file in that folder names it.

    Raises
    ------
    StudyError
        If there is no such file.
    """
    if not path.is_file():
        raise StudyError([f'The file "{path}" does not exist.'])
    try:
        return Path(os.path.relpath(path.resolve(), folder.resolve())).as_posix()
    except ValueError:  # another drive
        return path.resolve().as_posix()


def formats_of(flags: Flags) -> dict[str, str]:
    """Return the format given for each pattern of files; empty where it is to be recognised or guessed."""
    return dict(_pattern_and_format(text, flags.study_file.parent) for text in flags.file)


def _pattern_and_format(text: str, folder: Path) -> tuple[str, str]:
    pattern, equals, format_name = text.partition("=")
    if not pattern or (equals and not format_name):
        raise StudyError([f'--file is "{text}"; write PATTERN=FORMAT, such as "*.csv=police-uk-street".'])
    # The user's own format may be named relative to the current folder or to the study's folder.
    if format_name.endswith(".toml") and Path(format_name).is_file() and not (folder / format_name).is_file():
        format_name = relative_name(Path(format_name), folder)
    return pattern, format_name


def choices_of(flags: Flags) -> tuple[CategoryChoice, ...]:
    """Return what was said of categories."""
    choices = [_harm(text) for text in flags.harm]
    choices += [scaffold_measures.CategoryChoice(text, activity=True) for text in flags.activity]
    choices += [scaffold_measures.CategoryChoice(text) for text in flags.leave_out]
    return tuple(choices)


def _harm(text: str) -> CategoryChoice:
    category, _, meaning = text.rpartition("=")
    borne_by, _, harm_type = meaning.partition("/")
    known = borne_by in model_measure.BORNE_BY and harm_type in model_measure.HARM_TYPES
    if not category or not known:
        msg = (
            f'--harm is "{text}"; write CATEGORY=BORNE BY/TYPE, such as "Removal=community/environment", borne by one of '
            f"{', '.join(model_measure.BORNE_BY)}, and of a type of {', '.join(model_measure.HARM_TYPES)}."
        )
        raise StudyError([msg])
    return scaffold_measures.CategoryChoice(category, borne_by, harm_type)


def rings_of(text: str) -> tuple[float, ...]:
    """Return the gap and the outer edges in metres; empty for an empty text.

    Raises
    ------
    StudyError
        If the text is no list of growing distances.
    """
    if not text:
        return ()
    try:
        distances = tuple(float(part) for part in text.split(","))
    except ValueError:
        distances = ()
    growing = all(low < high for low, high in pairwise(distances))
    if not (2 <= len(distances) <= _MOST_RINGS + 1 and growing and distances[0] >= 0 and distances[-1] <= 1e5):
        msg = (
            f'--rings is "{text}"; write the gap and one or more outer edges in metres, each further out, such as '
            "100,250,500,1000."
        )
        raise StudyError([msg])
    return distances


def day_of(text: str, flag: str) -> date:
    """Return the day that a text names.

    Raises
    ------
    StudyError
        If it names none.
    """
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise StudyError([f'{flag} is "{text}"; write a day such as 2021-05-01.']) from None


def last_day_of(text: str, first_day: date) -> date:
    """Return the last day of an operation; the first one if none was given."""
    last_day = day_of(text, "--end") if text else first_day
    if last_day < first_day:
        raise StudyError([f"--end is {last_day}, before --start {first_day}; both days are part of the operation."])
    return last_day


def period_of(flags: Flags) -> Period | None:
    """Return the period to study; None for as far as the files reach."""
    if not flags.period:
        return None
    first, _, last = flags.period.partition("..")
    try:
        return Period(day_of(first, "--period"), day_of(last, "--period") + timedelta(days=1))
    except DesignError as error:
        raise StudyError([f"--period: {error}"]) from error
