"""Consolidate a source: the steps that need all of its files together.

They find duplicates and default geocodes, and decide which events lie in the study area.
"""

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
from geoharm.ingest.quality_notes import delete_notes
from geoharm.ingest.times_of_day import known_times_sql
from geoharm.model.geometry import StudyArea
from geoharm.model.period import Period

_REBUILT_TABLES = (
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

    The result does not depend on the order in which files are read: of rows that are the same event, the first by file
    name and line is kept.

    Parameters
    ----------
    engine : DuckDBEngine
    source : str
    input_format : Format
    area : StudyArea
    covers : Period or None
        The days the source is declared to cover.
    measured : bool
        Whether the study area's coordinate system measures metres. If not, all steps that need distances are skipped.

    Raises
    ------
    QualityError
        If there are located rows and none lies in the study area.
    """
    with engine.transaction() as connection:
        for table in _REBUILT_TABLES:
            connection.execute(f"DELETE FROM tidy.{table} WHERE source = ?", [source])
        delete_notes(connection, source)
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
        places = connection.execute(
            """
            SELECT x, y FROM spot WHERE x IS NOT NULL UNION SELECT x, y FROM tidy.recovered WHERE source = ?
            ORDER BY x, y
            """,
            [source],
        ).fetchnumpy()
        x, y = (np.asarray(places[axis], dtype=np.float64) for axis in ("x", "y"))
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
        _refuse_outside_study_area(connection, source, x, y)
        note_source(connection, source, input_format, measured=measured)
        connection.execute("DROP VIEW kept; DROP TABLE spot")


def _find_duplicates(connection: duckdb.DuckDBPyConnection, source: str) -> None:
    """Fill ``tidy.duplicate`` with all rows of one fingerprint except the first by file and line."""
    hashes = connection.execute(
        "SELECT CAST(same >> 64 AS UBIGINT) AS half FROM tidy.row WHERE source = ? AND same IS NOT NULL",
        [source],
    ).fetchnumpy()["half"]
    # Sorting the first half of each fingerprint finds the few candidates for duplicates in little time and memory.
    hashes = np.array(hashes, dtype=np.uint64, copy=None)
    hashes.sort()
    repeated = np.unique(hashes[1:][hashes[1:] == hashes[:-1]])
    if not repeated.size:
        return
    connection.register("twice", pa.table({"half": repeated}))
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


def _refuse_outside_study_area(
    connection: duckdb.DuckDBPyConnection, source: str, x: NDArray[np.float64], y: NDArray[np.float64]
) -> None:
    """Refuse a source without any located row in the study area: the wrong city, or the wrong coordinate system."""
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
