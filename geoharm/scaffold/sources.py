"""What lies in a data folder: files that one format reads are one source; the rest is left out, with the reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from geoharm.errors import DataError, GeoharmError, StudyError
from geoharm.ingest.detect.check import check_events
from geoharm.ingest.detect.events import FormatGuess, guess_events
from geoharm.ingest.detect.known_formats import recognise_formats
from geoharm.ingest.detect.sample import read_sample
from geoharm.ingest.formats.input_format import parse_format, read_format
from geoharm.ingest.readers.input_files import find_input_files
from geoharm.model.ledger import SourceLedger

_ENDINGS = (
    ".csv", ".csv.gz", ".csv.txt", ".tsv", ".tsv.gz", ".txt", ".geojson", ".geojson.gz", ".json", ".xlsx", ".xls", ".ods",
    ".parquet", ".gpkg", ".zip",
)  # fmt: skip
_LISTED = 8
# Formats that say how a table looks, not who published it.
_PLAIN = ("points-csv",)
# (words in the format, the files and the categories; kind)
_KINDS = (
    (r"needle|syringe|sharps", "needle_find"),
    (r"\bems\b|ambulance|overdose|naloxone|narcan", "health"),
    (r"treatment entr|treatment start|admission|referral to treatment", "treatment_entry"),
)


@dataclass(frozen=True, slots=True)
class SourceMatch:
    """Files that one format reads.

    Attributes
    ----------
    name : str
    kind : str
        As of a study's source.
    files : tuple of str
        Names or one pattern, inside the data folder.
    format : str
        A shipped format, or the path of a TOML relative to the study.
    evidence : str
        Why this format.
    guess : str
        TOML of a guessed format, to be written beside the study; empty where a format fits.
    ledger : SourceLedger or None
        What the format makes of the files; None where the guess leaves open how they read.
    categories : mapping of str to int
    middle : tuple of (float, float)
        Longitude and latitude.
    undecided : tuple of str
        Of a guess.
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


@dataclass(frozen=True, slots=True)
class UnusedFile:
    """Something that the study does not use, and why.

    Attributes
    ----------
    what, why : str
    """

    what: str
    why: str


def find_sources(
    data: Path, study_file: Path, given: Mapping[str, str], on_file: Callable[[str], None] = lambda _: None
) -> tuple[tuple[SourceMatch, ...], tuple[UnusedFile, ...]]:
    """Return the sources of events in a folder and its subfolders, and what else lies there.

    Parameters
    ----------
    data : Path
    study_file : Path
        Where the study will lie; formats of the user's own are found from there.
    given : mapping of pattern to format
        Only these files are looked at, if there are any; an empty format is recognised or guessed.
    on_file : callable
        Called with each file's name before it is read.

    Raises
    ------
    StudyError
        If the folder does not exist, or a pattern matches no file.
    DataError
        If a file is refused by the format that was given for it.
    """
    if not data.is_dir():
        raise StudyError([f'The data folder "{data}" does not exist; name it with --data.'])
    groups: dict[tuple[str, ...], list[str]] = {}
    guesses: dict[tuple[str, ...], FormatGuess] = {}
    left: list[UnusedFile] = []
    for name, wanted in _files(data, given):
        if wanted:
            groups.setdefault((wanted, "as you said"), []).append(name)
            continue
        on_file(name)
        try:
            head = read_sample(find_input_files([name], data, members=())[0])
        except DataError as error:
            left.append(UnusedFile(name, str(error)))
            continue
        fitting = recognise_formats(head)
        if fitting:
            others = f"; {', '.join(fitting[1:])} would fit too" if fitting[1:] else ""
            groups.setdefault((fitting[0], f"all its columns are there and its dates read{others}"), []).append(name)
            continue
        key = ("", *head.header)
        guesses.setdefault(key, guess_events(head))
        groups.setdefault(key, []).append(name)
    found: list[SourceMatch] = []
    for key, names in groups.items():

        def read(some: Sequence[str], key: tuple[str, ...] = key) -> SourceMatch | UnusedFile:
            if key in guesses:
                return _guessed(some, data, study_file, guesses[key])
            return _read(some, data, study_file, key, on_file)

        for one in _by_subject(names, read) if key in guesses or key[0] in _PLAIN else [read(names)]:
            if isinstance(one, SourceMatch):
                found.append(one)
            else:
                left.append(one)
    return _named_apart(found), tuple(left)


def _by_subject(
    names: Sequence[str], read: Callable[[Sequence[str]], SourceMatch | UnusedFile]
) -> list[SourceMatch | UnusedFile]:
    """Return a source for each subject: tables that look the same may hold different things.

    Files whose names differ in numbers only are one source; so are those that hold the same categories.
    """
    parts: dict[str, list[str]] = {}
    for name in names:
        parts.setdefault(_stem([name]), []).append(name)
    joined: list[tuple[list[str], SourceMatch | UnusedFile]] = []
    for part in parts.values():
        one = read(part)
        twin = next((place for place, (_, other) in enumerate(joined) if _are_alike(one, other)), None)
        if twin is None:
            joined.append((part, one))
        else:
            both = sorted([*joined[twin][0], *part])
            joined[twin] = (both, read(both))
    return [one for _, one in joined]


