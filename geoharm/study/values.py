"""Resolves the harm settings of a study file: values, indicators, unintended harm, mitigation, criteria, options."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from geoharm._rules import shortened
from geoharm._schema import Mistakes, Place
from geoharm._validation import nearest_hint
from geoharm.model.harm_settings import (
    CRITERIA,
    HarmSettings,
    Indicator,
    Mitigation,
    PlannedOption,
    SideEffect,
    UnintendedHarmSettings,
)
from geoharm.model.measure import Measure
from geoharm.model.study import EVENT_KINDS, TABLE_KINDS, Source
from geoharm.study.schema import LASTING, CriteriaTable, MeasureTable, MitigationTable, OptionTable, StudyFile

# What must have been read of every source, and of every measure, before a name can be said to be unknown.
SOURCE_KEYS = ("name", "kind")
MEASURE_KEYS = ("name", "source", "harm", "activity", "reporting")
# Sources without dated points that a measure may count; a list of places is only mapped.
_COUNTABLE_TABLES = ("area_table", "site")
_DELIVERED = {True: "yes", False: "no", "partly": "partly", None: "not stated"}


def point_measures(every: Sequence[Measure], sources: Sequence[Source]) -> tuple[Measure, ...]:
    """Return the measures of dated points; all others are measures of areas."""
    by_area = {source.name for source in sources if source.is_by_area}
    return tuple(measure for measure in every if measure.source not in by_area)


def check_source_counted(table: MeasureTable, place: Place, sources: Sequence[Source], mistakes: Mistakes) -> bool:
    """Return whether a measure's source exists and can be counted; if not, the mistake is noted."""
    kinds = {source.name: source.kind for source in sources}
    countable = [name for name, kind in kinds.items() if kind not in TABLE_KINDS or kind in _COUNTABLE_TABLES]
    if table.source in countable:
        return True
    if not mistakes.is_sound(*place, "source") or not mistakes.are_sound("source", *SOURCE_KEYS):
        return False
    if table.source in kinds:
        rule = (
            f"is of kind {kinds[table.source]}; a measure counts dated points, areas or a list of places, so name a source "
            f"of kind {', '.join((*EVENT_KINDS, *_COUNTABLE_TABLES[:-1]))} or {_COUNTABLE_TABLES[-1]}."
        )
    else:
        rule = f"is not the name of a source; {nearest_hint(table.source, countable)}"
    mistakes.refuse(place, "source", rule)
    return False


def kind_counted(table: MeasureTable, place: Place, sources: Sequence[Source], mistakes: Mistakes) -> str:
    """Return the kind of event that a measure counts.

    It is the kind of the measure's source or, for an area table, the kind that the study states.
    """
    kind = next((source.kind for source in sources if source.name == table.source), "")
    if table.kind is None:
        return kind
    if kind in EVENT_KINDS and mistakes.are_sound("source", *SOURCE_KEYS):
        mistakes.refuse(place, "kind", f"is for measures of area tables; this one's source says that it is {kind}.")
    return table.kind


def weight_unit(table: MeasureTable, place: Place, sources: Sequence[Source], mistakes: Mistakes) -> str:
    """Return what the weights of a measure's events count, such as needles; empty if its densities count events."""
    if table.weight is None:
        return ""
    if any(source.name == table.source and (source.is_by_area or not source.is_events) for source in sources):
        rule = "is for measures of dated points; what is counted by area has no places to weigh."
        mistakes.refuse(place, "weight", rule)
    return table.weight.strip()


def value_files(harm: HarmSettings, folder: Path) -> list[str]:
    """Return the files of values and evidence that a study names and that exist beside it."""
    names = (*harm.profiles, harm.exchange_rates, *(option.card for option in harm.options))
    return [name for name in names if name.endswith(".toml") and (folder / name).is_file()]


