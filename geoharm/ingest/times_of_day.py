"""Times of day: the known hour of each row, and times that stand for "time not known"."""

from __future__ import annotations

import duckdb

from geoharm.ingest.quality_notes import save_note
from geoharm.model.ledger import QualityNote

# A time that stands for "not known" has at least so many rows, and more than so many times those of the hours beside it.
_MIN_ROWS, _TIMES_NEIGHBOURS = 30, 3


def known_times_sql(connection: duckdb.DuckDBPyConnection, source: str) -> str:
    """Return SQL for `hour`, `span_from` and `span_until` of the rows in ``kept``, and save notes on unknown times.

    Midnight or noon stands for "time not known" in two cases: if at least 30 rows have exactly that time, and more than
    three times as many as at either full hour beside it; or if every known time is that time.
    """
    counts = dict(
        connection.execute(
            "SELECT CAST(hour(clock) AS INTEGER), count(*) FROM kept "
            "WHERE clock IS NOT NULL AND clock = date_trunc('hour', clock) GROUP BY 1"
        ).fetchall()
    )
    timed = connection.execute("SELECT count(clock) FROM kept").fetchall()[0][0]
    unknown_hours = []
    for hour in (0, 12):
        rows, neighbour_rows = counts.get(hour, 0), max(counts.get((hour + step) % 24, 0) for step in (-1, 1))
        if (rows >= _MIN_ROWS and rows > _TIMES_NEIGHBOURS * neighbour_rows) or 0 < rows == timed:
            unknown_hours.append(hour)
            sentence = f"the time is exactly {hour:02d}:00, which stands for a time that is not known"
            save_note(connection, source, QualityNote("time not known", rows, 0, sentence))
    known_time = "clock"
    if unknown_hours:
        unknown_times = ", ".join(f"TIME '{hour:02d}:00:00'" for hour in unknown_hours)
        known_time = f"CASE WHEN CAST(clock AS TIME) NOT IN ({unknown_times}) THEN clock END"
    is_span = f"{known_time} IS NOT NULL AND clock_end > clock"
    return (
        f"CASE WHEN {known_time} IS NOT NULL AND coalesce(clock_end, clock) = clock THEN hour(clock) END AS hour, "
        f"CASE WHEN {is_span} THEN clock END AS span_from, CASE WHEN {is_span} THEN clock_end END AS span_until"
    )
