"""Read a small sheet as rows of texts: the first sheet of a workbook, or a CSV file, without a format."""

from __future__ import annotations

import csv
import io
import itertools
from pathlib import Path

from geoharm import _limits
from geoharm.errors import DataError
from geoharm.ingest.readers.cells import cell_text
from geoharm.ingest.readers.input_files import single_input_file
from geoharm.ingest.readers.tabular import sheet_rows


def read_first_sheet(path: Path) -> list[list[str]]:
    """Return the first sheet's cells as texts, row by row; empty cells are empty texts.

    Raises
    ------
    DataError
        If the file is not a workbook or CSV file, or has more than 20,000 rows.
    """
    source = single_input_file(path)
    if path.suffix.lower() == ".csv":
        csv.field_size_limit(_limits.LINE_BYTES.most)
        try:
            with source.open() as stream, io.TextIOWrapper(stream, "utf-8-sig", newline="") as text:
                rows = [list(row) for row in itertools.islice(csv.reader(text), _limits.WEIGHT_ROWS.most + 1)]
        except UnicodeDecodeError as error:
            msg = f'The file "{path}" is not UTF-8 text; save it as UTF-8, or as a workbook.'
            raise DataError(msg) from error
        except csv.Error as error:
            msg = f'The file "{path}" is no CSV file: {error}; save it again.'
            raise DataError(msg) from error
    else:
        rows = [[cell_text(cell) or "" for cell in row] for row in sheet_rows(source, "")[1]]
    if len(rows) > _limits.WEIGHT_ROWS.most:
        msg = f'"{path}" {_limits.WEIGHT_ROWS.refusal()}.'
        raise DataError(msg)
    return rows
