"""Propose a format for an unknown table, with the evidence for each guess and what could not be decided.

A guess is a text to read and edit. Nothing is ever ingested on one: it says ``guessed = true``, and what could not be
decided is left open in a way that no format may be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from geoharm import _crs
from geoharm._validation import toml_string
from geoharm.ingest.date_patterns import has_offset
from geoharm.ingest.detect.columns import BLANKS, Chosen, choose_columns, is_number
from geoharm.ingest.detect.dates import detect_date_patterns, precision_of
from geoharm.ingest.detect.sample import PERIOD, FileSample, read_sample
from geoharm.ingest.readers.input_files import InputFile

_UNKNOWN_CRS = "EPSG:????"
_WIDE = 3
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class FormatGuess:
    """A proposed format.

    Attributes
    ----------
    toml : str
        To save, read and edit.
    evidence : tuple of str
        Why each column was taken for what.
    undecided : tuple of str
        What a person has to settle.
    columns : mapping of field to header
        What was chosen.
    left_out : tuple of str
        Columns about people, which nothing reads.
    """

    toml: str
    evidence: tuple[str, ...]
    undecided: tuple[str, ...]
    columns: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    @property
    def has_events(self) -> bool:
        """Whether a date and a place were found."""
        has_place = bool({"longitude", "latlon", "geometry"} & set(self.columns))
        return has_place and bool({"date", "year"} & set(self.columns))


def guess_format(source: InputFile) -> FormatGuess:
    """Propose how to read a table of events, from its header and its first rows.

    Raises
    ------
    DataError
        If the file is no table with names of columns.
    """
    return guess_events(read_sample(source))


def guess_events(sample: FileSample) -> FormatGuess:
    """Propose how to read a table of events that begins like this."""
    chosen = choose_columns(sample)
    names = {one: sample.header[index] for one, index in chosen.columns.items()}
    evidence, undecided = [_packing(sample), *sample.notes], list(chosen.doubts)
    for one, name in names.items():
        filled = sum(text not in ("", *BLANKS) for text in sample.column(chosen.columns[one]))
        evidence.append(f'{one}: "{name}", by its name and {filled:,} of {len(sample.rows):,} values')
    undecided += [f"{one}: {_listed(others)} would fit as well" for one, others in chosen.others.items()]
    patterns: tuple[str, ...] = ()
    if "date" in names:
        patterns, doubt = detect_date_patterns(_filled(sample, chosen, "date"))
        undecided += doubt
        evidence += [f"date: read as {' or '.join(patterns)}"] if patterns else []
    elif "year" in names:
        patterns = ("%Y-%m-%d",) if "day" in names else ("%Y-%m",)
    crs, seen, doubt = _system(sample, chosen)
    evidence += seen
    undecided += doubt
    if sample.places:
        names["geometry"] = "geometry"
    undecided += _missing(sample, names)
    undecided += _identity(sample, chosen, evidence)
    undecided += _meaning(sample, chosen)
    undecided.append("location quality: exact, snapped, block or randomised, and its typical error in metres")
    undecided.append("the publisher, the licence and the sentence it asks for")
    left_out = tuple(name for name, _ in chosen.left_out)
    evidence += [f'left out: "{name}" ({word}: about a person)' for name, word in chosen.left_out]
    text = _toml(sample, chosen, patterns, crs)
    return FormatGuess(text, tuple(evidence), tuple(undecided), names, left_out)


def _packing(sample: FileSample) -> str:
    if sample.container == "csv":
        return f"{len(sample.header)} columns, delimiter {sample.delimiter!r}, encoding {sample.encoding}"
    where = f', sheet "{sample.sheet}"' if sample.sheet else ""
    where += f", names in row {sample.header_row}" if sample.header_row > 1 else ""
    return f"{len(sample.header)} columns of a {sample.container} file{where}"


def _filled(sample: FileSample, chosen: Chosen, one: str) -> list[str]:
    return [text for text in sample.column(chosen.columns[one]) if text and text not in BLANKS]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _missing(sample: FileSample, names: Mapping[str, str]) -> list[str]:
    """Return what a table of events needs and this one lacks, and what it may be instead."""
    lacking = [] if {"date", "year"} & set(names) else ["date"]
    if not {"longitude", "latlon", "geometry"} & set(names):
        lacking += ["longitude", "latitude"]
    said = [f"{one}: no column was found; name it under [columns]" for one in lacking]
    if not lacking:
        return said
    periods = [name for name in sample.header if PERIOD.fullmatch(name)]
    numbers = [
        name for index, name in enumerate(sample.header)
        if name and (texts := [text for text in sample.column(index) if text]) and all(map(is_number, texts[:50]))
    ]  # fmt: skip
    if sample.places is not None and not sample.places:
        hint = "it holds areas or lines, not points: a study names it under area, target, context or [areas]"
    elif len(periods) >= _WIDE:
        hint = f"{len(periods)} headers name a period, so it looks like counts by area: try --kind area_table"
    elif "date" in lacking and len(lacking) == 1:
        hint = "it has places and no date, so it looks like a list of services: try --kind site"
    elif "date" not in lacking or any(name.lower() in ("year", "quarter", "month") for name in sample.header):
        hint = "it has periods and no place, so it looks like counts of whole areas: try --kind area_table"
    elif len(numbers) > _WIDE and len(lacking) == 3:
        hint = f"{len(numbers)} columns hold numbers only, so it looks like counts: try --kind area_table, or survey"
    else:
        hint = "try --kind area_table, survey or site"
    return [*said, f"kind: no dated points were found; {hint}"]


def _system(sample: FileSample, chosen: Chosen) -> tuple[str, list[str], list[str]]:
    """Return the coordinate system, the evidence for it, and what is in doubt."""
    if sample.places is not None:
        points = [f"place: {len(sample.places):,} of {len(sample.rows):,} sampled features are points"]
        return _crs.LONLAT, points, []
    if not {"longitude", "latitude"} <= set(chosen.columns):
        return _crs.LONLAT, [], []
    two = zip(sample.column(chosen.columns["longitude"]), sample.column(chosen.columns["latitude"]), strict=True)
    pairs = [(float(x), float(y)) for x, y in two if is_number(x) and is_number(y)]
    placed = np.array([pair for pair in pairs if pair != (0.0, 0.0)], dtype=np.float64).reshape(-1, 2)
    if not len(placed):
        return _UNKNOWN_CRS, [], ["crs: no row has coordinates; name their system under [location]"]
    x, y = placed[:, 0], placed[:, 1]
    (west, east), (south, north) = (np.percentile(axis, (5, 95)) for axis in (x, y))
    distinct = len(np.unique(placed, axis=0))
    seen = [f"place: {distinct:,} different points in {len(placed):,} rows; nine in ten between {west:g} and {east:g} east, "
            f"{south:g} and {north:g} north"]  # fmt: skip
    if max(abs(west), abs(east)) <= 180 and max(abs(south), abs(north)) <= 90:
        # Nobody lives within ten degrees of a pole, and few towns lie above 72.
        doubt = (
            ["crs: the latitudes lie near a pole; the two columns may be swapped"]
            if min(abs(south), abs(north)) > 72
            else []
        )
        return _crs.LONLAT, seen, doubt  # fmt: skip
    if max(abs(south), abs(north)) <= 180 and max(abs(west), abs(east)) <= 90:
        return _UNKNOWN_CRS, seen, ["crs: longitude and latitude look swapped; change them over under [columns]"]
    fitting = _crs.systems_that_fit(x, y)
    could = ", ".join(f"{code} ({name})" for code, name in fitting)
    told = f"the numbers would fit {could}, a UTM zone" if fitting else "the numbers could be of a UTM zone"
    return _UNKNOWN_CRS, seen, [
        f"crs: the coordinates are no degrees; {told} or a state plane in feet or metres; name it under [location]"
    ]  # fmt: skip


def _identity(sample: FileSample, chosen: Chosen, evidence: list[str]) -> list[str]:
    """Return what is in doubt about rows that may be the same event."""
    if "id" in chosen.columns:
        ids = _filled(sample, chosen, "id")
        repeated = len(ids) - len(set(ids))
        evidence.append(f"id: {repeated:,} of {len(ids):,} sampled ids are repeated")
        if not repeated:
            return []
        return [f"duplicates: {repeated:,} sampled ids come again; rule = \"id\" takes rows of one id, date, place and "
                "category as one event, none takes each row as one"]  # fmt: skip
    same = len(sample.rows) - len(set(sample.rows))
    return [f"duplicates: there is no id, and {same:,} of {len(sample.rows):,} sampled rows are the same as another; "
            "they are kept as events of their own"] if same else []  # fmt: skip


def _meaning(sample: FileSample, chosen: Chosen) -> list[str]:
    """Return what is in doubt about categories and units."""
    said = []
    if "category" in chosen.columns:
        kinds = Counter(_filled(sample, chosen, "category"))
        shown = ", ".join(f'"{kind}" ({count:,})' for kind, count in kinds.most_common(_SHOWN))
        more = f" and {len(kinds) - _SHOWN:,} more" if len(kinds) > _SHOWN else ""
        said.append(f"category: which of these are harm and which are activity: {shown}{more}")
    else:
        said.append("category: no column was found; say under [category] constant what every row is")
    if chosen.weight and {"date", "year"} & set(chosen.columns):
        said.append(
            f'unit: "{chosen.weight}" may say how many of something a row stands for; as weight, it would be summed'
        )
    return said


def opening(sample: FileSample, kind: str = "event") -> str:
    """Return the tables with which every guessed format begins: what it is, and how its container is read."""
    packing = {
        "csv": f"\n[csv]\ndelimiter = {toml_string(sample.delimiter)}\nencoding = {toml_string(sample.encoding)}\n",
        "excel": f"\n[excel]\n{f'sheet = {toml_string(sample.sheet)}{chr(10)}' if sample.sheet else ''}header_row = {sample.header_row}\n",
    }.get(sample.container, "")
    members = f"\n[zip]\nmembers = [{', '.join(map(toml_string, sample.members))}]\n" if sample.members else ""
    return f"""# A guess: read every line before you use it.