def _are_alike(one: SourceMatch | UnusedFile, other: SourceMatch | UnusedFile) -> bool:
    """Return whether two files count the same kind of thing: half of the shorter list of categories is in the other."""
    if not isinstance(one, SourceMatch) or not isinstance(other, SourceMatch) or one.kind != other.kind:
        return False
    mine, theirs = (set(some.categories) - {"", "None"} for some in (one, other))
    shorter = min(len(mine), len(theirs))
    return not (mine or theirs) or 2 * len(mine & theirs) >= shorter > 0


def _files(data: Path, given: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return (name inside the folder, format that was given for it), by name."""
    paths = [path for path in sorted(data.rglob("*")) if path.is_file()]
    names = [path.relative_to(data).as_posix() for path in paths]
    names = [name for name in names if not any(part.startswith(".") for part in name.split("/"))]
    if not given:
        return [(name, "") for name in names if name.lower().endswith(_ENDINGS)]
    chosen: dict[str, str] = {}
    for pattern, input_format in given.items():
        matching = [name for name in names if fnmatch(name, pattern) or fnmatch(name.rsplit("/", 1)[-1], pattern)]
        if not matching:
            raise StudyError([f'--file names "{pattern}", but no file in "{data}" is called like that.'])
        chosen |= dict.fromkeys(matching, input_format)
    return sorted(chosen.items())


def _read(
    names: Sequence[str], data: Path, study_file: Path, key: Sequence[str], on_file: Callable[[str], None]
) -> SourceMatch | UnusedFile:
    input_format = read_format(key[0], study_file.parent)
    if input_format.kind != "event":
        why = f"{input_format.name} reads it, as {input_format.kind}: add such a source by hand (docs/study-file.md)"
        return UnusedFile(_listed(names), why)
    try:
        looked = check_events(find_input_files(names, data, members=input_format.members), input_format, data, on_file)
    except DataError as error:
        if key[1] == "as you said":
            raise
        return UnusedFile(_listed(names), str(error))
    words = f"{input_format.name} {input_format.title} {' '.join(names)} {' '.join(looked.categories)}"
    guess = " (still marked as a guess)" if input_format.guessed else ""
    return SourceMatch(
        _stem(names), _kind(words), _pattern(names, data), key[0], f"{key[1]}{guess}", "", looked.ledger,
        looked.categories, looked.middle,
    )  # fmt: skip


def _guessed(names: Sequence[str], data: Path, study_file: Path, guess: FormatGuess) -> SourceMatch | UnusedFile:
    """Return a source read by a guess, if the guess is of dated places; it is looked at only if nothing in it is open."""
    if not guess.has_events:
        return UnusedFile(
            _listed(names), next(line for line in reversed(guess.undecided) if line.startswith("kind: "))[6:]
        )
    format_file = f"{study_file.stem}_{_stem(names)}.toml"
    try:
        input_format = parse_format(format_file, guess.toml)
        looked = check_events(find_input_files(names, data, members=input_format.members), input_format, data)
    except GeoharmError:
        looked = None
    categories = looked.categories if looked else {}
    words = f"{' '.join(names)} {' '.join(categories)}"
    return SourceMatch(
        _stem(names), _kind(words), _pattern(names, data), format_file, "no shipped format fits; guessed from its columns",
        "\n".join([*(f"# found: {line}" for line in guess.evidence), *(f"# UNDECIDED {line}" for line in guess.undecided),
                   guess.toml]),
        looked.ledger if looked else None, categories, looked.middle if looked else (0.0, 0.0), guess.undecided,
    )  # fmt: skip


def _kind(words: str) -> str:
    return next((kind for pattern, kind in _KINDS if re.search(pattern, words, re.I)), "incident")


def _stem(names: Sequence[str]) -> str:
    """Return a short name from what is common to the names of files, less their numbers."""
    bare = re.sub(r"[^a-z]+", " ", names[0].rsplit("/", 1)[-1].split(".", 1)[0].lower())
    return "-".join(word for word in bare.split() if len(word) > 1)[:30].strip("-") or "source"


def _pattern(names: Sequence[str], data: Path) -> tuple[str, ...]:
    """Return the names, or one pattern for many that differ in numbers only, if it matches nothing else."""
    if len(names) <= _LISTED:
        return tuple(names)
    patterns = {re.sub(r"\d+([-_]\d+)*", "*", name) for name in names}
    if len(patterns) == 1:
        pattern = patterns.pop()
        if {path.relative_to(data).as_posix() for path in data.glob(pattern)} == set(names):
            return (pattern,)
    return tuple(names)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _named_apart(found: Sequence[SourceMatch]) -> tuple[SourceMatch, ...]:
    """Return the sources with names of their own."""
    seen: dict[str, int] = {}
    apart = []
    for one in found:
        seen[one.name] = seen.get(one.name, 0) + 1
        nth = seen[one.name]
        name = one.name if nth == 1 else f"{one.name}-{nth}"
        input_format = one.format
        if one.guess and nth > 1:
            input_format = one.format.removesuffix(".toml") + f"-{nth}.toml"
        apart.append(
            SourceMatch(name, one.kind, one.files, input_format, one.evidence, one.guess, one.ledger, one.categories, one.middle,
                  one.undecided)
        )  # fmt: skip
    return tuple(apart)
