"""Report section on the data: what became of every row of every file."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from geoharm.disclosure.ledgers import ReleasedLedger, ReleasedRows
from geoharm.disclosure.released import Release
from geoharm.model.ledger import (
    AMBIGUOUS,
    BY_ADDRESS,
    BY_BLOCK,
    BY_INTERSECTION,
    MATCHED,
    NO_ADDRESS,
    NOT_FOUND,
    SAME_TEXT,
    STREETS_MEET,
    QualityNote,
)
from geoharm.report import format_numbers
from geoharm.report.cells import count_cell, month_cell, number_cell, text_cell
from geoharm.report.document import Block, Cell, CellStyle, Column, Paragraph, Row, Section, Table
from geoharm.report.sections.time import MONTHS

_COLUMNS = (
    ("Read", "read"), ("Kept", "kept"), ("Rejected", "rejected"), ("Duplicate", "duplicate"), ("Inside", "inside"),
    ("Outside", "outside"), ("Default geocode", "default_geocode"), ("No place", "no_place"),
    ("Placed by address", "recovered"),
)  # fmt: skip
_TABLE_KINDS = {
    "area_table": "area table, by value", "survey": "survey, by estimate", "site": "sites", "streets": "street lines",
    "addresses": "addresses",
}  # fmt: skip


# How a row without coordinates was placed by its address, or why not, in words.
_PLACINGS = {
    BY_ADDRESS: "by its exact address", BY_INTERSECTION: "at the intersection that it names",
    BY_BLOCK: "in its block, or between the numbers of a street line", MATCHED: "matched: by an address written much alike",
    SAME_TEXT: "inferred: as rows of the same text", STREETS_MEET: "inferred: where rows of its two streets meet",
    AMBIGUOUS: "not placed: its address is at several places", NOT_FOUND: "not placed: its address was not found",
    NO_ADDRESS: "not placed: it has no address",
}  # fmt: skip


def ledgers_section(release: Release) -> tuple[Section, ...]:
    """Return the ledger of every source: its files, why rows were rejected, rows by month, notes on its quality."""
    lead = (
        "Every row of every file: read = kept + rejected + duplicate. Of the kept rows, those inside the study area with a "
        "place of their own enter maps and zones; rows on a default geocode or without a place count in city totals only."
    )
    if not release.is_internal:
        lead += (
            f" Rows are shown to the nearest ten, and under {release.threshold} of them as such; rows read and inside, and so "
            "their sums, are computed from the numbers shown."
        )
    blocks: list[Block] = [Paragraph(lead, "how")]
    for ledger in release.all_ledgers:
        blocks += _source_blocks(ledger)
    if hidden := sum(ledger.hidden_files for ledger in release.all_ledgers):
        text = f"{hidden} file(s) keep fewer than {release.threshold} rows and are not listed."
        blocks.append(Paragraph(text, "small"))
    return (Section("data", "Can the data support this?", "For evaluators", tuple(blocks)),)


def _source_blocks(ledger: ReleasedLedger) -> list[Block]:
    blocks: list[Block] = [_files_table(ledger)]
    if ledger.reasons:
        text = "; ".join(f"{reason} ({format_numbers.count_text(count)})" for reason, count in ledger.reasons)
        blocks.append(Paragraph(f"Rejected because: {text}.", "small"))
    if ledger.placings:
        blocks.append(_placings_table(ledger))
    if ledger.months:
        blocks.append(_months_table(ledger))
    blocks += [Paragraph(f"Note: {note}.", "small") for note in _note_texts(ledger)]
    return blocks


def _source_name(ledger: ReleasedLedger) -> str:
    return ledger.source if ledger.is_events else f"{ledger.source} ({_TABLE_KINDS[ledger.kind]})"


def _files_table(ledger: ReleasedLedger) -> Table:
    coverage = format_numbers.days_text(ledger.coverage) if ledger.coverage else "no dates"
    missing = format_numbers.month_list(ledger.missing_months)
    rows = [Row((text_cell(file.file), *_row_cells(file.rows))) for file in ledger.files]
    if len(ledger.files) > 1:
        rows.append(Row((text_cell(f"All {len(ledger.files)} files"), *_row_cells(ledger.totals)), "sum"))
    return Table(
        (Column("File"), *(Column(head, style=CellStyle.NUMBER) for head, _ in _COLUMNS)),
        tuple(rows),
        caption=f"{_source_name(ledger)}: {coverage}{f'; no usable row in {missing}' if missing else ''}",
    )


def _placings_table(ledger: ReleasedLedger) -> Table:
    """Return how the rows without coordinates were placed by their address, and why others were not."""
    return Table(
        (Column("Place of a row without coordinates"), Column("Rows", style=CellStyle.NUMBER)),
        tuple(Row((text_cell(_PLACINGS[how]), count_cell(rows))) for how, rows in ledger.placings.items()),
        caption=f"{_source_name(ledger)}: places by address; typical error of a place {ledger.location_error:g} m",
    )


def _row_cells(rows: ReleasedRows) -> tuple[Cell, ...]:
    return tuple(count_cell(getattr(rows, key)) for _, key in _COLUMNS)


def _months_table(ledger: ReleasedLedger) -> Table:
    """Return the number of kept rows by year and calendar month; a month without a file is marked, not shown as zero."""
    days = [*ledger.months, *ledger.missing_months]
    rows = tuple(
        Row(
            (
                number_cell(year, str(year)),
                *(
                    month_cell(ledger.months.get(month), missing=month in ledger.missing_months)
                    for month in (date(year, number, 1) for number in range(1, 13))
                ),
            )
        )
        for year in range(min(days).year, max(days).year + 1)
    )
    return Table(
        (Column("Year"), *(Column(month, style=CellStyle.NUMBER) for month in MONTHS)),
        rows,
        caption=f"{_source_name(ledger)}: rows kept by month{', to the nearest ten' if ledger.is_rounded else ''}",
        stacks=False,
        region=f"{_source_name(ledger)}: rows by month",
        css_class="months",
    )


def _note_texts(ledger: ReleasedLedger) -> list[str]:
    """Return the notes of a source; equal notes on several files are merged into one."""
    notes_by_sentence: dict[tuple[str, str], list[QualityNote]] = {}
    for note in ledger.notes:
        notes_by_sentence.setdefault((note.kind, note.sentence), []).append(note)
    return [_merged_text(equal_notes) for equal_notes in notes_by_sentence.values()]


def _merged_text(notes: list[QualityNote]) -> str:
    if len(notes) == 1:
        return notes[0].text()
    merged = replace(notes[0], rows=sum(note.rows for note in notes), first_line=0, file="")
    return f"{len(notes)} files: {merged.text()}"
