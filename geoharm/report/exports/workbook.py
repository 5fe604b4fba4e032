"""The tables of a study as one Excel workbook, laid out by UK government guidance."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from geoharm.report.cells import text_cell
from geoharm.report.document import Column, Missing, Row, Table, Value
from geoharm.report.escape import xml_text

_FIXED_DATE = datetime(2000, 1, 1)
_MAX_COLUMN_WIDTH = 60


def workbook(title: str, tables: Sequence[tuple[str, Table]], *, about: Sequence[str], withheld: str) -> bytes:
    """Return a workbook with a cover, contents, notes and one sheet for each table; the bytes are the same every time.

    Parameters
    ----------
    title : str
    tables : sequence of (str, Table)
        Each with its title.
    about : sequence of str
        Lines of the cover.
    withheld : str
        What the shorthand [c] means.

    Notes
    -----
    No cell holds a formula or a link, none is merged, and none is hidden. No row or column of a table is empty. Tables
    begin in column A and are marked as tables. The shorthand follows
    https://analysisfunction.civilservice.gov.uk/policy-store/symbols-in-tables-definitions-and-help/
    """
    content = io.BytesIO()
    book = xlsxwriter.Workbook(
        content,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    book.set_properties({"title": _clean_text(title), "created": _FIXED_DATE, "language": "en-GB"})
    writer = _SheetWriter(
        book.add_format({"bold": True, "font_size": 14, "text_wrap": True}),
        book.add_format({"text_wrap": True, "valign": "top"}),
    )
    names = [f"Table_{number}" for number in range(1, len(tables) + 1)]
    writer.write_lines(book.add_worksheet("Cover"), [title, *about])
    contents = _text_table(("Sheet", "Title"), zip(names, [table_title for table_title, _ in tables], strict=True))
    writer.write_table(book.add_worksheet("Contents"), "Contents", contents, "One table a sheet.")
    notes = (
        (Missing.WITHHELD.value, withheld),
        (Missing.NOT_KNOWN.value, "Not known: it could not be estimated, or no data were supplied."),
        (Missing.NOT_APPLICABLE.value, "Not applicable: this row has no such number."),
    )
    notes_table = _text_table(("Shorthand", "Meaning"), notes)
    writer.write_table(
        book.add_worksheet("Notes"), "Notes", notes_table, "What is written where a number is not shown."
    )
    for name, (table_title, table) in zip(names, tables, strict=True):
        line = "This sheet holds one table. Shorthand is explained on the sheet Notes."
        writer.write_table(book.add_worksheet(name), table_title, table, line)
    book.close()
    return content.getvalue()


def _text_table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Table:
    return Table(tuple(map(Column, heads)), tuple(Row(tuple(map(text_cell, row))) for row in rows))


@dataclass(frozen=True, slots=True)
class _SheetWriter:
    heading: Format
    wrapped: Format

    def write_lines(self, sheet: Worksheet, lines: Sequence[str]) -> None:
        sheet.set_column(0, 0, 100)
        for number, line in enumerate(lines):
            sheet.write_string(number, 0, _clean_text(line), self.wrapped if number else self.heading)

    def write_table(self, sheet: Worksheet, title: str, table: Table, line: str) -> None:
        sheet.write_string(0, 0, _clean_text(title), self.heading)
        sheet.write_string(1, 0, line)
        rows = [[_sheet_value(value) for value in row] for row in table.file_rows()]
        heads = _unique_heads([_clean_text(head) for head in table.file_heads])
        first_row, last_column = 2, len(heads) - 1
        columns = [{"header": head} for head in heads]
        options = {"name": f"{sheet.get_name()}_data", "columns": columns, "autofilter": False, "style": None}
        sheet.add_table(first_row, 0, first_row + len(rows), last_column, options)
        for column, head in enumerate(heads):
            sheet.write_string(first_row, column, head, self.wrapped)
            texts = [str(row[column]) for row in rows]
            width = max(8, *(len(text) + 2 for text in [head[:24], *texts]))
            sheet.set_column(column, column, min(width, _MAX_COLUMN_WIDTH))
        for number, row in enumerate(rows, start=first_row + 1):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    sheet.write_string(number, column, value, self.wrapped)
                else:
                    sheet.write_number(number, column, value)
        sheet.freeze_panes(first_row + 1, 1)


def _sheet_value(value: Value) -> int | float | str:
    if isinstance(value, Missing):
        return value.value
    # No cell is left empty, so that screen readers do not take it for the end of the table.
    return (_clean_text(value) or Missing.NOT_APPLICABLE.value) if isinstance(value, str) else value


def _unique_heads(heads: Sequence[str]) -> list[str]:
    """Return heads that are all different, which a marked table requires; repeated heads get a number."""
    unique: list[str] = []
    for head in heads:
        number = sum(
            re.fullmatch(re.escape(head) + r"( \d+)?", earlier, re.IGNORECASE) is not None for earlier in unique
        )
        unique.append(f"{head} {number + 1}" if number else head)
    return unique


def _clean_text(text: str) -> str:
    """Return text as a sheet may hold it, cut to the length of a cell."""
    return xml_text(text)[:32_000]
