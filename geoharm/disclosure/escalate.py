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
    """How much of a measure is suppressed: detail first, the target's count last. Each level includes those before it."""

    NOTHING = 0
    MONTHS = 1
    QUARTERS = 2
    SERIES = 3
    PHASES = 4
    RINGS = 5
    RING_SUMS = 6
    TARGET = 7


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
    whole series and effect decays, the phases, the gap and the single rings, the sums with rings, the target. The primary
    measure gives up a count of the headline only when no other exposed measure is left to give up more. What is suppressed
    is marked "withheld", as any other suppressed number.
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
        raised = _raised_levels(suppression_levels, keys, release)
        if not raised:
            raise PublishError(refusal_message(exposed[0], "this release"))
        suppression_levels |= raised


def _raised_levels(
    suppression_levels: SuppressionLevels, exposed: frozenset[str], release: Release
) -> dict[str, SuppressionLevel]:
    """Return the next level of every exposed measure; the primary measure waits with its headline for the others."""
    raised = {
        key: _next_level(level, key, release)
        for key in exposed
        if (level := suppression_levels.get(key, SuppressionLevel.NOTHING)) != SuppressionLevel.TARGET
    }
    primary = {row_key(measure) for measure in release.study.measures if measure.name == release.study.primary}
    others = {key: level for key, level in raised.items() if key not in primary}
    if others and any(level > SuppressionLevel.RINGS for key, level in raised.items() if key in primary):
        return others
    return raised


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
    return SuppressionLevel(min(max(suppression_level, level_of_series) + 1, SuppressionLevel.TARGET))
