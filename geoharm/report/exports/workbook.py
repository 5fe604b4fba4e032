"""The tables of a study as one Excel workbook, laid out as the UK government's guidance on spreadsheets asks."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import datetime

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from geoharm._text import visible_text
from geoharm.report.exports.tables import PageTable, cell_value

_CREATED = datetime(2000, 1, 1)
_WIDEST = 60
_WITHHELD = re.compile(r"withheld|under \d+")


def workbook(title: str, tables: Sequence[PageTable], *, about: Sequence[str], withheld: str) -> bytes:
    """Return a workbook: cover, contents, notes, and one table a sheet, as bytes that are the same every time.

    Parameters
    ----------
    title : str
    tables : sequence of Table
    about : sequence of str
        Lines of the cover.
    withheld : str
        What the shorthand [c] stands for.

    Notes
    -----
    No cell holds a formula or a link, none is merged, none is hidden, and no row or column of a table is empty; tables
    begin in column A and are marked as tables. Shorthand as in
    https://analysisfunction.civilservice.gov.uk/policy-store/symbols-in-tables-definitions-and-help/
    """
    content = io.BytesIO()
    book = xlsxwriter.Workbook(
        content,
        {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    book.set_properties({"title": _clean(title), "created": _CREATED, "language": "en-GB"})
    heading = book.add_format({"bold": True, "font_size": 14, "text_wrap": True})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    names = [f"Table_{number}" for number in range(1, len(tables) + 1)]
    _lines(book.add_worksheet("Cover"), [title, *about], heading, wrap)
    contents = PageTable("Contents", ("Sheet", "Title"), tuple(zip(names, [one.title for one in tables], strict=True)))
    _sheet(book.add_worksheet("Contents"), contents, "Contents", heading, wrap, "One table a sheet.")
    notes = (
        ("[c]", withheld),
        ("[x]", "Not known: it could not be estimated, or no data were supplied."),
        ("[z]", "Not applicable: this row has no such number."),
    )
    _sheet(
        book.add_worksheet("Notes"), PageTable("Notes", ("Shorthand", "Meaning"), notes), "Notes", heading, wrap,
        "What is written where a number is not shown.",
    )  # fmt: skip
    for name, table in zip(names, tables, strict=True):
        line = "This sheet holds one table. Shorthand is explained on the sheet Notes."
        _sheet(book.add_worksheet(name), table, name, heading, wrap, line)
    book.close()
    return content.getvalue()


def _lines(sheet: Worksheet, lines: Sequence[str], heading: object, wrap: object) -> None:
    sheet.set_column(0, 0, 100)
    for number, line in enumerate(lines):
        sheet.write_string(number, 0, _clean(line), wrap if number else heading)


def _sheet(sheet: Worksheet, table: PageTable, name: str, heading: object, wrap: object, line: str) -> None:
    sheet.write_string(0, 0, _clean(table.title), heading)
    sheet.write_string(1, 0, line)
    rows = [[_value(text) for text in row] for row in table.rows]
    heads = _apart([_clean(head) for head in table.heads])
    top, right = 2, len(heads) - 1
    sheet.add_table(
        top, 0, top + len(rows), right,
        {"name": f"{name}_data", "columns": [{"header": head} for head in heads], "autofilter": False, "style": None},
    )  # fmt: skip
    for column, head in enumerate(heads):
        sheet.write_string(top, column, head, wrap)
        texts = [str(row[column]) for row in rows]
        sheet.set_column(column, column, min(max(8, *(len(text) + 2 for text in [head[:24], *texts])), _WIDEST))
    for number, row in enumerate(rows, start=top + 1):
        for column, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(number, column, value, wrap)
            else:
                sheet.write_number(number, column, value)
    sheet.freeze_panes(top + 1, 1)


def _value(text: str) -> int | float | str:
    """Return a cell: a number, shorthand where a number is not shown, or text."""
    if not text:
        return "[z]"
    if _WITHHELD.fullmatch(text) or text.startswith("withheld:"):
        return "[c]"
    if text == "not known":
        return "[x]"
    value = cell_value(text)
    return _clean(value) if isinstance(value, str) else value


def _apart(heads: Sequence[str]) -> list[str]:
    """Return heads of which no two are alike, as a marked table needs."""
    found: list[str] = []
    for head in heads:
        number = sum(re.fullmatch(re.escape(head) + r"( \d+)?", one, re.IGNORECASE) is not None for one in found)
        found.append(f"{head} {number + 1}" if number else head)
    return found


def _clean(text: str) -> str:
    """Return text that XML can hold and that is no longer than a cell."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", "", visible_text(text))[:32_000]
