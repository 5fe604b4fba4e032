"""Counts of a measure's events by place, and how many of them happened at night."""

from __future__ import annotations

import numpy as np

from geoharm.engines.base import Engine
from geoharm.model.measure import Measure
from geoharm.model.points import NightCounts
from geoharm.queries.events import category_filter, coordinates, hour_sql, kept_rows, spot_table
from geoharm.queries.stored import stored_source

FROM_HOUR, TO_HOUR = 22, 6


def night_counts(engine: Engine, measure: Measure) -> NightCounts:
    """Return the places of a measure's events with a known hour, the events at each, and those from 22:00 to 6:00."""
    stored = stored_source(engine, measure.source)
    hour = hour_sql(stored)
    rows = engine.columns(
        f"""
        SELECT point, count(*) AS n, CAST(sum(CASE WHEN hour >= {FROM_HOUR} OR hour < {TO_HOUR} THEN 1 ELSE 0 END) AS BIGINT) AS night
        FROM (
            SELECT s.point, {hour} AS hour FROM {kept_rows(engine, stored)} AS r
            JOIN {spot_table(engine, stored)} AS s ON s.place = r.place
            WHERE s.kind = 'inside' {category_filter(engine, stored, measure)}
        ) AS timed WHERE hour IS NOT NULL GROUP BY point ORDER BY point
        """
    )
    return NightCounts(
        *coordinates(engine, stored, rows["point"]), rows["n"].astype(np.float64), rows["night"].astype(np.float64)
    )
