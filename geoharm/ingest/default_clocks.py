"""Default clock times: where most times of a file are one time of day, they are days as written, without an hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from geoharm.engines.base import Scratch
from geoharm.ingest.formats.input_format import Format
from geoharm.ingest.parse import row_columns
from geoharm.model.ledger import QualityNote

# A clock time is the default if more than this share of at least so many times of a file are exactly it. From the second
# share on, no time of the file says when something happened.
_MOST, _NEARLY_ALL, _MIN_TIMES = 0.5, 0.9, 20


@dataclass(frozen=True, slots=True)
class DefaultClock:
    """The time of day that most times of a file have.

    Attributes
    ----------
    clock : time
    share : float
        Of the file's times, above 0.5.
    rows, first_line : int
    """

    clock: time
    share: float
    rows: int
    first_line: int

    @property
    def text(self) -> str:
        """The time as text, without seconds if there are none."""
        return self.clock.strftime("%H:%M:%S" if self.clock.second or self.clock.microsecond else "%H:%M")


def default_utc_clock(scratch: Scratch, input_format: Format) -> DefaultClock | None:
    """Return the clock time in UTC that stands for days in ``parsed``; None if there is none, or if times are local.

    A day that is written as a time in UTC would become another day in local time, in the west the day before. Where more times
    are one local clock time (midnight in a zone with summer time is two times in UTC), the local day is right. Where as many
    are, as in a file of one winter, only midnight in UTC stands for days.
    """
    if not input_format.zone:
        return None
    in_utc = _most_frequent(scratch, "CAST(utc AS TIME)")
    in_local = _most_frequent(scratch, "CAST(since AS TIME)") if in_utc else None
    if in_utc is None or in_local is None:
        return in_utc
    is_midnight = in_utc.clock == time.min != in_local.clock
    return in_utc if in_utc.share > in_local.share or (in_utc.share == in_local.share and is_midnight) else None


def note_utc_clock(default: DefaultClock) -> QualityNote:
    """Return the note on times that were taken for days as they are written."""
    sentence = f"the time is {default.text} in UTC, as in {default.share:.0%} of the file: taken for the day as written, without an hour"
    return QualityNote("days written as times", default.rows, default.first_line, sentence)


def leave_out_default_clock(scratch: Scratch, input_format: Format, *, as_written: bool) -> list[QualityNote]:
    """Take the hour from rows of ``parsed`` at the local clock time that most rows have, and return a note on them.

    There is none if they were taken for days `as_written`, of which there is one already (`note_utc_clock`).
    """
    if "clock" not in row_columns(input_format):
        return []
    default = _most_frequent(scratch, "CAST(clock AS TIME)")
    if default is None:
        return []
    if default.share >= _NEARLY_ALL:
        scratch.execute("UPDATE parsed SET clock = NULL")
    else:
        scratch.execute("UPDATE parsed SET clock = NULL WHERE CAST(clock AS TIME) = ?", [default.clock])
    if as_written:
        return []
    sentence = f"the time is exactly {default.text}, as in {default.share:.0%} of the file: the hour is not known"
    return [QualityNote("time not known", default.rows, default.first_line, sentence)]


def _most_frequent(scratch: Scratch, clock: str) -> DefaultClock | None:
    found = scratch.execute(
        f"""
        SELECT clock_time, n, first_line, CAST(sum(n) OVER () AS BIGINT) AS total FROM (
            SELECT {clock} AS clock_time, count(*) AS n, min(line) AS first_line FROM parsed
            WHERE {clock} IS NOT NULL GROUP BY 1
        ) ORDER BY n DESC, clock_time LIMIT 1
        """
    ).fetchall()
    if not found:
        return None
    clock_time, rows, line, total = found[0]
    if total < _MIN_TIMES or rows <= _MOST * total:
        return None
    return DefaultClock(clock_time, rows / total, int(rows), int(line))
