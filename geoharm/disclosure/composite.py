"""Which parts of a pooled question may be published, and whether its answer may."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from geoharm.disclosure.released import ReleasedComposite, ReleasedCompositeResult, ReleasedOperation
from geoharm.disclosure.robustness import protect_forests
from geoharm.evaluation.results.composite import CompositeComponent, CompositeResult, CompositeSummary

_MIN_ALONE = 2


def protect_composites(
    questions: Sequence[CompositeSummary], operations: Sequence[ReleasedOperation], k: int
) -> tuple[ReleasedComposite, ...]:
    """Return the questions as they may be published.

    Parameters
    ----------
    questions : sequence of CompositeSummary
    operations : sequence of ReleasedOperation
        As they are published.
    k : int
        Counts from 1 to k - 1 are withheld; 1 withholds nothing.

    Notes
    -----
    A part is shown alone only where its zone and window are shown in the report anyhow. Where others are not, weights
    are left out, and the pooled answer is given only if there are at least two of them, so that none follows from it.
    Where a part rests on a withheld count, the pooled answer is withheld too.
    """
    found = []
    for one in questions:
        answers = []
        for answer in one.results:
            shown = next(other for other in operations if other.design.operation.name == answer.operation)
            answers.append(_answer(answer, shown, k))
        lost = {answer.operation: frozenset({""}) for answer in answers if not answer.pooled.is_defined}
        together = protect_forests([("", one.pooled)], lost, k)[0][1] if one.pooled is not None else None
        found.append(ReleasedComposite(one.outcome, tuple(answers), together))
    return tuple(found)


def _answer(answer: CompositeResult, operation: ReleasedOperation, k: int) -> ReleasedCompositeResult:
    used = answer.used
    seen, hidden = _published(operation)
    secret = [part for part in used if _small(part, k) or _place(part) in hidden]
    apart = [part for part in used if part not in secret and k > 1 and _place(part) not in seen]
    weight = math.nan if secret or apart else 1 / max(len(used), 1)
    rows = tuple((part.label, part.ratio, weight) for part in used if part not in secret and part not in apart)
    small = f"withheld: a count under {k}, or one that would give it back"
    alone = "in the answer, and not given alone: its zone and window are not shown on their own"
    left_out = (*answer.left_out, *((part.label, small) for part in secret), *((part.label, alone) for part in apart))
    pooled, fall = answer.pooled, answer.detectable_fall
    if secret or 0 < len(apart) < _MIN_ALONE:
        why = small if secret else "withheld: the one part that is not shown alone would follow from it"
        pooled = replace(pooled, value=math.nan, standard_error=math.nan, note=why, intervals=(), p=math.nan)
        fall = math.nan
    return ReleasedCompositeResult(answer.operation, rows, left_out, pooled, fall, len(used), answer.note)


def _small(part: CompositeComponent, k: int) -> bool:
    return any(0 < count < k for count in (part.before, part.after))


def _place(part: CompositeComponent) -> tuple[str, str, str]:
    return part.measure, part.known_as, part.window


def _published(operation: ReleasedOperation) -> tuple[set[tuple[str, str, str]], set[tuple[str, str, str]]]:
    """Return which measures, zones and windows are shown in the report, and which are withheld in it."""
    seen: set[tuple[str, str, str]] = set()
    hidden: set[tuple[str, str, str]] = set()
    for one in operation.measures:
        rows = [(effect, "after") for effect in one.effects] + [(effect, effect.window) for effect in one.phases]
        for effect, window in rows:
            place = (one.measure.name, effect.zone, window)
            (hidden if effect.is_withheld else seen).add(place)
    return seen, hidden
