"""Evidence cards: what is known of each way to act, in our words and cited, as TOML files to edit."""

from __future__ import annotations

import tomllib
from pathlib import Path

from geoharm._validation import TomlTable, nearest_hint, read_named_toml
from geoharm.errors import StudyError
from geoharm.model.values import EvidenceCard

SHIPPED_CARDS = (
    "arrest-referral", "crackdown", "doing-nothing", "focused-deterrence", "nuisance-abatement", "seizure",
    "street-enforcement", "treatment-outreach", "undercover",
)  # fmt: skip
_KEYS = ("name", "tactic", "finding", "strength", "caution", "citation", "url", "licence")


def card_text(name: str, folder: Path) -> str:
    """Return the TOML of a shipped card, or of a file beside the study.

    Raises
    ------
    StudyError
        If there is no such card.
    """
    return read_named_toml(
        name,
        folder,
        package=__package__,
        shipped=SHIPPED_CARDS,
        absent=f'The evidence card "{folder / name}" does not exist.',
        unknown=f'"{name}" is no shipped evidence card; {nearest_hint(name, SHIPPED_CARDS)} Your own ends in .toml.',
    )


def read_card(name: str, folder: Path) -> EvidenceCard:
    """Return an evidence card.

    Raises
    ------
    StudyError
        Listing every mistake of the file.
    """
    where = name if name.endswith(".toml") else f"{name}.toml"
    problems: list[str] = []
    try:
        content = tomllib.loads(card_text(name, folder))
    except tomllib.TOMLDecodeError as error:
        raise StudyError([f"{where} is not valid TOML: {error}."]) from error
    table = TomlTable(content, where, problems).known(*_KEYS)
    found = EvidenceCard(**{key: table.text(key) for key in _KEYS})
    if problems:
        raise StudyError(problems)
    return found
