"""Reads evidence cards from TOML files: what is known about each tactic, in our words and cited."""

from __future__ import annotations

from pathlib import Path

from geoharm._schema import read_tables
from geoharm._validation import nearest_hint, read_named_toml
from geoharm.errors import StudyError
from geoharm.model.values import EvidenceCard
from geoharm.study.evidence_cards.schema import CardFile

SHIPPED_CARDS = (
    "arrest-referral", "asset-recovery", "crackdown", "doing-nothing", "focused-deterrence", "nuisance-abatement",
    "seizure", "street-enforcement", "street-level-partnership", "treatment-outreach", "undercover",
)  # fmt: skip


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
    card, mistakes = read_tables(CardFile, card_text(name, folder), file=file_name)
    if mistakes.sentences:
        raise StudyError(mistakes.sentences)
    return EvidenceCard(**card.model_dump())