def resolve_harm_settings(
    study: StudyFile, sources: Sequence[Source], every: Sequence[Measure], mistakes: Mistakes
) -> HarmSettings:
    """Return the harm settings of a study file.

    Parameters
    ----------
    study : StudyFile
    sources : sequence of Source
    every : sequence of Measure
        Measures of dated points and of areas.
    mistakes : Mistakes
        Mistakes are added to it.
    """
    names = [measure.name for measure in every]
    measures = point_measures(every, sources)
    if mistakes.are_sound("measure", *MEASURE_KEYS):
        _check_mitigation(study, names, mistakes)
        if study.values.market_size and study.values.market_size not in [measure.name for measure in measures]:
            rule = f"is not the name of a measure; {nearest_hint(study.values.market_size, names)}"
            mistakes.refuse(("values",), "market_size", rule)
    harms = [measure.name for measure in measures if measure.harm is not None]
    return HarmSettings(
        profiles=tuple(study.values.profiles),
        exchange_rates=study.values.exchange,
        market_size=study.values.market_size or "",
        area_measures=tuple(measure for measure in every if measure not in measures),
        indicators=_resolve_indicators(study, sources, mistakes),
        unintended_harm=UnintendedHarmSettings(
            study.watch.margin, tuple(study.watch.days), tuple(study.watch.metres), tuple(study.watch.months)
        ),
        criteria=_resolve_criteria(study.prioritise.weights),
        walking=study.prioritise.walking,
        options=tuple(
            _resolve_option(table, ("option", index), harms, mistakes) for index, table in enumerate(study.option)
        ),
        months=study.appraise.months,
    )


def _check_mitigation(study: StudyFile, names: Sequence[str], mistakes: Mistakes) -> None:
    """Note a mistake where a mitigation names something that is not a measure, as it would never be evaluated."""
    for index, operation in enumerate(study.operation):
        for position, mitigation in enumerate(operation.mitigation):
            place = ("operation", index, "mitigation", position)
            if isinstance(mitigation, str) or not mistakes.is_sound(*place, "holds"):
                continue
            for name in mitigation.holds:
                if name not in names:
                    mistakes.add(
                        place,
                        f'holds "{shortened(name)}", which is not the name of a measure; {nearest_hint(name, names)}',
                    )


def resolve_mitigation(planned: Sequence[str | MitigationTable]) -> tuple[Mitigation, ...]:
    """Return the planned mitigation of an operation, from texts or tables."""
    return tuple(
        Mitigation(mitigation)
        if isinstance(mitigation, str)
        else Mitigation(mitigation.what, _DELIVERED[mitigation.delivered], tuple(mitigation.holds))
        for mitigation in planned
    )


def _resolve_indicators(study: StudyFile, sources: Sequence[Source], mistakes: Mistakes) -> tuple[Indicator, ...]:
    surveys = [source.name for source in sources if source.kind == "survey"]
    for index, table in enumerate(study.indicator):
        if table.source not in surveys and mistakes.are_sound("source", *SOURCE_KEYS):
            rule = f"is not the name of a source of kind survey; {nearest_hint(table.source, surveys)}"
            mistakes.refuse(("indicator", index), "source", rule)
    return tuple(
        Indicator(table.name, table.source, table.question, table.stands_for, table.better) for table in study.indicator
    )


def _resolve_criteria(table: CriteriaTable | None) -> tuple[tuple[str, float], ...]:
    if table is None or not table.model_fields_set:
        return tuple((name, 1.0) for name in CRITERIA)
    return tuple((name, float(getattr(table, name))) for name in CRITERIA)


def _resolve_option(table: OptionTable, place: Place, harms: Sequence[str], mistakes: Mistakes) -> PlannedOption:
    for position, side in enumerate(table.side):
        if side.measure not in harms and mistakes.are_sound("measure", *MEASURE_KEYS):
            rule = f"is not the name of a measure of harm; {nearest_hint(side.measure, harms)}"
            mistakes.refuse((*place, "side", position), "measure", rule)
    half_life = table.half_life_months
    return PlannedOption(
        name=table.name,
        card=table.card or "",
        local_change=(table.local[0], table.local[1]),
        share_displaced=(table.displaced[0], table.displaced[1]),
        half_life=(math.inf, math.inf) if half_life == LASTING else (float(half_life[0]), float(half_life[1])),
        side_effects=tuple(SideEffect(side.measure, side.change[0], side.change[1]) for side in table.side),
        source=table.source,
        cost=math.nan if table.cost is None else table.cost,
    )
