"""Value profiles: whose weights, as data in TOML files beside this one, each an example to edit."""

from __future__ import annotations

import tomllib
from pathlib import Path

from geoharm._validation import TomlTable, nearest_hint, read_named_toml
from geoharm.errors import DesignError, StudyError
from geoharm.model.measure import BORNE_BY, HARM_TYPES, UNITS
from geoharm.model.values import SIGNS, ExchangeRates, ExchangeRule, MeasureSelector, ValueProfile, ValueRule, Veto

SHIPPED = ("equal", "public-health-first", "community-amenity-first", "crime-severity", "abstinence-first")
SHIPPED_RATES = "exchange-rates"
_ABOUT = ("name", "about", "author", "date", "version", "source", "licence", "reference")
_WHICH = ("measure", "kind", "borne_by", "type", "unit")


def profile_text(name: str, folder: Path) -> str:
    """Return the TOML of a shipped profile (or of the shipped exchange rates), or of a file.

    Parameters
    ----------
    name : str
        A shipped name, or a path that ends in .toml, relative to `folder`.
    folder : Path

    Raises
    ------
    StudyError
        If there is no such profile.
    """
    known = (*SHIPPED, SHIPPED_RATES)
    return read_named_toml(
        name,
        folder,
        package=__package__,
        shipped=known,
        absent=f'The values "{folder / name}" do not exist.',
        unknown=f'"{name}" is no shipped profile; {nearest_hint(name, known)} Your own ends in .toml.',
    )


def read_profile(name: str, folder: Path) -> ValueProfile:
    """Return a value profile.

    Raises
    ------
    StudyError
        Listing every mistake of the file.
    """
    table, problems = _open(name, folder)
    table.known(*_ABOUT, "example", "untried", "weight", "veto")
    about = {key: table.text(key) for key in _ABOUT}
    rules = tuple(_rule(one) for one in table.tables("weight"))
    if not rules:
        problems.append(f"{table.where}: there is no [[weight]]; a profile says what at least one kind of harm weighs.")
    vetoes = tuple(
        Veto(_which(one, "margin", "words"), one.number("margin", 0.0), one.text("words"))
        for one in table.tables("veto")
    )
    found = ValueProfile(
        **about, rules=rules, vetoes=vetoes, example=table.flag("example", default=False), untried=table.flag("untried", default=False)
    )  # fmt: skip
    if problems:
        raise StudyError(problems)
    return found


def read_exchange(name: str, folder: Path) -> ExchangeRates:
    """Return declared ranges of exchange rates: the weightings that are admissible.

    Raises
    ------
    StudyError
        Listing every mistake of the file.
    """
    table, problems = _open(name, folder)
    table.known(*_ABOUT, "example", "exchange")
    about = {key: table.text(key) for key in _ABOUT}
    rules = [rule for one in table.tables("exchange") if (rule := _exchange(one)) is not None]
    if not rules:
        problems.append(f"{table.where}: there is no [[exchange]]; declare at least one range.")
    found = ExchangeRates(**about, rules=tuple(rules), example=table.flag("example", default=False))
    if problems:
        raise StudyError(problems)
    return found


def _open(name: str, folder: Path) -> tuple[TomlTable, list[str]]:
    problems: list[str] = []
    where = name if name.endswith(".toml") else f"{name}.toml"
    try:
        content = tomllib.loads(profile_text(name, folder))
    except tomllib.TOMLDecodeError as error:
        raise StudyError([f"{where} is not valid TOML: {error}."]) from error
    return TomlTable(content, where, problems), problems


def _which(table: TomlTable, *others: str) -> MeasureSelector:
    table.known(*_WHICH, *others)
    return MeasureSelector(
        measure=table.text("measure", "-") if "measure" in table else "",
        kind=table.text("kind", choices=("incident", "needle_find", "treatment_entry", "health", "area_table"))
        if "kind" in table
        else "",
        borne_by=table.text("borne_by", choices=BORNE_BY) if "borne_by" in table else "",
        type=table.text("type", choices=HARM_TYPES) if "type" in table else "",
        unit=table.text("unit", choices=UNITS) if "unit" in table else "",
    )


def _rule(table: TomlTable) -> ValueRule:
    which = _which(table, "sign", "weight")
    sign = table.text("sign", "harm", choices=tuple(SIGNS))
    return ValueRule(which, sign, table.number("weight", 0.0 if sign == "ignored" else None))


def _exchange(table: TomlTable) -> ExchangeRule | None:
    which = _which(table, "sign", "as_much_as_one")
    sign = table.text("sign", "harm", choices=tuple(SIGNS))
    if sign == "ignored":
        return ExchangeRule(which, sign, 1.0, 1.0)
    pair = table.numbers("as_much_as_one")
    if len(pair) != 2:
        table.refuse("as_much_as_one", "must be two numbers, from few to many, such as [2, 50].")
        return None
    try:
        return ExchangeRule(which, sign, *pair)
    except DesignError as error:
        table.problems.append(f"{table.where}: {error}")
        return None
