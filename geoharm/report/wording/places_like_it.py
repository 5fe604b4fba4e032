"""Sentences about places like it: the steps of the factor in words, and how rare a change is among such places."""

from __future__ import annotations

from geoharm.model.places_like_it import FactorKind, FactorStep, PlaceDistribution
from geoharm.model.suppressed import Suppressed

_STEP_NAMES = {
    FactorKind.CITY: "what the control area did, per day",
    FactorKind.RECENT: "its own share of the city over all months used, against its share in the window before",
    FactorKind.COMMON: "what places like it did in common, beside the city",
    FactorKind.LEVEL: "busier places move differently (it is compared with itself, so this is 1)",
    FactorKind.LONG_RUN: "its long-run level against its recent one",
    FactorKind.COMPANION: "the last year of the zone beside it (target or rings), against what the city did",
    FactorKind.BELT_AFTER: "the belt outside the rings after, against what the city did",
    FactorKind.BELT_YEAR: "the belt outside the rings in the last year, against what the city did",
    FactorKind.UNSPLIT: "its own past, the zone beside it and the belt outside the rings, together",
    FactorKind.TYPICAL: "the typical count instead of the mean",
    FactorKind.COUNTED: "the same correction at the count that was made (the only step that uses the count after)",
}


def step_name(step: FactorStep) -> str:
    """Return what a step of the factor stands for, in words."""
    return _STEP_NAMES[step.kind]


def rank_sentence(distribution: PlaceDistribution) -> str:
    """Return how many places like it changed as far as the operation's zone, and how fine such a share can be.

    The side is that of the operation's own change.
    """
    fell = distribution.change < 0
    count, pool = distribution.fell_as_far if fell else distribution.rose_as_far, distribution.pool
    verb = "fell" if fell else "rose"
    if isinstance(count, Suppressed):
        share = f"Fewer than {count.below} of {pool}"
    else:
        share = f"{count} of {pool}" if count else f"None of {pool}"
    return (
        f"{share} places like it {verb} as far, without an operation. "
        f"They overlap and are worth about {distribution.effective_places:.0f} separate places, so rarer than about 1 in "
        f"{distribution.effective_places + 1:.0f} cannot be told from them."
    )
