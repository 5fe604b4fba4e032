"""Report section on displacement to other hours, offences and places."""

from __future__ import annotations

import math

from geoharm import _text
from geoharm.disclosure.released import ReleasedOperation
from geoharm.evaluation.results.displacement_types import DisplacementTest, DisplacementTypes
from geoharm.model.reason import Withheld
from geoharm.report import format_numbers
from geoharm.report.cells import missing_cell, number_cell, number_value, text_cell
from geoharm.report.document import Cell, CellStyle, Column, Missing, Paragraph, Row, Section, Table
from geoharm.report.wording.withheld import sentence_text


def displacement_types_section(operation: ReleasedOperation) -> tuple[Section, ...]:
    """Return every kind of displacement, tested or not, with its p-value; empty if none was examined."""
    displacement_types = operation.primary.robustness.displacement_types
    if displacement_types is None or not displacement_types.rows:
        return ()
    lead = "Harm can move to other hours, offences and places. What could be tested, and what could not."
    note = (
        "Changes are compared with the control area where that can show them. Clustered events give small p-values too easily. "
        "Holm's rule over the tested kinds."
    )
    blocks = (Paragraph(lead, "how"), _tests_table(displacement_types), Paragraph(note, "small"))
    return (Section("shifts", "Other kinds of displacement", "For all", blocks),)


def _tests_table(displacement_types: DisplacementTypes) -> Table:
    columns = (
        Column("Kind"),
        Column("What was found", "Found", CellStyle.JOINED, ("What was found", "Figure", "Unit")),
        Column("p-value, adjusted for all tests", "p-value", CellStyle.NUMBER),
    )
    rows = tuple(
        Row((text_cell(test.kind), _finding_cell(test), _p_value_cell(test, adjusted)), "" if test.tested else "absent")
        for test, adjusted in zip(displacement_types.rows, displacement_types.adjusted, strict=True)
    )
    return Table(columns, rows)


def _finding_cell(test: DisplacementTest) -> Cell:
    sentence = format_numbers.with_true_minus(sentence_text(test.sentence))
    figure = number_value(test.figure) if math.isfinite(test.figure) else _missing_number(test)
    return Cell(sentence, (sentence, figure, test.unit or Missing.NOT_APPLICABLE))


def _p_value_cell(test: DisplacementTest, adjusted: float) -> Cell:
    if not math.isfinite(adjusted):
        return missing_cell("", _missing_number(test))
    return number_cell(adjusted, _text.decimal_text(adjusted, 3))


def _missing_number(test: DisplacementTest) -> Missing:
    if isinstance(test.sentence, Withheld):
        return Missing.WITHHELD
    return Missing.NOT_KNOWN if test.tested else Missing.NOT_APPLICABLE
