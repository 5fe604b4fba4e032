"""Report section on places like it: what they did over the same dates, in the target, in the rings and in both."""

from __future__ import annotations

import math

from geoharm import _text
from geoharm.answer.balance import risen_harms
from geoharm.answer.nouns import Change
from geoharm.disclosure.released import ReleasedEffect, ReleasedOperation
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS
from geoharm.model.places_like_it import LevelClass, PlaceDistribution, PlaceLevels
from geoharm.report.cells import number_cell, number_value
from geoharm.report.charts.effects import percent_change, reading_colour
from geoharm.report.charts.places import PlaceClasses, places_charts
from geoharm.report.document import Block, Cell, CellStyle, Column, Figure, Paragraph, Row, Section, Subheading, Table
from geoharm.report.wording.evidence import class_text, rank_heading

_ZONES = ("target", ALL_RINGS, TARGET_AND_RINGS)


def evidence_section(operation: ReleasedOperation) -> tuple[Section, ...]:
    """Return what places like it did, for the primary measure in every zone and for harms that rose; none if not known."""
    primary = [Change(operation.primary, effect) for effect in operation.primary.effects if effect.zone in _ZONES]
    blocks: list[Block] = []
    for change in (*primary, *risen_harms(operation)):
        check = change.effect.placebo
        if check is not None and check.distribution is not None:
            blocks += _zone_blocks(change, check.distribution, check.levels)
    if not blocks:
        return ()
    lead = (
        "The outline of the zone was placed on other ground that no operation touched. Each place is compared with its own "
        "forecast, over the same dates. A class of places is shown only if it holds none or at least three."
    )
    heading = "Places like it, zone by zone"
    return (Section("places-like-it", heading, "For evaluators", (Paragraph(lead, "how"), *blocks)),)


def place_classes(label: str, effect: ReleasedEffect, distribution: PlaceDistribution, colour: str) -> PlaceClasses:
    """Return the classes of places as the figure takes them, with the effect's own interval in percent."""
    classes = tuple((float(each.low), float(each.high), each.places) for each in distribution.classes)
    _, span = percent_change(effect)
    return PlaceClasses(label, classes, distribution.change, span, colour)


def _zone_blocks(change: Change, distribution: PlaceDistribution, levels: PlaceLevels | None) -> list[Block]:
    name, zone = change.measure.measure.name, change.effect.zone
    heading = rank_heading([(name, distribution)])
    label = f"{_text.capitalised(name)}, {zone}"
    colour = reading_colour(change.effect.reading)
    wide, _ = places_charts([place_classes(label, change.effect, distribution, colour)], heading)
    blocks: list[Block] = [Subheading(label), Figure(wide, f"{heading}."), _classes_table(label, distribution)]
    return [*blocks, _levels_table(label, levels)] if levels is not None else blocks


def _classes_table(label: str, distribution: PlaceDistribution) -> Table:
    parts = ("Change from, percent", "Change under, percent")
    columns = (Column("Change", parts=parts), Column("Places", style=CellStyle.NUMBER))
    rows = tuple(
        Row((Cell(class_text(each), (each.low, each.high)), number_cell(each.places, f"{each.places:,}")))
        for each in distribution.classes
    )
    return Table(columns, rows, f"{label}: places by their change against their own forecast")


def _levels_table(label: str, levels: PlaceLevels) -> Table:
    number = CellStyle.NUMBER
    columns = (
        Column("Level, of the operation's own", "Level", parts=("Level from", "Level under")),
        Column("Places", style=number),
        Column(f"Events before, {levels.before_days:,} days", "Before", number),
        Column(f"Events after, {levels.after_days:,} days", "After", number),
    )
    rows = tuple(
        Row(
            (
                Cell(_level_text(level), (number_value(level.low), number_value(level.high))),
                *(number_cell(count, f"{count:,}") for count in (level.places, level.before, level.after)),
            )
        )
        for level in levels.classes
    )
    return Table(columns, rows, f"{label}: counts at the places, by their level before")


def _level_text(level: LevelClass) -> str:
    if math.isinf(level.high):
        return f"{level.low:.2f} or more"
    return f"{level.low:.2f} to {level.high:.2f}"
