"""Attackers of comparisons: they subtract windows, solve ratios and put two releases together."""

from __future__ import annotations

import itertools
from datetime import date

from tests.attacks.attackers.published import ends, exact

SMALL = set(range(41))
_MOST = 400


def possible(count, folder):
    """Return every count that a number of a comparison stands for: a public release rounds to ten."""
    if not exact(count):
        low, high = ends(count)
        return set(range(int(low), int(min(high, _MOST)) + 1))
    if folder.release == "internal":
        return {count}
    return {0} if count == 0 else set(range(max(count - 5, 1), count + 6))


def row_of(folder, name):
    return next(one for one in folder.run["comparisons"] if one["comparison"] == name)


def differences(longer, shorter):
    """Return what the longer window may hold beyond the shorter one."""
    return {one - other for one, other in itertools.product(longer, shorter) if one >= other}


def month_between(folder):
    longer, shorter = (possible(row_of(folder, name)["events_before"], folder) for name in ("with June", "up to June"))
    return differences(longer, shorter)


def solved(row, folder):
    """Return the counts before that give the ratio and both its ends, for every count after that is possible."""
    value, after = row["ratio"]["value"], possible(row["events_after"], folder)
    lengths = [_days(row[side]) for side in ("before", "after")]
    if value is None:
        return set(range(_MOST))
    found = set()
    for late in after:
        early = late * lengths[0] / (lengths[1] * value)
        if abs(early - round(early)) < 1e-5 * max(early, 1):
            found.add(round(early))
    # A count that was rounded before it entered the ratio stands for its neighbours too.
    return found if folder.release == "internal" else {near for one in found for near in range(one - 5, one + 6)}


def _days(window):
    return sum((date.fromisoformat(one["end"]) - date.fromisoformat(one["start"])).days for one in window["periods"])


def month_from_ratios(folder):
    longer, shorter = (solved(row_of(folder, name), folder) for name in ("with June", "up to June"))
    return differences(longer, shorter)


def few_in_window(folder):
    """Take the window's own number together with the difference of the two around it."""
    own = possible(row_of(folder, "June")["events_before"], folder)
    return own & month_between(folder)


def month_between_releases(first, second):
    """Read the folder after either release; the second may have been refused, and then the first is all there is."""
    names = {one["comparison"] for one in second.run["comparisons"]}
    if "with June" not in names:
        return SMALL
    longer = possible(row_of(second, "with June")["events_before"], second)
    return differences(longer, possible(row_of(first, "up to June")["events_before"], first))


def hotspot_minus_target_later(first, second):
    """Take the target's events of the second release from the hotspot's of the first."""
    hotspot = first.run["hotspots"][0]["hotspots"][0]["events"]
    effect = second.effect("target")
    if not (exact(effect["before"]) and exact(effect["after"])):
        return SMALL
    target = effect["before"] + effect["after"]
    around = {hotspot} if first.release == "internal" else set(range(hotspot - 5, hotspot + 6))
    return {count - target for count in around if count >= target}
