"""Finds the sources in a data folder: files that one format reads are one source; others are left out with a reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from pathlib import Path

import numpy as np

from geoharm.errors import DataError, GeoharmError, StudyError
from geoharm.ingest.detect.check import check_events, check_places
from geoharm.ingest.detect.events import FormatGuess, guess_events
from geoharm.ingest.detect.known_formats import recognise_formats
from geoharm.ingest.detect.sample import SAMPLE_ROWS, read_sample
from geoharm.ingest.formats.input_format import Format, parse_format, read_format
from geoharm.ingest.readers.input_files import find_input_files
from geoharm.ingest.readers.matched_files import DataFolder
from geoharm.model.category_words import source_kind
from geoharm.model.ledger import SourceLedger
from geoharm.model.located_events import LocatedEvents
from geoharm.model.table_ledger import TableLedger

_ENDINGS = (
    ".csv", ".csv.gz", ".csv.txt", ".tsv", ".tsv.gz", ".txt", ".geojson", ".geojson.gz", ".json", ".xlsx", ".xls", ".ods",
    ".parquet", ".gpkg", ".zip", ".geojsonl", ".geojsons", ".jsonl", ".ndjson", ".kml", ".kmz", ".fgb",
)  # fmt: skip
_MAX_LISTED = 8
# How a guess writes that the error of inexact places is not known.
_UNKNOWN_ERROR = re.compile(r"^# typical_error_m = .*$", re.M)
# Formats that describe the columns of a table, not its publisher; such files need not belong together.
_GENERIC_FORMATS = ("points-csv",)


@dataclass(frozen=True, slots=True)
class SourceMatch:
    """Files that one format reads.

    Attributes
    ----------
    name : str
    kind : str
        Kind of source, as in a study file.
    files : tuple of str
        File names, or one pattern, inside the data folder.
    format : str
        A shipped format, or the path of a TOML file relative to the study.
    evidence : str
        Why this format was chosen.
    guess : str
        TOML text of a guessed format, to be written beside the study; empty where an existing format fits.
    ledger : SourceLedger or None
        Ledger of the files read with the format; None where the guess is too incomplete to read them.
    categories : mapping of str to int
        Number of rows by category.
    middle : tuple of (float, float)
        Longitude and latitude.
    undecided : tuple of str
        What a guessed format leaves undecided.
    events : LocatedEvents or None
        Where and when the rows with a place are; None where the files were not read.
    places : TableLedger or None
        Ledger of a list of places, which have no dates; its kind is "site".
    """

    name: str
    kind: str
    files: tuple[str, ...]
    format: str
    evidence: str
    guess: str
    ledger: SourceLedger | None
    categories: Mapping[str, int]
    middle: tuple[float, float]
    undecided: tuple[str, ...] = ()
    events: LocatedEvents | None = None
    places: TableLedger | None = None

    @property
    def inexact(self) -> str:
        """What a guess says of places that are not exact; empty if it says nothing."""
        said = "location quality: "
        return next(
            (one.removeprefix(said) for one in self.undecided if one.startswith(said) and "not exact" in one), ""
        )


@dataclass(frozen=True, slots=True)
class UnusedFile:
    """A file that the study does not use, and the reason.

    Attributes
    ----------
    what, why : str
    rows : str
        How many rows it has, in words, as far as it was looked at; empty if it is no table.
    """

    what: str
    why: str
    rows: str = ""


def find_sources(
    data: Path, study_file: Path, given: Mapping[str, str], on_file: Callable[[str], None] = lambda _: None
) -> tuple[tuple[SourceMatch, ...], tuple[UnusedFile, ...]]:
    """Return the sources of events in a folder and its subfolders, and the files that are not used.

    Parameters
    ----------
    data : Path
    study_file : Path
        Where the study file will be written. Paths of the user's own formats are relative to its folder.
    given : mapping of pattern to format
        If not empty, only files that match a pattern are read. An empty format is recognised or guessed.
    on_file : callable
        Called with the name of each file before it is read.

    Raises
    ------
    StudyError
        If the folder does not exist, or a pattern matches no file.
    DataError
        If a file is refused by the format that was given for it.
    """
    if not data.is_dir():
        raise StudyError([f'The data folder "{data}" does not exist; name it with --data.'])
    files, unused = list_files(data, given)
    sources, unread = read_sources(files, data, study_file, on_file)
    return sources, (*unused, *unread)


def read_sources(
    files: Sequence[tuple[str, str]],
    data: Path,
    study_file: Path,
    on_file: Callable[[str], None] = lambda _: None,
    *,
    assumed_error: float = 0.0,
    with_places: bool = False,
) -> tuple[tuple[SourceMatch, ...], tuple[UnusedFile, ...]]:
    """Return the sources of events in files, and those of the files that hold none.

    Parameters
    ----------
    files : sequence of (str, str)
        Their names in the folder, each with the format that was given for it; an empty format is recognised or guessed.
    data, study_file, on_file
        As in `find_sources`.
    assumed_error : float
        Metres by which places are taken to be off where a guess says that they are not exact; 0 to leave that undecided.
    with_places : bool
        Whether lists of places without dates are sources too.

    Raises
    ------
    DataError
        If a file is refused by the format that was given for it.
    """
    groups: dict[tuple[str, ...], list[str]] = {}
    guesses: dict[tuple[str, ...], FormatGuess] = {}
    unused: list[UnusedFile] = []
    rows_by_name: dict[str, int] = {}
    for name, given_format in files:
        if given_format:
            groups.setdefault((given_format, "as you said"), []).append(name)
            continue
        on_file(name)
        try:
            sample = read_sample(find_input_files([name], data, members=())[0])
        except DataError as error:
            unused.append(UnusedFile(name, str(error)))
            continue
        rows_by_name[name] = len(sample.rows)
        fitting = recognise_formats(sample)
        if fitting:
            others = f"; {', '.join(fitting[1:])} would fit too" if fitting[1:] else ""
            groups.setdefault(
                (fitting[0], f"all its columns are there, and its values can be read{others}"), []
            ).append(name)
            continue
        key = (
            "",
            sample.container,
            sample.delimiter,
            sample.layer,
            sample.sheet,
            str(sample.header_row),
            *sample.header,
        )
        guesses.setdefault(key, guess_events(sample))
        groups.setdefault(key, []).append(name)
    sources: list[SourceMatch] = []
    for key, names in groups.items():

        def read_files(file_names: Sequence[str], key: tuple[str, ...] = key) -> SourceMatch | UnusedFile:
            if key in guesses:
                return _read_guessed_source(file_names, data, study_file, guesses[key], assumed_error)
            return _read_source(file_names, data, study_file, key, on_file, with_places=with_places)

        for source_or_unused in (
            _read_by_subject(names, read_files) if key in guesses or key[0] in _GENERIC_FORMATS else [read_files(names)]
        ):
            if isinstance(source_or_unused, SourceMatch):
                sources.append(source_or_unused)
            else:
                rows = _rows_text([rows_by_name.get(name, 0) for name in names])
                unused.append(replace(source_or_unused, rows=rows))
    return _with_unique_names(sources), tuple(unused)


def _rows_text(rows: Sequence[int]) -> str:
    """Return the number of rows that were looked at, as text; of a long file only the first ones were."""
    if not sum(rows):
        return ""
    return f"{sum(rows):,} {'or more ' if max(rows) >= SAMPLE_ROWS else ''}rows"


def _read_by_subject(
    names: Sequence[str], read: Callable[[Sequence[str]], SourceMatch | UnusedFile]
) -> list[SourceMatch | UnusedFile]:
    """Return one source for each subject, because tables with the same columns may hold different things.

    Files whose names differ only in numbers are one source. So are files with the same categories.
    """
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(_short_name([name]), []).append(name)
    subjects: list[tuple[list[str], SourceMatch | UnusedFile]] = []
    for group in groups.values():
        source = read(group)
        same = next(
            (position for position, (_, earlier) in enumerate(subjects) if _count_same_kind(source, earlier)), None
        )
        if same is None:
            subjects.append((group, source))
        else:
            joined = sorted([*subjects[same][0], *group])
            subjects[same] = (joined, read(joined))
    return [source for _, source in subjects]


def _count_same_kind(first: SourceMatch | UnusedFile, second: SourceMatch | UnusedFile) -> bool:
    """Return whether two files count the same kind of thing.

    They do if at least half of the categories of the one with fewer categories are also in the other.
    """
    if not isinstance(first, SourceMatch) or not isinstance(second, SourceMatch) or first.kind != second.kind:
        return False
    first_categories, second_categories = (set(source.categories) - {"", "None"} for source in (first, second))
    shorter = min(len(first_categories), len(second_categories))
    return not (first_categories or second_categories) or 2 * len(first_categories & second_categories) >= shorter > 0


def list_files(data: Path, given: Mapping[str, str]) -> tuple[list[tuple[str, str]], list[UnusedFile]]:
    """Return the files in a folder by name, each with the format that was given for it, and what can hold no data.

    Parameters
    ----------
    data : Path
    given : mapping of pattern to format
        If not empty, only files that match a pattern are listed.

    Raises
    ------
    StudyError
        If a pattern matches no file.
    """
    names, unused, folder = [], [], DataFolder(data)
    for path in sorted(data.rglob("*")):
        name = path.relative_to(data).as_posix()
        if any(part.startswith(".") for part in name.split("/")):
            continue
        reason = folder.why_no_data(path)
        if not reason:
            names.append(name)
        elif reason != "a folder" and (given or name.lower().endswith(_ENDINGS)):
            unused.append(UnusedFile(name, f"it is {reason}"))
    if not given:
        return [(name, "") for name in names if name.lower().endswith(_ENDINGS)], unused
    chosen: dict[str, str] = {}
    for pattern, input_format in given.items():
        matching = [name for name in names if _fits(name, pattern)]
        if not matching:
            reasons = "; ".join(f'"{file.what}": {file.why}' for file in unused if _fits(file.what, pattern))
            found = f', but no file in "{data}" is called like that.'
            if reasons:
                found = f', but what is called like that in "{data}" holds no data ({reasons}).'
            raise StudyError([f'--file names "{pattern}"{found}'])
        chosen |= dict.fromkeys(matching, input_format)
    return sorted(chosen.items()), [file for file in unused if any(_fits(file.what, pattern) for pattern in given)]


def _fits(name: str, pattern: str) -> bool:
    return fnmatch(name, pattern) or fnmatch(name.rsplit("/", 1)[-1], pattern)


def _read_source(
    names: Sequence[str],
    data: Path,
    study_file: Path,
    key: Sequence[str],
    on_file: Callable[[str], None],
    *,
    with_places: bool = False,
) -> SourceMatch | UnusedFile:
    input_format = read_format(key[0], study_file.parent)
    if input_format.kind == "site" and with_places:
        return _read_places(names, data, key, input_format)
    if input_format.kind != "event":
        reason = f"{input_format.name} reads it, as {input_format.kind}: add such a source by hand (docs/study-file.md)"
        return UnusedFile(_names_text(names), reason)
    try:
        checked = check_events(find_input_files(names, data, members=input_format.members), input_format, data, on_file)
    except DataError as error:
        if key[1] == "as you said":
            raise
        return UnusedFile(_names_text(names), str(error))
    kind = source_kind(f"{input_format.name} {input_format.title} {' '.join(names)}", checked.categories)
    guess = " (still marked as a guess)" if input_format.guessed else ""
    return SourceMatch(
        _short_name(names), kind, _pattern(names, data), key[0], f"{key[1]}{guess}", "", checked.ledger,
        checked.categories, checked.median_location, events=checked.events,
    )  # fmt: skip


def _read_places(
    names: Sequence[str], data: Path, key: Sequence[str], input_format: Format
) -> SourceMatch | UnusedFile:
    """Return a list of places without dates as a source."""
    try:
        ledger, located = check_places(find_input_files(names, data, members=input_format.members), input_format, data)
    except DataError as error:
        return UnusedFile(_names_text(names), str(error))
    events = located.at_places()
    categories = {name: int(events[located.category == number].sum()) for number, name in enumerate(located.categories)}
    middle = (float(np.median(located.longitude)), float(np.median(located.latitude))) if located.total else (0.0, 0.0)
    return SourceMatch(
        _short_name(names), "site", _pattern(names, data), key[0], key[1], "", None,
        dict(sorted(categories.items(), key=lambda item: (-item[1], item[0]))), middle, events=located, places=ledger,
    )  # fmt: skip


def _read_guessed_source(
    names: Sequence[str], data: Path, study_file: Path, guess: FormatGuess, assumed_error: float = 0.0
) -> SourceMatch | UnusedFile:
    """Return a source with a guessed format, if the guess finds dated places.

    The files are read only if nothing in the guess is undecided.
    """
    if not guess.has_events:
        return UnusedFile(
            _names_text(names),
            next(line for line in reversed(guess.undecided) if line.startswith(("kind: ", "place: "))).split(": ", 1)[
                1
            ],
        )
    format_file = f"{study_file.stem}_{_short_name(names)}.toml"
    toml = guess.toml
    if assumed_error:
        toml = _UNKNOWN_ERROR.sub(f"typical_error_m = {assumed_error:g}   # assumed; not decided", toml)
    try:
        input_format = parse_format(format_file, toml)
        checked = check_events(find_input_files(names, data, members=input_format.members), input_format, data)
    except GeoharmError:
        checked = None
    categories = checked.categories if checked else {}
    kind = source_kind(" ".join(names), categories)
    return SourceMatch(
        _short_name(names), kind, _pattern(names, data), format_file, _guess_evidence(guess),
        "\n".join([*(f"# found: {line}" for line in guess.evidence), *(f"# UNDECIDED {line}" for line in guess.undecided),
                   toml]),
        checked.ledger if checked else None, categories, checked.median_location if checked else (0.0, 0.0), guess.undecided,
        checked.events if checked else None,
    )  # fmt: skip


def _guess_evidence(guess: FormatGuess) -> str:
    """Return from which columns a format was guessed."""
    columns = ", ".join(
        f'{field} from "{column}"' if field != column else field for field, column in guess.columns.items()
    )
    return f"no shipped format fits; guessed from its columns: {columns}"


def _short_name(names: Sequence[str]) -> str:
    """Return a short name made from the first file name, without its numbers."""
    bare = re.sub(r"[^a-z]+", " ", names[0].rsplit("/", 1)[-1].split(".", 1)[0].lower())
    return "-".join(word for word in bare.split() if len(word) > 1)[:30].strip("-") or "source"


def _pattern(names: Sequence[str], data: Path) -> tuple[str, ...]:
    """Return the file names, or one pattern for many names that differ only in numbers, if it matches no other file."""
    if len(names) <= _MAX_LISTED:
        return tuple(names)
    patterns = {re.sub(r"\d+([-_]\d+)*", "*", name) for name in names}
    if len(patterns) == 1:
        pattern = patterns.pop()
        if {path.relative_to(data).as_posix() for path in data.glob(pattern)} == set(names):
            return (pattern,)
    return tuple(names)


def _names_text(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _with_unique_names(sources: Sequence[SourceMatch]) -> tuple[SourceMatch, ...]:
    """Return the sources with unique names; repeated names get a number."""
    times_seen: dict[str, int] = {}
    renamed = []
    for source in sources:
        times_seen[source.name] = times_seen.get(source.name, 0) + 1
        repetition = times_seen[source.name]
        name = source.name if repetition == 1 else f"{source.name}-{repetition}"
        input_format = source.format
        if source.guess and repetition > 1:
            input_format = source.format.removesuffix(".toml") + f"-{repetition}.toml"
        renamed.append(replace(source, name=name, format=input_format))
    return tuple(renamed)
