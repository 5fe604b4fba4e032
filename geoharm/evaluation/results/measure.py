"""Everything found about one measure around one operation."""

from __future__ import annotations

from dataclasses import dataclass

from geoharm.evaluation.results.diagnostics import Diagnostic
from geoharm.evaluation.results.displacement_types import DisplacementTypes
from geoharm.evaluation.results.robustness import OtherEstimators
from geoharm.model.counts import ZoneCounts
from geoharm.model.effect import Effect
from geoharm.model.measure import Measure


@dataclass(frozen=True, slots=True)
class MeasureResult:
    """One measure's effects around one operation.

    Attributes
    ----------
    measure : Measure
    counts : ZoneCounts
    effects : tuple of Effect
        The headline's window: target, gap, every ring, all rings, target and rings.
    phases : tuple of Effect
        Target and all rings, in each phase.
    bounds : tuple of Effect
        The target's effect had it held rows without a usable place: those that name one of its streets, and all;
        none where every row has a place.
    other_estimators : OtherEstimators or None
        What the field's other estimators say.
    diagnostics : tuple of Diagnostic
        What the answer is exposed to, hardest consequence first.
    displacement_types : DisplacementTypes or None
        Other ways to move.
    """

    measure: Measure
    counts: ZoneCounts
    effects: tuple[Effect, ...]
    phases: tuple[Effect, ...]
    bounds: tuple[Effect, ...] = ()
    other_estimators: OtherEstimators | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    displacement_types: DisplacementTypes | None = None

    def effect(self, zone: str) -> Effect:
        """Return the headline's effect in a zone."""
        return next(effect for effect in self.effects if effect.zone == zone)
