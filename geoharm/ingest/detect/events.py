"""Propose a format for an unknown table, with evidence for each guess and the undecided questions.

A guess is a text to read and edit. No study reads data by it: it says ``guessed = true``, and what could not be decided
is left incomplete, so that the text is not yet a valid format.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from geoharm import _crs
from geoharm._validation import toml_string
from geoharm.dates.detection import are_midnights, detect_date_patterns, precision_of
from geoharm.dates.patterns import has_offset
from geoharm.ingest.coordinate_texts import read_coordinate
from geoharm.ingest.detect.columns import BLANK_TEXTS, ChosenColumns, NumberSigns, choose_columns, is_number
from geoharm.ingest.detect.sample import PERIOD_NAME, FileSample, read_sample
from geoharm.ingest.readers.input_files import InputFile
from geoharm.ingest.time_detection import detect_time_patterns

_UNKNOWN_CRS = "EPSG:????"
_MANY_COLUMNS = 3
_MAX_CATEGORIES_SHOWN = 8


@dataclass(frozen=True, slots=True)
class FormatGuess:
    """A proposed format.

    Attributes
    ----------
    toml : str
        The format as TOML, to save, read and edit.
    evidence : tuple of str
        Why each column was chosen for its field.
    undecided : tuple of str
        What a person has to decide.
    columns : mapping of field to header
        The chosen columns.
    left_out : tuple of str
        Columns with personal data, which are never read.
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
    """Propose a format for a table of events, from its header and a sample of its rows.

    Raises
    ------
    DataError
        If the file is not a table with column names.
    """
    return guess_events(read_sample(source))


def guess_events(sample: FileSample) -> FormatGuess:
    """Propose a format for a table of events, from a sample of it."""
    chosen = choose_columns(sample)
    names = {field_name: sample.header[index] for field_name, index in chosen.columns.items()}
    evidence, undecided = [_container_evidence(sample), *sample.notes], list(chosen.doubts)
    for field_name, name in names.items():
        filled = sum(text not in ("", *BLANK_TEXTS) for text in sample.column(chosen.columns[field_name]))
        evidence.append(f'{field_name}: "{name}", by its name and {filled:,} of {len(sample.rows):,} values')
    undecided += [
        f"{field_name}: {_quoted_list(alternatives)} would fit as well"
        for field_name, alternatives in chosen.others.items()
    ]
    patterns: tuple[str, ...] = ()
    are_days = False
    if "date" in names:
        patterns, doubts = detect_date_patterns(_filled_values(sample, chosen, "date"))
        undecided += doubts
        evidence += [f"date: read as {' or '.join(patterns)}"] if patterns else []
        are_days = are_midnights(_filled_values(sample, chosen, "date"), patterns)
        if are_days and any(map(has_offset, patterns)):
            undecided.append("date: every time is midnight, so these are days as written; the offset is not applied")
    elif "year" in names:
        patterns = ("%Y-%m-%d",) if "day" in names else ("%Y-%m",)
    times: tuple[str, ...] = ()
    if "time" in names:
        times, doubts = detect_time_patterns(_filled_values(sample, chosen, "time"))
        undecided += doubts
        evidence.append(f"time: read as {' or '.join(times)}")
    crs, crs_evidence, doubts = _coordinate_system(sample, chosen)
    evidence += crs_evidence
    undecided += doubts
    if sample.places:
        names["geometry"] = "geometry"
    undecided += _missing_field_doubts(sample, names, chosen.unread_dates)
    undecided += _duplicate_doubts(sample, chosen, evidence)
    undecided += _category_doubts(sample, chosen)
    if "area" not in names:
        undecided.append(_quality_doubt(chosen))
    undecided.append("the publisher, the licence and the attribution it requires")
    left_out = tuple(name for name, _ in chosen.left_out)
    evidence += [f'left out: "{name}" ({word}: about a person)' for name, word in chosen.left_out]
    toml = _format_toml(sample, chosen, patterns, times, crs, are_days=are_days)
    return FormatGuess(toml, tuple(evidence), tuple(undecided), names, left_out)


def _container_evidence(sample: FileSample) -> str:
    if sample.container == "csv":
        return f"{len(sample.header)} columns, delimiter {sample.delimiter!r}, encoding {sample.encoding}"
    details = f', sheet "{sample.sheet}"' if sample.sheet else ""
    details += f", names in row {sample.header_row}" if sample.header_row > 1 else ""
    return f"{len(sample.header)} columns of a {sample.container} file{details}"


