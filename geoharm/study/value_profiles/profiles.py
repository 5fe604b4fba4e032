"""Reads value profiles and exchange rates from TOML files; the shipped files are examples to edit."""

from __future__ import annotations

import tomllib
from pathlib import Path

from geoharm._validation import TomlTable, nearest_hint, read_named_toml
from geoharm.errors import DesignError, StudyError
from geoharm.model.measure import BORNE_BY, HARM_TYPES, UNITS
from geoharm.model.values import SIGNS, ExchangeRates, ExchangeRule, MeasureSelector, ValueProfile, ValueRule, Veto

SHIPPED_PROFILES = ("equal", "public-health-first", "community-amenity-first", "crime-severity", "abstinence-first")
SHIPPED_RATES = "exchange-rates"
_ABOUT_KEYS = ("name", "about", "author", "date", "version", "source", "licence", "reference")
_SELECTOR_KEYS = ("measure", "kind", "borne_by", "type", "unit")


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
    table, problems = _open_table(name, folder)
    table.known(*_ABOUT_KEYS, "example", "untried", "weight", "veto")
    about = {key: table.text(key) for key in _ABOUT_KEYS}
    rules = tuple(_value_rule(entry) for entry in table.tables("weight"))
    if not rules:
        problems.append(
            f"{table.where}: there is no [[weight]]; a profile needs a weight for at least one kind of harm."
        )
    vetoes = tuple(
        Veto(_selector(entry, "margin", "words"), entry.number("margin", 0.0), entry.text("words"))
        for entry in table.tables("veto")
    )
    profile = ValueProfile(
        **about,
        rules=rules,
        vetoes=vetoes,
        example=table.flag("example", default=False),
        untested=table.flag("untried", default=False),
    )
    if problems:
        raise StudyError(problems)
    return profile


def read_exchange_rates(name: str, folder: Path) -> ExchangeRates:
    """Return declared ranges of exchange rates, read from a shipped or user's file.

    Raises
    ------
    StudyError
        Listing every mistake of the file.
    """
    table, problems = _open_table(name, folder)
    table.known(*_ABOUT_KEYS, "example", "exchange")
    about = {key: table.text(key) for key in _ABOUT_KEYS}
    rules = [rule for entry in table.tables("exchange") if (rule := _exchange_rule(entry)) is not None]
    if not rules:
        problems.append(f"{table.where}: there is no [[exchange]]; declare at least one range.")
    rates = ExchangeRates(**about, rules=tuple(rules), example=table.flag("example", default=False))
    if problems:
        raise StudyError(problems)
    return rates


def _open_table(name: str, folder: Path) -> tuple[TomlTable, list[str]]:
    problems: list[str] = []
    file_name = name if name.endswith(".toml") else f"{name}.toml"
    try:
        content = tomllib.loads(profile_text(name, folder))
    except tomllib.TOMLDecodeError as error:
        raise StudyError([f"{file_name} is not valid TOML: {error}."]) from error
    return TomlTable(content, file_name, problems), problems


def _selector(table: TomlTable, *other_keys: str) -> MeasureSelector:
    table.known(*_SELECTOR_KEYS, *other_keys)
    return MeasureSelector(
        measure=table.text("measure", "-") if "measure" in table else "",
        kind=table.text("kind", choices=("incident", "needle_find", "treatment_entry", "health", "area_table"))
        if "kind" in table
        else "",
        borne_by=table.text("borne_by", choices=BORNE_BY) if "borne_by" in table else "",
        type=table.text("type", choices=HARM_TYPES) if "type" in table else "",
        unit=table.text("unit", choices=UNITS) if "unit" in table else "",
    )


def _value_rule(table: TomlTable) -> ValueRule:
    selector = _selector(table, "sign", "weight")
    sign = table.text("sign", "harm", choices=tuple(SIGNS))
    return ValueRule(selector, sign, table.number("weight", 0.0 if sign == "ignored" else None))


def _exchange_rule(table: TomlTable) -> ExchangeRule | None:
    selector = _selector(table, "sign", "as_much_as_one")
    sign = table.text("sign", "harm", choices=tuple(SIGNS))
    if sign == "ignored":
        return ExchangeRule(selector, sign, 1.0, 1.0)
    limits = table.numbers("as_much_as_one")
    if len(limits) != 2:
        table.refuse("as_much_as_one", "must be two numbers, from few to many, such as [2, 50].")
        return None
    try:
        return ExchangeRule(selector, sign, *limits)
    except DesignError as error:
        table.problems.append(f"{table.where}: {error}")
        return None
