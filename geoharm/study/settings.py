"""Resolves the settings of a study file: windows, hotspots, emerging hotspots, accuracy and change."""

from __future__ import annotations

from typing import Literal

from geoharm._schema import Mistakes, Place
from geoharm.errors import DesignError
from geoharm.model.period import Period
from geoharm.model.settings import AccuracySettings, ChangeSettings, EmergingSettings
from geoharm.model.study import BeforeRule, HotspotSettings
from geoharm.study.schema import (
    CORRECTIONS,
    AccuracyTable,
    BeforeTable,
    ChangeTable,
    EmergingTable,
    HotspotsTable,
    PeriodTable,
)


def resolve_period(table: PeriodTable | BeforeTable, place: Place, mistakes: Mistakes) -> Period | None:
    """Return a {start, end} table as a period; None after a mistake."""
    for key in ("start", "end"):
        if getattr(table, key) is None:
            mistakes.add(place, f"{key} is missing; it must be a date without quotes, such as 2019-08-01.")
    if (
        table.start is None
        or table.end is None
        or not (mistakes.is_sound(*place, "start") and mistakes.is_sound(*place, "end"))
    ):
        return None
    try:
        return Period(table.start, table.end)
    except DesignError as error:
        mistakes.add(place, str(error))
        return None


def resolve_before(table: BeforeTable, place: Place, mistakes: Mistakes) -> BeforeRule | None:
    """Return the rule for the window before an operation; None after a mistake."""
    if not mistakes.is_sound(*place):
        return None
    if table.years is None and table.same_season is None:
        period = resolve_period(table, place, mistakes)
        return None if period is None else BeforeRule(period)
    if table.years is None:
        mistakes.add(place, "years is missing; it must be a whole number of 1 or more.")
        return None
    if table.start is not None or table.end is not None:
        mistakes.add(place, "give start and end, or years with same_season = true; not both.")
        return None
    return BeforeRule(None, table.years, same_season=True)


def resolve_hotspots(table: HotspotsTable, mistakes: Mistakes) -> HotspotSettings:
    """Return the settings of surfaces and hotspots."""
    if not isinstance(table.bandwidth, str) and table.bandwidth < table.cell:
        mistakes.refuse(("hotspots",), "bandwidth", f"must be at least the cell size of {table.cell:g} m.")
    return HotspotSettings(table.cell, table.bandwidth, table.share, table.kernel, table.edge)


def resolve_emerging(table: EmergingTable, mistakes: Mistakes) -> EmergingSettings:
    """Return the settings of clusters and emerging hotspots."""
    band = max(EmergingSettings().band, 2 * table.cell) if table.band is None else table.band
    if band < table.cell:
        rule = f"must be at least the cell size of {table.cell:g} m, or no cell has a neighbour."
        mistakes.refuse(("emerging",), "band", rule)
    compare: Literal["whole period", "own steps"] = "own steps" if table.compare == "own steps" else "whole period"
    return EmergingSettings(table.cell, band, table.months, table.earlier, compare)


def resolve_accuracy(table: AccuracyTable | None, mistakes: Mistakes) -> AccuracySettings:
    """Return the periods in which hotspots are drawn and then judged."""
    place: Place = ("accuracy",)
    if table is None or not mistakes.is_sound(*place):
        return AccuracySettings()
    periods = []
    for key, period_table in (("earlier", table.earlier), ("later", table.later)):
        if mistakes.is_sound(*place, key):
            periods.append(resolve_period(period_table, (*place, key), mistakes))
    if len(periods) < 2 or periods[0] is None or periods[1] is None:
        return AccuracySettings()
    earlier, later = periods[0], periods[1]
    if not earlier.is_whole_months or not later.is_whole_months:
        mistakes.add(place, "earlier and later must start and end on the first of a month.")
    if later.start < earlier.end:
        mistakes.add(
            place,
            f"later starts on {later.start}, before earlier ends on {earlier.end}; hotspots are judged on events that "
            "they were not drawn from.",
        )
    return AccuracySettings(earlier, later)


def resolve_change(table: ChangeTable) -> ChangeSettings:
    """Return the settings by which change between an operation's windows is judged, without areas and people."""
    return ChangeSettings(
        permutations=table.permutations,
        level=table.level,
        correction=CORRECTIONS[table.correction],
        block_metres=table.block_metres,
        block_days=table.block_days,
        adaptive=table.adaptive,
        square=table.square,
    )
