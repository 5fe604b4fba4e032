"""Find default geocodes by rule, and place their rows by address text where located rows agree."""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
from scipy.spatial import cKDTree

from geoharm.engines.base import Scratch
from geoharm.ingest.geocoding.addresses import read_address
from geoharm.ingest.geocoding.recover import LocatedRows, recover_places, words_of
from geoharm.model.ledger import PLACED, QualityNote

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


def recover_rows(scratch: Scratch, *, measured: bool) -> list[QualityNote]:
    """Place rows in ``spot`` that have no place or a default geocode by their address text, into ``new_recovered``.

    For the texts that cannot be placed, ``new_unplaced_street`` gets the streets they name, and ``new_street_point`` the located
    points of these streets. They limit where such rows can be. Nothing is placed unless distances are `measured`.
    """
    scratch.execute(
        """
        CREATE OR REPLACE TEMP TABLE new_recovered (address VARCHAR, x DOUBLE, y DOUBLE, how VARCHAR);
        CREATE OR REPLACE TEMP TABLE new_street_point (street VARCHAR, x DOUBLE, y DOUBLE);
        CREATE OR REPLACE TEMP TABLE new_unplaced_street (address VARCHAR, street VARCHAR);
        """
    )
    unplaced = scratch.execute(
        """
        SELECT address, CAST(sum(n) AS BIGINT) AS n FROM spot AS k LEFT JOIN new_default_geocode AS g
        ON g.x = k.x AND g.y = k.y
        WHERE address IS NOT NULL AND (k.x IS NULL OR g.x IS NOT NULL) GROUP BY address ORDER BY address
        """
    ).fetchall()
    if not unplaced or not measured:
        return []
    rows_by_text = {str(text): int(count) for text, count in unplaced}
    words = words_of(list(rows_by_text))
    # A text with other letters than ASCII may have another lower case here than in Python, so it is never left out.
    helps = "length(address) <> strlen(address) OR regexp_matches(lower(replace(replace(address, '.', ''), chr(39), '')), ?)"
    placed_rows = scratch.execute(
        f"""
        SELECT address, x, y, n FROM spot AS k WHERE address IS NOT NULL AND x IS NOT NULL AND ({helps}) AND NOT EXISTS (
            FROM new_default_geocode AS g WHERE g.x = k.x AND g.y = k.y)
        ORDER BY ALL
        """,
        ["|".join(map(re.escape, words))],
    ).fetchnumpy()
    x, y = (np.asarray(placed_rows[axis], dtype=np.float64) for axis in ("x", "y"))
    located = LocatedRows(
        [str(text) for text in placed_rows["address"]], x, y, np.asarray(placed_rows["n"], dtype=np.int64)
    )
    recovered = recover_places(located, list(rows_by_text))
    count, sentence = recovered.sentence(rows_by_text)
    placed = list(recovered.places.items())
    _insert(scratch, "new_recovered", {
        "address": pa.array([text for text, _ in placed], pa.string()),
        "x": pa.array([location[0] for _, location in placed], pa.float64()),
        "y": pa.array([location[1] for _, location in placed], pa.float64()),
        "how": pa.array([location[2] for _, location in placed], pa.string()),
    })  # fmt: skip
    text_streets = [
        (text, street) for text in rows_by_text if text not in recovered.places for street in read_address(text).streets
    ]
    streets = sorted({street for _, street in text_streets} & set(recovered.streets))
    _insert(scratch, "new_unplaced_street", {
        "address": pa.array([text for text, _ in text_streets], pa.string()),
        "street": pa.array([street for _, street in text_streets], pa.string()),
    })  # fmt: skip
    points = [recovered.streets[street] for street in streets]
    _insert(scratch, "new_street_point", {
        "street": pa.array([street for street in streets for _ in recovered.streets[street]], pa.string()),
        "x": pa.array(np.concatenate([street_points[:, 0] for street_points in points]) if points else [], pa.float64()),
        "y": pa.array(np.concatenate([street_points[:, 1] for street_points in points]) if points else [], pa.float64()),
    })  # fmt: skip
    return [QualityNote(PLACED, count, 0, sentence)] if count else []


def _insert(scratch: Scratch, table: str, columns: dict[str, pa.Array]) -> None:
    scratch.register("to_insert", pa.table(columns))
    scratch.execute(f"INSERT INTO {table} FROM to_insert")
    scratch.unregister("to_insert")


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
