"""The ledger of a source: what happened to every row, the days covered, and notes on its places."""

from __future__ import annotations

from geoharm.engines.duckdb import DuckDBEngine
from geoharm.ingest.formats.input_format import Format
from geoharm.ingest.quality_notes import source_notes
from geoharm.model.ledger import DefaultGeocode, FileLedger, MonthLedger, SourceLedger
from geoharm.queries.coverage import coverage


def source_ledger(engine: DuckDBEngine, source: str, input_format: Format) -> SourceLedger:
    """Return the balanced ledger of a source.

    Raises
    ------
    DataError
        If no row was kept, or if the counts of rows do not balance.
    """
    span, missing, precision = coverage(engine, source)
    geocodes = engine.connection.execute(
        "SELECT DISTINCT at_x, at_y, events, share, addresses, reason FROM tidy.default_geocode WHERE source = ? "
        "ORDER BY events DESC, at_x, at_y",
        [source],
    ).fetchall()
    return SourceLedger(
        source=source,
        files=file_ledgers(engine, source, "event", recovered="recovered"),
        coverage=span,
        missing_months=missing,
        precision=precision,
        location_error=input_format.location_error,
        default_geocodes=tuple(DefaultGeocode(*row) for row in geocodes),
        attribution=input_format.attribution,
        format_name=input_format.fingerprint(),
        notes=source_notes(engine.connection, source),
        months=_month_ledgers(engine, source),
    )


def file_ledgers(engine: DuckDBEngine, source: str, table: str, *, recovered: str = "false") -> tuple[FileLedger, ...]:
    """Return the balance of every file of a source.

    Parameters
    ----------
    engine : DuckDBEngine
    source : str
    table : str
        The table of the schema ``tidy`` that has the kept rows. It has the columns source, file and place.
    recovered : str
        SQL condition that is true for rows placed by their address.
    """
    rows = engine.connection.execute(
        f"""
        SELECT file, sha256, read,
            (SELECT count(*) FROM tidy.{table} AS e WHERE e.source = f.source AND e.file = f.file),
            (SELECT count(*) FROM tidy.reject AS r WHERE r.source = f.source AND r.file = f.file),
            (SELECT count(*) FROM tidy.duplicate AS d WHERE d.source = f.source AND d.file = f.file),
            (SELECT count(*) FROM tidy.{table} AS e WHERE e.source = f.source AND e.file = f.file AND {recovered})
        FROM tidy.file AS f WHERE source = ? ORDER BY file
        """,
        [source],
    ).fetchall()
    places = _counts_by_file(
        engine, f"SELECT file, place, count(*) FROM tidy.{table} WHERE source = ? GROUP BY ALL", source
    )
    reasons: dict[str, list[tuple[str, int, int]]] = {}
    for file, *reason in engine.connection.execute(
        """SELECT file, '"' || "column" || '" ' || reason AS why, count(*), min(line) FROM tidy.reject
        WHERE source = ? GROUP BY ALL ORDER BY file, why""",
        [source],
    ).fetchall():
        reasons.setdefault(file, []).append((str(reason[0]), int(reason[1]), int(reason[2])))
    return tuple(
        FileLedger(
            source,
            file,
            sha256,
            read=read,
            kept=kept,
            rejected=rejected,
            duplicate=duplicate,
            inside=places.get(file, {}).get("inside", 0),
            outside=places.get(file, {}).get("outside", 0),
            default_geocode=places.get(file, {}).get("default geocode", 0),
            no_place=places.get(file, {}).get("no place", 0),
            reasons=tuple(reasons.get(file, ())),
            recovered=recovered,
        )
        for file, sha256, read, kept, rejected, duplicate, recovered in rows
    )


def _month_ledgers(engine: DuckDBEngine, source: str) -> tuple[MonthLedger, ...]:
    rows = engine.connection.execute(
        """
        SELECT CAST(date_trunc('month', day) AS DATE) AS month, count(*) FILTER (fate = 'kept'),
            count(*) FILTER (fate = 'rejected'), count(*) FILTER (fate = 'duplicate')
        FROM (
            SELECT day, 'kept' AS fate FROM tidy.event WHERE source = $1
            UNION ALL SELECT day, 'rejected' FROM tidy.reject WHERE source = $1 AND day IS NOT NULL
            UNION ALL SELECT day, 'duplicate' FROM tidy.row SEMI JOIN tidy.duplicate USING (source, file, line)
            WHERE source = $1
        ) GROUP BY month ORDER BY month
        """,
        [source],
    ).fetchall()
    return tuple(MonthLedger(*row) for row in rows)


def _counts_by_file(engine: DuckDBEngine, query: str, source: str) -> dict[str, dict[str, int]]:
    counts: dict[str, dict[str, int]] = {}
    for file, group, count in engine.connection.execute(query, [source]).fetchall():
        counts.setdefault(file, {})[group] = count
    return counts
