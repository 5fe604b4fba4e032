"""The events of a source as SQL: kept rows of its partitions, with the place and category that their codes stand for."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geoharm._text import fold_category
from geoharm.engines.base import Engine
from geoharm.engines.sql import quote_text
from geoharm.model.measure import Measure
from geoharm.queries.stored import StoredSource

_FURTHER_COLUMNS = {
    "weight": "DOUBLE", "id": "BIGINT", "times": "INTEGER", "updated": "TIMESTAMP", "clock": "TIMESTAMP", "clock_end": "TIMESTAMP",
}  # fmt: skip


def all_rows(engine: Engine, source: StoredSource) -> str:
    """Return SQL for all rows of a source; ``part`` is the number of the file. What its format cannot fill is NULL."""
    columns = ", ".join(
        f"r.{name}" if name in source.columns else f"CAST(NULL AS {kind}) AS {name}"
        for name, kind in _FURTHER_COLUMNS.items()
    )
    rows = engine.table(f"row_{source.rule}", source.parts)
    return f"(SELECT r.part, r.line, r.day, r.place, r.category, r.fault, {columns} FROM {rows} AS r)"


def kept_rows(engine: Engine, source: StoredSource) -> str:
    """Return SQL for the rows of a source that are neither rejected nor duplicates, as `all_rows`."""
    rows = all_rows(engine, source)
    if not source.duplicates:
        return f"(SELECT r.* FROM {rows} AS r WHERE r.fault IS NULL)"
    duplicates = engine.table(f"duplicate_{source.state}")
    return (
        f"(SELECT r.* FROM {rows} AS r WHERE r.fault IS NULL AND NOT EXISTS "
        f"(SELECT 1 FROM {duplicates} AS d WHERE d.part = r.part AND d.line = r.line))"
    )


def spot_table(engine: Engine, source: StoredSource) -> str:
    """Return SQL for the places of a source's events: ``place``, ``point``, ``x``, ``y``, ``kind``, ``recovered``, ``how``."""
    return engine.table(f"spot_{source.state}")


def coordinates(
    engine: Engine, source: StoredSource, point: NDArray[Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return x and y in metres of points, each of shape (n,), by the column ``point`` of a source's places."""
    known = engine.columns(
        f"SELECT DISTINCT point, x, y FROM {spot_table(engine, source)} AS s WHERE point >= 0 ORDER BY point"
    )
    at = point.astype(np.int64)
    return known["x"].astype(np.float64)[at], known["y"].astype(np.float64)[at]


def category_names(engine: Engine, source: StoredSource) -> dict[int, str]:
    """Return the category that each code stands for; several codes, and all spellings of a category, stand for one."""
    rows = engine.rows(f"SELECT category, name FROM {engine.table(f'spelling_{source.state}')} AS c ORDER BY category")
    return {int(code): str(name) for code, name in rows}


def named_categories(engine: Engine, source: StoredSource, measure: Measure) -> tuple[str, ...]:
    """Return the categories of a measure in its order and in the spelling of the source's events, as typed if it has none."""
    name_of = {str(folded): str(name) for _, folded, name in _counted(engine, source, measure)}
    return tuple(dict.fromkeys(name_of.get(fold_category(category), category) for category in measure.categories))


def category_filter(engine: Engine, source: StoredSource, measure: Measure) -> str:
    """Return the SQL condition, with AND, that a row is of a measure's categories; empty if it has none."""
    if not measure.categories:
        return ""
    codes = [int(code) for code, _, _ in _counted(engine, source, measure)]
    return f"AND r.category IN ({', '.join(map(str, codes))})" if codes else "AND 1 = 0"


def _counted(engine: Engine, source: StoredSource, measure: Measure) -> list[tuple[Any, ...]]:
    """Return code, folded name and name of the categories that a measure counts, however they are spelt."""
    folds = ", ".join(quote_text(folded) for folded in sorted(set(map(fold_category, measure.categories))))
    return engine.rows(
        f"SELECT c.category, c.folded, c.name FROM {engine.table(f'spelling_{source.state}')} AS c "
        f"WHERE c.folded IN ({folds}) ORDER BY c.category"
    )


def hour_sql(source: StoredSource) -> str:
    """Return SQL for the hour of a row whose time is known, else NULL."""
    return f"CASE WHEN {_is_known(source)} AND coalesce(r.clock_end, r.clock) = r.clock THEN hour(r.clock) END"


def is_span_sql(source: StoredSource) -> str:
    """Return the SQL condition that a row lies in a known time span, from its ``clock`` to its ``clock_end``."""
    return f"({_is_known(source)} AND r.clock_end > r.clock)"


def _is_known(source: StoredSource) -> str:
    condition = "r.clock IS NOT NULL"
    if source.unknown_hours:
        hours = ", ".join(map(str, source.unknown_hours))
        condition += f" AND NOT (r.clock = date_trunc('hour', r.clock) AND hour(r.clock) IN ({hours}))"
    return condition
