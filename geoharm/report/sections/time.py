"""Report section on the target area over time, and on the phases of the operation."""

from __future__ import annotations

from geoharm import _text
from geoharm.disclosure.released import ReleasedMeasure, ReleasedOperation
from geoharm.report import format_numbers
from geoharm.report.cells import change_cell, change_column, count_cell, month_cell, number_cell, text_cell
from geoharm.report.charts.effects import series_chart, step_name
from geoharm.report.document import Block, CellStyle, Column, Figure, Paragraph, Row, Section, Table
from geoharm.report.sections.distance import expected_cell
from geoharm.report.wording.when import later_head

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def time_section(operation: ReleasedOperation) -> tuple[Section, ...]:
    """Return the series of the target area beside its control, and the effect in every phase."""
    primary = operation.primary
    series = primary.series
    is_drawn = series.step > 0 and len(series.starts) > 1
    lead = (
        f"{_text.capitalised(primary.measure.name)} in the target area, beside the control area scaled "
        "to the same level before."
    )
    blocks: list[Block] = [Paragraph(lead, "how")]
    if is_drawn:
        blocks.append(Figure(series_chart(series, operation.design, primary.measure.unit)))
    else:
        blocks.append(
            Paragraph(
                "The counts over time are withheld: some are too small to be shown under the disclosure rule, or would follow from them."
            )
        )
    blocks.append(_phases_table(operation))
    if is_drawn:
        blocks.append(_series_table(primary))
    return (Section("time", "Over time", "For evaluators", tuple(blocks)),)


def _phases_table(operation: ReleasedOperation) -> Table:
    days_of = {phase.name: format_numbers.window_text(phase) for phase in operation.design.phases}
    columns = (
        Column("Phase"),
        Column("Zone"),
        Column("Days"),
        Column(later_head(operation.design), style=CellStyle.NUMBER, parts=("After",)),
        Column("Expected", style=CellStyle.NUMBER),
        change_column("Change (95% interval)", short="Change"),
    )
    rows = tuple(
        Row(
            (
                text_cell(effect.window),
                text_cell(effect.zone),
                text_cell(days_of[effect.window]),
                count_cell(effect.after),
                expected_cell(effect),
                change_cell(effect),
            )
        )
        for effect in operation.primary.phases
    )
    return Table(columns, rows, caption="By phase")


def _series_table(primary: ReleasedMeasure) -> Table:
    series = primary.series
    step = step_name(series.step)
    first_months = list(range(1, 13, series.step))
    heads = [
        MONTHS[month - 1] if series.step == 1 else f"{MONTHS[month - 1]}\u2013{MONTHS[month + series.step - 2]}"
        for month in first_months
    ]
    count_by_start = {
        (start.year, start.month): count for start, count in zip(series.starts, series.target, strict=True)
    }
    missing = {(start.year, start.month) for start in series.missing}
    rows = tuple(
        Row(
            (
                number_cell(year, str(year)),
                *(
                    month_cell(count_by_start.get((year, month)), missing=(year, month) in missing)
                    for month in first_months
                ),
            )
        )
        for year in range(series.starts[0].year, series.starts[-1].year + 1)
    )
    return Table(
        (Column("Year"), *(Column(head, style=CellStyle.NUMBER) for head in heads)),
        rows,
        caption=f"Target area, {primary.measure.unit} a {step}",
        stacks=False,
        region=f"Target area, by {step}",
    )
