"""Dates: read as a format declares, in the local civil day; two ways of reading one text are never settled by a guess."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import duckdb

from geoharm.errors import GateError
from geoharm.model import LedgerNote
from geoharm.store.connection import quote_text
from geoharm.store.formats import EPOCH_MS, EXCEL_SERIAL, Format
from geoharm.store.notes import keep_note

_DAY_MONTH = ("%d", "%m")
# Rows from which a column of dates that also read the other way round tells which way is wrong.
_TELLING_ROWS, _TELLING_DAYS = 60, 6
_NEARLY_ALL = 0.99


def moment_sql(text: str, layout: Format) -> str:
    """Return SQL that reads a text as the first declared pattern that fits: a local wall clock, or NULL.

    Where the format has a zone, patterns give UTC (or carry their own offset) and are moved to that zone's clock; an
    instant has one local time, so clock changes need no rule. Without a zone the text is the local clock already: an
    hour that a clock change repeats counts as the hour and day it says.
    """
    return "coalesce(" + ", ".join(_read_sql(text, pattern, layout.zone) for pattern in layout.date_formats) + ")"


def are_dates_judged(layout: Format) -> bool:
    """Return whether `gate_dates` and `note_dates` have anything to look for: ``parsed`` then keeps the texts."""
    return len(layout.date_formats) > 1 or bool(_swapped(layout.date_formats[0]))


def gate_dates(connection: duckdb.DuckDBPyConnection, name: str, layout: Format) -> None:
    """Stop where the dates of ``parsed`` read better, or just as well but differently, by another order.

    Raises
    ------
    GateError
        With the suggestion; nothing was kept.
    """
    for one, other in _pairs(layout):
        _stop_if_read_twice(connection, name, one, other)
    if len(layout.date_formats) == 1 and _swapped(layout.date_formats[0]):
        _stop_if_swapped(connection, name, layout.date_formats[0])


def note_dates(connection: duckdb.DuckDBPyConnection, source: str, name: str, layout: Format) -> None:
    """Add notes on a file whose dates come in several formats, or also read with day and month changed over."""
    if len(layout.date_formats) > 1:
        which = " ".join(
            f"WHEN {_read_sql('date_text', pattern, '')} IS NOT NULL THEN {index}"
            for index, pattern in enumerate(layout.date_formats)
        )
        used = connection.execute(
            f"SELECT CASE {which} END AS used, count(*), min(line) FROM parsed WHERE day IS NOT NULL GROUP BY used ORDER BY used"
        ).fetchall()
        if len(used) > 1:
            told = "; ".join(
                f"{layout.date_formats[index]} in {rows:,} rows from line {line:,}" for index, rows, line in used
            )
            total = sum(rows for _, rows, _ in used)
            sentence = f"the dates come in {len(used)} formats: {told}"
            keep_note(connection, source, LedgerNote("several date formats", total, 0, sentence, name))
        return
    pattern = layout.date_formats[0]
    other = _swapped(pattern)
    if other:
        rows, both, line = connection.execute(
            f"""
            SELECT count(*), count(*) FILTER (swapped IS NOT NULL), coalesce(min(line) FILTER (swapped <> day), 0)
            FROM (SELECT line, day, CAST({_read_sql("date_text", other, "")} AS DATE) AS swapped FROM parsed WHERE day IS NOT NULL)
            """
        ).fetchall()[0]
        if rows and both == rows and line:
            sentence = f"every date also reads by {other}; the declared {pattern} was taken"
            keep_note(connection, source, LedgerNote("dates read two ways", rows, line, sentence, name))


def _read_sql(text: str, pattern: str, zone: str) -> str:
    if pattern == EXCEL_SERIAL:
        days = f"TRY_CAST({text} AS DOUBLE)"
        return (
            f"CASE WHEN {days} BETWEEN 1 AND 80000 THEN TIMESTAMP '1899-12-30' + to_seconds(round({days} * 86400)) END"
        )
    if pattern == EPOCH_MS:
        # From 1900 to 2100: anything else is no time in milliseconds.
        number = f"TRY_CAST({text} AS BIGINT)"
        moment = f"CASE WHEN {number} BETWEEN -2208988800000 AND 4102444800000 THEN make_timestamp({number} * 1000) END"
    elif "%z" in pattern:
        moment = f"make_timestamp(epoch_us(try_strptime({text}, {quote_text(pattern)})))"
    else:
        moment = f"try_strptime({text}, {quote_text(pattern)})"
    return _local_sql(moment, zone) if zone else moment


def _local_sql(moment: str, zone: str) -> str:
    """Return SQL that moves a UTC timestamp to the clock of a zone."""
    cases = " ".join(
        f"WHEN {moment} < TIMESTAMP '{until:%Y-%m-%d %H:%M:%S}' THEN {seconds}"
        for until, seconds in _offsets(zone)[:-1]
    )
    last = _offsets(zone)[-1][1]
    return f"({moment} + to_seconds(CASE {cases} ELSE {last} END))" if cases else f"({moment} + to_seconds({last}))"


@cache
def _offsets(zone: str) -> tuple[tuple[datetime, int], ...]:
    """Return (until, seconds east of UTC) from 1970 to 2040; the first and last reach beyond."""
    clock = ZoneInfo(zone)

    def seconds(moment: datetime) -> int:
        shift = moment.astimezone(clock).utcoffset()
        return int(shift.total_seconds()) if shift is not None else 0

    found = []
    low = datetime(1970, 1, 1, tzinfo=UTC)
    end = datetime(2040, 1, 1, tzinfo=UTC)
    while low < end:
        high = low + timedelta(days=1)
        if seconds(low) != seconds(high):
            early, late = low, high
            while late - early > timedelta(seconds=1):
                middle = early + (late - early) // 2
                middle = middle.replace(microsecond=0) if middle.replace(microsecond=0) > early else late
                early, late = (middle, late) if seconds(middle) == seconds(low) else (early, middle)
            found.append((late.replace(tzinfo=None), seconds(low)))
        low = high
    return (*found, (end.replace(tzinfo=None), seconds(end)))


def _swapped(pattern: str) -> str:
    """Return a pattern with day and month changed over; nothing if nobody writes it: no such numbers, or the year first."""
    day, month = _DAY_MONTH
    if day not in pattern or month not in pattern or pattern.startswith("%Y"):
        return ""
    return pattern.replace(day, "\0").replace(month, day).replace("\0", month)


def _pairs(layout: Format) -> list[tuple[str, str]]:
    patterns = layout.date_formats
    return [(one, other) for at, one in enumerate(patterns) for other in patterns[at + 1 :]]


def _stop_if_read_twice(connection: duckdb.DuckDBPyConnection, name: str, one: str, other: str) -> None:
    first, second = (f"CAST({_read_sql('date_text', pattern, '')} AS DATE)" for pattern in (one, other))
    found = connection.execute(
        f"""
        SELECT line, date_text, first, second FROM (
            SELECT line, date_text, {first} AS first, {second} AS second FROM parsed) WHERE first <> second
        ORDER BY line LIMIT 1
        """
    ).fetchall()
    if found:
        line, text, by_one, by_other = found[0]
        msg = (
            f'"{name}", line {line:,}: the date "{text}" reads as {by_one} by {one} and as {by_other} by {other}. Keep one '
            "of the two under date.formats; nothing was read."
        )
        raise GateError(msg)


def _stop_if_swapped(connection: duckdb.DuckDBPyConnection, name: str, pattern: str) -> None:
    other = _swapped(pattern)
    given, swapped = (f"CAST({_read_sql('date_text', one, '')} AS DATE)" for one in (pattern, other))
    texts, by_given, by_swapped, line, months, days = connection.execute(
        f"""
        SELECT count(*), count(given), count(swapped), min(line) FILTER (given IS NULL AND swapped IS NOT NULL),
            count(DISTINCT month(given)), count(DISTINCT day(given))
        FROM (SELECT line, {given} AS given, {swapped} AS swapped FROM parsed WHERE date_text IS NOT NULL)
        """
    ).fetchall()[0]
    if texts and by_swapped > by_given and by_swapped >= _NEARLY_ALL * texts:
        msg = (
            f'"{name}": {texts - by_given:,} of {texts:,} dates (first in line {line:,}) do not read by {pattern}, but '
            f"nearly all read by {other}. Day and month are probably changed over: write {other} under date.formats; "
            "nothing was read."
        )
        raise GateError(msg)
    if by_given == by_swapped == texts >= _TELLING_ROWS and months == 1 and days >= _TELLING_DAYS:
        msg = (
            f'"{name}": by {pattern} all {texts:,} dates fall into one month and no later than its 12th day. Day and month '
            f"are probably changed over: write {other} under date.formats; nothing was read."
        )
        raise GateError(msg)
