"""Report section on change: maps of the primary measure, and the readings of all measures."""

from __future__ import annotations

import math
from collections.abc import Sequence

from geoharm import _text
from geoharm.disclosure.released import Release, ReleasedChange, ReleasedOperation
from geoharm.hotspots.results.change import ChangeKind
from geoharm.report.cells import number_value, text_cell
from geoharm.report.document import (
    Block,
    Cell,
    Column,
    Details,
    Figure,
    FigureRow,
    Legend,
    Paragraph,
    Row,
    Section,
    Table,
)
from geoharm.report.file_names import file_names
from geoharm.report.maps.layers import CHANGE_LEGEND
from geoharm.report.maps.static_map import operation_map
from geoharm.report.section_html import legend_swatch, link
from geoharm.report.wording.change import change_note, change_reading
from geoharm.report.wording.when import later_clause

# From this share of the drawn ground on that chance can explain, the maps say no more than one line does.
_ALL_CHANCE = 0.999
_READING_PARTS = ("Reading", "Fewer events, km2", "More events, km2", "Chance can explain, km2")


def change_section(release: Release, operation: ReleasedOperation) -> tuple[Section, ...]:
    """Return the maps of change of the primary measure, and the readings of all measures; none without either."""
    measure = operation.primary.measure
    changes = [change for change in release.changes if change.windows_of == operation.design.operation.name]
    primary_change = next((change for change in changes if change.measure.name == measure.name), None)
    note = change_note(primary_change) if primary_change else ""
    if primary_change is None or not (primary_change.pictures or note):
        return ()
    blocks: list[Block] = (
        _map_blocks(release, operation, primary_change, note) if primary_change.pictures else [Paragraph(note, "small")]
    )
    share = chance_share(primary_change)
    if share > _ALL_CHANCE:
        blocks = _collapsed(blocks, share, measure.name, file_names(release, operation).map)
    if readings := reading_table(changes):
        blocks.append(readings)
    return (Section("change", "What changed, and what chance can explain", "For all", tuple(blocks)),)


def reading_table(changes: Sequence[ReleasedChange]) -> Table | None:
    """Return the readings of changes, by measure and question, as a table; None if there is none."""
    rows = tuple(
        Row((text_cell(change.measure.name), text_cell(kind.value), _reading_cell(change, kind)))
        for change in changes
        for kind in change.areas
    )
    columns = (Column("Measure"), Column("Compared as", "As"), Column("Reading", parts=_READING_PARTS))
    return Table(columns, rows, "In the whole study area, by measure and question") if rows else None


def chance_share(change: ReleasedChange) -> float:
    """Return the smallest share of the drawn ground, over all comparisons, whose change chance can explain."""
    totals = [(areas.chance, areas.fewer + areas.more + areas.chance) for areas in change.areas.values()]
    return min((chance / total for chance, total in totals if total > 0), default=0.0)


def _collapsed(blocks: list[Block], share: float, measure: str, map_file: str) -> list[Block]:
    """Return maps that are grey almost everywhere as one line, and a link to the map."""
    percent = f"{math.floor(10_000 * share) / 100:.2f}%"
    sentence = f"Chance can explain what changed in {measure} on {percent} of the ground drawn, however it is compared."
    line = Details(sentence, tuple(blocks), found_nothing=True)
    return [line, Paragraph((link("See the map", map_file), "."), "small")] if map_file else [line]


def _map_blocks(release: Release, operation: ReleasedOperation, change: ReleasedChange, note: str) -> list[Block]:
    measure = operation.primary.measure
    maps = _change_maps(release, operation, change)
    beside = ", and against the people who live here" if len(maps) > 2 else ""
    lead = f"{_text.capitalised(measure.name)}, {later_clause(operation.design)} against before{beside}. Blank: too few {measure.unit} to show."
    entries = [(legend_swatch(entry.colour), entry.label) for entry in CHANGE_LEGEND]
    kernel = f"{note} Quartic kernel, bandwidth {change.bandwidth:g} m, cells of {change.cell:g} m."
    return [
        Paragraph(lead, "how"),
        FigureRow(maps, three=len(maps) > 2),
        Legend(tuple(entries), "Classes of change"),
        Paragraph(kernel, "small"),
    ]


def _change_maps(release: Release, operation: ReleasedOperation, change: ReleasedChange) -> tuple[Figure, ...]:
    return tuple(
        Figure(operation_map(release, operation.design, image, reading), reading)
        for reading, image in ((change_reading(change, kind), image) for kind, image in change.pictures.items())
    )


def _reading_cell(change: ReleasedChange, kind: ChangeKind) -> Cell:
    reading, areas = change_reading(change, kind), change.areas[kind]
    return Cell(reading, (reading, *map(number_value, (areas.fewer, areas.more, areas.chance))))