[format]
{"" if kind == "event" else f"kind = {toml_string(kind)}{chr(10)}"}title = "my source"
container = {toml_string(sample.container)}
publisher = ""
licence = ""
attribution = ""
tried_on = "untried"
guessed = true    # take this line out once every other line is checked; until then no study reads by it
{packing}{members}"""


def column_lines(sample: FileSample, chosen: Mapping[str, int]) -> str:
    """Return the lines that name the column of each field."""
    return "\n".join(f"{field} = {toml_string(sample.header[index])}" for field, index in chosen.items())


def _toml(sample: FileSample, chosen: Chosen, patterns: Sequence[str], crs: str) -> str:
    open_orders = "" if patterns else "   # not decided: no format is complete without"
    weight = f"\n# weight = {toml_string(chosen.weight)}" if chosen.weight else ""
    constant = (
        "" if "category" in chosen.columns else '\n[category]\nconstant = ""   # not decided: what every row is\n'
    )
    # A moment with an offset is no day before the place's clock is known.
    offset = any(map(has_offset, patterns))
    zone = '\n# zone = ""   # not decided: the clock of the place, such as "Europe/London"' if offset else ""
    used = set(chosen.columns.values())
    held = sorted({text for row in sample.rows for index in used if (text := row[index].strip()) in BLANKS})
    blank = f"\n[values]\nblank = [{', '.join(map(toml_string, ['', *held]))}]\n" if held else ""
    rule = "id" if "id" in chosen.columns else "none"
    return f"""{opening(sample)}
[columns]
{column_lines(sample, chosen.columns)}{weight}
{constant}
[date]
formats = [{", ".join(map(toml_string, patterns))}]{open_orders}
precision = "{precision_of(patterns)}"{zone}

[location]
crs = "{crs}"{"   # not decided: no format is complete without" if crs == _UNKNOWN_CRS else ""}
quality = "exact"     # not decided
typical_error_m = 0   # not decided

[duplicates]
rule = "{rule}"
{blank}"""
