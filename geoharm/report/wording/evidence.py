"""The words of the evidence figure: how many places like it changed as far, and how to read the figure."""

from __future__ import annotations

from collections.abc import Sequence

from geoharm.model.places_like_it import ChangeClass, PlaceDistribution
from geoharm.model.suppressed import Count, Suppressed
from geoharm.report import format_numbers


def rank_heading(shown: Sequence[tuple[str, PlaceDistribution]]) -> str:
    """Return what the figure shows, as a sentence without a full stop.

    Parameters
    ----------
    shown : sequence of (measure, PlaceDistribution)
        The primary measure first.
    """
    if len(shown) == 1:
        _, distribution = shown[0]
        is_fall = distribution.change < 0
        verb = "fell" if is_fall else "rose"
        count = distribution.fell_as_far if is_fall else distribution.rose_as_far
        return f"{_share(count, distribution.pool)} places like it {verb} as far, without an operation"
    risen = [(name, distribution) for name, distribution in shown[1:] if distribution.change > 0]
    if risen and all(distribution.rose_as_far == 0 for _, distribution in risen):
        names = format_numbers.join_with_or([name for name, _ in risen])
        return f"No place like it saw such a rise in {names}"
    return "What places like it did over the same dates"


def _share(count: Count, pool: int) -> str:
    if isinstance(count, Suppressed):
        return f"Fewer than {count.below} of {pool:,}"
    return f"{count:,} of {pool:,}" if count else f"None of {pool:,}"


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
