"""Reads value profiles and exchange rates from TOML files; the shipped files are examples to edit."""

from __future__ import annotations

from pathlib import Path

from geoharm._schema import read_tables
from geoharm._validation import nearest_hint, read_named_toml
from geoharm.errors import DesignError, StudyError
from geoharm.model.values import (
    ExchangeRates,
    ExchangeRule,
    MeasureSelector,
    Requirement,
    ValueProfile,
    ValueRule,
    Veto,
)
from geoharm.study.value_profiles.schema import AboutTable, ExchangeFile, ProfileFile, SelectorTable

# A study that names no profiles uses these. More would change what such a study was locked with.
DEFAULT_PROFILES = ("equal", "public-health-first", "community-amenity-first", "crime-severity", "abstinence-first")
SHIPPED_PROFILES = (*DEFAULT_PROFILES, "zero-tolerance", "individual-freedom", "recovery-through-pressure")
SHIPPED_RATES = "exchange-rates"


def profile_text(name: str, folder: Path) -> str:
    """Return the TOML text of a shipped profile, of the shipped exchange rates, or of a user's file.

    Parameters
    ----------
    name : str
        Name of a shipped profile, or a path that ends in .toml, relative to `folder`.
    folder : Path
        Folder of the study file.

    Raises
    ------
    StudyError
        If there is no such profile.
    """
    shipped = (*SHIPPED_PROFILES, SHIPPED_RATES)
    return read_named_toml(
        name,
        folder,
        package=__package__,
        shipped=shipped,
        absent=f'The value profile "{folder / name}" does not exist.',
        unknown=f'"{name}" is no shipped profile; {nearest_hint(name, shipped)} The name of your own file must end in .toml.',
    )


def read_profile(name: str, folder: Path) -> ValueProfile:
    """Return a value profile, read from a shipped or user's file.

    Raises
    ------
    StudyError
        Listing every mistake of the file.
    """
    profile, mistakes = read_tables(ProfileFile, profile_text(name, folder), file=_file_name(name))
    for index, table in enumerate(profile.weight):
        if table.weight is None and table.sign != "ignored":
            mistakes.add(("weight", index), "weight is missing; it must be a number of 0 or more.")
    if mistakes.sentences:
        raise StudyError(mistakes.sentences)
    return ValueProfile(
        **_about(profile),
        rules=tuple(ValueRule(_selector(table), table.sign, table.weight or 0.0) for table in profile.weight),
        vetoes=tuple(Veto(_selector(table), table.margin, table.words) for table in profile.veto),
        required=tuple(Requirement(_selector(table), table.words) for table in profile.required),
        example=profile.example,
        untested=profile.untried,
    )


def read_exchange_rates(name: str, folder: Path) -> ExchangeRates:
    """Return declared ranges of exchange rates, read from a shipped or user's file.

    Raises
    ------
    StudyError
        Listing every mistake of the file.
    """
    rates, mistakes = read_tables(ExchangeFile, profile_text(name, folder), file=_file_name(name))
    rules = []
    for index, table in enumerate(rates.exchange):
        limits = [1.0, 1.0] if table.sign == "ignored" else table.as_much_as_one
        if limits is None:
            mistakes.add(
                ("exchange", index),
                "as_much_as_one is missing; it must be two numbers above 0, from few to many, such as [2, 50].",
            )
            continue
        try:
            rules.append(ExchangeRule(_selector(table), table.sign, limits[0], limits[1]))
        except DesignError as error:
            mistakes.add(("exchange", index), str(error))
    if mistakes.sentences:
        raise StudyError(mistakes.sentences)
    return ExchangeRates(**_about(rates), rules=tuple(rules), example=rates.example)


def _file_name(name: str) -> str:
    return name if name.endswith(".toml") else f"{name}.toml"


def _about(table: AboutTable) -> dict[str, str]:
    """Return what a file of values says about itself, by the names of the noun's attributes."""
    return {key: getattr(table, key) for key in AboutTable.model_fields if key != "example"}


def _selector(table: SelectorTable) -> MeasureSelector:
    texts = {key: getattr(table, key) or "" for key in SelectorTable.model_fields if key != "police_activity"}
    return MeasureSelector(**texts, police_activity=table.police_activity)
