"""Counts of a measure's events by place, and how many of them happened at night."""

from __future__ import annotations

import numpy as np

from geoharm.engines.duckdb import DuckDBEngine
from geoharm.model.measure import Measure
from geoharm.model.points import NightCounts
from geoharm.queries.counts import category_filter, category_values

FROM_HOUR, TO_HOUR = 22, 6


def night_counts(engine: DuckDBEngine, measure: Measure) -> NightCounts:
    """Return the places of a measure's events with a known hour, the events at each, and those from 22:00 to 6:00."""
    rows = engine.connection.execute(
        f"""
        SELECT x, y, CAST(count(*) AS DOUBLE) AS n,
            CAST(count(*) FILTER (WHERE hour >= {FROM_HOUR} OR hour < {TO_HOUR}) AS DOUBLE) AS night FROM tidy.event
        WHERE source = $source AND place = 'inside' AND hour IS NOT NULL {category_filter(measure)}
        GROUP BY x, y ORDER BY x, y
        """,
        {"source": measure.source} | category_values(measure),
    ).fetchnumpy()
    return NightCounts(*(np.asarray(rows[key], dtype=np.float64) for key in ("x", "y", "n", "night")))
