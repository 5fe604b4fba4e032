"""Disclosure control of counts by whole areas: every bound is moved outwards, so no count is told more closely than by tens."""

from __future__ import annotations

import math
from dataclasses import replace

from geoharm.harm.results.area_change import AreaChange, AreaGroup, AreaOutcome
from geoharm.model.area_counts import Bounds

_STEP = 10


def protect_area_outcome(outcome: AreaOutcome, k: int) -> AreaOutcome:
    """Return what was counted in whole areas as it may be released.

    Each count becomes the ten in which it lies (for a threshold above ten: the multiple of ten that is no smaller), from its
    lower to its upper end. A small count then reads as any number up to ten, and so does the difference of two groups of which
    one lies in the other, or of two releases. The bounds of changes are made from these counts: they are wider, and hold.

    Parameters
    ----------
    outcome : AreaOutcome
    k : int
        Threshold of the disclosure rule; 1 shows every number.

    Examples
    --------
    >>> from geoharm.disclosure.area_changes import tens_around
    >>> tens_around(Bounds(3, 3), 5), tens_around(Bounds(40, 57), 5), tens_around(Bounds(12, 12), 15)
    (Bounds(low=0.0, high=10.0, note=''), Bounds(low=40.0, high=60.0, note=''), Bounds(low=0.0, high=20.0, note=''))
    """
    if outcome.change is None or k == 1:
        return outcome
    change: AreaChange = replace(
        outcome.change,
        inside=_in_tens(outcome.change.inside, k),
        touching=_in_tens(outcome.change.touching, k),
        rest=_in_tens(outcome.change.rest, k),
        is_rounded=True,
    )
    return replace(outcome, change=change)


def tens_around(bounds: Bounds, k: int) -> Bounds:
    """Return bounds moved outwards to multiples of ten, or of the least multiple of ten that is not below a threshold."""
    step = math.ceil(max(k, _STEP) / _STEP) * _STEP
    high = bounds.high if math.isinf(bounds.high) else (math.floor(bounds.high / step) + 1) * step
    return Bounds(float(math.floor(bounds.low / step) * step), float(high), bounds.note)


def _in_tens(group: AreaGroup, k: int) -> AreaGroup:
    # No area has no event: that is known without the data.
    if not group.areas:
        return group
    return AreaGroup(group.areas, tens_around(group.before, k), tens_around(group.after, k))
