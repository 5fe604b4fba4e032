"""The line that a reader can multiply: before x days x factor = expected; after - expected = difference."""

from __future__ import annotations

import math

from geoharm.answer.balance import risen_harms
from geoharm.answer.nouns import Change, Comparison, Multiplication
from geoharm.disclosure.released import ReleasedEffect, ReleasedOperation
from geoharm.model.suppressed import Suppressed

# Lines on page one: the primary measure, and at most two harms that rose.
_MAX_RISEN = 2
_DECIMALS = range(3, 9)


def multiplications(operation: ReleasedOperation) -> tuple[Multiplication, ...]:
    """Return the line of the primary measure in the target, and of the first harms that rose; none for withheld counts."""
    changes = [Change(operation.primary, operation.primary.effect("target")), *risen_harms(operation)[:_MAX_RISEN]]
    lines = (multiplication(operation, change) for change in changes)
    return tuple(line for line in lines if line is not None)


def multiplication(operation: ReleasedOperation, change: Change) -> Multiplication | None:
    """Return the line of one change; None if a count is withheld, or nothing was counted before or is expected."""
    effect, design = change.effect, operation.design
    before, after = effect.before, effect.after
    if isinstance(before, Suppressed) or isinstance(after, Suppressed):
        return None
    if not before or not math.isfinite(effect.expected):
        return None
    days_before, days_after = design.before.days, design.after.days
    plain = before * days_after / days_before
    expected = round(effect.expected)
    decimals = next(
        (decimals for decimals in _DECIMALS if round(plain * round(effect.expected / plain, decimals)) == expected),
        _DECIMALS[-1],
    )
    return Multiplication(
        change,
        compared_with(effect),
        before,
        after,
        days_before,
        days_after,
        round(effect.expected / plain, decimals),
        decimals,
        expected,
        after - expected,
    )


def compared_with(effect: ReleasedEffect) -> Comparison:
    """Return what an effect's expected count comes from."""
    is_forecast = effect.placebo is not None and effect.ratio.calibrated and effect.ratio.is_defined
    return Comparison.PLACES_LIKE_IT if is_forecast else Comparison.CONTROL_AREA
