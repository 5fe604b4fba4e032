"""Weights by offence from the workbooks of the Cambridge Crime Harm Index and the ONS Crime Severity Score.

Untried: no original workbook was at hand; the columns are found by their heads, and anything else is refused.
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
_OFFENCE = ("offence", "offense", "crime", "description")
_DRUGS = re.compile(
    r"\b(possess\w*|traffick\w*|supply|production|cultivat\w*)\b.*\b(drug\w*|cannabis|controlled)\b|\bdrug\w*\b", re.I
)


@dataclass(frozen=True, slots=True)
class OffenceWeight:
    """One offence and its weight."""

    offence: str
    weight: float


def offence_weights(rows: Sequence[Sequence[str]], kind: str) -> tuple[OffenceWeight, ...]:
    """Return the weights by offence of a sheet of texts.

    Parameters
    ----------
    rows : sequence of sequence of str
        The first row that has a head for the offence and one for the weight is the header.
    kind : str
        "chi" or "ons".

    Raises
    ------
    StudyError
        If the columns cannot be told, an offence is there with two weights, or one line stands for all drug offences.
    """
    if kind not in SOURCES:
        raise StudyError([f'"{kind}" is no kind of workbook; {nearest_hint(kind, SOURCES)}'])
    wanted = SOURCES[kind][2]
    for number, row in enumerate(rows):
        offence = _column(row, _OFFENCE)
        weight = next((found for word in wanted if (found := _column(row, (word,), but=offence)) is not None), None)
        if offence is not None and weight is not None:
            return _read(rows[number + 1 :], offence, weight)
    raise StudyError(
        [
            f"No row has a head for the offence and one for its weight ({', '.join(wanted)}); is this the {SOURCES[kind][0]}?"
        ]
    )


def profile_from_weights(weights: Sequence[OffenceWeight], kind: str, *, file: str) -> str:
    """Return a value profile as TOML: one rule an offence, for the measure of that name.

    Drug offences are left out as activity, each named: possession and trafficking are never one weight.
    """
    name, reference, _, link = SOURCES[kind]
    lines = [
        f"# Made from {file} by geoharm values import; untried on an original workbook: compare a few weights by hand.",
        f"name      = {toml_string(name)}",
        f"about     = {toml_string('Weights by offence; a measure takes part if it is named as the offence is.')}",
        f"author    = {toml_string(name)}",
        'date      = "see the workbook"',
        'version   = "see the workbook"',
        f"source    = {toml_string(f'{file}, {link}')}",
        'licence   = "see the publisher"',
        f"reference = {toml_string(reference)}",
        "untried   = true",
        "",
    ]
    for one in weights:
        if _DRUGS.search(one.offence):
            lines.append(f"# left out, activity and not harm: {one.offence} ({one.weight:g})".replace("\n", " "))
            continue
        lines += ["[[weight]]", f"measure = {toml_string(one.offence)}", f"weight  = {one.weight:g}", ""]
    return "\n".join([*lines, "[[weight]]", 'sign = "ignored"']) + "\n"


def _column(row: Sequence[str], words: Sequence[str], but: int | None = None) -> int | None:
    for column, text in enumerate(row):
        if column != but and any(word in text.lower() for word in words):
            return column
    return None


def _read(rows: Sequence[Sequence[str]], offence: int, weight: int) -> tuple[OffenceWeight, ...]:
    found: dict[str, float] = {}
    problems = []
    for row in rows:
        name = row[offence].strip() if offence < len(row) else ""
        try:
            value = float(row[weight].replace(",", "")) if weight < len(row) else math.nan
        except ValueError:
            value = math.nan
        if not name or not math.isfinite(value) or value < 0:
            continue
        if name in found and found[name] != value:
            problems.append(f'"{name}" is there with the weights {found[name]:g} and {value:g}; keep the one you mean.')
        found[name] = value
    drugs = [name for name in found if _DRUGS.search(name)]
    if len(drugs) == 1 and not re.search(r"possess|traffick|supply", drugs[0], re.I):
        problems.append(
            f'"{drugs[0]}" is one weight for all drug offences; possession and trafficking are never one weight.'
        )
    if not found:
        problems.append("No row has an offence and a number.")
    if problems:
        raise StudyError(problems)
    return tuple(OffenceWeight(name, value) for name, value in found.items())
