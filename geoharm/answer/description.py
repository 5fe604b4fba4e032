"""The target area counted in several ways: where rows lack a place of their own, the answer may turn on them."""

from __future__ import annotations

import math

from geoharm.answer.nouns import Counted, Description
from geoharm.disclosure.released import ReleasedOperation
from geoharm.model.design import TARGET_WITH_ALL_UNPLACED, TARGET_WITH_STREET_UNPLACED
from geoharm.model.suppressed import Count, Suppressed

_BOUNDS = {
    TARGET_WITH_STREET_UNPLACED: Counted.UNPLACED_ON_ITS_STREETS,
    TARGET_WITH_ALL_UNPLACED: Counted.ALL_UNPLACED,
}


def describe_target(operation: ReleasedOperation) -> Description | None:
    """Return the primary measure in the target area, counted with fewer and with more rows; None if all have a place."""
    primary = operation.primary
    target, own = primary.effect("target"), primary.own_place
    rows = [] if own is None else [(Counted.OWN_PLACE, own)]
    rows.append((Counted.PLACED_BY_ADDRESS, target))
    rows += [(_BOUNDS[effect.zone], effect) for effect in primary.bounds]
    if len(rows) == 1:
        return None
    before, after = (math.nan, math.nan) if own is None else (
        _recovered_share(target.before, own.before), _recovered_share(target.after, own.after)
    )  # fmt: skip
    return Description(tuple(rows), before, after)


def _recovered_share(all_rows: Count, own_place: Count) -> float:
    """Return the share of rows whose place was inferred from their address text."""
    if isinstance(all_rows, Suppressed) or isinstance(own_place, Suppressed) or not all_rows:
        return math.nan
    return (all_rows - own_place) / all_rows
