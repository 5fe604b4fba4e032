"""Checks of dates that can be read but may mean another day or time.

They look for swapped day and month, two formats in one column, and clock changes.
"""

from __future__ import annotations

from itertools import combinations

import pyarrow as pa

from geoharm.dates.patterns import date_pattern_sql, finest_unit, swap_day_month
from geoharm.engines.base import Scratch
from geoharm.errors import QualityError
from geoharm.ingest.formats.input_format import Format
from geoharm.ingest.parse import needs_date_checks
from geoharm.ingest.timezones import TimeRange, skipped_and_repeated_times
from geoharm.model.ledger import QualityNote

# A file is refused from this share of dates on that can be read only with day and month swapped: for every two such
# dates, about one more date is read as a wrong day.
_SWAPPED_SHARE = 0.001
_NEARLY_ALL = 0.99
# With so many rows it is unlikely by chance that no day is above 12; within one month, so many different days are needed.
_MIN_ROWS, _MIN_DAYS = 60, 6
# A spreadsheet that swaps day and month leaves two kinds of dates; the check needs so many rows of each kind.
_MIN_ROWS_EACH = 30


def check_dates(scratch: Scratch, name: str, input_format: Format) -> None:
    """Refuse a file whose dates, read as the format says, would mean wrong days.

    Raises
    ------
    QualityError
        With what was found and what to write instead.
    """
    if not needs_date_checks(input_format):
        return
    _refuse_two_readings(scratch, name, input_format)
    for index, pattern in enumerate(input_format.date_formats):
        if (swapped_pattern := swap_day_month(pattern)) and swapped_pattern not in input_format.date_formats:
            _refuse_swapped_dates(scratch, name, input_format, index, swapped_pattern)
    _refuse_spreadsheet_swaps(scratch, name, input_format)


def note_dates(scratch: Scratch, input_format: Format) -> list[QualityNote]:
    """Return notes on dates that were read but are in doubt.

    There is a note for each of several formats in one column, for dates that can also be read with day and month swapped,
    and for times that the clocks skip or repeat.
    """
    notes: list[QualityNote] = []
    if not needs_date_checks(input_format):
        return notes

    def note(kind: str, rows: int, line: int, sentence: str) -> None:
        notes.append(QualityNote(kind, rows, line, sentence))

    used_patterns = scratch.execute(
        "SELECT written, count(*), min(line) FROM parsed WHERE written IS NOT NULL GROUP BY written ORDER BY written"
    ).fetchall()
    for index, rows, line in used_patterns:
        pattern = input_format.date_formats[index]
        if len(used_patterns) > 1:
            note("several date formats", rows, line, f"the date is read by {pattern}; other dates of the file are not")
        swapped_pattern = swap_day_month(pattern)
        if not swapped_pattern or input_format.order_checked:
            continue
        read_both_ways, first_different_line = _count_read_both_ways(scratch, index, swapped_pattern)
        if read_both_ways == rows and first_different_line:
            sentence = f"every date can also be read by {swapped_pattern}; the declared {pattern} was used"
            note("dates read two ways", rows, first_different_line, sentence)
    if input_format.zone:
        skipped, repeated = skipped_and_repeated_times(input_format.zone)
        for kind, ranges, description in (
            ("skipped time", skipped, "is one that the clocks skipped"),
            ("repeated time", repeated, "occurred twice because the clocks went back"),
        ):
            rows, line = _count_in_ranges(scratch, ranges, input_format)
            if rows:
                note(
                    kind,
                    rows,
                    line,
                    f"the time {description} in {input_format.zone}; day and hour were taken as written",
                )
    return notes


def note_times(scratch: Scratch, input_format: Format) -> list[QualityNote]:
    """Return a note if times in a column of their own cannot be read: these rows have a day and no hour."""
    if not input_format.time_formats:
        return []
    rows, line, text = scratch.execute(
        "SELECT count(unread_time), min(line) FILTER (unread_time IS NOT NULL), min_by(unread_time, line) FROM parsed WHERE fault IS NULL"
    ).fetchall()[0]
    if not rows:
        return []
    patterns = " or ".join(input_format.time_formats)
    sentence = f'the time ("{text[:20]}") is not one of the format {patterns}: counted on its day, without an hour'
    return [QualityNote("time not read", rows, line, sentence)]


def _refuse_two_readings(scratch: Scratch, name: str, input_format: Format) -> None:
    """Refuse a file if two of the format's patterns read one text as different times."""
    for first_index, second_index in combinations(range(len(input_format.date_formats)), 2):
        first_sql, second_sql = (
            date_pattern_sql("date_text", input_format.date_formats[index], trust_offset=input_format.trust_offset)
            for index in (first_index, second_index)
        )
        conflicts = scratch.execute(
            f"SELECT line, date_text, {first_sql}, {second_sql} FROM parsed WHERE written = {first_index} AND {first_sql} <> {second_sql} "
            "ORDER BY line LIMIT 1"
        ).fetchall()
        for line, text, first_reading, second_reading in conflicts:
            days_differ = first_reading.date() != second_reading.date()
            readings = [moment.date() if days_differ else moment for moment in (first_reading, second_reading)]
            msg = (
                f'"{name}", line {line:,}: the date "{text}" reads as {readings[0]} by {input_format.date_formats[first_index]} and as '
                f"{readings[1]} by {input_format.date_formats[second_index]}. Keep one of the two under date.formats; nothing was read."
            )
            raise QualityError(msg)


