"""From events to the data of the analysis: distinct points, and counts by zone and day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from geoharm.engines.duckdb import DuckDBEngine
from geoharm.geo.point_in_polygon import locate_points
from geoharm.model.counts import ELSEWHERE, UNPLACED, UNPLACED_NEAR, ZoneCounts
from geoharm.model.geometry import Zone, ZoneRole
from geoharm.model.measure import Measure
from geoharm.model.period import Window
from geoharm.model.points import DatedPoints, Points
from geoharm.queries.coverage import coverage


def zone_counts(engine: DuckDBEngine, measure: Measure, zones: Sequence[Zone]) -> ZoneCounts:
    """Return a measure's counts by zone and date; the last rows are `ELSEWHERE`, `UNPLACED_NEAR`, `UNPLACED`.

    - Events in the study area but in no zone are counted in `ELSEWHERE`.
    - Events on a default geocode or without a place are counted in `UNPLACED`; or in `UNPLACED_NEAR`, if their address
      text names a street on which a located event lies in the target area.
    - Events outside the study area are not counted.

    Parameters
    ----------
    engine : DuckDBEngine
    measure : Measure
    zones : sequence of Zone
        An event in several zones counts in the first.
    """
    return _zone_counts(engine, measure, zones, _count_by_zone(engine, measure, zones))


def own_place_counts(engine: DuckDBEngine, measure: Measure, zones: Sequence[Zone]) -> ZoneCounts | None:
    """Return `zone_counts` without the rows that were placed by their address text; None if there are no such rows.

    Parameters
    ----------
    engine : DuckDBEngine
    measure : Measure
    zones : sequence of Zone
    """
    selection = {"source": measure.source} | category_values(measure)
    (recovered,) = engine.connection.execute(
        f"SELECT count(*) FROM tidy.event WHERE source = $source AND recovered {category_filter(measure)}", selection
    ).fetchone() or (0,)
    if not recovered:
        return None
    return _zone_counts(engine, measure, zones, _count_by_zone(engine, measure, zones, own_place=True))


def category_counts(engine: DuckDBEngine, measure: Measure, zones: Sequence[Zone]) -> dict[str, ZoneCounts]:
    """Return `zone_counts` of each category: those of the measure, or all of its source, the most frequent first.

    Parameters
    ----------
    engine : DuckDBEngine
    measure : Measure
    zones : sequence of Zone

    Returns
    -------
    mapping of category to ZoneCounts
        Empty if there are fewer than two categories.
    """
    categories = measure.categories or tuple(source_categories(engine, measure.source))
    if len(categories) < 2:
        return {}
    counted = _count_by_zone(engine, measure, zones)
    is_category = {category: counted["category"] == category for category in categories}
    return {
        category: _zone_counts(engine, measure, zones, {key: column[kept] for key, column in counted.items()})
        for category, kept in is_category.items()
    }


def _zone_counts(
    engine: DuckDBEngine, measure: Measure, zones: Sequence[Zone], counted: Mapping[str, NDArray[Any]]
) -> ZoneCounts:
    """Return the table of counts by zone and date from rows of zone, day and events."""
    names = (*(zone.name for zone in zones), ELSEWHERE, UNPLACED_NEAR, UNPLACED)
    dates, date_indices = np.unique(counted["day"], return_inverse=True)
    counts = np.zeros((len(names), dates.size), dtype=np.int64)
    np.add.at(counts, (counted["zone"], date_indices.ravel()), counted["events"])
    span, missing, precision = coverage(engine, measure.source)
    by_month, by_year = precision in ("month", "year"), precision == "year"
    return ZoneCounts(measure.name, names, dates, counts, by_month, span, missing, by_year)


def _count_by_zone(
    engine: DuckDBEngine, measure: Measure, zones: Sequence[Zone], *, own_place: bool = False
) -> dict[str, NDArray[Any]]:
    """Return the number of events by zone (its position; then elsewhere, unplaced near the target, unplaced), category and day.

    With `own_place`, rows that were placed by their address text are left out.
    """
    connection = engine.connection
    selection = {"source": measure.source} | category_values(measure)
    places = connection.execute(
        f"""
        SELECT DISTINCT x, y FROM tidy.event WHERE source = $source AND place = 'inside' {category_filter(measure)}
        ORDER BY x, y
        """,
        selection,
    ).fetchnumpy()
    x, y = (np.asarray(places[axis], dtype=np.float64) for axis in ("x", "y"))
    zone_of_place = locate_points(x, y, [zone.geometry for zone in zones])
    zone_of_place[zone_of_place < 0] = len(zones)
    connection.register("zone_of_place", pa.table({"x": x, "y": y, "zone": zone_of_place}))
    target = [zone for zone in zones if zone.role is ZoneRole.TARGET]
    connection.register("target_street", pa.table({"street": _streets_in(connection, measure.source, target)}))
    rows = connection.execute(
        f"""
        WITH near AS (
            SELECT file, line FROM tidy.row SEMI JOIN (
                SELECT address FROM tidy.unplaced_street SEMI JOIN target_street USING (street) WHERE source = $source
            ) USING (address) WHERE source = $source
        )
        SELECT category, CAST(coalesce(zone, CASE WHEN n.line IS NULL THEN $unplaced ELSE $near END) AS BIGINT) AS zone,
            day, count(*) AS events
        FROM tidy.event AS e LEFT JOIN zone_of_place AS z ON e.x = z.x AND e.y = z.y AND place = 'inside'
        LEFT JOIN near AS n ON n.file = e.file AND n.line = e.line AND place <> 'inside'
        WHERE e.source = $source AND place <> 'outside' AND (NOT recovered OR NOT $own_place) {category_filter(measure)}
        GROUP BY ALL ORDER BY ALL
        """,
        selection | {"near": len(zones) + 1, "unplaced": len(zones) + 2, "own_place": own_place},
    ).fetchnumpy()
    connection.unregister("zone_of_place")
    connection.unregister("target_street")
    return {
        "category": np.asarray(rows["category"], dtype=np.object_),
        "zone": np.asarray(rows["zone"], dtype=np.int64),
        "day": np.asarray(rows["day"]).astype("datetime64[D]"),
        "events": np.asarray(rows["events"], dtype=np.int64),
    }


def _streets_in(connection: duckdb.DuckDBPyConnection, source: str, target: Sequence[Zone]) -> pa.Array:
    """Return the names of the streets on which a located event lies in the target area."""
    rows = connection.execute(
        "SELECT street, x, y FROM tidy.street_point WHERE source = ? ORDER BY ALL", [source]
    ).fetchnumpy()
    x, y = (np.asarray(rows[axis], dtype=np.float64) for axis in ("x", "y"))
    inside = locate_points(x, y, [zone.geometry for zone in target]) >= 0
    return pa.array(sorted(set(rows["street"][inside])), pa.string())


def located_points(engine: DuckDBEngine, measure: Measure, window: Window, *, weighted: bool = False) -> Points:
    """Return the distinct located places of a measure in a window, with the number of events at each.

    Default geocodes, rows without a place and rows outside the study area are left out.

    Parameters
    ----------
    engine : DuckDBEngine
    measure : Measure
    window : Window
    weighted : bool
        If true, and the measure names a weight, the weight at a place is the sum of its events' weights, and the number
        of events is returned too. An event without a stated weight has the weight 1.
    """
    weight = ""
    if weighted and measure.weight:
        # Summed in order of size, so that rounding does not depend on the order of threads.
        weight = ", sum(coalesce(weight, 1) ORDER BY coalesce(weight, 1)) AS weight"
    rows = engine.connection.execute(
        f"""
        SELECT x, y, CAST(count(*) AS DOUBLE) AS n{weight} FROM tidy.event
        WHERE source = $source AND place = 'inside' AND ({window_filter(window)}) {category_filter(measure)}
        GROUP BY x, y ORDER BY x, y
        """,
        {"source": measure.source} | category_values(measure),
    ).fetchnumpy()
    keys = ("x", "y", "weight", "n") if weight else ("x", "y", "n")
    return Points(*(np.asarray(rows[key], dtype=np.float64) for key in keys))


def stated_weights(engine: DuckDBEngine, measure: Measure) -> tuple[int, int]:
    """Return the number of events of a measure, and the number of those with a stated weight."""
    totals = engine.connection.execute(
        f"SELECT count(*), count(weight) FROM tidy.event WHERE source = $source {category_filter(measure)}",
        {"source": measure.source} | category_values(measure),
    ).fetchall()[0]
    return int(totals[0]), int(totals[1])


def dated_points(engine: DuckDBEngine, measure: Measure, window: Window | None = None) -> DatedPoints:
    """Return the located places and days of a measure, in a window or at any time, with the number of events at each.

    This is `located_points` by day. The day is the first of the month if the source has no days.
    """
    in_window = window_filter(window) if window else "true"
    rows = engine.connection.execute(
        f"""
        SELECT x, y, day, CAST(count(*) AS DOUBLE) AS n FROM tidy.event
        WHERE source = $source AND place = 'inside' AND ({in_window}) {category_filter(measure)}
        GROUP BY x, y, day ORDER BY x, y, day
        """,
        {"source": measure.source} | category_values(measure),
    ).fetchnumpy()
    x, y, n = (np.asarray(rows[key], dtype=np.float64) for key in ("x", "y", "n"))
    return DatedPoints(x, y, np.asarray(rows["day"]).astype("datetime64[D]"), n)


def source_categories(engine: DuckDBEngine, source: str) -> dict[str, int]:
    """Return a source's categories with their numbers of events, the most frequent first."""
    rows = engine.connection.execute(
        "SELECT category, count(*) AS n FROM tidy.event WHERE source = ? GROUP BY category ORDER BY n DESC, category",
        [source],
    ).fetchall()
    return {str(category): int(count) for category, count in rows}


def window_filter(window: Window) -> str:
    """Return the SQL condition on the days of a window."""
    return " OR ".join(f"day >= DATE '{period.start}' AND day < DATE '{period.end}'" for period in window.periods)


def category_filter(measure: Measure) -> str:
    """Return the SQL condition on a measure's categories; its values come from `category_values`."""
    if not measure.categories:
        return ""
    return "AND category IN (" + ", ".join(f"$category_{index}" for index in range(len(measure.categories))) + ")"


def category_values(measure: Measure) -> dict[str, str]:
    """Return the values that `category_filter` binds."""
    return {f"category_{index}": name for index, name in enumerate(measure.categories)}
