"""What a study file says about harm beyond its measures: values, indicators, the watch, mitigation, criteria, options."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path

from geoharm._validation import TomlTable, nearest_hint
from geoharm.model.harm_settings import (
    CRITERIA,
    DELIVERED,
    STANDS_FOR,
    HarmSettings,
    Indicator,
    Mitigation,
    PlannedOption,
    SideEffect,
    UnintendedHarmSettings,
)
from geoharm.model.measure import Measure
from geoharm.model.study import TABLE_KINDS, UNTESTED_REASONS, Operation, Source
from geoharm.study.value_profiles.profiles import SHIPPED, SHIPPED_RATES

HARM_KEYS = ("values", "indicator", "watch", "prioritise", "option", "appraise")
_LASTS = "lasts"
_WEIGHT = re.compile(r"[^\W\d_][\w .-]{0,29}")


def point_measures(every: Sequence[Measure], sources: Sequence[Source]) -> tuple[Measure, ...]:
    """Return the measures that count dated points; all others count areas."""
    of_areas = {one.name for one in sources if one.kind == "area_table"}
    return tuple(one for one in every if one.source not in of_areas)


def source_counted(table: TomlTable, sources: Sequence[Source]) -> str:
    """Return the name of the source, of events or areas, that a measure counts."""
    name = table.content.get("source")
    tables = {one.name: one.kind for one in sources if one.kind in TABLE_KINDS and one.kind != "area_table"}
    if isinstance(name, str) and name in tables:
        table.refuse(
            "source",
            f"is of kind {tables[name]}; a measure counts dated points or areas, so name a source of kind "
            f"{', '.join(UNTESTED_REASONS)} or area_table.",
        )
        return ""
    return table.text("source", choices=[one.name for one in sources if one.is_events or one.kind == "area_table"])


def kind_counted(table: TomlTable, sources: Sequence[Source]) -> str:
    """Return what kind of event a measure counts: its source's, or, of an area table, what the study says."""
    name = table.content.get("source")
    kind = next((one.kind for one in sources if one.name == name), "")
    if "kind" not in table:
        return kind
    if kind in UNTESTED_REASONS:
        table.refuse("kind", f"is for measures of area tables; this one's source says that it is {kind}.")
    return table.text("kind", choices=UNTESTED_REASONS)


def weight_unit(table: TomlTable, sources: Sequence[Source]) -> str:
    """Return what the weights of a measure's events count, such as needles; empty if its densities count events."""
    if "weight" not in table:
        return ""
    name = table.content.get("source")
    if any(one.name == name and not one.is_events for one in sources):
        table.refuse("weight", "is for measures of dated points; a table of areas has no places to weigh.")
    weight = table.text("weight").strip()
    if not _WEIGHT.fullmatch(weight):
        table.refuse("weight", 'must say in a word or a few what the weights count, such as "needles".')
    return weight


def value_files(harm: HarmSettings, folder: Path) -> list[str]:
    """Return the files of values and evidence that a study names beside itself, where they are there."""
    named = (*harm.profiles, harm.exchange, *(one.card for one in harm.options))
    return [name for name in named if name.endswith(".toml") and (folder / name).is_file()]


def read_harm_settings(
    root: TomlTable, sources: Sequence[Source], every: Sequence[Measure], operations: Sequence[Operation]
) -> HarmSettings:
    """Return the harm settings of a study file; mistakes go to the table's problems.

    Parameters
    ----------
    root : Table
        The whole file.
    sources : sequence of Source
    every : sequence of Measure
        Of dated points and of areas.
    operations : sequence of Operation
    """
    names = [one.name for one in every]
    measures = point_measures(every, sources)
    _check_mitigation(root, operations, names)
    values = root.table("values", needed=False).known("profiles", "exchange", "market_size")
    market = values.text("market_size", "-") if "market_size" in values else ""
    if market and market not in [one.name for one in measures]:
        values.refuse("market_size", f"is not the name of a measure; {nearest_hint(market, names)}")
    watch, criteria = _watch(root.table("watch", needed=False)), root.table("prioritise", needed=False)
    criteria.known("weights", "walking")
    appraise = root.table("appraise", needed=False).known("months")
    return HarmSettings(
        profiles=values.texts("profiles", SHIPPED),
        exchange=values.text("exchange", SHIPPED_RATES),
        market_size=market,
        area_measures=tuple(one for one in every if one not in measures),
        indicators=tuple(_indicator(table, sources) for table in root.tables("indicator")),
        unintended_harm=watch,
        criteria=_criteria(criteria.table("weights", needed=False)),
        walking=criteria.number("walking", 800.0, least=1),
        options=tuple(
            _option(table, [one.name for one in measures if one.harm is not None]) for table in root.tables("option")
        ),
        months=appraise.integer("months", 12, least=1),
    )


