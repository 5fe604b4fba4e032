"""Offence weights from workbooks of the Cambridge Crime Harm Index and the ONS Crime Severity Score.

This was not tested on an original workbook. Columns are found by words in the header row; other tables raise an error.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from geoharm._validation import nearest_hint, toml_string
from geoharm.errors import StudyError

SOURCES = {
    "chi": (
        "Cambridge Crime Harm Index",
        "one day in prison",
        ("days", "chi", "harm index", "starting point", "weight"),
        "https://www.cambridge-ebp.co.uk/the-chi",
    ),
    "ons": (
        "ONS Crime Severity Score",
        "one point of severity",
        ("weight", "severity", "score"),
        "https://www.ons.gov.uk/peoplepopulationandcommunity/crimeandjustice",
    ),
}
_OFFENCE_WORDS = ("offence", "offense", "crime", "description")
_DRUG_OFFENCE = re.compile(
    r"\b(possess\w*|traffick\w*|supply|production|cultivat\w*)\b.*\b(drug\w*|cannabis|controlled)\b|\bdrug\w*\b", re.I
)


@dataclass(frozen=True, slots=True)
class OffenceWeight:
    """An offence and its weight."""

    offence: str
    weight: float


def offence_weights(rows: Sequence[Sequence[str]], kind: str) -> tuple[OffenceWeight, ...]:
    """Return the weights by offence from the cells of a sheet.

    Parameters
    ----------
    rows : sequence of sequence of str
        Cells as text. The first row with a header for the offence and one for the weight is the header row.
    kind : str
        One of `SOURCES`: "chi" or "ons".

    Raises
    ------
    StudyError
        If `kind` is unknown, the columns are not found, an offence has two different weights, or all drug offences
        share one weight.
    """
    if kind not in SOURCES:
        raise StudyError([f'"{kind}" is not a known kind of workbook; {nearest_hint(kind, SOURCES)}'])
    weight_words = SOURCES[kind][2]
    for header_row, row in enumerate(rows):
        offence = _find_column(row, _OFFENCE_WORDS)
        weight = next(
            (column for word in weight_words if (column := _find_column(row, (word,), excluded=offence)) is not None),
            None,
        )
        if offence is not None and weight is not None:
            return _read_weights(rows[header_row + 1 :], offence, weight)
    raise StudyError(
        [
            f"No row has a column header for the offence and one for its weight ({', '.join(weight_words)}); is this the {SOURCES[kind][0]}?"
        ]
    )


def profile_from_weights(weights: Sequence[OffenceWeight], kind: str, *, file: str) -> str:
    """Return a value profile as TOML, with one rule for each offence that applies to the measure of that name.

    Drug offences are left out, because they are activity and not harm. A comment names each of them.
    """
    name, reference, _, link = SOURCES[kind]
    lines = [
        f"# Made from {file} by geoharm values import; not tested on an original workbook: compare a few weights by hand.",
        f"name      = {toml_string(name)}",
        f"about     = {toml_string('Weights by offence; they apply to measures that have the name of an offence.')}",
        f"author    = {toml_string(name)}",
        'date      = "see the workbook"',
        'version   = "see the workbook"',
        f"source    = {toml_string(f'{file}, {link}')}",
        'licence   = "see the publisher"',
        f"reference = {toml_string(reference)}",
        "untried   = true",
        "",
    ]
    for offence_weight in weights:
        if _DRUG_OFFENCE.search(offence_weight.offence):
            lines.append(
                f"# left out, activity and not harm: {offence_weight.offence} ({offence_weight.weight:g})".replace(
                    "\n", " "
                )
            )
            continue
        lines += [
            "[[weight]]",
            f"measure = {toml_string(offence_weight.offence)}",
            f"weight  = {offence_weight.weight:g}",
            "",
        ]
    return "\n".join([*lines, "[[weight]]", 'sign = "ignored"']) + "\n"


def _find_column(row: Sequence[str], words: Sequence[str], excluded: int | None = None) -> int | None:
    for column, text in enumerate(row):
        if column != excluded and any(word in text.lower() for word in words):
            return column
    return None


def _read_weights(rows: Sequence[Sequence[str]], offence: int, weight: int) -> tuple[OffenceWeight, ...]:
    weights: dict[str, float] = {}
    problems = []
    for row in rows:
        name = row[offence].strip() if offence < len(row) else ""
        try:
            value = float(row[weight].replace(",", "")) if weight < len(row) else math.nan
        except ValueError:
            value = math.nan
        if not name or not math.isfinite(value) or value < 0:
            continue
        if name in weights and weights[name] != value:
            problems.append(f'"{name}" has two weights, {weights[name]:g} and {value:g}; keep one of them.')
        weights[name] = value
    drugs = [name for name in weights if _DRUG_OFFENCE.search(name)]
    if len(drugs) == 1 and not re.search(r"possess|traffick|supply", drugs[0], re.I):
        problems.append(
            f'"{drugs[0]}" has one weight for all drug offences; possession and trafficking need separate weights.'
        )
    if not weights:
        problems.append("No row has an offence and a number.")
    if problems:
        raise StudyError(problems)
    return tuple(OffenceWeight(name, value) for name, value in weights.items())
