"""The words about counts of whole areas: their bounds, and that nothing is stated beyond them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from geoharm import _text
from geoharm.harm.results.area_change import AreaChange, AreaOutcome
from geoharm.model.area_counts import Bounds
from geoharm.report import format_numbers

NO_STATEMENT = (
    "These are bounds of what was counted, and no interval: chance is not in them, and nothing stands for what was to be expected. "
    "No statement on a fall or a rise is made, and none is possible beyond the bounds."
)
NOT_EVALUATED = (
    "The primary measure of this study is counted by area. So measures of dated points are mapped and not evaluated, no harms are "
    "added up, and surveys are not compared around an operation."
)


def count_bounds(bounds: Bounds) -> str:
    """Return the bounds of a count as a number, or two with the word between them.

    Examples
    --------
    >>> count_bounds(Bounds(7, 7)), count_bounds(Bounds(1200, 3100)), count_bounds(Bounds(7, math.inf))
    ('7', 'between 1,200 and 3,100', 'at least 7')
    """
    if math.isinf(bounds.high):
        return f"at least {bounds.low:,.0f}"
    return f"{bounds.low:,.0f}" if bounds.is_exact else f"between {bounds.low:,.0f} and {bounds.high:,.0f}"


def range_text(bounds: Bounds, *, digits: int = 0) -> str:
    """Return bounds for a cell of a table.

    Examples
    --------
    >>> range_text(Bounds(7, 7)), range_text(Bounds(1200, 3100)), range_text(Bounds(7, math.inf)), range_text(Bounds(0.25, 3), digits=1)
    ('7', '1,200 to 3,100', '7 or more', '0.2 to 3.0')
    """
    low, high = f"{bounds.low:,.{digits}f}", f"{bounds.high:,.{digits}f}"
    if math.isinf(bounds.high):
        return f"{low} or more"
    return low if low == high else f"{low} to {high}"


def ratio_bounds(bounds: Bounds) -> str:
    """Return the bounds of a ratio of rates as so many times, or why there is none.

    Examples
    --------
    >>> ratio_bounds(Bounds(0.2337, 3.108)), ratio_bounds(Bounds(1.0094, 1.0094)), ratio_bounds(Bounds(2.5, math.inf))
    ('between 0.23 and 3.11 times', '1.01 times', 'at least 2.50 times')
    >>> ratio_bounds(Bounds(math.nan, math.inf)), ratio_bounds(Bounds(0, math.inf))
    ('not known: there may have been none before', 'any number of times')
    """
    if math.isnan(bounds.low) or math.isnan(bounds.high) or math.isinf(bounds.low):
        return "not known: there may have been none before"
    if math.isinf(bounds.high):
        return f"at least {bounds.low:.2f} times" if bounds.low else "any number of times"
    low, high = f"{bounds.low:.2f}", f"{bounds.high:.2f}"
    return f"{low} times" if low == high else f"between {low} and {high} times"


def difference_bounds(bounds: Bounds) -> str:
    """Return the bounds of a difference: so many fewer or more; empty if neither end is known.

    Examples
    --------
    >>> difference_bounds(Bounds(-23.2, 20.9)), difference_bounds(Bounds(-9, -2)), difference_bounds(Bounds(3, math.inf))
    ('between 23 fewer and 21 more', 'between 9 and 2 fewer', 'at least 3 more')
    """
    low, high = bounds.low, bounds.high
    if math.isnan(low) or math.isnan(high) or (math.isinf(low) and math.isinf(high)):
        return ""
    if math.isinf(high):
        return f"at least {low:,.0f} more" if low >= 0 else f"at most {-low:,.0f} fewer"
    if math.isinf(low):
        return f"at least {-high:,.0f} fewer" if high < 0 else f"at most {high:,.0f} more"
    sides = [(round(abs(end)), "fewer" if end < 0 else "more") for end in (low, high)]
    (first, side), (second, other) = sides
    if side == other:
        return f"{first:,} {side}" if first == second else f"between {first:,} and {second:,} {side}"
    return f"between {first:,} {side} and {second:,} {other}"


def headline(outcome: AreaOutcome) -> str:
    """Return what was counted of a measure in a target area before and after, in one sentence."""
    name = _text.capitalised(outcome.measure.name)
    if outcome.change is None:
        return f"{name}: not counted. {_text.capitalised(outcome.why_not)}"
    change = outcome.change
    return (
        f"{name} in the target area, counted by whole areas: {count_bounds(change.target_before)} before, "
        f"{count_bounds(change.target_after)} after."
    )


def sentences(change: AreaChange) -> tuple[str, ...]:
    """Return what is counted, and what the rest of the study area did."""
    unit = change.measure.unit
    days = f"{change.before.days:,} days before and {change.after.days:,} days after"
    where = (
        "Where inside an area an event lies is not known, so the count of the target area lies between that of the areas wholly "
        "inside it and that of all that touch it."
        if change.touching.areas > change.inside.areas
        else "So its count is that of the areas inside it."
    )
    texts = [f"What is counted is whole areas, in {days}: {_areas(change)}. {where}"]
    rest = f"in the rest of the study area ({change.rest.areas:,} areas) {ratio_bounds(change.rest_rate_ratio)}"
    if not change.rest.areas:
        rest = "the rest of the study area has no area with a number in every period"
    texts.append(f"A day, {unit} in the target area were {ratio_bounds(change.rate_ratio)} the number before; {rest}.")
    difference = difference_bounds(change.against_rest) if change.rest.areas else ""
    if difference:
        texts.append(f"Against a target area that had gone as the rest did, that is {difference}.")
    if not change.inside.areas:
        texts.append(
            "No area lies wholly inside, so the least is nothing: a target area drawn along the borders of areas, or smaller areas, "
            "would say more."
        )
    return tuple(texts)


def closing_sentences(outcomes: Sequence[AreaOutcome]) -> tuple[str, ...]:
    """Return what holds of all counts around operations: that they are rounded, and that nothing more is stated."""
    rounded = any(outcome.change is not None and outcome.change.is_rounded for outcome in outcomes)
    tens = "Every count stands as the multiples of ten around it, so the bounds are wider than those of the data."
    return (*([tens] if rounded else []), NO_STATEMENT, NOT_EVALUATED)


def note_texts(change: AreaChange) -> tuple[str, ...]:
    """Return what was left out, each as a sentence."""
    return tuple(f"{_text.capitalised(note)}." for note in change.notes)


def _areas(change: AreaChange) -> str:
    inside, cut = change.inside.areas, change.touching.areas - change.inside.areas
    lie = "no area lies" if not inside else "1 area lies" if inside == 1 else f"{inside:,} areas lie"
    cuts = "no other" if not cut else f"{cut:,} more" if inside else f"{cut:,}"
    return f"{lie} wholly inside the target area, and its edge cuts {cuts}"


def days_heads(change: AreaChange) -> tuple[str, str]:
    """Return the heads of the columns of counts before and after, with their days."""
    return f"Before ({change.before.days:,} days)", f"After ({change.after.days:,} days)"


def windows_text(change: AreaChange) -> str:
    """Return the days that are counted before and after."""
    return f"Before: {format_numbers.window_text(change.before)}. After: {format_numbers.window_text(change.after)}."
