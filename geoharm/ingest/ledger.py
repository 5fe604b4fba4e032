"""The ledger of a source: what happened to every row, the days covered, and notes on its places."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

from geoharm.engines.base import Engine
from geoharm.ingest.formats.input_format import Format
from geoharm.ingest.quality_notes import source_notes
from geoharm.model.ledger import PLACINGS, DefaultGeocode, FileLedger, MonthLedger, SourceLedger
from geoharm.queries.coverage import coverage
from geoharm.queries.stored import StoredSource

# A way of placing with fewer rows says nothing of the typical error.
_FEWEST_TOLD = 10


def source_ledger(engine: Engine, source: StoredSource, input_format: Format) -> SourceLedger:
    """Return the balanced ledger of a source of events.

    Raises
    ------
    DataError
        If no row was kept, or if the counts of rows do not balance.
    """
    files = file_ledgers(engine, source)
    span, missing, precision = coverage(engine, source.source)
    geocodes = engine.rows(
        f"SELECT DISTINCT at_x, at_y, events, share, addresses, reason FROM {engine.table(f'default_geocode_{source.state}')} "
        "AS g ORDER BY events DESC, at_x, at_y"
    )
    placings, location_error = _placings(engine, source, files, input_format)
    return SourceLedger(
        source=source.source,
        files=files,
        coverage=span,
        missing_months=missing,
        precision=precision,
        location_error=location_error,
        default_geocodes=tuple(DefaultGeocode(*row) for row in geocodes),
        attribution=input_format.attribution,
        format_name=input_format.fingerprint(),
        notes=source_notes(engine, source),
        months=_month_ledgers(engine, source),
        placings=placings,
    )


def _placings(
    engine: Engine, source: StoredSource, files: Sequence[FileLedger], input_format: Format
) -> tuple[dict[str, int], float]:
    """Return the rows without coordinates of their own by how they were placed, and the typical error of all places.

    The error is the mean over the rows in the study area, to the next metre, and no less than that of the format. Ways of
    placing with few rows are left out of it: they hardly change it, and would be told by it.
    """
    table = f"placing_{source.state}"
    if table not in engine.names():
        return {}, input_format.location_error
    rows = engine.rows(f"SELECT how, rows, inside, error FROM {engine.table(table)} AS p")
    counts = {str(how): int(count) for how, count, _, _ in rows}
    inside = sum(file.inside for file in files)
    placed = [(int(count), float(error)) for _, _, count, error in rows]
    weights = [inside - sum(count for count, _ in placed), *(count for count, _ in placed)]
    errors = [input_format.location_error, *(error for _, error in placed)]
    told = [(count, error) for count, error in zip(weights, errors, strict=True) if count >= _FEWEST_TOLD]
    error = math.ceil(sum(c * e for c, e in told) / sum(c for c, _ in told)) if told else 0
    return {how: counts[how] for how in PLACINGS if how in counts}, max(input_format.location_error, float(error))


def file_ledgers(engine: Engine, source: StoredSource) -> tuple[FileLedger, ...]:
    """Return the balance of every file of a source of events."""
    tally = engine.table(f"tally_{source.state}")
    fates = _counts(engine, f"SELECT part, fate, CAST(sum(rows) AS BIGINT) FROM {tally} AS t GROUP BY part, fate")
    kinds = _counts(
        engine,
        f"SELECT part, kind, CAST(sum(rows) AS BIGINT) FROM {tally} AS t WHERE fate = 'kept' GROUP BY part, kind",
    )
    recovered = dict(
        engine.rows(f"SELECT part, CAST(sum(rows) AS BIGINT) FROM {tally} AS t WHERE recovered GROUP BY part")
    )
    reasons: dict[int, list[tuple[str, int, int]]] = {}
    for part, column, reason, rows, line in engine.rows(
        f"""
        SELECT t.part, f.column, f.reason, CAST(sum(t.rows) AS BIGINT), min(t.first_line) FROM {tally} AS t
        JOIN {engine.table(f"fault_{source.rule}", source.parts)} AS f ON f.part = t.part AND f.fault = t.fault
        WHERE t.fate = 'rejected' GROUP BY t.part, f.column, f.reason ORDER BY 1, 2, 3
        """
    ):
        reasons.setdefault(part, []).append((f'"{column}" {reason}', int(rows), int(line)))
    ledgers = []
    for file in source.files:
        fate, kind = fates.get(file.part, {}), kinds.get(file.part, {})
        ledgers.append(
            FileLedger(
                source.source,
                file.name,
                file.sha256,
                read=file.read,
                kept=fate.get("kept", 0),
                rejected=fate.get("rejected", 0),
                duplicate=fate.get("duplicate", 0),
                inside=kind.get("inside", 0),
                outside=kind.get("outside", 0),
                default_geocode=kind.get("default geocode", 0),
                no_place=kind.get("no place", 0),
                reasons=tuple(sorted(reasons.get(file.part, ()))),
                recovered=int(recovered.get(file.part, 0)),
            )
        )
    return tuple(ledgers)


def _month_ledgers(engine: Engine, source: StoredSource) -> tuple[MonthLedger, ...]:
    months: dict[date, dict[str, int]] = {}
    for year, month, fate, rows in engine.rows(
        f"""
        SELECT year(day), month(day), fate, CAST(sum(rows) AS BIGINT) FROM {engine.table(f"tally_{source.state}")} AS t
        WHERE day IS NOT NULL GROUP BY year(day), month(day), fate
        """
    ):
        months.setdefault(date(int(year), int(month), 1), {})[fate] = int(rows)
    return tuple(
        MonthLedger(month, *(months[month].get(fate, 0) for fate in ("kept", "rejected", "duplicate")))
        for month in sorted(months)
    )


def _counts(engine: Engine, sql: str) -> dict[int, dict[str, int]]:
    counts: dict[int, dict[str, int]] = {}
    for part, group, rows in engine.rows(sql):
        counts.setdefault(int(part), {})[group] = int(rows)
    return counts
