"""Report section on displacement to other hours, offences and places, for orientation."""

from __future__ import annotations

import math

from geoharm.disclosure.released import ReleasedOperation
from geoharm.evaluation.results.displacement_types import DisplacementType
from geoharm.model.reason import Withheld
from geoharm.report import format_numbers
from geoharm.report.cells import number_value, text_cell
from geoharm.report.document import Cell, CellStyle, Column, Missing, Paragraph, Row, Section, Table
from geoharm.report.wording.orientation import ORIENTATION
from geoharm.report.wording.withheld import sentence_text


def displacement_types_section(operation: ReleasedOperation) -> tuple[Section, ...]:
    """Return every kind of displacement, measured or not; empty if none was examined."""
    displacement_types = operation.primary.robustness.displacement_types
    if not displacement_types:
        return ()
    lead = (
        f"Harm can move to other hours, offences and places. What could be measured, and what could not. {ORIENTATION}"
    )
    note = (
        "Changes are compared with the control area where that can show them. The share that counting alone gives leaves out "
        "how places change by themselves, so a larger share is no sign of a move."
    )
    blocks = (Paragraph(lead, "how"), _types_table(displacement_types), Paragraph(note, "small"))
    return (Section("shifts", "Other kinds of displacement, for orientation", "For all", blocks),)


def _types_table(displacement_types: tuple[DisplacementType, ...]) -> Table:
    columns = (
        Column("Kind"),
        Column("What was measured", "Measured", CellStyle.JOINED, ("What was measured", "Figure", "Unit")),
    )
    rows = tuple(
        Row((text_cell(row.kind), _result_cell(row)), "" if row.measured else "absent") for row in displacement_types
    )
    return Table(columns, rows)


def _result_cell(row: DisplacementType) -> Cell:
    sentence = format_numbers.with_true_minus(sentence_text(row.sentence))
    figure = number_value(row.figure) if math.isfinite(row.figure) else _missing_number(row)
    return Cell(sentence, (sentence, figure, row.unit or Missing.NOT_APPLICABLE))


def _missing_number(row: DisplacementType) -> Missing:
    if isinstance(row.sentence, Withheld):
        return Missing.WITHHELD
    return Missing.NOT_KNOWN if row.measured else Missing.NOT_APPLICABLE
