"""What a public release gives up, step by step, until no small count follows from it; else it is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum

from geoharm.disclosure.attacker import ExposedCell, attack
from geoharm.disclosure.constraints import constraints_of, row_key
from geoharm.disclosure.released import Release
from geoharm.errors import PublishError
from geoharm.model.disclosure_rules import DISCLOSURE_RULES


class SuppressionLevel(IntEnum):
    """How much of a measure is given up; each step includes those before it."""

    NOTHING = 0
    MONTHS = 1
    QUARTERS = 2
    SERIES = 3
    PHASES = 4
    RINGS = 5
    ALL = 6


SuppressionLevels = Mapping[str, SuppressionLevel]


def suppress_until_safe(make: Callable[[SuppressionLevels], Release]) -> Release:
    """Return the release that gives up least, measure by measure, so that its audit finds nothing.

    Parameters
    ----------
    make : callable
        Returns the release under given rungs, by the key of each measure.

    Raises
    ------
    PublishError
        If a count stays pinned with every rung taken.

    Notes
    -----
    In this order: the series over time by quarters, by half-years, not at all; the phases; the gap and the single rings;
    every count of the measure in zones. What is given up says "withheld", as any other number.
    """
    suppression_levels: dict[str, SuppressionLevel] = {}
    # What is given up tells less of every measure, so those that were found safe stay so.
    keys: frozenset[str] | None = None
    while True:
        disclosed = make(suppression_levels)
        if disclosed.is_internal:
            return disclosed
        constraints = constraints_of(disclosed)
        if constraints.leaks:
            msg = f"A number is shown although its count is withheld ({constraints.leaks[0]}); nothing was published."
            raise PublishError(msg)
        pinned = attack(constraints, DISCLOSURE_RULES[disclosed.rule], keys).exposed
        keys = frozenset(key for one in pinned for key in one.measures)
        if not keys:
            return disclosed
        spent = [
            one for one in pinned if all(suppression_levels.get(key) == SuppressionLevel.ALL for key in one.measures)
        ]
        if spent:
            raise PublishError(refusal_message(spent[0], "this release"))
        suppression_levels |= {
            key: _next(suppression_levels.get(key, SuppressionLevel.NOTHING), key, disclosed)
            for key in keys
            if suppression_levels.get(key) != SuppressionLevel.ALL
        }


def refusal_message(pinned: ExposedCell, where: str) -> str:
    """Return why a release is refused, in a sentence."""
    values = f"{pinned.low:,}" if pinned.low == pinned.high else f"{pinned.low:,} to {pinned.high:,}"
    return (
        f"All numbers of {where} together leave a withheld count ({pinned.text}) no value but {values}; use larger "
        'rings, whole months or fewer phases, or release = "internal".'
    )


def _next(suppression_level: SuppressionLevel, key: str, release: Release) -> SuppressionLevel:
    """Return the next step that takes something away."""
    shown = [one for operation in release.operations for one in operation.measures if row_key(one.measure) == key]
    step = min((one.series.step for one in shown if one.series.step), default=0)
    series = {
        0: SuppressionLevel.SERIES,
        1: SuppressionLevel.NOTHING,
        3: SuppressionLevel.MONTHS,
        6: SuppressionLevel.QUARTERS,
    }[step]
    return SuppressionLevel(min(max(suppression_level, series) + 1, SuppressionLevel.ALL))
