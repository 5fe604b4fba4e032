"""Report section on change: maps of the primary measure, and the readings of all measures."""

from __future__ import annotations

from geoharm import _text
from geoharm.disclosure.released import Release, ReleasedChange, ReleasedOperation
from geoharm.hotspots.results.change import ChangeKind
from geoharm.report.cells import number_value, text_cell
from geoharm.report.document import Block, Cell, Column, Figure, FigureRow, Legend, Paragraph, Row, Section, Table
from geoharm.report.maps.layers import CHANGE_LEGEND
from geoharm.report.maps.static_map import operation_map
from geoharm.report.section_html import legend_swatch
from geoharm.report.wording.change import change_note, change_reading

_READING_PARTS = ("Reading", "Fewer events, km2", "More events, km2", "Chance can explain, km2")


def change_section(release: Release, operation: ReleasedOperation) -> tuple[Section, ...]:
    """Return the maps of change of the primary measure, and the readings of all measures; none without either."""
    measure = operation.primary.measure
    changes = [change for change in release.changes if change.operation == operation.design.operation.name]
    primary_change = next((change for change in changes if change.measure.name == measure.name), None)
    note = change_note(primary_change) if primary_change else ""
    if primary_change is None or not (primary_change.pictures or note):
        return ()
    blocks: list[Block] = []
    if primary_change.pictures:
        maps = _change_maps(release, operation, primary_change)
        beside = ", and against the people who live here" if len(maps) > 2 else ""
        lead = (
            f"{_text.capitalised(measure.name)}, after against before{beside}. Blank: too few {measure.unit} to show."
        )
        entries = [(legend_swatch(entry.colour), entry.label) for entry in CHANGE_LEGEND]
        blocks.append(Paragraph(lead, "how"))
        blocks.append(FigureRow(maps, three=len(maps) > 2))
        blocks.append(Legend(tuple(entries), "Classes of change"))
        note += f" Quartic kernel, bandwidth {primary_change.bandwidth:g} m, cells of {primary_change.cell:g} m."
    blocks.append(Paragraph(note, "small"))
    rows = tuple(
        Row((text_cell(change.measure.name), text_cell(kind.value), _reading_cell(change, kind)))
        for change in changes
        for kind in change.areas
    )
    if rows:
        columns = (Column("Measure"), Column("Compared as", "As"), Column("Reading", parts=_READING_PARTS))
        blocks.append(Table(columns, rows, "In the whole study area, by measure and question"))
    return (Section("change", "What changed, and what chance can explain", "For all", tuple(blocks)),)


def _change_maps(release: Release, operation: ReleasedOperation, change: ReleasedChange) -> tuple[Figure, ...]:
    return tuple(
        Figure(operation_map(release, operation.design, image, reading), reading)
        for reading, image in ((change_reading(change, kind), image) for kind, image in change.pictures.items())
    )


def _reading_cell(change: ReleasedChange, kind: ChangeKind) -> Cell:
    reading, areas = change_reading(change, kind), change.areas[kind]
    return Cell(reading, (reading, *map(number_value, (areas.fewer, areas.more, areas.chance))))
