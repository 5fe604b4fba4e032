"""The promise of a table: every number that the page prints is in the row's typed values."""

from __future__ import annotations

import re

from geoharm.report.document import Cell, Missing, Section, Table

_NUMBER = re.compile(r"(?<![\w.])[\u2212+]?\d[\d,]*(?:\.\d+)?")


def is_number(value):
    return isinstance(value, int | float)


def is_in_values(printed, numbers, words):
    """Whether a printed number is one of the numbers, or a share in percent, rounded as printed; or stands in the words."""
    decimals = len(printed.partition(".")[2])
    value = float(printed.replace("\u2212", "-").replace(",", ""))
    # Values in files have nine digits.
    half_unit = 0.5 * 10**-decimals + 1e-9 + 1e-8 * abs(value)
    return any(abs(value - factor * number) <= half_unit for number in numbers for factor in (1, 100)) or any(
        printed in text for text in words
    )


def check_printed_numbers(section: Section, *, least: int) -> None:
    """Check every cell with numbers of every table; `least` is how many such cells the section has at least."""
    checked = 0
    for table in section.tables:
        heads = " ".join((*table.file_heads, table.caption))
        for row in table.rows:
            values = [value for cell in row.cells for value in cell.values]
            numbers = [value for value in values if is_number(value)]
            words = [heads, *(value for value in values if isinstance(value, str))]
            for cell in row.cells:
                if not any(map(is_number, cell.values)):
                    continue
                text = cell.text.replace("benefit ", "\u2212")
                for printed in _NUMBER.findall(text):
                    assert is_in_values(printed, numbers, words), (section.anchor, cell)
                checked += 1
        assert all(len(values) == len(table.file_heads) for values in table.file_rows())
        assert len(set(table.file_heads)) == len(table.file_heads), table.file_heads
    assert checked >= least, (section.anchor, checked)


def table_named(section: Section, start: str) -> Table:
    """The table whose name in files starts so."""
    return next(table for title, table in section.titled_tables() if title.startswith(start))


def cell_of(table: Table, row: str, head: str) -> Cell:
    """The cell in a row, by the text of its first cell, and in a column, by its heading."""
    found = next(line for line in table.rows if line.cells[0].text == row)
    return next(cell for column, cell in table.cells_of(found) if column.head == head)


def file_record(table: Table, row: int = 0) -> dict[str, int | float | str | Missing]:
    """One row as files have it, by heading."""
    return dict(zip(table.file_heads, table.file_rows()[row], strict=True))
