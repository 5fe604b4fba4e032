"""Report section on the change by distance from the target area."""

from __future__ import annotations

import math

from geoharm import _text
from geoharm.disclosure.released import ReleasedEffect, ReleasedOperation
from geoharm.model.design import Design
from geoharm.model.estimate import ratio_of
from geoharm.model.geometry import ZoneRole
from geoharm.report import format_numbers
from geoharm.report.cells import (
    ARROW,
    before_after_cell,
    before_after_column,
    change_cell,
    change_column,
    effect_reason,
    number_cell,
    number_value,
    ratio_text,
    text_cell,
    unestimated_cell,
)
from geoharm.report.charts.effects import zones_chart
from geoharm.report.document import Cell, CellStyle, Column, Figure, Missing, Paragraph, Row, Section, Table

_LATER_COLUMNS = (
    change_column("Change (95% interval)", short="Change"),
    Column(
        "Rate ratio (95% interval)",
        "Ratio",
        CellStyle.NUMBER,
        (
            "Rate ratio",
            "Log rate ratio, standard error",
            "Rate ratio, low end",
            "Rate ratio, high end",
            "Rate ratio, note",
        ),
    ),
    Column(
        "Counting only (too narrow)",
        style=CellStyle.NUMBER,
        parts=("Counting only (too narrow), low end", "Counting only (too narrow), high end"),
    ),
    Column("WDD (standard error)", "WDD", CellStyle.NUMBER, ("WDD", "WDD, standard error")),
    Column("Dispersion", style=CellStyle.NUMBER),
)


def distance_section(operation: ReleasedOperation) -> tuple[Section, ...]:
    """Return the effect in the target area, in the gap, in every ring, and in their sums."""
    primary, design = operation.primary, operation.design
    first_columns = (
        Column("Zone"),
        before_after_column(f"Before {ARROW} {design.later}", name="Count"),
        Column(f"Expected {design.later}", "Expected", CellStyle.NUMBER, ("Expected after",)),
    )
    labels = [_zone_label(effect.zone, design) for effect in primary.effects]
    target = primary.effect("target")
    lead = (
        f"{_text.capitalised(primary.measure.name)}: change in each zone against what was expected. If "
        "harm moved next door, a ring lies right of zero while the target lies left of it."
    )
    control_counts = before_after_cell(target.control_before, target.control_after).text
    note = (
        f"Control area: {control_counts} {primary.measure.unit}, {design.of_role(ZoneRole.CONTROL)[0].area_km2:,.1f} km². "
        "Gap and rings are given separately and together; totals are given with and without the gap. Where an interval is "
        "estimated from places without an operation, each zone has its own forecast of the expected count, so these counts "
        "do not add up. In the other rows the expected count comes from the control area. \u201cCounting only\u201d marks "
        "intervals from the noise of counting, which are too narrow for a finding; dashed in the figure."
    )
    blocks = (
        Paragraph(lead, "how"),
        Figure(zones_chart(primary.effects, labels)),
        Table(
            (*first_columns, *_LATER_COLUMNS),
            tuple(_row(label, effect) for label, effect in zip(labels, primary.effects, strict=True)),
        ),
        Paragraph(note, "small"),
    )
    return (Section("distance", "By distance", "For evaluators", blocks),)


def _row(label: str, effect: ReleasedEffect) -> Row:
    return Row(
        (
            text_cell(label),
            before_after_cell(effect.before, effect.after),
            expected_cell(effect),
            change_cell(effect),
            _ratio_cell(effect),
            _counting_cell(effect),
            _wdd_cell(effect),
            number_cell(effect.dispersion, _text.decimal_text(effect.dispersion)),
        )
    )


def _zone_label(name: str, design: Design) -> str:
    gaps = {zone.name for zone in design.of_role(ZoneRole.GAP)}
    label = name.replace("-", "\u2013") if name.endswith(" m") else name
    return f"gap, {label}" if name in gaps else label


def expected_cell(effect: ReleasedEffect) -> Cell:
    """Return a cell with the expected count."""
    text = _text.UNKNOWN if math.isnan(effect.expected) else f"{effect.expected:,.1f}"
    return number_cell(effect.expected, text)


def _ratio_cell(effect: ReleasedEffect) -> Cell:
    ratio = effect.ratio
    if not ratio.is_defined:
        return unestimated_cell(_text.UNKNOWN, reason=effect_reason(effect), note=ratio.note)
    interval = ratio.interval()
    value, low, high = (ratio_of(end) for end in (ratio.value, interval.low, interval.high))
    numbers = map(number_value, (value, ratio.standard_error, low, high))
    return Cell(ratio_text(ratio), (*numbers, Missing.NOT_APPLICABLE))


def _counting_cell(effect: ReleasedEffect) -> Cell:
    low, high = effect.counting.low, effect.counting.high
    if math.isnan(low):
        return Cell(_text.UNKNOWN, (effect_reason(effect),) * 2)
    text = f"{format_numbers.signed_text(low)} to {format_numbers.signed_text(high)}"
    return Cell(text, (number_value(low), number_value(high)))


def _wdd_cell(effect: ReleasedEffect) -> Cell:
    wdd = effect.difference
    if not wdd.is_defined:
        return Cell(_text.UNKNOWN, (effect_reason(effect),) * 2)
    text = f"{_text.decimal_text(wdd.value, 1)} ({wdd.standard_error:,.1f})"
    return Cell(text, (number_value(wdd.value), number_value(wdd.standard_error)))
