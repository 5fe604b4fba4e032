"""Report section on change: maps of the primary measure, and the readings of all measures."""

from __future__ import annotations

from geoharm import _text
from geoharm.disclosure.change import CLASS_WORDS
from geoharm.disclosure.released import Release, ReleasedChange, ReleasedOperation
from geoharm.report import palette
from geoharm.report.cells import text_cell
from geoharm.report.document import Block, Column, Figure, FigureRow, Legend, Paragraph, Row, Section, Table
from geoharm.report.maps.static_map import operation_map
from geoharm.report.section_html import legend_swatch


def change_section(release: Release, operation: ReleasedOperation) -> tuple[Section, ...]:
    """Return the maps of change of the primary measure, and the readings of all measures; none without either."""
    measure = operation.primary.measure
    changes = [change for change in release.changes if change.operation == operation.design.operation.name]
    primary_change = next((change for change in changes if change.measure.name == measure.name), None)
    if primary_change is None or not (primary_change.pictures or primary_change.note):
        return ()
    blocks: list[Block] = []
    note = primary_change.note
    if primary_change.pictures:
        maps = _change_maps(release, operation, primary_change)
        beside = ", and against the people who live here" if len(maps) > 2 else ""
        lead = (
            f"{_text.capitalised(measure.name)}, after against before{beside}. Blank: too few {measure.unit} to show."
        )
        entries = [(legend_swatch(colour), text) for colour, text in zip(palette.CHANGE, CLASS_WORDS, strict=True)]
        blocks.append(Paragraph(lead, "how"))
        blocks.append(FigureRow(maps, three=len(maps) > 2))
        blocks.append(Legend(tuple(entries), "Classes of change"))
        note += f" Quartic kernel, bandwidth {primary_change.bandwidth:g} m, cells of {primary_change.cell:g} m."
    blocks.append(Paragraph(note, "small"))
    rows = tuple(
        Row((text_cell(change.measure.name), text_cell(kind.value), text_cell(reading)))
        for change in changes
        for kind, reading in change.readings.items()
    )
    if rows:
        columns = (Column("Measure"), Column("Compared as", "As"), Column("Reading"))
        blocks.append(Table(columns, rows, "In the whole study area, by measure and question"))
    return (Section("change", "What changed, and what chance can explain", "For all", tuple(blocks)),)


def _change_maps(release: Release, operation: ReleasedOperation, change: ReleasedChange) -> tuple[Figure, ...]:
    return tuple(
        Figure(operation_map(release, operation.design, image, change.readings[kind]), change.readings[kind])
        for kind, image in change.pictures.items()
    )
