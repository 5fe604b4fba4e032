"""Escalates suppression step by step until no small count follows from a public release; else the release is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum

from geoharm.disclosure.attacker import ExposedCell, attack
from geoharm.disclosure.constraints import constraints_of, row_key
from geoharm.disclosure.released import Release
from geoharm.errors import PublishError
from geoharm.model.disclosure_rules import DISCLOSURE_RULES


class SuppressionLevel(IntEnum):
    """How much of a measure is suppressed; each level includes those before it."""

    NOTHING = 0
    MONTHS = 1
    QUARTERS = 2
    SERIES = 3
    PHASES = 4
    RINGS = 5
    ALL = 6


SuppressionLevels = Mapping[str, SuppressionLevel]


def suppress_until_safe(make: Callable[[SuppressionLevels], Release]) -> Release:
    """Return the release with the lowest suppression levels, measure by measure, in which the attack exposes no count.

    Parameters
    ----------
    make : callable
        Returns the release under given suppression levels, which are keyed by measure (`row_key`).

    Raises
    ------
    PublishError
        If a count is exposed even at the highest suppression level, or if a number is shown although a count it is made
        from is suppressed.

    Notes
    -----
    The levels suppress, in this order: the monthly series (quarters are shown), the quarters (half-years are shown), the
    whole series, the phases, the gap and the single rings, every count of the measure in zones. What is suppressed is
    marked "withheld", as any other suppressed number.
    """
    suppression_levels: dict[str, SuppressionLevel] = {}
    # More suppression reveals less about every measure, so measures that were found safe stay safe.
    keys: frozenset[str] | None = None
    while True:
        release = make(suppression_levels)
        if release.is_internal:
            return release
        constraints = constraints_of(release)
        if constraints.leaks:
            msg = f"A number is shown although its count is withheld ({constraints.leaks[0]}); nothing was published."
            raise PublishError(msg)
        exposed = attack(constraints, DISCLOSURE_RULES[release.rule], keys).exposed
        keys = frozenset(key for cell in exposed for key in cell.measures)
        if not keys:
            return release
        exhausted = [
            cell
            for cell in exposed
            if all(suppression_levels.get(key) == SuppressionLevel.ALL for key in cell.measures)
        ]
        if exhausted:
            raise PublishError(refusal_message(exhausted[0], "this release"))
        suppression_levels |= {
            key: _next_level(suppression_levels.get(key, SuppressionLevel.NOTHING), key, release)
            for key in keys
            if suppression_levels.get(key) != SuppressionLevel.ALL
        }


def refusal_message(pinned: ExposedCell, where: str) -> str:
    """Return a sentence that says why a release is refused."""
    values = f"{pinned.low:,}" if pinned.low == pinned.high else f"{pinned.low:,} to {pinned.high:,}"
    return (
        f"All numbers of {where} together show that a withheld count ({pinned.text}) can only be {values}; use larger "
        'rings, whole months or fewer phases, or release = "internal".'
    )


def _next_level(suppression_level: SuppressionLevel, key: str, release: Release) -> SuppressionLevel:
    """Return the next suppression level that removes something from this release."""
    measures = [
        measure for operation in release.operations for measure in operation.measures if row_key(measure.measure) == key
    ]
    step = min((measure.series.step for measure in measures if measure.series.step), default=0)
    level_of_series = {
        0: SuppressionLevel.SERIES,
        1: SuppressionLevel.NOTHING,
        3: SuppressionLevel.MONTHS,
        6: SuppressionLevel.QUARTERS,
    }[step]
    return SuppressionLevel(min(max(suppression_level, level_of_series) + 1, SuppressionLevel.ALL))
