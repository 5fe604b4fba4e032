"""A first study file for new data: what can be read off the files is filled in, marked as a guess, with its evidence."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fnmatch import fnmatch
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from geoharm import _crs, store
from geoharm._tables import quoted
from geoharm.errors import DataError, GeoharmError, StudyError
from geoharm.model import Period, add_months, first_of_month, is_proactive
from geoharm.store import Format

_ENDINGS = (".csv", ".csv.gz", ".tsv", ".geojson", ".geojson.gz", ".json", ".xlsx", ".parquet", ".gpkg", ".zip")
_MOST_HARMS = 3
_AXES = (
    (r"needle|syringe|sharps", "community", "environment"),
    (r"overdose|opioid|ems|ambulance|naloxone", "user", "health"),
    (r"anti.?social|nuisance|disorder|begging", "community", "social and nuisance"),
    (r"", "community", "crime and violence"),
)
# (words in the format's name or title, kind, unit, recorder)
_KINDS = (
    (r"needle|syringe|sharps", "needle_find", "requests", "public"),
    (r"ems|ambulance|overdose", "health", "calls", "agency"),
    (r"", "incident", "incidents", "public"),
)


@dataclass(frozen=True, slots=True)
class FoundSource:
    """Files that one format reads.

    Attributes
    ----------
    name, pattern, format : str
    evidence : str
        Why this format.
    guessed : str
        TOML of a guessed format, to be written beside the study; empty where a format fits.
    first, last : date
    by_month : bool
    categories : mapping of str to int
        Rows in the files that were looked into.
    location_error : float
    words : str
        What the kind of source is judged by.
    """

    name: str
    pattern: str
    format: str
    evidence: str
    guessed: str
    first: date
    last: date
    by_month: bool
    categories: Mapping[str, int]
    location_error: float
    words: str


@dataclass(frozen=True, slots=True)
class Answers:
    """What only a person can say.

    Attributes
    ----------
    name, operation, tactic : str
    start, end : date
        First and last day of the operation.
    area, target : str
        Paths, relative to the study file.
    crs : str
        Empty: chosen from the area.
    period : Period or None
        None: as the files reach.
    primary : str
        A measure's name; empty: the first harm.
    """

    name: str
    operation: str
    tactic: str
    start: date
    end: date
    area: str
    target: str
    crs: str = ""
    period: Period | None = None
    primary: str = ""


def find_sources(
    data: Path, folder: Path, given: Mapping[str, str], on_file: Callable[[str], None] = lambda _: None
) -> tuple[FoundSource, ...]:
    """Return the sources in a folder: files whose names differ in numbers only are one.

    Parameters
    ----------
    data : Path
    folder : Path
        Where the study will lie; a format of the user's own is looked for there.
    given : mapping of pattern to format
        What the user said; all other files are tried with the shipped formats, then guessed.
    on_file : callable
        Called with each file's name before it is read.

    Raises
    ------
    StudyError
        If the folder holds no table.
    """
    if not data.is_dir():
        raise StudyError([f'The data folder "{data}" does not exist; name it with --data.'])
    groups: dict[str, list[Path]] = {}
    for path in sorted(data.iterdir()):
        if path.is_file() and path.name.lower().endswith(_ENDINGS):
            pattern = next((one for one in given if fnmatch(path.name, one)), _pattern(path.name))
            groups.setdefault(pattern, []).append(path)
    if given:
        groups = {pattern: paths for pattern, paths in groups.items() if pattern in given}
    if not groups:
        raise StudyError([f'There is no file in "{data}" that --file names or that ends in {", ".join(_ENDINGS)}.'])
    found = []
    for pattern, paths in groups.items():
        on_file(paths[0].name)
        source = _look_into(pattern, paths, folder, given.get(pattern, ""))
        if source is not None:
            found.append(source)
    if not found:
        raise StudyError([f'No file in "{data}" is a table of dated places.'])
    return tuple(found)


def study_text(sources: Sequence[FoundSource], answers: Answers) -> str:
    """Return the study file; every guess is marked with a comment that gives its evidence.

    Raises
    ------
    StudyError
        If the files cannot carry the operation, or no category can stand for a harm.
    """
    period = answers.period or Period(
        min(one.first for one in sources), max(one.last for one in sources) + timedelta(days=1)
    )
    by_month = any(one.by_month for one in sources)
    before, after = _windows(period, answers, by_month=by_month)
    measures = [text for one in sources for text in _measures(one, alone=len(sources) == 1)]
    harms = [name for name, _, harm in measures if harm]
    if not harms:
        raise StudyError(
            [
                "No category of the files can stand for a harm: what police record by looking for it is activity. Add a file of "
                "what was reported to police, city or ambulance."
            ]
        )
    primary = answers.primary or harms[0]
    if primary not in harms:
        raise StudyError([f'--primary is "{primary}"; it must be one of {", ".join(harms)}.'])
    gap = max(100.0, 2 * max(one.location_error for one in sources))
    said = "" if answers.period else "; guessed: as the files reach"
    chosen = "" if answers.primary else "   # guessed: the most frequent harm"
    crs = (
        f"crs     = {quoted(answers.crs)}\n"
        if answers.crs
        else "# crs: the UTM zone of the study area, unless you name another projected system in metres\n"
    )
    return f"""# Made by `geoharm new`. Lines marked "guessed" were read off the files: check each of them.
