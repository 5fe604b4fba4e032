"""Report sections on every harm by itself, and on what enforcement did."""

from __future__ import annotations

import math
from collections.abc import Sequence

from geoharm import _text
from geoharm.disclosure.released import ReleasedMeasure, ReleasedOperation
from geoharm.model.activity import DatedActivity
from geoharm.model.design import ALL_RINGS
from geoharm.model.measure import Role
from geoharm.model.period import Period
from geoharm.model.suppressed import Count
from geoharm.report import palette
from geoharm.report.cells import (
    ARROW,
    before_after_cell,
    before_after_column,
    change_cell,
    change_column,
    count_cell,
    measure_cell,
    number_cell,
    text_cell,
)
from geoharm.report.charts import effects
from geoharm.report.document import (
    Block,
    Cell,
    CellStyle,
    Column,
    Missing,
    Paragraph,
    Row,
    Section,
    Table,
)
from geoharm.report.wording.states import absent_kinds, shown_reading, state_words
from geoharm.report.wording.when import later_clause

_NO_DATA = "Unknown. No data supplied. Not read as \u201cno harm\u201d."


def _harm_columns(later: str) -> tuple[Column, ...]:
    return (
        Column("Harm"),
        Column("Who records it", "Recorded by"),
        before_after_column(f"Target, before {ARROW} {later}", short="Target"),
        change_column("Target, net"),
        Column("Reading", style=CellStyle.READING),
        before_after_column(f"Rings, before {ARROW} {later}", short="Rings"),
        change_column("Rings, net"),
        Column("Smallest fall detectable", "Smallest fall", CellStyle.NUMBER, ("Smallest fall detectable (share)",)),
    )


def harms_section(operation: ReleasedOperation) -> tuple[Section, ...]:
    """Return counts, change and reading of every harm, and which harms have no data."""
    measures = [
        measure for measure in operation.measures if measure.measure.role not in (Role.REPORTING, Role.ACTIVITY)
    ]
    rows = [Row(_harm_cells(measure), "" if number else "sum") for number, measure in enumerate(measures)]
    columns = _harm_columns(operation.design.later)
    rows += [_absent_row(name, columns) for name in absent_kinds(operation.measures)]
    lead = (
        f"Counts before and {later_clause(operation.design)}, and the change against what was expected. Windows may "
        f"differ in length: {_windows_note(operation)}"
    )
    blocks = (Paragraph(lead, "how"), Table(columns, tuple(rows)))
    return (Section("harms", "Harm by harm", "For public health", blocks),)


def _harm_cells(measure: ReleasedMeasure) -> tuple[Cell, ...]:
    target, rings = measure.effect("target"), measure.effect(ALL_RINGS)
    return (
        measure_cell(measure.measure),
        text_cell(measure.measure.recorder),
        before_after_cell(target.before, target.after),
        change_cell(target),
        _reading_cell(measure),
        before_after_cell(rings.before, rings.after),
        change_cell(rings),
        number_cell(target.detectable_fall, _text.percent_text(target.detectable_fall)),
    )


def _reading_cell(measure: ReleasedMeasure) -> Cell:
    effect = measure.effect("target")
    text, reading = state_words(effect), shown_reading(effect)
    if measure.measure.kind != "treatment_entry":
        return Cell(text, (text,), mark=effects.reading_mark(reading))
    # Whether more entries into drug treatment are good is a question of values, so the mark has no colour.
    text = f"{text}; whether that is a gain depends on values"
    return Cell(text, (text,), mark=effects.reading_mark(reading, colour=palette.INK))


def _absent_row(text: str, columns: Sequence[Column]) -> Row:
    first, *others = columns[2:]
    parts = len(first.file_heads) + sum(len(column.file_heads) for column in others)
    no_data = Cell(_NO_DATA, (Missing.NOT_KNOWN,) * parts, span=len(columns) - 2)
    return Row((text_cell(text, span=2), no_data), "absent")


def _windows_note(operation: ReleasedOperation) -> str:
    design = operation.design
    same_length = math.isclose(operation.primary.effect("target").length_ratio, 1)
    per_window = "for windows of the same length." if same_length else f"per window {design.later}."
    return (
        f"{design.before.days:,} days before, {design.after.days:,} {later_clause(design)}; counts are as recorded, the change is "
        f"{per_window}"
    )


def activity_section(operation: ReleasedOperation) -> tuple[Section, ...]:
    """Return what enforcement did: measures of activity, which are in no total."""
    rows = tuple(
        Row(_activity_cells(measure)) for measure in operation.measures if measure.measure.role is Role.ACTIVITY
    )
    dated = _dated_activity_blocks(operation.design.operation.activity)
    if not rows:
        lead = "No measure of activity was supplied (arrests, stops, seizures, recorded drug offences). " + (
            "What was entered by date stands below." if dated else "What was done, and how much, is unknown here."
        )
        return (_activity_box(Paragraph(lead, "how"), *dated),)
    columns = (
        Column("Activity"),
        *(
            before_after_column(f"{zone}, before {ARROW} {operation.design.later}", short=zone)
            for zone in ("Target", "Rings", "Control")
        ),
    )
    lead = (
        "Recorded drug offences, arrests and stops follow where officers look. They are shown as what was done and are in "
        "no total of this report."
    )
    return (_activity_box(Paragraph(lead, "how"), Table(columns, rows), *dated),)


def _dated_activity_blocks(activities: Sequence[DatedActivity]) -> list[Block]:
    """Return what police and partners did, by date; nothing if the study enters none. There is no total."""
    if not activities:
        return []
    columns = (
        Column("What was done", "What"),
        Column("Kind"),
        Column("By"),
        Column("When", parts=("First day", "Last day")),
        Column("Count", style=CellStyle.NUMBER),
    )
    rows = tuple(
        Row(
            (
                *map(text_cell, (activity.what, activity.kind, activity.by)),
                _when_cell(activity.period),
                _done_cell(activity.count),
            )
        )
        for activity in activities
    )
    caption = "What police and partners did, by date, as the study entered it: activity, in no sum"
    return [Table(columns, rows, caption)]


def _when_cell(period: Period) -> Cell:
    first, last = period.start.isoformat(), period.last.isoformat()
    return Cell(first if first == last else f"{first} to {last}", (first, last))


def _done_cell(count: Count | None) -> Cell:
    return Cell("not counted", (Missing.NOT_KNOWN,)) if count is None else count_cell(count)


def _activity_box(*blocks: Block) -> Section:
    return Section("activity", "What enforcement did", "", blocks, tag="Activity, not harm")


def _activity_cells(measure: ReleasedMeasure) -> tuple[Cell, ...]:
    target, rings = measure.effect("target"), measure.effect(ALL_RINGS)
    return (
        text_cell(measure.measure.name),
        before_after_cell(target.before, target.after),
        before_after_cell(rings.before, rings.after),
        before_after_cell(target.control_before, target.control_after),
    )
