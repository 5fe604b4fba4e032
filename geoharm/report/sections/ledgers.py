"""Report section on the data: what became of every row of every file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from geoharm.disclosure.released import Release
from geoharm.model.ledger import QualityNote, SourceLedger
from geoharm.model.suppressed import Suppressed
from geoharm.model.table_ledger import TableLedger
from geoharm.report import format_numbers
from geoharm.report.cells import count_cell, month_cell, number_cell, text_cell
from geoharm.report.document import Block, CellStyle, Column, Paragraph, Row, Section, Table
from geoharm.report.sections.time import MONTHS

_COLUMNS = (
    ("Read", "read"), ("Kept", "kept"), ("Rejected", "rejected"), ("Duplicate", "duplicate"), ("Inside", "inside"),
    ("Outside", "outside"), ("Default geocode", "default_geocode"), ("No place", "no_place"),
    ("Placed by address", "recovered"),
)  # fmt: skip
_TABLE_KINDS = {
    "area_table": "area table, by value", "survey": "survey, by estimate", "site": "sites", "streets": "street lines",
}  # fmt: skip


def ledgers_section(release: Release) -> tuple[Section, ...]:
    """Return the ledger of every source: its files, why rows were rejected, rows by month, notes on its quality."""
    lead = (
        "Every row of every file: read = kept + rejected + duplicate. Of the kept rows, those inside the study area with a "
        "place of their own enter maps and zones; rows on a default geocode or without a place count in city totals only."
    )
    blocks: list[Block] = [Paragraph(lead, "how")]
    for ledger in release.all_ledgers:
        blocks += _source_blocks(ledger, release)
    if release.hidden_files:
        text = f"{len(release.hidden_files)} file(s) keep fewer than {release.threshold} rows and are not listed."
        blocks.append(Paragraph(text, "small"))
    return (Section("data", "Can the data support this?", "For evaluators", tuple(blocks)),)


def _source_blocks(ledger: SourceLedger | TableLedger, release: Release) -> list[Block]:
    blocks: list[Block] = [_files_table(ledger)]
    reasons: dict[str, int] = {}
    for file in ledger.files:
        for reason, count, _ in file.reasons:
            reasons[reason] = reasons.get(reason, 0) + count
    if reasons:
        text = "; ".join(f"{reason} ({count:,})" for reason, count in sorted(reasons.items()))
        blocks.append(Paragraph(f"Rejected because: {text}.", "small"))
    if isinstance(ledger, SourceLedger):
        blocks.append(_months_table(ledger, release.months[ledger.source], is_rounded=not release.is_internal))
    blocks += [Paragraph(f"Note: {note}.", "small") for note in _note_texts(ledger)]
    return blocks


def _source_name(ledger: SourceLedger | TableLedger) -> str:
    return ledger.source if isinstance(ledger, SourceLedger) else f"{ledger.source} ({_TABLE_KINDS[ledger.kind]})"


def _files_table(ledger: SourceLedger | TableLedger) -> Table:
    coverage = format_numbers.days_text(ledger.coverage) if ledger.coverage else "no dates"
    missing = format_numbers.month_list(ledger.missing_months) if isinstance(ledger, SourceLedger) else ""
    rows = [
        Row((text_cell(file.file), *(count_cell(getattr(file, key)) for _, key in _COLUMNS))) for file in ledger.files
    ]
    if len(ledger.files) > 1:
        totals = (count_cell(ledger.total(key)) for _, key in _COLUMNS)
        rows.append(Row((text_cell(f"All {len(ledger.files)} files"), *totals), "sum"))
    return Table(
        (Column("File"), *(Column(head, style=CellStyle.NUMBER) for head, _ in _COLUMNS)),
        tuple(rows),
        caption=f"{_source_name(ledger)}: {coverage}{f'; no usable row in {missing}' if missing else ''}",
    )


def _months_table(ledger: SourceLedger, months: Mapping[date, int | Suppressed], *, is_rounded: bool) -> Table:
    """Return the number of kept rows by year and calendar month; a month without a file is marked, not shown as zero."""
    rows = tuple(
        Row(
            (
                number_cell(year, str(year)),
                *(
                    month_cell(months.get(month), missing=month in ledger.missing_months)
                    for month in (date(year, number, 1) for number in range(1, 13))
                ),
            )
        )
        for year in range(ledger.coverage.start.year, ledger.coverage.last.year + 1)
    )
    return Table(
        (Column("Year"), *(Column(month, style=CellStyle.NUMBER) for month in MONTHS)),
        rows,
        caption=f"{_source_name(ledger)}: rows kept by month{', to the nearest ten' if is_rounded else ''}",
        stacks=False,
        region=f"{_source_name(ledger)}: rows by month",
        css_class="months",
    )


def _note_texts(ledger: SourceLedger | TableLedger) -> list[str]:
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
