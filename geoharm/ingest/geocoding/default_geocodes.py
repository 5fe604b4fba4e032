"""Find default geocodes by rule: points that no address can have in truth."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from scipy.spatial import cKDTree

from geoharm.engines.base import Scratch

# A default geocode by share: at least this share of all located rows and this number of rows on one point, at least this
# many times the busiest point below that share, among at least this many points. A point with one address is a place.
MIN_SHARE, MIN_ROWS, TIMES_ORDINARY, MIN_POINTS = 0.05, 30, 10, 20
# A default geocode by text: at least this share and this many addresses, of which at least this share is also found at
# other points.
_MIN_TEXT_SHARE, _MIN_TEXT_ADDRESSES = 0.005, 50
_MIN_CONTRADICTED_SHARE = 0.5
# Points with at least this share of the rows are busy. A busy point within this distance (metres) of a busier one is
# the same point, written with other decimals.
BUSY_SHARE, SAME_POINT_WITHIN = 0.0025, 3.0


def find_default_geocodes(scratch: Scratch) -> None:
    """Fill ``new_default_geocode`` with points of ``place_count`` that no address can have in truth.

    They have an implausible share of a source's rows, or contradicting address texts.

    By share: at least 30 rows and 5 % of all located rows, ten times the busiest point below 5 %, among at least 20
    points. A point with only one address is taken for a place.

    By text: at least 0.5 % of all located rows under at least 50 different address texts, of which at least half are also
    found at other points. (A real place does not have fifty addresses that are elsewhere.)

    Busy points within 3 m of a busier one count as that point.
    """
    scratch.execute(
        "CREATE OR REPLACE TEMP TABLE spot AS SELECT x, y, address, CAST(sum(n) AS BIGINT) AS n FROM place_count "
        "GROUP BY x, y, address"
    )
    _group_busy_points(scratch)
    scratch.execute(
        """
        CREATE OR REPLACE TEMP TABLE new_default_geocode AS
        WITH grouped AS (
            SELECT k.x, k.y, coalesce(at_x, k.x) AS at_x, coalesce(at_y, k.y) AS at_y, address, n
            FROM spot AS k LEFT JOIN busy AS b ON k.x = b.x AND k.y = b.y WHERE k.x IS NOT NULL
        ), point AS (
            SELECT at_x, at_y, CAST(sum(n) AS BIGINT) AS n, count(DISTINCT address) AS addresses FROM grouped GROUP BY at_x, at_y
        ), ranked AS (
            SELECT *, sum(n) OVER () AS total, count(*) OVER () AS points FROM point
        ), ordinary AS (SELECT coalesce(max(n), 0) AS busiest FROM ranked WHERE n < $share * total), spread AS (
            SELECT address, count(*) AS points FROM (SELECT DISTINCT address, at_x, at_y FROM grouped
            WHERE address IS NOT NULL) GROUP BY address
        ), suspect AS (SELECT at_x, at_y FROM ranked WHERE n >= $text_share * total AND addresses >= $text_addresses),
        told AS (
            SELECT at_x, at_y, count(*) FILTER (points > 1) / count(*) AS elsewhere
            FROM (SELECT DISTINCT at_x, at_y, address FROM grouped SEMI JOIN suspect USING (at_x, at_y)
                WHERE address IS NOT NULL)
            JOIN spread USING (address) GROUP BY at_x, at_y
        ), found AS (
            SELECT at_x, at_y, n, n / total AS share, addresses,
                CASE WHEN coalesce(elsewhere, 0) >= $contradicted
                    THEN 'its address texts are also found at other points' ELSE 'its share of all rows' END AS reason
            FROM ranked LEFT JOIN told USING (at_x, at_y) CROSS JOIN ordinary
            WHERE (n >= $share * total AND n >= $rows AND points >= $points AND n >= $times * busiest
                    AND addresses <> 1)
                OR coalesce(elsewhere, 0) >= $contradicted
        )
        SELECT x, y, n AS events, share, addresses, reason, at_x, at_y
        FROM found JOIN (SELECT DISTINCT x, y, at_x, at_y FROM grouped) USING (at_x, at_y)
        ORDER BY n DESC, x, y
        """,
        {
            "share": MIN_SHARE, "rows": MIN_ROWS, "times": TIMES_ORDINARY, "points": MIN_POINTS, "text_share": _MIN_TEXT_SHARE,
            "text_addresses": _MIN_TEXT_ADDRESSES, "contradicted": _MIN_CONTRADICTED_SHARE,
        },
    )  # fmt: skip


def _group_busy_points(scratch: Scratch) -> None:
    """Make ``busy``: for each point with many rows, the busier point within 3 m that it counts as."""
    busy_points = scratch.execute(
        """
        SELECT x, y, CAST(sum(n) AS BIGINT) AS rows FROM spot WHERE x IS NOT NULL GROUP BY x, y
        HAVING rows >= greatest($rows / 2, $busy * (SELECT sum(n) FROM spot WHERE x IS NOT NULL)) ORDER BY rows DESC, x, y
        """,
        {"rows": MIN_ROWS, "busy": BUSY_SHARE},
    ).fetchnumpy()
    points = np.column_stack([np.asarray(busy_points[axis], dtype=np.float64) for axis in ("x", "y")])
    points = points[np.isfinite(points).all(axis=1)]
    representative = np.arange(len(points))
    for busier, less_busy in sorted(cKDTree(points).query_pairs(SAME_POINT_WITHIN)) if len(points) else ():
        if representative[busier] == busier and representative[less_busy] == less_busy:
            representative[less_busy] = busier
    group_points = points[representative]
    scratch.register(
        "groups",
        pa.table({"x": points[:, 0], "y": points[:, 1], "at_x": group_points[:, 0], "at_y": group_points[:, 1]}),
    )
    scratch.execute("CREATE OR REPLACE TEMP TABLE busy AS FROM groups")
    scratch.unregister("groups")
