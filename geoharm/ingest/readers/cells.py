"""Cells of sheets and frames as the texts that a format's patterns expect."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np


def cell_text(value: Any) -> str | None:
    """Return a cell of a sheet or frame as the text that a format's patterns expect; None if it is empty."""
    if value is None or value == "" or value is np.ma.masked or value != value:  # noqa: PLR0124 NaN is not itself
        return None
    if isinstance(value, datetime):
        return _moment_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _moment_text(moment: datetime) -> str:
    """Return a time as text: in UTC with the ending +00 if it has an offset, as a day if it is midnight."""
    if moment.tzinfo is not None:
        return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S+00")
    midnight = moment.hour == moment.minute == moment.second == 0
    return moment.strftime("%Y-%m-%d" if midnight else "%Y-%m-%d %H:%M:%S")
