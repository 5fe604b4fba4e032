"""What a category stands for by its words: police activity, a harm, something that may be neither, or nothing known."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from geoharm._text import fold_category

# Services for the sick record what happened to people: an arrest there is of the heart.
_HEALTH = "health"
_TRANSCRIBED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})  # codespell:ignore ue


class Sense(StrEnum):
    """What a category stands for."""

    ACTIVITY = "activity"
    HARM = "harm"
    DOUBTFUL = "doubtful"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class HarmGroup:
    """Categories that one measure counts.

    Attributes
    ----------
    name : str
        The measure's.
    borne_by, type : str
        As in `geoharm.model.measure.Harm`.
    """

    name: str
    borne_by: str
    type: str


@dataclass(frozen=True, slots=True)
class CategorySense:
    """What a category stands for, and the group of a harm.

    Attributes
    ----------
    sense : Sense
    group : HarmGroup or None
        Of a harm.
    """

    sense: Sense
    group: HarmGroup | None = None


def category_sense(category: str, *, kind: str = "") -> CategorySense:
    """Return what a category stands for by its words, in English, German, Dutch, French or Spanish.

    Parameters
    ----------
    category : str
    kind : str
        The kind of its source. A health source holds no police activity.

    Examples
    --------
    >>> [category_sense(text).sense.value for text in ("Drugs", "SHOTS FIRED", "FIRES NOT ARSON", "Permit")]
    ['activity', 'harm', 'doubtful', 'unknown']
    """
    words, text = _words(), _as_words(category)
    if is_proactive(category, kind=kind):
        return CategorySense(Sense.ACTIVITY)
    for group, pattern, despite_doubt in words.groups:
        if despite_doubt and _is_in(pattern, text):
            return CategorySense(Sense.HARM, group)
    if words.doubtful.search(text):
        return CategorySense(Sense.DOUBTFUL)
    for group, pattern, _ in words.groups:
        if _is_in(pattern, text):
            return CategorySense(Sense.HARM, group)
    is_negated = any(pattern.search(text) for _, pattern, _ in words.groups)
    return CategorySense(Sense.DOUBTFUL if is_negated else Sense.UNKNOWN)


def is_proactive(category: str, *, kind: str = "") -> bool:
    """Return whether a category is one that police record proactively.

    Parameters
    ----------
    category : str
    kind : str
        The kind of its source. A health source holds no police activity.

    Examples
    --------
    >>> is_proactive("Drugs"), is_proactive("DRUG OVERDOSE"), is_proactive("Burglary"), is_proactive("Festnahme")
    (True, False, False, True)
    """
    words, text = _words(), _as_words(category)
    if kind == _HEALTH or words.not_enforcement.search(text):
        return False
    if _is_in(words.enforcement, text):
        return True
    if not _is_in(words.drugs, text) or words.to_people.search(text):
        return False
    return not any(_is_in(pattern, text) for _, pattern, _ in words.groups)


def source_kind(names: str, categories: Mapping[str, int]) -> str:
    """Return the kind of a source of events, by its names or else by what most of its rows are; "incident" if neither says.

    Parameters
    ----------
    names : str
        Names of its format and files.
    categories : mapping of str to int
        Number of rows by category.

    Examples
    --------
    >>> source_kind("calls.csv", {"OVERDOSE": 3, "THEFT": 90}), source_kind("ambulance.csv", {})
    ('incident', 'health')
    """
    by_name = next((kind for kind, pattern in _words().kinds if _is_in(pattern, _as_words(names))), "")
    if by_name:
        return by_name
    rows = sum(categories.values())
    for kind, pattern in _words().kinds:
        if 2 * sum(n for category, n in categories.items() if _is_in(pattern, _as_words(category))) > rows:
            return kind
    return "incident"


@dataclass(frozen=True, slots=True)
class _Words:
    """The patterns of the word lists, and the words before a word that negate it."""

    enforcement: re.Pattern[str]
    drugs: re.Pattern[str]
    to_people: re.Pattern[str]
    not_enforcement: re.Pattern[str]
    doubtful: re.Pattern[str]
    groups: tuple[tuple[HarmGroup, re.Pattern[str], bool], ...]
    kinds: tuple[tuple[str, re.Pattern[str]], ...]
    negated: re.Pattern[str]


@cache
def _words() -> _Words:
    text = resources.files("geoharm.model").joinpath("category_words.toml").read_text(encoding="utf-8")
    lists: dict[str, Any] = tomllib.loads(text)
    activity = lists["activity"]
    negations, articles = "|".join(lists["negations"]), "|".join(lists["articles"])
    return _Words(
        _pattern(activity["enforcement"]),
        _pattern(activity["drugs"]),
        _pattern(activity["to_people"]),
        _pattern(activity["not_enforcement"]),
        _pattern(lists["doubtful"]["words"]),
        tuple(
            (
                HarmGroup(group["name"], group["borne_by"], group["type"]),
                _pattern(group["words"]),
                group.get("despite_doubt", False),
            )
            for group in lists["group"]
        ),
        (
            *((group["kind"], _pattern(group["words"])) for group in lists["group"] if "kind" in group),
            ("treatment_entry", _pattern(lists["treatment_entry"]["words"])),
        ),
        re.compile(rf"\b(?:{negations})(?: (?:{articles}))* $"),
    )


def _pattern(words: Iterable[str]) -> re.Pattern[str]:
    """Return the pattern of a list of words; see the head of the lists."""
    patterns = []
    for word in words:
        bare = word.lstrip("*=")
        for spelling in dict.fromkeys((_as_words(bare), _as_words(bare.translate(_TRANSCRIBED)))):
            begin, end = "" if word.startswith("*") else r"\b", r"\b" if word.startswith("=") else ""
            patterns.append(f"{begin}{re.escape(spelling)}{end}")
    return re.compile("|".join(patterns))


def _as_words(category: str) -> str:
    """Return the folded words of a category, one space between two; "_" separates words."""
    return " ".join(re.findall(r"[^\W_]+", fold_category(category)))


def _is_in(pattern: re.Pattern[str], text: str) -> bool:
    """Return whether a word of a list stands in a text and no negation right before it."""
    starts = (text.rfind(" ", 0, match.start()) + 1 for match in pattern.finditer(text))
    return any(not _words().negated.search(text[:start]) for start in starts)
