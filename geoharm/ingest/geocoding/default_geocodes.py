"""Find default geocodes by rule, and place their rows by address text where located rows agree."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
from scipy.spatial import cKDTree

from geoharm.ingest.geocoding.addresses import read_address
from geoharm.ingest.geocoding.recover import LocatedRows, recover_places
from geoharm.ingest.quality_notes import save_note
from geoharm.model.ledger import PLACED, QualityNote

# A default geocode by share: at least this share of all located rows and this number of rows on one point, at least this
# many times the busiest point below that share, among at least this many points. A point with one address is a place.
_MIN_SHARE, _MIN_ROWS, _TIMES_ORDINARY, _MIN_POINTS = 0.05, 30, 10, 20
# A default geocode by text: at least this share and this many addresses, of which at least this share is also found at
# other points.
_MIN_TEXT_SHARE, _MIN_TEXT_ADDRESSES = 0.005, 50
_MIN_CONTRADICTED_SHARE = 0.5
# Points with at least this share of the rows are busy. A busy point within this distance (metres) of a busier one is
# the same point, written with other decimals.
_BUSY_SHARE, _SAME_POINT_WITHIN = 0.0025, 3.0


def find_default_geocodes(connection: duckdb.DuckDBPyConnection, source: str) -> None:
    """Find points in ``spot`` with an implausible share of a source's rows, or with contradicting address texts.

    By share: at least 30 rows and 5 % of all located rows, ten times the busiest point below 5 %, among at least 20
    points. A point with only one address is taken for a place.

    By text: at least 0.5 % of all located rows under at least 50 different address texts, of which at least half are also
    found at other points. (A real place does not have fifty addresses that are elsewhere.)

    Busy points within 3 m of a busier one count as that point.
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
            "source": source, "share": _MIN_SHARE, "rows": _MIN_ROWS, "times": _TIMES_ORDINARY, "points": _MIN_POINTS, "text_share": _MIN_TEXT_SHARE,
            "text_addresses": _MIN_TEXT_ADDRESSES, "contradicted": _MIN_CONTRADICTED_SHARE,
        },
    )  # fmt: skip


def recover_rows(connection: duckdb.DuckDBPyConnection, source: str) -> None:
    """Place rows in ``spot`` that have no place or a default geocode by their address text, into ``tidy.recovered``.

    For the texts that cannot be placed, ``tidy.unplaced_street`` keeps the streets they name, and ``tidy.street_point``
    the located points of these streets. They limit where such rows can be.
    """
    unplaced = connection.execute(
        """
        SELECT address, CAST(sum(n) AS BIGINT) AS n FROM spot AS k LEFT JOIN tidy.default_geocode AS g
        ON g.source = ? AND g.x = k.x AND g.y = k.y
        WHERE address IS NOT NULL AND (k.x IS NULL OR g.x IS NOT NULL) GROUP BY address ORDER BY address
        """,
        [source],
    ).fetchall()
    if not unplaced:
        return
    placed_rows = connection.execute(
        """
        SELECT address, x, y, n FROM spot AS k WHERE address IS NOT NULL AND x IS NOT NULL AND NOT EXISTS (
            FROM tidy.default_geocode AS g WHERE g.source = ? AND g.x = k.x AND g.y = k.y)
        ORDER BY ALL
        """,
        [source],
    ).fetchnumpy()
    x, y = (np.asarray(placed_rows[axis], dtype=np.float64) for axis in ("x", "y"))
    located = LocatedRows(
        [str(text) for text in placed_rows["address"]], x, y, np.asarray(placed_rows["n"], dtype=np.int64)
    )
    rows_by_text = {str(text): int(count) for text, count in unplaced}
    recovered = recover_places(located, list(rows_by_text))
    count, sentence = recovered.sentence(rows_by_text)
    if count:
        save_note(connection, source, QualityNote(PLACED, count, 0, sentence))
    placed = list(recovered.places.items())
    _insert(connection, "recovered", source, {
        "address": pa.array([text for text, _ in placed], pa.string()),
        "x": pa.array([location[0] for _, location in placed], pa.float64()),
        "y": pa.array([location[1] for _, location in placed], pa.float64()),
        "how": pa.array([location[2] for _, location in placed], pa.string()),
    })  # fmt: skip
    text_streets = [
        (text, street) for text in rows_by_text if text not in recovered.places for street in read_address(text).streets
    ]
    streets = sorted({street for _, street in text_streets} & set(recovered.streets))
    _insert(connection, "unplaced_street", source, {
        "address": pa.array([text for text, _ in text_streets], pa.string()),
        "street": pa.array([street for _, street in text_streets], pa.string()),
    })  # fmt: skip
    points = [recovered.streets[street] for street in streets]
    _insert(connection, "street_point", source, {
        "street": pa.array([street for street in streets for _ in recovered.streets[street]], pa.string()),
        "x": pa.array(np.concatenate([street_points[:, 0] for street_points in points]) if points else [], pa.float64()),
        "y": pa.array(np.concatenate([street_points[:, 1] for street_points in points]) if points else [], pa.float64()),
    })  # fmt: skip


def _insert(connection: duckdb.DuckDBPyConnection, table: str, source: str, columns: dict[str, pa.Array]) -> None:
    connection.register("to_insert", pa.table(columns))
    connection.execute(f"INSERT INTO tidy.{table} SELECT ?, * FROM to_insert", [source])
    connection.unregister("to_insert")


def _group_busy_points(connection: duckdb.DuckDBPyConnection) -> None:
    """Make ``busy``: for each point with many rows, the busier point within 3 m that it counts as."""
    busy_points = connection.execute(
        """
        SELECT x, y, CAST(sum(n) AS BIGINT) AS rows FROM spot WHERE x IS NOT NULL GROUP BY x, y
        HAVING rows >= greatest($rows / 2, $busy * (SELECT sum(n) FROM spot WHERE x IS NOT NULL)) ORDER BY rows DESC, x, y
        """,
        {"rows": _MIN_ROWS, "busy": _BUSY_SHARE},
    ).fetchnumpy()
    points = np.column_stack([np.asarray(busy_points[axis], dtype=np.float64) for axis in ("x", "y")])
    points = points[np.isfinite(points).all(axis=1)]
    representative = np.arange(len(points))
    for busier, less_busy in sorted(cKDTree(points).query_pairs(_SAME_POINT_WITHIN)) if len(points) else ():
        if representative[busier] == busier and representative[less_busy] == less_busy:
            representative[less_busy] = busier
    group_points = points[representative]
    connection.register(
        "groups",
        pa.table({"x": points[:, 0], "y": points[:, 1], "at_x": group_points[:, 0], "at_y": group_points[:, 1]}),
    )
    connection.execute("CREATE OR REPLACE TEMP TABLE busy AS FROM groups")
    connection.unregister("groups")
