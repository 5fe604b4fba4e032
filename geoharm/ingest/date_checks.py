"""Dates that read, and yet may mean another day: swapped day and month, two formats, days dressed as moments, clock changes."""

from __future__ import annotations

from itertools import combinations

import duckdb
import pyarrow as pa

from geoharm.errors import QualityError
from geoharm.ingest.date_patterns import date_pattern_sql, finest_unit, swap_day_month
from geoharm.ingest.formats.input_format import Format
from geoharm.ingest.parse import needs_date_checks
from geoharm.ingest.quality_notes import save_note
from geoharm.ingest.timezones import Range, clock_change_gaps
from geoharm.model.ledger import QualityNote

# Dates that read only with day and month swapped stop a file from this share on: for every two that are seen, one more
# is read as another day.
_SWAPPED_SHARE = 0.001
_NEARLY_ALL = 0.99
# From this many rows on, days of 12 at most throughout hardly happen by themselves; in one month, from so many days on.
_TELLING_ROWS, _TELLING_DAYS = 60, 6
# A spreadsheet that turns day and month leaves two kinds of date; so many of each tell it.
_EACH = 30
# So many moments that are all midnight in UTC are days.
_MIDNIGHTS = 20


def check_dates(connection: duckdb.DuckDBPyConnection, name: str, input_format: Format) -> None:
    """Stop a file whose dates, read as the format says, would mean other days than they should.

    Raises
    ------
    QualityError
        With what was found and what to write instead.
    """
    if not needs_date_checks(input_format):
        return
    _gate_two_readings(connection, name, input_format)
    _gate_midnights(connection, name, input_format)
    for index, pattern in enumerate(input_format.date_formats):
        if (other := swap_day_month(pattern)) and other not in input_format.date_formats:
            _gate_swapped(connection, name, input_format, index, other)
    _gate_spreadsheet(connection, name, input_format)


def note_dates(connection: duckdb.DuckDBPyConnection, source: str, name: str, input_format: Format) -> None:
    """Keep a note for each of two formats in one column, for dates that read both ways, and for times that clocks skip or repeat."""
    if not needs_date_checks(input_format):
        return

    def note(kind: str, rows: int, line: int, sentence: str) -> None:
        save_note(connection, source, QualityNote(kind, rows, line, sentence, name))

    used = connection.execute(
        "SELECT written, count(*), min(line) FROM parsed WHERE written IS NOT NULL GROUP BY written ORDER BY written"
    ).fetchall()
    for index, rows, line in used:
        pattern = input_format.date_formats[index]
        if len(used) > 1:
            note("several date formats", rows, line, f"the date is read by {pattern}, others of the file are not")
        other = swap_day_month(pattern)
        if not other or input_format.order_checked:
            continue
        both, differs = _both_ways(connection, index, other)
        if both == rows and differs:
            sentence = f"every date also reads by {other}; the declared {pattern} was taken"
            note("dates read two ways", rows, differs, sentence)
    if input_format.zone:
        skipped, repeated = clock_change_gaps(input_format.zone)
        for kind, ranges, what in (
            ("skipped time", skipped, "is one that the clocks skipped"),
            ("repeated time", repeated, "came twice as the clocks went back"),
        ):
            rows, line = _rows_in(connection, ranges, input_format)
            if rows:
                note(kind, rows, line, f"the time {what} in {input_format.zone}; day and hour were taken as written")


def _gate_two_readings(connection: duckdb.DuckDBPyConnection, name: str, input_format: Format) -> None:
    """Stop where two listed formats read one text as different times."""
    for one, two in combinations(range(len(input_format.date_formats)), 2):
        first, second = (
            date_pattern_sql("date_text", input_format.date_formats[i], trust_offset=input_format.trust_offset)
            for i in (one, two)
        )
        found = connection.execute(
            f"SELECT line, date_text, {first}, {second} FROM parsed WHERE written = {one} AND {first} <> {second} "
            "ORDER BY line LIMIT 1"
        ).fetchall()
        for line, text, by_one, by_two in found:
            days = by_one.date() != by_two.date()
            told = [moment.date() if days else moment for moment in (by_one, by_two)]
            msg = (
                f'"{name}", line {line:,}: the date "{text}" reads as {told[0]} by {input_format.date_formats[one]} and as '
                f"{told[1]} by {input_format.date_formats[two]}. Keep one of the two under date.formats; nothing was read."
            )
            raise QualityError(msg)


def _gate_midnights(connection: duckdb.DuckDBPyConnection, name: str, input_format: Format) -> None:
    """Stop moments that are all midnight in UTC: days, which another zone's clock would move."""
    rows, midnights = connection.execute(
        "SELECT count(utc_midnight), count(*) FILTER (utc_midnight) FROM parsed"
    ).fetchall()[0]
    if midnights >= _MIDNIGHTS and rows == midnights:
        wayout = "Leave out utc" if input_format.utc else "Write trust_offset = false"
        msg = (
            f'"{name}": all {rows:,} dates are midnight in UTC, so they are days and not moments; the clock of '
            f"{input_format.zone} would move them. {wayout} under [date]; nothing was read."
        )
        raise QualityError(msg)


