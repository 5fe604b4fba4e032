"""Times of day: the known hour of each row, and times that stand for "time not known"."""

from __future__ import annotations

from geoharm.engines.base import Engine
from geoharm.ingest.formats.input_format import Format
from geoharm.model.ledger import QualityNote
from geoharm.queries.events import kept_rows
from geoharm.queries.stored import StoredSource

# A time that stands for "not known" has at least so many rows, and more than so many times those of the hours beside it.
_MIN_ROWS, _TIMES_NEIGHBOURS = 30, 3


def unknown_times(
    engine: Engine, source: StoredSource, input_format: Format
) -> tuple[tuple[int, ...], list[QualityNote]]:
    """Return the full hours (0, 12) that stand for "time not known" in a source, and notes on them.

    Midnight or noon stands for "time not known" in two cases: if at least 30 rows have exactly that time, and more than
    three times as many as at either full hour beside it; or if every known time is that time.
    """
    if input_format.precision != "moment":
        return (), []
    kept = kept_rows(engine, source)
    full_hour = "r.clock = date_trunc('hour', r.clock)"
    rows = engine.rows(
        f"SELECT hour(r.clock) AS clock_hour, count(*) AS n FROM {kept} AS r "
        f"WHERE r.clock IS NOT NULL AND {full_hour} GROUP BY hour(r.clock)"
    )
    counts = {int(hour): int(count) for hour, count in rows}
    timed = int(engine.rows(f"SELECT count(r.clock) FROM {kept} AS r")[0][0])
    unknown_hours, notes = [], []
    for hour in (0, 12):
        rows_at, neighbour_rows = counts.get(hour, 0), max(counts.get((hour + step) % 24, 0) for step in (-1, 1))
        if (rows_at >= _MIN_ROWS and rows_at > _TIMES_NEIGHBOURS * neighbour_rows) or 0 < rows_at == timed:
            unknown_hours.append(hour)
            sentence = f"the time is exactly {hour:02d}:00, which stands for a time that is not known"
            notes.append(QualityNote("time not known", rows_at, 0, sentence))
    return tuple(unknown_hours), notes
