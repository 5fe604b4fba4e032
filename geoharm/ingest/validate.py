"""Check the rows of ``parsed`` (dates, places, categories); keep each or reject it with its reason.

One file is one transaction. A file that would mislead (swapped coordinates, a format that fits less than half of its
rows) is refused as a whole with one sentence, and the database does not change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pyarrow as pa

from geoharm import _crs
from geoharm.engines.duckdb import DuckDBEngine, quote_text
from geoharm.errors import DataError, QualityError
from geoharm.ingest.date_checks import check_dates, note_dates
from geoharm.ingest.formats.input_format import Format
from geoharm.ingest.parse import drop_parsed
from geoharm.ingest.quality import note_decimals, note_weights, note_zeros
from geoharm.ingest.quality_notes import delete_notes
from geoharm.ingest.readers.csv_files import NOT_TEXT_REASON
from geoharm.ingest.readers.input_files import InputFile
from geoharm.ingest.readers.read import read_file
from geoharm.ingest.readers.staging import StagedRows, check_reject_share
from geoharm.model.geometry import StudyArea
from geoharm.model.period import Period

COMMA_REASON = "has a comma"
BEFORE_PERIOD_REASON, AFTER_PERIOD_REASON = "is before the study period", "is after the study period"

_SWAPPED_SHARE = 0.9
# Places within this share of the study area's size around it are also projected by the fast method.
_MARGIN = 0.1


@dataclass(frozen=True, slots=True)
class LoadRule:
    """Everything besides a file's bytes that decides how its rows are read.

    Attributes
    ----------
    source : str
    input_format : Format
    area : StudyArea
    period : Period
    """

    source: str
    input_format: Format
    area: StudyArea
    period: Period

    def key(self, sha256: str) -> str:
        """Return a fingerprint of a file and this rule; it changes whenever a row could be read differently."""
        rule = repr((sha256, self.source, self.input_format, self.area.crs, self.area.boundary.wkb_hex, self.period))
        return hashlib.sha256(rule.encode()).hexdigest()


def load_file(engine: DuckDBEngine, source: InputFile, rule: LoadRule) -> bool:
    """Read one file into ``tidy.row`` and ``tidy.reject``, replacing the file's earlier rows and rejects.

    Returns
    -------
    bool
        False if the same bytes were read under the same rule before; nothing is changed then.

    Raises
    ------
    DataError, QualityError
        If the file is refused; the database does not change.
    """
    stored = engine.connection.execute(
        "SELECT load_key FROM tidy.file WHERE source = ? AND file = ?", [rule.source, source.name]
    ).fetchall()
    if stored and stored[0][0] == rule.key(source.sha256()):
        return False
    # Reading uses temporary tables only, so that nothing has to be undone if a reader fails.
    try:
        _load(engine, source, rule)
    finally:
        drop_parsed(engine.connection)
    return True


def _load(engine: DuckDBEngine, source: InputFile, rule: LoadRule) -> None:
    name, stamp, faults = source.name, source.stamp(), _faults(rule)
    staged = read_file(engine.connection, source, rule.input_format, [condition for condition, _, _ in faults])
    sha256 = staged.sha256 or source.sha256()
    if source.stamp() != stamp:
        msg = f'The file "{name}" changed while it was read; wait until the program that writes it has ended, and run again.'
        raise DataError(msg)
    check_dates(engine.connection, name, rule.input_format)
    _refuse_swapped_coordinates(engine.connection, name, rule)
    with engine.transaction() as connection:
        delete_file(connection, rule.source, name)
        _keep_rows(connection, name, rule)
        _keep_rejects(connection, name, rule, staged, faults)
        _refuse_many_rejects(connection, name, rule, staged)
        connection.execute(
            "INSERT INTO tidy.file VALUES (?, ?, ?, ?, ?)", [rule.source, name, sha256, rule.key(sha256), staged.read]
        )
        note_dates(connection, rule.source, name, rule.input_format)
        note_zeros(connection, rule.source, name)
        if "weight" in staged.fields:
            note_weights(connection, rule.source, name)
        if rule.input_format.crs == _crs.LONLAT:
            note_decimals(connection, rule.source, name)


def delete_file(connection: duckdb.DuckDBPyConnection, source: str, name: str) -> None:
    """Remove a file with its rows, rejects and notes."""
    delete_notes(connection, source, name)
    for table in ("file", "row", "reject"):
        connection.execute(f"DELETE FROM tidy.{table} WHERE source = ? AND file = ?", [source, name])


def _faults(rule: LoadRule) -> list[tuple[str, str, str]]:
    """Return (SQL condition, column, reason) for every fault; the first condition that is true rejects a row."""
    faults = [
        ("test", "remark", "says that the row is a test"),
        ("date_text IS NULL", "date", "is empty"),
        ("day IS NULL", "date", "is not a date of the format " + " or ".join(rule.input_format.date_formats)),
        (f"day < DATE '{rule.period.start}'", "date", BEFORE_PERIOD_REASON),
        (f"day >= DATE '{rule.period.end}'", "date", AFTER_PERIOD_REASON),
        ("end_text IS NOT NULL AND last_day IS NULL", "end", "is not a date of the declared formats"),
        ("last_day < first_day", "end", "is before the date"),
        (
            f"last_day - first_day > {rule.input_format.longest_span}",
            "end",
            f"is more than {rule.input_format.longest_span} days after the date: when it happened is not known",
        ),
        ("longitude_text IS NULL AND latitude_text IS NOT NULL", "longitude", "is empty where latitude is not"),
        ("latitude_text IS NULL AND longitude_text IS NOT NULL", "latitude", "is empty where longitude is not"),
        (
            "weight_text IS NOT NULL AND (weight IS NULL OR NOT isfinite(weight) OR weight < 0)",
            "weight",
            "is not a number of zero or more",
        ),
    ]
    limits = (("longitude", 180), ("latitude", 90)) if rule.input_format.crs == _crs.LONLAT else ()
    for column in ("longitude", "latitude"):
        faults.append((f"regexp_full_match({column}_text, '[+-]?[0-9.]*[0-9](,[0-9]+)+[0-9.]*')", column, COMMA_REASON))
        condition = f"{column}_text IS NOT NULL AND ({column} IS NULL OR NOT isfinite({column}))"
        faults.append((condition, column, "is not a number"))
    faults += [(f"abs({column}) > {limit}", column, f"is beyond {limit} degrees") for column, limit in limits]
    return faults


def _keep_rows(connection: duckdb.DuckDBPyConnection, name: str, rule: LoadRule) -> None:
    places = connection.execute(
        "SELECT DISTINCT longitude, latitude FROM parsed WHERE longitude IS NOT NULL AND fault IS NULL"
    ).fetchnumpy()
    longitude, latitude = (np.asarray(places[key], dtype=np.float64) for key in ("longitude", "latitude"))
    x, y = _crs.transform_near(
        longitude, latitude, source=rule.input_format.crs, target=rule.area.crs, box=_bounding_box(rule, margin=_MARGIN)
    )
    connection.register("projected", pa.table({"longitude": longitude, "latitude": latitude, "x": x, "y": y}))
    # The rows stay in the order of the lines without sorting.
    connection.execute(
        """
        INSERT INTO tidy.row
        SELECT ?, ?, line, day, x, y, category, address, weight, same, clock, clock_end
        FROM parsed LEFT JOIN projected USING (longitude, latitude) WHERE fault IS NULL
        """,
        [rule.source, name],
    )
    connection.unregister("projected")


def _bounding_box(rule: LoadRule, *, margin: float) -> tuple[float, float, float, float]:
    """Return west, south, east and north of the study area plus a margin, in the file's coordinate system."""
    west, south, east, north = rule.area.boundary.bounds
    margin_x, margin_y = margin * (east - west), margin * (north - south)
    west, south, east, north = west - margin_x, south - margin_y, east + margin_x, north + margin_y
    fractions = np.linspace(0, 1, 21)
    xs = np.concatenate([west + fractions * (east - west)] * 2 + [np.full(21, west), np.full(21, east)])
    ys = np.concatenate([np.full(21, south), np.full(21, north)] + [south + fractions * (north - south)] * 2)
    lon, lat = _crs.transform(xs, ys, source=rule.area.crs, target=rule.input_format.crs)
    return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())


