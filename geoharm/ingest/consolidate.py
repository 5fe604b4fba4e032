"""What only all files of a source together can tell: duplicates, default geocodes, what lies in the study area."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from geoharm.engines.duckdb import DuckDBEngine, quote_text
from geoharm.errors import QualityError
from geoharm.geo.point_in_polygon import locate_points
from geoharm.ingest.formats.input_format import Format
from geoharm.ingest.geocoding.default_geocodes import find_default_geocodes, recover_rows
from geoharm.ingest.quality import note_source
from geoharm.ingest.quality_notes import forget_notes
from geoharm.ingest.times_of_day import known_times_sql
from geoharm.model.geometry import StudyArea
from geoharm.model.period import Period
from geoharm.queries.counts import forget_cells

_REBUILT = (
    "source", "event", "duplicate", "default_geocode", "recovered", "street_point", "unplaced_street",
)  # fmt: skip


def consolidate_source(
    engine: DuckDBEngine,
    source: str,
    input_format: Format,
    area: StudyArea,
    covers: Period | None,
    *,
    measured: bool = True,
) -> None:
    """Rebuild ``tidy.event``, ``tidy.duplicate`` and ``tidy.default_geocode`` of a source from its rows.

    Files in any order give the same tables: of rows that are the same event, the one in the first file (by name)
    and line is kept. Where the study area's system does not measure metres, nothing is done that needs distances.
    """
    with engine.transaction() as connection:
        for table in _REBUILT:
            connection.execute(f"DELETE FROM tidy.{table} WHERE source = ?", [source])
        forget_notes(connection, source)
        forget_cells(connection, source)
        connection.execute(
            "INSERT INTO tidy.source VALUES (?, ?, ?, ?)",
            [source, input_format.precision, covers and covers.start, covers and covers.end],
        )
        _find_duplicates(connection, source)
        connection.execute(
            f"""
            CREATE OR REPLACE TEMP VIEW kept AS
            SELECT * FROM tidy.row AS r WHERE source = {quote_text(source)} AND NOT EXISTS (
                FROM tidy.duplicate AS d WHERE d.source = r.source AND d.file = r.file AND d.line = r.line)
            """
        )
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE spot AS SELECT x, y, address, count(*) AS n FROM kept GROUP BY x, y, address"
        )
        find_default_geocodes(connection, source)
        if measured:
            recover_rows(connection, source)
        found = connection.execute(
            """
            SELECT x, y FROM spot WHERE x IS NOT NULL UNION SELECT x, y FROM tidy.recovered WHERE source = ?
            ORDER BY x, y
            """,
            [source],
        ).fetchnumpy()
        x, y = (np.asarray(found[key], dtype=np.float64) for key in ("x", "y"))
        inside = locate_points(x, y, [area.boundary]) == 0
        connection.register("place_of", pa.table({"x": x, "y": y, "inside": inside}))
        connection.execute(
            f"""
            INSERT INTO tidy.event
            SELECT source, file, line, day, x, y, category, weight,
                CASE WHEN x IS NULL THEN 'no place' WHEN geocode AND NOT found THEN 'default geocode'
                    WHEN inside THEN 'inside' ELSE 'outside' END,
                found AND inside, hour, span_from, span_until
            FROM (
                SELECT k.source, file, line, day, {known_times_sql(connection, source)}, category, weight, g.x IS NOT NULL AS geocode,
                    r.x IS NOT NULL AS found, coalesce(r.x, k.x) AS x, coalesce(r.y, k.y) AS y
                FROM kept AS k LEFT JOIN tidy.default_geocode AS g ON g.source = k.source AND g.x = k.x AND g.y = k.y
                LEFT JOIN tidy.recovered AS r
                ON r.source = k.source AND r.address = k.address AND (k.x IS NULL OR g.x IS NOT NULL)
            ) LEFT JOIN place_of USING (x, y)
            """
        )
        connection.unregister("place_of")
        _refuse_elsewhere(connection, source, x, y)
        note_source(connection, source, input_format, measured=measured)
        connection.execute("DROP VIEW kept; DROP TABLE spot")


def _find_duplicates(connection: duckdb.DuckDBPyConnection, source: str) -> None:
    """Fill ``tidy.duplicate``: of rows with one fingerprint, all but the first by file and line."""
    halves = connection.execute(
        "SELECT CAST(same >> 64 AS UBIGINT) AS half FROM tidy.row WHERE source = ? AND same IS NOT NULL",
        [source],
    ).fetchnumpy()["half"]
    # Sorted halves of fingerprints tell in little time and memory which few can be there twice.
    halves = np.array(halves, dtype=np.uint64, copy=None)
    halves.sort()
    twice = np.unique(halves[1:][halves[1:] == halves[:-1]])
    if not twice.size:
        return
    connection.register("twice", pa.table({"half": twice}))
    connection.execute(
        """
        INSERT INTO tidy.duplicate
        SELECT source, file, line, first_file, first_line FROM (
            SELECT source, file, line,
                row_number() OVER same_event AS nth,
                first_value(file) OVER same_event AS first_file,
                first_value(line) OVER same_event AS first_line
            FROM tidy.row WHERE source = ? AND CAST(same >> 64 AS UBIGINT) IN (SELECT half FROM twice)
            WINDOW same_event AS (PARTITION BY same ORDER BY file, line)
        ) WHERE nth > 1 ORDER BY file, line
        """,
        [source],
    )
    connection.unregister("twice")


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
        raise QualityError(msg)
