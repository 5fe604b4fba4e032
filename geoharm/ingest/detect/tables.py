"""Propose a format for a table that holds no events: an area table, a survey or a list of sites.

As for events, a guess is a text to read and edit, with its evidence and its doubts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from geoharm._validation import nearest_hint, toml_string
from geoharm.errors import DataError
from geoharm.ingest.detect.columns import is_number
from geoharm.ingest.detect.dates import detect_date_patterns
from geoharm.ingest.detect.events import FormatGuess, column_lines, opening
from geoharm.ingest.detect.sample import read_sample
from geoharm.ingest.formats.input_format import personal_words
from geoharm.ingest.readers.input_files import InputFile

_NAMES = {
    "area": r"code|^area|lsoa|msoa|ward|district|tract|block|geo.?id|fips|^id$|neighbou?rhood",
    "date": r"date|month|quarter|year|period|^time$",
    "category": r"category|type|question|indicator|measure|service|program",
    "value": r"count|number|value|^n$",
    "estimate": r"estimate|percent|proportion|rate|mean|^value$",
    "standard_error": r"std.?err|standard.?error|^se$",
    "low": r"lower|low|lcl|ci_l",
    "high": r"upper|high|ucl|ci_u",
    "n": r"^n$|sample|base|respondents",
    "name": r"name|facility|provider|organi[sz]ation",
    "part": r"name.?2",
    "address": r"address|street",
    "longitude": r"^(lon|lng|long|longitude|x)$",
    "latitude": r"^(lat|latitude|y)$",
}
_FIELDS = {
    "area_table": ("area", "date", "value", "category"),
    "survey": ("area", "date", "category", "estimate", "standard_error", "low", "high", "n"),
    "site": ("longitude", "latitude", "name", "part", "category", "address"),
}
_NUMBERS = ("value", "estimate", "standard_error", "low", "high", "n", "longitude", "latitude")
# Headers or values that name a period: what they look like, the pattern that reads them, and how long it is.
_PERIODS = (
    (r"^\d{4}-\d{2}$", "%Y-%m", "month"),
    (r"^[A-Z][a-z]{2} \d{4}$", "%b %Y", "month"),
    (r"^[A-Z][a-z]{2}-\d{2}$", "%b-%y", "month"),
    (r"^\d{4} Q[1-4]$", "%Y Q%q", "quarter"),
    (r"^\d{4}-?Q[1-4]$", "%YQ%q", "quarter"),
    (r"^\d{4}$", "%Y", "year"),
)
_LEAST_PERIODS = 3
_MANY_SIGNS = 5


def guess_table(source: InputFile, kind: str) -> FormatGuess:
    """Propose how to read a delimited text file as an area table, a survey or a list of sites.

    Parameters
    ----------
    source : InputFile
    kind : str
        "area_table", "survey" or "site".

    Raises
    ------
    DataError
        If the file is no delimited text, or there is no such kind to guess.
    """
    if kind not in _FIELDS:
        msg = f'A format of kind "{kind}" cannot be guessed; {nearest_hint(kind, ("event", *_FIELDS))}'
        raise DataError(msg)
    head = read_sample(source)
    header, rows = head.header, head.rows
    evidence = [f"{len(header)} columns, {head.container}", *head.notes]
    undecided: list[str] = []
    wide = _wide_period(header) if kind == "area_table" else None
    chosen = _choose(kind, header, rows, evidence, wide=wide is not None)
    lines = [opening(head, kind), "[columns]", column_lines(head, chosen)]
    needed = {"area_table": ("area",), "survey": ("area", "date", "estimate"), "site": ("name",)}[kind]
    needed += ("date", "value") if kind == "area_table" and wide is None else ()
    if kind == "area_table" and wide is None:
        others = [
            toml_string(text)
            for index, text in enumerate(header)
            if index not in chosen.values() and _mostly_numbers(rows, index)
        ]
        if others:
            undecided.append(f"value: {', '.join(others)} hold numbers too; several are named under values.columns")
    undecided += [f"{field}: no column was found; name it under [columns]" for field in needed if field not in chosen]
    if kind != "site":
        lines += _area_lines(rows, chosen, evidence, undecided)
        lines += _date_lines(rows, chosen, wide, evidence, undecided)
    if kind == "area_table":
        columns = [index for index, text in enumerate(header) if wide and re.search(wide[0], text)]
        _note_signs(rows, columns or [chosen[field] for field in ("value",) if field in chosen], undecided)
    if kind == "survey":
        lines += ["", "[survey]", 'measured = "percent"', "level = 0.95"]
        undecided.append("what the estimate is (percent, proportion or mean), and the level of its interval")
    undecided.append("the publisher, the licence and the sentence it asks for")
    return FormatGuess("\n".join(lines) + "\n", tuple(evidence), tuple(undecided))


def _choose(
    kind: str, header: Sequence[str], rows: Sequence[Sequence[str]], evidence: list[str], *, wide: bool
) -> dict[str, int]:
    """Return the first column that fits each field by its name and, for numbers, its values."""
    chosen: dict[str, int] = {}
    for field in _FIELDS[kind]:
        if wide and field in ("date", "value"):
            continue
        for index, text in enumerate(header):
            bare_name = kind == "site" and field in ("name", "part") and personal_words(text) == "name"
            if index in chosen.values() or not re.search(_NAMES[field], text.strip(), re.IGNORECASE):
                continue
            if (personal_words(text) and not bare_name) or (field in _NUMBERS and not _has_numbers(rows, index, field)):
                continue
            chosen[field] = index
            evidence.append(f'{field}: "{text}", by its name and {len(rows):,} values')
            break
    return chosen


def _wide_period(header: Sequence[str]) -> tuple[str, str, str] | None:
    """Return the period that at least three headers name, if any."""
    found = [(sum(re.search(period[0], text.strip()) is not None for text in header), period) for period in _PERIODS]
    count, best = max(found, key=lambda one: one[0])
    return best if count >= _LEAST_PERIODS else None


def _area_lines(
    rows: Sequence[Sequence[str]], chosen: dict[str, int], evidence: list[str], undecided: list[str]
) -> list[str]:
    """Return an id_width where codes are numbers that may have lost zeros or gained a point."""
    if "area" not in chosen:
        return []
    codes = {text for row in rows if (text := row[chosen["area"]].strip())}
    found = [re.fullmatch(r"(\d+)(\.0*)?", code) for code in codes]
    widths = {len(match.group(1)) for match in found if match}
    if not widths or not all(found):
        return []
    points = any("." in code for code in codes)
    if len(widths) == 1 and not points:
        return []
    evidence.append(
        f"area: codes are numbers of {min(widths)} to {max(widths)} digits{', with a point' if points else ''}"
    )
    undecided.append(
        f"area.id_width: {max(widths)} digits are the longest seen; say how long a code is in the area file"
    )
    return ["", "[area]", f"id_width = {max(widths)}"]


def _date_lines(
    rows: Sequence[Sequence[str]],
    chosen: dict[str, int],
    wide: tuple[str, str, str] | None,
    evidence: list[str],
    undecided: list[str],
) -> list[str]:
    if wide is not None:
        headers, pattern, unit = wide
        evidence.append(f"date: headers such as {pattern} name a {unit} each")
        return ["", "[date]", f"headers = '{headers}'", f"formats = [{toml_string(pattern)}]", f'unit = "{unit}"']
    if "date" not in chosen:
        return ["", "[date]", "formats = []"]
    values = [text for row in rows if (text := row[chosen["date"]].strip())]
    for looks, pattern, unit in _PERIODS:
        if values and all(re.search(looks, value) for value in values):
            return ["", "[date]", f"formats = [{toml_string(pattern)}]", f'unit = "{unit}"']
    if values and all(re.fullmatch(r"\d{1,3}(\.0*)?", value) for value in values):
        undecided.append("date: periods are numbered; say the first day of period 1 (numbered_from) and their unit")
        return ["", "[date]", 'unit = "month"', "# numbered_from = the first day of period 1"]
    patterns, doubt = detect_date_patterns(values)
    undecided += [*doubt, "date.unit: day, week, month, quarter or year"]
    return ["", "[date]", f"formats = [{', '.join(map(toml_string, patterns))}]", 'unit = "month"']


def _note_signs(rows: Sequence[Sequence[str]], columns: Sequence[int], undecided: list[str]) -> None:
    """Name what stands where a number should."""
    signs = sorted({text for row in rows for index in columns if (text := row[index].strip()) and not is_number(text)})
    if signs:
        shown = ", ".join(toml_string(sign) for sign in signs[:_MANY_SIGNS])
        undecided.append(
            f"values: {shown} are no numbers; if they stand for suppressed ones, declare them under values.suppressed with the "
            'least and the most they can be, such as { "*" = [1, 4] }; if for nothing, under values.blank'
        )


def _has_numbers(rows: Sequence[Sequence[str]], index: int, field: str) -> bool:
    """Return whether a column is mostly numbers; of counts, most may be suppressed, so that one number will do."""
    if field == "value":
        return any(is_number(row[index].strip()) for row in rows)
    return _mostly_numbers(rows, index)


def _mostly_numbers(rows: Sequence[Sequence[str]], index: int) -> bool:
    filled = [text for row in rows if (text := row[index].strip())]
    return bool(filled) and sum(map(is_number, filled)) > 0.5 * len(filled)