def _keep_rejects(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    rule: LoadRule,
    staged: StagedRows,
    faults: Sequence[tuple[str, str, str]],
) -> None:
    columns = " ".join(f"WHEN {index} THEN {quote_text(column)}" for index, (_, column, _) in enumerate(faults))
    reasons = " ".join(f"WHEN {index} THEN {quote_text(reason)}" for index, (_, _, reason) in enumerate(faults))
    connection.execute(
        f"""
        INSERT INTO tidy.reject
        SELECT ?, ?, line, CASE fault {columns} END, CASE fault {reasons} END, day
        FROM parsed WHERE fault IS NOT NULL ORDER BY line
        """,
        [rule.source, name],
    )
    if staged.rejects:
        connection.executemany(
            "INSERT INTO tidy.reject VALUES (?, ?, ?, 'row', ?, NULL)",
            [[rule.source, name, line, reason] for line, reason in staged.rejects],
        )


def _refuse_many_rejects(connection: duckdb.DuckDBPyConnection, name: str, rule: LoadRule, staged: StagedRows) -> None:
    most_frequent = connection.execute(
        'SELECT "column", reason, count(*) AS n, min(line) FROM tidy.reject '
        "WHERE source = ? AND file = ? AND reason NOT IN (?, ?) GROUP BY ALL ORDER BY n DESC, 1, 2 LIMIT 1",
        [rule.source, name, BEFORE_PERIOD_REASON, AFTER_PERIOD_REASON],
    ).fetchall()
    if most_frequent:
        remedy = "Check the format or whether columns are swapped"
        if most_frequent[0][1].startswith(NOT_TEXT_REASON):
            remedy = 'Name the encoding of the file under [csv] encoding, such as "cp1252"'
        elif most_frequent[0][1] == COMMA_REASON:
            remedy = "Save the numbers with a decimal point and without thousands separators"
        check_reject_share(name, rule.input_format, most_frequent[0], staged.read, unit="rows", remedy=remedy)


