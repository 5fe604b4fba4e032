"""What only all files of a source together can tell: duplicates, default geocodes, what lies in the study area."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from geoharm.errors import GateError
from geoharm.model import Period, StudyArea
from geoharm.store.connection import Store
from geoharm.store.formats import Format
from geoharm.store.notes import forget_notes

# A default geocode by share: this much of all located rows and this many rows on one point, this many times the
# busiest point below that share, among this many points; and not all under one address, which would be a place.
_SHARE, _ROWS, _TIMES_ORDINARY, _POINTS = 0.05, 30, 10, 20
# By address text: this share, and this many addresses, most of them also found at other points.
_TEXT_SHARE, _TEXT_ADDRESSES = 0.005, 50
_TEXT_CONTRADICTED = 0.5


def settle_source(store: Store, source: str, layout: Format, area: StudyArea, covers: Period | None) -> None:
    """Rebuild ``tidy.event``, ``tidy.duplicate`` and ``tidy.default_geocode`` of a source from its rows.

    Files in any order give the same tables: of rows that are the same event, the one in the first file (by name)
    and line is kept.
    """
    with store.transaction() as connection:
        for table in ("source", "event", "duplicate", "default_geocode"):
            connection.execute(f"DELETE FROM tidy.{table} WHERE source = ?", [source])
        forget_notes(connection, source)
        connection.execute(
            "INSERT INTO tidy.source VALUES (?, ?, ?, ?)",
            [source, layout.by_month, covers and covers.start, covers and covers.end],
        )
        connection.execute(
            """
            INSERT INTO tidy.duplicate
            SELECT source, file, line, first_file, first_line FROM (
                SELECT source, file, line,
                    row_number() OVER same_event AS nth,
                    first_value(file) OVER same_event AS first_file,
                    first_value(line) OVER same_event AS first_line
                FROM tidy.row WHERE source = ? AND same IS NOT NULL
                WINDOW same_event AS (PARTITION BY same ORDER BY file, line)
            ) WHERE nth > 1 ORDER BY file, line
            """,
            [source],
        )
        connection.execute(
            """
            CREATE OR REPLACE TEMP TABLE kept AS
            SELECT * FROM tidy.row AS r WHERE source = ? AND NOT EXISTS (
                FROM tidy.duplicate AS d WHERE d.source = r.source AND d.file = r.file AND d.line = r.line)
            """,
            [source],
        )
        _find_default_geocodes(store, source)
        found = connection.execute("SELECT DISTINCT x, y FROM kept WHERE x IS NOT NULL ORDER BY x, y").fetchnumpy()
        x, y = (np.asarray(found[key], dtype=np.float64) for key in ("x", "y"))
        shapely.prepare(area.boundary)
        inside = shapely.intersects_xy(area.boundary, x, y) & np.isfinite(x) & np.isfinite(y)
        connection.register("place_of", pa.table({"x": x, "y": y, "inside": inside}))
        connection.execute(
            """
            INSERT INTO tidy.event
            SELECT k.source, file, line, day, k.x, k.y, category, weight,
                CASE WHEN k.x IS NULL THEN 'no place' WHEN g.x IS NOT NULL THEN 'default geocode'
                    WHEN inside THEN 'inside' ELSE 'outside' END
            FROM kept AS k LEFT JOIN place_of AS p ON k.x = p.x AND k.y = p.y
            LEFT JOIN tidy.default_geocode AS g ON g.source = k.source AND g.x = k.x AND g.y = k.y
            ORDER BY file, line
            """
        )
        connection.unregister("place_of")
        _refuse_elsewhere(connection, source, x, y)
        connection.execute("DROP TABLE kept")


def _refuse_elsewhere(
    connection: duckdb.DuckDBPyConnection, source: str, x: NDArray[np.float64], y: NDArray[np.float64]
) -> None:
    """Refuse a source of which no located row lies in the study area: the wrong city, or the wrong system."""
    inside = connection.execute(
        "SELECT count(*) FROM tidy.event WHERE source = ? AND place IN ('inside', 'default geocode')", [source]
    ).fetchall()[0][0]
    if x.size and not inside:
        msg = (
            f'No located row of "{source}" lies in the study area; they lie at {x.min():,.0f} to {x.max():,.0f} east, '
            f"{y.min():,.0f} to {y.max():,.0f} north in the study's metres. Check the study area, and the format's "
            "coordinate system (location.crs)."
        )
        raise GateError(msg)


def _find_default_geocodes(store: Store, source: str) -> None:
    """Find points that hold an implausible share of a source, or whose address texts say they are elsewhere.

    By share: at least 30 rows and 5 % of all located rows, ten times the busiest point below 5 %, among at least 20
    points; a point with one address only is taken for a place. By text: at least 0.5 % of all located rows under at
    least 50 different address texts, of which at least half are also found at other points (a place does not have
    fifty addresses that are somewhere else).
    """
    store.connection.execute(
        """
        INSERT INTO tidy.default_geocode
        WITH point AS (
            SELECT x, y, count(*) AS n, count(DISTINCT address) AS addresses FROM kept WHERE x IS NOT NULL GROUP BY x, y
        ), ranked AS (
            SELECT *, sum(n) OVER () AS total, count(*) OVER () AS points FROM point
        ), ordinary AS (SELECT coalesce(max(n), 0) AS busiest FROM ranked WHERE n < $share * total), spread AS (
            SELECT address, count(*) AS points FROM (SELECT DISTINCT address, x, y FROM kept
            WHERE address IS NOT NULL AND x IS NOT NULL) GROUP BY address
        ), suspect AS (SELECT x, y FROM ranked WHERE n >= $text_share * total AND addresses >= $text_addresses),
        told AS (
            SELECT x, y, count(*) FILTER (points > 1) / count(*) AS elsewhere
            FROM (SELECT DISTINCT x, y, address FROM kept SEMI JOIN suspect USING (x, y) WHERE address IS NOT NULL)
            JOIN spread USING (address) GROUP BY x, y
        )
        SELECT $source, x, y, n, n / total, addresses,
            CASE WHEN coalesce(elsewhere, 0) >= $contradicted
                THEN 'its address texts are also found at other points' ELSE 'its share of all rows' END
        FROM ranked LEFT JOIN told USING (x, y) CROSS JOIN ordinary
        WHERE (n >= $share * total AND n >= $rows AND points >= $points AND n >= $times * busiest AND addresses <> 1)
            OR coalesce(elsewhere, 0) >= $contradicted
        ORDER BY n DESC, x, y
        """,
        {
            "source": source, "share": _SHARE, "rows": _ROWS, "times": _TIMES_ORDINARY, "points": _POINTS, "text_share": _TEXT_SHARE,
            "text_addresses": _TEXT_ADDRESSES, "contradicted": _TEXT_CONTRADICTED,
        },
    )  # fmt: skip