def _filled_values(sample: FileSample, chosen: ChosenColumns, field_name: str) -> list[str]:
    return [text for text in sample.column(chosen.columns[field_name]) if text and text not in BLANK_TEXTS]


def _quoted_list(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _missing_field_doubts(
    sample: FileSample, names: Mapping[str, str], unread_dates: Sequence[tuple[str, str]]
) -> list[str]:
    """Return the needed fields that this table lacks, and what kind of table it may be instead."""
    missing_fields = [] if {"date", "year"} & set(names) else ["date"]
    has_place = bool({"longitude", "latlon", "geometry"} & set(names))
    address = names.get("address", names.get("street"))
    if "area" in names:
        return [
            f'place: there are no coordinates, but "{names["area"]}" holds codes of areas. Name their outlines in the study under areas, '
            "and the property with the code under area_id; the events are then counted by whole areas, and nothing that needs points is "
            "possible"
        ]
    if not has_place and address is not None and not missing_fields:
        return [
            f'place: there are no coordinates, but "{address}" holds addresses. Put a list of addresses with coordinates, or a street file, '
            "beside it, and name that source in the study under addresses (docs/addresses.md); without one no row has a place"
        ]
    if not has_place:
        missing_fields += ["longitude", "latitude"]
    doubts = [f"{field_name}: no column was found; name it under [columns]" for field_name in missing_fields]
    if not missing_fields:
        return doubts
    period_columns = [name for name in sample.header if PERIOD_NAME.fullmatch(name)]
    number_columns = [
        name for index, name in enumerate(sample.header)
        if name and (texts := [text for text in sample.column(index) if text]) and all(map(is_number, texts[:50]))
    ]  # fmt: skip
    if sample.places is not None and not sample.places:
        hint = "it holds areas or lines, not points: a study names it under area, target, context or [areas]"
    elif len(period_columns) >= _MANY_COLUMNS:
        hint = f"{len(period_columns)} headers name a period, so it looks like counts by area: try --kind area_table"
    elif "date" in missing_fields and unread_dates:
        shown = " and ".join(
            f'"{name}" is named like a date and holds texts such as "{text}"' for name, text in unread_dates
        )
        hint = f"{shown}, which fit no known pattern"
    elif "date" in missing_fields and len(missing_fields) == 1:
        hint = "it has places and no date, so it looks like a list of services: try --kind site"
    elif "date" not in missing_fields or any(name.lower() in ("year", "quarter", "month") for name in sample.header):
        hint = "it has periods and no place, so it looks like counts of whole areas: try --kind area_table"
    elif len(number_columns) > _MANY_COLUMNS and len(missing_fields) == 3:
        hint = f"{len(number_columns)} columns hold numbers only, so it looks like counts: try --kind area_table, or survey"
    else:
        hint = "try --kind area_table, survey or site"
    return [*doubts, f"kind: no dated points were found; {hint}"]


def _coordinate_system(sample: FileSample, chosen: ChosenColumns) -> tuple[str, list[str], list[str]]:
    """Return the coordinate system, the evidence for it, and the doubts."""
    if sample.places is not None:
        evidence = [f"place: {len(sample.places):,} of {len(sample.rows):,} sampled features are points"]
        return _geometry_system(sample.places, evidence)
    if not {"longitude", "latitude"} <= set(chosen.columns):
        return _crs.LONLAT, [], []  # a pair in one column, or addresses alone
    text_pairs = zip(sample.column(chosen.columns["longitude"]), sample.column(chosen.columns["latitude"]), strict=True)
    read = ((_coordinate(x, "EW", chosen.signs), _coordinate(y, "NS", chosen.signs)) for x, y in text_pairs)
    pairs = [(x, y) for x, y in read if x is not None and y is not None]
    located = np.array([pair for pair in pairs if pair != (0.0, 0.0)], dtype=np.float64).reshape(-1, 2)
    if not len(located):
        return _UNKNOWN_CRS, [], ["crs: no row has coordinates; name their system under [location]"]
    x, y = located[:, 0], located[:, 1]
    (west, east), (south, north) = (np.percentile(coordinates, (5, 95)) for coordinates in (x, y))
    distinct = len(np.unique(located, axis=0))
    evidence = [f"place: {distinct:,} different points in {len(located):,} rows; nine in ten between {west:g} and {east:g} east, "
            f"{south:g} and {north:g} north"]  # fmt: skip
    if max(abs(west), abs(east)) <= 180 and max(abs(south), abs(north)) <= 90:
        # Few towns lie beyond 72 degrees of latitude.
        doubts = (
            ["crs: the latitudes lie near a pole; the two columns may be swapped"]
            if min(abs(south), abs(north)) > 72
            else []
        )
        return _crs.LONLAT, evidence, doubts  # fmt: skip
    if max(abs(south), abs(north)) <= 180 and max(abs(west), abs(east)) <= 90:
        return _UNKNOWN_CRS, evidence, ["crs: longitude and latitude look swapped; swap them under [columns]"]
    fitting_systems = _crs.systems_that_fit(x, y)
    candidates = ", ".join(f"{code} ({name})" for code, name in fitting_systems)
    hint = (
        f"the numbers would fit {candidates}, a UTM zone" if fitting_systems else "the numbers could be of a UTM zone"
    )
    return _UNKNOWN_CRS, evidence, [
        f"crs: the coordinates are not degrees; {hint} or a state plane in feet or metres; name it under [location]"
    ]  # fmt: skip


def _geometry_system(places: Sequence[tuple[float, float]], evidence: list[str]) -> tuple[str, list[str], list[str]]:
    """Return the coordinate system of geometries: degrees, unless the file states none and they cannot be degrees."""
    x, y = np.array(places, dtype=np.float64).reshape(-1, 2).T
    if not x.size or np.mean((np.abs(x) <= 180) & (np.abs(y) <= 90)) > 0.5:
        return _crs.LONLAT, evidence, []
    candidates = ", ".join(f"{code} ({name})" for code, name in _crs.systems_that_fit(x, y))
    hint = f"; the numbers would fit {candidates}" if candidates else ""
    doubt = f"crs: the geometries are not degrees, and the file states no system{hint}; name it under [location]"
    return _UNKNOWN_CRS, evidence, [doubt]


def _quality_doubt(chosen: ChosenColumns) -> str:
    if chosen.inexact is None:
        return "location quality: exact, snapped, block or randomised, and its typical error in metres"
    name, word, quality = chosen.inexact
    return (
        f'location quality: "{name}" is named like a place that is not exact ({word}), so it is written down as {quality}; say how '
        "far it typically is from the true place (typical_error_m), for no ring can be proposed or judged before"
    )


def _quality_lines(chosen: ChosenColumns) -> str:
    """Return the TOML lines on how exact places are; without the error of inexact ones the text is no valid format."""
    if chosen.inexact is None:
        return 'quality = "exact"     # not decided\ntypical_error_m = 0   # not decided'
    return (
        f'quality = "{chosen.inexact[2]}"\n# typical_error_m =    # not decided, but required: metres to the true place'
    )


def _coordinate(text: str, letters: str, signs: NumberSigns) -> float | None:
    return read_coordinate(text, letters, signs.decimal, signs.thousands, in_degrees=True)


def _duplicate_doubts(sample: FileSample, chosen: ChosenColumns, evidence: list[str]) -> list[str]:
    """Return the doubts about rows that may be the same event, and add the evidence on ids."""
    if "id" in chosen.columns:
        ids = _filled_values(sample, chosen, "id")
        repeated = len(ids) - len(set(ids))
        evidence.append(f"id: {repeated:,} of {len(ids):,} sampled ids are repeated")
        if not repeated:
            return []
        return [f"duplicates: {repeated:,} sampled ids are repeated; rule = \"id\" counts rows of one id, date, place and "
                "category as one event, rule = \"none\" counts each row as an event"]  # fmt: skip
    identical = len(sample.rows) - len(set(sample.rows))
    return [f"duplicates: there is no id, and {identical:,} of {len(sample.rows):,} sampled rows are the same as another; "
            "they are kept as events of their own"] if identical else []  # fmt: skip


def _category_doubts(sample: FileSample, chosen: ChosenColumns) -> list[str]:
    """Return the doubts about categories and units."""
    doubts = []
    if "category" in chosen.columns:
        counts = Counter(_filled_values(sample, chosen, "category"))
        shown = ", ".join(f'"{category}" ({count:,})' for category, count in counts.most_common(_MAX_CATEGORIES_SHOWN))
        more = f" and {len(counts) - _MAX_CATEGORIES_SHOWN:,} more" if len(counts) > _MAX_CATEGORIES_SHOWN else ""
        doubts.append(f"category: which of these are harm and which are activity: {shown}{more}")
    else:
        doubts.append("category: no column was found; write the category of all rows under [category] constant")
    if chosen.weight and {"date", "year"} & set(chosen.columns):
        doubts.append(
            f'unit: "{chosen.weight}" may say how many of something a row stands for; as weight, it would be summed'
        )
    return doubts


def format_opening(sample: FileSample, kind: str = "event") -> str:
    """Return the first TOML tables of a guessed format: its description, and how its container is read."""
    container_table = {
        "csv": f"\n[csv]\ndelimiter = {toml_string(sample.delimiter)}\nencoding = {toml_string(sample.encoding)}\n",
        "excel": f"\n[excel]\n{f'sheet = {toml_string(sample.sheet)}{chr(10)}' if sample.sheet else ''}header_row = {sample.header_row}\n",
        "vector": f"\n[vector]\nlayer = {toml_string(sample.layer)}\n" if sample.layer else "",
    }.get(sample.container, "")
    zip_table = f"\n[zip]\nmembers = [{', '.join(map(toml_string, sample.members))}]\n" if sample.members else ""
    return f"""# A guess: read every line before you use it.
[format]
{"" if kind == "event" else f"kind = {toml_string(kind)}{chr(10)}"}title = "my source"
container = {toml_string(sample.container)}
publisher = ""
licence = ""
attribution = ""
tried_on = "untried"
guessed = true    # remove this line once every other line is checked; until then no study uses this format
{container_table}{zip_table}"""


def column_lines(sample: FileSample, chosen: Mapping[str, int]) -> str:
    """Return the TOML lines that name the column of each field."""
    return "\n".join(f"{field_name} = {toml_string(sample.header[index])}" for field_name, index in chosen.items())


def _format_toml(
    sample: FileSample,
    chosen: ChosenColumns,
    patterns: Sequence[str],
    times: Sequence[str],
    crs: str,
    *,
    are_days: bool,
) -> str:
    formats_comment = "" if patterns else "   # not decided, but required"
    weight_line = f"\n# weight = {toml_string(chosen.weight)}" if chosen.weight else ""
    category_table = (
        ""
        if "category" in chosen.columns
        else '\n[category]\nconstant = ""   # not decided: the category of all rows\n'
    )
    # A time with a UTC offset gives the day only once the local time zone is known.
    has_offsets = any(map(has_offset, patterns))
    zone_line = ""
    if has_offsets and are_days and not any("%z" in pattern for pattern in patterns):
        zone_line = "\ntrust_offset = false"
    elif has_offsets:
        zone_line = '\n# zone = ""   # not decided: the time zone of the place, such as "Europe/London"'
    precision = "moment" if times else "day" if are_days else precision_of(patterns)
    time_line = f"\ntime_formats = [{', '.join(map(toml_string, times))}]" if times else ""
    used = set(chosen.columns.values())
    blank_texts = sorted({text for row in sample.rows for index in used if (text := row[index].strip()) in BLANK_TEXTS})
    values = [f"blank = [{', '.join(map(toml_string, ['', *blank_texts]))}]"] if blank_texts else []
    values += [f"decimal = {toml_string(chosen.signs.decimal)}"] if chosen.signs.decimal else []
    values += [f"thousands = {toml_string(chosen.signs.thousands)}"] if chosen.signs.thousands else []
    values_table = "\n".join(["", "[values]", *values, ""]) if values else ""
    rule = "id" if "id" in chosen.columns else "none"
    location_table = f"""
[location]
crs = "{crs}"{"   # not decided, but required" if crs == _UNKNOWN_CRS else ""}
{_quality_lines(chosen)}
"""
    return f"""{format_opening(sample)}
[columns]
{column_lines(sample, chosen.columns)}{weight_line}
{category_table}
[date]
formats = [{", ".join(map(toml_string, patterns))}]{formats_comment}{time_line}
precision = "{precision}"{zone_line}
{"" if "area" in chosen.columns else location_table}
[duplicates]
rule = "{rule}"
{values_table}"""
