"""Reads the harm settings of a study file: values, indicators, unintended harm, mitigation, criteria, options."""

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
from geoharm.model.study import EVENT_KINDS, TABLE_KINDS, Operation, Source
from geoharm.study.value_profiles.profiles import SHIPPED_PROFILES, SHIPPED_RATES

HARM_KEYS = ("values", "indicator", "watch", "prioritise", "option", "appraise")
_LASTING = "lasts"
_WEIGHT_UNIT = re.compile(r"[^\W\d_][\w .-]{0,29}")


def point_measures(every: Sequence[Measure], sources: Sequence[Source]) -> tuple[Measure, ...]:
    """Return the measures of dated points; all others are measures of areas."""
    area_tables = {source.name for source in sources if source.kind == "area_table"}
    return tuple(measure for measure in every if measure.source not in area_tables)


def source_counted(table: TomlTable, sources: Sequence[Source]) -> str:
    """Return the name of the source that a measure counts; mistakes are added to the table's problems."""
    name = table.content.get("source")
    kind_by_table = {
        source.name: source.kind for source in sources if source.kind in TABLE_KINDS and source.kind != "area_table"
    }
    if isinstance(name, str) and name in kind_by_table:
        table.refuse(
            "source",
            f"is of kind {kind_by_table[name]}; a measure counts dated points or areas, so name a source of kind "
            f"{', '.join(EVENT_KINDS)} or area_table.",
        )
        return ""
    return table.text(
        "source", choices=[source.name for source in sources if source.is_events or source.kind == "area_table"]
    )


def kind_counted(table: TomlTable, sources: Sequence[Source]) -> str:
    """Return the kind of event that a measure counts.

    It is the kind of the measure's source or, for an area table, the kind that the study states.
    """
    name = table.content.get("source")
    kind = next((source.kind for source in sources if source.name == name), "")
    if "kind" not in table:
        return kind
    if kind in EVENT_KINDS:
        table.refuse("kind", f"is for measures of area tables; this one's source says that it is {kind}.")
    return table.text("kind", choices=EVENT_KINDS)


def weight_unit(table: TomlTable, sources: Sequence[Source]) -> str:
    """Return what the weights of a measure's events count, such as needles; empty if its densities count events."""
    if "weight" not in table:
        return ""
    name = table.content.get("source")
    if any(source.name == name and not source.is_events for source in sources):
        table.refuse("weight", "is for measures of dated points; a table of areas has no places to weigh.")
    weight = table.text("weight").strip()
    if not _WEIGHT_UNIT.fullmatch(weight):
        table.refuse("weight", 'must say in a word or a few what the weights count, such as "needles".')
    return weight


def value_files(harm: HarmSettings, folder: Path) -> list[str]:
    """Return the files of values and evidence that a study names and that exist beside it."""
    names = (*harm.profiles, harm.exchange_rates, *(option.card for option in harm.options))
    return [name for name in names if name.endswith(".toml") and (folder / name).is_file()]


def read_harm_settings(
    root: TomlTable, sources: Sequence[Source], every: Sequence[Measure], operations: Sequence[Operation]
) -> HarmSettings:
    """Return the harm settings of a study file; mistakes are added to the table's problems.

    Parameters
    ----------
    root : TomlTable
        The whole file.
    sources : sequence of Source
    every : sequence of Measure
        Measures of dated points and of areas.
    operations : sequence of Operation
    """
    names = [measure.name for measure in every]
    measures = point_measures(every, sources)
    _check_mitigation(root, operations, names)
    values = root.table("values", needed=False).known("profiles", "exchange", "market_size")
    market_size = values.text("market_size", "-") if "market_size" in values else ""
    if market_size and market_size not in [measure.name for measure in measures]:
        values.refuse("market_size", f"is not the name of a measure; {nearest_hint(market_size, names)}")
    unintended_harm, criteria = (
        _read_unintended_harm(root.table("watch", needed=False)),
        root.table("prioritise", needed=False),
    )
    criteria.known("weights", "walking")
    appraise = root.table("appraise", needed=False).known("months")
    return HarmSettings(
        profiles=values.texts("profiles", SHIPPED_PROFILES),
        exchange_rates=values.text("exchange", SHIPPED_RATES),
        market_size=market_size,
        area_measures=tuple(measure for measure in every if measure not in measures),
        indicators=tuple(_read_indicator(table, sources) for table in root.tables("indicator")),
        unintended_harm=unintended_harm,
        criteria=_read_criteria(criteria.table("weights", needed=False)),
        walking=criteria.number("walking", 800.0, least=1),
        options=tuple(
            _read_option(table, [measure.name for measure in measures if measure.harm is not None])
            for table in root.tables("option")
        ),
        months=appraise.integer("months", 12, least=1),
    )


