"""Diagnostic for categories under two names: whether counting the other name as well changes the reading."""

from __future__ import annotations

import math
from collections.abc import Sequence

from geoharm.evaluation.claims import lost_claims
from geoharm.evaluation.results.diagnostics import Diagnostic, DiagnosticKind, Severity
from geoharm.evaluation.results.measure import MeasureResult
from geoharm.model.design import ALL_RINGS, TARGET_AND_RINGS
from geoharm.model.effect import Effect
from geoharm.model.reading import Claim, statement
from geoharm.model.renamed_category import RenamedCategory

_LABELS = {
    "target": "for the target area",
    ALL_RINGS: "for the rings",
    TARGET_AND_RINGS: "for the target area with its rings",
}


def category_names_diagnostic(
    result: MeasureResult, widened: MeasureResult, pairs: Sequence[RenamedCategory]
) -> Diagnostic:
    """Return the diagnostic for categories of which the measure counts one name, and perhaps not the other.

    Parameters
    ----------
    result : MeasureResult
        The measure as the study states it.
    widened : MeasureResult
        The same measure with the other name of each pair counted as well.
    pairs : sequence of RenamedCategory
        At least one.

    Returns
    -------
    Diagnostic
        The figure is the number of pairs. It limits the reading of the zones whose interval lies on another side of zero
        once both names are counted, or exists only then: nothing may be claimed of them. The severity is SIGNAL if there
        is such a zone, else SAY. What the numbers of other zones would no longer support is in `broken`.
    """
    found = "; ".join(pair.sentence for pair in pairs)
    changed = {
        effect.zone: _without_figures(widened.effect(effect.zone))
        for effect in result.effects
        if _side(effect) != _side(widened.effect(effect.zone))
    }
    broken = {
        effect.zone: frozenset(Claim)
        if effect.zone in changed
        else lost_claims(effect, widened.effect(effect.zone).ratio.interval)
        for effect in result.effects
    }
    named = [f"{label} it would be “{changed[zone]}”" for zone, label in _LABELS.items() if zone in changed]
    others = ["for single rings it would be another"] if changed.keys() - _LABELS.keys() and not named else []
    follows = "; ".join((*named, *others)) or "it would be the same"
    text = f"{found}. The measure counts one name and not the other. The reading with both counted: {follows}."
    severity = Severity.SIGNAL if changed else Severity.SAY
    kind = DiagnosticKind.CATEGORY_NAMES
    return Diagnostic(kind, float(len(pairs)), "pairs of names", text, severity, zones=tuple(changed), broken=broken)


def _side(effect: Effect[int]) -> int | None:
    """Return on which side of zero the interval of an effect lies; 0 if it holds zero, None if there is none."""
    return None if math.isnan(effect.interval.low) else effect.interval.side


def _without_figures(effect: Effect[int]) -> str:
    """Return a reading in words; a bound is given as the margin, because its own percent would tell of the other rows."""
    return statement(effect.reading, round(100 * effect.margin))
