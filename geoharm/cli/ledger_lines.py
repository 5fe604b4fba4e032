"""What became of every row of a source, as lines for people and as a record for machines."""

from __future__ import annotations

from geoharm.model.ledger import SourceLedger
from geoharm.model.period import month_name
from geoharm.model.table_ledger import TableLedger


def ledger_line(ledger: SourceLedger | TableLedger) -> str:
    """Return what became of the rows of a source, in one line."""
    read, kept = ledger.total("read"), ledger.total("kept")
    rejected, duplicate = ledger.total("rejected"), ledger.total("duplicate")
    recovered = ledger.total("recovered")
    by_address = f" ({recovered:,} of them by their address text)" if recovered else ""
    return (
        f"{ledger.source}: {len(ledger.files)} files, {read:,} read = {kept:,} kept + {rejected:,} rejected + "
        f"{duplicate:,} duplicate; of the kept, {ledger.total('inside'):,} placed in the study area"
        f"{by_address}, "
        f"{ledger.total('outside'):,} outside, {ledger.total('default_geocode'):,} on a default geocode, "
        f"{ledger.total('no_place'):,} without a place"
    )


def coverage_lines(ledger: SourceLedger | TableLedger) -> list[str]:
    """Return lines on the days that a source of events covers, its months without data, and its default geocodes."""
    if not isinstance(ledger, SourceLedger):
        return []
    span, known = ledger.coverage, "by month" if ledger.by_month else "by day"
    lines = [f"from {span.start} to {span.last}, {known}; typical error of a place: {ledger.location_error:g} m"]
    if ledger.missing_months:
        months = ", ".join(month_name(month) for month in ledger.missing_months)
        lines.append(f"no usable row in {months}: left out everywhere, and not read as zero")
    if ledger.placings:
        placings = ", ".join(f"{how} {rows:,}" for how, rows in ledger.placings.items())
        lines.append(f"rows without coordinates, by how they were placed by their address: {placings}")
    return lines + [
        f"default geocode: {code.events:,} rows ({code.share:.0%}) on one point under {code.addresses:,} addresses ({code.reason})"
        for code in ledger.default_geocodes
    ]


def ledger_record(ledger: SourceLedger | TableLedger) -> dict[str, object]:
    """Return what became of the rows of a source, for `--json`."""
    entry: dict[str, object] = {
        "source": ledger.source,
        "first_day": str(ledger.coverage.start) if ledger.coverage else "",
        "last_day": str(ledger.coverage.last) if ledger.coverage else "",
        "files": [
            {"file": file_row.file, **file_row.row_counts(), "reasons": file_row.reason_records()}
            for file_row in ledger.files
        ],
        "notes": [note.record() for note in ledger.notes],
    }
    if isinstance(ledger, TableLedger):
        return entry | {"kind": ledger.kind}
    return entry | {
        "missing_months": [str(month)[:7] for month in ledger.missing_months],
        "months": {
            str(month.month)[:7]: {
                "read": month.read,
                "kept": month.kept,
                "rejected": month.rejected,
                "duplicate": month.duplicate,
            }
            for month in ledger.months
        },
        "rejected_without_a_date": ledger.undated,
        "placings": dict(ledger.placings),
    }
