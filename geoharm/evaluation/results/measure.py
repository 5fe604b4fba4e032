"""All results for one measure around one operation."""

from __future__ import annotations

from dataclasses import dataclass

from geoharm.evaluation.results.diagnostics import Diagnostic
from geoharm.evaluation.results.displacement_types import DisplacementType
from geoharm.evaluation.results.robustness import OtherEstimators
from geoharm.model.counts import ZoneCounts
from geoharm.model.effect import Effect
from geoharm.model.measure import Measure


@dataclass(frozen=True, slots=True)
class MeasureResult:
    """All results for one measure around one operation.

    Attributes
    ----------
    measure : Measure
    counts : ZoneCounts
    effects : tuple of Effect
        Effects in the headline's window: target, gap, every ring, all rings, target and rings.
    phases : tuple of Effect
        Effects in each phase: target and all rings.
    unplaced_bounds : tuple of Effect
        The target's effect if rows without a usable place were counted in it: those that name one of its streets, and
        all of them. Empty if every row has a place.
    own_place : Effect or None
        The target's effect, compared with the control area, if rows that were placed by their address text are left out
        everywhere; None if there are none.
    other_estimators : OtherEstimators or None
        Results of the other estimators.
    diagnostics : tuple of Diagnostic
        Diagnostics of the answer, most severe first.
    displacement_types : tuple of DisplacementType, or None
        Tests of other types of displacement.
    comparisons : int
        Number of harms times zones that share one error rate for "rose", this measure's among them; 0 if it is in no
        such family.
    """

    measure: Measure
    counts: ZoneCounts
    effects: tuple[Effect[int], ...]
    phases: tuple[Effect[int], ...]
    unplaced_bounds: tuple[Effect[int], ...] = ()
    own_place: Effect[int] | None = None
    other_estimators: OtherEstimators | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    displacement_types: tuple[DisplacementType, ...] | None = None
    comparisons: int = 0

    def effect(self, zone: str) -> Effect[int]:
        """Return the effect in a zone for the headline's window."""
        return next(effect for effect in self.effects if effect.zone == zone)