def _check_mitigation(root: TomlTable, operations: Sequence[Operation], names: Sequence[str]) -> None:
    """Note a mistake where a mitigation names something that is not a measure, as it would never be evaluated."""
    for operation in operations:
        for mitigation in operation.mitigation:
            root.problems += [
                f'{root.where}: mitigation "{mitigation.description}" of "{operation.name}" holds "{name}", which is not the name of a '
                f"measure; {nearest_hint(name, names)}"
                for name in mitigation.measures
                if name not in names
            ]


def read_mitigation(table: TomlTable) -> tuple[Mitigation, ...]:
    """Return the planned mitigation of an operation: from a list of texts, or from [[operation.mitigation]] tables."""
    given = table.content.get("mitigation", [])
    if isinstance(given, list) and given and all(isinstance(item, dict) for item in given):
        return tuple(_read_mitigation_table(item) for item in table.tables("mitigation"))
    return tuple(Mitigation(text) for text in table.texts("mitigation", ()))


def _read_mitigation_table(table: TomlTable) -> Mitigation:
    table.known("what", "delivered", "holds")
    delivered = table.content.get("delivered", "not stated")
    if isinstance(delivered, bool):
        delivered = "yes" if delivered else "no"
    elif delivered not in DELIVERED:
        table.refuse("delivered", 'must be true, false or "partly".')
    return Mitigation(table.text("what"), str(delivered), table.texts("holds", ()))


def _read_indicator(table: TomlTable, sources: Sequence[Source]) -> Indicator:
    table.known("name", "source", "question", "stands_for", "better")
    surveys = [source.name for source in sources if source.kind == "survey"]
    return Indicator(
        table.text("name"),
        table.text("source", choices=surveys or ["(a source of kind survey)"]),
        table.text("question", "all"),
        table.text("stands_for", choices=STANDS_FOR),
        table.text("better", "lower", choices=("lower", "higher")),
    )


def _read_unintended_harm(table: TomlTable) -> UnintendedHarmSettings:
    table.known("margin", "days", "metres")
    defaults = UnintendedHarmSettings()
    limits = [defaults.days, defaults.metres]
    for position, key in enumerate(("days", "metres")):
        if key in table:
            numbers = table.numbers(key)
            if (
                not numbers
                or any(value <= 0 or value != int(value) for value in numbers)
                or list(numbers) != sorted(set(numbers))
            ):
                table.refuse(key, "must be whole numbers above 0 that grow, such as [7, 14, 28].")
            limits[position] = tuple(int(value) for value in numbers)
    margin = table.number("margin", defaults.margin, least=0.01, most=5)
    return UnintendedHarmSettings(margin, *limits)


def _read_criteria(table: TomlTable) -> tuple[tuple[str, float], ...]:
    table.known(*CRITERIA)
    return tuple((name, table.number(name, 1.0 if not table.content else 0.0)) for name in CRITERIA)


def _read_option(table: TomlTable, measures: Sequence[str]) -> PlannedOption:
    table.known("name", "card", "local", "displaced", "half_life_months", "side", "source", "cost")
    side_effects = []
    for side_table in table.tables("side"):
        side_table.known("measure", "change")
        low, high = _read_range(side_table, "change", least=-1.0)
        side_effects.append(SideEffect(side_table.text("measure", choices=measures), low, high))
    is_lasting = table.content.get("half_life_months") == _LASTING
    return PlannedOption(
        name=table.text("name"),
        card=table.text("card", "-") if "card" in table else "",
        local_change=_read_range(table, "local", least=-1.0),
        share_displaced=_read_range(table, "displaced", least=-1.0) if "displaced" in table else (0.0, 0.0),
        half_life=(math.inf, math.inf)
        if is_lasting or "half_life_months" not in table
        else _read_range(table, "half_life_months", least=0.1),
        side_effects=tuple(side_effects),
        source=table.text("source"),
        cost=table.number("cost", math.nan) if "cost" in table else math.nan,
    )


def _read_range(table: TomlTable, key: str, *, least: float) -> tuple[float, float]:
    """Return a 90% range: two numbers, the smaller first."""
    pair = table.numbers(key)
    if key in table and (len(pair) != 2 or pair[0] > pair[1] or pair[0] < least):
        table.refuse(key, f"must be two numbers of {least:g} or more, the smaller first: a 90% range.")
    return (pair[0], pair[1]) if len(pair) == 2 else (0.0, 0.0)
