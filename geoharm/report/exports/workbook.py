"""The tables of a study as one Excel workbook, laid out by UK government guidance."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import datetime

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from geoharm._text import visible_text
from geoharm.report.exports.tables import PageTable, cell_value

_FIXED_DATE = datetime(2000, 1, 1)
_MAX_COLUMN_WIDTH = 60
_WITHHELD_TEXT = re.compile(r"withheld|under \d+")


def workbook(title: str, tables: Sequence[PageTable], *, about: Sequence[str], withheld: str) -> bytes:
    """Return a workbook with a cover, contents, notes and one sheet for each table; the bytes are the same every time.

    Parameters
    ----------
    title : str
    tables : sequence of PageTable
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
    heading = book.add_format({"bold": True, "font_size": 14, "text_wrap": True})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    names = [f"Table_{number}" for number in range(1, len(tables) + 1)]
    _write_lines(book.add_worksheet("Cover"), [title, *about], heading, wrap)
    contents = PageTable(
        "Contents", ("Sheet", "Title"), tuple(zip(names, [table.title for table in tables], strict=True))
    )
    _write_table(book.add_worksheet("Contents"), contents, "Contents", heading, wrap, "One table a sheet.")
    notes = (
        ("[c]", withheld),
        ("[x]", "Not known: it could not be estimated, or no data were supplied."),
        ("[z]", "Not applicable: this row has no such number."),
    )
    _write_table(
        book.add_worksheet("Notes"), PageTable("Notes", ("Shorthand", "Meaning"), notes), "Notes", heading, wrap,
        "What is written where a number is not shown.",
    )  # fmt: skip
    for name, table in zip(names, tables, strict=True):
        line = "This sheet holds one table. Shorthand is explained on the sheet Notes."
        _write_table(book.add_worksheet(name), table, name, heading, wrap, line)
    book.close()
    return content.getvalue()


def _write_lines(sheet: Worksheet, lines: Sequence[str], heading: object, wrap: object) -> None:
    sheet.set_column(0, 0, 100)
    for number, line in enumerate(lines):
        sheet.write_string(number, 0, _clean_text(line), wrap if number else heading)


def _write_table(sheet: Worksheet, table: PageTable, name: str, heading: object, wrap: object, line: str) -> None:
    sheet.write_string(0, 0, _clean_text(table.title), heading)
    sheet.write_string(1, 0, line)
    rows = [[_cell_value(text) for text in row] for row in table.rows]
    heads = _unique_heads([_clean_text(head) for head in table.heads])
    first_row, last_column = 2, len(heads) - 1
    sheet.add_table(
        first_row, 0, first_row + len(rows), last_column,
        {"name": f"{name}_data", "columns": [{"header": head} for head in heads], "autofilter": False, "style": None},
    )  # fmt: skip
    for column, head in enumerate(heads):
        sheet.write_string(first_row, column, head, wrap)
        texts = [str(row[column]) for row in rows]
        sheet.set_column(
            column, column, min(max(8, *(len(text) + 2 for text in [head[:24], *texts])), _MAX_COLUMN_WIDTH)
        )
    for number, row in enumerate(rows, start=first_row + 1):
        for column, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(number, column, value, wrap)
            else:
                sheet.write_number(number, column, value)
    sheet.freeze_panes(first_row + 1, 1)


def _cell_value(text: str) -> int | float | str:
    """Return the value of a cell: a number, text, or shorthand if a number is not shown."""
    if not text:
        return "[z]"
    if _WITHHELD_TEXT.fullmatch(text) or text.startswith("withheld:"):
        return "[c]"
    if text == "not known":
        return "[x]"
    value = cell_value(text)
    return _clean_text(value) if isinstance(value, str) else value


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
    """Return text without characters that XML forbids, cut to the length of a cell."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", visible_text(text))[:32_000]
