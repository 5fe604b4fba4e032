"""Suppression in composite outcomes: which components may be released, and whether the pooled estimate may."""

from __future__ import annotations

import math
from collections.abc import Sequence

from geoharm.disclosure.released import ReleasedComposite, ReleasedCompositeResult, ReleasedOperation
from geoharm.disclosure.robustness import protect_forests
from geoharm.disclosure.suppression import suppress_estimate
from geoharm.evaluation.reading import read_pooled, weaker
from geoharm.evaluation.results.composite import CompositeComponent, CompositeResult, CompositeSummary
from geoharm.model.disclosure_rules import is_few
from geoharm.model.reason import Reason, Withheld

_MIN_ALONE = 2


def protect_composites(
    questions: Sequence[CompositeSummary[CompositeResult]], operations: Sequence[ReleasedOperation], k: int
) -> tuple[ReleasedComposite, ...]:
    """Return the composite outcomes as they may be released.

    Parameters
    ----------
    questions : sequence of CompositeSummary
    operations : sequence of ReleasedOperation
        As they are released.
    k : int
        Counts from 1 to k - 1 are suppressed; 1 suppresses nothing.

    Notes
    -----
    - A component is shown by itself only where its zone and window are shown elsewhere in the report.
    - Where some components are not shown, the weights are left out. The pooled estimate is then given only if at least
      two components are not shown, so that none follows by subtraction.
    - Where a component rests on a suppressed count, the pooled estimate is suppressed too.
    """
    released = []
    for summary in questions:
        results = []
        for result in summary.results:
            operation = next(
                candidate for candidate in operations if candidate.design.operation.name == result.operation
            )
            results.append(_release_result(result, operation, k))
        suppressed = {
            released_result.operation: frozenset({""})
            for released_result in results
            if not released_result.pooled.is_defined
        }
        pooled = protect_forests([("", summary.pooled)], suppressed, k)[0][1] if summary.pooled is not None else None
        released.append(CompositeSummary(summary.outcome, tuple(results), pooled))
    return tuple(released)


def _release_result(result: CompositeResult, operation: ReleasedOperation, k: int) -> ReleasedCompositeResult:
    components = result.used
    shown_keys, suppressed_keys = _released_keys(operation)
    suppressed = [
        component for component in components if _is_small(component, k) or _key(component) in suppressed_keys
    ]
    not_alone = [
        component
        for component in components
        if component not in suppressed and k > 1 and _key(component) not in shown_keys
    ]
    weight = math.nan if suppressed or not_alone else 1 / max(len(components), 1)
    rows = tuple(
        (component.label, component.ratio, weight)
        for component in components
        if component not in suppressed and component not in not_alone
    )
    left_out = (
        *result.left_out,
        *((component.label, Withheld(Reason.SUPPRESSED, k)) for component in suppressed),
        *((component.label, Withheld(Reason.NOT_SHOWN_ALONE, k)) for component in not_alone),
    )
    pooled, detectable_fall = result.pooled, result.detectable_fall
    if suppressed or 0 < len(not_alone) < _MIN_ALONE:
        pooled = suppress_estimate(pooled, Withheld(Reason.SUPPRESSED if suppressed else Reason.WOULD_FOLLOW, k))
        detectable_fall = math.nan
    exact, shown = (
        read_pooled(estimate, fall, margin=operation.design.margin, limits=result.limits)
        for estimate, fall in ((result.pooled, result.detectable_fall), (pooled, detectable_fall))
    )
    reading = weaker(exact, shown)
    return ReleasedCompositeResult(
        result.operation, rows, left_out, pooled, detectable_fall, len(components), result.note, reading
    )


def _is_small(component: CompositeComponent, k: int) -> bool:
    return any(is_few(count, k) for count in (component.before, component.after))


def _key(component: CompositeComponent) -> tuple[str, str, str]:
    return component.measure, component.display_zone, component.window


def _released_keys(operation: ReleasedOperation) -> tuple[set[tuple[str, str, str]], set[tuple[str, str, str]]]:
    """Return which (measure, zone, window) keys are shown in the report, and which are suppressed in it."""
    shown: set[tuple[str, str, str]] = set()
    suppressed: set[tuple[str, str, str]] = set()
    for measure in operation.measures:
        rows = [(effect, "after") for effect in measure.effects] + [
            (effect, effect.window) for effect in measure.phases
        ]
        for effect, window in rows:
            key = (measure.measure.name, effect.zone, window)
            (suppressed if effect.is_withheld else shown).add(key)
    return shown, suppressed
