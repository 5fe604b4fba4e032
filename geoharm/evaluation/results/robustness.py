"""Robustness checks: the results of the other estimators for one measure around one operation."""

from __future__ import annotations

import math
from dataclasses import dataclass

from geoharm.evaluation.results.curves import Curve, DidEstimates, EffectDecay
from geoharm.evaluation.results.indices import DisplacementIndices
from geoharm.evaluation.results.specification import ControlChoice, SpecificationCurve
from geoharm.model.estimate import Estimate, Interval


@dataclass(frozen=True, slots=True)
class OtherEstimators:
    """Results of the other estimators of the field. None of them is the headline.

    Attributes
    ----------
    measure : str
    wdd_target, wdd_rings, wdd_total : Estimate or None
        Weighted displacement differences. The control is scaled to the zone and shared. The last two are None without
        rings.
    exact : Interval
        Interval of the target's log rate ratio, exact for Poisson counts.
    indices : DisplacementIndices or None
    cumulative_wdd, event_study : Curve or None
        Monthly curves.
    distance_profile : Curve
        Estimates for target, gap and rings.
    effect_decay : tuple of EffectDecay
        Effect decay in the target and in all rings.
    control_choice : ControlChoice or None
        None if no candidate areas were given.
    by_control, specification_curve : SpecificationCurve or None
        Estimates by control; estimates by reach, window and control.
    placebo_p : float
        Two-sided p-value of a randomisation test in which every candidate area takes the place of the target; NaN with
        too few candidates.
    did : DidEstimates or None
        Difference-in-differences for target and every ring, by month; None if it could not be computed.
    left_out : tuple of (part, reason)
        Parts that could not be computed.
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
