"""From events to what the rooms work on: distinct weighted points, and counts by zone and day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from geoharm.model import Measure, Period, Points, Window, Zone, ZoneCounts
from geoharm.store.connection import Store
from geoharm.store.ledger import coverage

ELSEWHERE = "elsewhere in the study area"
UNPLACED = "no usable place"


def zone_of(x: NDArray[np.float64], y: NDArray[np.float64], zones: Sequence[Zone]) -> NDArray[np.int64]:
    """Return the position of the first zone that holds each point, edges included; -1 where none does.

    Exact, by the geometry library's own predicate; the only place where points meet polygons.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        Metres.
    zones : sequence of Zone

    Returns
    -------
    ndarray of int, shape (n,)
    """
    found = np.full(x.size, -1, dtype=np.int64)
    for position, zone in enumerate(zones):
        shapely.prepare(zone.geometry)
        free = np.flatnonzero(found < 0)
        inside = shapely.intersects_xy(zone.geometry, x[free], y[free])
        found[free[inside]] = position
    return found


def reduce_zones(store: Store, operation: str, zones: Sequence[Zone], sources: Sequence[str]) -> None:
    """Count events by zone, category and day into ``tidy.zone_day``, replacing the operation's counts.

    Events on a default geocode or without a place go to the zone `UNPLACED`; those outside the study area are left
    out; those inside it but in no zone go to `ELSEWHERE`.
    """
    names = [*(zone.name for zone in zones), ELSEWHERE]
    with store.transaction() as connection:
        connection.execute("DELETE FROM tidy.zone_day WHERE operation = ?", [operation])
        found = connection.execute(
            "SELECT DISTINCT x, y FROM tidy.event WHERE place = 'inside' ORDER BY x, y"
        ).fetchnumpy()
        x, y = (np.asarray(found[key], dtype=np.float64) for key in ("x", "y"))
        member = zone_of(x, y, zones)
        labels = pa.array([names[position] for position in member], pa.string())  # -1 is the last name
        connection.register("zone_of_point", pa.table({"x": x, "y": y, "zone": labels}))
        for source in sources:
            connection.execute(
                """
                INSERT INTO tidy.zone_day
                SELECT $operation, source, category, coalesce(zone, $unplaced), day, count(*)
                FROM tidy.event AS e LEFT JOIN zone_of_point AS z ON e.x = z.x AND e.y = z.y AND place = 'inside'
                WHERE source = $source AND place <> 'outside' GROUP BY ALL ORDER BY ALL
                """,
                {"operation": operation, "source": source, "unplaced": UNPLACED},
            )
        connection.unregister("zone_of_point")


def zone_counts(store: Store, operation: str, measure: Measure, zones: Sequence[Zone]) -> ZoneCounts:
    """Return a measure's counts by zone and date; the last rows are `ELSEWHERE` and `UNPLACED`."""
    names = (*(zone.name for zone in zones), ELSEWHERE, UNPLACED)
    found = store.connection.execute(
        f"""
        SELECT zone, day, CAST(sum(events) AS BIGINT) AS events FROM tidy.zone_day
        WHERE operation = $operation AND source = $source {_category_filter(measure)}
        GROUP BY ALL ORDER BY day, zone
        """,
        {"operation": operation, "source": measure.source} | _category_values(measure),
    ).fetchnumpy()
    days = np.asarray(found["day"]).astype("datetime64[D]")
    dates, column = np.unique(days, return_inverse=True)
    row_of = {name: position for position, name in enumerate(names)}
    rows = np.array([row_of[str(zone)] for zone in found["zone"]], dtype=np.int64)
    counts = np.zeros((len(names), dates.size), dtype=np.int64)
    np.add.at(counts, (rows, column), np.asarray(found["events"], dtype=np.int64))
    span, missing, by_month = coverage(store, measure.source)
    return ZoneCounts(measure.name, names, dates, counts, by_month, span, missing)


def points(store: Store, measure: Measure, window: Window) -> Points:
    """Return the distinct located places of a measure in a window, with the events at each.

    Default geocodes, rows without a place and rows outside the study area are left out.
    """
    spans = " OR ".join(f"day >= DATE '{p.start}' AND day < DATE '{p.end}'" for p in window.periods)
    found = store.connection.execute(
        f"""
        SELECT x, y, CAST(count(*) AS DOUBLE) AS n FROM tidy.event
        WHERE source = $source AND place = 'inside' AND ({spans}) {_category_filter(measure)}
        GROUP BY x, y ORDER BY x, y
        """,
        {"source": measure.source} | _category_values(measure),
    ).fetchnumpy()
    return Points(*(np.asarray(found[key], dtype=np.float64) for key in ("x", "y", "n")))


def categories(store: Store, source: str) -> dict[str, int]:
    """Return a source's categories with their events, the most frequent first."""
    rows = store.connection.execute(
        "SELECT category, count(*) AS n FROM tidy.event WHERE source = ? GROUP BY category ORDER BY n DESC, category",
        [source],
    ).fetchall()
    return {str(category): int(count) for category, count in rows}


def whole_period(span: Period, missing: Sequence[date]) -> Window:
    """Return the window of every covered day that has data."""
    return Window("whole period", (span,)).without_months(missing)


def _category_filter(measure: Measure) -> str:
    if not measure.categories:
        return ""
    return "AND category IN (" + ", ".join(f"$category_{i}" for i in range(len(measure.categories))) + ")"


def _category_values(measure: Measure) -> dict[str, str]:
    return {f"category_{i}": name for i, name in enumerate(measure.categories)}
