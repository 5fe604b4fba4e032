"""Words about places like it: the steps of the factor, how rare a change is among such places, and how to read the figure."""

from __future__ import annotations

from collections.abc import Sequence

from geoharm.model.places_like_it import ChangeClass, FactorKind, FactorStep, PlaceDistribution
from geoharm.model.suppressed import Suppressed
from geoharm.report import format_numbers

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
    return (
        f"{_rank(distribution)}. They overlap and are worth about {distribution.effective_places:.0f} separate places, so "
        f"rarer than about 1 in {distribution.effective_places + 1:.0f} cannot be told from them."
    )


def _rank(distribution: PlaceDistribution) -> str:
    is_fall = distribution.change < 0
    count, pool = distribution.fell_as_far if is_fall else distribution.rose_as_far, distribution.pool
    verb = "fell" if is_fall else "rose"
    if isinstance(count, Suppressed):
        share = f"Fewer than {count.below} of {pool}"
    else:
        share = f"{count} of {pool}" if count else f"None of {pool}"
    return f"{share} places like it {verb} as far, without an operation"


def rank_heading(shown: Sequence[tuple[str, PlaceDistribution]]) -> str:
    """Return what the figure shows, as a sentence without a full stop.

    Parameters
    ----------
    shown : sequence of (measure, PlaceDistribution)
        The primary measure first.
    """
    if len(shown) == 1:
        return _rank(shown[0][1])
    risen = [(name, distribution) for name, distribution in shown[1:] if distribution.change > 0]
    if risen and all(distribution.rose_as_far == 0 for _, distribution in risen):
        names = format_numbers.join_with_or([name for name, _ in risen])
        return f"No place like it saw such a rise in {names}"
    return "What places like it did over the same dates"


def evidence_texts(distribution: PlaceDistribution, *, is_alone: bool, is_dots: bool) -> tuple[str, ...]:
    """Return how to read the figure.

    Parameters
    ----------
    distribution : PlaceDistribution
        Of the first measure in the figure.
    is_alone : bool
        Whether the figure has one measure only.
    is_dots : bool
        Whether one dot is one place.
    """
    drawn = "Each dot is a place" if is_dots else "Grey: places"
    first = f"{drawn} without an operation. Its count after stands against its own forecast, over the same dates."
    own = "Coloured: this operation, with its 95% interval."
    if not is_alone:
        return (f"{first} {own} Tables: annex, \u201cPlaces like it\u201d.",)
    overlap = f"The places overlap; together they are worth about {distribution.effective_places:,.0f} separate ones."
    return (f"{first} {overlap}", f"{own} A class of places is shown only if it holds none or at least three.")


def class_text(change_class: ChangeClass) -> str:
    """Return a class of changes in percent.

    Examples
    --------
    >>> class_text(ChangeClass(-20, -10, 21))
    '−20 to −10%'
    """
    low, high = (format_numbers.signed_text(end) for end in (change_class.low, change_class.high))
    return f"{low} to {high}%"


def class_cells(distribution: PlaceDistribution) -> tuple[tuple[str, str], ...]:
    """Return every class with its number of places, as text."""
    return tuple((class_text(change_class), f"{change_class.places:,}") for change_class in distribution.classes)
