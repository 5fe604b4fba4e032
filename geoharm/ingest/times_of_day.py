"""Times of day: at which hours the rows of a source are known to have happened, and which times stand for none."""

from __future__ import annotations

import duckdb

from geoharm.ingest.quality_notes import save_note
from geoharm.model.ledger import QualityNote

# A time that stands for none: so many rows, and so many times the rows at the full hours beside it.
_ROWS, _TIMES_NEIGHBOURS = 30, 3


def known_times_sql(connection: duckdb.DuckDBPyConnection, source: str) -> str:
    """Return SQL for `hour`, `span_from` and `span_until` of the rows in ``kept``, and keep a note on times that stand for none.

    Midnight or noon stands for "time not known" where at least 30 rows, and over three times as many as at either full
    hour beside it, bear exactly that time; or where every time is that one.
    """
    counts = dict(
        connection.execute(
            "SELECT CAST(hour(clock) AS INTEGER), count(*) FROM kept "
            "WHERE clock IS NOT NULL AND clock = date_trunc('hour', clock) GROUP BY 1"
        ).fetchall()
    )
    timed = connection.execute("SELECT count(clock) FROM kept").fetchall()[0][0]
    unknown = []
    for hour in (0, 12):
        rows, robustness = counts.get(hour, 0), max(counts.get((hour + step) % 24, 0) for step in (-1, 1))
        if (rows >= _ROWS and rows > _TIMES_NEIGHBOURS * robustness) or 0 < rows == timed:
            unknown.append(hour)
            sentence = f"the time is exactly {hour:02d}:00, which stands for a time that is not known"
            save_note(connection, source, QualityNote("time not known", rows, 0, sentence))
    known = "clock"
    if unknown:
        marks = ", ".join(f"TIME '{hour:02d}:00:00'" for hour in unknown)
        known = f"CASE WHEN CAST(clock AS TIME) NOT IN ({marks}) THEN clock END"
    span = f"{known} IS NOT NULL AND clock_end > clock"
    return (
        f"CASE WHEN {known} IS NOT NULL AND coalesce(clock_end, clock) = clock THEN hour(clock) END AS hour, "
        f"CASE WHEN {span} THEN clock END AS span_from, CASE WHEN {span} THEN clock_end END AS span_until"
    )
