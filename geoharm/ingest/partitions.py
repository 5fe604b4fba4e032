"""Read one file into its partition: its part of the tables ``row_<rule>``, ``fault_<rule>`` and ``file_note_<rule>``.

A partition is written once, whole, and never changed. It holds every row of the file with its line: the kept ones, and
those rejected with the number of their fault. A file that would mislead (swapped coordinates, a format that fits less
than half of its rows) is refused with one sentence, and nothing is written.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import pyarrow as pa

from geoharm import _crs
from geoharm.dates.detection import detect_date_patterns
from geoharm.engines.base import Engine, Part, Scratch
from geoharm.errors import DataError, QualityError
from geoharm.ingest.codes import Codes
from geoharm.ingest.date_checks import check_dates, note_dates, note_times
from geoharm.ingest.default_clocks import DefaultClock, default_utc_clock, leave_out_default_clock, note_utc_clock
from geoharm.ingest.formats.input_format import GEOMETRY_CONTAINERS, Format
from geoharm.ingest.parse import drop_parsed, parse_stage, row_columns
from geoharm.ingest.quality import (
    note_decimals,
    note_impossible_places,
    note_weights,
    note_zeros,
    refuse_unclear_weights,
)
from geoharm.ingest.quality_notes import notes_table
from geoharm.ingest.readers.csv_files import NOT_TEXT_REASON
from geoharm.ingest.readers.downloads import download_notes
from geoharm.ingest.readers.features import NOT_A_POINT, SEVERAL_POINTS
from geoharm.ingest.readers.input_files import InputFile
from geoharm.ingest.readers.read import read_file
from geoharm.ingest.readers.staging import MAX_REJECTED_SHARE, StagedRows, check_reject_share
from geoharm.ingest.rule import (
    AFTER_PERIOD_REASON,
    BEFORE_PERIOD_REASON,
    COMMA_REASON,
    NO_DATE_REASON,
    ReadRule,
    bounding_box,
    extent_box,
)
from geoharm.ingest.time_detection import detect_time_patterns
from geoharm.model.ledger import QualityNote
from geoharm.queries.stored import StoredFile

# The columns of every stored row; a format may fill more, see `parse.row_columns`.
ROW_COLUMNS = ("line", "day", "place", "category", "fault")
_SWAPPED_SHARE = 0.9
# Of the dates that cannot be read, so many different texts are looked at for a pattern that reads them.
_TEXTS_LOOKED_AT = 500


def load_file(
    engine: Engine,
    source: InputFile,
    rule: ReadRule,
    codes: Codes,
    read: Sequence[StoredFile],
    known: Mapping[str, int],
) -> StoredFile:
    """Read one file into its partition, unless the same bytes were read under the same rule before.

    Parameters
    ----------
    engine : Engine
    source : InputFile
    rule : ReadRule
    codes : Codes
        Of the rule.
    read : sequence of StoredFile
        The files of its source that were read before it.
    known : mapping of label to number
        The partitions of the rule; without any, the file need not be hashed before it is read.

    Raises
    ------
    DataError, QualityError
        If the file is refused; the database does not change.
    """
    if known:
        sha256 = source.sha256()
        part = known.get(_label(sha256, read))
        if part is not None:
            return StoredFile(source.name, sha256, part, count_rows(engine, rule, part))
    try:
        return _load(engine, source, rule, codes, read)
    finally:
        drop_parsed(engine.scratch)


def _label(sha256: str, read: Sequence[StoredFile]) -> str:
    """Return the label of a partition; a file of the same content as an earlier one of its source has its own."""
    copies = sum(file.sha256 == sha256 for file in read)
    return f"{sha256} ({copies + 1})" if copies else sha256


def count_rows(engine: Engine, rule: ReadRule, part: int) -> int:
    """Return the number of rows of a partition, rejects included."""
    return int(engine.rows(f"SELECT count(*) FROM {engine.table(f'row_{rule.name}', [part])} AS r")[0][0])


def _load(engine: Engine, source: InputFile, rule: ReadRule, codes: Codes, read: Sequence[StoredFile]) -> StoredFile:
    scratch, name, stamp, faults = engine.scratch, source.name, source.stamp(), rule.faults()
    row_faults = [(fault.number, fault.condition) for fault in faults if not fault.is_of_place]

    utc_clock: list[DefaultClock] = []
    codes.bring()

    def parse(fields: Collection[str], *, lined: bool = True) -> int:
        codes.learn_sample(fields)
        parsed = parse_stage(scratch, fields, rule.input_format, row_faults, lined=lined)
        default = default_utc_clock(scratch, rule.input_format)
        if default is None:
            return parsed
        utc_clock[:] = [default]
        return parse_stage(scratch, fields, rule.input_format, row_faults, lined=lined, day_clock=default.clock)

    staged = read_file(scratch, source, rule.input_format, parse)
    sha256 = staged.sha256 or source.sha256()
    if source.stamp() != stamp:
        msg = f'The file "{name}" changed while it was read; wait until the program that writes it has ended, and run again.'
        raise DataError(msg)
    _check_count(scratch, name, staged)
    codes.complete()
    check_dates(scratch, name, rule.input_format)
    _count_by_place(scratch)
    _refuse_swapped_coordinates(scratch, name, rule)
    reasons = {fault.number: (fault.column, fault.reason) for fault in faults}
    reasons |= _add_shapeless_rows(scratch, staged, first_number=len(faults))
    refuse_unclear_weights(scratch, name, rule.input_format)
    _refuse_many_rejects(scratch, name, rule, staged, reasons)
    _refuse_unread_times(scratch, name, rule)
    notes = [
        *map(note_utc_clock, utc_clock),
        *leave_out_default_clock(scratch, rule.input_format, as_written=bool(utc_clock)),
        *download_notes(staged, {staged.open_end: _fields_at_fault(scratch, staged.open_end, reasons)}),
        *note_dates(scratch, rule.input_format),
        *note_times(scratch, rule.input_format),
        *note_zeros(scratch),
        *note_impossible_places(scratch, reasons),
    ]
    if "weight" in staged.fields:
        notes += note_weights(scratch)
    if rule.input_format.crs == _crs.LONLAT:
        notes += note_decimals(scratch)
    numbers = engine.parts(f"row_{rule.name}")
    part = Part(1 + max(numbers.values(), default=0), _label(sha256, read))
    with engine.swap():
        _write_partition(engine, part, rule, reasons, notes)
        codes.save()
    return StoredFile(name, sha256, part.number, staged.read)


def _check_count(scratch: Scratch, name: str, staged: StagedRows) -> None:
    """Refuse to go on if a row was lost between the reader and ``parsed``."""
    parsed = int(scratch.execute("SELECT count(*) FROM parsed").fetchall()[0][0])
    if parsed + len(staged.rejects) != staged.read:
        msg = (
            f'"{name}": of {staged.read:,} rows {parsed:,} were parsed and {len(staged.rejects):,} rejected. '
            "Please report this as a defect; nothing was read."
        )
        raise DataError(msg)


def _add_shapeless_rows(scratch: Scratch, staged: StagedRows, *, first_number: int) -> dict[int, tuple[str, str]]:
    """Add the rows of the wrong shape to ``parsed``, and return the reasons by the numbers that they get."""
    reasons = sorted({reason for _, reason in staged.rejects})
    numbers = {reason: first_number + position for position, reason in enumerate(reasons)}
    if staged.rejects:
        lines = pa.array([line for line, _ in staged.rejects], pa.int32())
        faults = pa.array([numbers[reason] for _, reason in staged.rejects], pa.int16())
        scratch.register("shapeless", pa.table({"line": lines, "fault": faults}))
        scratch.execute("INSERT INTO parsed BY NAME SELECT line, fault FROM shapeless")
        scratch.unregister("shapeless")
    return {number: ("row", reason) for reason, number in numbers.items()}


def _fields_at_fault(scratch: Scratch, line: int, reasons: dict[int, tuple[str, str]]) -> list[str]:
    """Return the fields for which the row in a line is rejected, or has no place."""
    rows = scratch.execute(
        "SELECT coalesce(r.fault, p.fault) FROM parsed AS r LEFT JOIN known_place AS p ON p.place = r.place WHERE r.line = ?",
        [line],
    ).fetchall()
    faults = [reasons[fault] for (fault,) in rows if fault is not None]
    return [field for field, reason in faults if reason not in (BEFORE_PERIOD_REASON, AFTER_PERIOD_REASON)]


def _write_partition(
    engine: Engine, part: Part, rule: ReadRule, reasons: dict[int, tuple[str, str]], notes: Sequence[QualityNote]
) -> None:
    """Write the part of each table; called inside a swap."""
    columns = ", ".join((*ROW_COLUMNS, *row_columns(rule.input_format)))
    engine.write(f"row_{rule.name}", f"SELECT {columns} FROM parsed", part)
    fault_columns = {
        "fault": pa.array(list(reasons), pa.int16()),
        "column": pa.array([column for column, _ in reasons.values()], pa.string()),
        "reason": pa.array([reason for _, reason in reasons.values()], pa.string()),
    }
    engine.write(f"fault_{rule.name}", pa.table(fault_columns), part)
    engine.write(f"file_note_{rule.name}", notes_table(notes), part)


def _count_by_place(scratch: Scratch) -> None:
    """Make ``place_rows``: the kept rows of ``parsed`` at each of its places, with their first line, first and last day."""
    scratch.execute(
        """
        CREATE OR REPLACE TEMP TABLE place_rows AS
        SELECT n, first_line, first_day, last_day, longitude, latitude, at_zero, fault
        FROM (
            SELECT place, count(*) AS n, min(line) AS first_line, min(day) AS first_day, max(day) AS last_day
            FROM parsed WHERE fault IS NULL GROUP BY place
        ) JOIN known_place USING (place)
        """
    )


def _refuse_many_rejects(
    scratch: Scratch, name: str, rule: ReadRule, staged: StagedRows, reasons: dict[int, tuple[str, str]]
) -> None:
    # A format that fits no place fits the file no better than one that fits no date.
    counted = scratch.execute(
        """
        SELECT fault, count(*), min(line) FROM parsed WHERE fault IS NOT NULL GROUP BY fault
        UNION ALL SELECT fault, CAST(sum(n) AS BIGINT), min(first_line) FROM place_rows WHERE fault IS NOT NULL GROUP BY fault
        """
    ).fetchall()
    worst = [
        (*reasons[fault], int(rows), int(line))
        for fault, rows, line in counted
        if reasons[fault][1] not in (BEFORE_PERIOD_REASON, AFTER_PERIOD_REASON)
    ]
    if worst:
        most_frequent = min(worst, key=lambda row: (-row[2], row[0], row[1]))
        remedy = "Check the format or whether columns are swapped"
        if most_frequent[1].startswith(NOT_TEXT_REASON):
            remedy = 'Name the encoding of the file under [csv] encoding, such as "cp1252"'
        elif most_frequent[1].startswith(NO_DATE_REASON):
            remedy = _date_remedy(scratch)
        elif most_frequent[1] in (NOT_A_POINT, SEVERAL_POINTS):
            remedy = "An event has one place: save each as one point"
        elif most_frequent[1] == COMMA_REASON:
            remedy = 'Write decimal = "," under [values] if the comma is the decimal sign, or thousands = "," if it separates thousands'
        check_reject_share(name, rule.input_format, most_frequent, staged.read, unit="rows", remedy=remedy)


def _refuse_unread_times(scratch: Scratch, name: str, rule: ReadRule) -> None:
    """Refuse a file if most of the times of a column of their own cannot be read: the pattern is wrong, not the rows."""
    if not rule.input_format.time_formats:
        return
    times, unread, line, text = scratch.execute(
        "SELECT count(time_of_day) + count(unread_time), count(unread_time), min(line) FILTER (unread_time IS NOT NULL), "
        "min_by(unread_time, line) FROM parsed"
    ).fetchall()[0]
    if unread > MAX_REJECTED_SHARE * times:
        patterns, _ = detect_time_patterns([text])
        remedy = f"Write {' and '.join(patterns)} under" if patterns else "Check"
        msg = (
            f'"{name}": {unread:,} of {times:,} times (first in line {line:,}, "{text[:60]}") cannot be read by '
            f"{' or '.join(rule.input_format.time_formats)}. {remedy} date.time_formats; nothing was read."
        )
        raise QualityError(msg)


def _date_remedy(scratch: Scratch) -> str:
    """Return what to do about dates that no declared pattern reads, with the first text, and with patterns that read them."""
    texts = [
        text
        for text, _ in scratch.execute(
            "SELECT unread_date, min(line) AS first FROM parsed WHERE unread_date IS NOT NULL "
            f"GROUP BY unread_date ORDER BY first LIMIT {_TEXTS_LOOKED_AT}"
        ).fetchall()
    ]
    patterns, _ = detect_date_patterns(texts)
    if not patterns:
        return f'The first is "{texts[0][:60]}". Check the format or whether columns are swapped'
    return f'The first is "{texts[0][:60]}". If they are dates, add {" and ".join(patterns)} to date.formats'


def _refuse_swapped_coordinates(scratch: Scratch, name: str, rule: ReadRule) -> None:
    """Refuse a file if nine in ten located rows lie where they can lie only with coordinates swapped.

    Where they can lie is asked of the study area, of the publisher's extent and, of degrees, of the earth.
    """
    boxes = [((-180.0, -90.0, 180.0, 90.0), "on the earth")] if rule.input_format.crs == _crs.LONLAT else []
    if rule.input_format.extent is not None:
        boxes.append((extent_box(rule.input_format), "in the extent of the format (location.extent)"))
    boxes.append((bounding_box(rule, margin=0.0), "in the study area"))
    for (west, south, east, north), where in boxes:
        located, inside_as_given, inside_if_swapped = (
            int(count or 0)
            for count in scratch.execute(
                """
                SELECT sum(n) FILTER (longitude IS NOT NULL AND latitude IS NOT NULL),
                    sum(n) FILTER (longitude BETWEEN $1 AND $2 AND latitude BETWEEN $3 AND $4),
                    sum(n) FILTER (latitude BETWEEN $1 AND $2 AND longitude BETWEEN $3 AND $4)
                FROM place_rows
                """,
                [west, east, south, north],
            ).fetchall()[0]
        )
        if (
            located
            and inside_if_swapped >= _SWAPPED_SHARE * located
            and inside_as_given < (1 - _SWAPPED_SHARE) * located
        ):
            remedy = "Swap the two columns in the file or in the format"
            if rule.input_format.container in GEOMETRY_CONTAINERS:
                remedy = (
                    "Its geometries have the coordinate that goes north first; save the file with the other one first"
                )
            msg = (
                f'"{name}": {inside_if_swapped:,} of {located:,} rows lie {where} only if {_swapped_names(rule.input_format)} '
                f"are swapped. {remedy}; nothing was read."
            )
            raise QualityError(msg)


def _swapped_names(input_format: Format) -> str:
    if "latlon" in input_format.columns:
        return f'the two numbers of "{input_format.columns["latlon"][0]}"'
    longitude, latitude = (input_format.columns.get(field, (field,))[0] for field in ("longitude", "latitude"))
    return f'"{longitude}" and "{latitude}"'
