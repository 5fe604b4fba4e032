"""Default geocodes: found by rule, and their rows placed by address text where located rows agree."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
from scipy.spatial import cKDTree

from geoharm.ingest.geocoding.addresses import read_address
from geoharm.ingest.geocoding.recover import LocatedRows, recover_places
from geoharm.ingest.quality_notes import save_note
from geoharm.model.ledger import PLACED, QualityNote

# A default geocode by share: this much of all located rows and this many rows on one point, this many times the
# busiest point below that share, among this many points; and not all under one address, which would be a place.
_SHARE, _ROWS, _TIMES_ORDINARY, _POINTS = 0.05, 30, 10, 20
# By address text: this share, and this many addresses, most of them also found at other points.
_TEXT_SHARE, _TEXT_ADDRESSES = 0.005, 50
_TEXT_CONTRADICTED = 0.5
# Busy points this near to a busier one are the same point, written with other decimals.
_BUSY, _NEAR = 0.0025, 3.0


def find_default_geocodes(connection: duckdb.DuckDBPyConnection, source: str) -> None:
    """Find points in ``spot`` that hold an implausible share of a source, or whose address texts contradict them.

    By share: at least 30 rows and 5 % of all located rows, ten times the busiest point below 5 %, among at least 20
    points; a point with one address only is taken for a place. By text: at least 0.5 % of all located rows under at
    least 50 different address texts, of which at least half are also found at other points (a place does not have
    fifty addresses that are somewhere else). Busy points within 3 m of a busier one count as that point.
    """
    _group_busy_points(connection)
    connection.execute(
        """
        INSERT INTO tidy.default_geocode
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
        SELECT $source, x, y, n, share, addresses, reason, at_x, at_y
        FROM found JOIN (SELECT DISTINCT x, y, at_x, at_y FROM grouped) USING (at_x, at_y)
        ORDER BY n DESC, x, y
        """,
        {
            "source": source, "share": _SHARE, "rows": _ROWS, "times": _TIMES_ORDINARY, "points": _POINTS, "text_share": _TEXT_SHARE,
            "text_addresses": _TEXT_ADDRESSES, "contradicted": _TEXT_CONTRADICTED,
        },
    )  # fmt: skip


def recover_rows(connection: duckdb.DuckDBPyConnection, source: str) -> None:
    """Place address texts of rows in ``spot`` that have no place or a default geocode, into ``tidy.recovered``.

    ``tidy.street_point`` and ``tidy.unplaced_street`` keep which streets the others name, and where those streets
    are known to run: a bound on where such rows can be.
    """
    wanted = connection.execute(
        """
        SELECT address, CAST(sum(n) AS BIGINT) AS n FROM spot AS k LEFT JOIN tidy.default_geocode AS g
        ON g.source = ? AND g.x = k.x AND g.y = k.y
        WHERE address IS NOT NULL AND (k.x IS NULL OR g.x IS NOT NULL) GROUP BY address ORDER BY address
        """,
        [source],
    ).fetchall()
    if not wanted:
        return
    held = connection.execute(
        """
        SELECT address, x, y, n FROM spot AS k WHERE address IS NOT NULL AND x IS NOT NULL AND NOT EXISTS (
            FROM tidy.default_geocode AS g WHERE g.source = ? AND g.x = k.x AND g.y = k.y)
        ORDER BY ALL
        """,
        [source],
    ).fetchnumpy()
    x, y = (np.asarray(held[key], dtype=np.float64) for key in ("x", "y"))
    located = LocatedRows([str(text) for text in held["address"]], x, y, np.asarray(held["n"], dtype=np.int64))
    rows = {str(text): int(count) for text, count in wanted}
    found = recover_places(located, list(rows))
    count, sentence = found.sentence(rows)
    if count:
        save_note(connection, source, QualityNote(PLACED, count, 0, sentence))
    placed = list(found.places.items())
    _insert(connection, "recovered", source, {
        "address": pa.array([text for text, _ in placed], pa.string()),
        "x": pa.array([place[0] for _, place in placed], pa.float64()),
        "y": pa.array([place[1] for _, place in placed], pa.float64()),
        "how": pa.array([place[2] for _, place in placed], pa.string()),
    })  # fmt: skip
    named = [(text, street) for text in rows if text not in found.places for street in read_address(text).streets]
    streets = sorted({street for _, street in named} & set(found.streets))
    _insert(connection, "unplaced_street", source, {
        "address": pa.array([text for text, _ in named], pa.string()),
        "street": pa.array([street for _, street in named], pa.string()),
    })  # fmt: skip
    points = [found.streets[street] for street in streets]
    _insert(connection, "street_point", source, {
        "street": pa.array([street for street in streets for _ in found.streets[street]], pa.string()),
        "x": pa.array(np.concatenate([one[:, 0] for one in points]) if points else [], pa.float64()),
        "y": pa.array(np.concatenate([one[:, 1] for one in points]) if points else [], pa.float64()),
    })  # fmt: skip


def _insert(connection: duckdb.DuckDBPyConnection, table: str, source: str, columns: dict[str, pa.Array]) -> None:
    connection.register("to_insert", pa.table(columns))
    connection.execute(f"INSERT INTO tidy.{table} SELECT ?, * FROM to_insert", [source])
    connection.unregister("to_insert")


def _group_busy_points(connection: duckdb.DuckDBPyConnection) -> None:
    """Make ``busy``: for points with many rows, the busier point within 3 m that they are taken for."""
    found = connection.execute(
        """
        SELECT x, y, CAST(sum(n) AS BIGINT) AS rows FROM spot WHERE x IS NOT NULL GROUP BY x, y
        HAVING rows >= greatest($rows / 2, $busy * (SELECT sum(n) FROM spot WHERE x IS NOT NULL)) ORDER BY rows DESC, x, y
        """,
        {"rows": _ROWS, "busy": _BUSY},
    ).fetchnumpy()
    points = np.column_stack([np.asarray(found[key], dtype=np.float64) for key in ("x", "y")])
    points = points[np.isfinite(points).all(axis=1)]
    lead = np.arange(len(points))
    for one, other in sorted(cKDTree(points).query_pairs(_NEAR)) if len(points) else ():
        if lead[one] == one and lead[other] == other:
            lead[other] = one
    at = points[lead]
    connection.register("groups", pa.table({"x": points[:, 0], "y": points[:, 1], "at_x": at[:, 0], "at_y": at[:, 1]}))
    connection.execute("CREATE OR REPLACE TEMP TABLE busy AS FROM groups")
    connection.unregister("groups")