def _refuse_swapped_dates(scratch: Scratch, name: str, input_format: Format, index: int, swapped_pattern: str) -> None:
    """Refuse a file if dates can be read only with day and month swapped, or if no day is above 12 although some should be."""
    pattern, swapped_sql = input_format.date_formats[index], date_pattern_sql("date_text", swapped_pattern)
    date_count, read_swapped, only_swapped, line = scratch.execute(
        f"""
        SELECT count(date_text), count({swapped_sql}), count({swapped_sql}) FILTER (written IS NULL),
            min(line) FILTER (written IS NULL AND {swapped_sql} IS NOT NULL) FROM parsed
        """
    ).fetchall()[0]
    if only_swapped and only_swapped >= _SWAPPED_SHARE * date_count:
        if read_swapped >= _NEARLY_ALL * date_count:
            finding = f"nearly all can be read by {swapped_pattern}. Day and month are probably swapped: write {swapped_pattern} under date.formats"
        else:
            finding = (
                f"can be read by {swapped_pattern}. The column mixes two orders of day and month, so correct the file"
            )
        msg = (
            f'"{name}": {only_swapped:,} of {date_count:,} dates (first in line {line:,}) cannot be read by {pattern}, but {finding}; '
            "nothing was read."
        )
        raise QualityError(msg)
    rows, days, months, months_of_year = scratch.execute(
        """
        SELECT count(*), count(DISTINCT day(since)), count(DISTINCT date_trunc('month', since)), count(DISTINCT month(since))
        FROM parsed WHERE written = ?
        """,
        [index],
    ).fetchall()[0]
    read_both_ways, first_different_line = _count_read_both_ways(scratch, index, swapped_pattern)
    if input_format.order_checked or not first_different_line or read_both_ways < rows or rows < _MIN_ROWS:
        return
    if months_of_year == 1 and days >= _MIN_DAYS:
        finding = "fall into one month and no later than its 12th day"
    elif months > 1 and days > 1:
        finding = f"fall into the first 12 days of {months:,} months"
    else:
        return
    msg = (
        f'"{name}": by {pattern} all {rows:,} dates {finding}. Day and month are probably swapped: write {swapped_pattern} under '
        "date.formats, or order_checked = true under [date] if they are not; nothing was read."
    )
    raise QualityError(msg)


def _refuse_spreadsheet_swaps(scratch: Scratch, name: str, input_format: Format) -> None:
    """Refuse a file in which a spreadsheet swapped day and month.

    The sign is that the dates of one pattern all have a day of 12 or less, and those of another one of 13 or more.
    """
    if input_format.order_checked or len(input_format.date_formats) < 2:
        return
    day_ranges = scratch.execute(
        "SELECT written, min(day(since)), max(day(since)) FROM parsed WHERE written IS NOT NULL "
        f"GROUP BY written HAVING count(*) >= {_MIN_ROWS_EACH} ORDER BY written"
    ).fetchall()
    for (first_index, _, highest_day), (second_index, lowest_day, _) in (
        (first, second) for first in day_ranges for second in day_ranges if first is not second
    ):
        if highest_day <= 12 < lowest_day:
            msg = (
                f'"{name}": the dates written like "{input_format.date_formats[first_index]}" all have a day of 12 or less, those like '
                f'"{input_format.date_formats[second_index]}" one of 13 or more: a spreadsheet has swapped day and month where it could. '
                "Export the file again and do not open it in a spreadsheet, or write order_checked = true under [date] if the days are "
                "right; nothing was read."
            )
            raise QualityError(msg)


def _count_read_both_ways(scratch: Scratch, index: int, swapped_pattern: str) -> tuple[int, int]:
    """Return how many dates read by one pattern can also be read swapped, and the first line where the two days differ."""
    swapped_sql = date_pattern_sql("date_text", swapped_pattern)
    rows, line = scratch.execute(
        f"SELECT count({swapped_sql}), coalesce(min(line) FILTER ({swapped_sql} <> since), 0) FROM parsed WHERE written = ?",
        [index],
    ).fetchall()[0]
    return int(rows), int(line)


def _count_in_ranges(scratch: Scratch, ranges: tuple[TimeRange, ...], input_format: Format) -> tuple[int, int]:
    """Return the number of local times that lie in some time ranges, and the first line of these."""
    time_patterns = [
        index for index, pattern in enumerate(input_format.date_formats) if finest_unit(pattern) == "moment"
    ]
    if not time_patterns or not ranges:
        return 0, 0
    starts, ends = zip(*ranges, strict=True)
    scratch.register(
        "stretch", pa.table({"a": pa.array(starts, pa.timestamp("us")), "b": pa.array(ends, pa.timestamp("us"))})
    )
    rows, line = scratch.execute(
        "SELECT count(*), coalesce(min(line), 0) FROM parsed JOIN stretch ON since >= a AND since < b "
        f"WHERE utc IS NULL AND written IN ({', '.join(map(str, time_patterns))})"
    ).fetchall()[0]
    scratch.unregister("stretch")
    return int(rows), int(line)
