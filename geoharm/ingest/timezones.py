"""Time zones: from UTC to a place's local time, and the local times that its clocks skip or repeat.

Zone rules come from the standard library. So every machine gives the same answers, whatever its database was built
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

TimeRange = tuple[datetime, datetime]


@lru_cache(maxsize=8)
def utc_offset_changes(zone: str) -> tuple[tuple[datetime, int], ...]:
    """Return (time in UTC, seconds east of UTC from then on) for every change of a zone's offset, 1900 to 2100."""
    zone_info = ZoneInfo(zone)

    def offset(moment: datetime) -> timedelta:
        return moment.astimezone(zone_info).utcoffset() or timedelta()

    changes = [(_FIRST, offset(_FIRST))]
    start = _FIRST
    while start < _LAST:
        end = start + _STEP
        while offset(start) != offset(end):
            low, high = start, end
            while high - low > timedelta(seconds=1):
                middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
                low, high = (middle, high) if offset(middle) == offset(low) else (low, middle)
            changes.append((high, offset(high)))
            start = high
        start = end
    return tuple((moment.replace(tzinfo=None), int(shift.total_seconds())) for moment, shift in changes)


def wall_clock_sql(moment: str, zone: str) -> str:
    """Return SQL that converts a TIMESTAMP column in UTC to a zone's local time, by a search tree of its offset changes."""
    return _search_tree_sql(moment, utc_offset_changes(zone))


def _search_tree_sql(moment: str, changes: Sequence[tuple[datetime, int]]) -> str:
    if len(changes) == 1:
        return f"{moment} + to_seconds({changes[0][1]})"
    middle = len(changes) // 2
    before_sql, after_sql = _search_tree_sql(moment, changes[:middle]), _search_tree_sql(moment, changes[middle:])
    return f"CASE WHEN {moment} < TIMESTAMP '{changes[middle][0]}' THEN {before_sql} ELSE {after_sql} END"


def skipped_and_repeated_times(zone: str) -> tuple[tuple[TimeRange, ...], tuple[TimeRange, ...]]:
    """Return the half-open ranges of local time that a zone's clocks skipped, and those they repeated."""
    skipped: list[TimeRange] = []
    repeated: list[TimeRange] = []
    for (_, before), (moment, after) in pairwise(utc_offset_changes(zone)):
        old, new = moment + timedelta(seconds=before), moment + timedelta(seconds=after)
        (skipped if old < new else repeated).append((min(old, new), max(old, new)))
    return tuple(skipped), tuple(repeated)
