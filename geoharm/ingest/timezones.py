"""Civil clocks: from moments in UTC to a place's wall clock, and the times its clocks skip or show twice.

Zone rules come from the standard library, so that every machine gives the same answers whatever its database was built
with, and nothing is fetched while a study runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

_FIRST, _LAST = datetime(1900, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_STEP = timedelta(days=7)

Range = tuple[datetime, datetime]


@lru_cache(maxsize=8)
def utc_offset_changes(zone: str) -> tuple[tuple[datetime, int], ...]:
    """Return (moment in UTC, seconds east of UTC from then on) for every change of a zone's clocks, 1900 to 2100."""
    clock = ZoneInfo(zone)

    def offset(moment: datetime) -> timedelta:
        return moment.astimezone(clock).utcoffset() or timedelta()

    found = [(_FIRST, offset(_FIRST))]
    early = _FIRST
    while early < _LAST:
        late = early + _STEP
        while offset(early) != offset(late):
            low, high = early, late
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
                low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
            found.append((high, offset(high)))
            early = high
        early = late
    return tuple((moment.replace(tzinfo=None), int(shift.total_seconds())) for moment, shift in found)


def wall_clock_sql(moment: str, zone: str) -> str:
    """Return SQL that turns a TIMESTAMP column in UTC into the wall clock of a zone; a search tree of its changes."""
    return _tree(moment, utc_offset_changes(zone))


def _tree(moment: str, changes: Sequence[tuple[datetime, int]]) -> str:
    if len(changes) == 1:
        return f"{moment} + to_seconds({changes[0][1]})"
    middle = len(changes) // 2
    early, late = _tree(moment, changes[:middle]), _tree(moment, changes[middle:])
    return f"CASE WHEN {moment} < TIMESTAMP '{changes[middle][0]}' THEN {early} ELSE {late} END"


def clock_change_gaps(zone: str) -> tuple[tuple[Range, ...], tuple[Range, ...]]:
    """Return the half-open stretches of wall clock that a zone's clocks skipped, and those they showed twice."""
    skipped: list[Range] = []
    repeated: list[Range] = []
    for (_, before), (moment, after) in pairwise(utc_offset_changes(zone)):
        old, new = moment + timedelta(seconds=before), moment + timedelta(seconds=after)
        (skipped if old < new else repeated).append((min(old, new), max(old, new)))
    return tuple(skipped), tuple(repeated)