# What every key means: docs/study-file.md

[study]
name    = {quoted(answers.name)}
area    = {quoted(answers.area)}
{crs}period  = {_span(period)}   # the end does not count{said}
seed    = 1
primary = {quoted(primary)}{chosen}

{"".join(_source_text(one) for one in sources)}{"".join(text for _, text, _ in measures)}[[operation]]
name        = {quoted(answers.operation)}
tactic      = {quoted(answers.tactic)}
objective   = "not stated"
start       = {answers.start}
end         = {answers.end}   # both days are part of the operation
target      = {quoted(answers.target)}
target_note = "not stated: say how the target area was drawn, and on which data it was chosen"
rings       = {{ gap = {gap:g}, outer = [{gap + 150:g}, {gap + 400:g}, {gap + 900:g}] }}   # guessed: metres from the target; the gap is at least twice the location error
before      = {_span(before)}   # guessed: whole years up to the operation, as far as the files reach
after       = [{", ".join(quoted(one) for one in after)}]   # guessed: as far as the files reach

[publish]
release    = "public"
disclosure = "under-5"
"""


def circle(longitude: float, latitude: float, radius: float) -> str:
    """Return a circle around a place as GeoJSON.

    Parameters
    ----------
    longitude, latitude : float
        Degrees.
    radius : float
        Metres.
    """
    crs = _crs.local_utm(longitude, latitude)
    x, y = _crs.transform([longitude], [latitude], source=_crs.LONLAT, target=crs)
    turn = np.linspace(0, 2 * np.pi, 65)
    lon, lat = _crs.transform(
        x[0] + radius * np.cos(turn), y[0] + radius * np.sin(turn), source=crs, target=_crs.LONLAT
    )
    ring = [[round(float(a), 6), round(float(b), 6)] for a, b in zip(lon, lat, strict=True)]
    shape = {
        "type": "Feature",
        "properties": {},
        "geometry": {"type": "Polygon", "coordinates": [[*ring[:-1], ring[0]]]},
    }
    return json.dumps({"type": "FeatureCollection", "features": [shape]}, indent=1) + "\n"


def _pattern(name: str) -> str:
    return re.sub(r"\d+([-_]\d+)*", "*", name)


def _look_into(pattern: str, paths: Sequence[Path], folder: Path, given: str) -> FoundSource | None:
    """Return a source from its first and last file, by the given format, one that fits, or a guess; None if it is no table."""
    fits: list[tuple[tuple[int, bool, int], str, Format, list[dict[str, Any]]]] = []
    problems = []
    for name in [given] if given else store.shipped():
        layout = store.read_format(name, folder)
        if layout.kind != "event":
            continue
        try:
            looked = [store.check_input(path, layout) for path in dict.fromkeys((paths[0], paths[-1]))]
        except GeoharmError as error:
            problems.append(str(error))
            continue
        # The format that makes most of the file: its categories first, then whether it was tried on such a file before.
        score = (
            len({text for one in looked for text in one["categories"]}),
            layout.tried_on != "untried",
            len(layout.columns),
        )
        fits.append((score, name, layout, looked))
    if given and not fits:
        raise StudyError(problems)
    stem = re.sub(r"[^A-Za-z0-9]+", "-", pattern.split(".", maxsplit=1)[0].replace("*", "")).strip("-") or "source"
    if not fits:
        try:
            guess = store.guess_format(store.one_input(paths[0]))
        except DataError:
            return None
        text = "\n".join(f"# {line}" for line in (*guess.evidence, *(f"not decided: {one}" for one in guess.undecided)))
        unknown = date(1900, 1, 1)
        return FoundSource(
            stem.lower(), pattern, f"{stem.lower()}.toml", "no shipped format fits", f"{text}\n{guess.toml}",
            first=unknown, last=unknown, by_month=False, categories={}, location_error=0.0, words=stem,
        )  # fmt: skip
    fits.sort(key=lambda one: one[:2], reverse=True)
    _, name, layout, looked = fits[0]
    categories: Counter[str] = Counter()
    for one in looked:
        categories.update(one["categories"])
    others = ", ".join(other for _, other, _, _ in fits[1:])
    evidence = (
        "as you said" if given else f"its columns and dates fit{f'; {others} would fit as well' if others else ''}"
    )
    days = [date.fromisoformat(str(one[key])) for one in looked for key in ("first_day", "last_day")]
    return FoundSource(
        stem.lower(), pattern, name, evidence, "", min(days), max(days), layout.by_month, dict(categories),
        layout.location_error, f"{name} {layout.title} {stem}".lower(),
    )  # fmt: skip


def _source_text(one: FoundSource) -> str:
    kind, _, _ = _kind(one)
    return f"""[[source]]
