"""Reads evidence cards from TOML files: what is known about each tactic, in our words and cited."""

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
    """Return the TOML text of a shipped card, or of a file in the folder of the study.

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
        unknown=f'"{name}" is no shipped evidence card; {nearest_hint(name, SHIPPED_CARDS)} The name of your own file must end in .toml.',
    )


def read_card(name: str, folder: Path) -> EvidenceCard:
    """Return an evidence card, read from a shipped or user's file.

    Raises
    ------
    StudyError
        Listing every mistake of the file.
    """
    file_name = name if name.endswith(".toml") else f"{name}.toml"
    problems: list[str] = []
    try:
        content = tomllib.loads(card_text(name, folder))
    except tomllib.TOMLDecodeError as error:
        raise StudyError([f"{file_name} is not valid TOML: {error}."]) from error
    table = TomlTable(content, file_name, problems).known(*_KEYS)
    card = EvidenceCard(**{key: table.text(key) for key in _KEYS})
    if problems:
        raise StudyError(problems)
    return card