def _refuse_swapped_coordinates(connection: duckdb.DuckDBPyConnection, name: str, rule: LoadRule) -> None:
    """Refuse a file if nine in ten located rows lie in the study area's bounding box only with coordinates swapped."""
    west, south, east, north = _bounding_box(rule, margin=0.0)
    bounds = [west, east, south, north]
    located, inside_as_given, inside_if_swapped = connection.execute(
        """
        SELECT count(*) FILTER (longitude IS NOT NULL AND latitude IS NOT NULL),
            count(*) FILTER (longitude BETWEEN $1 AND $2 AND latitude BETWEEN $3 AND $4),
            count(*) FILTER (latitude BETWEEN $1 AND $2 AND longitude BETWEEN $3 AND $4)
        FROM parsed
        """,
        bounds,
    ).fetchall()[0]
    if located and inside_if_swapped >= _SWAPPED_SHARE * located and inside_as_given < (1 - _SWAPPED_SHARE) * located:
        names = [rule.input_format.columns.get(field, (field,))[0] for field in ("longitude", "latitude")]
        msg = (
            f'"{name}": {inside_if_swapped:,} of {located:,} rows lie in the study area only if "{names[0]}" and '
            f'"{names[1]}" are swapped. Swap the two columns in the file or in the format; nothing was read.'
        )
        raise QualityError(msg)
