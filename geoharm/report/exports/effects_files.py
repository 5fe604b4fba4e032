"""``effects.csv`` and ``effects.parquet``: the rows of effects for spreadsheets and statistics programs."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import astuple

import pandas as pd

from geoharm.report.escape import cell_text
from geoharm.report.exports.effects_table import COLUMNS, REAL, WHOLE, EffectRow

_YES = ("placebo", "primary", "calibrated")
_DAYS = ("window_start", "window_end")


def effects_csv(rows: Sequence[EffectRow]) -> str:
    """Return rows as CSV for any spreadsheet: a mark of UTF-8, a header, points in numbers, nothing that would be run."""
    text = io.StringIO()
    text.write("\ufeff")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([_csv_value(value) for value in astuple(row)] for row in rows)
    return text.getvalue()


def effects_frame(rows: Sequence[EffectRow]) -> pd.DataFrame:
    """Return rows as a data frame with one type a column, also if there are no rows; what is not known is missing."""
    frame = pd.DataFrame([astuple(row) for row in rows], columns=list(COLUMNS), dtype=object)
    types = dict.fromkeys(WHOLE, "Int64") | dict.fromkeys(REAL, "Float64") | dict.fromkeys(_YES, "bool")
    texts = [name for name in COLUMNS if name not in types and name not in _DAYS]
    return frame.astype(types | dict.fromkeys(texts, "string"))


def effects_parquet(rows: Sequence[EffectRow]) -> bytes:
    """Return rows as Parquet with typed columns; days are dates. The same rows give the same bytes."""
    content = io.BytesIO()
    frame = effects_frame(rows)
    if not rows:  # A column without a value has no type of its own.
        frame = frame.astype(dict.fromkeys(_DAYS, "datetime64[s]"))
    frame.to_parquet(content, engine="pyarrow", index=False)
    return content.getvalue()


def _csv_value(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return cell_text(" ".join(value.split())) if isinstance(value, str) else value
