"""Report section on places like it: what they did over the same dates, in the target, in the rings and in both."""

from __future__ import annotations

import math

from geoharm import _text
from geoharm.answer.balance import risen_harms
from geoharm.answer.nouns import Change
from geoharm.disclosure.released import ReleasedOperation
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS
from geoharm.model.places_like_it import ForecastFactors, LevelClass, PlaceDistribution, PlaceLevels
from geoharm.report.cells import number_cell, number_value, text_cell
from geoharm.report.charts.effects import reading_colour
from geoharm.report.charts.places import PlaceClasses, places_charts
from geoharm.report.document import (
    Block,
    Cell,
    CellStyle,
    Column,
    Figure,
    Missing,
    Paragraph,
    Row,
    Section,
    Subheading,
    Table,
)
from geoharm.report.wording.places_like_it import class_text, rank_sentence, step_name

_ZONES = ("target", ALL_RINGS, TARGET_AND_RINGS)


def evidence_section(operation: ReleasedOperation) -> tuple[Section, ...]:
    """Return what places like it did, for the primary measure in every zone and for harms that rose; none if not known."""
    primary = [Change(operation.primary, effect) for effect in operation.primary.effects if effect.zone in _ZONES]
    blocks: list[Block] = []
    for change in (*primary, *risen_harms(operation)):
        check = change.effect.placebo
        if check is not None and check.distribution is not None:
            blocks += _zone_blocks(change, check.distribution)
            label = change_label(change)
            blocks += [_levels_table(label, check.levels, operation.design.later)] if check.levels is not None else []
            blocks += (
                [_factors_table(label, check.factors, operation.design.later)] if check.factors is not None else []
            )
    if not blocks:
        return ()
    lead = (
        "The outline of the zone was placed on other ground that no operation touched. Each place is compared with its own "
        "forecast, over the same dates. A class of places is shown only if it holds none or at least three."
    )
    heading = "Places like it, zone by zone"
    return (Section("places-like-it", heading, "For evaluators", (Paragraph(lead, "how"), *blocks)),)


def place_classes(label: str, distribution: PlaceDistribution, colour: str) -> PlaceClasses:
    """Return the classes of places as the figure takes them."""
    classes = tuple((float(each.low), float(each.high), each.places) for each in distribution.classes)
    return PlaceClasses(label, classes, distribution.change, distribution.interval, colour)


def change_label(change: Change) -> str:
    """Return the measure and zone of a change, as a heading."""
    zone = "both together" if change.effect.zone == TARGET_AND_RINGS else change.effect.zone
    return f"{_text.capitalised(change.measure.measure.name)}, {zone}"


def _zone_blocks(change: Change, distribution: PlaceDistribution) -> list[Block]:
    label, sentence = change_label(change), rank_sentence(distribution)
    wide, _ = places_charts([place_classes(label, distribution, reading_colour(change.effect.reading))], sentence)
    return [Subheading(label), Figure(wide, sentence), _classes_table(label, distribution)]


def _classes_table(label: str, distribution: PlaceDistribution) -> Table:
    parts = ("Change from, percent", "Change under, percent")
    columns = (Column("Change", parts=parts), Column("Places", style=CellStyle.NUMBER))
    rows = tuple(
        Row((Cell(class_text(each), (each.low, each.high)), number_cell(each.places, f"{each.places:,}")))
        for each in distribution.classes
    )
    return Table(columns, rows, f"{label}: places by their change against their own forecast")


def _levels_table(label: str, levels: PlaceLevels, later: str) -> Table:
    number = CellStyle.NUMBER
    columns = (
        Column("Level, of the operation's own", "Level", parts=("Level from", "Level under")),
        Column("Places", style=number),
        Column(f"Events before, {levels.before_days:,} days", "Before", number),
        Column(
            f"Events {later}, {levels.after_days:,} days",
            later.capitalize(),
            number,
            (f"Events after, {levels.after_days:,} days",),
        ),
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


def _factors_table(label: str, factors: ForecastFactors, later: str) -> Table:
    """Return the steps whose product is the factor; each is exp(coefficient x what was seen here)."""
    number = CellStyle.NUMBER
    columns = (
        Column("Step of the factor", "Step"),
        Column("Coefficient, learned there", "Coefficient", number),
        Column("Seen here, log ratio", "Seen here", number),
        Column("Factor", style=number),
    )
    rows = [
        Row(
            (
                text_cell(step_name(step)),
                *(
                    number_cell(value, _text.decimal_text(value, 3))
                    for value in (step.coefficient, step.feature, step.value)
                ),
            )
        )
        for step in factors.steps
    ]
    no_number = Cell("", (Missing.NOT_APPLICABLE,))
    product = number_cell(factors.factor, _text.decimal_text(factors.factor, 3))
    rows.append(
        Row(
            (
                text_cell(f"The whole factor: expected {later}, for each event before, day for day"),
                no_number,
                no_number,
                product,
            ),
            "sum",
        )
    )
    return Table(columns, tuple(rows), f"{label}: how the factor is made; the product of the steps, within 1%")
