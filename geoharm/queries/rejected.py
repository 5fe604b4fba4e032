"""Rejected rows that lie in an area: how many events a measure may lack there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geoharm.engines.base import Engine
from geoharm.geo.point_in_polygon import locate_points
from geoharm.model.measure import Measure
from geoharm.queries.events import all_rows, category_filter
from geoharm.queries.stored import stored_source

# Rows of the wrong shape, tests, and rows of other years are no events that a window lacks.
_NO_EVENTS = ("row", "remark")
_OTHER_YEARS = "%study period%"


def rejected_days(engine: Engine, measure: Measure, areas: Sequence[BaseGeometry]) -> list[NDArray[np.datetime64]]:
    """Return the days of a measure's rejected rows in each area, NaT where the day could not be read; each of shape (n,).

    Rows are left out that are tests, of the wrong shape, or dated outside the study period.

    Parameters
    ----------
    engine : Engine
    measure : Measure
    areas : sequence of geometry
    """
    stored = stored_source(engine, measure.source)
    faults = engine.table(f"fault_{stored.rule}", stored.parts)
    rows = engine.columns(
        f"""
        SELECT r.day, p.x, p.y FROM {all_rows(engine, stored)} AS r
        JOIN {faults} AS f ON f.part = r.part AND f.fault = r.fault
        JOIN {engine.table(f"place_{stored.rule}")} AS p ON p.place = r.place
        WHERE p.x IS NOT NULL AND f.column NOT IN ({", ".join(f"'{column}'" for column in _NO_EVENTS)})
        AND f.reason NOT LIKE '{_OTHER_YEARS}' {category_filter(engine, stored, measure)}
        ORDER BY r.part, r.line
        """
    )
    x, y, days = rows["x"].astype(float), rows["y"].astype(float), rows["day"].astype("datetime64[D]")
    return [days[locate_points(x, y, [area]) == 0] for area in areas]
