"""Reads the settings of a study file: windows, hotspots, emerging hotspots, accuracy and change."""

from __future__ import annotations

from geoharm._validation import TomlTable
from geoharm.errors import DesignError
from geoharm.model.grid import BANDWIDTH_RULES, EDGES, KERNELS
from geoharm.model.period import Period
from geoharm.model.settings import COMPARED, AccuracySettings, ChangeSettings, Correction, EmergingSettings
from geoharm.model.study import BeforeRule, HotspotSettings

_CORRECTIONS = {"step-down": Correction.STEP_DOWN, "false discovery rate": Correction.FDR}
_MIN_PERMUTATIONS = 99


def read_period(table: TomlTable) -> Period | None:
    """Return a {start, end} table as a period; None after a mistake."""
    table.known("start", "end")
    count = len(table.problems)
    start, end = table.day("start"), table.day("end")
    if len(table.problems) > count:
        return None
    try:
        return Period(start, end)
    except DesignError as error:
        table.problems.append(f"{table.where}: {error}")
        return None


def read_before_rule(table: TomlTable) -> BeforeRule | None:
    """Return the rule for the window before an operation; None after a mistake."""
    if "years" in table or "same_season" in table:
        table.known("years", "same_season")
        if not table.flag("same_season", default=True):
            table.refuse("same_season", "must be true with years; give start and end for any other window.")
        return BeforeRule(None, table.integer("years", least=1), same_season=True)
    period = read_period(table)
    return None if period is None else BeforeRule(period)


def read_hotspots(table: TomlTable) -> HotspotSettings:
    """Return the settings of surfaces and hotspots."""
    table.known("cell", "bandwidth", "share", "kernel", "edge")
    defaults = HotspotSettings()
    cell = table.number("cell", defaults.cell, least=1)
    share = table.number("share", defaults.share, least=0.01, most=1)
    kernel = table.text("kernel", defaults.kernel, choices=KERNELS)
    edge = table.text("edge", defaults.edge, choices=EDGES)
    bandwidth: float | str
    if isinstance(table.content.get("bandwidth"), str):
        bandwidth = table.text("bandwidth", choices=BANDWIDTH_RULES)
    else:
        bandwidth = table.number("bandwidth", 300.0, least=1)
        if bandwidth < cell:
            table.refuse("bandwidth", f"must be at least the cell size of {cell:g} m.")
    return HotspotSettings(cell, bandwidth, share, kernel, edge)


def read_emerging(table: TomlTable) -> EmergingSettings:
    """Return the settings of clusters and emerging hotspots."""
    table.known("cell", "band", "months", "earlier", "compare")
    defaults = EmergingSettings()
    cell = table.number("cell", defaults.cell, least=1)
    band = table.number("band", max(defaults.band, 2 * cell) if "cell" in table else defaults.band, least=1)
    if band < cell:
        table.refuse("band", f"must be at least the cell size of {cell:g} m, or no cell has a neighbour.")
    compare = table.text("compare", defaults.compare, choices=COMPARED)
    return EmergingSettings(
        cell,
        band,
        table.integer("months", defaults.months, least=1),
        table.integer("earlier", defaults.earlier),
        "own steps" if compare == "own steps" else "whole period",
    )


def read_accuracy(table: TomlTable) -> AccuracySettings:
    """Return the periods in which hotspots are drawn and then judged."""
    table.known("earlier", "later")
    if not table.content:
        return AccuracySettings()
    earlier, later = read_period(table.table("earlier")), read_period(table.table("later"))
    if earlier is None or later is None:
        return AccuracySettings()
    if not earlier.is_whole_months or not later.is_whole_months:
        table.problems.append(f"{table.where}: earlier and later must start and end on the first of a month.")
    if later.start < earlier.end:
        table.problems.append(
            f"{table.where}: later starts on {later.start}, before earlier ends on {earlier.end}; hotspots are judged on "
            "events that they were not drawn from."
        )
    return AccuracySettings(earlier, later)


def read_change(table: TomlTable) -> ChangeSettings:
    """Return the settings by which change between an operation's windows is judged."""
    table.known(
        "permutations", "level", "correction", "block_metres", "block_days", "adaptive", "square", "areas", "area_id",
        "people", "people_count",
    )  # fmt: skip
    defaults = ChangeSettings()
    name = table.text("correction", "step-down", choices=tuple(_CORRECTIONS))
    return ChangeSettings(
        permutations=table.integer("permutations", defaults.permutations, least=_MIN_PERMUTATIONS),
        level=table.number("level", defaults.level, least=0.001, most=0.5),
        correction=_CORRECTIONS.get(name, defaults.correction),
        block_metres=table.number("block_metres", defaults.block_metres),
        block_days=table.integer("block_days", defaults.block_days, least=1),
        adaptive=table.flag("adaptive", default=defaults.adaptive),
        square=table.number("square", defaults.square, least=1),
    )
