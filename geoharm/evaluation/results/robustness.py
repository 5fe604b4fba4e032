"""Every other way to read one measure around one operation, beside the headline."""

from __future__ import annotations

import math
from dataclasses import dataclass

from geoharm.evaluation.results.curves import Curve, DidEstimates, EffectDecay
from geoharm.evaluation.results.indices import DisplacementIndices
from geoharm.evaluation.results.specification import ControlChoice, SpecificationCurve
from geoharm.model.estimate import Estimate, Interval


@dataclass(frozen=True, slots=True)
class OtherEstimators:
    """What the field's other estimators say; none of them is the headline.

    Attributes
    ----------
    measure : str
    local, displaced, total : Estimate or None
        Weighted displacement differences, the control scaled to every zone and shared; the latter two None without
        rings.
    exact : Interval
        Of the target's log rate ratio, exact for Poisson counts.
    indices : DisplacementIndices or None
    running, events : Curve or None
        Month by month.
    profile : Curve
        Target, gap and rings.
    clocks : tuple of EffectDecay
        Target; all rings.
    choice : ControlChoice or None
        Where candidates were given.
    controls, sensitivity : SpecificationCurve or None
        By control; by window and control.
    placebo_p : float
        Two-sided, from the candidates as if each had been the target; NaN with too few.
    regression : DidEstimates or None
        Target and every ring at once, by month; None where it was refused.
    left_out : tuple of (part, reason)
    """

    measure: str
    local: Estimate
    displaced: Estimate | None
    total: Estimate | None
    exact: Interval
    indices: DisplacementIndices | None
    running: Curve | None
    events: Curve | None
    profile: Curve
    clocks: tuple[EffectDecay, ...]
    choice: ControlChoice | None = None
    controls: SpecificationCurve | None = None
    sensitivity: SpecificationCurve | None = None
    placebo_p: float = math.nan
    regression: DidEstimates | None = None
    left_out: tuple[tuple[str, str], ...] = ()