def _check_mitigation(root: TomlTable, operations: Sequence[Operation], names: Sequence[str]) -> None:
    """Refuse mitigation that was to hold something that is no measure: it would never be looked at."""
    for operation in operations:
        for one in operation.mitigation:
            root.problems += [
                f'{root.where}: mitigation "{one.what}" of "{operation.name}" holds "{name}", which is not the name of a '
                f"measure; {nearest_hint(name, names)}"
                for name in one.holds
                if name not in names
            ]


def read_mitigation(table: TomlTable) -> tuple[Mitigation, ...]:
    """Return what an operation planned to soften harm: a list of texts, or of [[operation.mitigation]] tables."""
    given = table.content.get("mitigation", [])
    if isinstance(given, list) and given and all(isinstance(one, dict) for one in given):
        return tuple(_mitigation(one) for one in table.tables("mitigation"))
    return tuple(Mitigation(what) for what in table.texts("mitigation", ()))


def _mitigation(table: TomlTable) -> Mitigation:
    table.known("what", "delivered", "holds")
    delivered = table.content.get("delivered", "not stated")
    if isinstance(delivered, bool):
        delivered = "yes" if delivered else "no"
    elif delivered not in DELIVERED:
        table.refuse("delivered", 'must be true, false or "partly".')
    return Mitigation(table.text("what"), str(delivered), table.texts("holds", ()))


def _indicator(table: TomlTable, sources: Sequence[Source]) -> Indicator:
    table.known("name", "source", "question", "stands_for", "better")
    surveys = [one.name for one in sources if one.kind == "survey"]
    return Indicator(
        table.text("name"),
        table.text("source", choices=surveys or ["(a source of kind survey)"]),
        table.text("question", "all"),
        table.text("stands_for", choices=STANDS_FOR),
        table.text("better", "lower", choices=("lower", "higher")),
    )


def _watch(table: TomlTable) -> UnintendedHarmSettings:
    table.known("margin", "days", "metres")
    plain = UnintendedHarmSettings()
    found = [plain.days, plain.metres]
    for place, key in enumerate(("days", "metres")):
        if key in table:
            numbers = table.numbers(key)
            if (
                not numbers
                or any(value <= 0 or value != int(value) for value in numbers)
                or list(numbers) != sorted(set(numbers))
            ):
                table.refuse(key, "must be whole numbers above 0 that grow, such as [7, 14, 28].")
            found[place] = tuple(int(value) for value in numbers)
    margin = table.number("margin", plain.margin, least=0.01, most=5)
    return UnintendedHarmSettings(margin, *found)


def _criteria(table: TomlTable) -> tuple[tuple[str, float], ...]:
    table.known(*CRITERIA)
    return tuple((name, table.number(name, 1.0 if not table.content else 0.0)) for name in CRITERIA)


def _option(table: TomlTable, measures: Sequence[str]) -> PlannedOption:
    table.known("name", "card", "local", "displaced", "half_life_months", "side", "source", "cost")
    side = []
    for one in table.tables("side"):
        one.known("measure", "change")
        low, high = _range(one, "change", least=-1.0)
        side.append(SideEffect(one.text("measure", choices=measures), low, high))
    lasting = table.content.get("half_life_months") == _LASTS
    return PlannedOption(
        name=table.text("name"),
        card=table.text("card", "-") if "card" in table else "",
        local=_range(table, "local", least=-1.0),
        displaced=_range(table, "displaced", least=-1.0) if "displaced" in table else (0.0, 0.0),
        half_life=(math.inf, math.inf)
        if lasting or "half_life_months" not in table
        else _range(table, "half_life_months", least=0.1),
        side=tuple(side),
        source=table.text("source"),
        cost=table.number("cost", math.nan) if "cost" in table else math.nan,
    )


def _range(table: TomlTable, key: str, *, least: float) -> tuple[float, float]:
    """Return a pair of numbers that grow: a 90% range."""
    pair = table.numbers(key)
    if key in table and (len(pair) != 2 or pair[0] > pair[1] or pair[0] < least):
        table.refuse(key, f"must be two numbers of {least:g} or more, the smaller first: a 90% range.")
    return (pair[0], pair[1]) if len(pair) == 2 else (0.0, 0.0)
