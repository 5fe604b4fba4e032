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
    wdd_target, wdd_rings, wdd_total : Estimate or None
        Weighted displacement differences, the control scaled to every zone and shared; the latter two None without
        rings.
    exact : Interval
        Of the target's log rate ratio, exact for Poisson counts.
    indices : DisplacementIndices or None
    cumulative_wdd, event_study : Curve or None
        Month by month.
    distance_profile : Curve
        Target, gap and rings.
    effect_decay : tuple of EffectDecay
        Target; all rings.
    control_choice : ControlChoice or None
        Where candidates were given.
    by_control, specification_curve : SpecificationCurve or None
        By control; by window and control.
    placebo_p : float
        Two-sided, from the candidates as if each had been the target; NaN with too few.
    did : DidEstimates or None
        Target and every ring at once, by month; None where it was refused.
    left_out : tuple of (part, reason)
    """

    measure: str
    wdd_target: Estimate
    wdd_rings: Estimate | None
    wdd_total: Estimate | None
    exact: Interval
    indices: DisplacementIndices | None
    cumulative_wdd: Curve | None
    event_study: Curve | None
    distance_profile: Curve
    effect_decay: tuple[EffectDecay, ...]
    control_choice: ControlChoice | None = None
    by_control: SpecificationCurve | None = None
    specification_curve: SpecificationCurve | None = None
    placebo_p: float = math.nan
    did: DidEstimates | None = None
    left_out: tuple[tuple[str, str], ...] = ()
