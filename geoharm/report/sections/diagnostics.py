"""Report section on diagnostics: the figure of each and its consequence for the answer."""

from __future__ import annotations

import math

from geoharm import _text
from geoharm.disclosure.released import ReleasedOperation
from geoharm.evaluation.results.diagnostics import Diagnostic, Severity
from geoharm.model.reason import Withheld
from geoharm.report import format_numbers
from geoharm.report.cells import number_value, text_cell
from geoharm.report.document import (
    Block,
    BulletList,
    Cell,
    CellStyle,
    Column,
    Missing,
    Paragraph,
    Row,
    Section,
    Table,
    Value,
)
from geoharm.report.section_html import strong
from geoharm.report.wording.withheld import sentence_text

_CONSEQUENCES = {
    Severity.NONE: "nothing",
    Severity.SAY: "consider it with the answer",
    Severity.SIGNAL: "no finding; probable at most",
    Severity.REFUSE: "no finding",
}


def diagnostics_section(operation: ReleasedOperation) -> tuple[Section, ...]:
    """Return the diagnostics of the primary measure, and those of other measures that limit their reading."""
    diagnostics = operation.primary.robustness.diagnostics
    if not diagnostics:
        return ()
    columns = (
        Column("Diagnostic"),
        Column("Figure", style=CellStyle.NUMBER, parts=("Figure", "Unit")),
        Column("What was found", "Found"),
        Column("What follows", "Follows", style=CellStyle.READING),
    )
    rows = tuple(
        Row(
            (
                text_cell(diagnostic.name),
                Cell(_figure_text(diagnostic), (_figure_value(diagnostic), diagnostic.unit)),
                text_cell(format_numbers.with_true_minus(sentence_text(diagnostic.sentence))),
                text_cell(_CONSEQUENCES[diagnostic.severity]),
            )
        )
        for diagnostic in diagnostics
    )
    lead = (
        "Each diagnostic has a figure, a sentence, and a consequence for the answer: nothing, consider it with the "
        "answer, probable at most, or no finding."
    )
    blocks: list[Block] = [Paragraph(lead, "how"), Table(columns, rows)]
    limits = _limits_of_other_measures(operation)
    if limits:
        blocks.append(Paragraph(strong("Diagnostics that limit the reading of other measures:"), "small"))
        blocks.append(BulletList(limits, "small"))
    return (Section("guards", "Diagnostics: what could mislead", "For evaluators", tuple(blocks)),)


def _limits_of_other_measures(operation: ReleasedOperation) -> tuple[str, ...]:
    return tuple(
        f"{measure.measure.name}, {diagnostic.name} ({_CONSEQUENCES[diagnostic.severity]}): "
        f"{format_numbers.with_true_minus(sentence_text(diagnostic.sentence))}"
        for measure in operation.measures[1:]
        for diagnostic in measure.robustness.diagnostics
        if diagnostic.severity >= Severity.SIGNAL
    )


def _figure_value(diagnostic: Diagnostic) -> Value:
    """Return the figure for files; there is none where no break was seen before, or where it is suppressed."""
    if math.isinf(diagnostic.figure):
        return Missing.NOT_APPLICABLE
    if math.isnan(diagnostic.figure) and isinstance(diagnostic.sentence, Withheld):
        return Missing.WITHHELD
    return number_value(diagnostic.figure)


def _figure_text(diagnostic: Diagnostic) -> str:
    value = diagnostic.figure
    text = f"{_text.decimal_text(value)} {diagnostic.unit}" if math.isfinite(value) else "no break before"
    if math.isnan(value):
        text = _text.UNKNOWN
    elif diagnostic.unit.startswith("share"):
        text = _text.percent_text(value) if value >= 0 else f"{format_numbers.percent_change_text(100 * value)}"
    elif diagnostic.unit == "log ratio":
        text = f"{format_numbers.percent_change_text(100 * math.expm1(value))}"
    elif diagnostic.unit == "p-value":
        text = "under 0.001" if value < 0.001 else _text.decimal_text(value, 3)
    elif diagnostic.unit == "correlation":
        text = _text.decimal_text(value)
    elif diagnostic.severity is Severity.NONE and not value:
        text = "nothing to undo"
    return text