name   = {quoted(one.name)}
kind   = {quoted(kind)}   # guessed: by its name
format = {quoted(one.format)}   # {"guessed: " if one.evidence != "as you said" else ""}{one.evidence}
files  = [{quoted(one.pattern)}]

"""


def _measures(one: FoundSource, *, alone: bool) -> list[tuple[str, str, bool]]:
    """Return (name, text, whether it is a harm) of the measures that a source offers."""
    kind, unit, recorder = _kind(one)
    harms = [
        name
        for name in sorted(one.categories, key=lambda name: (-one.categories[name], name))
        if not is_proactive(name)
    ]
    activity = [name for name in sorted(one.categories) if is_proactive(name)]
    found = []
    if kind == "incident" and not harms and not activity:
        harms = [""]
    for category in harms[:_MOST_HARMS]:
        words = f"{category} {one.words if kind != 'incident' else ''}".lower()
        borne_by, kind_of_harm = next((a, b) for pattern, a, b in _AXES if re.search(pattern, words))
        name = (category or one.name) if alone else f"{category} ({one.name})"
        where = "" if len(one.categories) <= 1 else f"where       = {{ category = [{quoted(category)}] }}\n"
        found.append((name, f"""[[measure]]
name        = {quoted(name)}
source      = {quoted(one.name)}
{where}unit        = {quoted(unit)}
recorded_by = {quoted(recorder)}   # guessed
harm        = {{ borne_by = {quoted(borne_by)}, type = {quoted(kind_of_harm)} }}   # guessed: {one.categories.get(category, 0):,} rows in the files looked into

""", True))  # fmt: skip
    if activity:
        names = ", ".join(quoted(name) for name in activity)
        found.append((f"police activity ({one.name})", f"""[[measure]]
name        = {quoted(f"police activity ({one.name})")}
source      = {quoted(one.name)}
where       = {{ category = [{names}] }}
unit        = {quoted(unit)}
recorded_by = "police"
activity    = true   # police record these by looking for them: shown beside the harm, never added to it

""", False))  # fmt: skip
    return found


def _kind(one: FoundSource) -> tuple[str, str, str]:
    return next((kind, unit, recorder) for pattern, kind, unit, recorder in _KINDS if re.search(pattern, one.words))


def _windows(period: Period, answers: Answers, *, by_month: bool) -> tuple[Period, list[str]]:
    """Return up to three whole years before the operation, and the phases after it that the files reach."""
    start = first_of_month(answers.start) if by_month else answers.start
    years = [n for n in (3, 2, 1) if add_months(start, -12 * n) >= period.start]
    earliest = add_months(start, -12 * years[0]) if years else period.start
    if earliest >= start:
        raise StudyError(
            [f"The files begin on {period.start}; there is nothing before the operation of {answers.start}."]
        )
    over = answers.end + timedelta(days=1)
    months = 0
    while months < 12 and add_months(over, months + 1) <= period.end:
        months += 1
    if by_month:
        months -= over.day > 1
    if months < 1:
        raise StudyError([f"The files end on {period.last}; less than a month after the operation cannot be judged."])
    edges = [edge for edge in (0, 3, 6, 12) if edge <= months] if months >= 3 else [0, months]
    if edges[-1] < months < 12 and months - edges[-1] >= 2:
        edges.append(months)
    phases = [f"{low}-{high} months" for low, high in pairwise(edges)]
    return Period(earliest, start), phases if by_month else ["during", *phases]


def _span(period: Period) -> str:
    return f"{{ start = {period.start}, end = {period.end} }}"
