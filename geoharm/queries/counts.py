"""From events to the data of the analysis: distinct points, and counts by zone or cell and day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from geoharm.engines.duckdb import DuckDBEngine
from geoharm.errors import DesignError
from geoharm.geo.point_in_polygon import locate_points
from geoharm.model.counts import ELSEWHERE, UNPLACED, UNPLACED_NEAR, ZoneCounts
from geoharm.model.geometry import Zone, ZoneRole
from geoharm.model.grid import Grid
from geoharm.model.measure import Measure
from geoharm.model.period import Period, Window
from geoharm.model.points import DatedPoints, Points
from geoharm.queries.coverage import coverage


def delete_cell_counts(connection: duckdb.DuckDBPyConnection, source: str) -> None:
    """Remove a source's counts by cell, since its events have changed or another grid is needed."""
    for table in ("cell_day", "cell_grid"):
        connection.execute(f"DELETE FROM tidy.{table} WHERE source = ?", [source])


FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


def zone_index(x: FloatArray, y: FloatArray, zones: Sequence[Zone]) -> IntArray:
    """Return the position of the first zone that contains each point, edges included; -1 if none does.

    The result is exact for any number of points; see `geoharm.geo.point_in_polygon`, which does every such test.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        Metres.
    zones : sequence of Zone

    Returns
    -------
    ndarray of int, shape (n,)
    """
    return locate_points(x, y, [zone.geometry for zone in zones])


def reduce_zones(engine: DuckDBEngine, operation: str, zones: Sequence[Zone], sources: Sequence[str]) -> None:
    """Count events by zone, category and day into ``tidy.zone_day``, replacing the operation's counts.

    - Events in the study area but in no zone are counted in `ELSEWHERE`.
    - Events on a default geocode or without a place are counted in `UNPLACED`; or in `UNPLACED_NEAR`, if their address
      text names a street on which a located event lies in the target area.
    - Events outside the study area are not counted.

    Parameters
    ----------
    engine : DuckDBEngine
    operation : str
    zones : sequence of Zone
    sources : sequence of str
    """
    names = [*(zone.name for zone in zones), ELSEWHERE]
    target = [zone for zone in zones if zone.role is ZoneRole.TARGET]
    with engine.transaction() as connection:
        connection.execute("DELETE FROM tidy.zone_day WHERE operation = ?", [operation])
        x, y = _distinct_places(connection, sources)
        zone_positions = zone_index(x, y, zones)
        labels = pa.array([names[position] for position in zone_positions], pa.string())  # -1 is the last name
        connection.register("zone_of_point", pa.table({"x": x, "y": y, "zone": labels}))
        for source in sources:
            _find_rows_near_target(connection, source, target)
            connection.execute(
                """
                INSERT INTO tidy.zone_day
                SELECT $operation, e.source, category,
                    coalesce(zone, CASE WHEN n.line IS NULL THEN $unplaced ELSE $near END), day, count(*)
                FROM tidy.event AS e LEFT JOIN zone_of_point AS z ON e.x = z.x AND e.y = z.y AND place = 'inside'
                LEFT JOIN near AS n ON n.file = e.file AND n.line = e.line AND place <> 'inside'
                WHERE e.source = $source AND place <> 'outside' GROUP BY ALL ORDER BY ALL
                """,
                {"operation": operation, "source": source, "unplaced": UNPLACED, "near": UNPLACED_NEAR},
            )
        connection.execute("DROP TABLE IF EXISTS near")
        connection.unregister("zone_of_point")


def cell_counts(
    engine: DuckDBEngine, measure: Measure, grid: Grid
) -> tuple[IntArray, NDArray[np.datetime64], IntArray]:
    """Return a measure's counts by square cell and day, from ``tidy.cell_day``, which is computed at the first call.

    Only located events in the study area are counted: default geocodes and rows without a place are in no cell.

    Parameters
    ----------
    engine : DuckDBEngine
    measure : Measure
    grid : Grid
        For example that of the hotspots; cells are half-open, see `Grid.cell_of`.

    Returns
    -------
    cells : ndarray of int, shape (n,)
        ``row * grid.nx + column``.
    days : ndarray of datetime64[D], shape (n,)
        The first day of the month if the source has no days.
    counts : ndarray of int, shape (n,)
        1 or more; a cell and day that is not listed had no event. Ordered by cell, then day.

    Raises
    ------
    DesignError
        If located events of the source lie outside the grid, since they would be lost.
    """
    with engine.transaction() as connection:
        stored_grid = connection.execute(
            "SELECT * EXCLUDE (source) FROM tidy.cell_grid WHERE source = ?", [measure.source]
        )
        if stored_grid.fetchall() != [(grid.x0, grid.y0, grid.cell, grid.nx, grid.ny)]:
            _count_cells(connection, measure.source, grid)
        rows = connection.execute(
            f"""
            SELECT cell, day, CAST(sum(events) AS BIGINT) AS events FROM tidy.cell_day
            WHERE source = $source {category_filter(measure)} GROUP BY cell, day ORDER BY cell, day
            """,
            {"source": measure.source} | category_values(measure),
        ).fetchnumpy()
    cells, events = (np.asarray(rows[key], dtype=np.int64) for key in ("cell", "events"))
    return cells, np.asarray(rows["day"]).astype("datetime64[D]"), events


