"""Tables as CSV files with typed numbers."""

from __future__ import annotations

import csv
import io

from geoharm.report.document import Missing, Table, Value
from geoharm.report.escape import cell_text, slug

MISSING_TEXTS = {Missing.WITHHELD: "withheld", Missing.NOT_KNOWN: "not known", Missing.NOT_APPLICABLE: ""}


def table_csv(table: Table) -> str:
    """Return a table as CSV with one header row, numbers as numbers, and no text that a spreadsheet would run."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([cell_text(head) for head in table.file_heads])
    writer.writerows([_csv_value(value) for value in row] for row in table.file_rows())
    return text.getvalue()


def table_name(number: int, title: str) -> str:
    """Return the file name of a table, without its ending."""
    return f"table-{number:02d}-{slug(title)}"


def _csv_value(value: Value) -> int | float | str:
    if isinstance(value, Missing):
        return MISSING_TEXTS[value]
    return cell_text(value) if isinstance(value, str) else value