def _gate_swapped(
    connection: duckdb.DuckDBPyConnection, name: str, input_format: Format, index: int, other: str
) -> None:
    """Stop where dates read only with day and month changed over, or where no day is over 12 though most should be."""
    pattern, turned = input_format.date_formats[index], date_pattern_sql("date_text", other)
    texts, by_other, only, line = connection.execute(
        f"""
        SELECT count(date_text), count({turned}), count({turned}) FILTER (written IS NULL),
            min(line) FILTER (written IS NULL AND {turned} IS NOT NULL) FROM parsed
        """
    ).fetchall()[0]
    if only and only >= _SWAPPED_SHARE * texts:
        if by_other >= _NEARLY_ALL * texts:
            found = (
                f"nearly all read by {other}. Day and month are probably changed over: write {other} under date.formats"
            )
        else:
            found = f"read by {other}. Two orders of day and month stand in one column, so mend the file"
        msg = (
            f'"{name}": {only:,} of {texts:,} dates (first in line {line:,}) do not read by {pattern}, but {found}; '
            "nothing was read."
        )
        raise QualityError(msg)
    rows, days, months, months_of_year = connection.execute(
        """
        SELECT count(*), count(DISTINCT day(since)), count(DISTINCT date_trunc('month', since)), count(DISTINCT month(since))
        FROM parsed WHERE written = ?
        """,
        [index],
    ).fetchall()[0]
    both, differs = _both_ways(connection, index, other)
    if input_format.order_checked or not differs or both < rows or rows < _TELLING_ROWS:
        return
    if months_of_year == 1 and days >= _TELLING_DAYS:
        found = "fall into one month and no later than its 12th day"
    elif months > 1 and days > 1:
        found = f"fall into the first 12 days of {months:,} months"
    else:
        return
    msg = (
        f'"{name}": by {pattern} all {rows:,} dates {found}. Day and month are probably changed over: write {other} under '
        "date.formats, or order_checked = true under [date] if they are not; nothing was read."
    )
    raise QualityError(msg)


def _gate_spreadsheet(connection: duckdb.DuckDBPyConnection, name: str, input_format: Format) -> None:
    """Stop where the dates of one format have no day over 12 and those of another no other: a spreadsheet turned the first."""
    if input_format.order_checked or len(input_format.date_formats) < 2:
        return
    found = connection.execute(
        "SELECT written, min(day(since)), max(day(since)) FROM parsed WHERE written IS NOT NULL "
        f"GROUP BY written HAVING count(*) >= {_EACH} ORDER BY written"
    ).fetchall()
    for (one, _, most), (two, least, _) in ((a, b) for a in found for b in found if a is not b):
        if most <= 12 < least:
            msg = (
                f'"{name}": the dates written like "{input_format.date_formats[one]}" all have a day of 12 or less, those like '
                f'"{input_format.date_formats[two]}" one of 13 or more: a spreadsheet has swapped day and month where it could. '
                "Export the file anew and do not open it, or write order_checked = true under [date] if the days are "
                "right; nothing was read."
            )
            raise QualityError(msg)


def _both_ways(connection: duckdb.DuckDBPyConnection, index: int, other: str) -> tuple[int, int]:
    """Return how many dates read by one format also read with day and month swapped, and the first line that then differs."""
    turned = date_pattern_sql("date_text", other)
    rows, line = connection.execute(
        f"SELECT count({turned}), coalesce(min(line) FILTER ({turned} <> since), 0) FROM parsed WHERE written = ?",
        [index],
    ).fetchall()[0]
    return int(rows), int(line)


def _rows_in(connection: duckdb.DuckDBPyConnection, ranges: tuple[Range, ...], input_format: Format) -> tuple[int, int]:
    """Return how many wall-clock times lie in some stretches, and the first line of them."""
    naive = [i for i, pattern in enumerate(input_format.date_formats) if finest_unit(pattern) == "moment"]
    if not naive or not ranges:
        return 0, 0
    starts, ends = zip(*ranges, strict=True)
    connection.register(
        "stretch", pa.table({"a": pa.array(starts, pa.timestamp("us")), "b": pa.array(ends, pa.timestamp("us"))})
    )
    rows, line = connection.execute(
        "SELECT count(*), coalesce(min(line), 0) FROM parsed JOIN stretch ON since >= a AND since < b "
        f"WHERE utc_midnight IS NULL AND written IN ({', '.join(map(str, naive))})"
    ).fetchall()[0]
    connection.unregister("stretch")
    return int(rows), int(line)