def _count_cells(connection: duckdb.DuckDBPyConnection, source: str, grid: Grid) -> None:
    """Count a source's events by cell, category and day into ``tidy.cell_day``, replacing its earlier counts."""
    delete_cell_counts(connection, source)
    x, y = _distinct_places(connection, [source])
    cell = grid.cell_of(x, y)
    if off_grid := int((cell < 0).sum()):
        msg = (
            f'The grid does not cover the study area: {off_grid:,} of {x.size:,} places of "{source}" lie outside it; make it with '
            "grid_over and the study area's boundary."
        )
        raise DesignError(msg)
    connection.register("cell_of_point", pa.table({"x": x, "y": y, "cell": cell}))
    connection.execute(
        """
        INSERT INTO tidy.cell_day
        SELECT source, category, cell, day, count(*) FROM tidy.event JOIN cell_of_point USING (x, y)
        WHERE source = $1 AND place = 'inside' GROUP BY ALL ORDER BY ALL
        """,
        [source],
    )
    connection.unregister("cell_of_point")
    connection.execute(
        "INSERT INTO tidy.cell_grid VALUES (?, ?, ?, ?, ?, ?)", [source, grid.x0, grid.y0, grid.cell, grid.nx, grid.ny]
    )


def _distinct_places(connection: duckdb.DuckDBPyConnection, sources: Sequence[str]) -> tuple[FloatArray, FloatArray]:
    """Return the distinct places of sources' located events."""
    rows = connection.execute(
        "SELECT DISTINCT x, y FROM tidy.event WHERE place = 'inside' AND source IN (SELECT unnest($1)) ORDER BY x, y",
        [list(sources)],
    ).fetchnumpy()
    x, y = (np.asarray(rows[axis], dtype=np.float64) for axis in ("x", "y"))
    return x, y


def _find_rows_near_target(connection: duckdb.DuckDBPyConnection, source: str, target: Sequence[Zone]) -> None:
    """Make ``near``: rows without a usable place whose address names a street with a located event in the target area."""
    street_points = connection.execute(
        "SELECT street, x, y FROM tidy.street_point WHERE source = ? ORDER BY ALL", [source]
    ).fetchnumpy()
    x, y = (np.asarray(street_points[axis], dtype=np.float64) for axis in ("x", "y"))
    inside = zone_index(x, y, target) >= 0
    connection.register(
        "streets", pa.table({"street": pa.array(sorted(set(street_points["street"][inside])), pa.string())})
    )
    connection.execute(
        """
        CREATE OR REPLACE TEMP TABLE near AS
        SELECT file, line FROM tidy.row SEMI JOIN (
            SELECT address FROM tidy.unplaced_street SEMI JOIN streets USING (street) WHERE source = $1
        ) USING (address) WHERE source = $1
        """,
        [source],
    )
    connection.unregister("streets")


def zone_counts(engine: DuckDBEngine, operation: str, measure: Measure, zones: Sequence[Zone]) -> ZoneCounts:
    """Return a measure's counts by zone and date; the last rows are `ELSEWHERE`, `UNPLACED_NEAR`, `UNPLACED`.

    Parameters
    ----------
    engine : DuckDBEngine
    operation : str
        Whose counts `reduce_zones` has made.
    measure : Measure
    zones : sequence of Zone
        The zones given to `reduce_zones`.
    """
    names = (*(zone.name for zone in zones), ELSEWHERE, UNPLACED_NEAR, UNPLACED)
    counted = engine.connection.execute(
        f"""
        SELECT zone, day, CAST(sum(events) AS BIGINT) AS events FROM tidy.zone_day
        WHERE operation = $operation AND source = $source {category_filter(measure)}
        GROUP BY ALL ORDER BY day, zone
        """,
        {"operation": operation, "source": measure.source} | category_values(measure),
    ).fetchnumpy()
    days = np.asarray(counted["day"]).astype("datetime64[D]")
    dates, date_indices = np.unique(days, return_inverse=True)
    row_by_zone = {name: position for position, name in enumerate(names)}
    row_indices = np.array([row_by_zone[str(zone)] for zone in counted["zone"]], dtype=np.int64)
    counts = np.zeros((len(names), dates.size), dtype=np.int64)
    np.add.at(counts, (row_indices, date_indices), np.asarray(counted["events"], dtype=np.int64))
    span, missing, precision = coverage(engine, measure.source)
    by_month, by_year = precision in ("month", "year"), precision == "year"
    return ZoneCounts(measure.name, names, dates, counts, by_month, span, missing, by_year)


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


def whole_period(span: Period, missing: Sequence[date]) -> Window:
    """Return the window of every covered day that has data."""
    return Window("whole period", (span,)).without_months(missing)


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
